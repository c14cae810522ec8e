//! The real binary and the bare server, as processes.

#[path = "../../tests/it/fakes/free_port.rs"]
mod free_port;

use std::{
    fs,
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use self::free_port::free_port;

const HANDLER: &str = env!("CARGO_BIN_EXE_healthbot-scheduler");
const CLINIC: &str = include_str!("clinic.toml");
pub(crate) const SECRET: &str = "a secret of the benches with more than 32 characters";

/// A server that runs until it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    /// From the start of the process to its first answer.
    pub(crate) ready_after: Duration,
}

/// A folder on the disk that the project is on, with the clinic of the benches.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the real disk");
    fs::write(clinic(folder.path()), CLINIC).expect("the folder is writable");
    folder
}

pub(crate) fn clinic(folder: &Path) -> PathBuf {
    folder.join("scheduling.toml")
}

pub(crate) fn store(folder: &Path) -> PathBuf {
    folder.join("scheduling.db")
}

/// The real binary, started as the Functions host starts it. Its log lines are written, and nobody reads them.
pub(crate) fn real(folder: &Path) -> Server {
    real_over(folder, &format!("sqlite:{}", store(folder).display()))
}

/// The same over another store.
pub(crate) fn real_over(folder: &Path, store: &str) -> Server {
    let port = free_port();
    let mut command = Command::new(HANDLER);
    command
        .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
        .env("SCHEDULING_CONFIG", clinic(folder))
        .env("STORE", store)
        .env("LEDGER_SECRET", SECRET)
        .env("LOG_FORMAT", "json");
    Server::spawn(command, port)
}

/// The same as in Azure, where whatever has to do with it takes connections and answers none.
pub(crate) fn real_in_azure(folder: &Path, silent: &SilentServer) -> Server {
    fs::write(clinic(folder), format!("{CLINIC}{BOOKINGS}")).expect("the folder is writable");
    let port = free_port();
    let at = |scheme: &str| format!("{scheme}://127.0.0.1:{}", silent.port);
    let mut command = Command::new(HANDLER);
    command
        .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
        .env("WEBSITE_SITE_NAME", "clinic")
        .env("SCHEDULING_CONFIG", clinic(folder))
        .env("STORE", at("https") + "/account/ledger")
        .env("AUDIT", at("https") + "/account/audit")
        .env("KEY_VAULT_URL", at("https"))
        .env("IDENTITY_ENDPOINT", at("http") + "/msi/token")
        .env("IDENTITY_HEADER", "h")
        .env("GRAPH_BASE_URL", at("http"))
        .env("LOG_FORMAT", "json");
    Server::spawn(command, port)
}

const BOOKINGS: &str = "\n[graph]\ntenant_id = \"contoso.onmicrosoft.com\"\nclient_id = \"0000\"\n\
    client_secret = \"graph-client-secret\"\n\n[bookings]\nbusinesses = \"*\"\n";

/// Takes connections, and keeps them open without a word.
pub(crate) struct SilentServer {
    port: u16,
}

impl SilentServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        thread::spawn(move || {
            let mut kept = Vec::new();
            for stream in listener.incoming().flatten() {
                kept.push(stream);
            }
        });
        Self { port }
    }
}

/// The bare server; with a file, it replays what is recorded there.
pub(crate) fn bare(binary: &Path, replies: Option<&Path>) -> Server {
    let port = free_port();
    let mut command = Command::new(binary);
    command.arg(port.to_string()).args(replies);
    Server::spawn(command, port)
}

/// What cargo has set for this process, and build scripts look at: with these they would have everything built anew, now
/// and again at the next build without them.
const OF_CARGO: [&str; 8] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
    "OUT_DIR",
];

/// Builds the bare server with the profile that the benches and the binary are built with.
pub(crate) fn build_bare() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--profile", "bench", "--example", "bare-warp"]);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    for name in OF_CARGO {
        cargo.env_remove(name);
    }
    let built = cargo.status();
    assert!(built.is_ok_and(|status| status.success()), "the bare server can be built");
    let target = Path::new(HANDLER).parent().expect("a binary is in a folder");
    target.join("examples/bare-warp")
}

impl Server {
    fn spawn(mut command: Command, port: u16) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = now();
        let child = command.spawn().expect("the server starts");
        let mut server = Self { child, port, ready_after: Duration::ZERO };
        while server.ask().is_err() {
            assert!(started.elapsed() < Duration::from_secs(20), "the server answers");
            thread::sleep(Duration::from_micros(50));
        }
        server.ready_after = started.elapsed();
        server
    }

    fn ask(&self) -> io::Result<()> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    /// Resident memory in MiB, of what it has mapped too.
    pub(crate) fn memory(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kib.map_or(f64::NAN, |kib| kib / 1024.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
