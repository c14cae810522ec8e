//! The log lines of a real run, as docs/operations.md tells of them and as the queries of infra/queries see them.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use healthbot_scheduler::telemetry::events::EVENTS;
use serde_json::{Value, json};

use super::{CLINIC, book, opened, section};
use crate::fakes::functions_host::FunctionsHost;

/// Fields of every line, and those that the span of a request adds.
const ALWAYS: &[&str] = &["trace", "invocation"];

#[test]
fn the_events_are_those_that_the_page_tells_of() {
    let rows: Vec<(&str, Vec<&str>)> = section("Log lines").lines().filter_map(row).collect();
    let told: Vec<&str> = rows.iter().map(|(event, _)| *event).collect();
    let names: Vec<&str> = EVENTS.iter().map(|event| event.name).collect();
    assert_eq!(told, names);
    for ((_, told), event) in rows.iter().zip(EVENTS) {
        let known: Vec<&str> = event.fields.iter().chain(event.also).copied().collect();
        for field in &known {
            assert!(told.contains(field), "`{}`: the field {field} is not told of", event.name);
        }
        for field in told {
            assert!(known.contains(field) || ALWAYS.contains(field), "`{}` has no field {field}", event.name);
        }
    }
}

/// An event and its fields, where a line of the page is a row of the table.
fn row(line: &str) -> Option<(&str, Vec<&str>)> {
    let mut cells = line.strip_prefix("| `")?.split('|');
    let event = cells.next()?.trim().trim_end_matches('`');
    let fields = cells.next()?.split('`').skip(1).step_by(2).collect();
    Some((event, fields))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queries_see_what_was_done() {
    let mut host = FunctionsHost::start(Some(CLINIC)).await;
    let booked = book(&host, 3).await;
    let (code, email) = &booked[0];
    assert_eq!(host.call("cancel", opened(code, email)).await.outcome(), "cancelled");
    assert_eq!(host.call("book", json!({"slotId": 7, "patient": 8})).await.status, 400);
    host.timer().await;
    assert!(host.terminate().await.success());

    let answers = asked_of(&host.log());
    let has = |query: &str, row: Value| {
        let rows = answers[query].as_array().unwrap_or_else(|| panic!("{query}: {}", answers[query]));
        assert!(rows.contains(&row), "{query}: {rows:?}");
    };
    has("outcomes", json!(["book", "booked", 3]));
    has("outcomes", json!(["book", "invalidRequest", 1]));
    has("outcomes", json!(["cancel", "cancelled", 1]));
    has("booked", json!(["embedded", 3, 0, 0, 0, 0.0]));
    assert_eq!(answers["versions"][0][0], env!("CARGO_PKG_VERSION"));
    assert!(answers["reconcile"][0][1].as_i64() >= Some(1), "{}", answers["reconcile"]);
    assert_eq!(answers["faults"][0][1], "invalidRequest");
    assert!(answers["latency"].as_array().is_some_and(|rows| rows.len() >= 3), "{}", answers["latency"]);
}

/// What each query answers of these lines.
fn asked_of(lines: &str) -> Value {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut engine = Command::new(format!("{root}/target/test-env/kql/venv/bin/python"))
        .args([&format!("{root}/tests/kql/run.py"), "--lines", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`./test --setup` installs the engine");
    engine.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("it reads");
    let output = engine.wait_with_output().expect("it ends");
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).expect("JSON")
}
