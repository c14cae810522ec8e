//! The audit trail: nothing is lost, whoever writes and whenever files are put aside.

use std::{collections::HashSet, fs, os::unix::fs::PermissionsExt, path::Path};

use futures_util::FutureExt;
use healthbot_scheduler::telemetry::audit::{Audit, AuditError, Rotation};
use serde_json::{Value, json};

/// Into a file, which is written there and then.
fn append(audit: &Audit, record: &Value) -> Result<(), AuditError> {
    audit.append(record).now_or_never().expect("nothing to wait for")
}

#[test]
fn a_record_is_a_line_of_a_private_file_beside_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let audit = Audit::beside(&folder.path().join("scheduling.db"), Rotation::default()).unwrap();
    append(&audit, &json!({"what": "book", "outcome": "booked", "note": "two\nlines"})).unwrap();
    append(&audit, &json!({"what": "cancel"})).unwrap();
    // Nothing is kept back: the lines are there while the trail is open.
    let path = folder.path().join("scheduling.audit.jsonl");
    let lines = fs::read_to_string(&path).unwrap();
    assert_eq!(lines.lines().count(), 2);
    assert_eq!(lines.lines().next(), Some(r#"{"what":"book","outcome":"booked","note":"two\nlines"}"#));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn full_files_are_put_aside_and_the_oldest_go() {
    let folder = tempfile::tempdir().unwrap();
    let audit = Audit::beside(&folder.path().join("a.db"), Rotation { bytes: 100, kept: 3 }).unwrap();
    for n in 10..50 {
        // 45 bytes a line: two fit.
        append(&audit, &json!({"n": n, "padding": "x".repeat(23)})).unwrap();
    }
    let file = |ending: &str| numbers(&folder.path().join(format!("a.audit.jsonl{ending}")));
    assert_eq!([file(""), file(".1"), file(".2"), file(".3")], [[48, 49], [46, 47], [44, 45], [42, 43]]);
    assert!(!folder.path().join("a.audit.jsonl.4").exists());
    for ending in ["", ".1", ".3"] {
        let path = folder.path().join(format!("a.audit.jsonl{ending}"));
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn several_writers_lose_nothing_while_files_are_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("a.db");
    let rotation = Rotation { bytes: 2_000, kept: 1_000 };
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let audit = Audit::beside(&store, rotation).unwrap();
            scope.spawn(move || {
                for n in 0..500 {
                    append(&audit, &json!({"n": writer * 1_000 + n, "padding": "x".repeat(n % 90)})).unwrap();
                }
            });
        }
    });
    let files: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().unwrap() != "lock")
        .collect();
    assert!(files.len() > 20, "only {} files", files.len());
    let all: Vec<u64> = files.iter().flat_map(|path| numbers(path)).collect();
    assert_eq!(all.len(), 2_000);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 2_000);
}

#[test]
fn a_torn_line_does_not_spoil_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.audit.jsonl");
    fs::write(&path, "{\"n\":1}\n{\"n\":2,\"what\":\"bo").unwrap();
    let audit = Audit::beside(&folder.path().join("a.db"), Rotation::default()).unwrap();
    append(&audit, &json!({"n": 3})).unwrap();
    append(&audit, &json!({"n": 4})).unwrap();
    let lines = fs::read_to_string(&path).unwrap();
    assert_eq!(lines, "{\"n\":1}\n{\"n\":2,\"what\":\"bo\n{\"n\":3}\n{\"n\":4}\n");
}

#[test]
fn a_removed_file_is_made_again_and_a_full_disk_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let audit = Audit::beside(&folder.path().join("a.db"), Rotation::default()).unwrap();
    append(&audit, &json!({"n": 1})).unwrap();
    fs::remove_file(folder.path().join("a.audit.jsonl")).unwrap();
    append(&audit, &json!({"n": 2})).unwrap();
    assert_eq!(numbers(&folder.path().join("a.audit.jsonl")), [2]);

    std::os::unix::fs::symlink("/dev/full", folder.path().join("full.audit.jsonl")).unwrap();
    let full = Audit::beside(&folder.path().join("full.db"), Rotation::default()).unwrap();
    assert!(append(&full, &json!({"n": 3})).is_err());
    assert!(Audit::beside(&folder.path().join("none/a.db"), Rotation::default()).is_err());
}

fn numbers(path: &Path) -> Vec<u64> {
    let lines = fs::read_to_string(path).unwrap();
    lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["n"].as_u64().unwrap()).collect()
}
