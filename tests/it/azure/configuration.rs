//! A configuration in a blob: read again while the handler runs, and never replaced by a broken one.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{App, CLINIC};

/// Somebody publishes a configuration.
async fn publish(app: &App, text: &str) {
    let blob = app.azurite.container(&app.container).blob_client("scheduling.toml");
    blob.upload(Bytes::from(text.to_owned()).into(), None).await.expect("it is taken");
}

async fn service(app: &App) -> String {
    let reply = app.host.call("get-locations", json!({})).await;
    reply.body["locations"][0]["services"][0]["name"].as_str().unwrap_or("(none)").to_owned()
}

async fn until(what: &str, limit: Duration, mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < limit, "not within {limit:?}: {what}");
        sleep(Duration::from_millis(500)).await;
    }
}

const LIMIT: Duration = Duration::from_secs(75);

async fn prepared() -> App {
    let mut app = App::prepared(CLINIC).await;
    app.host.set("SCHEDULING_CONFIG", &format!("{}/scheduling.toml", app.container));
    app.azurite.container(&app.container).create(None).await.expect("a container");
    app
}

async fn until_refused(app: &App, why: &str) {
    until("it is refused", LIMIT, async || {
        let kept = app.events("config").iter().any(|line| line["outcome"] == "kept_last_good");
        kept && app.host.log().contains(why)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_configuration_is_served_within_a_minute_and_a_broken_one_changes_nothing() {
    let mut app = prepared().await;
    publish(&app, CLINIC).await;
    app.start().await;
    assert_eq!(service(&app).await, "Flu vaccine");
    publish(&app, &CLINIC.replace("America/New_York", "Mars/Olympus")).await;
    until_refused(&app, "clinic[0].time_zone").await;
    assert_eq!(service(&app).await, "Flu vaccine");
    publish(&app, &CLINIC.replace("Flu vaccine", "Influenza vaccine")).await;
    until("the mended one is served", LIMIT, async || service(&app).await == "Influenza vaccine").await;
    let read = app.events("config").iter().filter(|line| line["outcome"] == "read").count();
    assert_eq!(read, 2, "{:?}", app.events("config"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_that_comes_late_is_served_and_one_that_cannot_be_opened_changes_nothing() {
    let mut app = prepared().await;
    app.host.set("GRAPH_CREDENTIAL", "client-secret");
    app.start().await;
    let reply = app.host.call("get-locations", json!({})).await;
    assert_eq!((reply.status, &reply.body["code"]), (503, &json!("misconfigured")), "{}", reply.body);
    assert!(app.host.log().contains("there is no such blob: upload it"), "{}", app.host.log());
    publish(&app, CLINIC).await;
    until("the first is served", LIMIT, async || service(&app).await == "Flu vaccine").await;
    // It reads well; but as whom would Graph be asked?
    publish(&app, &format!("{CLINIC}\n[bookings]\nbusinesses = \"*\"\n")).await;
    until_refused(&app, "needs `tenant_id` and `client_id`").await;
    assert_eq!(service(&app).await, "Flu vaccine");
    let checks = app.host.call("check", json!({})).await;
    assert_eq!(checks.body["outcome"], "ok", "of what is served: {}", checks.body);
}
