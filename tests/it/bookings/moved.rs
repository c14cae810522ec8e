//! Staff move and cancel in Outlook, and people book there: after a booking was confirmed the calendar wins.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::practice::{DANA, EASTSIDE, FLU, JORDAN, PLAIN, Practice, ada, start};
use crate::conformance::town::{adas, statuses, with};

async fn booked(practice: &Practice) -> (Value, String) {
    let slots = practice.slots(FLU).await;
    let slot = slots[slots.len() / 2]["id"].clone();
    let reply = practice.well("book", with(json!({"slotId": slot, "requestId": "r"}), &ada(&[]))).await;
    assert_eq!(reply["outcome"], "booked", "{reply}");
    let id = practice.graph.appointments(EASTSIDE)[0]["id"].as_str().unwrap().to_owned();
    (reply, id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_appointment_that_staff_moved_is_told_where_it_is() {
    let practice = Practice::open(PLAIN).await;
    let (reply, id) = booked(&practice).await;
    let to = start(&reply["appointments"][0]) + TimeDelta::hours(2);
    practice.graph.move_as_somebody(EASTSIDE, &id, to);
    let found = practice.well("get-appointment", adas(&reply)).await;
    assert_eq!(statuses(&found), ["moved"], "{found}");
    assert_eq!(start(&found["appointments"][0]), to);
    // The patient asks again for what they asked for, and hears where it is now.
    let again = practice.slots(FLU).await;
    assert!(!again.is_empty());
    let cancelled = practice.well("cancel", adas(&reply)).await;
    assert_eq!(cancelled["outcome"], "cancelled", "{cancelled}");
    assert!(practice.graph.appointments(EASTSIDE).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_appointment_that_staff_cancelled_is_told_as_such() {
    let practice = Practice::open(PLAIN).await;
    let (reply, id) = booked(&practice).await;
    practice.graph.cancel_as_somebody(EASTSIDE, &id);
    let found = practice.well("get-appointment", adas(&reply)).await;
    assert_eq!(statuses(&found), ["cancelledByClinic"], "{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_somebody_took_in_outlook_is_not_offered_or_given() {
    let practice = Practice::open(PLAIN).await;
    let slots = practice.slots(FLU).await;
    let whole: Vec<_> = slots.into_iter().filter(|slot| slot["remaining"] == 3).collect();
    let slot = whole[whole.len() / 2].clone();
    let staff = ["311a5454-08b2-4560-ba1c-f715e938cb79", JORDAN, "71d64d0e-7225-49b6-b0b1-070d476cda51"];
    assert_eq!(staff[0], DANA);
    for who in staff {
        practice.graph.book_as_somebody(EASTSIDE, FLU, who, start(&slot));
    }
    // The list of a moment ago may still have it; a booking looks again.
    let taken = practice.well("book", with(json!({"slotId": slot["id"]}), &ada(&[]))).await;
    assert_eq!(taken["outcome"], "slotTaken", "{taken}");
    let alternatives = taken["alternatives"].as_array().unwrap();
    assert!(!alternatives.is_empty() && alternatives.iter().all(|other| start(other) != start(&slot)));
    tokio::time::sleep(std::time::Duration::from_millis(5100)).await;
    assert!(practice.slots(FLU).await.iter().all(|other| start(other) != start(&slot)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_practitioner_whom_bookings_refuses_is_followed_by_the_next() {
    let practice = Practice::open(PLAIN).await;
    let slots = practice.slots(FLU).await;
    let slot = slots.iter().filter(|slot| slot["remaining"] == 3).nth(3).expect("a slot of all three");
    // Since it was read, two of them were taken off the service.
    practice.graph.change_service(EASTSIDE, FLU, |service| {
        service["staffMemberIds"] = json!(["71d64d0e-7225-49b6-b0b1-070d476cda51"]);
    });
    let booked = practice.well("book", with(json!({"slotId": slot["id"]}), &ada(&[]))).await;
    assert_eq!(booked["outcome"], "booked", "{booked}\n{}", practice.host.log());
    assert_eq!(booked["appointments"][0]["practitioner"], "Samantha Booth");
}
