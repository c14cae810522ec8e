//! The app settings: what differs from deployment to deployment, and secrets. Read from the environment; by
//! hand also from a `local.settings.json`, where a variable that is really set wins, as it does with the
//! Functions tools.
//!
//! A wrong setting does not stop the reading: under the host, a process that is set up wrongly still has to
//! listen on its port to say so. So there are always settings, and perhaps problems.

use std::{fmt, path::PathBuf, str::FromStr};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use tracing_subscriber::EnvFilter;

use super::{Problem, Process, Source, otlp::Export};
use crate::{identity::Identity, providers::graph::BaseUrl, store::azure_blob::Container};

/// As many as hexadecimal digits make 128 bits.
const SHORTEST_SECRET: usize = 32;
const LONGEST_RETENTION_DAYS: u32 = 3650;
const AUDIT_KEEP_FILES: u32 = 20;

/// One field per setting.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `FUNCTIONS_CUSTOMHANDLER_PORT`, which the host sets; 7071 by hand.
    pub port: u16,
    /// Started by the Functions host.
    pub hosted: bool,
    /// `WEBSITE_SITE_NAME` is set: one of many instances.
    pub in_azure: bool,
    /// `SCHEDULING_CONFIG`.
    pub config_file: Option<PathBuf>,
    /// `STORE`.
    pub store: StoreSetting,
    /// `LEDGER_SECRET`: newest first. Empty: none was given.
    pub ledger_secrets: Vec<SecretString>,
    /// `RETENTION_DAYS`.
    pub retention_days: Option<u32>,
    /// `GRAPH_BASE_URL`: where Graph is asked, if not at its cloud's own address.
    pub graph_base_url: Option<BaseUrl>,
    /// `GRAPH_CREDENTIAL`: as whom Graph is asked.
    pub graph_credential: GraphCredential,
    /// `GRAPH_CLIENT_SECRET`: of the app registration that `[graph]` names.
    pub graph_client_secret: Option<SecretString>,
    /// `AZURE_CLIENT_ID`: which managed identity, where the app has several.
    pub azure_client_id: Option<String>,
    /// As whom the store in Azure is asked: found in the surroundings.
    pub identity: Identity,
    /// `LOG`: a filter, as `info` or `healthbot_scheduler=debug,warn`.
    pub log: String,
    /// `LOG_FORMAT`.
    pub log_format: LogFormat,
    /// `AUDIT_KEEP_FILES`: how many full audit files are kept beside the current one.
    pub audit_keep_files: u32,
    /// `OTEL_…`: where telemetry is exported to.
    pub export: Export,
}

/// As whom Graph is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GraphCredential {
    /// The identity that Azure gives the app.
    ManagedIdentity,
    /// The app registration of `[graph]`, with a secret.
    ClientSecret,
    /// The same, which trusts the app's managed identity.
    Federated,
    /// What Kubernetes mounts.
    WorkloadIdentity,
    /// `az login`.
    DeveloperTools,
}

/// Where our own records live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreSetting {
    /// `sqlite:PATH`
    Sqlite(PathBuf),
    /// `https://ACCOUNT.blob.core.windows.net/CONTAINER`
    AzureBlob(Container),
}

/// What a log line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One object per line, for machines.
    Json,
    /// For a person at a terminal.
    Text,
}

impl Default for StoreSetting {
    fn default() -> Self {
        Self::Sqlite("scheduling.db".into())
    }
}

impl Settings {
    /// Reads this process's settings.
    #[must_use]
    pub fn from_process_env() -> (Self, Vec<Problem>) {
        Self::read(&Process::current())
    }

    /// Reads the settings of a process.
    #[must_use]
    pub fn read(process: &Process<'_>) -> (Self, Vec<Problem>) {
        let started_by_host = ["FUNCTIONS_CUSTOMHANDLER_PORT", "FUNCTIONS_CUSTOMHANDLER_WORKER_ID"]
            .into_iter()
            .chain(["FUNCTIONS_HTTPWORKER_PORT", "FUNCTIONS_HTTPWORKER_ID"]);
        let hosted = started_by_host.into_iter().any(|name| process.get(name).is_some());
        let in_azure = process.get("WEBSITE_SITE_NAME").is_some();
        let mut reading = Reading { process, local: Map::new(), problems: Vec::new() };
        if !hosted && !in_azure {
            reading.read_local();
        }
        let settings = reading.settings(hosted, in_azure);
        reading.demand_what_instances_share(&settings);
        (settings, reading.problems)
    }

    /// Why a configuration from this source will not do here.
    pub(super) fn refuses(&self, source: &Source) -> Option<Problem> {
        let demo = self.in_azure && *source == Source::Demo;
        demo.then(|| {
            let remedy = "is needed in Azure, where the demo clinic is refused: put a `scheduling.toml` into the \
                          package, or name it in `SCHEDULING_CONFIG`";
            problem("scheduling.toml", remedy)
        })
    }
}

/// Reading, with what was found wrong so far.
struct Reading<'a> {
    process: &'a Process<'a>,
    /// `Values` of `local.settings.json`.
    local: Map<String, Value>,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn settings(&mut self, hosted: bool, in_azure: bool) -> Settings {
        let text_is_read = self.process.stdout_is_terminal && !hosted;
        let default_format = if text_is_read { LogFormat::Text } else { LogFormat::Json };
        Settings {
            port: self.port(),
            hosted,
            in_azure,
            config_file: self.get("SCHEDULING_CONFIG").map(PathBuf::from),
            store: self.parsed("STORE", StoreSetting::parse).unwrap_or_default(),
            ledger_secrets: self.parsed("LEDGER_SECRET", parse_ring).unwrap_or_default(),
            retention_days: self.parsed("RETENTION_DAYS", parse_days),
            graph_base_url: self.parsed("GRAPH_BASE_URL", str::parse),
            graph_credential: self.graph_credential(in_azure),
            graph_client_secret: self.get("GRAPH_CLIENT_SECRET").map(SecretString::from),
            azure_client_id: self.get("AZURE_CLIENT_ID"),
            identity: self.identity(in_azure),
            log: self.parsed("LOG", parse_filter).unwrap_or_else(|| "info".to_owned()),
            log_format: self.parsed("LOG_FORMAT", parse_format).unwrap_or(default_format),
            audit_keep_files: self.parsed("AUDIT_KEEP_FILES", parse_count).unwrap_or(AUDIT_KEEP_FILES),
            export: self.export(),
        }
    }

    fn export(&mut self) -> Export {
        let mut problems = Vec::new();
        let export = Export::read(|name| self.get(name), &mut problems);
        self.problems.append(&mut problems);
        export
    }

    fn port(&mut self) -> u16 {
        let port = |text: &str| match text.parse::<u16>() {
            Ok(port) => Ok(port),
            Err(_) => Err("must be a port, from 0 (any that is free) to 65535".to_owned()),
        };
        self.parsed("FUNCTIONS_CUSTOMHANDLER_PORT", port)
            .or_else(|| self.parsed("FUNCTIONS_HTTPWORKER_PORT", port))
            .unwrap_or(7071)
    }

    /// By what this process finds around itself.
    fn identity(&self, in_azure: bool) -> Identity {
        let has = |name: &str| self.process.get(name).is_some();
        if has("AZURE_FEDERATED_TOKEN_FILE") {
            Identity::Workload
        } else if in_azure || has("IDENTITY_ENDPOINT") {
            Identity::Managed { client_id: self.get("AZURE_CLIENT_ID") }
        } else {
            Identity::DeveloperTools
        }
    }

    /// As told, else with the secret that was given, else as this deployment is known to Azure.
    fn graph_credential(&mut self, in_azure: bool) -> GraphCredential {
        let told = self.parsed("GRAPH_CREDENTIAL", parse_credential);
        let has_secret = || self.get("GRAPH_CLIENT_SECRET").is_some();
        told.unwrap_or_else(|| match self.identity(in_azure) {
            _ if has_secret() => GraphCredential::ClientSecret,
            Identity::Workload => GraphCredential::WorkloadIdentity,
            Identity::Managed { .. } => GraphCredential::ManagedIdentity,
            Identity::DeveloperTools => GraphCredential::DeveloperTools,
        })
    }

    /// The variable, else the local value.
    fn get(&self, name: &str) -> Option<String> {
        let local = || match self.local.get(name)? {
            Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
            Value::Null => None,
            other => Some(other.to_string()),
        };
        self.process.get(name).or_else(local).map(|value| value.trim().to_owned())
    }

    fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        match parse(&self.get(name)?) {
            Ok(value) => Some(value),
            Err(detail) => {
                self.problems.push(problem(name, detail));
                None
            }
        }
    }

    fn read_local(&mut self) {
        let Some(path) = self.process.find("local.settings.json") else { return };
        let refused = |detail: String| Problem {
            source: path.display().to_string(),
            line: None,
            key: String::new(),
            detail,
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => return self.problems.push(refused(format!("cannot be read: {error}"))),
        };
        let file: Value = match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
            Ok(file) => file,
            Err(error) => return self.problems.push(refused(format!("is not JSON: {error}"))),
        };
        if file.get("IsEncrypted") == Some(&Value::Bool(true)) {
            return self.problems.push(refused("is encrypted: run `func settings decrypt`".to_owned()));
        }
        match file.get("Values") {
            Some(Value::Object(values)) => self.local.clone_from(values),
            None => {}
            Some(_) => self.problems.push(refused("has `Values` that are no object".to_owned())),
        }
    }

    /// In Azure there are many instances, and elsewhere wherever they share a store.
    fn demand_what_instances_share(&mut self, settings: &Settings) {
        let unsaid = |name| !self.problems.iter().any(|problem: &Problem| problem.key == name);
        let shared = matches!(settings.store, StoreSetting::AzureBlob(_));
        let secret = settings.ledger_secrets.is_empty() && unsaid("LEDGER_SECRET");
        let store = settings.in_azure.then(|| settings.store.refused_in_azure()).flatten();
        if let Some(remedy) = store.filter(|_| unsaid("STORE")) {
            self.problems.push(problem("STORE", remedy));
        }
        if secret && (settings.in_azure || shared) {
            let place = if settings.in_azure { "in Azure" } else { "with a store that instances share" };
            let remedy = format!(
                "is needed {place}, where each instance would make its own: set at least 32 random characters, as \
                 `openssl rand -hex 32` makes"
            );
            self.problems.push(problem("LEDGER_SECRET", remedy));
        }
    }
}

impl StoreSetting {
    /// Reads `STORE`, and what names a store elsewhere.
    ///
    /// # Errors
    /// What is wrong with it, without what may be a secret in it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            return match path {
                "" => Err("lacks a path: `sqlite:scheduling.db`".to_owned()),
                path => Ok(Self::Sqlite(path.into())),
            };
        }
        if text.starts_with("https://") || text.starts_with("http://") {
            return text.parse().map(Self::AzureBlob);
        }
        if text.starts_with("UseDevelopmentStorage") || text.contains("AccountKey=") {
            let remedy = "is a connection string, and account keys are not used: name the container, as \
                          `https://ACCOUNT.blob.core.windows.net/CONTAINER`";
            return Err(remedy.to_owned());
        }
        Err("must be `sqlite:PATH`, as `sqlite:scheduling.db`, or a container in Azure Blob Storage, as \
             `https://ACCOUNT.blob.core.windows.net/CONTAINER`"
            .to_owned())
    }

    fn refused_in_azure(&self) -> Option<&'static str> {
        match self {
            Self::Sqlite(_) => Some(
                "is a file of one instance, which is refused in Azure, where each instance would have its own: name a \
                 container in Azure Blob Storage, as `https://ACCOUNT.blob.core.windows.net/CONTAINER`",
            ),
            Self::AzureBlob(container) if container.has_sas() => Some(
                "carries a shared access signature, which is for the emulator and refused in Azure: leave out what is \
                 behind the `?`, and give the app's managed identity the role Storage Blob Data Contributor on the \
                 container",
            ),
            Self::AzureBlob(_) => None,
        }
    }
}

pub(super) fn problem(key: &str, detail: impl Into<String>) -> Problem {
    Problem { source: "settings".to_owned(), line: None, key: key.to_owned(), detail: detail.into() }
}

fn parse_credential(text: &str) -> Result<GraphCredential, String> {
    match text {
        "managed-identity" => Ok(GraphCredential::ManagedIdentity),
        "client-secret" => Ok(GraphCredential::ClientSecret),
        "federated" => Ok(GraphCredential::Federated),
        "workload-identity" => Ok(GraphCredential::WorkloadIdentity),
        "developer-tools" => Ok(GraphCredential::DeveloperTools),
        _ => Err("must be one of `managed-identity`, `client-secret`, `federated`, `workload-identity`, \
                  `developer-tools`"
            .to_owned()),
    }
}

/// Blank parts are left out: a comma at the end is no secret.
fn parse_ring(text: &str) -> Result<Vec<SecretString>, String> {
    let mut ring: Vec<SecretString> = Vec::new();
    for (index, secret) in text.split(',').map(str::trim).filter(|secret| !secret.is_empty()).enumerate() {
        if secret.chars().count() < SHORTEST_SECRET {
            let remedy = "take what `openssl rand -hex 32` makes";
            return Err(format!("has a secret (number {}) of fewer than 32 characters: {remedy}", index + 1));
        }
        if ring.iter().any(|earlier| earlier.expose_secret() == secret) {
            return Err(format!("has a secret (number {}) twice: keep its first place", index + 1));
        }
        ring.push(secret.into());
    }
    if ring.is_empty() { Err("has no secret between its commas".to_owned()) } else { Ok(ring) }
}

fn parse_days(text: &str) -> Result<u32, String> {
    let days = text.parse().ok().filter(|days| (1..=LONGEST_RETENTION_DAYS).contains(days));
    days.ok_or_else(|| format!("must be a number of days, from 1 to {LONGEST_RETENTION_DAYS}"))
}

fn parse_count(text: &str) -> Result<u32, String> {
    u32::from_str(text).map_err(|_| "must be a number of files, as `20`".to_owned())
}

fn parse_filter(text: &str) -> Result<String, String> {
    let known = EnvFilter::builder().parse(text);
    known
        .map(|_| text.to_owned())
        .map_err(|_| "must be a level or a filter, as `info` or `warn,healthbot_scheduler=debug`".to_owned())
}

fn parse_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "json" => Ok(LogFormat::Json),
        "text" => Ok(LogFormat::Text),
        _ => Err("must be `json` or `text`".to_owned()),
    }
}

impl fmt::Display for StoreSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::AzureBlob(container) => container.fmt(f),
        }
    }
}
