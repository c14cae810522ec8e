//! The store of one machine: a single SQLite file that several processes may share.
//!
//! A newcomer would look for a lock around the file. There is none: SQLite's own write lock orders the
//! processes, and inside one process a single writer thread takes everything that waits into one
//! transaction, so that 64 bookings cost one sync and not 64. Readers have connections of their own and see
//! the last commit without waiting for the next.
//!
//! Reads are done inline, on the thread that asks: they take microseconds, less than handing them to another
//! thread and back. Only a document of several MiB or a file that another process is recovering takes longer.

use std::{
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::ErrorCode;

use self::{readers::Readers, recent::Recent, writer::Writer};
use super::{Condition, Etag, Page, Put, Read, Store, StoreError, Wanted, Written};

mod file;
mod look;
mod readers;
mod recent;
mod writer;

/// Documents in a SQLite file.
///
/// Dropping it waits until what was handed to the writer is written, and closes the file.
pub struct SqliteStore {
    // Readers go first when the store is dropped: the last connection to close tidies the file up, and that
    // should be the writer's.
    readers: Readers,
    writer: Writer,
    commits: Arc<AtomicU64>,
}

impl SqliteStore {
    /// Opens the database at `path`, or makes one, and its folder, if nothing is there.
    ///
    /// A database that is left by a clean stop is trusted after its header and tables were looked at. One
    /// that is small, or was left by a kill or a power cut, is searched for damage first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`], with what to do, if something else is at `path`: another file, another
    /// application's database, one of a newer version, a damaged one, one that may not be written or that
    /// another program keeps locked. None of these is touched.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = file::open(path)?;
        let recent = Arc::new(Recent::default());
        let commits = Arc::default();
        let writer = Writer::start(connection, Arc::clone(&recent), Arc::clone(&commits))?;
        Ok(Self { readers: Readers::new(path, recent), writer, commits })
    }

    /// How many times this store has made changes durable: one sync each, however many changes.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn get(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Read>, StoreError> {
        self.readers.get(wanted).await
    }

    async fn put_if(&self, key: &str, condition: Condition, document: Bytes) -> Written {
        self.writer.change(writer::Change::put(key, condition, document)).await
    }

    async fn put_in_order(&self, puts: Vec<Put>) -> Vec<Written> {
        let changes = puts.into_iter().map(|put| writer::Change::put(&put.key, put.condition, put.document));
        self.writer.change_in_order(changes.collect()).await
    }

    async fn delete_if(&self, key: &str, etag: Etag) -> Written {
        self.writer.change(writer::Change::delete(key, etag)).await
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<Page, StoreError> {
        self.readers.list(prefix, cursor)
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("commits", &self.commits()).finish_non_exhaustive()
    }
}

/// The number of a change of the database. A document's is that of its last write, and its [`Etag`].
///
/// Every change counts, deletions too, and the count is in the database: so it never goes back, and two
/// reads that find the same count have found the same documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Version(i64);

impl Version {
    fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The version that an `ETag` of ours names; `None` for one that we never gave out.
    fn of(etag: &Etag) -> Option<Self> {
        let digits = etag.0.starts_with(|first| matches!(first, '1'..='9'));
        digits.then(|| etag.0.parse().ok().map(Self)).flatten()
    }

    fn etag(self) -> Etag {
        Etag(self.0.to_string().into())
    }
}

/// What the database says the last change was.
fn version(connection: &rusqlite::Connection) -> rusqlite::Result<Version> {
    let mut statement = connection.prepare_cached("SELECT version FROM changes")?;
    statement.query_row([], |row| row.get(0)).map(Version)
}

/// What SQLite's error means for whoever reads.
fn read_error(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Unusable(format!(
            "the database is damaged; stop every process that uses it and restore it from a copy ({error})"
        )),
        _ => StoreError::Unavailable(format!("the database did not answer ({error})")),
    }
}
