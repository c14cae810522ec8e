//! Who comes when: the one list that the staff of the embedded clinic has. The only reader of what was sealed.

use chrono::{DateTime, Utc};

use super::{
    Ledger, LedgerError,
    documents::{Booking, State, key},
};
use crate::{
    domain::{LocationId, PractitionerId, ServiceId, TimeRange},
    provider::Patient,
};

/// Bookings read at once.
const BATCH: usize = 200;

/// One appointment that stands. `Debug` shows nothing of its patient.
#[derive(Debug)]
pub struct Expected {
    pub location: LocationId,
    pub service: ServiceId,
    pub dose: u8,
    pub time: TimeRange,
    pub practitioner: Option<PractitionerId>,
    /// `None` where the provider keeps patients, not we.
    pub patient: Option<Patient>,
}

impl Ledger {
    /// Every appointment that stands and starts within a span, in order of time.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn agenda(
        &self,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<Expected>, LedgerError> {
        let keys = self.keys().await?;
        let mut expected = Vec::new();
        for batch in self.list_all(key::BOOKINGS).await?.chunks(BATCH) {
            for (_, booking) in self.read_batch::<Booking>(batch).await? {
                if booking.state != State::Confirmed {
                    continue;
                }
                let patient = || -> Option<Patient> {
                    let sealed = booking.sealed.as_deref()?;
                    serde_json::from_slice(&keys.find(&booking.key)?.unseal(sealed)?).ok()
                };
                let standing = booking.doses.iter().filter(|dose| {
                    dose.status.stands() && from <= dose.time.start() && dose.time.start() < until
                });
                expected.extend(standing.map(|dose| Expected {
                    location: booking.location.clone(),
                    service: booking.service.clone(),
                    dose: dose.dose,
                    time: dose.time,
                    practitioner: dose.place.as_ref().map(|place| place.practitioner.clone()),
                    patient: patient(),
                }));
            }
        }
        expected.sort_by(|one, other| (one.time, &one.location).cmp(&(other.time, &other.location)));
        Ok(expected)
    }
}
