//! What a deployment says about itself: its settings (the environment) and its `scheduling.toml`, turned into
//! the words of the domain, or into every problem at once.
//!
//! A newcomer would expect the first problem to end the reading. It does not: a person who deploys mends
//! everything in one go. This is the only module that reads the environment; everything else takes
//! [`Settings`] and [`Config`].

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Serialize;

use crate::domain::{Location, PractitionerId, Service, ServiceId, civil::Away};

pub mod bookings;
pub mod clinic;
pub mod file;
mod findings;
mod lines;
pub mod otlp;
pub mod phone;
pub mod process;
mod service;
pub mod settings;
mod words;

pub use bookings::{Bookings, Graph};
pub use process::Process;
pub use settings::Settings;

use crate::domain::Hours;

/// The clinic that is there when nothing is configured.
pub const DEMO: &str = include_str!("config/demo.toml");

/// The days a record is kept after its last appointment, unless something else is said.
pub const RETENTION_DAYS: u32 = 30;

/// Everything `scheduling.toml` says, checked.
#[derive(Debug, Clone)]
pub struct Config {
    pub source: Source,
    pub services: Vec<Arc<Service>>,
    pub clinics: Vec<Clinic>,
    pub graph: Graph,
    pub bookings: Option<Bookings>,
    /// `retention_days` of `[ledger]`; see [`retention_days`](Self::retention_days).
    pub ledger_retention_days: Option<u32>,
}

/// Where a configuration was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    File(PathBuf),
    /// Nothing was found, so the built-in clinic is used.
    Demo,
}

/// A site of the embedded provider, with who works there and when.
#[derive(Debug, Clone)]
pub struct Clinic {
    pub location: Arc<Location>,
    pub rosters: Vec<Roster>,
}

/// When somebody works.
#[derive(Debug, Clone)]
pub struct Roster {
    pub practitioner: PractitionerId,
    pub services: Vec<ServiceId>,
    /// Their own hours, else the clinic's; by weekday from Monday.
    pub hours: [Vec<Hours>; 7],
    pub away: Vec<Away>,
}

/// Something wrong in a setting or in `scheduling.toml`, and how to mend it. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The file, or `settings`.
    pub source: String,
    pub line: Option<usize>,
    /// As in `clinic[0].time_zone`; empty for the whole.
    pub key: String,
    pub detail: String,
}

impl Config {
    /// Finds and reads the configuration: the file that `SCHEDULING_CONFIG` names, else a `scheduling.toml`
    /// beside the binary or in the working folder, else the demo clinic.
    ///
    /// # Errors
    /// Every problem, those of this place (in Azure, say) included.
    pub fn load(settings: &Settings, process: &Process<'_>) -> Result<Self, Vec<Problem>> {
        let source = find(settings, process);
        let refused = settings.refuses(&source);
        let read = match &source {
            Source::Demo => Self::read(DEMO, source),
            Source::File(path) => match std::fs::read_to_string(path) {
                Ok(text) => Self::read(&text, source),
                Err(error) => Err(vec![unreadable(path, &error)]),
            },
        };
        match (read, refused) {
            (Ok(config), None) => Ok(config),
            (read, refused) => Err(refused.into_iter().chain(read.err().unwrap_or_default()).collect()),
        }
    }

    /// Reads the text of a `scheduling.toml`.
    ///
    /// # Errors
    /// Every problem, in the order of the lines.
    pub fn read(text: &str, source: Source) -> Result<Self, Vec<Problem>> {
        let (file, mut findings) = file::read(text, &source);
        let services = service::services(file.service.unwrap_or_default(), &mut findings);
        let clinics = clinic::clinics(file.clinic.unwrap_or_default(), &services, &mut findings);
        let graph = bookings::graph(file.graph.unwrap_or_default(), &mut findings);
        let bookings = file.bookings.map(|entry| bookings::bookings(entry, &mut findings));
        if clinics.is_empty() && bookings.is_none() {
            let detail = "has neither a `[[clinic]]` nor `[bookings]`: without one there is nowhere to book";
            findings.lacking("", detail);
        }
        let ledger_retention_days = file.ledger.and_then(|ledger| ledger.retention_days);
        let services = services.into_iter().map(|known| known.service).collect();
        findings.finish(Self { source, services, clinics, graph, bookings, ledger_retention_days })
    }

    /// How long a record is kept after its last appointment: the setting, else the file, else 30 days.
    #[must_use]
    pub fn retention_days(&self, settings: &Settings) -> u32 {
        settings.retention_days.or(self.ledger_retention_days).unwrap_or(RETENTION_DAYS)
    }
}

fn find(settings: &Settings, process: &Process<'_>) -> Source {
    let named = settings.config_file.clone();
    named.or_else(|| process.find("scheduling.toml")).map_or(Source::Demo, Source::File)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem {
        source: path.display().to_string(),
        line: None,
        key: String::new(),
        detail: format!(
            "cannot be read: {error}; mend the path in `SCHEDULING_CONFIG`, or the file's rights"
        ),
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Demo => f.write_str("the demo clinic"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if self.key.is_empty() {
            write!(f, ": {}", self.detail)
        } else {
            write!(f, ": {} {}", self.key, self.detail)
        }
    }
}
