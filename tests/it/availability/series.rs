//! A first dose is offered only where every later one can follow.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use healthbot_scheduler::domain::{Series, availability::offerable};
use proptest::{
    collection::{btree_set, vec},
    prelude::*,
};

fn date(day: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 12, 1).unwrap() + Days::new(day)
}

fn series(min_days: u32, max_days: u32) -> Series {
    Series { doses: 2, min_days, max_days }
}

fn dates(days: &[u64]) -> BTreeSet<NaiveDate> {
    days.iter().map(|day| date(*day)).collect()
}

/// Follows every chain of doses to its end.
fn chain_exists(from: NaiveDate, later: &[BTreeSet<NaiveDate>], series: &Series) -> bool {
    let Some((next, later)) = later.split_first() else { return true };
    next.iter().any(|date| {
        let days = (*date - from).num_days();
        days >= 1
            && days >= i64::from(series.min_days)
            && days <= i64::from(series.max_days)
            && chain_exists(*date, later, series)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn exactly_the_dates_from_which_a_chain_of_doses_exists(
        free in vec(btree_set((0..60u64).prop_map(date), 0..12), 1..5), min_days in 0..20u32, length in 0..15u32
    ) {
        let series = series(min_days, min_days + length);
        let expected: BTreeSet<NaiveDate> =
            free[0].iter().copied().filter(|date| chain_exists(*date, &free[1..], &series)).collect();
        prop_assert_eq!(offerable(&free, &series), expected);
    }
}

#[test]
fn the_bounds_of_the_interval_count() {
    let first = dates(&[0, 1, 2]);
    assert_eq!(offerable(&[first.clone(), dates(&[22])], &series(21, 42)), dates(&[0, 1]));
    assert_eq!(offerable(&[first, dates(&[43])], &series(21, 42)), dates(&[1, 2]));
}

#[test]
fn two_doses_do_not_share_a_date() {
    assert_eq!(offerable(&[dates(&[3, 4]), dates(&[4])], &series(0, 5)), dates(&[3]));
}

#[test]
fn an_interval_that_ends_before_it_starts_reaches_nothing() {
    assert_eq!(offerable(&[dates(&[0]), dates(&[1, 2, 3])], &series(3, 1)), BTreeSet::new());
}

#[test]
fn the_only_dose_is_free_where_it_is_free() {
    assert_eq!(offerable(&[dates(&[2, 5])], &series(21, 42)), dates(&[2, 5]));
    assert_eq!(offerable(&[], &series(21, 42)), BTreeSet::new());
}

#[test]
fn dates_at_the_end_of_the_calendar_reach_nothing() {
    let last = BTreeSet::from([NaiveDate::MAX]);
    assert_eq!(offerable(&[last.clone(), last], &series(1, u32::MAX)), BTreeSet::new());
}
