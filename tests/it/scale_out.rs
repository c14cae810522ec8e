//! Many instances over one container: no place over its capacity, no half series, nothing told that is not so; over
//! kills without a signal, over a vendor that misbehaves, over a network that drops and delays.
//!
//! What is true is read from the store by a program of its own, `tests/judge/judge.py`.

use std::{process::Command, time::Duration};

use self::{
    instances::Instances,
    load::{Load, Places},
};
use crate::{
    conformance::bookings_town::in_bookings,
    fakes::{
        azurite::{Azurite, Door},
        functions_host::SECRET,
        graph_simulator::{Misbehaviour, Rule, Simulator},
        rough_road::{ROUGH, RoughRoad, Weather},
    },
};

mod alone;
mod instances;
mod load;

const CLINIC: &str = include_str!("scale_out/clinic.toml");

/// Processes over one store.
const INSTANCES: usize = 8;

/// Requests that change something, and runs of them.
fn requests() -> usize {
    if crate::soak() { 5_000 } else { 600 }
}

fn seeds() -> Vec<u64> {
    match crate::setting("SEED").and_then(|seed| seed.parse().ok()) {
        Some(seed) => vec![seed],
        None => (1..=if crate::soak() { 10 } else { 1 }).collect(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_processes_that_are_killed_over_and_over_break_no_rule() {
    for seed in seeds() {
        Run { seed, weather: Weather::default(), graph: None }.go(CLINIC, "embedded").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_processes_over_a_graph_that_misbehaves_break_no_rule() {
    for seed in seeds() {
        let (graph, configuration) = in_bookings(CLINIC).await;
        graph.set_random_seed(seed);
        let though_created = Rule::new(Misbehaviour::Error500ThoughCreated).on("POST", "appointments");
        graph.misbehave(though_created.chance(0.05));
        Run { seed, weather: Weather::default(), graph: Some(graph) }.go(&configuration, "bookings").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_processes_over_a_rough_network_break_no_rule() {
    for seed in seeds() {
        Run { seed, weather: ROUGH, graph: None }.go(CLINIC, "embedded").await;
    }
}

/// One load over one store of its own.
struct Run {
    seed: u64,
    weather: Weather,
    graph: Option<Simulator>,
}

impl Run {
    async fn go(self, configuration: &str, provider: &str) {
        let azurite = Azurite::start(Door::Sas);
        let service = azurite.url().strip_suffix("/devstoreaccount1").expect("an account");
        let road = RoughRoad::before(service, Weather::default(), self.seed).await;
        let store = azurite.fresh_container().replace(service, &road.url);
        let mut settings = vec![("STORE", store), ("LEDGER_SECRET", SECRET.to_owned())];
        settings.extend(self.graph.iter().flat_map(Simulator::settings));
        let instances = Instances::start(INSTANCES, configuration, &settings).await;
        let places = Places::three_hundred(&instances, provider).await;
        let load = Load::new(instances.clone(), places, requests());
        road.set_weather(self.weather);
        let started = tokio::time::Instant::now();
        let killing = tokio::spawn(instances.clone().keep_killing(self.seed, {
            let load = load.clone();
            move || load.requests()
        }));
        load.run(self.seed).await;
        instances.stop_killing();
        killing.await.expect("the killing");
        let took = started.elapsed();
        road.set_weather(Weather::default());
        if let Some(graph) = &self.graph {
            graph.behave();
        }
        // What is still on its way arrives.
        tokio::time::sleep(Duration::from_secs(7)).await;
        settle(&instances, &road).await;
        load.ask_again().await;
        settle(&instances, &road).await;
        println!(
            "seed {}: {} requests in {:.0} s, {} kills, {:?}; Azurite used {:.0} s",
            self.seed,
            load.requests(),
            took.as_secs_f64(),
            instances.kills(),
            road.mishaps(),
            azurite.processor_seconds()
        );
        let logs = instances.logs().await;
        judge(&settings[0].1, &load, self.graph.as_ref(), &logs);
        assert!(!logs.contains("panicked"), "{logs}");
        assert!(logs.contains("\"looked_at\":"), "what the timers did is not in the log");
        assert!(instances.kills() > 10, "hardly anything was killed");
    }
}

/// Hours go by, by the store's clock, and the timer goes off at every instance at once until nothing is left to do.
async fn settle(instances: &Instances, road: &RoughRoad) {
    for _ in 0..12 {
        road.let_pass(Duration::from_hours(2));
        let lines = instances.timers().await;
        // What is tidied up behind a reply has its time too.
        tokio::time::sleep(Duration::from_millis(300)).await;
        if lines.iter().all(|line| line.starts_with("looked at 0:")) {
            return;
        }
    }
    panic!("not settled\n{}", instances.logs().await);
}

/// Lets the judge look.
fn judge(store: &str, load: &Load, graph: Option<&Simulator>, logs: &str) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let (told, rules) = (folder.path().join("told.jsonl"), folder.path().join("clinic.toml"));
    let lines: Vec<String> = load.told().iter().map(load::Told::line).collect();
    std::fs::write(&told, lines.join("\n")).expect("the folder is writable");
    std::fs::write(&rules, CLINIC).expect("the folder is writable");
    let mut command = Command::new("python3");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judge/judge.py"));
    command.arg("--store").arg(store).arg("--told").arg(&told).arg("--rules").arg(&rules);
    command.arg("--keep").arg(folder.path().join("documents.json"));
    if let Some(graph) = graph {
        command.arg("--graph").arg(graph.url());
    }
    let output = command.output().expect("python3, which ./test looks for");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    if !output.status.success() {
        let kept = folder.keep();
        std::fs::write(kept.join("log.jsonl"), logs).expect("the folder is writable");
        panic!("{said}\n{}\nsee {}", String::from_utf8_lossy(&output.stderr), kept.display());
    }
}
