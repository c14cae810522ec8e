//! The second seam: where our own few records live, as bytes under a key with an `ETag`.
//!
//! A newcomer would expect transactions over several keys here. There are none, on purpose: Azure Blob
//! Storage has none, and the ledger's protocol (`docs/ARCHITECTURE.md`) needs none.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;

use self::{azure_blob::AzureBlobStore, sqlite::SqliteStore};
use crate::{config::settings::StoreSetting, identity::Azure};

pub mod azure_blob;
pub mod combined;
pub mod copy;
pub mod sqlite;

/// Opens the store that a setting names: the one `match` that knows them all. Blocks, and asks nobody on the network.
///
/// # Errors
///
/// [`StoreError::Unusable`], with what to do.
pub fn open(setting: &StoreSetting, azure: &Azure) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match setting {
        StoreSetting::Sqlite(path) => Arc::new(SqliteStore::open(path)?),
        StoreSetting::AzureBlob(container) => Arc::new(AzureBlobStore::new(container, azure)?),
    })
}

/// Bytes under a key, changed only on a condition.
///
/// # Promises
///
/// * A write answers [`Written::Done`] only when it survives `kill -9` and power loss.
/// * A write is conditional: on the key being absent, or on its document still having a given [`Etag`].
///   Of several writers with the same condition, exactly one takes effect.
/// * An [`Etag`] never recurs under a key, not even after the document was deleted and made again.
/// * The store never repeats a conditional write by itself. A lost reply and its own repeat would look like
///   a lost race although the write took effect; whoever asked reads again and looks for its own mark.
/// * A reader sees a whole document, never half of a write, and is not blocked by writers.
/// * Ages are measured by the store's own clock, so that callers whose clocks disagree agree on ages.
///
/// Keys are UTF-8 text of at most 256 bytes without control characters; `/` separates their parts and has no
/// other meaning. Listings are in the order of the keys' bytes.
///
/// # Errors
///
/// Reads fail with a [`StoreError`]. Writes do not: a write that cannot be shown to have happened, or not to
/// have happened, is [`Written::Unknown`], and the reason is logged by the store.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync {
    /// Reads several documents; the answers are in the order of the questions.
    ///
    /// A document whose `ETag` equals [`Wanted::known`] is answered [`Read::Unchanged`]. Each answer is no
    /// older than the call. Several keys are one call because a search of a month reads many days: one
    /// snapshot in a database, parallel requests in a blob store.
    async fn get(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Read>, StoreError>;

    /// Writes `document` under `key` if `condition` holds.
    async fn put_if(&self, key: &str, condition: Condition, document: Bytes) -> Written;

    /// Writes several documents, each if its condition holds, in this order and up to the first that is not
    /// [`Written::Done`]: of those behind it nothing is written, and nothing answered.
    ///
    /// No transaction: whoever reads, or whatever is left by a crash, may see the first without the second, and
    /// never the second without the first. A store that can do all of it at once saves its callers a sync.
    async fn put_in_order(&self, puts: Vec<Put>) -> Vec<Written> {
        let mut all = Vec::with_capacity(puts.len());
        for Put { key, condition, document } in puts {
            let written = self.put_if(&key, condition, document).await;
            let goes_on = matches!(written, Written::Done(_));
            all.push(written);
            if !goes_on {
                break;
            }
        }
        all
    }

    /// How long changes that nobody waits for are gathered, so that many become one write: a moment where a write is
    /// cheap, longer where it crosses a network and meets other writers.
    fn gathers_for(&self) -> Duration {
        Duration::from_millis(250)
    }

    /// Removes `key` if its document still has this `ETag`. [`Written::Done`] carries the removed `ETag`.
    async fn delete_if(&self, key: &str, etag: Etag) -> Written;

    /// Names the keys that start with `prefix`, in order, a page at a time.
    ///
    /// `cursor` is `None` or what the page before answered. A key present throughout a walk is named exactly
    /// once; one that comes or goes meanwhile may or may not be.
    async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<Page, StoreError>;
}

/// What to read, and the `ETag` of what the caller already has.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    pub key: &'a str,
    pub known: Option<Etag>,
}

/// A document to be written, and when.
#[derive(Debug, Clone)]
pub struct Put {
    pub key: String,
    pub condition: Condition,
    pub document: Bytes,
}

/// What was found under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    Document(Document),
    /// The caller's copy is current.
    Unchanged,
    Absent,
}

/// A document as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub bytes: Bytes,
    pub etag: Etag,
    /// Since its last write, by the store's clock.
    pub age: Duration,
}

/// When a write may take effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Nothing is there yet.
    Absent,
    /// What is there still has this `ETag`.
    Is(Etag),
}

/// How a conditional write ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a lost or unknown write is an answer, not an error"]
pub enum Written {
    /// It took effect, durably. The document's new `ETag`.
    Done(Etag),
    /// The condition did not hold; nothing changed.
    Lost,
    /// It may have taken effect, now or still later. Only reading again tells.
    Unknown,
}

/// An opaque version of a document, unique under its key for all time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Etag(pub Arc<str>);

/// One page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub keys: Vec<Listed>,
    /// Where the next page starts; `None` after the last.
    pub cursor: Option<String>,
}

/// A key in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub key: String,
    pub etag: Etag,
    /// Since its last write, by the store's clock.
    pub age: Duration,
}

/// Why a store could not be read, in words for the operator.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// It did not answer, or not in time. Trying again may help.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// It answers, and what is there is not what we keep. A person has to look.
    #[error("the store is not usable: {0}")]
    Unusable(String),
}
