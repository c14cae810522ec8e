//! The audit trail: who did what, one JSON line each, in a file beside the store; in Azure, where an instance's files
//! go with it, in append blobs, or else among the lines of the log.
//!
//! A newcomer would buffer it. A record is written before the reply that it tells of goes out, with a single
//! `write` and nothing kept in the process, so that `kill -9` loses none; several processes may append to one
//! file. A power cut can lose the last lines: what the ledger promised is in the store, which syncs.

use std::{
    collections::BTreeMap,
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use serde::Serialize;

use self::blobs::Blobs;
use crate::{
    clock::Clock,
    identity::Azure,
    store::{
        StoreError,
        azure_blob::{Container, Growing},
    },
};

mod blobs;

/// When files are put aside, and how many are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// A record that would make the file larger begins a new one.
    pub bytes: u64,
    /// So many old files are kept, the latest as `.1`.
    pub kept: u32,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { bytes: 16 << 20, kept: 20 }
    }
}

/// Where records go.
#[derive(Debug)]
pub struct Audit(Place);

#[derive(Debug)]
enum Place {
    Log,
    File(Trail),
    Blobs(Blobs),
}

/// Why a record is nowhere, in words for the operator: what it tells of must not be answered as done.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The file cannot be appended to, or a line was cut short.
    #[error("its file cannot be written ({}): free some space, or let this process write there", .0.kind())]
    File(#[from] io::Error),
    #[error("{}", .0.to_string().replacen("the store", "its container", 1))]
    Blobs(#[from] StoreError),
}

/// A file of records that only grows, until it is put aside.
#[derive(Debug)]
struct Trail {
    path: PathBuf,
    rotation: Rotation,
    current: Mutex<Current>,
}

#[derive(Debug)]
struct Current {
    file: File,
    /// The last line was cut short, by a full disk or a power cut.
    torn: bool,
}

impl Audit {
    /// Opens the audit trail of the store at `store`: of `scheduling.db`, it is `scheduling.audit.jsonl`.
    ///
    /// # Errors
    ///
    /// The file cannot be opened for appending.
    pub fn beside(store: &Path, rotation: Rotation) -> io::Result<Self> {
        let path = store.with_extension("audit.jsonl");
        let current = Mutex::new(Current::open(&path)?);
        Ok(Self(Place::File(Trail { path, rotation, current })))
    }

    /// Records are lines on stdout, each an object with one key, `audit`.
    #[must_use]
    pub fn in_the_log() -> Self {
        Self(Place::Log)
    }

    /// Records go into append blobs in this container. Asks nobody yet.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`] when the identity lacks what it is made from.
    ///
    /// # Panics
    ///
    /// Outside a runtime: the blobs are written by a task.
    pub fn in_blobs(container: &Container, azure: &Azure, clock: Clock) -> Result<Self, StoreError> {
        Ok(Self(Place::Blobs(Blobs::new(container, Growing::new(container, azure)?, clock))))
    }

    /// Where records go, in words, and whether that is kept for as long as a trail should be.
    #[must_use]
    pub fn place(&self) -> (String, bool) {
        match &self.0 {
            Place::Log => ("the log".to_owned(), false),
            Place::File(trail) => (trail.path.display().to_string(), true),
            Place::Blobs(blobs) => (blobs.container().to_string(), true),
        }
    }

    /// Whether a record could be appended now. Only a trail that is elsewhere is written to for that.
    ///
    /// # Errors
    ///
    /// Why not.
    pub async fn try_it(&self, now: DateTime<Utc>) -> Result<(), AuditError> {
        match &self.0 {
            Place::Log => Ok(()),
            Place::File(trail) => Ok(private().append(true).create(true).open(&trail.path).map(drop)?),
            Place::Blobs(_) => {
                let tried = serde_json::json!({"at": now, "function": "check", "outcome": "tried"});
                self.append(&tried).await
            }
        }
    }

    /// Appends one record.
    ///
    /// # Errors
    ///
    /// The record is nowhere, or not all of it: what it tells of must not be answered as done.
    pub async fn append(&self, record: &(impl Serialize + Sync)) -> Result<(), AuditError> {
        let mut line = match &self.0 {
            Place::Log => serde_json::to_vec(&BTreeMap::from([("audit", record)])),
            Place::File(_) | Place::Blobs(_) => serde_json::to_vec(record),
        }
        .map_err(io::Error::other)?;
        line.push(b'\n');
        match &self.0 {
            Place::Log => Ok(io::stdout().lock().write_all(&line)?),
            Place::File(trail) => Ok(trail.append(&line)?),
            Place::Blobs(blobs) => Ok(blobs.append(line).await?),
        }
    }
}

impl Trail {
    fn append(&self, line: &[u8]) -> io::Result<()> {
        let mut current = self.current.lock();
        self.follow(&mut current, line.len())?;
        current.append(line)
    }

    /// Makes sure that `current` is the file of that name, and has room.
    fn follow(&self, current: &mut Current, length: usize) -> io::Result<()> {
        let there = match fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            there => Some(there?),
        };
        match there {
            Some(there) if same(&there, &current.file.metadata()?) => {
                if there.len() > 0 && there.len() + length as u64 > self.rotation.bytes {
                    self.put_aside(&current.file)?;
                    *current = Current::open(&self.path)?;
                }
            }
            // Another process has put it aside, or somebody has removed it.
            _ => *current = Current::open(&self.path)?,
        }
        Ok(())
    }

    /// Puts `full` aside, unless another process did so just now. A line of a process that has not noticed
    /// yet still lands in the file put aside, and is kept with it.
    fn put_aside(&self, full: &File) -> io::Result<()> {
        let lock = private().write(true).create(true).truncate(false).open(self.named("lock"))?;
        lock.lock()?;
        let full = full.metadata()?;
        if fs::metadata(&self.path).is_ok_and(|there| same(&there, &full)) {
            for number in (1..self.rotation.kept).rev() {
                rename_if_there(&self.named(&number.to_string()), &self.named(&(number + 1).to_string()))?;
            }
            rename_if_there(&self.path, &self.named("1"))?;
        }
        lock.unlock()
    }

    fn named(&self, ending: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".");
        name.push(ending);
        name.into()
    }
}

impl Current {
    fn open(path: &Path) -> io::Result<Self> {
        let mut file = private().read(true).append(true).create(true).open(path)?;
        let torn = ends_torn(&mut file)?;
        Ok(Self { file, torn })
    }

    /// Writes a line, with a line break before it too where the one before was torn.
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let mended;
        let line = if self.torn {
            mended = [b"\n", line].concat();
            &mended
        } else {
            line
        };
        let written = loop {
            match self.file.write(line) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                written => break written?,
            }
        };
        self.torn = written < line.len();
        if self.torn {
            return Err(io::Error::new(
                io::ErrorKind::WriteZero,
                "the audit record was cut short; free some disk",
            ));
        }
        Ok(())
    }
}

fn ends_torn(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        renamed => renamed,
    }
}

#[cfg(unix)]
fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(not(unix))]
fn private() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(unix)]
fn same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Where files have no numbers, an open file cannot be renamed either.
#[cfg(not(unix))]
fn same(_: &Metadata, _: &Metadata) -> bool {
    true
}
