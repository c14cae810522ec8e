//! Why Graph did not answer as asked, in the four ways that matter: whether anything may have been done, whether
//! to try again, when, and what an operator has to mend.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{StatusCode, header::HeaderMap};
use serde_json::Value;

use crate::provider::ProviderError;

/// How an answer failed. Holds no body: there may be patient data in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// There is no token to ask with. Nothing was sent.
    #[error("no token: {0}")]
    NoToken(ProviderError),
    #[error("could not be reached")]
    Unreachable,
    /// Too many requests of ours wait for the same mailbox. Nothing was sent.
    #[error("was not asked: too many wait for the same mailbox")]
    Crowded,
    /// The token was not taken.
    #[error("answered 401")]
    Unauthorized,
    #[error("answered 403 `{code}`")]
    Forbidden { code: String },
    #[error("answered 404")]
    NotFound,
    /// Somebody changed the object since it was read.
    #[error("answered {status}: it was changed meanwhile")]
    Changed { status: u16 },
    /// Any other 4xx: the request as it is will not do.
    #[error("answered {status} `{code}`")]
    Refused { status: u16, code: String },
    #[error("answered 429")]
    Throttled { retry_after: Option<Duration> },
    /// Graph says 500 also for what it did, and for what it refuses.
    #[error("answered {status} `{code}`")]
    Server { status: u16, code: String, retry_after: Option<Duration> },
    #[error("gave no answer: {0}")]
    NoAnswer(&'static str),
    #[error("answered something that is not understood: {0}")]
    Unreadable(String),
}

impl Trouble {
    /// What an answer that is not a success means.
    pub(super) fn of(status: StatusCode, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> Self {
        let header = headers.get("retry-after").and_then(|value| value.to_str().ok());
        Self::told(status.as_u16(), header, &serde_json::from_slice(body).unwrap_or(Value::Null), now)
    }

    /// The same for a part of a batch.
    pub(super) fn told(status: u16, retry_after: Option<&str>, body: &Value, now: DateTime<Utc>) -> Self {
        let code = error_code(body);
        let retry_after = retry_after.and_then(|text| wait(text, now));
        match status {
            401 => Self::Unauthorized,
            403 => Self::Forbidden { code },
            404 => Self::NotFound,
            // Not known to have been dropped before it was done.
            408 => Self::NoAnswer("408"),
            409 | 412 => Self::Changed { status },
            429 => Self::Throttled { retry_after },
            400..=499 => Self::Refused { status, code },
            _ => Self::Server { status, code, retry_after },
        }
    }

    /// What became of a request that has no answer.
    pub(super) fn unanswered(error: &reqwest::Error) -> Self {
        if error.is_connect() {
            Self::Unreachable
        } else if error.is_timeout() {
            Self::NoAnswer("not in time")
        } else {
            Self::NoAnswer("the connection broke")
        }
    }

    /// Whether the same question may be answered a moment later.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::NoToken(error) => {
                matches!(error, ProviderError::Unavailable { .. } | ProviderError::Timeout)
            }
            Self::Unreachable
            | Self::Crowded
            | Self::Throttled { .. }
            | Self::Server { .. }
            | Self::NoAnswer(_) => true,
            Self::Unauthorized
            | Self::Forbidden { .. }
            | Self::NotFound
            | Self::Changed { .. }
            | Self::Refused { .. }
            | Self::Unreadable(_) => false,
        }
    }

    /// Whether a write that was answered so has certainly changed nothing, now or later.
    #[must_use]
    pub fn did_nothing(&self) -> bool {
        match self {
            Self::NoToken(_)
            | Self::Unreachable
            | Self::Crowded
            | Self::Unauthorized
            | Self::Forbidden { .. }
            | Self::NotFound
            | Self::Changed { .. }
            | Self::Refused { .. }
            | Self::Throttled { .. } => true,
            Self::Server { .. } | Self::NoAnswer(_) | Self::Unreadable(_) => false,
        }
    }

    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after }
            | Self::Server { retry_after, .. }
            | Self::NoToken(ProviderError::Unavailable { retry_after, .. }) => *retry_after,
            _ => None,
        }
    }

    /// As the provider says it. `what` was asked, for the operator.
    #[must_use]
    pub fn into_error(self, what: &str) -> ProviderError {
        match self {
            Self::NoToken(error) => error,
            Self::Unauthorized => ProviderError::Misconfigured(format!(
                "Graph does not take this identity's token ({what}): see that it is of the tenant whose calendars \
                 these are"
            )),
            Self::Forbidden { code } => ProviderError::Misconfigured(format!(
                "Graph forbids `{what}` ({code}): grant the app role with `infra/grant-graph-permissions.sh`, and \
                 wait or restart, since tokens are kept for up to a day"
            )),
            Self::NoAnswer("not in time") => ProviderError::Timeout,
            Self::Unreachable
            | Self::Crowded
            | Self::Throttled { .. }
            | Self::NoAnswer(_)
            | Self::Server { .. } => {
                let retry_after = self.retry_after().or(Some(RETRY_AFTER));
                ProviderError::Unavailable { why: format!("Graph {self} to `{what}`"), retry_after }
            }
            Self::NotFound | Self::Changed { .. } | Self::Refused { .. } | Self::Unreadable(_) => {
                ProviderError::Failed(format!("Graph {self} to `{what}`"))
            }
        }
    }
}

/// When to try again where Graph does not say.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// `error.code`, as far as it is a code and not a text: texts may repeat what was sent.
fn error_code(body: &Value) -> String {
    let code = body["error"]["code"].as_str().unwrap_or_default();
    let plain = code.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    if plain && code.len() <= 64 { code.to_owned() } else { "(no code)".to_owned() }
}

/// `Retry-After`: seconds, which Graph also sends with decimals, or a date.
fn wait(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = DateTime::<Utc>::from(httpdate::parse_http_date(text).ok()?);
    Some((at - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-12-01T09:00:00Z".parse().unwrap()
    }

    #[test]
    fn retry_after_is_seconds_decimals_or_a_date() {
        assert_eq!(wait("2", now()), Some(Duration::from_secs(2)));
        assert_eq!(wait("2.128", now()), Some(Duration::from_millis(2128)));
        assert_eq!(wait("Tue, 01 Dec 2026 09:00:30 GMT", now()), Some(Duration::from_secs(30)));
        assert_eq!(wait("Tue, 01 Dec 2026 08:00:00 GMT", now()), Some(Duration::ZERO), "in the past");
        for wrong in ["", "soon", "-1", "NaN"] {
            assert_eq!(wait(wrong, now()), None, "{wrong}");
        }
    }

    #[test]
    fn a_code_is_told_and_a_text_is_not() {
        let told =
            |code: &str| Trouble::told(400, None, &json!({"error": {"code": code}}), now()).to_string();
        assert_eq!(told("ErrorInvalidRequest"), "answered 400 `ErrorInvalidRequest`");
        assert_eq!(told("Ada Quill cannot be booked"), "answered 400 `(no code)`");
    }

    #[test]
    fn only_what_was_refused_before_it_was_done_did_nothing() {
        let judged = |status| Trouble::told(status, None, &Value::Null, now());
        for status in [400, 401, 403, 404, 409, 412, 429] {
            assert!(judged(status).did_nothing(), "{status}");
        }
        for status in [408, 500, 502, 503, 504] {
            assert!(!judged(status).did_nothing(), "{status}");
        }
    }
}
