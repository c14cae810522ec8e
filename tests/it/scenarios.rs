//! The scenarios of the bot, and the player: their own tests, in Node, against the real handler. What they need is made by
//! `./test --setup`.

use std::{fs, path::Path, process::Command, sync::LazyLock};

use jsonschema::Validator;
use serde_json::{Value, json};

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
fn a_question_takes_only_its_own_answers() {
    tests_of("restless");
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

static TABLES: LazyLock<Value> = LazyLock::new(|| {
    let text = fs::read_to_string(format!("{PLAYER}/schema/export.schema.json")).expect("the schema");
    serde_json::from_str(&text).expect("JSON")
});

/// The schema of a part of an export; empty: of the whole.
fn schema(part: &str) -> Validator {
    let mut schema = TABLES.clone();
    if !part.is_empty() {
        schema = json!({"$schema": schema["$schema"], "$ref": format!("#/$defs/{part}"), "$defs": schema["$defs"]});
    }
    jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema")
}

/// What of an export violates the tables of the format.
fn violations(export: &Value) -> Vec<String> {
    let of = |part: &str, value: &Value| -> Vec<String> {
        schema(part)
            .iter_errors(value)
            .map(|error| format!("{part} {}: {error}", error.instance_path()))
            .collect()
    };
    let mut found = of("", export);
    let code: Value = serde_json::from_str(export["code"].as_str().expect("`code` is a text")).expect("JSON");
    found.extend(of("code", &code));
    for step in code["steps"].as_array().expect("steps") {
        found.extend(of(&format!("steps/{}", step["type"].as_str().expect("a type")), step));
    }
    found
}

/// By another validator than that of the player.
#[test]
fn nothing_in_an_export_violates_the_tables_of_the_format() {
    let mut steps = 0;
    for entry in fs::read_dir(Path::new(PLAYER).join("..")).expect("a folder") {
        let path = entry.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let bytes = fs::read(&path).expect("a file");
        assert!(!bytes.starts_with(&[0xEF, 0xBB, 0xBF]), "{} has a BOM", path.display());
        let export: Value = serde_json::from_slice(&bytes).expect("JSON");
        assert_eq!(violations(&export), Vec::<String>::new(), "{}", path.display());
        let keys: Vec<&str> = export.as_object().expect("an object").keys().map(String::as_str).collect();
        let portal =
            ["name", "id", "scenario_trigger", "description", "active", "updated", "userDisplayName", "code"];
        assert_eq!(keys.len(), portal.len(), "{keys:?}");
        assert!(portal.iter().all(|key| keys.contains(key)), "{keys:?}");
        let code = export["code"].as_str().expect("a text").replacen("\"label\":", "\"colour\":", 1);
        let mut wrong = export;
        wrong["code"] = code.into();
        assert_ne!(violations(&wrong), Vec::<String>::new(), "the tables know no `colour`");
        steps += wrong["code"].as_str().expect("a text").matches("\"designer\":").count();
    }
    assert!(steps > 400, "{steps} steps");
}
