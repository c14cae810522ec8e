//! The whole of it: the handler as the host starts it, asking Entra for its keys, and callers at its door.

use std::time::Duration;

use chrono::Utc;
use reqwest::header;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{AUDIENCE, BOT, STRANGER, claims, set};
use crate::fakes::{
    entra::{Answers, Entra, SigningKey, TENANT},
    functions_host::FunctionsHost,
};

const FUNCTIONS: [&str; 6] =
    ["get-locations", "get-slots", "book", "get-appointment", "cancel", "reschedule"];

/// The demo clinic, which takes the bot's tokens.
async fn guarded(entra: &Entra) -> FunctionsHost {
    let mut host = FunctionsHost::prepared(None);
    host.set("SSL_CERT_FILE", entra.ca().to_str().expect("a path"));
    host.set("AZURE_AUTHORITY_HOST", &entra.url);
    host.set("CALLER_TENANT_ID", TENANT);
    host.set("CALLER_AUDIENCE", AUDIENCE);
    host.set("CALLER_CLIENT_IDS", BOT);
    host.spawn();
    host.until_ready().await;
    host
}

/// A token of the bot's, with something else about its claims.
#[expect(clippy::disallowed_methods, reason = "the handler goes by the system's clock")]
fn token(entra: &Entra, key: &SigningKey, change: impl FnOnce(&mut Value)) -> String {
    let mut claims = claims(entra, Utc::now());
    change(&mut claims);
    key.sign(&claims)
}

struct Answer {
    status: u16,
    asks_for: Option<String>,
    body: Value,
}

async fn call(
    host: &FunctionsHost,
    function: &str,
    tokens: &[&str],
    body: impl Into<reqwest::Body>,
) -> Answer {
    let mut request = host.client().post(host.url(&format!("/api/{function}"))).body(body);
    request = request.header(header::CONTENT_TYPE, "application/json");
    for token in tokens {
        request = request.header(header::AUTHORIZATION, *token);
    }
    let answer = request.send().await.expect("an answer");
    let asks_for =
        answer.headers().get(header::WWW_AUTHENTICATE).map(|value| value.to_str().expect("text").to_owned());
    Answer { status: answer.status().as_u16(), asks_for, body: answer.json().await.expect("JSON") }
}

#[tokio::test]
async fn a_booking_says_in_the_audit_trail_which_client_made_it() {
    let key = SigningKey::new("key-1");
    let entra = Entra::publishing(&key).await;
    let host = guarded(&entra).await;
    let bearer = format!("Bearer {}", token(&entra, &key, |_| {}));
    let slots = json!({"locationId": "embedded:harbor", "serviceId": "checkup", "limit": 1}).to_string();
    for _ in 0..2 {
        // The same again is told from memory, which nobody may read who was not let in.
        assert_eq!(call(&host, "get-slots", &[&bearer], slots.clone()).await.body["outcome"], "ok");
        assert_eq!(call(&host, "get-slots", &[], slots.clone()).await.status, 401);
    }
    let found = call(&host, "get-slots", &[&bearer], slots).await;
    let patient = json!({
        "name": "Pat Doe", "email": "pat@example.org", "phone": "+1 425 555 0123", "birthDate": "1980-01-02",
    });
    let book = json!({"slotId": found.body["slots"][0]["id"], "patient": patient}).to_string();
    let booked = call(&host, "book", &[&bearer], book).await;
    assert_eq!(booked.body["outcome"], "booked", "{}", booked.body);
    let trail = std::fs::read_to_string(host.folder().join("scheduling.audit.jsonl")).expect("a trail");
    let records: Vec<Value> = trail.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((&records[0]["function"], &records[0]["client"]), (&json!("book"), &json!(BOT)));
    assert_eq!(entra.asked(), 1);
    for part in bearer.trim_start_matches("Bearer ").split('.').chain(["a-subject-of-the-tests"]) {
        assert!(!host.log().contains(part) && !trail.contains(part), "a part of the token is kept");
    }
}

#[tokio::test]
async fn without_a_good_token_nothing_is_answered_or_even_read() {
    let key = SigningKey::new("key-1");
    let entra = Entra::publishing(&key).await;
    let host = guarded(&entra).await;
    let old = format!("Bearer {}", token(&entra, &key, |claims| set(claims, "exp", 1)));
    let good = format!("bearer {}", token(&entra, &key, |_| {}));
    let told = "Bearer error=\"invalid_token\", error_description=\"the token has run out\"";
    for function in FUNCTIONS {
        for body in ["{}", "no JSON", r#"{"faults": "outcome"}"#] {
            for (tokens, asks_for) in [
                (&[][..], "Bearer"),
                (&["Basic cGF0OnBhdA=="], "Bearer"),
                (&["Bearer"], "Bearer"),
                (&[old.as_str()], told),
            ] {
                let answer = call(&host, function, tokens, body).await;
                assert_eq!(
                    (answer.status, answer.asks_for.as_deref()),
                    (401, Some(asks_for)),
                    "{function} {body}"
                );
                assert_eq!(answer.body["code"], "unauthorized");
            }
            let two = call(&host, function, &[&good, &good], body).await;
            assert_eq!((two.status, &two.body["code"]), (401, &json!("unauthorized")));
        }
        let too_large = call(&host, function, &[], "x".repeat(100_000)).await;
        assert_eq!(too_large.status, 401, "{function}");
        let let_in = call(&host, function, &[&good], "no JSON").await;
        assert_eq!((let_in.status, &let_in.body["code"]), (400, &json!("invalidRequest")), "{function}");
    }
    assert!(host.log().contains("the token has run out"), "{}", host.log());
}

#[tokio::test]
async fn another_app_of_the_tenant_may_not_call() {
    let key = SigningKey::new("key-1");
    let entra = Entra::publishing(&key).await;
    let host = guarded(&entra).await;
    let stranger = format!("Bearer {}", token(&entra, &key, |claims| set(claims, "azp", STRANGER)));
    let answer = call(&host, "book", &[&stranger], "{}").await;
    assert_eq!((answer.status, &answer.body["code"]), (403, &json!("forbidden")));
    assert!(answer.body["detail"].as_str().expect("text").contains("CALLER_CLIENT_IDS"));
    assert!(!host.log().contains(STRANGER), "nothing of a token is logged");
}

#[tokio::test]
async fn what_is_no_patients_business_needs_no_token() {
    let entra = Entra::publishing(&SigningKey::new("key-1")).await;
    entra.answers(Answers::Status(503));
    let host = guarded(&entra).await;
    assert_eq!(host.timer().await.status, 200);
    for path in ["/", "/api/health", "/api/openapi.json", "/api/openapi.yaml"] {
        assert_eq!(
            host.client().get(host.url(path)).send().await.expect("an answer").status(),
            200,
            "{path}"
        );
    }
    let check = call(&host, "check", &[], "").await;
    let line = |check: &Value| {
        let checks = check["checks"].as_array().expect("checks");
        checks.iter().find(|check| check["name"] == "callers").expect("a line").clone()
    };
    assert_eq!((check.status, &line(&check.body)["ok"]), (200, &json!(false)), "{}", check.body);
    entra.answers(Answers::Keys);
    let check = call(&host, "check", &[], "").await;
    let line = line(&check.body);
    assert_eq!(line["ok"], true, "{line}");
    assert!(
        line["cameBack"].as_str().expect("text").starts_with("yes: 1 keys, from https://127.0.0.1"),
        "{line}"
    );
}

#[tokio::test]
async fn while_entra_hangs_only_those_wait_who_need_it() {
    let key = SigningKey::new("key-1");
    let entra = Entra::publishing(&key).await;
    entra.answers(Answers::Never);
    let host = guarded(&entra).await;
    let bearer = format!("Bearer {}", token(&entra, &key, |_| {}));
    let tokens = [bearer.as_str()];
    let waits = call(&host, "get-locations", &tokens, "{}");
    let others = async {
        let started = Instant::now();
        for _ in 0..20 {
            assert_eq!(host.timer().await.status, 200);
            let health = host.client().get(host.url("/api/health")).send().await.expect("an answer");
            assert_eq!(health.status(), 200);
            assert_eq!(call(&host, "get-locations", &[], "{}").await.status, 401);
        }
        started.elapsed()
    };
    let (waited, others) = tokio::join!(waits, others);
    assert!(others < Duration::from_secs(3), "{others:?}");
    assert_eq!(
        (waited.status, &waited.body["code"]),
        (503, &json!("providerUnavailable")),
        "{}",
        waited.body
    );
    assert!(host.log().contains("the keys of callers' tokens"), "{}", host.log());
    entra.answers(Answers::Keys);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(call(&host, "get-locations", &tokens, "{}").await.status, 200);
}

#[tokio::test]
async fn half_a_setting_lets_nobody_in() {
    let mut host = FunctionsHost::prepared(None);
    host.set("CALLER_AUDIENCE", AUDIENCE);
    host.spawn();
    host.until_ready().await;
    let answer = call(&host, "get-locations", &[], "{}").await;
    assert_eq!((answer.status, &answer.body["code"]), (503, &json!("misconfigured")));
}
