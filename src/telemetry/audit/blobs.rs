//! The audit trail of many machines: append blobs in a container, a new one for each process and day.
//!
//! Many records that are written at the same time become one append; each is answered when it is there.

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use tokio::sync::{mpsc, oneshot};

use crate::{
    clock::Clock,
    store::{
        StoreError,
        azure_blob::{Container, Growing},
    },
};

/// An append blob takes 50,000 appends.
/// <https://learn.microsoft.com/rest/api/storageservices/append-block#remarks>
const MOST_APPENDS: u32 = 49_000;

/// Of one append. The service takes more, also in its older versions.
const MOST_BYTES: usize = 1 << 20;

/// Records that wait while one append is under way.
const WAITING: usize = 1024;

/// Takes records in, from any thread.
#[derive(Debug)]
pub(super) struct Blobs {
    records: mpsc::Sender<Record>,
    container: Container,
}

struct Record {
    line: Vec<u8>,
    written: oneshot::Sender<Result<(), StoreError>>,
}

impl Blobs {
    /// Starts the task that appends. Asks nobody before the first record.
    pub(super) fn new(container: &Container, growing: Growing, clock: Clock) -> Self {
        let (records, taken) = mpsc::channel(WAITING);
        tokio::spawn(Writer { growing, clock, blob: None, names: 0, own: own_name() }.run(taken));
        Self { records, container: container.clone() }
    }

    pub(super) fn container(&self) -> &Container {
        &self.container
    }

    /// Appends one line.
    pub(super) async fn append(&self, line: Vec<u8>) -> Result<(), StoreError> {
        let (written, answer) = oneshot::channel();
        let ended = || StoreError::Unavailable("the process ends".to_owned());
        self.records.send(Record { line, written }).await.map_err(|_| ended())?;
        answer.await.unwrap_or_else(|_| Err(ended()))
    }
}

/// No two processes write to one blob.
fn own_name() -> String {
    getrandom::u64().map_or_else(|_| std::process::id().to_string(), |number| format!("{number:016x}"))
}

struct Writer {
    growing: Growing,
    clock: Clock,
    blob: Option<Blob>,
    names: u32,
    own: String,
}

/// The blob that is appended to.
struct Blob {
    name: String,
    day: NaiveDate,
    position: u64,
    appends: u32,
}

impl Writer {
    async fn run(mut self, mut records: mpsc::Receiver<Record>) {
        while let Some(first) = records.recv().await {
            let mut lines = BytesMut::from(&first.line[..]);
            let mut waiting = vec![first.written];
            while lines.len() < MOST_BYTES
                && let Ok(next) = records.try_recv()
            {
                lines.extend_from_slice(&next.line);
                waiting.push(next.written);
            }
            let written = self.append(lines.freeze()).await;
            for one in waiting {
                // Who has given up waiting is answered nothing.
                let _ = one.send(written.clone());
            }
        }
    }

    async fn append(&mut self, lines: Bytes) -> Result<(), StoreError> {
        let now = self.clock.now();
        let goes_on = |blob: &Blob| blob.day == now.date_naive() && blob.appends < MOST_APPENDS;
        let mut blob = match self.blob.take().filter(goes_on) {
            Some(blob) => blob,
            None => self.begin(now).await?,
        };
        let length = lines.len() as u64;
        // After a failure nobody knows where it ends: the next records go into another one.
        self.growing.append(&blob.name, blob.position, lines).await?;
        blob.position += length;
        blob.appends += 1;
        self.blob = Some(blob);
        Ok(())
    }

    async fn begin(&mut self, now: DateTime<Utc>) -> Result<Blob, StoreError> {
        self.names += 1;
        let (day, time) = (now.format("%Y/%m/%d"), now.to_rfc3339_opts(SecondsFormat::Secs, true));
        let time: String = time.chars().filter(|letter| !matches!(letter, '-' | ':')).collect();
        let name = format!("{day}/{time}-{}-{}.jsonl", self.own, self.names);
        self.growing.make(&name).await?;
        Ok(Blob { name, day: now.date_naive(), position: 0, appends: 0 })
    }
}
