//! `scheduling.toml` as it is written: one field per key. `scheduling.sample.toml` explains every one.
//!
//! Every field is optional to serde, also those that the schema requires: a file with mistakes is read on, so
//! that all of them are found. The schema is what a file is held against.

use std::{collections::BTreeMap, str::FromStr, sync::LazyLock};

use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Source, findings::Findings, lines};
use crate::{
    domain::{
        Audience, BookBy, Hours, PatientField, PractitionerChoice,
        civil::{Away, BadSpan},
    },
    providers::graph::Cloud,
    shape::{Format, Leniency, Shape},
};

/// The whole file.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct File {
    /// What can be booked.
    pub service: Option<Vec<ServiceEntry>>,
    /// The sites of the embedded provider.
    pub clinic: Option<Vec<ClinicEntry>>,
    /// Which Microsoft Graph, and as whom.
    pub graph: Option<GraphEntry>,
    /// Microsoft Bookings.
    pub bookings: Option<BookingsEntry>,
    pub ledger: Option<LedgerEntry>,
}

/// `[[service]]`
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ServiceEntry {
    #[schema(required = true, format = "id", max_length = 64)]
    pub id: Option<String>,
    #[schema(required = true)]
    pub name: Option<Text>,
    #[schema(required = true, minimum = 1, maximum = 1440)]
    pub duration_minutes: Option<u32>,
    #[schema(minimum = 1, maximum = 1440)]
    pub every_minutes: Option<u32>,
    #[schema(maximum = 1440)]
    pub buffer_before_minutes: Option<u32>,
    #[schema(maximum = 1440)]
    pub buffer_after_minutes: Option<u32>,
    #[schema(minimum = 1, maximum = 1000)]
    pub capacity: Option<u32>,
    #[schema(maximum = 525_600)]
    pub min_notice_minutes: Option<u32>,
    #[schema(minimum = 1, maximum = 730)]
    pub max_advance_days: Option<u32>,
    #[schema(maximum = 525_600)]
    pub cancel_notice_minutes: Option<u32>,
    pub series: Option<SeriesEntry>,
    #[schema(value_type = Option<BTreeSet<PatientFieldName>>)]
    pub requires: Option<Vec<PatientField>>,
    pub questions: Option<Vec<QuestionEntry>>,
    pub consent: Option<ConsentEntry>,
    pub instructions: Option<Text>,
    pub price: Option<Text>,
    #[schema(maximum = 150)]
    pub min_age: Option<u32>,
    #[schema(maximum = 150)]
    pub max_age: Option<u32>,
    #[schema(value_type = Option<AudienceName>)]
    pub audience: Option<Audience>,
    #[schema(value_type = Option<PractitionerChoiceName>)]
    pub practitioner_choice: Option<PractitionerChoice>,
    #[schema(minimum = 1, maximum = 1000)]
    pub max_open_per_contact: Option<u32>,
    pub online: Option<bool>,
}

/// A text, or a table of it by locale, with `default` for all others.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Text {
    Plain(String),
    ByLocale(BTreeMap<String, String>),
}

/// `series = { doses = 2, min_days = 21, max_days = 42 }`
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct SeriesEntry {
    #[schema(required = true, minimum = 2, maximum = 12)]
    pub doses: Option<u8>,
    #[schema(required = true, minimum = 1, maximum = 730)]
    pub min_days: Option<u32>,
    #[schema(required = true, minimum = 1, maximum = 730)]
    pub max_days: Option<u32>,
}

/// `[[service.questions]]`
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct QuestionEntry {
    #[schema(required = true, format = "id", max_length = 64)]
    pub id: Option<String>,
    #[schema(required = true)]
    pub text: Option<Text>,
    pub options: Option<Vec<Text>>,
    pub required: Option<bool>,
}

/// `[service.consent]`
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ConsentEntry {
    #[schema(required = true, format = "id", max_length = 64)]
    pub id: Option<String>,
    #[schema(required = true)]
    pub text: Option<Text>,
    #[schema(format = "uri")]
    pub url: Option<String>,
}

/// `[[clinic]]`
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct ClinicEntry {
    #[schema(required = true, format = "id", max_length = 64)]
    pub id: Option<String>,
    #[schema(required = true, format = "words", max_length = 200)]
    pub name: Option<String>,
    #[schema(required = true, format = "time-zone")]
    pub time_zone: Option<String>,
    pub address: Option<AddressEntry>,
    pub position: Option<PositionEntry>,
    #[schema(max_length = 40)]
    pub phone: Option<String>,
    #[schema(format = "uri")]
    pub booking_page: Option<String>,
    #[schema(value_type = Option<BTreeSet<BookByName>>, min_items = 1)]
    pub book_by: Option<Vec<BookBy>>,
    pub services: Option<Vec<String>>,
    pub hours: Option<WeekEntry>,
    #[schema(value_type = Option<Vec<DateText>>)]
    pub closed: Option<Vec<String>>,
    pub practitioner: Option<Vec<PractitionerEntry>>,
}

/// `address = { street = "…", city = "…", state = "…", postal_code = "…", country = "US" }`
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct AddressEntry {
    #[schema(format = "words", max_length = 200)]
    pub street: Option<String>,
    #[schema(format = "words", max_length = 100)]
    pub city: Option<String>,
    #[schema(format = "words", max_length = 100)]
    pub state: Option<String>,
    #[schema(format = "words", max_length = 20)]
    pub postal_code: Option<String>,
    #[schema(format = "country")]
    pub country: Option<String>,
}

/// `position = { latitude = 47.674, longitude = -122.121 }`
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PositionEntry {
    #[schema(required = true, minimum = -90, maximum = 90)]
    pub latitude: Option<f64>,
    #[schema(required = true, minimum = -180, maximum = 180)]
    pub longitude: Option<f64>,
}

/// `[[clinic.practitioner]]`
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct PractitionerEntry {
    #[schema(required = true, format = "id", max_length = 64)]
    pub id: Option<String>,
    #[schema(required = true, format = "words", max_length = 200)]
    pub name: Option<String>,
    pub services: Option<Vec<String>>,
    pub hours: Option<WeekEntry>,
    #[schema(value_type = Option<Vec<AwayText>>)]
    pub away: Option<Vec<String>>,
}

/// `hours = { mon = ["08:00-12:00", "13:00-17:00"] }`; a day that is not there is closed.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct WeekEntry {
    #[schema(value_type = Option<Vec<HoursText>>)]
    pub mon: Option<Vec<String>>,
    #[schema(value_type = Option<Vec<HoursText>>)]
    pub tue: Option<Vec<String>>,
    #[schema(value_type = Option<Vec<HoursText>>)]
    pub wed: Option<Vec<String>>,
    #[schema(value_type = Option<Vec<HoursText>>)]
    pub thu: Option<Vec<String>>,
    #[schema(value_type = Option<Vec<HoursText>>)]
    pub fri: Option<Vec<String>>,
    #[schema(value_type = Option<Vec<HoursText>>)]
    pub sat: Option<Vec<String>>,
    #[schema(value_type = Option<Vec<HoursText>>)]
    pub sun: Option<Vec<String>>,
}

impl WeekEntry {
    /// The days from Monday, each with its key.
    #[must_use]
    pub fn days(self) -> [(&'static str, Option<Vec<String>>); 7] {
        [
            ("mon", self.mon),
            ("tue", self.tue),
            ("wed", self.wed),
            ("thu", self.thu),
            ("fri", self.fri),
            ("sat", self.sat),
            ("sun", self.sun),
        ]
    }
}

/// `[graph]`
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct GraphEntry {
    #[schema(value_type = Option<CloudName>)]
    pub cloud: Option<Cloud>,
    #[schema(format = "words", max_length = 200)]
    pub tenant_id: Option<String>,
    #[schema(format = "words", max_length = 200)]
    pub client_id: Option<String>,
    #[schema(format = "words", max_length = 160)]
    pub client_secret: Option<String>,
    #[schema(minimum = 1, maximum = 20)]
    pub requests_at_once: Option<u32>,
}

/// `[bookings]`
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct BookingsEntry {
    #[schema(required = true)]
    pub businesses: Option<Businesses>,
    #[schema(value_type = Option<BTreeSet<SentFieldName>>)]
    pub send: Option<Vec<Sent>>,
    #[schema(value_type = Option<PractitionerChoiceName>)]
    pub practitioner_choice: Option<PractitionerChoice>,
    pub same_practitioner: Option<bool>,
    #[schema(minimum = 1, maximum = 1000)]
    pub max_open_per_contact: Option<u32>,
    pub pause: Option<bool>,
    pub without_one_time_password: Option<bool>,
    pub business: Option<Vec<BusinessEntry>>,
    pub service: Option<Vec<BookingsServiceEntry>>,
}

/// Their ids, or `"*"`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Businesses {
    All(String),
    Listed(Vec<String>),
}

/// `[[bookings.business]]`
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct BusinessEntry {
    #[schema(required = true, format = "words", max_length = 320)]
    pub id: Option<String>,
    #[schema(format = "id", max_length = 64)]
    pub location: Option<String>,
    #[schema(format = "time-zone")]
    pub time_zone: Option<String>,
    #[schema(format = "country")]
    pub country: Option<String>,
    pub position: Option<PositionEntry>,
    pub locations_of_services: Option<bool>,
    pub pause: Option<bool>,
    pub without_one_time_password: Option<bool>,
}

/// `[[bookings.service]]`
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct BookingsServiceEntry {
    #[schema(required = true, format = "id", max_length = 64)]
    pub id: Option<String>,
    pub services: Option<Vec<String>>,
    pub hidden: Option<bool>,
    pub name: Option<Text>,
    pub series: Option<SeriesEntry>,
    #[schema(value_type = Option<BTreeSet<PatientFieldName>>)]
    pub requires: Option<Vec<PatientField>>,
    pub questions: Option<Vec<QuestionEntry>>,
    pub consent: Option<ConsentEntry>,
    pub instructions: Option<Text>,
    pub price: Option<Text>,
    #[schema(maximum = 150)]
    pub min_age: Option<u32>,
    #[schema(maximum = 150)]
    pub max_age: Option<u32>,
    #[schema(value_type = Option<AudienceName>)]
    pub audience: Option<Audience>,
    #[schema(value_type = Option<PractitionerChoiceName>)]
    pub practitioner_choice: Option<PractitionerChoice>,
    pub same_practitioner: Option<bool>,
    #[schema(maximum = 525_600)]
    pub cancel_notice_minutes: Option<u32>,
    #[schema(minimum = 1, maximum = 1000)]
    pub max_open_per_contact: Option<u32>,
}

/// What of a patient may reach Bookings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Sent {
    Name,
    Email,
    Phone,
    BirthDate,
    Notes,
    Answers,
    BookedBy,
}

/// `[ledger]`
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct LedgerEntry {
    #[schema(minimum = 1, maximum = 3650)]
    pub retention_days: Option<u32>,
    #[schema(format = "words", max_length = 160)]
    pub secret: Option<String>,
}

/// The names below are only for the schema: it has no other way to say what an item of a list is.
macro_rules! names {
    ($($name:ident: $($variant:ident)+;)+) => {
        $(
            #[allow(dead_code, reason = "only its schema is used")]
            #[derive(ToSchema)]
            #[schema(rename_all = "camelCase")]
            enum $name { $($variant),+ }
        )+
    };
}
names! {
    PatientFieldName: Email Phone BirthDate;
    AudienceName: Any Adults Children;
    PractitionerChoiceName: None Optional Required;
    BookByName: Chat Page Phone;
    SentFieldName: Name Email Phone BirthDate Notes Answers BookedBy;
    CloudName: Global UsGovL4 UsGovL5;
}

macro_rules! texts {
    ($($name:ident: $format:literal;)+) => {
        $(
            #[allow(dead_code, reason = "only its schema is used")]
            #[derive(ToSchema)]
            #[schema(format = $format)]
            struct $name(String);
        )+
    };
}
texts! {
    HoursText: "hours";
    AwayText: "away";
    DateText: "date";
}

/// Formats of this file alone.
const FORMATS: [Format; 5] = [
    Format { name: "id", expected: "an id, as `flu-shot`", check: check_id },
    Format { name: "words", expected: "a text that is not blank", check: check_words },
    Format { name: "country", expected: "an ISO 3166 country, as `US`", check: check_country },
    Format {
        name: "hours",
        expected: "hours, as `08:00-12:00`",
        check: |text| {
            span::<Hours>(text, "ends before it starts; an end after midnight counts on: `22:00-26:00`")
        },
    },
    Format {
        name: "away",
        expected: "a time away, as `2026-12-24T12:00/2026-12-27T00:00`",
        check: |text| span::<Away>(text, "ends before it starts"),
    },
];

static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape::with_formats::<File>(Leniency::Strict, &FORMATS));

/// Every key of the file, as `clinic[].hours.mon`.
#[must_use]
pub fn keys() -> Vec<String> {
    SHAPE.fields()
}

/// What can be read of a file, and what is wrong with it so far.
pub(super) fn read(text: &str, source: &Source) -> (File, Findings) {
    let lines::Parsed { mut value, lines, broken } = lines::parse(text);
    let mut findings = Findings::new(source.to_string(), lines, broken);
    for provider in ["shifts", "fhir"] {
        if value.shift_remove(provider).is_some() {
            findings.wrong(provider, "names a provider that is not in this build yet: take the section out");
        }
    }
    let (file, problems) = SHAPE.salvage::<File>(Value::Object(value));
    for problem in &problems {
        findings.shape(problem);
    }
    (file.unwrap_or_default(), findings)
}

fn check_id(text: &str) -> Result<(), String> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    if !text.is_empty() && text.bytes().all(fits) {
        Ok(())
    } else {
        Err("must have lower-case letters, digits, `-` and `_` only, as `flu-shot`".to_owned())
    }
}

fn span<T: FromStr<Err = BadSpan>>(text: &str, ends_early: &str) -> Result<(), String> {
    match text.parse::<T>() {
        Ok(_) => Ok(()),
        Err(BadSpan::Malformed) => Err(String::new()),
        Err(BadSpan::EndsBeforeStart) => Err(ends_early.to_owned()),
    }
}

fn check_words(text: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err("must not be blank".to_owned()) } else { Ok(()) }
}

fn check_country(text: &str) -> Result<(), String> {
    if text.parse::<phonenumber::country::Id>().is_ok() { Ok(()) } else { Err(String::new()) }
}
