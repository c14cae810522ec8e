//! A Functions host as far as a custom handler can see: it starts the real binary on a random port, polls
//! `GET /`, sends its own headers along, posts the timer's envelope, repeats requests, and kills without a
//! signal. And a look into the store that the binary leaves, from outside.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

use super::free_port::free_port;

/// The binary under test.
pub(crate) const HANDLER: &str = env!("CARGO_BIN_EXE_healthbot-scheduler");

/// A secret long enough for the ledger.
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef-for-tests";

/// A host with one handler, and the folder it works in.
pub(crate) struct FunctionsHost {
    folder: TempDir,
    settings: Vec<(String, String)>,
    child: Option<Child>,
    port: u16,
    client: reqwest::Client,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Reply {
    pub(crate) fn outcome(&self) -> &str {
        self.body["outcome"].as_str().unwrap_or("(no outcome)")
    }
}

static INVOCATIONS: AtomicU64 = AtomicU64::new(1);

/// An id no invocation had before.
pub(crate) fn invocation() -> String {
    format!("00000000-0000-4000-8000-{:012}", INVOCATIONS.fetch_add(1, Ordering::Relaxed))
}

impl FunctionsHost {
    /// Starts the handler on a clinic of its own.
    pub(crate) async fn start(scheduling: Option<&str>) -> Self {
        let mut host = Self::prepared(scheduling);
        host.spawn();
        host.until_ready().await;
        host
    }

    /// Everything but the process.
    pub(crate) fn prepared(scheduling: Option<&str>) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder on the real disk");
        let mut settings: Vec<(String, String)> = vec![
            ("STORE".into(), format!("sqlite:{}", folder.path().join("scheduling.db").display())),
            ("LEDGER_SECRET".into(), SECRET.into()),
            ("LOG_FORMAT".into(), "json".into()),
        ];
        if let Some(text) = scheduling {
            let path = folder.path().join("scheduling.toml");
            std::fs::write(&path, text).expect("the folder is writable");
            settings.push(("SCHEDULING_CONFIG".into(), path.display().to_string()));
        }
        let client = healthbot_scheduler::net::builder().no_proxy().build().expect("a client without TLS");
        Self { folder, settings, child: None, port: 0, client }
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.into(), value.into()));
    }

    pub(crate) fn unset(&mut self, name: &str) {
        self.settings.retain(|(known, _)| known != name);
    }

    /// Another instance of the same app: the same settings, so the same store, and a folder of its own.
    pub(crate) async fn another_instance(&self) -> Self {
        let mut other = Self::prepared(None);
        other.settings.clone_from(&self.settings);
        other.spawn();
        other.until_ready().await;
        other
    }

    /// Starts the handler as somebody at a terminal would, on a port that is free, and waits until it ends by
    /// itself.
    pub(crate) async fn by_hand(&self) -> Output {
        let values = json!({"IsEncrypted": false, "Values": {"FUNCTIONS_CUSTOMHANDLER_PORT": "0"}});
        let settings = self.folder.path().join("local.settings.json");
        std::fs::write(settings, values.to_string()).expect("the folder is writable");
        let ended = tokio::process::Command::new(HANDLER)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env!("PATH"))
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let ended = tokio::time::timeout(Duration::from_secs(20), ended).await;
        ended.expect("it ends instead of serving").expect("the handler starts")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn store_path(&self) -> PathBuf {
        self.folder.path().join("scheduling.db")
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Starts the process as the host does.
    pub(crate) fn spawn(&mut self) {
        self.port = free_port();
        let log = |name: &str| {
            let path = self.folder.path().join(name);
            std::fs::OpenOptions::new().create(true).append(true).open(path).expect("a log file")
        };
        let child = Command::new(HANDLER)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env!("PATH"))
            .env("FUNCTIONS_CUSTOMHANDLER_PORT", self.port.to_string())
            .env("FUNCTIONS_HTTPWORKER_PORT", self.port.to_string())
            .env("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", "11111111-2222-4333-8444-555555555555")
            .env("FUNCTIONS_APP_ROOT_PATH", self.folder.path())
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log("stdout.log"))
            .stderr(log("stderr.log"))
            .spawn()
            .expect("the handler starts");
        self.child = Some(child);
    }

    /// Polls `GET /` until anything answers, as the host does.
    pub(crate) async fn until_ready(&mut self) {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(20) {
            if self.client.get(self.url("/")).send().await.is_ok() {
                return;
            }
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten()) {
                panic!("the handler ended with {status}: {}", self.log());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the handler does not answer: {}", self.log());
    }

    /// What the handler has written to its output and error streams.
    pub(crate) fn log(&self) -> String {
        let read = |name: &str| std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        read("stdout.log") + &read("stderr.log")
    }

    /// Kills without a signal that could be handled, and waits until the process is gone.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    pub(crate) async fn restart(&mut self) {
        self.kill();
        self.spawn();
        self.until_ready().await;
    }

    /// Asks the process to end, and waits for it.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        self.signal("-TERM").await
    }

    /// Sends the process a signal, and waits for its end.
    pub(crate) async fn signal(&mut self, signal: &str) -> ExitStatus {
        let mut child = self.child.take().expect("it runs");
        let killed = Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(killed.expect("`kill` runs").success());
        tokio::task::spawn_blocking(move || child.wait().expect("it ends")).await.expect("waiting")
    }

    /// Calls a function as a new invocation.
    pub(crate) async fn call(&self, function: &str, body: Value) -> Reply {
        self.call_as(&invocation(), function, body).await
    }

    /// Calls a function as a given invocation: the host's own repeat has the same one.
    pub(crate) async fn call_as(&self, invocation: &str, function: &str, body: Value) -> Reply {
        self.try_call_as(invocation, function, body).await.expect("an answer")
    }

    pub(crate) async fn try_call_as(
        &self,
        invocation: &str,
        function: &str,
        body: Value,
    ) -> Result<Reply, reqwest::Error> {
        let request = self
            .client
            .post(self.url(&format!("/api/{function}")))
            .header("X-Azure-Functions-HostVersion", "4.1052.200")
            .header("X-Azure-Functions-InvocationId", invocation)
            .header("x-ms-invocation-id", invocation)
            .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
            .header("x-functions-key", "not-the-handlers-business")
            .header("X-Forwarded-For", "203.0.113.7")
            .json(&body);
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = serde_json::from_slice(&response.bytes().await?).unwrap_or(Value::Null);
        Ok(Reply { status, headers, body })
    }

    /// The `reconcile` timer, in the envelope the host posts.
    pub(crate) async fn timer(&self) -> Reply {
        let envelope = json!({
            "Data": {"timer": {"Schedule": {"AdjustForDST": true}, "ScheduleStatus": null, "IsPastDue": false}},
            "Metadata": {"sys": {"MethodName": "reconcile", "UtcNow": "2026-11-22T00:00:00Z", "RandGuid": "x"}},
        });
        let request = self.client.post(self.url("/reconcile")).json(&envelope);
        let response = request.header("X-Azure-Functions-InvocationId", invocation()).send().await;
        let response = response.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Reply { status, headers, body: response.json().await.expect("a JSON object") }
    }

    /// Waits for the first run of `reconcile`, which the handler starts by itself, to leave the check value of
    /// the ledger secret: of two runs at once only one purges, and writes it.
    pub(crate) async fn until_secret_is_known(&self) {
        self.timer().await;
        let started = Instant::now();
        while self.documents("ring/").is_empty() {
            assert!(started.elapsed() < Duration::from_secs(20), "no check value: {}", self.log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The documents in the store under a prefix, read by somebody who knows SQLite and nothing of ours. Not
    /// among them: the note of the last purge, which the first run leaves at some time after the start.
    pub(crate) fn documents(&self, prefix: &str) -> Vec<(String, Value)> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let database = Connection::open_with_flags(self.store_path(), flags).expect("the database is there");
        database.busy_timeout(Duration::from_secs(5)).expect("a time-out");
        let mut select = database
            .prepare("SELECT key, bytes FROM documents WHERE substr(key, 1, ?2) = ?1 AND key <> 'pending/~purged' ORDER BY key")
            .expect("the table is there");
        let length = i64::try_from(prefix.len()).expect("a short prefix");
        let rows = select
            .query_map((prefix, length), |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)))
            .expect("rows");
        rows.map(|row| {
            let (key, bytes) = row.expect("a row");
            let value =
                if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
            (key, value)
        })
        .collect()
    }
}

impl Drop for FunctionsHost {
    fn drop(&mut self) {
        self.kill();
    }
}
