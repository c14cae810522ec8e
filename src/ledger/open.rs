//! Opening a booking: the code plus one matching contact, and nothing else, ever.
//!
//! A wrong contact and an unknown code take the same steps and the same time, and both count.

use std::sync::Arc;

use chrono::TimeDelta;

use super::{
    Ledger, LedgerError,
    book::Request,
    documents::{Attempts, ContactKind, DoseStatus, OpenBooking, State, key},
    record::{NotWritten, Record},
    vault::Keys,
};
use crate::{domain::code::ConfirmationCode, provider::Record as WhoseRecord, store::combined::Change};

/// Wrong contacts that are forgiven within [`WINDOW`], per code and per contact.
pub const WRONG_ALLOWED: usize = 5;

/// How long a wrong contact counts.
pub const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// A contact as given, with every form it may have been kept in.
#[derive(Clone)]
pub struct GivenContact {
    pub kind: ContactKind,
    /// A national phone number is one number in each country that has sites.
    pub forms: Vec<String>,
}

impl std::fmt::Debug for GivenContact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GivenContact({})", self.kind.as_str())
    }
}

/// What opening a booking answered.
#[derive(Debug)]
pub enum Opened {
    Booking(Box<Record>),
    NotFound,
    TooManyAttempts { minutes: u32 },
}

impl Ledger {
    /// Opens the booking of a code for whoever knows one of its contacts.
    ///
    /// # Errors
    /// When the store cannot be read, or the counters cannot be written.
    pub async fn open(&self, code: &ConfirmationCode, given: &[GivenContact]) -> Result<Opened, LedgerError> {
        let keys = self.keys().await?;
        let counters = counters(&keys, code, given);
        let named: Vec<&str> = counters.iter().map(String::as_str).collect();
        let now = self.clock.now();
        let waits =
            self.attempts.read(&named).await?.into_iter().filter_map(|attempts| attempts.blocked_for(now));
        if let Some(wait) = waits.max() {
            let minutes = u32::try_from(wait.num_seconds().max(1).div_euclid(60) + 1).unwrap_or(15);
            return Ok(Opened::TooManyAttempts { minutes });
        }
        let record = self.record(code).await?;
        let record =
            record.filter(|record| matches!(record.booking.state, State::Confirmed | State::Cancelled));
        if matches_any(&keys, record.as_ref(), given)
            && let Some(record) = record
        {
            return Ok(Opened::Booking(Box::new(record)));
        }
        for counter in counters {
            self.attempts
                .change(&counter, move |attempts: &mut Attempts| {
                    attempts.wrong.retain(|at| now.signed_duration_since(*at) < WINDOW);
                    attempts.wrong.push(now);
                    Change::Write(())
                })
                .await?;
        }
        Ok(Opened::NotFound)
    }

    /// What audit records name a booking by: the same for the same code, and no way back to it. Empty when there is
    /// no secret yet.
    pub async fn audit_reference(&self, code: &ConfirmationCode) -> String {
        let current = self.keyring.current().await.ok();
        let digest = current
            .and_then(|current| current.ring.keys().last().map(|key| key.digest("audit", &[code.compact()])));
        digest.map_or_else(String::new, |digest| digest.as_str()[..12].to_owned())
    }

    /// Asks the vendor where the appointments of a confirmed booking are now, and brings the record up to
    /// date. After confirmation the vendor's calendar wins.
    ///
    /// # Errors
    /// When the vendor cannot be asked: nothing may then be said about the booking.
    pub async fn refresh(&self, mut record: Record) -> Result<Record, LedgerError> {
        let provider = self.provider(record.booking.location.provider())?;
        if provider.capabilities().record == WhoseRecord::Ledger
            || record.booking.state != State::Confirmed
            || record.booking.operation.is_some()
        {
            return Ok(record);
        }
        let mut booking = record.booking.clone();
        for dose in booking.doses.iter_mut().filter(|dose| dose.status.stands()) {
            let Some(handle) = dose.handle.clone() else { continue };
            match provider.appointment(&record.booking.calendar, &handle).await? {
                None => dose.status = DoseStatus::CancelledByClinic,
                // A move of ours that was given up and landed late: it will be moved back.
                Some(there) if there.reference.is_some() && there.reference != dose.reference => {}
                Some(there) if dose.place.as_ref() != Some(&there.place) => {
                    dose.join_url.clone_from(&there.join_url);
                    if dose.time != there.place.time {
                        dose.status = DoseStatus::Moved;
                    }
                    dose.time = there.place.time;
                    dose.version = there.version;
                    dose.place = Some(there.place);
                }
                Some(_) => {}
            }
        }
        if booking == record.booking {
            return Ok(record);
        }
        booking.executor = self.random();
        match self.write_record(&record.code, Some(&record.etag), booking.clone()).await {
            Ok(written) => {
                // Entries of places it has left are in nobody's way, since what the vendor shows counts.
                let _ = self.tidy_days(&written).await;
                Ok(written)
            }
            // Whoever changed it meanwhile knows more: what is gone may be what is being cancelled.
            Err(NotWritten::Beaten(Some(now))) => Ok(*now),
            // Best effort.
            Err(_) => {
                record.booking = booking;
                Ok(record)
            }
        }
    }

    /// Whether one of the contacts of a request has `max` bookings open already. Asked before anything is written; what
    /// counts is what is counted when the places are taken.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn has_enough_open(&self, request: &Request, max: u32) -> Result<bool, LedgerError> {
        let keys = self.keys().await?;
        let wanted: Vec<String> = request
            .contacts
            .iter()
            .filter(|(kind, _)| *kind != ContactKind::BirthDate)
            .flat_map(|(kind, contact)| keys.live.iter().map(|key| key.digest(kind.as_str(), &[contact])))
            .map(|digest| format!("{}{}", key::OPEN, digest.as_str()))
            .collect();
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let (now, max) = (self.clock.now(), usize::try_from(max).unwrap_or(usize::MAX));
        let open = self.open.read(&wanted).await?;
        Ok(open.iter().any(|open| open.bookings.iter().filter(|booking| booking.until > now).count() >= max))
    }

    /// Counts a booking as open for its contacts, unless one of them has `max` open already.
    pub(super) async fn count_open(&self, record: &Record, max: u32) -> Result<bool, LedgerError> {
        let Some(until) = record.booking.last_end() else { return Ok(true) };
        let now = self.clock.now();
        for key in open_keys(record) {
            let code = record.code.compact().to_owned();
            let counted = self.open.change(&key, move |open: &mut super::documents::Open| {
                if open.bookings.iter().any(|booking| booking.code == code) {
                    return Change::Keep(true);
                }
                let before = open.bookings.len();
                open.bookings.retain(|booking| booking.until > now);
                if open.bookings.len() >= usize::try_from(max).unwrap_or(usize::MAX) {
                    return if open.bookings.len() == before {
                        Change::Keep(false)
                    } else {
                        Change::Write(false)
                    };
                }
                open.bookings.push(OpenBooking { code: code.clone(), until });
                Change::Write(true)
            });
            if !counted.await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The booking is not open any more.
    pub(super) async fn discount_open(&self, record: &Record) -> Result<(), LedgerError> {
        for key in open_keys(record) {
            let code = record.code.compact().to_owned();
            self.open
                .change(&key, move |open: &mut super::documents::Open| {
                    let before = open.bookings.len();
                    open.bookings.retain(|booking| booking.code != code);
                    if open.bookings.len() == before { Change::Keep(()) } else { Change::Write(()) }
                })
                .await?;
        }
        Ok(())
    }
}

impl Attempts {
    /// How long until another try is allowed; `None` when one is.
    fn blocked_for(self: Arc<Self>, now: chrono::DateTime<chrono::Utc>) -> Option<TimeDelta> {
        let mut counting: Vec<_> =
            self.wrong.iter().filter(|at| now.signed_duration_since(**at).abs() < WINDOW).collect();
        counting.sort_unstable();
        let oldest = counting.len().checked_sub(WRONG_ALLOWED)?;
        Some(WINDOW - now.signed_duration_since(*counting[oldest]))
    }
}

/// Whether a contact is the record's. For an unknown code the same work is done on nothing.
fn matches_any(keys: &Keys, record: Option<&Record>, given: &[GivenContact]) -> bool {
    let key = record.and_then(|record| keys.find(&record.booking.key)).unwrap_or(&keys.current);
    let kept = record.map(|record| record.booking.contacts.as_slice()).unwrap_or_default();
    let mut matched = false;
    for contact in given {
        for form in &contact.forms {
            let digest = key.digest(contact.kind.as_str(), &[form]);
            for kept in kept {
                matched |= kept.kind == contact.kind && kept.digest.matches(&digest);
            }
        }
    }
    matched
}

/// Where wrong contacts are counted: per code, and per contact the caller gave.
fn counters(keys: &Keys, code: &ConfirmationCode, given: &[GivenContact]) -> Vec<String> {
    let of_code = keys.current.digest("attempts code", &[code.compact()]);
    let of_contacts = given
        .iter()
        .filter_map(|contact| contact.forms.first().map(|form| (contact.kind, form)))
        .map(|(kind, form)| keys.current.digest("attempts contact", &[kind.as_str(), form]));
    let mut counters: Vec<String> = std::iter::once(of_code)
        .chain(of_contacts)
        .map(|digest| format!("{}{}", key::ATTEMPTS, digest.as_str()))
        .collect();
    counters.sort_unstable();
    counters
}

/// Birth dates are shared by many and count for nobody.
fn open_keys(record: &Record) -> Vec<String> {
    let mut keys: Vec<String> = record
        .booking
        .contacts
        .iter()
        .filter(|contact| contact.kind != ContactKind::BirthDate)
        .map(|contact| format!("{}{}", key::OPEN, contact.digest.as_str()))
        .collect();
    keys.sort_unstable();
    keys
}
