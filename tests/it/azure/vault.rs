//! Secrets: found by name, kept, found anew; and said clearly where they are not.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::{App, BOOKINGS, CLINIC, EASTSIDE, ada};
use crate::fakes::{
    azure::Answers,
    functions_host::{FunctionsHost, SECRET},
};

const FLU: &str = "57da6774-a087-4d69-b0e6-6fb82c339976";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bookings_is_booked_as_the_managed_identity_with_no_secret_in_the_environment() {
    let mut app = App::prepared(BOOKINGS).await;
    let graph = app.with_graph().await;
    app.azure.put("graph-client-secret", "the-first-client-secret");
    app.azure.only_takes("the-first-client-secret");
    app.start().await;
    let slot = app.slots(&format!("bookings:{EASTSIDE}"), FLU).await[0]["id"].clone();
    let booked = app.host.call("book", json!({"slotId": slot, "patient": ada()})).await;
    assert_eq!(booked.outcome(), "booked", "{}\n{}", booked.body, app.host.log());
    assert_eq!(graph.appointments(EASTSIDE).len(), 1);
    let asked = app.azure.asked();
    for question in
        ["GET /msi/token", "GET /secrets/ledger-secret/", "POST /contoso.onmicrosoft.com/oauth2/v2.0/token"]
    {
        assert!(asked.iter().any(|asked| asked == question), "{question}: {asked:?}");
    }
    // Kept: whatever was asked twice was the challenge before the token.
    let fetched = asked.iter().filter(|asked| asked.contains("graph-client-secret")).count();
    assert!(fetched <= 2, "{asked:?}");
    let checks = app.host.call("check", json!({})).await;
    assert_eq!(checks.body["outcome"], "ok", "{}", checks.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_secret_that_was_replaced_is_found_without_a_failed_request() {
    let mut app = App::prepared(BOOKINGS).await;
    let graph = app.with_graph().await;
    app.azure.put("graph-client-secret", "the-first-client-secret");
    app.azure.only_takes("the-first-client-secret");
    app.start().await;
    let slots = app.slots(&format!("bookings:{EASTSIDE}"), FLU).await;
    let mut standing = 0;
    for (round, slot) in slots.iter().take(6).enumerate() {
        if round % 2 == 1 {
            let next = format!("client-secret-number-{round}");
            app.azure.put("graph-client-secret", &next);
            app.azure.only_takes(&next);
            // Else the token that was given for the one before would do for another hour.
            graph.revoke_tokens();
        }
        let patient = json!({"name": "Ada Quill", "email": format!("ada{round}@example.org"), "phone": "+1 425 555 0123"});
        let both = [
            app.host.call("book", json!({"slotId": slot["id"], "patient": patient})),
            app.host.call("get-slots", json!({"locationId": format!("bookings:{EASTSIDE}"), "serviceId": FLU, "date": slots[40 + round]["date"]})),
        ];
        for reply in futures_util::future::join_all(both).await {
            assert_eq!(reply.status, 200, "round {round}: {}\n{}", reply.body, app.host.log());
            standing += usize::from(reply.outcome() == "booked");
        }
    }
    assert_eq!((standing, graph.appointments(EASTSIDE).len()), (6, 6), "{}", app.host.log());
    let changed = app.events("secret").into_iter().filter(|line| line["outcome"] == "changed").count();
    assert_eq!(changed, 3, "{:?}", app.events("secret"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_client_secret_is_not_tried_with_every_request() {
    let mut app = App::prepared(BOOKINGS).await;
    let _graph = app.with_graph().await;
    app.azure.put("graph-client-secret", "one-that-was-copied-wrong");
    app.azure.only_takes("the-right-client-secret");
    app.start().await;
    let body = json!({"locationId": format!("bookings:{EASTSIDE}"), "serviceId": FLU});
    let started = Instant::now();
    let mut asked = 0;
    while started.elapsed() < Duration::from_secs(4) {
        let refused = app.host.call("get-slots", body.clone()).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (503, &json!("misconfigured")),
            "{}",
            refused.body
        );
        asked += 1;
    }
    assert!(app.host.log().contains("the client secret is wrong"), "{}", app.host.log());
    let count = |what: &str| app.azure.asked().iter().filter(|asked| asked.contains(what)).count();
    let (logins, reads) = (count("/oauth2/v2.0/token"), count("graph-client-secret"));
    assert!(asked > 10 && logins <= 2 && reads <= 4, "{asked} requests, {logins} logins, {reads} reads");
    app.azure.put("graph-client-secret", "the-right-client-secret");
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(!app.slots(&format!("bookings:{EASTSIDE}"), FLU).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vault_that_is_down_at_the_start_stops_only_who_needs_a_secret() {
    let mut app = App::prepared(CLINIC).await;
    app.azure.vault(Answers::With(503, json!({"error": {"code": "ServiceUnavailable"}}), usize::MAX));
    app.start().await;
    let slot = app.slots("embedded:north", "flu").await[0]["id"].clone();
    let body = json!({"slotId": slot, "patient": ada()});
    let refused = app.host.call("book", body.clone()).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (503, &json!("providerUnavailable")),
        "{}",
        refused.body
    );
    assert!(
        app.host.log().contains("Key Vault answered 503, and `ledger-secret` is not here yet"),
        "{}",
        app.host.log()
    );
    app.azure.vault(Answers::AsUsual);
    let booked = app.host.call("book", body).await;
    assert_eq!(booked.outcome(), "booked", "{}\n{}", booked.body, app.host.log());
    // And once it is here, the vault is not needed.
    app.azure.vault(Answers::Late(Duration::from_mins(1)));
    let slot = app.slots("embedded:north", "flu").await[9]["id"].clone();
    let booked = app.host.call("book", json!({"slotId": slot, "patient": ada()})).await;
    assert_eq!(booked.outcome(), "booked", "{}\n{}", booked.body, app.host.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identity_vault_and_login_that_hang_hold_up_nobody_else() {
    let mut app = App::prepared(&format!("{CLINIC}{BOOKINGS}")).await;
    let graph = app.with_graph().await;
    graph.set_latency(Duration::from_secs(10));
    app.azure.identity_hangs(Some(Duration::from_secs(10)));
    app.azure.vault(Answers::Late(Duration::from_secs(10)));
    app.start().await;
    let started = Instant::now();
    let health = app.host.client().get(app.host.url("/api/health")).send().await.expect("an answer");
    assert_eq!(health.status().as_u16(), 200);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    let refused = app.host.call("book", json!({"slotId": "s1x", "patient": ada()})).await;
    assert!(refused.status >= 400 || refused.outcome() != "booked", "{}", refused.body);
    assert!(started.elapsed() < Duration::from_secs(25), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_has_an_older_ring_than_another_fetches_the_newer_one() {
    let mut app = App::prepared(CLINIC).await;
    app.start().await;
    // So that the store knows the first key.
    let slots = app.slots("embedded:north", "flu").await;
    let book = async |host: &FunctionsHost, nth: usize| {
        let patient = json!({"name": "Ada Quill", "email": format!("ada{nth}@example.org"), "phone": "+1 425 555 0123"});
        let reply = host.call("book", json!({"slotId": slots[nth]["id"], "patient": patient})).await;
        assert_eq!(reply.outcome(), "booked", "{}\n{}", reply.body, host.log());
        json!({"confirmationCode": reply.body["confirmationCode"], "contact": {"email": format!("ada{nth}@example.org")}})
    };
    let first = book(&app.host, 0).await;
    // This one has fetched the secret, and has not yet looked which keys the store knows.
    let older = app.host.another_instance().await;
    assert_eq!(older.call("check", json!({})).await.body["outcome"], "ok");
    app.azure.put("ledger-secret", &format!("{SECRET}-the-newer-one,{SECRET}"));
    let newer = app.host.another_instance().await;
    let second = book(&newer, 1).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    let third = book(&older, 2).await;
    assert!(older.log().contains("\"changed\""), "{}", older.log());
    // Whoever made it, every one of them opens it.
    for opens in [first, second, third] {
        for host in [&older, &newer] {
            let found = host.call("get-appointment", opens.clone()).await;
            assert_eq!(found.outcome(), "found", "{}\n{}", found.body, host.log());
        }
    }
}

/// What `check` says of the ledger's secret.
async fn told(app: &App) -> String {
    let checks = app.host.call("check", json!({})).await;
    let all = checks.body["checks"].as_array().expect("checks").clone();
    let ring = all.iter().find(|check| check["name"] == "secret ring").expect("a line for the ring");
    assert_eq!(ring["ok"], false, "{ring}");
    ring["cameBack"].as_str().expect("words").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_trouble_with_the_vault_has_a_sentence_of_its_own() {
    let mut app =
        App::prepared(&CLINIC.replace("[[service]]", "[ledger]\nsecret = \"of-the-ledger\"\n\n[[service]]"))
            .await;
    app.start().await;
    assert!(
        told(&app).await.contains("there is no secret `of-the-ledger` in Key Vault: make it"),
        "{}",
        told(&app).await
    );
    app.azure.put("of-the-ledger", "too-short");
    assert!(told(&app).await.contains("fewer than 32 characters"));
    app.azure.disable("of-the-ledger");
    app.host.restart().await;
    assert!(told(&app).await.contains("is disabled or outside its dates: enable it"));
    app.azure.vault(Answers::WithoutRole);
    assert!(told(&app).await.contains("give it the role Key Vault Secrets User on the vault"));
    app.azure.vault(Answers::OfAnotherTenant);
    assert!(told(&app).await.contains("the vault has to be in its tenant"));
    app.azure.vault(Answers::With(429, json!({"error": {"code": "Throttled"}}), usize::MAX));
    assert!(told(&app).await.contains("Key Vault answered 429"));
    app.azure.vault(Answers::Late(Duration::from_secs(30)));
    assert!(told(&app).await.contains("has not answered yet"));
    // One that is too short was fetched; all else failed, and each failure is an event with its cause.
    let (fetched, failed): (Vec<_>, Vec<_>) =
        app.events("secret").into_iter().partition(|line| line["outcome"] == "fetched");
    assert!(fetched.len() <= 1 && failed.len() >= 5, "{fetched:?} {failed:?}");
    assert!(
        failed.iter().all(|line| line["why"].is_string() && line["secret"] == "of-the-ledger"),
        "{failed:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ring_that_is_not_the_stores_is_found_by_the_check() {
    let mut app = App::prepared(CLINIC).await;
    app.start().await;
    let slot = app.slots("embedded:north", "flu").await[0]["id"].clone();
    let booked = app.host.call("book", json!({"slotId": slot, "patient": ada()})).await;
    assert_eq!(booked.outcome(), "booked", "{}\n{}", booked.body, app.host.log());
    app.azure.put("ledger-secret", &format!("{SECRET}-and-not-the-one-before"));
    app.host.restart().await;
    let told = told(&app).await;
    assert!(told.contains("bookings in the store were made with the ledger secret"), "{told}");
    app.azure.put("ledger-secret", &format!("{SECRET}-and-not-the-one-before,{SECRET}"));
    app.host.restart().await;
    let checks = app.host.call("check", json!({})).await;
    assert_eq!(checks.body["outcome"], "ok", "{}", checks.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttled_vault_is_asked_again() {
    let mut app = App::prepared(CLINIC).await;
    app.azure.vault(Answers::With(429, json!({"error": {"code": "Throttled"}}), 1));
    app.start().await;
    let slot = app.slots("embedded:north", "flu").await[0]["id"].clone();
    let booked = app.host.call("book", json!({"slotId": slot, "patient": ada()})).await;
    assert_eq!(booked.outcome(), "booked", "{}\n{}", booked.body, app.host.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pinned_version_is_the_one_that_is_used() {
    let mut app = App::prepared(CLINIC).await;
    let first = app.azure.put("pinned", "0123456789abcdef0123456789abcdef-the-first");
    app.azure.put("pinned", "0123456789abcdef0123456789abcdef-the-second");
    let config =
        CLINIC.replace("[[service]]", &format!("[ledger]\nsecret = \"pinned/{first}\"\n\n[[service]]"));
    std::fs::write(app.host.folder().join("scheduling.toml"), config).expect("a file");
    app.start().await;
    let slot = app.slots("embedded:north", "flu").await[0]["id"].clone();
    let booked = app.host.call("book", json!({"slotId": slot, "patient": ada()})).await;
    assert_eq!(booked.outcome(), "booked", "{}\n{}", booked.body, app.host.log());
    assert!(app.azure.asked().iter().any(|asked| *asked == format!("GET /secrets/pinned/{first}")));
}
