//! What `./package` stages is what the Functions host can run, and what the binary answers.
//!
//! The host is unforgiving here: it ignores a misspelt setting, skips a function it does not understand, and
//! answers 404 for a route that only the binary knows. These tests stage the real tree and hold it against
//! the host's rules and the binary's own description of itself.

mod azure;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_healthbot-scheduler");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const CONFIGURATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/package/scheduling.toml");

/// A folder with a stage in it: `dist`, and `dist.zip` beside it.
struct Stage {
    folder: TempDir,
}

impl Stage {
    fn local() -> Self {
        Self::made(&["--local"])
    }

    fn made(arguments: &[&str]) -> Self {
        let stage = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        assert_succeeded(&stage.package(arguments));
        stage
    }

    fn package(&self, arguments: &[&str]) -> Output {
        let out = self.dist();
        Command::new(Path::new(ROOT).join("package"))
            // The binary of the tests needs this machine's C library, which may be newer than Azure's.
            .args(["--binary", BINARY, "--glibc", "9.9", "--out"])
            .arg(out)
            .args(arguments)
            .output()
            .expect("`./package` starts: it needs python3")
    }

    fn dist(&self) -> PathBuf {
        self.folder.path().join("dist")
    }

    fn zip(&self) -> PathBuf {
        self.folder.path().join("dist.zip")
    }

    fn json(&self, path: &str) -> Value {
        let text = fs::read_to_string(self.dist().join(path)).expect(path);
        serde_json::from_str(&text).expect(path)
    }

    /// The functions as the host finds them: the folders directly beside `host.json` with a `function.json`.
    fn functions(&self) -> BTreeMap<String, Function> {
        let entries = fs::read_dir(self.dist()).expect("a stage");
        let folders = entries.map(|entry| entry.expect("an entry")).filter(|entry| entry.path().is_dir());
        let named = folders.map(|folder| folder.file_name().into_string().expect("a name in UTF-8"));
        named
            .map(|name| (name.clone(), Function { json: self.json(&format!("{name}/function.json")) }))
            .collect()
    }
}

/// One `function.json`.
struct Function {
    json: Value,
}

impl Function {
    fn bindings(&self, direction: &str) -> Vec<&Value> {
        let bindings = self.json["bindings"].as_array().expect("`bindings` is a list");
        bindings.iter().filter(|binding| binding["direction"] == direction).collect()
    }

    fn trigger(&self) -> &Value {
        match self.bindings("in").as_slice() {
            [trigger] => trigger,
            other => panic!("one trigger, not {other:?}"),
        }
    }

    fn is_timer(&self) -> bool {
        self.trigger()["type"] == "timerTrigger"
    }

    fn route(&self) -> &str {
        self.trigger()["route"].as_str().expect("an explicit route")
    }

    fn methods(&self) -> BTreeSet<String> {
        let methods = self.trigger()["methods"].as_array().expect("`methods` is a list");
        methods.iter().map(|method| method.as_str().expect("a method").to_owned()).collect()
    }

    /// Whether the host sends `/api/…` here. A route may hold one placeholder, within its last segment.
    fn serves(&self, path: &str) -> bool {
        let Some(path) = path.strip_prefix("/api/") else { return false };
        match self.route().split_once('{') {
            None => path == self.route(),
            Some((before, placeholder)) => {
                let after = placeholder.split_once('}').expect("a closed placeholder").1;
                let value = path.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
                value.is_some_and(|value| !value.is_empty() && !value.contains('/'))
            }
        }
    }
}

fn assert_succeeded(output: &Output) {
    assert!(output.status.success(), "{}", messages(output));
}

fn messages(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[test]
fn a_function_has_one_trigger_and_an_http_function_one_reply() {
    for (name, function) in Stage::local().functions() {
        let replies = function.bindings("out");
        match function.trigger()["type"].as_str() {
            Some("httpTrigger") => {
                assert_eq!(replies.len(), 1, "{name}");
                assert_eq!(replies[0]["type"], "http", "{name}");
            }
            Some("timerTrigger") => assert!(replies.is_empty(), "{name}"),
            other => panic!("{name} has the trigger {other:?}"),
        }
    }
}

#[test]
fn a_functions_route_is_its_name() {
    for (name, function) in Stage::local().functions() {
        match name.as_str() {
            "openapi" => assert_eq!(function.route(), "openapi.{format}"),
            _ if function.is_timer() => assert!(function.trigger()["route"].is_null()),
            _ => assert_eq!(function.route(), name),
        }
    }
}

#[test]
fn every_function_asks_for_its_key() {
    let stage = Stage::local();
    let levels =
        stage.functions().into_iter().filter(|(_, function)| !function.is_timer()).map(|(name, function)| {
            let level = function.trigger()["authLevel"].as_str().expect("an explicit level").to_owned();
            (name, level)
        });
    let expected = [
        ("book", "function"),
        ("cancel", "function"),
        ("check", "admin"),
        ("get-appointment", "function"),
        ("get-locations", "function"),
        ("get-slots", "function"),
        ("health", "anonymous"),
        ("openapi", "function"),
        ("reschedule", "function"),
    ];
    let expected = expected.map(|(name, level)| (name.to_owned(), level.to_owned()));
    assert_eq!(levels.collect::<Vec<_>>(), expected);
}

#[test]
fn a_timer_reconciles_every_five_minutes() {
    let functions = Stage::local().functions();
    let timers: Vec<_> = functions.iter().filter(|(_, function)| function.is_timer()).collect();
    let [(name, timer)] = timers.as_slice() else { panic!("one timer, not {}", timers.len()) };
    assert_eq!(*name, "reconcile");
    assert_eq!(timer.trigger()["schedule"], "0 */5 * * * *");
    assert_eq!(timer.trigger()["runOnStartup"], false);
}

/// The host lower-cases routes and function names, so names that differ in case alone are one function.
#[test]
fn names_are_unique_whatever_their_case() {
    let functions = Stage::local().functions();
    let folded: BTreeSet<_> = functions.keys().map(|name| name.to_ascii_lowercase()).collect();
    assert_eq!(folded.len(), functions.len());
    assert!(functions.keys().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '-')));
}

#[test]
fn the_host_finds_its_handler() {
    let stage = Stage::local();
    let description = &stage.json("host.json")["customHandler"]["description"];
    let handler = stage.dist().join(description["defaultExecutablePath"].as_str().expect("a path"));
    assert_eq!(mode(&handler), 0o755);
    assert_eq!(fs::read(handler).expect("the handler"), fs::read(BINARY).expect("the binary"));
}

/// A key the host does not know is ignored without a word, so their spelling is a rule.
#[test]
fn the_host_proxies_requests_and_guards_replies() {
    let host = Stage::local().json("host.json");
    assert_eq!(host["version"], "2.0");
    assert_eq!(host["customHandler"]["enableProxyingHttpRequest"], true);
    assert_eq!(host["extensions"]["http"]["routePrefix"], "api");
    assert_eq!(host["extensions"]["http"]["hsts"]["isEnabled"], true);
    let headers = &host["extensions"]["http"]["customHeaders"];
    assert_eq!(headers["X-Content-Type-Options"], "nosniff");
    assert_eq!(headers["Cache-Control"], "no-store");
    assert_eq!(headers["Referrer-Policy"], "no-referrer");
    assert!(
        headers["Content-Security-Policy"].as_str().is_some_and(|csp| csp.contains("default-src 'none'"))
    );
    assert!(host["extensionBundle"].is_null(), "http and timer triggers are built into the host");
}

#[test]
fn a_local_stage_has_settings_and_no_zip() {
    let stage = Stage::local();
    let settings = &stage.json("local.settings.json")["Values"];
    assert_eq!(settings["FUNCTIONS_WORKER_RUNTIME"], "custom");
    let store = settings["STORE"].as_str().expect("a store");
    let path = store.strip_prefix("sqlite:").expect("SQLite, locally");
    assert!(Path::new(path).is_absolute() && !Path::new(path).starts_with(stage.dist()), "`{store}`");
    assert_eq!(mode(&stage.dist().join("local.settings.json")), 0o600, "it may hold secrets");
    assert!(!stage.zip().exists());
}

#[test]
fn every_setting_of_the_sample_is_explained() {
    let text = fs::read_to_string(Path::new(ROOT).join("local.settings.sample.json")).expect("the sample");
    let sample: Value = serde_json::from_str(&text).expect("JSON");
    for (name, value) in sample["Values"].as_object().expect("`Values`") {
        assert!(value.is_string(), "the core tools take texts alone, not the value of `{name}`");
        assert!(sample["About"][name].is_string(), "`{name}` is not explained");
    }
    assert_eq!(sample["Values"]["LEDGER_SECRET"], "", "a secret in a sample would be everybody's");
}

#[test]
fn a_zip_holds_the_stage_with_its_modes_and_no_settings() {
    let stage = Stage::local();
    assert_succeeded(&stage.package(&["--config", CONFIGURATION]));
    assert!(!stage.dist().join("local.settings.json").exists(), "the local stage was replaced whole");

    let modes = modes_in(&stage.zip());
    let functions = stage.functions();
    let mut expected: BTreeSet<String> =
        functions.keys().map(|name| format!("{name}/function.json")).collect();
    expected.extend(
        ["LICENSE", "NOTICE", "handler", "host.json", "scheduling.toml", "version.json"].map(str::to_owned),
    );
    assert_eq!(modes.keys().cloned().collect::<BTreeSet<_>>(), expected);
    for (name, mode) in modes {
        let expected = if name == "handler" { 0o100_755 } else { 0o100_644 };
        assert_eq!(mode, expected, "`{name}` has the mode {mode:o}");
    }
    assert_eq!(
        fs::read(stage.dist().join("scheduling.toml")).expect("the configuration"),
        fs::read(CONFIGURATION).expect("the configuration")
    );
}

/// Unix modes in a zip, by name; 0 for an entry that was not made on Unix, whose modes nobody would keep.
fn modes_in(zip: &Path) -> BTreeMap<String, u32> {
    let program = "import json, sys, zipfile\n\
        entries = zipfile.ZipFile(sys.argv[1]).infolist()\n\
        print(json.dumps({e.filename: e.external_attr >> 16 if e.create_system == 3 else 0 for e in entries}))";
    let output = Command::new("python3").args(["-c", program]).arg(zip).output().expect("python3");
    assert_succeeded(&output);
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn the_same_files_make_the_same_zip() {
    let (first, second) =
        (Stage::made(&["--config", CONFIGURATION]), Stage::made(&["--config", CONFIGURATION]));
    assert!(fs::read(first.zip()).expect("a zip") == fs::read(second.zip()).expect("a zip"));
}

#[test]
fn azure_gets_no_package_without_a_configuration() {
    let stage = Stage { folder: tempfile::tempdir().expect("a temporary folder") };
    let refused = stage.package(&[]);
    assert!(!refused.status.success());
    assert!(messages(&refused).contains("`--config FILE` is missing"), "{}", messages(&refused));
    assert!(!stage.dist().exists() && !stage.zip().exists());
}

#[test]
fn a_configuration_with_problems_is_not_packaged() {
    let stage = Stage::local();
    let broken = stage.folder.path().join("broken.toml");
    fs::write(&broken, "[[clinic]]\nid = \"main\"\ntime_zone = \"America/Nowhere\"\n").expect("a file");
    let refused = stage.package(&["--config", broken.to_str().expect("a path in UTF-8")]);
    assert!(!refused.status.success());
    assert!(messages(&refused).contains("clinic[0].time_zone"), "{}", messages(&refused));
    assert!(messages(&refused).contains("line 3"), "{}", messages(&refused));
    assert!(stage.dist().join("local.settings.json").exists(), "the stage before is still there");
    assert!(!stage.zip().exists());
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let stage = Stage { folder: tempfile::tempdir().expect("a temporary folder") };
    fs::create_dir(stage.dist()).expect("a folder");
    fs::write(stage.dist().join("thesis.txt"), "chapter one").expect("a file");
    assert!(!stage.package(&["--local"]).status.success());
    assert_eq!(fs::read_to_string(stage.dist().join("thesis.txt")).expect("a file"), "chapter one");
}

#[test]
fn what_the_binary_answers_and_what_the_host_routes_are_the_same() {
    let functions = Stage::local().functions();
    let functions: BTreeMap<_, _> =
        functions.into_iter().filter(|(_, function)| !function.is_timer()).collect();
    let routes = routes_of_the_binary();
    for (path, methods) in &routes {
        let serving: Vec<_> = functions.iter().filter(|(_, function)| function.serves(path)).collect();
        let [(name, function)] = serving.as_slice() else {
            panic!("{} functions serve {path}", serving.len())
        };
        assert_eq!(function.methods(), *methods, "of {path}, which is the function {name}");
    }
    for (name, function) in &functions {
        assert!(routes.keys().any(|path| function.serves(path)), "the binary does not describe {name}");
    }
}

/// Paths under `/api/` with their methods, from the description that the binary prints.
fn routes_of_the_binary() -> BTreeMap<String, BTreeSet<String>> {
    const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
    let output = Command::new(BINARY).arg("openapi").output().expect("the binary starts");
    assert_succeeded(&output);
    let description: Value = serde_json::from_slice(&output.stdout).expect("`openapi` prints JSON");
    let paths = description["paths"].as_object().expect("`paths`");
    let own = paths.iter().filter(|(path, _)| path.starts_with("/api/"));
    own.map(|(path, item)| {
        let keys = item.as_object().expect("a path item").keys();
        (path.clone(), keys.filter(|key| METHODS.contains(&key.as_str())).cloned().collect())
    })
    .collect()
}
