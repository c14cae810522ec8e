//! What the SQLite store does besides: one sync for many, and refusing what is not its own.

use std::{fs, path::Path, sync::Arc};

use futures_util::future::join_all;
use healthbot_scheduler::store::{
    Condition, Etag, Read, Store, StoreError, Wanted, Written, sqlite::SqliteStore,
};
use rusqlite::Connection;
use tempfile::TempDir;

use super::{document, done, put, read, replace};

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_that_write_at_once_share_a_few_syncs() {
    let (_folder, store) = fresh();
    let store = Arc::new(store);
    let writes = (0..200).map(|n| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { put(&*store, &format!("k/{n}"), "x").await })
    });
    let etags: std::collections::HashSet<Etag> =
        join_all(writes).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(etags.len(), 200);
    assert!(store.commits() <= 50, "{} commits", store.commits());
}

#[tokio::test]
async fn a_lost_race_costs_no_sync() {
    let (_folder, store) = fresh();
    put(&store, "a", "1").await;
    for _ in 0..10 {
        let _ = store.put_if("a", Condition::Absent, "2".into()).await;
    }
    assert_eq!(store.commits(), 1);
}

#[tokio::test]
async fn what_was_handed_over_is_written_when_the_asker_and_the_store_go() {
    let (folder, store) = fresh();
    for n in 0..100 {
        let key = format!("k/{n}");
        let mut write = store.put_if(&key, Condition::Absent, "x".into());
        // Polled once, so that the change is handed over, and then dropped.
        assert!(futures_util::poll!(&mut write).is_pending());
    }
    drop(store);
    let store = SqliteStore::open(&folder.path().join("a.db")).unwrap();
    assert_eq!(store.list("k/", None).await.unwrap().keys.len(), 100);
    drop(store);
    let left: Vec<_> = names(folder.path());
    assert_eq!(left, ["a.db"], "a clean stop leaves the database alone");
}

#[tokio::test]
async fn a_reader_does_not_wait_for_another_process_that_writes() {
    let (folder, store) = fresh();
    let etag = put(&store, "a", "1").await;
    let other = Connection::open(folder.path().join("a.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; UPDATE documents SET bytes = x'32'").unwrap();
    let started = tokio::time::Instant::now();
    assert_eq!(document(&store, "a").await.bytes, "1");
    assert_eq!(super::read_known(&store, "a", Some(etag.clone())).await, Read::Unchanged);
    assert!(started.elapsed().as_millis() < 500);
    other.execute_batch("ROLLBACK").unwrap();
    replace(&store, "a", etag, "3").await;
}

#[tokio::test]
async fn a_write_waits_for_another_process_that_writes() {
    let (folder, store) = fresh();
    let other = Connection::open(folder.path().join("a.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut write = store.put_if("a", Condition::Absent, "1".into());
    assert!(futures_util::poll!(&mut write).is_pending());
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(futures_util::poll!(&mut write).is_pending());
    other.execute_batch("ROLLBACK").unwrap();
    done(write.await);
}

#[tokio::test]
async fn a_write_that_fails_is_unknown_to_all_in_it_and_harms_no_later_one() {
    let (folder, store) = fresh();
    let etag = put(&store, "a", "1").await;
    let other = Connection::open(folder.path().join("a.db")).unwrap();
    other.execute_batch("ALTER TABLE documents RENAME TO hidden").unwrap();
    let writes = (0..5).map(|n| store.put_if("a", Condition::Is(etag.clone()), n.to_string().into()));
    assert_eq!(join_all(writes).await, [const { Written::Unknown }; 5]);
    let error = store.get(&[Wanted { key: "b", known: None }]).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    other.execute_batch("ALTER TABLE hidden RENAME TO documents").unwrap();
    assert_eq!(document(&store, "a").await.etag, etag, "nothing of it is there");
    replace(&store, "a", etag, "2").await;
}

#[tokio::test]
async fn the_log_starts_again_instead_of_growing() {
    let (folder, store) = fresh();
    let mut etag = put(&store, "a", "").await;
    for n in 0..60 {
        // Another byte each time, for SQLite writes no page that stays the same.
        etag = replace(&store, "a", etag, vec![n; 1 << 20]).await;
        read(&store, "a").await;
    }
    let log = fs::metadata(folder.path().join("a.db-wal")).unwrap().len();
    assert!(log < 20 << 20, "{log} bytes after 60 MiB were written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_remembered_is_what_is_there() {
    let (folder, store) = fresh();
    let other = SqliteStore::open(&folder.path().join("a.db")).unwrap();
    let stores = [Arc::new(store), Arc::new(other)];
    let keys: Vec<String> = (0..20).map(|n| format!("k/{n}")).collect();
    let writers = stores.iter().enumerate().map(|(nth, store)| {
        let (store, keys) = (Arc::clone(store), keys.clone());
        tokio::spawn(async move {
            for n in 0..150 {
                let key = &keys[(n * 7 + nth * 3) % keys.len()];
                match read(&*store, key).await {
                    Read::Document(found) if n % 5 == 0 => drop(store.delete_if(key, found.etag).await),
                    Read::Document(found) => {
                        drop(store.put_if(key, Condition::Is(found.etag), n.to_string().into()).await);
                    }
                    _ => drop(store.put_if(key, Condition::Absent, "new".into()).await),
                }
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let mut known: [Vec<Option<Etag>>; 2] = [vec![None; keys.len()], vec![None; keys.len()]];
    let (mut newest, mut unchanged) = (vec![0; keys.len()], 0);
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        for (store, known) in stores.iter().zip(&mut known) {
            let wanted: Vec<_> =
                keys.iter().zip(&*known).map(|(key, known)| Wanted { key, known: known.clone() }).collect();
            for (nth, read) in store.get(&wanted).await.unwrap().into_iter().enumerate() {
                match read {
                    Read::Document(found) => {
                        assert_ne!(known[nth].as_ref(), Some(&found.etag), "this was known");
                        known[nth] = Some(found.etag);
                    }
                    Read::Unchanged => unchanged += 1,
                    Read::Absent => known[nth] = None,
                }
                let version = known[nth].as_ref().map_or(newest[nth], |etag| etag.0.parse::<u64>().unwrap());
                assert!(version >= newest[nth], "a read went back in time");
                newest[nth] = version;
            }
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(unchanged > 0);
    // Both have remembered and forgotten much by now; a fresh handle knows nothing but the file.
    let truth = SqliteStore::open(&folder.path().join("a.db")).unwrap();
    for key in &keys {
        let now = read(&truth, key).await;
        for store in &stores {
            match (&now, read(&**store, key).await) {
                (Read::Document(now), Read::Document(found)) => assert_eq!(now.etag, found.etag),
                (Read::Absent, Read::Absent) => {}
                (now, found) => panic!("`{key}` is {now:?}, read as {found:?}"),
            }
        }
    }
}

#[test]
fn a_new_database_is_private_and_so_is_its_new_folder() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/er/a.db");
    let store = SqliteStore::open(&path).unwrap();
    for file in names(path.parent().unwrap()) {
        let mode = fs::metadata(path.with_file_name(&file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let mode = fs::metadata(path.parent().unwrap()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    drop(store);
    assert_eq!(names(path.parent().unwrap()), ["a.db"]);
}

#[test]
fn many_that_make_the_database_at_once_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let stores: Vec<SqliteStore> = std::thread::scope(|scope| {
        let opening: Vec<_> = (0..8).map(|_| scope.spawn(|| SqliteStore::open(&path).unwrap())).collect();
        opening.into_iter().map(|opening| opening.join().unwrap()).collect()
    });
    let count = |table: &str| {
        let connection = Connection::open(&path).unwrap();
        connection
            .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, u32>(0))
            .unwrap()
    };
    assert_eq!(count("changes"), 1);
    drop(stores);
    assert_eq!(names(folder.path()), ["a.db"]);
}

#[test]
fn other_files_are_refused_and_left_as_they_are() {
    let text = b"Dear all, the surgery is closed on Friday.".repeat(200);
    refused_unchanged(&text, "is not a database; name another file");
    refused_unchanged(b"", "is empty; restore it from a copy, or remove it to start a new one");
    refused_unchanged(&sound()[..100], "is damaged; restore it from a copy");
}

#[test]
fn databases_of_others_and_of_later_versions_are_refused() {
    let (folder, path) = a_database();
    sql(&path, "PRAGMA application_id = 7");
    refusal(&path, "is another application's database; name another file");
    fs::remove_file(&path).unwrap();
    sql(&path, "CREATE TABLE theirs (a)");
    refusal(&path, "is another application's database; name another file");
    drop(folder);

    let (_folder, path) = a_database();
    sql(&path, "PRAGMA user_version = 2");
    refusal(&path, "has format 2, and this version reads up to 1; run the newer version");
    sql(&path, "PRAGMA user_version = 0");
    refusal(&path, "has format 0, which never was");
    sql(&path, "PRAGMA user_version = 1; DROP TABLE documents");
    refusal(&path, "cannot be used; restore it from a copy");
}

#[test]
fn damage_is_found_when_opening() {
    let mut torn = sound();
    let length = torn.len();
    torn.truncate(length / 2);
    refused_unchanged(&torn, "is damaged; restore it from a copy");
    let mut scratched = sound();
    for byte in &mut scratched[length / 2..length / 2 + 5_000] {
        *byte = 0x55;
    }
    refused_unchanged(&scratched, "is damaged; restore it from a copy");
}

#[tokio::test]
async fn damage_met_later_is_said_to_be_damage() {
    use std::os::unix::fs::FileExt;
    let (folder, path) = a_database();
    let store = SqliteStore::open(&path).unwrap();
    // The file stays open, for closing it would drop the store's locks.
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    let length = file.metadata().unwrap().len();
    for page in 1..length / 4_096 {
        file.write_all_at(&[0x55; 4_096], page * 4_096).unwrap();
    }
    let error = store.get(&[Wanted { key: "k/77", known: None }]).await.unwrap_err();
    assert!(matches!(&error, StoreError::Unusable(why) if why.contains("is damaged")), "{error}");
    drop((store, folder));
}

#[test]
fn folders_and_read_only_files_are_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = a_database();
    refusal(folder.path(), "is a folder; name a file in it");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    refusal(&path, "is read-only; make it writable, or name another file");
    refusal(&path.join("b.db"), "cannot be looked at");
    fs::write(folder.path().join("text"), "x").unwrap();
    refusal(Path::new("/dev/null/x/a.db"), "`/dev/null/x/a.db`");
}

#[test]
fn a_log_without_its_database_is_refused() {
    let (folder, path) = a_database();
    fs::rename(&path, folder.path().join("mislaid.db")).unwrap();
    fs::write(folder.path().join("a.db-wal"), "committed, not yet copied").unwrap();
    refusal(&path, "is gone but its log");
    assert_eq!(names(folder.path()), ["a.db-wal", "mislaid.db"]);
}

#[test]
fn a_database_that_stays_locked_is_refused() {
    let (_folder, path) = a_database();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    refusal(&path, "has been locked by another program for 3 s; stop that program, or name another file");
    other.execute_batch("ROLLBACK").unwrap();
    SqliteStore::open(&path).unwrap();
}

fn fresh() -> (TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("a.db")).unwrap();
    (folder, store)
}

/// A database with something in it, closed.
fn a_database() -> (TempDir, std::path::PathBuf) {
    let (folder, store) = fresh();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            runtime.unwrap().block_on(join_all((0..200).map(|n| {
                let store = &store;
                async move { put(store, &format!("k/{n}"), vec![1; 300]).await }
            })))
        });
    });
    drop(store);
    let path = folder.path().join("a.db");
    (folder, path)
}

fn sound() -> Vec<u8> {
    fs::read(a_database().1).unwrap()
}

fn sql(path: &Path, statements: &str) {
    Connection::open(path).unwrap().execute_batch(statements).unwrap();
}

fn refused_unchanged(bytes: &[u8], why: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    fs::write(&path, bytes).unwrap();
    refusal(&path, why);
    assert!(fs::read(&path).unwrap() == bytes, "what was refused was changed");
}

/// One line that names the file and says why.
fn refusal(path: &Path, why: &str) {
    match SqliteStore::open(path) {
        Err(StoreError::Unusable(line)) => {
            assert!(line.contains(why), "{line:?} does not say {why:?}");
            assert!(line.contains(path.to_str().unwrap()) && !line.contains('\n'), "{line:?}");
        }
        other => panic!("{} was not refused with {why:?}: {other:?}", path.display()),
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
