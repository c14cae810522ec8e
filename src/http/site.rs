//! How a site and its services are told.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::{Address, Audience, BookBy, Location, PatientField, Practitioner, PractitionerChoice, Service},
    language::{Language, Message, Unit},
    scheduling::{Site, required_fields},
};

const METRES_PER_MILE: f64 = 1609.344;
const METRES_PER_KILOMETRE: f64 = 1000.0;

/// Countries whose road signs count miles.
const MILES: [&str; 4] = ["US", "GB", "LR", "MM"];

/// A site, as an appointment names it.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LocationTold {
    /// Its prefix says whose calendar it is.
    #[schema(examples("embedded:eastside"))]
    id: String,
    name: String,
    address: AddressTold,
    phone: Option<String>,
    position: Option<PositionTold>,
    /// IANA.
    #[schema(examples("America/Los_Angeles"))]
    time_zone: &'static str,
    /// Where a patient can book without the bot.
    booking_page: Option<String>,
    /// Name and address in one line, with the distance where a place was given.
    #[schema(examples("Eastside Clinic, 123 Main St, Redmond (2.0 mi)"))]
    label: String,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AddressTold {
    street: Option<String>,
    city: Option<String>,
    state: Option<String>,
    postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    country: Option<String>,
}

/// Degrees, WGS 84.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
struct PositionTold {
    latitude: f64,
    longitude: f64,
}

impl LocationTold {
    pub(super) fn new(location: &Location, language: &Language) -> Self {
        Self::at_distance(location, None, None, language)
    }

    fn at_distance(
        location: &Location,
        metres: Option<f64>,
        unit: Option<Unit>,
        language: &Language,
    ) -> Self {
        let distance = metres.map(|metres| distance_text(metres, unit, location, language));
        Self {
            id: location.id.to_string(),
            name: location.name.clone(),
            address: AddressTold::new(&location.address),
            phone: location.phone.clone(),
            position: location
                .position
                .map(|position| PositionTold { latitude: position.latitude, longitude: position.longitude }),
            time_zone: location.time_zone.name(),
            booking_page: location.booking_page.clone(),
            label: with_detail(&name_and_address(location), distance, language),
        }
    }
}

impl AddressTold {
    fn new(address: &Address) -> Self {
        Self {
            street: address.street.clone(),
            city: address.city.clone(),
            state: address.state.clone(),
            postal_code: address.postal_code.clone(),
            country: address.country.clone(),
        }
    }
}

/// A site with what it offers.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SiteTold {
    #[serde(flatten)]
    location: LocationTold,
    /// From the place of the request, as the crow flies.
    distance_miles: Option<f64>,
    distance_km: Option<f64>,
    #[schema(examples("Mon–Fri 8:00 AM – 5:00 PM"))]
    hours_text: String,
    open_now: bool,
    /// Days on which the site is closed though its hours say otherwise.
    closures: Vec<ClosureTold>,
    /// How the site takes bookings. Without `chat`, the bot cannot book here.
    book_by: Vec<BookByTold>,
    services: Vec<ServiceTold>,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
struct ClosureTold {
    date: NaiveDate,
    label: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum BookByTold {
    Chat,
    Page,
    Phone,
}

impl SiteTold {
    pub(super) fn new(site: &Site, unit: Option<Unit>, today: NaiveDate, language: &Language) -> Self {
        let location = &site.location;
        let in_units = |unit: f64| site.metres.map(|metres| (metres / unit * 10.0).round() / 10.0);
        Self {
            location: LocationTold::at_distance(location, site.metres, unit, language),
            distance_miles: in_units(METRES_PER_MILE),
            distance_km: in_units(METRES_PER_KILOMETRE),
            hours_text: language.hours_text(&location.hours),
            open_now: site.open_now,
            closures: site
                .closures
                .iter()
                .map(|date| ClosureTold { date: *date, label: language.date_label(*date, today) })
                .collect(),
            book_by: location.book_by.iter().copied().map(BookByTold::from).collect(),
            services: location
                .offered()
                .map(|service| ServiceTold::new(service, location, language))
                .collect(),
        }
    }
}

impl From<BookBy> for BookByTold {
    fn from(book_by: BookBy) -> Self {
        match book_by {
            BookBy::Chat => Self::Chat,
            BookBy::Page => Self::Page,
            BookBy::Phone => Self::Phone,
        }
    }
}

/// What can be booked, and what it asks of the patient.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ServiceTold {
    id: String,
    name: String,
    duration_minutes: i64,
    /// How many appointments one booking makes.
    doses: u8,
    /// How far apart they have to be, dose to dose.
    series: Option<SeriesTold>,
    online: bool,
    price: Option<String>,
    /// What has to be given besides a name and one contact.
    requires: Vec<RequiredTold>,
    questions: Vec<QuestionTold>,
    consent: Option<ConsentTold>,
    /// What the patient should know before coming.
    instructions: Option<String>,
    min_age: Option<u32>,
    max_age: Option<u32>,
    audience: AudienceTold,
    /// Whom the patient may choose; empty where there is no choice.
    practitioners: Vec<PractitionerTold>,
    /// Whether one of them has to be chosen.
    practitioner_required: bool,
    /// Where a patient can book this service without the bot.
    booking_page: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SeriesTold {
    min_days: u32,
    max_days: u32,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum RequiredTold {
    Email,
    Phone,
    BirthDate,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
struct QuestionTold {
    id: String,
    text: String,
    /// Empty: any text will do.
    options: Vec<String>,
    required: bool,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
struct ConsentTold {
    /// To be sent back as `patient.consentId`.
    id: String,
    text: String,
    url: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum AudienceTold {
    Any,
    Adults,
    Children,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
struct PractitionerTold {
    id: String,
    name: String,
}

impl ServiceTold {
    fn new(service: &Service, location: &Location, language: &Language) -> Self {
        let told = |text: &crate::domain::Localized| text.get(language.tag()).to_owned();
        Self {
            id: service.id.to_string(),
            name: told(&service.name),
            duration_minutes: service.duration.num_minutes(),
            doses: service.doses(),
            series: service
                .series
                .map(|series| SeriesTold { min_days: series.min_days, max_days: series.max_days }),
            online: service.online,
            price: service.price.as_ref().map(told),
            requires: required_fields(service).into_iter().map(RequiredTold::from).collect(),
            questions: service
                .questions
                .iter()
                .map(|question| QuestionTold {
                    id: question.id.clone(),
                    text: told(&question.text),
                    options: question.options.iter().map(told).collect(),
                    required: question.required,
                })
                .collect(),
            consent: service.consent.as_ref().map(|consent| ConsentTold {
                id: consent.id.clone(),
                text: told(&consent.text),
                url: consent.url.clone(),
            }),
            instructions: service.instructions.as_ref().map(told),
            min_age: service.min_age,
            max_age: service.max_age,
            audience: match service.audience {
                Audience::Any => AudienceTold::Any,
                Audience::Adults => AudienceTold::Adults,
                Audience::Children => AudienceTold::Children,
            },
            practitioners: choosable(service, location)
                .map(|practitioner| PractitionerTold {
                    id: practitioner.id.to_string(),
                    name: practitioner.name.clone(),
                })
                .collect(),
            practitioner_required: service.practitioner_choice == PractitionerChoice::Required,
            booking_page: service.booking_page.clone(),
        }
    }
}

impl From<PatientField> for RequiredTold {
    fn from(field: PatientField) -> Self {
        match field {
            PatientField::Email => Self::Email,
            PatientField::Phone => Self::Phone,
            PatientField::BirthDate => Self::BirthDate,
        }
    }
}

/// The practitioners a patient may name for a service.
pub(super) fn choosable<'a>(
    service: &'a Service,
    location: &'a Location,
) -> impl Iterator<Item = &'a Practitioner> {
    let choice = service.practitioner_choice != PractitionerChoice::None;
    location
        .practitioners
        .iter()
        .filter(move |practitioner| choice && practitioner.services.contains(&service.id))
}

/// `2.0 mi`: in the unit asked for, else in the one that road signs at the site have.
pub(super) fn distance_text(
    metres: f64,
    unit: Option<Unit>,
    location: &Location,
    language: &Language,
) -> String {
    let country = location.address.country.as_deref();
    let local =
        if country.is_some_and(|country| MILES.contains(&country)) { Unit::Miles } else { Unit::Kilometres };
    match unit.unwrap_or(local) {
        Unit::Miles => language.distance(metres / METRES_PER_MILE, Unit::Miles),
        Unit::Kilometres => language.distance(metres / METRES_PER_KILOMETRE, Unit::Kilometres),
    }
}

pub(super) fn with_detail(title: &str, detail: Option<String>, language: &Language) -> String {
    match detail {
        Some(detail) => language.say(&Message::WithDetail { title, detail: &detail }),
        None => title.to_owned(),
    }
}

fn name_and_address(location: &Location) -> String {
    let address = &location.address;
    let parts = [Some(&location.name), address.street.as_ref(), address.city.as_ref()];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ")
}
