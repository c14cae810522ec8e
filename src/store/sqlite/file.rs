//! Makes the database file, opens it, and refuses whatever is not ours or not sound.
//!
//! A newcomer would peek into the file before opening it. On Unix, closing any handle on a file drops every
//! lock this process has on it, those of another open store included: so only SQLite ever opens it. And a new
//! database is made under another name and linked into its place when it is whole, so that an empty or
//! half-made file is never taken for a new one.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::store::StoreError;

/// Marks a SQLite file as ours (`PRAGMA application_id`).
const APPLICATION: i32 = i32::from_be_bytes(*b"HbSc");

/// The tables' layout (`PRAGMA user_version`).
const FORMAT: i32 = 1;

const TABLES: &str = "
    CREATE TABLE documents (
        key TEXT NOT NULL UNIQUE,
        etag INTEGER NOT NULL,
        written REAL NOT NULL,
        bytes BLOB NOT NULL
    ) STRICT;
    CREATE TABLE changes (version INTEGER NOT NULL) STRICT;
    INSERT INTO changes (version) VALUES (0);
";

/// How long to wait, when opening, for another program's lock.
const PATIENCE_AT_OPEN: Duration = Duration::from_secs(3);

/// How long a write waits for other processes' writes. Nothing has been done by then.
const PATIENCE_OF_WRITER: Duration = Duration::from_secs(10);

/// How long a read waits. It only has to while another process recovers the file after a crash.
const PATIENCE_OF_READER: Duration = Duration::from_secs(2);

/// Up to this size a file is always searched for damage, which takes about a millisecond.
const SMALL: u64 = 1 << 20;

/// Up to this size it is searched after a crash, which takes a fraction of a second once it is in memory.
/// Damage in a larger one is found when it is met.
const MEDIUM: u64 = 256 << 20;

/// Opens the writer's connection; makes the database first if nothing is there.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    // The log is looked at before the file: the other way round, another process could make both in between.
    let log = size(&log_of(path)).unwrap_or_default();
    let size = match size(path) {
        Ok(size) => size,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            refuse_orphan(path, log)?;
            make(path)?;
            0
        }
        Err(error) => return Err(unusable(path, &format!("cannot be looked at ({error})"))),
    };
    refuse_unfit(path)?;
    let after_crash = log > 0;
    let search = size <= SMALL || (after_crash && size <= MEDIUM);
    let connection = connect(path, PATIENCE_AT_OPEN).map_err(|error| refusal(path, &error))?;
    recognise(path, &connection)?;
    prepare(&connection, search).map_err(|error| refusal(path, &error))?;
    connection.busy_timeout(PATIENCE_OF_WRITER).map_err(|error| refusal(path, &error))?;
    Ok(connection)
}

/// Opens a connection that can only read.
pub(super) fn connect_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path, PATIENCE_OF_READER)?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -1024;")?;
    Ok(connection)
}

fn connect(path: &Path, patience: Duration) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(patience)?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    Ok(connection)
}

/// Refuses what can be seen from outside. `root` may write anything, but what is marked read-only is meant so.
fn refuse_unfit(path: &Path) -> Result<(), StoreError> {
    let about =
        fs::metadata(path).map_err(|error| unusable(path, &format!("cannot be looked at ({error})")))?;
    if about.is_dir() {
        return Err(unusable(path, "is a folder; name a file in it"));
    }
    if about.permissions().readonly() {
        return Err(unusable(path, "is read-only; make it writable, or name another file"));
    }
    if about.len() == 0 {
        return Err(unusable(path, "is empty; restore it from a copy, or remove it to start a new one"));
    }
    Ok(())
}

/// A log without its database would be replayed into a new one.
fn refuse_orphan(path: &Path, log: u64) -> Result<(), StoreError> {
    if log == 0 {
        return Ok(());
    }
    let log = log_of(path);
    Err(unusable(
        path,
        &format!("is gone but its log `{}` is there; put it back, or remove the log too", log.display()),
    ))
}

fn recognise(path: &Path, connection: &Connection) -> Result<(), StoreError> {
    let number = |pragma: &str| {
        connection
            .pragma_query_value(None, pragma, |row| row.get::<_, i32>(0))
            .map_err(|error| refusal(path, &error))
    };
    if number("application_id")? != APPLICATION {
        return Err(unusable(path, "is another application's database; name another file"));
    }
    match number("user_version")? {
        FORMAT => Ok(()),
        newer if newer > FORMAT => Err(unusable(
            path,
            &format!("has format {newer}, and this version reads up to {FORMAT}; run the newer version"),
        )),
        other => Err(unusable(path, &format!("has format {other}, which never was; restore it from a copy"))),
    }
}

fn prepare(connection: &Connection, search: bool) -> rusqlite::Result<()> {
    if connection.is_readonly("main")? {
        return Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY),
            None,
        ));
    }
    // `fullfsync` is for macOS, where a plain sync does not reach the platters. Checkpoints are the writer's.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; \
         PRAGMA checkpoint_fullfsync = ON; PRAGMA wal_autocheckpoint = 0; \
         PRAGMA journal_size_limit = 16777216;",
    )?;
    if search {
        let found = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))?;
        if found != "ok" {
            return Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT),
                Some(found.replace('\n', " ")),
            ));
        }
    }
    // The tables are there, and somebody's endless lock is not.
    connection.execute_batch(
        "BEGIN IMMEDIATE; SELECT key, etag, written, bytes FROM documents LIMIT 0; \
         SELECT version FROM changes; ROLLBACK;",
    )
}

fn make(path: &Path) -> Result<(), StoreError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let cannot =
        |error: &dyn std::fmt::Display| unusable(path, &format!("is not there and cannot be made ({error})"));
    make_folder(folder).map_err(|error| cannot(&error))?;
    let draft = folder.join(draft_name().map_err(|error| cannot(&error))?);
    let made = draft_database(&draft).and_then(|()| put_in_place(&draft, path, folder));
    let removed = fs::remove_file(&draft);
    made.and(removed).map_err(|error| cannot(&error))
}

fn draft_name() -> io::Result<String> {
    let number = getrandom::u64().map_err(io::Error::other)?;
    Ok(format!(".scheduling-{number:016x}.draft"))
}

fn draft_database(draft: &Path) -> io::Result<()> {
    private_file(draft)?;
    let connection = connect(draft, PATIENCE_AT_OPEN).map_err(io::Error::other)?;
    // A draft needs no syncs of its own: the one below makes it whole before it has its name.
    let tables = format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; BEGIN; {TABLES} \
         PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORMAT}; COMMIT;"
    );
    connection.execute_batch(&tables).map_err(io::Error::other)?;
    connection.close().map_err(|(_, error)| io::Error::other(error))?;
    File::open(draft)?.sync_all()
}

/// Whoever comes second finds the first one's database, and uses that.
fn put_in_place(draft: &Path, path: &Path, folder: &Path) -> io::Result<()> {
    match fs::hard_link(draft, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder(folder),
    }
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn private_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

fn size(path: &Path) -> io::Result<u64> {
    fs::metadata(path).map(|about| about.len())
}

/// Says what SQLite's refusal means and what to do.
fn refusal(path: &Path, error: &rusqlite::Error) -> StoreError {
    let what = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => "is not a database; name another file".into(),
        Some(ErrorCode::DatabaseCorrupt) => format!("is damaged; restore it from a copy ({error})"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            let seconds = PATIENCE_AT_OPEN.as_secs();
            format!(
                "has been locked by another program for {seconds} s; stop that program, or name another file"
            )
        }
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => format!(
            "cannot be opened for writing; make it and its folder writable, or name another file ({error})"
        ),
        _ => format!("cannot be used; restore it from a copy, or name another file ({error})"),
    };
    unusable(path, &what)
}

fn unusable(path: &Path, what: &str) -> StoreError {
    StoreError::Unusable(format!("`{}` {what}", path.display()))
}
