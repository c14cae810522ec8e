//! What callers see: one file per function, each with the JSON it is asked in (`asked`), the JSON it answers
//! in, and `render`, a pure function from an outcome to the answer.
//!
//! A newcomer would look for the decisions here. There are none: [`scheduling`](crate::scheduling) makes them;
//! `http` translates. Status codes are in `reply` and nowhere else.

use std::{convert::Infallible, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use bytes::{Buf, Bytes};
use chrono::{DateTime, Utc};
use futures_util::{FutureExt, Stream, future::BoxFuture};
use tokio::{
    sync::{Notify, Semaphore, watch},
    time::timeout,
};
use tracing::Instrument;
use warp::{
    Filter,
    http::{HeaderMap, HeaderValue, Method, Response},
    path::FullPath,
};

mod asked;
mod book;
mod booking;
mod cancel;
mod check;
mod finished;
mod get_appointment;
mod get_locations;
mod get_slots;
mod health;
mod menu;
mod needs_input;
mod openapi;
mod page;
mod published;
mod reconcile;
mod refused;
mod reply;
mod request;
mod reschedule;
mod site;
mod slot;
#[cfg(test)]
mod tests;
mod told;
mod way_on;

pub use openapi::{json, yaml};
pub use page::Page;

use crate::{
    callers::{Callers, Flaw, Refused},
    check::Report,
    clock::Clock,
    language::Language,
    scheduling::{Caller, Fault, Scheduling},
    telemetry::trace,
};
use finished::Finished;
use reply::{Refusal, Reply};
use request::{Request, Unread};
use told::Told;

/// How long a patient waits for a read, and for a write.
const READ_LIMIT: Duration = Duration::from_secs(10);
const WRITE_LIMIT: Duration = Duration::from_secs(20);

/// More writes at a time than any instance is sent.
const MOST_WRITES: u32 = 1 << 16;

/// Whether there is anything behind the listener yet. It listens before the store is open.
#[derive(Debug, Clone)]
pub enum State {
    /// Requests wait.
    Starting,
    Ready(Ready),
    /// Why there is nothing yet, though there may soon be.
    Pending(Arc<str>),
    /// Every call is answered `misconfigured`, for under the host the process must stay up to say so.
    Misconfigured,
}

/// What there is, once there is anything.
#[derive(Debug, Clone)]
pub struct Ready {
    pub scheduling: Scheduling,
    /// Who may call, where a function key is not enough.
    pub callers: Option<Arc<Callers>>,
}

/// `healthbot-scheduler check` from inside the deployment: tries everything.
pub type Check = Arc<dyn Fn() -> BoxFuture<'static, Report> + Send + Sync>;

/// Everything the functions need. Cheap to clone.
#[derive(Clone)]
pub struct App {
    state: watch::Receiver<State>,
    clock: Clock,
    check: Check,
    told: Told,
    /// Whether anybody has asked anything yet.
    asked: Arc<Notify>,
    /// One permit per write under way.
    writes: Arc<Semaphore>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("state", &*self.state.borrow()).finish_non_exhaustive()
    }
}

impl App {
    #[must_use]
    pub fn new(state: watch::Receiver<State>, clock: Clock, check: Check) -> Self {
        Self {
            state,
            clock,
            check,
            told: Told::new(),
            asked: Arc::default(),
            writes: Arc::new(Semaphore::new(MOST_WRITES as usize)),
        }
    }

    /// Waits for the first request, or until it has come: whatever it asks.
    pub async fn first_request(&self) {
        self.asked.notified().await;
    }

    /// Waits until no write is under way, also of callers that hung up.
    pub async fn writes_finished(&self) {
        let _ = self.writes.acquire_many(MOST_WRITES).await;
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// What the functions work on, as soon as it is there.
    async fn ready(&self) -> Result<Ready, Fault> {
        let mut state = self.state.clone();
        let settled = state.wait_for(|state| !matches!(state, State::Starting)).await;
        match settled.as_deref() {
            Ok(State::Ready(ready)) => Ok(ready.clone()),
            Ok(State::Pending(why)) => {
                Err(Fault::Unavailable { why: why.to_string(), retry_after: Some(Duration::from_secs(10)) })
            }
            Ok(State::Misconfigured) => {
                Err(Fault::Misconfigured("see the problems told at the start".into()))
            }
            Ok(State::Starting) | Err(_) => Err(Fault::Unavailable {
                why: "the process ends before it was ready".into(),
                retry_after: None,
            }),
        }
    }
}

/// A path, and the function it belongs to.
#[derive(Debug)]
pub struct Route {
    /// The folder of the function; empty for the host's own readiness question.
    pub function: &'static str,
    pub path: &'static str,
    pub methods: &'static [Method],
    endpoint: Endpoint,
}

/// Every path this process answers.
pub const ROUTES: &[Route] = &[
    route("get-slots", "/api/get-slots", POST, Endpoint::Use(UseCase::GetSlots)),
    route("get-locations", "/api/get-locations", POST, Endpoint::Use(UseCase::GetLocations)),
    route("book", "/api/book", POST, Endpoint::Use(UseCase::Book)),
    route("get-appointment", "/api/get-appointment", POST, Endpoint::Use(UseCase::GetAppointment)),
    route("cancel", "/api/cancel", POST, Endpoint::Use(UseCase::Cancel)),
    route("reschedule", "/api/reschedule", POST, Endpoint::Use(UseCase::Reschedule)),
    route("check", "/api/check", POST, Endpoint::Check),
    route("health", "/api/health", GET, Endpoint::Health),
    route("openapi", "/api/openapi.json", GET, Endpoint::OpenapiJson),
    route("openapi", "/api/openapi.yaml", GET, Endpoint::OpenapiYaml),
    // The host sends timers past its own front door, to the folder's name, so nobody outside reaches this.
    route("reconcile", "/reconcile", POST, Endpoint::Use(UseCase::Reconcile)),
    route("", "/", GET, Endpoint::Ready),
];

const POST: &[Method] = &[Method::POST];
const GET: &[Method] = &[Method::GET, Method::HEAD];

const fn route(
    function: &'static str,
    path: &'static str,
    methods: &'static [Method],
    endpoint: Endpoint,
) -> Route {
    Route { function, path, methods, endpoint }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endpoint {
    Use(UseCase),
    Check,
    Health,
    OpenapiJson,
    OpenapiYaml,
    Ready,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UseCase {
    GetLocations,
    GetSlots,
    Book,
    GetAppointment,
    Cancel,
    Reschedule,
    Reconcile,
}

/// All functions, as one filter.
pub fn routes(app: App) -> impl Filter<Extract = (Response<Bytes>,), Error = Infallible> + Clone {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::any()
        .map(move || app.clone())
        .and(warp::method())
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(|app, method, path: FullPath, query: String, headers, body| async move {
            Box::pin(answer(app, method, path.as_str(), &query, headers, body)).await.into_response()
        })
        .recover(|_| async { Ok::<_, Infallible>(Reply::refused(&Refusal::BrokenOff).into_response()) })
        .unify()
}

/// Answers one request, and leaves one line in the log.
async fn answer<S, B, E>(
    app: App,
    method: Method,
    path: &str,
    query: &str,
    headers: HeaderMap,
    body: S,
) -> Reply
where
    S: Stream<Item = Result<B, E>> + Send,
    B: Buf + Send,
    E: Send,
{
    app.asked.notify_one();
    let route = ROUTES.iter().find(|route| route.path == path);
    if route.is_some_and(|route| route.endpoint == Endpoint::Ready) {
        return ready(&method);
    }
    let span = request::span(&headers, &method, route);
    let current = span.current();
    let caller = request::caller(&headers, span.context());
    let logged = tracing::info_span!(
        "request",
        invocation = caller.invocation.as_deref(),
        trace = caller.trace.as_deref()
    );
    let answered = async {
        let finished = Finished::watch(route.map_or("none", |route| route.function), span, &current);
        warn_of_key(query);
        let answering = dispatch(&app, route, &method, headers, caller, body);
        // A panic must not close the connection without an answer. Its place is in the log already.
        let caught = current.within(AssertUnwindSafe(answering).catch_unwind()).await;
        let reply = caught.unwrap_or_else(|_| Reply::refused(&Fault::Internal("panicked".into()).into()));
        finished.with(&reply);
        reply
    };
    answered.instrument(logged).await
}

/// The host asks this every 25 ms until it is answered; the log is no place for that.
fn ready(method: &Method) -> Reply {
    if GET.contains(method) { health::ready() } else { Reply::refused(&Refusal::WrongMethod(GET)) }
}

async fn dispatch<S, B, E>(
    app: &App,
    route: Option<&'static Route>,
    method: &Method,
    mut headers: HeaderMap,
    caller: Caller,
    body: S,
) -> Reply
where
    S: Stream<Item = Result<B, E>> + Send,
    B: Buf + Send,
    E: Send,
{
    let Some(route) = route else { return Reply::refused(&Refusal::NoSuchFunction) };
    if !route.methods.contains(method) {
        return Reply::refused(&Refusal::WrongMethod(route.methods));
    }
    match route.endpoint {
        Endpoint::Ready | Endpoint::Health => health::answer(),
        Endpoint::Check => check::answer(app).await,
        Endpoint::OpenapiJson => document(app, "application/json", openapi::json).await,
        Endpoint::OpenapiYaml => document(app, "application/yaml", openapi::yaml).await,
        Endpoint::Use(function) => {
            let token = request::take_token(&mut headers);
            let request = Unread::read(headers, caller, body).await;
            Box::pin(call(app, function, token, request)).await
        }
    }
}

/// A document that says how to use what is there: so it has to be there.
async fn document(app: &App, content_type: &'static str, bytes: fn() -> Bytes) -> Reply {
    match app.ready().await {
        Ok(_) => Reply::document(content_type, bytes()),
        Err(fault) => Reply::refused(&fault.into()),
    }
}

/// A misconfigured process says so whatever it is asked, in the language it is asked in.
async fn call(
    app: &App,
    function: UseCase,
    token: Result<HeaderValue, Flaw>,
    mut request: Result<Unread, Refusal>,
) -> Reply {
    let ready = app.ready().await;
    // The host's timer brings no token: it does not come through the front door.
    if let (Ok(Ready { callers: Some(callers), .. }), true) = (&ready, function != UseCase::Reconcile) {
        match admitted(callers, token).await {
            Ok(client) => request = request.map(|unread| unread.by(client)),
            // Before who calls is known, nothing of what they wrote is looked at: not even how to refuse them.
            Err(refused) => return Reply::refused(&refused.into()),
        }
    }
    let scheduling = ready.map(|ready| ready.scheduling);
    if let (UseCase::GetSlots, Ok(scheduling), Ok(unread)) = (function, &scheduling, &request)
        && let Some(reply) = app.told.again(&unread.written, scheduling).await
    {
        return reply;
    }
    let (scheduling, mut request) = match (scheduling, request.and_then(Request::parse)) {
        (Ok(scheduling), Ok(request)) => (scheduling, request),
        (Ok(_), Err(refusal)) => return Reply::refused(&refusal),
        (Err(fault), Ok(request)) => return request.refused(&fault.into()),
        (Err(fault), Err(_)) => return Reply::refused(&fault.into()),
    };
    let answered = match function {
        UseCase::GetLocations => in_time(get_locations::answer(app, &scheduling, &mut request)).await,
        UseCase::GetSlots => Box::pin(in_time(get_slots::answer(app, &scheduling, &mut request))).await,
        UseCase::Book => book::answer(app, scheduling, &mut request).await,
        UseCase::GetAppointment => get_appointment::answer(app, scheduling, &mut request).await,
        UseCase::Cancel => cancel::answer(app, scheduling, &mut request).await,
        UseCase::Reschedule => reschedule::answer(app, scheduling, &mut request).await,
        UseCase::Reconcile => reconcile::answer(app, scheduling).await,
    };
    answered.unwrap_or_else(|fault| request.refused(&fault.into()))
}

/// The client that calls.
async fn admitted(callers: &Callers, token: Result<HeaderValue, Flaw>) -> Result<Arc<str>, Refused> {
    callers.admit(request::bearer(&token?)?).await
}

/// What a patient waits for a read at most, however slow the vendor is.
async fn in_time<T>(read: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    timeout(READ_LIMIT, read).await.unwrap_or(Err(Fault::Timeout))
}

/// Runs what writes in a task of its own: a caller that hangs up ends its connection, not the write. Nor does one
/// who has waited long enough.
async fn to_the_end<T: Send + 'static>(
    app: &App,
    write: impl Future<Output = Result<T, Fault>> + Send + 'static,
) -> Result<T, Fault> {
    let permit = Arc::clone(&app.writes).acquire_owned().await;
    let running = async move {
        let _permit = permit;
        write.await
    };
    let running = tokio::spawn(trace::carried(running).in_current_span());
    let ended = timeout(WRITE_LIMIT, running).await.unwrap_or(Ok(Err(Fault::Timeout)));
    ended.unwrap_or_else(|_| Err(Fault::Internal("a write panicked".into())))
}

/// The host takes a function key in the query too. There it ends up in the logs of everything on the way.
fn warn_of_key(query: &str) {
    if query.split('&').any(|parameter| parameter.starts_with("code=")) {
        tracing::warn!("a function key came in the query; send it in the header `x-functions-key` instead");
    }
}

impl Request {
    /// A refusal in the request's words and the way it wants to hear it.
    fn refused(&self, refusal: &Refusal) -> Reply {
        refusal.log();
        if self.faults_as_outcomes {
            Reply::unavailable(refusal, &self.language)
        } else {
            Reply::problem(refusal, &self.language)
        }
    }
}

impl Reply {
    /// A refusal of what could not be read.
    fn refused(refusal: &Refusal) -> Self {
        refusal.log();
        Self::problem(refusal, &Language::of(None))
    }
}
