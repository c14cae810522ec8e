//! What goes back, before it is bytes: and Graph's way of telling an error.

use serde_json::{Value, json};

/// One answer, alone or as a part of a batch's.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Body,
}

/// What an answer carries.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Empty,
    Json(Value),
    Html(&'static str),
    /// Written out when the ids of the request are known.
    Error {
        code: String,
        message: String,
    },
}

impl Reply {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Body::Json(body) }
    }

    pub(crate) fn no_content() -> Self {
        Self { status: 204, headers: Vec::new(), body: Body::Empty }
    }

    pub(crate) fn html(page: &'static str) -> Self {
        Self { status: 200, headers: Vec::new(), body: Body::Html(page) }
    }

    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let body = Body::Error { code: code.into(), message: message.into() };
        Self { status, headers: Vec::new(), body }
    }

    /// The answer for which no reason is given, be it a double booking or a failure.
    pub(crate) fn unknown_error() -> Self {
        Self::error(500, "UnknownError", "")
    }

    pub(crate) fn bad_request(message: &str) -> Self {
        Self::error(400, "BadRequest", message)
    }

    pub(crate) fn changed() -> Self {
        Self::error(412, "ErrorIrresolvableConflict", "The object was changed since it was read.")
    }

    pub(crate) fn not_found() -> Self {
        Self::error(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    }

    pub(crate) fn no_such_segment(segment: &str) -> Self {
        Self::bad_request(&format!("Resource not found for the segment '{segment}'."))
    }

    pub(crate) fn unauthorized(message: &str) -> Self {
        Self::error(401, "InvalidAuthenticationToken", message)
            .with("www-authenticate", "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\"")
    }

    pub(crate) fn forbidden() -> Self {
        Self::error(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    }

    pub(crate) fn throttled(retry_after: &str) -> Self {
        Self::error(429, "TooManyRequests", "Please retry again later.").with("retry-after", retry_after)
    }

    pub(crate) fn with(mut self, header: &'static str, value: &str) -> Self {
        self.headers.push((header, value.into()));
        self
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON, if it is any; an error with the ids of its request.
    pub(crate) fn into_json(self, ids: &RequestIds) -> Option<Value> {
        match self.body {
            Body::Json(value) => Some(value),
            Body::Empty => None,
            Body::Html(page) => Some(Value::String(page.into())),
            Body::Error { code, message } => Some(json!({"error": {
                "code": code,
                "message": message,
                "innerError": {
                    "date": ids.date,
                    "request-id": ids.request,
                    "client-request-id": ids.client,
                },
            }})),
        }
    }
}

/// What identifies one request in a log.
#[derive(Debug, Clone)]
pub(crate) struct RequestIds {
    pub request: String,
    pub client: String,
    pub date: String,
}

impl RequestIds {
    /// New ones; the client's own is echoed.
    pub(crate) fn new(client: Option<&str>, now: chrono::DateTime<chrono::Utc>) -> Self {
        let request = uuid::Uuid::new_v4().to_string();
        let client = client.map_or_else(|| request.clone(), Into::into);
        Self { request, client, date: now.format("%Y-%m-%dT%H:%M:%S").to_string() }
    }
}
