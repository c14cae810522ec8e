//! What a repetition is told, minutes and days later.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::Served;

async fn slot(served: &Served) -> String {
    let body = json!({"locationId": "embedded:eastside", "serviceId": "checkup", "date": "2026-12-01"});
    let (_, slots) = served.call("get-slots", &body).await;
    slots["slots"][0]["id"].as_str().expect("a slot").to_owned()
}

fn request(slot: &str, request_id: &Value) -> Value {
    json!({"slotId": slot, "patient": {"name": "Pat Doe", "email": "pat@example.org"}, "requestId": request_id})
}

#[tokio::test]
async fn without_a_request_id_the_code_is_told_again_for_ten_minutes_only() {
    let served = Served::demo().await;
    let body = request(&slot(&served).await, &Value::Null);
    let (_, first) = served.call("book", &body).await;
    assert_eq!(first["outcome"], "booked", "{first}");
    served.clock.advance(TimeDelta::minutes(9));
    let (_, soon) = served.call("book", &body).await;
    assert_eq!(soon, first);
    served.clock.advance(TimeDelta::minutes(1));
    let (_, late) = served.call("book", &body).await;
    assert_eq!(late["outcome"], "alreadyBooked");
    let code = first["confirmationCode"].as_str().expect("a code");
    assert!(!late.to_string().contains(code), "{late}");
    assert!(late["wayOn"].is_object(), "{late}");
}

#[tokio::test]
async fn with_a_request_id_the_code_is_told_again_always() {
    let served = Served::demo().await;
    let body = request(&slot(&served).await, &json!("r1"));
    let (_, first) = served.call("book", &body).await;
    served.clock.advance(TimeDelta::hours(26));
    let (_, later) = served.call("book", &body).await;
    assert_eq!(
        (&later["outcome"], &later["confirmationCode"]),
        (&json!("booked"), &first["confirmationCode"])
    );
}

#[tokio::test]
async fn an_appointment_that_is_over_is_past_and_changed_no_more() {
    let served = Served::demo().await;
    let (_, booked) = served.call("book", &request(&slot(&served).await, &json!("r1"))).await;
    let proof =
        json!({"confirmationCode": booked["confirmationCode"], "contact": {"email": "pat@example.org"}});
    served.clock.advance(TimeDelta::days(5));
    let (_, found) = served.call("get-appointment", &proof).await;
    assert_eq!(found["appointments"][0]["status"], "past", "{found}");
    assert_eq!(found["appointments"][0]["canCancel"], false);
    let (_, cancelled) = served.call("cancel", &proof).await;
    assert_eq!(cancelled["outcome"], "tooLate", "{cancelled}");
}

#[tokio::test]
async fn wrong_contacts_are_forgotten_after_a_quarter_of_an_hour() {
    let served = Served::demo().await;
    let (_, booked) = served.call("book", &request(&slot(&served).await, &json!("r1"))).await;
    let proof =
        |email: &str| json!({"confirmationCode": booked["confirmationCode"], "contact": {"email": email}});
    for guess in 0..5 {
        let (_, wrong) = served.call("get-appointment", &proof(&format!("guess{guess}@example.org"))).await;
        assert_eq!(wrong["outcome"], "notFound");
    }
    let (_, closed) = served.call("get-appointment", &proof("pat@example.org")).await;
    assert_eq!(closed["outcome"], "tooManyAttempts");
    let wait = closed["wayOn"]["retryAfterSeconds"].as_i64().expect("how long");
    served.clock.advance(TimeDelta::seconds(wait));
    let (_, open) = served.call("get-appointment", &proof("pat@example.org")).await;
    assert_eq!(open["outcome"], "found", "after as long as it said");
}
