//! Cancelling: by whoever proves whose booking it is, once or twice.

use serde_json::{Value, json};

use super::town::{Town, ada, adas, grace, id, proof, statuses, with};

pub(super) async fn a_booking_is_cancelled_whole_and_its_slot_is_free_again(town: Town) {
    let before = (town.free("covid", 3).await, town.free("covid", 13).await);
    let booking = town.booked(&town.pair(3).await, ada()).await;
    assert_ne!(town.free("covid", 3).await, before.0);
    let reply = town.call("cancel", with(adas(&booking), &json!({"reason": "better already"}))).await;
    assert_eq!(reply["outcome"], "cancelled");
    assert_eq!(statuses(&reply), ["cancelled", "cancelled"]);
    assert_eq!(
        (town.free("covid", 3).await, town.free("covid", 13).await),
        before,
        "both slots are offered again"
    );
    assert_eq!((town.bookings("confirmed"), town.bookings("cancelled")), (0, 1));
}

pub(super) async fn a_dose_and_all_later_ones_are_cancelled(town: Town) {
    let booking = town.booked(&town.pair(3).await, ada()).await;
    let second = town.call("cancel", with(adas(&booking), &json!({"dose": 2}))).await;
    assert_eq!(second["outcome"], "cancelled");
    assert_eq!(statuses(&second), ["booked", "cancelled"]);
    let found = town.call("get-appointment", adas(&booking)).await;
    assert_eq!(statuses(&found), ["booked", "cancelled"]);
    let rest = town.call("cancel", with(adas(&booking), &json!({"dose": 1}))).await;
    assert_eq!((&rest["outcome"], statuses(&rest)), (&json!("cancelled"), vec!["cancelled".to_owned(); 2]));

    let other = town.booked(&town.pair(5).await, grace()).await;
    let graces = proof(&other, &json!({"email": "grace@example.org"}));
    let first = town.call("cancel", with(graces, &json!({"dose": "1"}))).await;
    assert_eq!(statuses(&first), ["cancelled", "cancelled"], "no second dose without the first");
}

pub(super) async fn cancelling_twice_is_not_an_error(town: Town) {
    let booking = town.one("flu", 2).await;
    for _ in 0..2 {
        let reply = town.call("cancel", adas(&booking)).await;
        assert_eq!(reply["outcome"], "cancelled");
        assert_eq!(statuses(&reply), ["cancelled"]);
    }
    let other = town.one("flu", 3).await;
    let named = with(adas(&other), &json!({"requestId": "c1"}));
    let first = town.call("cancel", named.clone()).await;
    assert_eq!(first["outcome"], "cancelled");
    assert_eq!(town.call("cancel", named.clone()).await, first);
    // Somebody else's wish for the same is told that it is done.
    let later = town.call("cancel", with(named, &json!({"requestId": "c2"}))).await;
    assert_eq!(later["outcome"], "alreadyCancelled");
}

pub(super) async fn a_wrong_contact_and_an_unknown_code_are_not_found(town: Town) {
    let booking = town.one("flu", 2).await;
    let wrong = town.call("cancel", proof(&booking, &json!({"phone": "+1 518 555 0199"}))).await;
    let unknown = json!({"confirmationCode": "00000-00000", "contact": {"email": "ada@example.org"}});
    let unknown = town.call("cancel", unknown).await;
    assert_eq!(wrong["outcome"], "notFound");
    assert_eq!(wrong, unknown, "one answer for both");
    let right = town.call("cancel", proof(&booking, &json!({"phone": "518-555-0123"}))).await;
    assert_eq!(right["outcome"], "cancelled");
}

pub(super) async fn a_preview_of_cancelling_writes_nothing(town: Town) {
    let booking = town.booked(&town.pair(3).await, ada()).await;
    let before = town.written().await;
    let preview = town.call("cancel", with(adas(&booking), &json!({"preview": true}))).await;
    assert_eq!(preview["outcome"], "preview");
    assert_eq!(town.written().await, before);
    assert!(preview["requestId"].is_string(), "{preview}");
    let one = town.call("cancel", with(adas(&booking), &json!({"preview": true, "dose": 2}))).await;
    assert_eq!(one["appointments"].as_array().map(Vec::len), Some(1), "what would be cancelled: {one}");
    let named = with(adas(&booking), &json!({"requestId": preview["requestId"]}));
    assert_eq!(town.call("cancel", named).await["outcome"], "cancelled");
}

pub(super) async fn it_is_too_late_within_the_notice(town: Town) {
    let booking = town.one("guarded", 8).await;
    let appointment = &booking["appointments"][0];
    assert_eq!((&appointment["canCancel"], &appointment["canReschedule"]), (&json!(false), &json!(false)));
    let reply = town.call("cancel", adas(&booking)).await;
    assert_eq!(reply["outcome"], "tooLate");
    assert_eq!(reply["noticeMinutes"], 525_600);
    assert_eq!(reply["wayOn"]["phone"], "+1 518 555 0100");
    let target = id(&town.free("guarded", 9).await[3]);
    let moved = town.call("reschedule", with(adas(&booking), &json!({"slotIds": [target]}))).await;
    assert_eq!(moved["outcome"], "tooLate");
    let found = town.call("get-appointment", adas(&booking)).await;
    assert_eq!(found["appointments"], booking["appointments"], "as it was");
}

pub(super) async fn a_cancelled_request_id_says_so(town: Town) {
    let slot = town.slot("flu", 2).await;
    let body = json!({"slotId": slot, "patient": ada(), "requestId": "once"});
    let booking = town.call("book", body.clone()).await;
    assert_eq!(town.call("cancel", adas(&booking)).await["outcome"], "cancelled");
    let again = town.call("book", body).await;
    assert_eq!(again["outcome"], "alreadyCancelled");
    assert_eq!(again["confirmationCode"], Value::Null);
    assert_eq!(town.bookings("confirmed"), 0);
}
