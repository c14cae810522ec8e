//! Whether this process's secret ring fits the store, and which key is the current one.
//!
//! The store holds a check value per key. A key that is new to it becomes current only after every instance
//! has had time to load it; a key of the store that is not in the ring means this process must not write,
//! since it would not recognise requests and contacts made under it.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use tokio::time::Instant;

use super::{
    Ledger, LedgerError,
    documents::{self, FORMAT, RingKey, key},
    ring::{Digest, Key, KeyId, Ring},
};
use crate::{
    store::{Condition, StoreError, Written, copy::UNFINISHED},
    telemetry::events,
};

/// How long a new key waits, for every instance to load it.
const ROLL_OVER: TimeDelta = TimeDelta::minutes(10);

/// How long the store's word is believed. Less than the wait above, so that nobody misses a key.
const BELIEVED: Duration = Duration::from_mins(5);

/// The keys in use, as last agreed with the store.
#[derive(Debug, Clone, Default)]
pub(super) struct Loaded(Option<(Instant, Arc<Keys>)>);

/// What to look under, and what to make new records with.
#[derive(Debug)]
pub(super) struct Keys {
    /// Newest first.
    pub live: Vec<Key>,
    pub current: Key,
}

impl Keys {
    pub(super) fn find(&self, id: &KeyId) -> Option<&Key> {
        self.live.iter().find(|key| key.id == *id)
    }
}

impl Ledger {
    /// The keys, agreed with the store at most five minutes ago.
    pub(super) async fn keys(&self) -> Result<Arc<Keys>, LedgerError> {
        let loaded = self.vault.lock().0.clone();
        match loaded {
            Some((at, keys)) if at.elapsed() < BELIEVED => Ok(keys),
            _ => self.agree().await,
        }
    }

    /// The ids of the keys, newest first, if the store knows no other. Writes nothing.
    ///
    /// # Errors
    /// When there is no key, or bookings were made with one that is not among them.
    pub async fn key_ids(&self) -> Result<Vec<String>, LedgerError> {
        let (ring, _) = self.ring_that_fits().await?;
        Ok(ring.keys().iter().map(|key| key.id.to_string()).collect())
    }

    /// The ring, with what the store knows of its keys.
    async fn ring_that_fits(&self) -> Result<(Ring, Vec<(KeyId, RingKey)>), LedgerError> {
        let mut current = self.keyring.current().await?;
        let known = self.known_keys().await?;
        let missing =
            |ring: &Ring| known.iter().find(|(id, _)| ring.key(id).is_none()).map(|(id, _)| id.clone());
        if missing(&current.ring).is_some() && self.keyring.refuse(&current) {
            // Another instance has already loaded a newer secret than this one.
            current = self.keyring.current().await?;
        }
        if let Some(missing) = missing(&current.ring) {
            return Err(LedgerError::Misconfigured(format!(
                "bookings in the store were made with the ledger secret `{missing}`, which is not in {}: put it back \
                 (behind the newer ones, separated by a comma)",
                self.keyring.name()
            )));
        }
        Ok((current.ring, known))
    }

    async fn agree(&self) -> Result<Arc<Keys>, LedgerError> {
        let (ring, known) = self.ring_that_fits().await?;
        let now = self.clock.now();
        let mut current = None;
        for own in ring.keys() {
            let stored = match known.iter().find(|(id, _)| *id == own.id) {
                Some((_, stored)) => stored.clone(),
                // Older than every key the store knows: it was retired, and is only looked under.
                None if current.is_some() => continue,
                None => {
                    self.introduce(own, if known.is_empty() { TimeDelta::zero() } else { ROLL_OVER }).await?
                }
            };
            if !stored.check.matches(&check(own)) {
                return Err(LedgerError::Misconfigured(format!(
                    "the ledger secret `{}` is not the one the store was made with",
                    own.id
                )));
            }
            if current.is_none() && stored.current_from <= now {
                current = Some(own.clone());
            }
        }
        // Every key still waits: clocks disagree, or the first one was introduced a moment ago by a clock
        // ahead of ours. The oldest known one is what others use.
        let oldest =
            || ring.keys().iter().rev().find(|own| known.iter().any(|(id, _)| *id == own.id)).cloned();
        let current = current
            .or_else(oldest)
            .or_else(|| ring.keys().first().cloned())
            .ok_or_else(|| LedgerError::Misconfigured(format!("{} is empty", self.keyring.name())))?;
        let keys = Arc::new(Keys { live: ring.keys().to_vec(), current });
        *self.vault.lock() = Loaded(Some((Instant::now(), keys.clone())));
        Ok(keys)
    }

    async fn known_keys(&self) -> Result<Vec<(KeyId, RingKey)>, LedgerError> {
        let mut known = Vec::new();
        for listed in self.list_all(key::RING).await? {
            if listed.key == UNFINISHED {
                return Err(LedgerError::Misconfigured(
                    "the store is an unfinished copy of another: run `healthbot-scheduler store copy` to its end, or \
                     name another store"
                        .into(),
                ));
            }
            if let Some(document) = self.document(&listed.key).await? {
                let stored = documents::read(&document.bytes).map_err(StoreError::Unusable)?;
                known.push((KeyId(listed.key[key::RING.len()..].to_owned()), stored));
            }
        }
        Ok(known)
    }

    /// Makes a key known to the store, or reads what another instance has just made known.
    async fn introduce(&self, own: &Key, wait: TimeDelta) -> Result<RingKey, LedgerError> {
        let key = format!("{}{}", key::RING, own.id);
        let stored = RingKey { format: FORMAT, check: check(own), current_from: self.clock.now() + wait };
        if let Written::Done(_) = self.store.put_if(&key, Condition::Absent, documents::write(&stored)).await
        {
            return Ok(stored);
        }
        match self.document(&key).await? {
            Some(document) => Ok(documents::read(&document.bytes).map_err(StoreError::Unusable)?),
            None => {
                Err(StoreError::Unavailable("the check value of a secret could not be written".into()).into())
            }
        }
    }

    /// Forgets a key that no record names any more, so that it may leave the ring.
    pub(super) async fn retire_keys(&self, in_use: &[KeyId]) -> Result<(), LedgerError> {
        let keys = self.keys().await?;
        let newest = keys.live.first().map(|key| key.id.clone());
        for (id, stored) in self.known_keys().await? {
            let needed = in_use.contains(&id) || id == keys.current.id || Some(&id) == newest.as_ref();
            if needed || stored.current_from + ROLL_OVER > self.clock.now() {
                continue;
            }
            let key = format!("{}{id}", key::RING);
            if let Some(document) = self.document(&key).await? {
                let _ = self.store.delete_if(&key, document.etag).await;
                let why =
                    format!("no booking needs this key of the ledger: it may leave {}", self.keyring.name());
                events::secret(&id.0, "retired", Some(&why));
            }
        }
        Ok(())
    }
}

fn check(key: &Key) -> Digest {
    key.digest("check", &[])
}
