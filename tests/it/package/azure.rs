//! The package for Azure: what its binary needs where it runs, and that it starts there.
//!
//! `./test` makes one before the tests, and a test that runs alone makes it itself, which takes minutes the first
//! time. It is a debug build, but for `./test --soak`, which makes a release.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

use super::{BINARY, ROOT, Stage, assert_succeeded, messages, mode, modes_in};
use crate::fakes::{free_port::free_port, functions_host::SECRET};

/// The C library of the oldest image of the Functions host.
const OLDEST: [u32; 2] = [2, 31];

const MIB: u64 = 1024 * 1024;

/// A small program for Linux, where it does not matter what is packaged: ours takes seconds to compress.
const SMALL: [&str; 2] = ["--binary", "/usr/bin/env"];

/// The zip, packaged for Azure.
fn zip() -> PathBuf {
    if let Some(zip) = crate::setting("AZURE_ZIP") {
        return zip.into();
    }
    // One test at a time: they would stage into each other's folder.
    let folder = Path::new(ROOT).join("target/test-package");
    fs::create_dir_all(&folder).expect("a folder");
    let lock = fs::File::create(folder.join("lock")).expect("a file");
    lock.lock().expect("the others finish");
    let out = folder.join("dist");
    let mut package = Command::new(Path::new(ROOT).join("package"));
    package.arg("--azure").arg("--out").arg(&out);
    if !crate::soak() {
        package.arg("--debug");
    }
    assert_succeeded(&package.output().expect("`./package` starts: it needs python3"));
    out.with_extension("zip")
}

/// The zip, unpacked as Azure unpacks it: with the modes that it names.
fn unpacked() -> TempDir {
    let program = "import os, sys, zipfile\n\
        archive = zipfile.ZipFile(sys.argv[1])\n\
        for entry in archive.infolist():\n\
        \x20   path = archive.extract(entry, sys.argv[2])\n\
        \x20   os.chmod(path, entry.external_attr >> 16 & 0o777)";
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("a folder of ours");
    let output = Command::new("python3").args(["-c", program]).arg(zip()).arg(folder.path()).output();
    assert_succeeded(&output.expect("python3"));
    folder
}

/// The versions of glibc that a program asks for, as binutils reads them.
fn glibc_versions(program: &Path) -> BTreeSet<Vec<u32>> {
    let output = Command::new("readelf").args(["--version-info", "--wide"]).arg(program).output();
    let output = output.expect("`readelf` starts: it comes with the linker that Rust needs");
    assert_succeeded(&output);
    let text = String::from_utf8_lossy(&output.stdout);
    let names = text.split_whitespace().filter_map(|word| word.trim_end_matches(')').strip_prefix("GLIBC_"));
    let numbers = names.map(|name| name.split('.').map(|part| part.parse().expect("a number")).collect());
    numbers.collect()
}

#[test]
fn its_binary_needs_no_newer_c_library_than_azures_oldest() {
    let folder = unpacked();
    let versions = glibc_versions(&folder.path().join("handler"));
    let newest = versions.last().expect("it is linked to glibc");
    assert!(newest.as_slice() <= OLDEST.as_slice(), "{newest:?}");
}

#[test]
fn it_holds_neither_a_configuration_nor_settings_and_keeps_modes() {
    let modes = modes_in(&zip());
    let mut expected: BTreeSet<String> =
        Stage::local().functions().keys().map(|name| format!("{name}/function.json")).collect();
    expected.extend(["LICENSE", "NOTICE", "handler", "host.json", "version.json"].map(str::to_owned));
    assert_eq!(modes.keys().cloned().collect::<BTreeSet<_>>(), expected);
    for (name, mode) in modes {
        let expected = if name == "handler" { 0o100_755 } else { 0o100_644 };
        assert_eq!(mode, expected, "`{name}` has the mode {mode:o}");
    }
}

#[test]
#[ignore = "a release takes minutes to build: ./test --soak does"]
fn a_release_is_below_twelve_mib() {
    let size = fs::metadata(zip()).expect("a zip").len();
    assert!(size < 12 * MIB, "{size} bytes");
}

/// Killed when the test ends.
struct Handler(Child);

impl Drop for Handler {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn it_starts_and_books_from_a_folder_that_cannot_be_written() {
    let folder = unpacked();
    // What is written is elsewhere, open to whomever the handler runs as.
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    fs::set_permissions(elsewhere.path(), fs::Permissions::from_mode(0o777)).expect("a folder of ours");
    let store = format!("sqlite:{}", elsewhere.path().join("scheduling.db").display());
    let port = free_port();
    let log = tempfile::NamedTempFile::new().expect("a file");
    let written = log.reopen().expect("a file");
    let child = Command::new(Path::new(ROOT).join("tests/it/package/in-read-only-folder"))
        .args([folder.path(), Path::new("./handler")])
        .env_clear()
        .env("PATH", crate::setting("PATH").expect("a path"))
        .env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string())
        .env("STORE", store)
        .env("LEDGER_SECRET", SECRET)
        .stdin(Stdio::null())
        .stdout(written.try_clone().expect("the same file, and the same place in it"))
        .stderr(written)
        .spawn()
        .expect("bash starts");
    let mut handler = Handler(child);
    let said = || fs::read_to_string(log.path()).expect("a log");

    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let client = healthbot_scheduler::net::builder().no_proxy().build().expect("a client");
    let started = Instant::now();
    while client.get(url("/")).send().await.is_err() {
        let ended = handler.0.try_wait().expect("a process of ours");
        assert!(ended.is_none() && started.elapsed() < Duration::from_secs(30), "{ended:?}: {}", said());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(said().contains("writing fails"), "{}", said());

    let call = async |function: &str, body: Value| -> Value {
        let request = client.post(url(&format!("/api/{function}"))).json(&body).send();
        request.await.expect("an answer").json().await.expect("JSON")
    };
    let asked = json!({"locationId": "embedded:harbor", "serviceId": "checkup", "limit": 1});
    let slots = call("get-slots", asked).await;
    let booking = json!({
        "slotId": slots["slots"][0]["id"],
        "patient": {
            "name": "Pat Doe", "email": "pat@example.org", "phone": "+1 425 555 0123", "birthDate": "1980-01-02",
        },
    });
    let booked = call("book", booking).await;
    assert_eq!(booked["outcome"], "booked", "{booked}\n{}", said());
}

#[test]
fn a_binary_for_a_newer_c_library_is_refused_with_what_needs_it() {
    let stage = Stage { folder: tempfile::tempdir().expect("a temporary folder") };
    // What Rust itself needs is 2.17: https://blog.rust-lang.org/2022/08/01/Increasing-glibc-kernel-requirements/
    let refused = stage.package(&["--azure", "--glibc", "2.16"]);
    assert_eq!(refused.status.code(), Some(1));
    let said = messages(&refused);
    assert!(said.contains("needs glibc 2.") && said.contains("has 2.16"), "{said}");
    assert!(said.contains("`clock_gettime`") || said.contains(" more"), "it names the symbols: {said}");
    assert!(said.contains("--azure"), "it names the remedy: {said}");
    assert!(!stage.dist().exists() && !stage.zip().exists());
}

/// What `./package` reads from a binary, and what binutils read, are the same.
#[test]
fn the_newest_version_that_it_refuses_is_the_newest_there_is() {
    let newest = glibc_versions(Path::new(SMALL[1])).pop_last().expect("it is linked to glibc");
    let shown = |version: &[u32]| version.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
    let mut before = newest.clone();
    *before.last_mut().expect("a number") -= 1;

    let stage = Stage { folder: tempfile::tempdir().expect("a temporary folder") };
    let package = |glibc: &[u32]| {
        let glibc = shown(glibc);
        stage.package(&[&["--azure", "--glibc", &glibc], SMALL.as_slice()].concat())
    };
    let refused = package(&before);
    let expected = format!("needs glibc {}", shown(&newest));
    assert!(messages(&refused).contains(&expected), "{}", messages(&refused));
    assert_succeeded(&package(&newest));
}

#[test]
fn what_is_no_program_for_azures_machines_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut for_arm = fs::read(BINARY).expect("the binary");
    for_arm[18] = 183; // EM_AARCH64 of elf(5)
    let mut shortened = fs::read(BINARY).expect("the binary");
    shortened.truncate(shortened.len() / 2);
    let cases: [(&str, &[u8], &str); 3] = [
        ("script", b"#!/bin/sh\n", "not in the format ELF"),
        ("arm", &for_arm, "another processor"),
        ("shortened", &shortened, "damaged"),
    ];
    for (name, content, why) in cases {
        let path = folder.path().join(name);
        fs::write(&path, content).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a file of ours");
        let stage = Stage { folder: tempfile::tempdir().expect("a temporary folder") };
        let refused = stage.package(&["--azure", "--binary", path.to_str().expect("UTF-8")]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(messages(&refused).contains(why), "{name}: {}", messages(&refused));
        assert!(!stage.zip().exists());
    }
}

#[test]
fn it_prints_the_checksum_of_the_zip() {
    let stage = Stage { folder: tempfile::tempdir().expect("a temporary folder") };
    let output = stage.package(&[&["--azure"], SMALL.as_slice()].concat());
    assert_succeeded(&output);
    let sum = Command::new("sha256sum").arg(stage.zip()).output().expect("coreutils");
    let sum = String::from_utf8(sum.stdout).expect("text");
    let sum = sum.split(' ').next().expect("a sum");
    assert!(messages(&output).contains(&format!("sha256: {sum}\n")), "{}", messages(&output));
}

#[test]
fn a_local_stage_and_one_for_azure_exclude_each_other() {
    let refused = Stage { folder: tempfile::tempdir().expect("a folder") }.package(&["--azure", "--local"]);
    assert_eq!(refused.status.code(), Some(2), "{}", messages(&refused));
}

/// A copy of what `./package` reads, in a repository of its own, with a cargo that has built already.
struct Sources {
    folder: TempDir,
}

impl Sources {
    fn new() -> Self {
        let sources = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        let names =
            "Cargo.toml LICENSE NOTICE functions host.json local.settings.sample.json package tools/elf.py";
        let copied = Command::new("cp")
            .args(["--recursive", "--parents"])
            .args(names.split(' '))
            .arg(sources.folder.path())
            .current_dir(ROOT)
            .status();
        assert!(copied.expect("coreutils").success());
        fs::write(sources.path(".gitignore"), "/bin\n").expect("a file");
        fs::create_dir(sources.path("bin")).expect("a folder");
        let cargo = format!("#!/bin/sh\necho '{}'\n", json!({"executable": BINARY}));
        fs::write(sources.path("bin/cargo"), cargo).expect("a file");
        fs::set_permissions(sources.path("bin/cargo"), fs::Permissions::from_mode(0o755)).expect("a file");
        sources.git(&["init", "--quiet"]);
        sources.git(&["add", "."]);
        sources.git(&["commit", "--quiet", "--message", "all"]);
        sources
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn git(&self, arguments: &[&str]) -> String {
        let settings = ["user.name=Tests", "user.email=tests@example.org", "commit.gpgsign=false"];
        let output = Command::new("git")
            .args(settings.iter().flat_map(|setting| ["-c", setting]))
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .expect("git");
        assert_succeeded(&output);
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }

    /// `version.json` of what is staged from these sources; staging is no change of them.
    fn version(&self) -> Value {
        let path = crate::setting("PATH").expect("a path");
        let output = Command::new(self.path("package"))
            .args(["--local", "--debug"])
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .output()
            .expect("python3");
        assert_succeeded(&output);
        let told = fs::read(self.path("dist/version.json")).expect("it is staged");
        fs::remove_dir_all(self.path("dist")).expect("a folder of ours");
        serde_json::from_slice(&told).expect("JSON")
    }
}

#[test]
fn a_package_names_its_version_and_the_commit_that_it_is() {
    let sources = Sources::new();
    let commit = sources.git(&["rev-parse", "--short=12", "HEAD"]);
    assert_eq!(sources.version(), json!({"version": env!("CARGO_PKG_VERSION"), "commit": commit}));

    fs::write(sources.path("NOTICE"), "changed").expect("a file");
    assert_eq!(sources.version(), json!({"version": env!("CARGO_PKG_VERSION"), "commit": null}));
}

/// So the zip that was built and checked in one place is made again, byte by byte, in another.
#[test]
fn a_binary_from_a_package_is_packaged_as_what_it_was() {
    let again = |earlier: &Stage| {
        let binary = earlier.dist().join("handler");
        Stage::made(&["--azure", "--binary", binary.to_str().expect("UTF-8")])
    };
    let first = Stage::made(&[&["--azure"], SMALL.as_slice()].concat());
    let named = json!({"version": "7.8.9", "commit": "0123456789ab"});
    fs::write(first.dist().join("version.json"), named.to_string()).expect("a stage");

    let second = again(&first);
    assert_eq!(second.json("version.json"), named);
    assert_eq!(mode(&second.dist().join("version.json")), 0o644);
    let third = again(&second);
    assert!(fs::read(second.zip()).expect("a zip") == fs::read(third.zip()).expect("a zip"));
}
