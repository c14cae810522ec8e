//! `get-slots`: what a patient can choose from, and the nearest others when there is nothing.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Datelike, Days, NaiveDate, Timelike, Utc};
use chrono_tz::Tz;

use super::{
    Caller, Fault, InputField, InputReason, InvalidField, NeedsInput, NotOpened, Proof, Scheduling,
    appointment::Proven,
    search::{FreeDates, FreeStart, Hunt, Own, Window, narrowed, window},
};
use crate::{
    domain::{
        BookBy, Location, LocationId, PractitionerChoice, PractitionerId, Series, Service, ServiceId,
        TimeRange, civil, slot::SlotId,
    },
    ledger::documents::Dose,
    provider::{Capabilities, Record},
    store::combined::Sighting,
};

#[derive(Debug, Clone)]
pub struct SlotsQuery {
    /// One to five.
    pub locations: Vec<LocationId>,
    pub service: ServiceId,
    pub when: When,
    pub part_of_day: Option<PartOfDay>,
    pub practitioner: Option<PractitionerId>,
    pub dose: u8,
    pub after: Option<After>,
    pub moving: Option<Moving>,
    pub limit: usize,
    pub cursor: Option<String>,
    /// The zone labels are in; the site's when `None`.
    pub time_zone: Option<Tz>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// From now, 14 days.
    Soon,
    Between {
        from: Option<Bound>,
        to: Option<Bound>,
    },
    Today,
    Tomorrow,
    ThisWeek,
    NextWeek,
    Weekend,
}

/// An end of a search: a date at the site (the whole day), or an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    Date(NaiveDate),
    Instant(DateTime<Utc>),
}

/// Before 12, 12 to 17, from 17; by the site's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartOfDay {
    Morning,
    Afternoon,
    Evening,
}

/// The earlier dose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    Slot(SlotId),
    Date(NaiveDate),
}

/// The appointment a search is to move, proven as everywhere.
#[derive(Debug, Clone)]
pub struct Moving {
    pub proof: Proof,
    pub dose: Option<u8>,
}

#[derive(Debug, Clone)]
pub enum SlotsOutcome {
    /// Empty `slots`: the outcome is `noSlots`, perhaps with alternatives.
    Found(SlotsFound),
    UnknownLocation,
    UnknownService,
    BookElsewhere(Arc<Location>),
    NeedsInput(Vec<NeedsInput>),
    /// While proving a move.
    NotOpened(NotOpened),
}

#[derive(Debug, Clone)]
pub struct SlotsFound {
    pub zone: Tz,
    /// The first and the last date anything can be booked on.
    pub bookable: (NaiveDate, NaiveDate),
    pub slots: Vec<Slot>,
    /// Every date of the search with a free slot, and how many: of the whole search, not of one page.
    pub days: Vec<(NaiveDate, usize)>,
    /// When there are no slots: the nearest others.
    pub alternatives: Vec<Slot>,
    pub cursor: Option<String>,
    pub stale: bool,
    /// What it was worked out from; `None` where that cannot be asked again.
    pub basis: Option<Basis>,
}

/// What a list of slots was worked out from, to ask later whether it [still
/// holds](Scheduling::still_holds). Only lists are told again: a booking looks for itself.
#[derive(Debug, Clone)]
pub struct Basis {
    /// Another configuration may offer other slots.
    configuration: u64,
    minute: i64,
    sighting: Sighting,
}

impl Basis {
    /// About how much memory it takes.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.sighting.weight()
    }
}

/// A free slot.
#[derive(Debug, Clone)]
pub struct Slot {
    pub id: SlotId,
    pub location: Arc<Location>,
    pub service: Arc<Service>,
    pub dose: u8,
    pub time: TimeRange,
    /// Patients it still has room for, over all practitioners.
    pub remaining: u32,
}

/// A search without dates looks this far.
const SOON: u64 = 14;

/// Slots offered when there is nothing where the patient looked.
const ALTERNATIVES: usize = 5;

/// They are looked for in so many days on either side, and everywhere last: a whole calendar is long, and what
/// rests on few days is seldom out of date.
const AROUND: [Option<u64>; 3] = [Some(2), Some(7), None];

/// A search at one site, narrowed to what was asked.
struct Asked<'a> {
    hunt: Hunt<'a>,
    dates: Window,
    /// Instants, where the caller gave them.
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    dose: u8,
    /// No later dose has to be possible after it.
    alone: bool,
    stale: bool,
}

/// The booking that is moved, and which of its doses are.
struct Moves<'a> {
    record: &'a crate::ledger::record::Record,
    doses: Vec<u8>,
}

impl<'a> Moves<'a> {
    fn of(moving: &Moving, record: &'a crate::ledger::record::Record) -> Self {
        let standing = record.booking.doses.iter().filter(|dose| dose.status.stands()).map(|dose| dose.dose);
        Self { record, doses: moving.dose.map_or_else(|| standing.collect(), |dose| vec![dose]) }
    }

    /// The dose that is looked for: of a whole series, the one that was asked for.
    fn dose(&self, asked: u8) -> u8 {
        if self.doses.contains(&asked) { asked } else { self.doses.first().copied().unwrap_or(asked) }
    }

    /// Whom the dose is with now, if they still do this: where patients choose, a move changes nothing that they chose.
    fn stands_with(&self, asked: u8, service: &Service, location: &Location) -> Option<PractitionerId> {
        let place = self.record.booking.dose(self.dose(asked))?.place.as_ref()?;
        let practitioner = location.practitioners.iter().find(|who| who.id == place.practitioner)?;
        practitioner.services.contains(&service.id).then(|| practitioner.id.clone())
    }

    /// The doses before and after one that stay where they are, as steps and dates.
    fn neighbours(&self, hunt: &Hunt<'_>, dose: u8) -> Vec<(i64, NaiveDate)> {
        let stays = |other: &&Dose| other.status.stands() && !self.doses.contains(&other.dose);
        let steps = |other: &Dose| i64::from(dose) - i64::from(other.dose);
        let doses = self.record.booking.doses.iter().filter(stays);
        doses.map(|other| (steps(other), hunt.date_of(other.time.start()))).collect()
    }
}

impl Scheduling {
    /// # Errors
    /// When the request contradicts itself, or nobody can be asked.
    pub async fn get_slots(&self, query: SlotsQuery, caller: &Caller) -> Result<SlotsOutcome, Fault> {
        let proven = match &query.moving {
            None => None,
            Some(moving) => match self.prove(&moving.proof, "get-slots", caller).await? {
                Proven::Booking(record) => Some((moving, record)),
                Proven::NotOpened(not_opened) => return Ok(SlotsOutcome::NotOpened(not_opened)),
                Proven::NeedsInput(asks) => return Ok(SlotsOutcome::NeedsInput(asks)),
            },
        };
        let mut asked = Vec::new();
        let mut refusal = SlotsOutcome::UnknownLocation;
        for id in &query.locations {
            let Some((provider, location, stale)) = self.site(id).await? else { continue };
            let Some(service) = location.offers(query.service.as_str()).cloned() else {
                refusal = SlotsOutcome::UnknownService;
                continue;
            };
            if !location.book_by.contains(&BookBy::Chat) {
                refusal = SlotsOutcome::BookElsewhere(location);
                continue;
            }
            let moves = proven.as_ref().map(|(moving, record)| Moves::of(moving, record));
            let practitioner = query.practitioner.clone().or_else(|| {
                let moves =
                    moves.as_ref().filter(|_| service.practitioner_choice != PractitionerChoice::None)?;
                moves.stands_with(query.dose, &service, &location)
            });
            if service.practitioner_choice == PractitionerChoice::Required && practitioner.is_none() {
                let (field, reason) = (InputField::Practitioner, InputReason::Missing);
                refusal = SlotsOutcome::NeedsInput(vec![NeedsInput { field, reason }]);
                continue;
            }
            let own = proven.as_ref().map(|(_, record)| Own::from(record.as_ref()));
            let mut hunt = Hunt { provider, location, service, practitioner, among: None, own };
            if let Some(After::Slot(slot)) = &query.after {
                hunt.among = self.same_for(&hunt, &[slot.start]).await?;
            }
            if let Some(Moves { record, doses }) = &moves
                && (doses.len() == 1 || query.after.is_none())
            {
                // A series that moves as a whole is bound to nobody, and its later doses to whom the first is with.
                hunt.among = same_as_standing(&hunt, record, doses);
            }
            asked.push(self.narrow(hunt, &query, moves.as_ref(), stale)?);
        }
        if asked.is_empty() {
            return Ok(refusal);
        }
        self.find_slots(&query, &asked).await.map(SlotsOutcome::Found)
    }

    /// The dates that were asked for, at one site.
    fn narrow<'a>(
        &self,
        hunt: Hunt<'a>,
        query: &SlotsQuery,
        moves: Option<&Moves<'_>>,
        stale: bool,
    ) -> Result<Asked<'a>, Fault> {
        let today = hunt.today(self.clock.now());
        let (mut dates, from, to) = span(query.when, hunt.location.time_zone, today)?;
        let mut dose = query.dose;
        if let Some(series) = hunt.service.series {
            if let Some(after) = &query.after {
                let earlier = match after {
                    After::Date(date) => *date,
                    After::Slot(slot) => hunt.date_of(slot.start),
                };
                dates = within(&dates, query.when, window(&series, earlier, 1));
            }
            if let Some(moves) = moves {
                dose = moves.dose(dose);
                for (steps, date) in moves.neighbours(&hunt, dose) {
                    dates = within(&dates, query.when, window(&series, date, steps));
                }
            }
        }
        // The later doses of one that moves alone stand already.
        let alone = moves.is_some_and(|moves| moves.doses.len() <= 1);
        if dose > hunt.service.doses() {
            let detail = format!("the service has {} doses", hunt.service.doses());
            return Err(Fault::InvalidRequest(vec![InvalidField { field: "dose".into(), detail }]));
        }
        Ok(Asked { hunt, dates, from, to, dose, alone, stale })
    }

    async fn find_slots(&self, query: &SlotsQuery, asked: &[Asked<'_>]) -> Result<SlotsFound, Fault> {
        let first = &asked[0];
        let now = self.clock.now();
        let (earliest, last) = first.hunt.bookable(now);
        let mut days: BTreeMap<NaiveDate, usize> = BTreeMap::new();
        let mut slots: Vec<Slot> = Vec::new();
        let mut stale = asked.iter().any(|asked| asked.stale);
        let mut sighting = Sighting::default();
        for asked in asked {
            let found = self.offerable(asked, &asked.dates).await?;
            stale |= found.stale;
            sighting.extend(found.sighting);
            for (date, starts) in found.by_date {
                let wanted = starts.into_iter().filter(|free| asked.wants(free, query.part_of_day));
                let before = slots.len();
                slots.extend(wanted.filter_map(|free| asked.hunt.slot(free, asked.dose)));
                if slots.len() > before {
                    *days.entry(date).or_default() += slots.len() - before;
                }
            }
        }
        slots.sort_by_key(|slot| slot.time);
        let alternatives =
            if slots.is_empty() { self.nearest(asked, &mut sighting).await? } else { Vec::new() };
        let (slots, cursor) = page(slots, query);
        // A vendor's calendar changes without our being told, and a move is proven anew each time.
        let ours =
            |capabilities: Capabilities| capabilities.record == Record::Ledger && capabilities.fixed_openings;
        let all_ours =
            query.moving.is_none() && asked.iter().all(|asked| ours(asked.hunt.provider.capabilities()));
        Ok(SlotsFound {
            zone: query.time_zone.unwrap_or(first.hunt.location.time_zone),
            bookable: (first.hunt.date_of(earliest), last),
            slots,
            days: days.into_iter().collect(),
            alternatives,
            cursor,
            stale,
            basis: all_ours.then(|| Basis {
                configuration: self.configuration,
                minute: minute(now),
                sighting,
            }),
        })
    }

    /// Whether the same question still has the same answer: then no minute has passed, which moves the notice a
    /// clinic wants, and nobody has booked, moved or cancelled on the days that were looked at. When in doubt, no.
    pub async fn still_holds(&self, basis: &Basis) -> bool {
        basis.configuration == self.configuration
            && basis.minute == minute(self.clock.now())
            && matches!(self.ledger.unchanged(&basis.sighting).await, Ok(true))
    }

    async fn offerable(&self, asked: &Asked<'_>, dates: &Window) -> Result<FreeDates, Fault> {
        if asked.alone {
            self.free_dates(&asked.hunt, dates).await
        } else {
            self.offerable_dates(&asked.hunt, dates, asked.dose).await
        }
    }

    /// The free slots nearest to where the patient looked, in the same windows of the series.
    async fn nearest(&self, asked: &[Asked<'_>], sighting: &mut Sighting) -> Result<Vec<Slot>, Fault> {
        for around in AROUND {
            let slots = self.nearest_within(around, asked, sighting).await?;
            if around.is_none() || slots.len() == ALTERNATIVES {
                return Ok(slots);
            }
        }
        Ok(Vec::new())
    }

    /// The nearest of those less than so many days away; `None`, of all. Whatever is found near is nearer than
    /// what is left out, so enough of it is all that is needed.
    async fn nearest_within(
        &self,
        around: Option<u64>,
        asked: &[Asked<'_>],
        sighting: &mut Sighting,
    ) -> Result<Vec<Slot>, Fault> {
        let now = self.clock.now();
        let mut slots = Vec::new();
        for asked in asked {
            let (earliest, last) = asked.hunt.bookable(now);
            let anywhere = asked.hunt.date_of(earliest)..=last;
            let dates = if asked.hunt.service.series.is_some() && asked.dose > 1 {
                asked.dates.clone()
            } else {
                anywhere
            };
            let sought =
                asked.from.unwrap_or_else(|| start_of(*asked.dates.start(), asked.hunt.location.time_zone));
            let dates = around.map_or(dates.clone(), |days| {
                let middle = asked.hunt.date_of(sought);
                let (first, last) =
                    (middle.checked_sub_days(Days::new(days)), middle.checked_add_days(Days::new(days)));
                narrowed(&dates, &(first.unwrap_or(NaiveDate::MIN)..=last.unwrap_or(NaiveDate::MAX)))
            });
            let found = self.offerable(asked, &dates).await?;
            sighting.extend(found.sighting);
            let starts = found.by_date.into_values().flatten();
            // The dates looked at reach a little farther on one side than on the other.
            let near = |free: &FreeStart| {
                around.is_none_or(|days| (free.start - sought).num_days().unsigned_abs() < days - 1)
            };
            slots.extend(
                starts
                    .filter(near)
                    .filter_map(|free| Some((free.start - sought, asked.hunt.slot(free, asked.dose)?))),
            );
        }
        slots.sort_by_key(|(distance, _)| distance.abs());
        slots.truncate(ALTERNATIVES);
        slots.sort_by_key(|(_, slot)| slot.time);
        Ok(slots.into_iter().map(|(_, slot)| slot).collect())
    }

    /// Slots for one dose that would fit the others that are kept, for a booking that found it taken.
    pub(super) async fn alternatives(
        &self,
        hunt: &Hunt<'_>,
        dose: u8,
        sought: DateTime<Utc>,
        kept: &[(u8, DateTime<Utc>)],
    ) -> Result<Vec<Slot>, Fault> {
        let now = self.clock.now();
        let (earliest, last) = hunt.bookable(now);
        let mut dates = hunt.date_of(earliest)..=last;
        let mut follows = true;
        if let Some(series) = hunt.service.series {
            for (other, start) in kept {
                let steps = i64::from(dose) - i64::from(*other);
                dates = narrowed(&dates, &window(&series, hunt.date_of(*start), steps));
                follows &= *other < dose;
            }
        }
        let found = if kept.is_empty() || follows {
            self.offerable_dates(hunt, &dates, dose).await?
        } else {
            self.free_dates(hunt, &dates).await?
        };
        let mut starts: Vec<FreeStart> = found.by_date.into_values().flatten().collect();
        starts.retain(|free| free.start != sought);
        starts.sort_by_key(|free| (free.start - sought).abs());
        starts.truncate(ALTERNATIVES);
        starts.sort_by_key(|free| free.start);
        Ok(starts.into_iter().filter_map(|free| hunt.slot(free, dose)).collect())
    }
}

/// Whom doses that move have to be with because of the doses that stay where they are.
pub(super) fn same_as_standing(
    hunt: &Hunt<'_>,
    record: &crate::ledger::record::Record,
    moving: &[u8],
) -> Option<Vec<PractitionerId>> {
    if !hunt.service.same_practitioner {
        return None;
    }
    let stays = |dose: &&Dose| dose.status.stands() && !moving.contains(&dose.dose);
    let places = record.booking.doses.iter().filter(stays).filter_map(|dose| dose.place.as_ref());
    let mut with: Vec<PractitionerId> = places.map(|place| place.practitioner.clone()).collect();
    with.dedup();
    (!with.is_empty()).then_some(with)
}

impl Asked<'_> {
    fn wants(&self, free: &FreeStart, part: Option<PartOfDay>) -> bool {
        self.from.is_none_or(|from| free.start >= from)
            && self.to.is_none_or(|to| free.start < to)
            && part
                .is_none_or(|part| part.has(free.start.with_timezone(&self.hunt.location.time_zone).hour()))
    }
}

impl PartOfDay {
    fn has(self, hour: u32) -> bool {
        match self {
            Self::Morning => hour < 12,
            Self::Afternoon => (12..17).contains(&hour),
            Self::Evening => hour >= 17,
        }
    }
}

/// What a search covers: dates at the site, and instants where the caller gave them.
type Span = (Window, Option<DateTime<Utc>>, Option<DateTime<Utc>>);

fn span(when: When, zone: Tz, today: NaiveDate) -> Result<Span, Fault> {
    let plus = |days: u64| today.checked_add_days(Days::new(days)).unwrap_or(today);
    let to_sunday = u64::from(6 - today.weekday().num_days_from_monday());
    let whole = |first, last| Ok((first..=last, None, None));
    match when {
        When::Soon => whole(today, plus(SOON - 1)),
        When::Today => whole(today, today),
        When::Tomorrow => whole(plus(1), plus(1)),
        When::ThisWeek => whole(today, plus(to_sunday)),
        When::NextWeek => whole(plus(to_sunday + 1), plus(to_sunday + 7)),
        // On a Sunday, what is left of this one.
        When::Weekend => whole(plus(to_sunday.saturating_sub(1)), plus(to_sunday)),
        When::Between { from, to } => {
            let date = |bound: Bound| match bound {
                Bound::Date(date) => date,
                Bound::Instant(instant) => civil::date_of(zone, instant),
            };
            let instant = |bound: Option<Bound>| match bound {
                Some(Bound::Instant(instant)) => Some(instant),
                _ => None,
            };
            let first = from.map_or(today, date);
            let soon = first.checked_add_days(Days::new(SOON - 1)).unwrap_or(first);
            let last = to.map_or(soon, date);
            let (from, to) = (instant(from), instant(to));
            if last < first || from.zip(to).is_some_and(|(from, to)| to <= from) {
                let field =
                    |field: &str, detail: &str| InvalidField { field: field.into(), detail: detail.into() };
                return Err(Fault::InvalidRequest(vec![
                    field("from", "is after `to`: swap them"),
                    field("to", "is before `from`: swap them"),
                ]));
            }
            Ok((first..=last, from, to))
        }
    }
}

/// A window of the series, and of it the dates asked for; all of it where no dates were asked for.
fn within(dates: &Window, when: When, series: Window) -> Window {
    if when == When::Soon { series } else { narrowed(dates, &series) }
}

/// The interval that is broken between doses, if one is: the later dose of the two.
pub(super) fn broken_interval(series: &Series, dates: &[(u8, NaiveDate)]) -> Option<u8> {
    dates.windows(2).find_map(|pair| {
        let [(earlier, from), (later, to)] = pair else { return None };
        let steps = i64::from(*later) - i64::from(*earlier);
        (!window(series, *from, steps).contains(to)).then_some(*later)
    })
}

fn minute(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(60)
}

fn start_of(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    civil::day(zone, date).map_or(DateTime::<Utc>::MIN_UTC, |day| day.start())
}

/// One page, and where the next starts: after its last slot, so that what is booked meanwhile moves nothing.
fn page(slots: Vec<Slot>, query: &SlotsQuery) -> (Vec<Slot>, Option<String>) {
    let place = |slot: &Slot| {
        let location = query.locations.iter().position(|id| *id == slot.location.id).unwrap_or(0);
        (slot.time.start().timestamp(), location)
    };
    let after = query.cursor.as_deref().and_then(|cursor| {
        let (start, location) = cursor.split_once('.')?;
        Some((start.parse::<i64>().ok()?, location.parse::<usize>().ok()?))
    });
    let mut rest: Vec<Slot> =
        slots.into_iter().filter(|slot| after.is_none_or(|after| place(slot) > after)).collect();
    let more = rest.len() > query.limit;
    rest.truncate(query.limit);
    let cursor = rest.last().filter(|_| more).map(|slot| {
        let (start, location) = place(slot);
        format!("{start}.{location}")
    });
    (rest, cursor)
}
