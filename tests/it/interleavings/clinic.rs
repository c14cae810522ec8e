//! A clinic so small that its patients are in each other's way: two practitioners, three services, few times.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use healthbot_scheduler::{
    domain::{
        Address, Audience, CalendarId, Localized, Location, LocationId, Place, PractitionerChoice,
        ProviderName, Series, Service, ServiceId,
    },
    provider::{Capabilities, Record},
};

use super::world::{DAWN, World};

pub(super) struct Clinic {
    pub provider: ProviderName,
    pub capabilities: Capabilities,
    pub location: Arc<Location>,
    pub practitioners: Vec<&'static str>,
}

/// Whose record counts, and how the vendor keeps groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// The ledger's own calendar.
    Embedded,
    /// A vendor with an object per appointment.
    Plain,
    /// A vendor that writes a group whole.
    Shared,
}

pub(super) const SINGLE: &str = "single";
pub(super) const SERIES: &str = "series";
pub(super) const GROUP: &str = "group";

impl Clinic {
    pub(super) fn new(sort: Sort, practitioners: &[&'static str]) -> Arc<Self> {
        let (provider, record) = match sort {
            Sort::Embedded => (ProviderName::Embedded, Record::Ledger),
            Sort::Plain => (ProviderName::Fhir, Record::Vendor),
            Sort::Shared => (ProviderName::Bookings, Record::Vendor),
        };
        let shared_objects = sort == Sort::Shared;
        let services = vec![
            Arc::new(service(SINGLE, 20, 1, None)),
            Arc::new(service(SERIES, 20, 1, Some(Series { doses: 2, min_days: 1, max_days: 3 }))),
            Arc::new(service(GROUP, 30, 3, None)),
        ];
        let location = Location {
            id: LocationId::new(provider, "site"),
            calendar: CalendarId::from(format!("{provider}:calendar")),
            name: "Site".into(),
            address: Address::default(),
            position: None,
            phone: None,
            time_zone: chrono_tz::America::Los_Angeles,
            hours: Default::default(),
            closed: Vec::new(),
            booking_page: None,
            book_by: Vec::new(),
            services,
            practitioners: Vec::new(),
        };
        Arc::new(Self {
            provider,
            capabilities: Capabilities { record, shared_objects, fixed_openings: false, reschedule: true },
            location: Arc::new(location),
            practitioners: practitioners.to_vec(),
        })
    }

    pub(super) fn has_vendor(&self) -> bool {
        self.capabilities.record == Record::Vendor
    }

    pub(super) fn service(&self, id: &str) -> Arc<Service> {
        self.location.service(id).expect("one of the three").clone()
    }

    pub(super) fn capacity(&self, id: &ServiceId) -> u32 {
        self.service(id.as_str()).capacity
    }

    /// The places of one time, with everybody.
    pub(super) fn places(&self, service: &Service, start: DateTime<Utc>) -> Vec<Place> {
        let time = service.appointment(start).expect("an appointment");
        let buffered = service.buffered(time);
        self.practitioners
            .iter()
            .map(|practitioner| Place { practitioner: (*practitioner).into(), time, buffered })
            .collect()
    }

    /// Any service at any time with anybody.
    pub(super) fn somewhere(&self, world: &World) -> (ServiceId, Place) {
        let service = self.service(world.pick::<&str>(&[SINGLE, SERIES, GROUP]));
        let places = self.places(&service, time(world.below(2), *world.pick(&TIMES)));
        (service.id.clone(), world.pick(&places).clone())
    }
}

/// Minutes after midnight, at the site; the last one's buffers reach into the next day.
pub(super) const TIMES: [u64; 4] = [9 * 60, 9 * 60 + 20, 10 * 60, 23 * 60 + 50];

/// A time so many days after the first, at the site.
pub(super) fn time(day: u64, minutes: u64) -> DateTime<Utc> {
    let midnight =
        DateTime::from_timestamp(DAWN + 4 * 86_400 - DAWN % 86_400 + 8 * 3_600, 0).expect("a time");
    midnight + TimeDelta::minutes(i64::try_from(day * 24 * 60 + minutes).expect("few"))
}

fn service(id: &str, minutes: i64, capacity: u32, series: Option<Series>) -> Service {
    Service {
        id: id.to_owned().into(),
        name: Localized::from(id),
        duration: TimeDelta::minutes(minutes),
        every: TimeDelta::minutes(10),
        buffer_before: TimeDelta::zero(),
        buffer_after: TimeDelta::minutes(5),
        capacity,
        min_notice: TimeDelta::zero(),
        max_advance_days: 90,
        cancel_notice: TimeDelta::zero(),
        series,
        requires: Vec::new(),
        questions: Vec::new(),
        consent: None,
        instructions: None,
        price: None,
        min_age: None,
        max_age: None,
        audience: Audience::Any,
        practitioner_choice: PractitionerChoice::None,
        max_open_per_contact: 3,
        same_practitioner: false,
        online: false,
        booking_page: None,
        hidden: false,
    }
}
