//! `cancel`: a dose and all later ones, or the whole series.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{
    BookingView, Caller, Channel, Fault, Mode, NeedsInput, NotOpened, Proof, Scheduling, appointment::Proven,
};
use crate::{
    domain::Location,
    ledger::{
        change::{Asker, Changed},
        record::Record,
    },
};

#[derive(Debug, Clone)]
pub struct CancelRequest {
    pub proof: Proof,
    /// This dose and all later ones; `None`: the whole series.
    pub dose: Option<u8>,
    pub notify: Vec<Channel>,
    pub locale: String,
    pub request_id: Option<String>,
    pub mode: Mode,
    pub caller: Caller,
}

#[derive(Debug, Clone)]
pub enum CancelOutcome {
    Cancelled(BookingView),
    AlreadyCancelled(BookingView),
    Preview { booking: BookingView, request_id: String },
    TooLate { notice: TimeDelta, location: Arc<Location> },
    InProgress,
    NotOpened(NotOpened),
    NeedsInput(Vec<NeedsInput>),
}

impl Scheduling {
    /// Run it in a task of its own: it ends even if nobody waits.
    ///
    /// # Errors
    /// When it is not known how it ended; `reconcile` finishes it.
    pub async fn cancel(&self, request: CancelRequest) -> Result<CancelOutcome, Fault> {
        let record = match self.prove(&request.proof, "cancel", &request.caller).await? {
            Proven::NotOpened(not_opened) => return Ok(CancelOutcome::NotOpened(not_opened)),
            Proven::NeedsInput(asks) => return Ok(CancelOutcome::NeedsInput(asks)),
            Proven::Booking(record) => *record,
        };
        let code = record.code.clone();
        let (doses, too_late) = self.cancellable(&record, request.dose).await?;
        if doses.is_empty()
            && let Some(too_late) = too_late
        {
            self.audit("cancel", &request.caller, Some(&code), "tooLate").await?;
            return Ok(too_late);
        }
        if request.mode == Mode::Preview {
            let mut booking = self.view(&record).await?;
            booking.appointments.retain(|appointment| doses.contains(&appointment.dose));
            return Ok(if doses.is_empty() {
                CancelOutcome::AlreadyCancelled(self.view(&record).await?)
            } else {
                CancelOutcome::Preview { booking, request_id: self.fresh_request_id() }
            });
        }
        let doses = if doses.is_empty() { wanted(&record, request.dose) } else { doses };
        let asker = Asker {
            request_id: request.request_id,
            invocation: request.caller.invocation.clone(),
            locale: request.locale,
            notify: request.notify,
        };
        let changed = Box::pin(self.ledger.cancel(record, doses, asker)).await;
        let word = match &changed {
            Ok(Changed::Done(_)) => "cancelled",
            Ok(Changed::AlreadyCancelled(_)) => "alreadyCancelled",
            Ok(Changed::InProgress | Changed::SlotTaken(_) | Changed::Refused) => "inProgress",
            Err(_) => "fault",
        };
        // Before anything else is asked that could fail.
        self.audit("cancel", &request.caller, Some(&code), word).await?;
        Ok(match changed? {
            Changed::Done(record) => {
                let mut view = self.view(&record).await?;
                view.notified = record.booking.last.map(|last| last.operation.notify).unwrap_or_default();
                CancelOutcome::Cancelled(view)
            }
            Changed::AlreadyCancelled(record) => CancelOutcome::AlreadyCancelled(self.view(&record).await?),
            Changed::InProgress | Changed::SlotTaken(_) | Changed::Refused => CancelOutcome::InProgress,
        })
    }

    /// The doses that can be cancelled now, and how to refuse when none can but some stand.
    async fn cancellable(
        &self,
        record: &Record,
        from: Option<u8>,
    ) -> Result<(Vec<u8>, Option<CancelOutcome>), Fault> {
        let Some((location, service)) = self.ledger.offer(&record.booking).await? else {
            return Ok((Vec::new(), None));
        };
        let now = self.clock.now();
        let standing: Vec<_> = record
            .booking
            .doses
            .iter()
            .filter(|dose| dose.status.stands() && from.is_none_or(|from| dose.dose >= from))
            .collect();
        let (open, late): (Vec<_>, Vec<_>) =
            standing.into_iter().partition(|dose| now < dose.time.start() - service.cancel_notice);
        // A dose that is over is past being cancelled, and no reason to keep the later ones. One that is too
        // near is: the clinic would see half of what the patient asked for.
        let near = late.iter().any(|dose| now < dose.time.end());
        let too_late = (!late.is_empty())
            .then(|| CancelOutcome::TooLate { notice: service.cancel_notice, location: location.clone() });
        let doses = if near { Vec::new() } else { open.into_iter().map(|dose| dose.dose).collect() };
        Ok((doses, too_late))
    }
}

/// What the caller means, whatever its state: the repeat of an earlier cancellation is found by it.
fn wanted(record: &Record, from: Option<u8>) -> Vec<u8> {
    let last = record.booking.last.as_ref().map(|last| last.operation.doses.clone());
    let named: Vec<u8> = record
        .booking
        .doses
        .iter()
        .map(|dose| dose.dose)
        .filter(|dose| from.is_none_or(|from| *dose >= from))
        .collect();
    match last {
        // What was then left of them.
        Some(last) if !last.is_empty() && last.iter().all(|dose| named.contains(dose)) => last,
        _ => named,
    }
}
