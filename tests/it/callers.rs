//! Callers' tokens of Entra ID: whose are taken, for how long, and what happens while Entra does not answer.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use healthbot_scheduler::{
    callers::{Allowed, Callers, Flaw, Refused},
    clock::Clock,
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::fakes::entra::{Answers, Entra, SigningKey, TENANT, part, unsigned};

mod front_door;
mod speed;

const AUDIENCE: &str = "c1a7b4d0-52de-4f0c-9b1e-3f4d2a6c8e10";
const URI: &str = "api://c1a7b4d0-52de-4f0c-9b1e-3f4d2a6c8e10";
const BOT: &str = "5e2f9c18-0b6d-4e7a-a3c4-8d1f7b2e6a90";
const STRANGER: &str = "0f1e2d3c-4b5a-4968-8776-655443322110";
const OTHER_TENANT: &str = "11111111-2222-4333-8444-555555555555";

/// An Entra with one key, and who looks at its tokens.
struct Scene {
    entra: Entra,
    key: SigningKey,
    callers: Callers,
    clock: Clock,
}

fn noon() -> DateTime<Utc> {
    "2026-11-29T12:00:00Z".parse().expect("a time")
}

impl Scene {
    async fn new() -> Self {
        let key = SigningKey::new("key-1");
        let entra = Entra::publishing(&key).await;
        let clock = Clock::at(noon());
        let allowed = Allowed {
            tenant: TENANT.to_owned(),
            audiences: vec![AUDIENCE.to_owned(), URI.to_owned()],
            clients: vec![BOT.to_owned()],
        };
        let ca = std::fs::read(entra.ca()).expect("the certificate");
        let ca = reqwest::Certificate::from_pem(&ca).expect("a certificate");
        let http =
            healthbot_scheduler::net::builder().no_proxy().tls_certs_only([ca]).build().expect("a client");
        let callers = Callers::new(allowed, &entra.url, http, clock.clone());
        Self { entra, key, callers, clock }
    }

    /// What a token of version 2.0 says.
    fn claims(&self) -> Value {
        claims(&self.entra, noon())
    }

    /// What a token of version 1.0 says.
    fn claims_v1(&self) -> Value {
        let mut claims = self.claims();
        set(&mut claims, "ver", "1.0");
        set(&mut claims, "iss", format!("https://sts.windows.net/{TENANT}/"));
        set(&mut claims, "aud", URI);
        claims.as_object_mut().expect("an object").remove("azp");
        set(&mut claims, "appid", BOT);
        claims
    }

    async fn admit(&self, token: &str) -> Result<String, Refused> {
        self.callers.admit(token).await.map(|client| client.to_string())
    }

    /// What comes of a token with something else about its claims.
    async fn with(&self, change: impl FnOnce(&mut Value)) -> Result<String, Refused> {
        let mut claims = self.claims();
        change(&mut claims);
        self.admit(&self.key.sign(&claims)).await
    }
}

/// What a token of version 2.0 says that was given out just before `now`.
fn claims(entra: &Entra, now: DateTime<Utc>) -> Value {
    json!({
        "ver": "2.0",
        "iss": format!("{}/{TENANT}/v2.0", entra.url),
        "aud": AUDIENCE,
        "tid": TENANT,
        "azp": BOT,
        "azpacr": "1",
        "sub": "a-subject-of-the-tests",
        "iat": now.timestamp() - 10,
        "nbf": now.timestamp() - 10,
        "exp": now.timestamp() + 3600,
    })
}

fn set(claims: &mut Value, claim: &str, value: impl Into<Value>) {
    claims[claim] = value.into();
}

fn refused(flaw: Flaw) -> Result<String, Refused> {
    Err(Refused::Token(flaw))
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with what may be refused")]
fn admitted() -> Result<String, Refused> {
    Ok(BOT.to_owned())
}

/// Lets so much time pass at once.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_token_of_either_version_lets_its_client_in() {
    let scene = Scene::new().await;
    assert_eq!(scene.admit(&scene.key.sign(&scene.claims())).await, admitted());
    assert_eq!(scene.admit(&scene.key.sign(&scene.claims_v1())).await, admitted());
    assert_eq!(scene.with(|claims| set(claims, "azp", BOT.to_uppercase())).await, admitted());
    assert_eq!(scene.entra.asked(), 1);
}

#[tokio::test]
async fn another_audience_is_refused() {
    let scene = Scene::new().await;
    assert_eq!(scene.with(|claims| set(claims, "aud", STRANGER)).await, refused(Flaw::Audience));
    assert_eq!(
        scene.with(|claims| set(claims, "aud", "https://graph.microsoft.com")).await,
        refused(Flaw::Audience)
    );
    assert_eq!(
        scene.with(|claims| set(claims, "aud", json!([AUDIENCE, "x"]))).await,
        refused(Flaw::Malformed)
    );
}

#[tokio::test]
async fn another_issuer_is_refused() {
    let scene = Scene::new().await;
    let login = scene.entra.url.clone();
    for issuer in [
        format!("{login}/{OTHER_TENANT}/v2.0"),
        format!("https://sts.windows.net/{OTHER_TENANT}/"),
        format!("{login}/{TENANT}/v2.0/"),
        format!("https://login.example.com/{TENANT}/v2.0"),
    ] {
        assert_eq!(
            scene.with(|claims| set(claims, "iss", issuer.as_str())).await,
            refused(Flaw::Issuer),
            "{issuer}"
        );
    }
}

#[tokio::test]
async fn another_tenant_is_refused() {
    let scene = Scene::new().await;
    assert_eq!(scene.with(|claims| set(claims, "tid", OTHER_TENANT)).await, refused(Flaw::Tenant));
}

#[tokio::test]
async fn a_token_that_has_run_out_is_refused_and_clocks_may_be_a_minute_apart() {
    let scene = Scene::new().await;
    let ended = |seconds: i64| move |claims: &mut Value| set(claims, "exp", noon().timestamp() - seconds);
    assert_eq!(scene.with(ended(59)).await, admitted());
    assert_eq!(scene.with(ended(60)).await, refused(Flaw::Expired));
}

#[tokio::test]
async fn a_token_that_is_not_valid_yet_is_refused() {
    let scene = Scene::new().await;
    let begins = |seconds: i64| move |claims: &mut Value| set(claims, "nbf", noon().timestamp() + seconds);
    assert_eq!(scene.with(begins(60)).await, admitted());
    assert_eq!(scene.with(begins(61)).await, refused(Flaw::NotYet));
}

#[tokio::test]
async fn a_token_that_was_let_in_runs_out_as_well() {
    let scene = Scene::new().await;
    let token = scene.key.sign(&scene.claims());
    assert_eq!(scene.admit(&token).await, admitted());
    scene.clock.advance(TimeDelta::minutes(60));
    assert_eq!(scene.admit(&token).await, admitted());
    scene.clock.advance(TimeDelta::minutes(1));
    assert_eq!(scene.admit(&token).await, refused(Flaw::Expired));
}

#[tokio::test]
async fn a_token_without_a_claim_that_matters_is_refused() {
    let scene = Scene::new().await;
    for claim in ["iss", "aud", "tid", "exp", "nbf"] {
        let without = |claims: &mut Value| drop(claims.as_object_mut().expect("an object").remove(claim));
        assert_eq!(scene.with(without).await, refused(Flaw::Malformed), "{claim}");
    }
}

#[tokio::test]
async fn a_client_that_is_not_listed_is_refused_though_its_token_is_good() {
    let scene = Scene::new().await;
    for _ in 0..2 {
        assert_eq!(scene.with(|claims| set(claims, "azp", STRANGER)).await, Err(Refused::Client));
    }
    // Of a token that is not good otherwise, nothing is said about its client.
    let old = |claims: &mut Value| {
        set(claims, "azp", STRANGER);
        set(claims, "exp", 1);
    };
    assert_eq!(scene.with(old).await, refused(Flaw::Expired));
}

#[tokio::test]
async fn each_version_names_its_client_in_its_own_way() {
    let scene = Scene::new().await;
    let in_the_others_way = |claims: &mut Value| {
        claims.as_object_mut().expect("an object").remove("azp");
        set(claims, "appid", BOT);
    };
    assert_eq!(scene.with(in_the_others_way).await, refused(Flaw::Client));
    let mut v1 = scene.claims_v1();
    v1.as_object_mut().expect("an object").remove("appid");
    set(&mut v1, "azp", BOT);
    assert_eq!(scene.admit(&scene.key.sign(&v1)).await, refused(Flaw::Client));
}

#[tokio::test]
async fn a_token_without_a_signature_is_refused() {
    let scene = Scene::new().await;
    for algorithm in ["none", "None", "NONE"] {
        let message =
            unsigned(&json!({"typ": "JWT", "alg": algorithm, "kid": scene.key.id}), &scene.claims());
        for token in [message.clone(), format!("{message}."), format!("{message}.c2lnbmVk")] {
            assert_eq!(scene.admit(&token).await, refused(Flaw::Malformed), "{token}");
        }
    }
    let (message, _) =
        scene.key.sign(&scene.claims()).rsplit_once('.').map(|(m, s)| (m.to_owned(), s.to_owned())).unwrap();
    assert_eq!(scene.admit(&format!("{message}.")).await, refused(Flaw::Signature));
}

#[tokio::test]
async fn the_public_key_is_no_secret_to_sign_with() {
    let scene = Scene::new().await;
    let message = unsigned(&json!({"typ": "JWT", "alg": "HS256", "kid": scene.key.id}), &scene.claims());
    let public = scene.key.published();
    let (n, jwk) = (scene.key.modulus(), public.to_string());
    for secret in [n.as_slice(), public["n"].as_str().expect("text").as_bytes(), jwk.as_bytes()] {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret).expect("any length");
        mac.update(message.as_bytes());
        let token = format!("{message}.{}", part(&mac.finalize().into_bytes()));
        assert_eq!(scene.admit(&token).await, refused(Flaw::Algorithm));
    }
}

#[tokio::test]
async fn another_algorithm_of_the_same_key_is_refused() {
    let scene = Scene::new().await;
    for algorithm in ["RS384", "RS512", "PS256", "ES256", "EdDSA"] {
        let header = json!({"typ": "JWT", "alg": algorithm, "kid": scene.key.id});
        assert_eq!(
            scene.admit(&scene.key.sign_with(&header, &scene.claims())).await,
            refused(Flaw::Algorithm)
        );
    }
}

#[tokio::test]
async fn a_token_signed_by_somebody_else_is_refused() {
    let scene = Scene::new().await;
    let forger = SigningKey::new(&scene.key.id);
    assert_eq!(scene.admit(&forger.sign(&scene.claims())).await, refused(Flaw::Signature));
    // A key that comes along in the token is not asked for.
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": scene.key.id, "jwk": forger.published()});
    assert_eq!(scene.admit(&forger.sign_with(&header, &scene.claims())).await, refused(Flaw::Signature));
}

#[tokio::test]
async fn a_token_that_was_changed_is_refused() {
    let scene = Scene::new().await;
    let token = scene.key.sign(&scene.claims());
    let mut stranger = scene.claims();
    set(&mut stranger, "exp", noon().timestamp() + 86_400);
    let signature = token.rsplit_once('.').expect("a signature").1;
    let header = json!({"typ": "JWT", "alg": "RS256", "kid": scene.key.id});
    let changed = format!("{}.{signature}", unsigned(&header, &stranger));
    assert_eq!(scene.admit(&changed).await, refused(Flaw::Signature));
}

#[tokio::test]
async fn what_is_no_token_is_refused() {
    let scene = Scene::new().await;
    let good = scene.key.sign(&scene.claims());
    for text in ["", ".", "..", "a.b.c", "eyJ.eyJ.x", "....", &good[1..], &format!("{good}.x"), "ü.ü.ü"] {
        assert_eq!(scene.admit(text).await, refused(Flaw::Malformed), "{text}");
    }
    for header in
        [json!({"alg": "RS256"}), json!({"alg": "RS256", "kid": "key-1", "crit": ["exp"]}), json!([])]
    {
        let token = scene.key.sign_with(&header, &scene.claims());
        assert_eq!(scene.admit(&token).await, refused(Flaw::Malformed), "{header}");
    }
    assert_eq!(scene.entra.asked(), 0, "none of them names a key");
}

#[tokio::test]
async fn a_key_that_signs_for_others_is_no_key_of_the_tenant() {
    let scene = Scene::new().await;
    let personal = SigningKey::new("personal");
    let mut published = personal.published();
    set(
        &mut published,
        "issuer",
        "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
    );
    let encrypts = SigningKey::new("encrypts");
    let mut for_encryption = encrypts.published();
    set(&mut for_encryption, "use", "enc");
    let unknown = json!({"kty": "AKP", "kid": "future", "alg": "ML-DSA-65", "pub": "AA"});
    scene.entra.publish([unknown, published, for_encryption, scene.key.published()]);
    assert_eq!(scene.admit(&scene.key.sign(&scene.claims())).await, admitted());
    assert_eq!(scene.admit(&personal.sign(&scene.claims())).await, refused(Flaw::Key));
    assert_eq!(scene.admit(&encrypts.sign(&scene.claims())).await, refused(Flaw::Key));
    assert_eq!(scene.callers.try_keys().await.expect("keys").split(' ').next(), Some("1"));
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_names_it() {
    let scene = Scene::new().await;
    assert_eq!(scene.admit(&scene.key.sign(&scene.claims())).await, admitted());
    let next = SigningKey::new("key-2");
    scene.entra.publish([scene.key.published(), next.published()]);
    pass(Duration::from_secs(61)).await;
    assert_eq!(scene.admit(&next.sign(&scene.claims())).await, admitted());
    assert_eq!(scene.admit(&scene.key.sign(&scene.claims_v1())).await, admitted());
    assert_eq!(scene.entra.asked(), 2);
}

#[tokio::test]
async fn made_up_keys_make_nobody_ask_more_than_once_a_minute() {
    let scene = Scene::new().await;
    let made_up = |number: u32| {
        let header = json!({"typ": "JWT", "alg": "RS256", "kid": format!("made-up-{number}")});
        scene.key.sign_with(&header, &scene.claims())
    };
    for number in 0..20 {
        assert_eq!(scene.admit(&made_up(number)).await, refused(Flaw::Key));
    }
    assert_eq!(scene.entra.asked(), 1);
    pass(Duration::from_secs(61)).await;
    for number in 20..40 {
        assert_eq!(scene.admit(&made_up(number)).await, refused(Flaw::Key));
    }
    assert_eq!(scene.entra.asked(), 2);
}

#[tokio::test]
async fn a_key_that_is_taken_back_is_good_for_nothing_after_some_hours() {
    let scene = Scene::new().await;
    let token = scene.key.sign(&scene.claims());
    assert_eq!(scene.admit(&token).await, admitted());
    scene.entra.publish([SigningKey::new("key-2").published()]);
    pass(Duration::from_hours(4)).await;
    // The first caller after that does not wait for it.
    assert_eq!(scene.admit(&token).await, admitted());
    until(|| scene.entra.asked() == 2).await;
    while scene.admit(&token).await == admitted() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(scene.admit(&token).await, refused(Flaw::Key));
}

#[tokio::test]
async fn known_keys_go_on_while_entra_is_down() {
    let scene = Scene::new().await;
    assert_eq!(scene.admit(&scene.key.sign(&scene.claims())).await, admitted());
    for trouble in [Answers::Status(503), Answers::Page, Answers::Never] {
        scene.entra.answers(trouble);
        let before = scene.entra.asked();
        pass(Duration::from_hours(30)).await;
        let asked = Instant::now();
        for token in [scene.key.sign(&scene.claims()), scene.key.sign(&scene.claims_v1())] {
            assert_eq!(scene.admit(&token).await, admitted(), "{trouble:?}");
        }
        assert!(asked.elapsed() < Duration::from_millis(500), "{trouble:?}: {:?}", asked.elapsed());
        until(|| scene.entra.asked() > before).await;
        // That fetch gives up, and Entra is left alone no longer.
        pass(Duration::from_secs(6)).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Not for ever: somebody may have stolen one since.
    pass(Duration::from_hours(7 * 24)).await;
    let stale = scene.admit(&scene.key.sign(&scene.claims())).await;
    assert!(matches!(stale, Err(Refused::NoKeys { .. })), "{stale:?}");
}

#[tokio::test]
async fn a_token_of_a_new_key_cannot_be_judged_while_entra_is_down() {
    let scene = Scene::new().await;
    assert_eq!(scene.admit(&scene.key.sign(&scene.claims())).await, admitted());
    scene.entra.answers(Answers::Status(500));
    pass(Duration::from_secs(61)).await;
    let next = SigningKey::new("key-2");
    for _ in 0..2 {
        let refused = scene.admit(&next.sign(&scene.claims())).await;
        assert!(matches!(refused, Err(Refused::NoKeys { .. })), "{refused:?}");
    }
    assert_eq!(scene.entra.asked(), 4, "one fetch of three tries");
    scene.entra.publish([next.published()]);
    scene.entra.answers(Answers::Keys);
    pass(Duration::from_secs(6)).await;
    assert_eq!(scene.admit(&next.sign(&scene.claims())).await, admitted());
}

#[tokio::test]
async fn nobody_is_let_in_before_entra_has_answered_once() {
    let scene = Scene::new().await;
    let token = scene.key.sign(&scene.claims());
    scene.entra.answers(Answers::Status(503));
    for _ in 0..5 {
        let Err(Refused::NoKeys { why, retry_after }) = scene.admit(&token).await else { panic!("let in") };
        assert!(why.ends_with("/discovery/v2.0/keys answered 503"), "{why}");
        assert!(retry_after <= Duration::from_secs(5), "{retry_after:?}");
    }
    assert_eq!(scene.entra.asked(), 3, "one fetch of three tries");
    scene.entra.answers(Answers::Keys);
    pass(Duration::from_secs(6)).await;
    assert_eq!(scene.admit(&token).await, admitted());
}

#[tokio::test]
async fn a_passing_trouble_is_not_noticed() {
    let scene = Scene::new().await;
    scene.entra.answers(Answers::Status(503));
    let token = scene.key.sign(&scene.claims());
    let (admitted_at_last, ()) = tokio::join!(scene.admit(&token), async {
        until(|| scene.entra.asked() == 1).await;
        scene.entra.answers(Answers::Keys);
    });
    assert_eq!(admitted_at_last, admitted());
}

#[tokio::test]
async fn a_hanging_entra_holds_nobody_for_more_than_five_seconds() {
    let scene = Scene::new().await;
    scene.entra.answers(Answers::Never);
    let token = scene.key.sign(&scene.claims());
    let asked = Instant::now();
    let refused = scene.admit(&token).await;
    assert!(matches!(&refused, Err(Refused::NoKeys { why, .. }) if why.contains("in time")), "{refused:?}");
    assert!(asked.elapsed() < Duration::from_millis(5500), "{:?}", asked.elapsed());
    let asked = Instant::now();
    assert!(matches!(scene.admit(&token).await, Err(Refused::NoKeys { .. })));
    assert!(asked.elapsed() < Duration::from_millis(500), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn the_keys_are_asked_for_once_however_many_wait_or_give_up() {
    let scene = Scene::new().await;
    scene.entra.answers(Answers::After(Duration::from_secs(1)));
    let token = scene.key.sign(&scene.claims());
    for _ in 0..3 {
        assert!(timeout(Duration::from_millis(200), scene.admit(&token)).await.is_err());
    }
    let all = futures_util::future::join_all((0..20).map(|_| scene.admit(&token))).await;
    assert!(all.iter().all(|one| *one == admitted()), "{all:?}");
    assert_eq!(scene.entra.asked(), 1);
}

#[tokio::test]
async fn a_tenant_that_entra_does_not_know_is_told_to_the_operator() {
    let scene = Scene::new().await;
    let told = scene.callers.try_keys().await.expect("keys");
    assert_eq!(told, format!("1 keys, from {}/{TENANT}/discovery/v2.0/keys", scene.entra.url));
    let ca =
        reqwest::Certificate::from_pem(&std::fs::read(scene.entra.ca()).expect("it")).expect("a certificate");
    let http = healthbot_scheduler::net::builder().no_proxy().tls_certs_only([ca]).build().expect("a client");
    let allowed = Allowed { tenant: OTHER_TENANT.to_owned(), audiences: Vec::new(), clients: Vec::new() };
    let elsewhere = Callers::new(allowed, &scene.entra.url, http, scene.clock.clone());
    let why = elsewhere.try_keys().await.expect_err("no such tenant");
    assert!(why.contains("answered 400") && why.contains("`CALLER_TENANT_ID`"), "{why}");
}

async fn until(true_now: impl Fn() -> bool) {
    let started = Instant::now();
    while !true_now() {
        assert!(started.elapsed() < Duration::from_secs(10), "it does not come about");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
