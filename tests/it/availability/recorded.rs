//! The slots of recorded calendars, exactly.

use healthbot_scheduler::domain::{
    availability::{free, offers},
    civil,
};

use super::calendar::{Calendar, recorded};

#[test]
fn a_quarter_of_a_year_at_a_clinic_has_exactly_the_recorded_slots() {
    let expected: Vec<(usize, i64)> = recorded("clinic-90-days.expected");
    assert_eq!(expected.len(), 8257);
    assert_eq!(free_starts(&Calendar::read("clinic-90-days")), expected);
}

#[test]
fn a_quarter_of_a_year_merged_has_every_slot_once_per_start() {
    let calendar = Calendar::read("clinic-90-days");
    let mut expected = free_starts(&calendar);
    expected.sort_by_key(|&(provider, start)| (start, provider));
    let found = free(&calendar.supplies(), &calendar.grid(), &calendar.window());
    assert_eq!(found.iter().map(|free| (free.supply, free.start)).collect::<Vec<_>>(), expected);
    let offers: Vec<_> = offers(&found).collect();
    assert!(offers.is_sorted_by(|one, next| one.start < next.start));
    assert!(offers.iter().all(|offer| offer.remaining as usize == offer.with.len()));
    assert_eq!(offers.iter().map(|offer| offer.with.len()).sum::<usize>(), expected.len());
}

#[test]
fn the_night_the_clock_jumps_is_an_hour_shorter() {
    assert_slots("dst_spring");
}

#[test]
fn a_morning_after_the_jump_starts_when_its_clock_says() {
    assert_slots("dst_workday");
}

fn assert_slots(name: &str) {
    let expected: Vec<i64> = recorded(&format!("{name}.expected"));
    let starts: Vec<i64> = free_starts(&Calendar::read(name)).into_iter().map(|(_, start)| start).collect();
    assert_eq!(starts, expected);
}

#[test]
fn the_bounds_of_the_recorded_dates_are_the_midnights_of_the_zone() {
    for name in ["clinic-90-days", "dst_spring", "dst_workday"] {
        let calendar = Calendar::read(name);
        let first = civil::day(calendar.zone(), calendar.from).unwrap();
        let last = civil::day(calendar.zone(), calendar.to).unwrap();
        assert_eq!(first.start().timestamp_millis(), calendar.from_ms);
        assert_eq!(last.end().timestamp_millis(), calendar.to_ms);
    }
}

fn free_starts(calendar: &Calendar) -> Vec<(usize, i64)> {
    let mut found = Vec::new();
    for (provider, supply) in calendar.supplies().iter().enumerate() {
        supply.each_free(&calendar.grid(), &calendar.window(), |start, remaining| {
            assert_eq!(remaining, 1);
            found.push((provider, start));
        });
    }
    found
}
