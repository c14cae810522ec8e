//! `healthbot-scheduler store copy`: all of it, the same, gone on with after a kill, and over nobody else's documents.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rusqlite::Connection;
use sha2::{Digest, Sha256};
use tokio::{runtime::Handle, task::block_in_place, time::Instant};

use super::{document, done, put, read};
use crate::fakes::{
    azurite::{Azurite, Door},
    functions_host::{FunctionsHost, HANDLER, SECRET},
};
use healthbot_scheduler::store::{
    Condition, Read, Store,
    copy::{self, CopyError, Progress, Step, UNFINISHED},
    sqlite::SqliteStore,
};

/// How many a clinic has made that moves.
fn bookings() -> usize {
    if crate::soak() { 10_000 } else { 2_000 }
}

const CLINIC: &str = include_str!("../scale_out/clinic.toml");

fn copying(from: &str, to: &str) -> Command {
    let mut command = Command::new(HANDLER);
    command.args(["store", "copy", "--from", from, "--to", to]);
    command.env_clear().env("PATH", std::env!("PATH")).stdin(Stdio::null());
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn sqlite(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

/// Keys and bytes of a database, read by somebody who knows SQLite and nothing of ours.
fn contents(path: &Path) -> Vec<(String, Vec<u8>)> {
    let database = Connection::open(path).unwrap();
    let mut select = database.prepare("SELECT key, bytes FROM documents ORDER BY key").unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// A clinic with some real bookings, and as many more like them as are wanted.
async fn clinic(path: &Path) {
    let mut host = FunctionsHost::prepared(Some(CLINIC));
    host.set("STORE", &sqlite(path));
    host.spawn();
    host.until_ready().await;
    let slots = host
        .call(
            "get-slots",
            serde_json::json!({"locationId": "embedded:north", "serviceId": "flu", "limit": 20}),
        )
        .await;
    for (number, slot) in slots.body["slots"].as_array().unwrap().iter().enumerate() {
        let patient = serde_json::json!({"name": format!("Patient {number}"), "email": format!("p{number}@example.org")});
        host.call("book", serde_json::json!({"slotId": slot["id"], "patient": patient})).await;
    }
    assert!(host.terminate().await.success());
    let real: Vec<(String, Vec<u8>)> =
        contents(path).into_iter().filter(|(key, _)| key.starts_with("booking/")).collect();
    assert!(real.len() > 3, "only {} bookings were made", real.len());
    let mut database = Connection::open(path).unwrap();
    let transaction = database.transaction().unwrap();
    for number in real.len()..bookings() {
        let (key, bytes) = (format!("booking/{number:010}"), &real[number % real.len()].1);
        let insert = "INSERT INTO documents (key, etag, written, bytes) VALUES (?1, ?2, 0, ?3)";
        transaction.execute(insert, (key, i64::try_from(number).unwrap() + 1_000_000, bytes)).unwrap();
    }
    transaction.execute("UPDATE changes SET version = 2000000", []).unwrap();
    transaction.commit().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_booking_comes_back_byte_for_byte_over_a_kill_on_the_way() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (from, back) = (folder.path().join("clinic.db"), folder.path().join("back.db"));
    clinic(&from).await;
    let before = contents(&from);
    let azurite = Azurite::start(Door::Sas);
    let container = azurite.fresh_container();

    // Killed halfway.
    let mut killed = copying(&sqlite(&from), &container).stderr(Stdio::null()).spawn().unwrap();
    let store = azurite.open(&container).unwrap();
    let patience = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut listed = 0;
        let mut cursor = None;
        loop {
            let page = store.list("", cursor.as_deref()).await.unwrap();
            listed += page.keys.len();
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        if listed > bookings() / 2 {
            break;
        }
        assert!(patience.elapsed() < Duration::from_secs(200), "only {listed} copied");
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    document(&store, UNFINISHED).await;

    // Nobody serves what is half there.
    let mut host = FunctionsHost::prepared(Some(CLINIC));
    host.set("STORE", &container);
    host.spawn();
    host.until_ready().await;
    let patient = serde_json::json!({"name": "Pat Doe", "email": "pat@example.org"});
    let slots = host
        .call(
            "get-slots",
            serde_json::json!({"locationId": "embedded:north", "serviceId": "flu", "limit": 1}),
        )
        .await;
    let slot = &slots.body["slots"][0]["id"];
    let refused = host.call("book", serde_json::json!({"slotId": slot, "patient": patient})).await;
    assert_eq!((refused.status, &refused.body["code"]), (503, &"misconfigured".into()), "{}", refused.body);
    host.kill();

    // Another clinic's copy does not go on with it.
    let other = folder.path().join("other.db");
    put(&SqliteStore::open(&other).unwrap(), "booking/OTHER", "{}").await;
    let output = copying(&sqlite(&other), &container).output().unwrap();
    assert!(
        !output.status.success() && said(&output).contains("an unfinished copy of `sqlite:"),
        "{}",
        said(&output)
    );

    let output = copying(&sqlite(&from), &container).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    println!("there, after a kill halfway:\n{}", said(&output));
    let now: usize = said(&output).split("; ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(now > 0 && now < before.len() * 2 / 3, "{now} of {} were copied again", before.len());
    assert!(said(&output).contains("verifying"), "progress is shown");

    let output = copying(&container, &sqlite(&back)).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    println!("and back:\n{}", said(&output));
    assert!(contents(&back) == before, "what came back is not what was sent");
    let mut digest = Sha256::new();
    for (key, bytes) in &before {
        for part in [key.as_bytes(), bytes] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
    }
    let digest: Vec<String> = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(said(&output).contains(&digest.concat()), "the digest is another");

    // And once more, which has nothing to do.
    let output = copying(&sqlite(&from), &container).output().unwrap();
    assert!(output.status.success() && said(&output).contains("; 0 were copied now"), "{}", said(&output));
}

/// A clinic of so many documents, in two stores: the one to copy from, and the one to copy to.
async fn two_stores(folder: &Path, documents: usize) -> [Arc<dyn Store>; 2] {
    let open = |name: &str| Arc::new(SqliteStore::open(&folder.join(name)).unwrap()) as Arc<dyn Store>;
    let (from, to) = (open("from.db"), open("to.db"));
    for number in 0..documents {
        put(&*from, &format!("booking/{number:03}"), "{}").await;
    }
    [from, to]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_wakes_up_when_the_clinic_is_open_again_changes_nothing() {
    for (asleep_at, step) in
        [(64, Step::Copying), (150, Step::Copying), (64, Step::Verifying), (150, Step::Verifying)]
    {
        let folder = tempfile::tempdir().unwrap();
        let [from, to] = two_stores(folder.path(), 150).await;
        let slept = AtomicBool::new(false);
        let runtime = Handle::current();
        // Another run finishes the work meanwhile, and bookings are made.
        let wake_late = |progress: Progress| {
            if (progress.done, progress.step) != (asleep_at, step) || slept.swap(true, Ordering::Relaxed) {
                return;
            }
            block_in_place(|| {
                runtime.block_on(async {
                    copy::copy(&from, &to, "clinic", &|_| {}).await.unwrap();
                    put(&*to, "booking/NEW", "new").await;
                    for key in ["booking/003", "booking/140"] {
                        let etag = document(&*to, key).await.etag;
                        done(to.put_if(key, Condition::Is(etag), "changed".into()).await);
                    }
                    let etag = document(&*to, "booking/149").await.etag;
                    done(to.delete_if("booking/149", etag).await);
                });
            });
        };
        let error = copy::copy(&from, &to, "clinic", &wake_late).await.unwrap_err();
        assert!(
            matches!(error, CopyError::Overtaken | CopyError::Differ(_)),
            "{step:?} {asleep_at}: {error}"
        );
        assert!(slept.into_inner());
        assert_eq!(document(&*to, "booking/NEW").await.bytes, "new", "{step:?} {asleep_at}");
        for key in ["booking/003", "booking/140"] {
            assert_eq!(document(&*to, key).await.bytes, "changed", "{step:?} {asleep_at}: {key}");
        }
        assert_eq!(read(&*to, "booking/149").await, Read::Absent);
        assert_eq!(read(&*to, UNFINISHED).await, Read::Absent);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_copies_from_different_stores_that_begin_at_once_one_is_made() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let [from, to] = two_stores(folder.path(), 100).await;
        let other = Arc::new(SqliteStore::open(&folder.path().join("other.db")).unwrap()) as Arc<dyn Store>;
        for number in 50..200 {
            put(&*other, &format!("booking/{number:03}"), "other").await;
        }
        let (one, two) =
            tokio::join!(copy::copy(&from, &to, "one", &|_| {}), copy::copy(&other, &to, "other", &|_| {}));
        let made = match (&one, &two) {
            (Ok(_), Err(_)) => &from,
            (Err(_), Ok(_)) => &other,
            _ => panic!("{one:?} {two:?}"),
        };
        let all = |store: Arc<dyn Store>| async move {
            store.list("", None).await.unwrap().keys.into_iter().map(|listed| listed.key).collect::<Vec<_>>()
        };
        assert_eq!(all(to.clone()).await, all(made.clone()).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_lose_something_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    put(&SqliteStore::open(&path("clinic.db")).unwrap(), "booking/A", "{}").await;
    put(&SqliteStore::open(&path("used.db")).unwrap(), "booking/B", "{}").await;
    drop(SqliteStore::open(&path("empty.db")).unwrap());
    put(&SqliteStore::open(&path("half.db")).unwrap(), UNFINISHED, r#"{"v":1,"from":"x"}"#).await;
    for (from, to, why) in [
        ("clinic.db", "used.db", "has 1 documents and is no unfinished copy"),
        ("clinic.db", "clinic.db", "name the same store"),
        ("nowhere.db", "empty.db", "which is not there"),
        ("empty.db", "new.db", "has nothing in it"),
        ("half.db", "new.db", "is itself an unfinished copy"),
        ("clinic.db", "half.db", "is an unfinished copy of `x`"),
    ] {
        let output = copying(&sqlite(&path(from)), &sqlite(&path(to))).output().unwrap();
        assert!(!output.status.success() && said(&output).contains(why), "{from} to {to}: {}", said(&output));
    }
    assert!(!path("nowhere.db").exists());
    let output = copying("https://clinic.example/x?sig=hunter2", "AccountKey=hunter2").output().unwrap();
    assert!(!output.status.success() && !said(&output).contains("hunter2"), "{}", said(&output));
    let secret = path("clinic.secret");
    std::fs::write(&secret, SECRET).unwrap();
    let output = copying(&sqlite(&path("clinic.db")), &sqlite(&path("empty.db"))).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("set LEDGER_SECRET") && !said(&output).contains(SECRET),
        "{}",
        said(&output)
    );
}
