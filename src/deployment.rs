//! A deployment, put together: what the settings and `scheduling.toml` name, opened.
//!
//! Nothing here calls a vendor or waits for the network, but for a configuration that is in a blob. What can be wrong
//! is told as [`Problem`]s, all at once, like everything else that is wrong with a deployment.

use std::{
    fmt::Write as _,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::Path,
    sync::Arc,
};

use chrono::TimeDelta;
use secrecy::SecretString;

use crate::{
    callers::Callers,
    check::{self, Dependencies, Files, Report},
    clock::Clock,
    config::{Config, Problem, Process, Settings, Source, settings::StoreSetting},
    http::Ready,
    identity::Azure,
    ledger::{
        Ledger, Random,
        ring::{Keyring, Ring},
    },
    provider::Provider,
    providers::Providers,
    scheduling::Scheduling,
    secrets::Vault,
    store::{self, Store, StoreError, azure_blob::Watched},
    telemetry::audit::{Audit, Rotation},
};

/// What a deployment says about itself, and what is wrong with it.
#[derive(Debug, Clone)]
pub struct Deployment {
    settings: Settings,
    /// Of the settings.
    problems: Vec<Problem>,
    config: Result<Config, Vec<Problem>>,
    /// Why the configuration is not here yet, where asking again may help.
    pending: Option<String>,
    azure: Azure,
}

/// What a deployment names, opened.
#[derive(Debug, Clone)]
pub struct Opened {
    pub scheduling: Scheduling,
    providers: Providers,
    lasting: Lasting,
}

/// What stays open when the configuration changes.
#[derive(Debug, Clone)]
struct Lasting {
    store: Arc<dyn Store>,
    audit: Arc<Audit>,
    callers: Option<Arc<Callers>>,
    vault: Option<Vault>,
    /// Where no vault has it.
    ring: Option<Ring>,
}

impl Opened {
    /// What the functions answer from.
    #[must_use]
    pub fn ready(&self) -> Ready {
        Ready { scheduling: self.scheduling.clone(), callers: self.lasting.callers.clone() }
    }
}

impl Deployment {
    /// Reads the configuration that the settings name. One in a blob can be read again.
    pub async fn read(
        settings: Settings,
        problems: Vec<Problem>,
        process: &Process<'_>,
    ) -> (Self, Option<Followed>) {
        let azure = settings.azure();
        let source = Source::find(&settings, process);
        let config = Config::load(source.clone(), &settings);
        let mut deployment = Self { settings, problems, config, pending: None, azure };
        let Source::Blob(blob) = &source else { return (deployment, None) };
        deployment.pending = Some("it has not been read yet".to_owned());
        match Watched::new(blob, &deployment.azure) {
            Ok(watched) => {
                let mut followed = Followed { source, watched };
                let _ = deployment.take(followed.next().await);
                (deployment, Some(followed))
            }
            Err(error) => {
                deployment.config = Err(vec![source.problem(error.to_string())]);
                deployment.pending = None;
                (deployment, None)
            }
        }
    }

    #[must_use]
    pub fn config(&self) -> Option<&Config> {
        self.config.as_ref().ok()
    }

    /// Why there is no configuration yet, though there may soon be one.
    #[must_use]
    pub fn pending(&self) -> Option<&str> {
        self.pending.as_deref()
    }

    /// Takes over what was read again: whether there is anything new. A configuration with problems, or none, does not
    /// replace a good one.
    ///
    /// # Errors
    /// What is wrong with what was read.
    pub fn take(&mut self, news: News) -> Result<bool, Vec<Problem>> {
        let (problems, pending) = match news {
            News::Same => return Ok(false),
            News::Config(config) => {
                self.pending = None;
                self.config = Ok(*config);
                return Ok(true);
            }
            News::Broken(problems) => (problems, None),
            News::Unreachable(problem) => (vec![problem.clone()], Some(problem.detail)),
        };
        // What is known to be wrong with it is not forgotten because it cannot be read again for now.
        let told_already = pending.is_some() && self.pending.is_none();
        if self.config.is_err() && !told_already {
            self.pending = pending;
            self.config = Err(problems.clone());
        }
        Err(problems)
    }

    /// Opens the store and puts the use cases on top of it. Blocks.
    ///
    /// # Errors
    /// Everything that is wrong with the deployment.
    ///
    /// # Panics
    /// Outside a runtime.
    pub fn open(&self, clock: &Clock) -> Result<Opened, Vec<Problem>> {
        let config = self.faultless()?;
        let store = store::open(&self.settings.store, &self.azure)
            .map_err(|error| vec![wrong("STORE", error.to_string())])?;
        let vault = self.settings.key_vault.as_ref().map(|url| Vault::new(url, &self.azure)).transpose();
        let vault = vault.map_err(|error| vec![wrong("KEY_VAULT_URL", error.to_string())])?;
        let ring = if vault.is_none() { Some(self.ring().map_err(|problem| vec![problem])?) } else { None };
        let audit = Arc::new(self.audit(clock).map_err(|problem| vec![problem])?);
        let callers = self.callers(config, clock).map_err(|problem| vec![problem])?;
        self.assemble(config, clock, Lasting { store, audit, callers, vault, ring })
    }

    /// In the cloud that the settings name, else in the one whose Graph is asked.
    fn callers(&self, config: &Config, clock: &Clock) -> Result<Option<Arc<Callers>>, Problem> {
        let Some(allowed) = self.settings.callers.clone() else { return Ok(None) };
        let http = self.azure.http().map_err(|_| {
            wrong(
                "CALLER_TENANT_ID",
                "cannot be asked for its keys: the system's certificates cannot be read".into(),
            )
        })?;
        let login = self.azure.login(config.graph.cloud.login());
        Ok(Some(Arc::new(Callers::new(allowed, login, http, clock.clone()))))
    }

    /// Puts the use cases of another configuration on top of what is open. What is under way ends as it began.
    ///
    /// # Errors
    /// Everything that is wrong with the deployment.
    pub fn open_again(&self, before: &Opened, clock: &Clock) -> Result<Opened, Vec<Problem>> {
        self.assemble(self.faultless()?, clock, before.lasting.clone())
    }

    fn faultless(&self) -> Result<&Config, Vec<Problem>> {
        match &self.config {
            Ok(config) if self.problems.is_empty() => Ok(config),
            read => {
                let wrong = self.problems.iter().chain(read.as_ref().err().into_iter().flatten());
                Err(wrong.cloned().collect())
            }
        }
    }

    fn assemble(&self, config: &Config, clock: &Clock, lasting: Lasting) -> Result<Opened, Vec<Problem>> {
        let providers = Providers::from_config(config, &self.settings, lasting.vault.as_ref(), clock)
            .map_err(|problem| vec![problem])?;
        let keyring = match (&lasting.vault, &lasting.ring) {
            (Some(vault), _) => Keyring::from(vault.secret(&config.ledger_secret)),
            (None, Some(ring)) => Keyring::Fixed(ring.clone()),
            (None, None) => return Err(vec![wrong("LEDGER_SECRET", "is not there".to_owned())]),
        };
        let active: Vec<Arc<dyn Provider>> = providers.iter().cloned().collect();
        let retention = TimeDelta::days(i64::from(config.retention_days(&self.settings)));
        let store = Arc::clone(&lasting.store);
        let ledger = Ledger::new(store, active.clone(), keyring, clock.clone(), system_random(), retention);
        let audit = Arc::clone(&lasting.audit);
        let scheduling = Scheduling::new(active, Arc::new(ledger), clock.clone(), audit, system_random());
        Ok(Opened { scheduling, providers, lasting })
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

    fn audit(&self, clock: &Clock) -> Result<Audit, Problem> {
        if let Some(container) = &self.settings.audit {
            let audit = Audit::in_blobs(container, &self.azure, clock.clone());
            return audit.map_err(|error| wrong("AUDIT", error.to_string()));
        }
        // An instance in Azure takes its files with it when it goes.
        if self.settings.in_azure {
            return Ok(Audit::in_the_log());
        }
        let kept = self.settings.audit_keep_files;
        Audit::beside(self.beside(), Rotation { kept, ..Rotation::default() }).map_err(|error| {
            let path = self.beside().with_extension("audit.jsonl");
            wrong("STORE", format!("{} cannot be written: {error}; let it be written", path.display()))
        })
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
            Ok(Opened { scheduling, providers, lasting }) => Dependencies {
                providers,
                store: Ok(Arc::clone(&lasting.store)),
                audit: Some(Arc::clone(&lasting.audit)),
                callers: lasting.callers.as_deref(),
                keys: scheduling.key_ids().await.map_err(|error| error.to_string()),
                now: clock.now(),
            },
            Err(problems) => Dependencies {
                providers: &none,
                store: Err(told_of("STORE", problems)),
                audit: None,
                callers: None,
                keys: Err(told_of("LEDGER_SECRET", problems)),
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

/// A configuration in a blob.
#[derive(Debug)]
pub struct Followed {
    source: Source,
    watched: Watched,
}

/// What became of a configuration since it was read.
#[derive(Debug)]
pub enum News {
    Same,
    Config(Box<Config>),
    /// It is there, and has problems.
    Broken(Vec<Problem>),
    /// It cannot be read for now.
    Unreachable(Problem),
}

impl Followed {
    /// Reads it, unless it is what it was.
    pub async fn next(&mut self) -> News {
        let text = match self.watched.read().await {
            Ok(None) => return News::Same,
            Ok(Some(bytes)) => String::from_utf8(bytes.into()),
            Err(StoreError::Unavailable(why)) => {
                return News::Unreachable(self.source.problem(format!("cannot be read for now: {why}")));
            }
            Err(StoreError::Unusable(why)) => {
                return News::Broken(vec![self.source.problem(format!("cannot be read: {why}"))]);
            }
        };
        let Ok(text) = text else { return News::Broken(vec![self.source.problem("is not UTF-8")]) };
        match Config::read(&text, self.source.clone()) {
            Ok(config) => News::Config(Box::new(config)),
            Err(problems) => News::Broken(problems),
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
