//! The server: which endpoint a request is for, and an answer as bytes.

use bytes::{Buf, Bytes};
use futures_util::TryStreamExt;
use serde_json::Value;
use tokio::net::TcpListener;
use warp::{
    Filter,
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header},
    path::FullPath,
};

use super::{
    batch, control,
    graph::{self, Outcome, Told},
    identity,
    reply::{Reply, RequestIds},
    state::{Shared, Traced},
};

/// A request as bytes.
struct Incoming {
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

/// Serves until it is dropped.
pub(crate) async fn served(listener: TcpListener, shared: Shared) {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    let route = warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::body::stream())
        .then(move |method: Method, path: FullPath, query: String, headers: HeaderMap, body| {
            let shared = shared.clone();
            async move {
                let (path, body) = (path.as_str().to_owned(), collected(body).await);
                answered(shared, Incoming { method, path, query, headers, body }).await
            }
        });
    warp::serve(route).incoming(listener).run().await;
}

async fn collected<B: Buf>(body: impl futures_util::Stream<Item = Result<B, warp::Error>>) -> Bytes {
    let chunks = body.map_ok(|mut chunk| chunk.copy_to_bytes(chunk.remaining())).try_collect::<Vec<Bytes>>();
    chunks.await.unwrap_or_default().concat().into()
}

async fn answered(shared: Shared, incoming: Incoming) -> Response<Bytes> {
    let ids = {
        let state = shared.state.lock();
        let client = incoming.headers.get("client-request-id").and_then(|id| id.to_str().ok());
        RequestIds::new(client, state.now())
    };
    // On a task of its own: what has begun is done, whether or not the client waits for it.
    let outcome = tokio::spawn(async move { routed(&shared, incoming).await }).await;
    match outcome {
        Ok(Outcome::Answer(reply)) => written(reply, &ids),
        Ok(Outcome::Hang) => std::future::pending().await,
        // Unwinds the task of this connection, which closes it without a word.
        Ok(Outcome::Reset) | Err(_) => std::panic::resume_unwind(Box::new("the connection is closed")),
    }
}

async fn routed(shared: &Shared, incoming: Incoming) -> Outcome {
    let path = incoming.path.as_str();
    if shared.state.lock().is_gone {
        return Outcome::Reset;
    }
    let told = |name: &str| Some(incoming.headers.get(name)?.to_str().ok()?.to_owned());
    shared.state.lock().traces.push(Traced {
        path: path.to_owned(),
        traceparent: told("traceparent"),
        tracestate: told("tracestate"),
        baggage: told("baggage"),
    });
    if path == "/identity/token" {
        return Outcome::Answer(identity::answered(shared, &incoming.headers, &incoming.query));
    }
    if path.starts_with("/control/") {
        return Outcome::Answer(control::answered(shared, &incoming.method, path, &incoming.body));
    }
    let Some(path) = path.strip_prefix("/v1.0").filter(|path| path.starts_with('/')) else {
        return Outcome::Answer(Reply::error(404, "ResourceNotFound", "Invalid version."));
    };
    let authorized = {
        let mut state = shared.state.lock();
        state.counts.round_trips += 1;
        identity::authorized(&state, &incoming.headers)
    };
    let told = told_by(&incoming, path);
    match path {
        "/$batch" => batch::answered(shared, authorized, told).await,
        _ => graph::answered(shared, authorized, told).await,
    }
}

fn told_by(incoming: &Incoming, path: &str) -> Told {
    let kind = incoming.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let parsed =
        || serde_json::from_slice::<Value>(&incoming.body).map_err(|error| format!("no JSON: {error}"));
    Told {
        method: incoming.method.clone(),
        path: path.into(),
        query: incoming.query.clone(),
        body: (!incoming.body.is_empty()).then(parsed),
        has_content_type: kind.is_some_and(|kind| kind.starts_with("application/json")),
        if_match: incoming
            .headers
            .get(header::IF_MATCH)
            .and_then(|etag| etag.to_str().ok())
            .map(str::to_owned),
    }
}

const JSON: &str =
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
const DIAGNOSTIC: &str = r#"{"ServerInfo":{"DataCenter":"West US 2","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"SIMULATED"}}"#;

fn written(reply: Reply, ids: &RequestIds) -> Response<Bytes> {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = reply.headers.clone();
    let (kind, body) = match reply.into_json(ids) {
        Some(Value::String(page)) => (Some("text/html"), Bytes::from(page)),
        Some(body) => (Some(JSON), Bytes::from(body.to_string())),
        None => (None, Bytes::new()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let own = [
        ("request-id", ids.request.as_str()),
        ("client-request-id", &ids.client),
        ("x-ms-ags-diagnostic", DIAGNOSTIC),
    ];
    let told = headers.iter().map(|(name, value)| (*name, value.as_str()));
    for (name, value) in own.into_iter().chain(kind.map(|kind| ("content-type", kind))).chain(told) {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
