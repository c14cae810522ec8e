//! A booking at a vendor: from the places that are held to the last answer that is certain.
//!
//! An unclear answer is searched for. What was not found is unknown, not free: only the same place may then be
//! tried again, and what stays unknown stays held, for [`settle`](super::settle) to decide.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use tokio::time::Instant;

use super::{
    Ledger, LedgerError,
    book::{Booked, Wish, beaten},
    days::{Claim, Claimant, Claimed},
    documents::{Booking, Doubt, Undone},
    record::{NotWritten, Record},
};
use crate::{
    domain::{Place, code::ConfirmationCode},
    provider::{Appointment, Booked as Answer, Order, OrderedDose, Provider, ProviderError},
};

/// Searches for an appointment whose making had no clear answer, before the same place is tried again.
const SEARCHES: u32 = 3;

/// How a round of calls to the vendor ended.
enum Called {
    AllBooked,
    /// A dose cannot have its place; why.
    Not(u8, Undone),
    Failed(ProviderError),
}

/// What a booking at a vendor needs at hand.
pub(super) struct VendorCall<'a> {
    pub provider: Arc<dyn Provider>,
    pub claimant: Claimant,
    pub claims: Vec<Claim>,
    pub wish: &'a Wish,
    pub deadline: Instant,
}

impl Ledger {
    /// The places into the record, then the vendor, until every dose is booked or it is known why not.
    pub(super) async fn book_at_vendor(
        self: &Arc<Self>,
        mut record: Record,
        mut places: BTreeMap<u8, Place>,
        call: &mut VendorCall<'_>,
    ) -> Result<Booked, LedgerError> {
        loop {
            let mut booking = record.booking.clone();
            booking.stand_in(&places);
            self.name_references(&mut booking, &record.code).await?;
            record = match self.write_record(&record.code, Some(&record.etag), booking).await {
                Ok(record) => record,
                Err(NotWritten::Beaten(now)) => return Ok(beaten(now.map(|now| *now))),
                Err(NotWritten::Failed(error)) => return Err(error),
            };
            let (dose, why) = match self.call_vendor(&mut record, call).await? {
                Called::AllBooked => {
                    let booking = record.booking.clone();
                    return self.confirm(record, booking, call.wish).await;
                }
                Called::Failed(error) => {
                    self.undo(record, Undone::Abandoned).await?;
                    return Err(error.into());
                }
                Called::Not(dose, why) => (dose, why),
            };
            call.keep_booked(&record);
            match self.next_places(call, dose, &places).await? {
                Some(next) => places = next,
                None => return self.undo(record, why).await,
            }
        }
    }

    /// Places without the one that a dose cannot have; `None` when there are no others.
    async fn next_places(
        &self,
        call: &mut VendorCall<'_>,
        dose: u8,
        places: &BTreeMap<u8, Place>,
    ) -> Result<Option<BTreeMap<u8, Place>>, LedgerError> {
        let Some(claim) = call.claims.iter_mut().find(|claim| claim.dose == dose) else { return Ok(None) };
        claim.candidates.retain(|candidate| Some(&candidate.place) != places.get(&dose));
        if claim.candidates.is_empty() {
            return Ok(None);
        }
        match self.claim(&call.claimant, &mut call.claims, call.deadline).await? {
            Claimed::All(next) => Ok(Some(next)),
            Claimed::Taken(_) | Claimed::Busy | Claimed::Overtaken => Ok(None),
        }
    }

    /// Books what is not booked yet. What stays unclear is an error: the places stay held, and `reconcile`
    /// decides.
    async fn call_vendor(&self, record: &mut Record, call: &VendorCall<'_>) -> Result<Called, LedgerError> {
        let mut unclear = BTreeSet::new();
        // Each call books a dose at least, but for one that is tried again.
        for _ in 0..=record.booking.doses.len() {
            let Some(order) = call.order(record) else { return Ok(Called::AllBooked) };
            // One that was stopped may have been overtaken: what it sends now, nobody may look for any more.
            if Instant::now() >= call.deadline {
                return Err(LedgerError::Timeout);
            }
            let answers = call.provider.book(&order).await;
            for (ordered, answer) in order.doses.iter().zip(answers) {
                match self.certain(record, ordered, answer, call, &mut unclear).await? {
                    Answer::Booked { handle, version, join_url } => {
                        let place = ordered.place.clone();
                        let reference = Some(ordered.reference.clone());
                        let made = Appointment {
                            handle,
                            version,
                            reference,
                            place,
                            created: None,
                            join_url,
                            yields: false,
                        };
                        record.booking.book(ordered.dose, made);
                    }
                    Answer::Taken | Answer::Occupied => {
                        return Ok(Called::Not(ordered.dose, Undone::SlotTaken(vec![ordered.dose])));
                    }
                    Answer::Refused { rule } => {
                        tracing::info!(%rule, "the provider refused a booking");
                        return Ok(Called::Not(ordered.dose, Undone::Refused));
                    }
                    Answer::Failed(error) => return Ok(Called::Failed(error)),
                    // An object that is written whole is not written again: the first try, landing after the
                    // second, would undo whatever was written in between.
                    Answer::Unclear { .. } if call.claimant.shares_objects() => {
                        return Err(LedgerError::Timeout);
                    }
                    // Nothing there is unknown, not no: the same place, once more.
                    Answer::Unclear { .. } | Answer::NotTried => break,
                }
            }
        }
        if call.order(record).is_none() { Ok(Called::AllBooked) } else { Err(LedgerError::Timeout) }
    }

    /// An answer, after a search if it is not clear. Once it was not clear for a dose, its place may be taken,
    /// or refused, because of what we made there ourselves.
    async fn certain(
        &self,
        record: &mut Record,
        ordered: &OrderedDose,
        answer: Answer,
        call: &VendorCall<'_>,
        unclear: &mut BTreeSet<u8>,
    ) -> Result<Answer, LedgerError> {
        match answer {
            Answer::Unclear { why } => {
                record.booking.doubt = Doubt::Unclear;
                unclear.insert(ordered.dose);
                tracing::warn!(%why, "the provider gave no clear answer to a booking");
                self.search(record, ordered, call).await
            }
            Answer::Occupied => {
                // Whatever lands there after all is looked for later.
                record.booking.doubt = Doubt::LookAgain;
                Ok(answer)
            }
            Answer::Taken | Answer::Refused { .. } | Answer::Failed(_) if unclear.contains(&ordered.dose) => {
                self.search(record, ordered, call).await
            }
            answer => Ok(answer),
        }
    }

    /// Looks for an appointment that may have been made.
    async fn search(
        &self,
        record: &Record,
        ordered: &OrderedDose,
        call: &VendorCall<'_>,
    ) -> Result<Answer, LedgerError> {
        for search in 0..SEARCHES {
            let (references, places) = (vec![ordered.reference.clone()], vec![ordered.place.clone()]);
            let found = call.provider.find(&record.booking.calendar, &references, &places).await?;
            if let Some(ours) = found.into_iter().find(|found| found.place == ordered.place) {
                if !ours.yields {
                    return Ok(ours.into_answer());
                }
                // Somebody else was there before it: that is certain, and so is this once it is gone.
                let farewell = record.booking.farewell();
                call.provider.cancel(&record.booking.calendar, &ours.handle, &farewell).await?;
                return Ok(Answer::Taken);
            }
            self.pause(search + 4).await;
        }
        Ok(Answer::Unclear { why: "nothing was found".into() })
    }

    async fn name_references(
        &self,
        booking: &mut Booking,
        code: &ConfirmationCode,
    ) -> Result<(), LedgerError> {
        let keys = self.keys().await?;
        let key = keys.find(&booking.key).unwrap_or(&keys.current);
        for dose in &mut booking.doses {
            dose.reference = Some(key.reference(code, dose.dose, booking.attempt));
            if let Some(place) = &dose.place
                && !booking.tried.contains(place)
            {
                booking.tried.push(place.clone());
            }
        }
        Ok(())
    }
}

impl VendorCall<'_> {
    /// What the vendor has booked stays where it is, whatever is claimed next.
    fn keep_booked(&mut self, record: &Record) {
        for claim in &mut self.claims {
            let dose = record.booking.dose(claim.dose).filter(|dose| dose.handle.is_some());
            if let Some(place) = dose.and_then(|dose| dose.place.as_ref()) {
                claim.candidates.retain(|candidate| candidate.place == *place);
            }
        }
    }

    /// What is still to be booked; `None` when nothing is.
    fn order(&self, record: &Record) -> Option<Order> {
        let doses: Vec<OrderedDose> = record
            .booking
            .doses
            .iter()
            .filter(|dose| dose.handle.is_none())
            .filter_map(|dose| {
                let (place, reference) = (dose.place.clone()?, dose.reference.clone()?);
                Some(OrderedDose { dose: dose.dose, place, reference })
            })
            .collect();
        (!doses.is_empty()).then(|| Order {
            location: self.wish.location.clone(),
            service: self.wish.service.clone(),
            doses,
            patient: self.wish.patient.clone(),
            code: record.code.clone(),
            notify: self.wish.notices.notified.clone(),
            locale: self.wish.locale.clone(),
            deadline: self.deadline,
        })
    }
}

impl Appointment {
    /// The answer that a clear reply would have been.
    pub(super) fn into_answer(self) -> Answer {
        Answer::Booked { handle: self.handle, version: self.version, join_url: self.join_url }
    }
}

impl Booking {
    pub(super) fn stand_in(&mut self, places: &BTreeMap<u8, Place>) {
        for dose in &mut self.doses {
            dose.place = places.get(&dose.dose).cloned();
        }
    }

    fn book(&mut self, dose: u8, made: Appointment) {
        if let Some(dose) = self.doses.iter_mut().find(|of| of.dose == dose) {
            dose.name_as(made);
        }
    }
}
