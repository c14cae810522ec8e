//! One instance over a container: what it costs, as whom it comes, and what it says when it is not let in.

use std::{collections::BTreeSet, process::Command, time::Duration};

use serde_json::{Value, json};

use super::CLINIC;
use crate::fakes::{
    azurite::{Azurite, Door},
    functions_host::{FunctionsHost, HANDLER, SECRET},
    rough_road::{RoughRoad, Weather},
};

/// A day of one clinic with two hundred seats.
const RUSH: &str = r#"
[[service]]
id = "drive"
name = "Vaccination drive"
duration_minutes = 30
capacity = 10
min_notice_minutes = 0
max_advance_days = 60

[[clinic]]
id = "hall"
name = "Hall"
time_zone = "America/New_York"
address = { street = "1 Main St", city = "Albany", state = "NY", postal_code = "12207", country = "US" }
hours = { mon = ["08:00-13:00"], tue = ["08:00-13:00"], wed = ["08:00-13:00"], thu = ["08:00-13:00"], fri = ["08:00-13:00"], sat = ["08:00-13:00"], sun = ["08:00-13:00"] }

[[clinic.practitioner]]
id = "a"
name = "Dr. A"

[[clinic.practitioner]]
id = "b"
name = "Dr. B"
"#;

/// An instance whose requests to Azurite are counted, each of which takes 20 ms more.
struct Counted {
    road: RoughRoad,
    host: FunctionsHost,
    _azurite: Azurite,
}

async fn counted(scheduling: &str) -> Counted {
    let azurite = Azurite::shared(Door::Sas);
    let service = azurite.url().strip_suffix("/devstoreaccount1").expect("an account");
    let weather = Weather { latency: Duration::from_millis(20), ..Weather::default() };
    let road = RoughRoad::before(service, weather, 1).await;
    let mut host = FunctionsHost::prepared(Some(scheduling));
    host.set("STORE", &azurite.fresh_container().replace(service, &road.url));
    host.spawn();
    host.until_ready().await;
    Counted { road, host, _azurite: azurite }
}

impl Counted {
    /// Two hundred bookings of a day at once: how often its document is written.
    async fn writes_of(&self, date: &str, day: &[&Value]) -> u64 {
        assert_eq!(day.len(), 10);
        self.road.reset_counts();
        let calls = (0..200).map(|number| {
            let body = json!({"slotId": day[number % 10]["id"],
                "patient": {"name": format!("Patient {number}"), "email": format!("p{number}@example.org")}});
            self.host.call("book", body)
        });
        let started = tokio::time::Instant::now();
        let replies = futures_util::future::join_all(calls).await;
        let took = started.elapsed();
        for reply in &replies {
            assert_eq!(reply.outcome(), "booked", "{}", reply.body);
        }
        // What is marked behind the replies counts too.
        tokio::time::sleep(Duration::from_secs(5)).await;
        let counts = self.road.counts();
        let puts = |of_the_day: bool| -> u64 {
            let counted = |method: &str, path: &str| {
                method == "PUT" && path.contains(&format!("%2F{date}")) == of_the_day
            };
            counts.iter().filter(|((method, path), _)| counted(method, path)).map(|(_, count)| count).sum()
        };
        let requests: u64 = counts.values().sum();
        println!(
            "200 bookings of {date} in {} ms: {} writes of its document, {} of others, {requests} requests in all",
            took.as_millis(),
            puts(true),
            puts(false)
        );
        puts(true)
    }
}

async fn slots(host: &FunctionsHost, location: &str, service: &str) -> Vec<Value> {
    let body = json!({"locationId": location, "serviceId": service, "limit": 1000});
    let reply = host.call("get-slots", body).await;
    reply.body["slots"].as_array().unwrap_or_else(|| panic!("{}\n{}", reply.body, host.log())).clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_bookings_of_one_day_write_its_document_twenty_times_at_most() {
    let rush = counted(RUSH).await;
    let all = slots(&rush.host, "embedded:hall", "drive").await;
    // The last days that are listed, so that none of them is over.
    let dates: BTreeSet<&str> = all.iter().filter_map(|slot| slot["date"].as_str()).collect();
    let mut days = dates.into_iter().rev();
    let mut writes = async || {
        let date = days.next().expect("a date");
        let day: Vec<&Value> = all.iter().filter(|slot| slot["date"] == date).collect();
        rush.writes_of(date, &day).await
    };
    // A new process opens its connections meanwhile, so that its bookings come one after the other.
    let (new, running) = (writes().await, writes().await);
    assert!((1..=40).contains(&new), "{new} writes of the day by a new process");
    assert!((1..=20).contains(&running), "{running} writes of the day");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_nothing_to_do_the_timer_asks_for_one_list() {
    let Counted { road, host, _azurite } = counted(CLINIC).await;
    let slot = &slots(&host, "embedded:north", "flu").await[0]["id"];
    let patient = json!({"name": "Pat Doe", "email": "pat@example.org"});
    assert_eq!(host.call("book", json!({"slotId": slot, "patient": patient})).await.outcome(), "booked");
    // The run at the start has purged; what is left behind the reply is done.
    tokio::time::sleep(Duration::from_secs(5)).await;
    host.timer().await;
    road.reset_counts();
    let timer = host.timer().await;
    let counts: Vec<((String, String), u64)> = road.counts().into_iter().collect();
    let [((method, path), 1)] = &*counts else { panic!("{counts:?}") };
    assert!(method == "GET" && path.matches('/').count() == 2, "{method} {path}");
    assert!(timer.body["Logs"][0].as_str().expect("a line").starts_with("looked at 0:"), "{}", timer.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_not_let_in_is_told_what_to_do_and_patients_are_told_kindly() {
    let azurite = Azurite::shared(Door::Sas);
    let refused = azurite.fresh_container().replace("sig=", "sig=AAAA");
    let mut host = FunctionsHost::prepared(Some(CLINIC));
    host.set("STORE", &refused);
    host.spawn();
    host.until_ready().await;
    let body = json!({"locationId": "embedded:north", "serviceId": "flu"});
    let reply = host.call("get-slots", body).await;
    assert_eq!((reply.status, &reply.body["code"]), (503, &json!("misconfigured")), "{}", reply.body);
    assert!(reply.body["say"].is_string(), "{}", reply.body);
    let mut command = Command::new(HANDLER);
    command.arg("check").current_dir(host.folder()).env_clear().env("PATH", std::env!("PATH"));
    command
        .env("STORE", &refused)
        .env("LEDGER_SECRET", SECRET)
        .env("SCHEDULING_CONFIG", host.folder().join("scheduling.toml"));
    let output = command.output().expect("it runs");
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("FAIL  store"), "{said}");
    assert!(said.contains("403") && said.contains("the signature in `STORE`"), "{said}");
    assert!(!(said + &host.log()).contains("AAAA"), "the signature is told");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_down_is_a_clear_fault_in_time_and_no_booking() {
    let Counted { road, host, _azurite } = counted(CLINIC).await;
    let slot = slots(&host, "embedded:north", "flu").await[0]["id"].clone();
    road.set_weather(Weather { drop_before: 1_000, ..Weather::default() });
    let patient = json!({"name": "Pat Doe", "email": "pat@example.org"});
    let body = json!({"slotId": slot, "patient": patient, "requestId": "r1"});
    let started = tokio::time::Instant::now();
    let reply = host.call("book", body.clone()).await;
    assert_eq!((reply.status, &reply.body["code"]), (503, &json!("providerUnavailable")), "{}", reply.body);
    assert!(started.elapsed() < Duration::from_secs(21), "{:?}", started.elapsed());
    road.set_weather(Weather::default());
    let reply = host.call("book", body).await;
    assert_eq!(reply.outcome(), "booked", "{}", reply.body);
}
