//! What the ledger keeps, as it is written: one booking's record, one day's entries, counters, markers.
//!
//! Every document carries a format version. Older is read, newer is refused, and a release writes only what
//! its predecessor can read.

use std::{
    collections::{BTreeSet, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::ring::{Digest, KeyId};
use crate::{
    domain::{
        CalendarId, Channel, LocationId, Place, PractitionerId, ServiceId, TimeRange, code::ConfirmationCode,
    },
    provider::{Appointment, Counted, Farewell, Handle, Notices, Reference},
    store::combined,
};

/// The format this release writes.
pub const FORMAT: u32 = 1;

/// Whether a booking exists: the only truth, under `booking/CODE`. Its compare-and-swap to
/// [`State::Confirmed`] is the only commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    #[serde(rename = "v")]
    pub format: u32,
    pub state: State,
    /// Rises with every takeover and operation; who is not at the current one changes nothing more.
    pub attempt: u32,
    /// Tells apart two who believe to be at the same attempt.
    pub executor: u64,
    pub key: KeyId,
    pub generation: u32,
    pub location: LocationId,
    pub service: ServiceId,
    pub calendar: CalendarId,
    /// Of slots, name, birth date and contacts, whichever way the request was named.
    pub contents: Option<Digest>,
    /// The request had a `requestId`.
    pub named: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<Contact>,
    pub doses: Vec<Dose>,
    /// Every date of the calendar in which this booking may have entries.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub days: BTreeSet<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone: Option<Undone>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastOperation>,
    /// What is not known about the vendor's side.
    #[serde(default, skip_serializing_if = "Doubt::is_none")]
    pub doubt: Doubt,
    /// Every place a vendor was asked for, in any attempt: where a late write may still appear.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried: Vec<Place>,
    /// Name and contact for the embedded clinic's staff, sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
    /// The language the patient is written to in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub locale: String,
    /// What the vendor was asked to send to the patient.
    #[serde(default, skip_serializing_if = "Notices::is_empty")]
    pub notices: Notices,
}

/// Recorded before it is acted on, and never reversed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Pending,
    Confirmed,
    Undoing,
    Undone,
    Cancelled,
}

/// One appointment of a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dose {
    pub dose: u8,
    /// When the patient wants it, or has it.
    pub time: TimeRange,
    /// Where it stands, once that is decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<Handle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// Where a visit by video is joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join_url: Option<String>,
    pub status: DoseStatus,
}

impl Dose {
    /// The vendor's appointment is this dose's.
    pub(super) fn name_as(&mut self, made: Appointment) {
        self.handle = Some(made.handle);
        self.version = made.version;
        self.join_url = made.join_url;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DoseStatus {
    Booked,
    /// By staff, in the vendor's calendar, since.
    Moved,
    Cancelled,
    CancelledByClinic,
}

impl DoseStatus {
    /// Whether the patient still has it.
    #[must_use]
    pub fn stands(self) -> bool {
        matches!(self, Self::Booked | Self::Moved)
    }
}

/// One way of showing that a booking is one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub kind: ContactKind,
    pub digest: Digest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ContactKind {
    Email,
    Phone,
    BirthDate,
}

impl ContactKind {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::BirthDate => "birthDate",
        }
    }
}

/// Why a booking was undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Undone {
    SlotTaken(Vec<u8>),
    Refused,
    TooManyBookings,
    /// Its executor did not finish.
    Abandoned,
}

/// What is being done to a confirmed booking; one at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    pub kind: OperationKind,
    pub doses: Vec<u8>,
    /// Where a reschedule wants to be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocation: Option<String>,
    /// The language of whoever asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// How the patient wants to be told of a cancellation; and, once it has ended, was told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<Channel>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OperationKind {
    Cancel,
    Reschedule,
}

/// Where one dose is to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub dose: u8,
    pub time: TimeRange,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    pub reference: Reference,
}

/// How the last operation ended, so that its repeat is answered alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastOperation {
    pub operation: Operation,
    pub ended: Ended,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ended {
    Done,
    SlotTaken(Vec<u8>),
    Refused,
    Abandoned,
}

/// What is not known about the vendor's side, and how far looking has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Doubt {
    #[default]
    None,
    /// A write had no clear answer.
    Unclear,
    /// And one search since came back empty.
    EmptyOnce,
    /// Settled, and to be looked at once more: a late write may still land.
    LookAgain,
}

impl Doubt {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
    fn is_none(&self) -> bool {
        *self == Self::None
    }
}

impl Booking {
    /// Nobody has anything left to do with it, or will before a patient or a vendor does.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match self.state {
            State::Pending | State::Undoing => false,
            State::Confirmed => self.operation.is_none(),
            State::Undone | State::Cancelled => true,
        }
    }

    /// What to tell the patient when it is cancelled: as they were told of it, or want to be.
    #[must_use]
    pub fn farewell(&self) -> Farewell {
        let asked = self.operation.as_ref();
        let wanted = asked.is_some_and(|operation| operation.notify.contains(&Channel::Email));
        if !wanted && !self.notices.notified.contains(&Channel::Email) {
            return Farewell::Nothing;
        }
        let locale = asked.and_then(|operation| operation.locale.clone());
        Farewell::Message { locale: locale.unwrap_or_else(|| self.locale.clone()) }
    }

    #[must_use]
    pub fn dose(&self, dose: u8) -> Option<&Dose> {
        self.doses.iter().find(|of| of.dose == dose)
    }

    /// When the last of its appointments ends.
    #[must_use]
    pub fn last_end(&self) -> Option<DateTime<Utc>> {
        self.doses.iter().map(|dose| dose.time.end()).max()
    }

    /// Nobody is at it, and nothing about it is in doubt.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.operation.is_none()
            && self.doubt == Doubt::None
            && !matches!(self.state, State::Pending | State::Undoing)
    }

    /// Whether an operation on a dose is in progress.
    #[must_use]
    pub fn is_changing(&self, dose: u8) -> bool {
        self.operation.as_ref().is_some_and(|operation| operation.doses.contains(&dose))
    }

    /// The places of some doses that stand.
    #[must_use]
    pub fn places_of(&self, doses: &[u8]) -> Vec<(u8, Place)> {
        let standing = self.doses.iter().filter(|dose| dose.status.stands() && doses.contains(&dose.dose));
        standing.filter_map(|dose| Some((dose.dose, dose.place.clone()?))).collect()
    }

    /// Whether an entry is a place that was given up while it was not certain what the vendor has there: beside what was
    /// cancelled there may be another of ours, which its calendar does not show yet.
    #[must_use]
    pub fn left_in_doubt(&self, entry: &Entry) -> bool {
        let cancelled = |dose: &Dose| {
            dose.dose == entry.dose
                && dose.status == DoseStatus::Cancelled
                && dose.place.as_ref().is_some_and(|place| entry.is_at(place))
        };
        self.doubt != Doubt::None && self.doses.iter().any(cancelled)
    }

    /// Whether an entry is one of the places this booking stands in.
    #[must_use]
    pub fn stands_in(&self, entry: &Entry) -> bool {
        matches!(self.state, State::Confirmed)
            && self.doses.iter().any(|dose| {
                dose.dose == entry.dose
                    && dose.status.stands()
                    && dose.place.as_ref().is_some_and(|place| entry.is_at(place))
            })
    }
}

/// Who may stand where on one date of a calendar, under `day/CALENDAR/DATE`. One who serves past midnight is
/// entered on both dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    #[serde(rename = "v")]
    pub format: u32,
    /// The zone its date is of. Writing under another would let two entries of one moment miss each other.
    pub zone: String,
    pub entries: Vec<Entry>,
}

/// A place that is held. Times are milliseconds since the epoch, which is what the engine counts in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    #[serde(rename = "c")]
    pub code: String,
    #[serde(rename = "a")]
    pub attempt: u32,
    #[serde(rename = "d")]
    pub dose: u8,
    #[serde(rename = "p")]
    pub practitioner: PractitionerId,
    #[serde(rename = "s")]
    pub service: ServiceId,
    #[serde(rename = "t")]
    pub start: i64,
    /// The buffered interval.
    #[serde(rename = "f")]
    pub from: i64,
    #[serde(rename = "u")]
    pub until: i64,
    /// When it was entered, by the clock of whoever did: a hint for who looks, never a rule.
    #[serde(rename = "w")]
    pub entered: i64,
    /// When its booking was seen confirmed, likewise.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<i64>,
    /// The vendor's name for the appointment, so that it is not subtracted twice.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<Handle>,
}

impl Entry {
    /// Whether openings that count these appointments count this one, where it is entered.
    #[must_use]
    pub fn is_counted(&self, counted: &HashSet<Counted>) -> bool {
        self.handle.as_ref().is_some_and(|handle| {
            counted.contains(&Counted {
                handle: handle.clone(),
                practitioner: self.practitioner.clone(),
                start: self.start,
            })
        })
    }

    #[must_use]
    pub fn is_at(&self, place: &Place) -> bool {
        self.practitioner == place.practitioner && self.start == place.time.start().timestamp_millis()
    }
}

/// Wrong contacts given lately, under `attempts/…`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Attempts {
    #[serde(rename = "v")]
    pub format: u32,
    pub wrong: Vec<DateTime<Utc>>,
}

/// Bookings one contact has open, under `open/…`. Best effort: not part of the protocol's truth.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Open {
    #[serde(rename = "v")]
    pub format: u32,
    pub bookings: Vec<OpenBooking>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenBooking {
    pub code: String,
    pub until: DateTime<Utc>,
}

/// A key of the ring as the store knows it, under `ring/KEY`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingKey {
    #[serde(rename = "v")]
    pub format: u32,
    pub check: Digest,
    /// From when on new records are made with it: after every instance has had time to load it.
    pub current_from: DateTime<Utc>,
}

/// A document of ours, which says its format.
pub trait Kept: Serialize + DeserializeOwned {
    /// What it is called in messages.
    const KIND: &'static str;

    fn format(&self) -> u32;
}

macro_rules! kept {
    ($($document:ty: $kind:literal),*) => {
        $(impl Kept for $document {
            const KIND: &'static str = $kind;

            fn format(&self) -> u32 {
                self.format
            }
        })*
    };
}

kept!(Booking: "booking", Day: "day", Attempts: "attempts", Open: "open", RingKey: "ring");

/// Reads a document, refusing what a newer release wrote.
///
/// # Errors
/// In words for the operator, naming the kind of document and nothing that it holds.
pub fn read<D: Kept>(bytes: &[u8]) -> Result<D, String> {
    let format = match serde_json::from_slice::<D>(bytes) {
        Ok(document) if document.format() <= FORMAT => return Ok(document),
        Ok(document) => document.format(),
        Err(error) => match serde_json::from_slice::<Versioned>(bytes) {
            Ok(found) if found.format > FORMAT => found.format,
            _ => {
                let (kind, line, column) = (D::KIND, error.line(), error.column());
                return Err(format!("a `{kind}` document does not parse (line {line}, column {column})"));
            }
        },
    };
    Err(format!(
        "a `{}` document was written by a newer release (format {format}, this one reads up to {FORMAT}): \
         install that release",
        D::KIND
    ))
}

/// What every format has.
#[derive(Deserialize)]
struct Versioned {
    #[serde(rename = "v")]
    format: u32,
}

/// A document as it is written.
#[must_use]
pub fn write<D: Serialize>(document: &D) -> Bytes {
    // Our documents are structs of texts and numbers, which always have a JSON form.
    serde_json::to_vec(document).unwrap_or_default().into()
}

macro_rules! combined {
    ($($document:ty, $empty:expr, $is_empty:expr;)*) => {
        $(impl combined::Document for $document {
            fn parse(bytes: Option<&Bytes>) -> Result<Self, String> {
                bytes.map_or_else(|| Ok($empty), |bytes| read(bytes))
            }

            fn encode(&self) -> Option<Bytes> {
                let is_empty: fn(&Self) -> bool = $is_empty;
                (!is_empty(self)).then(|| write(self))
            }
        })*
    };
}

impl combined::Facts for Day {
    /// Who stands where. When that was entered, or seen confirmed, is nothing to a reader who asks what is free
    /// in a calendar that is the ledger's own.
    fn facts(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for entry in &self.entries {
            let Entry { code, dose, practitioner, service, start, from, until, .. } = entry;
            (code, dose, practitioner, service, start, from, until).hash(&mut hasher);
        }
        hasher.finish()
    }
}

combined! {
    // A day without entries stays, until it is long past: a write that nobody was told of, conditional on there being
    // no such document yet, could land after its removal and bring back an entry that was taken out.
    Day, Self { format: FORMAT, zone: String::new(), entries: Vec::new() }, |_| false;
    Attempts, Self { format: FORMAT, wrong: Vec::new() }, |attempts| attempts.wrong.is_empty();
    Open, Self { format: FORMAT, bookings: Vec::new() }, |open| open.bookings.is_empty();
}

/// The store's keys.
pub mod key {
    use super::{CalendarId, ConfirmationCode, NaiveDate};

    pub const BOOKINGS: &str = "booking/";
    pub const DAYS: &str = "day/";
    pub const PENDING: &str = "pending/";
    pub const ATTEMPTS: &str = "attempts/";
    pub const OPEN: &str = "open/";
    pub const RING: &str = "ring/";
    /// Sorts behind every marker; its age tells when purging was done last.
    pub const PURGED: &str = "pending/~purged";

    #[must_use]
    pub fn booking(code: &ConfirmationCode) -> String {
        format!("{BOOKINGS}{}", code.compact())
    }

    /// Vendors' names may hold anything; what could end a part of the key is escaped.
    #[must_use]
    pub fn day(calendar: &CalendarId, date: NaiveDate) -> String {
        let escape = |letter: char| match letter {
            letter if matches!(letter, '/' | '%' | '\\') || letter.is_control() => {
                format!("%{:02X}", u32::from(letter))
            }
            letter => letter.to_string(),
        };
        let escaped: String = calendar.as_str().chars().map(escape).collect();
        format!("{DAYS}{escaped}/{date}")
    }

    #[must_use]
    pub fn pending(code: &ConfirmationCode, attempt: u32) -> String {
        format!("{PENDING}{}.{attempt}", code.compact())
    }

    /// What a marker names.
    #[must_use]
    pub fn parse_pending(key: &str) -> Option<(ConfirmationCode, u32)> {
        let (code, attempt) = key.strip_prefix(PENDING)?.split_once('.')?;
        Some((code.parse().ok()?, attempt.parse().ok()?))
    }

    /// The date a day's key names.
    #[must_use]
    pub fn parse_day(key: &str) -> Option<NaiveDate> {
        key.rsplit('/').next()?.parse().ok()
    }
}
