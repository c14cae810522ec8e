//! `healthbot-scheduler check`: a line for everything, whatever fails.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use healthbot_scheduler::{
    check::{self, Check, Dependencies, Files, Report},
    clock::Clock,
    config::{Config, DEMO, Process, Settings, Source},
    providers::Providers,
    store::{Condition, Document, Etag, Listed, Page, Read, Store, StoreError, Wanted, Written},
    telemetry::audit::{Audit, Rotation},
};
use parking_lot::Mutex;

/// A store in memory; a careless one writes whatever the condition.
#[derive(Debug, Default)]
struct Memory {
    documents: Mutex<BTreeMap<String, Etag>>,
    careless: bool,
}

#[async_trait]
impl Store for Memory {
    async fn get(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Read>, StoreError> {
        let documents = self.documents.lock();
        let read = |etag: &Etag| Document {
            bytes: Bytes::new(),
            etag: etag.clone(),
            age: std::time::Duration::ZERO,
        };
        Ok(wanted
            .iter()
            .map(|wanted| documents.get(wanted.key).map_or(Read::Absent, |etag| Read::Document(read(etag))))
            .collect())
    }

    async fn put_if(&self, key: &str, condition: Condition, _: Bytes) -> Written {
        let mut documents = self.documents.lock();
        let there = documents.get(key).cloned();
        let holds = match condition {
            Condition::Absent => there.is_none(),
            Condition::Is(etag) => there == Some(etag),
        };
        if !holds && !self.careless {
            return Written::Lost;
        }
        let etag = Etag("1".into());
        documents.insert(key.to_owned(), etag.clone());
        Written::Done(etag)
    }

    async fn delete_if(&self, key: &str, etag: Etag) -> Written {
        self.documents.lock().remove(key).map_or(Written::Lost, |_| Written::Done(etag))
    }

    async fn list(&self, prefix: &str, _: Option<&str>) -> Result<Page, StoreError> {
        let documents = self.documents.lock();
        let listed = documents.iter().filter(|(key, _)| key.starts_with(prefix));
        let listed = listed.map(|(key, etag)| Listed {
            key: key.clone(),
            etag: etag.clone(),
            age: std::time::Duration::ZERO,
        });
        Ok(Page { keys: listed.collect(), cursor: None })
    }
}

fn settings() -> Settings {
    let variable = |_: &str| None;
    Settings::read(&Process { variable: &variable, beside: None, working: None, stdout_is_terminal: false }).0
}

fn noon(day: &str) -> DateTime<Utc> {
    format!("{day}T12:00:00Z").parse().unwrap()
}

fn named<'a>(report: &'a Report, name: &str) -> &'a Check {
    report.checks.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("`{name}` in\n{report}"))
}

async fn run(config: &Config, store: Result<Arc<dyn Store>, String>, now: DateTime<Utc>) -> Report {
    let settings = settings();
    let folder = tempfile::tempdir().unwrap();
    let providers = Providers::from_config(config, &settings, None, &Clock::system()).unwrap();
    let trail = Audit::beside(&folder.path().join("scheduling.db"), Rotation::default());
    let files = Files { settings: &settings, problems: &[], config: Ok(config) };
    let dependencies = Dependencies {
        providers: &providers,
        store,
        audit: Some(Arc::new(trail.unwrap())),
        callers: None,
        keys: Ok(vec!["k1".to_owned()]),
        now,
    };
    check::everything(&files, &dependencies).await
}

fn demo() -> Config {
    Config::read(DEMO, Source::Demo).unwrap()
}

#[tokio::test]
async fn the_demo_passes_on_any_day_and_leaves_nothing_behind() {
    for now in [noon("2026-11-20"), noon("2026-12-24"), noon("2027-03-13")] {
        let store = Arc::new(Memory::default());
        let report = run(&demo(), Ok(store.clone()), now).await;
        assert!(report.ok(), "{report}");
        assert!(store.documents.lock().is_empty());
        assert!(named(&report, "embedded:eastside covid").came_back.contains("2 practitioners"));
        assert!(named(&report, "scheduling.toml").came_back.contains("demo"));
    }
}

#[tokio::test]
async fn a_store_that_ignores_conditions_is_found_out() {
    let careless = Arc::new(Memory { careless: true, ..Memory::default() });
    let report = run(&demo(), Ok(careless), noon("2026-11-20")).await;
    let store = named(&report, "store");
    assert!(!store.ok && store.came_back.contains("did not hold"), "{report}");
}

#[tokio::test]
async fn one_failure_does_not_hide_another() {
    let closed = DEMO.replace("[\"2026-12-25\", \"2027-01-01\"]", &format!("{:?}", december()));
    let config = Config::read(&closed, Source::Demo).unwrap();
    let report = run(&config, Err("is locked by another program".to_owned()), noon("1999-12-01")).await;
    assert!(!named(&report, "store").ok);
    assert!(!named(&report, "clock").ok);
    let report = run(&config, Ok(Arc::new(Memory::default())), noon("2026-12-01")).await;
    let failed: Vec<&str> =
        report.checks.iter().filter(|check| !check.ok).map(|check| check.name.as_str()).collect();
    let expected = ["embedded:eastside covid", "embedded:eastside birth-class", "embedded:eastside checkup"];
    assert_eq!(failed, expected, "{report}");
}

fn december() -> Vec<String> {
    (1..=31).map(|day| format!("2026-12-{day:02}")).collect()
}

#[test]
fn offline_names_every_problem_and_what_to_do() {
    let problems =
        Config::read("colour = 1\n[[clinic]]\nid = \"A\"\n", Source::File("x.toml".into())).unwrap_err();
    let settings = settings();
    let report = check::offline(&Files { settings: &settings, problems: &[], config: Err(&problems) });
    insta::assert_snapshot!(report.to_string());
}

#[test]
fn a_number_of_no_numbering_plan_is_found() {
    let config = Config::read(&DEMO.replace("+1 425 555 0100", "+1 425 555"), Source::Demo).unwrap();
    let settings = settings();
    let report = check::offline(&Files { settings: &settings, problems: &[], config: Ok(&config) });
    let failed: Vec<&str> =
        report.checks.iter().filter(|check| !check.ok).map(|check| check.asked.as_str()).collect();
    assert_eq!(failed, ["is clinic[0].phone right?"]);
}
