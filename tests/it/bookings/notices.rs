//! What reaches whom: of a patient's fields the mailbox of the business, and of the booking the patient.

use serde_json::{Value, json};

use super::practice::{EASTSIDE, FLU, ONLINE, PLAIN, Practice, ada};
use crate::conformance::town::{adas, with};

async fn booked(practice: &Practice, service: &str, who: Value) -> Value {
    let slots = practice.slots(service).await;
    let slot = slots[slots.len() / 2]["id"].clone();
    let reply = practice.well("book", with(json!({"slotId": slot}), &who)).await;
    assert_eq!(reply["outcome"], "booked", "{reply}");
    reply
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_written_to_who_did_not_ask() {
    let practice = Practice::open(PLAIN).await;
    let reply = booked(&practice, FLU, ada(&[])).await;
    assert_eq!((&reply["notified"], &reply["reminders"]), (&json!([]), &json!([])));
    assert!(reply["text"].as_str().unwrap().contains("write this code down"), "{}", reply["text"]);
    let appointment = &practice.graph.appointments(EASTSIDE)[0];
    assert_eq!(appointment["optOutOfCustomerEmail"], true);
    let reminders = appointment["reminders"].as_array().unwrap();
    assert!(reminders.iter().all(|of| of["recipients"] == "staff"), "only staff are reminded: {reminders:?}");
    let code = reply["confirmationCode"].as_str().unwrap();
    assert!(!appointment.to_string().contains(code), "a code that nobody is sent stays here");
    let cancelled = practice.well("cancel", adas(&reply)).await;
    assert_eq!((&cancelled["outcome"], &cancelled["notified"]), (&json!("cancelled"), &json!([])));
    assert_eq!(practice.graph.messages(), Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_for_mail_gets_the_code_the_reminders_and_the_cancellation() {
    let practice = Practice::open(PLAIN).await;
    let who = with(ada(&["email", "sms"]), &json!({"locale": "es"}));
    let slots = practice.slots(FLU).await;
    let preview = with(json!({"slotId": slots[9]["id"], "preview": true}), &who);
    let preview = practice.well("book", preview).await;
    assert_eq!(preview["notified"], json!(["email"]), "no text message: the service sends none");
    let reply = booked(&practice, FLU, who).await;
    assert_eq!((&reply["notified"], &reply["reminders"]), (&json!(["email"]), &json!(["P1D"])));
    let code = reply["confirmationCode"].as_str().unwrap();
    let mail = practice.graph.messages();
    assert_eq!((mail.len(), &mail[0]["kind"]), (1, &json!("confirmation")));
    assert!(mail[0]["additionalInformation"].as_str().unwrap().contains(code), "{mail:?}");
    let appointment = &practice.graph.appointments(EASTSIDE)[0];
    assert_eq!(appointment["reminders"][0]["message"], "Your visit to Eastside Clinic is tomorrow.");
    assert!(
        !appointment["serviceNotes"].as_str().unwrap().contains(code),
        "the notes have a reference, not the code"
    );
    let cancelled = practice.well("cancel", with(adas(&reply), &json!({"locale": "es"}))).await;
    assert_eq!(cancelled["notified"], json!(["email"]), "{cancelled}");
    let mail = practice.graph.messages();
    assert_eq!(
        (&mail[1]["kind"], &mail[1]["cancellationMessage"]),
        (&json!("cancellation"), &json!("Su cita está cancelada."))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_messages_are_promised_only_where_the_service_sends_them() {
    let practice = Practice::prepared(PLAIN, |graph| {
        graph.change_service(EASTSIDE, FLU, |service| service["smsNotificationsEnabled"] = true.into());
    })
    .await;
    let reply = booked(&practice, FLU, ada(&["sms"])).await;
    assert_eq!(reply["notified"], json!(["sms"]));
    assert_eq!(practice.graph.appointments(EASTSIDE)[0]["smsNotificationsEnabled"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_fields_that_may_be_sent_reach_bookings() {
    let practice = Practice::open(PLAIN).await;
    booked(&practice, FLU, ada(&[])).await;
    let sent = practice.graph.appointments(EASTSIDE)[0].to_string();
    assert!(sent.contains("Ada Quill") && sent.contains("ada@example.org") && sent.contains("+14255550123"));
    assert!(!sent.contains("needles") && !sent.contains("1980"), "{sent}");

    let nothing = format!("{PLAIN}send = []\n");
    let practice = Practice::open(&nothing).await;
    let reply = booked(&practice, FLU, ada(&["email"])).await;
    assert_eq!(reply["notified"], json!([]), "an address that is not sent is not written to");
    let sent = practice.graph.appointments(EASTSIDE)[0].to_string();
    for private in ["Ada", "ada@example.org", "5550123", "needles", "1980"] {
        assert!(!sent.contains(private), "{private} in {sent}");
    }

    let all = format!("{PLAIN}send = [\"name\", \"birthDate\", \"notes\", \"bookedBy\"]\n");
    let practice = Practice::open(&all).await;
    let who = with(ada(&[]), &json!({"bookedBy": {"name": "Mary Quill", "relation": "mother"}}));
    booked(&practice, FLU, who).await;
    let notes = practice.graph.appointments(EASTSIDE)[0]["customers"][0]["notes"].clone();
    assert_eq!(notes, "Born 1980-01-02\nBooked by Mary Quill (mother)\nafraid of needles");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visit_by_video_says_where_it_is_joined() {
    let practice = Practice::open(PLAIN).await;
    let reply = booked(&practice, ONLINE, ada(&[])).await;
    let url = reply["appointments"][0]["joinUrl"].as_str().expect("a link");
    assert!(url.starts_with("https://teams.microsoft.com/"), "{url}");
    let found = practice.well("get-appointment", adas(&reply)).await;
    assert_eq!(found["appointments"][0]["joinUrl"], url);
    assert!(!practice.host.log().contains("teams.microsoft.com"), "a link in the log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_smaller_permission_appointments_are_deleted_and_nobody_is_told() {
    let practice = Practice::prepared(PLAIN, |graph| {
        graph.set_roles(&["Bookings.Read.All", "BookingsAppointment.ReadWrite.All"]);
    })
    .await;
    for _ in 0..2 {
        let reply = booked(&practice, FLU, ada(&["email"])).await;
        let cancelled = practice.well("cancel", adas(&reply)).await;
        assert_eq!(
            (&cancelled["outcome"], &cancelled["notified"]),
            (&json!("cancelled"), &json!([])),
            "{cancelled}"
        );
    }
    assert!(practice.graph.appointments(EASTSIDE).is_empty());
    let asked = practice.graph.counts().by_call;
    let cancels: u64 =
        asked.iter().filter(|(call, _)| call.ends_with("/cancel")).map(|(_, count)| *count).sum();
    assert_eq!(cancels, 1, "what is not granted is not tried again: {asked:?}");
}
