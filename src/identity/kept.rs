//! Tokens that are kept: asked for once however many wait, and by nobody who may give up on it.
//!
//! `azure_identity` keeps tokens as well, but asks in the task of whoever needs one, under a lock. A try of a read takes
//! three seconds at most: a login that takes four would be begun again and again, and never end. And from five minutes
//! before a token runs out everybody would wait for the next, even while the login is down and the old one still good.

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use azure_core::{
    Error,
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    error::ErrorKind,
    time::OffsetDateTime,
};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use parking_lot::Mutex;
use tokio::time::{Instant, timeout};

use crate::telemetry::trace;

/// How long before it runs out a token is renewed. Earlier than this, `azure_identity` would give the old one again.
const AHEAD: azure_core::time::Duration = azure_core::time::Duration::minutes(5);

/// How long a login may take. `az` on a busy laptop takes some seconds.
const LOGIN: Duration = Duration::from_secs(30);

/// How long a login that failed is left alone while the old token is good.
const PAUSE: Duration = Duration::from_secs(10);

type Asked = Result<AccessToken, Arc<Error>>;
type Asking = Shared<BoxFuture<'static, Asked>>;

/// A credential that remembers what it was given.
pub(crate) struct Kept {
    inner: Arc<dyn TokenCredential>,
    /// By what they were asked for, which in practice is one thing.
    tokens: Mutex<HashMap<Vec<String>, Arc<Mutex<Scope>>>>,
}

/// What is known of the tokens for one thing.
#[derive(Default)]
struct Scope {
    token: Option<AccessToken>,
    asking: Option<Asking>,
    failed: Option<Instant>,
}

impl Kept {
    pub(crate) fn new(inner: Arc<dyn TokenCredential>) -> Arc<Self> {
        Arc::new(Self { inner, tokens: Mutex::default() })
    }

    fn of(&self, scopes: &[&str]) -> Arc<Mutex<Scope>> {
        let scopes = scopes.iter().map(ToString::to_string).collect();
        self.tokens.lock().entry(scopes).or_default().clone()
    }

    /// A login of its own: it ends whoever hangs up.
    fn ask(&self, scopes: &[&str], scope: Arc<Mutex<Scope>>) -> Asking {
        let inner = self.inner.clone();
        let scopes: Vec<String> = scopes.iter().map(ToString::to_string).collect();
        let login = tokio::spawn(trace::carried(async move {
            let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
            let late = |_| Err(Error::with_message(ErrorKind::Io, "the login gave no answer in time"));
            let asked = timeout(LOGIN, inner.get_token(&scopes, None)).await.unwrap_or_else(late);
            let mut scope = scope.lock();
            scope.asking = None;
            scope.failed = asked.is_err().then(Instant::now);
            if let Ok(token) = &asked {
                scope.token = Some(token.clone());
            }
            asked.map_err(Arc::new)
        }));
        let broken = |error| Err(Arc::new(Error::with_error(ErrorKind::Io, error, "the login broke off")));
        async move { login.await.unwrap_or_else(broken) }.boxed().shared()
    }
}

#[async_trait]
impl TokenCredential for Kept {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let known = self.of(scopes);
        let asking = {
            let mut scope = known.lock();
            let now = OffsetDateTime::now_utc();
            let good = scope.token.clone().filter(|token| token.expires_on > now);
            let renewed = good.as_ref().is_some_and(|token| token.expires_on > now + AHEAD);
            let spared = scope.failed.is_some_and(|failed| failed.elapsed() < PAUSE);
            if let Some(token) = good.clone().filter(|_| renewed || spared) {
                return Ok(token);
            }
            // One that has ended and is still here has broken off.
            let under_way = scope.asking.take().filter(|asking| asking.peek().is_none());
            let asking = under_way.unwrap_or_else(|| self.ask(scopes, known.clone()));
            scope.asking = Some(asking.clone());
            if let Some(token) = good {
                return Ok(token);
            }
            asking
        };
        asking.await.map_err(|error| Error::with_error(ErrorKind::Credential, Told(error), "no token"))
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kept").field(&self.inner).finish()
    }
}

/// One error, told to all who waited.
#[derive(Debug)]
struct Told(Arc<Error>);

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Told {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use azure_core::http::StatusCode;

    use super::*;
    use crate::identity::told_by;

    const SCOPES: &[&str] = &["https://storage.azure.com/.default"];

    /// Takes its time, and gives tokens that are good for so long: the n-th time the n-th of these.
    #[derive(Debug)]
    struct Login {
        takes: Duration,
        good_for: Vec<Option<i64>>,
        asked: AtomicUsize,
    }

    impl Login {
        fn new(takes: Duration, good_for: &[Option<i64>]) -> (Arc<Self>, Arc<Kept>) {
            let login = Arc::new(Self { takes, good_for: good_for.to_vec(), asked: AtomicUsize::new(0) });
            (login.clone(), Kept::new(login))
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::Relaxed)
        }
    }

    #[async_trait]
    impl TokenCredential for Login {
        async fn get_token(
            &self,
            scopes: &[&str],
            _: Option<TokenRequestOptions<'_>>,
        ) -> azure_core::Result<AccessToken> {
            assert_eq!(scopes, SCOPES);
            let nth = self.asked.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(self.takes).await;
            let Some(seconds) = self.good_for[nth] else {
                let status = StatusCode::ServiceUnavailable;
                let kind = ErrorKind::HttpResponse { status, error_code: None, raw_response: None };
                return Err(Error::with_error(
                    ErrorKind::Credential,
                    Error::with_message(kind, "down"),
                    "no token",
                ));
            };
            let until = OffsetDateTime::now_utc() + azure_core::time::Duration::seconds(seconds);
            Ok(AccessToken::new(format!("token {nth}"), until))
        }
    }

    async fn token(kept: &Kept) -> String {
        kept.get_token(SCOPES, None).await.expect("a token").token.secret().to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn a_login_slower_than_anybodys_patience_is_begun_once_and_ends() {
        let (login, kept) = Login::new(Duration::from_secs(4), &[Some(3600)]);
        let patience = Duration::from_secs(3);
        assert!(timeout(patience, kept.get_token(SCOPES, None)).await.is_err());
        let second = timeout(patience, kept.get_token(SCOPES, None)).await;
        assert_eq!(second.expect("in time").expect("a token").token.secret(), "token 0");
        assert_eq!((token(&kept).await, login.asked()), ("token 0".to_owned(), 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_is_good_is_given_at_once_while_the_next_is_fetched() {
        let (login, kept) = Login::new(Duration::from_secs(4), &[Some(200), Some(3600)]);
        token(&kept).await;
        let started = Instant::now();
        for _ in 0..5 {
            assert_eq!(token(&kept).await, "token 0");
        }
        assert_eq!(started.elapsed(), Duration::ZERO);
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!((token(&kept).await, login.asked()), ("token 1".to_owned(), 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_login_that_is_down_is_left_alone_while_the_old_token_is_good() {
        let (login, kept) = Login::new(Duration::from_millis(100), &[Some(200), None, None, Some(3600)]);
        for _ in 0..15 {
            assert_eq!(token(&kept).await, "token 0");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(login.asked(), 3);
        tokio::time::sleep(PAUSE).await;
        token(&kept).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(token(&kept).await, "token 3");
    }

    #[tokio::test(start_paused = true)]
    async fn everybody_who_waited_is_told_why_there_is_no_token() {
        let (login, kept) = Login::new(Duration::from_secs(1), &[None, Some(3600)]);
        let (one, other) = tokio::join!(kept.get_token(SCOPES, None), kept.get_token(SCOPES, None));
        for told in [one, other] {
            let error = told.expect_err("no token");
            assert!(matches!(error.kind(), ErrorKind::Credential), "{error:?}");
            assert_eq!(told_by(&error).0, Some(503));
        }
        assert_eq!((login.asked(), token(&kept).await), (1, "token 1".to_owned()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_login_that_breaks_off_is_begun_again() {
        let (login, kept) = Login::new(Duration::ZERO, &[]);
        assert!(kept.get_token(SCOPES, None).await.is_err());
        assert!(kept.get_token(SCOPES, None).await.is_err());
        assert_eq!(login.asked(), 2);
    }
}
