//! What was read, kept for a while; and kept longer for when it cannot be read again.

use std::{
    fmt,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use moka::{Expiry, future, sync};
use std::time::Instant;

use super::passes;
use crate::{provider::ProviderError, telemetry::cache::Uses};

/// Values by key. However many ask for one at once, it is read once.
pub(super) struct Kept<K, V> {
    uses: &'static Uses,
    fresh: future::Cache<K, Fresh<V>>,
    last: sync::Cache<K, Arc<V>>,
}

struct Fresh<V> {
    value: Arc<V>,
    lasts: Duration,
}

impl<V> Clone for Fresh<V> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), lasts: self.lasts }
    }
}

/// Each value lasts as long as whoever read it says.
struct AsTold;

impl<K, V> Expiry<K, Fresh<V>> for AsTold {
    fn expire_after_create(&self, _key: &K, value: &Fresh<V>, _created_at: Instant) -> Option<Duration> {
        Some(value.lasts)
    }
}

impl<K, V> fmt::Debug for Kept<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

impl<K, V> Kept<K, V>
where
    K: Hash + Eq + Send + Sync + Clone + 'static,
    V: Send + Sync + 'static,
{
    /// For what is not all that was asked for.
    pub(super) const BRIEFLY: Duration = Duration::from_secs(5);

    /// `fresh`: how long a value is good; `stale`: how much longer, while it cannot be read.
    pub(super) fn new(uses: &'static Uses, most: u64, fresh: Duration, stale: Duration) -> Self {
        Self {
            uses,
            fresh: future::Cache::builder().max_capacity(most).expire_after(AsTold).build(),
            last: sync::Cache::builder().max_capacity(most).time_to_live(fresh + stale).build(),
        }
    }

    /// The value that was read last, however long ago that may be.
    pub(super) fn last(&self, key: &K) -> Option<Arc<V>> {
        self.last.get(key)
    }

    /// The value under `key`, read if it has to be; `read` also says how long it is good. Where it cannot be
    /// read for now, what was last read under `ever`, and `true`.
    ///
    /// # Errors
    /// Why it cannot be read, when there is no older one, or waiting would not help.
    pub(super) async fn get(
        &self,
        key: K,
        ever: K,
        read: impl Future<Output = Result<(V, Duration), ProviderError>>,
    ) -> Result<(Arc<V>, bool), ProviderError> {
        let was_there = AtomicBool::new(true);
        let reading = async {
            was_there.store(false, Ordering::Relaxed);
            let (value, lasts) = read.await?;
            let value = Arc::new(value);
            self.last.insert(ever.clone(), value.clone());
            Ok(Fresh { value, lasts })
        };
        let found = Box::pin(self.fresh.try_get_with(key, Box::pin(reading))).await;
        // Whoever waited for another's reading has not asked either.
        self.uses.count(was_there.load(Ordering::Relaxed));
        match found {
            Ok(Fresh { value, .. }) => Ok((value, false)),
            Err(error) => {
                let error: &ProviderError = &error;
                match self.last.get(&ever).filter(|_| passes(error)) {
                    Some(value) => Ok((value, true)),
                    None => Err(error.clone()),
                }
            }
        }
    }
}
