//! Cancelling and rescheduling: one operation at a time, written into the confirmed record before any hold or
//! vendor call.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use tokio::time::{Instant, timeout_at};

use super::{
    EXECUTOR_LIMIT, Ledger, LedgerError, STALE,
    book::{TOLD_AGAIN, WishedDose, taken_times},
    days::{Claim, Claimant, Claimed, dates_of},
    documents::{Booking, Doubt, Ended, Operation, OperationKind, State, Target},
    record::{NotWritten, Record},
    ring::Key,
    settle::{Back, Settled},
};
use crate::{
    domain::{Channel, Location, Place, Service},
    provider::{
        Appointment, Booked as Answer, Counted, Handle, Provider, ProviderError, Record as WhoseRecord,
        Reschedule,
    },
};

/// How often a change starts over because the record changed under it.
const ROUNDS: u32 = 8;

/// Who asks for a change, so that their repeat is known.
#[derive(Debug, Clone, Default)]
pub struct Asker {
    pub request_id: Option<String>,
    pub invocation: Option<String>,
    pub locale: String,
    /// How they want to be told.
    pub notify: Vec<Channel>,
}

/// A booking to be moved.
#[derive(Debug, Clone)]
pub struct Move {
    pub location: Arc<Location>,
    pub service: Arc<Service>,
    /// The doses that move, with the places that would do.
    pub doses: Vec<WishedDose>,
    pub counted: Arc<HashSet<Counted>>,
    /// Of these, those that the provider has no place for.
    pub taken: Vec<u8>,
}

/// How a change ended, now or when it was first asked for.
#[derive(Debug)]
pub enum Changed {
    Done(Box<Record>),
    /// There was nothing left to change.
    AlreadyCancelled(Box<Record>),
    /// Nothing was moved: these doses have no place.
    SlotTaken(Vec<u8>),
    /// Nothing was moved: the provider's rules forbid it.
    Refused,
    /// Something is being done to the booking.
    InProgress,
}

impl Ledger {
    /// Cancels doses of a booking. Run it in a task of its own: it ends even if nobody waits.
    ///
    /// # Errors
    /// When it is not known how it ended. `reconcile` finishes it.
    pub async fn cancel(
        self: &Arc<Self>,
        record: Record,
        doses: Vec<u8>,
        asker: Asker,
    ) -> Result<Changed, LedgerError> {
        let ended = Box::pin(self.cancel_until(record, doses, asker));
        timeout_at(Instant::now() + EXECUTOR_LIMIT, ended).await.unwrap_or(Err(LedgerError::Timeout))
    }

    async fn cancel_until(
        self: &Arc<Self>,
        record: Record,
        doses: Vec<u8>,
        asker: Asker,
    ) -> Result<Changed, LedgerError> {
        let draft = |_: &Key, _: &Record| Draft {
            kind: OperationKind::Cancel,
            doses: doses.clone(),
            targets: vec![],
        };
        let (record, operation) = match Box::pin(self.begin_operation(record, &asker, draft)).await? {
            Begun::Ended(changed) => return Ok(changed),
            Begun::Operation(record, operation) => (*record, operation),
        };
        match self.finish_cancel(record, &operation, Instant::now() + EXECUTOR_LIMIT).await? {
            Some(record) => {
                // Before the reply, so that whoever is told so finds the place free.
                self.tidy_days(&record).await?;
                if record.booking.state == State::Cancelled {
                    self.discount_open(&record).await?;
                }
                self.clean_up_later(record.clone(), Instant::now());
                Ok(Changed::Done(Box::new(record)))
            }
            None => Ok(Changed::InProgress),
        }
    }

    /// Moves doses of a booking, all or none. Run it in a task of its own: it ends even if nobody waits.
    ///
    /// # Errors
    /// When it is not known how it ended. `reconcile` finds out; the old places are held until then.
    pub async fn reschedule(
        self: &Arc<Self>,
        record: Record,
        wish: Move,
        asker: Asker,
    ) -> Result<Changed, LedgerError> {
        let deadline = Instant::now() + EXECUTOR_LIMIT;
        let ended = Box::pin(self.reschedule_until(record, &wish, &asker, deadline));
        timeout_at(deadline, ended).await.unwrap_or(Err(LedgerError::Timeout))
    }

    async fn reschedule_until(
        self: &Arc<Self>,
        record: Record,
        wish: &Move,
        asker: &Asker,
        deadline: Instant,
    ) -> Result<Changed, LedgerError> {
        let draft = |key: &Key, record: &Record| wish.draft(key, record);
        let (attempt, age) = (record.booking.attempt, record.age);
        let begun = Box::pin(self.begin_operation(record, asker, draft)).await?;
        let (record, operation) = match begun {
            Begun::Ended(changed) => return Ok(changed),
            Begun::Operation(record, operation) => (*record, operation),
        };
        if !wish.taken.is_empty() {
            let unchanged = (record.booking.attempt == attempt + 1).then_some(age);
            let times = taken_times(&wish.doses, &wish.taken, &wish.service);
            let own = record.booking.may_be_in_the_way(times, unchanged);
            let ended = if own { Ended::Abandoned } else { Ended::SlotTaken(wish.taken.clone()) };
            return self.give_up(record, ended).await;
        }
        let provider = self.provider(record.booking.location.provider())?.clone();
        if provider.capabilities().record == WhoseRecord::Vendor {
            let places = record.booking.places_of(&operation.doses);
            match self.hold(&record, places, deadline).await? {
                Claimed::All(_) | Claimed::Taken(_) => {}
                Claimed::Busy => return self.give_up(record, Ended::Abandoned).await,
                Claimed::Overtaken => return Ok(Changed::InProgress),
            }
        }
        let claimant = wish.claimant(&record, &*provider);
        let mut claims = wish.claims();
        match self.claim(&claimant, &mut claims, deadline).await? {
            Claimed::Taken(doses) => self.give_up(record, Ended::SlotTaken(doses)).await,
            Claimed::Busy => self.give_up(record, Ended::Abandoned).await,
            Claimed::Overtaken => Ok(Changed::InProgress),
            Claimed::All(places) => self.go(record, operation, places, &*provider, wish, deadline).await,
        }
    }

    /// From the held places to the reply.
    async fn go(
        self: &Arc<Self>,
        record: Record,
        mut operation: Operation,
        places: BTreeMap<u8, Place>,
        provider: &dyn Provider,
        wish: &Move,
        deadline: Instant,
    ) -> Result<Changed, LedgerError> {
        for target in &mut operation.targets {
            target.place = places.get(&target.dose).cloned();
        }
        let mut booking = record.booking.clone();
        booking.operation = Some(operation.clone());
        if provider.capabilities().record == WhoseRecord::Ledger {
            booking.move_to(&operation, &[]);
            return self.moved(record, booking, &[], provider).await;
        }
        // Where it stands too: staff may have moved it to where we never asked for.
        let stands = record.booking.places_of(&operation.doses).into_iter().map(|(_, place)| place);
        booking.tried.extend(places.into_values().chain(stands));
        let Some(record) = self.advance(record, booking).await? else { return Ok(Changed::InProgress) };
        self.move_at_vendor(record, &operation, provider, wish, deadline).await
    }

    /// All doses, or back again with those that were moved.
    async fn move_at_vendor(
        self: &Arc<Self>,
        mut record: Record,
        operation: &Operation,
        provider: &dyn Provider,
        wish: &Move,
        deadline: Instant,
    ) -> Result<Changed, LedgerError> {
        let mut moved = Vec::new();
        for target in &operation.targets {
            let (ended, error) = match self.move_dose(&mut record, target, provider, wish, deadline).await? {
                Moved::There(appointment) => {
                    moved.push(*appointment);
                    continue;
                }
                Moved::Not(ended) => (ended, None),
                Moved::Failed(error) => (Ended::Abandoned, Some(error)),
            };
            return match self.move_back(&mut record.booking, &moved, provider).await? {
                Back::All => {
                    let ended = self.give_up(record, ended).await?;
                    error.map_or(Ok(ended), |error| Err(error.into()))
                }
                // Not told as if nothing had been moved.
                Back::NotAll => {
                    self.give_up(record, Ended::Abandoned).await?;
                    Err(LedgerError::Timeout)
                }
                Back::Unclear => Err(LedgerError::Timeout),
            };
        }
        let mut booking = record.booking.clone();
        let left = booking.move_to(operation, &moved);
        if !left.is_empty() {
            booking.doubt = Doubt::LookAgain;
        }
        self.moved(record, booking, &left, provider).await
    }

    /// What stays unclear is an error.
    async fn move_dose(
        &self,
        record: &mut Record,
        target: &Target,
        provider: &dyn Provider,
        wish: &Move,
        deadline: Instant,
    ) -> Result<Moved, LedgerError> {
        let change = wish.change(record, target, deadline).filter(|_| Instant::now() < deadline);
        // One that was stopped may have been overtaken: what it sends now, nobody may look for any more.
        let Some(change) = change else { return Err(LedgerError::Timeout) };
        let mut answer = self.reschedule_once(record, &change, provider).await?;
        // It is where it was, and may yet move. The same move once more changes nothing about that; not so where
        // an object is written whole.
        let whole = provider.capabilities().shared_objects && change.service.capacity > 1;
        if matches!(answer, Answer::Unclear { .. }) && !whole && Instant::now() < deadline {
            answer = self.reschedule_once(record, &change, provider).await?;
            if !matches!(answer, Answer::Booked { .. }) {
                // What was sent first may have brought this about, or may yet land.
                answer = self.search_moved(record, &change, provider).await?;
            }
        }
        match answer {
            Answer::Booked { handle, version, join_url } => {
                let (reference, place) = (Some(change.reference), change.to);
                let there =
                    Appointment { handle, version, reference, place, created: None, join_url, yields: false };
                Ok(Moved::There(Box::new(there)))
            }
            Answer::Occupied => {
                record.booking.doubt = Doubt::LookAgain;
                Ok(Moved::Not(Ended::SlotTaken(vec![target.dose])))
            }
            Answer::Taken => Ok(Moved::Not(Ended::SlotTaken(vec![target.dose]))),
            Answer::Failed(error) => Ok(Moved::Failed(error)),
            Answer::Refused { rule } => {
                tracing::info!(%rule, "the provider refused a reschedule");
                Ok(Moved::Not(Ended::Refused))
            }
            Answer::Unclear { .. } | Answer::NotTried => Err(LedgerError::Timeout),
        }
    }

    /// One call, and a search where its answer is not clear.
    async fn reschedule_once(
        &self,
        record: &mut Record,
        change: &Reschedule,
        provider: &dyn Provider,
    ) -> Result<Answer, LedgerError> {
        match provider.reschedule(&record.booking.calendar, change).await {
            Answer::Unclear { why } => {
                tracing::warn!(%why, "the provider gave no clear answer to a reschedule");
                record.booking.doubt = Doubt::LookAgain;
                self.search_moved(record, change, provider).await
            }
            answer => Ok(answer),
        }
    }

    /// The commit of a reschedule.
    async fn moved(
        self: &Arc<Self>,
        record: Record,
        booking: Booking,
        left: &[Handle],
        provider: &dyn Provider,
    ) -> Result<Changed, LedgerError> {
        match self.end_operation(record, booking, Ended::Done).await? {
            Some(record) => {
                self.leave(&record, left, provider).await;
                self.tidy_days(&record).await?;
                self.clean_up_later(record.clone(), Instant::now());
                Ok(Changed::Done(Box::new(record)))
            }
            None => Ok(Changed::InProgress),
        }
    }

    /// Leaves everything as it was.
    async fn give_up(self: &Arc<Self>, record: Record, ended: Ended) -> Result<Changed, LedgerError> {
        let booking = record.booking.clone();
        let Some(record) = self.end_operation(record, booking, ended.clone()).await? else {
            return Ok(Changed::InProgress);
        };
        self.tidy_days(&record).await?;
        self.clean_up_later(record.clone(), Instant::now());
        Ok(Changed::from_ended(&ended, record))
    }

    async fn search_moved(
        &self,
        record: &Record,
        change: &Reschedule,
        provider: &dyn Provider,
    ) -> Result<Answer, LedgerError> {
        let (references, places) = ([change.reference.clone()], [change.to.clone()]);
        let found = provider.find(&record.booking.calendar, &references, &places).await?;
        Ok(found
            .into_iter()
            .find(|found| found.place == change.to && !found.yields)
            .map_or_else(|| Answer::Unclear { why: "nothing was found".into() }, Appointment::into_answer))
    }

    /// Writes the operation into the record, or answers what an earlier one says.
    async fn begin_operation(
        self: &Arc<Self>,
        mut record: Record,
        asker: &Asker,
        draft: impl Fn(&Key, &Record) -> Draft,
    ) -> Result<Begun, LedgerError> {
        let keys = self.keys().await?;
        for round in 0..ROUNDS {
            let key = keys.find(&record.booking.key).unwrap_or(&keys.current);
            let Draft { kind, doses, targets } = draft(key, &record);
            let request = asker.request_id.as_ref().map(|id| key.digest("operation", &[id]));
            let operation = Operation {
                kind,
                doses,
                targets,
                request,
                invocation: asker.invocation.clone(),
                locale: Some(asker.locale.clone()).filter(|locale| !locale.is_empty()),
                notify: asker.notify.clone(),
            };
            if let Some(changed) = self.replay(&record, &operation) {
                return Ok(Begun::Ended(changed));
            }
            if record.booking.state != State::Confirmed {
                return Ok(Begun::Ended(Changed::AlreadyCancelled(Box::new(record))));
            }
            if record.booking.operation.is_some() {
                if record.age < STALE {
                    return Ok(Begun::Ended(Changed::InProgress));
                }
                if let Settled::Waiting = self.settle(&record.code).await? {
                    return Ok(Begun::Ended(Changed::InProgress));
                }
            } else {
                let standing =
                    |dose: &u8| record.booking.dose(*dose).is_some_and(|dose| dose.status.stands());
                let possible = match operation.kind {
                    OperationKind::Cancel => operation.doses.iter().any(standing),
                    // A dose that was cancelled meanwhile is not brought back by moving it.
                    OperationKind::Reschedule => operation.doses.iter().all(standing),
                };
                if !possible {
                    return Ok(Begun::Ended(Changed::AlreadyCancelled(Box::new(record))));
                }
                let mut booking = record.booking.clone();
                booking.operation = Some(operation.clone());
                booking.attempt += 1;
                booking.executor = self.random();
                booking.days.extend(self.days_of(&record, &operation).await?);
                match self.begin_attempt(&record.code, Some(&record.etag), booking).await {
                    Ok(record) => return Ok(Begun::Operation(Box::new(record), operation)),
                    Err(NotWritten::Beaten(_)) => self.pause(round).await,
                    Err(NotWritten::Failed(error)) => return Err(error),
                }
            }
            match self.record(&record.code).await? {
                Some(now) => record = now,
                None => return Ok(Begun::Ended(Changed::InProgress)),
            }
        }
        Ok(Begun::Ended(Changed::InProgress))
    }

    /// The dates an operation may enter something on: its targets', and those of the places it changes, which
    /// may have been moved there by staff.
    async fn days_of(
        &self,
        record: &Record,
        operation: &Operation,
    ) -> Result<Vec<chrono::NaiveDate>, LedgerError> {
        let Some((location, service)) = self.offer(&record.booking).await? else { return Ok(Vec::new()) };
        let targets = operation.targets.iter().map(|target| {
            let buffered = service.buffered(target.time);
            Place { practitioner: "".into(), time: target.time, buffered }
        });
        let old = record.booking.places_of(&operation.doses).into_iter().map(|(_, place)| place);
        let touched = |place| super::days::dates_touched(location.time_zone, &place);
        Ok(targets.chain(old).flat_map(touched).collect())
    }

    /// What the last operation answered, if this is its repeat.
    fn replay(&self, record: &Record, operation: &Operation) -> Option<Changed> {
        let last = record.booking.last.as_ref()?;
        let fresh = self.clock.now() - last.at < TOLD_AGAIN;
        let same_asker = match (&operation.request, &last.operation.request) {
            (Some(request), Some(last)) => request == last,
            (None, None) => {
                let same_call =
                    operation.invocation.is_some() && operation.invocation == last.operation.invocation;
                // Without an id, what was done within ten minutes is told again; what failed may be tried again.
                same_call || fresh && last.ended == Ended::Done
            }
            _ => false,
        };
        let same_wish = last.operation.kind == operation.kind
            && last.operation.doses == operation.doses
            && last.operation.targets.len() == operation.targets.len()
            && last.operation.targets.iter().zip(&operation.targets).all(|(last, now)| last.time == now.time);
        (same_asker && same_wish && last.ended != Ended::Abandoned)
            .then(|| Changed::from_ended(&last.ended, record.clone()))
    }

    /// The location and the service of a booking, as they are configured now.
    ///
    /// # Errors
    /// When the provider cannot be asked.
    pub async fn offer(
        &self,
        booking: &Booking,
    ) -> Result<Option<(Arc<Location>, Arc<Service>)>, LedgerError> {
        let provider = self.provider(booking.location.provider())?;
        let locations = provider.locations().await?;
        let Some(location) = locations.find(&booking.location) else { return Ok(None) };
        let service = location.service(booking.service.as_str()).cloned();
        Ok(service.map(|service| (location.clone(), service)))
    }
}

/// What an operation is to do, before it is named.
struct Draft {
    kind: OperationKind,
    doses: Vec<u8>,
    targets: Vec<Target>,
}

/// What became of one dose that was to move.
enum Moved {
    There(Box<Appointment>),
    Not(Ended),
    /// The vendor could not be asked: nothing was moved.
    Failed(ProviderError),
}

enum Begun {
    Ended(Changed),
    Operation(Box<Record>, Operation),
}

impl Changed {
    fn from_ended(ended: &Ended, record: Record) -> Self {
        match ended {
            Ended::Done => Self::Done(Box::new(record)),
            Ended::SlotTaken(doses) => Self::SlotTaken(doses.clone()),
            Ended::Refused => Self::Refused,
            Ended::Abandoned => Self::InProgress,
        }
    }
}

impl Move {
    fn draft(&self, key: &Key, record: &Record) -> Draft {
        let attempt = record.booking.attempt + 1;
        Draft {
            kind: OperationKind::Reschedule,
            doses: self.doses.iter().map(|dose| dose.dose).collect(),
            targets: self
                .doses
                .iter()
                .map(|dose| Target {
                    dose: dose.dose,
                    time: dose.time,
                    place: None,
                    reference: key.reference(&record.code, dose.dose, attempt),
                })
                .collect(),
        }
    }

    fn claims(&self) -> Vec<Claim> {
        self.doses.iter().map(|dose| Claim { dose: dose.dose, candidates: dose.candidates.clone() }).collect()
    }

    fn claimant(&self, record: &Record, provider: &dyn Provider) -> Claimant {
        let standing = record.booking.doses.iter().filter(|dose| dose.status.stands());
        Claimant {
            code: record.code.clone(),
            attempt: record.booking.attempt,
            calendar: self.location.calendar.clone(),
            zone: self.location.time_zone,
            service: self.service.clone(),
            capabilities: provider.capabilities(),
            counted: self.counted.clone(),
            together: self.service.same_practitioner,
            standing: standing.filter_map(|dose| Some((dose.dose, dose.place.clone()?))).collect(),
        }
    }

    fn change(&self, record: &Record, target: &Target, deadline: Instant) -> Option<Reschedule> {
        let dose = record.booking.dose(target.dose)?;
        Some(Reschedule {
            location: self.location.clone(),
            service: self.service.clone(),
            handle: dose.handle.clone()?,
            from: dose.place.clone()?,
            to: target.place.clone()?,
            reference: target.reference.clone(),
            deadline,
        })
    }

    /// Every date a move may enter something on.
    #[must_use]
    pub fn dates(&self) -> Vec<chrono::NaiveDate> {
        dates_of(self.location.time_zone, &self.claims()).into_iter().collect()
    }
}
