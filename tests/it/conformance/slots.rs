//! When a patient can come.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Days, NaiveDate, Offset, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::town::{CLOSED_IN, Town, ada, day, id, instant, north, now, texts, with};

fn dates(slots: &[Value]) -> BTreeSet<NaiveDate> {
    slots.iter().map(|slot| slot["date"].as_str().expect("a date").parse().expect("a date")).collect()
}

fn hours(slots: &[Value], zone: Tz) -> BTreeSet<u32> {
    slots.iter().map(|slot| instant(&slot["start"]).with_timezone(&zone).hour()).collect()
}

fn search(town: &Town, service: &str) -> Value {
    json!({"locationId": town.site("north"), "serviceId": service, "limit": 1000})
}

/// Ids of the slots of `all` for which `wanted` is true.
fn chosen(all: &[Value], wanted: impl Fn(&Value) -> bool) -> Vec<String> {
    all.iter().filter(|slot| wanted(slot)).map(id).collect()
}

fn ids(slots: &[Value]) -> Vec<String> {
    slots.iter().map(id).collect()
}

pub(super) async fn a_default_search_covers_fourteen_days(town: Town) {
    let asked = now();
    let reply = town.call("get-slots", search(&town, "class")).await;
    assert_eq!(reply["outcome"], "ok");
    assert_eq!(reply["timeZone"], "America/New_York");
    assert_eq!(reply["stale"], false);
    let slots = reply["slots"].as_array().unwrap();
    let found = dates(slots);
    assert!(*found.first().unwrap() >= north(0) && *found.last().unwrap() == north(13), "{found:?}");
    assert!(found.len() >= 13, "{found:?}");
    assert!(slots.iter().all(|slot| instant(&slot["start"]) > asked), "nothing of the past is offered");
    assert!(slots.windows(2).all(|pair| instant(&pair[0]["start"]) < instant(&pair[1]["start"])), "in order");
    for slot in slots {
        assert_eq!(instant(&slot["end"]) - instant(&slot["start"]), chrono::TimeDelta::minutes(60));
        assert_eq!((&slot["dose"], &slot["remaining"]), (&json!(1), &json!(3)));
    }
    for told in reply["days"].as_array().unwrap() {
        let on = slots.iter().filter(|slot| slot["date"] == told["date"]).count();
        assert_eq!(told["slots"], on, "{told}");
    }
    assert_eq!(texts(&reply["days"], "date").len(), found.len());
    // Twenty at a time unless asked otherwise, and the days are of the whole search.
    let page = town.call("get-slots", json!({"locationId": town.site("north"), "serviceId": "class"})).await;
    assert_eq!(page["slots"].as_array().unwrap().len(), 20);
    assert_eq!(texts(&page["days"], "date"), texts(&reply["days"], "date"));
    assert!(page["cursor"].is_string());
}

pub(super) async fn a_date_is_a_day_at_the_site(town: Town) {
    let slots = town.free("flu", 3).await;
    assert_eq!(slots.len(), 72, "every 20 minutes around the clock");
    assert_eq!(dates(&slots), BTreeSet::from([north(3)]));
    // The day of an instant is the day it says.
    let instant = format!("{}T23:30:00-05:00", north(3));
    let same = town.slots(with(search(&town, "flu"), &json!({"date": instant}))).await;
    assert_eq!(ids(&same), ids(&slots));
}

pub(super) async fn a_span_of_dates_and_of_instants(town: Town) {
    let span = town.slots(with(search(&town, "flu"), &json!({"from": north(2), "to": north(4)}))).await;
    assert_eq!(dates(&span), BTreeSet::from([north(2), north(3), north(4)]));
    assert_eq!(span.len(), 3 * 72);
    let (from, to) = (&span[10]["start"], &span[40]["start"]);
    let within = town.slots(with(search(&town, "flu"), &json!({"from": from, "to": to}))).await;
    assert_eq!(ids(&within), ids(&span[10..40]), "from is included, to is not");
    let open = town.slots(with(search(&town, "class"), &json!({"from": north(20)}))).await;
    assert_eq!((*dates(&open).first().unwrap(), *dates(&open).last().unwrap()), (north(20), north(33)));
}

pub(super) async fn words_for_days_are_days_at_the_site(town: Town) {
    let all = town.slots(with(search(&town, "class"), &json!({"from": north(0), "to": north(20)}))).await;
    let today = north(0);
    let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
    let week = |date: NaiveDate, from: u64, days: u64| {
        date >= monday + Days::new(from) && date < monday + Days::new(from + days)
    };
    for word in ["today", "tomorrow", "thisWeek", "nextWeek", "weekend"] {
        let found = town.slots(with(search(&town, "class"), &json!({"when": word}))).await;
        let expected = chosen(&all, |slot| {
            let date: NaiveDate = slot["date"].as_str().unwrap().parse().unwrap();
            match word {
                "today" => date == today,
                "tomorrow" => date == north(1),
                "thisWeek" => week(date, 0, 7),
                "nextWeek" => week(date, 7, 7),
                _ => week(date, 5, 2),
            }
        });
        assert_eq!(ids(&found), expected, "{word}");
    }
}

pub(super) async fn parts_of_the_day_are_by_the_sites_clock(town: Town) {
    let zone = Town::zone("north");
    for (part, expected) in [("morning", 0..12), ("afternoon", 12..17), ("evening", 17..24)] {
        let found =
            town.slots(with(search(&town, "class"), &json!({"date": north(2), "partOfDay": part}))).await;
        assert_eq!(hours(&found, zone), expected.collect(), "{part}");
    }
}

pub(super) async fn a_practitioner_narrows_the_search(town: Town) {
    let both = town.free("checkup", 2).await;
    assert!(both.iter().all(|slot| slot["remaining"] == 2), "{both:?}");
    let narrowed = with(search(&town, "checkup"), &json!({"date": north(2), "practitionerId": "b"}));
    let one = town.slots(narrowed).await;
    assert!(one.iter().all(|slot| slot["remaining"] == 1), "{one:?}");
    let booked = town.booked(&[id(&one[4])], ada()).await;
    assert_eq!(booked["appointments"][0]["practitioner"], "Dr. B");
    let nobody = with(search(&town, "checkup"), &json!({"date": north(2), "practitionerId": "z"}));
    assert_eq!(town.call("get-slots", nobody).await["outcome"], "noSlots");
}

pub(super) async fn a_later_dose_is_within_its_window(town: Town) {
    let first = town.slot("covid", 3).await;
    for after in [json!(first), json!(north(3))] {
        let body = with(search(&town, "covid"), &json!({"dose": 2, "after": after}));
        let slots = town.slots(body).await;
        let found = dates(&slots);
        assert_eq!((*found.first().unwrap(), *found.last().unwrap()), (north(10), north(17)));
        assert!(slots.iter().all(|slot| slot["dose"] == 2));
    }
    let narrowed =
        with(search(&town, "covid"), &json!({"dose": 2, "after": first, "from": north(16), "to": north(30)}));
    assert_eq!(dates(&town.slots(narrowed).await), BTreeSet::from([north(16), north(17)]));
    let outside = with(search(&town, "covid"), &json!({"dose": 2, "after": first, "date": north(4)}));
    let outside = town.call("get-slots", outside).await;
    assert_eq!(outside["outcome"], "noSlots", "{outside}");
    let third = with(search(&town, "covid"), &json!({"dose": 3}));
    let third = town.refused("get-slots", third).await;
    assert_eq!(third.body["errors"][0]["field"], "dose");
}

pub(super) async fn a_first_dose_is_offered_only_where_a_second_can_follow(town: Town) {
    let late = json!({"from": north(48), "to": north(70)});
    let first = town.slots(with(search(&town, "covid"), &late)).await;
    assert_eq!(*dates(&first).last().unwrap(), north(53), "seven days before the end of the calendar");
    let second = town.slots(with(with(search(&town, "covid"), &late), &json!({"dose": 2}))).await;
    assert_eq!(*dates(&second).last().unwrap(), north(60));
}

pub(super) async fn a_cursor_walks_every_slot_once(town: Town) {
    let whole = json!({
        "locationIds": [town.site("north"), town.site("west")], "serviceId": "class", "from": north(1), "to": north(3),
    });
    let all = town.slots(whole.clone()).await;
    let mut body = with(whole, &json!({"limit": 7}));
    let mut walked = Vec::new();
    loop {
        let reply = town.call("get-slots", body.clone()).await;
        let page = texts(&reply["slots"], "id");
        assert!(!page.is_empty() && page.len() <= 7);
        walked.extend(page);
        // What is booked meanwhile moves nothing.
        if walked.len() == 7 {
            town.booked(&[walked[0].clone()], ada()).await;
        }
        if reply["cursor"].is_null() {
            break;
        }
        body = with(body, &json!({"cursor": reply["cursor"]}));
    }
    assert_eq!(walked, ids(&all));
}

pub(super) async fn a_time_zone_moves_labels_and_offsets(town: Town) {
    let asked = with(search(&town, "flu"), &json!({"date": north(3), "timeZone": "Asia/Kolkata"}));
    let there = town.call("get-slots", asked).await;
    let here = town.call("get-slots", with(search(&town, "flu"), &json!({"date": north(3)}))).await;
    assert_eq!(there["timeZone"], "Asia/Kolkata");
    assert_eq!(texts(&there["slots"], "id"), texts(&here["slots"], "id"), "the same slots");
    let (there, here) = (&there["slots"][0], &here["slots"][0]);
    assert_eq!(instant(&there["start"]), instant(&here["start"]));
    assert!(there["start"].as_str().unwrap().ends_with("+05:30"));
    assert_ne!(there["label"], here["label"]);
}

pub(super) async fn the_soonest_of_several_sites_are_first(town: Town) {
    let sites = [town.site("west"), town.site("north"), town.site("page")];
    let body =
        json!({"locationIds": sites, "serviceId": "flu", "from": north(1), "to": north(1), "limit": 1000});
    let reply = town.call("get-slots", body).await;
    let slots = reply["slots"].as_array().unwrap();
    assert!(slots.windows(2).all(|pair| instant(&pair[0]["start"]) <= instant(&pair[1]["start"])));
    let found: BTreeSet<&str> = slots.iter().filter_map(|slot| slot["locationId"].as_str()).collect();
    assert_eq!(
        found,
        BTreeSet::from([sites[0].as_str(), sites[1].as_str()]),
        "those that can be booked here"
    );
    let title = reply["menus"]["slots"]["titles"][0].as_str().unwrap();
    assert!(title.contains("Clinic"), "titles tell the sites apart: {title}");
}

pub(super) async fn nothing_on_a_day_comes_with_alternatives(town: Town) {
    let closed = day(Town::zone("west"), CLOSED_IN);
    let body = json!({"locationId": town.site("west"), "serviceId": "flu", "date": closed});
    let reply = town.call("get-slots", body).await;
    assert_eq!(reply["outcome"], "noSlots");
    assert_eq!(reply["slots"], json!([]));
    let others = reply["alternatives"].as_array().unwrap();
    assert!(!others.is_empty() && others.len() <= 5, "{reply}");
    for other in others {
        let date: NaiveDate = other["date"].as_str().unwrap().parse().unwrap();
        assert!((date - closed).num_days().abs() == 1, "the nearest: {other}");
    }
    assert_eq!(reply["wayOn"]["phone"], "+1 503 555 0100");
}

pub(super) async fn what_is_not_there_is_said(town: Town) {
    let nowhere = json!({"locationId": town.site("nowhere"), "serviceId": "flu"});
    assert_eq!(town.call("get-slots", nowhere).await["outcome"], "unknownLocation");
    let nothing = json!({"locationId": town.site("north"), "serviceId": "nothing"});
    assert_eq!(town.call("get-slots", nothing).await["outcome"], "unknownService");
    // Of several, the one that is there answers.
    let several = json!({"locationIds": [town.site("nowhere"), town.site("north")], "serviceId": "flu"});
    assert_eq!(town.call("get-slots", several).await["outcome"], "ok");
}

pub(super) async fn a_site_without_chat_says_where_to_book(town: Town) {
    let body = json!({"locationId": town.site("page"), "serviceId": "flu"});
    let reply = town.call("get-slots", body).await;
    assert_eq!(reply["outcome"], "bookElsewhere");
    assert_eq!(reply["wayOn"]["bookingPage"], "https://example.org/page");
    assert_eq!(reply["wayOn"]["phone"], "+1 312 555 0100");
    assert!(reply["say"].as_str().unwrap().contains("https://example.org/page"), "{reply}");
}

pub(super) async fn nothing_outside_the_bookable_range_is_offered(town: Town) {
    let asked = now();
    let body = with(search(&town, "guarded"), &json!({"from": north(0), "to": north(40)}));
    let reply = town.call("get-slots", body).await;
    let slots = reply["slots"].as_array().unwrap();
    assert!(
        slots.iter().all(|slot| instant(&slot["start"]) >= asked + chrono::TimeDelta::days(3)),
        "three days' notice"
    );
    let found = dates(slots);
    assert_eq!(*found.last().unwrap(), north(20), "twenty days ahead");
    assert_eq!(reply["bookable"], json!({"from": north(3), "to": north(20)}));
    for beyond in [json!({"date": north(1)}), json!({"date": north(21)}), json!({"date": "2020-01-01"})] {
        let reply = town.call("get-slots", with(search(&town, "guarded"), &beyond)).await;
        assert_eq!(reply["outcome"], "noSlots", "{beyond}");
        assert!(!reply["alternatives"].as_array().unwrap().is_empty(), "{beyond}");
    }
}

/// The dates on which the clocks of a zone change, within a year from now.
fn changes(zone: Tz) -> Vec<NaiveDate> {
    let offset = |date: NaiveDate| {
        let noon = zone.from_local_datetime(&date.and_hms_opt(12, 0, 0).expect("noon"));
        noon.earliest().expect("a noon").offset().fix()
    };
    let today = day(zone, 1);
    today.iter_days().take(370).filter(|date| offset(*date) != offset(*date - Days::new(1))).collect()
}

pub(super) async fn labels_follow_the_change_of_the_clocks(town: Town) {
    let changes = changes(Town::zone("north"));
    assert_eq!(changes.len(), 2, "New York changes its clocks twice a year");
    for date in changes {
        let slots = town.slots(with(search(&town, "checkup"), &json!({"date": date}))).await;
        let spring = date.month() < 6;
        assert_eq!(slots.len(), if spring { 46 } else { 50 }, "a day of 23 or 25 hours: {date}");
        let (first, last) = (&slots[0], &slots[slots.len() - 1]);
        let (before, after) = if spring {
            (("-05:00", "EST"), ("-04:00", "EDT"))
        } else {
            (("-04:00", "EDT"), ("-05:00", "EST"))
        };
        for (slot, (offset, name)) in [(first, before), (last, after)] {
            assert!(slot["start"].as_str().unwrap().ends_with(offset), "{slot}");
            assert!(slot["label"].as_str().unwrap().contains(name), "{slot}");
        }
        let starts: Vec<DateTime<Utc>> = slots.iter().map(|slot| instant(&slot["start"])).collect();
        assert!(
            starts.windows(2).all(|pair| pair[1] - pair[0] == chrono::TimeDelta::minutes(30)),
            "no gap, no overlap"
        );
    }
}

pub(super) async fn a_group_has_one_seat_less_after_each_booking(town: Town) {
    let slot = town.slot("class", 2).await;
    for (number, remaining) in [(1, Some(2)), (2, Some(1)), (3, None)] {
        let patient = json!({"name": format!("Patient {number}"), "email": "ada@example.org"});
        town.booked(std::slice::from_ref(&slot), patient).await;
        let left = town.free("class", 2).await.into_iter().find(|other| id(other) == slot);
        assert_eq!(left.map(|slot| slot["remaining"].as_u64().unwrap()), remaining);
    }
}
