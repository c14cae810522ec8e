//! The scenarios of the bot, and the player: their own tests, in Node, against the real handler. What they need is made by
//! `./test --setup`.

use std::{path::Path, process::Command};

use crate::fakes::functions_host::HANDLER;

const PLAYER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/player");

/// Runs a program in the folder of the player, and tells what it wants to be known by: comments of TAP.
fn runs(program: &str, arguments: &[&str]) {
    assert!(
        Path::new(PLAYER).join("dist/index.html").exists(),
        "the player is not built: run `./test --setup`"
    );
    let output = Command::new(program)
        .args(arguments)
        .current_dir(PLAYER)
        .env("HANDLER", HANDLER)
        .env("CHROMIUM", crate::setting("CHROMIUM").unwrap_or_else(|| "/usr/bin/chromium".to_owned()))
        .output()
        .expect("Node runs");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    let comments = told.lines().filter(|line| line.starts_with("# ") && !line.starts_with("# Subtest"));
    println!("{}", comments.collect::<Vec<_>>().join("\n"));
}

fn tests_of(name: &str) {
    runs("node", &["--import", "tsx", "--test", &format!("tests/{name}.test.ts")]);
}

#[test]
fn exports_are_what_their_sources_make_and_hold_to_the_format() {
    runs("npm", &["run", "--silent", "check"]);
}

#[test]
fn every_way_of_every_scenario_is_taken() {
    tests_of("scenarios");
}

#[test]
fn an_export_of_somebody_else_is_played_and_what_is_unknown_is_named() {
    tests_of("engine");
}

#[test]
fn scenarios_and_texts_are_uploaded() {
    tests_of("upload");
}

#[test]
fn they_are_played_on_the_page() {
    tests_of("browser");
}
