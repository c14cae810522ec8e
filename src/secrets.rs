//! Secrets by name, from Azure Key Vault; where no vault is named, what the settings gave.
//!
//! Nobody is asked before a secret is needed. Then it is kept, and asked for again in the background, so that a new
//! version is found without a restart; and at once where whoever used it was refused. While the vault does not answer,
//! what is kept goes on being used.
//!
//! A value is a [`SecretString`] from the vault's answer on, and nothing here prints one.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use azure_core::{error::ErrorKind, http::ClientOptions};
use azure_security_keyvault_secrets::{
    ResourceExt as _, SecretClient, SecretClientOptions, models::SecretClientGetSecretOptions,
};
use parking_lot::Mutex;
use secrecy::SecretString;
use tokio::time::{Instant, timeout};

use crate::{
    identity::{self, Azure, told_by, unusable},
    kept::{Age, Kept, Source},
    provider::ProviderError,
    telemetry::events,
};

mod name;

pub use name::{SecretName, VaultUrl};

/// How old a secret may become before the vault is asked for it again.
const AGES_AFTER: Duration = Duration::from_mins(10);

/// How long somebody waits for the first answer. The vault goes on being asked.
const WAIT: Duration = Duration::from_secs(5);

/// A secret that may change while the process runs.
#[derive(Clone)]
pub struct Secret(Arc<Kind>);

enum Kind {
    /// Given by the settings, or made here.
    Given {
        told_as: &'static str,
        value: SecretString,
    },
    InVault(Kept<InVault>),
}

/// A secret's value as it was given out.
#[derive(Clone)]
pub struct Held {
    value: SecretString,
    /// The vault's version of it.
    version: Option<String>,
    since: Instant,
    /// Never the same twice in a process.
    serial: u64,
}

/// Why there is no secret, in words for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// A person has to mend it.
    #[error("{0}")]
    Misconfigured(String),
    /// It may be there the next time.
    #[error("{why}")]
    Unavailable { why: String, retry_after: Option<Duration> },
}

impl Held {
    /// For whoever needs it to prove something, and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &SecretString {
        &self.value
    }
}

impl Held {
    fn now(value: SecretString, version: Option<String>) -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let serial = LAST.fetch_add(1, Ordering::Relaxed);
        Self { value, version, since: Instant::now(), serial }
    }

    /// Whether it was given out longer ago than this.
    #[must_use]
    pub fn is_older_than(&self, age: Duration) -> bool {
        self.since.elapsed() >= age
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("version", &self.version).finish_non_exhaustive()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({self})")
    }
}

/// Where it is from, to be named in messages.
impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Given { told_as, .. } => write!(f, "`{told_as}`"),
            Kind::InVault(kept) => write!(f, "the secret `{}` in Key Vault", kept.source().name),
        }
    }
}

impl Secret {
    /// One that does not change.
    #[must_use]
    pub fn given(told_as: &'static str, value: SecretString) -> Self {
        Self(Arc::new(Kind::Given { told_as, value }))
    }

    /// The value, as new as anybody here knows.
    ///
    /// # Errors
    /// When there is none yet.
    pub async fn value(&self) -> Result<Held, SecretError> {
        match &*self.0 {
            Kind::Given { value, .. } => Ok(Held::now(value.clone(), None)),
            Kind::InVault(kept) => match timeout(WAIT, kept.get()).await {
                Ok(got) => got.map_err(|error| (*error).clone()),
                Err(_) => Err(SecretError::Unavailable {
                    why: format!("Key Vault has not answered yet, and `{}` is not here", kept.source().name),
                    retry_after: Some(Duration::from_secs(10)),
                }),
            },
        }
    }

    /// Tells that `held` was not taken where it was used: the vault is asked anew. Whether that can change anything.
    #[must_use]
    pub fn refuse(&self, held: &Held) -> bool {
        match &*self.0 {
            Kind::Given { .. } => false,
            Kind::InVault(kept) => {
                // Asked for again meanwhile, it may be the same.
                let same = |current: &Held| current.version.is_some() && current.version == held.version;
                kept.refuse(|current| current.serial == held.serial || same(current));
                !kept.source().name.is_pinned()
            }
        }
    }
}

/// Who gives secrets out.
#[async_trait]
trait GivesOut: Send + Sync {
    /// The value, and which version of the secret it is.
    async fn ask(&self, name: &SecretName) -> Result<(SecretString, Option<String>), SecretError>;
}

/// A vault, as this deployment sees it. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    gives: Arc<dyn GivesOut>,
    secrets: Arc<Mutex<HashMap<String, Secret>>>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// Asks nobody yet.
    ///
    /// # Errors
    /// When the identity lacks what it is made from.
    pub fn new(url: &VaultUrl, azure: &Azure) -> Result<Self, SecretError> {
        Ok(Self::of(KeyVault::new(url, azure)?))
    }

    fn of(gives: impl GivesOut + 'static) -> Self {
        Self { gives: Arc::new(gives), secrets: Arc::default() }
    }

    /// One of its secrets, the same however often it is named. Asks nobody yet.
    #[must_use]
    pub fn secret(&self, name: &SecretName) -> Secret {
        let asked = || InVault { gives: Arc::clone(&self.gives), name: name.clone(), last: Mutex::default() };
        let made = || Secret(Arc::new(Kind::InVault(Kept::new(asked()))));
        self.secrets.lock().entry(name.to_string()).or_insert_with(made).clone()
    }
}

/// One secret in a vault.
struct InVault {
    gives: Arc<dyn GivesOut>,
    name: SecretName,
    /// The version that was told last, so that a change is logged once.
    last: Mutex<Option<String>>,
}

#[async_trait]
impl Source for InVault {
    type Value = Held;
    type Error = SecretError;

    /// Some tries of a login, then some of the vault. Nobody waits that long, but the next to ask finds the answer.
    const PATIENCE: Duration = Duration::from_mins(1);

    async fn ask(&self) -> Result<Held, SecretError> {
        let (value, version) = self.gives.ask(&self.name).await.inspect_err(|error| self.log(error))?;
        let outcome = match self.last.lock().replace(version.clone().unwrap_or_default()) {
            None => Some("fetched"),
            Some(last) if Some(&last) != version.as_ref() => Some("changed"),
            Some(_) => None,
        };
        if let Some(outcome) = outcome {
            events::secret(self.name.name(), outcome, None);
        }
        Ok(Held::now(value, version))
    }

    fn age(&self, held: &Held) -> Age {
        let aged = !self.name.is_pinned() && held.is_older_than(AGES_AFTER);
        if aged { Age::Ageing } else { Age::Fresh }
    }

    fn unanswered(&self, why: &'static str) -> SecretError {
        let error = SecretError::Unavailable { why: format!("Key Vault {why}"), retry_after: None };
        self.log(&error);
        error
    }
}

impl InVault {
    /// Where it happens: whoever has an older value does not learn of it.
    fn log(&self, error: &SecretError) {
        events::secret(self.name.name(), "failed", Some(&error.to_string()));
    }
}

/// Azure Key Vault.
struct KeyVault {
    azure: Azure,
    client: SecretClient,
}

#[async_trait]
impl GivesOut for KeyVault {
    async fn ask(&self, name: &SecretName) -> Result<(SecretString, Option<String>), SecretError> {
        let secret_version = name.version().map(str::to_owned);
        let options = SecretClientGetSecretOptions { secret_version, ..Default::default() };
        let answered = self.client.get_secret(name.name(), Some(options)).await;
        let read = answered.and_then(azure_core::http::Response::into_model);
        let secret = read.map_err(|error| self.trouble(name, &error))?;
        let version = secret.resource_id().ok().and_then(|id| id.version);
        let value = secret.value.filter(|value| !value.trim().is_empty());
        let empty = || SecretError::Misconfigured(format!("the secret `{name}` in Key Vault is empty"));
        Ok((value.ok_or_else(empty)?.into(), version))
    }
}

impl KeyVault {
    fn new(url: &VaultUrl, azure: &Azure) -> Result<Self, SecretError> {
        let misconfigured = |why: String| SecretError::Misconfigured(why);
        let http = azure.http().map_err(|_| {
            misconfigured("Key Vault cannot be asked: the system's certificates cannot be read".to_owned())
        })?;
        let credential = azure
            .credential(url.login())
            .map_err(|_| misconfigured(format!("no token for Key Vault; {}", azure.identity().hint())))?;
        let options = SecretClientOptions {
            client_options: ClientOptions {
                per_try_policies: vec![crate::net::traced("key-vault")],
                ..identity::options(&http, azure.login(url.login()))
            },
            // What the challenge names has to be a part of the vault's own name, which a simulated one has not.
            verify_challenge_resource: Some(!url.is_this_machine()),
            ..Default::default()
        };
        let client = SecretClient::new(url.as_str(), credential, Some(options));
        let client = client.map_err(|_| misconfigured("`KEY_VAULT_URL` names no vault".to_owned()))?;
        Ok(Self { azure: azure.clone(), client })
    }

    /// What an operator has to mend, without the error's own text: it may hold headers and addresses.
    fn trouble(&self, name: &SecretName, error: &azure_core::Error) -> SecretError {
        let (status, code) = told_by(error);
        // Where the service gave no code, the SDK puts words in its place.
        let code: String =
            code.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).take(60).collect();
        if matches!(error.kind(), ErrorKind::Credential) {
            return self.no_token(status, error);
        }
        let wrong = |why: String| SecretError::Misconfigured(why);
        match (status, code.as_str()) {
            (Some(404), "SecretNotFound") => wrong(format!(
                "there is no secret `{name}` in Key Vault: make it, or name another one in scheduling.toml"
            )),
            (Some(404), _) => wrong(format!("Key Vault answered 404 {code}: see `KEY_VAULT_URL`")),
            // Of another tenant, the answer to a good token is 401 too.
            (Some(401), _) => wrong(format!(
                "Key Vault does not take this identity (401 {code}): the vault has to be in its tenant; {}",
                self.azure.identity().hint()
            )),
            (Some(403), _) if disabled(error) => {
                wrong(format!("the secret `{name}` in Key Vault is disabled or outside its dates: enable it"))
            }
            (Some(403), _) => wrong(format!(
                "this identity may not read the secret `{name}`: give it the role Key Vault Secrets User on the vault, \
                 and see that the vault's network lets it in"
            )),
            (Some(status), _) if status == 408 || status == 429 || status >= 500 => {
                SecretError::Unavailable {
                    why: format!("Key Vault answered {status}, and `{name}` is not here yet"),
                    retry_after: Some(Duration::from_secs(10)),
                }
            }
            (Some(status), _) => wrong(format!("Key Vault answered {status} {code}: see `KEY_VAULT_URL`")),
            (None, _) if matches!(error.kind(), ErrorKind::DataConversion | ErrorKind::Other) => {
                wrong("`KEY_VAULT_URL` does not answer as a Key Vault does: see its address".to_owned())
            }
            (None, _) => SecretError::Unavailable {
                why: format!("Key Vault cannot be reached, and `{name}` is not here yet"),
                retry_after: Some(Duration::from_secs(10)),
            },
        }
    }

    fn no_token(&self, status: Option<u16>, error: &azure_core::Error) -> SecretError {
        let hint = self.azure.identity().hint();
        match status {
            Some(status) if status < 500 && status != 429 => {
                SecretError::Misconfigured(format!("no token for Key Vault: answered {status}; {hint}"))
            }
            None if unusable(error) => SecretError::Misconfigured(format!("no token for Key Vault; {hint}")),
            _ => SecretError::Unavailable {
                why: "no token for Key Vault: the login does not answer".to_owned(),
                retry_after: Some(Duration::from_secs(10)),
            },
        }
    }
}

/// A disabled secret is a 403 whose inner code tells it from a missing right; the SDK shows the outer code alone.
/// <https://learn.microsoft.com/azure/key-vault/general/rest-error-codes>
fn disabled(error: &azure_core::Error) -> bool {
    let ErrorKind::HttpResponse { raw_response: Some(answer), .. } = error.kind() else { return false };
    let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let inner = &body["error"]["innererror"]["code"];
    matches!(inner.as_str(), Some("SecretDisabled" | "SecretNotYetValid" | "SecretExpired"))
}

impl From<SecretError> for ProviderError {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::Misconfigured(why) => Self::Misconfigured(why),
            SecretError::Unavailable { why, retry_after } => Self::Unavailable { why, retry_after },
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::ledger::ring::Keyring;

    /// Gives out what it is told to, and counts.
    #[derive(Clone, Default)]
    struct Told(Arc<Mutex<(Option<&'static str>, usize)>>);

    #[async_trait]
    impl GivesOut for Told {
        async fn ask(&self, _: &SecretName) -> Result<(SecretString, Option<String>), SecretError> {
            let mut told = self.0.lock();
            told.1 += 1;
            match told.0 {
                Some(value) => Ok((value.into(), Some(value.to_owned()))),
                None => Err(SecretError::Unavailable { why: "it is down".to_owned(), retry_after: None }),
            }
        }
    }

    impl Told {
        fn now(&self, value: Option<&'static str>) {
            self.0.lock().0 = value;
        }

        fn asked(&self) -> usize {
            self.0.lock().1
        }
    }

    fn secret(name: &str) -> (Told, Secret) {
        let told = Told::default();
        let secret = Vault::of(told.clone()).secret(&name.parse().unwrap());
        (told, secret)
    }

    async fn value(secret: &Secret) -> String {
        secret.value().await.expect("a value").expose().expose_secret().to_owned()
    }

    async fn settle() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_secret_is_asked_for_once_and_again_in_the_background_when_it_has_aged() {
        let (told, secret) = secret("some-secret");
        told.now(Some("one"));
        assert_eq!(
            (value(&secret).await, value(&secret).await, told.asked()),
            ("one".into(), "one".into(), 1)
        );
        told.now(Some("two"));
        tokio::time::sleep(AGES_AFTER).await;
        // Nobody waits for the vault.
        assert_eq!(value(&secret).await, "one");
        settle().await;
        assert_eq!((value(&secret).await, told.asked()), ("two".into(), 2));
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_vault_is_down_what_is_kept_is_used() {
        let (told, secret) = secret("some-secret");
        told.now(Some("one"));
        value(&secret).await;
        told.now(None);
        tokio::time::sleep(AGES_AFTER * 20).await;
        for _ in 0..5 {
            assert_eq!(value(&secret).await, "one");
            settle().await;
        }
        assert_eq!(told.asked(), 2, "it is left alone for a while");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_refused_is_asked_for_at_once() {
        let (told, secret) = secret("some-secret");
        told.now(Some("one"));
        let held = secret.value().await.unwrap();
        told.now(Some("two"));
        assert!(secret.refuse(&held));
        assert_eq!(value(&secret).await, "two");
        // Who is late with the same refusal does not throw the new one away.
        let _ = secret.refuse(&held);
        assert_eq!((value(&secret).await, told.asked()), ("two".into(), 2));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_refused_is_refused_also_where_it_was_given_out_again() {
        let (told, secret) = secret("some-secret");
        told.now(Some("one"));
        let held = secret.value().await.unwrap();
        tokio::time::sleep(AGES_AFTER).await;
        // This asks for it again in the background.
        value(&secret).await;
        settle().await;
        told.now(Some("two"));
        assert!(secret.refuse(&held));
        assert_eq!(value(&secret).await, "two");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pinned_version_does_not_age() {
        let (told, secret) = secret("some-secret/0123456789abcdef0123456789abcdef");
        told.now(Some("one"));
        let held = secret.value().await.unwrap();
        tokio::time::sleep(AGES_AFTER * 20).await;
        value(&secret).await;
        settle().await;
        assert_eq!(told.asked(), 1);
        assert!(!secret.refuse(&held), "another answer cannot be hoped for");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_no_ring_takes_the_last_good_one_from_nobody_and_is_asked_for_again() {
        const ONE: &str = "0123456789abcdef0123456789abcdef-one";
        const TWO: &str = "0123456789abcdef0123456789abcdef-two";
        let (told, secret) = secret("ledger-secret");
        let keyring = Keyring::from(secret);
        let newest = async || keyring.current().await.map(|current| current.ring.keys()[0].id.clone());
        told.now(Some(ONE));
        let one = newest().await.expect("a ring");
        told.now(Some("too short"));
        tokio::time::sleep(AGES_AFTER).await;
        assert_eq!(newest().await.expect("the one before"), one);
        settle().await;
        assert_eq!(newest().await.expect("the one before"), one);
        told.now(Some(TWO));
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert_ne!(newest().await.expect("the mended one"), one);
    }

    #[test]
    fn nothing_secret_prints() {
        let secret = Secret::given("LEDGER_SECRET", "correct horse".into());
        let held = Held::now("correct horse".into(), None);
        assert!(!format!("{secret:?} {secret} {held:?}").contains("horse"));
    }
}
