//! Holding places: the entries of day documents.
//!
//! An entry never expires by clock. Whoever meets an unconfirmed one that looks old asks its booking, and
//! settles that first.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
    time::Duration,
};

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;
use tokio::time::Instant;

use super::{
    Ledger, LedgerError, STALE,
    documents::{Booking, Day, Entry, State, key},
    record::Record,
    settle::{CERTAIN, Settled},
};
use crate::{
    domain::{CalendarId, Place, PractitionerId, Service, civil, code::ConfirmationCode},
    provider::{Capabilities, Counted, Record as WhoseRecord},
    store::{
        StoreError,
        combined::{Change, Sighting},
    },
};

/// What an executor keeps of its time for the vendor, and does not spend waiting for a place.
const KEPT_FOR_THE_VENDOR: Duration = Duration::from_secs(8);

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
    /// How many appointments the provider shows with this practitioner on that date.
    pub appointments: usize,
}

/// How a claim ended.
#[derive(Debug)]
pub(super) enum Claimed {
    /// Every dose has its place.
    All(BTreeMap<u8, Place>),
    /// These doses have none; nothing may be relied on.
    Taken(Vec<u8>),
    /// Somebody of ours is at the same place, and did not finish in time.
    Busy,
    /// A later attempt of the same booking has entries: this executor is not current any more.
    Overtaken,
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
    pub counted: Arc<HashSet<Counted>>,
    /// All doses are with the same practitioner.
    pub together: bool,
    /// Where the booking stands already: held until its record says otherwise.
    pub standing: Arc<[(u8, Place)]>,
}

/// What a day, or all of them, answer to a claim.
#[derive(Debug, Clone)]
enum Answer<T> {
    Placed(T),
    Blocked(Blocked),
    Overtaken,
}

/// Which candidate each dose is placed at, by its index.
type Chosen = Vec<(u8, usize)>;

#[derive(Debug, Clone, Default)]
struct Blocked {
    doses: Vec<u8>,
    /// Candidates chosen on earlier dates, by dose.
    chosen: BTreeMap<u8, usize>,
    /// Codes of entries in the way that may not stand any more.
    suspects: BTreeSet<String>,
    /// Every one of these doses has a candidate that may yet turn out to be free.
    waits: bool,
}

/// Whether a candidate is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    Free,
    Taken,
    /// Somebody of ours is at the same place: how that ends decides.
    Waits,
}

impl Ledger {
    /// Enters every dose in the days it touches, in the order of their keys.
    pub(super) async fn claim(
        &self,
        claimant: &Claimant,
        claims: &mut [Claim],
        deadline: Instant,
    ) -> Result<Claimed, LedgerError> {
        let mut looked_at = BTreeSet::new();
        let mut waited = 0;
        loop {
            if claimant.together && !keep_common(claims) {
                return Ok(Claimed::Taken(claims.iter().skip(1).map(|claim| claim.dose).collect()));
            }
            let blocked = match self.claim_once(claimant, claims).await? {
                Answer::Placed(places) => return Ok(Claimed::All(places)),
                Answer::Overtaken => return Ok(Claimed::Overtaken),
                Answer::Blocked(blocked) => blocked,
            };
            let suspects: Vec<String> = blocked.suspects.difference(&looked_at).cloned().collect();
            if !suspects.is_empty() {
                for code in suspects {
                    self.look_at(&code).await;
                    looked_at.insert(code);
                }
            } else if blocked.waits {
                if Instant::now() + KEPT_FOR_THE_VENDOR > deadline {
                    return Ok(Claimed::Busy);
                }
                self.pause(waited).await;
                waited = (waited + 1).min(5);
            } else if !drop_chosen(claims, &blocked, claimant.together) {
                return Ok(Claimed::Taken(self.taken(claimant, claims, blocked.doses).await?));
            }
        }
    }

    /// Holds places a booking already has, while they are written to at the vendor: until that has ended
    /// nobody is given them, whatever the vendor shows, nor writes to an object they share.
    pub(super) async fn hold(
        &self,
        record: &Record,
        places: Vec<(u8, Place)>,
        deadline: Instant,
    ) -> Result<Claimed, LedgerError> {
        let booking = &record.booking;
        let Some((location, service)) = self.offer(booking).await? else {
            // Nobody can be given a place that is not offered any more.
            return Ok(Claimed::All(BTreeMap::new()));
        };
        let claimant = Claimant {
            code: record.code.clone(),
            attempt: booking.attempt,
            calendar: booking.calendar.clone(),
            zone: location.time_zone,
            service,
            capabilities: self.provider(booking.location.provider())?.capabilities(),
            counted: Arc::default(),
            together: false,
            standing: places.iter().cloned().collect(),
        };
        let only = |(dose, place)| Claim {
            dose,
            candidates: vec![Candidate { place, seats: u32::MAX, appointments: 0 }],
        };
        let claims: Vec<Claim> = places.into_iter().map(only).collect();
        let mut looked_at = BTreeSet::new();
        let mut waited = 0;
        loop {
            let blocked = match self.claim_once(&claimant, &claims).await? {
                Answer::Placed(places) => return Ok(Claimed::All(places)),
                Answer::Overtaken => return Ok(Claimed::Overtaken),
                Answer::Blocked(blocked) if !blocked.waits => return Ok(Claimed::Taken(blocked.doses)),
                Answer::Blocked(blocked) => blocked,
            };
            let suspects: Vec<String> = blocked.suspects.difference(&looked_at).cloned().collect();
            if Instant::now() + KEPT_FOR_THE_VENDOR > deadline {
                return Ok(Claimed::Busy);
            } else if suspects.is_empty() {
                self.pause(waited).await;
                waited = (waited + 1).min(5);
            }
            for code in suspects {
                self.sweep(&code).await;
                looked_at.insert(code);
            }
        }
    }

    /// Removes what a booking that is over has left in the days. One that is not over is waited for and not
    /// settled: that would hold places in its turn.
    async fn sweep(&self, code: &str) {
        let Ok(code) = code.parse() else { return };
        let swept = async {
            if let Some(record) = self.record(&code).await?
                && record.booking.is_over()
            {
                self.tidy_days(&record).await?;
            }
            Ok::<_, LedgerError>(())
        };
        if let Err(error) = swept.await {
            tracing::warn!(%error, "what a booking has left could not be removed");
        }
    }

    async fn claim_once(
        &self,
        claimant: &Claimant,
        claims: &[Claim],
    ) -> Result<Answer<BTreeMap<u8, Place>>, LedgerError> {
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
            // Whoever has the first dose has them all.
            let with = claims.iter().filter(|_| claimant.together).find_map(|claim| {
                let candidate = claim.candidates.get(*chosen.get(&claim.dose)?)?;
                Some(candidate.place.practitioner.clone())
            });
            let change = move |day: &mut Day| claimant_too.enter(day, &wanted, with.as_ref(), now);
            let answer = self.days.change(&key, change).await??;
            match answer {
                Answer::Placed(places) => chosen.extend(places),
                Answer::Blocked(blocked) => return Ok(Answer::Blocked(Blocked { chosen, ..blocked })),
                Answer::Overtaken => return Ok(Answer::Overtaken),
            }
        }
        let place = |claim: &Claim| {
            let candidate = claim.candidates.get(*chosen.get(&claim.dose)?)?;
            Some((claim.dose, candidate.place.clone()))
        };
        Ok(Answer::Placed(claims.iter().filter_map(place).collect()))
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
                let now = self.clock.now().timestamp_millis();
                dates.iter().zip(&days).filter(|(date, _)| on(date)).all(|(_, day)| {
                    claimant.fit(&day.entries, candidate, now, &mut BTreeSet::new()) == Fit::Free
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
        let mut gone = HashSet::new();
        for code in suspects {
            if let Some(Settled::Gone) = self.settle_if_possible(code).await {
                gone.insert(code.to_owned());
            }
        }
        if !gone.is_empty() {
            self.forget(calendar, dates, gone).await?;
        }
        Ok(self.sight_days(calendar, dates).await?)
    }

    /// Removes entries of bookings that were purged. A record is there before its first entry and until it is purged:
    /// such an entry was written so late that whoever tidied up did not see it.
    async fn forget(
        &self,
        calendar: &CalendarId,
        dates: &[NaiveDate],
        gone: HashSet<String>,
    ) -> Result<(), LedgerError> {
        let gone = Arc::new(gone);
        for date in dates {
            let gone = gone.clone();
            let forget = move |day: &mut Day| {
                let before = day.entries.len();
                day.entries.retain(|entry| !gone.contains(&*entry.code));
                if day.entries.len() < before { Change::Write(()) } else { Change::Keep(()) }
            };
            self.days.change(&key::day(calendar, *date), forget).await?;
        }
        Ok(())
    }

    /// Whether the days that [`demand`](Self::demand) has read are still the same.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn unchanged(&self, sighting: &Sighting) -> Result<bool, LedgerError> {
        Ok(self.days.unchanged(sighting).await?)
    }

    /// Settles a booking whose entry is in the way; if it is confirmed, asks the vendor whether it still has
    /// the appointment.
    async fn look_at(&self, code: &str) {
        if let Some(Settled::Settled(record)) = self.settle_if_possible(code).await
            && let Err(error) = self.refresh(*record).await
        {
            tracing::warn!(%error, "an appointment in the way could not be looked at");
        }
    }

    /// What cannot be settled now stays in the way: a place refused is better than one given twice, or than
    /// no answer at all.
    async fn settle_if_possible(&self, code: &str) -> Option<Settled> {
        let code = code.parse().ok()?;
        match self.settle(&code).await {
            Ok(settled) => Some(settled),
            Err(error) => {
                tracing::warn!(%error, "a booking that was left could not be settled");
                None
            }
        }
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
        let (now, fresh) = (self.clock.now().timestamp_millis(), record.age < CERTAIN);
        for date in booking.days.iter().copied() {
            let (booking, code) = (booking.clone(), code.clone());
            self.days
                .change(&key::day(&booking.calendar.clone(), date), move |day: &mut Day| {
                    tidy(day, &code, &booking, fresh, now)
                })
                .await?;
        }
        Ok(())
    }
}

/// Takes a practitioner out of the running who was chosen on one date and is not free on the next. `false`:
/// nothing is left to try.
fn drop_chosen(claims: &mut [Claim], blocked: &Blocked, together: bool) -> bool {
    if together {
        let with = claims.iter().find_map(|claim| {
            let candidate = claim.candidates.get(*blocked.chosen.get(&claim.dose)?)?;
            Some(candidate.place.practitioner.clone())
        });
        let Some(with) = with else { return false };
        for claim in &mut *claims {
            claim.candidates.retain(|candidate| candidate.place.practitioner != with);
        }
        return claims.iter().all(|claim| !claim.candidates.is_empty());
    }
    blocked.doses.iter().all(|dose| {
        let claim = claims.iter_mut().find(|claim| claim.dose == *dose);
        match (claim, blocked.chosen.get(dose)) {
            (Some(claim), Some(index)) if claim.candidates.len() > 1 && *index < claim.candidates.len() => {
                claim.candidates.remove(*index);
                true
            }
            _ => false,
        }
    })
}

/// Keeps the candidates whose practitioner could do every dose. `false`: there is none.
fn keep_common(claims: &mut [Claim]) -> bool {
    let able: Vec<HashSet<PractitionerId>> = claims
        .iter()
        .map(|claim| claim.candidates.iter().map(|candidate| candidate.place.practitioner.clone()).collect())
        .collect();
    for claim in &mut *claims {
        let common =
            |candidate: &Candidate| able.iter().all(|able| able.contains(&candidate.place.practitioner));
        claim.candidates.retain(common);
    }
    claims.iter().all(|claim| !claim.candidates.is_empty())
}

/// `fresh`: the record was written less than [`CERTAIN`] ago.
fn tidy(day: &mut Day, code: &str, booking: &Booking, fresh: bool, now: i64) -> Change<()> {
    let mut changed = false;
    day.entries.retain_mut(|entry| {
        if entry.code != code || entry.attempt > booking.attempt {
            return true;
        }
        if booking.stands_in(entry) {
            // What is being changed is not marked: it counts whatever the vendor shows meanwhile.
            if entry.confirmed.is_none() && !booking.is_changing(entry.dose) {
                entry.confirmed = Some(now);
                entry.handle = booking.dose(entry.dose).and_then(|dose| dose.handle.clone());
                changed = true;
            }
            return true;
        }
        if fresh && booking.left_in_doubt(entry) {
            changed |= entry.confirmed.take().is_some();
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
        with: Option<&PractitionerId>,
        now: i64,
    ) -> Change<Result<Answer<Chosen>, LedgerError>> {
        if let Err(error) = self.zone_fits(day) {
            return Change::Keep(Err(error));
        }
        if day.entries.iter().any(|there| self.is_own(there) && there.attempt > self.attempt) {
            return Change::Keep(Ok(Answer::Overtaken));
        }
        let placed = match self.choose(day, wanted, with, now) {
            Ok(placed) => placed,
            Err(blocked) => return Change::Keep(Ok(Answer::Blocked(blocked))),
        };
        let answer = Answer::Placed(placed.iter().map(|(claim, index)| (claim.dose, *index)).collect());
        let entries: Vec<Entry> = placed
            .iter()
            .map(|(claim, index)| self.entry(claim.dose, &claim.candidates[*index].place, now))
            .filter(|entry| !day.entries.iter().any(|there| self.is_mine(there, entry)))
            .collect();
        if entries.is_empty() {
            return Change::Keep(Ok(answer));
        }
        // A dose that is placed anew leaves what it, or an earlier attempt, had entered; but not where the
        // booking stands, which is held until its record says otherwise.
        day.entries
            .retain(|there| !self.is_own(there) || !entries.iter().any(|entry| self.replaces(entry, there)));
        day.entries.extend(entries);
        self.zone.name().clone_into(&mut day.zone);
        Change::Write(Ok(answer))
    }

    fn zone_fits(&self, day: &Day) -> Result<(), LedgerError> {
        if day.entries.is_empty() || day.zone == self.zone.name() {
            return Ok(());
        }
        Err(LedgerError::Misconfigured(format!(
            "calendar `{}` has entries under the time zone `{}`, and is configured for `{}`: set it back, or \
             cancel them first",
            self.calendar, day.zone, self.zone
        )))
    }

    /// A free candidate for every dose.
    fn choose<'c>(
        &self,
        day: &Day,
        wanted: &'c [(Claim, Option<usize>)],
        with: Option<&PractitionerId>,
        now: i64,
    ) -> Result<Vec<(&'c Claim, usize)>, Blocked> {
        let mut placed: Vec<(&'c Claim, usize)> = Vec::with_capacity(wanted.len());
        let mut blocked = Blocked { waits: true, ..Blocked::default() };
        for (claim, chosen) in wanted {
            let mut waits = false;
            let first = placed.first().map(|(claim, index)| &claim.candidates[*index].place.practitioner);
            let with = with.or(first.filter(|_| self.together));
            let free = self.preferred(day, claim, *chosen).into_iter().find(|index| {
                if with.is_some_and(|with| claim.candidates[*index].place.practitioner != *with) {
                    return false;
                }
                let fit = self.fit(&day.entries, &claim.candidates[*index], now, &mut blocked.suspects);
                waits |= fit == Fit::Waits;
                fit == Fit::Free
            });
            if let Some(index) = free {
                placed.push((claim, index));
            } else {
                blocked.doses.push(claim.dose);
                blocked.waits &= waits;
            }
        }
        if blocked.doses.is_empty() { Ok(placed) } else { Err(blocked) }
    }

    /// Candidates in the order to try: the one already chosen on another date alone, else whoever has the
    /// fewest appointments that day.
    fn preferred(&self, day: &Day, claim: &Claim, chosen: Option<usize>) -> Vec<usize> {
        if let Some(index) = chosen {
            return vec![index];
        }
        if let Some(mine) = day
            .entries
            .iter()
            .find(|entry| self.is_own(entry) && entry.attempt == self.attempt && entry.dose == claim.dose)
            && let Some(index) = claim.candidates.iter().position(|candidate| mine.is_at(&candidate.place))
        {
            // What an answer that was lost has entered already.
            return vec![index];
        }
        let mut order: Vec<usize> = (0..claim.candidates.len()).collect();
        order.sort_by_cached_key(|index| {
            let Candidate { place, appointments, .. } = &claim.candidates[*index];
            let theirs = |entry: &&Entry| entry.practitioner == place.practitioner && !self.is_counted(entry);
            appointments + day.entries.iter().filter(theirs).count()
        });
        order
    }

    fn fit(
        &self,
        entries: &[Entry],
        candidate: &Candidate,
        now: i64,
        suspects: &mut BTreeSet<String>,
    ) -> Fit {
        let place = &candidate.place;
        let in_the_way: Vec<&Entry> =
            entries.iter().filter(|entry| self.is_in_the_way(entry, place)).collect();
        let joins = |entry: &Entry| entry.service == self.service.id && entry.is_at(place);
        let unfinished = in_the_way.iter().any(|entry| joins(entry) && entry.confirmed.is_none());
        let seated = u32::try_from(in_the_way.len()).unwrap_or(u32::MAX);
        let free = in_the_way.iter().all(|entry| joins(entry)) && seated < candidate.seats;
        if free && !(unfinished && self.shares_objects()) {
            return Fit::Free;
        }
        let doubtful = in_the_way.iter().filter(|entry| self.may_be_over(entry, now));
        suspects.extend(doubtful.map(|entry| entry.code.clone()));
        // A vendor's seats may count an unfinished booking already, so it is not certain that nothing is left.
        let all_join = in_the_way.iter().all(|entry| joins(entry));
        if all_join && unfinished && self.capabilities.record == WhoseRecord::Vendor {
            return Fit::Waits;
        }
        Fit::Taken
    }

    /// Whether several places of this service are one object that is written whole.
    pub(super) fn shares_objects(&self) -> bool {
        self.capabilities.shared_objects && self.service.capacity > 1
    }

    fn is_in_the_way(&self, entry: &Entry, place: &Place) -> bool {
        entry.practitioner == place.practitioner
            && !self.is_own(entry)
            && !self.is_counted(entry)
            && entry.from < place.buffered.end().timestamp_millis()
            && place.buffered.start().timestamp_millis() < entry.until
    }

    /// Whether the candidates' seats leave an entry out already.
    fn is_counted(&self, entry: &Entry) -> bool {
        self.capabilities.record == WhoseRecord::Vendor
            && entry.confirmed.is_some()
            && entry.is_counted(&self.counted)
    }

    /// Whether an entry is worth a look at its booking: it seems abandoned, or the vendor shows its place
    /// free. The vendor may not show it yet, or may have it no more; no clock could tell the two apart.
    fn may_be_over(&self, entry: &Entry, now: i64) -> bool {
        let confirmed_at_vendor =
            self.capabilities.record == WhoseRecord::Vendor && entry.confirmed.is_some();
        confirmed_at_vendor || looks_old(entry, now)
    }

    fn is_own(&self, entry: &Entry) -> bool {
        entry.code == self.code.compact()
    }

    fn stands_at(&self, entry: &Entry) -> bool {
        self.standing.iter().any(|(dose, place)| entry.dose == *dose && entry.is_at(place))
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

    /// Whether an entry is what this attempt would make.
    fn is_mine(&self, there: &Entry, entry: &Entry) -> bool {
        self.is_own(there)
            && there.attempt == self.attempt
            && there.confirmed.is_none()
            && there.dose == entry.dose
            && same_place(there, entry)
    }

    /// Whether an entry takes the place of another one of the same booking.
    fn replaces(&self, entry: &Entry, there: &Entry) -> bool {
        let same_dose = entry.dose == there.dose;
        if self.stands_at(there) || self.stands_at(entry) {
            return same_dose && same_place(there, entry);
        }
        same_dose || same_place(there, entry)
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
