//! Groups: several patients in one appointment, whose list of customers is written whole.
//!
//! That only one of ours writes it at a time is the ledger's hold. Somebody in Outlook holds nothing: so the list
//! is read at the last moment, written only if Graph still has the same where it lets us say so, and read again.

use reqwest::Method;
use serde_json::Value;
use tokio::time::Instant;

use super::{
    Bookings,
    catalogue::{Business, list},
    look::{Since, fits, is_marked, stands_at, version},
    patient,
    place::{Contents, Wanted, refused},
    seat::{Mark, Seat, marks, noted},
    wire,
};
use crate::{
    domain::Channel,
    provider::{Booked, Farewell, Order, ProviderError, Reference},
    providers::graph::{Ask, Trouble},
};

/// Changes of a group that others changed meanwhile.
const ROUNDS: usize = 4;

/// Whether the appointment was made for this patient: only then it may go with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    Yes,
    No,
}

/// How a change of who sits in a group ended.
enum Written {
    /// It is as it was written.
    Seen(Box<wire::Appointment>),
    /// Somebody else changed it first: nothing was written.
    Beaten,
    /// The appointment is gone.
    Gone,
    Not(Booked),
}

impl Bookings {
    /// Makes a customer of the patient, and seats them.
    pub(super) async fn seat(&self, wanted: &Wanted<'_>, order: &Order, contents: &mut Contents) -> Booked {
        let customer = match self.new_customer(wanted, order).await {
            Ok(customer) => customer,
            Err(error) => return Booked::Failed(error),
        };
        let zone = contents.customer_time_zone.clone();
        let who =
            patient::information(&order.patient, &self.settings, wanted.offered, &zone, Some(&customer));
        contents.customers = vec![who];
        contents.customer = Some(customer.clone());
        let booked = self.seat_customer(wanted, contents).await;
        if matches!(booked, Booked::Taken | Booked::Refused { .. } | Booked::Failed(_)) {
            self.forget_customer(wanted, &customer).await;
        }
        booked
    }

    /// Graph drops customers it does not know, so they are made first. Nobody is seated by that.
    async fn new_customer(&self, wanted: &Wanted<'_>, order: &Order) -> Result<String, ProviderError> {
        let asked = |trouble: Trouble| trouble.into_error("create customer");
        let path = self.paths.below(wanted.mailbox(), &["customers"]).map_err(asked)?;
        let body = patient::customer(&order.patient, &self.settings);
        let ask = Ask::send(Method::POST, wanted.mailbox(), path, "create customer", body);
        let made = self.graph.write(&ask, wanted.deadline).await.map_err(asked)?;
        Ok(made.read::<wire::Made>().map_err(asked)?.id)
    }

    /// Names and contacts of patients who were not seated stay nowhere. As well as that can be done.
    async fn forget_customer(&self, wanted: &Wanted<'_>, customer: &str) {
        let Ok(path) = self.paths.below(wanted.mailbox(), &["customers", customer]) else { return };
        let ask = Ask::delete(wanted.mailbox(), path, "delete customer");
        let _ = self.graph.write(&ask, wanted.deadline).await;
    }

    /// Seats a customer whom Graph knows: in the group that is there, else in one of their own.
    pub(super) async fn seat_customer(&self, wanted: &Wanted<'_>, contents: &Contents) -> Booked {
        for _ in 0..ROUNDS {
            let group = match self.group_at(wanted).await {
                Ok(group) => group,
                Err(error) => return Booked::Failed(error),
            };
            let Some(group) = group else { return self.first_seat(wanted, contents).await };
            let most = group.maximum_attendees_count.unwrap_or(i64::from(wanted.offered.service.capacity));
            if i64::try_from(group.customers.len()).is_ok_and(|seated| seated >= most) {
                return Booked::Taken;
            }
            if group
                .filled_attendees_count
                .is_some_and(|filled| filled > i64::try_from(group.customers.len()).unwrap_or(0))
            {
                // Written whole, the list would unseat those whom Graph does not tell.
                let why = "Graph tells fewer customers of a group than sit in it".to_owned();
                return Booked::Failed(ProviderError::Failed(why));
            }
            match self.join(wanted, contents, &group).await {
                Written::Seen(seen) => return self.seated(wanted, contents, &group, &seen).await,
                Written::Beaten | Written::Gone => {}
                Written::Not(booked) => return booked,
            }
        }
        Booked::Failed(ProviderError::Unavailable {
            why: "a group is changed by others all the time".to_owned(),
            retry_after: None,
        })
    }

    /// The group at a place, whole; `None` where there is none yet.
    async fn group_at(&self, wanted: &Wanted<'_>) -> Result<Option<wire::Appointment>, ProviderError> {
        let asked = |trouble: Trouble| trouble.into_error("calendarView");
        let view = self.view(wanted.mailbox(), wanted.place.time, wanted.business.reach).map_err(asked)?;
        let answer = self.graph.batch(std::slice::from_ref(&view), wanted.deadline).await.pop();
        let answer = answer.unwrap_or(Err(Trouble::NoAnswer("not in time")));
        let shown: Vec<wire::Appointment> =
            list(&self.graph, answer, &view, wanted.deadline).await.map_err(asked)?;
        let there = shown.iter().find(|of| stands_at(of, &wanted.offered.vendor.id, wanted.place));
        let Some(there) = there else { return Ok(None) };
        Ok(self.read_by_id(wanted.mailbox(), &[&there.id], wanted.deadline).await?.pop().flatten())
    }

    async fn first_seat(&self, wanted: &Wanted<'_>, contents: &Contents) -> Booked {
        let made = self.make(wanted, contents, Since::Created).await;
        let Booked::Booked { handle, .. } = &made else { return made };
        let seat = Seat::of(handle);
        let read = self.read_by_id(wanted.mailbox(), &[&seat.appointment], wanted.deadline).await;
        match read.map(|mut read| read.pop().flatten()) {
            Err(error) => Booked::Unclear { why: format!("the group cannot be read: {error}") },
            Ok(None) => Booked::Unclear { why: "the group is gone".to_owned() },
            Ok(Some(group)) if has(&group, contents) => made,
            Ok(Some(group)) => self.dropped(wanted, &group, First::Yes).await,
        }
    }

    /// Writes the list of a group with one more in it.
    async fn join(&self, wanted: &Wanted<'_>, contents: &Contents, group: &wire::Appointment) -> Written {
        let mark = Mark { reference: wanted.reference.clone(), customer: contents.customer.clone() };
        // Of an earlier try of the same, nothing is kept.
        let notes =
            noted(group.service_notes.as_deref(), std::slice::from_ref(wanted.reference), Some(&mark));
        let mut customers = group.customers.clone();
        customers.extend(contents.customers.iter().cloned());
        self.write_group(wanted.business, group, &customers, &notes, wanted.deadline).await
    }

    /// Writes who sits in a group, and reads it back.
    async fn write_group(
        &self,
        business: &Business,
        group: &wire::Appointment,
        customers: &[Value],
        notes: &str,
        deadline: Instant,
    ) -> Written {
        let path = match self.paths.below(&business.id, &["appointments", &group.id]) {
            Ok(path) => path,
            Err(trouble) => return Written::Not(refused(trouble, "change group")),
        };
        let customers: Vec<Value> = customers.iter().cloned().map(typed).collect();
        let body = wire::SeatedAppointment {
            odata_type: wire::APPOINTMENT,
            customers: &customers,
            service_notes: notes,
        };
        let body = serde_json::to_value(&body).unwrap_or_default();
        let mut ask = Ask::send(Method::PATCH, &business.id, path, "change group", body);
        ask.if_match.clone_from(&group.etag);
        let written = self.graph.write(&ask, deadline).await;
        self.wrote(&business.calendar);
        match written {
            Ok(_) => {}
            Err(Trouble::Changed { .. }) => return Written::Beaten,
            Err(Trouble::NotFound) => return Written::Gone,
            Err(trouble) if trouble.did_nothing() => return Written::Not(refused(trouble, "change group")),
            Err(trouble) => tracing::info!(%trouble, "looking at a group that may have been changed"),
        }
        match self.read_by_id(&business.id, &[&group.id], deadline).await.map(|mut read| read.pop().flatten())
        {
            Ok(Some(seen)) => Written::Seen(Box::new(seen)),
            Ok(None) => Written::Gone,
            Err(error) => Written::Not(Booked::Unclear { why: format!("the group cannot be read: {error}") }),
        }
    }

    /// What a group that was joined shows.
    async fn seated(
        &self,
        wanted: &Wanted<'_>,
        contents: &Contents,
        before: &wire::Appointment,
        group: &wire::Appointment,
    ) -> Booked {
        let stays = |earlier: &str| group.customer_ids().any(|id| id == earlier);
        if !before.customer_ids().all(stays) {
            // Unless somebody took them out at this very moment, it was our writing that did.
            tracing::error!("somebody who sat in a group is not in it any more: tell the clinic");
            return Booked::Unclear { why: "an earlier customer is missing".to_owned() };
        }
        if !has(group, contents) {
            if is_marked(group, wanted.reference) {
                return self.dropped(wanted, group, First::No).await;
            }
            return Booked::Unclear { why: "the group was not changed yet".to_owned() };
        }
        let seat = Seat { appointment: group.id.clone(), customer: contents.customer.clone() };
        if !fits(group, &wanted.offered.vendor.id, wanted.place) {
            // Staff have moved it since it was read.
            let left = self.leave(wanted.business, &seat, &wanted.farewell, wanted.deadline).await;
            return match left {
                Ok(_) => Booked::Taken,
                Err(error) => Booked::Unclear { why: format!("it cannot be given up: {error}") },
            };
        }
        Booked::Booked { handle: seat.handle(), version: version(group), join_url: group.join_url() }
    }

    /// Graph took the appointment and not the customer: nothing may stay of it.
    async fn dropped(&self, wanted: &Wanted<'_>, group: &wire::Appointment, first: First) -> Booked {
        tracing::warn!("Graph dropped a customer from a group without a word");
        let cleaned = if first == First::Yes && group.customers.is_empty() {
            self.remove(wanted.business, &group.id, &Farewell::Nothing, wanted.deadline).await.map(drop)
        } else {
            let notes = noted(group.service_notes.as_deref(), std::slice::from_ref(wanted.reference), None);
            let written =
                self.write_group(wanted.business, group, &group.customers, &notes, wanted.deadline).await;
            match written {
                Written::Seen(_) | Written::Gone => Ok(()),
                Written::Beaten | Written::Not(_) => Err(ProviderError::Timeout),
            }
        };
        match cleaned {
            Ok(()) => Booked::Refused { rule: "Graph drops this customer from the group".to_owned() },
            Err(error) => {
                Booked::Unclear { why: format!("what Graph made of it cannot be removed: {error}") }
            }
        }
    }

    /// Takes a customer out of a group; the last one takes the appointment along.
    pub(super) async fn leave(
        &self,
        business: &Business,
        seat: &Seat,
        farewell: &Farewell,
        deadline: Instant,
    ) -> Result<Vec<Channel>, ProviderError> {
        let Some(customer) = &seat.customer else {
            return self.remove(business, &seat.appointment, farewell, deadline).await;
        };
        for _ in 0..ROUNDS {
            let read = self.read_by_id(&business.id, &[&seat.appointment], deadline).await?.pop().flatten();
            let Some(group) = read else { return Ok(Vec::new()) };
            if !group.customer_ids().any(|id| id == customer) {
                return Ok(Vec::new());
            }
            let others: Vec<Value> = group
                .customers
                .iter()
                .filter(|of| of["customerId"].as_str() != Some(customer))
                .cloned()
                .collect();
            if others.is_empty() {
                return self.remove(business, &seat.appointment, farewell, deadline).await;
            }
            let gone: Vec<Reference> = marks(group.service_notes.as_deref())
                .into_iter()
                .filter(|mark| mark.customer.as_ref() == Some(customer))
                .map(|mark| mark.reference)
                .collect();
            let notes = noted(group.service_notes.as_deref(), &gone, None);
            match self.write_group(business, &group, &others, &notes, deadline).await {
                Written::Seen(seen) if seen.customer_ids().any(|id| id == customer) => {}
                // Bookings tells nobody who is taken out of a group.
                Written::Seen(_) | Written::Gone => return Ok(Vec::new()),
                Written::Beaten => {}
                Written::Not(Booked::Failed(error)) => return Err(error),
                Written::Not(_) => return Err(ProviderError::Timeout),
            }
        }
        Err(ProviderError::Timeout)
    }
}

fn has(group: &wire::Appointment, contents: &Contents) -> bool {
    contents.customer.as_deref().is_some_and(|own| group.customer_ids().any(|id| id == own))
}

/// Graph takes no customers without their type.
fn typed(mut customer: Value) -> Value {
    customer["@odata.type"] = wire::CUSTOMER_INFORMATION.into();
    customer
}
