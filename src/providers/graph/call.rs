//! One request to Graph: in the trace that it belongs to, and with one line in the log and one span, however it ends.

use std::time::Duration;

use reqwest::{Method, StatusCode, header::HeaderMap};
use uuid::Uuid;

use super::Trouble;
use crate::telemetry::{events::Vendor, span::Span};

/// Whom the log says was asked.
pub(super) const GRAPH: &str = "graph";

/// A request under way. When it is dropped unfinished, nobody waits for it any more.
pub(super) struct Call {
    operation: &'static str,
    span: Span,
    /// The name that it has from us.
    id: String,
    status: Option<StatusCode>,
    headers: HeaderMap,
    finished: bool,
}

impl Call {
    pub(super) fn begin(method: &Method, operation: &'static str) -> Self {
        let id = Uuid::new_v4().to_string();
        let mut span = Span::client(GRAPH, operation);
        span.set("http.request.method", method.as_str().to_owned());
        span.set("client_request_id", id.clone());
        Self { operation, span, id, status: None, headers: HeaderMap::new(), finished: false }
    }

    /// With the headers that say whose request it is, and that tell us what it is called there.
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        let own = [("client-request-id", self.id.clone()), ("return-client-request-id", "true".to_owned())];
        own.into_iter().chain(self.span.context().headers())
    }

    /// Something answered; its text may still be on the way.
    pub(super) fn answered(&mut self, status: StatusCode, headers: &HeaderMap) {
        self.status = Some(status);
        self.headers = headers.clone();
    }

    /// The name that it has there.
    pub(super) fn request_id(&self) -> &str {
        self.told("request-id").unwrap_or_default()
    }

    pub(super) fn took(&self) -> Duration {
        self.span.took()
    }

    fn told(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn finish<T>(mut self, result: &Result<T, Trouble>) {
        self.leave(result.as_ref().err().map(ToString::to_string).as_deref());
    }

    fn leave(&mut self, trouble: Option<&str>) {
        self.finished = true;
        let status = self.status.map(|status| status.as_u16());
        if let Some(status) = status {
            self.span.set("http.response.status_code", i64::from(status));
        }
        if let Some(id) = self.told("request-id").map(str::to_owned) {
            self.span.set("request_id", id);
        }
        if trouble.is_some() {
            self.span.failed(status.map_or_else(|| "no_answer".to_owned(), |status| status.to_string()));
        }
        let event = Vendor {
            provider: GRAPH,
            operation: self.operation,
            status,
            trouble,
            client_request_id: Some(&self.id),
            request_id: self.told("request-id"),
            diagnostic: self.told("x-ms-ags-diagnostic"),
            took: self.span.took(),
        };
        event.leave();
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.finished {
            self.leave(Some("nobody waits for the answer any more"));
        }
    }
}
