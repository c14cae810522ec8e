//! A stranger's look at the contract: schemathesis makes requests from the binary's own `OpenAPI` document, right
//! and wrong ones, and holds the answers against it. All of its checks, and it must find nothing.
//!
//! It talks to the handler through the host's front door, because the contract it reads is that of the app: the
//! key it speaks of is the host's to ask for.

use std::{path::Path, process::Stdio, time::Duration};

use tokio::process::Command;

use crate::{
    conformance,
    fakes::{
        front_door::{FrontDoor, KEY},
        functions_host::FunctionsHost,
    },
};

/// Requests per function and kind.
const EXAMPLES: &str = "60";
const EXAMPLES_OF_SOAK: &str = "4000";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_nothing() {
    let program = crate::setting("SCHEMATHESIS").unwrap_or_else(|| {
        let installed = concat!(env!("CARGO_MANIFEST_DIR"), "/target/test-env/bin/schemathesis");
        assert!(Path::new(installed).exists(), "schemathesis is not there: run `./test --setup`");
        installed.to_owned()
    });
    let host = FunctionsHost::start(Some(&conformance::scheduling_toml())).await;
    let door = FrontDoor::before(&host.url("")).await;
    let folder = tempfile::tempdir().expect("a folder");
    let running = Command::new(&program)
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", std::env!("PATH"))
        .env("HOME", folder.path())
        .env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("SCHEMATHESIS_HOOKS", "schemathesis_hooks")
        .args(["run", &format!("{}/api/openapi.json", door.url), "--checks", "all"])
        .args(["--header", &format!("x-functions-key: {KEY}")])
        .args(["--max-examples", if crate::soak() { EXAMPLES_OF_SOAK } else { EXAMPLES }])
        .args(["--seed", &crate::setting("SEED").unwrap_or_else(|| "20261122".to_owned())])
        .args(["--generation-database", "none", "--continue-on-failure", "--no-color"])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let limit = if crate::soak() { Duration::from_hours(4) } else { Duration::from_mins(7) };
    let output = tokio::time::timeout(limit, running).await.expect("it comes to an end").expect("it starts");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    // It also ends well when it has nothing to do.
    assert!(told.contains("Tested: 10") || told.contains("Tested: 9"), "{told}");
    assert!(!host.log().contains("\"level\":\"error\""), "{}", host.log());
}
