//! A booking as its patient may see it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Channel, Fault, Scheduling};
use crate::{
    domain::{Location, Practitioner, Service, TimeRange, code::ConfirmationCode},
    ledger::{
        documents::{Dose, DoseStatus},
        record::Record,
    },
    provider::Notices,
};

/// A booking as its patient may see it.
#[derive(Debug, Clone)]
pub struct BookingView {
    /// `None` where it must not be told (again).
    pub code: Option<ConfirmationCode>,
    pub request_id: Option<String>,
    pub appointments: Vec<AppointmentView>,
    /// What will really be sent.
    pub notified: Vec<Channel>,
    /// ISO 8601 durations before the appointment.
    pub reminders: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct AppointmentView {
    pub dose: u8,
    pub status: Status,
    pub time: TimeRange,
    pub location: Arc<Location>,
    pub service: Arc<Service>,
    pub practitioner: Option<Practitioner>,
    pub join_url: Option<String>,
    pub can_cancel: bool,
    pub can_reschedule: bool,
    pub change_until: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Booked,
    Pending,
    Moved,
    Cancelled,
    CancelledByClinic,
    Past,
}

impl BookingView {
    /// With what is sent of it.
    pub(super) fn noticed(mut self, notices: &Notices) -> Self {
        self.notified.clone_from(&notices.notified);
        self.reminders.clone_from(&notices.reminders);
        self
    }
}

impl Scheduling {
    pub(super) async fn view(&self, record: &Record) -> Result<BookingView, Fault> {
        let Some((location, service)) = self.ledger.offer(&record.booking).await? else {
            return Err(Fault::Misconfigured(format!(
                "there are bookings at `{}` for `{}`, which is not configured: configure it until they are over",
                record.booking.location, record.booking.service
            )));
        };
        let can_move = self
            .provider(record.booking.location.provider())
            .is_some_and(|provider| provider.capabilities().reschedule);
        let appointments = record
            .booking
            .doses
            .iter()
            .map(|dose| {
                let busy = record.booking.operation.as_ref().is_some_and(|op| op.doses.contains(&dose.dose));
                let mut view = AppointmentView::planned(dose.dose, dose.time, &location, &service);
                view.status = self.status(dose, busy);
                view.join_url.clone_from(&dose.join_url);
                view.practitioner = dose.place.as_ref().and_then(|place| {
                    location.practitioners.iter().find(|who| who.id == place.practitioner).cloned()
                });
                let open = matches!(view.status, Status::Booked | Status::Moved)
                    && self.clock.now() < view.change_until;
                view.can_cancel = open;
                view.can_reschedule = open && can_move;
                view
            })
            .collect();
        Ok(BookingView {
            code: None,
            request_id: None,
            appointments,
            notified: Vec::new(),
            reminders: Vec::new(),
        })
    }

    fn status(&self, dose: &Dose, busy: bool) -> Status {
        match dose.status {
            DoseStatus::Cancelled => Status::Cancelled,
            DoseStatus::CancelledByClinic => Status::CancelledByClinic,
            _ if dose.time.end() <= self.clock.now() => Status::Past,
            _ if busy => Status::Pending,
            DoseStatus::Moved => Status::Moved,
            DoseStatus::Booked => Status::Booked,
        }
    }
}

impl AppointmentView {
    /// An appointment that does not stand yet.
    pub(super) fn planned(
        dose: u8,
        time: TimeRange,
        location: &Arc<Location>,
        service: &Arc<Service>,
    ) -> Self {
        Self {
            dose,
            status: Status::Pending,
            time,
            location: location.clone(),
            service: service.clone(),
            practitioner: None,
            join_url: None,
            can_cancel: false,
            can_reschedule: false,
            change_until: time.start() - service.cancel_notice,
        }
    }
}
