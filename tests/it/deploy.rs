//! What `infra/deploy`, `infra/rotate-key` and `infra/teardown` do to a subscription, which `tests/it/deploy/az` plays,
//! and what they say. The parser of the real az judges every command line.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    os::unix::{fs::symlink, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

mod az_knows;
mod broken_off;
mod first_run;
mod refusals;
mod rollback;
mod rotation;
mod teardown;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const BINARY: &str = env!("CARGO_BIN_EXE_healthbot-scheduler");
const SUBSCRIPTION: &str = include_str!("deploy/subscription.json");
const BOOKINGS: &str = "[bookings]\nbusinesses = [\"Eastside@contoso.onmicrosoft.com\"]\n";

/// A subscription with an empty resource group `clinic`, and a copy of this repository that deploys to it.
struct Azure {
    folder: TempDir,
}

impl Azure {
    fn new() -> Self {
        Self::with(&[])
    }

    /// Usual but for what is named, by JSON pointers.
    fn with(particulars: &[(&str, Value)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let azure = Self { folder };
        azure.set_state(&serde_json::from_str(SUBSCRIPTION).expect("JSON"));
        azure.change(particulars);
        for log in ["calls.jsonl", "curls.jsonl", "slept"] {
            fs::write(azure.path(log), "").expect("a file");
        }
        fs::create_dir_all(azure.path("root/infra")).expect("a folder");
        fs::create_dir(azure.path("tmp")).expect("a folder");
        for script in ["az.sh", "deploy", "grant-graph-permissions.sh", "rotate-key", "teardown"] {
            link(&format!("infra/{script}"), &azure.path(&format!("root/infra/{script}")));
        }
        link("tests/it/deploy/package", &azure.path("root/package"));
        azure.write("root/infra/main.bicep", "param name string\n");
        azure.write("root/infra/main.bicepparam", "using 'main.bicep'\nparam name = 'scheduler'\n");
        azure.write("bookings.toml", BOOKINGS);
        azure
    }

    /// One to which all is deployed, for the caller `bot`.
    fn deployed() -> Self {
        let azure = Self::new();
        azure.deploy(&["--config", "bookings.toml", "--caller", "bot"]).assert_code(0);
        azure
    }

    /// The same as if it had been: a deployment takes time.
    fn as_if_deployed() -> Self {
        let azure = Self::new();
        let made: Vec<String> = serde_json::from_value(azure.state()["makes"].take()).expect("ids");
        let others = azure.state()["resources"].take();
        let others: Vec<String> = serde_json::from_value(others).expect("ids");
        let subscription = &others[0][..others[0].find("/resourceGroups").expect("a group")];
        let made = made.iter().map(|id| format!("{subscription}{id}"));
        azure.change(&[
            ("/resources", others.iter().cloned().chain(made).collect()),
            ("/deployments", json!({ "healthbot-scheduler": { "state": "Succeeded" } })),
            ("/vault/secrets", json!({ "ledger-secret": ["0123456789abcdef".repeat(4)] })),
            ("/app/there", json!(true)),
            ("/app/published", json!("a release")),
            ("/app/keys", json!({ "bot": "KEYofthebot" })),
        ]);
        azure
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file");
    }

    fn change(&self, particulars: &[(&str, Value)]) {
        let mut state = self.state();
        for (pointer, value) in particulars {
            let place = state.pointer_mut(pointer).unwrap_or_else(|| panic!("there is no {pointer}"));
            assert!(place != value, "`{pointer}` is so anyway");
            *place = value.clone();
        }
        self.set_state(&state);
    }

    fn set_state(&self, state: &Value) {
        fs::write(self.path("state.json"), state.to_string()).expect("a file");
    }

    fn state(&self) -> Value {
        let text = fs::read_to_string(self.path("state.json")).expect("a file");
        serde_json::from_str(&text).expect("JSON")
    }

    fn deploy(&self, options: &[&str]) -> Run {
        self.run("deploy", options)
    }

    fn run(&self, script: &str, options: &[&str]) -> Run {
        self.finish(&mut self.command(script, options), "")
    }

    /// Killed without a signal that could be caught, with all that it started, as soon as call N of az is answered.
    fn kill_after(&self, call: usize, script: &str, options: &[&str]) {
        let calls = self.state()["calls"].as_u64().expect("a number") + call as u64;
        let run = self.finish(self.command(script, options).env("KILL_AFTER", calls.to_string()), "");
        assert_eq!(run.output.status.code(), None, "killed: {}\n{}", run.said(), run.complained());
        assert_eq!(self.state()["calls"], calls);
    }

    fn command(&self, script: &str, options: &[&str]) -> Command {
        let path = crate::setting("PATH").expect("a path");
        let python = azure_cli().join("bin");
        let mut command = Command::new("bash");
        command
            .arg(self.path("root/infra").join(script))
            .args(["--resource-group", "clinic"])
            .args(options)
            .current_dir(self.folder.path())
            .env("PATH", format!("{ROOT}/tests/it/deploy:{}:{path}", python.display()))
            .env("TMPDIR", self.path("tmp"))
            .env("FAKE_AZURE", self.folder.path())
            .env("FAKE_BINARY", "true")
            .env("AZURE_CLI", azure_cli())
            .process_group(0);
        command
    }

    fn finish(&self, command: &mut Command, input: &str) -> Run {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = command.spawn().expect("the script starts: it needs bash");
        // It may not want it.
        let _ = running.stdin.take().expect("a pipe").write_all(input.as_bytes());
        let run = Run { output: running.wait_with_output().expect("its output") };
        self.assert_secrets_stay(&run);
        run
    }

    /// Whatever is done, and however it ends: no secret is an argument, is shown, or is left in a file.
    #[track_caller]
    fn assert_secrets_stay(&self, run: &Run) {
        let told = format!("{}{}{}", run.said(), run.complained(), self.left_behind());
        let arguments = self.calls().into_iter().chain(self.curls()).flatten().collect::<Vec<_>>().join("\n");
        for secret in secrets(&self.state()) {
            assert!(!arguments.contains(&secret), "`{secret}` is an argument");
            assert!(!told.contains(&secret), "`{secret}` is told: {told}");
        }
    }

    /// What is in files that the scripts left in the folder for temporary ones.
    fn left_behind(&self) -> String {
        let mut folders = vec![self.path("tmp")];
        let mut found = String::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.is_file() {
                    found += &String::from_utf8_lossy(&fs::read(path).expect("a file"));
                }
            }
        }
        found
    }

    fn calls(&self) -> Vec<Vec<String>> {
        self.log("calls.jsonl")
    }

    fn curls(&self) -> Vec<Vec<String>> {
        self.log("curls.jsonl")
    }

    fn log(&self, name: &str) -> Vec<Vec<String>> {
        let text = fs::read_to_string(self.path(name)).expect("a file");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// The calls of one command, as `keyvault secret set`.
    fn calls_of(&self, command: &str) -> Vec<Vec<String>> {
        self.calls().into_iter().filter(|call| call.join(" ").starts_with(command)).collect()
    }

    fn naps(&self) -> usize {
        fs::read_to_string(self.path("slept")).expect("a file").lines().count()
    }

    /// The versions of the ledger's secret.
    fn ring(&self) -> Vec<String> {
        let versions = self.state()["vault"]["secrets"]["ledger-secret"].take();
        serde_json::from_value(versions).unwrap_or_default()
    }

    fn keys(&self) -> BTreeMap<String, String> {
        serde_json::from_value(self.state()["app"]["keys"].take()).expect("keys")
    }

    fn releases(&self) -> Vec<String> {
        let releases = self.state()["containers"]["schedulerhost"]["releases"].take();
        releases.as_object().expect("a container").keys().cloned().collect()
    }
}

struct Run {
    output: Output,
}

impl Run {
    fn said(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    fn complained(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    #[track_caller]
    fn assert_code(&self, expected: i32) {
        assert_eq!(self.output.status.code(), Some(expected), "{}\n{}", self.said(), self.complained());
        if expected == 0 {
            assert_eq!(self.complained(), "");
        }
    }

    #[track_caller]
    fn assert_said(&self, expected: &str) {
        assert!(self.said().contains(expected), "`{expected}` is not in: {}", self.said());
    }

    /// A failure says what is wrong, and what to do.
    #[track_caller]
    fn assert_refused(&self, code: i32, what: &str, remedy: &str) {
        self.assert_code(code);
        let complaint = self.complained();
        let (before, after) =
            complaint.split_once("What to do: ").unwrap_or_else(|| panic!("no remedy: {complaint}"));
        assert!(before.contains(what), "`{what}` is not in: {complaint}");
        assert!(after.contains(remedy), "`{remedy}` is not in: {complaint}");
    }
}

/// What must not be seen: every secret, key and token of the subscription.
fn secrets(state: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let kept = state["vault"]["secrets"].as_object().expect("secrets").values();
    let rings = kept.filter_map(Value::as_array).flatten().map(text);
    let mut found: Vec<String> =
        rings.flat_map(|ring| ring.split(',').map(str::to_owned).collect::<Vec<_>>()).collect();
    found.extend(state["app"]["keys"].as_object().expect("keys").values().map(text));
    found.extend([&state["app"]["master"], &state["signature"]].map(text));
    found
}

/// The environment of the real az, whose queries the stand-in uses.
fn azure_cli() -> PathBuf {
    let installed = Path::new(ROOT).join("target/azure-cli");
    assert!(installed.join("bin/python").exists(), "the Azure CLI is not there: run `./test --setup`");
    installed
}

fn link(of: &str, place: &Path) {
    symlink(Path::new(ROOT).join(of), place).expect("a link");
}

fn option<'a>(call: &'a [String], name: &str) -> &'a str {
    let at =
        call.iter().position(|argument| argument == name).unwrap_or_else(|| panic!("no {name} in {call:?}"));
    &call[at + 1]
}
