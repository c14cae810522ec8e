//! What is still free: openings less what is busy, cut into slots. Pure, and the one hot loop.
//!
//! Times are milliseconds since the epoch. Civil time was left behind in [`civil`](super::civil): an opening
//! whose day lost an hour arrives here an hour shorter, and slots are counted in elapsed time from its start.
//! A group appointment that has begun to fill is not busy time but [`Seated`]: it takes seats from its own
//! start and blocks every other.

use std::{collections::BTreeSet, num::NonZeroU32, ops::Range};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use super::{PractitionerId, Series, Service, TimeRange};

/// Beyond what a calendar can name; sums of a few times within it cannot overflow.
const FURTHEST: i64 = 1 << 53;

/// A span of milliseconds, not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    start: i64,
    end: i64,
}

impl Interval {
    /// None when the end is not after the start, or either is beyond all calendars.
    #[must_use]
    pub fn new(start: i64, end: i64) -> Option<Self> {
        (-FURTHEST <= start && start < end && end <= FURTHEST).then_some(Self { start, end })
    }

    #[must_use]
    pub fn start(&self) -> i64 {
        self.start
    }

    #[must_use]
    pub fn end(&self) -> i64 {
        self.end
    }

    /// The shortest that has both in it.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

impl From<TimeRange> for Interval {
    /// To whole milliseconds, outwards: nothing busy is lost, and a range is never empty.
    fn from(range: TimeRange) -> Self {
        let end = range.end().timestamp_millis();
        let rest = range.end().timestamp_subsec_nanos() % 1_000_000;
        Self { start: range.start().timestamp_millis(), end: end + i64::from(rest > 0) }
    }
}

/// Appointments of the service in question that start together with the same practitioner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seated {
    pub start: i64,
    pub taken: u32,
}

impl Seated {
    #[must_use]
    pub fn new(start: DateTime<Utc>, taken: u32) -> Self {
        Self { start: start.timestamp_millis(), taken }
    }
}

/// How a service is laid over an opening; all in milliseconds, so that nothing is longer than 49 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    pub duration: NonZeroU32,
    /// From one start to the next, counted from the start of the opening.
    pub every: NonZeroU32,
    pub buffer_before: u32,
    pub buffer_after: u32,
    /// Patients per practitioner and start.
    pub capacity: u32,
}

/// A service whose times make no grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a duration and a grid are positive, a buffer is not negative, and each is at most 49 days")]
pub struct BadGrid;

impl TryFrom<&Service> for Grid {
    type Error = BadGrid;

    fn try_from(service: &Service) -> Result<Self, BadGrid> {
        let millis = |time: TimeDelta| u32::try_from(time.num_milliseconds()).map_err(|_| BadGrid);
        let positive = |time| millis(time).and_then(|millis| NonZeroU32::new(millis).ok_or(BadGrid));
        Ok(Self {
            duration: positive(service.duration)?,
            every: positive(service.every)?,
            buffer_before: millis(service.buffer_before)?,
            buffer_after: millis(service.buffer_after)?,
            capacity: service.capacity,
        })
    }
}

/// One practitioner's time, as sweeping over it needs it: in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supply {
    practitioner: PractitionerId,
    openings: Vec<Interval>,
    busy: Vec<Interval>,
    seated: Vec<Seated>,
}

impl Supply {
    /// Takes everything in any order; openings and busy times may overlap.
    ///
    /// Busy times come with their own buffers, which add to those of the service asked for.
    #[must_use]
    pub fn new(
        practitioner: PractitionerId,
        mut openings: Vec<Interval>,
        mut busy: Vec<Interval>,
        mut seated: Vec<Seated>,
    ) -> Self {
        openings.sort_unstable();
        openings.dedup();
        sort_by_start(&mut busy);
        seated.sort_unstable();
        seated.dedup_by(|later, earlier| {
            let same = earlier.start == later.start;
            if same {
                earlier.taken = earlier.taken.saturating_add(later.taken);
            }
            same
        });
        Self { practitioner, openings, busy, seated }
    }

    #[must_use]
    pub fn practitioner(&self) -> &PractitionerId {
        &self.practitioner
    }

    /// This supply with more of it taken.
    #[must_use]
    pub fn less(
        &self,
        busy: impl IntoIterator<Item = Interval>,
        seated: impl IntoIterator<Item = Seated>,
    ) -> Self {
        Self::new(
            self.practitioner.clone(),
            self.openings.clone(),
            self.busy.iter().copied().chain(busy).collect(),
            self.seated.iter().copied().chain(seated).collect(),
        )
    }

    /// The seats left at one start; `None` when it is not on the grid of any opening, or is not free.
    #[must_use]
    pub fn seats_at(&self, grid: &Grid, start: i64) -> Option<u32> {
        let mut seats = None;
        self.each_free(grid, &(start..start + 1), |_, remaining| seats = Some(remaining));
        seats
    }

    /// Whether an appointment could start then if nothing were taken.
    #[must_use]
    pub fn is_on_grid(&self, grid: &Grid, start: i64) -> bool {
        self.openings.iter().any(|opening| {
            let since = start - opening.start;
            since >= 0
                && since % i64::from(grid.every.get()) == 0
                && start + i64::from(grid.duration.get()) <= opening.end
        })
    }

    /// From when until when appointments that start in `window` would take time, with their buffers. `None`:
    /// none could start.
    #[must_use]
    pub fn reach(&self, grid: &Grid, window: &Range<i64>) -> Option<Interval> {
        let (duration, before) = (i64::from(grid.duration.get()), i64::from(grid.buffer_before));
        let ahead = duration + i64::from(grid.buffer_after);
        let reaches = self.openings.iter().filter_map(|opening| {
            let first = opening.start.max(window.start);
            let last = (opening.end - duration).min(window.end.saturating_sub(1));
            (first <= last).then_some(Interval { start: first - before, end: last + ahead })
        });
        reaches.reduce(Interval::merge)
    }

    /// Calls `found` with each start in `window` that is free, and the seats it has left.
    ///
    /// The appointment lies within an opening; its buffers may reach beyond it. Starts come in the order of
    /// the openings, and twice where two openings overlap on the same grid.
    pub fn each_free(&self, grid: &Grid, window: &Range<i64>, mut found: impl FnMut(i64, u32)) {
        let mut sweep = Sweep::new(self, grid);
        let mut at_opening = sweep;
        let mut reached = i64::MIN;
        for opening in &self.openings {
            let first = opening.start.max(window.start);
            let last = (opening.end - sweep.duration).min(window.end.saturating_sub(1));
            if first > last || grid.capacity == 0 {
                continue;
            }
            // Openings that overlap are rare, and worth going back for.
            if first <= reached {
                sweep = at_opening;
            } else {
                at_opening = sweep;
            }
            sweep.cross(next_on_grid(opening.start, sweep.every, first), last, &mut found);
            reached = last;
        }
    }
}

/// A start that is free with one practitioner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Free {
    pub start: i64,
    /// The place of the practitioner's supply in what was given.
    pub supply: usize,
    pub remaining: u32,
}

/// A start that is free with at least one practitioner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer<'a> {
    pub start: i64,
    /// Over all practitioners.
    pub remaining: u32,
    /// With whom, in the order of the supplies.
    pub with: &'a [Free],
}

/// Every start in `window` that is free, in order of start and then of supply; see [`offers`].
#[must_use]
pub fn free(supplies: &[Supply], grid: &Grid, window: &Range<i64>) -> Vec<Free> {
    let mut all = Vec::new();
    for (supply, time) in supplies.iter().enumerate() {
        time.each_free(grid, window, |start, remaining| all.push(Free { start, supply, remaining }));
    }
    // Each supply's part is in order already, which this sort, unlike an unstable one, makes use of.
    all.sort_by_key(|free| free.start);
    all.dedup_by_key(|free| (free.start, free.supply));
    all
}

/// What [`free`] found, start by start.
pub fn offers(free: &[Free]) -> impl Iterator<Item = Offer<'_>> {
    free.chunk_by(|one, other| one.start == other.start).map(|with| Offer {
        start: with[0].start,
        remaining: with.iter().fold(0, |sum, free| sum.saturating_add(free.remaining)),
        with,
    })
}

/// The dates of the first of some doses from which all later ones can be reached.
///
/// `free` has, dose by dose, the dates (at the site) on which a slot is free. Two doses never share a date,
/// whatever the series says: on a date with one slot left, both would need it.
#[must_use]
pub fn offerable(free: &[BTreeSet<NaiveDate>], series: &Series) -> BTreeSet<NaiveDate> {
    let Some((last, earlier)) = free.split_last() else { return BTreeSet::new() };
    earlier.iter().rfold(last.clone(), |next, dates| {
        dates.iter().copied().filter(|date| reaches(*date, series, &next)).collect()
    })
}

/// Whether the next dose can follow one on `date`.
fn reaches(date: NaiveDate, series: &Series, next: &BTreeSet<NaiveDate>) -> bool {
    let first = date.checked_add_days(Days::new(series.min_days.max(1).into()));
    let last = date.checked_add_days(Days::new(series.max_days.into())).unwrap_or(NaiveDate::MAX);
    first.is_some_and(|first| first <= last && next.range(first..=last).next().is_some())
}

/// Sorts by start in time that grows with the length alone, where starts are spread as in a calendar.
///
/// Vendors send long lists in no order, and comparing would cost more than all the rest of a search. So each
/// interval goes into one of many buckets, and is compared with its few neighbours.
fn sort_by_start(list: &mut Vec<Interval>) {
    const SHORT: usize = 128;
    const BUCKETS: usize = 1024;
    const CROWDED: u32 = 16;
    if list.is_sorted_by_key(Interval::start) {
        return;
    }
    if list.len() < SHORT {
        list.sort_unstable_by_key(Interval::start);
        return;
    }
    let (mut earliest, mut latest) = (i64::MAX, i64::MIN);
    for interval in list.iter() {
        earliest = earliest.min(interval.start);
        latest = latest.max(interval.start);
    }
    let bits = u64::BITS - latest.abs_diff(earliest).leading_zeros();
    let shift = bits.saturating_sub(BUCKETS.trailing_zeros());
    #[expect(clippy::cast_possible_truncation, reason = "less than `BUCKETS` as it is")]
    let bucket =
        |interval: &Interval| ((interval.start - earliest).cast_unsigned() >> shift) as usize % BUCKETS;

    let mut places = [0_u32; BUCKETS];
    for interval in list.iter() {
        places[bucket(interval)] += 1;
    }
    if places.iter().any(|count| *count > CROWDED) {
        list.sort_unstable_by_key(Interval::start);
        return;
    }
    let mut sum = 0;
    for place in &mut places {
        sum += std::mem::replace(place, sum);
    }
    let mut sorted = list.clone();
    for interval in list.iter() {
        let place = &mut places[bucket(interval)];
        sorted[*place as usize] = *interval;
        *place += 1;
    }
    insertion_sort(&mut sorted);
    *list = sorted;
}

/// Fast where nothing has far to go.
fn insertion_sort(list: &mut [Interval]) {
    for mut at in 1..list.len() {
        while at > 0 && list[at - 1].start > list[at].start {
            list.swap(at - 1, at);
            at -= 1;
        }
    }
}

/// The first start on the grid of `from` that is not before `earliest`.
fn next_on_grid(from: i64, every: i64, earliest: i64) -> i64 {
    if earliest <= from { from } else { from + (earliest - from + every - 1) / every * every }
}

/// What the seats taken around a start leave of it.
enum Seats {
    /// All of them, here and at each start up to this one.
    AllUpTo(i64),
    /// This many, at least one.
    Some(u32),
    /// None before this start, which is later.
    NoneBefore(i64),
}

/// A place in a practitioner's time; it only moves on. Turning back is taking an earlier copy.
#[derive(Clone, Copy)]
struct Sweep<'a> {
    duration: i64,
    every: i64,
    before: i64,
    after: i64,
    capacity: u32,
    /// What is not passed yet.
    busy: &'a [Interval],
    seated: &'a [Seated],
    /// No earlier start is clear of the busy times passed.
    clear_from: i64,
    /// The last start passed that has seats taken.
    seated_before: i64,
}

impl<'a> Sweep<'a> {
    fn new(supply: &'a Supply, grid: &Grid) -> Self {
        Self {
            duration: grid.duration.get().into(),
            every: grid.every.get().into(),
            before: grid.buffer_before.into(),
            after: grid.buffer_after.into(),
            capacity: grid.capacity,
            busy: &supply.busy,
            seated: &supply.seated,
            clear_from: -2 * FURTHEST,
            seated_before: -2 * FURTHEST,
        }
    }

    /// Goes from one busy time to the next, instead of from start to start, and fills what lies between.
    fn cross(&mut self, mut start: i64, last: i64, found: &mut impl FnMut(i64, u32)) {
        let ahead = self.duration + self.after;
        let mut clear_from = self.clear_from;
        let mut passed = 0;
        for busy in self.busy {
            let clear_to = busy.start - ahead;
            if clear_to >= last {
                break;
            }
            if start.max(clear_from) <= clear_to {
                start = next_on_grid(start, self.every, clear_from);
                start = self.fill(start, clear_to, found);
            }
            clear_from = clear_from.max(busy.end + self.before);
            passed += 1;
        }
        self.clear_from = clear_from;
        self.busy = &self.busy[passed..];
        if start.max(clear_from) <= last {
            self.fill(next_on_grid(start, self.every, clear_from), last, found);
        }
    }

    /// Finds starts where nothing is in the way but seats; returns the first after `last`.
    fn fill(&mut self, mut start: i64, last: i64, found: &mut impl FnMut(i64, u32)) -> i64 {
        while start <= last {
            match self.seats(start) {
                Seats::AllUpTo(end) => {
                    while start <= end.min(last) {
                        found(start, self.capacity);
                        start += self.every;
                    }
                }
                Seats::Some(remaining) => {
                    found(start, remaining);
                    start += self.every;
                }
                Seats::NoneBefore(next) => start = next_on_grid(start, self.every, next),
            }
        }
        start
    }

    fn seats(&mut self, start: i64) -> Seats {
        // Two appointments of one service that start closer than this are in each other's way.
        let span = self.before + self.duration + self.after;
        while let [next, rest @ ..] = self.seated
            && next.start < start
        {
            self.seated_before = next.start;
            self.seated = rest;
        }
        if self.seated_before > start - span {
            return Seats::NoneBefore(self.seated_before + span);
        }
        match self.seated {
            [] => Seats::AllUpTo(i64::MAX),
            [next, ..] if next.start - span >= start => Seats::AllUpTo(next.start - span),
            // The next one may itself have seats left.
            [next, ..] if next.start > start => Seats::NoneBefore(next.start),
            [_, next, ..] if next.start < start + span => Seats::NoneBefore(next.start),
            [here, ..] if here.taken < self.capacity => Seats::Some(self.capacity - here.taken),
            _ => Seats::NoneBefore(start + 1),
        }
    }
}
