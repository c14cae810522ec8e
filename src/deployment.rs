//! A deployment, put together: what the settings and `scheduling.toml` name, opened.
//!
//! Nothing here calls a vendor or waits for the network. What can be wrong is told as [`Problem`]s, all at
//! once, like everything else that is wrong with a deployment.

use std::{
    fmt::Write as _,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::TimeDelta;
use secrecy::SecretString;

use crate::{
    callers::Callers,
    check::{self, Dependencies, Files, Report},
    clock::Clock,
    config::{Config, Problem, Process, Settings, settings::StoreSetting},
    http::Ready,
    ledger::{Ledger, Random, ring::Ring},
    provider::Provider,
    providers::Providers,
    scheduling::Scheduling,
    store::{self, Store},
    telemetry::audit::{Audit, Rotation},
};

/// What a deployment says about itself, and what is wrong with it.
#[derive(Debug)]
pub struct Deployment {
    settings: Settings,
    /// Of the settings.
    problems: Vec<Problem>,
    config: Result<Config, Vec<Problem>>,
}

/// What a deployment names, opened.
#[derive(Debug, Clone)]
pub struct Opened {
    pub scheduling: Scheduling,
    callers: Option<Arc<Callers>>,
    providers: Providers,
    store: Arc<dyn Store>,
    key_ids: Vec<String>,
}

impl Opened {
    /// What the functions answer from.
    #[must_use]
    pub fn ready(&self) -> Ready {
        Ready { scheduling: self.scheduling.clone(), callers: self.callers.clone() }
    }
}

impl Deployment {
    /// Reads the configuration that the settings name.
    #[must_use]
    pub fn read(settings: Settings, problems: Vec<Problem>, process: &Process<'_>) -> Self {
        let config = Config::load(&settings, process);
        Self { settings, problems, config }
    }

    #[must_use]
    pub fn config(&self) -> Option<&Config> {
        self.config.as_ref().ok()
    }

    /// Opens the store and puts the use cases on top of it. Blocks.
    ///
    /// # Errors
    /// Everything that is wrong with the deployment.
    pub fn open(&self, clock: &Clock) -> Result<Opened, Vec<Problem>> {
        let config = match &self.config {
            Ok(config) if self.problems.is_empty() => config,
            read => {
                return Err(self
                    .problems
                    .iter()
                    .chain(read.as_ref().err().into_iter().flatten())
                    .cloned()
                    .collect());
            }
        };
        let store = store::open(&self.settings.store, &self.settings.identity)
            .map_err(|error| vec![wrong("STORE", error.to_string())])?;
        let ring = self.ring().map_err(|problem| vec![problem])?;
        let audit = self.audit().map_err(|problem| vec![problem])?;
        let providers =
            Providers::from_config(config, &self.settings, clock).map_err(|problem| vec![problem])?;
        let callers = self.callers(config, clock).map_err(|problem| vec![problem])?;
        let mut opened = self.assemble(config, clock, store, (ring, audit), providers);
        opened.callers = callers;
        Ok(opened)
    }

    /// In the cloud that the settings name, else in the one whose Graph is asked.
    fn callers(&self, config: &Config, clock: &Clock) -> Result<Option<Arc<Callers>>, Problem> {
        let Some(allowed) = self.settings.callers.clone() else { return Ok(None) };
        let http = crate::net::client().map_err(|_| {
            wrong(
                "CALLER_TENANT_ID",
                "cannot be asked for its keys: the system's certificates cannot be read".into(),
            )
        })?;
        let login = self.settings.authority_host.as_deref().unwrap_or(config.graph.cloud.login());
        Ok(Some(Arc::new(Callers::new(allowed, login, http, clock.clone()))))
    }

    fn assemble(
        &self,
        config: &Config,
        clock: &Clock,
        store: Arc<dyn Store>,
        (ring, audit): (Ring, Audit),
        providers: Providers,
    ) -> Opened {
        let active: Vec<Arc<dyn Provider>> = providers.iter().cloned().collect();
        let retention = TimeDelta::days(i64::from(config.retention_days(&self.settings)));
        let key_ids = ring.keys().iter().map(|key| key.id.to_string()).collect();
        let ledger =
            Ledger::new(Arc::clone(&store), active.clone(), ring, clock.clone(), system_random(), retention);
        let scheduling =
            Scheduling::new(active, Arc::new(ledger), clock.clone(), Arc::new(audit), system_random());
        Opened { scheduling, callers: None, providers, store, key_ids }
    }

    /// What is kept in files of this machine has their place and its name, with another ending.
    fn beside(&self) -> &Path {
        match &self.settings.store {
            StoreSetting::Sqlite(path) => path,
            StoreSetting::AzureBlob(_) => Path::new("scheduling"),
        }
    }

    fn ring(&self) -> Result<Ring, Problem> {
        let made;
        let secrets = if self.settings.ledger_secrets.is_empty() {
            let path = self.beside().with_extension("secret");
            let secret = own_secret(&path).map_err(|error| {
                let remedy = "set `LEDGER_SECRET`, or let this file be read and written";
                wrong("LEDGER_SECRET", format!("{} cannot be used: {error}; {remedy}", path.display()))
            })?;
            made = [secret];
            &made
        } else {
            self.settings.ledger_secrets.as_slice()
        };
        Ring::new(secrets).map_err(|error| wrong("LEDGER_SECRET", error.to_string()))
    }

    fn audit(&self) -> Result<Audit, Problem> {
        let Some(path) = self.audit_file() else { return Ok(Audit::in_the_log()) };
        let kept = self.settings.audit_keep_files;
        Audit::beside(self.beside(), Rotation { kept, ..Rotation::default() }).map_err(|error| {
            wrong("STORE", format!("{} cannot be written: {error}; let it be written", path.display()))
        })
    }

    /// Where the audit trail is. An instance in Azure takes its files with it when it goes.
    fn audit_file(&self) -> Option<PathBuf> {
        (!self.settings.in_azure).then(|| self.beside().with_extension("audit.jsonl"))
    }

    /// Checks what is written, and asks nobody.
    #[must_use]
    pub fn check_offline(&self) -> Report {
        check::offline(&self.files())
    }

    /// Checks what is written and everything it names; `opened` is what [`open`](Self::open) answered.
    pub async fn check(&self, opened: &Result<Opened, Vec<Problem>>, clock: &Clock) -> Report {
        let none = Providers::from_iter([]);
        let dependencies = match opened {
            Ok(opened) => Dependencies {
                providers: &opened.providers,
                store: Ok(Arc::clone(&opened.store)),
                audit: self.audit_file(),
                callers: opened.callers.as_deref(),
                key_ids: Ok(opened.key_ids.clone()),
                now: clock.now(),
            },
            Err(problems) => Dependencies {
                providers: &none,
                store: Err(told_of("STORE", problems)),
                audit: None,
                callers: None,
                key_ids: Err(told_of("LEDGER_SECRET", problems)),
                now: clock.now(),
            },
        };
        check::everything(&self.files(), &dependencies).await
    }

    fn files(&self) -> Files<'_> {
        Files {
            settings: &self.settings,
            problems: &self.problems,
            config: self.config.as_ref().map_err(Vec::as_slice),
        }
    }
}

fn wrong(setting: &str, detail: String) -> Problem {
    Problem { source: "settings".to_owned(), line: None, key: setting.to_owned(), detail }
}

/// Why a part did not open: its own problem, else that others came first.
fn told_of(setting: &str, problems: &[Problem]) -> String {
    let own = problems.iter().find(|problem| problem.key == setting);
    own.map_or_else(|| "not tried: mend the problems above first".to_owned(), |own| own.detail.clone())
}

fn system_random() -> Random {
    Arc::new(|| getrandom::u64().expect("the system has random numbers"))
}

/// The secret of a deployment that was given none: made once, beside the store, for its owner alone.
fn own_secret(path: &Path) -> io::Result<SecretString> {
    if !path.try_exists()? {
        make_secret(path)?;
    }
    let secret = fs::read_to_string(path)?.trim().to_owned();
    if secret.len() < 32 {
        return Err(io::Error::other("it holds fewer than 32 characters"));
    }
    Ok(secret.into())
}

/// Written aside and then named, so that nobody ever reads half of it, and of two who make one the first wins.
fn make_secret(path: &Path) -> io::Result<()> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let mut secret = String::new();
    for byte in bytes {
        let _ = write!(secret, "{byte:02x}");
    }
    let aside = path.with_extension(format!("secret.{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&aside)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    let named = fs::hard_link(&aside, path);
    fs::remove_file(&aside)?;
    match named {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        named => named,
    }
}
