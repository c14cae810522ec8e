//! What the bot asks: every site, service and date of the next four weeks, and bookings of slots that are free.

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{Days, NaiveDate, Utc};
use serde_json::{Value, json};

use crate::load::{Connection, post};

const SITES: [&str; 3] = ["embedded:north", "embedded:harbor", "embedded:highline"];
const SERVICES: [&str; 3] = ["checkup", "class", "covid"];
const DAYS: u64 = 28;

/// Requests to list slots, as bodies.
pub(crate) fn searches() -> Vec<String> {
    let of = |site: &str, service: &str, date: NaiveDate| {
        json!({"locationId": site, "serviceId": service, "date": date, "locale": "en-US"}).to_string()
    };
    let dates = || (1..=DAYS).map(|day| today() + Days::new(day));
    let sites = SITES.iter().flat_map(|site| SERVICES.iter().map(move |service| (site, service)));
    sites.flat_map(|(site, service)| dates().map(move |date| of(site, service, date))).collect()
}

#[expect(clippy::disallowed_methods, reason = "the server under test goes by the machine's clock too")]
fn today() -> NaiveDate {
    Utc::now().date_naive()
}

/// Requests to book, each of another place for another patient, in an order that mixes sites and dates.
pub(crate) struct Bookings {
    bodies: Vec<String>,
    next: AtomicUsize,
}

impl Bookings {
    /// Asks for what is free for check-ups in the next four weeks.
    pub(crate) async fn of_free_slots(connection: &mut Connection) -> Self {
        let mut slots = Vec::new();
        for site in SITES {
            let (from, to) = (today() + Days::new(1), today() + Days::new(DAYS));
            let body =
                json!({"locationId": site, "serviceId": "checkup", "from": from, "to": to, "limit": 1000});
            let reply = connection.call(&post("get-slots", &body.to_string())).await.expect("a reply");
            let reply: Value = serde_json::from_slice(reply).expect("JSON");
            for slot in reply["slots"].as_array().expect("slots") {
                let remaining = slot["remaining"].as_u64().expect("a number");
                slots.extend((0..remaining).map(|_| slot["id"].clone()));
            }
        }
        shuffle(&mut slots);
        let bodies = slots.iter().enumerate().map(|(nth, slot)| {
            let mut patient = json!({"name": format!("Patient Number {nth}")});
            // Half of them give an address, half a number: 10,000 of these are kept for fiction.
            if nth % 2 == 0 {
                patient["email"] = format!("patient.{nth}@example.org").into();
            } else {
                patient["phone"] = format!("+1 {} 555 {:04}", 201 + nth / 10_000, nth % 10_000).into();
            }
            json!({"slotIds": [slot], "patient": patient, "requestId": format!("bench-{nth}")}).to_string()
        });
        Self { bodies: bodies.collect(), next: AtomicUsize::new(0) }
    }

    /// The next that nobody has made yet.
    pub(crate) fn next(&self) -> &str {
        let nth = self.next.fetch_add(1, Ordering::Relaxed);
        self.bodies.get(nth).expect("more free slots than bookings are made")
    }

    /// Any, for a server that only pretends.
    pub(crate) fn any(&self, nth: usize) -> &str {
        &self.bodies[nth % self.bodies.len()]
    }
}

/// The same order each time.
fn shuffle<T>(items: &mut [T]) {
    let mut chance = Chance::new(1);
    for last in (1..items.len()).rev() {
        items.swap(last, chance.below(last + 1));
    }
}

/// A small generator of numbers that look random, the same each time.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % end
    }
}
