//! Where confirmation codes go at Bookings: into mail to their patient, and nowhere else.

use serde_json::{Value, json};

use super::clinic::{Clinic, NORTH};
use crate::conformance::town::{ada, grace};

/// What Graph keeps of the appointments at North, as one text.
fn kept(clinic: &Clinic) -> String {
    Value::from(clinic.graph().appointments(NORTH)).to_string()
}

async fn code_of(clinic: &Clinic, slot: &str, patient: Value, notify: Value) -> String {
    let booked =
        clinic.call("book", json!({"slotId": slot, "patient": patient, "notify": notify.clone()})).await;
    assert_eq!(booked.outcome(), "booked", "{}", booked.body);
    let service = &booked.body["appointments"][0]["serviceId"];
    let wanted = if service == "class" { json!([]) } else { notify };
    assert_eq!(booked.body["notified"], wanted, "{}", booked.body);
    booked.body["confirmationCode"].as_str().expect("a code").to_owned()
}

#[tokio::test]
async fn a_code_is_at_bookings_only_where_it_is_mailed() {
    let clinic = Clinic::open().await;
    let untold = code_of(&clinic, &clinic.town.slot("flu", 2).await, ada(), json!([])).await;
    let mailed = code_of(&clinic, &clinic.town.slot("flu", 3).await, ada(), json!(["email"])).await;
    assert!(!kept(&clinic).contains(&untold));
    let appointments = clinic.graph().appointments(NORTH);
    let told = |of: &&Value| of["additionalInformation"].as_str().is_some_and(|text| text.contains(&mailed));
    assert_eq!(appointments.iter().filter(told).count(), 1);
    assert!(!appointments.iter().any(|of| of["serviceNotes"].to_string().contains(&mailed)));
}

#[tokio::test]
async fn a_group_is_not_told_the_code_of_its_first_patient_and_promises_no_mail() {
    let clinic = Clinic::open().await;
    let slot = clinic.town.slot("class", 2).await;
    let codes = [
        code_of(&clinic, &slot, ada(), json!(["email"])).await,
        code_of(&clinic, &slot, grace(), json!(["email"])).await,
    ];
    assert_eq!(clinic.graph().appointments(NORTH).len(), 1);
    assert_eq!(clinic.graph().messages(), Vec::<Value>::new());
    assert!(!codes.iter().any(|code| kept(&clinic).contains(code)));
}
