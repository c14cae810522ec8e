//! The words of the trade: locations, services, practitioners, slots. Pure: no I/O, no clock, no vendor names.
//!
//! Start with [`Location`] and [`Service`]; [`availability`] is the arithmetic that cuts openings into slots.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub mod availability;
pub mod civil;
pub mod code;
pub mod geography;
pub mod slot;

/// Whose calendar it is. The name is the prefix of a location id, the section of the configuration, the log
/// field and the row of the conformance matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderName {
    Embedded,
    Bookings,
    Shifts,
    Fhir,
}

impl ProviderName {
    pub const ALL: [Self; 4] = [Self::Embedded, Self::Bookings, Self::Shifts, Self::Fhir];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Bookings => "bookings",
            Self::Shifts => "shifts",
            Self::Fhir => "fhir",
        }
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A site a patient can go to, as `provider:id`; the prefix says whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocationId {
    provider: ProviderName,
    text: Arc<str>,
}

impl LocationId {
    #[must_use]
    pub fn new(provider: ProviderName, id: &str) -> Self {
        Self { provider, text: format!("{provider}:{id}").into() }
    }

    #[must_use]
    pub fn provider(&self) -> ProviderName {
        self.provider
    }

    /// The id without its prefix: what the provider itself calls the site.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.text[self.provider.as_str().len() + 1..]
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// A location id without a provider's prefix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a location id starts with one of `embedded:`, `bookings:`, `shifts:`, `fhir:`")]
pub struct UnknownPrefix;

impl FromStr for LocationId {
    type Err = UnknownPrefix;

    fn from_str(text: &str) -> Result<Self, UnknownPrefix> {
        let (prefix, local) = text.split_once(':').ok_or(UnknownPrefix)?;
        let provider = ProviderName::ALL.into_iter().find(|name| name.as_str() == prefix);
        match provider {
            Some(provider) if !local.is_empty() => Ok(Self { provider, text: text.into() }),
            _ => Err(UnknownPrefix),
        }
    }
}

impl TryFrom<String> for LocationId {
    type Error = UnknownPrefix;

    fn try_from(text: String) -> Result<Self, UnknownPrefix> {
        text.parse()
    }
}

impl From<LocationId> for String {
    fn from(id: LocationId) -> Self {
        id.text.as_ref().to_owned()
    }
}

impl fmt::Display for LocationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// What is done at an appointment; unique within a provider.
    ServiceId
);
text_id!(
    /// Who does it; unique within a calendar.
    PractitionerId
);
text_id!(
    /// The provider's name for whatever shares practitioners: a Bookings business, a Shifts team, a clinic.
    /// Carries the provider's prefix, so that two providers never share one.
    CalendarId
);

/// A span of time whose start is before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "(DateTime<Utc>, DateTime<Utc>)", into = "(DateTime<Utc>, DateTime<Utc>)")]
pub struct TimeRange {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
}

/// A span that ends before it starts, or is empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ends before it starts")]
pub struct EndsBeforeStart;

impl TimeRange {
    /// # Errors
    /// When `end` is not after `start`.
    pub fn new(start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Self, EndsBeforeStart> {
        if start < end { Ok(Self { start, end }) } else { Err(EndsBeforeStart) }
    }

    #[must_use]
    pub fn start(&self) -> DateTime<Utc> {
        self.start
    }

    #[must_use]
    pub fn end(&self) -> DateTime<Utc> {
        self.end
    }

    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

impl TryFrom<(DateTime<Utc>, DateTime<Utc>)> for TimeRange {
    type Error = EndsBeforeStart;

    fn try_from((start, end): (DateTime<Utc>, DateTime<Utc>)) -> Result<Self, EndsBeforeStart> {
        Self::new(start, end)
    }
}

impl From<TimeRange> for (DateTime<Utc>, DateTime<Utc>) {
    fn from(range: TimeRange) -> Self {
        (range.start, range.end)
    }
}

/// A text a clinic writes, with its translations by language (`es`) or locale (`es-MX`), in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Localized {
    pub default: String,
    pub translations: BTreeMap<String, String>,
}

impl Localized {
    /// The text for a locale: its own, else its language's, else the default.
    #[must_use]
    pub fn get(&self, locale: &str) -> &str {
        let locale = locale.to_ascii_lowercase();
        let language = locale.split(['-', '_']).next().unwrap_or_default();
        self.translations.get(&locale).or_else(|| self.translations.get(language)).unwrap_or(&self.default)
    }
}

impl From<&str> for Localized {
    fn from(text: &str) -> Self {
        Self { default: text.to_owned(), translations: BTreeMap::new() }
    }
}

/// What a patient can book, and the clinic's rules for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    pub id: ServiceId,
    pub name: Localized,
    pub duration: TimeDelta,
    /// The grid on which slots start, counted from each opening.
    pub every: TimeDelta,
    pub buffer_before: TimeDelta,
    pub buffer_after: TimeDelta,
    /// Patients per practitioner and slot.
    pub capacity: u32,
    /// A slot that starts sooner is not offered.
    pub min_notice: TimeDelta,
    /// A slot on a later date than this many days from today, at the site, is not offered.
    pub max_advance_days: u32,
    /// An appointment that starts sooner is not cancelled or moved by the patient.
    pub cancel_notice: TimeDelta,
    pub series: Option<Series>,
    /// Fields of the patient that must be given, besides a name and one contact.
    pub requires: Vec<PatientField>,
    pub questions: Vec<Question>,
    pub consent: Option<Consent>,
    pub instructions: Option<Localized>,
    pub price: Option<Localized>,
    pub min_age: Option<u32>,
    pub max_age: Option<u32>,
    pub audience: Audience,
    pub practitioner_choice: PractitionerChoice,
    /// All doses of a series are with the same practitioner.
    pub same_practitioner: bool,
    /// Open bookings one contact may have at a time.
    pub max_open_per_contact: u32,
    pub online: bool,
    /// Where patients can book it by themselves.
    pub booking_page: Option<String>,
    /// Not offered, or not any more: it is there for the bookings that there are.
    pub hidden: bool,
}

impl Service {
    /// How many appointments one booking of this service makes.
    #[must_use]
    pub fn doses(&self) -> u8 {
        self.series.as_ref().map_or(1, |series| series.doses)
    }

    /// The appointment that starts at `start`.
    ///
    /// # Errors
    /// When the duration is not positive, or the end is beyond all time.
    pub fn appointment(&self, start: DateTime<Utc>) -> Result<TimeRange, EndsBeforeStart> {
        TimeRange::new(start, start.checked_add_signed(self.duration).ok_or(EndsBeforeStart)?)
    }

    /// An appointment with the buffers around it.
    #[must_use]
    pub fn buffered(&self, time: TimeRange) -> TimeRange {
        TimeRange {
            start: time.start.checked_sub_signed(self.buffer_before).unwrap_or(time.start),
            end: time.end.checked_add_signed(self.buffer_after).unwrap_or(time.end),
        }
    }
}

/// Several appointments booked together, at most and at least so many days apart, dose to dose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Series {
    pub doses: u8,
    pub min_days: u32,
    pub max_days: u32,
}

/// A field of the patient that a service may demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PatientField {
    Email,
    Phone,
    BirthDate,
}

/// A question the clinic asks at booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub id: String,
    pub text: Localized,
    /// Empty: any text will do.
    pub options: Vec<Localized>,
    pub required: bool,
}

/// What a patient agrees to by booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    pub id: String,
    pub text: Localized,
    pub url: Option<String>,
}

/// How a patient is told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Channel {
    Email,
    Sms,
}

/// For whom a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    Any,
    Adults,
    Children,
}

/// Whether a patient may name a practitioner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PractitionerChoice {
    None,
    Optional,
    Required,
}

/// A site, with what it offers.
#[derive(Debug, Clone, PartialEq)]
pub struct Location {
    pub id: LocationId,
    pub calendar: CalendarId,
    pub name: String,
    pub address: Address,
    pub position: Option<Position>,
    pub phone: Option<String>,
    pub time_zone: Tz,
    /// When the site is open, by weekday from Monday, in its civil time.
    pub hours: [Vec<Hours>; 7],
    /// Whole days on which the site is closed.
    pub closed: Vec<NaiveDate>,
    pub booking_page: Option<String>,
    pub book_by: Vec<BookBy>,
    pub services: Vec<Arc<Service>>,
    pub practitioners: Vec<Practitioner>,
}

impl Location {
    #[must_use]
    pub fn service(&self, id: &str) -> Option<&Arc<Service>> {
        self.services.iter().find(|service| service.id.as_str() == id)
    }

    /// What patients can book.
    pub fn offered(&self) -> impl Iterator<Item = &Arc<Service>> {
        self.services.iter().filter(|service| !service.hidden)
    }

    /// The same service, if it can be booked.
    #[must_use]
    pub fn offers(&self, id: &str) -> Option<&Arc<Service>> {
        self.service(id).filter(|service| !service.hidden)
    }
}

/// A span of civil time on one day. The end may be after midnight: `26:00` is 2 AM on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    pub from: NaiveTime,
    /// Whole minutes from `from`'s day's midnight, more than `from`, at most 48 hours.
    pub until_minutes: u32,
}

/// How a site takes bookings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BookBy {
    Chat,
    Page,
    Phone,
}

/// Somebody (or a chair, or a room) who serves patients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Practitioner {
    pub id: PractitionerId,
    pub name: String,
    pub services: Vec<ServiceId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    pub street: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: Option<String>,
}

/// Degrees, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    pub latitude: f64,
    pub longitude: f64,
}

/// Where and with whom one appointment stands, or would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub practitioner: PractitionerId,
    pub time: TimeRange,
    /// `time` with the service's buffers: what must not overlap with anything else.
    pub buffered: TimeRange,
}
