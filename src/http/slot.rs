//! How free slots are told, and what tells them apart in a menu.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use utoipa::ToSchema;

use super::menu::Menu;
use crate::{
    language::{Language, Message},
    scheduling::Slot,
};

/// A free slot.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SlotTold {
    /// Opaque: to be sent back unchanged.
    #[schema(examples("s1.WyJlbWJlZGRlZDplYXN0c2lkZSIsImNvdmlkIiwxNzk2MTQwODAwLCIiXQ"))]
    id: String,
    location_id: String,
    service_id: String,
    dose: u8,
    /// With the site's offset, or that of the request's `timeZone`.
    #[schema(format = DateTime, examples("2026-12-01T09:00:00-08:00"))]
    start: String,
    #[schema(format = DateTime)]
    end: String,
    /// The day of `start`.
    date: NaiveDate,
    #[schema(examples("Tuesday, December 1, 9:00 AM PST"))]
    label: String,
    /// For how many patients there is room.
    remaining: u32,
}

/// How times are to be told: by whose clock, and seen from when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times<'a> {
    /// Instead of the site's.
    pub(super) zone: Option<Tz>,
    pub(super) now: DateTime<Utc>,
    pub(super) language: &'a Language,
}

impl Times<'_> {
    fn zone_of(&self, slot: &Slot) -> Tz {
        self.zone.unwrap_or(slot.location.time_zone)
    }
}

pub(super) fn rfc3339(instant: DateTime<Utc>, zone: Tz) -> String {
    instant.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Secs, false)
}

pub(super) fn tell(slots: &[Slot], times: Times<'_>) -> Vec<SlotTold> {
    slots.iter().map(|slot| SlotTold::new(slot, times)).collect()
}

impl SlotTold {
    fn new(slot: &Slot, times: Times<'_>) -> Self {
        let zone = times.zone_of(slot);
        let start = slot.time.start();
        Self {
            id: slot.id.encode(),
            location_id: slot.location.id.to_string(),
            service_id: slot.service.id.to_string(),
            dose: slot.dose,
            start: rfc3339(start, zone),
            end: rfc3339(slot.time.end(), zone),
            date: start.with_timezone(&zone).date_naive(),
            label: times.language.slot_label(start, zone, times.now),
            remaining: slot.remaining,
        }
    }
}

/// A menu of slots. Titles leave out what all have in common: the site, the zone, and the date, unless the
/// patient did not ask for that day.
pub(super) fn menu(slots: &[Slot], date: DateShown, times: Times<'_>) -> Menu {
    let values = slots.iter().map(|slot| slot.id.encode()).collect();
    Menu::new(titles(slots, date, times), values, times.language)
}

/// Whether titles have the date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateShown {
    Always,
    /// Only if the slots are on different days.
    WhereItDiffers,
}

fn titles(slots: &[Slot], date: DateShown, times: Times<'_>) -> Vec<String> {
    let several_zones = differs(slots, |slot| times.zone_of(slot));
    let dated = date == DateShown::Always || shared_day(slots, times).is_none();
    let several_sites = differs(slots, |slot| &slot.location.id);
    let titles = |zones: bool| -> Vec<String> {
        slots
            .iter()
            .map(|slot| {
                let when = when(slot, times, dated, zones);
                if several_sites { at_site(&when, slot, times.language) } else { when }
            })
            .collect()
    };
    let plain = titles(several_zones);
    // On the night the clocks go back, an hour comes twice: then the zone tells which.
    if differs_all(&plain) { plain } else { titles(true) }
}

/// The day that all slots are on, if it is one.
pub(super) fn shared_day(slots: &[Slot], times: Times<'_>) -> Option<NaiveDate> {
    let day = |slot: &Slot| slot.time.start().with_timezone(&times.zone_of(slot)).date_naive();
    let first = slots.first().map(day)?;
    slots.iter().all(|slot| day(slot) == first).then_some(first)
}

fn when(slot: &Slot, times: Times<'_>, date: bool, zone_name: bool) -> String {
    let (start, zone, language) = (slot.time.start(), times.zone_of(slot), times.language);
    match (date, zone_name) {
        (false, false) => language.time_label(start, zone),
        (false, true) => language.time_and_zone(start, zone),
        (true, false) => language.date_and_time(start, zone, times.now),
        (true, true) => language.slot_label(start, zone, times.now),
    }
}

fn at_site(when: &str, slot: &Slot, language: &Language) -> String {
    language.say(&Message::WithDetail { title: when, detail: &slot.location.name })
}

fn differs<'a, T: PartialEq>(slots: &'a [Slot], of: impl Fn(&'a Slot) -> T) -> bool {
    let mut values = slots.iter().map(of);
    values.next().is_some_and(|first| values.any(|other| other != first))
}

fn differs_all(titles: &[String]) -> bool {
    titles.iter().collect::<HashSet<_>>().len() == titles.len()
}
