//! Holding places: the entries of day documents.
//!
//! An entry never expires by clock. Whoever meets an unconfirmed one that looks old asks its booking, and
//! settles that first.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;

use super::{
    Ledger, LedgerError, STALE,
    documents::{Booking, Day, Entry, State, key},
    record::Record,
};
use crate::{
    domain::{CalendarId, Place, Service, civil, code::ConfirmationCode},
    provider::{Capabilities, Handle, Record as WhoseRecord},
    store::{
        StoreError,
        combined::{Change, Sighting},
    },
};

/// How often a claim starts over before it gives up: after settling others, or after a place turned out to be
/// free on one date and taken on the next.
const ROUNDS: u32 = 12;

/// How long a vendor's read may not show yet what we confirmed.
const RECENT: TimeDelta = TimeDelta::minutes(2);

/// One dose that wants a place, and the places that would do, best first.
#[derive(Debug, Clone)]
pub struct Claim {
    pub dose: u8,
    pub candidates: Vec<Candidate>,
}

/// A place the provider offers.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub place: Place,
    /// Patients it has room for, by the provider's word.
    pub seats: u32,
}

/// How a claim ended.
#[derive(Debug)]
pub(super) enum Claimed {
    /// Every dose has its place.
    All(BTreeMap<u8, Place>),
    /// These doses have none; nothing may be relied on.
    Taken(Vec<u8>),
    /// Somebody else writes the shared object, and did not finish in time.
    Busy,
}

/// Whose entries are made, and what counts against them.
#[derive(Debug, Clone)]
pub(super) struct Claimant {
    pub code: ConfirmationCode,
    pub attempt: u32,
    pub calendar: CalendarId,
    pub zone: Tz,
    pub service: Arc<Service>,
    pub capabilities: Capabilities,
    /// Appointments that the candidates' `seats` already count.
    pub counted: Arc<HashSet<Handle>>,
    /// Where the booking stands already: held until its record says otherwise.
    pub standing: Arc<[Place]>,
}

/// What a day answers to a claim.
#[derive(Debug, Clone)]
enum Answer {
    Placed(Vec<(u8, usize)>),
    Blocked(Blocked),
}

#[derive(Debug, Clone, Default)]
struct Blocked {
    doses: Vec<u8>,
    /// Codes of unconfirmed entries in the way that look old.
    suspects: BTreeSet<String>,
    /// Somebody of ours is writing the same shared object.
    writer: bool,
}

impl Ledger {
    /// Enters every dose in the days it touches, in the order of their keys.
    pub(super) async fn claim(
        &self,
        claimant: &Claimant,
        claims: &mut [Claim],
    ) -> Result<Claimed, LedgerError> {
        let mut settled = HashSet::new();
        for round in 0..ROUNDS {
            match self.claim_once(claimant, claims).await? {
                Ok(places) => return Ok(Claimed::All(places)),
                Err((blocked, chosen)) => {
                    let suspects: Vec<_> =
                        blocked.suspects.difference(&settled_codes(&settled)).cloned().collect();
                    if !suspects.is_empty() {
                        for code in suspects {
                            self.settle_suspect(&code).await?;
                            settled.insert(code);
                        }
                    } else if blocked.writer {
                        self.pause(round).await;
                    } else if !drop_chosen(claims, &blocked, &chosen) {
                        return Ok(Claimed::Taken(self.taken(claimant, claims, blocked.doses).await?));
                    }
                }
            }
        }
        Ok(Claimed::Busy)
    }

    async fn claim_once(
        &self,
        claimant: &Claimant,
        claims: &[Claim],
    ) -> Result<Result<BTreeMap<u8, Place>, (Blocked, BTreeMap<u8, usize>)>, LedgerError> {
        let mut chosen: BTreeMap<u8, usize> = BTreeMap::new();
        for date in dates_of(claimant.zone, claims) {
            let key = key::day(&claimant.calendar, date);
            let wanted: Vec<(Claim, Option<usize>)> = claims
                .iter()
                .filter(|claim| touches(claimant.zone, claim, date))
                .map(|claim| (claim.clone(), chosen.get(&claim.dose).copied()))
                .collect();
            let claimant_too = claimant.clone();
            let now = self.clock.now().timestamp_millis();
            let answer =
                self.days.change(&key, move |day: &mut Day| claimant_too.enter(day, &wanted, now)).await??;
            match answer {
                Answer::Placed(places) => chosen.extend(places),
                Answer::Blocked(blocked) => return Ok(Err((blocked, chosen))),
            }
        }
        Ok(Ok(claims
            .iter()
            .filter_map(|claim| {
                let place = claim.candidates.get(*chosen.get(&claim.dose)?)?.place.clone();
                Some((claim.dose, place))
            })
            .collect()))
    }

    /// Which doses could not be placed: the ones that were refused, and those not come to that have no place
    /// either, so that a patient hears of all at once.
    async fn taken(
        &self,
        claimant: &Claimant,
        claims: &[Claim],
        mut refused: Vec<u8>,
    ) -> Result<Vec<u8>, LedgerError> {
        let dates: Vec<NaiveDate> = dates_of(claimant.zone, claims).into_iter().collect();
        let days = self.read_days(&claimant.calendar, &dates).await?;
        for claim in claims {
            let free = claim.candidates.iter().any(|candidate| {
                let on = |date: &NaiveDate| touches(claimant.zone, claim, *date);
                dates.iter().zip(&days).filter(|(date, _)| on(date)).all(|(_, day)| {
                    let mut blocked = Blocked::default();
                    let now = self.clock.now().timestamp_millis();
                    claimant.fits(&day.entries, candidate, now, &mut blocked)
                })
            });
            if !free && !refused.contains(&claim.dose) {
                refused.push(claim.dose);
            }
        }
        refused.sort_unstable();
        Ok(refused)
    }

    /// The entries of some dates, after settling what looks abandoned in them; and what to ask by later whether
    /// they are still the same.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn demand(
        &self,
        calendar: &CalendarId,
        dates: &[NaiveDate],
    ) -> Result<(Vec<Arc<Day>>, Sighting), LedgerError> {
        let (days, sighting) = self.sight_days(calendar, dates).await?;
        let now = self.clock.now().timestamp_millis();
        let suspects: BTreeSet<&str> = days
            .iter()
            .flat_map(|day| day.entries.iter())
            .filter(|entry| looks_old(entry, now))
            .map(|entry| entry.code.as_str())
            .collect();
        if suspects.is_empty() {
            return Ok((days, sighting));
        }
        for code in suspects {
            self.settle_suspect(code).await?;
        }
        Ok(self.sight_days(calendar, dates).await?)
    }

    /// Whether the days that [`demand`](Self::demand) has read are still the same.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn unchanged(&self, sighting: &Sighting) -> Result<bool, LedgerError> {
        Ok(self.days.unchanged(sighting).await?)
    }

    async fn settle_suspect(&self, code: &str) -> Result<(), LedgerError> {
        if let Ok(code) = code.parse() {
            self.settle(&code).await?;
        }
        Ok(())
    }

    async fn read_days(
        &self,
        calendar: &CalendarId,
        dates: &[NaiveDate],
    ) -> Result<Vec<Arc<Day>>, StoreError> {
        Ok(self.sight_days(calendar, dates).await?.0)
    }

    async fn sight_days(
        &self,
        calendar: &CalendarId,
        dates: &[NaiveDate],
    ) -> Result<(Vec<Arc<Day>>, Sighting), StoreError> {
        let keys: Vec<String> = dates.iter().map(|date| key::day(calendar, *date)).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        self.days.sight(&keys).await
    }

    /// Brings the days of a booking in line with what its record says: entries of places it stands in are
    /// marked confirmed, all others of attempts that are over are removed. Entries of a later attempt than
    /// the record's are somebody's work in progress and stay.
    pub(super) async fn tidy_days(&self, record: &Record) -> Result<(), LedgerError> {
        let booking = Arc::new(record.booking.clone());
        let code: Arc<str> = record.code.compact().into();
        let now = self.clock.now().timestamp_millis();
        for date in booking.days.iter().copied() {
            let (booking, code) = (booking.clone(), code.clone());
            self.days
                .change(&key::day(&booking.calendar.clone(), date), move |day: &mut Day| {
                    tidy(day, &code, &booking, now)
                })
                .await?;
        }
        Ok(())
    }
}

fn settled_codes(settled: &HashSet<String>) -> BTreeSet<String> {
    settled.iter().cloned().collect()
}

/// Takes a practitioner out of the running who was chosen on one date and is not free on the next. `false`:
/// nothing is left to try.
fn drop_chosen(claims: &mut [Claim], blocked: &Blocked, chosen: &BTreeMap<u8, usize>) -> bool {
    blocked.doses.iter().all(|dose| {
        let claim = claims.iter_mut().find(|claim| claim.dose == *dose);
        match (claim, chosen.get(dose)) {
            (Some(claim), Some(index)) if claim.candidates.len() > 1 && *index < claim.candidates.len() => {
                claim.candidates.remove(*index);
                true
            }
            _ => false,
        }
    })
}

fn tidy(day: &mut Day, code: &str, booking: &Booking, now: i64) -> Change<()> {
    let mut changed = false;
    day.entries.retain_mut(|entry| {
        if entry.code != code || entry.attempt > booking.attempt {
            return true;
        }
        if booking.stands_in(entry) {
            if entry.confirmed.is_none() {
                entry.confirmed = Some(now);
                entry.handle = booking.dose(entry.dose).and_then(|dose| dose.handle.clone());
                changed = true;
            }
            return true;
        }
        let held = match booking.state {
            State::Pending | State::Undoing => true,
            State::Confirmed => booking.operation.as_ref().is_some_and(|operation| {
                operation.targets.iter().any(|target| {
                    target.dose == entry.dose && target.time.start().timestamp_millis() == entry.start
                })
            }),
            State::Undone | State::Cancelled => false,
        };
        changed |= !held;
        held
    });
    if changed { Change::Write(()) } else { Change::Keep(()) }
}

/// Whether an entry may have been abandoned. Wrong either way costs a look at its booking, nothing more: a
/// clock an hour off shows in either direction.
fn looks_old(entry: &Entry, now: i64) -> bool {
    let stale = i64::try_from(STALE.as_millis()).unwrap_or(i64::MAX);
    entry.confirmed.is_none() && now.abs_diff(entry.entered) > stale.unsigned_abs()
}

impl Claimant {
    /// Enters these doses, or none of them. Applied again to a newer document it recognises its own entries.
    fn enter(
        &self,
        day: &mut Day,
        wanted: &[(Claim, Option<usize>)],
        now: i64,
    ) -> Change<Result<Answer, LedgerError>> {
        if day.entries.is_empty() {
            self.zone.name().clone_into(&mut day.zone);
        } else if day.zone != self.zone.name() {
            return Change::Keep(Err(LedgerError::Misconfigured(format!(
                "calendar `{}` has entries under the time zone `{}`, and is configured for `{}`: set it back, or \
                 cancel them first",
                self.calendar, day.zone, self.zone
            ))));
        }
        let mut places = Vec::with_capacity(wanted.len());
        let mut blocked = Blocked::default();
        for (claim, chosen) in wanted {
            let placed = self
                .preferred(day, claim, *chosen)
                .into_iter()
                .find(|index| self.fits(&day.entries, &claim.candidates[*index], now, &mut blocked));
            match placed {
                Some(index) => places.push((claim, index)),
                None => blocked.doses.push(claim.dose),
            }
        }
        if !blocked.doses.is_empty() {
            return Change::Keep(Ok(Answer::Blocked(blocked)));
        }
        let answer = Answer::Placed(places.iter().map(|(claim, index)| (claim.dose, *index)).collect());
        let mut entries: Vec<Entry> = places
            .iter()
            .map(|(claim, index)| self.entry(claim.dose, &claim.candidates[*index].place, now))
            .collect();
        if entries.iter().all(|entry| day.entries.iter().any(|there| self.is_mine(there, entry))) {
            return Change::Keep(Ok(answer));
        }
        // A dose that is placed anew leaves what it, or an earlier attempt, had entered.
        day.entries.retain(|there| {
            let replaced = entries
                .iter()
                .any(|entry| same_place(there, entry) || entry.dose == there.dose && !self.stands_at(there));
            there.code != self.code.compact() || !replaced
        });
        day.entries.append(&mut entries);
        Change::Write(Ok(answer))
    }

    /// Candidates in the order to try: the one already chosen on another date alone, else whoever has the
    /// fewest entries that day.
    fn preferred(&self, day: &Day, claim: &Claim, chosen: Option<usize>) -> Vec<usize> {
        if let Some(index) = chosen {
            return vec![index];
        }
        if let Some(mine) = day.entries.iter().find(|entry| {
            entry.code == self.code.compact() && entry.attempt == self.attempt && entry.dose == claim.dose
        }) && let Some(index) = claim.candidates.iter().position(|candidate| mine.is_at(&candidate.place))
        {
            // What an answer that was lost has entered already.
            return vec![index];
        }
        let mut order: Vec<usize> = (0..claim.candidates.len()).collect();
        order.sort_by_cached_key(|index| {
            let practitioner = &claim.candidates[*index].place.practitioner;
            day.entries.iter().filter(|entry| entry.practitioner == *practitioner).count()
        });
        order
    }

    fn fits(&self, entries: &[Entry], candidate: &Candidate, now: i64, blocked: &mut Blocked) -> bool {
        let place = &candidate.place;
        let (from, until) =
            (place.buffered.start().timestamp_millis(), place.buffered.end().timestamp_millis());
        let mut seats = candidate.seats;
        let mut fits = true;
        let mut suspects = Vec::new();
        for entry in entries {
            if entry.practitioner != place.practitioner
                || entry.code == self.code.compact()
                || !self.counts(entry, now)
                || entry.from >= until
                || from >= entry.until
            {
                continue;
            }
            let joined = entry.service == self.service.id && entry.is_at(place);
            if joined && seats > 0 {
                seats -= 1;
                if self.capabilities.shared_objects && entry.confirmed.is_none() {
                    blocked.writer = true;
                    fits = false;
                }
            } else {
                fits = false;
            }
            if looks_old(entry, now) {
                suspects.push(entry.code.clone());
            }
        }
        let fits = fits && seats > 0;
        if !fits {
            blocked.suspects.extend(suspects);
        }
        fits
    }

    /// Whether an entry stands against others. Where the vendor's calendar is the record, what is confirmed
    /// long enough is counted there, or is no longer so.
    fn counts(&self, entry: &Entry, now: i64) -> bool {
        match (self.capabilities.record, entry.confirmed) {
            (WhoseRecord::Ledger, _) | (WhoseRecord::Vendor, None) => true,
            (WhoseRecord::Vendor, Some(confirmed)) => {
                now.abs_diff(confirmed) < RECENT.num_milliseconds().unsigned_abs()
                    && !entry.handle.as_ref().is_some_and(|handle| self.counted.contains(handle))
            }
        }
    }

    fn stands_at(&self, entry: &Entry) -> bool {
        self.standing.iter().any(|place| entry.is_at(place))
    }

    fn entry(&self, dose: u8, place: &Place, now: i64) -> Entry {
        Entry {
            code: self.code.compact().to_owned(),
            attempt: self.attempt,
            dose,
            practitioner: place.practitioner.clone(),
            service: self.service.id.clone(),
            start: place.time.start().timestamp_millis(),
            from: place.buffered.start().timestamp_millis(),
            until: place.buffered.end().timestamp_millis(),
            entered: now,
            confirmed: None,
            handle: None,
        }
    }

    fn is_mine(&self, there: &Entry, entry: &Entry) -> bool {
        there.code == self.code.compact()
            && there.attempt == self.attempt
            && there.dose == entry.dose
            && same_place(there, entry)
    }
}

fn same_place(one: &Entry, other: &Entry) -> bool {
    one.practitioner == other.practitioner && one.start == other.start
}

/// Which dates a claim's buffered interval touches at the site; the same for every candidate.
pub(super) fn dates_touched(zone: Tz, place: &Place) -> impl Iterator<Item = NaiveDate> + use<> {
    let first = civil::date_of(zone, place.buffered.start());
    // The end is not part of an interval.
    let last = civil::date_of(zone, place.buffered.end() - TimeDelta::milliseconds(1));
    first.iter_days().take_while(move |date| *date <= last)
}

fn touches(zone: Tz, claim: &Claim, date: NaiveDate) -> bool {
    claim
        .candidates
        .first()
        .is_some_and(|candidate| dates_touched(zone, &candidate.place).any(|touched| touched == date))
}

pub(super) fn dates_of(zone: Tz, claims: &[Claim]) -> BTreeSet<NaiveDate> {
    claims
        .iter()
        .filter_map(|claim| claim.candidates.first())
        .flat_map(|candidate| dates_touched(zone, &candidate.place))
        .collect()
}
