//! The embedded provider: openings are the practitioners' hours, and appointments are nobody's but ours.

use std::sync::Arc;

use chrono::{NaiveDate, TimeZone};
use healthbot_scheduler::{
    clock::Clock,
    config::{Config, DEMO, Process, Settings, Source},
    domain::{
        ProviderName,
        availability::{self, Grid},
    },
    provider::{OpeningsQuery, Provider, Record},
    providers::{Embedded, Providers},
};

const WEEK: &str = r#"
[[service]]
id = "flu"
name = "Flu shot"
duration_minutes = 30

[[service]]
id = "tea"
name = "Tea"
duration_minutes = 60

[[clinic]]
id = "madrid"
name = "Madrid"
time_zone = "Europe/Madrid"
hours = { mon = ["09:00-11:00"], tue = ["09:00-11:00"], sat = ["22:00-26:00"], sun = ["02:00-04:00"] }
closed = ["2026-03-24"]

[[clinic.practitioner]]
id = "own"
name = "Own Hours"
hours = { mon = ["10:00-12:00"] }

[[clinic.practitioner]]
id = "clinics"
name = "Clinic's Hours"
services = ["flu"]
away = ["2026-03-23T10:00/2026-03-23T10:20"]
"#;

fn embedded(text: &str) -> Embedded {
    Embedded::new(&Config::read(text, Source::Demo).unwrap().clinics)
}

fn date(day: &str) -> NaiveDate {
    day.parse().unwrap()
}

/// Free starts as `practitioner HH:MM`, in the site's time.
async fn free(
    embedded: &Embedded,
    service: &str,
    first: &str,
    last: &str,
    with: Option<&str>,
) -> Vec<String> {
    let location = Arc::clone(&embedded.locations().await.unwrap().sites[0]);
    let zone = location.time_zone;
    let service = Arc::clone(location.service(service).unwrap());
    let grid = Grid::try_from(service.as_ref()).unwrap();
    let practitioner = with.map(Into::into);
    let query = OpeningsQuery {
        location,
        service,
        first: date(first),
        last: date(last),
        practitioner,
        own: Vec::new(),
    };
    let supply = embedded.openings(&query).await.unwrap().supply;
    let free = availability::free(&supply, &grid, &(i64::MIN..i64::MAX));
    let label = |free: &availability::Free| {
        let start = zone.timestamp_millis_opt(free.start).unwrap();
        format!("{} {}", supply[free.supply].practitioner(), start.format("%d %H:%M"))
    };
    free.iter().map(label).collect()
}

#[tokio::test]
async fn practitioners_have_their_own_hours_or_the_clinics_less_what_they_are_away() {
    let found = free(&embedded(WEEK), "flu", "2026-03-23", "2026-03-23", None).await;
    let expected = [
        "clinics 23 09:00",
        "clinics 23 09:30",
        "own 23 10:00",
        "own 23 10:30",
        "clinics 23 10:30",
        "own 23 11:00",
        "own 23 11:30",
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn only_who_performs_a_service_and_is_asked_for_is_there() {
    let embedded = embedded(WEEK);
    assert_eq!(
        free(&embedded, "tea", "2026-03-23", "2026-03-23", None).await,
        ["own 23 10:00", "own 23 11:00"]
    );
    assert_eq!(free(&embedded, "flu", "2026-03-23", "2026-03-23", Some("own")).await.len(), 4);
    assert!(free(&embedded, "tea", "2026-03-23", "2026-03-23", Some("clinics")).await.is_empty());
}

#[tokio::test]
async fn nobody_is_there_on_a_closed_day_or_without_hours() {
    let embedded = embedded(WEEK);
    assert!(free(&embedded, "flu", "2026-03-24", "2026-03-25", None).await.is_empty());
    assert_eq!(free(&embedded, "flu", "2026-03-31", "2026-03-31", None).await.len(), 4);
}

/// On 29 March 2026 clocks in Madrid jump from 02:00 to 03:00.
#[tokio::test]
async fn an_opening_belongs_to_the_date_it_starts_on_and_loses_the_hour_that_is_skipped() {
    let embedded = embedded(WEEK);
    let saturday = free(&embedded, "flu", "2026-03-28", "2026-03-28", None).await;
    assert_eq!(saturday.first().map(String::as_str), Some("clinics 28 22:00"));
    assert_eq!(saturday.last().map(String::as_str), Some("clinics 29 01:30"));
    let sunday = free(&embedded, "flu", "2026-03-29", "2026-03-29", None).await;
    assert_eq!(sunday, ["clinics 29 03:00", "clinics 29 03:30"]);
}

#[tokio::test]
async fn kept_openings_are_those_that_were_worked_out() {
    let embedded = embedded(WEEK);
    let whole = free(&embedded, "flu", "2026-01-01", "2026-12-31", None).await;
    let mut days = Vec::new();
    for day in date("2026-01-01").iter_days().take(365) {
        let day = day.to_string();
        days.extend(free(&embedded, "flu", &day, &day, None).await);
    }
    assert_eq!(days.len(), whole.len());
    assert_eq!(whole, free(&embedded, "flu", "2026-01-01", "2026-12-31", None).await);
    let mondays =
        date("2026-01-01").iter_days().take(365).filter(|day| day.format("%a").to_string() == "Mon");
    assert_eq!(whole.iter().filter(|slot| slot.starts_with("own")).count(), 4 * mondays.count());
}

#[tokio::test]
async fn the_ledger_is_the_record_and_the_demo_is_active() {
    let demo = Config::read(DEMO, Source::Demo).unwrap();
    let nothing = Process { variable: &|_| None, beside: None, working: None, stdout_is_terminal: false };
    let (settings, _) = Settings::read(&nothing);
    let providers = Providers::from_config(&demo, &settings, None, &Clock::system()).unwrap();
    let embedded = providers.get(ProviderName::Embedded).unwrap();
    assert_eq!(embedded.capabilities().record, Record::Ledger);
    assert_eq!(providers.iter().count(), 1);
    let sites = embedded.locations().await.unwrap().sites;
    assert!(sites.iter().all(|site| site.calendar.as_str() == site.id.as_str()));
    assert!(providers.get(ProviderName::Fhir).is_none());
}
