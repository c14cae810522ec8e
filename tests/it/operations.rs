//! What docs/operations.md says is so: that a backup comes back, what is left of a booking that is erased, and that
//! whatever an operator can meet has its place on that page.

mod lines;

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Stdio},
};

use healthbot_scheduler::{
    store::{Read, Store, Wanted, Written, azure_blob::AzureBlobStore},
    telemetry::FIELDS,
};
use serde_json::{Value, json};

use crate::fakes::{
    azurite::{Azurite, Door},
    functions_host::{FunctionsHost, HANDLER},
};

const PAGE: &str = include_str!("../../docs/operations.md");
const CLINIC: &str = include_str!("scale_out/clinic.toml");

/// How many bookings are backed up.
const BOOKINGS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_comes_back_into_the_emptied_container_and_every_code_opens() {
    let azurite = Azurite::shared(Door::Sas);
    let container = azurite.fresh_container();
    let mut host = FunctionsHost::prepared(Some(CLINIC));
    host.set("STORE", &container);
    host.spawn();
    host.until_ready().await;
    let booked = book(&host, BOOKINGS).await;
    host.kill();

    let backup = format!("sqlite:{}", host.folder().join("backup.db").display());
    println!("out:\n{}", copy(&container, &backup));
    let store = azurite.open(&container).unwrap();
    let lost = empty(&store).await;
    assert!(lost > BOOKINGS, "only {lost} documents were there");
    println!("in:\n{}", copy(&backup, &container));

    host.spawn();
    host.until_ready().await;
    for (code, email) in &booked {
        let found = host.call("get-appointment", opened(code, email)).await;
        assert_eq!(found.outcome(), "found", "{}", found.body);
    }
    assert_eq!(book(&host, 1).await.len(), 1, "and the next one is booked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_cancelled_booking_one_document_is_left_and_it_can_be_deleted() {
    let azurite = Azurite::shared(Door::Sas);
    let container = azurite.fresh_container();
    let mut host = FunctionsHost::prepared(Some(CLINIC));
    host.set("STORE", &container);
    host.spawn();
    host.until_ready().await;
    let [(code, email)] = &book(&host, 1).await[..] else { panic!("one is booked") };
    let cancelled = host.call("cancel", opened(code, email)).await;
    assert_eq!(cancelled.outcome(), "cancelled", "{}", cancelled.body);

    let store = azurite.open(&container).unwrap();
    let left = until_only_a_record_is_left(&store).await;
    assert_eq!(left, format!("booking/{}", code.replace('-', "")));
    let page = store.list(&left, None).await.unwrap();
    let deleted = store.delete_if(&left, page.keys[0].etag.clone()).await;
    assert!(matches!(deleted, Written::Done(_)), "{deleted:?}");
    let gone = host.call("get-appointment", opened(code, email)).await;
    assert_eq!(gone.outcome(), "notFound", "{}", gone.body);
}

#[test]
fn every_code_that_a_problem_can_have_is_in_the_outage_table() {
    let source = include_str!("../../src/http/reply.rs");
    let codes = between(source, "fn code(", "fn title(");
    let codes: Vec<&str> = codes.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(codes.len() >= 10, "the codes were not found in reply.rs: {codes:?}");
    let table = section("Outages");
    for code in codes {
        assert!(table.contains(&format!("`{code}`")), "{code} is not in the outage table");
    }
}

#[test]
fn every_question_of_a_check_is_explained() {
    let sources =
        [include_str!("../../src/check.rs"), include_str!("../../src/providers/bookings/trials.rs")];
    let questions: BTreeSet<&str> = sources
        .iter()
        .flat_map(|source| source.split('"'))
        .filter(|text| text.ends_with('?') && text.contains(' ') && !text.contains('\n'))
        .collect();
    assert!(questions.len() >= 15, "the questions were not found: {questions:?}");
    let told = section("What `check` asks");
    for question in questions {
        // What is put in differs: the longest part that does not stands for the question.
        let part = question.split(['{', '}']).max_by_key(|part| part.len()).unwrap_or_default();
        assert!(told.contains(part.trim()), "`{question}` is not explained");
    }
}

#[test]
fn every_field_that_a_log_line_may_have_is_told_of() {
    let told = section("Log lines");
    for field in FIELDS {
        assert!(told.contains(&format!("`{field}`")), "the field {field} is not told of");
    }
}

/// A section of the page, by its heading.
fn section(heading: &str) -> &'static str {
    let start = PAGE.find(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no section `{heading}`"));
    let rest = &PAGE[start + 4..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let rest = &text[text.find(from).expect(from)..];
    &rest[..rest.find(to).expect(to)]
}

fn opened(code: &str, email: &str) -> Value {
    json!({"confirmationCode": code, "contact": {"email": email}})
}

/// Books so many, and tells code and e-mail address of each.
async fn book(host: &FunctionsHost, wanted: usize) -> Vec<(String, String)> {
    let asked = json!({"locationId": "embedded:north", "serviceId": "flu", "limit": wanted});
    let slots = host.call("get-slots", asked).await;
    let mut booked = Vec::new();
    for (number, slot) in slots.body["slots"].as_array().expect("slots").iter().enumerate() {
        let email = format!("patient-{number}@example.org");
        let patient = json!({"name": format!("Patient {number}"), "email": email});
        let reply = host.call("book", json!({"slotId": slot["id"], "patient": patient})).await;
        let code = reply.body["confirmationCode"].as_str().unwrap_or_else(|| panic!("{}", reply.body));
        booked.push((code.to_owned(), email));
    }
    assert_eq!(booked.len(), wanted, "there were slots");
    booked
}

/// The command line that the page tells of.
fn copy(from: &str, to: &str) -> String {
    let output = Command::new(HANDLER)
        .args(["store", "copy", "--from", from, "--to", to])
        .env_clear()
        .env("PATH", std::env!("PATH"))
        .current_dir(Path::new(env!("CARGO_TARGET_TMPDIR")))
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("are the same in both"), "{said}");
    said
}

/// Deletes whatever is in a container, and tells how much that was.
async fn empty(store: &AzureBlobStore) -> usize {
    let mut deleted = 0;
    loop {
        let page = store.list("", None).await.unwrap();
        if page.keys.is_empty() {
            return deleted;
        }
        for listed in page.keys {
            let gone = store.delete_if(&listed.key, listed.etag).await;
            assert!(matches!(gone, Written::Done(_)), "{gone:?}");
            deleted += 1;
        }
    }
}

/// The one document that is left of a booking, once what follows a reply is done too. Days stay, without it.
async fn until_only_a_record_is_left(store: &AzureBlobStore) -> String {
    let started = tokio::time::Instant::now();
    loop {
        let page = store.list("", None).await.unwrap();
        let mut left = Vec::new();
        for key in page.keys.into_iter().map(|listed| listed.key) {
            if !key.starts_with("ring/") && key != "pending/~purged" && !is_empty_day(store, &key).await {
                left.push(key);
            }
        }
        match &left[..] {
            [only] => return only.clone(),
            several => assert!(started.elapsed().as_secs() < 30, "more is left: {several:?}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

async fn is_empty_day(store: &AzureBlobStore, key: &str) -> bool {
    let reads = store.get(&[Wanted { key, known: None }]).await.unwrap();
    let [Read::Document(found)] = &reads[..] else { return false };
    let document: Value = serde_json::from_slice(&found.bytes).unwrap_or_default();
    key.starts_with("day/") && document["entries"].as_array().is_some_and(Vec::is_empty)
}
