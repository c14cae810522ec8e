//! Graph is down: what was read a moment ago is good enough to look at, and says so; nothing is decided on it.

use std::time::Duration;

use serde_json::json;

use super::practice::{EASTSIDE, FLU, PLAIN, Practice, ada};
use crate::{
    conformance::town::with,
    fakes::graph_simulator::{Misbehaviour, Rule},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_go_on_for_a_while_and_bookings_do_not() {
    let practice = Practice::open(PLAIN).await;
    let fresh = practice.slots(FLU).await;
    practice.graph.misbehave(Rule::new(Misbehaviour::Error503));
    tokio::time::sleep(Duration::from_millis(5100)).await;
    let body = json!({"locationId": format!("bookings:{EASTSIDE}"), "serviceId": FLU, "limit": 1000});
    let reply = practice.well("get-slots", body.clone()).await;
    assert_eq!((&reply["outcome"], &reply["stale"]), (&json!("ok"), &json!(true)), "{reply}");
    let told = reply["slots"].as_array().unwrap();
    assert!(told.len() + 3 >= fresh.len() && !told.is_empty());
    let refused = practice.call("book", with(json!({"slotId": fresh[9]["id"]}), &ada(&[]))).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (503, &json!("providerUnavailable")),
        "{}",
        refused.body
    );
    assert!(refused.headers.contains_key("retry-after"), "{:?}", refused.headers);
    assert!(
        refused.body["say"].is_string() && !refused.body.to_string().contains("Graph"),
        "{}",
        refused.body
    );
    practice.graph.behave();
    tokio::time::sleep(Duration::from_millis(5100)).await;
    assert_eq!(practice.well("get-slots", body).await["stale"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_older_answer_it_is_said_that_graph_is_down() {
    let practice =
        Practice::prepared(PLAIN, |graph| graph.misbehave(Rule::new(Misbehaviour::Error503))).await;
    let reply = practice.call("get-locations", json!({})).await;
    assert_eq!((reply.status, &reply.body["code"]), (503, &json!("providerUnavailable")), "{}", reply.body);
    assert!(reply.headers.contains_key("retry-after"));
    let as_outcome = practice.call("get-locations", json!({"faults": "outcome"})).await;
    assert_eq!((as_outcome.status, as_outcome.outcome()), (200, "unavailable"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graph_that_hangs_costs_a_reader_ten_seconds_at_most() {
    let practice = Practice::prepared(PLAIN, |graph| graph.misbehave(Rule::new(Misbehaviour::Hang))).await;
    let started = tokio::time::Instant::now();
    let reply = practice.call("get-locations", json!({})).await;
    assert_eq!((reply.status, &reply.body["code"]), (504, &json!("providerTimeout")), "{}", reply.body);
    assert!(started.elapsed() < Duration::from_millis(10_500), "{:?}", started.elapsed());
}
