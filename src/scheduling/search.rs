//! What is free: the provider's openings less the ledger's entries, by date. The one search behind listing
//! slots, alternatives, previews and moves.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    ops::{Range, RangeInclusive},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use super::{Fault, Scheduling, Slot};
use crate::{
    domain::{
        Location, Place, Practitioner, PractitionerId, Series, Service, TimeRange,
        availability::{self, Grid, Interval, Seated, Supply},
        civil,
        code::ConfirmationCode,
        slot::SlotId,
    },
    ledger::{
        days::Candidate,
        documents::{Day, Entry},
        record::Record,
    },
    provider::{Counted, Handle, Openings, OpeningsQuery, Provider, Record as WhoseRecord},
    store::combined::Sighting,
};

/// How long a vendor's calendar may not show yet what we confirmed.
const RECENT: TimeDelta = TimeDelta::minutes(2);

/// When it makes sense to try again after a provider could not be read.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// A search at one site for one service.
#[derive(Debug, Clone)]
pub(super) struct Hunt<'a> {
    pub provider: &'a Arc<dyn Provider>,
    pub location: Arc<Location>,
    pub service: Arc<Service>,
    pub practitioner: Option<PractitionerId>,
    /// Nobody but these, where other doses have to be with the same practitioner.
    pub among: Option<Vec<PractitionerId>>,
    /// A booking that is not in its own way.
    pub own: Option<Own>,
}

/// A booking, as the ledger and as the vendor know it.
#[derive(Debug, Clone)]
pub(super) struct Own {
    code: ConfirmationCode,
    handles: Vec<Handle>,
}

impl From<&Record> for Own {
    fn from(record: &Record) -> Self {
        let standing = record.booking.doses.iter().filter(|dose| dose.status.stands());
        let handles = standing.filter_map(|dose| dose.handle.clone()).collect();
        Self { code: record.code.clone(), handles }
    }
}

/// A start that is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FreeStart {
    pub start: DateTime<Utc>,
    pub remaining: u32,
}

/// What a search found, by the site's dates.
#[derive(Debug, Default)]
pub(super) struct FreeDates {
    pub by_date: BTreeMap<NaiveDate, Vec<FreeStart>>,
    pub stale: bool,
    /// The ledger's days it rests on.
    pub sighting: Sighting,
}

/// A supply less what is taken of it, and the instants in which a slot may start.
struct Left {
    supply: Vec<Supply>,
    grid: Grid,
    window: Range<i64>,
    dates: Window,
    stale: bool,
    sighting: Sighting,
}

/// The dates a dose may be on because of where other doses are.
pub(super) type Window = RangeInclusive<NaiveDate>;

impl Hunt<'_> {
    pub(super) fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        civil::date_of(self.location.time_zone, now)
    }

    /// The instants in which a slot may start: the notice from now on, up to the end of the last date.
    pub(super) fn bookable(&self, now: DateTime<Utc>) -> (DateTime<Utc>, NaiveDate) {
        let days = Days::new(self.service.max_advance_days.into());
        let last = self.today(now).checked_add_days(days).unwrap_or(NaiveDate::MAX);
        (now + self.service.min_notice, last)
    }

    pub(super) fn date_of(&self, instant: DateTime<Utc>) -> NaiveDate {
        civil::date_of(self.location.time_zone, instant)
    }

    /// A free start as a slot.
    pub(super) fn slot(&self, free: FreeStart, dose: u8) -> Option<Slot> {
        Some(Slot {
            id: SlotId {
                location: self.location.id.clone(),
                service: self.service.id.clone(),
                start: free.start,
                practitioner: self.practitioner.clone(),
            },
            location: self.location.clone(),
            service: self.service.clone(),
            dose,
            time: self.service.appointment(free.start).ok()?,
            remaining: free.remaining,
        })
    }
}

impl Scheduling {
    /// Every free start on some dates, by date, within what may be booked.
    pub(super) async fn free_dates(&self, hunt: &Hunt<'_>, dates: &Window) -> Result<FreeDates, Fault> {
        let Some(left) = self.left(hunt, dates).await? else { return Ok(FreeDates::default()) };
        let free = availability::free(&left.supply, &left.grid, &left.window);
        let mut by_date: BTreeMap<NaiveDate, Vec<FreeStart>> = BTreeMap::new();
        let mut dates = civil::Dates::new(hunt.location.time_zone);
        for offer in availability::offers(&free) {
            let Some(start) = instant(offer.start) else { continue };
            by_date.entry(dates.of(start)).or_default().push(FreeStart { start, remaining: offer.remaining });
        }
        Ok(FreeDates { by_date, stale: left.stale, sighting: left.sighting })
    }

    /// The dates with any free start at all, which takes no list of them.
    async fn dates_with_free(
        &self,
        hunt: &Hunt<'_>,
        dates: &Window,
    ) -> Result<(BTreeSet<NaiveDate>, Sighting), Fault> {
        let Some(left) = self.left(hunt, dates).await? else { return Ok(Default::default()) };
        let days: Vec<(NaiveDate, TimeRange)> = left
            .dates
            .start()
            .iter_days()
            .take_while(|date| date <= left.dates.end())
            .filter_map(|date| Some((date, civil::day(hunt.location.time_zone, date)?)))
            .collect();
        let mut has_any = vec![false; days.len()];
        for supply in &left.supply {
            // Starts come day by day, nearly always.
            let mut known = 0..0;
            supply.each_free(&left.grid, &left.window, |start, _| {
                if known.contains(&start) {
                    return;
                }
                let at = days.partition_point(|(_, day)| day.end().timestamp_millis() <= start);
                if let (Some(has_any), Some((_, day))) = (has_any.get_mut(at), days.get(at)) {
                    *has_any = true;
                    known = day.start().timestamp_millis()..day.end().timestamp_millis();
                }
            });
        }
        let free = days.into_iter().zip(has_any).filter(|(_, has_any)| *has_any).map(|((date, _), _)| date);
        Ok((free.collect(), left.sighting))
    }

    /// What is left of the supply on some dates; `None` where nothing may be booked.
    async fn left(&self, hunt: &Hunt<'_>, dates: &Window) -> Result<Option<Left>, Fault> {
        let now = self.clock.now();
        let (earliest, last) = hunt.bookable(now);
        let first = (*dates.start()).max(hunt.date_of(earliest));
        let last = (*dates.end()).min(last);
        if first > last {
            return Ok(None);
        }
        let grid = grid(&hunt.service)?;
        let openings = self.openings(hunt, first, last).await?;
        let end =
            civil::day(hunt.location.time_zone, last).map_or(i64::MAX, |day| day.end().timestamp_millis());
        let begin =
            civil::day(hunt.location.time_zone, first).map_or(i64::MIN, |day| day.start().timestamp_millis());
        let window = begin.max(earliest.timestamp_millis())..end;
        let (supply, sighting) = self.less_demand(hunt, &openings, &grid, &window, now).await?;
        Ok(Some(Left { supply, grid, window, dates: first..=last, stale: openings.stale, sighting }))
    }

    async fn openings(&self, hunt: &Hunt<'_>, first: NaiveDate, last: NaiveDate) -> Result<Openings, Fault> {
        let query = OpeningsQuery {
            location: hunt.location.clone(),
            service: hunt.service.clone(),
            // An opening of the evening before may reach past midnight.
            first: first.pred_opt().unwrap_or(first),
            last,
            practitioner: hunt.practitioner.clone(),
            own: hunt.own.as_ref().map(|own| own.handles.clone()).unwrap_or_default(),
        };
        let mut openings = hunt.provider.openings(&query).await?;
        if let Some(among) = &hunt.among {
            openings.supply.retain(|supply| among.contains(supply.practitioner()));
        }
        Ok(openings)
    }

    /// Who could do all doses of a series, given when some of them are. `None`: it need not be the same
    /// practitioner.
    pub(super) async fn same_for(
        &self,
        hunt: &Hunt<'_>,
        starts: &[DateTime<Utc>],
    ) -> Result<Option<Vec<PractitionerId>>, Fault> {
        if !hunt.service.same_practitioner || hunt.service.doses() < 2 {
            return Ok(None);
        }
        let mut among = performers(hunt);
        for start in starts {
            let Ok(time) = hunt.service.appointment(*start) else { continue };
            let found = self.candidates(hunt, time).await?;
            let able: Vec<PractitionerId> =
                found.into_iter().flat_map(|(able, _)| able).map(|able| able.place.practitioner).collect();
            among.retain(|practitioner| able.contains(practitioner));
        }
        Ok(Some(among))
    }

    /// The supply less what the ledger has entered.
    async fn less_demand(
        &self,
        hunt: &Hunt<'_>,
        openings: &Openings,
        grid: &Grid,
        window: &Range<i64>,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Supply>, Sighting), Fault> {
        // An appointment is entered on every date it touches, so those that these could touch are enough.
        let Some((first, last)) = reach(&openings.supply, grid, window)
            .and_then(|reach| Some((instant(reach.start())?, instant(reach.end() - 1)?)))
        else {
            return Ok((openings.supply.clone(), Sighting::default()));
        };
        let last = hunt.date_of(last);
        let dates: Vec<NaiveDate> =
            hunt.date_of(first).iter_days().take_while(|date| *date <= last).collect();
        let (days, sighting) = self.ledger.demand(&hunt.location.calendar, &dates).await?;
        let standing = Standing::new(hunt, openings, now);
        let mut entries: Vec<&Entry> = days
            .iter()
            .flat_map(|day: &Arc<Day>| day.entries.iter())
            .filter(|entry| entry.from >= 0 && standing.counts(entry))
            .collect();
        if days.len() > 1 {
            // One that touches two dates is entered in both.
            let mut seen = HashSet::with_capacity(entries.len());
            entries.retain(|entry| seen.insert((entry.code.as_str(), entry.dose, entry.start)));
        }
        if entries.is_empty() {
            return Ok((openings.supply.clone(), sighting));
        }
        entries.sort_unstable_by(|one, other| one.practitioner.cmp(&other.practitioner));
        let supply = openings
            .supply
            .iter()
            .map(|supply| {
                let from = entries.partition_point(|entry| entry.practitioner < *supply.practitioner());
                let theirs =
                    entries[from..].iter().take_while(|entry| entry.practitioner == *supply.practitioner());
                let (seated, busy): (Vec<&Entry>, Vec<&Entry>) =
                    theirs.copied().partition(|entry| entry.service == hunt.service.id);
                if seated.is_empty() && busy.is_empty() {
                    return supply.clone();
                }
                supply.less(
                    busy.into_iter().filter_map(|entry| Interval::new(entry.from, entry.until)),
                    seated.into_iter().map(|entry| Seated { start: entry.start, taken: 1 }),
                )
            })
            .collect();
        Ok((supply, sighting))
    }

    /// Who could serve at a start, by the provider's openings alone; the ledger decides who is free. `None`:
    /// nobody ever could, so there is no such slot.
    pub(super) async fn candidates(
        &self,
        hunt: &Hunt<'_>,
        time: TimeRange,
    ) -> Result<Option<(Vec<Candidate>, Vec<Counted>)>, Fault> {
        let date = hunt.date_of(time.start());
        let openings = self.openings(hunt, date, date).await?;
        if openings.stale {
            // What it said last is good enough for a list, and not for a booking.
            let why = "the provider's calendar cannot be read now".into();
            return Err(Fault::Unavailable { why, retry_after: Some(RETRY_AFTER) });
        }
        let grid = grid(&hunt.service)?;
        let start = time.start().timestamp_millis();
        if !openings.supply.iter().any(|supply| supply.is_on_grid(&grid, start)) {
            return Ok(None);
        }
        let buffered = hunt.service.buffered(time);
        let candidates = openings.supply.iter().filter_map(|supply| {
            let seats = supply.seats_at(&grid, start)?;
            let place = Place { practitioner: supply.practitioner().clone(), time, buffered };
            let on_the_day = |counted: &&Counted| {
                counted.practitioner == place.practitioner
                    && instant(counted.start).is_some_and(|start| hunt.date_of(start) == date)
            };
            let appointments = openings.counted.iter().filter(on_the_day).count();
            Some(Candidate { place, seats, appointments })
        });
        Ok(Some((candidates.collect(), openings.counted)))
    }

    /// The free starts of a dose from which all later doses of the series can still be booked.
    pub(super) async fn offerable_dates(
        &self,
        hunt: &Hunt<'_>,
        dates: &Window,
        dose: u8,
    ) -> Result<FreeDates, Fault> {
        let later = hunt.service.doses().saturating_sub(dose);
        let Some(series) = hunt.service.series.filter(|_| later > 0) else {
            return self.free_dates(hunt, dates).await;
        };
        if !hunt.service.same_practitioner || hunt.practitioner.is_some() {
            return self.offerable_with(hunt, dates, later, series).await;
        }
        let mut all = FreeDates::default();
        for practitioner in performers(hunt) {
            let alone = Hunt { among: Some(vec![practitioner]), ..hunt.clone() };
            all.add(self.offerable_with(&alone, dates, later, series).await?);
        }
        Ok(all)
    }

    /// The same, where a later dose may be with whoever the search is for.
    async fn offerable_with(
        &self,
        hunt: &Hunt<'_>,
        dates: &Window,
        later: u8,
        series: Series,
    ) -> Result<FreeDates, Fault> {
        let mut found = self.free_dates(hunt, dates).await?;
        let free: BTreeSet<NaiveDate> = found.by_date.keys().copied().collect();
        let (Some(first), Some(last)) = (free.first(), free.last()) else { return Ok(found) };
        let dates = *first..=*last;
        let slack = series.max_days.saturating_sub(series.min_days);
        let mut ahead = 0;
        loop {
            let mut per_dose = vec![free.clone()];
            let mut sightings = Sighting::default();
            for steps in 1..=later {
                let reached = reached(&series, &dates, steps, ahead);
                let (free, sighting) = self.dates_with_free(hunt, &reached).await?;
                sightings.extend(sighting);
                per_dose.push(free);
            }
            let offerable = availability::offerable(&per_dose, &series);
            // Nearly always a later dose is free soon after it may be. Looking farther only then costs less,
            // and rests on fewer days that others may change.
            if offerable.len() == free.len() || ahead >= slack {
                found.sighting.extend(sightings);
                found.by_date.retain(|date, _| offerable.contains(date));
                return Ok(found);
            }
            ahead = slack.min(ahead.saturating_mul(2).saturating_add(2));
        }
    }
}

/// Who is searched among.
fn performers(hunt: &Hunt<'_>) -> Vec<PractitionerId> {
    let performs = |practitioner: &&Practitioner| practitioner.services.contains(&hunt.service.id);
    let all = hunt.location.practitioners.iter().filter(performs).map(|practitioner| practitioner.id.clone());
    let wanted = |id: &PractitionerId| {
        hunt.practitioner.as_ref().is_none_or(|wanted| wanted == id)
            && hunt.among.as_ref().is_none_or(|among| among.contains(id))
    };
    all.filter(wanted).collect()
}

impl FreeDates {
    /// What is free with somebody else as well.
    fn add(&mut self, other: Self) {
        for (date, starts) in other.by_date {
            let known = self.by_date.entry(date).or_default();
            for free in starts {
                match known.iter_mut().find(|known| known.start == free.start) {
                    Some(known) => known.remaining = known.remaining.saturating_add(free.remaining),
                    None => known.push(free),
                }
            }
            known.sort_unstable_by_key(|free| free.start);
        }
        self.stale |= other.stale;
        self.sighting.extend(other.sighting);
    }
}

/// From when until when anything could be in the way of what starts in a window; `None`: nothing starts.
fn reach(supply: &[Supply], grid: &Grid, window: &Range<i64>) -> Option<Interval> {
    let reach = supply.iter().filter_map(|supply| supply.reach(grid, window));
    reach.reduce(Interval::merge)
}

fn instant(milliseconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(milliseconds)
}

/// Which entries stand against a search.
struct Standing<'a> {
    whose: WhoseRecord,
    counted: HashSet<Counted>,
    own: Option<&'a str>,
    now: i64,
}

impl<'a> Standing<'a> {
    fn new(hunt: &'a Hunt<'_>, openings: &'a Openings, now: DateTime<Utc>) -> Self {
        Self {
            whose: hunt.provider.capabilities().record,
            counted: openings.counted.iter().cloned().collect(),
            own: hunt.own.as_ref().map(|own| own.code.compact()),
            now: now.timestamp_millis(),
        }
    }

    /// Where the vendor's calendar is the record, what is confirmed long enough is counted there already.
    fn counts(&self, entry: &Entry) -> bool {
        if Some(entry.code.as_str()) == self.own {
            return false;
        }
        match (self.whose, entry.confirmed) {
            (WhoseRecord::Ledger, _) | (WhoseRecord::Vendor, None) => true,
            (WhoseRecord::Vendor, Some(confirmed)) => {
                self.now.abs_diff(confirmed) < RECENT.num_milliseconds().unsigned_abs()
                    && !entry.is_counted(&self.counted)
            }
        }
    }
}

/// The dates of a dose `steps` doses after (or before, when negative) one on a date.
pub(super) fn window(series: &Series, from: NaiveDate, steps: i64) -> Window {
    let shift = |days: u32| {
        let delta = TimeDelta::days(i64::from(days) * steps);
        from.checked_add_signed(delta).unwrap_or(if steps < 0 { NaiveDate::MIN } else { NaiveDate::MAX })
    };
    let (near, far) = (shift(series.min_days), shift(series.max_days));
    near.min(far)..=near.max(far)
}

/// The dates of a dose `steps` doses after one that is on any of some dates: of those on which it may be, the
/// first, and so many `ahead`.
fn reached(series: &Series, from: &Window, steps: u8, ahead: u32) -> Window {
    let after = |date: &NaiveDate, days: u32| {
        date.checked_add_days(Days::new(u64::from(days) * u64::from(steps))).unwrap_or(NaiveDate::MAX)
    };
    let farthest = series.max_days.min(series.min_days.saturating_add(ahead));
    after(from.start(), series.min_days)..=after(from.end(), farthest)
}

/// What is in both.
pub(super) fn narrowed(one: &Window, other: &Window) -> Window {
    (*one.start()).max(*other.start())..=(*one.end()).min(*other.end())
}

pub(super) fn grid(service: &Service) -> Result<Grid, Fault> {
    Grid::try_from(service).map_err(|error| {
        Fault::Misconfigured(format!("service `{}` cannot be laid out: {error}", service.id))
    })
}
