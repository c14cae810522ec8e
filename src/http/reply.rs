//! Replies. The only place that knows status codes.
//!
//! What a bot should talk about is `200` with an `outcome`. Everything else is a problem (RFC 9457), which says
//! the same things in the same words, because a bot's scripts see only the body, and of some callers not even
//! that: `"faults": "outcome"` makes a `200` of a problem too.

use bytes::Bytes;
use serde::Serialize;
use utoipa::ToSchema;
use warp::http::{HeaderValue, Method, Response, StatusCode, header};

use super::way_on::{WayOn, Words};
use crate::{
    callers::{Flaw, Refused},
    language::{Language, Message},
    scheduling::{Fault, InvalidField},
};

const JSON: &str = "application/json";
const PROBLEM_JSON: &str = "application/problem+json";

/// A reply that is ready to be sent.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    status: StatusCode,
    content_type: &'static str,
    body: Bytes,
    allow: Option<String>,
    retry_after: Option<u64>,
    /// What a caller has to show.
    authenticate: Option<String>,
    /// For the log: the outcome, or the problem's code.
    outcome: &'static str,
}

impl Reply {
    /// What the bot should talk about.
    pub(super) fn outcome(outcome: &'static str, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => Self::ok(outcome, JSON, body.into()),
            // A map with keys that are no texts would do this; none of ours has any.
            Err(_) => {
                Self::problem(&Refusal::Fault(Fault::Internal("unwritable".into())), &Language::of(None))
            }
        }
    }

    /// A document that does not change.
    pub(super) fn document(content_type: &'static str, body: Bytes) -> Self {
        Self::ok("ok", content_type, body)
    }

    fn ok(outcome: &'static str, content_type: &'static str, body: Bytes) -> Self {
        Self {
            status: StatusCode::OK,
            content_type,
            body,
            allow: None,
            retry_after: None,
            authenticate: None,
            outcome,
        }
    }

    /// Why the request could not be dealt with.
    pub(super) fn problem(refusal: &Refusal, language: &Language) -> Self {
        let status = refusal.status();
        let problem = Problem::new(refusal, language);
        Self {
            status,
            content_type: PROBLEM_JSON,
            allow: refusal.allow(),
            retry_after: problem.way_on.retry_after_seconds(),
            authenticate: refusal.authenticate(),
            outcome: problem.code,
            body: serde_json::to_vec(&problem).unwrap_or_default().into(),
        }
    }

    /// The same as an outcome, for callers that see nothing of a problem.
    pub(super) fn unavailable(refusal: &Refusal, language: &Language) -> Self {
        let problem = Problem::new(refusal, language);
        let unavailable = Unavailable {
            outcome: UnavailableOutcome::Unavailable,
            code: problem.code,
            detail: problem.detail,
            errors: problem.errors,
            way_on: problem.way_on,
            say: problem.say,
            text: problem.text,
        };
        Self { outcome: problem.code, ..Self::outcome("unavailable", &unavailable) }
    }

    /// About how much memory it takes.
    pub(super) fn weight(&self) -> usize {
        size_of::<Self>() + self.body.len()
    }

    pub(super) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    pub(super) fn logged_as(&self) -> &'static str {
        self.outcome
    }

    pub(super) fn into_response(self) -> Response<Bytes> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(allow) = self.allow.and_then(|allow| allow.try_into().ok()) {
            headers.insert(header::ALLOW, allow);
        }
        if let Some(scheme) = self.authenticate.and_then(|scheme| scheme.try_into().ok()) {
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

/// Why a request is not dealt with: a fault of a use case, or of HTTP before it.
#[derive(Debug, Clone)]
pub(super) enum Refusal {
    NoSuchFunction,
    WrongMethod(&'static [Method]),
    TooLarge,
    WrongContentType,
    /// The caller stopped sending in the middle of the body.
    BrokenOff,
    /// Its token is missing or wrong.
    Unauthorized(Flaw),
    /// Its token is good, and its client is none that may call.
    Forbidden,
    Fault(Fault),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Token(flaw) => Self::Unauthorized(flaw),
            Refused::Client => Self::Forbidden,
            Refused::NoKeys { why, retry_after } => {
                Self::Fault(Fault::Unavailable { why, retry_after: Some(retry_after) })
            }
        }
    }
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchFunction => StatusCode::NOT_FOUND,
            Self::WrongMethod(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BrokenOff | Self::Fault(Fault::InvalidRequest(_)) => StatusCode::BAD_REQUEST,
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Fault(Fault::ProviderFailed(_)) => StatusCode::BAD_GATEWAY,
            Self::Fault(Fault::Unavailable { .. } | Fault::Misconfigured(_)) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Fault(Fault::Timeout) => StatusCode::GATEWAY_TIMEOUT,
            Self::Fault(Fault::Internal(_)) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Stable: what scripts branch on.
    fn code(&self) -> &'static str {
        match self {
            Self::NoSuchFunction => "noSuchFunction",
            Self::WrongMethod(_) => "wrongMethod",
            Self::TooLarge => "tooLarge",
            Self::WrongContentType => "wrongContentType",
            Self::BrokenOff | Self::Fault(Fault::InvalidRequest(_)) => "invalidRequest",
            Self::Unauthorized(_) => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Fault(Fault::ProviderFailed(_)) => "providerFailed",
            Self::Fault(Fault::Unavailable { .. }) => "providerUnavailable",
            Self::Fault(Fault::Misconfigured(_)) => "misconfigured",
            Self::Fault(Fault::Timeout) => "providerTimeout",
            Self::Fault(Fault::Internal(_)) => "internal",
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::NoSuchFunction => "there is no such function",
            Self::WrongMethod(_) => "wrong method",
            Self::TooLarge => "the body is too large",
            Self::WrongContentType => "the body is not said to be JSON",
            Self::BrokenOff | Self::Fault(Fault::InvalidRequest(_)) => "the request is not understood",
            Self::Unauthorized(_) => "the caller is not known",
            Self::Forbidden => "the caller may not call",
            Self::Fault(Fault::ProviderFailed(_)) => "the clinic's system answered something unexpected",
            Self::Fault(Fault::Unavailable { .. }) => "the clinic's system is not available",
            Self::Fault(Fault::Misconfigured(_)) => "this app is set up wrongly",
            Self::Fault(Fault::Timeout) => "the clinic's system did not answer in time",
            Self::Fault(Fault::Internal(_)) => "a defect of this app",
        }
    }

    /// For the author of the scenario. What is for the operator alone goes to the log instead.
    fn detail(&self) -> String {
        match self {
            Self::NoSuchFunction => {
                "this path is none of this app's functions; `GET /api/openapi.json` lists them".to_owned()
            }
            Self::WrongMethod(allowed) => format!("use {}", methods(allowed, " or ")),
            Self::TooLarge => format!("a body has at most {} bytes", super::request::LONGEST_BODY),
            Self::WrongContentType => "send JSON with the header `Content-Type: application/json`".to_owned(),
            Self::BrokenOff => "the body ended before all of it was sent".to_owned(),
            Self::Unauthorized(flaw) => format!(
                "{flaw}: send an access token for this app in the header `Authorization: Bearer …`, beside the \
                 function key"
            ),
            Self::Forbidden => {
                "the token is good, and its client is not among those of the setting `CALLER_CLIENT_IDS`"
                    .to_owned()
            }
            Self::Fault(Fault::InvalidRequest(fields)) => fields
                .iter()
                .map(
                    |InvalidField { field, detail }| {
                        if field.is_empty() { detail.clone() } else { format!("`{field}` {detail}") }
                    },
                )
                .collect::<Vec<_>>()
                .join("; "),
            Self::Fault(Fault::Misconfigured(_)) => {
                "the app's log and `POST /api/check` say what is wrong and how to mend it".to_owned()
            }
            Self::Fault(Fault::ProviderFailed(_) | Fault::Unavailable { .. } | Fault::Timeout) => {
                "repeat the same request: what was done already is not done twice".to_owned()
            }
            Self::Fault(Fault::Internal(_)) => "the app's log says where it happened".to_owned(),
        }
    }

    fn errors(&self) -> Vec<FieldError> {
        let Self::Fault(Fault::InvalidRequest(fields)) = self else { return Vec::new() };
        let error = |InvalidField { field, detail }| FieldError { field, detail };
        fields.iter().cloned().map(error).collect()
    }

    fn allow(&self) -> Option<String> {
        match self {
            Self::WrongMethod(allowed) => Some(methods(allowed, ", ")),
            _ => None,
        }
    }

    /// Without a token, nothing is said to be wrong with it (RFC 6750, section 3.1).
    fn authenticate(&self) -> Option<String> {
        match self {
            Self::Unauthorized(Flaw::Missing) => Some("Bearer".to_owned()),
            Self::Unauthorized(flaw) => {
                Some(format!("Bearer error=\"invalid_token\", error_description=\"{flaw}\""))
            }
            _ => None,
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Fault(Fault::Unavailable { retry_after, .. }) => {
                // Rounded up: sooner is too soon.
                retry_after.map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
            }
            _ => None,
        }
    }

    fn message(&self) -> Message<'static> {
        match self {
            Self::Fault(Fault::Unavailable { .. }) => {
                match self.retry_after().and_then(|seconds| u32::try_from(seconds).ok()) {
                    Some(seconds) if seconds > 0 => Message::UnavailableFor { seconds },
                    _ => Message::Unavailable,
                }
            }
            Self::Fault(Fault::ProviderFailed(_)) => Message::Unavailable,
            Self::Fault(Fault::Timeout) => Message::Timeout,
            // It is the bot that is set up wrongly, which is the same to a patient.
            Self::Unauthorized(_) | Self::Forbidden | Self::Fault(Fault::Misconfigured(_)) => {
                Message::Misconfigured
            }
            Self::Fault(Fault::Internal(_)) => Message::Internal,
            _ => Message::InvalidRequest,
        }
    }

    /// Tells the operator what callers are not told.
    pub(super) fn log(&self) {
        match self {
            Self::Fault(Fault::Internal(why)) => {
                tracing::error!(why, "failed, which is a defect of this program");
            }
            Self::Fault(Fault::ProviderFailed(why)) => {
                tracing::error!(why, "the provider answered something unexpected");
            }
            Self::Fault(Fault::Unavailable { why, .. }) => tracing::warn!(why, "not available"),
            Self::Fault(Fault::Timeout) => tracing::warn!("the provider did not answer in time"),
            Self::Fault(Fault::Misconfigured(why)) => tracing::error!(why, "set up wrongly"),
            Self::Unauthorized(flaw) => tracing::warn!(why = %flaw, "a caller was refused"),
            Self::Forbidden => tracing::warn!(why = %Refused::Client, "a caller was refused"),
            _ => {}
        }
    }
}

fn methods(methods: &[Method], between: &str) -> String {
    methods.iter().map(Method::as_str).collect::<Vec<_>>().join(between)
}

/// A problem (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Problem {
    /// Names the kind of problem; nothing is to be fetched there.
    #[serde(rename = "type")]
    #[schema(examples("urn:healthbot-scheduler:problem:invalidRequest"))]
    kind: String,
    title: &'static str,
    status: u16,
    /// Stable: what to branch on.
    #[schema(examples("invalidRequest"))]
    code: &'static str,
    /// For the author of the scenario.
    detail: String,
    /// Every field of the request that is wrong; empty when it is not the request's fault.
    errors: Vec<FieldError>,
    way_on: WayOn,
    /// A sentence for the patient.
    say: String,
    /// The same with how to go on, for text messages.
    text: String,
}

/// A field of the request that is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FieldError {
    /// Its path; empty for the whole body.
    #[schema(examples("near.latitude"))]
    field: String,
    #[schema(examples("must be a number from -90 to 90"))]
    detail: String,
}

impl Problem {
    fn new(refusal: &Refusal, language: &Language) -> Self {
        let code = refusal.code();
        let way_on = WayOn::handoff().retry_after(refusal.retry_after());
        let Words { say, text } = Words::and_on(language.say(&refusal.message()), &way_on, language);
        Self {
            kind: format!("urn:healthbot-scheduler:problem:{code}"),
            title: refusal.title(),
            status: refusal.status().as_u16(),
            code,
            detail: refusal.detail(),
            errors: refusal.errors(),
            way_on,
            say,
            text,
        }
    }
}

/// A problem as an outcome: what is answered instead when the request says `"faults": "outcome"`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Unavailable {
    outcome: UnavailableOutcome,
    /// As the problem's.
    #[schema(examples("providerUnavailable"))]
    code: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    way_on: WayOn,
    say: String,
    text: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum UnavailableOutcome {
    Unavailable,
}
