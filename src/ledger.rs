//! Holds and bookings, written once for every provider: what makes a booking happen exactly once over vendors
//! without locks, in a store without transactions, while hosts retry, clients hang up and instances die.
//!
//! The record under `booking/CODE` is the only truth about whether a booking exists, and its compare-and-swap
//! to *confirmed* the only commit. Everything else is a hold ([`days`]) or a hint ([`settle`]'s markers).
//! Read [`documents`] first, then [`book`], then [`settle`].

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use moka::sync::Cache;
use parking_lot::Mutex;

use crate::{
    clock::Clock,
    domain::ProviderName,
    ledger::{
        documents::{Attempts, Day, Open},
        ring::Ring,
    },
    provider::{Provider, ProviderError},
    store::{
        Etag, Store, StoreError,
        combined::{ChangeError, Combined},
    },
};

pub mod agenda;
pub mod book;
pub mod change;
pub mod days;
pub mod documents;
pub mod open;
pub mod reconcile;
pub mod record;
pub mod ring;
pub mod settle;
mod vault;
mod vendor;

/// An unfinished record this old, by the store's clock, has been left by its executor.
pub const STALE: Duration = Duration::from_mins(1);

/// An executor stops by itself after this long, by its own monotonic clock.
pub const EXECUTOR_LIMIT: Duration = Duration::from_secs(20);

/// Markers that are remembered. One that is not is read before it is removed.
const MARKERS: u64 = 10_000;

/// The ledger of one process. Any number of processes may have one over the same store.
pub struct Ledger {
    store: Arc<dyn Store>,
    providers: HashMap<ProviderName, Arc<dyn Provider>>,
    ring: Ring,
    clock: Clock,
    random: Random,
    days: Combined<Day>,
    attempts: Combined<Attempts>,
    open: Combined<Open>,
    /// The markers that this process has left, so that they need not be read to be removed.
    markers: Cache<String, Etag>,
    vault: Mutex<vault::Loaded>,
    retention: chrono::TimeDelta,
    started: tokio::time::Instant,
}

/// Where unpredictable numbers come from: the system, or a test's seed.
pub type Random = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Why the ledger could not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LedgerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error("{0}")]
    Misconfigured(String),
    /// The executor's time is up. The booking is whole or will be undone.
    #[error("not finished in time")]
    Timeout,
    /// The same `requestId` was used for other contents.
    #[error("this request id was used for another request")]
    ReusedRequestId,
}

impl From<ChangeError> for LedgerError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Store(error) => Self::Store(error),
            error => Self::Store(StoreError::Unavailable(error.to_string())),
        }
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("store", &self.store).field("ring", &self.ring).finish_non_exhaustive()
    }
}

impl Ledger {
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        providers: Vec<Arc<dyn Provider>>,
        ring: Ring,
        clock: Clock,
        random: Random,
        retention: chrono::TimeDelta,
    ) -> Self {
        Self {
            days: Combined::new(store.clone(), random.clone()),
            attempts: Combined::new(store.clone(), random.clone()),
            open: Combined::new(store.clone(), random.clone()),
            markers: Cache::new(MARKERS),
            store,
            providers: providers.into_iter().map(|provider| (provider.name(), provider)).collect(),
            ring,
            clock,
            random,
            vault: Mutex::default(),
            retention,
            started: tokio::time::Instant::now(),
        }
    }

    fn random(&self) -> u64 {
        (self.random)()
    }

    fn provider(&self, name: ProviderName) -> Result<&Arc<dyn Provider>, LedgerError> {
        crate::telemetry::trace::note_provider(name);
        self.providers.get(&name).ok_or_else(|| {
            LedgerError::Misconfigured(format!(
                "there are bookings of provider `{name}`, which is not configured: configure it until they are over"
            ))
        })
    }
}
