//! The sweep against a search that tries every candidate against every busy block.

use std::{collections::BTreeMap, num::NonZeroU32, ops::Range};

use healthbot_scheduler::domain::availability::{Free, Grid, Interval, Seated, Supply, free, offers};
use proptest::{collection::vec, prelude::*};

/// One practitioner's time, as a vendor might send it.
#[derive(Debug, Clone)]
struct Time {
    openings: Vec<(i64, i64)>,
    busy: Vec<(i64, i64)>,
    seated: Vec<Seated>,
}

impl Time {
    fn supply(&self) -> Supply {
        let intervals = |list: &[(i64, i64)]| {
            list.iter().map(|&(start, end)| Interval::new(start, end).unwrap()).collect::<Vec<_>>()
        };
        Supply::new("anybody".into(), intervals(&self.openings), intervals(&self.busy), self.seated.clone())
    }

    /// Each free start with its seats left, by the definition.
    fn free(&self, grid: &Grid, window: &Range<i64>) -> BTreeMap<i64, u32> {
        let every = grid.every.get() as usize;
        let duration = i64::from(grid.duration.get());
        let candidates = self
            .openings
            .iter()
            .flat_map(|&(start, end)| (start..end).step_by(every).map(move |at| (at, end)));
        candidates
            .filter(|&(start, end)| start + duration <= end && window.contains(&start))
            .filter_map(|(start, _)| Some((start, self.remaining(grid, start)?)))
            .collect()
    }

    fn remaining(&self, grid: &Grid, start: i64) -> Option<u32> {
        let buffered = |start: i64| {
            let end = start + i64::from(grid.duration.get()) + i64::from(grid.buffer_after);
            (start - i64::from(grid.buffer_before), end)
        };
        let overlap = |one: (i64, i64), other: (i64, i64)| one.0 < other.1 && other.0 < one.1;
        let asked = buffered(start);
        let blocked = self.busy.iter().any(|&busy| overlap(asked, busy))
            || self.seated.iter().any(|other| other.start != start && overlap(asked, buffered(other.start)));
        let taken: u32 =
            self.seated.iter().filter(|seated| seated.start == start).map(|seated| seated.taken).sum();
        let remaining = grid.capacity.saturating_sub(taken);
        (!blocked && remaining > 0).then_some(remaining)
    }
}

const DAY: i64 = 400;

fn span(longest: i64) -> impl Strategy<Value = (i64, i64)> {
    (-DAY..DAY, 1..=longest).prop_map(|(start, length)| (start, start + length))
}

/// Busy blocks that overlap, nest, touch and repeat; sometimes so many that nothing is free.
fn busy() -> impl Strategy<Value = Vec<(i64, i64)>> {
    prop_oneof![vec(span(12), 0..40), vec(span(120), 0..6), touching(), (vec(span(30), 1..6)).prop_map(twice)]
        .prop_shuffle()
}

fn touching() -> impl Strategy<Value = Vec<(i64, i64)>> {
    (-DAY..DAY, vec(1..20i64, 0..20)).prop_map(|(mut at, lengths)| {
        lengths
            .into_iter()
            .map(|length| {
                at += length;
                (at - length, at)
            })
            .collect()
    })
}

fn twice(mut list: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    list.extend(list.clone());
    list
}

fn time() -> impl Strategy<Value = Time> {
    // Starts on a coarse grid too, so that some seats are taken exactly where a candidate is.
    let seated = prop_oneof![(-DAY..DAY), (-DAY / 10..DAY / 10).prop_map(|start| start * 10)];
    let openings = prop_oneof![vec(span(150), 0..6), touching()];
    let opening_on_grid = (-DAY / 10..DAY / 10, 1..30i64).prop_map(|(at, tens)| (at * 10, (at + tens) * 10));
    (openings, vec(opening_on_grid, 0..4), busy(), vec((seated, 0..4u32), 0..12)).prop_map(
        |(mut openings, on_grid, busy, seated)| {
            openings.extend(on_grid);
            let seated = seated.into_iter().map(|(start, taken)| Seated { start, taken }).collect();
            Time { openings, busy, seated }
        },
    )
}

fn grid() -> impl Strategy<Value = Grid> {
    let every = prop_oneof![1..25u32, Just(10)];
    let buffer = || prop_oneof![Just(0), 0..15u32];
    (1..40u32, every, buffer(), buffer(), 0..4u32).prop_map(
        |(duration, every, buffer_before, buffer_after, capacity)| Grid {
            duration: NonZeroU32::new(duration).unwrap(),
            every: NonZeroU32::new(every).unwrap(),
            buffer_before,
            buffer_after,
            capacity,
        },
    )
}

fn window() -> impl Strategy<Value = Range<i64>> {
    prop_oneof![Just(i64::MIN..i64::MAX), (-DAY..DAY, -DAY..2 * DAY).prop_map(|(start, end)| start..end),]
}

/// More busy blocks than are sorted by comparing alone: spread, crowded together, or with one far away.
fn many_busy() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let blocks = |latest: i64| vec((0..latest, 1..300i64), 100..500);
    let far = || prop_oneof![Just(-(1 << 53)), Just((1 << 53) - 300), Just(1 << 40)];
    let outlier = (blocks(40_000), far()).prop_map(|(mut list, far)| {
        list.push((far, 1));
        list
    });
    prop_oneof![blocks(40_000), blocks(50), outlier]
        .prop_map(|list| list.into_iter().map(|(start, length)| (start, start + length)).collect::<Vec<_>>())
        .prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn long_lists_in_any_order_find_the_same_starts(
        busy in many_busy(), openings in vec((0..40_000i64, 1..6000i64), 1..8), grid in grid()
    ) {
        let openings = openings.into_iter().map(|(start, length)| (start, start + length)).collect();
        let time = Time { openings, busy, seated: Vec::new() };
        let window = i64::MIN..i64::MAX;
        let mut found = BTreeMap::new();
        time.supply().each_free(&grid, &window, |start, remaining| {
            found.insert(start, remaining);
        });
        prop_assert_eq!(found, time.free(&grid, &window));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn one_practitioner_has_the_starts_that_trying_everything_finds(
        time in time(), grid in grid(), window in window()
    ) {
        let mut found = BTreeMap::new();
        time.supply().each_free(&grid, &window, |start, remaining| {
            found.insert(start, remaining);
        });
        prop_assert_eq!(found, time.free(&grid, &window));
    }

    #[test]
    fn starts_come_in_order_and_once_where_openings_lie_apart(
        lengths in vec((0..50i64, 1..100i64), 0..8), busy in busy(), grid in grid(), window in window()
    ) {
        let mut at = -DAY;
        let openings = lengths.into_iter().map(|(pause, length)| {
            at += pause + length;
            (at - length, at)
        }).collect();
        let mut found = Vec::new();
        let time = Time { openings, busy, seated: Vec::new() };
        time.supply().each_free(&grid, &window, |start, _| found.push(start));
        prop_assert!(found.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn practitioners_together_have_the_sum_of_what_each_has(
        times in vec(time(), 0..5), grid in grid(), window in window()
    ) {
        let mut expected: BTreeMap<i64, Vec<Free>> = BTreeMap::new();
        for (supply, time) in times.iter().enumerate() {
            for (start, remaining) in time.free(&grid, &window) {
                expected.entry(start).or_default().push(Free { start, supply, remaining });
            }
        }
        let supplies: Vec<Supply> = times.iter().map(Time::supply).collect();
        let found = free(&supplies, &grid, &window);
        let offers: Vec<_> = offers(&found).collect();
        prop_assert_eq!(offers.len(), expected.len());
        for (offer, (start, with)) in offers.iter().zip(&expected) {
            prop_assert_eq!(offer.start, *start);
            prop_assert_eq!(offer.with, with.as_slice());
            prop_assert_eq!(offer.remaining, with.iter().map(|free| free.remaining).sum::<u32>());
        }
    }

    #[test]
    fn an_interval_is_never_empty_nor_beyond_all_calendars(start: i64, end: i64) {
        match Interval::new(start, end) {
            Some(interval) => prop_assert!(interval.start() < interval.end()),
            None => prop_assert!(end <= start || start < -(1 << 53) || end > 1 << 53),
        }
    }
}

#[test]
fn times_at_the_ends_of_all_calendars_do_not_overflow() {
    let all = (-(1 << 53), 1 << 53);
    let longest = NonZeroU32::MAX;
    let grid = Grid {
        duration: longest,
        every: longest,
        buffer_before: u32::MAX,
        buffer_after: u32::MAX,
        capacity: u32::MAX,
    };
    let ends = [i64::MIN, -(1 << 53), 1 << 53, i64::MAX];
    let seated = ends.into_iter().map(|start| Seated { start, taken: u32::MAX }).collect();
    let time = Time { openings: vec![all], busy: vec![all], seated };
    let mut found = 0;
    time.supply().each_free(&grid, &(i64::MIN..i64::MAX), |_, _| found += 1);
    assert_eq!(found, 0);
}
