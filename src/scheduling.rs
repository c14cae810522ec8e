//! The use cases: one file per function, each a method of [`Scheduling`]. Here things are decided; `http`
//! only translates, providers only speak to vendors, and the ledger only keeps its protocol.
//!
//! What the bot should talk about is an outcome of a use case; what is wrong with a request or with a
//! dependency is a [`Fault`].

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use serde::Serialize;

use crate::{
    clock::Clock,
    domain::{
        Audience, Location, LocationId, PatientField, Position, Practitioner, PractitionerId, ProviderName,
        Service, ServiceId, TimeRange, code::ConfirmationCode, slot::SlotId,
    },
    ledger::{Ledger, LedgerError, Random},
    provider::{Provider, ProviderError},
    store::{StoreError, combined::Sighting},
    telemetry::audit::Audit,
};

pub use crate::ledger::reconcile::Tally;

pub mod agenda;
mod appointment;
mod book;
mod cancel;
mod contact;
mod eligibility;
mod locations;
mod patient;
mod reschedule;
mod search;
mod slots;
mod view;

/// The use cases over the configured providers and the ledger. Cheap to clone.
#[derive(Clone)]
pub struct Scheduling {
    /// In the order of the configuration.
    providers: Arc<[Arc<dyn Provider>]>,
    ledger: Arc<Ledger>,
    clock: Clock,
    audit: Arc<Audit>,
    random: Random,
}

impl std::fmt::Debug for Scheduling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scheduling").field("providers", &self.providers).finish_non_exhaustive()
    }
}

impl Scheduling {
    #[must_use]
    pub fn new(
        providers: Vec<Arc<dyn Provider>>,
        ledger: Arc<Ledger>,
        clock: Clock,
        audit: Arc<Audit>,
        random: Random,
    ) -> Self {
        Self { providers: providers.into(), ledger, clock, audit, random }
    }

    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Settles what was left and forgets what is over; the timer's function.
    ///
    /// # Errors
    /// When the store cannot be listed.
    pub async fn reconcile(&self) -> Result<Tally, Fault> {
        Ok(self.ledger.reconcile().await?)
    }

    fn provider(&self, name: ProviderName) -> Option<&Arc<dyn Provider>> {
        self.providers.iter().find(|provider| provider.name() == name)
    }

    /// The provider of a site, and the site; `None` when nobody has it.
    async fn site(
        &self,
        id: &LocationId,
    ) -> Result<Option<(&Arc<dyn Provider>, Arc<Location>, bool)>, Fault> {
        let Some(provider) = self.provider(id.provider()) else { return Ok(None) };
        let locations = provider.locations().await?;
        Ok(locations.find(id).map(|site| (provider, site.clone(), locations.stale)))
    }

    /// An id nobody can guess, for a request that is previewed.
    fn fresh_request_id(&self) -> String {
        format!("{:016x}{:016x}", (self.random)(), (self.random)())
    }

    /// Leaves an audit record; without one nothing may be answered.
    fn audit(
        &self,
        function: &'static str,
        caller: &Caller,
        code: Option<&ConfirmationCode>,
        outcome: &str,
    ) -> Result<(), Fault> {
        let record = AuditRecord {
            at: self.clock.now(),
            function,
            invocation: caller.invocation.as_deref(),
            trace: caller.trace.as_deref(),
            reference: code.map(|code| self.ledger.audit_reference(code)),
            outcome,
        };
        self.audit.append(&record).map_err(|error| Fault::Unavailable {
            why: format!("the audit record could not be written ({}): free some space", error.kind()),
            retry_after: None,
        })
    }
}

/// Who did what to which booking, when, and how it ended. No contact data, and no code: a reference that says
/// nothing about it.
#[derive(Debug, Serialize)]
struct AuditRecord<'a> {
    at: DateTime<Utc>,
    function: &'static str,
    invocation: Option<&'a str>,
    trace: Option<&'a str>,
    reference: Option<String>,
    outcome: &'a str,
}

impl From<ProviderError> for Fault {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Unsupported(what) => {
                Self::Internal(format!("{what} is not supported by the provider"))
            }
            ProviderError::Misconfigured(why) => Self::Misconfigured(why),
            ProviderError::Unavailable { why, retry_after } => Self::Unavailable { why, retry_after },
            ProviderError::Timeout => Self::Timeout,
            ProviderError::Failed(why) => Self::ProviderFailed(why),
        }
    }
}

impl From<LedgerError> for Fault {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Provider(error) => error.into(),
            LedgerError::Store(StoreError::Unavailable(why)) => Self::Unavailable { why, retry_after: None },
            LedgerError::Store(StoreError::Unusable(why)) | LedgerError::Misconfigured(why) => {
                Self::Misconfigured(why)
            }
            LedgerError::Timeout => Self::Timeout,
            LedgerError::ReusedRequestId => Self::InvalidRequest(vec![InvalidField {
                field: "requestId".into(),
                detail: "was used for another request: make a new one for every booking".into(),
            }]),
        }
    }
}

/// Who calls, as far as the host tells: for audit records, and to tell the host's repeat from a new call.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// `X-Azure-Functions-InvocationId`.
    pub invocation: Option<String>,
    pub trace: Option<String>,
}

/// Why a request could not be dealt with. Not for patients: `http` words it for them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The request's structure is wrong: the scenario's author has to mend it.
    #[error("the request is not understood")]
    InvalidRequest(Vec<InvalidField>),
    #[error("the provider answered something unexpected: {0}")]
    ProviderFailed(String),
    #[error("not available: {why}")]
    Unavailable { why: String, retry_after: Option<Duration> },
    #[error("no answer in time")]
    Timeout,
    #[error("set up wrongly: {0}")]
    Misconfigured(String),
    #[error("{0}")]
    Internal(String),
}

/// A field of a request that is wrong, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidField {
    /// As in the JSON: `near.latitude`, `slotIds[1]`.
    pub field: String,
    /// Lower case, no full stop. Never repeats the value.
    pub detail: String,
}

/// Something a patient typed that has to be asked for again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeedsInput {
    pub field: InputField,
    pub reason: InputReason,
}

/// What is asked for again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputField {
    Name,
    FamilyName,
    GivenName,
    /// Neither an e-mail address nor a phone number was given.
    EmailOrPhone,
    Email,
    Phone,
    BirthDate,
    /// A question of the service, with its text and options in the request's language.
    Answer {
        id: String,
        text: String,
        options: Vec<String>,
    },
    /// What the patient has to agree to, in the request's language.
    Consent {
        text: String,
    },
    Practitioner,
    ConfirmationCode,
    Contact,
    ContactEmail,
    ContactPhone,
    ContactBirthDate,
    NearPostalCode,
}

impl InputField {
    /// Where the field stands in the request.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Name => "patient.name",
            Self::FamilyName => "patient.familyName",
            Self::GivenName => "patient.givenName",
            Self::EmailOrPhone => "patient.contact",
            Self::Email => "patient.email",
            Self::Phone => "patient.phone",
            Self::BirthDate => "patient.birthDate",
            Self::Answer { id, .. } => return format!("patient.answers.{id}"),
            Self::Consent { .. } => "patient.consentId",
            Self::Practitioner => "practitionerId",
            Self::ConfirmationCode => "confirmationCode",
            Self::Contact => "contact",
            Self::ContactEmail => "contact.email",
            Self::ContactPhone => "contact.phone",
            Self::ContactBirthDate => "contact.birthDate",
            Self::NearPostalCode => "near.postalCode",
        }
        .to_owned()
    }
}

/// Why it is asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputReason {
    Missing,
    Invalid,
    UnknownPlace,
}

// ---- get-locations

#[derive(Debug, Clone, Default)]
pub struct LocationsQuery {
    pub near: Option<Near>,
    pub within_metres: Option<f64>,
    pub service: Option<ServiceId>,
    pub location: Option<LocationId>,
    pub limit: usize,
    pub cursor: Option<String>,
}

/// Where the patient is. Patient data: `Debug` shows nothing of it.
#[derive(Clone, PartialEq)]
pub enum Near {
    Position(Position),
    PostalCode { postal_code: String, country: Option<String> },
}

impl std::fmt::Debug for Near {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Near(…)")
    }
}

#[derive(Debug, Clone)]
pub enum LocationsOutcome {
    /// Nearest first where a place was given; may be empty.
    Found(LocationsFound),
    NeedsInput(Vec<NeedsInput>),
}

#[derive(Debug, Clone)]
pub struct LocationsFound {
    pub sites: Vec<Site>,
    pub matched: Matched,
    pub cursor: Option<String>,
    pub stale: bool,
}

/// How the sites were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matched {
    All,
    /// By great-circle distance.
    Distance,
    /// No table of that country's postal codes: sites with the same code.
    PostalCode,
    /// No site has the same code: sites in the city of that code, or named like it.
    City,
}

#[derive(Debug, Clone)]
pub struct Site {
    pub location: Arc<Location>,
    pub metres: Option<f64>,
    pub open_now: bool,
    /// The services a patient may book, hidden ones left out, with the practitioners to choose among.
    pub closures: Vec<NaiveDate>,
}

// ---- get-slots

#[derive(Debug, Clone)]
pub struct SlotsQuery {
    /// One to five.
    pub locations: Vec<LocationId>,
    pub service: ServiceId,
    pub when: When,
    pub part_of_day: Option<PartOfDay>,
    pub practitioner: Option<PractitionerId>,
    pub dose: u8,
    pub after: Option<After>,
    pub moving: Option<Moving>,
    pub limit: usize,
    pub cursor: Option<String>,
    /// The zone labels are in; the site's when `None`.
    pub time_zone: Option<Tz>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// From now, 14 days.
    Soon,
    Between {
        from: Option<Bound>,
        to: Option<Bound>,
    },
    Today,
    Tomorrow,
    ThisWeek,
    NextWeek,
    Weekend,
}

/// An end of a search: a date at the site (the whole day), or an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    Date(NaiveDate),
    Instant(DateTime<Utc>),
}

/// Before 12, 12 to 17, from 17; by the site's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartOfDay {
    Morning,
    Afternoon,
    Evening,
}

/// The earlier dose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    Slot(SlotId),
    Date(NaiveDate),
}

/// The appointment a search is to move, proven as everywhere.
#[derive(Debug, Clone)]
pub struct Moving {
    pub proof: Proof,
    pub dose: Option<u8>,
}

#[derive(Debug, Clone)]
pub enum SlotsOutcome {
    /// Empty `slots`: the outcome is `noSlots`, perhaps with alternatives.
    Found(SlotsFound),
    UnknownLocation,
    UnknownService,
    BookElsewhere(Arc<Location>),
    NeedsInput(Vec<NeedsInput>),
    /// While proving a move.
    NotOpened(NotOpened),
}

#[derive(Debug, Clone)]
pub struct SlotsFound {
    pub zone: Tz,
    /// The first and the last date anything can be booked on.
    pub bookable: (NaiveDate, NaiveDate),
    pub slots: Vec<Slot>,
    /// Every date of the search with a free slot, and how many: of the whole search, not of one page.
    pub days: Vec<(NaiveDate, usize)>,
    /// When there are no slots: the nearest others.
    pub alternatives: Vec<Slot>,
    pub cursor: Option<String>,
    pub stale: bool,
    /// What it was worked out from; `None` where that cannot be asked again.
    pub basis: Option<Basis>,
}

/// What a list of slots was worked out from, to ask later whether it [still
/// holds](Scheduling::still_holds). Only lists are told again: a booking looks for itself.
#[derive(Debug, Clone)]
pub struct Basis {
    minute: i64,
    sighting: Sighting,
}

impl Basis {
    /// About how much memory it takes.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.sighting.weight()
    }
}

/// A free slot.
#[derive(Debug, Clone)]
pub struct Slot {
    pub id: SlotId,
    pub location: Arc<Location>,
    pub service: Arc<Service>,
    pub dose: u8,
    pub time: TimeRange,
    /// Patients it still has room for, over all practitioners.
    pub remaining: u32,
}

// ---- book

#[derive(Debug, Clone)]
pub struct BookRequest {
    /// In the order of the doses.
    pub slots: Vec<SlotId>,
    /// The first of them is this dose.
    pub first_dose: u8,
    pub patient: TypedPatient,
    pub notify: Vec<Channel>,
    pub request_id: Option<String>,
    pub mode: Mode,
    pub locale: String,
    pub caller: Caller,
}

/// What was typed about a patient, before it is checked. `Debug` shows nothing of it.
#[derive(Clone, Default)]
pub struct TypedPatient {
    pub name: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub birth_date: Option<String>,
    pub notes: Option<String>,
    pub answers: Vec<(String, String)>,
    pub consent: Option<String>,
    pub booked_by: Option<(String, Option<String>)>,
}

impl std::fmt::Debug for TypedPatient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TypedPatient(…)")
    }
}

/// Whether anything is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Make every check, write nothing, answer the words to confirm with.
    Preview,
    Write,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    Email,
    Sms,
}

#[derive(Debug, Clone)]
pub enum BookOutcome {
    Booked(BookingView),
    Preview {
        booking: BookingView,
        request_id: String,
    },
    /// Nothing was booked. `taken`: which doses; `alternatives`: slots for the first of them that fit the
    /// doses kept.
    SlotTaken {
        taken: Vec<u8>,
        alternatives: Vec<Slot>,
    },
    /// By an earlier request for the same; the code was told then and is not told again.
    AlreadyBooked,
    /// The same request was booked and has been cancelled since.
    AlreadyCancelled,
    NotBookable {
        reason: NotBookable,
        location: Option<Arc<Location>>,
    },
    NotEligible {
        reason: NotEligible,
    },
    SeriesInterval {
        dose: u8,
        min_days: u32,
        max_days: u32,
    },
    TooManyBookings {
        max: u32,
    },
    InProgress,
    NeedsInput(Vec<NeedsInput>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotBookable {
    /// No such slot: forged, or the clinic changed its hours.
    NoSuchSlot,
    Past,
    /// Within the notice the clinic wants.
    TooSoon,
    /// Later than the clinic's calendar is open.
    TooFar,
    /// Another number of slots than the series has doses, or of several services or sites.
    WrongSlots,
    /// This site does not take bookings through the chat.
    BookElsewhere,
    /// The provider's rules forbid it.
    Refused,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotEligible {
    TooYoung { min_age: u32 },
    TooOld { max_age: u32 },
    AdultsOnly,
    ChildrenOnly,
}

/// A booking as its patient may see it.
#[derive(Debug, Clone)]
pub struct BookingView {
    /// `None` where it must not be told (again).
    pub code: Option<ConfirmationCode>,
    pub request_id: Option<String>,
    pub appointments: Vec<AppointmentView>,
    /// What will really be sent.
    pub notified: Vec<Channel>,
    /// ISO 8601 durations before the appointment.
    pub reminders: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct AppointmentView {
    pub dose: u8,
    pub status: Status,
    pub time: TimeRange,
    pub location: Arc<Location>,
    pub service: Arc<Service>,
    pub practitioner: Option<Practitioner>,
    pub join_url: Option<String>,
    pub can_cancel: bool,
    pub can_reschedule: bool,
    pub change_until: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Booked,
    Pending,
    Moved,
    Cancelled,
    CancelledByClinic,
    Past,
}

// ---- get-appointment, cancel, reschedule

/// A code and one contact detail, as typed. `Debug` shows nothing of it.
#[derive(Clone, Default)]
pub struct Proof {
    pub code: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub birth_date: Option<String>,
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proof(…)")
    }
}

/// Why a booking was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotOpened {
    /// Unknown code or wrong contact: deliberately one answer.
    NotFound,
    TooManyAttempts {
        minutes: u32,
    },
}

#[derive(Debug, Clone)]
pub struct FindRequest {
    pub proof: Proof,
    pub caller: Caller,
}

#[derive(Debug, Clone)]
pub enum FindOutcome {
    Found(BookingView),
    NotOpened(NotOpened),
    NeedsInput(Vec<NeedsInput>),
}

#[derive(Debug, Clone)]
pub struct CancelRequest {
    pub proof: Proof,
    /// This dose and all later ones; `None`: the whole series.
    pub dose: Option<u8>,
    pub notify: Vec<Channel>,
    pub request_id: Option<String>,
    pub mode: Mode,
    pub caller: Caller,
}

#[derive(Debug, Clone)]
pub enum CancelOutcome {
    Cancelled(BookingView),
    AlreadyCancelled(BookingView),
    Preview { booking: BookingView, request_id: String },
    TooLate { notice: TimeDelta, location: Arc<Location> },
    InProgress,
    NotOpened(NotOpened),
    NeedsInput(Vec<NeedsInput>),
}

#[derive(Debug, Clone)]
pub struct RescheduleRequest {
    pub proof: Proof,
    pub dose: Option<u8>,
    pub slots: Vec<SlotId>,
    pub notify: Vec<Channel>,
    pub request_id: Option<String>,
    pub mode: Mode,
    pub caller: Caller,
}

#[derive(Debug, Clone)]
pub enum RescheduleOutcome {
    Rescheduled(BookingView),
    Preview {
        booking: BookingView,
        request_id: String,
    },
    /// Nothing was moved.
    SlotTaken {
        taken: Vec<u8>,
        alternatives: Vec<Slot>,
    },
    NotBookable {
        reason: NotBookable,
        location: Option<Arc<Location>>,
    },
    SeriesInterval {
        dose: u8,
        min_days: u32,
        max_days: u32,
    },
    TooLate {
        notice: TimeDelta,
        location: Arc<Location>,
    },
    AlreadyCancelled(BookingView),
    InProgress,
    NotOpened(NotOpened),
    NeedsInput(Vec<NeedsInput>),
}

/// Which fields a service demands are also in `get-locations`; kept here so that both agree.
#[must_use]
pub fn required_fields(service: &Service) -> Vec<PatientField> {
    let mut fields = service.requires.clone();
    if service.min_age.is_some() || service.max_age.is_some() || service.audience != Audience::Any {
        fields.push(PatientField::BirthDate);
    }
    fields.sort_unstable();
    fields.dedup();
    fields
}
