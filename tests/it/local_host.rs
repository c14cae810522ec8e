//! `./local-host`: what it starts beside the Functions host, and that nothing of it is left. `tests/it/local_host/func`
//! stands in for the host.

use std::{
    fs,
    net::TcpStream,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::fakes::functions_host::HANDLER;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A folder for `dist` and for what the stand-in tells.
struct Terminal {
    folder: TempDir,
}

impl Terminal {
    fn new() -> Self {
        Self { folder: tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, path: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(Path::new(ROOT).join("local-host"));
        command
            .args(["--binary", HANDLER, "--out"])
            .arg(self.path("dist"))
            .args(arguments)
            .env("PATH", path)
            .env("FUNC_TOLD", self.path("told.json"))
            .env("STORE", format!("sqlite:{}", self.path("scheduling.db").display()))
            .stdin(Stdio::null());
        command
    }

    /// In a group of its own, as a terminal starts it.
    fn start(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Running {
        let path = format!("{ROOT}/tests/it/local_host:{}", crate::setting("PATH").expect("a path"));
        let mut command = self.command(&path, arguments);
        let log = fs::File::create(self.path("log")).expect("a file");
        command.stdout(log.try_clone().expect("a file")).stderr(log).process_group(0);
        Running(command.envs(settings.iter().copied()).spawn().expect("it starts: it needs python3"))
    }

    /// What the stand-in tells next.
    fn told(&self) -> Value {
        let path = self.path("told.json");
        let started = Instant::now();
        while !path.exists() {
            let log = fs::read_to_string(self.path("log")).unwrap_or_default();
            assert!(started.elapsed() < Duration::from_secs(90), "func was not started: {log}");
            thread::sleep(Duration::from_millis(50));
        }
        let told = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
        fs::remove_file(path).expect("a file of ours");
        told
    }
}

/// `./local-host`, killed with all that it started when a test fails.
struct Running(Child);

impl Running {
    /// To everything in the foreground, as Ctrl-C does.
    fn interrupt(&self) {
        signal("INT", &format!("-{}", self.0.id()));
    }

    fn terminate(&self) {
        signal("TERM", &self.0.id().to_string());
    }

    fn ended(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().expect("a process of ours") {
                return status;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "it does not end");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.try_wait().ok().flatten().is_none() {
            signal("TERM", &format!("-{}", self.0.id()));
            let _ = self.0.wait();
        }
    }
}

fn signal(name: &str, whom: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), "--", whom]).status();
    assert!(status.expect("`kill` runs").success(), "nobody is {whom}");
}

fn is_alive(process: &Value) -> bool {
    Path::new(&format!("/proc/{process}")).exists()
}

/// The ports in a connection string.
fn ports(storage: &str) -> Vec<u16> {
    let addresses = storage.split(';').filter_map(|part| part.split_once("http://127.0.0.1:"));
    let ports = addresses.filter_map(|(_, rest)| rest.split('/').next());
    ports.map(|port| port.parse().expect("a port")).collect()
}

fn is_listening(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[test]
fn the_host_runs_what_is_staged_beside_an_azurite_and_ctrl_c_ends_it_all() {
    let terminal = Terminal::new();
    let mut running = terminal.start(&["--azurite-port", "0", "--", "--port", "7072"], &[]);
    let told = terminal.told();
    let dist = terminal.path("dist");
    let dist = dist.to_str().expect("UTF-8");
    assert_eq!(told["arguments"], json!(["start", "--script-root", dist, "--port", "7072"]));
    assert_eq!(told["health"], 200, "{told}");
    for service in ["Blob", "Queue", "Table"] {
        assert!(told["services"][service].is_u64(), "{service} answers: {told}");
    }
    let ports = ports(told["storage"].as_str().expect("a connection string"));
    assert!(ports.len() == 3 && ports.iter().all(|port| is_listening(*port)), "{ports:?}");

    running.interrupt();
    assert_eq!(running.ended().code(), Some(130));
    let told = terminal.told();
    assert_eq!(told["signal"], "SIGINT");
    assert_eq!(told["services_at_the_end"], told["services"], "func ends before its storage");
    assert!(!is_alive(&told["handler"]));
    assert!(ports.iter().all(|port| !is_listening(*port)), "{ports:?}");
}

#[test]
fn who_ends_it_from_outside_ends_the_host_too() {
    let terminal = Terminal::new();
    let mut running = terminal.start(&["--azurite-port", "0"], &[]);
    let ports = ports(terminal.told()["storage"].as_str().expect("a connection string"));
    running.terminate();
    assert_eq!(running.ended().code(), Some(130));
    let told = terminal.told();
    assert_eq!(told["signal"], "SIGTERM");
    assert!(!is_alive(&told["handler"]));
    assert!(ports.iter().all(|port| !is_listening(*port)), "{ports:?}");
}

#[test]
fn storage_of_ones_own_needs_no_azurite() {
    let terminal = Terminal::new();
    let own = "DefaultEndpointsProtocol=https;AccountName=own;EndpointSuffix=core.windows.net";
    let mut running = terminal.start(&[], &[("AzureWebJobsStorage", own)]);
    assert_eq!(terminal.told()["storage"], own);
    running.interrupt();
    assert_eq!(running.ended().code(), Some(130));
    let log = fs::read_to_string(terminal.path("log")).expect("a log");
    assert!(!log.contains("Azurite"), "{log}");
}

#[test]
fn without_func_it_says_how_to_get_it() {
    let terminal = Terminal::new();
    // No func, wherever this machine has one, but what `./local-host` itself is run with.
    let python = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let python = String::from_utf8(python.expect("python3").stdout).expect("a path");
    fs::create_dir(terminal.path("bin")).expect("a folder");
    std::os::unix::fs::symlink(python.trim(), terminal.path("bin/python3")).expect("a link");
    let bin = terminal.path("bin");
    let Output { status, stderr, .. } =
        terminal.command(bin.to_str().expect("UTF-8"), &[]).output().expect("it starts");
    let said = String::from_utf8(stderr).expect("text");
    assert_eq!(status.code(), Some(3), "{said}");
    assert!(said.contains("npm install --global azure-functions-core-tools@4"), "{said}");
    assert!(!terminal.path("dist").exists(), "nothing is built for nothing");
}
