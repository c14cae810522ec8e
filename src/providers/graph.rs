//! Asking Microsoft Graph: what Bookings and Shifts share.
//!
//! Reads are asked again when that may help, until their deadline. A write is sent once; only where Graph said
//! that it has done nothing (401, 429) is it sent again. What became of any other write is for the provider to
//! find out.
//!
//! # Quirks
//!
//! * `Retry-After` may have decimals: `2.128`.
//!   <https://learn.microsoft.com/graph/throttling> (`trouble::tests`)
//! * Outlook serves at most 4 requests at a time for one app and mailbox, the parts of a batch too.
//!   <https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits>
//! * A batch answers 200 whatever became of its parts, and nobody repeats the ones that were throttled.
//!   <https://learn.microsoft.com/graph/json-batching>
//! * `@odata.nextLink` is to be used whole; a token must not follow it to another host.

use std::{fmt, sync::Arc, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder, Retryable};
use bytes::Bytes;
use moka::sync::Cache;
use reqwest::{Method, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};
use url::Url;

use crate::{clock::Clock, provider::ProviderError};

mod batch;
mod call;
pub mod cloud;
pub mod tokens;
mod trouble;
pub mod wire;
pub mod zones;

pub use cloud::{BaseUrl, Cloud};
pub use tokens::{Identity, Tokens};
pub use trouble::Trouble;

use call::Call;

/// Requests in flight per mailbox, unless configured.
pub const AT_ONCE: u32 = 4;

/// How long one try of a read may take: so that there is time for another one.
const READ_TRY: Duration = Duration::from_secs(4);

/// How long one try of a write may take: so that there is time to find out what became of it.
const WRITE_TRY: Duration = Duration::from_secs(8);

/// Mailboxes whose limit is remembered.
const MAILBOXES: u64 = 10_000;

/// Pages of one list. More is a service that goes round in circles.
const MOST_PAGES: usize = 1000;

/// A question to Graph.
#[derive(Clone)]
pub struct Ask {
    pub method: Method,
    /// Below the version, encoded, without a slash in front: `solutions/bookingBusinesses/…`.
    pub path: String,
    /// Whose limit it counts against; empty for what belongs to no mailbox.
    pub mailbox: Arc<str>,
    /// What is asked, for operators: no ids and no names.
    pub what: &'static str,
    pub body: Option<Value>,
    /// Only if the object is still this one, where Graph gave it an `ETag`.
    pub if_match: Option<String>,
}

impl fmt::Debug for Ask {
    /// There may be a patient in the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask").field("method", &self.method).field("what", &self.what).finish_non_exhaustive()
    }
}

impl Ask {
    #[must_use]
    pub fn get(mailbox: &Arc<str>, path: String, what: &'static str) -> Self {
        Self { method: Method::GET, path, mailbox: mailbox.clone(), what, body: None, if_match: None }
    }

    #[must_use]
    pub fn delete(mailbox: &Arc<str>, path: String, what: &'static str) -> Self {
        Self { method: Method::DELETE, ..Self::get(mailbox, path, what) }
    }

    #[must_use]
    pub fn send(method: Method, mailbox: &Arc<str>, path: String, what: &'static str, body: Value) -> Self {
        Self { method, path, mailbox: mailbox.clone(), what, body: Some(body), if_match: None }
    }
}

/// What Graph answered, and the name it has for that.
#[derive(Clone)]
pub struct Answer {
    body: Bytes,
    operation: &'static str,
    request_id: String,
    took: Duration,
}

impl fmt::Debug for Answer {
    /// There may be patients in the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("request_id", &self.request_id).finish_non_exhaustive()
    }
}

impl Answer {
    /// What it says. Where it is not what it should be, the log has its id and not its text.
    ///
    /// # Errors
    /// When it is not.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Trouble> {
        wire::read(&self.body).inspect_err(|trouble| {
            let Self { operation, request_id, .. } = self;
            tracing::error!(operation, request_id, %trouble, "an answer of Graph's cannot be read");
        })
    }
}

/// Graph, as one identity sees it.
pub struct Graph {
    http: reqwest::Client,
    base: Url,
    tokens: Tokens,
    at_once: u32,
    mailboxes: Cache<Arc<str>, Arc<Semaphore>>,
    clock: Clock,
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Graph {
    #[must_use]
    pub fn new(http: reqwest::Client, base: &BaseUrl, tokens: Tokens, at_once: u32, clock: Clock) -> Self {
        let mailboxes = Cache::new(MAILBOXES);
        Self { http, base: base.url().clone(), tokens, at_once: at_once.max(1), mailboxes, clock }
    }

    /// Whether there is a token to be had.
    ///
    /// # Errors
    /// Why not.
    pub async fn token(&self) -> Result<(), Trouble> {
        self.tokens.token().await.map(drop)
    }

    /// Reads one thing.
    ///
    /// # Errors
    /// What the last try came to.
    pub async fn read<T: DeserializeOwned>(&self, ask: &Ask, deadline: Instant) -> Result<T, Trouble> {
        self.read_answer(&self.url(ask)?, ask, deadline).await?.read()
    }

    /// Reads a list to its end.
    ///
    /// # Errors
    /// What the last try of any of its pages came to.
    pub async fn list<T: DeserializeOwned>(&self, ask: &Ask, deadline: Instant) -> Result<Vec<T>, Trouble> {
        let first = self.read_answer(&self.url(ask)?, ask, deadline).await?.read()?;
        self.rest_of(first, ask, deadline).await
    }

    /// The pages after one that is there.
    pub(super) async fn rest_of<T: DeserializeOwned>(
        &self,
        first: wire::Page<T>,
        ask: &Ask,
        deadline: Instant,
    ) -> Result<Vec<T>, Trouble> {
        let wire::Page { value: mut all, mut next } = first;
        for _ in 0..MOST_PAGES {
            let Some(link) = next else { return Ok(all) };
            let url = self.own(&link)?;
            let page: wire::Page<T> = self.read_answer(&url, ask, deadline).await?.read()?;
            all.extend(page.value);
            next = page.next;
        }
        Err(Trouble::Unreadable("a list without an end".to_owned()))
    }

    /// Sends a write, once.
    ///
    /// # Errors
    /// What the answer means; see [`Trouble::did_nothing`].
    pub async fn write(&self, ask: &Ask, deadline: Instant) -> Result<Answer, Trouble> {
        let url = self.url(ask)?;
        let unsent = |trouble: &Trouble| trouble.did_nothing() && trouble.passes();
        let send = || self.once(&url, ask, deadline.min(Instant::now() + WRITE_TRY));
        send.retry(patience()).when(unsent).adjust(|trouble, delay| wait_for(trouble, delay, deadline)).await
    }

    async fn read_answer(&self, url: &Url, ask: &Ask, deadline: Instant) -> Result<Answer, Trouble> {
        let send = || self.once(url, ask, deadline.min(Instant::now() + READ_TRY));
        send.retry(patience())
            .when(Trouble::passes)
            .adjust(|trouble, delay| wait_for(trouble, delay, deadline))
            .await
    }

    /// One try; a second one with a new token when the first was not taken.
    async fn once(&self, url: &Url, ask: &Ask, limit: Instant) -> Result<Answer, Trouble> {
        let permit = timeout_at(limit, self.permits(&ask.mailbox, 1)).await;
        let _at_once = permit.map_err(|_| Trouble::Crowded)?;
        match self.with_token(url, ask, limit).await {
            Err((Trouble::Unauthorized, Some(token))) => {
                self.tokens.refuse(&token);
                self.with_token(url, ask, limit).await.map_err(|(trouble, _)| trouble)
            }
            answered => answered.map_err(|(trouble, _)| trouble),
        }
    }

    /// What runs out of time before it was sent has done nothing; after that, nobody knows.
    async fn with_token(
        &self,
        url: &Url,
        ask: &Ask,
        limit: Instant,
    ) -> Result<Answer, (Trouble, Option<tokens::Token>)> {
        let token = timeout_at(limit, self.tokens.token()).await;
        let token = token.unwrap_or(Err(Trouble::NoToken(ProviderError::Timeout)));
        let token = token.map_err(|trouble| (trouble, None))?;
        let mut call = Call::begin(&ask.method, ask.what);
        let answered = timeout_at(limit, self.send(url, ask, &token, &mut call)).await;
        let answered = answered.unwrap_or(Err(Trouble::NoAnswer("not in time")));
        call.finish(&answered);
        answered.map_err(|trouble| (trouble, Some(token)))
    }

    async fn send(
        &self,
        url: &Url,
        ask: &Ask,
        token: &tokens::Token,
        call: &mut Call,
    ) -> Result<Answer, Trouble> {
        let mut request = self.http.request(ask.method.clone(), url.clone()).bearer_auth(token.expose());
        for (name, value) in call.headers() {
            request = request.header(name, value);
        }
        if let Some(body) = &ask.body {
            request = request.json(body);
        }
        if let Some(etag) = &ask.if_match {
            request = request.header(header::IF_MATCH, etag);
        }
        let answer = request.send().await.map_err(|error| Trouble::unanswered(&error))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        call.answered(status, &headers);
        let body = answer.bytes().await.map_err(|error| Trouble::unanswered(&error))?;
        if !status.is_success() {
            return Err(Trouble::of(status, &headers, &body, self.clock.now()));
        }
        let kind =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/json") && !body.is_empty() {
            // Something on the way answered, and not Graph: nobody knows what became of a write.
            return Err(Trouble::Unreadable("an answer that is no JSON".to_owned()));
        }
        Ok(Answer { body, operation: ask.what, request_id: call.request_id().to_owned(), took: call.took() })
    }

    /// The right to send so many requests that count against a mailbox.
    async fn permits(&self, mailbox: &Arc<str>, wanted: u32) -> Option<OwnedSemaphorePermit> {
        if mailbox.is_empty() {
            return None;
        }
        let limit =
            self.mailboxes.get_with(mailbox.clone(), || Arc::new(Semaphore::new(self.at_once as usize)));
        limit.acquire_many_owned(wanted.clamp(1, self.at_once)).await.ok()
    }

    fn url(&self, ask: &Ask) -> Result<Url, Trouble> {
        let url = Url::parse(&format!("{}{}", self.base, ask.path));
        url.map_err(|_| Trouble::Unreadable("an id that makes no URL".to_owned()))
    }

    /// A link that Graph gave, if it leads back to Graph.
    fn own(&self, link: &str) -> Result<Url, Trouble> {
        let own = Url::parse(link).ok().filter(|link| link.origin() == self.base.origin());
        own.ok_or_else(|| Trouble::Unreadable("a next page on another host".to_owned()))
    }
}

fn patience() -> impl BackoffBuilder {
    ExponentialBuilder::default()
        .with_jitter()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(2))
        .with_max_times(5)
}

/// As long as Graph says, else as long as we would; `None` when that would be too late.
fn wait_for(trouble: &Trouble, delay: Option<Duration>, deadline: Instant) -> Option<Duration> {
    let wait = trouble.retry_after().map_or(delay?, |told| told.max(Duration::from_millis(20)));
    (Instant::now() + wait < deadline).then_some(wait)
}
