//! Looking after what was left, and forgetting what is over. A timer calls it, on any number of instances at
//! once; when there is nothing to do it costs one listing.

use std::{collections::BTreeSet, time::Duration};

use super::{
    Ledger, LedgerError, STALE,
    documents::{self, Booking, Doubt, FORMAT, State, Undone, key},
    open::WINDOW,
    record::{NotWritten, Record},
    ring::KeyId,
    settle::Settled,
};
use crate::{
    domain::{CalendarId, LocationId, ProviderName, code::ConfirmationCode},
    provider::Notices,
    store::{Condition, Listed, Read, StoreError, Wanted, Written},
};

/// How often what is past its retention is looked for.
const PURGE_EVERY: Duration = Duration::from_hours(24);

/// Documents read at once while purging.
const BATCH: usize = 100;

/// What one run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub looked_at: usize,
    pub confirmed: usize,
    pub undone: usize,
    pub finished: usize,
    pub waiting: usize,
    pub failed: usize,
    pub purged: usize,
    /// The age of the oldest booking among them that was not settled when it was looked at.
    pub oldest_pending: Duration,
}

impl Ledger {
    /// Settles every booking whose executor has left it, and purges once a day.
    ///
    /// # Errors
    /// When the store cannot be listed. What goes wrong with one booking is counted, logged, and left for the
    /// next run.
    pub async fn reconcile(&self) -> Result<Tally, LedgerError> {
        let mut tally = Tally::default();
        let mut purged = None;
        for listed in self.list_all(key::PENDING).await? {
            if listed.key == key::PURGED {
                purged = Some(listed);
                continue;
            }
            tally.oldest_pending = tally.oldest_pending.max(listed.age);
            if listed.age >= STALE {
                tally.looked_at += 1;
                if let Err(error) = self.settle_marker(&listed, &mut tally).await {
                    tally.failed += 1;
                    tracing::warn!(%error, "a booking could not be settled; it is tried again at the next run");
                }
            }
        }
        if purged.as_ref().is_none_or(|purged| purged.age >= PURGE_EVERY) {
            tally.purged = self.purge_if_first(purged).await?;
        }
        Ok(tally)
    }

    /// Of many who find that it is time, one purges.
    async fn purge_if_first(&self, last: Option<Listed>) -> Result<usize, LedgerError> {
        let condition = last.map_or(Condition::Absent, |last| Condition::Is(last.etag));
        let Written::Done(etag) = self.store.put_if(key::PURGED, condition, bytes::Bytes::new()).await else {
            return Ok(0);
        };
        let purged = self.purge().await;
        if purged.is_err() {
            // The next run tries again, instead of tomorrow's.
            let _ = self.store.delete_if(key::PURGED, etag).await;
        }
        purged
    }

    async fn settle_marker(&self, listed: &Listed, tally: &mut Tally) -> Result<(), LedgerError> {
        let Some((code, attempt)) = key::parse_pending(&listed.key) else { return Ok(()) };
        match self.record(&code).await? {
            None => self.forestall(&code, attempt).await?,
            Some(record) if record.booking.attempt > attempt => {
                // Whoever raised the attempt has left a marker of their own, which stays as long as this
                // booking needs looking after.
                self.remove_marker(listed).await;
                return Ok(());
            }
            Some(record) if record.booking.attempt < attempt => {
                let booking = Booking { attempt, executor: self.random(), ..record.booking.clone() };
                let finished = !matches!(record.booking.state, State::Pending | State::Undoing);
                if finished && record.booking.operation.is_none() {
                    // The attempt this marker names never began, and now cannot.
                    if self.advance(record, booking).await?.is_none() {
                        return Ok(());
                    }
                }
            }
            Some(_) => {}
        }
        let before = self.record(&code).await?.map(|record| record.booking.state);
        match self.settle(&code).await? {
            Settled::Fresh | Settled::Waiting => tally.waiting += 1,
            Settled::Settled(record) => {
                match (before, record.booking.state) {
                    (Some(State::Pending), State::Confirmed) => tally.confirmed += 1,
                    (Some(State::Pending | State::Undoing), State::Undone) => tally.undone += 1,
                    _ => tally.finished += 1,
                }
                if record.booking.state == State::Undone || record.booking.state == State::Cancelled {
                    self.discount_open(&record).await?;
                }
                if record.booking.doubt == Doubt::None {
                    self.remove_marker(listed).await;
                }
            }
            Settled::Gone => self.remove_marker(listed).await,
        }
        Ok(())
    }

    async fn remove_marker(&self, listed: &Listed) {
        let _ = self.store.delete_if(&listed.key, listed.etag.clone()).await;
    }

    /// A marker whose record was never written: writes it as undone, so that its late owner cannot begin.
    async fn forestall(&self, code: &ConfirmationCode, attempt: u32) -> Result<(), LedgerError> {
        let keys = self.keys().await?;
        let nowhere = LocationId::new(ProviderName::Embedded, "-");
        let booking = Booking {
            format: FORMAT,
            state: State::Undone,
            attempt,
            executor: self.random(),
            key: keys.current.id.clone(),
            generation: 0,
            calendar: CalendarId::from(nowhere.as_str()),
            location: nowhere,
            service: "-".into(),
            contents: None,
            named: false,
            invocation: None,
            confirmed: None,
            contacts: Vec::new(),
            doses: Vec::new(),
            days: BTreeSet::new(),
            undone: Some(Undone::Abandoned),
            operation: None,
            last: None,
            doubt: Doubt::None,
            tried: Vec::new(),
            sealed: None,
            locale: String::new(),
            notices: Notices::default(),
        };
        match self.write_record(code, None, booking).await {
            Ok(_) | Err(NotWritten::Beaten(_)) => Ok(()),
            Err(NotWritten::Failed(error)) => Err(error),
        }
    }

    /// Deletes bookings, days and counters that are past their retention, and forgets keys nobody needs.
    async fn purge(&self) -> Result<usize, LedgerError> {
        let (bookings, in_use) = self.purge_bookings().await?;
        let purged = bookings + self.purge_days().await? + self.purge_counters().await?;
        self.retire_keys(&in_use).await?;
        Ok(purged)
    }

    /// How many were deleted, and which keys the others were made with.
    async fn purge_bookings(&self) -> Result<(usize, Vec<KeyId>), LedgerError> {
        let now = self.clock.now();
        let mut purged = 0;
        let mut in_use: Vec<KeyId> = Vec::new();
        for batch in self.list_all(key::BOOKINGS).await?.chunks(BATCH) {
            for (listed, booking) in self.read_batch::<Booking>(batch).await? {
                // An undone request without a time was forestalled; its age counts from its last write.
                let over = booking.last_end().unwrap_or_else(|| {
                    now - chrono::TimeDelta::from_std(listed.age).unwrap_or(chrono::TimeDelta::zero())
                });
                if booking.is_finished() && now - over > self.retention {
                    purged += usize::from(self.purge_booking(listed, booking).await?);
                } else if !in_use.contains(&booking.key) {
                    in_use.push(booking.key);
                }
            }
        }
        Ok((purged, in_use))
    }

    async fn purge_booking(&self, listed: &Listed, booking: Booking) -> Result<bool, LedgerError> {
        let Ok(code) = listed.key[key::BOOKINGS.len()..].parse() else { return Ok(false) };
        let record = Record { code, booking, etag: listed.etag.clone(), age: listed.age };
        self.discount_open(&record).await?;
        Ok(self.delete(listed).await)
    }

    async fn purge_days(&self) -> Result<usize, LedgerError> {
        let mut purged = 0;
        // Two days more than any booking in them: a date is not an instant.
        let last_kept = (self.clock.now() - self.retention).date_naive() - chrono::Days::new(2);
        for listed in self.list_all(key::DAYS).await? {
            if key::parse_day(&listed.key).is_some_and(|date| date < last_kept) {
                purged += usize::from(self.delete(&listed).await);
            }
        }
        Ok(purged)
    }

    async fn purge_counters(&self) -> Result<usize, LedgerError> {
        let now = self.clock.now();
        let mut purged = 0;
        for listed in self.list_all(key::ATTEMPTS).await? {
            if chrono::TimeDelta::from_std(listed.age).is_ok_and(|age| age > WINDOW) {
                purged += usize::from(self.delete(&listed).await);
            }
        }
        for batch in self.list_all(key::OPEN).await?.chunks(BATCH) {
            for (listed, open) in self.read_batch::<documents::Open>(batch).await? {
                if open.bookings.iter().all(|booking| booking.until < now) {
                    purged += usize::from(self.delete(listed).await);
                }
            }
        }
        Ok(purged)
    }

    async fn delete(&self, listed: &Listed) -> bool {
        matches!(self.store.delete_if(&listed.key, listed.etag.clone()).await, Written::Done(_))
    }

    pub(super) async fn read_batch<'a, D: documents::Kept>(
        &self,
        batch: &'a [Listed],
    ) -> Result<Vec<(&'a Listed, D)>, LedgerError> {
        let wanted: Vec<Wanted<'_>> =
            batch.iter().map(|listed| Wanted { key: &listed.key, known: None }).collect();
        let reads = self.store.get(&wanted).await?;
        let mut documents = Vec::with_capacity(batch.len());
        for (listed, read) in batch.iter().zip(reads) {
            if let Read::Document(document) = read {
                documents.push((listed, documents::read(&document.bytes).map_err(StoreError::Unusable)?));
            }
        }
        Ok(documents)
    }

    /// Every key that starts with a prefix.
    pub(super) async fn list_all(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        let mut keys = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = self.store.list(prefix, cursor.as_deref()).await?;
            keys.extend(page.keys);
            match page.cursor {
                Some(next) => cursor = Some(next),
                None => return Ok(keys),
            }
        }
    }
}
