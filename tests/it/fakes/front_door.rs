//! The Functions host's own front door, as far as a caller can see: it wants a function key where the
//! function's `authLevel` does, answers 401 without a body otherwise, and hands everything else on as it came.

use bytes::Bytes;
use futures_util::TryStreamExt;
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};
use warp::{
    Filter,
    http::{HeaderMap, Method, Response, StatusCode, header},
    path::FullPath,
};

/// The key it wants.
pub(crate) const KEY: &str = "a-function-key-of-the-tests";

/// Listens until it is dropped.
pub(crate) struct FrontDoor {
    pub(crate) url: String,
    serving: JoinHandle<()>,
}

impl Drop for FrontDoor {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl FrontDoor {
    /// Opens in front of a handler.
    pub(crate) async fn before(handler: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (handler, client) =
            (handler.to_owned(), healthbot_scheduler::net::builder().no_proxy().build().expect("a client"));
        let query = warp::query::raw().or(warp::any().map(String::new)).unify();
        let door = warp::method()
            .and(warp::path::full())
            .and(query)
            .and(warp::header::headers_cloned())
            .and(warp::body::stream())
            .then(move |method: Method, path: FullPath, query: String, headers: HeaderMap, body| {
                let (handler, client) = (handler.clone(), client.clone());
                async move {
                    let body = collected(body).await;
                    if wants_key(path.as_str()) && headers.get("x-functions-key").is_none_or(|key| key != KEY)
                    {
                        return plain(StatusCode::UNAUTHORIZED);
                    }
                    let url = if query.is_empty() {
                        format!("{handler}{}", path.as_str())
                    } else {
                        format!("{handler}{}?{query}", path.as_str())
                    };
                    let mut request = client.request(method, url).body(body);
                    // What belongs to one connection stays behind.
                    for (name, value) in headers.iter().filter(|(name, _)| !OF_ONE_CONNECTION.contains(name))
                    {
                        request = request.header(name, value);
                    }
                    match request.send().await {
                        Ok(answer) => handed_back(answer).await,
                        Err(_) => plain(StatusCode::BAD_GATEWAY),
                    }
                }
            });
        let serving = tokio::spawn(warp::serve(door).incoming(listener).run());
        Self { url, serving }
    }
}

const OF_ONE_CONNECTION: [header::HeaderName; 4] =
    [header::HOST, header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH];

/// By the `authLevel` of the function's own file; for what is no function, the host answers 404 with or without.
fn wants_key(path: &str) -> bool {
    let function =
        path.strip_prefix("/api/").unwrap_or_default().split(['.', '/']).next().unwrap_or_default();
    let file = format!("{}/functions/{function}/function.json", env!("CARGO_MANIFEST_DIR"));
    let Ok(text) = std::fs::read_to_string(file) else { return false };
    let function: Value = serde_json::from_str(&text).expect("JSON");
    let trigger = function["bindings"]
        .as_array()
        .and_then(|bindings| bindings.iter().find(|binding| binding["type"] == "httpTrigger"));
    trigger.is_some_and(|trigger| trigger["authLevel"] != "anonymous")
}

async fn collected<B: bytes::Buf>(body: impl futures_util::Stream<Item = Result<B, warp::Error>>) -> Bytes {
    let chunks = body.map_ok(|mut chunk| chunk.copy_to_bytes(chunk.remaining())).try_collect::<Vec<Bytes>>();
    chunks.await.unwrap_or_default().concat().into()
}

async fn handed_back(answer: reqwest::Response) -> Response<Bytes> {
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response = Response::new(answer.bytes().await.unwrap_or_default());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

fn plain(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}
