//! Booking: everything or nothing, once, and never outside the rules.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use healthbot_scheduler::domain::slot::SlotId;
use serde_json::{Value, json};

use super::town::{Town, ada, adas, grace, id, instant, north, now, starts, statuses, texts, with};
use crate::fakes::functions_host::invocation;

/// A slot id of our own making.
fn forged(
    town: &Town,
    site: &str,
    service: &str,
    start: DateTime<Utc>,
    practitioner: Option<&str>,
) -> String {
    let location = town.site(site).parse().expect("a location id");
    SlotId { location, service: service.into(), start, practitioner: practitioner.map(Into::into) }.encode()
}

/// Midnight at the north clinic, some days from now.
fn midnight(days: i64) -> DateTime<Utc> {
    let zone = Town::zone("north");
    let date = now().with_timezone(&zone).date_naive() + TimeDelta::days(days);
    let midnight = date.and_hms_opt(0, 0, 0).expect("midnight").and_local_timezone(zone);
    midnight.earliest().expect("no clocks change at midnight there").to_utc()
}

fn looks_like_a_code(code: &Value) -> bool {
    let code = code.as_str().unwrap_or_default();
    let crockford = |letter: char| "0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains(letter);
    code.len() == 11
        && code
            .chars()
            .enumerate()
            .all(|(index, letter)| if index == 5 { letter == '-' } else { crockford(letter) })
}

pub(super) async fn one_appointment_is_booked(town: Town) {
    let slots = town.free("flu", 2).await;
    let slot = &slots[30];
    let reply = town.call("book", json!({"slotIds": [id(slot)], "patient": ada(), "requestId": "one"})).await;
    assert_eq!(reply["outcome"], "booked");
    assert!(looks_like_a_code(&reply["confirmationCode"]), "{reply}");
    assert_eq!(reply["requestId"], "one");
    let [booked] = reply["appointments"].as_array().unwrap().as_slice() else {
        panic!("one appointment: {reply}")
    };
    assert_eq!((&booked["dose"], &booked["status"]), (&json!(1), &json!("booked")));
    assert_eq!(
        (&booked["start"], &booked["end"], &booked["label"]),
        (&slot["start"], &slot["end"], &slot["label"])
    );
    assert_eq!((&booked["serviceId"], &booked["locationId"]), (&json!("flu"), &json!(town.site("north"))));
    assert_eq!(booked["location"]["name"], "North Clinic");
    assert_eq!((&booked["canCancel"], &booked["canReschedule"]), (&json!(true), &json!(town.can.reschedule)));
    assert_eq!(booked["changeUntil"], booked["start"]);
    let code = reply["confirmationCode"].as_str().unwrap();
    assert!(reply["text"].as_str().unwrap().contains(code) && reply["say"].as_str().unwrap().contains(code));
    assert_eq!(reply["notified"], json!([]), "nothing is sent, so the code has to be written down");
    assert!(!town.free("flu", 2).await.contains(slot), "the slot is gone");
    assert_eq!(town.bookings("confirmed"), 1);
}

pub(super) async fn a_series_is_booked_whole(town: Town) {
    let pair = town.pair(3).await;
    let reply = town.booked(&pair, ada()).await;
    assert_eq!(statuses(&reply), ["booked", "booked"]);
    let doses: Vec<u64> =
        reply["appointments"].as_array().unwrap().iter().filter_map(|one| one["dose"].as_u64()).collect();
    assert_eq!(doses, [1, 2]);
    let days = (instant(&reply["appointments"][1]["start"]) - instant(&reply["appointments"][0]["start"]))
        .num_days();
    assert!((7..=14).contains(&days), "{days}");
    assert_eq!(reply["menus"]["appointments"]["titles"].as_array().unwrap().len(), 2);
}

pub(super) async fn a_second_dose_alone_can_be_booked(town: Town) {
    let second = town
        .slots(json!({"locationId": town.site("north"), "serviceId": "covid", "date": north(9), "dose": 2, "after": north(1)}))
        .await;
    let body = json!({"slotIds": [id(&second[20])], "dose": 2, "patient": ada()});
    let reply = town.call("book", body).await;
    assert_eq!(reply["outcome"], "booked", "{reply}");
    assert_eq!(reply["appointments"].as_array().unwrap().len(), 1);
    assert_eq!(reply["appointments"][0]["dose"], 2);
}

pub(super) async fn a_group_fills_seat_by_seat(town: Town) {
    let slot = town.slot("class", 2).await;
    let mut codes = BTreeSet::new();
    for number in 1..=3 {
        let patient = json!({"name": format!("Patient {number}"), "email": format!("p{number}@example.org")});
        let reply = town.booked(std::slice::from_ref(&slot), patient).await;
        codes.insert(reply["confirmationCode"].as_str().unwrap().to_owned());
    }
    assert_eq!(codes.len(), 3, "a code each");
    let full = town.call("book", json!({"slotId": slot, "patient": grace()})).await;
    assert_eq!(full["outcome"], "slotTaken");
    assert_eq!(full["taken"], json!([1]));
}

pub(super) async fn a_preview_writes_nothing(town: Town) {
    let slot = town.slot("flu", 2).await;
    // Opening a store may write: what is there now is what has to be there afterwards.
    town.call("book", json!({"slotId": slot, "patient": ada(), "preview": true})).await;
    let before = town.written().await;
    let preview = town.call("book", json!({"slotId": slot, "patient": ada(), "preview": true})).await;
    assert_eq!(preview["outcome"], "preview");
    assert_eq!(preview["confirmationCode"], Value::Null);
    assert!(preview["say"].as_str().unwrap().contains("North Clinic"), "{preview}");
    assert!(!preview["requestId"].as_str().unwrap().is_empty());
    assert_eq!(town.written().await, before);
    assert_eq!(town.bookings("confirmed"), 0);
    let body = json!({"slotId": slot, "patient": ada(), "requestId": preview["requestId"]});
    let booked = town.call("book", body).await;
    assert_eq!((&booked["outcome"], &booked["requestId"]), (&json!("booked"), &preview["requestId"]));
    let taken = town.call("book", json!({"slotId": slot, "patient": grace(), "preview": true})).await;
    assert_eq!(taken["outcome"], "slotTaken", "a preview makes every check");
    let asked = town.call("book", json!({"slotId": slot, "patient": {}, "preview": true})).await;
    assert_eq!(asked["outcome"], "needsInput");
}

pub(super) async fn one_slot_may_be_named_alone(town: Town) {
    let slot = town.slot("flu", 2).await;
    let reply = town.call("book", json!({"slotId": slot, "patient": ada()})).await;
    assert_eq!(reply["outcome"], "booked");
    let other = town.slot("flu", 3).await;
    let both = town.refused("book", json!({"slotId": other, "slotIds": [other], "patient": ada()})).await;
    assert_eq!(both.body["code"], "invalidRequest");
}

/// Somebody whom the service `intake` takes.
fn fit() -> Value {
    with(ada(), &json!({"birthDate": "1980-05-31", "consentId": "intake-1", "answers": {"allergies": "No"}}))
}

fn asked(reply: &Value) -> Vec<(String, String)> {
    assert_eq!(reply["outcome"], "needsInput", "{reply}");
    texts(&reply["fields"], "name").into_iter().zip(texts(&reply["fields"], "reason")).collect()
}

fn named(field: &str, reason: &str) -> (String, String) {
    (field.to_owned(), reason.to_owned())
}

pub(super) async fn a_consent_is_needed_where_there_is_one(town: Town) {
    let slot = town.slot("intake", 2).await;
    for consent in [json!(null), json!("intake-0")] {
        let reply = town
            .call("book", json!({"slotId": slot, "patient": with(fit(), &json!({"consentId": consent}))}))
            .await;
        assert_eq!(asked(&reply), [named("patient.consentId", "missing")]);
        assert!(reply["fields"][0]["text"].as_str().unwrap().contains("I agree to be examined"), "{reply}");
    }
    town.booked(&[slot], fit()).await;
}

pub(super) async fn questions_are_asked_and_answers_checked(town: Town) {
    let slot = town.slot("intake", 2).await;
    let book = |answers: Value, locale: &str| {
        town.call("book", json!({"slotId": slot, "patient": with(fit(), &json!({"answers": answers})), "locale": locale, "preview": true}))
    };
    assert_eq!(asked(&book(json!({}), "en").await), [named("patient.answers.allergies", "missing")]);
    let unsure = book(json!({"allergies": "Perhaps"}), "es").await;
    assert_eq!(asked(&unsure), [named("patient.answers.allergies", "invalid")]);
    assert_eq!(unsure["fields"][0]["options"], json!(["Sí", "No"]));
    assert!(unsure["fields"][0]["text"].as_str().unwrap().contains("¿Tiene alguna alergia?"), "{unsure}");
    // In whichever language, and free text where there are no options.
    for yes in ["Yes", "sí", " YES "] {
        assert_eq!(
            book(json!({"allergies": yes, "medicines": "Aspirin"}), "en").await["outcome"],
            "preview",
            "{yes}"
        );
    }
    let none = town
        .refused(
            "book",
            json!({"slotId": slot, "patient": with(fit(), &json!({"answers": {"height": "2 m"}}))}),
        )
        .await;
    assert_eq!(
        none.body["errors"][0]["field"], "patient.answers",
        "the scenario's mistake, not the patient's"
    );
}

/// The birth date of somebody of this age in two days, or not for another day.
fn born(years: i32, days_short: u64) -> String {
    use chrono::{Datelike, Days};
    let then = north(2) + Days::new(days_short);
    then.with_year(then.year() - years).unwrap_or(then - TimeDelta::days(365 * i64::from(years))).to_string()
}

pub(super) async fn an_age_outside_the_limits_is_not_eligible(town: Town) {
    let slot = town.slot("intake", 2).await;
    let book = |birth_date: String| {
        town.call("book", json!({"slotId": slot, "patient": with(fit(), &json!({"birthDate": birth_date})), "preview": true}))
    };
    let young = book(born(18, 1)).await;
    assert_eq!(
        (&young["outcome"], &young["reason"], &young["minAge"]),
        (&json!("notEligible"), &json!("tooYoung"), &json!(18))
    );
    assert_eq!(book(born(18, 0)).await["outcome"], "preview", "on the day itself");
    assert_eq!(book(born(66, 1)).await["outcome"], "preview", "still 65");
    let old = book(born(66, 0)).await;
    assert_eq!(
        (&old["outcome"], &old["reason"], &old["maxAge"]),
        (&json!("notEligible"), &json!("tooOld"), &json!(65))
    );
}

pub(super) async fn an_audience_is_kept_to(town: Town) {
    for (service, fits, reason) in [("children", 10, "childrenOnly"), ("adults", 40, "adultsOnly")] {
        let slot = town.slot(service, 2).await;
        let book = |age: i32| {
            let patient = with(ada(), &json!({"birthDate": born(age, 0)}));
            town.call("book", json!({"slotId": slot, "patient": patient, "preview": true}))
        };
        assert_eq!(book(fits).await["outcome"], "preview");
        let other = book(50 - fits).await;
        assert_eq!((&other["outcome"], &other["reason"]), (&json!("notEligible"), &json!(reason)));
        let ageless = town.call("book", json!({"slotId": slot, "patient": ada(), "preview": true})).await;
        assert_eq!(asked(&ageless), [named("patient.birthDate", "missing")]);
    }
}

pub(super) async fn a_practitioner_is_chosen_where_the_service_lets(town: Town) {
    // Optional: whoever is free, or the one chosen, whose slot is then gone while the other's is not.
    let chosen = json!({"locationId": town.site("north"), "serviceId": "checkup", "date": north(2), "practitionerId": "a"});
    let slot = id(&town.slots(chosen).await[20]);
    let reply = town.booked(std::slice::from_ref(&slot), ada()).await;
    assert_eq!(reply["appointments"][0]["practitioner"], "Dr. A");
    let taken = town.call("book", json!({"slotId": slot, "patient": grace()})).await;
    assert_eq!(taken["outcome"], "slotTaken");
    let anybody = town.free("checkup", 2).await;
    let same = anybody
        .iter()
        .find(|slot| slot["start"] == reply["appointments"][0]["start"])
        .expect("Dr. B is free");
    let with_b = town.booked(&[id(same)], grace()).await;
    assert_eq!(with_b["appointments"][0]["practitioner"], "Dr. B");
    // Required: asked for, before there are slots, and again at booking.
    let unsaid = json!({"locationId": town.site("north"), "serviceId": "chosen"});
    assert_eq!(asked(&town.call("get-slots", unsaid).await), [named("practitionerId", "missing")]);
    let unnamed = forged(&town, "north", "chosen", midnight(2), None);
    assert_eq!(
        asked(&town.call("book", json!({"slotId": unnamed, "patient": ada()})).await),
        [named("practitionerId", "missing")]
    );
    let said = json!({"locationId": town.site("north"), "serviceId": "chosen", "practitionerId": "b", "date": north(3)});
    let said = town.slots(said).await;
    assert_eq!(town.booked(&[id(&said[9])], ada()).await["appointments"][0]["practitioner"], "Dr. B");
    // None: a practitioner forged into the id of a slot whose service has no choice gets nobody's time twice.
    let nobody = forged(&town, "north", "flu", midnight(2), Some("b"));
    assert_eq!(
        town.call("book", json!({"slotId": nobody, "patient": ada()})).await["outcome"],
        "notBookable"
    );
}

pub(super) async fn a_broken_interval_is_told(town: Town) {
    let first = town.slot("covid", 3).await;
    for days in [4, 9, 18] {
        let second = town.slot("covid", days).await;
        let reply = town.call("book", json!({"slotIds": [first, second], "patient": ada()})).await;
        assert_eq!(reply["outcome"], "seriesInterval", "{reply}");
        assert_eq!(
            (&reply["dose"], &reply["minDays"], &reply["maxDays"]),
            (&json!(2), &json!(7), &json!(14))
        );
        let said = reply["say"].as_str().unwrap();
        assert!(said.contains('7') && said.contains("14"), "{said}");
    }
    let [first, second] = town.pair(3).await;
    let reversed = town.call("book", json!({"slotIds": [second, first], "patient": ada()})).await;
    assert_eq!(reversed["outcome"], "seriesInterval");
    assert_eq!(town.bookings("confirmed"), 0);
}

pub(super) async fn what_cannot_be_booked_says_why(town: Town) {
    let flu = town.slot("flu", 2).await;
    let [dose1, dose2] = town.pair(3).await;
    let west = json!({"locationId": town.site("west"), "serviceId": "covid", "date": north(13), "dose": 2});
    let west = id(&town.slots(west).await[3]);
    let minute = TimeDelta::minutes(1);
    let cases = [
        (vec![forged(&town, "north", "flu", midnight(-1), None)], "past"),
        (vec![forged(&town, "north", "guarded", midnight(2), None)], "tooSoon"),
        (vec![forged(&town, "north", "flu", midnight(61), None)], "tooFar"),
        (vec![forged(&town, "north", "flu", midnight(2) + minute, None)], "noSuchSlot"),
        (vec![forged(&town, "west", "flu", midnight(2), None)], "noSuchSlot"),
        (vec![forged(&town, "nowhere", "flu", midnight(2), None)], "noSuchSlot"),
        (vec![forged(&town, "north", "nothing", midnight(2), None)], "noSuchSlot"),
        (vec![forged(&town, "north", "checkup", midnight(2), Some("nobody"))], "noSuchSlot"),
        (vec!["s1.eyJub3QiOiJvdXJzIn0".to_owned()], "noSuchSlot"),
        (vec![flu[..flu.len() - 5].to_owned()], "noSuchSlot"),
        (vec![dose1.clone()], "wrongSlots"),
        (vec![dose1.clone(), dose2.clone(), dose2.clone()], "wrongSlots"),
        (vec![flu.clone(), flu.clone()], "wrongSlots"),
        (vec![dose1.clone(), flu.clone()], "wrongSlots"),
        (vec![dose1, west], "wrongSlots"),
        (vec![forged(&town, "page", "flu", midnight(2), None)], "bookElsewhere"),
    ];
    for (slots, reason) in cases {
        let reply = town.call("book", json!({"slotIds": slots, "patient": ada()})).await;
        assert_eq!(
            (&reply["outcome"], &reply["reason"]),
            (&json!("notBookable"), &json!(reason)),
            "{slots:?}: {reply}"
        );
    }
    assert_eq!(town.host.documents("booking/"), []);
    let foreign = town.refused("book", json!({"slotId": "8a51f7", "patient": ada()})).await;
    assert_eq!(foreign.body["errors"][0]["field"], "slotId");
}

pub(super) async fn a_contact_has_only_so_many_open_bookings(town: Town) {
    let slots = town.free("flu", 2).await;
    let mut last = Value::Null;
    for slot in &slots[10..13] {
        last = town.booked(&[id(slot)], ada()).await;
    }
    let more = json!({"slotId": id(&slots[20]), "patient": ada()});
    let reply = town.call("book", more.clone()).await;
    assert_eq!(reply["outcome"], "tooManyBookings", "{reply}");
    assert!(reply["say"].as_str().unwrap().contains('3'), "{reply}");
    assert!(
        town.free("flu", 2).await.iter().any(|slot| id(slot) == id(&slots[20])),
        "its slot is free again"
    );
    let preview = with(more.clone(), &json!({"preview": true}));
    assert_eq!(town.call("book", preview).await["outcome"], "tooManyBookings", "before it is confirmed");
    // Any of the contacts counts, and another person is not concerned.
    let same_phone =
        json!({"slotId": id(&slots[21]), "patient": {"name": "Bea Quill", "phone": "518-555-0123"}});
    assert_eq!(town.call("book", same_phone).await["outcome"], "tooManyBookings");
    town.booked(&[id(&slots[22])], grace()).await;
    // Cancelling makes room.
    assert_eq!(town.call("cancel", adas(&last)).await["outcome"], "cancelled");
    assert_eq!(town.call("book", more).await["outcome"], "booked");
}

pub(super) async fn a_request_id_gets_the_same_answer_again(town: Town) {
    let slot = town.slot("flu", 2).await;
    let body = json!({"slotId": slot, "patient": ada(), "requestId": "again-and-again"});
    let first = town.call("book", body.clone()).await;
    assert_eq!(first["outcome"], "booked");
    for _ in 0..3 {
        assert_eq!(town.call("book", body.clone()).await, first);
    }
    // The header says the same.
    let slot = town.slot("flu", 3).await;
    let body = json!({"slotId": slot, "patient": ada()});
    let mut codes = BTreeSet::new();
    for _ in 0..2 {
        let call = town
            .host
            .client()
            .post(town.host.url("/api/book"))
            .header("Idempotency-Key", "\"by-header\"")
            .json(&body);
        let reply: Value = call.send().await.unwrap().json().await.unwrap();
        assert_eq!(reply["requestId"], "by-header", "{reply}");
        codes.insert(reply["confirmationCode"].as_str().expect("a code").to_owned());
    }
    assert_eq!(codes.len(), 1);
    assert_eq!(town.bookings("confirmed"), 2);
}

pub(super) async fn a_request_id_with_other_contents_is_refused(town: Town) {
    let (slot, other) = (town.slot("flu", 2).await, town.slot("flu", 3).await);
    let body = json!({"slotId": slot, "patient": ada(), "requestId": "mine"});
    assert_eq!(town.call("book", body.clone()).await["outcome"], "booked");
    for otherwise in [
        json!({"slotId": other}),
        json!({"patient": grace()}),
        json!({"patient": with(ada(), &json!({"name": "Bea Quill"}))}),
        json!({"patient": with(ada(), &json!({"birthDate": "2015-01-01"}))}),
    ] {
        let reply = town.refused("book", with(body.clone(), &otherwise)).await;
        assert_eq!((reply.status, &reply.body["code"]), (400, &json!("invalidRequest")));
        assert_eq!(reply.body["errors"][0]["field"], "requestId");
        assert!(!reply.body.to_string().contains("mine"), "{}", reply.body);
    }
    // Notes are not what makes a request another one.
    let noted = with(body, &json!({"patient": with(ada(), &json!({"notes": "on a wheelchair"}))}));
    assert_eq!(town.call("book", noted).await["outcome"], "booked");
    assert_eq!(town.bookings("confirmed"), 1);
}

pub(super) async fn a_repeated_invocation_gets_the_same_code(town: Town) {
    let slot = town.slot("flu", 2).await;
    let body = json!({"slotId": slot, "patient": ada()});
    let invocation = invocation();
    let first = town.call_as(&invocation, "book", body.clone()).await;
    assert_eq!(town.call_as(&invocation, "book", body.clone()).await, first);
    // Another call for the same, soon after, is somebody who lost the answer.
    let soon = town.call("book", body.clone()).await;
    assert_eq!(soon["confirmationCode"], first["confirmationCode"]);
    assert_eq!(town.bookings("confirmed"), 1);
    // The host's late repeat of a booking that was cancelled since books nothing.
    assert_eq!(town.call("cancel", adas(&first)).await["outcome"], "cancelled");
    assert_eq!(town.call_as(&invocation, "book", body.clone()).await["outcome"], "alreadyCancelled");
    assert_eq!(town.bookings("confirmed"), 0);
    // The patient, who changes their mind, books anew.
    let anew = town.call("book", body).await;
    assert_eq!(anew["outcome"], "booked");
    assert_ne!(anew["confirmationCode"], first["confirmationCode"]);
}

pub(super) async fn a_taken_slot_comes_with_alternatives(town: Town) {
    let slots = town.free("flu", 2).await;
    town.booked(&[id(&slots[30])], ada()).await;
    let reply = town.call("book", json!({"slotId": id(&slots[30]), "patient": grace()})).await;
    assert_eq!(reply["outcome"], "slotTaken");
    assert_eq!(reply["taken"], json!([1]));
    let near: Vec<String> = [28, 29, 31, 32].iter().map(|near: &usize| id(&slots[*near])).collect();
    let offered = texts(&reply["alternatives"], "id");
    assert!(near.iter().all(|near| offered.contains(near)), "the nearest: {reply}");
    assert!(!offered.contains(&id(&slots[30])));
    let pick = town.booked(&offered[..1], grace()).await;
    assert_eq!(pick["outcome"], "booked");
}

pub(super) async fn a_series_with_a_taken_dose_books_nothing(town: Town) {
    let [first, second] = town.pair(3).await;
    // Both practitioners are taken at the time of the second dose.
    for patient in [ada(), grace()] {
        let mut body = json!({"slotIds": [second], "dose": 2, "patient": patient});
        body["requestId"] = body["patient"]["name"].clone();
        assert_eq!(town.call("book", body).await["outcome"], "booked");
    }
    let before = town.free("covid", 3).await;
    let reply = town
        .call(
            "book",
            json!({"slotIds": [first, second], "patient": {"name": "Third", "email": "t@example.org"}}),
        )
        .await;
    assert_eq!((&reply["outcome"], &reply["taken"]), (&json!("slotTaken"), &json!([2])));
    assert_eq!(town.free("covid", 3).await, before, "the first dose is as free as before");
    assert_eq!(town.bookings("confirmed"), 2);
    let said = reply["say"].as_str().unwrap();
    assert!(
        said.contains('2') && said.to_lowercase().contains("nothing"),
        "it says which, and that nothing was booked: {said}"
    );
    let alternatives = reply["alternatives"].as_array().unwrap();
    assert!(!alternatives.is_empty(), "{reply}");
    for other in alternatives {
        assert_eq!(other["dose"], 2);
        let days = (instant(&other["start"]) - instant(&before[0]["start"])).num_days();
        assert!((7..=14).contains(&days), "fits the dose that is kept: {other}");
    }
    let both = [first, id(&alternatives[0])];
    let reply = town.booked(&both, json!({"name": "Third", "email": "t@example.org"})).await;
    assert_eq!(starts(&reply).len(), 2);
}

pub(super) async fn two_children_with_one_phone_are_two_bookings(town: Town) {
    let slot = town.slot("class", 2).await;
    let child = |name: &str| json!({"name": name, "phone": "+1 518 555 0123", "birthDate": "2015-04-01"});
    let (one, other) = (
        town.booked(std::slice::from_ref(&slot), child("Tim")).await,
        town.booked(&[slot], child("Tom")).await,
    );
    assert_ne!(one["confirmationCode"], other["confirmationCode"]);
    assert_eq!(town.bookings("confirmed"), 2);
}

pub(super) async fn blanks_and_texts_from_cards_are_understood(town: Town) {
    let slot = town.slot("flu", 2).await;
    let blanks = json!({
        "slotIds": null, "slotId": slot, "dose": "1", "requestId": "", "preview": "true", "locale": "", "notify": null,
        "patient": {"name": " Ada  Quill ", "givenName": "", "familyName": null, "email": "ADA@example.org ", "phone": "",
            "birthDate": "", "notes": "", "answers": {}, "consentId": ""},
        "bookedBy": {"name": "", "relation": ""},
    });
    let preview = town.call("book", blanks.clone()).await;
    assert_eq!(preview["outcome"], "preview", "{preview}");
    let reply = town.call("book", with(blanks, &json!({"preview": "false"}))).await;
    assert_eq!(reply["outcome"], "booked", "{reply}");
    let limited = json!({"locationId": town.site("north"), "serviceId": "flu", "limit": "2", "date": "", "cursor": "", "after": "", "dose": ""});
    assert_eq!(town.call("get-slots", limited).await["slots"].as_array().unwrap().len(), 2);
    let near = json!({"near": {"latitude": "47.61", "longitude": "-122.33", "postalCode": ""}, "limit": "1"});
    assert_eq!(texts(&town.call("get-locations", near).await["locations"], "id"), [town.site("west")]);
}
