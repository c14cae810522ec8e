//! The published contract: it is what it says it is, and the replies keep it.

use jsonschema::Validator;
use serde_json::{Value, json};

use super::Served;

async fn document(served: &Served) -> Value {
    let url = format!("{}/api/openapi.json", served.url);
    let response = served.client.get(url).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    response.json().await.expect("JSON")
}

/// What a schema of the document admits.
fn validator(document: &Value, reference: &Value) -> Validator {
    let mut schema = json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [reference]});
    schema["components"] = document["components"].clone();
    jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema")
}

#[tokio::test]
async fn every_function_is_described() {
    let served = Served::demo().await;
    let document = document(&served).await;
    assert_eq!(document["openapi"], "3.1.0");
    for function in ["get-locations", "get-slots", "book", "get-appointment", "cancel", "reschedule", "check"]
    {
        let operation = &document["paths"][format!("/api/{function}")]["post"];
        assert_eq!(operation["operationId"], function);
        assert!(operation["description"].as_str().is_some_and(|text| text.len() > 80), "{function}");
        for status in ["200", "401", "405"] {
            assert!(operation["responses"][status].is_object(), "{function} {status}");
        }
    }
    let key_alone = json!({"functionKey": []});
    let with_token = json!({"functionKey": [], "entraToken": []});
    assert_eq!(document["paths"]["/api/book"]["post"]["security"], json!([key_alone, with_token]));
    assert_eq!(document["paths"]["/api/check"]["post"]["security"], json!(null), "the key, as everywhere");
    assert_eq!(document["components"]["securitySchemes"]["entraToken"]["scheme"], "bearer");
    assert!(document["paths"]["/api/book"]["post"]["responses"]["403"].is_object());
    let scheme = &document["components"]["securitySchemes"]["functionKey"];
    assert_eq!((&scheme["in"], &scheme["name"]), (&json!("header"), &json!("x-functions-key")));
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    fn check(document: &Value, value: &Value) {
        match value {
            Value::Object(object) => {
                if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
                    let there = document.pointer(reference.strip_prefix('#').expect("a local reference"));
                    assert!(there.is_some(), "{reference}");
                }
                object.values().for_each(|value| check(document, value));
            }
            Value::Array(items) => items.iter().for_each(|item| check(document, item)),
            _ => {}
        }
    }
    let document = document(&Served::demo().await).await;
    check(&document, &document);
}

#[tokio::test]
async fn yaml_says_the_same() {
    let served = Served::demo().await;
    let url = format!("{}/api/openapi.yaml", served.url);
    let text = served.client.get(url).send().await.expect("an answer").text().await.expect("a text");
    let yaml: Value = yaml_serde::from_str(&text).expect("YAML");
    assert_eq!(yaml, document(&served).await);
}

#[tokio::test]
async fn replies_are_what_the_contract_says() {
    let served = Served::demo().await;
    let document = document(&served).await;
    let (_, slots) = served
        .call("get-slots", &json!({"locationId": "embedded:eastside", "serviceId": "checkup", "limit": 2}))
        .await;
    let slot = slots["slots"][0]["id"].clone();
    let patient = json!({"name": "Pat Doe", "email": "pat@example.org"});
    for (function, body, outcome) in [
        ("get-locations", json!({}), "ok"),
        ("get-locations", json!({"near": {"latitude": 0, "longitude": 0}, "withinKm": 1}), "noLocations"),
        ("get-slots", json!({"locationId": "embedded:eastside", "serviceId": "checkup"}), "ok"),
        (
            "get-slots",
            json!({"locationId": "embedded:eastside", "serviceId": "checkup", "date": "2026-12-25"}),
            "noSlots",
        ),
        ("get-slots", json!({"locationId": "embedded:none", "serviceId": "checkup"}), "unknownLocation"),
        ("get-slots", json!({"locationId": "embedded:eastside", "serviceId": "x"}), "unknownService"),
        ("book", json!({"slotId": slot, "patient": {"email": "x"}}), "needsInput"),
        ("book", json!({"slotId": slot, "patient": patient, "preview": true}), "preview"),
        ("book", json!({"slotId": slot, "patient": patient}), "booked"),
        ("book", json!({"slotId": "s1.AAAA", "patient": patient}), "notBookable"),
        (
            "get-appointment",
            json!({"confirmationCode": "00000-00000", "contact": {"email": "pat@example.org"}}),
            "notFound",
        ),
        ("cancel", json!({"confirmationCode": "?"}), "needsInput"),
        ("book", json!({"slot": 1, "faults": "outcome"}), "unavailable"),
    ] {
        let (status, answer) = served.call(function, &body).await;
        assert_eq!((status, &answer["outcome"]), (200, &json!(outcome)), "{function} {body}: {answer}");
        let path = &document["paths"][format!("/api/{function}")]["post"];
        let schema = &path["responses"]["200"]["content"]["application/json"]["schema"];
        let errors: Vec<String> =
            validator(&document, schema).iter_errors(&answer).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{function} {outcome}: {errors:#?}");
    }
    let (status, problem) = served.call("book", &json!({"slot": 1})).await;
    assert_eq!(status, 400);
    let schema = json!({"$ref": "#/components/schemas/Problem"});
    assert!(validator(&document, &schema).is_valid(&problem), "{problem}");
}

/// The schema and the reading must agree on what a request may be.
#[tokio::test]
async fn what_the_contract_admits_is_taken_and_nothing_else() {
    let served = Served::demo().await;
    let document = document(&served).await;
    let slots = |extra: Value| {
        let mut body = json!({"locationId": "embedded:eastside", "serviceId": "checkup"});
        body.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
        body
    };
    for (function, schema, body) in [
        ("get-locations", "GetLocationsRequest", json!({})),
        ("get-locations", "GetLocationsRequest", json!({"limit": "12", "near": null, "withinKm": "2.5"})),
        ("get-locations", "GetLocationsRequest", json!({"limit": "1200"})),
        ("get-locations", "GetLocationsRequest", json!({"withinKm": 1, "withinMiles": ""})),
        ("get-locations", "GetLocationsRequest", json!({"withinKm": 1, "withinMiles": 1})),
        ("get-locations", "GetLocationsRequest", json!({"near": {"latitude": "90", "longitude": "-180"}})),
        ("get-locations", "GetLocationsRequest", json!({"near": {"latitude": "90.5"}})),
        ("get-locations", "GetLocationsRequest", json!({"near": {"country": "USA"}})),
        ("get-slots", "GetSlotsRequest", slots(json!({}))),
        ("get-slots", "GetSlotsRequest", slots(json!({"dose": "1", "when": "weekend", "from": " "}))),
        ("get-slots", "GetSlotsRequest", slots(json!({"when": "weekend", "from": "2026-12-01"}))),
        ("get-slots", "GetSlotsRequest", slots(json!({"from": "2026-12-01", "to": "2026-12-02T00:00:00Z"}))),
        ("get-slots", "GetSlotsRequest", slots(json!({"date": "tomorrow"}))),
        ("get-slots", "GetSlotsRequest", slots(json!({"timeZone": "Europe/Berlin"}))),
        ("get-slots", "GetSlotsRequest", slots(json!({"timeZone": "Europe/Bonn"}))),
        ("get-slots", "GetSlotsRequest", slots(json!({"serviceId": " "}))),
        ("get-slots", "GetSlotsRequest", slots(json!({"after": "2026-11-01"}))),
        ("get-slots", "GetSlotsRequest", slots(json!({"after": "s1.AAAA"}))),
        ("get-slots", "GetSlotsRequest", slots(json!({"move": {"contact": {"phone": ""}}}))),
        (
            "get-slots",
            "GetSlotsRequest",
            json!({"locationIds": ["embedded:a", "shifts:b"], "serviceId": "x"}),
        ),
        ("get-slots", "GetSlotsRequest", json!({"locationIds": [], "serviceId": "x"})),
        ("book", "BookRequest", json!({"slotId": "s1.AAAA", "preview": "true", "patient": ""})),
        ("book", "BookRequest", json!({"slotId": "s1.AAAA", "patient": {"answers": {"a": "", "b": "x"}}})),
        ("book", "BookRequest", json!({"slotId": "s1.AAAA", "patient": {"answers": {"a": 1}}})),
        ("book", "BookRequest", json!({"slotId": "", "slotIds": ["s1.AAAA"]})),
        ("book", "BookRequest", json!({"slotId": "s1.AAAA", "slotIds": ["s1.AAAA"]})),
        ("book", "BookRequest", json!({"slotIds": "s1.AAAA"})),
        ("book", "BookRequest", json!({})),
        ("cancel", "CancelRequest", json!({"dose": 100})),
        ("cancel", "CancelRequest", json!({"contact": {"fax": "1"}})),
        ("reschedule", "RescheduleRequest", json!({"slotIds": ["s1.AAAA"], "dose": ""})),
    ] {
        let reference = json!({"$ref": format!("#/components/schemas/{schema}")});
        let admitted = validator(&document, &reference).is_valid(&body);
        let (status, answer) = served.call(function, &body).await;
        assert_eq!(admitted, status == 200, "{function} {body}: {answer}");
    }
}
