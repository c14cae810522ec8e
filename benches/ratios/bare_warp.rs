//! The least a warp server can be: what a process costs before it does anything.
//!
//! `bare-warp PORT [REPLIES]` answers `GET /` with 200 and, given a file of recorded calls, a `POST` to any path
//! with the reply that was recorded for the same body; to a body that was not recorded, with the last reply.

use std::{collections::HashMap, env, fs, net::Ipv4Addr, sync::Arc};

use bytes::Bytes;
use warp::{Filter, http::Response};

#[tokio::main]
async fn main() {
    let mut arguments = env::args().skip(1);
    let port = arguments.next().and_then(|port| port.parse::<u16>().ok()).expect("a port");
    let recorded = Arc::new(arguments.next().map(|path| recorded(&path)).unwrap_or_default());
    let ready = warp::get().and(warp::path::end()).map(|| Response::new(Bytes::new()));
    let replay = warp::post().and(warp::body::bytes()).map(move |body: Bytes| {
        let (replies, other) = &*recorded;
        let reply = replies.get(&body).unwrap_or(other).clone();
        let response = Response::builder()
            .header("content-type", "application/json")
            .header("cache-control", "no-store");
        response.body(reply).expect("a response")
    });
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.expect("a free port");
    warp::serve(ready.or(replay).unify()).incoming(listener).run().await;
}

/// Calls one after the other: the body's length and the body, the reply's length and the reply.
fn recorded(path: &str) -> (HashMap<Bytes, Bytes>, Bytes) {
    let mut rest = Bytes::from(fs::read(path).expect("a file of recorded calls"));
    let mut part = move || {
        (!rest.is_empty()).then(|| {
            let length = u32::from_le_bytes(rest.split_to(4)[..].try_into().expect("four bytes"));
            rest.split_to(length as usize)
        })
    };
    let mut replies = HashMap::new();
    let mut last = Bytes::new();
    while let (Some(body), Some(reply)) = (part(), part()) {
        last = reply.clone();
        replies.insert(body, reply);
    }
    (replies, last)
}
