//! What cannot be done is said, with a remedy, and nothing else is done.

use super::*;

/// What is unusual about the subscription, the exit code, and parts of what is said: what is wrong, what to do.
type Case<'a> = (&'a [(&'a str, Value)], i32, &'a str, &'a str);

const FIRST: [&str; 4] = ["--config", "bookings.toml", "--caller", "bot"];

#[test]
fn what_stands_in_the_way_is_found_before_anything_is_made() {
    let contributor = json!([{
        "actions": ["*"],
        "notActions": ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"]
    }]);
    let cases: [Case<'_>; 7] = [
        (&[("/logged_in", json!(false))], 1, "az is not logged in", "`az login`"),
        (
            &[("/permissions", contributor)],
            3,
            "Microsoft.Authorization/roleAssignments/write",
            "become Owner",
        ),
        (&[("/permissions", json!([]))], 3, "Microsoft.Web/sites/write", "become Owner"),
        (&[("/may_not_register", json!(true))], 3, "Microsoft.App is not registered", "az provider register"),
        (&[("/regions", json!({"uksouth": ["1.0"]}))], 1, "`westeurope` has no Flex Consumption", "uksouth"),
        (&[("/regions", json!({"westeurope": ["2.0"]}))], 1, "custom handlers 1.0", "--skip-region-check"),
        (&[("/regions", json!({"westeurope": []}))], 1, "does not tell its runtimes", "--skip-region-check"),
    ];
    for (particulars, code, what, remedy) in cases {
        let azure = Azure::with(particulars);
        azure.deploy(&FIRST).assert_refused(code, what, remedy);
        assert_eq!(azure.state()["deployments"], json!({}), "{what}");
    }
}

#[test]
fn a_group_that_is_not_there_is_named() {
    let azure = Azure::new();
    let run = azure.deploy(&["--resource-group", "klinic", "--config", "bookings.toml"]);
    run.assert_refused(1, "there is no resource group `klinic`", "`az group create --name klinic");
    run.assert_refused(1, "ResourceGroupNotFound", "az account set");
}

/// Rights add up over roles, and one role's exceptions take nothing from another.
#[test]
fn two_roles_together_are_enough() {
    let roles = json!([
        {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]},
        {"actions": ["microsoft.authorization/roleassignments/write", "*/read"], "notActions": []}
    ]);
    let azure = Azure::with(&[("/permissions", roles)]);
    azure.deploy(&["--phase", "infra"]).assert_refused(
        3,
        "Microsoft.Authorization/locks/write",
        "deleteLocks=false",
    );
    azure.deploy(&["--phase", "infra", "--set", "deleteLocks=false"]).assert_code(0);
    azure.write("root/infra/main.bicepparam", "param deleteLocks = false\n");
    azure.deploy(&["--phase", "infra"]).assert_code(0);
}

#[test]
fn a_region_that_is_not_listed_can_be_tried() {
    let azure = Azure::with(&[("/regions", json!({}))]);
    azure.deploy(&["--phase", "infra", "--skip-region-check"]).assert_code(0);
}

#[test]
fn a_failed_deployment_stops_there_and_the_next_goes_on() {
    let azure = Azure::with(&[("/infra_fails", json!(true))]);
    azure.deploy(&FIRST).assert_refused(1, "SkuNotAvailable", "az deployment operation group list");
    assert!(azure.ring().is_empty() && azure.releases().is_empty());
    let app = azure.deploy(&[&["--phase", "app"], &FIRST[..]].concat());
    app.assert_refused(1, "tells no `functionAppName`", "--phase infra");

    azure.change(&[("/infra_fails", json!(false))]);
    azure.deploy(&FIRST).assert_code(0);
}

#[test]
fn before_there_is_a_deployment_the_other_phases_say_so() {
    let azure = Azure::new();
    for phase in ["grant", "app"] {
        azure.deploy(&["--phase", phase]).assert_refused(
            1,
            "no deployment `healthbot-scheduler`",
            "--phase infra",
        );
    }
}

#[test]
fn without_the_right_to_grant_the_app_is_not_started() {
    let azure = Azure::with(&[("/graph/denies", json!(true))]);
    let run = azure.deploy(&FIRST);
    run.assert_refused(3, "Privileged Role Administrator", "--phase app");
    assert!(run.complained().contains("infra/grant-graph-permissions.sh --principal 11111111-aaaa"));
    assert!(
        azure.ring().is_empty() && azure.releases().is_empty() && azure.state()["app"]["published"].is_null()
    );

    azure.change(&[("/graph/denies", json!(false))]);
    azure.deploy(&["--phase", "grant"]).assert_code(0);
    azure.deploy(&[&["--phase", "app"], &FIRST[..]].concat()).assert_code(0);
}

#[test]
fn a_configuration_with_problems_is_found_before_azure_is_asked() {
    let azure = Azure::new();
    azure.write("broken.toml", "[[clinic]]\nid = \"main\"\ntime_zone = \"America/Nowhere\"\n");
    let run =
        azure.finish(azure.command("deploy", &["--config", "broken.toml"]).env("FAKE_BINARY", BINARY), "");
    run.assert_refused(1, "the configuration has problems", "with their lines");
    run.assert_said("clinic[0].time_zone");
    assert!(azure.calls().is_empty());
}

#[test]
fn a_file_that_is_no_package_is_refused() {
    let azure = Azure::new();
    azure.deploy(&["--zip", "bookings.toml"]).assert_refused(1, "is not a package", "./package --azure");
    assert!(azure.calls().is_empty());
}

#[test]
fn without_a_configuration_the_first_run_asks_for_one() {
    let azure = Azure::new();
    azure.deploy(&[]).assert_refused(1, "there is no configuration yet", "--config scheduling.toml");
    assert!(azure.ring().is_empty(), "and makes no secret");
}

/// A new secret is made when the vault says that there is none, and for no other reason: it would make every code that
/// was given out worthless.
#[test]
fn only_a_vault_that_has_no_secret_gets_one() {
    let cases: [Case<'_>; 4] = [
        (&[("/heeded_after/vault", json!(1000))], 3, "ForbiddenByRbac", "give you the role"),
        (&[("/network", json!("private"))], 4, "", "from inside it"),
        (&[("/network", json!("down"))], 4, "Failed to resolve", "DNS"),
        (&[("/vault/deleted", json!(["ledger-secret"]))], 1, "was deleted", "az keyvault secret recover"),
    ];
    for (particulars, code, what, remedy) in cases {
        let azure = Azure::with(particulars);
        azure.deploy(&FIRST).assert_refused(code, what, remedy);
        assert!(azure.ring().is_empty() && azure.state()["app"]["published"].is_null(), "{what}");
        let waited = if what == "ForbiddenByRbac" { 39 } else { 0 };
        assert_eq!(azure.naps(), waited, "{what}: what does not pass is not waited for");
    }
}

#[test]
fn a_shut_storage_account_is_told_from_a_missing_role() {
    let azure = Azure::as_if_deployed();
    azure.change(&[("/network", json!("private"))]);
    azure.deploy(&["--rollback", "0.1.0"]).assert_refused(4, "blocked by network rules", "private endpoints");
    assert_eq!(azure.naps(), 0);
    azure.change(&[("/network", json!("open")), ("/heeded_after/host", json!(1000))]);
    azure.deploy(&["--rollback", "0.1.0"]).assert_refused(3, "required permissions", "role");
}

#[test]
fn an_app_that_is_not_well_ends_the_run_with_what_it_lacks() {
    let azure = Azure::with(&[("/app/heeded_after", json!(1000))]);
    let run = azure.deploy(&FIRST);
    run.assert_refused(
        5,
        "FAIL store: does it keep what is written? 403 (give the identity its role)",
        "--phase app",
    );
    assert_eq!(azure.naps(), 39);
}

#[test]
fn an_app_that_answers_without_a_key_is_an_alarm() {
    let azure = Azure::with(&[("/app/open", json!(true))]);
    azure.deploy(&FIRST).assert_refused(5, "answers a call without a key: 200", "az functionapp stop");
}

#[test]
fn an_app_that_does_not_take_calls_from_here_is_not_called_well() {
    let azure = Azure::with(&[("/app/closed", json!(true))]);
    azure.deploy(&FIRST).assert_refused(5, "does not take calls from this address", "--no-check");
    let run = azure.deploy(&[&FIRST[..], &["--no-check"]].concat());
    run.assert_code(0);
    run.assert_said("nobody has called it yet");
}

#[test]
fn what_az_finds_unhealthy_is_judged_by_the_app_itself() {
    let azure = Azure::with(&[("/app/unhealthy", json!(true))]);
    let run = azure.deploy(&FIRST);
    run.assert_code(0);
    run.assert_said("az has not found it healthy yet");
}

#[test]
fn an_older_az_is_told_of() {
    let azure = Azure::with(&[("/version", json!("2.60.0"))]);
    let run = azure.deploy(&["--phase", "infra"]);
    run.assert_code(0);
    run.assert_said("az is 2.60.0; this is tried with");
    azure.change(&[("/version", json!("2.91.0"))]);
    assert!(!azure.deploy(&["--phase", "infra"]).said().contains("tried with"));
}

#[test]
fn a_tool_that_is_missing_is_named() {
    let azure = Azure::new();
    for script in ["deploy", "rotate-key", "teardown"] {
        let options: &[&str] = if script == "rotate-key" { &["--ledger"] } else { &[] };
        let tools = azure.path("tools");
        let _ = fs::create_dir(&tools);
        for tool in ["bash", "dirname"] {
            let _ = symlink(format!("/usr/bin/{tool}"), tools.join(tool));
        }
        let run = azure.finish(azure.command(script, options).env("PATH", &tools), "");
        run.assert_refused(1, "`az` is missing", "install the Azure CLI");
    }
}

#[test]
fn wrong_usage_is_refused_before_az_is_asked() {
    let wrong: [(&str, &[&str]); 25] = [
        ("deploy", &["--resource-group"]),
        ("deploy", &["--config", "nowhere.toml"]),
        ("deploy", &["--phase", "everything"]),
        ("deploy", &["--caller", "2bots"]),
        ("deploy", &["--caller", "bot-2"]),
        ("deploy", &["--caller", "bot|web"]),
        ("deploy", &["--set", "privateNetwork"]),
        ("deploy", &["--binary", "bookings.toml", "--zip", "bookings.toml"]),
        ("deploy", &["--rollback", "0.1.0", "--phase", "app"]),
        ("deploy", &["--rollback", "0.1.0", "--caller", "bot"]),
        ("deploy", &["--force"]),
        ("rotate-key", &[]),
        ("rotate-key", &["--caller"]),
        ("rotate-key", &["--caller", "bot", "--ledger"]),
        ("rotate-key", &["--caller", "bot", "--finish", "--renew"]),
        ("rotate-key", &["--caller", "bot", "--drop-oldest"]),
        ("rotate-key", &["--caller", "bot-2"]),
        ("rotate-key", &["--ledger", "--finish"]),
        ("rotate-key", &["--ledger", "--renew"]),
        ("rotate-key", &["--caller", "bot", "--secret", "x"]),
        ("rotate-key", &["--force"]),
        ("teardown", &["--yes"]),
        ("teardown", &["--yes", ""]),
        ("teardown", &["--destroy"]),
        ("teardown", &["clinic"]),
    ];
    let azure = Azure::new();
    for (script, options) in wrong {
        let run = azure.run(script, options);
        run.assert_code(2);
        assert!(run.complained().contains("see --help"), "{script} {options:?}: {}", run.complained());
    }
    assert!(azure.calls().is_empty());
}

/// What the parser of each script takes is what its help is about, and the other way round.
#[test]
fn help_is_about_all_options() {
    let azure = Azure::new();
    for script in ["deploy", "rotate-key", "teardown"] {
        let help = azure.run(script, &["--help"]);
        help.assert_code(0);
        let text = fs::read_to_string(Path::new(ROOT).join("infra").join(script)).expect("a script");
        let cases = text.lines().filter_map(|line| line.trim().strip_prefix("--")?.split_once(") "));
        let taken: Vec<&str> =
            cases.map(|(option, _)| option).filter(|option| !option.contains([' ', '|'])).collect();
        assert!(taken.len() > 3, "{taken:?}");
        for option in taken {
            help.assert_said(&format!("--{option}"));
        }
    }
    assert!(azure.calls().is_empty());
}
