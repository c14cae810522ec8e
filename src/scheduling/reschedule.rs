//! `reschedule`: doses of a booking to other slots, all or none, keeping the intervals of the series.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{
    BookingView, Caller, Channel, Fault, Mode, NeedsInput, NotBookable, NotOpened, Proof, Scheduling, Slot,
    appointment::Proven,
    book::{Chosen, Offered, Places},
    slots::broken_interval,
};
use crate::{
    domain::{Location, slot::SlotId},
    ledger::{
        change::{Asker, Changed, Move},
        record::Record,
    },
};

#[derive(Debug, Clone)]
pub struct RescheduleRequest {
    pub proof: Proof,
    pub dose: Option<u8>,
    pub slots: Vec<SlotId>,
    pub notify: Vec<Channel>,
    pub locale: String,
    pub request_id: Option<String>,
    pub mode: Mode,
    pub caller: Caller,
}

#[derive(Debug, Clone)]
pub enum RescheduleOutcome {
    Rescheduled(BookingView),
    Preview {
        booking: BookingView,
        request_id: String,
    },
    /// Nothing was moved.
    SlotTaken {
        taken: Vec<u8>,
        alternatives: Vec<Slot>,
    },
    NotBookable {
        reason: NotBookable,
        location: Option<Arc<Location>>,
    },
    SeriesInterval {
        dose: u8,
        min_days: u32,
        max_days: u32,
    },
    TooLate {
        notice: TimeDelta,
        location: Arc<Location>,
    },
    AlreadyCancelled(BookingView),
    InProgress,
    NotOpened(NotOpened),
    NeedsInput(Vec<NeedsInput>),
}

impl Scheduling {
    /// Run it in a task of its own: it ends even if nobody waits.
    ///
    /// # Errors
    /// When it is not known how it ended; `reconcile` finds out, and the old places are held until then.
    pub async fn reschedule(&self, request: RescheduleRequest) -> Result<RescheduleOutcome, Fault> {
        let record = match self.prove(&request.proof, "reschedule", &request.caller).await? {
            Proven::NotOpened(not_opened) => return Ok(RescheduleOutcome::NotOpened(not_opened)),
            Proven::NeedsInput(asks) => return Ok(RescheduleOutcome::NeedsInput(asks)),
            Proven::Booking(record) => *record,
        };
        let code = record.code.clone();
        let outcome = Box::pin(self.reschedule_unaudited(&request, record)).await;
        if request.mode == Mode::Write {
            let word = outcome.as_ref().map_or("fault", RescheduleOutcome::word);
            self.audit("reschedule", &request.caller, Some(&code), word).await?;
        }
        outcome
    }

    async fn reschedule_unaudited(
        &self,
        request: &RescheduleRequest,
        record: Record,
    ) -> Result<RescheduleOutcome, Fault> {
        let standing: Vec<u8> =
            record.booking.doses.iter().filter(|dose| dose.status.stands()).map(|dose| dose.dose).collect();
        let Some(first) = request.dose.or_else(|| standing.first().copied()) else {
            return Ok(RescheduleOutcome::AlreadyCancelled(self.view(&record).await?));
        };
        let chosen = match self.choose(&request.slots, first).await? {
            Ok(chosen) => chosen,
            Err(reason) => return Ok(RescheduleOutcome::NotBookable { reason, location: None }),
        };
        if let Some(refusal) = self.move_refused(&chosen, &record, &standing).await? {
            return Ok(refusal);
        }
        let Places { doses, counted, taken } = match self.offered(&chosen, Some(&record)).await? {
            Offered::Places(places) => places,
            Offered::NotBookable(reason) => {
                return Ok(RescheduleOutcome::NotBookable {
                    reason,
                    location: Some(chosen.location.clone()),
                });
            }
        };
        if request.mode == Mode::Preview {
            if !taken.is_empty() {
                return self.move_taken(&chosen, &record, taken).await;
            }
            return self.preview_move(&chosen, &record).await;
        }
        let wish = Move {
            location: chosen.location.clone(),
            service: chosen.service.clone(),
            doses,
            counted: Arc::new(counted),
            taken,
        };
        let asker = Asker {
            request_id: request.request_id.clone(),
            invocation: request.caller.invocation.clone(),
            locale: request.locale.clone(),
            notify: request.notify.clone(),
        };
        match Box::pin(self.ledger.reschedule(record.clone(), wish, asker)).await? {
            Changed::Done(record) => {
                let mut view = self.view(&record).await?.noticed(&record.booking.notices);
                view.code = Some(record.code.clone());
                Ok(RescheduleOutcome::Rescheduled(view))
            }
            Changed::AlreadyCancelled(record) => {
                Ok(RescheduleOutcome::AlreadyCancelled(self.view(&record).await?))
            }
            Changed::SlotTaken(taken) => self.move_taken(&chosen, &record, taken).await,
            Changed::Refused => Ok(RescheduleOutcome::NotBookable {
                reason: NotBookable::Refused,
                location: Some(chosen.location.clone()),
            }),
            Changed::InProgress => Ok(RescheduleOutcome::InProgress),
        }
    }

    /// The rules that forbid a move, whoever is free.
    async fn move_refused(
        &self,
        chosen: &Chosen<'_>,
        record: &Record,
        standing: &[u8],
    ) -> Result<Option<RescheduleOutcome>, Fault> {
        let now = self.clock.now();
        let booking = &record.booking;
        let doses: Vec<u8> = chosen.doses.iter().map(|dose| dose.dose).collect();
        if doses.iter().all(|dose| booking.dose(*dose).is_some_and(|dose| !dose.status.stands())) {
            return Ok(Some(RescheduleOutcome::AlreadyCancelled(self.view(record).await?)));
        }
        let not_bookable = |reason| {
            Ok(Some(RescheduleOutcome::NotBookable { reason, location: Some(chosen.location.clone()) }))
        };
        // Another site's calendar shares nobody with this one: that is a cancellation and a new booking.
        let same = chosen.location.id == booking.location && chosen.service.id == booking.service;
        if !same || doses.iter().any(|dose| !standing.contains(dose)) {
            return not_bookable(NotBookable::WrongSlots);
        }
        let late = booking.doses.iter().filter(|dose| doses.contains(&dose.dose)).any(|dose| {
            // The repeat of a move that was made is answered by the ledger.
            now >= dose.time.start() - chosen.service.cancel_notice
        });
        if late {
            let (notice, location) = (chosen.service.cancel_notice, chosen.location.clone());
            return Ok(Some(RescheduleOutcome::TooLate { notice, location }));
        }
        if let Some(reason) = chosen.outside(now) {
            return not_bookable(reason);
        }
        let Some(series) = chosen.service.series else { return Ok(None) };
        let mut dates: Vec<(u8, NaiveDate)> = chosen.dates();
        let hunt = chosen.hunt(None);
        for dose in booking.doses.iter().filter(|dose| dose.status.stands() && !doses.contains(&dose.dose)) {
            dates.push((dose.dose, hunt.date_of(dose.time.start())));
        }
        dates.sort_unstable();
        Ok(broken_interval(&series, &dates).map(|dose| RescheduleOutcome::SeriesInterval {
            dose,
            min_days: series.min_days,
            max_days: series.max_days,
        }))
    }

    async fn move_taken(
        &self,
        chosen: &Chosen<'_>,
        record: &Record,
        taken: Vec<u8>,
    ) -> Result<RescheduleOutcome, Fault> {
        let standing: Vec<(u8, DateTime<Utc>)> = record
            .booking
            .doses
            .iter()
            .filter(|dose| dose.status.stands())
            .map(|dose| (dose.dose, dose.time.start()))
            .collect();
        let alternatives = self.alternatives_for(chosen, &taken, &standing, Some(record)).await?;
        Ok(RescheduleOutcome::SlotTaken { taken, alternatives })
    }

    async fn preview_move(&self, chosen: &Chosen<'_>, record: &Record) -> Result<RescheduleOutcome, Fault> {
        let taken = self.not_free(chosen, Some(record)).await?;
        if !taken.is_empty() {
            return self.move_taken(chosen, record, taken).await;
        }
        let mut booking = self.view(record).await?;
        booking
            .appointments
            .retain(|appointment| chosen.doses.iter().any(|dose| dose.dose == appointment.dose));
        for appointment in &mut booking.appointments {
            if let Some(dose) = chosen.doses.iter().find(|dose| dose.dose == appointment.dose) {
                appointment.time = dose.time;
            }
        }
        Ok(RescheduleOutcome::Preview { booking, request_id: self.fresh_request_id() })
    }
}

impl RescheduleOutcome {
    /// The outcome as the contract names it, for audit records.
    fn word(&self) -> &'static str {
        match self {
            Self::Rescheduled(_) => "rescheduled",
            Self::Preview { .. } => "preview",
            Self::SlotTaken { .. } => "slotTaken",
            Self::NotBookable { .. } => "notBookable",
            Self::SeriesInterval { .. } => "seriesInterval",
            Self::TooLate { .. } => "tooLate",
            Self::AlreadyCancelled(_) => "alreadyCancelled",
            Self::InProgress => "inProgress",
            Self::NotOpened(_) => "notOpened",
            Self::NeedsInput(_) => "needsInput",
        }
    }
}
