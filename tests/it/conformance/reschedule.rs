//! Moving a booking: to free slots, all of it or nothing, with the old place kept until the new one is sure.
//!
//! A provider that cannot move an appointment says so with the appointment and when asked; nothing is then
//! changed.

use serde_json::{Value, json};

use super::town::{Town, ada, adas, grace, id, instant, north, starts, statuses, with};

fn to(booking: &Value, slots: &[String]) -> Value {
    with(adas(booking), &json!({"slotIds": slots}))
}

/// What a provider that cannot move appointments answers to any wish to.
async fn stays(town: &Town, booking: &Value, slots: &[String]) {
    assert_eq!(booking["appointments"][0]["canReschedule"], false);
    let reply = town.call("reschedule", to(booking, slots)).await;
    assert_eq!((&reply["outcome"], &reply["reason"]), (&json!("notBookable"), &json!("refused")));
    assert_eq!(town.call("get-appointment", adas(booking)).await["appointments"], booking["appointments"]);
}

pub(super) async fn one_appointment_moves(town: Town) {
    let before = town.free("flu", 2).await;
    let booking = town.one("flu", 2).await;
    let target = town.slot("flu", 4).await;
    if !town.can.reschedule {
        return stays(&town, &booking, &[target]).await;
    }
    let reply = town.call("reschedule", to(&booking, std::slice::from_ref(&target))).await;
    assert_eq!(reply["outcome"], "rescheduled", "{reply}");
    assert_eq!(reply["confirmationCode"], booking["confirmationCode"], "the code stays");
    assert_ne!(starts(&reply), starts(&booking));
    assert_eq!(town.free("flu", 2).await, before, "the old slot is offered again");
    assert!(!town.free("flu", 4).await.iter().any(|slot| id(slot) == target), "the new one is not");
    let found = town.call("get-appointment", adas(&booking)).await;
    assert_eq!((starts(&found), statuses(&found)), (starts(&reply), vec!["booked".to_owned()]));
}

pub(super) async fn a_whole_series_moves(town: Town) {
    let booking = town.booked(&town.pair(3).await, ada()).await;
    let targets = town.pair(6).await;
    if !town.can.reschedule {
        return stays(&town, &booking, &targets).await;
    }
    let reply = town.call("reschedule", to(&booking, &targets)).await;
    assert_eq!(reply["outcome"], "rescheduled", "{reply}");
    assert_eq!(statuses(&reply), ["booked", "booked"]);
    let days = (instant(&reply["appointments"][0]["start"]) - instant(&booking["appointments"][0]["start"]))
        .num_hours();
    assert!((70..=74).contains(&days), "three days later: {reply}");
}

pub(super) async fn one_dose_of_a_series_moves_within_its_interval(town: Town) {
    let booking = town.booked(&town.pair(3).await, ada()).await;
    let target = town.slot("covid", 14).await;
    if !town.can.reschedule {
        return stays(&town, &booking, &[target]).await;
    }
    let reply = town.call("reschedule", with(to(&booking, &[target]), &json!({"dose": 2}))).await;
    assert_eq!(reply["outcome"], "rescheduled", "{reply}");
    assert_eq!(starts(&reply)[0], starts(&booking)[0], "the first dose stays");
    assert_ne!(starts(&reply)[1], starts(&booking)[1]);
}

pub(super) async fn a_broken_interval_moves_nothing(town: Town) {
    let booking = town.booked(&town.pair(3).await, ada()).await;
    for (dose, days) in [(2, 20), (2, 5), (1, 8)] {
        let target = town.slot("covid", days).await;
        let reply = town.call("reschedule", with(to(&booking, &[target]), &json!({"dose": dose}))).await;
        assert_eq!(reply["outcome"], "seriesInterval", "{reply}");
    }
    let flu = town.slot("flu", 4).await;
    let other = town.call("reschedule", with(to(&booking, &[flu]), &json!({"dose": 1}))).await;
    assert_eq!((&other["outcome"], &other["reason"]), (&json!("notBookable"), &json!("wrongSlots")));
    let found = town.call("get-appointment", adas(&booking)).await;
    assert_eq!(found["appointments"], booking["appointments"]);
}

pub(super) async fn a_taken_slot_leaves_the_old_place(town: Town) {
    let booking = town.one("flu", 2).await;
    let target = town.slot("flu", 4).await;
    town.booked(std::slice::from_ref(&target), grace()).await;
    let before = town.written().await;
    let reply = town.call("reschedule", to(&booking, &[target])).await;
    assert_eq!((&reply["outcome"], &reply["taken"]), (&json!("slotTaken"), &json!([1])), "{reply}");
    assert!(!reply["alternatives"].as_array().unwrap().is_empty());
    let found = town.call("get-appointment", adas(&booking)).await;
    assert_eq!(found["appointments"], booking["appointments"], "exactly as it was");
    let days = |documents: Vec<(String, Value)>| -> Vec<(String, Value)> {
        documents.into_iter().filter(|(key, _)| key.starts_with("day/")).collect()
    };
    assert_eq!(days(town.written().await), days(before));
}

pub(super) async fn a_preview_of_moving_writes_nothing(town: Town) {
    let booking = town.one("flu", 2).await;
    let target = town.slot("flu", 4).await;
    let before = town.written().await;
    let preview = town
        .call("reschedule", with(to(&booking, std::slice::from_ref(&target)), &json!({"preview": true})))
        .await;
    assert_eq!(preview["outcome"], "preview", "{preview}");
    assert_ne!(starts(&preview), starts(&booking), "it shows where it would be");
    assert_eq!(town.written().await, before);
    if !town.can.reschedule {
        return stays(&town, &booking, &[target]).await;
    }
    let named = with(to(&booking, &[target]), &json!({"requestId": preview["requestId"]}));
    let moved = town.call("reschedule", named).await;
    assert_eq!((&moved["outcome"], starts(&moved)), (&json!("rescheduled"), starts(&preview)));
}

pub(super) async fn a_repeated_move_is_answered_again(town: Town) {
    let booking = town.one("flu", 2).await;
    let target = town.slot("flu", 4).await;
    if !town.can.reschedule {
        return stays(&town, &booking, &[target]).await;
    }
    for id in [json!("m1"), json!(null)] {
        let target = town.slot("flu", if id.is_null() { 5 } else { 4 }).await;
        let body = with(to(&booking, &[target]), &json!({"requestId": id}));
        let first = town.call("reschedule", body.clone()).await;
        assert_eq!(first["outcome"], "rescheduled", "{first}");
        assert_eq!(town.call("reschedule", body).await, first);
    }
}

pub(super) async fn a_move_stays_with_whom_the_patient_chose(town: Town) {
    for service in ["checkup", "chosen"] {
        let site = json!({"locationId": town.site("north"), "serviceId": service, "date": north(3)});
        let chosen = town.slots(with(site.clone(), &json!({"practitionerId": "b"}))).await;
        let booking = town.booked(&[id(&chosen[0])], ada()).await;
        let there = town.slots(with(site, &json!({"move": adas(&booking)}))).await;
        assert!(there.iter().all(|slot| slot["remaining"] == 1), "{service}: only with Dr. B");
        if town.can.reschedule {
            let moved = town.call("reschedule", to(&booking, &[id(&there[4])])).await;
            assert_eq!(moved["outcome"], "rescheduled", "{moved}");
            assert_eq!(moved["appointments"][0]["practitioner"], "Dr. B");
        }
    }
}

pub(super) async fn slots_for_a_move_of_a_whole_series_are_those_of_a_new_one(town: Town) {
    let booking = town.booked(&town.pair(3).await, ada()).await;
    let search = |more: Value| {
        let asked = json!({"locationId": town.site("north"), "serviceId": "covid", "move": adas(&booking)});
        town.slots(with(asked, &more))
    };
    // Far from where the second dose stands now.
    let first = search(json!({"date": north(20)})).await;
    assert!(first.iter().all(|slot| slot["dose"] == 1));
    let second = search(json!({"dose": 2, "after": first[4]["id"]})).await;
    assert!(second.iter().all(|slot| slot["dose"] == 2));
    assert_eq!(second[0]["date"], json!(north(27)), "the window counts from the new first dose");
    if town.can.reschedule {
        let targets = [id(&first[4]), id(&second[4])];
        let reply = town.call("reschedule", to(&booking, &targets)).await;
        assert_eq!(reply["outcome"], "rescheduled", "{reply}");
    }
}

pub(super) async fn slots_for_a_move_fit_the_other_doses(town: Town) {
    let booking = town.booked(&town.pair(10).await, ada()).await;
    let search = |dose: u64| {
        let moving = with(adas(&booking), &json!({"dose": dose}));
        town.slots(json!({"locationId": town.site("north"), "serviceId": "covid", "move": moving}))
    };
    for (dose, from, to) in [(1, 6, 13), (2, 17, 24)] {
        let slots = search(dose).await;
        assert!(slots.iter().all(|slot| slot["dose"] == dose));
        let (first, last) = (&slots[0]["date"], &slots[slots.len() - 1]["date"]);
        assert_eq!((first, last), (&json!(north(from)), &json!(north(to))), "dose {dose}");
        // Its own place is no obstacle.
        let own = &booking["appointments"][usize::try_from(dose - 1).unwrap()]["start"];
        let there = slots.iter().find(|slot| slot["start"] == *own).expect("its own place");
        assert_eq!(there["remaining"], 2);
    }
    let wrong =
        json!({"confirmationCode": booking["confirmationCode"], "contact": {"email": "eve@example.org"}});
    let reply = town
        .call("get-slots", json!({"locationId": town.site("north"), "serviceId": "covid", "move": wrong}))
        .await;
    assert_eq!(reply["outcome"], "notFound");
}
