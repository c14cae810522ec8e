//! Nonsense gets a 400 that names every field, what is wrong with it and how to mend it, and never its value.

use serde_json::{Value, json};

use super::Served;

/// What is sent, and the fields that are complained about.
pub(super) fn nonsense() -> Vec<(&'static str, String, Vec<&'static str>)> {
    let slots = |extra: Value| {
        let mut body = json!({"locationId": "embedded:eastside", "serviceId": "checkup"});
        body.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
        body.to_string()
    };
    vec![
        ("get-locations", "{\"near\": ".to_owned(), vec![""]),
        ("get-locations", "[]".to_owned(), vec![""]),
        ("get-locations", "\"SECRET\"".to_owned(), vec![""]),
        ("get-locations", r#"{"limit": 1, "limit": 2}"#.to_owned(), vec!["limit"]),
        ("get-locations", json!({"nearby": {}, "limt": 3}).to_string(), vec!["nearby", "limt"]),
        (
            "get-locations",
            json!({"near": {"latitude": 91, "longitude": "SECRET"}}).to_string(),
            vec!["near.latitude", "near.longitude"],
        ),
        ("get-locations", json!({"locationId": "SECRET"}).to_string(), vec!["locationId"]),
        (
            "get-locations",
            json!({"withinMiles": 1, "withinKm": 2}).to_string(),
            vec!["withinMiles", "withinKm"],
        ),
        ("get-slots", "{}".to_owned(), vec!["locationId", "serviceId"]),
        ("get-slots", slots(json!({"from": "2026-12-02", "to": "2026-12-01"})), vec!["from", "to"]),
        ("get-slots", slots(json!({"from": "2026-12-01T09:00:00"})), vec!["from"]),
        ("get-slots", slots(json!({"date": "2026-02-30"})), vec!["date"]),
        ("get-slots", slots(json!({"date": "2026-12-01", "when": "today"})), vec!["date", "when"]),
        ("get-slots", slots(json!({"timeZone": "Mars/Olympus"})), vec!["timeZone"]),
        ("get-slots", slots(json!({"limit": 1001, "dose": 0})), vec!["limit", "dose"]),
        ("get-slots", slots(json!({"when": "someday", "partOfDay": "night"})), vec!["when", "partOfDay"]),
        ("get-slots", slots(json!({"after": "SECRET"})), vec!["after"]),
        ("get-slots", slots(json!({"locationIds": ["embedded:harbor"]})), vec!["locationIds", "locationId"]),
        (
            "get-slots",
            slots(json!({"from": "2026-12-01T09:00:00-08:00", "to": "2026-12-01T09:00:00-08:00"})),
            vec!["from", "to"],
        ),
        (
            "get-slots",
            json!({"locationIds": ["embedded:a", "clinic:b"], "serviceId": "checkup"}).to_string(),
            vec!["locationIds[1]"],
        ),
        (
            "get-slots",
            json!({"locationIds": (["embedded:harbor"; 6]), "serviceId": "checkup"}).to_string(),
            vec!["locationIds"],
        ),
        ("book", "{}".to_owned(), vec!["slotIds"]),
        ("book", json!({"slotIds": ["SECRET", ""]}).to_string(), vec!["slotIds[0]", "slotIds[1]"]),
        (
            "book",
            json!({"slotId": "s1.AAAA", "patient": "SECRET", "preview": "perhaps", "notify": ["fax"]})
                .to_string(),
            vec!["patient", "preview", "notify[0]"],
        ),
        ("book", json!({"slotId": "s1.AAAA", "requestId": "x".repeat(129)}).to_string(), vec!["requestId"]),
        ("cancel", json!({"contact": ["SECRET"], "dose": "two"}).to_string(), vec!["contact", "dose"]),
        ("reschedule", json!({"slotId": 5, "faults": "loud"}).to_string(), vec!["slotId", "faults"]),
        ("get-appointment", json!({"confirmationCode": {"SECRET": 1}}).to_string(), vec!["confirmationCode"]),
    ]
}

#[tokio::test]
async fn every_wrong_field_is_named_and_no_value_is_repeated() {
    let served = Served::demo().await;
    for (function, body, expected) in nonsense() {
        let response = served.post(function, body.clone()).await;
        assert_eq!(response.status(), 400, "{function} {body}");
        let text = response.text().await.expect("a text");
        assert!(!text.contains("SECRET"), "{text}");
        let problem: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(problem["code"], "invalidRequest", "{body}");
        let mut named: Vec<&str> = problem["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|error| error["field"].as_str().expect("a field"))
            .collect();
        named.sort_unstable();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(named, expected, "{function} {body}: {problem}");
    }
}

#[tokio::test]
async fn malformed_json_is_located() {
    let served = Served::demo().await;
    let (_, problem) = {
        let response = served.post("book", "{\n  \"slotId\": nope\n}").await;
        (response.status(), response.json::<Value>().await.expect("JSON"))
    };
    let detail = problem["errors"][0]["detail"].as_str().expect("a detail");
    assert!(detail.contains("line 2 column"), "{detail}");
}

#[tokio::test]
async fn a_misspelt_field_is_told_its_name() {
    let served = Served::demo().await;
    let (_, problem) = served.call("book", &json!({"slotid": "s1.AAAA"})).await;
    let detail = problem["errors"][0]["detail"].as_str().expect("a detail");
    assert!(detail.contains("`slotId`"), "{detail}");
}

#[tokio::test]
async fn a_bad_idempotency_key_is_named() {
    let served = Served::demo().await;
    let request = served.client.post(format!("{}/api/book", served.url));
    let request = request.header("Idempotency-Key", "x".repeat(129)).json(&json!({"slotId": "s1.AAAA"}));
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status(), 400);
    let problem: Value = response.json().await.expect("JSON");
    assert_eq!(problem["errors"][0]["field"], "Idempotency-Key");
}

#[tokio::test]
async fn what_cards_send_is_forgiven() {
    let served = Served::demo().await;
    let (status, answer) = served
        .call("get-locations", &json!({"near": "", "withinMiles": " ", "limit": "2", "serviceId": null}))
        .await;
    assert_eq!((status, answer["locations"].as_array().map(Vec::len)), (200, Some(2)), "{answer}");
}

#[tokio::test]
async fn a_slot_id_of_ours_that_is_damaged_is_not_bookable() {
    let served = Served::demo().await;
    for function in ["book", "reschedule"] {
        let body =
            json!({"slotIds": ["s1.AAAA"], "confirmationCode": "7GK2M-Q4RWX", "contact": {"phone": "1"}});
        let mut body = body;
        if function == "book" {
            body = json!({"slotIds": ["s1.AAAA"]});
        }
        let (status, answer) = served.call(function, &body).await;
        assert_eq!((status, &answer["outcome"]), (200, &json!("notBookable")), "{answer}");
        assert_eq!(answer["reason"], "noSuchSlot");
    }
}
