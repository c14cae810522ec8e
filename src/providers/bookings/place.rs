//! Booking one patient at one place: hold (the ledger's), write, look, and believe only what is seen.

use std::sync::Arc;

use reqwest::Method;
use tokio::time::Instant;

use super::{
    Bookings, READ_WITH_FALLBACK,
    catalogue::Business,
    look::{Look, Since, Sought, fits, version},
    offered::Offered,
    patient,
    seat::{Mark, Seat, noted},
    wire,
};
use crate::{
    domain::{Channel, Place},
    language::{Language, Message},
    provider::{Booked, Farewell, Order, OrderedDose, Reference},
    providers::graph::{
        Ask, Trouble,
        wire::{ZonedTime, iso8601},
    },
};

/// What is to be written, and how the patient is spoken to.
pub(super) struct Wanted<'a> {
    pub(super) business: &'a Business,
    pub(super) offered: &'a Offered,
    pub(super) place: &'a Place,
    pub(super) reference: &'a Reference,
    pub(super) farewell: Farewell,
    /// An appointment that the wanted one replaces, and that is not in its way.
    pub(super) instead_of: Option<&'a str>,
    pub(super) deadline: Instant,
}

/// What an appointment says besides where it is.
pub(super) struct Contents {
    pub(super) customers: Vec<serde_json::Value>,
    pub(super) customer_time_zone: String,
    pub(super) notify: Vec<Channel>,
    pub(super) additional_information: Option<String>,
    pub(super) reminders: Vec<wire::Reminder>,
    pub(super) customer: Option<String>,
}

impl Bookings {
    pub(super) async fn book_one(&self, order: &Order, dose: &OrderedDose) -> Booked {
        let business = match self.business(&order.location.calendar).await {
            Ok(business) => business,
            Err(error) => return Booked::Failed(error),
        };
        let Some(offered) = business.offered(&order.service.id) else {
            return Booked::Refused { rule: "the service is not offered any more".to_owned() };
        };
        let farewell = if order.notify.contains(&Channel::Email) {
            Farewell::Message { locale: order.locale.clone() }
        } else {
            Farewell::Nothing
        };
        let wanted = Wanted {
            business: &business,
            offered,
            place: &dose.place,
            reference: &dose.reference,
            farewell,
            instead_of: None,
            deadline: order.deadline,
        };
        let mut contents = self.contents(&wanted, order).await;
        let booked = if offered.service.capacity > 1 {
            self.seat(&wanted, order, &mut contents).await
        } else {
            self.make(&wanted, &contents, Since::Created).await
        };
        self.wrote(&business.calendar);
        booked
    }

    async fn contents(&self, wanted: &Wanted<'_>, order: &Order) -> Contents {
        let zone = wanted.business.zone.name().to_owned();
        // Reminders are no reason not to book.
        let patience = wanted.deadline.min(Instant::now() + READ_WITH_FALLBACK);
        let reminders = self.reminders_of(wanted.business, wanted.offered, patience).await;
        // The code is what opens the booking: it goes where it is mailed, and nowhere else.
        let mailed = order.notify.contains(&Channel::Email);
        let language = Language::of(Some(&order.locale));
        let code = language.say(&Message::ConfirmationCode { code: &order.code.display() });
        let instructions = order.service.instructions.as_ref().map(|text| text.get(&order.locale).to_owned());
        let lines = [mailed.then_some(code), instructions].into_iter().flatten();
        let information = lines.collect::<Vec<_>>().join("\n");
        Contents {
            customers: vec![patient::information(
                &order.patient,
                &self.settings,
                wanted.offered,
                &zone,
                None,
            )],
            customer_time_zone: zone,
            notify: order.notify.clone(),
            additional_information: Some(information).filter(|text| !text.is_empty()),
            reminders: patient::reminders(&reminders, &order.notify),
            customer: None,
        }
    }

    /// Makes an appointment, and looks at what became of it.
    pub(super) async fn make(&self, wanted: &Wanted<'_>, contents: &Contents, since: Since) -> Booked {
        let path = match self.paths.below(&wanted.business.id, &["appointments"]) {
            Ok(path) => path,
            Err(trouble) => return refused(trouble, "create appointment"),
        };
        let body = serde_json::to_value(new_appointment(wanted, contents)).unwrap_or_default();
        let ask = Ask::send(Method::POST, &wanted.business.id, path, "create appointment", body);
        let made = self.graph.write(&ask, wanted.deadline).await;
        self.wrote(&wanted.business.calendar);
        match made.and_then(|answer| answer.read::<wire::Made>()) {
            Ok(made) => {
                self.read_back(wanted, Sought::Id(&made.id), contents.customer.as_deref(), since).await
            }
            Err(trouble) if trouble.did_nothing() => refused(trouble, "create appointment"),
            Err(trouble) => {
                tracing::info!(%trouble, "looking for an appointment that may have been made");
                self.read_back(wanted, Sought::Marked(wanted.reference), contents.customer.as_deref(), since)
                    .await
            }
        }
    }

    /// What is there now: ours as it was wanted, somebody else's, or nothing that says anything.
    pub(super) async fn read_back(
        &self,
        wanted: &Wanted<'_>,
        sought: Sought<'_>,
        customer: Option<&str>,
        since: Since,
    ) -> Booked {
        let looked = self.look(wanted.business, wanted.offered, wanted.place, sought, wanted.deadline).await;
        match looked {
            Err(error) => Booked::Unclear { why: format!("it cannot be looked for: {error}") },
            Ok(Look { ours: Some(ours), mut others }) => {
                others.retain(|other| Some(other.id.as_str()) != wanted.instead_of);
                self.judge(wanted, &ours, &others, customer, since).await
            }
            Ok(Look { ours: None, others })
                if others.iter().any(|other| Some(other.id.as_str()) != wanted.instead_of) =>
            {
                match sought {
                    // It was made, whatever a read shows of it: as far as it can be named, it goes.
                    Sought::Id(id) => match self.take_back(wanted, id).await {
                        Booked::Taken => Booked::Occupied,
                        unclear => unclear,
                    },
                    Sought::Marked(_) => Booked::Occupied,
                }
            }
            Ok(_) => Booked::Unclear { why: "nothing of it is there".to_owned() },
        }
    }

    /// Ours is there. It stands if it is where it was wanted, and nobody was there before it.
    async fn judge(
        &self,
        wanted: &Wanted<'_>,
        ours: &wire::Appointment,
        others: &[wire::Appointment],
        customer: Option<&str>,
        since: Since,
    ) -> Booked {
        if !fits(ours, &wanted.offered.vendor.id, wanted.place) {
            tracing::warn!("Graph made an appointment elsewhere than it was asked to");
            return self.take_back(wanted, &ours.id).await;
        }
        match self.yields(&wanted.business.id, ours, others, since, wanted.deadline).await {
            Err(error) => Booked::Unclear { why: format!("others at its place cannot be read: {error}") },
            Ok(true) => {
                tracing::warn!("Graph let two appointments overlap, and ours was later");
                self.take_back(wanted, &ours.id).await
            }
            Ok(false) => {
                if !others.is_empty() {
                    tracing::warn!("Graph let two appointments overlap, and ours was first: tell the clinic");
                }
                let seat = Seat { appointment: ours.id.clone(), customer: customer.map(str::to_owned) };
                Booked::Booked { handle: seat.handle(), version: version(ours), join_url: ours.join_url() }
            }
        }
    }

    /// Gives up what is ours at a place; the place is taken only once that is certain.
    async fn take_back(&self, wanted: &Wanted<'_>, id: &str) -> Booked {
        match self.remove(wanted.business, id, &wanted.farewell, wanted.deadline).await {
            Ok(_) => Booked::Taken,
            Err(error) => Booked::Unclear { why: format!("it cannot be given up: {error}") },
        }
    }
}

fn new_appointment<'a>(wanted: &Wanted<'a>, contents: &Contents) -> wire::NewAppointment<'a> {
    let vendor = &wanted.offered.vendor;
    let service = &wanted.offered.service;
    let mark = Mark { reference: wanted.reference.clone(), customer: contents.customer.clone() };
    wire::NewAppointment {
        odata_type: wire::APPOINTMENT,
        service_id: &vendor.id,
        start_date_time: ZonedTime::utc(wanted.place.time.start()),
        end_date_time: ZonedTime::utc(wanted.place.time.end()),
        staff_member_ids: vec![wanted.place.practitioner.as_str()],
        customers: contents.customers.clone(),
        customer_time_zone: contents.customer_time_zone.clone(),
        is_location_online: vendor.is_location_online,
        opt_out_of_customer_email: !contents.notify.contains(&Channel::Email),
        sms_notifications_enabled: contents.notify.contains(&Channel::Sms),
        additional_information: contents.additional_information.clone(),
        service_notes: noted(None, &[], Some(&mark)),
        pre_buffer: iso8601(service.buffer_before),
        post_buffer: iso8601(service.buffer_after),
        maximum_attendees_count: service.capacity,
        price: vendor.default_price,
        price_type: vendor.default_price_type.as_deref(),
        reminders: contents.reminders.clone(),
    }
}

/// What a write that did nothing means for whoever wanted it.
pub(super) fn refused(trouble: Trouble, what: &'static str) -> Booked {
    match trouble {
        Trouble::Refused { .. } | Trouble::Changed { .. } => {
            Booked::Refused { rule: format!("Graph {trouble} to `{what}`") }
        }
        trouble => Booked::Failed(trouble.into_error(what)),
    }
}

impl Wanted<'_> {
    pub(super) fn mailbox(&self) -> &Arc<str> {
        &self.business.id
    }
}
