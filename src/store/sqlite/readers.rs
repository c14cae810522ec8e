//! Reads from the database, on connections that never write.
//!
//! A newcomer would miss the limit on connections: a read never waits for anything but the disk, so there
//! are never more of them than threads that read.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, Row};

use super::{
    Version, file,
    look::Look,
    read_error,
    recent::{Found, Recent},
    version,
};
use crate::store::{Document, Listed, Page, Read, StoreError, Wanted};

/// How many keys a page of a listing has.
const PAGE: usize = 1_000;

const GET: &str = "SELECT etag, unixepoch('subsec') - written, bytes FROM documents WHERE key = ?1";
const LIST: &str =
    "SELECT key, etag, unixepoch('subsec') - written FROM documents WHERE key >= ?1 ORDER BY key";

/// The idle read connections, and what they found lately.
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    recent: Arc<Recent>,
    look: Look,
}

impl Readers {
    pub(super) fn new(path: &Path, recent: Arc<Recent>) -> Self {
        Self { path: path.to_path_buf(), idle: Mutex::default(), recent, look: Look::default() }
    }

    pub(super) async fn get(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Read>, StoreError> {
        let at = self.look.version(|| self.with_connection(version)).await?;
        let recent = self.recent.since(at, wanted.iter().map(|wanted| wanted.key));
        match from_memory(wanted, &recent) {
            Some(reads) => Ok(reads),
            None => self.with_connection(|connection| self.get_snapshot(connection, wanted)),
        }
    }

    pub(super) fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<Page, StoreError> {
        self.with_connection(|connection| page(connection, prefix, cursor))
    }

    /// Reads every document that is not remembered, all of them as of one moment.
    fn get_snapshot(&self, connection: &Connection, wanted: &[Wanted<'_>]) -> rusqlite::Result<Vec<Read>> {
        let snapshot = connection.unchecked_transaction()?;
        let at = version(&snapshot)?;
        let recent = self.recent.at(at, wanted.iter().map(|wanted| wanted.key));
        let mut reads = Vec::with_capacity(wanted.len());
        let mut found = Vec::new();
        for (nth, wanted) in wanted.iter().enumerate() {
            let remembered = recent.get(nth).copied().flatten();
            let read = remembered.and_then(|found| without_bytes(wanted, found));
            let read = if let Some(read) = read {
                read
            } else {
                let (read, now) = fetch(&snapshot, wanted)?;
                found.push((wanted.key, now));
                read
            };
            reads.push(read);
        }
        snapshot.finish()?;
        self.recent.remember(at, found.into_iter());
        Ok(reads)
    }

    fn with_connection<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let idle = self.idle.lock().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => file::connect_reader(&self.path).map_err(|error| read_error(&error))?,
        };
        // A connection that failed is not used again: opening another is cheap beside a wrong guess at its
        // state.
        let answer = read(&connection).map_err(|error| read_error(&error))?;
        self.idle.lock().push(connection);
        Ok(answer)
    }
}

/// All the answers, if none needs a look into the documents.
fn from_memory(wanted: &[Wanted<'_>], recent: &[Option<Found>]) -> Option<Vec<Read>> {
    if recent.len() != wanted.len() {
        return None;
    }
    wanted.iter().zip(recent).map(|(wanted, version)| without_bytes(wanted, (*version)?)).collect()
}

fn without_bytes(wanted: &Wanted<'_>, found: Found) -> Option<Read> {
    let Found::Document(version) = found else { return Some(Read::Absent) };
    let known = wanted.known.as_ref().and_then(Version::of);
    (known == Some(version)).then_some(Read::Unchanged)
}

fn fetch(connection: &Connection, wanted: &Wanted<'_>) -> rusqlite::Result<(Read, Found)> {
    let mut statement = connection.prepare_cached(GET)?;
    let read = statement.query_row([wanted.key], |row| document(row, wanted)).optional()?;
    Ok(read.unwrap_or((Read::Absent, Found::Nothing)))
}

fn document(row: &Row<'_>, wanted: &Wanted<'_>) -> rusqlite::Result<(Read, Found)> {
    let version = Version(row.get(0)?);
    let found = Found::Document(version);
    let read = match without_bytes(wanted, found) {
        Some(read) => read,
        None => Read::Document(Document {
            bytes: Bytes::copy_from_slice(row.get_ref(2)?.as_blob()?),
            etag: version.etag(),
            age: age(row.get(1)?),
        }),
    };
    Ok((read, found))
}

fn page(connection: &Connection, prefix: &str, cursor: Option<&str>) -> rusqlite::Result<Page> {
    let mut statement = connection.prepare_cached(LIST)?;
    let mut rows = statement.query([cursor.unwrap_or_default().max(prefix)])?;
    let mut keys: Vec<Listed> = Vec::new();
    while let Some(row) = rows.next()? {
        let key = row.get_ref(0)?.as_str()?;
        if cursor == Some(key) {
            continue;
        }
        if !key.starts_with(prefix) {
            break;
        }
        if keys.len() == PAGE {
            let cursor = keys.last().map(|last| last.key.clone());
            return Ok(Page { keys, cursor });
        }
        keys.push(Listed { key: key.into(), etag: Version(row.get(1)?).etag(), age: age(row.get(2)?) });
    }
    Ok(Page { keys, cursor: None })
}

/// A machine's clock may be set back: then a document is new, not of the future.
fn age(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
