//! The first minute with the product: started by hand, without any configuration, it prints three lines to try,
//! and they work as they are printed.

use std::process::{Command, Stdio};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};

use crate::fakes::functions_host::HANDLER;

async fn next(lines: &mut Lines<impl tokio::io::AsyncBufRead + Unpin>, wanted: &str) -> String {
    loop {
        let line = tokio::time::timeout(std::time::Duration::from_secs(20), lines.next_line()).await;
        let line = line.expect("a line in time").expect("a stream").expect("a line");
        if line.starts_with(wanted) {
            return line;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_three_printed_lines_work_as_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = r#"{"IsEncrypted": false, "Values": {"FUNCTIONS_CUSTOMHANDLER_PORT": "0"}}"#;
    std::fs::write(folder.path().join("local.settings.json"), settings).expect("written");
    let mut child = tokio::process::Command::new(HANDLER)
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", std::env!("PATH"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the handler starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let serving = next(&mut lines, "serving").await;
    assert!(serving.contains("demo clinic") && serving.contains("http://127.0.0.1:"), "{serving}");
    for (list, outcome) in [("locations", "ok"), ("slots", "ok"), ("appointments", "booked")] {
        let line = next(&mut lines, "curl ").await;
        let answer = Command::new("sh").args(["-c", &line]).output().expect("a shell, and curl");
        assert!(answer.status.success(), "{line}");
        let answer: Value = serde_json::from_slice(&answer.stdout).expect("JSON");
        assert_eq!(answer["outcome"], outcome, "{line}: {answer}");
        assert!(answer[list].as_array().is_some_and(|items| !items.is_empty()), "{answer}");
    }
}
