//! The export of spans and metrics to a collector of `OpenTelemetry`, where one is set up; else nothing here runs.
//!
//! What is exported is put into a queue that never makes anybody wait: when it is full, spans are dropped. Threads of
//! the SDK send it from there, by the HTTP client of ours. A collector that hangs costs a reply nothing, and the end of
//! the process [`close`]'s time at most.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock, atomic::Ordering},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry::{
    Context as SdkContext, InstrumentationScope, KeyValue, TraceId,
    metrics::{Counter, Gauge, Histogram, MeterProvider},
    trace::{SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceState},
};
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{
    Compression, ExporterBuildError, MetricExporter, Protocol, SpanExporter, WithExportConfig, WithHttpConfig,
};
use opentelemetry_sdk::{
    Resource,
    metrics::{PeriodicReader, SdkMeterProvider},
    trace::{
        BatchSpanProcessor, Sampler, SamplingDecision, ShouldSample, SpanData, SpanEvents, SpanLinks,
        SpanProcessor,
    },
};
use parking_lot::Mutex;
use secrecy::ExposeSecret;
use tokio::{
    runtime::Handle,
    sync::oneshot,
    time::{Instant, timeout},
};

use super::{
    cache, events,
    span::Recording,
    trace::{Context, SAMPLED},
};
use crate::{
    clock::Clock,
    config::otlp::{Export, Signal},
    ledger::reconcile::Tally,
};

/// How often it is told that nothing is exported.
const COMPLAIN_EVERY: Duration = Duration::from_mins(5);

/// The most of a collector's answer that is read.
const LONGEST_ANSWER: usize = 64 * 1024;

/// What is set up; never taken down, as threads may still end spans.
static ACTIVE: OnceLock<Active> = OnceLock::new();

struct Active {
    clock: Clock,
    sampler: Sampler,
    scope: InstrumentationScope,
    spans: Option<BatchSpanProcessor>,
    metrics: Option<(SdkMeterProvider, Instruments)>,
}

/// Begins to export, as the settings say. Later calls change nothing.
pub fn start(export: &Export, clock: &Clock) {
    if export.traces.is_none() && export.metrics.is_none() {
        return;
    }
    let resource = resource(export);
    let spans = export.traces.as_ref().and_then(|signal| built(spans(signal, &resource)));
    let metrics = export.metrics.as_ref().and_then(|signal| built(metrics(signal, &resource)));
    let scope = InstrumentationScope::builder(env!("CARGO_PKG_NAME")).with_version(env!("CARGO_PKG_VERSION"));
    let active = Active {
        clock: clock.clone(),
        sampler: export.sampler.clone(),
        scope: scope.build(),
        spans,
        metrics: metrics.map(|provider| {
            let instruments = Instruments::of(&provider);
            (provider, instruments)
        }),
    };
    let _ = ACTIVE.set(active);
}

/// The settings have been read by us before; what is wrong with one of those that only the exporter reads is told.
fn built<T>(exporter: Result<T, ExporterBuildError>) -> Option<T> {
    exporter
        .inspect_err(
            |error| tracing::error!(%error, "telemetry cannot be exported: see the `OTEL_` settings"),
        )
        .ok()
}

fn spans(signal: &Signal, resource: &Resource) -> Result<BatchSpanProcessor, ExporterBuildError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(signal.endpoint.as_str())
        .with_timeout(signal.timeout)
        .with_http_client(Client::new("spans", signal.timeout))
        .with_headers(headers(signal));
    let exporter = if signal.gzip { exporter.with_compression(Compression::Gzip) } else { exporter };
    let mut processor = BatchSpanProcessor::builder(exporter.build()?).build();
    processor.set_resource(resource);
    Ok(processor)
}

fn metrics(signal: &Signal, resource: &Resource) -> Result<SdkMeterProvider, ExporterBuildError> {
    let exporter = MetricExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(signal.endpoint.as_str())
        .with_timeout(signal.timeout)
        .with_http_client(Client::new("metrics", signal.timeout))
        .with_headers(headers(signal));
    let exporter = if signal.gzip { exporter.with_compression(Compression::Gzip) } else { exporter };
    let reader = PeriodicReader::builder(exporter.build()?).build();
    Ok(SdkMeterProvider::builder().with_resource(resource.clone()).with_reader(reader).build())
}

fn headers(signal: &Signal) -> HashMap<String, String> {
    signal.headers.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned())).collect()
}

/// Who we are to the collector.
fn resource(export: &Export) -> Resource {
    let own = [
        KeyValue::new("service.name", env!("CARGO_PKG_NAME")),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("service.instance.id", uuid::Uuid::new_v4().to_string()),
    ];
    let told = export.resource.iter().map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
    Resource::builder_empty().with_attributes(own).with_attributes(told).build()
}

/// Sends what is left, as long as that takes and no longer than `limit`. What cannot be sent by then is lost.
pub async fn close(limit: Duration) {
    let Some(active) = ACTIVE.get() else { return };
    let (sent, closed) = oneshot::channel();
    // Threads of their own: the SDK blocks, and is waited for by nobody when it takes too long.
    let spans = std::thread::spawn(move || {
        active.spans.as_ref().map(|spans| spans.shutdown_with_timeout(limit));
    });
    std::thread::spawn(move || {
        active.metrics.as_ref().map(|(provider, _)| provider.shutdown());
        let _ = spans.join();
        let _ = sent.send(());
    });
    let _ = timeout(limit, closed).await;
}

/// Whether a trace is recorded, by the setting and by what its caller has decided; `None`: nobody asks for it.
pub(super) fn records(caller: Option<&Context>, trace: u128) -> Option<bool> {
    let active = ACTIVE.get().filter(|active| active.spans.is_some())?;
    let parent = caller.map(|caller| SdkContext::new().with_remote_span_context(span_context(caller, true)));
    let trace = TraceId::from_bytes(trace.to_be_bytes());
    let decided = active.sampler.should_sample(parent.as_ref(), trace, "", &SpanKind::Server, &[], &[]);
    Some(decided.decision == SamplingDecision::RecordAndSample)
}

/// What time it is, if anybody wants to know.
pub(super) fn now() -> Option<SystemTime> {
    ACTIVE.get().filter(|active| active.spans.is_some()).map(|active| active.clock.now().into())
}

/// Queues a span that is over.
pub(super) fn ended(context: &Context, recording: Recording, took: Duration) {
    let Some(active) = ACTIVE.get() else { return };
    let Some(spans) = &active.spans else { return };
    let Recording { parent, remote, kind, name, started, attributes, status } = recording;
    spans.on_end(SpanData {
        span_context: span_context(context, false),
        parent_span_id: parent.map_or(SpanId::INVALID, |parent| SpanId::from_bytes(parent.to_be_bytes())),
        parent_span_is_remote: remote,
        span_kind: kind,
        name,
        start_time: started,
        end_time: started + took,
        attributes,
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status,
        instrumentation_scope: active.scope.clone(),
    });
}

fn span_context(context: &Context, remote: bool) -> SpanContext {
    let state = context.state.as_deref().and_then(|state| state.parse::<TraceState>().ok());
    SpanContext::new(
        TraceId::from_bytes(context.trace.to_be_bytes()),
        SpanId::from_bytes(context.span.to_be_bytes()),
        TraceFlags::new(context.flags & SAMPLED),
        remote,
        state.unwrap_or_default(),
    )
}

/// The metrics; where the semantic conventions have one, it is theirs.
/// <https://opentelemetry.io/docs/specs/semconv/http/http-metrics/>
struct Instruments {
    requests: Histogram<f64>,
    calls: Histogram<f64>,
    settled: Counter<u64>,
    oldest_pending: Gauge<u64>,
}

/// Bounds of the conventions, and a few more: a booking may take twenty seconds.
const SECONDS: [f64; 16] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 15.0, 20.0];

impl Instruments {
    fn of(provider: &SdkMeterProvider) -> Self {
        let meter = provider.meter(env!("CARGO_PKG_NAME"));
        let took = |name: &'static str, what: &'static str| {
            let bounds = SECONDS.to_vec();
            meter.f64_histogram(name).with_unit("s").with_description(what).with_boundaries(bounds).build()
        };
        meter
            .u64_observable_counter("scheduling.cache.lookups")
            .with_description("how often what was asked for was remembered")
            .with_callback(|observer| {
                for uses in cache::ALL {
                    for (hit, count) in [(true, &uses.hits), (false, &uses.misses)] {
                        let what = [KeyValue::new("cache", uses.name), KeyValue::new("hit", hit)];
                        observer.observe(count.load(Ordering::Relaxed), &what);
                    }
                }
            })
            .build();
        Self {
            requests: took("http.server.request.duration", "how long requests took"),
            calls: took("http.client.request.duration", "how long calls of vendors, storage and logins took"),
            settled: meter
                .u64_counter("scheduling.reconciled")
                .with_description("bookings that the timer has looked after, by what became of them")
                .build(),
            oldest_pending: meter
                .u64_gauge("scheduling.pending.oldest")
                .with_unit("s")
                .with_description("age of the oldest pending booking that the timer has seen")
                .build(),
        }
    }
}

fn instruments() -> Option<&'static Instruments> {
    Some(&ACTIVE.get()?.metrics.as_ref()?.1)
}

pub(super) fn request(request: &events::Request) {
    let Some(instruments) = instruments() else { return };
    let events::Request { function, outcome, status, provider, took } = *request;
    let mut attributes = vec![KeyValue::new("function", function), KeyValue::new("outcome", outcome)];
    attributes.extend(status.map(|status| KeyValue::new("http.response.status_code", i64::from(status))));
    attributes.extend(provider.map(|provider| KeyValue::new("provider", provider)));
    instruments.requests.record(took.as_secs_f64(), &attributes);
}

/// A call to somebody else.
pub(crate) struct Call {
    pub(crate) provider: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) status: Option<u16>,
    pub(crate) failed: bool,
    pub(crate) took: Duration,
}

pub(crate) fn call(call: &Call) {
    let Some(instruments) = instruments() else { return };
    let Call { provider, operation, status, failed, took } = *call;
    let mut attributes = vec![KeyValue::new("provider", provider), KeyValue::new("operation", operation)];
    attributes.extend(status.map(|status| KeyValue::new("http.response.status_code", i64::from(status))));
    if failed {
        let how = status.map_or_else(|| "no_answer".to_owned(), |status| status.to_string());
        attributes.push(KeyValue::new("error.type", how));
    }
    instruments.calls.record(took.as_secs_f64(), &attributes);
}

pub(super) fn reconciled(tally: &Tally) {
    let Some(instruments) = instruments() else { return };
    let Tally { looked_at: _, confirmed, undone, finished, waiting, failed, purged, oldest_pending } = *tally;
    for (outcome, count) in [
        ("confirmed", confirmed),
        ("undone", undone),
        ("finished", finished),
        ("waiting", waiting),
        ("failed", failed),
        ("purged", purged),
    ] {
        instruments.settled.add(count as u64, &[KeyValue::new("outcome", outcome)]);
    }
    instruments.oldest_pending.record(oldest_pending.as_secs(), &[]);
}

/// Our HTTP client for the threads of the SDK, which know nothing of ours.
#[derive(Debug)]
struct Client {
    /// What is sent, for the operator.
    what: &'static str,
    limit: Duration,
    runtime: Handle,
    /// Made when it is first needed: reading the system's certificates takes longer than the start of the process.
    http: Arc<OnceLock<Option<reqwest::Client>>>,
    complained: Mutex<Option<Instant>>,
}

impl Client {
    fn new(what: &'static str, limit: Duration) -> Self {
        Self { what, limit, runtime: Handle::current(), http: Arc::default(), complained: Mutex::default() }
    }

    /// A collector that is away is no more than one line in five minutes.
    fn complain(&self, error: &str) {
        let mut last = self.complained.lock();
        if last.is_none_or(|last| last.elapsed() >= COMPLAIN_EVERY) {
            *last = Some(Instant::now());
            tracing::warn!(error, "{} could not be exported to the collector", self.what);
        }
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (http, limit) = (Arc::clone(&self.http), self.limit);
        let sending = self.runtime.spawn(async move {
            let http = http.get_or_init(|| crate::net::client().ok()).as_ref();
            let http = http.ok_or("the system's certificates cannot be read")?;
            timeout(limit, sent(http, request)).await.unwrap_or(Err("not in time"))
        });
        let sent = sending.await.unwrap_or(Err("the process ends"));
        match &sent {
            Ok(answer) if answer.status().is_success() => {}
            Ok(answer) => self.complain(answer.status().as_str()),
            Err(why) => self.complain(why),
        }
        sent.map_err(Into::into)
    }
}

/// What goes wrong is told without the address, and without what the collector says.
async fn sent(http: &reqwest::Client, request: Request<Bytes>) -> Result<Response<Bytes>, &'static str> {
    let (head, body) = request.into_parts();
    let asked = http.request(head.method, head.uri.to_string()).headers(head.headers).body(body);
    let mut answer =
        asked.send().await.map_err(|error| if error.is_connect() { "no connection" } else { "no answer" })?;
    let mut read = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| "the answer broke off")? {
        if read.len() + chunk.len() > LONGEST_ANSWER {
            break;
        }
        read.extend_from_slice(&chunk);
    }
    let mut response = Response::new(read.into());
    *response.status_mut() = answer.status();
    std::mem::swap(response.headers_mut(), answer.headers_mut());
    Ok(response)
}
