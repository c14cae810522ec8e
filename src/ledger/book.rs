//! Booking a series: record it pending, enter every place, only then call the provider, commit by one
//! compare-and-swap, reply.
//!
//! A crash between any two of these leaves a record from which the same request continues, and which
//! [`settle`](super::settle) finishes or undoes. Nothing here ever waits for a lock: there are none.

use std::{collections::HashSet, sync::Arc, time::Duration};

use chrono::TimeDelta;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::{
    EXECUTOR_LIMIT, Ledger, LedgerError, STALE,
    days::{Candidate, Claim, Claimant, Claimed, dates_of},
    documents::{Booking, Contact, ContactKind, Dose, DoseStatus, Doubt, FORMAT, State, Undone},
    record::{NotWritten, Record},
    ring::{Digest, Key},
    settle::Settled,
    vault::Keys,
    vendor::VendorCall,
};
use crate::{
    domain::{Location, Place, Service, TimeRange, code::ConfirmationCode},
    provider::{Counted, Notices, Patient, Record as WhoseRecord},
    store::StoreError,
    telemetry::trace,
};

/// How long a request waits for another that is the same, before it says so.
const PATIENCE: Duration = Duration::from_secs(8);

/// How long the code is told again to a request without an id.
pub const TOLD_AGAIN: TimeDelta = TimeDelta::minutes(10);

/// How long a reply waits for what could also be done after it.
const TIDY: Duration = Duration::from_secs(1);

/// Bookings of one request that were cancelled and made anew. More is a loop of the caller.
const GENERATIONS: u32 = 100;

/// What makes two requests the same, and who asks.
#[derive(Clone)]
pub struct Request {
    pub request_id: Option<String>,
    /// Slot ids, in the order of the doses.
    pub slots: Vec<String>,
    /// Normalised: case and blanks do not make another person.
    pub name: String,
    /// Every contact given, the birth date too, in the form it is compared in.
    pub contacts: Vec<(ContactKind, String)>,
    pub invocation: Option<String>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request").field("invocation", &self.invocation).finish_non_exhaustive()
    }
}

/// A booking to be made.
#[derive(Debug, Clone)]
pub struct Wish {
    pub request: Request,
    /// Where it may begin, as far as was [seen](Ledger::recall).
    pub start: Option<Box<Start>>,
    pub location: Arc<Location>,
    pub service: Arc<Service>,
    pub doses: Vec<WishedDose>,
    /// Vendor appointments that the candidates' seats already count.
    pub counted: Arc<HashSet<Counted>>,
    /// Doses that the provider has no place for.
    pub taken: Vec<u8>,
    pub patient: Arc<Patient>,
    /// What the provider will send to the patient.
    pub notices: Notices,
    pub locale: String,
}

/// One dose of it, and who could serve it then.
#[derive(Debug, Clone)]
pub struct WishedDose {
    pub dose: u8,
    pub time: TimeRange,
    pub candidates: Vec<Candidate>,
}

/// How a request to book ended, now or when it was first made.
#[derive(Debug)]
pub enum Booked {
    Booked(Box<Record>),
    /// It exists, and its code is not told (again) to this caller.
    AlreadyBooked(Box<Record>),
    AlreadyCancelled(Box<Record>),
    /// Nothing was booked: these doses have no place.
    SlotTaken(Vec<u8>),
    /// Nothing was booked: the provider's rules forbid it.
    Refused,
    /// Nothing was booked: the contact has as many bookings open as are allowed.
    TooManyBookings,
    /// The same request is being dealt with.
    InProgress,
}

/// What the store says about a request.
enum Found {
    Ended(Booked),
    /// Somebody is at it, or was.
    Unfinished(Box<Record>),
    /// Nobody is: an attempt may begin.
    Free(Box<Start>),
}

/// What became of a request that was made before.
#[derive(Debug)]
pub enum Recalled {
    Ended(Box<Booked>),
    /// It has to be dealt with, and may begin here if nobody is at it.
    Open(Option<Box<Start>>),
}

/// Where an attempt begins. What is there may change before it does: every write of it is conditional.
#[derive(Clone)]
pub struct Start {
    code: ConfirmationCode,
    key: Key,
    generation: u32,
    /// What is there: an undone record is taken up again.
    before: Option<Box<Record>>,
}

impl std::fmt::Debug for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Start").field("generation", &self.generation).finish_non_exhaustive()
    }
}

impl Ledger {
    /// What became of a request that was made before.
    ///
    /// # Errors
    /// When the store cannot be read, or the request id was used for something else.
    pub async fn recall(&self, request: &Request) -> Result<Recalled, LedgerError> {
        Ok(match self.look_up(request).await? {
            Found::Ended(ended) => Recalled::Ended(Box::new(ended)),
            Found::Unfinished(_) => Recalled::Open(None),
            Found::Free(start) => Recalled::Open(Some(start)),
        })
    }

    /// Books a series, all or nothing, exactly once per request.
    ///
    /// Runs to its end even if nobody waits for it: call it in a task of its own.
    ///
    /// # Errors
    /// When it is not known how it ended, or nothing was done. `reconcile` settles what was left.
    pub async fn book(self: &Arc<Self>, wish: Wish) -> Result<Booked, LedgerError> {
        let deadline = Instant::now() + EXECUTOR_LIMIT;
        let booked = Box::pin(self.book_until(&wish, deadline));
        timeout_at(deadline, booked).await.unwrap_or(Err(LedgerError::Timeout))
    }

    async fn book_until(self: &Arc<Self>, wish: &Wish, deadline: Instant) -> Result<Booked, LedgerError> {
        let started = Instant::now();
        // Who is to be refused looks again: what is in the way may be what the same request has booked since.
        let mut start = wish.start.clone().filter(|_| wish.taken.is_empty());
        for round in 0.. {
            let found = match start.take() {
                Some(start) => Found::Free(start),
                None => self.look_up(&wish.request).await?,
            };
            match found {
                Found::Ended(ended) => return Ok(ended),
                Found::Unfinished(record) if record.age >= STALE => {
                    if let Settled::Waiting = self.settle(&record.code).await? {
                        return Ok(Booked::InProgress);
                    }
                }
                Found::Unfinished(_) if started.elapsed() > PATIENCE => return Ok(Booked::InProgress),
                Found::Unfinished(_) => self.pause(round).await,
                Found::Free(start) if !wish.taken.is_empty() => {
                    let by_others =
                        start.before.as_ref().is_none_or(|before| wish.was_kept_out_by_others(before));
                    let refused = if by_others { self.refuse(wish, *start).await? } else { None };
                    return Ok(refused.unwrap_or(Booked::InProgress));
                }
                Found::Free(start) => match self.begin(wish, *start).await? {
                    Some(record) => return Box::pin(self.execute(record, wish, deadline)).await,
                    None => self.pause(round).await,
                },
            }
        }
        Ok(Booked::InProgress)
    }

    /// Looks under every live key: which one is current may differ between instances for a moment.
    async fn look_up(&self, request: &Request) -> Result<Found, LedgerError> {
        let keys = self.keys().await?;
        let mut free: Option<Box<Start>> = None;
        let mut refused = None;
        let others = keys.live.iter().filter(|key| key.id != keys.current.id);
        for key in std::iter::once(&keys.current).chain(others) {
            match self.look_up_under(key, request).await? {
                Found::Free(start) => {
                    // An undone record is taken up again rather than a new one made beside it: of several
                    // the one that everybody would choose.
                    let is_chosen = free.as_ref().is_none_or(|free| {
                        start.before.is_some() && (free.before.is_none() || start.key.id < free.key.id)
                    });
                    if is_chosen {
                        free = Some(start);
                    }
                }
                // Under another key it may be booked.
                Found::Ended(Booked::SlotTaken(doses)) => refused = Some(Booked::SlotTaken(doses)),
                found => return Ok(found),
            }
        }
        refused
            .map(Found::Ended)
            .or(free.map(Found::Free))
            .ok_or_else(|| LedgerError::Misconfigured("the ledger's secret ring is empty".into()))
    }

    async fn look_up_under(&self, key: &Key, request: &Request) -> Result<Found, LedgerError> {
        let digest = request.digest(key);
        for generation in 0..GENERATIONS {
            let code = key.code(&digest, generation);
            let Some(record) = self.record(&code).await? else {
                let start = Start { code, key: key.clone(), generation, before: None };
                return Ok(Found::Free(Box::new(start)));
            };
            if record
                .booking
                .contents
                .as_ref()
                .is_some_and(|contents| !contents.matches(&request.contents(key)))
            {
                return Err(LedgerError::ReusedRequestId);
            }
            match self.judge(request, record) {
                Judged::Ended(booked) => return Ok(Found::Ended(booked)),
                Judged::Unfinished(record) => return Ok(Found::Unfinished(record)),
                Judged::Again(record) => {
                    let start = Start { code, key: key.clone(), generation, before: Some(record) };
                    return Ok(Found::Free(Box::new(start)));
                }
                Judged::NextGeneration => {}
            }
        }
        Err(LedgerError::Store(StoreError::Unavailable(
            "this request was booked and cancelled too often".into(),
        )))
    }

    /// What a record means for the request that made it.
    fn judge(&self, request: &Request, record: Record) -> Judged {
        let booking = &record.booking;
        let same_call = booking.named && request.request_id.is_some()
            || request.invocation.is_some() && booking.invocation == request.invocation;
        match booking.state {
            State::Pending | State::Undoing => Judged::Unfinished(Box::new(record)),
            State::Confirmed => {
                let fresh = booking.confirmed.is_some_and(|at| self.clock.now() - at < TOLD_AGAIN);
                let told = same_call || !booking.named && fresh;
                let record = Box::new(record);
                Judged::Ended(if told { Booked::Booked(record) } else { Booked::AlreadyBooked(record) })
            }
            State::Cancelled if same_call => Judged::Ended(Booked::AlreadyCancelled(Box::new(record))),
            State::Cancelled => Judged::NextGeneration,
            State::Undone => match &booking.undone {
                Some(Undone::SlotTaken(doses)) if same_call => {
                    Judged::Ended(Booked::SlotTaken(doses.clone()))
                }
                _ => Judged::Again(Box::new(record)),
            },
        }
    }

    /// Writes the marker and the pending record. `None`: somebody else did.
    async fn begin(&self, wish: &Wish, start: Start) -> Result<Option<Record>, LedgerError> {
        let Start { code, key, generation, before } = start;
        let attempt = before.as_ref().map_or(0, |before| before.booking.attempt) + 1;
        let mut booking = wish.pending(&key, generation, attempt, self.random());
        if let Some(before) = &before {
            booking.keep_traces(&before.booking);
        }
        let etag = before.as_ref().map(|before| &before.etag);
        let record = match self.begin_attempt(&code, etag, booking).await {
            Ok(record) => record,
            Err(NotWritten::Beaten(_)) => return Ok(None),
            Err(NotWritten::Failed(error)) => return Err(error),
        };
        let keys = self.keys().await?;
        if self.yields(&keys, &key, &wish.request).await? {
            self.undo(record, Undone::Abandoned).await?;
            return Ok(None);
        }
        Ok(Some(record))
    }

    /// Writes down that a request found no place, so that its repeat is told the same. `None`: somebody else is at it.
    async fn refuse(&self, wish: &Wish, start: Start) -> Result<Option<Booked>, LedgerError> {
        let Start { code, key, generation, before } = start;
        // An attempt of its own would need a marker, and has left nothing to look after.
        let attempt = before.as_ref().map_or(1, |before| before.booking.attempt);
        let mut booking = wish.pending(&key, generation, attempt, self.random());
        booking.state = State::Undone;
        booking.undone = Some(Undone::SlotTaken(wish.taken.clone()));
        if let Some(before) = &before {
            booking.keep_traces(&before.booking);
        }
        match self.write_record(&code, before.as_ref().map(|before| &before.etag), booking).await {
            Ok(_) => Ok(Some(Booked::SlotTaken(wish.taken.clone()))),
            Err(NotWritten::Beaten(_)) => Ok(None),
            Err(NotWritten::Failed(error)) => Err(error),
        }
    }

    /// While two keys are current at once, the same request may be begun under both. Each wrote before it
    /// looks here, so at least one sees the other, and whoever does gives way. When both do, both find both
    /// records undone, and take up the same one.
    async fn yields(&self, keys: &Keys, own: &Key, request: &Request) -> Result<bool, LedgerError> {
        for key in keys.live.iter().filter(|key| key.id != own.id) {
            if !matches!(self.look_up_under(key, request).await?, Found::Free(_)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// From the pending record to the reply.
    async fn execute(
        self: &Arc<Self>,
        record: Record,
        wish: &Wish,
        deadline: Instant,
    ) -> Result<Booked, LedgerError> {
        let provider = self.provider(wish.location.id.provider())?.clone();
        let claimant = Claimant {
            code: record.code.clone(),
            attempt: record.booking.attempt,
            calendar: wish.location.calendar.clone(),
            zone: wish.location.time_zone,
            service: wish.service.clone(),
            capabilities: provider.capabilities(),
            counted: wish.counted.clone(),
            together: wish.service.same_practitioner,
            standing: Arc::from([]),
        };
        let mut claims = wish.claims();
        let (counted, claimed) = futures_util::future::join(
            self.count_open(&record, wish.service.max_open_per_contact),
            self.claim(&claimant, &mut claims, deadline),
        )
        .await;
        if !counted? {
            return self.undo(record, Undone::TooManyBookings).await;
        }
        match claimed? {
            Claimed::Taken(doses) => self.undo(record, Undone::SlotTaken(doses)).await,
            Claimed::Busy => {
                self.undo(record, Undone::Abandoned).await?;
                Ok(Booked::InProgress)
            }
            Claimed::Overtaken => Ok(beaten(self.record(&record.code).await?)),
            Claimed::All(places) if claimant.capabilities.record == WhoseRecord::Ledger => {
                let mut booking = record.booking.clone();
                booking.stand_in(&places);
                self.confirm(record, booking, wish).await
            }
            Claimed::All(places) => {
                let mut call = VendorCall { provider, claimant, claims, wish, deadline };
                Box::pin(self.book_at_vendor(record, places, &mut call)).await
            }
        }
    }

    /// The commit.
    pub(super) async fn confirm(
        self: &Arc<Self>,
        record: Record,
        mut booking: Booking,
        wish: &Wish,
    ) -> Result<Booked, LedgerError> {
        booking.state = State::Confirmed;
        booking.confirmed = Some(self.clock.now());
        if booking.doubt != Doubt::None {
            booking.doubt = Doubt::LookAgain;
        }
        let whose = self.provider(wish.location.id.provider())?.capabilities().record;
        if whose == WhoseRecord::Ledger {
            let keys = self.keys().await?;
            let patient = serde_json::to_vec(&*wish.patient).unwrap_or_default();
            booking.sealed = keys.find(&booking.key).and_then(|key| key.seal(&patient));
        }
        match self.write_record(&record.code, Some(&record.etag), booking).await {
            Ok(record) => {
                // The marks of a calendar that is the ledger's own are nobody's to wait for: a place is as much
                // taken without. So those of many bookings become one write of their day.
                let from = if whose == WhoseRecord::Ledger { self.next_round() } else { Instant::now() };
                if whose == WhoseRecord::Vendor {
                    // Before the reply, so that whoever is told so finds the place counted once: by the vendor.
                    let _ = timeout(TIDY, self.tidy_days(&record)).await;
                }
                self.clean_up_later(record.clone(), from);
                Ok(Booked::Booked(Box::new(record)))
            }
            Err(NotWritten::Beaten(now)) => {
                // What this executor had the vendor book may now be nobody's: `reconcile` is to look.
                self.mark_pending(&record.code, record.booking.attempt).await?;
                Ok(beaten(now.map(|now| *now)))
            }
            Err(NotWritten::Failed(error)) => Err(error),
        }
    }

    /// Undoes a booking of this executor, and answers why.
    pub(super) async fn undo(&self, record: Record, why: Undone) -> Result<Booked, LedgerError> {
        let mut booking = record.booking.clone();
        booking.state = State::Undoing;
        booking.undone = Some(why.clone());
        let record = match self.write_record(&record.code, Some(&record.etag), booking).await {
            Ok(record) => record,
            Err(NotWritten::Beaten(now)) => return Ok(beaten(now.map(|now| *now))),
            Err(NotWritten::Failed(error)) => return Err(error),
        };
        match self.unwind(record, Duration::ZERO).await? {
            Settled::Settled(_) => Ok(match why {
                Undone::SlotTaken(doses) => Booked::SlotTaken(doses),
                Undone::Refused => Booked::Refused,
                Undone::TooManyBookings => Booked::TooManyBookings,
                Undone::Abandoned => Booked::InProgress,
            }),
            // Part of it may still stand at the vendor: nobody may be told that nothing was booked.
            Settled::Fresh | Settled::Waiting | Settled::Gone => Err(LedgerError::Timeout),
        }
    }

    /// Marks the entries and removes the marker, after the reply: not the caller's to wait for.
    pub(super) fn clean_up_later(self: &Arc<Self>, record: Record, from: Instant) {
        let ledger = self.clone();
        tokio::spawn(trace::carried(async move {
            sleep_until(from).await;
            if ledger.tidy_days(&record).await.is_ok() && record.booking.doubt == Doubt::None {
                ledger.unmark_pending(&record.code, record.booking.attempt).await;
            }
        }));
    }

    /// When what can wait is done together.
    fn next_round(&self) -> Instant {
        let round = self.store.gathers_for();
        let rounds = self.started.elapsed().div_duration_f64(round).floor() + 1.0;
        self.started + round.mul_f64(rounds)
    }
}

/// An executor that is not current any more replies what the record says.
pub(super) fn beaten(now: Option<Record>) -> Booked {
    match now {
        Some(record) if record.booking.state == State::Confirmed => Booked::Booked(Box::new(record)),
        Some(record) if record.booking.state == State::Cancelled => {
            Booked::AlreadyCancelled(Box::new(record))
        }
        _ => Booked::InProgress,
    }
}

enum Judged {
    Ended(Booked),
    Unfinished(Box<Record>),
    /// It was undone: an attempt may begin.
    Again(Box<Record>),
    /// It was cancelled since, and this is a new wish.
    NextGeneration,
}

impl Request {
    /// Names the request under a key: the caller's id, or else what it asks for and for whom.
    fn digest(&self, key: &Key) -> Digest {
        match &self.request_id {
            Some(id) => key.digest("request id", &[id]),
            None => self.contents_as(key, "request"),
        }
    }

    /// What the request says, however it is named: whoever repeats an id with other contents is not handed
    /// another's code.
    fn contents(&self, key: &Key) -> Digest {
        self.contents_as(key, "contents")
    }

    fn contents_as(&self, key: &Key, purpose: &str) -> Digest {
        let count = self.slots.len().to_string();
        let mut parts: Vec<&str> = vec![&count];
        parts.extend(self.slots.iter().map(String::as_str));
        parts.push(&self.name);
        for (kind, contact) in &self.contacts {
            parts.extend([kind.as_str(), contact]);
        }
        key.digest(purpose, &parts)
    }
}

impl Wish {
    /// Whether what the vendor shows in the way of this is certainly not what an earlier attempt of the same request
    /// has made there.
    fn was_kept_out_by_others(&self, before: &Record) -> bool {
        let seen = self.start.as_ref().and_then(|start| start.before.as_ref());
        let read_before = seen.filter(|seen| seen.etag == before.etag).map(|_| before.age);
        let times = taken_times(&self.doses, &self.taken, &self.service);
        !before.booking.may_be_in_the_way(times, read_before)
    }

    fn claims(&self) -> Vec<Claim> {
        self.doses.iter().map(|dose| Claim { dose: dose.dose, candidates: dose.candidates.clone() }).collect()
    }

    fn pending(&self, key: &Key, generation: u32, attempt: u32, executor: u64) -> Booking {
        Booking {
            format: FORMAT,
            state: State::Pending,
            attempt,
            executor,
            key: key.id.clone(),
            generation,
            location: self.location.id.clone(),
            service: self.service.id.clone(),
            calendar: self.location.calendar.clone(),
            contents: Some(self.request.contents(key)),
            named: self.request.request_id.is_some(),
            invocation: self.request.invocation.clone(),
            confirmed: None,
            contacts: self
                .request
                .contacts
                .iter()
                .map(|(kind, contact)| Contact { kind: *kind, digest: key.digest(kind.as_str(), &[contact]) })
                .collect(),
            doses: self.doses.iter().map(WishedDose::unplaced).collect(),
            days: dates_of(self.location.time_zone, &self.claims()),
            undone: None,
            operation: None,
            last: None,
            doubt: Doubt::None,
            tried: Vec::new(),
            sealed: None,
            locale: self.locale.clone(),
            notices: self.notices.clone(),
        }
    }
}

/// The times, with what is kept free around them, of these doses.
pub(super) fn taken_times(
    doses: &[WishedDose],
    taken: &[u8],
    service: &Service,
) -> impl Iterator<Item = TimeRange> {
    doses.iter().filter(|dose| taken.contains(&dose.dose)).map(|dose| service.buffered(dose.time))
}

impl Booking {
    /// Whether what a vendor shows at these times may be of this very booking: made and taken back again, or about to
    /// appear. Searches show such things for a while, on other instances too. Nobody may be told for good that a place
    /// is taken which is free again at the next moment.
    ///
    /// `unchanged`: how long before the vendor was read this was last written, unless it was written since.
    pub(super) fn may_be_in_the_way(
        &self,
        mut times: impl Iterator<Item = TimeRange>,
        unchanged: Option<Duration>,
    ) -> bool {
        if self.doubt == Doubt::None && unchanged.is_some_and(|age| age >= STALE) {
            return false;
        }
        // Where it stands, searches do not count it.
        let stands = |place: &Place| {
            self.state == State::Confirmed
                && self.doses.iter().any(|dose| dose.status.stands() && dose.place.as_ref() == Some(place))
        };
        let left: Vec<&Place> = self.tried.iter().filter(|place| !stands(place)).collect();
        times.any(|time| left.iter().any(|place| place.buffered.overlaps(&time)))
    }

    /// Where earlier attempts may have left something is not forgotten.
    fn keep_traces(&mut self, before: &Self) {
        self.days.extend(before.days.iter().copied());
        self.tried.clone_from(&before.tried);
        self.doubt = before.doubt;
    }
}

impl WishedDose {
    fn unplaced(&self) -> Dose {
        Dose {
            dose: self.dose,
            time: self.time,
            place: None,
            handle: None,
            version: None,
            reference: None,
            join_url: None,
            status: DoseStatus::Booked,
        }
    }
}
