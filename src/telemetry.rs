//! What the process tells its operator: lines on stdout, warnings and errors on stderr, where the Functions
//! host makes warnings and errors of them.
//!
//! A line is written at once and whole, since the host ends the process with `SIGKILL`. Its fields are an
//! allow-list, [`FIELDS`]: of a field with another name only the name is written, so that whoever adds a field
//! has to think about whether it may hold what a patient said. Other crates' records are not written at all.

pub mod audit;
pub mod cache;
pub mod events;
pub mod export;
pub mod span;
pub mod trace;

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    panic::PanicHookInfo,
};

use chrono::SecondsFormat;
use serde::{Serializer, ser::SerializeMap};
use serde_json::Value;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id},
};
use tracing_subscriber::{
    Layer,
    filter::{EnvFilter, LevelFilter},
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::{clock::Clock, config::settings::LogFormat};

/// The fields whose values are written. None may hold patient data, a confirmation code or a secret.
pub const FIELDS: &[&str] = &[
    "event",
    "message",
    "event",
    "function",
    "outcome",
    "status",
    "ms",
    "invocation",
    "trace",
    "provider",
    "calendar",
    "location",
    "service",
    "practitioner",
    "reference",
    "operation",
    "state",
    "attempt",
    "store",
    "path",
    "port",
    "setting",
    "secret",
    "line",
    "problem",
    "trouble",
    "client_request_id",
    "request_id",
    "diagnostic",
    "remedy",
    "error",
    "why",
    "rule",
    "count",
    "looked_at",
    "confirmed",
    "undone",
    "finished",
    "waiting",
    "failed",
    "purged",
    "oldest_pending_s",
    "cache",
    "hits",
    "misses",
    "secret",
    "version",
    "at",
];

/// Starts the writing of lines and the reporting of panics. Later calls change nothing.
///
/// `filter` names levels, as `info` or `healthbot_scheduler::store=debug,info`. Events are written whatever it says: an
/// alert that hears nothing would go off, or never.
pub fn install(clock: Clock, filter: &str, format: LogFormat) {
    // The settings refuse a filter that does not parse.
    let mut filter =
        EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).parse_lossy(filter);
    if let Ok(events) = concat!(env!("CARGO_CRATE_NAME"), "::telemetry::events=info").parse() {
        filter = filter.add_directive(events);
    }
    let lines = Lines { clock: clock.clone(), format };
    if tracing_subscriber::registry().with(filter).with(lines).try_init().is_ok() {
        std::panic::set_hook(Box::new(move |panic| report_panic(&clock, format, panic)));
    }
}

/// A panic's message may quote what it choked on, so only its place is told.
fn report_panic(clock: &Clock, format: LogFormat, panic: &PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    let fields = [("message", "panicked, which is a defect of this program".into()), ("at", place.into())];
    write(Level::ERROR, &line(clock, format, Level::ERROR, &fields));
}

/// Writes each event with the fields of the spans around it.
struct Lines {
    clock: Clock,
    format: LogFormat,
}

impl<S> Layer<S> for Lines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Allowed::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if !event.metadata().target().starts_with(env!("CARGO_CRATE_NAME")) {
            return;
        }
        let mut fields = Allowed::default();
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(Allowed(outer)) = span.extensions().get::<Allowed>() {
                for (name, value) in outer {
                    if fields.get(name).is_none() {
                        fields.0.push((name, value.clone()));
                    }
                }
            }
        }
        let level = *event.metadata().level();
        write(level, &line(&self.clock, self.format, level, &fields.0));
    }
}

/// The fields of an event or a span, as far as they are allowed.
#[derive(Default)]
struct Allowed(Vec<(&'static str, Value)>);

impl Allowed {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        let value = if FIELDS.contains(&field.name()) { value.into() } else { "…".into() };
        self.0.push((field.name(), value));
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(there, _)| *there == name).map(|(_, value)| value)
    }
}

impl Visit for Allowed {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

fn line(clock: &Clock, format: LogFormat, level: Level, fields: &[(&str, Value)]) -> String {
    let time = clock.now().to_rfc3339_opts(SecondsFormat::Millis, true);
    let mut line = shortened(fields, |fields| match format {
        LogFormat::Json => json_line(&time, level, fields).unwrap_or_default(),
        LogFormat::Text => text_line(&time, level, fields),
    });
    line.push('\n');
    line
}

/// Application Insights cuts a message off behind 32,768 characters, and half an object is none. Bytes are counted
/// here, which are never fewer.
/// <https://learn.microsoft.com/azure/azure-monitor/app/data-model-trace-telemetry>
const LONGEST_LINE: usize = 32_000;

/// Halves the longest text until the line is short enough.
fn shortened(fields: &[(&str, Value)], write: impl Fn(&[(&str, Value)]) -> String) -> String {
    let mut line = write(fields);
    let mut fields = fields.to_vec();
    while line.len() > LONGEST_LINE {
        let texts = fields.iter_mut().filter_map(|(_, value)| match value {
            Value::String(text) if text.len() > 2 => Some(text),
            _ => None,
        });
        let Some(text) = texts.max_by_key(|text| text.len()) else { return line };
        text.truncate(text.floor_char_boundary(text.len() / 2 - 1));
        text.push('…');
        line = write(&fields);
    }
    line
}

fn json_line(time: &str, level: Level, fields: &[(&str, Value)]) -> serde_json::Result<String> {
    let mut line = Vec::with_capacity(256);
    let mut object = serde_json::Serializer::new(&mut line);
    let mut object = object.serialize_map(None)?;
    object.serialize_entry("time", time)?;
    object.serialize_entry("level", level_word(level))?;
    for (name, value) in fields {
        object.serialize_entry(name, value)?;
    }
    object.end()?;
    Ok(String::from_utf8(line).unwrap_or_default())
}

fn text_line(time: &str, level: Level, fields: &[(&str, Value)]) -> String {
    let (message, others): (Vec<_>, Vec<_>) = fields.iter().partition(|(name, _)| *name == "message");
    let message = message.first().and_then(|(_, message)| message.as_str()).unwrap_or_default();
    let mut line = format!("{time} {:<7} {}", level_word(level), one_line(message));
    for (name, value) in others {
        let value = value.as_str().map_or_else(|| value.to_string(), one_line);
        let _ = write!(line, " {name}={value}");
    }
    line
}

/// The host takes every line for a record of its own.
fn one_line(text: &str) -> String {
    text.replace(|letter: char| letter.is_control(), " ")
}

/// The host looks for `warn` in a line on stderr, to tell warnings from errors.
fn level_word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warning",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// One call of the system per line, so that lines of several threads do not mix. A closed pipe is no reason to
/// stop serving.
fn write(level: Level, line: &str) {
    let _ = if level <= Level::WARN {
        io::stderr().lock().write_all(line.as_bytes())
    } else {
        io::stdout().lock().write_all(line.as_bytes())
    };
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_line_is_one_line_in_both_forms() {
        let clock = Clock::at(DateTime::from_timestamp(1_796_140_800, 0).expect("a time"));
        let fields = [("message", "two\nlines".into()), ("ms", 3.into())];
        let json = line(&clock, LogFormat::Json, Level::INFO, &fields);
        assert_eq!(
            json,
            "{\"time\":\"2026-12-01T16:00:00.000Z\",\"level\":\"info\",\"message\":\"two\\nlines\",\"ms\":3}\n"
        );
        let text = line(&clock, LogFormat::Text, Level::WARN, &fields);
        assert_eq!(text, "2026-12-01T16:00:00.000Z warning two lines ms=3\n");
    }

    #[test]
    fn a_line_is_never_longer_than_the_host_passes_on() {
        let clock = Clock::at(DateTime::from_timestamp(1_796_140_800, 0).expect("a time"));
        // Each takes six bytes in JSON, and three in the other form.
        let fields = [
            ("message", "\u{7}".repeat(90_000).into()),
            ("why", "ü".repeat(40_000).into()),
            ("ms", 3.into()),
        ];
        for format in [LogFormat::Json, LogFormat::Text] {
            let line = line(&clock, format, Level::INFO, &fields);
            assert!((10_000..=LONGEST_LINE + 1).contains(&line.len()), "{}", line.len());
            assert!(line.contains('…') && line.ends_with('\n'));
            if format == LogFormat::Json {
                let read: Value = serde_json::from_str(&line).expect("still an object");
                assert_eq!(read["ms"], 3);
            }
        }
    }

    #[test]
    fn a_field_off_the_list_is_written_without_its_value() {
        struct Keep(std::sync::Arc<parking_lot::Mutex<Vec<Allowed>>>);
        impl<S: Subscriber> Layer<S> for Keep {
            fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
                let mut fields = Allowed::default();
                event.record(&mut fields);
                self.0.lock().push(fields);
            }
        }
        let lines = std::sync::Arc::new(parking_lot::Mutex::new(Vec::new()));
        let subscriber = tracing_subscriber::registry().with(Keep(std::sync::Arc::clone(&lines)));
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(function = "book", email = "pat@example.org", "done");
        });
        let kept = lines.lock().pop().expect("one event");
        assert_eq!(kept.get("function"), Some(&"book".into()));
        assert_eq!(kept.get("email"), Some(&"…".into()));
        assert_eq!(kept.get("message"), Some(&"done".into()));
    }
}
