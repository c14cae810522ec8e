//! A collector of OpenTelemetry, as far as an exporter can see: it takes spans and metrics by OTLP over HTTP and keeps
//! them, or takes them and never answers.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use opentelemetry_proto::tonic::{
    collector::{metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{KeyValue, any_value},
    metrics::v1::Metric,
    trace::v1::Span,
};
use parking_lot::Mutex;
use prost::Message;
use tokio::{net::TcpListener, task::JoinHandle};
use warp::{Filter, http::HeaderMap, path::FullPath};

/// Listens until it is dropped.
pub(crate) struct Collector {
    pub(crate) url: String,
    told: Arc<Mutex<Told>>,
    serving: JoinHandle<()>,
}

/// What was sent to it.
#[derive(Debug, Default, Clone)]
pub(crate) struct Told {
    pub(crate) spans: Vec<Span>,
    pub(crate) metrics: Vec<Metric>,
    /// Who told it.
    pub(crate) resource: Vec<KeyValue>,
    pub(crate) headers: Vec<HeaderMap>,
    /// Every byte, of bodies that could not be read too.
    pub(crate) bytes: Vec<u8>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Collector {
    pub(crate) async fn start() -> Self {
        Self::listening(false).await
    }

    /// One that takes everything, and never answers.
    pub(crate) async fn hanging() -> Self {
        Self::listening(true).await
    }

    async fn listening(hangs: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let told = Arc::new(Mutex::new(Told::default()));
        let kept = Arc::clone(&told);
        let route = warp::post()
            .and(warp::path::full())
            .and(warp::header::headers_cloned())
            .and(warp::body::stream())
            .then(move |path: FullPath, headers: HeaderMap, body| {
                let kept = Arc::clone(&kept);
                async move {
                    let body = collected(body).await;
                    kept.lock().take(path.as_str(), headers, &body);
                    if hangs {
                        std::future::pending::<()>().await;
                    }
                    warp::http::Response::new(Bytes::new())
                }
            });
        let serving = tokio::spawn(warp::serve(route).incoming(listener).run());
        Self { url, told, serving }
    }

    pub(crate) fn told(&self) -> Told {
        self.told.lock().clone()
    }
}

async fn collected<B: bytes::Buf>(body: impl futures_util::Stream<Item = Result<B, warp::Error>>) -> Bytes {
    let chunks = body.map_ok(|mut chunk| chunk.copy_to_bytes(chunk.remaining())).try_collect::<Vec<Bytes>>();
    chunks.await.unwrap_or_default().concat().into()
}

impl Told {
    fn take(&mut self, path: &str, headers: HeaderMap, body: &[u8]) {
        self.bytes.extend_from_slice(body);
        assert_eq!(headers["content-type"], "application/x-protobuf", "{path}");
        self.headers.push(headers);
        match path {
            "/v1/traces" => {
                let request = ExportTraceServiceRequest::decode(body).expect("spans");
                for of_one in request.resource_spans {
                    self.resource = of_one.resource.expect("a resource").attributes;
                    self.spans.extend(of_one.scope_spans.into_iter().flat_map(|scope| scope.spans));
                }
            }
            "/v1/metrics" => {
                let request = ExportMetricsServiceRequest::decode(body).expect("metrics");
                let scopes = request.resource_metrics.into_iter().flat_map(|of_one| of_one.scope_metrics);
                self.metrics.extend(scopes.flat_map(|scope| scope.metrics));
            }
            other => panic!("nothing is exported to `{other}`"),
        }
    }
}

/// The attribute of that name, as text; empty where there is none.
pub(crate) fn attribute(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == name);
    match found.and_then(|found| found.value.as_ref()?.value.as_ref()) {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        Some(any_value::Value::BoolValue(yes)) => yes.to_string(),
        Some(other) => panic!("`{name}` is {other:?}"),
        None => String::new(),
    }
}

/// An id as everybody writes it.
pub(crate) fn hex(id: &[u8]) -> String {
    use std::fmt::Write as _;
    id.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
