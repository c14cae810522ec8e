//! The store, opened by the app's managed identity.

use std::time::Duration;

use serde_json::json;

use super::{App, CLINIC, ada};
use crate::fakes::functions_host::SECRET;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_apps_managed_identity_opens_the_container() {
    let mut app = App::prepared(CLINIC).await;
    // Longer than a try of a read may take: the endpoint of a machine that has just started.
    app.azure.identity_hangs(Some(Duration::from_secs(4)));
    app.start().await;
    let slot = app.slots("embedded:north", "flu").await[0]["id"].clone();
    let booked = app.host.call("book", json!({"slotId": slot, "patient": ada()})).await;
    assert_eq!(booked.outcome(), "booked", "{}\n{}", booked.body, app.host.log());
    let checks = app.host.call("check", json!({})).await;
    assert_eq!(checks.body["outcome"], "ok", "{}", checks.body);
    // An instance's files go with it: what was done is among the lines of the log, and none of it is about the patient.
    let log = app.host.log();
    let trail: Vec<&str> = log.lines().filter(|line| line.starts_with(r#"{"audit":"#)).collect();
    assert!(trail.iter().any(|line| line.contains(r#""booked""#)), "{log}");
    for secret in ["ada@example.org", "Ada Quill", app.azurite.token(), SECRET] {
        assert!(!log.contains(secret), "`{secret}` is in the log");
    }
    let folder: Vec<_> = std::fs::read_dir(app.host.folder()).expect("the folder").flatten().collect();
    assert!(!folder.iter().any(|file| file.file_name().to_string_lossy().contains("audit")), "{folder:?}");
}
