//! The end, asked for: what is in flight is answered, and the exit says that all is well.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{CLINIC, patient, slots, standing};
use crate::fakes::functions_host::FunctionsHost;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_in_flight_are_answered_before_the_end() {
    let mut host = FunctionsHost::start(Some(CLINIC)).await;
    let free = slots(&host, "flu", 3, 1).await;
    let mut under_way = Vec::new();
    for (number, slot) in free.iter().take(20).enumerate() {
        let body = json!({"slotId": slot, "patient": patient(number)}).to_string();
        let (first, rest) = body.split_at(10);
        let head = format!(
            "POST /api/book HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{first}",
            body.len()
        );
        let mut connection = TcpStream::connect(("127.0.0.1", host.port())).await.expect("a connection");
        connection.write_all(head.as_bytes()).await.expect("sent");
        under_way.push((connection, rest.to_owned()));
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let port = host.port();
    let answers = tokio::spawn(async move {
        // Well after the end was asked for.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let refused = TcpStream::connect(("127.0.0.1", port)).await;
        let mut answers = Vec::new();
        for (mut connection, rest) in under_way {
            connection.write_all(rest.as_bytes()).await.expect("sent");
            let mut answer = String::new();
            connection.read_to_string(&mut answer).await.expect("an answer");
            answers.push(answer);
        }
        (answers, refused.is_err())
    });
    let status = host.terminate().await;
    let (answers, refused) = answers.await.expect("answers");
    assert_eq!(status.code(), Some(0), "{}", host.log());
    assert!(refused, "nobody new is let in");
    let mut log = host.store_path().into_os_string();
    log.push("-wal");
    assert!(!std::path::Path::new(&log).exists(), "the store was not closed");
    for answer in &answers {
        let body = answer.split("\r\n\r\n").nth(1).unwrap_or_else(|| panic!("cut off: `{answer}`"));
        let body: Value = serde_json::from_str(body).expect("JSON");
        assert_eq!(body["outcome"], "booked", "{body}");
    }
    assert_eq!(answers.len(), 20);
    assert_eq!(standing(&host).len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_caller_has_left_is_finished_before_the_end() {
    let mut host = FunctionsHost::start(Some(CLINIC)).await;
    let free = slots(&host, "flu", 3, 1).await;
    for (number, slot) in free.iter().take(20).enumerate() {
        let body = json!({"slotId": slot, "patient": patient(number), "requestId": format!("r{number}")})
            .to_string();
        let request = format!(
            "POST /api/book HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut connection = TcpStream::connect(("127.0.0.1", host.port())).await.expect("a connection");
        connection.write_all(request.as_bytes()).await.expect("sent");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(host.terminate().await.code(), Some(0), "{}", host.log());
    let whole = standing(&host).len();
    let begun = host.documents("booking/").len();
    assert_eq!(whole, begun, "what was begun was not finished");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_timer_is_answered_in_its_envelope() {
    let host = FunctionsHost::start(Some(CLINIC)).await;
    let timer = host.timer().await;
    assert_eq!(timer.status, 200);
    assert!(timer.headers["content-type"].to_str().expect("a type").starts_with("application/json"));
    let logs = timer.body["Logs"].as_array().expect("logs");
    assert!(!logs.is_empty() && logs.iter().all(Value::is_string), "{}", timer.body);
    assert!(timer.body["Outputs"].is_object(), "{}", timer.body);
}
