//! What goes, and what stays.

use super::*;

const SURE: [&str; 2] = ["--yes", "scheduler-abc"];
const DESTROY: [&str; 3] = ["--destroy-data", "--yes", "schedulerdata"];

/// Names of the resources that there are.
fn resources(azure: &Azure) -> Vec<String> {
    let ids: Vec<String> = serde_json::from_value(azure.state()["resources"].take()).expect("ids");
    ids.iter().map(|id| id.rsplit('/').next().expect("a name").to_owned()).collect()
}

#[test]
fn bookings_secrets_and_what_others_made_stay() {
    let azure = Azure::as_if_deployed();
    let run = azure.run("teardown", &SURE);
    run.assert_code(0);
    assert_eq!(resources(&azure), ["somebodyelses", "schedulerdata", "scheduler-vault"]);
    assert_eq!(azure.ring().len(), 1);
    assert_eq!(azure.state()["budgets"], json!([]));
    assert_eq!(azure.state()["locks"].as_array().map(Vec::len), Some(3));
    run.assert_said("something still uses it: not yet");

    let roles = azure.state()["roles"].take();
    assert_eq!(roles["44444444-dddd-4ddd-8ddd-444444444444"], json!(["/vault/role-3"]), "the deployer's");
    assert_eq!(roles["11111111-aaaa-4aaa-8aaa-111111111111"], json!(["/ledger/role-2"]), "under a lock");

    // Who uses goes before what is used.
    let deleted = azure.calls_of("resource delete");
    let at = |name: &str| deleted.iter().position(|call| option(call, "--ids").ends_with(name)).expect(name);
    for (user, used) in [
        ("scheduler-abc", "scheduler-plan"),
        ("scheduler-abc", "scheduler-net"),
        ("scheduler-vault-endpoint", "scheduler-net"),
        ("scheduler-insights", "scheduler-logs"),
        ("scheduler-failed-bookings", "scheduler-people"),
        ("scheduler-abc", "scheduler-id"),
        ("scheduler-abc", "schedulerhost"),
    ] {
        assert!(at(user) < at(used), "{user} before {used}");
    }
}

#[test]
fn once_more_there_is_nothing_to_delete() {
    let azure = Azure::as_if_deployed();
    azure.run("teardown", &SURE).assert_code(0);
    let deleted = azure.calls_of("resource delete").len();
    azure.run("teardown", &SURE).assert_code(0);
    assert_eq!(azure.calls_of("resource delete").len(), deleted);
}

/// A deployment after it finds its bookings again.
#[test]
fn deployed_again_it_has_the_secret_it_had() {
    let azure = Azure::as_if_deployed();
    let ring = azure.ring();
    azure.run("teardown", &SURE).assert_code(0);
    azure.deploy(&["--config", "bookings.toml", "--caller", "bot"]).assert_code(0);
    assert_eq!(azure.ring(), ring);
}

#[test]
fn the_name_has_to_be_typed() {
    let azure = Azure::as_if_deployed();
    let before = resources(&azure);
    for (options, typed) in [(&[][..], "y\n"), (&[], ""), (&["--destroy-data"], "scheduler-abc\n")] {
        let run = azure.finish(&mut azure.command("teardown", options), typed);
        run.assert_refused(1, "nothing was deleted", "--yes scheduler");
        run.assert_said("This will be deleted");
        run.assert_said("Microsoft.Web/sites/scheduler-abc");
        assert!(!run.said().contains("somebodyelses"));
    }
    let named = azure.run("teardown", &["--destroy-data", "--yes", "scheduler-abc"]);
    named.assert_code(2);
    assert_eq!(resources(&azure), before);
    assert!(azure.calls_of("role assignment delete").is_empty());

    let run = azure.finish(&mut azure.command("teardown", &[]), "scheduler-abc\n");
    assert_eq!(run.output.status.code(), Some(0), "{}", run.complained());
    assert_eq!(resources(&azure), ["somebodyelses", "schedulerdata", "scheduler-vault"]);
}

#[test]
fn with_destroy_data_all_goes_and_it_says_what_azure_keeps() {
    let azure = Azure::as_if_deployed();
    let run = azure.run("teardown", &DESTROY);
    run.assert_code(0);
    assert_eq!(resources(&azure), ["somebodyelses"]);
    let locks = azure.state()["locks"].take();
    assert!(
        locks
            .as_array()
            .is_some_and(|locks| locks.len() == 1 && locks[0].as_str().unwrap().ends_with("/mine"))
    );
    run.assert_said("stays for 14 days");
    run.assert_said("before it is 2192 days old");
    run.assert_said("can be recovered for 90 days");
}

#[test]
fn an_audit_trail_under_retention_keeps_its_account() {
    let azure = Azure::as_if_deployed();
    azure.change(&[("/audited", json!(true))]);
    let run = azure.run("teardown", &DESTROY);
    run.assert_refused(1, "the retention of its audit trail is not over", "az storage account delete");
    assert_eq!(resources(&azure), ["somebodyelses", "schedulerdata"]);
    let left = azure.state()["containers"]["schedulerdata"].take();
    assert_eq!(left, json!({}), "ledger and configuration are gone");
}

#[test]
fn a_dry_run_deletes_nothing() {
    let azure = Azure::as_if_deployed();
    let (before, calls) = (azure.state(), azure.calls().len());
    for options in [&["--dry-run"][..], &["--dry-run", "--destroy-data"]] {
        azure.run("teardown", options).assert_code(0);
    }
    assert_eq!(azure.state(), before);
    assert_eq!(azure.calls().len(), calls);
}

#[test]
fn where_nothing_is_deployed_it_says_so() {
    Azure::new().run("teardown", &SURE).assert_refused(
        1,
        "no deployment `healthbot-scheduler`",
        "--phase infra",
    );
}
