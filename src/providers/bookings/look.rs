//! Looking at a place: what of ours is there, and what of somebody else's is in its way. After a write this, and
//! no answer, says what became of it.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::{
    Bookings,
    catalogue::{Business, list},
    offered::Offered,
    seat::{Seat, marks},
    wire,
};
use crate::{
    domain::{Place, PractitionerId, TimeRange},
    provider::{Appointment, Handle, ProviderError, Reference},
    providers::graph::{Ask, Trouble},
};

/// What a look at a place shows.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// The appointment that is looked for, whole.
    pub(super) ours: Option<wire::Appointment>,
    /// Others that overlap with the place, buffers and all.
    pub(super) others: Vec<wire::Appointment>,
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sought<'a> {
    Id(&'a str),
    Marked(&'a Reference),
}

/// By which of its times an appointment is the earlier or the later of two that crossed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Since {
    /// It was made there.
    Created,
    /// It was moved there.
    Moved,
}

impl Bookings {
    /// Looks for one appointment, and at everything around its place.
    pub(super) async fn look(
        &self,
        business: &Business,
        offered: &Offered,
        place: &Place,
        sought: Sought<'_>,
        deadline: Instant,
    ) -> Result<Look, ProviderError> {
        let asked = |trouble: Trouble| trouble.into_error("calendarView");
        let view = self.view(&business.id, place.buffered, business.reach).map_err(asked)?;
        let mut asks = vec![view];
        if let Sought::Id(id) = sought {
            let path = self.paths.below(&business.id, &["appointments", id]).map_err(asked)?;
            asks.push(Ask::get(&business.id, path, "appointment"));
        }
        let mut answers = self.graph.batch(&asks, deadline).await.into_iter();
        let view = answers.next().unwrap_or(Err(Trouble::NoAnswer("not in time")));
        let shown: Vec<wire::Appointment> =
            list(&self.graph, view, &asks[0], deadline).await.map_err(asked)?;
        let ours = match (sought, answers.next()) {
            (Sought::Id(_), Some(Ok(answer))) => Some(answer.read().map_err(asked)?),
            (Sought::Id(_), Some(Err(Trouble::NotFound)) | None) => None,
            (Sought::Id(_), Some(Err(trouble))) => return Err(trouble.into_error("appointment")),
            (Sought::Marked(reference), _) => {
                let could_be = shown.iter().filter(|of| stands_at(of, &offered.vendor.id, place));
                let ids: Vec<&str> = could_be.map(|of| of.id.as_str()).collect();
                let whole = self.read_by_id(&business.id, &ids, deadline).await?.into_iter().flatten();
                whole.into_iter().find(|of| is_marked(of, reference))
            }
        };
        let own = ours.as_ref().map(|ours| ours.id.clone());
        let in_the_way = |of: &wire::Appointment| Some(&of.id) != own.as_ref() && overlaps(of, place);
        let others = shown.into_iter().filter(in_the_way).collect();
        Ok(Look { ours, others })
    }

    /// Every appointment that carries one of these references, at any of these places.
    pub(super) async fn find_marked(
        &self,
        business: &Business,
        references: &[Reference],
        places: &[Place],
        deadline: Instant,
    ) -> Result<Vec<Appointment>, ProviderError> {
        let asked = |trouble: Trouble| trouble.into_error("calendarView");
        let windows: HashSet<TimeRange> = places.iter().map(|place| place.buffered).collect();
        let asks: Result<Vec<Ask>, Trouble> =
            windows.iter().map(|window| self.view(&business.id, *window, business.reach)).collect();
        let asks = asks.map_err(asked)?;
        let mut shown: HashMap<String, wire::Appointment> = HashMap::new();
        for (ask, answer) in asks.iter().zip(self.graph.batch(&asks, deadline).await) {
            let page: Vec<wire::Appointment> =
                list(&self.graph, answer, ask, deadline).await.map_err(asked)?;
            shown.extend(page.into_iter().map(|of| (of.id.clone(), of)));
        }
        let could_be =
            |of: &&wire::Appointment| places.iter().any(|place| stands_at(of, &of.service_id, place));
        let mut ids: Vec<&str> = shown.values().filter(could_be).map(|of| of.id.as_str()).collect();
        ids.sort_unstable();
        let whole = self.read_by_id(&business.id, &ids, deadline).await?;
        let mut found = Vec::new();
        for of in whole.into_iter().flatten() {
            let mut ours = marked(&of, references, places);
            let Some(place) = ours.first().map(|ours| ours.place.clone()) else { continue };
            let in_the_way = |other: &&wire::Appointment| other.id != of.id && overlaps(other, &place);
            let others: Vec<wire::Appointment> = shown.values().filter(in_the_way).cloned().collect();
            // A group changes with everybody who joins it.
            let group = ours.iter().any(|ours| Seat::of(&ours.handle).customer.is_some());
            let since = if group { Since::Created } else { Since::Moved };
            let yields = self.yields(&business.id, &of, &others, since, deadline).await?;
            for ours in &mut ours {
                ours.yields = yields;
            }
            found.extend(ours);
        }
        Ok(found)
    }

    /// The vendor's record of a seat.
    pub(super) async fn appointment_of(
        &self,
        business: &Business,
        handle: &Handle,
        deadline: Instant,
    ) -> Result<Option<Appointment>, ProviderError> {
        let seat = Seat::of(handle);
        let read = self.read_by_id(&business.id, &[&seat.appointment], deadline).await?.pop().flatten();
        let Some(appointment) = read else { return Ok(None) };
        let mark = marks(appointment.service_notes.as_deref())
            .into_iter()
            .find(|mark| seat.customer.is_none() || mark.customer == seat.customer);
        if let Some(customer) = &seat.customer
            && !appointment.customer_ids().any(|id| id == customer)
        {
            return Ok(None);
        }
        let Some(place) = place_of(&appointment) else {
            return Err(ProviderError::Failed("an appointment without a time".to_owned()));
        };
        Ok(Some(told(&appointment, &seat, mark.map(|mark| mark.reference), place)))
    }

    /// Whether an appointment of ours has to give way to one of these: which were there before it.
    pub(super) async fn yields(
        &self,
        business: &Arc<str>,
        ours: &wire::Appointment,
        others: &[wire::Appointment],
        since: Since,
        deadline: Instant,
    ) -> Result<bool, ProviderError> {
        if others.is_empty() {
            return Ok(false);
        }
        // Lists may lack when an appointment was made.
        let ids: Vec<&str> = others.iter().map(|other| other.id.as_str()).collect();
        let whole = self.read_by_id(business, &ids, deadline).await?;
        let own = match since {
            Since::Created => ours.created_date_time,
            Since::Moved => ours.last_updated_date_time,
        };
        Ok(whole.into_iter().flatten().any(|other| is_before(&other, own, &ours.id)))
    }
}

/// Of two the earlier stands, on a tie the one with the smaller id. Where nobody can tell, ours gives way.
fn is_before(other: &wire::Appointment, own: Option<DateTime<Utc>>, own_id: &str) -> bool {
    match (other.created_date_time, own) {
        (Some(theirs), Some(own)) => (theirs, other.id.as_str()) < (own, own_id),
        _ => true,
    }
}

/// Whether an appointment is of this service, with this practitioner, and starts then.
pub(super) fn stands_at(appointment: &wire::Appointment, service: &str, place: &Place) -> bool {
    appointment.service_id == service
        && has_staff(appointment, &place.practitioner)
        && appointment.time().is_some_and(|time| time.start() == place.time.start())
}

/// The same to the end of it.
pub(super) fn fits(appointment: &wire::Appointment, service: &str, place: &Place) -> bool {
    stands_at(appointment, service, place) && appointment.time() == Some(place.time)
}

fn overlaps(appointment: &wire::Appointment, place: &Place) -> bool {
    has_staff(appointment, &place.practitioner)
        && appointment.buffered().is_some_and(|buffered| buffered.overlaps(&place.buffered))
}

fn has_staff(appointment: &wire::Appointment, practitioner: &PractitionerId) -> bool {
    appointment.staff_member_ids.iter().any(|staff| staff == practitioner.as_str())
}

pub(super) fn is_marked(appointment: &wire::Appointment, reference: &Reference) -> bool {
    marks(appointment.service_notes.as_deref()).iter().any(|mark| mark.reference == *reference)
}

/// The seats in an appointment that carry one of these references.
fn marked(appointment: &wire::Appointment, references: &[Reference], places: &[Place]) -> Vec<Appointment> {
    let Some(place) = place_of(appointment) else { return Vec::new() };
    // Where an appointment was asked for, it is at that very place, however Graph tells its buffers.
    let asked = places
        .iter()
        .find(|asked| has_staff(appointment, &asked.practitioner) && appointment.time() == Some(asked.time));
    let place = asked.cloned().unwrap_or(place);
    let ours = marks(appointment.service_notes.as_deref()).into_iter();
    let ours = ours.filter(|mark| references.contains(&mark.reference));
    ours.filter_map(|mark| {
        let seated = mark.customer.as_ref().is_none_or(|own| appointment.customer_ids().any(|id| id == own));
        let seat = Seat { appointment: appointment.id.clone(), customer: mark.customer };
        seated.then(|| told(appointment, &seat, Some(mark.reference), place.clone()))
    })
    .collect()
}

fn place_of(appointment: &wire::Appointment) -> Option<Place> {
    Some(Place {
        // Staff may have taken everybody off it.
        practitioner: PractitionerId::from(appointment.staff_member_ids.first().map_or("", String::as_str)),
        time: appointment.time()?,
        buffered: appointment.buffered()?,
    })
}

fn told(
    appointment: &wire::Appointment,
    seat: &Seat,
    reference: Option<Reference>,
    place: Place,
) -> Appointment {
    Appointment {
        handle: seat.handle(),
        version: version(appointment),
        reference,
        place,
        created: appointment.created_date_time,
        join_url: appointment.join_url(),
        yields: false,
    }
}

pub(super) fn version(appointment: &wire::Appointment) -> Option<String> {
    appointment.last_updated_date_time.map(|at| at.to_rfc3339())
}
