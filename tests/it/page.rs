//! What a browser is shown at `/`: the page out of a folder or the table of the functions by hand, and nothing new under
//! the Functions host.

use std::{collections::BTreeSet, fs, path::PathBuf, process::Stdio, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use healthbot_scheduler::http::ROUTES;
use reqwest::{Client, Method, Response, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdout},
    time::timeout,
};

use crate::fakes::functions_host::{FunctionsHost, HANDLER};

const INDEX: &str = "<!doctype html><title>chat</title><meta property=\"csp-nonce\" nonce=\"{nonce}\">";
const SANDBOX: &str = "onmessage = function () {}";
const OUTSIDE: &str = "what is beside the folder is nobody's business";

const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";
/// Of `index.html` alone.
const INDEX_POLICY: &str = "default-src 'none'; script-src 'self'; \
     style-src 'self' 'nonce-{nonce}' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; \
     style-src-attr 'unsafe-hashes' 'sha256-De7agAeYqm6ANIVvRRW6HFWi52AJW8inhFE0gSdgXnI=' \
     'sha256-kFAIUwypIt04FgLyVU63Lcmp2AQimPh/TdYjy04Flxs=' \
     'sha256-XzJlZKVo+ff9ozww9Sr2p/2TbJXITZuaWMZ9p53zN1U='; img-src 'self' data: blob:; \
     font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";
const SANDBOX_POLICY: &str = "default-src 'none'; script-src 'unsafe-eval'; sandbox allow-scripts";

/// The handler, as somebody at a terminal starts it.
struct ByHand {
    folder: TempDir,
    url: String,
    client: Client,
    lines: Lines<BufReader<ChildStdout>>,
    /// What it has printed so far.
    told: String,
    _child: Child,
}

impl ByHand {
    /// With a page in the folder `dist`.
    async fn with_page() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let dist = folder.path().join("dist");
        fs::create_dir_all(dist.join("assets")).expect("folders");
        for (name, text) in [
            ("dist/index.html", INDEX),
            ("dist/sandbox.js", SANDBOX),
            ("dist/assets/chat.js", "export {}"),
            ("dist/assets/chat.css", "main { color: black }"),
            ("dist/assets/chat.woff2", "a font"),
            ("outside.txt", OUTSIDE),
        ] {
            fs::write(folder.path().join(name), text).expect("a file");
        }
        Self::start(folder, &[("PLAYER_DIR", dist.to_str().expect("UTF-8"))]).await
    }

    async fn without_page() -> Self {
        Self::start(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder"), &[]).await
    }

    async fn start(folder: TempDir, settings: &[(&str, &str)]) -> Self {
        let mut child = tokio::process::Command::new(HANDLER)
            .args(["--port", "0"])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", std::env!("PATH"))
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the handler starts");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let client = healthbot_scheduler::net::builder().no_proxy().build().expect("a client without TLS");
        let mut started =
            Self { folder, url: String::new(), client, lines, told: String::new(), _child: child };
        let serving = started.line("serving the demo clinic on").await;
        started.url =
            serving.split_once("http:").map(|(_, rest)| format!("http:{rest}")).expect("an address");
        started
    }

    /// The next line with these words.
    async fn line(&mut self, words: &str) -> String {
        loop {
            let line =
                timeout(Duration::from_secs(20), self.lines.next_line()).await.expect("a line in time");
            let line = line.expect("a stream").unwrap_or_else(|| panic!("no `{words}` in {}", self.told));
            self.told.extend([&line, "\n"]);
            if line.contains(words) {
                return line;
            }
        }
    }

    fn dist(&self) -> PathBuf {
        self.folder.path().join("dist")
    }

    fn address(&self) -> &str {
        self.url.strip_prefix("http://").expect("an address")
    }

    async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("an answer")
    }

    async fn get(&self, path: &str) -> Response {
        self.ask(Method::GET, path, &[]).await
    }

    /// Asks for exactly this, which a browser would tidy up first.
    async fn get_as_written(&self, target: &str) -> String {
        let mut connection = TcpStream::connect(self.address()).await.expect("a connection");
        let request =
            format!("GET {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address());
        connection.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.expect("an answer");
        answer
    }
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("(none)", |value| value.to_str().expect("text"))
}

/// That it is guarded as everything is that a browser is shown.
fn assert_guarded(response: &Response, policy: &str) {
    assert_guarded_and(response, policy, "no-cache");
}

fn assert_guarded_and(response: &Response, policy: &str, caching: &str) {
    let path = response.url().path().to_owned();
    for (name, value) in [
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", caching),
    ] {
        assert_eq!(header(response, name), value, "{path}: {name}");
    }
}

async fn assert_problem(response: Response, status: u16, code: &str) {
    let path = response.url().path().to_owned();
    assert_eq!((response.status().as_u16(), header(&response, "content-type")), (status, PROBLEM), "{path}");
    assert_eq!(header(&response, "content-security-policy"), "(none)", "{path}");
    let problem: Value = response.json().await.expect("JSON");
    assert_eq!(problem["code"], code, "{path}");
}

const PROBLEM: &str = "application/problem+json";

// --- the page in the folder

#[tokio::test]
async fn the_page_has_a_nonce_of_its_own_each_time() {
    let served = ByHand::with_page().await;
    let mut nonces = BTreeSet::new();
    for path in ["/", "/", "/?chat", "/index.html", "//index.html", "/%69ndex.html"] {
        let response = served.get(path).await;
        assert_eq!(
            (response.status().as_u16(), header(&response, "content-type")),
            (200, "text/html; charset=utf-8"),
            "{path}"
        );
        let policy = header(&response, "content-security-policy").to_owned();
        let nonce =
            policy.split_once("'nonce-").and_then(|(_, rest)| rest.split_once('\'')).expect("a nonce").0;
        assert_eq!(BASE64_STANDARD.decode(nonce).expect("base64").len(), 16, "{path}");
        assert_guarded_and(&response, &INDEX_POLICY.replace("{nonce}", nonce), "no-store");
        assert_eq!(header(&response, "last-modified"), "(none)", "{path}");
        let length = header(&response, "content-length").to_owned();
        assert_eq!(response.text().await.expect("a body"), INDEX.replace("{nonce}", nonce), "{path}");
        assert!(nonces.insert(nonce.to_owned()), "{path}: {nonce} again");
        let head = served.ask(Method::HEAD, path, &[]).await;
        assert_eq!(header(&head, "content-length"), length, "{path}");
    }
    fs::write(served.dist().join("index.html"), "built anew").expect("a file");
    for asked in [("if-modified-since", "Fri, 31 Dec 9999 23:59:59 GMT"), ("range", "bytes=0-5")] {
        let response = served.ask(Method::GET, "/", &[asked]).await;
        assert_eq!(response.status(), 200, "{asked:?}");
        assert_eq!(response.text().await.expect("a body"), "built anew", "{asked:?}");
    }
}

#[tokio::test]
async fn the_page_is_what_is_in_the_folder_when_it_is_asked_for() {
    let mut served = ByHand::with_page().await;
    for (path, content_type, text) in [
        ("/assets/chat.js", "text/javascript", "export {}"),
        ("/assets/chat.css", "text/css", "main { color: black }"),
        ("/assets/chat.woff2", "font/woff2", "a font"),
    ] {
        let response = served.get(path).await;
        assert_eq!(
            (response.status().as_u16(), header(&response, "content-type")),
            (200, content_type),
            "{path}"
        );
        assert_guarded(&response, PAGE_POLICY);
        assert_eq!(response.text().await.expect("a body"), text, "{path}");
        let head = served.ask(Method::HEAD, path, &[]).await;
        assert_eq!(header(&head, "content-length"), text.len().to_string(), "{path}");
        assert_guarded(&head, PAGE_POLICY);
    }
    fs::write(served.dist().join("assets/chat.js"), "built anew").expect("a file");
    assert_eq!(served.get("/assets/chat.js").await.text().await.expect("a body"), "built anew");

    let told = served.line("to chat with the clinic").await;
    assert!(told.contains(&served.url), "{told}");
    assert_problem(served.get("/nothing").await, 404, "noSuchFunction").await;
    served.line(r#""status":404"#).await;
    let logged = served.told.matches(r#""event":"request""#).count();
    assert_eq!(logged, 1, "a file leaves no line in the log: {}", served.told);
}

#[tokio::test]
async fn what_a_browser_has_already_is_not_sent_again() {
    let served = ByHand::with_page().await;
    let first = served.get("/assets/chat.js").await;
    let modified = header(&first, "last-modified").to_owned();
    let again = served.ask(Method::GET, "/assets/chat.js", &[("if-modified-since", &modified)]).await;
    assert_eq!(again.status(), 304);
    assert_guarded(&again, PAGE_POLICY);
    let part = served.ask(Method::GET, "/assets/chat.js", &[("range", "bytes=0-5")]).await;
    assert_eq!((part.status().as_u16(), header(&part, "content-range")), (206, "bytes 0-5/9"));
    assert_guarded(&part, PAGE_POLICY);
    assert_eq!(part.text().await.expect("a body"), "export");
}

#[tokio::test]
async fn the_worker_goes_by_a_policy_of_its_own_however_it_is_spelt() {
    let served = ByHand::with_page().await;
    for method in [Method::GET, Method::HEAD] {
        let response = served.ask(method, "/sandbox.js", &[]).await;
        assert_eq!((response.status().as_u16(), header(&response, "content-type")), (200, "text/javascript"));
        assert_guarded(&response, SANDBOX_POLICY);
    }
    for target in ["/sandbox.js?v=2", "/%73andbox.js", "//sandbox.js", "/./sandbox.js"] {
        let answer = served.get_as_written(target).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(SANDBOX), "{target}: {answer}");
        assert!(
            answer.contains(&format!("content-security-policy: {SANDBOX_POLICY}\r\n")),
            "{target}: {answer}"
        );
    }
}

#[tokio::test]
async fn nothing_outside_of_the_folder_is_shown() {
    let served = ByHand::with_page().await;
    let outside = served.folder.path().join("outside.txt");
    let outside = outside.to_str().expect("UTF-8");
    let encoded = outside.replace('/', "%2f");
    for target in [
        "/../outside.txt",
        "/assets/../../outside.txt",
        "/%2e%2e/outside.txt",
        "/%2e%2e%2foutside.txt",
        "/%2E%2E%2Foutside.txt",
        "/..%2foutside.txt",
        "/..%5coutside.txt",
        "/%2e%2e%5coutside.txt",
        "/assets/%2e%2e/%2e%2e/outside.txt",
        "/assets%2f..%2f..%2foutside.txt",
        "/%252e%252e%252foutside.txt",
        "/..;/outside.txt",
        "/.%00./outside.txt",
        "/index.html%00/../../outside.txt",
        "/%c0%ae%c0%ae/outside.txt",
        outside,
        &format!("/{outside}"),
        &format!("/{encoded}"),
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "http://127.0.0.1/../outside.txt",
    ] {
        let answer = served.get_as_written(target).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{target}: {answer}");
        assert!(answer.contains("noSuchFunction") && !answer.contains(OUTSIDE), "{target}: {answer}");
    }
}

/// A folder may be made of links, as some build tools make it. Who may write there decides what is shown.
#[tokio::test]
async fn a_link_in_the_folder_is_followed() {
    let served = ByHand::with_page().await;
    std::os::unix::fs::symlink(served.folder.path().join("outside.txt"), served.dist().join("linked.txt"))
        .expect("a link");
    assert_eq!(served.get("/linked.txt").await.text().await.expect("a body"), OUTSIDE);
}

#[tokio::test]
async fn what_is_no_file_is_answered_as_if_there_were_no_folder() {
    let served = ByHand::with_page().await;
    let long = format!("/{}", "a".repeat(1000));
    for path in [
        "/nothing",
        "/assets",
        "/assets/",
        "/index.html/",
        "/index.html/more",
        "/a%00b",
        "/favicon.ico",
        &long,
    ] {
        assert_problem(served.get(path).await, 404, "noSuchFunction").await;
    }
    for (path, status, code) in [("/", 405, "wrongMethod"), ("/index.html", 404, "noSuchFunction")] {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            assert_problem(served.ask(method, path, &[]).await, status, code).await;
        }
    }
    assert_eq!(header(&served.ask(Method::POST, "/", &[]).await, "allow"), "GET, HEAD");
}

#[tokio::test]
async fn no_file_stands_in_for_a_function() {
    let served = ByHand::with_page().await;
    fs::create_dir_all(served.dist().join("api/book")).expect("folders");
    for name in ["api/health", "api/more", "api/index.html", "api/book/index.html", "reconcile"] {
        fs::write(served.dist().join(name), "in the folder").expect("a file");
    }
    let health: Value = served.get("/api/health").await.json().await.expect("JSON");
    assert_eq!(health["outcome"], "ok");
    for path in ["/api", "/api/", "/api/more"] {
        assert_problem(served.get(path).await, 404, "noSuchFunction").await;
    }
    for path in ["/api/book", "/reconcile"] {
        assert_problem(served.get(path).await, 405, "wrongMethod").await;
    }
    let asked = served.client.post(format!("{}/api/get-locations", served.url)).json(&json!({}));
    let answered: Value = asked.send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(answered["outcome"], "ok");
}

#[tokio::test]
async fn a_folder_without_a_page_is_told_and_nothing_starts() {
    let mut host = FunctionsHost::prepared(None);
    for folder in ["nowhere", "."] {
        host.set("PLAYER_DIR", folder);
        let output = host.by_hand().await;
        let told = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.starts_with("settings: PLAYER_DIR ") && told.contains("./demo"), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}

// --- under the host

#[tokio::test]
async fn under_the_host_the_folder_is_ignored_with_one_warning() {
    let page = tempfile::tempdir().expect("a folder");
    for name in ["index.html", "sandbox.js"] {
        fs::write(page.path().join(name), INDEX).expect("a file");
    }
    let mut bare = FunctionsHost::prepared(None);
    let mut host = FunctionsHost::prepared(None);
    host.set("PLAYER_DIR", page.path().to_str().expect("UTF-8"));
    for host in [&mut bare, &mut host] {
        host.spawn();
        host.until_ready().await;
    }
    for path in ["/", "/index.html", "/sandbox.js"] {
        assert_eq!(whole(&host, path).await, whole(&bare, path).await, "{path}");
    }
    let ready = whole(&host, "/").await;
    assert_eq!(ready.0, 200);
    let names: BTreeSet<&str> = ready.1.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["cache-control", "content-length", "content-type"]));
    assert!(ready.2.starts_with(r#"{"outcome":"ok","#), "{}", ready.2);
    let log = host.log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("PLAYER_DIR")).collect();
    assert!(told.len() == 1 && told[0].contains(r#""level":"warning""#), "{log}");
    assert!(!bare.log().contains("PLAYER_DIR"));
}

/// All of an answer, but the time.
async fn whole(host: &FunctionsHost, path: &str) -> (u16, Vec<(String, String)>, String) {
    let response = host.client().get(host.url(path)).send().await.expect("an answer");
    let headers = response.headers().iter().filter(|(name, _)| *name != header::DATE);
    let text = |value: &header::HeaderValue| value.to_str().expect("text").to_owned();
    let headers = headers.map(|(name, value)| (name.to_string(), text(value))).collect();
    (response.status().as_u16(), headers, response.text().await.expect("a body"))
}

/// A package has no page, and an app in Azure no setting for one.
#[tokio::test]
async fn in_azure_the_folder_is_not_even_looked_for() {
    let mut host = FunctionsHost::prepared(None);
    host.set("WEBSITE_SITE_NAME", "contoso-scheduling");
    host.set("PLAYER_DIR", "nowhere");
    let output = host.by_hand().await;
    let (log, problems) = (output.stdout, String::from_utf8(output.stderr).expect("text"));
    let log = String::from_utf8(log).expect("text") + &problems;
    let told: Vec<&str> = log.lines().filter(|line| line.contains("PLAYER_DIR")).collect();
    assert!(told.len() == 1 && told[0].contains("is ignored"), "{log}");
}

// --- the table of the functions

#[tokio::test]
async fn without_a_folder_the_functions_are_shown_as_a_table() {
    let served = ByHand::without_page().await;
    let response = served.get("/").await;
    assert_eq!(
        (response.status().as_u16(), header(&response, "content-type")),
        (200, "text/html; charset=utf-8")
    );
    let policy = header(&response, "content-security-policy").to_owned();
    assert_guarded(&response, &policy);
    let html = response.text().await.expect("a body");
    let style =
        html.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).expect("a style").0;
    let hash = BASE64_STANDARD.encode(Sha256::digest(style));
    let expected = PAGE_POLICY
        .replace("style-src 'self'", &format!("style-src 'sha256-{hash}'"))
        .replace("img-src 'self' data:", "img-src data:");
    assert_eq!(policy, expected);

    let length = html.len().to_string();
    let html = html.replace("<wbr>", "");
    for function in ROUTES.iter().filter(|route| !route.function.is_empty()) {
        let named = format!("<th scope=\"row\"><code>{} {}</code></th>", function.methods[0], function.path);
        assert!(html.contains(&named), "{named} is not in {html}");
    }
    for told in
        ["<html lang=\"en\">", "<title>", "<h1>", "name=\"viewport\"", "./demo", env!("CARGO_PKG_VERSION")]
    {
        assert!(html.contains(told), "{told} is not in {html}");
    }
    for linked in ["/api/openapi.json", "/api/openapi.yaml", "/api/health"] {
        assert!(html.contains(&format!("<a href=\"{linked}\">")), "{linked}");
        assert_eq!(served.get(linked).await.status(), 200, "{linked}");
    }
    assert!(!html.contains("{rows}") && !html.contains("{version}"), "{html}");

    let head = served.ask(Method::HEAD, "/", &[]).await;
    assert_eq!(header(&head, "content-length"), length);
    assert_problem(served.ask(Method::POST, "/", &[]).await, 405, "wrongMethod").await;
    for path in ["/index.html", "/sandbox.js", "/nothing"] {
        assert_problem(served.get(path).await, 404, "noSuchFunction").await;
    }
}
