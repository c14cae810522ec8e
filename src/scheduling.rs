//! The use cases: one file per function, each a method of [`Scheduling`]. Here things are decided; `http`
//! only translates, providers only speak to vendors, and the ledger only keeps its protocol.
//!
//! What the bot should talk about is an outcome of a use case; what is wrong with a request or with a
//! dependency is a [`Fault`].

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::time::Instant;

use crate::{
    clock::Clock,
    domain::{Location, LocationId, ProviderName, code::ConfirmationCode},
    ledger::{Ledger, LedgerError, Random},
    provider::{Provider, ProviderError},
    store::StoreError,
    telemetry::{
        audit::{Audit, AuditError},
        events::Reconciled,
        trace,
    },
};

pub use crate::{domain::Channel, ledger::reconcile::Tally};
pub use appointment::{FindOutcome, FindRequest, NotOpened, Proof};
pub use book::{BookOutcome, BookRequest, NotBookable};
pub use cancel::{CancelOutcome, CancelRequest};
pub use eligibility::NotEligible;
pub use input::{InputField, InputReason, NeedsInput};
pub use locations::{LocationsFound, LocationsOutcome, LocationsQuery, Matched, Near, Site};
pub use patient::{TypedPatient, required_fields};
pub use reschedule::{RescheduleOutcome, RescheduleRequest};
pub use slots::{After, Basis, Bound, Moving, PartOfDay, Slot, SlotsFound, SlotsOutcome, SlotsQuery, When};
pub use view::{AppointmentView, BookingView, Status};

pub mod agenda;
mod appointment;
mod book;
mod cancel;
mod contact;
mod eligibility;
mod input;
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
    /// Never the same twice in a process.
    configuration: u64,
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
        static LAST: AtomicU64 = AtomicU64::new(0);
        let configuration = LAST.fetch_add(1, Ordering::Relaxed);
        Self { providers: providers.into(), ledger, clock, audit, random, configuration }
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
        let started = Instant::now();
        let tally = self.ledger.reconcile().await?;
        Reconciled { tally, took: started.elapsed() }.leave();
        Ok(tally)
    }

    /// The ids of the ledger's keys, newest first, as `check` shows them.
    ///
    /// # Errors
    /// When there is no key, or the store was made with others.
    pub async fn key_ids(&self) -> Result<Vec<String>, LedgerError> {
        self.ledger.key_ids().await
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
        trace::note_provider(id.provider());
        let locations = provider.locations().await?;
        Ok(locations.find(id).map(|site| (provider, site.clone(), locations.stale)))
    }

    /// An id nobody can guess, for a request that is previewed.
    fn fresh_request_id(&self) -> String {
        format!("{:016x}{:016x}", (self.random)(), (self.random)())
    }

    /// Leaves an audit record; without one nothing may be answered.
    async fn audit(
        &self,
        function: &'static str,
        caller: &Caller,
        code: Option<&ConfirmationCode>,
        outcome: &str,
    ) -> Result<(), Fault> {
        let reference = match code {
            Some(code) => Some(self.ledger.audit_reference(code).await),
            None => None,
        };
        let record = AuditRecord {
            at: self.clock.now(),
            function,
            invocation: caller.invocation.as_deref(),
            trace: caller.trace.as_deref(),
            client: caller.client.as_deref(),
            reference,
            outcome,
        };
        self.audit.append(&record).await.map_err(|error| match error {
            AuditError::Blobs(StoreError::Unusable(_)) => {
                Fault::Misconfigured(format!("no audit record: {error}"))
            }
            error => Fault::Unavailable { why: format!("no audit record: {error}"), retry_after: None },
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
    client: Option<&'a str>,
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
            LedgerError::Secret(error) => ProviderError::from(error).into(),
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

/// Who calls, as far as the host tells, and the token where there is one: for audit records, and to tell the host's repeat from a new call.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// `X-Azure-Functions-InvocationId`.
    pub invocation: Option<String>,
    pub trace: Option<String>,
    /// The app whose token was let in, where [`Callers`](crate::callers::Callers) ask for one.
    pub client: Option<Arc<str>>,
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

/// Whether anything is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Make every check, write nothing, answer the words to confirm with.
    Preview,
    Write,
}
