//! Misfortunes that come together: a series half of which cannot move, a place that has to be given up and cannot
//! be, a service that is withdrawn under its bookings.

use serde_json::json;

use super::clinic::{Clinic, NORTH};
use crate::{
    conformance::town::{ada, adas, id, statuses, with},
    fakes::graph_simulator::{Created, Misbehaviour, Rule},
};

/// Graph cannot change these appointments, so that each is moved by another one in its stead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_series_whose_second_dose_cannot_move_stays_whole_where_it_was() {
    let mut clinic = Clinic::open().await;
    clinic.graph().misbehave(Rule::new(Misbehaviour::SlashIds));
    let (pair, to) = (clinic.town.pair(3).await, clinic.town.pair(4).await);
    let booked = clinic.book(&pair).await;
    assert_eq!(booked.outcome(), "booked", "{}", booked.body);
    let before = clinic.starts();
    let intruder = |after| Rule::new(Misbehaviour::Intruder).on("POST", "appointments").after(after).times(1);
    // The one practitioner who is left for the second dose is taken too.
    clinic.spoil(vec![Rule::new(Misbehaviour::SlashIds), intruder(1), intruder(2)]).await;
    let wish = with(adas(&booked.body), &json!({"slotIds": to, "requestId": "move"}));
    let reply = clinic.call("reschedule", wish).await;
    assert_ne!(reply.outcome(), "rescheduled", "{}", reply.body);
    let found = clinic.call("get-appointment", adas(&booked.body)).await;
    assert!(!found.body.to_string().contains("cancelledByClinic"), "{}", found.body);
    clinic.agree(&[]).await;
    assert_eq!((clinic.shown().len(), clinic.starts()), (2, before), "both doses are where they were");
    let found = clinic.call("get-appointment", adas(&booked.body)).await;
    assert_eq!(statuses(&found.body), ["booked", "booked"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_appointment_that_has_to_yield_and_cannot_be_taken_back_is_not_told_as_booked() {
    let mut clinic = Clinic::open().await;
    let slot = clinic.town.slot("flu", 3).await;
    let let_through = Rule::new(Misbehaviour::IntruderLetThrough).on("POST", "appointments");
    let stuck = Rule::new(Misbehaviour::Error503).on("DELETE", "appointments/{id}");
    clinic.spoil(vec![let_through.created(Created::Earlier), stuck]).await;
    let reply = clinic.call("book", json!({"slotIds": [slot], "patient": ada(), "requestId": "r"})).await;
    assert_ne!(reply.outcome(), "booked", "{}", reply.body);
    clinic.agree(&[]).await;
    assert_eq!(clinic.shown().len(), 0, "in the end ours is gone, and somebody else's stands");
    assert_eq!(clinic.graph().appointments(NORTH).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_appointment_that_was_moved_onto_somebody_and_cannot_go_back_is_not_told_as_moved() {
    let mut clinic = Clinic::open().await;
    let booking = clinic.town.one("flu", 3).await;
    let to = id(&clinic.town.free("flu", 4).await[30]);
    let let_through = Rule::new(Misbehaviour::IntruderLetThrough).on("PATCH", "appointments/{id}").times(1);
    let stuck = Rule::new(Misbehaviour::Error503).on("PATCH", "appointments/{id}").after(1);
    clinic.spoil(vec![let_through.created(Created::Earlier), stuck]).await;
    let reply = clinic.call("reschedule", with(adas(&booking), &json!({"slotIds": [to]}))).await;
    assert_ne!(reply.outcome(), "rescheduled", "{}", reply.body);
    clinic.agree(&[]).await;
    assert_eq!(clinic.shown().len(), 1);
    let found = clinic.call("get-appointment", adas(&booking)).await;
    let start = found.body["appointments"][0]["start"].clone();
    assert_eq!(start, booking["appointments"][0]["start"], "it is back where it was");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_withdrawn_keeps_its_bookings() {
    let mut clinic = Clinic::open().await;
    let (kept, cancelled) = (clinic.town.one("flu", 3).await, clinic.town.one("flu", 4).await);
    clinic.graph().change_service(NORTH, "flu", |service| service["isHiddenFromCustomers"] = true.into());
    clinic.spoil(Vec::new()).await;
    let slots =
        clinic.town.call("get-slots", json!({"locationId": "bookings:north", "serviceId": "flu"})).await;
    assert_eq!(slots["outcome"], "unknownService", "{slots}");
    let found = clinic.town.call("get-appointment", adas(&kept)).await;
    assert_eq!(statuses(&found), ["booked"]);
    let gone = clinic.town.call("cancel", adas(&cancelled)).await;
    assert_eq!(gone["outcome"], "cancelled", "{gone}");
    clinic.agree(&[]).await;
    assert_eq!(clinic.shown().len(), 1);
}

/// Of one service; the others go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn absurd_durations_and_dates_hurt_nobody() {
    let mut clinic = Clinic::open().await;
    clinic.graph().change_service(NORTH, "checkup", |service| {
        service["schedulingPolicy"]["maximumAdvance"] = "P99999999D".into();
    });
    clinic.graph().change_service(NORTH, "class", |service| service["preBuffer"] = "P99999999D".into());
    clinic.spoil(Vec::new()).await;
    // Of a service with years of buffer nobody could make slots.
    for (service, status) in [("flu", 200), ("checkup", 200), ("class", 503)] {
        let asked = json!({"locationId": "bookings:north", "serviceId": service});
        let reply = clinic.call("get-slots", asked).await;
        assert_eq!(reply.status, status, "{service}: {}", reply.body);
    }
    assert!(!clinic.host().log().contains("panicked"), "{}", clinic.host().log());
}
