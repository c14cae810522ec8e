//! The functions as callers see them: HTTP in, JSON out, on the demo clinic at a fixed time.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use healthbot_scheduler::{
    check::Report,
    clock::Clock,
    config::{Process, Settings},
    deployment::Deployment,
    http::{App, Check, State, routes},
};
use reqwest::{Client, Response, header};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

mod by_hand;
mod contract;
mod nonsense;
mod protocol;
mod repeats;
mod told;
mod typing;

/// The demo clinic, served on a port of its own until it is dropped.
pub(crate) struct Served {
    pub(crate) url: String,
    pub(crate) client: Client,
    /// The clock it goes by.
    pub(crate) clock: Clock,
    serving: JoinHandle<()>,
    _folder: TempDir,
    _state: watch::Sender<State>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Sunday, November 29, 2026, noon in Redmond.
pub(crate) fn sunday() -> DateTime<Utc> {
    "2026-11-29T20:00:00Z".parse().expect("a time")
}

impl Served {
    /// The demo clinic.
    pub(crate) async fn demo() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = format!("sqlite:{}", folder.path().join("scheduling.db").display());
        let variable = move |name: &str| (name == "STORE").then(|| store.clone());
        let process = Process { variable: &variable, beside: None, working: None, stdout_is_terminal: false };
        let (settings, problems) = Settings::read(&process);
        let clock = Clock::at(sunday());
        let (deployment, _) = Deployment::read(settings, problems, &process).await;
        let opened = deployment.open(&clock).expect("the demo clinic opens");
        Self::start(State::Ready(opened.ready()), clock, folder).await
    }

    /// A process that is set up wrongly.
    pub(crate) async fn misconfigured() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self::start(State::Misconfigured, Clock::at(sunday()), folder).await
    }

    async fn start(state: State, clock: Clock, folder: TempDir) -> Self {
        let (state, watched) = watch::channel(state);
        let check: Check = Arc::new(|| Box::pin(async { Report::default() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let filter = routes(App::new(watched, clock.clone(), check));
        let serving = tokio::spawn(warp::serve(filter).incoming(listener).run());
        Self {
            url,
            client: healthbot_scheduler::net::client().expect("a client"),
            clock,
            serving,
            _folder: folder,
            _state: state,
        }
    }

    /// Posts a body as JSON, whatever it is.
    pub(crate) async fn post(&self, function: &str, body: impl Into<reqwest::Body>) -> Response {
        let request = self.client.post(format!("{}/api/{function}", self.url));
        let request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        request.send().await.expect("an answer")
    }

    /// Posts JSON and reads the JSON that comes back.
    pub(crate) async fn call(&self, function: &str, body: &Value) -> (u16, Value) {
        let response = self.post(function, body.to_string()).await;
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }
}
