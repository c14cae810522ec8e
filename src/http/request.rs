//! One call: who makes it, and its body as JSON.
//!
//! A body is read whole, but never more of it than the limit, whatever `Content-Length` says or leaves out. A
//! caller that sends too much gets an answer only after it has been let finish, for a connection that is closed
//! while it still sends loses the answer.

use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use warp::http::{HeaderMap, Method, header};

use super::{Route, reply::Refusal};
use crate::{
    language::Language,
    scheduling::{Caller, Fault, InvalidField},
    shape::{Problem, Shape, parse_json},
    telemetry::{span::Span, trace::Context},
};

/// The longest body, in bytes.
pub(super) const LONGEST_BODY: usize = 32 * 1024;
/// How much is read and thrown away so that the caller can hear the answer.
const DRAINED: usize = 1024 * 1024;

/// The longest `requestId` and `Idempotency-Key`.
pub(super) const LONGEST_REQUEST_ID: usize = 128;
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// A call whose body is a JSON object.
pub(super) struct Request {
    pub(super) caller: Caller,
    pub(super) language: Arc<Language>,
    /// As the caller wrote it.
    pub(super) locale: String,
    pub(super) faults_as_outcomes: bool,
    /// The body, byte by byte.
    pub(super) written: Bytes,
    headers: HeaderMap,
    body: Value,
    repeated_keys: Vec<Problem>,
}

/// A call whose body was read, and is not understood yet.
pub(super) struct Unread {
    caller: Caller,
    headers: HeaderMap,
    /// The body, byte by byte; said to be JSON, or empty.
    pub(super) written: Bytes,
}

impl Unread {
    /// Reads the body.
    pub(super) async fn read<S, B, E>(headers: HeaderMap, caller: Caller, body: S) -> Result<Self, Refusal>
    where
        S: Stream<Item = Result<B, E>>,
        B: Buf,
    {
        let written = read_body(&headers, body).await?.freeze();
        if !written.trim_ascii().is_empty() {
            check_content_type(&headers)?;
        }
        Ok(Self { caller, headers, written })
    }
}

impl Request {
    pub(super) fn parse(unread: Unread) -> Result<Self, Refusal> {
        let Unread { caller, headers, written } = unread;
        let (body, repeated_keys) = if written.trim_ascii().is_empty() {
            (Value::Object(Map::new()), Vec::new())
        } else {
            parse(&written)?
        };
        let text = |field: &str| body.get(field).and_then(Value::as_str).map(str::trim);
        let locale = text("locale").unwrap_or_default().to_owned();
        Ok(Self {
            caller,
            language: Language::of(Some(&locale)),
            faults_as_outcomes: text("faults") == Some("outcome"),
            locale,
            written,
            headers,
            body,
            repeated_keys,
        })
    }

    /// The body as `T`, and the complaints about it so far: a function adds its own before it
    /// [gives up](Complaints::or), so that the caller hears of all at once.
    pub(super) fn form<T: DeserializeOwned + Default>(&mut self, shape: &Shape) -> (T, Complaints) {
        let (form, problems) = shape.salvage(self.body.take());
        let mut complaints = Complaints::default();
        complaints.add_all(self.repeated_keys.drain(..).chain(problems).map(InvalidField::from));
        (form.unwrap_or_default(), complaints)
    }

    /// The request's name: from the body, else from the header `Idempotency-Key`.
    pub(super) fn request_id(&self, in_body: Option<String>, complaints: &mut Complaints) -> Option<String> {
        let Some(header) = self.headers.get(IDEMPOTENCY_KEY) else { return in_body };
        let key = header.to_str().unwrap_or_default().trim();
        // Wrong is wrong, also where the body's counts.
        if !(1..=LONGEST_REQUEST_ID).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic())
        {
            complaints.add(InvalidField {
                field: "Idempotency-Key".to_owned(),
                detail: format!("must have 1 to {LONGEST_REQUEST_ID} visible characters, without blanks"),
            });
        }
        // The draft that names this header writes its value in quotes.
        let unquoted = key.strip_prefix('"').and_then(|key| key.strip_suffix('"'));
        let key = unquoted.filter(|key| !key.is_empty()).unwrap_or(key);
        in_body.or_else(|| Some(key.to_owned()))
    }
}

/// What is wrong with a request.
#[derive(Default)]
pub(super) struct Complaints(Vec<InvalidField>);

impl Complaints {
    pub(super) fn add(&mut self, complaint: InvalidField) {
        // The shape's word comes first; a second complaint about the same field only confuses.
        if !self.0.iter().any(|earlier| earlier.field == complaint.field) {
            self.0.push(complaint);
        }
    }

    pub(super) fn add_all(&mut self, complaints: impl IntoIterator<Item = InvalidField>) {
        complaints.into_iter().for_each(|complaint| self.add(complaint));
    }

    /// What was read from these fields, if nothing is wrong with it. Of fields that are complained about
    /// already, nothing more is said: what was taken out for being wrong is not missing.
    pub(super) fn note<T>(&mut self, fields: &[&str], read: Result<T, Vec<InvalidField>>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(complaints) => {
                if !fields.iter().any(|field| self.is_about(field)) {
                    self.add_all(complaints);
                }
                None
            }
        }
    }

    /// Whether there is a complaint about a field or something in it.
    fn is_about(&self, field: &str) -> bool {
        self.0.iter().any(|earlier| {
            let rest = earlier.field.strip_prefix(field);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
        })
    }

    /// What was read, unless there are complaints.
    pub(super) fn or<T>(self, read: Option<T>) -> Result<T, Fault> {
        match read {
            Some(read) if self.0.is_empty() => Ok(read),
            _ => Err(Fault::InvalidRequest(self.0)),
        }
    }
}

impl From<Problem> for InvalidField {
    fn from(problem: Problem) -> Self {
        Self { field: problem.path, detail: problem.detail }
    }
}

/// Who calls, as far as the headers tell.
pub(super) fn caller(headers: &HeaderMap, context: &Context) -> Caller {
    Caller { invocation: invocation(headers).map(str::to_owned), trace: Some(context.trace_id()) }
}

fn invocation(headers: &HeaderMap) -> Option<&str> {
    let told = headers.get("x-azure-functions-invocationid")?.to_str().ok()?;
    Some(told).filter(|id| is_id(id))
}

/// The span of a request, in its caller's trace.
pub(super) fn span(headers: &HeaderMap, method: &Method, route: Option<&Route>) -> Span {
    // Others may be anything a caller likes.
    let method = match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        _ => "_OTHER",
    };
    let path = route.map_or("", |route| route.path);
    let mut span = Span::server(Context::of_caller(headers).as_ref(), || {
        format!("{method} {path}").trim_end().to_owned()
    });
    span.set("http.request.method", method);
    if let Some(route) = route {
        let timer = route.function == "reconcile";
        span.set("http.route", route.path);
        span.set("faas.trigger", if timer { "timer" } else { "http" });
    }
    if let Some(invocation) = invocation(headers) {
        span.set_text("faas.invocation_id", invocation);
    }
    span
}

/// What goes into log lines and audit records has to look like an id.
fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

async fn read_body<S, B, E>(headers: &HeaderMap, body: S) -> Result<BytesMut, Refusal>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let mut body = std::pin::pin!(body);
    let announced = content_length(headers);
    let mut kept = BytesMut::new();
    let mut thrown_away = 0;
    while let Some(chunk) = body.next().await {
        let mut chunk = chunk.map_err(|_| Refusal::BrokenOff)?;
        if thrown_away > 0 || announced > LONGEST_BODY || kept.len() + chunk.remaining() > LONGEST_BODY {
            thrown_away += chunk.remaining();
            if thrown_away > DRAINED {
                break;
            }
            continue;
        }
        while chunk.has_remaining() {
            let piece = chunk.chunk();
            kept.extend_from_slice(piece);
            chunk.advance(piece.len());
        }
    }
    if thrown_away > 0 { Err(Refusal::TooLarge) } else { Ok(kept) }
}

fn content_length(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|length| length.parse().ok()).unwrap_or(0)
}

/// JSON in UTF-8; other parameters are nobody's business.
fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = value.split(';').map(str::trim);
    let json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
            matches!(
                charset.trim_matches(['"', ' ']).to_ascii_lowercase().as_str(),
                "utf-8" | "utf8" | "us-ascii"
            )
        }
        _ => true,
    });
    if json && utf8 { Ok(()) } else { Err(Refusal::WrongContentType) }
}

/// The object, and its keys that come twice. Says where a text stops being JSON, and nothing of what is there.
fn parse(bytes: &[u8]) -> Result<(Value, Vec<Problem>), Refusal> {
    match parse_json(bytes) {
        Ok((value, repeated_keys)) if value.is_object() => Ok((value, repeated_keys)),
        Ok(_) => Err(invalid("must be a JSON object")),
        Err(problem) => Err(invalid(&problem.detail)),
    }
}

/// A complaint about the whole body.
fn invalid(detail: &str) -> Refusal {
    let whole = InvalidField { field: String::new(), detail: format!("the body {detail}") };
    Refusal::Fault(Fault::InvalidRequest(vec![whole]))
}
