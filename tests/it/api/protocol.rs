//! What every function has in common: methods, sizes, content types, the host's own questions.

use reqwest::{Method, header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::Served;

async fn problem(response: reqwest::Response) -> (u16, Value) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    let problem: Value = response.json().await.expect("JSON");
    assert_eq!(problem["status"], status);
    assert!(problem["say"].as_str().is_some_and(|say| !say.is_empty()), "{problem}");
    (status, problem)
}

#[tokio::test]
async fn the_host_finds_the_process_ready_and_healthy() {
    for served in [Served::demo().await, Served::misconfigured().await] {
        for path in ["/", "/api/health"] {
            for method in [Method::GET, Method::HEAD] {
                let request = served.client.request(method, format!("{}{path}", served.url));
                assert_eq!(request.send().await.expect("an answer").status(), 200, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_one() {
    let served = Served::demo().await;
    for (method, path, allow) in [
        (Method::GET, "/api/book", "POST"),
        (Method::DELETE, "/api/get-slots", "POST"),
        (Method::TRACE, "/api/cancel", "POST"),
        (Method::POST, "/api/health", "GET, HEAD"),
        (Method::PUT, "/", "GET, HEAD"),
        (Method::GET, "/reconcile", "POST"),
    ] {
        let request = served.client.request(method, format!("{}{path}", served.url));
        let response = request.send().await.expect("an answer");
        assert_eq!(response.headers()[header::ALLOW], allow, "{path}");
        let (status, problem) = problem(response).await;
        assert_eq!((status, &problem["code"]), (405, &json!("wrongMethod")));
    }
}

#[tokio::test]
async fn an_unknown_path_is_no_function() {
    let served = Served::demo().await;
    for path in ["/api", "/api/", "/api/nothing", "/api/book/", "/API/book", "/api/reconcile", "/book"] {
        let response = served.client.post(format!("{}{path}", served.url)).send().await.expect("an answer");
        let (status, problem) = problem(response).await;
        assert_eq!((status, &problem["code"]), (404, &json!("noSuchFunction")), "{path}");
    }
}

#[tokio::test]
async fn a_body_has_to_be_said_to_be_json() {
    let served = Served::demo().await;
    let url = format!("{}/api/get-locations", served.url);
    for wrong in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("application/json; charset=latin1"),
    ] {
        let mut request = served.client.post(&url).body("{}");
        if let Some(wrong) = wrong {
            request = request.header(header::CONTENT_TYPE, wrong);
        }
        let (status, problem) = problem(request.send().await.expect("an answer")).await;
        assert_eq!((status, &problem["code"]), (415, &json!("wrongContentType")), "{wrong:?}");
    }
    for right in ["application/json", "Application/JSON; charset=UTF-8"] {
        let request = served.client.post(&url).header(header::CONTENT_TYPE, right).body("{}");
        assert_eq!(request.send().await.expect("an answer").status(), 200, "{right}");
    }
}

#[tokio::test]
async fn no_body_is_an_empty_object() {
    let served = Served::demo().await;
    let request = served.client.post(format!("{}/api/get-locations", served.url));
    assert_eq!(request.send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_however_it_is_sent() {
    let served = Served::demo().await;
    let padded = |size: usize| {
        let body = json!({"locale": "en", "cursor": null}).to_string();
        format!("{body}{}", " ".repeat(size - body.len()))
    };
    let at_limit = served.post("get-locations", padded(32 * 1024)).await;
    assert_eq!(at_limit.status(), 200);
    let announced = problem(served.post("get-locations", padded(32 * 1024 + 1)).await).await;
    assert_eq!((announced.0, &announced.1["code"]), (413, &json!("tooLarge")));
    let chunked = chunked(&served, &padded(10_000), 4).await;
    assert!(chunked.starts_with("HTTP/1.1 413 "), "{chunked}");
    assert!(chunked.contains("\"code\":\"tooLarge\""), "{chunked}");
}

/// Sends a body in pieces, without saying how long it is.
async fn chunked(served: &Served, piece: &str, pieces: usize) -> String {
    let address = served.url.strip_prefix("http://").expect("an address");
    let mut connection = TcpStream::connect(address).await.expect("a connection");
    let mut request = format!(
        "POST /api/get-locations HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    );
    for _ in 0..pieces {
        let length = format!("{:x}", piece.len());
        request.extend([length.as_str(), "\r\n", piece, "\r\n"]);
    }
    request.push_str("0\r\n\r\n");
    connection.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.expect("an answer");
    answer
}

#[tokio::test]
async fn the_timer_gets_the_object_that_ends_its_invocation() {
    let served = Served::demo().await;
    let envelope =
        json!({"Data": {"timer": {"IsPastDue": false}}, "Metadata": {"sys": {"MethodName": "reconcile"}}});
    let request = served.client.post(format!("{}/reconcile", served.url)).json(&envelope);
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    let answer: Value = response.json().await.expect("JSON");
    assert_eq!(answer["Outputs"], json!({}));
    assert_eq!(answer["ReturnValue"], json!(null));
    assert!(answer["Logs"][0].as_str().is_some_and(|line| line.starts_with("looked at 0")), "{answer}");
}

#[tokio::test]
async fn a_process_that_is_set_up_wrongly_says_so_to_every_call() {
    let served = Served::misconfigured().await;
    for function in ["get-locations", "get-slots", "book", "get-appointment", "cancel", "reschedule"] {
        let (status, problem) = problem(served.post(function, r#"{"locale": "de"}"#).await).await;
        assert_eq!((status, &problem["code"]), (503, &json!("misconfigured")), "{function}");
        assert!(problem["say"].as_str().is_some_and(|say| say.contains("leider")), "{problem}");
    }
    let timer = served.client.post(format!("{}/reconcile", served.url)).json(&json!({}));
    assert_eq!(timer.send().await.expect("an answer").status(), 503);
    assert_eq!(served.post("check", "").await.status(), 200);
}

#[tokio::test]
async fn faults_come_as_outcomes_to_those_who_ask() {
    let served = Served::misconfigured().await;
    let (status, answer) = served.call("book", &json!({"faults": "outcome"})).await;
    assert_eq!(
        (status, &answer["outcome"], &answer["code"]),
        (200, &json!("unavailable"), &json!("misconfigured"))
    );
    let served = Served::demo().await;
    let (status, answer) = served.call("book", &json!({"faults": "outcome", "slot": "x"})).await;
    assert_eq!(
        (status, &answer["outcome"], &answer["code"]),
        (200, &json!("unavailable"), &json!("invalidRequest"))
    );
    assert_eq!(answer["errors"][0]["field"], "slot");
    assert_eq!(answer["wayOn"]["handoff"], true);
}
