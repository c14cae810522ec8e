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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_configuration_is_served_within_a_minute_and_a_broken_one_changes_nothing() {
    const LIMIT: Duration = Duration::from_secs(75);
    let mut app = App::prepared(CLINIC).await;
    app.host.set("SCHEDULING_CONFIG", &format!("{}/scheduling.toml", app.container));
    app.azurite.container(&app.container).create(None).await.expect("a container");
    app.start().await;
    // There is none yet.
    let reply = app.host.call("get-locations", json!({})).await;
    assert_eq!((reply.status, &reply.body["code"]), (503, &json!("misconfigured")), "{}", reply.body);
    assert!(app.host.log().contains("there is no such blob: upload it"), "{}", app.host.log());
    publish(&app, CLINIC).await;
    until("the first is served", LIMIT, async || service(&app).await == "Flu vaccine").await;
    publish(&app, &CLINIC.replace("America/New_York", "Mars/Olympus")).await;
    until("the broken one is refused", LIMIT, async || {
        app.events("config").iter().any(|line| line["outcome"] == "kept_last_good")
    })
    .await;
    assert!(app.host.log().contains("clinic[0].time_zone"), "what is wrong is said");
    assert_eq!(service(&app).await, "Flu vaccine");
    publish(&app, &CLINIC.replace("Flu vaccine", "Influenza vaccine")).await;
    until("the mended one is served", LIMIT, async || service(&app).await == "Influenza vaccine").await;
}
