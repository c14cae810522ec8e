//! A list of slots is told again only while it is still true.

use serde_json::{Value, json};

use super::Served;

/// One slot of the demo clinic that has a single seat, and whether a search finds it.
async fn first_of_the_day(served: &Served, date: &str) -> Value {
    let asked = json!({"locationId": "embedded:eastside", "serviceId": "checkup", "date": date});
    let (status, found) = served.call("get-slots", &asked).await;
    assert_eq!((status, &found["outcome"]), (200, &json!("ok")), "{found}");
    found["slots"][0].clone()
}

#[tokio::test]
async fn what_is_booked_is_not_offered_again_and_what_is_cancelled_is() {
    let served = Served::demo().await;
    let free = first_of_the_day(&served, "2026-12-01").await;
    let elsewhere = first_of_the_day(&served, "2026-12-08").await;
    assert_eq!(first_of_the_day(&served, "2026-12-01").await, free, "asked again, nothing has happened");

    let contact = json!({"email": "pat@example.org"});
    let booking = json!({
        "slotIds": [free["id"]],
        "patient": {"name": "Pat Smith", "email": "pat@example.org", "answers": {"first-visit": "Yes"}},
    });
    let (_, booked) = served.call("book", &booking).await;
    assert_eq!(booked["outcome"], "booked", "{booked}");
    assert_ne!(first_of_the_day(&served, "2026-12-01").await["id"], free["id"]);
    assert_eq!(first_of_the_day(&served, "2026-12-08").await, elsewhere);

    let cancelling = json!({"confirmationCode": booked["confirmationCode"], "contact": contact});
    let (_, cancelled) = served.call("cancel", &cancelling).await;
    assert_eq!(cancelled["outcome"], "cancelled", "{cancelled}");
    assert_eq!(first_of_the_day(&served, "2026-12-01").await, free);
}

#[tokio::test]
async fn the_same_words_in_another_language_are_another_question() {
    let served = Served::demo().await;
    let asked = |locale: &str| json!({"locationId": "embedded:eastside", "serviceId": "checkup", "date": "2026-12-01", "locale": locale});
    let (_, english) = served.call("get-slots", &asked("en-US")).await;
    let (_, spanish) = served.call("get-slots", &asked("es")).await;
    let (_, english_again) = served.call("get-slots", &asked("en-US")).await;
    assert_ne!(english["say"], spanish["say"]);
    assert_eq!(english, english_again);
}
