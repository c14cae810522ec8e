//! What there is to book: businesses, their services and staff, read together and kept for a while.
//!
//! A newcomer would ask Graph for a list of businesses. It has ids and names only, at most 500 of them; so each
//! one that is allowed is read, five in one round trip. One that cannot be used (a zone nobody knows, no right
//! to read it) is left out and named in the log and by `check`; the others go on.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Timelike};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use super::{
    paths::{self, Paths},
    wire,
};
use crate::{
    config::{
        Bookings as Settings,
        bookings::{BusinessOverlay, ServiceOverlay},
    },
    domain::{
        Address, Audience, BookBy, CalendarId, Consent, Hours, Localized, Location, LocationId, Position,
        Practitioner, PractitionerChoice, PractitionerId, ProviderName, Question, Service, ServiceId,
        geography,
    },
    provider::ProviderError,
    providers::graph::{Answer, Ask, Graph, Trouble, zones},
};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

/// Weekly hours, by weekday from Monday.
pub(super) type Week = [Vec<Hours>; 7];

/// Whole days on which a site is closed are told for so long a span at most.
const LONGEST_CLOSURE: u64 = 400;

/// A slot on a later date is not offered, where Bookings does not say.
const MAX_ADVANCE_DAYS: i64 = 365;

/// Patients of one group that Graph takes in one appointment are counted up to this.
const MOST_SEATS: i64 = 1000;

/// All businesses that could be read, and why others could not.
#[derive(Debug, Clone, Default)]
pub(super) struct Catalogue {
    pub(super) businesses: Vec<Arc<Business>>,
    pub(super) failed: Vec<(String, ProviderError)>,
    pub(super) stale: bool,
}

/// A business, as bookings need it.
#[derive(Debug)]
pub(super) struct Business {
    pub(super) id: Arc<str>,
    pub(super) calendar: CalendarId,
    pub(super) zone: Tz,
    pub(super) locations: Vec<Arc<Location>>,
    pub(super) services: Vec<Offered>,
    staff: HashMap<PractitionerId, Staff>,
    hours: Week,
    /// Of the longest service with its buffers: how far beyond a window an appointment may reach.
    pub(super) reach: TimeDelta,
    /// When it was read.
    pub(super) read: Instant,
}

/// A service, as its business has it.
#[derive(Debug)]
pub(super) struct Offered {
    pub(super) vendor: wire::Service,
    pub(super) service: Arc<Service>,
    /// Whose policy holds: the service's own, else the business's.
    pub(super) policy: wire::Policy,
    pub(super) staff: Vec<PractitionerId>,
    pub(super) questions: Vec<wire::CustomQuestion>,
}

#[derive(Debug)]
struct Staff {
    zone: Tz,
    /// Their own; `None`: the business's.
    hours: Option<Week>,
}

/// What four reads of a business come to.
struct Raw {
    business: wire::Business,
    services: Vec<wire::Service>,
    staff: Vec<wire::StaffMember>,
    questions: Vec<wire::CustomQuestion>,
}

impl Catalogue {
    pub(super) fn business(&self, calendar: &CalendarId) -> Option<&Arc<Business>> {
        self.businesses.iter().find(|business| business.calendar == *calendar)
    }

    /// Reads every business that is allowed. Those that Graph does not answer for now are as they were.
    pub(super) async fn read(
        graph: &Graph,
        settings: &Settings,
        paths: &Paths,
        before: Option<&Self>,
        usable: Duration,
        deadline: Instant,
    ) -> Result<Self, Trouble> {
        let ids = paths.businesses(graph, deadline).await?;
        let mut asks = Vec::new();
        for id in &ids {
            asks.extend([
                Ask::get(id, paths.business(id)?, "business"),
                Ask::get(id, paths.below(id, &["services"])?, "services"),
                Ask::get(id, paths.below(id, &["staffMembers"])?, "staffMembers"),
                Ask::get(id, paths.below(id, &["customQuestions"])?, "customQuestions"),
            ]);
        }
        let answers = graph.batch(&asks, deadline).await;
        let mut catalogue = Self::default();
        for ((id, asks), answers) in ids.iter().zip(asks.chunks(PARTS)).zip(answers.chunks(PARTS)) {
            match Raw::read(graph, asks, answers, deadline).await {
                Ok(raw) => match Business::new(id, raw, settings) {
                    Ok(business) => catalogue.businesses.push(Arc::new(business)),
                    Err(error) => catalogue.failed.push((id.to_string(), error)),
                },
                Err((trouble, what)) => {
                    let known =
                        before.and_then(|before| before.businesses.iter().find(|known| known.id == *id));
                    match known.filter(|known| trouble.passes() && known.read.elapsed() < usable) {
                        Some(known) => {
                            catalogue.stale = true;
                            catalogue.businesses.push(known.clone());
                        }
                        None => catalogue.failed.push((id.to_string(), why(id, trouble, what))),
                    }
                }
            }
        }
        Ok(catalogue)
    }
}

/// Reads per business.
const PARTS: usize = 4;

fn why(id: &str, trouble: Trouble, what: &'static str) -> ProviderError {
    match trouble {
        Trouble::NotFound => ProviderError::Misconfigured(format!(
            "there is no Bookings business `{id}`: see `businesses` of `[bookings]`"
        )),
        trouble => trouble.into_error(what),
    }
}

impl Raw {
    async fn read(
        graph: &Graph,
        asks: &[Ask],
        answers: &[Result<Answer, Trouble>],
        deadline: Instant,
    ) -> Result<Self, (Trouble, &'static str)> {
        let [business, services, staff, questions] = asks else {
            return Err((Trouble::NoAnswer("not in time"), "business"));
        };
        let answer =
            |index: usize| answers.get(index).cloned().unwrap_or(Err(Trouble::NoAnswer("not in time")));
        let told = |ask: &Ask| {
            let what = ask.what;
            move |trouble| (trouble, what)
        };
        Ok(Self {
            business: answer(0).and_then(|answer| answer.read()).map_err(told(business))?,
            services: list(graph, answer(1), services, deadline).await.map_err(told(services))?,
            staff: list(graph, answer(2), staff, deadline).await.map_err(told(staff))?,
            questions: list(graph, answer(3), questions, deadline).await.map_err(told(questions))?,
        })
    }
}

/// A list whose first page came in a batch.
pub(super) async fn list<T: DeserializeOwned>(
    graph: &Graph,
    answer: Result<Answer, Trouble>,
    ask: &Ask,
    deadline: Instant,
) -> Result<Vec<T>, Trouble> {
    graph.rest_of(answer?.read()?, ask, deadline).await
}

impl Business {
    fn new(id: &Arc<str>, raw: Raw, settings: &Settings) -> Result<Self, ProviderError> {
        let Raw { business, services, staff, questions } = raw;
        let overlay = settings.business(id);
        let zone = zone_of(id, &business, overlay)?;
        let hours = week(&business.business_hours);
        let staff: Vec<(wire::StaffMember, Tz)> = staff
            .into_iter()
            .filter(can_serve)
            .map(|staff| placed(id, staff, zone))
            .collect::<Result<_, _>>()?;
        let overlays: Vec<_> = (0..services.len()).map(|at| overlay_of(&services, at, settings)).collect();
        let services: Vec<Offered> = services
            .into_iter()
            .zip(overlays)
            .filter_map(|(service, overlay)| {
                Offered::new(id, service, &business, &staff, &questions, overlay, settings)
            })
            .collect();
        let reach = services.iter().map(Offered::reach).max().unwrap_or_default();
        let calendar = paths::calendar_of(id);
        let locations = Site { id, business: &business, overlay, zone, hours: &hours, calendar: &calendar }
            .locations(&services, &staff);
        let staff = staff.into_iter().map(|(staff, zone)| {
            let own = (!staff.use_business_hours).then(|| week(&staff.working_hours));
            (PractitionerId::from(staff.id), Staff { zone, hours: own })
        });
        Ok(Self {
            id: id.clone(),
            calendar,
            zone,
            locations,
            services,
            staff: staff.collect(),
            hours,
            reach,
            read: Instant::now(),
        })
    }

    pub(super) fn offered(&self, service: &ServiceId) -> Option<&Offered> {
        self.services.iter().find(|offered| offered.service.id == *service)
    }

    /// The same by the id that Bookings has for it.
    pub(super) fn offered_as(&self, vendor: &str) -> Option<&Offered> {
        self.services.iter().find(|offered| offered.vendor.id == vendor)
    }

    /// The hours of the business, and their zone.
    pub(super) fn business_hours(&self) -> (&Week, Tz) {
        (&self.hours, self.zone)
    }

    /// Somebody's own hours, else the business's, and their zone.
    pub(super) fn staff_hours(&self, practitioner: &PractitionerId) -> (&Week, Tz) {
        match self.staff.get(practitioner) {
            Some(Staff { zone, hours: Some(own) }) => (own, *zone),
            _ => self.business_hours(),
        }
    }
}

/// What is laid over one of the services of a business. Where several fit, it is laid over the first that it names
/// and that is not hidden; the others keep the ids that they have in Bookings.
fn overlay_of<'a>(
    services: &[wire::Service],
    at: usize,
    settings: &'a Settings,
) -> Option<&'a ServiceOverlay> {
    let name = |service: &wire::Service| service.display_name.clone().unwrap_or_default();
    let overlay = settings.service(&services[at].id, &name(&services[at]))?;
    let shown = services.iter().enumerate().filter(|(_, service)| !is_hidden(service, Some(overlay)));
    let first = shown
        .filter_map(|(index, service)| Some((overlay.rank(&service.id, &name(service))?, index)))
        .min()
        .map(|(_, index)| index);
    Some(overlay).filter(|_| first.is_none_or(|first| first == at))
}

/// From patients.
fn is_hidden(service: &wire::Service, overlay: Option<&ServiceOverlay>) -> bool {
    overlay.and_then(|overlay| overlay.hidden).unwrap_or(service.is_hidden_from_customers)
}

/// Viewers see calendars and have none; who has declined to be on the staff is not.
fn can_serve(staff: &wire::StaffMember) -> bool {
    let is =
        |text: &Option<String>, word: &str| text.as_ref().is_some_and(|text| text.eq_ignore_ascii_case(word));
    !is(&staff.role, "viewer") && !is(&staff.membership_status, "rejectedByStaff")
}

/// A member of staff, and the zone of their own hours.
fn placed(
    business: &str,
    staff: wire::StaffMember,
    zone: Tz,
) -> Result<(wire::StaffMember, Tz), ProviderError> {
    let named = staff.time_zone.as_deref().filter(|name| !staff.use_business_hours && !name.is_empty());
    let zone = match named {
        None => zone,
        Some(name) => zones::zone(name).ok_or_else(|| {
            ProviderError::Misconfigured(format!(
                "a member of the staff of `{business}` has the time zone `{name}`, which nobody knows: set it in \
                 Bookings"
            ))
        })?,
    };
    Ok((staff, zone))
}

fn zone_of(
    id: &str,
    business: &wire::Business,
    overlay: Option<&BusinessOverlay>,
) -> Result<Tz, ProviderError> {
    if let Some(zone) = overlay.and_then(|overlay| overlay.time_zone) {
        return Ok(zone);
    }
    let named = business.booking_page_settings.as_ref().and_then(|page| page.business_time_zone.as_deref());
    let remedy = format!("set `time_zone` in a `[[bookings.business]]` with `id = \"{id}\"`");
    match named.filter(|name| !name.is_empty()) {
        None => Err(ProviderError::Misconfigured(format!("`{id}` does not tell its time zone: {remedy}"))),
        Some(name) => zones::zone(name).ok_or_else(|| {
            ProviderError::Misconfigured(format!(
                "`{id}` has the time zone `{name}`, which nobody knows: {remedy}"
            ))
        }),
    }
}

/// `bookingWorkHours` as hours by weekday.
pub(super) fn week(hours: &[wire::WorkHours]) -> Week {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let mut week = Week::default();
    for of_day in hours {
        let Some(day) = days.iter().position(|day| of_day.day.eq_ignore_ascii_case(day)) else { continue };
        week[day].extend(of_day.time_slots.iter().filter_map(span));
        week[day].sort_by_key(|hours| hours.from);
    }
    week
}

/// An end at or just before midnight is midnight; an end before the start is on the next day.
fn span(slot: &wire::TimeSlot) -> Option<Hours> {
    let (from, until) = (wire::time(&slot.start_time)?, wire::time(&slot.end_time)?);
    let minute = |time: NaiveTime| time.num_seconds_from_midnight().div_ceil(60);
    let until_minutes = match minute(until) {
        end if until > from => end,
        end => end + 24 * 60,
    };
    // The last second of a day is as far as some calendars go.
    let last = until.hour() == 23 && until.minute() == 59 && until.second() == 59;
    Some(Hours { from, until_minutes: if last && until > from { 24 * 60 } else { until_minutes } })
}

impl Offered {
    /// `None` for what is not offered: hidden, or nobody is there to do it.
    fn new(
        business_id: &str,
        vendor: wire::Service,
        business: &wire::Business,
        staff: &[(wire::StaffMember, Tz)],
        questions: &[wire::CustomQuestion],
        overlay: Option<&ServiceOverlay>,
        settings: &Settings,
    ) -> Option<Self> {
        if is_hidden(&vendor, overlay) || vendor.id.is_empty() {
            return None;
        }
        let own: Vec<PractitionerId> = staff
            .iter()
            .filter(|(staff, _)| vendor.staff_member_ids.contains(&staff.id))
            .map(|(staff, _)| PractitionerId::from(staff.id.as_str()))
            .collect();
        if own.is_empty() {
            tracing::warn!(calendar = business_id, service = %vendor.id, "a service has no staff, so nobody can be booked");
        }
        let policy = vendor
            .scheduling_policy
            .clone()
            .or_else(|| business.scheduling_policy.clone())
            .unwrap_or_default();
        let asked: Vec<wire::CustomQuestion> = vendor
            .custom_questions
            .iter()
            .filter_map(|assigned| {
                questions.iter().find(|question| question.id == assigned.question_id).cloned()
            })
            .collect();
        let service = Reading { vendor: &vendor, business, overlay, policy: &policy, settings };
        let service = Arc::new(service.service(&asked)?);
        Some(Self { vendor, service, policy, staff: own, questions: asked })
    }

    fn reach(&self) -> TimeDelta {
        self.service.duration + self.service.buffer_before + self.service.buffer_after
    }
}

/// A service on its way into the words of the trade.
struct Reading<'a> {
    vendor: &'a wire::Service,
    business: &'a wire::Business,
    overlay: Option<&'a ServiceOverlay>,
    policy: &'a wire::Policy,
    settings: &'a Settings,
}

impl Reading<'_> {
    fn service(&self, questions: &[wire::CustomQuestion]) -> Option<Service> {
        let vendor = self.vendor;
        let overlay = self.overlay;
        let duration = vendor.default_duration.filter(|duration| *duration > TimeDelta::zero())?;
        let every = self.policy.time_slot_interval.filter(|every| *every > TimeDelta::zero());
        let lead = self.policy.minimum_lead_time.unwrap_or_default().max(TimeDelta::zero());
        let advance = self.policy.maximum_advance.map_or(MAX_ADVANCE_DAYS, |advance| advance.num_days());
        Some(Service {
            id: overlay.map_or_else(|| ServiceId::from(vendor.id.as_str()), |overlay| overlay.id.clone()),
            name: overlay
                .and_then(|overlay| overlay.name.clone())
                .unwrap_or_else(|| Localized::from(vendor.display_name.as_deref().unwrap_or_default())),
            duration,
            every: every.unwrap_or(duration),
            buffer_before: vendor.pre_buffer.unwrap_or_default().max(TimeDelta::zero()),
            buffer_after: vendor.post_buffer.unwrap_or_default().max(TimeDelta::zero()),
            capacity: u32::try_from(vendor.maximum_attendees_count.unwrap_or(1).clamp(1, MOST_SEATS)).ok()?,
            min_notice: lead,
            max_advance_days: u32::try_from(advance).unwrap_or(0),
            // Graph's word for it: "the minimum lead time for bookings and cancellations".
            cancel_notice: overlay.and_then(|overlay| overlay.cancel_notice).unwrap_or(lead),
            series: overlay.and_then(|overlay| overlay.series),
            requires: overlay.map(|overlay| overlay.requires.clone()).unwrap_or_default(),
            questions: questions.iter().map(|question| self.question(question)).collect(),
            consent: overlay.and_then(|overlay| overlay.consent.clone()).or_else(|| self.consent()),
            instructions: overlay
                .and_then(|overlay| overlay.instructions.clone())
                .or_else(|| text(vendor.additional_information.as_deref())),
            price: overlay.and_then(|overlay| overlay.price.clone()).or_else(|| self.price()),
            min_age: overlay.and_then(|overlay| overlay.min_age),
            max_age: overlay.and_then(|overlay| overlay.max_age),
            audience: overlay.map_or(Audience::Any, |overlay| overlay.audience),
            practitioner_choice: self.practitioner_choice(),
            same_practitioner: overlay
                .and_then(|overlay| overlay.same_practitioner)
                .unwrap_or(self.settings.same_practitioner),
            max_open_per_contact: overlay
                .and_then(|overlay| overlay.max_open_per_contact)
                .unwrap_or(self.settings.max_open_per_contact),
            online: vendor.is_location_online,
            booking_page: published(self.business).and(vendor.web_url.clone()),
        })
    }

    fn practitioner_choice(&self) -> PractitionerChoice {
        if !self.policy.allow_staff_selection {
            return PractitionerChoice::None;
        }
        let own = self.overlay.and_then(|overlay| overlay.practitioner_choice);
        own.unwrap_or(self.settings.practitioner_choice)
    }

    /// In the clinic's words, with the translations that are configured.
    fn question(&self, question: &wire::CustomQuestion) -> Question {
        let laid = self
            .overlay
            .and_then(|overlay| overlay.questions.iter().find(|translated| translated.id == question.id));
        let assigned =
            self.vendor.custom_questions.iter().find(|assigned| assigned.question_id == question.id);
        // Answers go back as Bookings has the options, so only translations are laid over those.
        let option = |(at, own): (usize, &String)| Localized {
            default: own.clone(),
            translations: laid
                .and_then(|laid| laid.options.get(at))
                .map(|option| option.translations.clone())
                .unwrap_or_default(),
        };
        Question {
            id: question.id.clone(),
            text: laid
                .map_or_else(|| Localized::from(question.display_name.as_str()), |laid| laid.text.clone()),
            options: question.answer_options.iter().enumerate().map(option).collect(),
            required: assigned.is_some_and(|assigned| assigned.is_required),
        }
    }

    /// What the booking page asks everybody to agree to. Its id changes with its text.
    fn consent(&self) -> Option<Consent> {
        let page =
            self.business.booking_page_settings.as_ref().filter(|page| page.is_customer_consent_enabled)?;
        let message =
            page.customer_consent_message.as_deref().filter(|message| !message.trim().is_empty())?;
        let digest = Sha256::digest(message.as_bytes());
        let id = digest[..6].iter().fold("consent-".to_owned(), |id, byte| format!("{id}{byte:02x}"));
        let url = page.privacy_policy_web_url.clone().or_else(|| page.terms_and_conditions_web_url.clone());
        Some(Consent { id, text: Localized::from(message), url: url.filter(|url| !url.is_empty()) })
    }

    fn price(&self) -> Option<Localized> {
        let currency = self.business.default_currency_iso.as_deref().unwrap_or_default();
        let amount = format!("{:.2} {currency}", self.vendor.default_price.unwrap_or_default());
        let amount = amount.trim_end();
        let words = match self.vendor.default_price_type.as_deref()? {
            "fixedPrice" => amount.to_owned(),
            "startingAt" => format!("from {amount}"),
            "hourly" => format!("{amount} per hour"),
            "free" => "free of charge".to_owned(),
            "priceVaries" => "the price varies".to_owned(),
            "callUs" => "call us for the price".to_owned(),
            _ => return None,
        };
        Some(Localized::from(words.as_str()))
    }
}

fn text(text: Option<&str>) -> Option<Localized> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(Localized::from)
}

/// The page on which patients book by themselves, if there is one.
fn published(business: &wire::Business) -> Option<String> {
    business.public_url.clone().filter(|url| business.is_published == Some(true) && !url.is_empty())
}

/// A business on its way to its locations.
struct Site<'a> {
    id: &'a Arc<str>,
    business: &'a wire::Business,
    overlay: Option<&'a BusinessOverlay>,
    zone: Tz,
    hours: &'a Week,
    calendar: &'a CalendarId,
}

impl Site<'_> {
    /// One; and one more for each address of their own that services have, where that is configured.
    fn locations(&self, services: &[Offered], staff: &[(wire::StaffMember, Tz)]) -> Vec<Arc<Location>> {
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
        let staffed: Vec<&Offered> =
            services.iter().copied().filter(|offered| !offered.staff.is_empty()).collect();
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
            practitioners: practitioners(&staffed, staff),
            services: staffed.iter().map(|offered| offered.service.clone()).collect(),
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
