//! Writers that make bytes durable for all who wait at once, and do nothing else.

use std::{
    fs::OpenOptions,
    io::Write,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
};

use rusqlite::{Connection, params};
use tokio::sync::oneshot;

/// A write; without a value, a removal.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) key: String,
    pub(crate) value: Option<Vec<u8>>,
}

type Waiting = (Job, oneshot::Sender<()>);

/// The way to the one thread that writes.
pub(crate) struct BareWriter {
    queue: mpsc::Sender<Waiting>,
    syncs: Arc<AtomicU64>,
}

/// Appends to a file, and syncs it.
pub(crate) fn append_only(path: &Path) -> BareWriter {
    let mut file = OpenOptions::new().create_new(true).append(true).open(path).expect("a new file");
    let mut bytes = Vec::new();
    BareWriter::start(move |jobs| {
        bytes.clear();
        for (Job { key, value }, _) in jobs {
            bytes.extend_from_slice(key.as_bytes());
            bytes.extend_from_slice(value.as_deref().unwrap_or_default());
        }
        file.write_all(&bytes).expect("the disk has room");
        file.sync_data().expect("the disk works");
    })
}

/// Puts them into a table with a key and a value, as durably as the store does.
pub(crate) fn key_value(path: &Path) -> BareWriter {
    let mut connection = Connection::open(path).expect("a new database");
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             CREATE TABLE kv (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;",
        )
        .expect("a table");
    BareWriter::start(move |jobs| {
        let transaction = connection.transaction().expect("nobody else writes");
        for (Job { key, value }, _) in jobs {
            let done = match value {
                Some(value) => transaction
                    .prepare_cached("INSERT OR REPLACE INTO kv (key, value) VALUES (?1, ?2)")
                    .and_then(|mut put| put.execute(params![key, value])),
                None => transaction
                    .prepare_cached("DELETE FROM kv WHERE key = ?1")
                    .and_then(|mut delete| delete.execute(params![key])),
            };
            done.expect("a write");
        }
        transaction.commit().expect("the disk has room");
    })
}

impl BareWriter {
    fn start(mut commit: impl FnMut(&[Waiting]) + Send + 'static) -> Self {
        let (queue, jobs) = mpsc::channel::<Waiting>();
        let syncs = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&syncs);
        thread::spawn(move || {
            while let Ok(first) = jobs.recv() {
                let mut batch = vec![first];
                batch.extend(jobs.try_iter());
                commit(&batch);
                counted.fetch_add(1, Ordering::Relaxed);
                for (_, waiter) in batch {
                    // Who does not wait any more does not need to know.
                    let _ = waiter.send(());
                }
            }
        });
        Self { queue, syncs }
    }

    pub(crate) fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    /// Writes, and waits until it is durable.
    pub(crate) async fn write_all(&self, jobs: &[Job]) {
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            let (answer, answered) = oneshot::channel();
            self.queue.send((job.clone(), answer)).expect("the writer lives");
            answers.push(answered);
        }
        for answered in answers {
            answered.await.expect("the writer lives");
        }
    }
}
