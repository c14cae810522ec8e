//! Finishing or undoing what an executor left. It never creates a vendor appointment: it has no patient data.
//!
//! Anybody may settle anything that is stale: every takeover is a compare-and-swap that raises the attempt,
//! after which the executor before changes nothing more.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    EXECUTOR_LIMIT, Ledger, LedgerError, STALE,
    days::Claimed,
    documents::{
        Booking, Dose, DoseStatus, Doubt, Ended, LastOperation, Operation, OperationKind, State, Undone,
    },
    record::{NotWritten, Record},
};
use crate::{
    domain::code::ConfirmationCode,
    provider::{
        Appointment, Booked as Answer, Farewell, Handle, Provider, Record as WhoseRecord, Reference,
        Reschedule,
    },
};

/// How long after the last write a second search may say that nothing was made.
pub const CERTAIN: Duration = Duration::from_mins(5);

/// When a settled booking is looked at once more, for a write that landed late.
pub const LATE: Duration = Duration::from_hours(1);

/// How settling ended.
#[derive(Debug)]
pub enum Settled {
    /// Somebody is at it.
    Fresh,
    /// Not certain yet; its places stay held.
    Waiting,
    /// There is nothing unfinished about it.
    Settled(Box<Record>),
    /// There is no such booking.
    Gone,
}

impl Ledger {
    /// Finishes or undoes a booking if its executor has left it.
    ///
    /// # Errors
    /// When the store or the vendor cannot be asked. Trying again is always safe.
    pub async fn settle(&self, code: &ConfirmationCode) -> Result<Settled, LedgerError> {
        let Some(record) = self.record(code).await? else { return Ok(Settled::Gone) };
        if !record.booking.is_over() && record.age < STALE {
            return Ok(Settled::Fresh);
        }
        match record.booking.state {
            State::Pending => self.settle_pending(record).await,
            State::Undoing => self.settle_undoing(record).await,
            State::Confirmed if record.booking.operation.is_some() => self.settle_operation(record).await,
            State::Confirmed | State::Undone | State::Cancelled => {
                self.tidy_days(&record).await?;
                self.look_again(record).await
            }
        }
    }

    async fn settle_pending(&self, record: Record) -> Result<Settled, LedgerError> {
        let provider = self.provider(record.booking.location.provider())?.clone();
        let mut booking = record.booking.clone();
        let called = booking.doses.iter().any(|dose| dose.reference.is_some());
        if provider.capabilities().record == WhoseRecord::Ledger || !called {
            booking.state = State::Undoing;
            booking.undone = Some(Undone::Abandoned);
        } else {
            booking.doubt = Doubt::Unclear;
        }
        let Some(record) = self.take_over(record, booking).await? else { return Ok(Settled::Fresh) };
        if record.booking.state == State::Undoing {
            return self.unwind(record, Duration::ZERO).await;
        }
        let found = self.find_all(&record, &*provider).await?;
        let mut booking = record.booking.clone();
        let mut complete = true;
        for dose in &mut booking.doses {
            let ours = found
                .iter()
                .find(|found| found.reference == dose.reference && Some(&found.place) == dose.place.as_ref())
                .filter(|found| !found.yields);
            match ours {
                Some(ours) => {
                    dose.name_as(ours.clone());
                }
                None => complete = false,
            }
        }
        if complete {
            booking.state = State::Confirmed;
            booking.confirmed = Some(self.clock.now());
            booking.doubt = Doubt::LookAgain;
        } else {
            booking.state = State::Undoing;
            booking.undone = Some(Undone::Abandoned);
        }
        let Some(record) = self.advance(record, booking).await? else { return Ok(Settled::Fresh) };
        if complete {
            self.tidy_days(&record).await?;
            return Ok(Settled::Settled(Box::new(record)));
        }
        self.unwind(record, Duration::ZERO).await
    }

    async fn settle_undoing(&self, record: Record) -> Result<Settled, LedgerError> {
        if record.booking.doubt == Doubt::EmptyOnce && record.age < CERTAIN {
            return Ok(Settled::Waiting);
        }
        let age = record.age;
        let mut booking = record.booking.clone();
        let called = booking.doses.iter().any(|dose| dose.reference.is_some());
        if booking.doubt == Doubt::None && called {
            // Its executor may have been stopped between a vendor's answer and writing it down.
            booking.doubt = Doubt::Unclear;
        }
        match self.take_over(record, booking).await? {
            Some(record) => self.unwind(record, age).await,
            None => Ok(Settled::Fresh),
        }
    }

    /// Cancels at the vendor whatever a booking being undone has there, and ends it once that is certain.
    /// `age` is how long nothing was written before this executor took it over.
    pub(super) async fn unwind(&self, record: Record, age: Duration) -> Result<Settled, LedgerError> {
        let provider = self.provider(record.booking.location.provider())?.clone();
        let mut booking = record.booking.clone();
        let farewell = booking.farewell();
        if provider.capabilities().record == WhoseRecord::Vendor {
            for dose in &mut booking.doses {
                if let Some(handle) = dose.handle.take() {
                    provider.cancel(&booking.calendar, &handle, &farewell).await?;
                }
            }
            if matches!(booking.doubt, Doubt::Unclear | Doubt::EmptyOnce) {
                let found = self.find_all(&record, &*provider).await?;
                for appointment in &found {
                    provider.cancel(&booking.calendar, &appointment.handle, &farewell).await?;
                }
                let certain = booking.doubt == Doubt::EmptyOnce && age >= CERTAIN;
                booking.doubt = match (found.is_empty(), certain) {
                    (true, true) => Doubt::LookAgain,
                    (true, false) => Doubt::EmptyOnce,
                    (false, _) => Doubt::Unclear,
                };
            }
        }
        if !matches!(booking.doubt, Doubt::None | Doubt::LookAgain) {
            self.advance(record, booking).await?;
            return Ok(Settled::Waiting);
        }
        booking.state = State::Undone;
        let Some(record) = self.advance(record, booking).await? else { return Ok(Settled::Fresh) };
        self.tidy_days(&record).await?;
        self.discount_open(&record).await?;
        if record.booking.doubt == Doubt::None {
            self.unmark_pending(&record.code, record.booking.attempt).await;
        }
        Ok(Settled::Settled(Box::new(record)))
    }

    /// An operation that was left: a cancellation is finished, since its patient wants it; a reschedule is
    /// finished where the new places are certain, and otherwise leaves the old ones as they were.
    async fn settle_operation(&self, record: Record) -> Result<Settled, LedgerError> {
        if record.booking.doubt == Doubt::EmptyOnce && record.age < CERTAIN {
            return Ok(Settled::Waiting);
        }
        let age = record.age;
        let taken_over = record.booking.clone();
        let Some(record) = self.take_over(record, taken_over).await? else { return Ok(Settled::Fresh) };
        let Some(operation) = record.booking.operation.clone() else { return Ok(Settled::Fresh) };
        let ended = match operation.kind {
            OperationKind::Cancel => {
                self.finish_cancel(record, &operation, Instant::now() + EXECUTOR_LIMIT).await?
            }
            OperationKind::Reschedule => self.finish_reschedule(record, &operation, age).await?,
        };
        let Some(record) = ended else { return Ok(Settled::Waiting) };
        self.tidy_days(&record).await?;
        if record.booking.state == State::Cancelled {
            self.discount_open(&record).await?;
        }
        if record.booking.doubt == Doubt::None {
            self.unmark_pending(&record.code, record.booking.attempt).await;
        }
        Ok(Settled::Settled(Box::new(record)))
    }

    /// Cancels at the vendor, then in the record. `None`: somebody else is at it now.
    pub(super) async fn finish_cancel(
        &self,
        record: Record,
        operation: &Operation,
        deadline: Instant,
    ) -> Result<Option<Record>, LedgerError> {
        let provider = self.provider(record.booking.location.provider())?.clone();
        if provider.capabilities().shared_objects {
            let places = record.booking.places_of(&operation.doses);
            match self.hold(&record, places, deadline).await? {
                Claimed::All(_) | Claimed::Taken(_) => {}
                Claimed::Busy | Claimed::Overtaken => return Ok(None),
            }
        }
        let mut booking = record.booking.clone();
        let farewell = booking.farewell();
        let mut told = Vec::new();
        for dose in booking.doses.iter_mut().filter(|dose| operation.doses.contains(&dose.dose)) {
            if let Some(handle) = &dose.handle {
                told.extend(provider.cancel(&booking.calendar, handle, &farewell).await?);
            }
            if dose.status.stands() {
                dose.status = DoseStatus::Cancelled;
            }
        }
        if !booking.doses.iter().any(|dose| dose.status.stands()) {
            booking.state = State::Cancelled;
        }
        if let Some(operation) = &mut booking.operation {
            told.sort_unstable();
            told.dedup();
            operation.notify = told;
        }
        self.end_operation(record, booking, Ended::Done).await
    }

    /// Finds out where a reschedule that was left has come to. `None`: not certain yet, or somebody else is
    /// at it.
    async fn finish_reschedule(
        &self,
        record: Record,
        operation: &Operation,
        age: Duration,
    ) -> Result<Option<Record>, LedgerError> {
        let provider = self.provider(record.booking.location.provider())?.clone();
        let mut booking = record.booking.clone();
        if provider.capabilities().record == WhoseRecord::Ledger {
            return self.end_operation(record, booking, Ended::Abandoned).await;
        }
        let references: Vec<Reference> =
            operation.targets.iter().map(|target| target.reference.clone()).collect();
        let places: Vec<_> = operation.targets.iter().filter_map(|target| target.place.clone()).collect();
        let moved = provider.find(&booking.calendar, &references, &places).await?;
        let all = operation.targets.iter().all(|target| {
            moved.iter().any(|at| {
                let there = Some(&at.place) == target.place.as_ref() && !at.yields;
                there && at.reference.as_ref() == Some(&target.reference)
            })
        });
        if all {
            let left = booking.move_to(operation, &moved);
            booking.doubt = Doubt::LookAgain;
            let ended = self.end_operation(record, booking, Ended::Done).await?;
            if let Some(record) = &ended {
                self.leave(record, &left, &*provider).await;
            }
            return Ok(ended);
        }
        if booking.doubt != Doubt::EmptyOnce || age < CERTAIN {
            booking.doubt = Doubt::EmptyOnce;
            self.advance(record, booking).await?;
            return Ok(None);
        }
        if self.move_back(&mut booking, &moved, &*provider).await? == Back::Unclear {
            return Ok(None);
        }
        booking.doubt = Doubt::LookAgain;
        self.end_operation(record, booking, Ended::Abandoned).await
    }

    /// Puts appointments that went astray back where the record has them: the same appointment is moved, one
    /// that was made beside it is cancelled. What cannot go back stays, and the record follows it.
    pub(super) async fn move_back(
        &self,
        booking: &mut Booking,
        astray: &[Appointment],
        provider: &dyn Provider,
    ) -> Result<Back, LedgerError> {
        let mut back = Back::All;
        for appointment in astray {
            match booking.standing_as(appointment).cloned() {
                Some(dose) => match self.move_dose_back(booking, &dose, appointment, provider).await? {
                    Answer::Booked { handle, version, join_url } => {
                        tracing::info!("an appointment that had been moved is back at its place");
                        if handle != appointment.handle {
                            // It went back as another one, made in its stead.
                            booking.doubt = Doubt::LookAgain;
                            let astray = &appointment.handle;
                            provider.cancel(&booking.calendar, astray, &Farewell::Nothing).await?;
                        }
                        booking.follow(dose.dose, |dose| {
                            dose.handle = Some(handle);
                            dose.version = version;
                            dose.join_url = join_url;
                        });
                    }
                    Answer::Taken | Answer::Occupied | Answer::Refused { .. } => {
                        back = Back::NotAll;
                        booking.follow(dose.dose, |dose| dose.move_with(appointment));
                    }
                    Answer::Failed(error) => return Err(error.into()),
                    Answer::Unclear { .. } | Answer::NotTried => return Ok(Back::Unclear),
                },
                // Made beside the one the patient knows of, and never told.
                None => {
                    provider.cancel(&booking.calendar, &appointment.handle, &Farewell::Nothing).await?;
                }
            }
        }
        Ok(back)
    }

    async fn move_dose_back(
        &self,
        booking: &Booking,
        dose: &Dose,
        appointment: &Appointment,
        provider: &dyn Provider,
    ) -> Result<Answer, LedgerError> {
        let unclear = || Answer::Unclear { why: "the record does not say where it was".into() };
        let (Some(to), Some(reference)) = (dose.place.clone(), dose.reference.clone()) else {
            return Ok(unclear());
        };
        let Some((location, service)) = self.offer(booking).await? else { return Ok(unclear()) };
        let change = Reschedule {
            location,
            service,
            handle: appointment.handle.clone(),
            from: appointment.place.clone(),
            to,
            reference,
            deadline: Instant::now() + EXECUTOR_LIMIT,
        };
        Ok(provider.reschedule(&booking.calendar, &change).await)
    }

    /// Takes the operation off the record and keeps how it ended.
    pub(super) async fn end_operation(
        &self,
        record: Record,
        mut booking: Booking,
        ended: Ended,
    ) -> Result<Option<Record>, LedgerError> {
        if let Some(operation) = booking.operation.take() {
            booking.last = Some(LastOperation { operation, ended, at: self.clock.now() });
        }
        self.advance(record, booking).await
    }

    /// Takes away what others were made in the stead of. What stays after all is found by its mark.
    pub(super) async fn leave(&self, record: &Record, left: &[Handle], provider: &dyn Provider) {
        for handle in left {
            let gone = provider.cancel(&record.booking.calendar, handle, &Farewell::Nothing).await;
            if let Err(error) = gone {
                tracing::warn!(%error, "an appointment that was moved could not be taken from its old place yet");
            }
        }
    }

    /// An hour after a booking was settled in doubt: whatever carries one of its references and is not what
    /// the record names is cancelled.
    async fn look_again(&self, record: Record) -> Result<Settled, LedgerError> {
        if record.booking.doubt == Doubt::None {
            return Ok(Settled::Settled(Box::new(record)));
        }
        if record.age < LATE {
            return Ok(Settled::Settled(Box::new(record)));
        }
        let provider = self.provider(record.booking.location.provider())?.clone();
        let mut booking = record.booking.clone();
        let mut astray = self.find_all(&record, &*provider).await?;
        astray.retain(|appointment| !booking.names(appointment));
        if provider.capabilities().shared_objects && !astray.is_empty() {
            // No dose of ours has number 0: what is entered for these is removed when it is done.
            let places = astray.iter().map(|appointment| (0, appointment.place.clone())).collect();
            let held = self.hold(&record, places, Instant::now() + EXECUTOR_LIMIT).await?;
            if matches!(held, Claimed::Busy | Claimed::Overtaken) {
                return Ok(Settled::Waiting);
            }
        }
        if self.move_back(&mut booking, &astray, &*provider).await? == Back::Unclear {
            return Ok(Settled::Waiting);
        }
        booking.doubt = Doubt::None;
        booking.executor = self.random();
        match self.advance(record, booking).await? {
            Some(record) => {
                self.tidy_days(&record).await?;
                Ok(Settled::Settled(Box::new(record)))
            }
            None => Ok(Settled::Fresh),
        }
    }

    /// Everything at the vendor that carries a reference of any attempt of this booking.
    async fn find_all(
        &self,
        record: &Record,
        provider: &dyn Provider,
    ) -> Result<Vec<Appointment>, LedgerError> {
        let keys = self.keys().await?;
        let booking = &record.booking;
        let key = keys.find(&booking.key).unwrap_or(&keys.current);
        let references: Vec<Reference> = booking
            .doses
            .iter()
            .flat_map(|dose| {
                (1..=booking.attempt).map(|attempt| key.reference(&record.code, dose.dose, attempt))
            })
            .collect();
        Ok(provider.find(&booking.calendar, &references, &booking.tried).await?)
    }

    /// Becomes the executor of a record, which raises its attempt. `None`: somebody else was faster.
    pub(super) async fn take_over(
        &self,
        record: Record,
        mut booking: Booking,
    ) -> Result<Option<Record>, LedgerError> {
        booking.attempt += 1;
        booking.executor = self.random();
        unless_beaten(self.begin_attempt(&record.code, Some(&record.etag), booking).await)
    }

    /// Writes the next step of a record. `None`: this executor is not current any more.
    pub(super) async fn advance(
        &self,
        record: Record,
        booking: Booking,
    ) -> Result<Option<Record>, LedgerError> {
        unless_beaten(self.write_record(&record.code, Some(&record.etag), booking).await)
    }
}

fn unless_beaten(written: Result<Record, NotWritten>) -> Result<Option<Record>, LedgerError> {
    match written {
        Ok(record) => Ok(Some(record)),
        Err(NotWritten::Beaten(_)) => Ok(None),
        Err(NotWritten::Failed(error)) => Err(error),
    }
}

/// Whether appointments that went astray are back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Back {
    All,
    /// Their old places are somebody else's by now.
    NotAll,
    Unclear,
}

impl Dose {
    /// Stands where the vendor has it now.
    fn move_with(&mut self, appointment: &Appointment) {
        self.status = DoseStatus::Moved;
        self.time = appointment.place.time;
        self.place = Some(appointment.place.clone());
        self.reference.clone_from(&appointment.reference);
        self.name_as(appointment.clone());
    }
}

impl Booking {
    fn follow(&mut self, dose: u8, change: impl FnOnce(&mut Dose)) {
        if let Some(dose) = self.doses.iter_mut().find(|of| of.dose == dose) {
            change(dose);
        }
    }

    /// The standing dose that is this appointment of the vendor's.
    fn standing_as(&self, appointment: &Appointment) -> Option<&Dose> {
        let stands = |dose: &&Dose| self.state == State::Confirmed && dose.status.stands();
        self.doses.iter().filter(stands).find(|dose| dose.handle.as_ref() == Some(&appointment.handle))
    }

    /// Whether an appointment is as the record has it.
    fn names(&self, appointment: &Appointment) -> bool {
        self.standing_as(appointment).is_some_and(|dose| dose.reference == appointment.reference)
    }

    /// Stands where a finished reschedule has brought it.
    pub(super) fn move_to(&mut self, operation: &Operation, moved: &[Appointment]) -> Vec<Handle> {
        let mut left = Vec::new();
        for target in &operation.targets {
            let there = moved.iter().find(|at| at.reference.as_ref() == Some(&target.reference));
            let Some(dose) = self.doses.iter_mut().find(|dose| dose.dose == target.dose) else { continue };
            dose.time = target.time;
            dose.place.clone_from(&target.place);
            dose.reference = Some(target.reference.clone());
            dose.status = DoseStatus::Booked;
            if let Some(there) = there {
                left.extend(dose.handle.take().filter(|handle| *handle != there.handle));
                dose.name_as(there.clone());
            }
        }
        left
    }
}
