//! A quarter of a year of one clinic, ten practitioners: the sweep, and beside it a search that tries every
//! candidate against every busy block.
//!
//! Expanding the clinic's hours and sorting the busy times, which vendors send in any order, are part of what
//! is timed; reading the file is not. Both must find exactly the recorded slots before either is timed.

use std::{
    cell::RefCell,
    hint::black_box,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use criterion::{Bencher, Criterion};
use healthbot_scheduler::domain::availability::{Free, free, offers};

#[path = "../../tests/it/availability/calendar.rs"]
mod calendar;

use crate::table::{Row, median};
use calendar::{Calendar, recorded};

const CALENDAR: &str = "clinic-90-days";

/// A free start: the practitioner's place in the list, and when.
type Start = (usize, i64);

const GOAL_MS: f64 = 0.35;
const GOAL_TIMES: f64 = 100.0;

pub(crate) fn measure() -> Vec<Row> {
    let mut criterion = Criterion::default().without_plots();
    let calendar = Calendar::read(CALENDAR);
    let expected: Vec<Start> = recorded(&format!("{CALENDAR}.expected"));
    assert_eq!(sweep(&calendar), expected, "the sweep finds the recorded slots");
    assert_eq!(linear_scan(&calendar), expected, "the linear scan finds the recorded slots");

    let [swept, merged, scanned] = [Stopwatch::default(), Stopwatch::default(), Stopwatch::default()];
    let mut group = criterion.benchmark_group("availability");
    group.bench_function("sweep", |bencher| swept.time(bencher, || sweep(black_box(&calendar))));
    group.bench_function("sweep and merge", |bencher| merged.time(bencher, || merge(black_box(&calendar))));
    group.sample_size(20);
    group
        .bench_function("linear scan", |bencher| scanned.time(bencher, || linear_scan(black_box(&calendar))));
    group.finish();

    let [sweep, merged, scan] = [swept, merged, scanned].map(|stopwatch| stopwatch.median());
    let (sweep, merged, scan) = (sweep * 1e3, merged * 1e3, scan * 1e3);
    let what = format!("availability, {CALENDAR}, {} slots", expected.len());
    vec![
        Row {
            what: format!("{what}, exactly as recorded"),
            ours: format!("{sweep:.3} ms (merged per start: {merged:.3} ms)"),
            rival: String::new(),
            ratio: String::new(),
            goal: "≤ 0.35 ms",
            met: Some(sweep <= GOAL_MS),
        },
        Row {
            what,
            ours: format!("{sweep:.3} ms"),
            rival: format!("a scan of every candidate against every busy time: {scan:.1} ms"),
            ratio: format!("{:.0} × as fast", scan / sweep),
            goal: "≥ 100 ×",
            met: Some(scan >= GOAL_TIMES * sweep),
        },
    ]
}

fn sweep(calendar: &Calendar) -> Vec<Start> {
    let (grid, window) = (calendar.grid(), calendar.window());
    let mut found = Vec::new();
    for (provider, supply) in calendar.supplies().iter().enumerate() {
        supply.each_free(&grid, &window, |start, _| found.push((provider, start)));
    }
    found
}

/// What a patient sees: each start once, with the number still free.
fn merge(calendar: &Calendar) -> Vec<(i64, u32)> {
    let free: Vec<Free> = free(&calendar.supplies(), &calendar.grid(), &calendar.window());
    offers(&free).map(|offer| (offer.start, offer.remaining)).collect()
}

fn linear_scan(calendar: &Calendar) -> Vec<Start> {
    let openings = calendar.openings();
    let millis = |minutes: u32| TimeDelta::minutes(minutes.into()).num_milliseconds();
    let (duration, every) = (millis(calendar.duration), millis(calendar.interval));
    let mut found = Vec::new();
    for (provider, time) in calendar.providers.iter().enumerate() {
        for opening in &openings {
            let mut start = opening.start();
            while start + duration <= opening.end() {
                let end = start + duration;
                let blocked = time.busy.iter().any(|busy| start < busy.1 && busy.0 < end);
                if !blocked && calendar.window().contains(&start) {
                    found.push((provider, start));
                }
                start += every;
            }
        }
    }
    found
}

/// Seconds per turn of each sample that criterion takes, kept so that two of them can be compared.
#[derive(Default)]
struct Stopwatch(RefCell<Vec<f64>>);

impl Stopwatch {
    fn time<T>(&self, bencher: &mut Bencher<'_>, mut work: impl FnMut() -> T) {
        bencher.iter_custom(|turns| {
            let elapsed = timed(turns, &mut work);
            #[expect(clippy::cast_precision_loss, reason = "far fewer turns than would matter")]
            self.0.borrow_mut().push(elapsed.as_secs_f64() / turns as f64);
            elapsed
        });
    }

    fn median(&self) -> f64 {
        median(&mut self.0.borrow_mut())
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time, and no runtime is there to pause")]
fn timed<T>(turns: u64, mut work: impl FnMut() -> T) -> Duration {
    let start = Instant::now();
    for _ in 0..turns {
        black_box(work());
    }
    start.elapsed()
}
