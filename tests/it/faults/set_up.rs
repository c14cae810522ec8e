//! A house that is not in order: said at once and clearly, and never made worse.
//!
//! By hand the process ends; under the host it stays up and says so, because three exits stop the host.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use healthbot_scheduler::config::{Config, Source};
use rusqlite::Connection;
use serde_json::json;

use super::{CLINIC, patient, slots};
use crate::fakes::functions_host::{FunctionsHost, SECRET};

const BROKEN: &str = include_str!("../../data/config/broken.toml");
const FUNCTIONS: [&str; 6] =
    ["get-locations", "get-slots", "book", "get-appointment", "cancel", "reschedule"];

/// Under the host: everything says `misconfigured`, and the process is alive.
async fn stays_and_says_so(host: &mut FunctionsHost) {
    host.spawn();
    host.until_ready().await;
    for function in FUNCTIONS {
        let reply = host.call(function, json!({"locale": "es"})).await;
        assert_eq!(
            (reply.status, &reply.body["code"]),
            (503, &json!("misconfigured")),
            "{function}: {}",
            reply.body
        );
        let heard = host.call(function, json!({"faults": "outcome"})).await;
        assert_eq!((heard.status, heard.outcome()), (200, "unavailable"), "{function}");
    }
    assert_eq!(host.timer().await.status, 503);
    for path in ["/", "/api/health"] {
        let answer = host.client().get(host.url(path)).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
    }
    let check = host.call("check", json!({})).await;
    assert_eq!(check.status, 200, "{}", check.body);
    assert_eq!(check.outcome(), "failed", "{}", check.body);
    assert_eq!(host.terminate().await.code(), Some(0), "it ends when it is asked to, and not before");
}

/// By hand: the lines that are errors, after a start that failed.
async fn ends_with(host: &FunctionsHost) -> Vec<String> {
    let output = host.by_hand().await;
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).expect("a text");
    errors.lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_configuration_names_every_problem_with_its_line() {
    let mut host = FunctionsHost::prepared(Some(BROKEN));
    let problems = Config::read(BROKEN, Source::File("scheduling.toml".into())).expect_err("it is broken");
    assert!(problems.len() >= 10, "a broken file worth the name");
    let lines = ends_with(&host).await;
    assert_eq!(lines.len(), problems.len(), "a line each: {lines:#?}");
    for problem in &problems {
        let place = format!("scheduling.toml:{}: {}", problem.line.expect("a line"), problem.key);
        let told = lines.iter().any(|line| line.contains(&place) && line.contains(&problem.detail));
        assert!(told, "not told: {problem:?} in {lines:#?}");
    }
    stays_and_says_so(&mut host).await;
    assert!(!host.store_path().exists(), "no store was made for it");
}

/// What is at the store's path stays as it is, and one line says what to do.
async fn refuses_the_store(host: &mut FunctionsHost, words: &str) {
    let before = fs::read(host.store_path()).expect("a file");
    let lines = ends_with(host).await;
    let [line] = lines.as_slice() else { panic!("one line, not {lines:#?}") };
    assert!(line.contains(words), "`{words}` is not in {line}");
    assert!(line.contains("scheduling.db"), "which file: {line}");
    stays_and_says_so(host).await;
    assert_eq!(fs::read(host.store_path()).expect("a file"), before, "it was touched");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_no_database_is_refused() {
    let mut host = FunctionsHost::prepared(Some(CLINIC));
    fs::write(host.store_path(), "our appointments, as we have always kept them\n".repeat(200))
        .expect("written");
    refuses_the_store(&mut host, "not a").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_file_is_not_taken_for_a_new_store() {
    let mut host = FunctionsHost::prepared(Some(CLINIC));
    fs::write(host.store_path(), "").expect("written");
    refuses_the_store(&mut host, "empty").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_applications_database_is_refused() {
    let mut host = FunctionsHost::prepared(Some(CLINIC));
    let foreign = Connection::open(host.store_path()).expect("a database");
    foreign
        .execute_batch(
            "CREATE TABLE documents (key TEXT, bytes BLOB); INSERT INTO documents VALUES ('a', 'b');",
        )
        .expect("a table");
    foreign.close().expect("closed");
    refuses_the_store(&mut host, "another application").await;
}

/// A store with bookings in it, all of them in the one file.
async fn used() -> FunctionsHost {
    let mut host = FunctionsHost::start(Some(CLINIC)).await;
    for (number, slot) in slots(&host, "flu", 3, 1).await.iter().take(40).enumerate() {
        let reply = host.call("book", json!({"slotId": slot, "patient": patient(number)})).await;
        assert_eq!(reply.outcome(), "booked", "{}", reply.body);
    }
    assert_eq!(host.terminate().await.code(), Some(0));
    let database = Connection::open(host.store_path()).expect("a database");
    database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);").expect("a checkpoint");
    database.close().expect("closed");
    host
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_database_is_refused() {
    let mut host = used().await;
    let mut bytes = fs::read(host.store_path()).expect("a file");
    let middle = bytes.len() / 2;
    for byte in &mut bytes[4096..middle.max(8192)] {
        *byte = 0xA5;
    }
    fs::write(host.store_path(), bytes).expect("written");
    refuses_the_store(&mut host, "damaged").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_database_is_refused() {
    let mut host = used().await;
    let lock = Connection::open(host.store_path()).expect("a database");
    lock.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;").expect("a lock");
    let lines = ends_with(&host).await;
    let [line] = lines.as_slice() else { panic!("one line, not {lines:#?}") };
    assert!(line.contains("locked"), "{line}");
    stays_and_says_so(&mut host).await;
    drop(lock);
    host.spawn();
    host.until_ready().await;
    assert_eq!(host.call("get-locations", json!({})).await.status, 200, "it was not touched");
    assert_eq!(super::standing(&host).len(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_azure_what_instances_do_not_share_is_refused() {
    let mut host = FunctionsHost::prepared(None);
    host.set("WEBSITE_SITE_NAME", "contoso-scheduling");
    host.unset("LEDGER_SECRET");
    stays_and_says_so(&mut host).await;
    let log = host.log();
    for setting in ["\"STORE\"", "\"KEY_VAULT_URL\"", "\"scheduling.toml\""] {
        let told = log.lines().any(|line| line.contains("\"level\":\"error\"") && line.contains(setting));
        assert!(told, "{setting} is not named in {log}");
    }
    assert!(!host.store_path().exists() && !secret_file(&host).exists(), "nothing was made");
}

fn secret_file(host: &FunctionsHost) -> std::path::PathBuf {
    host.folder().join("scheduling.secret")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_secret_one_is_made_for_its_owner_alone_and_kept() {
    let mut host = FunctionsHost::prepared(Some(CLINIC));
    host.unset("LEDGER_SECRET");
    host.spawn();
    host.until_ready().await;
    let slot = slots(&host, "flu", 3, 1).await[0].clone();
    let booked = host.call("book", json!({"slotId": slot, "patient": patient(1)})).await;
    let secret = fs::read_to_string(secret_file(&host)).expect("a secret");
    assert_eq!(mode(&secret_file(&host)), 0o600);
    assert!(secret.trim().len() >= 32);
    assert!(!host.log().contains(secret.trim()));
    host.restart().await;
    assert_eq!(fs::read_to_string(secret_file(&host)).expect("a secret"), secret);
    let proof = json!({"confirmationCode": booked.body["confirmationCode"], "contact": {"email": "patient1@example.org"}});
    assert_eq!(host.call("get-appointment", proof).await.outcome(), "found");
    for file in ["scheduling.db", "scheduling.audit.jsonl"] {
        assert_eq!(mode(&host.folder().join(file)) & 0o077, 0, "{file} is for its owner alone");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_key_in_front_keeps_old_bookings_and_a_removed_one_is_missed() {
    const NEW: &str = "fedcba9876543210fedcba9876543210-for-tests";
    let mut host = FunctionsHost::start(Some(CLINIC)).await;
    let free = slots(&host, "flu", 3, 1).await;
    let request = |number: usize| json!({"slotId": free[number], "patient": patient(number), "requestId": format!("r{number}")});
    let proof = |booked: &serde_json::Value, number: usize| json!({"confirmationCode": booked["confirmationCode"], "contact": {"email": format!("patient{number}@example.org")}});
    let old = host.call("book", request(1)).await.body;

    host.set("LEDGER_SECRET", &format!("{NEW},{SECRET}"));
    host.restart().await;
    assert_eq!(host.call("get-appointment", proof(&old, 1)).await.outcome(), "found");
    assert_eq!(
        host.call("book", request(1)).await.body["confirmationCode"],
        old["confirmationCode"],
        "the same request still"
    );
    let new = host.call("book", request(2)).await.body;
    assert_eq!(new["outcome"], "booked");
    assert_eq!(host.call("get-appointment", proof(&new, 2)).await.outcome(), "found");

    host.set("LEDGER_SECRET", NEW);
    host.restart().await;
    let before = host.documents("booking/");
    for (function, body) in
        [("book", request(3)), ("get-appointment", proof(&old, 1)), ("cancel", proof(&old, 1))]
    {
        let reply = host.call(function, body).await;
        assert_eq!(
            (reply.status, &reply.body["code"]),
            (503, &json!("misconfigured")),
            "{function}: {}",
            reply.body
        );
    }
    assert_eq!(host.documents("booking/"), before, "an instance whose ring does not fit writes nothing");
    assert!(
        host.log().lines().any(|line| line.contains("\"level\":\"error\"") && line.contains("LEDGER_SECRET")),
        "{}",
        host.log()
    );

    host.set("LEDGER_SECRET", &format!("{NEW},{SECRET}"));
    host.restart().await;
    assert_eq!(host.call("cancel", proof(&old, 1)).await.outcome(), "cancelled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_is_taken_is_one_clear_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut host = FunctionsHost::prepared(Some(CLINIC));
    host.set("FUNCTIONS_CUSTOMHANDLER_PORT", &taken.local_addr().expect("an address").port().to_string());
    let lines = ends_with(&host).await;
    let [line] = lines.as_slice() else { panic!("one line, not {lines:#?}") };
    let port = taken.local_addr().expect("an address").port().to_string();
    assert!(line.contains(&port) && line.contains("--port"), "{line}");
}
