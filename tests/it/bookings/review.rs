use serde_json::json;

use super::clinic::{Clinic, NORTH};
use crate::{
    conformance::town::{ada, adas, grace, id, with},
    fakes::graph_simulator::{Created, Misbehaviour, Rule},
};

/// Dose 1 is moved by book-then-cancel, then dose 2 finds its place taken.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r1_series_move_that_fails_at_the_second_dose() {
    let mut clinic = Clinic::open().await;
    clinic.graph().misbehave(Rule::new(Misbehaviour::SlashIds));
    let pair = clinic.town.pair(3).await;
    let to = clinic.town.pair(4).await;
    let booked = clinic.book(&pair).await;
    assert_eq!(booked.outcome(), "booked");
    let before = clinic.starts();
    clinic
        .spoil(vec![
            Rule::new(Misbehaviour::SlashIds),
            Rule::new(Misbehaviour::Intruder).on("POST", "appointments").after(1).times(1),
        ])
        .await;
    let reply = clinic.call("reschedule", with(adas(&booked.body), &json!({"slotIds": to}))).await;
    println!("REPLY {}", reply.body);
    println!("before {before:?} after {:?}", clinic.starts());
    let got = clinic.call("get-appointment", adas(&booked.body)).await;
    println!("GET {}", got.body);
    clinic.agree(&[]).await;
    assert_eq!(clinic.shown().len(), 2);
}

/// Ours was later, and cannot be given up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r2_later_one_cannot_be_taken_back() {
    let mut clinic = Clinic::open().await;
    let slot = clinic.town.slot("flu", 3).await;
    clinic
        .spoil(vec![
            Rule::new(Misbehaviour::IntruderLetThrough).on("POST", "appointments").created(Created::Earlier),
            Rule::new(Misbehaviour::Error503).on("DELETE", "appointments/{id}"),
        ])
        .await;
    let reply = clinic.call("book", json!({"slotIds": [slot], "patient": ada(), "requestId": "r"})).await;
    println!("REPLY {}", reply.body);
    assert_ne!(reply.outcome(), "booked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r3_moved_onto_somebody_and_cannot_go_back() {
    let mut clinic = Clinic::open().await;
    let booking = clinic.town.one("flu", 3).await;
    let to = id(&clinic.town.free("flu", 4).await[30]);
    clinic
        .spoil(vec![
            Rule::new(Misbehaviour::IntruderLetThrough)
                .on("PATCH", "appointments/{id}")
                .created(Created::Earlier)
                .times(1),
            Rule::new(Misbehaviour::Error503).on("PATCH", "appointments/{id}").after(1),
        ])
        .await;
    let reply = clinic.call("reschedule", with(adas(&booking), &json!({"slotIds": [to]}))).await;
    println!("REPLY {}", reply.body);
    assert_ne!(reply.outcome(), "rescheduled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r4_a_service_hidden_after_the_booking() {
    let mut clinic = Clinic::open().await;
    let booking = clinic.town.one("flu", 3).await;
    clinic.graph().change_service(NORTH, "flu", |s| s["isHiddenFromCustomers"] = true.into());
    clinic.spoil(vec![]).await;
    let got = clinic.call("get-appointment", adas(&booking)).await;
    println!("GET {} {}", got.status, got.body);
    let cancelled = clinic.call("cancel", adas(&booking)).await;
    println!("CANCEL {} {}; left {:?}", cancelled.status, cancelled.body, clinic.shown());
    assert_eq!(got.status, 200);
}

/// Somebody in Outlook adds a customer between our read and our write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r5_somebody_joins_the_group_meanwhile() {
    let mut clinic = Clinic::open().await;
    let slot = clinic.town.slot("class", 3).await;
    assert_eq!(clinic.book(std::slice::from_ref(&slot)).await.outcome(), "booked");
    clinic.spoil(vec![Rule::new(Misbehaviour::IntruderInGroup).times(1)]).await;
    let second = clinic.call("book", json!({"slotIds": [slot], "patient": grace()})).await;
    println!("REPLY {}", second.body["outcome"]);
    let group = &clinic.graph().appointments(NORTH)[0];
    let n = group["customers"].as_array().unwrap().len();
    println!("customers {n}");
    assert_eq!(n, 3);
}

/// A customer who was seated earlier and whose card was deleted since.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r6_absurd_duration() {
    let mut clinic = Clinic::open().await;
    let slot = clinic.town.slot("flu", 3).await;
    clinic
        .graph()
        .change_service(NORTH, "checkup", |s| s["schedulingPolicy"]["maximumAdvance"] = "P99999999D".into());
    clinic.graph().change_service(NORTH, "class", |s| s["preBuffer"] = "P99999999D".into());
    clinic.spoil(vec![]).await;
    let flu = clinic.call("get-slots", json!({"locationId": "bookings:north", "serviceId": "flu"})).await;
    let checkup =
        clinic.call("get-slots", json!({"locationId": "bookings:north", "serviceId": "checkup"})).await;
    let _ = slot;
    println!("flu {} {}", flu.status, flu.body.to_string().chars().take(300).collect::<String>());
    println!("checkup {} {}", checkup.status, checkup.body.to_string().chars().take(300).collect::<String>());
    println!(
        "{}",
        clinic.host().log().lines().filter(|l| l.contains("panick")).collect::<Vec<_>>().join("\n")
    );
    assert_eq!(flu.status, 200);
}
