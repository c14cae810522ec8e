//! The keys that Entra ID signs a tenant's tokens with, kept: asked for when first needed, once however many wait, and
//! by nobody who may give up on it.
//!
//! Entra changes them without notice, so they are fetched again every few hours behind the replies, and at once when a
//! token names one that is not known: once a minute at most, for anybody can make up such a token. While Entra does not
//! answer, the keys that are known go on.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use backon::{ExponentialBuilder, Retryable};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::kept::{Age, Kept, Source};

/// Older keys are fetched again, behind the replies.
const FRESH: Duration = Duration::from_hours(4);

/// Older keys are not trusted any more: by then Entra may have taken one back, and any token that a caller holds has
/// run out long since.
const USABLE: Duration = Duration::from_hours(7 * 24);

/// How long Entra is left alone after it has told its keys.
const SPARED: Duration = Duration::from_mins(1);

/// How long one try of a fetch may take.
const TRY: Duration = Duration::from_secs(3);

/// The largest answer, in bytes. A tenant has about ten keys of 2 kB.
const LARGEST: usize = 1 << 20;

/// The keys as they were published at one time.
#[derive(Debug)]
pub(super) struct Published {
    keys: HashMap<String, DecodingKey>,
    fetched: Instant,
}

/// The keys of a tenant.
#[derive(Debug)]
pub(super) struct Keys(Kept<Tenant>);

/// Who publishes them.
struct Tenant {
    url: String,
    id: String,
    http: reqwest::Client,
}

/// Why there is no key of that id.
#[derive(Debug)]
pub(super) enum NoKey {
    /// The tenant does not publish it.
    Unpublished,
    /// What the tenant publishes is not known now.
    Unavailable { why: String, retry_after: Duration },
}

impl Published {
    pub(super) fn get(&self, id: &str) -> Option<&DecodingKey> {
        self.keys.get(id)
    }

    pub(super) fn count(&self) -> usize {
        self.keys.len()
    }
}

impl Keys {
    pub(super) fn new(login: &str, tenant: &str, http: reqwest::Client) -> Self {
        let url = format!("{login}/{tenant}/discovery/v2.0/keys");
        Self(Kept::new(Tenant { url, id: tenant.to_owned(), http }))
    }

    pub(super) fn url(&self) -> &str {
        &self.0.source().url
    }

    /// What is known, without waiting; what is not fresh is fetched behind it.
    pub(super) fn current(&self) -> Option<Arc<Published>> {
        self.0.known()
    }

    /// Keys with this one among them.
    pub(super) async fn having(&self, id: &str) -> Result<Arc<Published>, NoKey> {
        let known = self.0.known();
        if let Some(known) = known.as_ref().filter(|known| known.get(id).is_some()) {
            return Ok(known.clone());
        }
        if let Some((why, rest)) = self.0.trouble() {
            return Err(unavailable(&why, rest));
        }
        if known.is_some_and(|known| known.fetched.elapsed() < SPARED) {
            return Err(NoKey::Unpublished);
        }
        let published = self.0.renew().await.map_err(|why| unavailable(&why, Tenant::PAUSE))?;
        if published.get(id).is_some() { Ok(published) } else { Err(NoKey::Unpublished) }
    }

    /// Asks now, or waits for who does.
    pub(super) async fn fetch(&self) -> Result<Arc<Published>, String> {
        self.0.renew().await.map_err(|why| why.to_string())
    }
}

fn unavailable(why: &str, retry_after: Duration) -> NoKey {
    NoKey::Unavailable { why: format!("the keys of callers' tokens are not known: {why}"), retry_after }
}

#[async_trait]
impl Source for Tenant {
    type Value = Arc<Published>;
    type Error = String;

    /// For all tries. A patient waits for the first fetch.
    const PATIENCE: Duration = Duration::from_secs(5);

    const PAUSE: Duration = Duration::from_secs(5);

    async fn ask(&self) -> Result<Arc<Published>, String> {
        let again =
            ExponentialBuilder::default().with_min_delay(Duration::from_millis(200)).with_max_times(2);
        let tries = (|| self.try_once()).retry(again).when(|failed: &Failed| failed.passing);
        tries.await.map(Arc::new).map_err(|failed| self.failed(&failed.why))
    }

    fn age(&self, published: &Arc<Published>) -> Age {
        match published.fetched.elapsed() {
            age if age < FRESH => Age::Fresh,
            age if age < USABLE => Age::Ageing,
            _ => Age::Over,
        }
    }

    fn unanswered(&self, why: &'static str) -> String {
        self.failed(why)
    }
}

impl Tenant {
    /// Told where it happens: whoever has older keys does not learn of it.
    fn failed(&self, why: &str) -> String {
        let why = format!("{} {why}", self.url);
        tracing::warn!(why, "the keys of callers' tokens could not be fetched");
        why
    }

    async fn try_once(&self) -> Result<Published, Failed> {
        let answer = self.http.get(&self.url).timeout(TRY).send().await.map_err(|error| broken(&error))?;
        match answer.status().as_u16() {
            200 => {}
            status @ (408 | 429 | 500..) => return Err(Failed::passing(&format!("answered {status}"))),
            status => {
                let why = format!("answered {status}: see that `CALLER_TENANT_ID` is a tenant of this cloud");
                return Err(Failed { why, passing: false });
            }
        }
        let published = Published { keys: self.keys(&whole(answer).await?), fetched: Instant::now() };
        if published.keys.is_empty() {
            return Err(Failed::passing("answered with no key set"));
        }
        Ok(published)
    }

    /// Of a key set (RFC 7517) the keys that can have signed a token of the tenant.
    fn keys(&self, set: &[u8]) -> HashMap<String, DecodingKey> {
        let set: KeySet = serde_json::from_slice(set).unwrap_or_default();
        let keys = set.keys.into_iter().filter_map(|key| Key::deserialize(key).ok());
        keys.filter(|key| key.signs_for(&self.id)).filter_map(Key::read).collect()
    }
}

#[derive(Default, Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Key {
    kid: String,
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    n: String,
    e: String,
    /// For whom it signs: a tenant of its own, as that of personal accounts, or `{tenantid}`, any.
    issuer: Option<String>,
}

impl Key {
    fn signs_for(&self, tenant: &str) -> bool {
        let for_it = |issuer: &String| issuer.contains("{tenantid}") || issuer.contains(tenant);
        self.kty == "RSA"
            && self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.issuer.as_ref().is_none_or(for_it)
    }

    fn read(self) -> Option<(String, DecodingKey)> {
        let (n, e) = (URL_SAFE_NO_PAD.decode(self.n).ok()?, URL_SAFE_NO_PAD.decode(self.e).ok()?);
        Some((self.kid, DecodingKey::from_rsa_raw_components(number(&n), number(&e))))
    }
}

/// Without zeros in front, which `ring` refuses and some key sets have.
fn number(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

/// Why a try came to nothing.
struct Failed {
    why: String,
    /// Another try may do better.
    passing: bool,
}

impl Failed {
    fn passing(why: &str) -> Self {
        Self { why: why.to_owned(), passing: true }
    }
}

fn broken(error: &reqwest::Error) -> Failed {
    Failed::passing(match error {
        error if error.is_timeout() => "gave no answer in time",
        error if error.is_connect() => "could not be connected to",
        _ => "broke off",
    })
}

async fn whole(mut answer: reqwest::Response) -> Result<Vec<u8>, Failed> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| broken(&error))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LARGEST {
            return Err(Failed { why: "answered more than any key set has".to_owned(), passing: false });
        }
    }
    Ok(bytes)
}
