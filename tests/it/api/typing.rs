//! What patients mistype is asked for again in their own language, a sentence per field, and nothing is kept.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::nonsense::nonsense;
use crate::{conformance, fakes::functions_host::FunctionsHost};

const LANGUAGES: [&str; 7] = ["en", "es", "fr", "de", "pt", "zh", "ar"];

/// A patient's slip: what it is in, what was typed, the fields that are asked for again, and why.
struct Slip {
    function: &'static str,
    body: Value,
    fields: &'static [&'static str],
    reason: &'static str,
}

/// Somebody the service takes, but for one thing.
fn patient(otherwise: &Value) -> Value {
    let mut patient = json!({
        "name": "Ada Quill", "email": "ada@example.org", "phone": "518 555 0123", "birthDate": "1980-05-31",
        "consentId": "intake-1", "answers": {"allergies": "No"},
    });
    patient.as_object_mut().expect("an object").extend(otherwise.as_object().expect("an object").clone());
    patient
}

fn slips(slot: &str) -> Vec<Slip> {
    let booking = |otherwise: Value, fields, reason| Slip {
        function: "book",
        body: json!({"slotId": slot, "patient": patient(&otherwise)}),
        fields,
        reason,
    };
    let opening = |function, body, fields, reason| Slip { function, body, fields, reason };
    let code = "7GK2M-Q4RWX";
    vec![
        booking(json!({"email": "ada@"}), &["patient.email"], "invalid"),
        booking(json!({"email": "ada at example dot org"}), &["patient.email"], "invalid"),
        booking(json!({"phone": "555"}), &["patient.phone"], "invalid"),
        booking(json!({"phone": "call me"}), &["patient.phone"], "invalid"),
        booking(json!({"phone": ""}), &["patient.phone"], "missing"),
        booking(json!({"birthDate": "31/31/1980"}), &["patient.birthDate"], "invalid"),
        booking(json!({"birthDate": "2999-01-01"}), &["patient.birthDate"], "invalid"),
        booking(json!({"birthDate": " "}), &["patient.birthDate"], "missing"),
        booking(json!({"name": ""}), &["patient.name"], "missing"),
        booking(json!({"name": "?!"}), &["patient.name"], "invalid"),
        booking(json!({"name": null, "givenName": "Ada"}), &["patient.familyName"], "missing"),
        booking(json!({"answers": {"allergies": "dunno"}}), &["patient.answers.allergies"], "invalid"),
        booking(json!({"answers": {"allergies": ""}}), &["patient.answers.allergies"], "missing"),
        booking(json!({"consentId": ""}), &["patient.consentId"], "missing"),
        booking(
            json!({"email": "x", "phone": "x", "birthDate": "x"}),
            &["patient.email", "patient.phone", "patient.birthDate"],
            "invalid",
        ),
        opening(
            "cancel",
            json!({"confirmationCode": "12", "contact": {"email": "ada@example.org"}}),
            &["confirmationCode"],
            "invalid",
        ),
        opening(
            "cancel",
            json!({"confirmationCode": "", "contact": {"email": "ada@example.org"}}),
            &["confirmationCode"],
            "missing",
        ),
        opening(
            "get-appointment",
            json!({"confirmationCode": code, "contact": {"phone": ""}}),
            &["contact"],
            "missing",
        ),
        opening(
            "get-appointment",
            json!({"confirmationCode": code, "contact": {"phone": "12"}}),
            &["contact.phone"],
            "invalid",
        ),
        opening(
            "get-appointment",
            json!({"confirmationCode": code, "contact": {"email": "ada@"}}),
            &["contact.email"],
            "invalid",
        ),
        opening(
            "cancel",
            json!({"confirmationCode": code, "contact": {"birthDate": "May"}}),
            &["contact.birthDate"],
            "invalid",
        ),
        opening(
            "get-locations",
            json!({"near": {"postalCode": "00000", "country": "US"}}),
            &["near.postalCode"],
            "unknownPlace",
        ),
        opening("get-locations", json!({"near": {"postalCode": " "}}), &["near.postalCode"], "unknownPlace"),
    ]
}

async fn intake_slot(host: &FunctionsHost) -> String {
    let body = json!({"locationId": "embedded:north", "serviceId": "intake", "when": "tomorrow"});
    let slots = host.call("get-slots", body).await;
    slots.body["slots"][0]["id"].as_str().expect("a slot").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_slip_is_asked_for_again_in_the_patients_language() {
    let host = FunctionsHost::start(Some(&conformance::scheduling_toml())).await;
    let slot = intake_slot(&host).await;
    host.until_secret_is_known().await;
    let before = host.documents("");
    let mut english: HashMap<(usize, String), String> = HashMap::new();
    for language in LANGUAGES {
        for (number, slip) in slips(&slot).into_iter().enumerate() {
            let Slip { function, mut body, fields, reason } = slip;
            body["locale"] = json!(language);
            let reply = host.call(function, body.clone()).await;
            assert_eq!((reply.status, reply.outcome()), (200, "needsInput"), "{body}: {}", reply.body);
            let asked = reply.body["fields"].as_array().expect("fields");
            let named: Vec<&str> = asked.iter().filter_map(|field| field["name"].as_str()).collect();
            assert_eq!(named, fields, "{body}");
            for field in asked {
                assert_eq!(field["reason"], reason, "{body}: {field}");
                let text = field["text"].as_str().expect("a sentence").to_owned();
                assert!(
                    text.chars().filter(|letter| letter.is_alphabetic()).count() > 3,
                    "{language}: `{text}`"
                );
                assert!(!text.contains(['{', '}', '$']), "a hole in `{text}`");
                assert!(reply.body["text"].as_str().expect("a text").contains(&text), "{}", reply.body);
                let key = (number, field["name"].to_string());
                if language == "en" {
                    english.insert(key, text);
                } else {
                    assert_ne!(english[&key], text, "{language} is spoken to in English");
                }
            }
        }
    }
    assert_eq!(host.documents(""), before, "a slip left something in the store");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_leaves_nothing_in_the_store() {
    let host = FunctionsHost::start(None).await;
    host.until_secret_is_known().await;
    let before = host.documents("");
    for (function, body, _) in nonsense() {
        let call = host.client().post(host.url(&format!("/api/{function}")));
        let answer = call
            .header("Content-Type", "application/json")
            .body(body.clone())
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 400, "{function} {body}");
    }
    assert_eq!(host.documents(""), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_may_be_heard_as_an_outcome() {
    let host = FunctionsHost::start(None).await;
    let body = json!({"locationId": "embedded:eastside", "limit": 5000, "locale": "de", "faults": "outcome"});
    let told = host.call("get-slots", body.clone()).await;
    assert_eq!((told.status, told.outcome()), (200, "unavailable"), "{}", told.body);
    assert_eq!(told.body["code"], "invalidRequest");
    let mut named: Vec<&str> = told.body["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .filter_map(|error| error["field"].as_str())
        .collect();
    named.sort_unstable();
    assert_eq!(named, ["limit", "serviceId"]);
    let mut plain = body;
    plain["faults"] = json!("");
    let problem = host.call("get-slots", plain).await;
    assert_eq!(problem.status, 400);
    assert_eq!((&problem.body["say"], &problem.body["errors"]), (&told.body["say"], &told.body["errors"]));
}
