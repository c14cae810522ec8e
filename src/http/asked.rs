//! What several functions ask for in the same words: contact details, positions, slot ids, how to answer.
//!
//! The types say what is meant; what cards send instead (blanks, numbers as texts) is forgiven by
//! [`Shape`](crate::shape::Shape) when a body is read, and allowed by [`published`](super::published) in the
//! contract. What a patient typed is any text: whether it will do is for the use cases to say.

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde::Deserialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ArrayBuilder, KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type, schema::AnyOfBuilder,
    },
};

use crate::{
    domain::slot::{NotASlot, SlotId},
    scheduling::{Bound, Channel, InvalidField, Mode, Proof},
};

/// How faults are answered.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum FaultStyle {
    /// As `200` with the outcome `unavailable`.
    Outcome,
}

/// One contact detail the booking was made with, as the patient types it.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({"phone": "+1 425 555 0123"})))]
pub(super) struct ContactAsked {
    #[schema(max_length = 500)]
    email: Option<String>,
    #[schema(max_length = 500)]
    phone: Option<String>,
    #[schema(max_length = 500, examples("1980-05-31"))]
    birth_date: Option<String>,
}

impl ContactAsked {
    /// The proof that this contact and a code make together.
    pub(super) fn with_code(self, code: Option<String>) -> Proof {
        Proof { code, email: self.email, phone: self.phone, birth_date: self.birth_date }
    }
}

/// A message that the clinic's system may send.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum ChannelAsked {
    Email,
    Sms,
}

pub(super) fn channels(asked: Option<Vec<ChannelAsked>>) -> Vec<Channel> {
    let mut channels: Vec<Channel> = Vec::new();
    for asked in asked.unwrap_or_default() {
        let channel = match asked {
            ChannelAsked::Email => Channel::Email,
            ChannelAsked::Sms => Channel::Sms,
        };
        if !channels.contains(&channel) {
            channels.push(channel);
        }
    }
    channels
}

pub(super) fn mode(preview: Option<bool>) -> Mode {
    if preview == Some(true) { Mode::Preview } else { Mode::Write }
}

/// The slots of a request: one per dose, or the one.
pub(super) enum Slots {
    Read(Vec<SlotId>),
    /// An id that looks like ours and is not: forged, or cut short. There is no such slot.
    Damaged,
}

/// Reads `slotIds`, or `slotId`; [`published`](super::published) says the same in the contract.
pub(super) fn slots(many: Option<Vec<String>>, one: Option<String>) -> Result<Slots, Vec<InvalidField>> {
    let texts = match (many, one) {
        (Some(_), Some(_)) => {
            return Err(conflict(&["slotIds", "slotId"]));
        }
        (Some(many), None) => many,
        (None, Some(one)) => vec![one],
        (None, None) => return Err(vec![missing("slotIds")]),
    };
    let read: Result<Vec<SlotId>, NotASlot> = texts.iter().map(|text| text.parse()).collect();
    Ok(read.map_or(Slots::Damaged, Slots::Read))
}

/// A date at the site, or an instant: `2026-12-01` or `2026-12-01T09:00:00-08:00`.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum DateOrTime {
    Date(NaiveDate),
    Instant(DateTime<FixedOffset>),
}

impl DateOrTime {
    /// The day it names: of an instant, the day by the offset it is written in.
    pub(super) fn day(self) -> NaiveDate {
        match self {
            Self::Date(date) => date,
            Self::Instant(instant) => instant.date_naive(),
        }
    }
}

impl From<DateOrTime> for Bound {
    fn from(written: DateOrTime) -> Self {
        match written {
            DateOrTime::Date(date) => Self::Date(date),
            DateOrTime::Instant(instant) => Self::Instant(instant.to_utc()),
        }
    }
}

impl TryFrom<String> for DateOrTime {
    type Error = chrono::ParseError;

    fn try_from(text: String) -> Result<Self, chrono::ParseError> {
        text.parse().map(Self::Date).or_else(|_| DateTime::parse_from_rfc3339(&text).map(Self::Instant))
    }
}

impl PartialSchema for DateOrTime {
    fn schema() -> RefOr<Schema> {
        let text = |format| {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(format)))
                .build()
        };
        let either = AnyOfBuilder::new()
            .item(text(KnownFormat::Date))
            .item(text(KnownFormat::DateTime))
            .description(Some("A date at the site, or an instant with its offset."));
        Schema::AnyOf(either.build()).into()
    }
}

impl ToSchema for DateOrTime {}

pub(super) fn missing(field: &str) -> InvalidField {
    InvalidField { field: field.to_owned(), detail: "is missing".to_owned() }
}

/// Fields of which only one, or one group, may be given.
pub(super) fn conflict(fields: &[&str]) -> Vec<InvalidField> {
    let complaint = |field: &&str| {
        let others: Vec<String> =
            fields.iter().filter(|other| other != &field).map(|other| format!("`{other}`")).collect();
        let detail = format!("does not go together with {}: leave one out", others.join(" and "));
        InvalidField { field: (*field).to_owned(), detail }
    };
    fields.iter().map(complaint).collect()
}

/// The `id` of a free slot, unchanged.
pub(super) fn slot_id() -> utoipa::openapi::schema::Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .max_length(Some(2000))
        .pattern(Some(r"^s1\.[A-Za-z0-9_-]+$"))
        .description(Some("The `id` of a free slot, unchanged."))
        .build()
}

pub(super) fn slot_ids() -> utoipa::openapi::schema::Array {
    ArrayBuilder::new()
        .items(slot_id())
        .min_items(Some(1))
        .max_items(Some(20))
        .description(Some("The `id`s of free slots, one per dose, in order."))
        .build()
}
