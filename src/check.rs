//! `healthbot-scheduler check`: tries everything a deployment needs and says, for each thing, what was asked,
//! what came back, and what to do about it.
//!
//! A newcomer would stop at the first failure. This does not: it is run to learn everything at once. It shows
//! no secret, only the ids of keys.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Datelike, Days, Utc};

use crate::{
    callers::Callers,
    config::{Config, Problem, Settings, Source, bookings::Allowed, phone, settings::StoreSetting},
    domain::{
        BookBy, Location, Service,
        availability::{self, Grid},
        civil,
    },
    provider::{Locations, OpeningsQuery, Provider, Trial},
    providers::Providers,
    store::{Condition, Store, Wanted, Written},
    telemetry::audit::Audit,
};

pub mod report;

pub use report::{Check, Report};

/// How far ahead every service should have a slot.
const DAYS_AHEAD: u64 = 14;

/// What is checked without asking anybody.
#[derive(Debug)]
pub struct Files<'a> {
    pub settings: &'a Settings,
    /// What was wrong with the settings.
    pub problems: &'a [Problem],
    pub config: Result<&'a Config, &'a [Problem]>,
}

/// What is asked when not offline.
#[derive(Debug)]
pub struct Dependencies<'a> {
    pub providers: &'a Providers,
    /// The store, or why it did not open.
    pub store: Result<Arc<dyn Store>, String>,
    /// The audit trail, where it could be opened.
    pub audit: Option<Arc<Audit>>,
    /// Who may call, where a function key is not enough.
    pub callers: Option<&'a Callers>,
    /// The ids of the ledger's keys, newest first, or why there are none.
    pub keys: Result<Vec<String>, String>,
    pub now: DateTime<Utc>,
}

/// Checks settings and `scheduling.toml`.
#[must_use]
pub fn offline(files: &Files<'_>) -> Report {
    let mut report = Report::default();
    check_settings(files, &mut report);
    match files.config {
        Ok(config) => check_config(config, &mut report),
        Err(problems) => problems.iter().for_each(|problem| report.add(refused(problem))),
    }
    report
}

/// Checks settings, `scheduling.toml`, and everything they name.
pub async fn everything(files: &Files<'_>, dependencies: &Dependencies<'_>) -> Report {
    let mut report = offline(files);
    for provider in dependencies.providers.iter() {
        check_provider(provider.as_ref(), dependencies.now, &mut report).await;
    }
    check_store(&dependencies.store, &files.settings.store, &mut report).await;
    if let Some(trail) = &dependencies.audit {
        report.add(audit(trail, dependencies.now).await);
    }
    if let Some(callers) = dependencies.callers {
        report.add(caller_keys(callers).await);
    }
    report.add(ring(&dependencies.keys, files.settings));
    report.add(clock(dependencies.now));
    report
}

fn check_settings(files: &Files<'_>, report: &mut Report) {
    let settings = files.settings;
    files.problems.iter().for_each(|problem| report.add(refused(problem)));
    if files.problems.is_empty() {
        let place = match (settings.in_azure, settings.hosted) {
            (true, _) => "in Azure",
            (_, true) => "under the Functions host",
            _ => "by hand",
        };
        let came_back = format!("right; started {place}, port {}, store `{}`", settings.port, settings.store);
        report.add(Check::passed("settings", "are the app settings right?", came_back));
    }
}

fn refused(problem: &Problem) -> Check {
    let at = problem.line.map(|line| format!(", line {line}")).unwrap_or_default();
    let asked = format!("is {} right?", if problem.key.is_empty() { "it" } else { &problem.key });
    let remedy = format!("mend it in {}{at}", problem.source);
    Check::failed(&format!("{}{at}", problem.source), asked, problem.detail.clone(), remedy)
}

fn check_config(config: &Config, report: &mut Report) {
    let asked = "is the configuration right?";
    let count = counts(config);
    let came_back = match &config.source {
        Source::File(_) | Source::Blob(_) => format!("right: {count}, from {}", config.source),
        Source::Demo => format!("no file was found, so the demo clinic is served: {count}"),
    };
    let mut check = Check::passed("scheduling.toml", asked, came_back);
    if config.source == Source::Demo {
        check.remedy = Some("for a clinic of your own, start from `scheduling.sample.toml`".to_owned());
    }
    report.add(check);
    for problem in phone::unknown_numbers(config) {
        report.add(refused(&problem));
    }
}

/// What it has, of the providers that it names.
fn counts(config: &Config) -> String {
    let clinics = format!("{} services, {} clinics", config.services.len(), config.clinics.len());
    let businesses = config.bookings.as_ref().map(|bookings| match &bookings.allowed {
        Allowed::All => "all businesses of Bookings".to_owned(),
        Allowed::Listed(listed) => format!("{} businesses of Bookings", listed.len()),
    });
    let clinics = Some(clinics).filter(|_| businesses.is_none() || !config.clinics.is_empty());
    clinics.into_iter().chain(businesses).collect::<Vec<_>>().join(", ")
}

async fn check_provider(provider: &dyn Provider, now: DateTime<Utc>, report: &mut Report) {
    let name = provider.name().as_str();
    for Trial { of, asked, ended } in provider.trials().await {
        let name = of.map_or_else(|| name.to_owned(), |of| format!("{name} {of}"));
        report.add(match ended {
            Ok(came_back) => Check::passed(&name, asked, came_back),
            Err((came_back, remedy)) => Check::failed(&name, asked, came_back, remedy),
        });
    }
    let asked = "which sites are there?";
    match provider.locations().await {
        Ok(Locations { sites, stale }) => {
            let came_back =
                format!("{} sites{}", sites.len(), if stale { ", as of an earlier answer" } else { "" });
            report.add(Check::passed(name, asked, came_back));
            for site in sites.iter() {
                check_site(provider, site, now, report).await;
            }
        }
        Err(error) => {
            let remedy = format!("mend what `{name}` needs, then run `healthbot-scheduler check` again");
            report.add(Check::failed(name, asked, error.to_string(), remedy));
        }
    }
}

async fn check_site(provider: &dyn Provider, site: &Arc<Location>, now: DateTime<Utc>, report: &mut Report) {
    if !site.book_by.contains(&BookBy::Chat) {
        let came_back = "patients are told where to book instead";
        report.add(Check::passed(site.id.as_str(), "does it take bookings here?", came_back));
        return;
    }
    for service in site.offered() {
        report.add(slots(provider, site, service, now).await);
    }
}

/// Whether somebody could be booked soon, other bookings aside.
async fn slots(
    provider: &dyn Provider,
    site: &Arc<Location>,
    service: &Arc<Service>,
    now: DateTime<Utc>,
) -> Check {
    let name = format!("{} {}", site.id, service.id);
    let asked = format!("are there slots in the next {DAYS_AHEAD} days?");
    let first = civil::date_of(site.time_zone, now);
    let last = first.checked_add_days(Days::new(DAYS_AHEAD)).unwrap_or(first);
    let query = OpeningsQuery {
        location: Arc::clone(site),
        service: Arc::clone(service),
        first,
        last,
        practitioner: None,
        own: Vec::new(),
    };
    let openings = match provider.openings(&query).await {
        Ok(openings) => openings,
        Err(error) => {
            let remedy = "see whether the site and the service are still there at the provider";
            return Check::failed(&name, asked, error.to_string(), remedy);
        }
    };
    let Ok(grid) = Grid::try_from(service.as_ref()) else {
        return Check::failed(&name, asked, "its durations make no slots", "mend its durations");
    };
    let supply = openings.supply;
    let window = now.timestamp_millis()..i64::MAX;
    let free = availability::free(&supply, &grid, &window);
    if free.is_empty() {
        let came_back = format!("none, with {} practitioners", supply.len());
        return Check::failed(&name, asked, came_back, "look at hours, closed days, and times away");
    }
    Check::passed(&name, asked, format!("{} slots, with {} practitioners", free.len(), supply.len()))
}

async fn check_store(store: &Result<Arc<dyn Store>, String>, setting: &StoreSetting, report: &mut Report) {
    let asked = "can a record be written, on a condition, listed and removed?";
    let remedy = match setting {
        StoreSetting::Sqlite(_) => "see that `STORE` names a file that this process may write",
        StoreSetting::AzureBlob(_) => {
            "see that `STORE` names a container, and that whoever asks is Storage Blob Data Contributor on it"
        }
    };
    let check = match store {
        Err(why) => Err(why.clone()),
        Ok(store) => write_and_remove(store.as_ref()).await,
    };
    report.add(match check {
        Ok(came_back) => Check::passed("store", asked, came_back),
        Err(why) => Check::failed("store", asked, why, remedy),
    });
}

/// What came back, or why not.
async fn write_and_remove(store: &dyn Store) -> Result<String, String> {
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random).map_err(|error| format!("the system has no random numbers: {error}"))?;
    let key = format!("check/{:016x}", u64::from_be_bytes(random));
    let started = tokio::time::Instant::now();
    let written = store.put_if(&key, Condition::Absent, Bytes::from_static(b"check")).await;
    let Written::Done(etag) = written else {
        // A write does not say why it failed; a read may.
        let wanted = Wanted { key: &key, known: None };
        store.get(&[wanted]).await.map_err(|error| error.to_string())?;
        return Err(format!("a new record was not written: {}", ended(&written)));
    };
    let again = store.put_if(&key, Condition::Absent, Bytes::from_static(b"again")).await;
    let listed = store.list(&key, None).await.map(|page| page.keys.len());
    let removed = store.delete_if(&key, etag).await;
    if again != Written::Lost {
        return Err(format!("a write on a condition that did not hold: {}", ended(&again)));
    }
    match listed {
        Ok(1) => {}
        Ok(_) => return Err("the record was written, and is not in the list of records".to_owned()),
        Err(error) => return Err(error.to_string()),
    }
    match removed {
        Written::Done(_) => Ok(format!("yes, in {} ms", started.elapsed().as_millis())),
        other => Err(format!("the record was not removed: {}", ended(&other))),
    }
}

fn ended(written: &Written) -> &'static str {
    match written {
        Written::Done(_) => "it took effect",
        Written::Lost => "somebody else was first",
        Written::Unknown => "nobody knows whether it took effect",
    }
}

async fn audit(trail: &Audit, now: DateTime<Utc>) -> Check {
    let (place, lasts) = trail.place();
    let asked = format!("can {place} be appended to?");
    match trail.try_it(now).await {
        Ok(()) if lasts => Check::passed("audit", asked, "yes"),
        Ok(()) => {
            let mut check = Check::passed("audit", asked, "yes, and it is kept as long as the log is");
            check.remedy = Some("name a container for it in `AUDIT`".to_owned());
            check
        }
        Err(error) => Check::failed(
            "audit",
            asked,
            error.to_string(),
            "give this process the right to write there; for a container, the role Storage Blob Data Contributor",
        ),
    }
}

async fn caller_keys(callers: &Callers) -> Check {
    let asked = "can the keys of callers' tokens be fetched?";
    let remedy = "see that `CALLER_TENANT_ID` is right, and that this app reaches the login of its cloud";
    match callers.try_keys().await {
        Ok(came_back) => Check::passed("callers", asked, format!("yes: {came_back}")),
        Err(why) => Check::failed("callers", asked, why, remedy),
    }
}

fn ring(keys: &Result<Vec<String>, String>, settings: &Settings) -> Check {
    let asked = "is there a key for codes and contacts?";
    let remedy = "set `LEDGER_SECRET` to at least 32 random characters, as `openssl rand -hex 32` makes";
    let remedy = if settings.key_vault.is_some() { "mend the secret in Key Vault" } else { remedy };
    match keys {
        Ok(ids) if !ids.is_empty() => {
            let origin = match (&settings.key_vault, settings.ledger_secrets.is_empty()) {
                (Some(vault), _) => format!(", from {vault}"),
                (None, true) => ", made here and kept beside the store".to_owned(),
                (None, false) => String::new(),
            };
            Check::passed("secret ring", asked, format!("newest first: {}{origin}", ids.join(", ")))
        }
        Ok(_) => Check::failed("secret ring", asked, "no", remedy),
        Err(why) => Check::failed("secret ring", asked, why.clone(), remedy),
    }
}

/// The clock is off when it shows a year before that of the time-zone rules in this program.
fn clock(now: DateTime<Utc>) -> Check {
    let version = chrono_tz::IANA_TZDB_VERSION;
    let asked = format!("is it later than the time-zone rules of {version}?");
    let year: Option<i32> = version.get(..4).and_then(|year| year.parse().ok());
    let shown = format!("{} UTC", now.format("%Y-%m-%d %H:%M:%S"));
    if year.is_some_and(|year| now.year() < year) {
        return Check::failed("clock", asked, format!("it shows {shown}"), "set the clock of this machine");
    }
    Check::passed("clock", asked, format!("yes: {shown}"))
}
