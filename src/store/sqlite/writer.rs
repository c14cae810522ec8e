//! The one thread that writes, and commits for all who wait at once.
//!
//! A newcomer would expect a transaction per change. A sync costs far more than a change, so while one commit
//! is being synced the next changes gather, and go together into the next: in order, each with its own
//! condition, which may hold or fail because of a change just before it. Nobody is answered, not even a
//! loser, before the commit that the answer rests on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
};

use bytes::Bytes;
use rusqlite::{Connection, TransactionBehavior, params};
use tokio::sync::oneshot;

use super::{
    Version,
    recent::{Found, Recent},
    version,
};
use crate::store::{Condition, Etag, StoreError, Written};

/// So many changes at most share a commit, so that the first of them does not wait too long.
const BATCH: usize = 1_024;

/// When about so many pages (16 MiB) have been written, they are copied from the log into the database, after the
/// waiting were answered. Four times as seldom as SQLite would by itself: a busy day's document is written again
/// and again, and only its last form is copied.
const PAGES_BETWEEN_CHECKPOINTS: usize = 4_000;

/// When the log has grown to so many pages (64 MiB) because some reader was always in it, readers are waited
/// for and it starts again from its beginning.
const PAGES_IN_LOG: i64 = 16 * 1_024;

const INSERT: &str = "INSERT INTO documents (key, etag, written, bytes) \
                      VALUES (?1, ?2, unixepoch('subsec'), ?3) ON CONFLICT (key) DO NOTHING";
const UPDATE: &str = "UPDATE documents SET etag = ?2, written = unixepoch('subsec'), bytes = ?3 \
                      WHERE key = ?1 AND etag = ?4";
const DELETE: &str = "DELETE FROM documents WHERE key = ?1 AND etag = ?2";

/// The way to the thread that writes.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

/// What is to be done under a key.
pub(super) struct Change {
    key: Box<str>,
    what: What,
}

enum What {
    Put(Condition, Bytes),
    Delete(Etag),
}

impl Change {
    pub(super) fn put(key: &str, condition: Condition, document: Bytes) -> Self {
        Self { key: key.into(), what: What::Put(condition, document) }
    }

    pub(super) fn delete(key: &str, etag: Etag) -> Self {
        Self { key: key.into(), what: What::Delete(etag) }
    }
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        recent: Arc<Recent>,
        commits: Arc<AtomicU64>,
    ) -> Result<Self, StoreError> {
        let (queue, jobs) = mpsc::channel();
        let mut turn = Turn { connection, recent, commits, unchecked_pages: 0 };
        let thread =
            thread::Builder::new().name("store-writer".into()).spawn(move || turn.serve(&jobs)).map_err(
                |error| StoreError::Unavailable(format!("no thread for the store's writer ({error})")),
            )?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Hands the change over and waits for the commit. Dropping the future does not take the change back.
    pub(super) async fn change(&self, change: Change) -> Written {
        self.change_in_order(vec![change]).await.pop().unwrap_or(Written::Unknown)
    }

    /// The same with several, up to the first whose condition does not hold.
    pub(super) async fn change_in_order(&self, changes: Vec<Change>) -> Vec<Written> {
        let (answer, written) = oneshot::channel();
        let job = Job { changes, answer };
        match &self.queue {
            Some(queue) if queue.send(job).is_ok() => {
                written.await.unwrap_or_else(|_| vec![Written::Unknown])
            }
            _ => vec![Written::Unknown],
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's writer has panicked");
        }
    }
}

/// Changes that wait together.
struct Job {
    changes: Vec<Change>,
    answer: oneshot::Sender<Vec<Written>>,
}

/// What came of a change inside the transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Put(Version),
    Deleted(Version),
    Lost,
}

/// The thread's own side.
struct Turn {
    connection: Connection,
    recent: Arc<Recent>,
    commits: Arc<AtomicU64>,
    unchecked_pages: usize,
}

impl Turn {
    fn serve(&mut self, jobs: &mpsc::Receiver<Job>) {
        let mut batch = Vec::new();
        while let Ok(first) = jobs.recv() {
            batch.push(first);
            batch.extend(jobs.try_iter().take(BATCH - 1));
            match self.write(&batch) {
                Ok(outcomes) => answer(batch.drain(..).zip(outcomes)),
                Err(error) => give_up(batch.drain(..), &error),
            }
            self.checkpoint_when_due();
        }
    }

    /// Does all jobs in one transaction. After an error nobody knows more than that: even a lost race may
    /// have been lost to a change that is now rolled back.
    fn write(&mut self, batch: &[Job]) -> rusqlite::Result<Vec<Vec<Outcome>>> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let from = version(&transaction)?;
        let mut to = from;
        let mut outcomes = Vec::with_capacity(batch.len());
        for job in batch {
            outcomes.push(job.perform(&transaction, &mut to)?);
        }
        if to == from {
            transaction.rollback()?;
            return Ok(outcomes);
        }
        transaction.prepare_cached("UPDATE changes SET version = ?1")?.execute([to.0])?;
        self.recent.committing();
        if let Err(error) = transaction.commit() {
            self.recent.commit_failed();
            return Err(error);
        }
        self.recent.committed(from, to, changed(batch, &outcomes));
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.unchecked_pages += batch.iter().map(Job::pages).sum::<usize>();
        Ok(outcomes)
    }

    /// Copies the log into the database now and then, which lets the log start again from its beginning.
    fn checkpoint_when_due(&mut self) {
        if self.unchecked_pages < PAGES_BETWEEN_CHECKPOINTS {
            return;
        }
        self.unchecked_pages = 0;
        let outcome = self.checkpoint("PRAGMA wal_checkpoint(PASSIVE)").and_then(|pages_in_log| {
            if pages_in_log < PAGES_IN_LOG {
                return Ok(pages_in_log);
            }
            self.checkpoint("PRAGMA wal_checkpoint(TRUNCATE)")
        });
        if let Err(error) = outcome {
            tracing::warn!(%error, "the store's log could not be copied into the database; it is kept and grows");
        }
    }

    fn checkpoint(&self, pragma: &str) -> rusqlite::Result<i64> {
        self.connection.query_row(pragma, [], |row| row.get(1))
    }
}

impl Job {
    /// Does its changes, up to the first whose condition does not hold.
    fn perform(&self, connection: &Connection, last: &mut Version) -> rusqlite::Result<Vec<Outcome>> {
        let mut outcomes = Vec::with_capacity(self.changes.len());
        for change in &self.changes {
            let outcome = change.perform(connection, last)?;
            outcomes.push(outcome);
            if outcome == Outcome::Lost {
                break;
            }
        }
        Ok(outcomes)
    }

    fn pages(&self) -> usize {
        self.changes.iter().map(Change::pages).sum()
    }
}

impl Change {
    /// Makes the change if its condition holds, as change number `last` + 1.
    fn perform(&self, connection: &Connection, last: &mut Version) -> rusqlite::Result<Outcome> {
        let this = last.next();
        let (rows, outcome) = match &self.what {
            What::Put(Condition::Absent, bytes) => {
                let mut statement = connection.prepare_cached(INSERT)?;
                (statement.execute(params![self.key, this.0, &**bytes])?, Outcome::Put(this))
            }
            What::Put(Condition::Is(etag), bytes) => {
                let Some(known) = Version::of(etag) else { return Ok(Outcome::Lost) };
                let mut statement = connection.prepare_cached(UPDATE)?;
                (statement.execute(params![self.key, this.0, &**bytes, known.0])?, Outcome::Put(this))
            }
            What::Delete(etag) => {
                let Some(known) = Version::of(etag) else { return Ok(Outcome::Lost) };
                let mut statement = connection.prepare_cached(DELETE)?;
                (statement.execute(params![self.key, known.0])?, Outcome::Deleted(known))
            }
        };
        if rows == 0 {
            return Ok(Outcome::Lost);
        }
        *last = this;
        Ok(outcome)
    }

    /// About how many pages of the log it takes: its bytes, the two trees it stands in, the count of changes.
    fn pages(&self) -> usize {
        let bytes = match &self.what {
            What::Put(_, bytes) => bytes.len(),
            What::Delete(_) => 0,
        };
        3 + bytes / 4_096
    }
}

fn changed<'a>(batch: &'a [Job], outcomes: &'a [Vec<Outcome>]) -> impl Iterator<Item = (&'a str, Found)> {
    let changes = batch.iter().zip(outcomes).flat_map(|(job, outcomes)| job.changes.iter().zip(outcomes));
    changes.filter_map(|(change, outcome)| match outcome {
        Outcome::Put(version) => Some((&*change.key, Found::Document(*version))),
        Outcome::Deleted(_) => Some((&*change.key, Found::Nothing)),
        Outcome::Lost => None,
    })
}

fn answer(done: impl Iterator<Item = (Job, Vec<Outcome>)>) {
    let written = |outcome| match outcome {
        Outcome::Put(version) | Outcome::Deleted(version) => Written::Done(version.etag()),
        Outcome::Lost => Written::Lost,
    };
    for (job, outcomes) in done {
        // Whoever no longer waits will read again.
        let _ = job.answer.send(outcomes.into_iter().map(written).collect());
    }
}

fn give_up(jobs: impl ExactSizeIterator<Item = Job>, error: &rusqlite::Error) {
    tracing::error!(%error, changes = jobs.len(), "the database did not take these changes, as far as is known");
    for job in jobs {
        let _ = job.answer.send(vec![Written::Unknown]);
    }
}
