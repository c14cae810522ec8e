//! The keys that Entra ID signs a tenant's tokens with, kept: asked for when first needed, once however many wait, and
//! by nobody who may give up on it.
//!
//! Entra changes them without notice, so they are fetched again every few hours behind the replies, and at once when a
//! token names one that is not known: once a minute at most, for anybody can make up such a token. While Entra does not
//! answer, the keys that are known go on.

use std::{collections::HashMap, sync::Arc, time::Duration};

use backon::{ExponentialBuilder, Retryable};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use jsonwebtoken::DecodingKey;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, timeout};

/// Older keys are fetched again, behind the replies.
const FRESH: Duration = Duration::from_hours(4);

/// Older keys are not trusted any more: by then Entra may have taken one back, and any token that a caller holds has
/// run out long since.
const USABLE: Duration = Duration::from_hours(7 * 24);

/// How long Entra is left alone after it has told its keys.
const PAUSE: Duration = Duration::from_mins(1);

/// How long it is left alone after it has not.
const PAUSE_AFTER_TROUBLE: Duration = Duration::from_secs(5);

/// How long all tries of one fetch may take, and one of them. A patient waits for the first.
const FETCH: Duration = Duration::from_secs(5);
const TRY: Duration = Duration::from_secs(3);

/// The largest answer, in bytes. A tenant has about ten keys of 2 kB.
const LARGEST: usize = 1 << 20;

type Fetched = Result<Arc<Published>, Arc<str>>;
type Fetching = Shared<BoxFuture<'static, Fetched>>;

/// The keys as they were published at one time.
#[derive(Debug)]
pub(super) struct Published {
    keys: HashMap<String, DecodingKey>,
    fetched: Instant,
}

/// The keys of a tenant.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    source: Arc<Source>,
    state: Arc<Mutex<State>>,
}

/// Where they are published.
#[derive(Debug)]
struct Source {
    url: String,
    tenant: String,
    http: reqwest::Client,
}

#[derive(Debug, Default)]
struct State {
    published: Option<Arc<Published>>,
    fetching: Option<Fetching>,
    /// When Entra was last asked and had answered or not, and what was wrong.
    ended: Option<(Instant, Option<Arc<str>>)>,
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
        Self { source: Arc::new(Source { url, tenant: tenant.to_owned(), http }), state: Arc::default() }
    }

    pub(super) fn url(&self) -> &str {
        &self.source.url
    }

    /// What is known, without waiting; what is not fresh is fetched behind it.
    pub(super) fn current(&self) -> Option<Arc<Published>> {
        self.known(&mut self.state.lock())
    }

    /// Keys with this one among them.
    pub(super) async fn having(&self, id: &str) -> Result<Arc<Published>, NoKey> {
        let fetching = {
            let mut state = self.state.lock();
            let known = self.known(&mut state);
            if let Some(known) = known.as_ref().filter(|known| known.get(id).is_some()) {
                return Ok(known.clone());
            }
            match state.pause() {
                Some((pause, Some(why))) => return Err(unavailable(&why, pause)),
                Some((_, None)) if known.is_some() => return Err(NoKey::Unpublished),
                _ => self.fetching(&mut state),
            }
        };
        let published = fetching.await.map_err(|why| unavailable(&why, PAUSE_AFTER_TROUBLE))?;
        if published.get(id).is_some() { Ok(published) } else { Err(NoKey::Unpublished) }
    }

    /// Asks now, or waits for who does.
    pub(super) async fn fetch(&self) -> Result<Arc<Published>, String> {
        let fetching = self.fetching(&mut self.state.lock());
        fetching.await.map_err(|why| why.to_string())
    }

    fn known(&self, state: &mut State) -> Option<Arc<Published>> {
        let known = state.published.clone().filter(|known| known.fetched.elapsed() < USABLE)?;
        if known.fetched.elapsed() >= FRESH && state.pause().is_none() {
            drop(self.fetching(state));
        }
        Some(known)
    }

    /// A fetch of its own: it ends whoever hangs up.
    fn fetching(&self, state: &mut State) -> Fetching {
        // One that has ended and is still here has broken off.
        if let Some(fetching) = state.fetching.take().filter(|fetching| fetching.peek().is_none()) {
            state.fetching = Some(fetching.clone());
            return fetching;
        }
        let (source, kept) = (self.source.clone(), self.state.clone());
        let fetch = tokio::spawn(async move {
            let fetched = source.fetch().await;
            let mut state = kept.lock();
            state.fetching = None;
            match &fetched {
                Ok(published) => state.published = Some(published.clone()),
                Err(why) => tracing::warn!(why = &**why, "the keys of callers' tokens could not be fetched"),
            }
            state.ended = Some((Instant::now(), fetched.as_ref().err().cloned()));
            fetched
        });
        let broken = |_| Err("the fetch broke off".into());
        let fetching = async move { fetch.await.unwrap_or_else(broken) }.boxed().shared();
        state.fetching = Some(fetching.clone());
        fetching
    }
}

impl State {
    /// How much longer Entra is left alone, and what was wrong when it was last asked.
    fn pause(&self) -> Option<(Duration, Option<Arc<str>>)> {
        let (ended, trouble) = self.ended.clone()?;
        if self.fetching.as_ref().is_some_and(|fetching| fetching.peek().is_none()) {
            return None;
        }
        let pause = if trouble.is_some() { PAUSE_AFTER_TROUBLE } else { PAUSE };
        pause.checked_sub(ended.elapsed()).filter(|rest| !rest.is_zero()).map(|rest| (rest, trouble))
    }
}

fn unavailable(why: &str, retry_after: Duration) -> NoKey {
    NoKey::Unavailable { why: format!("the keys of callers' tokens are not known: {why}"), retry_after }
}

impl Source {
    async fn fetch(&self) -> Fetched {
        let again =
            ExponentialBuilder::default().with_min_delay(Duration::from_millis(200)).with_max_times(2);
        let tries = (|| self.try_once()).retry(again).when(|failed: &Failed| failed.passing);
        let told = timeout(FETCH, tries).await.unwrap_or_else(|_| Err(Failed::passing("no answer in time")));
        told.map(Arc::new).map_err(|failed| format!("{} {}", self.url, failed.why).into())
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
        keys.filter(|key| key.signs_for(&self.tenant)).filter_map(Key::read).collect()
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
