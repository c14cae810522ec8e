//! Reading and changing one booking's record, by compare-and-swap.

use std::time::Duration;

use super::{
    Ledger, LedgerError,
    documents::{self, Booking, key},
};
use crate::{
    domain::code::ConfirmationCode,
    store::{Condition, Document, Etag, Put, Read, StoreError, Wanted, Written},
};

/// Tries of one write whose answers stay unclear.
const TRIES: u32 = 5;

/// A booking as it was read or written.
#[derive(Debug, Clone)]
pub struct Record {
    pub code: ConfirmationCode,
    pub booking: Booking,
    pub etag: Etag,
    /// Since its last write, by the store's clock.
    pub age: Duration,
}

/// Why a record was not written.
#[derive(Debug)]
pub(super) enum NotWritten {
    /// Somebody else changed it since; this is what it says now.
    Beaten(Option<Box<Record>>),
    Failed(LedgerError),
}

impl<E: Into<LedgerError>> From<E> for NotWritten {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Ledger {
    pub(super) async fn record(&self, code: &ConfirmationCode) -> Result<Option<Record>, StoreError> {
        let key = key::booking(code);
        let Some(document) = self.document(&key).await? else { return Ok(None) };
        Ok(Some(Record {
            code: code.clone(),
            booking: documents::read(&document.bytes).map_err(StoreError::Unusable)?,
            etag: document.etag,
            age: document.age,
        }))
    }

    /// Writes the record if it is still what `before` says (`None`: absent). A write whose answer was lost is
    /// recognised by its content, which names its executor.
    pub(super) async fn write_record(
        &self,
        code: &ConfirmationCode,
        before: Option<&Etag>,
        booking: Booking,
    ) -> Result<Record, NotWritten> {
        let key = key::booking(code);
        let bytes = documents::write(&booking);
        let condition = before.map_or(Condition::Absent, |etag| Condition::Is(etag.clone()));
        for attempt in 0..TRIES {
            if let Written::Done(etag) = self.store.put_if(&key, condition.clone(), bytes.clone()).await {
                return Ok(Record { code: code.clone(), booking, etag, age: Duration::ZERO });
            }
            let found = self.document(&key).await?;
            match found {
                Some(document) if document.bytes == bytes => {
                    return Ok(Record {
                        code: code.clone(),
                        booking,
                        etag: document.etag,
                        age: document.age,
                    });
                }
                Some(document) if before != Some(&document.etag) => {
                    let booking = documents::read(&document.bytes).map_err(StoreError::Unusable)?;
                    let (etag, age) = (document.etag, document.age);
                    let record = Record { code: code.clone(), booking, etag, age };
                    return Err(NotWritten::Beaten(Some(Box::new(record))));
                }
                None if before.is_some() => return Err(NotWritten::Beaten(None)),
                // Nothing happened yet, and the condition may still hold: the answer was `Unknown`.
                Some(_) | None => self.pause(attempt).await,
            }
        }
        Err(StoreError::Unavailable("a booking could not be written: the store gives no clear answer".into())
            .into())
    }

    /// Writes the record of a new attempt, and before it the attempt's marker.
    pub(super) async fn begin_attempt(
        &self,
        code: &ConfirmationCode,
        before: Option<&Etag>,
        booking: Booking,
    ) -> Result<Record, NotWritten> {
        let marker = Put {
            key: key::pending(code, booking.attempt),
            condition: Condition::Absent,
            document: bytes::Bytes::new(),
        };
        let record = Put {
            key: key::booking(code),
            condition: before.map_or(Condition::Absent, |etag| Condition::Is(etag.clone())),
            document: documents::write(&booking),
        };
        let written = self.store.put_in_order(vec![marker, record]).await;
        if let Some(Written::Done(etag)) = written.first() {
            self.markers.insert(key::pending(code, booking.attempt), etag.clone());
        }
        if let [Written::Done(_), Written::Done(etag)] = &*written {
            let (code, etag) = (code.clone(), etag.clone());
            return Ok(Record { code, booking, etag, age: Duration::ZERO });
        }
        // Somebody was there before, or nobody knows: one after the other, each until it is certain.
        self.mark_pending(code, booking.attempt).await?;
        self.write_record(code, before, booking).await
    }

    /// Leaves the marker that brings `reconcile` here. Best effort is not enough: an attempt starts only once
    /// its marker is certain.
    pub(super) async fn mark_pending(&self, code: &ConfirmationCode, attempt: u32) -> Result<(), StoreError> {
        let key = key::pending(code, attempt);
        for attempt in 0..TRIES {
            match self.store.put_if(&key, Condition::Absent, bytes::Bytes::new()).await {
                Written::Done(_) | Written::Lost => return Ok(()),
                Written::Unknown => {
                    if self.document(&key).await?.is_some() {
                        return Ok(());
                    }
                    self.pause(attempt).await;
                }
            }
        }
        Err(StoreError::Unavailable("a marker could not be written: the store gives no clear answer".into()))
    }

    /// Removes a marker whose work is done. When that fails `reconcile` finds nothing to do and removes it.
    pub(super) async fn unmark_pending(&self, code: &ConfirmationCode, attempt: u32) {
        let key = key::pending(code, attempt);
        if let Some(etag) = self.markers.remove(&key)
            && let Written::Done(_) = self.store.delete_if(&key, etag).await
        {
            return;
        }
        if let Ok(Some(document)) = self.document(&key).await {
            let _ = self.store.delete_if(&key, document.etag).await;
        }
    }

    pub(super) async fn document(&self, key: &str) -> Result<Option<Document>, StoreError> {
        match self.store.get(&[Wanted { key, known: None }]).await?.pop() {
            Some(Read::Document(document)) => Ok(Some(document)),
            Some(Read::Absent) => Ok(None),
            Some(Read::Unchanged) | None => {
                Err(StoreError::Unusable("the store answered another question than it was asked".into()))
            }
        }
    }

    /// A short wait that grows, different for everybody.
    pub(super) async fn pause(&self, attempt: u32) {
        let most = 10_u64 << attempt.min(6);
        tokio::time::sleep(Duration::from_millis(most / 2 + self.random() % most)).await;
    }
}
