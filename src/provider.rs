//! The first seam: whose calendar is it.
//!
//! A provider supplies openings and keeps the vendor's own record of appointments. It never decides whether a
//! booking exists: that is the ledger's. So a provider that does not know says so, and does not guess.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::{
    CalendarId, Channel, Location, LocationId, Place, PractitionerId, ProviderName, Service,
    availability::Supply,
};

/// A system that keeps a clinic's calendar.
///
/// # Promises
///
/// * Every method is safe to retry. `book` with a reference that is already in the vendor's calendar may make
///   a second appointment, so the ledger calls [`find`](Self::find) first; nothing else may double.
/// * Times are instants; civil times and zones stay inside [`Location`] and the provider.
/// * A read takes at most 10 seconds and a write at most 20, then it is [`ProviderError::Timeout`] or
///   [`Booked::Unclear`].
/// * No method panics on what a vendor sends. What does not parse is [`ProviderError::Failed`].
/// * Nothing here logs patient data, tokens or bodies.
///
/// There are no default methods: what a vendor cannot do is [`ProviderError::Unsupported`], and
/// [`capabilities`](Self::capabilities) says so beforehand.
#[async_trait]
pub trait Provider: fmt::Debug + Send + Sync {
    fn name(&self) -> ProviderName;

    fn capabilities(&self) -> Capabilities;

    /// Every site, with its services. Cached by the provider; cheap when warm.
    async fn locations(&self) -> Result<Locations, ProviderError>;

    /// Who could serve, when, for how many: everything the vendor's calendar allows, before our own entries.
    async fn openings(&self, query: &OpeningsQuery) -> Result<Openings, ProviderError>;

    /// What the vendor will send to this patient when asked to use these channels.
    async fn notices(
        &self,
        location: &Location,
        service: &Service,
        patient: &Patient,
        wanted: &[Channel],
    ) -> Notices;

    /// Books every place of the order in the vendor's calendar, each with its reference; one answer per place,
    /// in order. Stops at the first place that is not booked; the rest are [`Booked::NotTried`].
    async fn book(&self, order: &Order) -> Vec<Booked>;

    /// Every appointment that carries one of these references. `places` narrow the search to where it could
    /// be. Nothing found means unknown, not no: a write may still be on its way.
    async fn find(
        &self,
        calendar: &CalendarId,
        references: &[Reference],
        places: &[Place],
    ) -> Result<Vec<Appointment>, ProviderError>;

    /// The vendor's record of one appointment; `None` when it is gone.
    async fn appointment(
        &self,
        calendar: &CalendarId,
        handle: &Handle,
    ) -> Result<Option<Appointment>, ProviderError>;

    /// Moves one appointment. Patient data comes from the vendor's own record. Where it cannot be moved, another
    /// one is made in its stead, with another handle; the old one is then the caller's to cancel, once the move
    /// is certain as a whole. What is not certain leaves
    /// [`Booked::Unclear`]; the appointment is then at its old place or at its new one.
    async fn reschedule(&self, calendar: &CalendarId, change: &Reschedule) -> Booked;

    /// Cancels one appointment, and answers how the patient was told. Cancelling what is gone is success.
    async fn cancel(
        &self,
        calendar: &CalendarId,
        handle: &Handle,
        farewell: &Farewell,
    ) -> Result<Vec<Channel>, ProviderError>;

    /// Tries what only the provider knows of: a token, each permission. Reads only. What every provider is
    /// asked for, sites and slots, is tried by [`check`](crate::check) itself.
    async fn trials(&self) -> Vec<Trial>;
}

/// What a provider can do, and whose word counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    pub record: Record,
    /// Several places share one object that is written whole (a group appointment's customers, a shift's
    /// activities), so that only one of our writers may be at it.
    pub shared_objects: bool,
    /// Openings change only with the configuration, so what was found once needs no second look at them.
    pub fixed_openings: bool,
    pub reschedule: bool,
}

/// Who is believed about an appointment after it was confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// The vendor's calendar: staff move and cancel there.
    Vendor,
    /// The ledger: there is no other calendar, or it is only a mirror.
    Ledger,
}

/// All sites of a provider.
#[derive(Debug, Clone)]
pub struct Locations {
    pub sites: Arc<[Arc<Location>]>,
    /// The vendor did not answer; this is what it said last.
    pub stale: bool,
}

impl Locations {
    #[must_use]
    pub fn find(&self, id: &LocationId) -> Option<&Arc<Location>> {
        self.sites.iter().find(|site| site.id == *id)
    }
}

/// Which openings are asked for.
#[derive(Debug, Clone)]
pub struct OpeningsQuery {
    pub location: Arc<Location>,
    pub service: Arc<Service>,
    /// Dates at the site, both included. An opening belongs to the date it starts on.
    pub first: NaiveDate,
    pub last: NaiveDate,
    pub practitioner: Option<PractitionerId>,
    /// Appointments of whoever asks: they are not in their own way.
    pub own: Vec<Handle>,
}

/// What the vendor's calendar allows.
#[derive(Debug, Clone)]
pub struct Openings {
    /// One per practitioner, in the provider's order. `busy` and `seated` hold what the vendor shows, ours
    /// too; for a provider whose record is the ledger they hold none of ours.
    pub supply: Vec<Supply>,
    /// The appointments that `busy` and `seated` already count, so that ours are not subtracted twice.
    pub counted: Vec<Counted>,
    pub stale: bool,
}

/// An appointment that openings count, and where they count it: between a search and a booking it may have
/// moved to a place where nothing counts it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Counted {
    pub handle: Handle,
    pub practitioner: PractitionerId,
    /// Of the appointment itself, in milliseconds since the epoch.
    pub start: i64,
}

/// The vendor's own name for an appointment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Handle(pub Arc<str>);

/// Our opaque mark on a vendor's appointment, one per dose and attempt. Says nothing about the patient or the
/// confirmation code.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reference(pub Arc<str>);

/// A whole series to be booked.
#[derive(Debug, Clone)]
pub struct Order {
    pub location: Arc<Location>,
    pub service: Arc<Service>,
    pub doses: Vec<OrderedDose>,
    pub patient: Arc<Patient>,
    /// For what the vendor mails to the patient; never stored or logged by the provider.
    pub code: crate::domain::code::ConfirmationCode,
    /// By these the patient is told, and by no other: of those [`Provider::notices`] named.
    pub notify: Vec<Channel>,
    pub locale: String,
    pub deadline: tokio::time::Instant,
}

/// One dose of an order.
#[derive(Debug, Clone)]
pub struct OrderedDose {
    pub dose: u8,
    pub place: Place,
    pub reference: Reference,
}

/// One appointment to be moved.
#[derive(Debug, Clone)]
pub struct Reschedule {
    pub location: Arc<Location>,
    pub service: Arc<Service>,
    pub handle: Handle,
    pub from: Place,
    pub to: Place,
    /// The mark the appointment carries after the move.
    pub reference: Reference,
    pub deadline: tokio::time::Instant,
}

/// What a vendor answered to a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Booked {
    /// It stands, exactly at the place asked for, seen by reading back where the vendor needs that.
    Booked { handle: Handle, version: Option<String>, join_url: Option<String> },
    /// Certainly not: somebody else has the place.
    Taken,
    /// There was no clear answer, and then somebody else was seen in the place, and nothing of ours. What was
    /// sent may still land.
    Occupied,
    /// Certainly not: the vendor's rules forbid it. The rule, in words for the log.
    Refused { rule: String },
    /// Certainly not: the vendor could not be asked, or not by us.
    Failed(ProviderError),
    /// It may stand, now or later. Only `find` tells.
    Unclear { why: String },
    /// An earlier place of the order was not booked.
    NotTried,
}

/// The vendor's record of one of our appointments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    pub handle: Handle,
    pub version: Option<String>,
    pub reference: Option<Reference>,
    pub place: Place,
    pub created: Option<DateTime<Utc>>,
    /// Where a visit by video is joined.
    pub join_url: Option<String>,
    /// Somebody else was at its place before it: the vendor let two overlap, and ours has to go.
    pub yields: bool,
}

/// What a vendor sends to a patient by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Notices {
    /// How the booking is confirmed.
    pub notified: Vec<Channel>,
    /// How long before the appointment it reminds: ISO 8601 durations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reminders: Vec<String>,
}

impl Notices {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.notified.is_empty() && self.reminders.is_empty()
    }
}

/// What to tell a patient whose appointment is cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Farewell {
    Nothing,
    /// That it is cancelled, in the patient's language, where the vendor can.
    Message {
        locale: String,
    },
}

/// Something of a provider's own that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// A business, say; `None`: the provider as a whole.
    pub of: Option<String>,
    pub asked: String,
    /// What came back; or what is wrong, and what to do.
    pub ended: Result<String, (String, String)>,
}

/// Who is to be seen. Goes to the provider and is not kept; `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Patient {
    pub name: String,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub email: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    pub birth_date: Option<NaiveDate>,
    pub notes: Option<String>,
    /// By question id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, String>,
    pub consent: Option<String>,
    pub booked_by: Option<BookedBy>,
}

/// Who books for somebody else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookedBy {
    pub name: String,
    pub relation: Option<String>,
}

impl fmt::Debug for Patient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Patient(…)")
    }
}

impl fmt::Debug for BookedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BookedBy(…)")
    }
}

/// Why a provider could not answer. The text is for the operator: never a body, never patient data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    #[error("{0} is not supported by this provider")]
    Unsupported(&'static str),
    #[error("set up wrongly: {0}")]
    Misconfigured(String),
    #[error("not available: {why}")]
    Unavailable { why: String, retry_after: Option<Duration> },
    #[error("did not answer in time")]
    Timeout,
    #[error("answered something unexpected: {0}")]
    Failed(String),
}
