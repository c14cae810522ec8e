//! Opening a booking: with its code and a contact, however they are typed, and not by guessing.

use serde_json::{Value, json};

use super::town::{Town, ada, adas, proof, statuses, with};

async fn outcome(town: &Town, proof: Value) -> String {
    let reply = town.call("get-appointment", proof).await;
    reply["outcome"].as_str().expect("an outcome").to_owned()
}

pub(super) async fn a_booking_is_found_by_any_of_its_contacts(town: Town) {
    let slot = town.slot("flu", 2).await;
    let booking = town.booked(&[slot], with(ada(), &json!({"birthDate": "1980-05-31"}))).await;
    for contact in [
        json!({"email": "ada@example.org"}),
        json!({"email": " ADA@Example.Org"}),
        json!({"phone": "+1 518 555 0123"}),
        json!({"birthDate": "1980-05-31"}),
        json!({"birthDate": "5/31/1980"}),
    ] {
        let found = town.call("get-appointment", proof(&booking, &contact)).await;
        assert_eq!(found["outcome"], "found", "{contact}");
        assert_eq!(found["appointments"], booking["appointments"]);
        assert_eq!(found["confirmationCode"], booking["confirmationCode"]);
    }
    // One that is right is not enough beside one that is wrong... but what cannot be read is not given.
    assert_eq!(outcome(&town, proof(&booking, &json!({"birthDate": "1980-06-01"}))).await, "notFound");
}

pub(super) async fn a_code_is_forgiven_its_spelling(town: Town) {
    // Until there is a code with a 0 or a 1 in it: one in two has.
    let slots = town.free("class", 2).await;
    let mut codes = Vec::new();
    for slot in slots.iter().take(12) {
        let booking = town.booked(&[super::town::id(slot)], ada()).await;
        codes.push(booking["confirmationCode"].as_str().unwrap().to_owned());
        if codes.iter().any(|code| code.contains(['0', '1'])) {
            break;
        }
    }
    let code = codes.pop().expect("a code");
    let spellings = [
        code.clone(),
        code.to_lowercase(),
        code.replace('-', ""),
        format!("  {} ", code.replace('-', " ")),
        code.replace('0', "O").replace('1', "I"),
        code.replace('0', "o").replace('1', "l"),
        code.replace('-', "–"),
    ];
    for spelling in spellings {
        let given = json!({"confirmationCode": spelling, "contact": {"email": "ada@example.org"}});
        assert_eq!(outcome(&town, given).await, "found", "`{spelling}` for `{code}`");
    }
}

pub(super) async fn a_national_number_is_the_international_one(town: Town) {
    let booking = town.one("flu", 2).await;
    for phone in ["518 555 0123", "(518) 555-0123", "1-518-555-0123", "+15185550123", "001 518 555 0123"] {
        let given = outcome(&town, proof(&booking, &json!({"phone": phone}))).await;
        // An American does not dial 001: that one is a French habit, and may be asked for again.
        let asked = phone.starts_with("001") && given == "needsInput";
        assert!(given == "found" || asked, "{phone}: {given}");
    }
    let lyon = json!({"locationId": town.site("lyon"), "serviceId": "flu"});
    let slot = super::town::id(&town.slots(lyon).await[5]);
    let french = town.booked(&[slot], json!({"name": "Zoé Martin", "phone": "04 72 00 00 00"})).await;
    for phone in ["+33 4 72 00 00 00", "0472000000"] {
        assert_eq!(outcome(&town, proof(&french, &json!({"phone": phone}))).await, "found", "{phone}");
    }
}

pub(super) async fn too_many_wrong_contacts_close_the_booking(town: Town) {
    let booking = town.one("flu", 2).await;
    for guess in 0..5 {
        let wrong = proof(&booking, &json!({"phone": format!("+1 518 555 01{guess}9")}));
        assert_eq!(outcome(&town, wrong).await, "notFound", "guess {guess}");
    }
    for function in ["get-appointment", "cancel"] {
        let reply = town.call(function, adas(&booking)).await;
        assert_eq!(reply["outcome"], "tooManyAttempts", "also with the right contact");
        let wait = reply["wayOn"]["retryAfterSeconds"].as_u64().expect("how long");
        assert!((1..=16 * 60).contains(&wait), "{wait}");
    }
    // A contact that guesses at many codes is stopped too, found or not.
    for guess in 0..5 {
        let wrong = json!({"confirmationCode": format!("AAAAA-0000{guess}"), "contact": {"email": "eve@example.org"}});
        assert_eq!(outcome(&town, wrong).await, "notFound");
    }
    let sixth = json!({"confirmationCode": "AAAAA-00009", "contact": {"email": "eve@example.org"}});
    assert_eq!(outcome(&town, sixth).await, "tooManyAttempts");
    assert_eq!(town.bookings("confirmed"), 1);
}

pub(super) async fn a_cancelled_booking_is_still_shown(town: Town) {
    let booking = town.one("flu", 2).await;
    town.call("cancel", adas(&booking)).await;
    let found = town.call("get-appointment", adas(&booking)).await;
    assert_eq!(found["outcome"], "found");
    assert_eq!(statuses(&found), ["cancelled"]);
    assert_eq!(
        (&found["appointments"][0]["canCancel"], &found["appointments"][0]["canReschedule"]),
        (&json!(false), &json!(false))
    );
}
