//! From `[[clinic]]` to a site with its practitioners, with what a schema cannot say: what refers to what.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{NaiveDate, Timelike};

use super::{
    Clinic, Roster,
    file::{AddressEntry, ClinicEntry, PositionEntry, PractitionerEntry, WeekEntry},
    findings::Findings,
    phone,
    service::Known,
};
use crate::{
    domain::{
        Address, BookBy, CalendarId, Hours, Location, LocationId, Position, Practitioner, ProviderName,
        Service, ServiceId,
    },
    shape,
};

/// Weekly hours, by weekday from Monday.
type Week = [Vec<Hours>; 7];

pub(super) fn clinics(entries: Vec<ClinicEntry>, services: &[Known], findings: &mut Findings) -> Vec<Clinic> {
    let mut ids = BTreeSet::new();
    let mut clinics = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let path = format!("clinic[{index}]");
        let id = entry.id.clone().unwrap_or_default();
        if !id.is_empty() && !ids.insert(id) {
            findings.wrong(&format!("{path}.id"), "is the id of an earlier clinic too; ids are unique");
        }
        clinics.push(Reading { path, services, findings }.clinic(entry));
    }
    find_services_nobody_offers(&clinics, services, findings);
    clinics
}

fn find_services_nobody_offers(clinics: &[Clinic], services: &[Known], findings: &mut Findings) {
    for Known { service, path } in services {
        let offered = clinics.iter().any(|clinic| clinic.location.service(service.id.as_str()).is_some());
        if !offered && !clinics.is_empty() && !service.id.as_str().is_empty() {
            findings
                .lacking(path, "is offered by no clinic: add it to the `services` of one, or take it out");
        }
    }
}

/// One clinic on its way from the file.
struct Reading<'a> {
    path: String,
    services: &'a [Known],
    findings: &'a mut Findings,
}

impl Reading<'_> {
    fn at(&self, key: &str) -> String {
        format!("{}.{key}", self.path)
    }

    fn clinic(mut self, entry: ClinicEntry) -> Clinic {
        let hours = self.week(entry.hours, &self.at("hours"));
        let offered = self.offered(entry.services);
        let rosters = self.rosters(entry.practitioner.unwrap_or_default(), &offered, hours.as_ref());
        let id = LocationId::new(ProviderName::Embedded, entry.id.as_deref().unwrap_or_default());
        let address = address(entry.address.unwrap_or_default());
        let phone = self.phone(entry.phone, &address);
        let book_by = self.book_by(entry.book_by, entry.booking_page.is_some(), phone.is_some());
        if book_by.contains(&BookBy::Chat) {
            self.find_gaps(&offered, &rosters);
        }
        let location = Location {
            calendar: CalendarId::from(id.as_str()),
            id,
            name: entry.name.unwrap_or_default(),
            address,
            position: entry.position.as_ref().and_then(position),
            phone,
            // The schema has refused what is no zone.
            time_zone: entry.time_zone.and_then(|zone| zone.parse().ok()).unwrap_or(chrono_tz::UTC),
            hours: hours.unwrap_or_default(),
            closed: entry.closed.iter().flatten().filter_map(|date| date.parse::<NaiveDate>().ok()).collect(),
            booking_page: entry.booking_page,
            book_by,
            services: offered,
            practitioners: rosters.iter().map(|(practitioner, _)| practitioner.clone()).collect(),
        };
        Clinic {
            location: Arc::new(location),
            rosters: rosters.into_iter().map(|(_, roster)| roster).collect(),
        }
    }

    /// The services of the clinic: those it names, else all.
    fn offered(&mut self, named: Option<Vec<String>>) -> Vec<Arc<Service>> {
        let all = || self.services.iter().map(|known| Arc::clone(&known.service));
        let Some(named) = named else { return all().collect() };
        let key = self.at("services");
        let known: Vec<Arc<Service>> = all().collect();
        let ids = self.references(&named, &known, &key, "is no `[[service]]`");
        known.into_iter().filter(|service| ids.contains(&service.id)).collect()
    }

    /// The ids among `named` that are known; the others are found wrong.
    fn references(
        &mut self,
        named: &[String],
        known: &[Arc<Service>],
        key: &str,
        wrong: &str,
    ) -> Vec<ServiceId> {
        let mut ids: Vec<ServiceId> = Vec::new();
        for (index, name) in named.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            let key = format!("{key}[{index}]");
            match known.iter().find(|service| service.id.as_str() == name) {
                Some(service) if ids.contains(&service.id) => {
                    self.findings.wrong(&key, "is there twice; keep one");
                }
                Some(service) => ids.push(service.id.clone()),
                None => {
                    let meant = shape::nearest(name, known.iter().map(|service| service.id.as_str()));
                    let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
                    self.findings.wrong(&key, format!("{wrong}{meant}"));
                }
            }
        }
        ids
    }

    fn rosters(
        &mut self,
        entries: Vec<PractitionerEntry>,
        offered: &[Arc<Service>],
        clinic: Option<&Week>,
    ) -> Vec<(Practitioner, Roster)> {
        let mut ids = BTreeSet::new();
        let mut rosters = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let path = self.at(&format!("practitioner[{index}]"));
            let id = entry.id.clone().unwrap_or_default();
            if !id.is_empty() && !ids.insert(id) {
                let detail = "is the id of an earlier practitioner of this clinic too; ids are unique";
                self.findings.wrong(&format!("{path}.id"), detail);
            }
            rosters.push(self.roster(entry, &path, offered, clinic));
        }
        rosters
    }

    fn roster(
        &mut self,
        entry: PractitionerEntry,
        path: &str,
        offered: &[Arc<Service>],
        clinic: Option<&Week>,
    ) -> (Practitioner, Roster) {
        let services = match entry.services {
            None => offered.iter().map(|service| service.id.clone()).collect(),
            Some(named) => {
                let key = format!("{path}.services");
                self.references(&named, offered, &key, "is no service of this clinic")
            }
        };
        let hours = match self.week(entry.hours, &format!("{path}.hours")) {
            Some(own) => own,
            None => clinic.cloned().unwrap_or_else(|| {
                let detail = "has no hours: give `hours` here, or to the clinic";
                self.findings.lacking(path, detail);
                Week::default()
            }),
        };
        let practitioner = Practitioner {
            id: entry.id.unwrap_or_default().into(),
            name: entry.name.unwrap_or_default(),
            services: services.clone(),
        };
        let roster = Roster {
            practitioner: practitioner.id.clone(),
            services,
            hours,
            away: entry.away.iter().flatten().filter_map(|away| away.parse().ok()).collect(),
        };
        (practitioner, roster)
    }

    /// `None` when there are no hours at all, which somebody else's may stand in for.
    fn week(&mut self, entry: Option<WeekEntry>, path: &str) -> Option<Week> {
        let mut week = Week::default();
        let mut written = false;
        for (day, (key, spans)) in entry?.days().into_iter().enumerate() {
            for (index, span) in spans.unwrap_or_default().iter().enumerate() {
                written = true;
                let Ok(span) = span.parse::<Hours>() else { continue };
                self.find_overlap(&week, day, span, &format!("{path}.{key}[{index}]"));
                week[day].push(span);
            }
        }
        for spans in &mut week {
            spans.sort_by_key(|span| span.from);
        }
        written.then_some(week)
    }

    fn find_overlap(&mut self, week: &Week, day: usize, span: Hours, path: &str) {
        let taken =
            week.iter().enumerate().flat_map(|(day, spans)| spans.iter().map(move |span| (day, *span)));
        if taken.into_iter().any(|(other, taken)| overlap((other, taken), (day, span))) {
            self.findings
                .wrong(path, "overlaps with other hours of this week: join them, or end one earlier");
        }
    }

    fn phone(&mut self, phone: Option<String>, address: &Address) -> Option<String> {
        let phone = phone?;
        if let Err(detail) = phone::check_characters(&phone, address.country.as_deref()) {
            self.findings.wrong(&self.at("phone"), detail);
        }
        Some(phone)
    }

    /// The ways the clinic names, else chat and what it has besides.
    fn book_by(&mut self, named: Option<Vec<BookBy>>, page: bool, phone: bool) -> Vec<BookBy> {
        let Some(named) = named else {
            let has = [(BookBy::Chat, true), (BookBy::Page, page), (BookBy::Phone, phone)];
            return has.into_iter().filter(|(_, has)| *has).map(|(way, _)| way).collect();
        };
        for (way, has, lacks) in [(BookBy::Page, page, "`booking_page`"), (BookBy::Phone, phone, "`phone`")] {
            if named.contains(&way) && !has {
                self.findings.lacking(&self.at("book_by"), format!("needs a {lacks}, which is not there"));
            }
        }
        named
    }

    /// What a patient would be offered and never find a slot for.
    fn find_gaps(&mut self, offered: &[Arc<Service>], rosters: &[(Practitioner, Roster)]) {
        if rosters.is_empty() {
            let detail = "has no `[[clinic.practitioner]]`: somebody, or a room, has to see the patients";
            return self.findings.lacking(&self.path, detail);
        }
        if offered.is_empty() {
            return self.findings.lacking(&self.path, "offers no service: add a `[[service]]`");
        }
        for service in offered.iter().filter(|service| !service.id.as_str().is_empty()) {
            if !rosters.iter().any(|(practitioner, _)| practitioner.services.contains(&service.id)) {
                let detail = format!("offers `{}`, which none of its practitioners performs", service.id);
                self.findings.lacking(&self.path, detail);
            }
        }
    }
}

/// Whether two spans of a week that repeats share time.
fn overlap(one: (usize, Hours), other: (usize, Hours)) -> bool {
    const DAY: i64 = 24 * 60;
    let range = |(day, hours): (usize, Hours)| {
        let midnight = i64::try_from(day).unwrap_or(0) * DAY;
        let from = i64::from(hours.from.num_seconds_from_midnight() / 60);
        (midnight + from, midnight + i64::from(hours.until_minutes))
    };
    let ((start, end), (other_start, other_end)) = (range(one), range(other));
    [-7 * DAY, 0, 7 * DAY].iter().any(|week| start < other_end + week && other_start + week < end)
}

fn address(entry: AddressEntry) -> Address {
    Address {
        street: entry.street,
        city: entry.city,
        state: entry.state,
        postal_code: entry.postal_code,
        country: entry.country.map(|country| country.to_ascii_uppercase()),
    }
}

pub(super) fn position(entry: &PositionEntry) -> Option<Position> {
    Some(Position { latitude: entry.latitude?, longitude: entry.longitude? })
}
