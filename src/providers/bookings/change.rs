//! Moving and cancelling. The old place is given up only once the new one is certain.

use std::sync::atomic::Ordering;

use reqwest::Method;
use tokio::time::Instant;

use super::{
    Bookings,
    catalogue::Business,
    look::{Look, Since, Sought, fits, is_marked, version},
    place::{Contents, Wanted, refused},
    seat::{Mark, Seat, noted},
    wire,
};
use crate::{
    domain::{Channel, Place},
    language::{Language, Message},
    provider::{Booked, Farewell, Handle, ProviderError, Reschedule},
    providers::graph::{Ask, Trouble, wire::ZonedTime},
};
/// Tries of a cancellation whose answers stay unclear.
const TRIES: usize = 3;

impl Bookings {
    /// Moves one appointment; where Graph cannot change it, by a new one that takes its place.
    pub(super) async fn move_one(&self, business: &Business, change: &Reschedule) -> Booked {
        let Some(offered) = business.offered(&change.service.id) else {
            return Booked::Refused { rule: "the service is not offered any more".to_owned() };
        };
        let seat = Seat::of(&change.handle);
        let read = self.read_by_id(&business.id, &[&seat.appointment], change.deadline).await;
        let old = match read.map(|mut read| read.pop().flatten()) {
            Err(error) => return Booked::Failed(error),
            Ok(None) => return Booked::Refused { rule: "the appointment is gone".to_owned() },
            Ok(Some(old)) => old,
        };
        let wanted = Wanted {
            business,
            offered,
            place: &change.to,
            reference: &change.reference,
            farewell: Farewell::Nothing,
            instead_of: Some(&old.id),
            deadline: change.deadline,
        };
        // A group stays where it is; and such an id cannot be named in a change.
        let moved = if seat.customer.is_some() || old.id.contains('/') {
            None
        } else {
            self.move_in_place(&wanted, &old).await
        };
        let moved = match moved {
            Some(moved) => moved,
            None => self.book_then_cancel(&wanted, &seat, &old).await,
        };
        self.wrote(&business.calendar);
        moved
    }

    /// `None` where Graph does not change appointments like this one.
    async fn move_in_place(&self, wanted: &Wanted<'_>, old: &wire::Appointment) -> Option<Booked> {
        let mark = Mark { reference: wanted.reference.clone(), customer: None };
        let earlier: Vec<_> =
            super::seat::marks(old.service_notes.as_deref()).into_iter().map(|mark| mark.reference).collect();
        let notes = noted(old.service_notes.as_deref(), &earlier, Some(&mark));
        let written = self.patch(wanted.business, &old.id, wanted.place, &notes, wanted.deadline).await;
        self.wrote(&wanted.business.calendar);
        match written {
            Ok(()) => {}
            Err(Trouble::Refused { .. }) => return None,
            Err(Trouble::NotFound) => {
                return Some(Booked::Refused { rule: "the appointment is gone".to_owned() });
            }
            Err(trouble) if trouble.did_nothing() => return Some(refused(trouble, "move appointment")),
            Err(trouble) => tracing::info!(%trouble, "looking for an appointment that may have been moved"),
        }
        let looked = self
            .look(wanted.business, wanted.offered, wanted.place, Sought::Id(&old.id), wanted.deadline)
            .await;
        Some(match looked {
            Err(error) => Booked::Unclear { why: format!("it cannot be looked for: {error}") },
            Ok(Look { ours: None, .. }) => Booked::Refused { rule: "the appointment is gone".to_owned() },
            Ok(Look { ours: Some(now), others }) => self.moved(wanted, old, &now, &others).await,
        })
    }

    /// What a change of place shows.
    async fn moved(
        &self,
        wanted: &Wanted<'_>,
        old: &wire::Appointment,
        now: &wire::Appointment,
        others: &[wire::Appointment],
    ) -> Booked {
        let there = fits(now, &wanted.offered.vendor.id, wanted.place);
        if !there && now.time() == old.time() && now.staff_member_ids == old.staff_member_ids {
            // It never left; what was sent may still land.
            return if others.is_empty() {
                Booked::Unclear { why: "it is where it was".to_owned() }
            } else {
                Booked::Occupied
            };
        }
        let yields = if there && is_marked(now, wanted.reference) {
            self.yields(&wanted.business.id, now, others, Since::Moved, wanted.deadline).await
        } else {
            // Neither where it was nor where it was to be: back with it.
            Ok(true)
        };
        match yields {
            Err(error) => Booked::Unclear { why: format!("others at its place cannot be read: {error}") },
            Ok(false) => {
                let handle = Seat { appointment: now.id.clone(), customer: None }.handle();
                Booked::Booked { handle, version: version(now), join_url: now.join_url() }
            }
            Ok(true) => self.move_home(wanted, old).await,
        }
    }

    /// Puts an appointment back to where it was read.
    async fn move_home(&self, wanted: &Wanted<'_>, old: &wire::Appointment) -> Booked {
        let (Some(time), Some(staff)) = (old.time(), old.staff_member_ids.first()) else {
            return Booked::Unclear { why: "it is not known where it was".to_owned() };
        };
        let home = Place { practitioner: staff.as_str().into(), time, buffered: time };
        let notes = old.service_notes.clone().unwrap_or_default();
        match self.patch(wanted.business, &old.id, &home, &notes, wanted.deadline).await {
            Ok(()) => Booked::Taken,
            Err(trouble) => Booked::Unclear { why: format!("it cannot be put back: Graph {trouble}") },
        }
    }

    async fn patch(
        &self,
        business: &Business,
        id: &str,
        place: &Place,
        notes: &str,
        deadline: Instant,
    ) -> Result<(), Trouble> {
        let path = self.paths.below(&business.id, &["appointments", id])?;
        let body = wire::MovedAppointment {
            odata_type: wire::APPOINTMENT,
            start_date_time: ZonedTime::utc(place.time.start()),
            end_date_time: ZonedTime::utc(place.time.end()),
            staff_member_ids: vec![place.practitioner.as_str()],
            service_notes: notes,
        };
        let body = serde_json::to_value(&body).unwrap_or_default();
        let ask = Ask::send(Method::PATCH, &business.id, path, "move appointment", body);
        self.graph.write(&ask, deadline).await.map(drop)
    }

    /// A new appointment for the same customer, and then the old one away.
    async fn book_then_cancel(&self, wanted: &Wanted<'_>, seat: &Seat, old: &wire::Appointment) -> Booked {
        let customers: Vec<_> = match &seat.customer {
            Some(own) => {
                old.customers.iter().filter(|of| of["customerId"].as_str() == Some(own)).cloned().collect()
            }
            None => old.customers.clone(),
        };
        if customers.is_empty() {
            return Booked::Refused { rule: "the appointment has no customer any more".to_owned() };
        }
        let mut notify = Vec::new();
        if old.opt_out_of_customer_email == Some(false) {
            notify.push(Channel::Email);
        }
        if old.sms_notifications_enabled == Some(true) {
            notify.push(Channel::Sms);
        }
        let contents = Contents {
            customers,
            customer_time_zone: old.customer_time_zone.clone().unwrap_or_else(|| "UTC".to_owned()),
            notify,
            additional_information: old.additional_information.clone(),
            reminders: old.reminders.clone().unwrap_or_default(),
            customer: seat.customer.clone(),
        };
        match &seat.customer {
            Some(_) => self.seat_customer(wanted, &contents).await,
            None => self.make(wanted, &contents, Since::Created).await,
        }
    }

    pub(super) async fn cancel_one(
        &self,
        business: &Business,
        handle: &Handle,
        farewell: &Farewell,
        deadline: Instant,
    ) -> Result<Vec<Channel>, ProviderError> {
        let cancelled = self.leave(business, &Seat::of(handle), farewell, deadline).await;
        self.wrote(&business.calendar);
        cancelled
    }

    /// Takes an appointment away: with a message where there is one to send and the right to, else without.
    pub(super) async fn remove(
        &self,
        business: &Business,
        id: &str,
        farewell: &Farewell,
        deadline: Instant,
    ) -> Result<Vec<Channel>, ProviderError> {
        let mut last = Trouble::NoAnswer("not in time");
        let mut silently = false;
        for _ in 0..TRIES {
            let (removed, told) = match farewell {
                Farewell::Message { locale } if self.may_cancel() && !silently => {
                    (self.cancel_with(business, id, locale, deadline).await, vec![Channel::Email])
                }
                _ => (self.delete(business, id, deadline).await, Vec::new()),
            };
            self.wrote(&business.calendar);
            match removed {
                Ok(()) => return Ok(told),
                Err(Trouble::NotFound) => return Ok(Vec::new()),
                // An id that cannot be named there, or too late for a message.
                Err(Trouble::Refused { .. }) if !told.is_empty() => silently = true,
                Err(Trouble::Forbidden { .. }) if !told.is_empty() => {
                    tracing::info!("cancelling with a message is not granted, so appointments are deleted");
                    self.cannot_cancel.store(true, Ordering::Relaxed);
                }
                Err(trouble) if trouble.did_nothing() => return Err(trouble.into_error("cancel appointment")),
                Err(trouble) => {
                    // It may be gone, and a patient told of it, all the same.
                    if self.read_by_id(&business.id, &[id], deadline).await?.pop().flatten().is_none() {
                        return Ok(told);
                    }
                    last = trouble;
                }
            }
        }
        Err(last.into_error("cancel appointment"))
    }

    async fn cancel_with(
        &self,
        business: &Business,
        id: &str,
        locale: &str,
        deadline: Instant,
    ) -> Result<(), Trouble> {
        let path = self.paths.below(&business.id, &["appointments", id, "cancel"])?;
        let message = Language::of(Some(locale)).say(&Message::CancellationMail);
        let body = serde_json::json!({ "cancellationMessage": message });
        let ask = Ask::send(Method::POST, &business.id, path, "cancel appointment", body);
        self.graph.write(&ask, deadline).await.map(drop)
    }

    async fn delete(&self, business: &Business, id: &str, deadline: Instant) -> Result<(), Trouble> {
        let path = self.paths.below(&business.id, &["appointments", id])?;
        let ask = Ask::delete(&business.id, path, "delete appointment");
        self.graph.write(&ask, deadline).await.map(drop)
    }
}
