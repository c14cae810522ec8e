//! Spans: how long a request took, and each call to somebody else within it.
//!
//! A newcomer would let `tracing-opentelemetry` make them of everything that is logged. Then whatever somebody adds to
//! a log line, or another crate to its own, is at the collector. Here each span is begun where it is meant, has only
//! attributes of [`ATTRIBUTES`] and [`FIELDS`], and costs two random numbers where nobody exports it.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime},
};

use opentelemetry::{
    KeyValue, Value,
    trace::{SpanKind, Status},
};
use tokio::time::Instant;

use super::{
    FIELDS, export,
    trace::{Context, Current, SAMPLED},
};

/// Attributes of the semantic conventions that are set beside [`FIELDS`]. No address: there are ids in those.
/// <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>
/// <https://opentelemetry.io/docs/specs/semconv/faas/faas-spans/>
pub const ATTRIBUTES: &[&str] = &[
    "error.type",
    "faas.invocation_id",
    "faas.trigger",
    "http.request.method",
    "http.response.status_code",
    "http.route",
];

/// A piece of work with a beginning and an end, which is when it is dropped.
#[derive(Debug)]
pub struct Span {
    context: Context,
    started: Instant,
    recording: Option<Box<Recording>>,
}

/// What is told of a span to whoever collects them.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) parent: Option<u64>,
    /// The parent is somebody else's.
    pub(super) remote: bool,
    pub(super) kind: SpanKind,
    pub(super) name: Cow<'static, str>,
    pub(super) started: SystemTime,
    pub(super) attributes: Vec<KeyValue>,
    pub(super) status: Status,
}

impl Span {
    /// A request that somebody makes of us.
    #[must_use]
    pub fn server(caller: Option<&Context>, name: impl FnOnce() -> String) -> Self {
        Self::first(caller, SpanKind::Server, || name().into())
    }

    /// Work that nobody has asked for.
    #[must_use]
    pub fn internal(name: &'static str) -> Self {
        Self::first(None, SpanKind::Internal, || name.into())
    }

    /// A call to somebody else, within what this task works on.
    #[must_use]
    pub fn client(provider: &'static str, operation: &'static str) -> Self {
        let name = || Cow::from(format!("{provider} {operation}"));
        let mut span = match Current::get() {
            Some(Current { context: parent, .. }) => {
                let recorded = parent.flags & SAMPLED != 0;
                Self::begin(parent.next(), recorded, (Some(parent.span), false), SpanKind::Client, name)
            }
            None => Self::first(None, SpanKind::Client, name),
        };
        span.set("provider", provider);
        span.set("operation", operation);
        span
    }

    /// The first of ours in a trace: here it is decided whether the trace is recorded.
    fn first(caller: Option<&Context>, kind: SpanKind, name: impl FnOnce() -> Cow<'static, str>) -> Self {
        let mut context = caller.map_or_else(Context::begun, Context::next);
        let recorded = export::records(caller, context.trace);
        if let Some(recorded) = recorded {
            context.flags = context.flags & !SAMPLED | u8::from(recorded);
        }
        let parent = (caller.map(|caller| caller.span), caller.is_some());
        Self::begin(context, recorded == Some(true), parent, kind, name)
    }

    fn begin(
        context: Context,
        recorded: bool,
        (parent, remote): (Option<u64>, bool),
        kind: SpanKind,
        name: impl FnOnce() -> Cow<'static, str>,
    ) -> Self {
        let now = if recorded { export::now() } else { None };
        let recording = now.map(|started| {
            let (attributes, status) = (Vec::new(), Status::Unset);
            Box::new(Recording { parent, remote, kind, name: name(), started, attributes, status })
        });
        Self { context, started: Instant::now(), recording }
    }

    /// For work within it.
    #[must_use]
    pub fn current(&self) -> Current {
        Current::new(self.context.clone())
    }

    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    #[must_use]
    pub fn took(&self) -> Duration {
        self.started.elapsed()
    }

    /// Sets an attribute; one that is on neither list is not told.
    pub fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        let Some(recording) = &mut self.recording else { return };
        if ATTRIBUTES.contains(&name) || FIELDS.contains(&name) {
            recording.attributes.push(KeyValue::new(name, value));
        }
    }

    /// The same with a text that is copied only if it is told.
    pub fn set_text(&mut self, name: &'static str, text: &str) {
        if self.recording.is_some() {
            self.set(name, text.to_owned());
        }
    }

    /// Says that it went wrong, and how, in a word: a status or a code.
    pub fn failed(&mut self, how: impl Into<Value>) {
        if let Some(recording) = &mut self.recording {
            recording.attributes.push(KeyValue::new("error.type", how));
            recording.status = Status::error("");
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(recording) = self.recording.take() {
            export::ended(&self.context, *recording, self.started.elapsed());
        }
    }
}
