//! A business as sites: one, and one more for each address of their own that its services have, where that is
//! configured.

use std::sync::Arc;

use chrono::{Datelike, Days, NaiveDate};
use chrono_tz::Tz;

use super::{catalogue::Week, offered::Offered, wire};
use crate::{
    config::bookings::BusinessOverlay,
    domain::{
        Address, BookBy, CalendarId, Location, LocationId, Position, Practitioner, PractitionerId,
        ProviderName, geography,
    },
};

/// Whole days on which a site is closed are told for so long a span at most.
const LONGEST_CLOSURE: u64 = 400;

/// A business on its way to its locations.
pub(super) struct Site<'a> {
    pub(super) id: &'a Arc<str>,
    pub(super) business: &'a wire::Business,
    pub(super) overlay: Option<&'a BusinessOverlay>,
    pub(super) zone: Tz,
    pub(super) hours: &'a Week,
    pub(super) calendar: &'a CalendarId,
}

impl Site<'_> {
    /// One; and one more for each address of their own that services have, where that is configured.
    pub(super) fn locations(
        &self,
        services: &[Offered],
        staff: &[(wire::StaffMember, Tz)],
    ) -> Vec<Arc<Location>> {
        let name = self.overlay.and_then(|overlay| overlay.location.as_deref()).unwrap_or(self.id);
        let apart = self.overlay.is_some_and(|overlay| overlay.locations_of_services);
        let mut by_place: Vec<(String, Vec<&Offered>)> = vec![(name.to_owned(), Vec::new())];
        for offered in services {
            let elsewhere = apart.then(|| self.elsewhere(offered)).flatten();
            let id = elsewhere.map_or_else(|| name.to_owned(), |place| format!("{name}:{place}"));
            match by_place.iter_mut().find(|(known, _)| *known == id) {
                Some((_, at)) => at.push(offered),
                None => by_place.push((id, vec![offered])),
            }
        }
        let first = by_place.len() == 1;
        let kept = by_place.into_iter().filter(|(_, services)| first || !services.is_empty());
        kept.map(|(id, services)| Arc::new(self.location(&id, &services, staff))).collect()
    }

    /// A name for where a service is, if that is not where the business is.
    fn elsewhere(&self, offered: &Offered) -> Option<String> {
        let place = offered.vendor.default_location.as_ref()?;
        let address = place
            .address
            .as_ref()
            .filter(|address| address.street.as_ref().is_some_and(|s| !s.is_empty()))?;
        if self.business.address.as_ref() == Some(address) {
            return None;
        }
        let name = place.display_name.as_deref().filter(|name| !name.trim().is_empty())?;
        let slug: String =
            name.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
        Some(slug.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-"))
    }

    fn location(&self, id: &str, services: &[&Offered], staff: &[(wire::StaffMember, Tz)]) -> Location {
        let business = self.business;
        let apart = services.first().filter(|offered| id.contains(':') && self.elsewhere(offered).is_some());
        let place = apart.and_then(|offered| offered.vendor.default_location.as_ref());
        let address = place.and_then(|place| place.address.as_ref()).or(business.address.as_ref());
        let address = self.address(address);
        let named = place.and_then(|place| place.display_name.clone());
        let page = published(business);
        let phone = business.phone.clone().filter(|phone| !phone.trim().is_empty());
        Location {
            id: LocationId::new(ProviderName::Bookings, id),
            calendar: self.calendar.clone(),
            name: named.or_else(|| business.display_name.clone()).unwrap_or_else(|| self.id.to_string()),
            position: self.position(place, &address),
            address,
            book_by: self.book_by(page.is_some(), phone.is_some()),
            phone,
            time_zone: self.zone,
            hours: self.hours.clone(),
            closed: self.closed(),
            booking_page: page,
            practitioners: practitioners(services, staff),
            services: services.iter().map(|offered| offered.service.clone()).collect(),
        }
    }

    fn book_by(&self, page: bool, phone: bool) -> Vec<BookBy> {
        let settings = self.business.booking_page_settings.as_ref();
        let password = settings.is_some_and(|settings| settings.enforce_one_time_password);
        let chat = match self.overlay {
            Some(overlay) => !overlay.pause && (!password || overlay.without_one_time_password),
            None => !password,
        };
        let has = [(BookBy::Chat, chat), (BookBy::Page, page), (BookBy::Phone, phone)];
        has.into_iter().filter(|(_, has)| *has).map(|(way, _)| way).collect()
    }

    fn address(&self, address: Option<&wire::Address>) -> Address {
        let part = |text: fn(&wire::Address) -> &Option<String>| {
            address.and_then(|address| text(address).clone()).filter(|text| !text.trim().is_empty())
        };
        let country = part(|address| &address.country_or_region).and_then(|name| country(&name));
        Address {
            street: part(|address| &address.street),
            city: part(|address| &address.city),
            state: part(|address| &address.state),
            postal_code: part(|address| &address.postal_code),
            country: self.overlay.and_then(|overlay| overlay.country.clone()).or(country),
        }
    }

    /// As configured, else of the service's address, else about where its postal code is.
    fn position(&self, place: Option<&wire::ServiceLocation>, address: &Address) -> Option<Position> {
        let told = place.and_then(|place| place.coordinates.as_ref()).and_then(|told| {
            let (latitude, longitude) = (told.latitude?, told.longitude?);
            (latitude != 0.0 || longitude != 0.0).then_some(Position { latitude, longitude })
        });
        let configured = self.overlay.and_then(|overlay| overlay.position).filter(|_| place.is_none());
        configured
            .or(told)
            .or_else(|| geography::centroid(address.country.as_deref()?, address.postal_code.as_deref()?))
    }

    /// Whole days on which the business is not bookable.
    fn closed(&self) -> Vec<NaiveDate> {
        let policy = self.business.scheduling_policy.as_ref();
        let windows = policy.into_iter().flat_map(|policy| &policy.custom_availabilities);
        let mut closed: Vec<NaiveDate> = windows
            .filter(|window| window.availability.availability_type == wire::AvailabilityType::NotBookable)
            .filter_map(|window| {
                let first = window.start_date?;
                let longest = first.checked_add_days(Days::new(LONGEST_CLOSURE))?;
                let last = window.end_date.unwrap_or(first).min(longest);
                Some(first.iter_days().take_while(move |date| *date <= last))
            })
            .flatten()
            .filter(|date| !self.hours[date.weekday().num_days_from_monday() as usize].is_empty())
            .collect();
        closed.sort_unstable();
        closed.dedup();
        closed
    }
}

/// ISO 3166-1 alpha-2, from what people write: `US`, `USA`, `United States`.
fn country(name: &str) -> Option<String> {
    let words: String = name.chars().filter(|letter| letter.is_alphanumeric()).collect();
    words.parse::<celes::Country>().ok().map(|country| country.alpha2.to_owned())
}

/// Who performs any of these services, and which.
fn practitioners(services: &[&Offered], staff: &[(wire::StaffMember, Tz)]) -> Vec<Practitioner> {
    let all = staff.iter().map(|(staff, _)| {
        let id = PractitionerId::from(staff.id.as_str());
        let performed = services.iter().filter(|offered| offered.staff.contains(&id));
        let services = performed.map(|offered| offered.service.id.clone()).collect();
        Practitioner { id, name: staff.display_name.clone().unwrap_or_default(), services }
    });
    all.filter(|practitioner| !practitioner.services.is_empty()).collect()
}

/// The page on which patients book by themselves, if there is one.
pub(super) fn published(business: &wire::Business) -> Option<String> {
    business.public_url.clone().filter(|url| business.is_published == Some(true) && !url.is_empty())
}
