//! A proxy in front of Azurite that behaves as networks and busy services do: it is slow, drops connections before or
//! after the service has heard, answers 503 for it, and lets requests and replies arrive when nobody waits any more.
//! And it counts, and can let hours pass by the service's clock.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, StatusCode, body::Incoming, header, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::{net::TcpListener, task::JoinHandle};

/// In how many of a thousand requests something goes wrong.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weather {
    pub latency: Duration,
    /// The connection is dropped before the service has heard of the request.
    pub drop_before: u64,
    /// The connection is dropped when the service has done it.
    pub drop_after: u64,
    /// 503 without asking the service.
    pub busy: u64,
    /// 500 though the service has done it.
    pub failed_though_done: u64,
    /// The reply comes when the caller has given up.
    pub late_reply: u64,
    /// The request itself arrives when the caller has given up.
    pub late_request: u64,
}

/// As bad as the worst hour of a year.
pub(crate) const ROUGH: Weather = Weather {
    latency: Duration::from_millis(20),
    drop_before: 10,
    drop_after: 10,
    busy: 10,
    failed_though_done: 5,
    late_reply: 3,
    late_request: 3,
};

/// Longer than any request of the store may take.
const LATE: Duration = Duration::from_millis(6_500);

/// What happened on the way, by method and path.
pub(crate) type Counts = BTreeMap<(String, String), u64>;

/// Listens until it is dropped.
#[derive(Debug)]
pub(crate) struct RoughRoad {
    pub(crate) url: String,
    road: Arc<Road>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Road {
    /// Of the service, without a path.
    service: String,
    client: reqwest::Client,
    weather: Mutex<Weather>,
    random: AtomicU64,
    /// Added to the service's clock, in seconds.
    later: AtomicU64,
    counts: Mutex<Counts>,
    mishaps: Mutex<BTreeMap<&'static str, u64>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Well,
    DropBefore,
    DropAfter,
    Busy,
    FailedThoughDone,
    LateReply,
    LateRequest,
}

impl Drop for RoughRoad {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl RoughRoad {
    /// In front of a service, whose URL has no path.
    pub(crate) async fn before(service: &str, weather: Weather, seed: u64) -> Self {
        // Azurite closes connections that were idle for five seconds.
        let client = healthbot_scheduler::net::builder().no_proxy().pool_idle_timeout(Duration::from_secs(2));
        let client = client.build().expect("a client");
        let road = Arc::new(Road {
            service: service.to_owned(),
            client,
            weather: Mutex::new(weather),
            random: AtomicU64::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1),
            later: AtomicU64::new(0),
            counts: Mutex::default(),
            mishaps: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let serving = tokio::spawn(serve(listener, Arc::clone(&road)));
        Self { url, road, serving }
    }

    /// From now on.
    pub(crate) fn set_weather(&self, weather: Weather) {
        *self.road.weather.lock() = weather;
    }

    /// By the service's clock.
    pub(crate) fn let_pass(&self, time: Duration) {
        self.road.later.fetch_add(time.as_secs(), Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        self.road.counts.lock().clone()
    }

    pub(crate) fn reset_counts(&self) {
        self.road.counts.lock().clear();
    }

    /// What went wrong how often.
    pub(crate) fn mishaps(&self) -> BTreeMap<&'static str, u64> {
        self.road.mishaps.lock().clone()
    }
}

async fn serve(listener: TcpListener, road: Arc<Road>) {
    loop {
        let Ok((connection, _)) = listener.accept().await else { continue };
        let _ = connection.set_nodelay(true);
        let road = Arc::clone(&road);
        tokio::spawn(async move {
            let service = service_fn(move |request| Arc::clone(&road).travel(request));
            // A service that fails is a connection that is dropped.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(connection), service).await;
        });
    }
}

impl Road {
    /// One request. Its sender may leave at any time, and it goes on.
    async fn travel(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, &'static str> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| "the request was cut off")?.to_bytes();
        let travelled = tokio::spawn(async move { self.bring(&head, body).await });
        travelled.await.map_err(|_| "a defect of the proxy")?
    }

    async fn bring(
        &self,
        head: &hyper::http::request::Parts,
        body: Bytes,
    ) -> Result<Response<Full<Bytes>>, &'static str> {
        let (weather, fate) = self.fate();
        let path = head.uri.path().to_owned();
        *self.counts.lock().entry((head.method.to_string(), path)).or_default() += 1;
        tokio::time::sleep(weather.latency).await;
        match fate {
            Fate::DropBefore => return Err("dropped"),
            Fate::Busy => return Ok(refusal(StatusCode::SERVICE_UNAVAILABLE, "ServerBusy")),
            Fate::LateRequest => tokio::time::sleep(LATE).await,
            _ => {}
        }
        let answer = self.forward(head, body).await?;
        match fate {
            Fate::DropAfter => Err("dropped"),
            Fate::FailedThoughDone => Ok(refusal(StatusCode::INTERNAL_SERVER_ERROR, "OperationTimedOut")),
            Fate::LateReply => {
                tokio::time::sleep(LATE).await;
                Ok(answer)
            }
            _ => Ok(answer),
        }
    }

    fn fate(&self) -> (Weather, Fate) {
        let weather = *self.weather.lock();
        let mut chance = self.random() % 1_000;
        let fates = [
            ("dropped before", Fate::DropBefore, weather.drop_before),
            ("dropped after", Fate::DropAfter, weather.drop_after),
            ("503", Fate::Busy, weather.busy),
            ("500 though done", Fate::FailedThoughDone, weather.failed_though_done),
            ("late reply", Fate::LateReply, weather.late_reply),
            ("late request", Fate::LateRequest, weather.late_request),
        ];
        for (name, fate, share) in fates {
            if chance < share {
                *self.mishaps.lock().entry(name).or_default() += 1;
                return (weather, fate);
            }
            chance -= share;
        }
        (weather, Fate::Well)
    }

    fn random(&self) -> u64 {
        let step = |state: u64| {
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407)
        };
        let before =
            self.random.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |state| Some(step(state)));
        step(before.unwrap_or_default()) >> 33
    }

    async fn forward(
        &self,
        head: &hyper::http::request::Parts,
        body: Bytes,
    ) -> Result<Response<Full<Bytes>>, &'static str> {
        let path = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        let mut request =
            self.client.request(head.method.clone(), format!("{}{path}", self.service)).body(body);
        for (name, value) in &head.headers {
            if name != header::HOST && name != header::CONNECTION {
                request = request.header(name, value);
            }
        }
        let answer = request.send().await.map_err(|_| "the service is gone")?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.map_err(|_| "the service is gone")?;
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        for (name, value) in &headers {
            let of_one_connection = [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH];
            if !of_one_connection.contains(name) {
                response.headers_mut().append(name, value.clone());
            }
        }
        self.let_pass(response.headers_mut());
        Ok(response)
    }

    /// Sets the service's clock forward.
    fn let_pass(&self, headers: &mut header::HeaderMap) {
        let later = Duration::from_secs(self.later.load(Ordering::Relaxed));
        let date = headers.get(header::DATE).and_then(|date| date.to_str().ok());
        let Some(date) = date.and_then(|date| httpdate::parse_http_date(date).ok()) else { return };
        let date = httpdate::fmt_http_date(date + later);
        headers.insert(header::DATE, date.parse().expect("a date"));
    }
}

fn refusal(status: StatusCode, code: &str) -> Response<Full<Bytes>> {
    let body = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code></Error>");
    Response::builder()
        .status(status)
        .header("x-ms-error-code", code)
        .header(header::CONTENT_TYPE, "application/xml")
        .body(Full::new(body.into()))
        .expect("a response")
}
