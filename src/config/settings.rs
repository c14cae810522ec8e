//! The app settings: what differs from deployment to deployment, and secrets. Read from the environment; by
//! hand also from a `local.settings.json`, where a variable that is really set wins, as it does with the
//! Functions tools.
//!
//! A wrong setting does not stop the reading: under the host, a process that is set up wrongly still has to
//! listen on its port to say so. So there are always settings, and perhaps problems.

use std::{fmt, path::PathBuf, str::FromStr};

use secrecy::SecretString;
use serde_json::{Map, Value};
use tracing_subscriber::EnvFilter;
use url::Url;
use uuid::Uuid;

use super::{Problem, Process, Source, otlp::Export};
use crate::{
    callers::Allowed,
    identity::{Azure, Identity},
    ledger::ring,
    providers::graph::BaseUrl,
    secrets::VaultUrl,
    store::azure_blob::{Blob, Container},
};

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
    pub config: Option<ConfigSetting>,
    /// `STORE`.
    pub store: StoreSetting,
    /// `AUDIT`: where the audit trail goes, if not beside the store or into the log.
    pub audit: Option<Container>,
    /// `KEY_VAULT_URL`: where secrets are. Without it, they are among the settings.
    pub key_vault: Option<VaultUrl>,
    /// `LEDGER_SECRET`: newest first. Empty: none was given.
    pub ledger_secrets: Vec<SecretString>,
    /// `RETENTION_DAYS`.
    pub retention_days: Option<u32>,
    /// `GRAPH_BASE_URL`: where Graph is asked, if not at its cloud's own address.
    pub graph_base_url: Option<BaseUrl>,
    /// `GRAPH_CREDENTIAL`: as whom Graph is asked.
    pub graph_credential: GraphCredential,
    /// Nobody said as whom: it was found in the surroundings.
    pub graph_credential_is_found: bool,
    /// `GRAPH_CLIENT_SECRET`: of the app registration that `[graph]` names.
    pub graph_client_secret: Option<SecretString>,
    /// `AZURE_CLIENT_ID`: which managed identity, where the app has several.
    pub azure_client_id: Option<String>,
    /// `CALLER_TENANT_ID`, `CALLER_AUDIENCE`, `CALLER_CLIENT_IDS`: whose tokens are taken, where a function key is not
    /// enough.
    pub callers: Option<Allowed>,
    /// As whom Azure is asked: found in the surroundings.
    pub identity: Identity,
    /// `AZURE_AUTHORITY_HOST`: where Entra ID is asked, if not at the login of each cloud. Without a slash at its end.
    pub authority_host: Option<String>,
    /// `LOG`: a filter, as `info` or `healthbot_scheduler=debug,warn`.
    pub log: String,
    /// `LOG_FORMAT`.
    pub log_format: LogFormat,
    /// `AUDIT_KEEP_FILES`: how many full audit files are kept beside the current one.
    pub audit_keep_files: u32,
    /// `OTEL_…`: where telemetry is exported to.
    pub export: Export,
    /// `PLAYER_DIR`: the folder of the built page to chat with. It is for whoever starts the process by hand.
    pub player_dir: Option<PathBuf>,
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

/// Where the configuration is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigSetting {
    File(PathBuf),
    /// Read again every minute.
    Blob(Blob),
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
    /// Started by somebody at this machine, not by a Functions host.
    #[must_use]
    pub fn by_hand(&self) -> bool {
        !self.hosted && !self.in_azure
    }

    /// This deployment's own identity.
    #[must_use]
    pub fn azure(&self) -> Azure {
        Azure::new(self.identity.clone(), self.authority_host.clone())
    }

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
        reading.refuse_secrets_beside_a_vault(&settings);
        reading.demand_what_is_shown(&settings);
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
            config: self.parsed("SCHEDULING_CONFIG", ConfigSetting::parse),
            store: self.parsed("STORE", StoreSetting::parse).unwrap_or_default(),
            audit: self.parsed("AUDIT", str::parse),
            key_vault: self.parsed("KEY_VAULT_URL", str::parse),
            ledger_secrets: self.parsed("LEDGER_SECRET", ring::secrets).unwrap_or_default(),
            retention_days: self.parsed("RETENTION_DAYS", parse_days),
            graph_base_url: self.parsed("GRAPH_BASE_URL", str::parse),
            graph_credential: self.graph_credential(in_azure),
            graph_credential_is_found: self.get("GRAPH_CREDENTIAL").is_none(),
            graph_client_secret: self.get("GRAPH_CLIENT_SECRET").map(SecretString::from),
            azure_client_id: self.get("AZURE_CLIENT_ID"),
            callers: self.callers(),
            identity: self.identity(in_azure),
            authority_host: self.parsed("AZURE_AUTHORITY_HOST", parse_authority),
            log: self.parsed("LOG", parse_filter).unwrap_or_else(|| "info".to_owned()),
            log_format: self.parsed("LOG_FORMAT", parse_format).unwrap_or(default_format),
            audit_keep_files: self.parsed("AUDIT_KEEP_FILES", parse_count).unwrap_or(AUDIT_KEEP_FILES),
            export: self.export(),
            player_dir: self.get("PLAYER_DIR").map(PathBuf::from),
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

    /// All three or none: with one missing, everybody or nobody would be let in.
    fn callers(&mut self) -> Option<Allowed> {
        const ALL: [(&str, &str); 3] = [
            ("CALLER_TENANT_ID", "the id of the tenant whose apps may call"),
            ("CALLER_AUDIENCE", "what their tokens are for, as the client id of this app's registration"),
            (
                "CALLER_CLIENT_IDS",
                "the client ids of the apps that may call, since every app of a tenant gets a token",
            ),
        ];
        let (given, missing): (Vec<_>, Vec<_>) =
            ALL.into_iter().partition(|(name, _)| self.get(name).is_some());
        if !given.is_empty() {
            let others = given.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
            self.problems.extend(
                missing
                    .into_iter()
                    .map(|(name, what)| problem(name, format!("is needed where {others} is set: {what}"))),
            );
        }
        let tenant = self.parsed("CALLER_TENANT_ID", parse_tenant);
        let audiences = self.parsed("CALLER_AUDIENCE", parse_audiences);
        let clients = self.parsed("CALLER_CLIENT_IDS", parse_clients);
        Some(Allowed { tenant: tenant?, audiences: audiences?, clients: clients? })
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
        let no_vault = settings.key_vault.is_none();
        let secret = no_vault && settings.ledger_secrets.is_empty() && unsaid("LEDGER_SECRET");
        let vault = settings.in_azure && no_vault && unsaid("KEY_VAULT_URL");
        let store = settings.in_azure.then(|| settings.store.refused_in_azure()).flatten();
        if let Some(remedy) = store.filter(|_| unsaid("STORE")) {
            self.problems.push(problem("STORE", remedy));
        }
        if vault {
            let remedy = "is needed in Azure, where secrets are in Key Vault and nowhere else: name it, as \
                          `https://NAME.vault.azure.net`, and give the app's managed identity the role Key Vault Secrets \
                          User on it";
            self.problems.push(problem("KEY_VAULT_URL", remedy));
        } else if secret && shared {
            let remedy = "is needed with a store that instances share, where each would make its own: set at least 32 \
                          random characters, as `openssl rand -hex 32` makes, or name a Key Vault in `KEY_VAULT_URL`";
            self.problems.push(problem("LEDGER_SECRET", remedy));
        }
        if settings.in_azure && settings.audit.as_ref().is_some_and(Container::has_sas) {
            self.problems.push(problem("AUDIT", SIGNED));
        }
        if settings.in_azure && matches!(&settings.config, Some(ConfigSetting::Blob(blob)) if blob.has_sas())
        {
            self.problems.push(problem("SCHEDULING_CONFIG", SIGNED));
        }
    }

    /// A secret comes from one place: which of two is the right one, nobody could tell when they differ.
    fn refuse_secrets_beside_a_vault(&mut self, settings: &Settings) {
        if settings.key_vault.is_none() && !settings.in_azure {
            return;
        }
        for (name, secret) in
            [("LEDGER_SECRET", "ledger-secret"), ("GRAPH_CLIENT_SECRET", "graph-client-secret")]
        {
            if self.get(name).is_some() {
                let place = if settings.in_azure { "in Azure" } else { "beside `KEY_VAULT_URL`" };
                let remedy = format!(
                    "is refused {place}: put it into Key Vault as the secret `{secret}`, and unset this"
                );
                self.problems.push(problem(name, remedy));
            }
        }
    }

    /// Where it is not shown, it is not looked for.
    fn demand_what_is_shown(&mut self, settings: &Settings) {
        let Some(folder) = settings.player_dir.as_ref().filter(|_| settings.by_hand()) else { return };
        if !folder.join("index.html").is_file() {
            let remedy = format!(
                "names a folder without an `index.html`, {}: start with `./demo`, which builds the page and sets this, or \
                 unset it",
                folder.display()
            );
            self.problems.push(problem("PLAYER_DIR", remedy));
        }
    }
}

/// Why a container is refused in Azure.
const SIGNED: &str = "carries a shared access signature, which is for the emulator and refused in Azure: leave out what is \
                      behind the `?`, and give the app's managed identity the role Storage Blob Data Contributor on the \
                      container";

impl ConfigSetting {
    fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with("https://") || text.starts_with("http://") {
            return text.parse().map(Self::Blob);
        }
        Ok(Self::File(text.into()))
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
            Self::AzureBlob(container) if container.has_sas() => Some(SIGNED),
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

/// Tokens carry the id of a tenant, and none of its domains.
fn parse_tenant(text: &str) -> Result<String, String> {
    let expected = "must be the id of a tenant, as `az account show --query tenantId` prints it";
    guid(text).ok_or_else(|| expected.to_owned())
}

fn parse_clients(text: &str) -> Result<Vec<String>, String> {
    let clients: Option<Vec<String>> = parts(text).map(guid).collect();
    let clients = clients.filter(|clients| !clients.is_empty());
    clients.ok_or_else(|| "must be client ids of app registrations, separated by commas".to_owned())
}

fn parse_audiences(text: &str) -> Result<Vec<String>, String> {
    let audiences: Vec<String> = parts(text).map(str::to_owned).collect();
    if audiences.is_empty() || audiences.iter().any(|audience| audience.contains(char::is_whitespace)) {
        let expected = "must be the client id of this app's registration, or its application ID URI as `api://…`; \
                        several are separated by commas";
        return Err(expected.to_owned());
    }
    Ok(audiences)
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// In lower case, as tokens have it.
fn guid(text: &str) -> Option<String> {
    let hyphenated = |id: &Uuid| id.hyphenated().to_string();
    let id = Uuid::try_parse(text).ok()?;
    Some(hyphenated(&id)).filter(|written| written.eq_ignore_ascii_case(text))
}

/// What it answers decides who is let in, so it is https, on this machine too.
fn parse_authority(text: &str) -> Result<String, String> {
    let url = Url::parse(text).ok().filter(|url| {
        let bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        url.scheme() == "https" && url.has_host() && url.path() == "/" && bare && url.password().is_none()
    });
    let url = url.ok_or("must be the address of a login, as `https://login.microsoftonline.us`")?;
    Ok(url.as_str().trim_end_matches('/').to_owned())
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
