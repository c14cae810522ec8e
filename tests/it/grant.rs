//! What `infra/grant-graph-permissions.sh` does to a tenant, which `tests/it/grant/az` plays.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::{Value, json};
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

const PRINCIPAL: &str = "11111111-aaaa-4aaa-8aaa-111111111111";
/// Microsoft Graph's service principal.
const GRAPH: &str = "22222222-bbbb-4bbb-8bbb-222222222222";
const ANOTHER_API: &str = "33333333-cccc-4ccc-8ccc-333333333333";

const READ: &str = "6e98f277-b046-4193-a4f2-6bf6a78cd491";
const APPOINTMENTS: &str = "9769393e-5a9f-4302-9e3d-7e018ecb64a7";
const READ_WRITE: &str = "0c4b2d20-7919-468d-8668-c54b09d4dee8";
const MAIL: &str = "b633e1c5-b582-4048-a93e-9f11b44c7e96";

struct Tenant {
    folder: TempDir,
}

impl Tenant {
    fn new() -> Self {
        Self::with(&json!({}))
    }

    /// Usual but for what is named.
    fn with(particulars: &Value) -> Self {
        let mut state = json!({
            "logged_in": true,
            "graph": "https://graph.microsoft.com",
            "principal": PRINCIPAL,
            "resource": GRAPH,
            "offers": [MAIL, READ, APPOINTMENTS, READ_WRITE],
            "assigned": [],
            "unlisted": [],
            "denies": false,
            "next": null,
        });
        for (name, value) in particulars.as_object().expect("an object") {
            assert!(state[name] != *value, "`{name}` is so anyway");
            state[name] = value.clone();
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("state.json"), state.to_string()).expect("a file");
        fs::write(folder.path().join("calls.jsonl"), "").expect("a file");
        Self { folder }
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let path = crate::setting("PATH").expect("a path");
        self.run_with_path(&format!("{ROOT}/tests/it/grant:{path}"), arguments)
    }

    fn run_with_path(&self, path: &str, arguments: &[&str]) -> Run {
        let output = Command::new("/bin/bash")
            .arg(Path::new(ROOT).join("infra/grant-graph-permissions.sh"))
            .args(arguments)
            .env("PATH", path)
            .env("FAKE_TENANT", self.folder.path())
            .output()
            .expect("the script starts: it needs bash");
        Run(output)
    }

    fn calls(&self) -> Vec<Vec<String>> {
        let text = fs::read_to_string(self.folder.path().join("calls.jsonl")).expect("a file");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// The bodies that were posted, each to the principal's assignments.
    fn posted(&self, graph: &str) -> Vec<Value> {
        let calls = self.calls();
        let writes = calls.iter().filter(|call| call[0] == "rest" && option(call, "--method") != "GET");
        let bodies = writes.map(|call| {
            assert_eq!(option(call, "--method"), "POST");
            let url = format!("{graph}/v1.0/servicePrincipals/{PRINCIPAL}/appRoleAssignments");
            assert_eq!(option(call, "--url"), url);
            assert_eq!(option(call, "--headers"), "Content-Type=application/json");
            serde_json::from_str(option(call, "--body")).expect("JSON")
        });
        bodies.collect()
    }

    #[track_caller]
    fn assert_posted(&self, roles: &[&str]) {
        let expected: Vec<Value> = roles.iter().map(|role| assignment(GRAPH, role)).collect();
        assert_eq!(self.posted("https://graph.microsoft.com"), expected);
    }

    fn assigned(&self) -> Value {
        let text = fs::read_to_string(self.folder.path().join("state.json")).expect("a file");
        serde_json::from_str::<Value>(&text).expect("JSON")["assigned"].take()
    }
}

struct Run(Output);

impl Run {
    fn said(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    fn complained(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    #[track_caller]
    fn assert_code(&self, expected: i32) {
        assert_eq!(self.0.status.code(), Some(expected), "{}\n{}", self.said(), self.complained());
        if expected == 0 {
            assert_eq!(self.complained(), "");
        }
    }

    #[track_caller]
    fn assert_said(&self, expected: &str) {
        assert!(self.said().contains(expected), "`{expected}` is not in: {}", self.said());
    }

    #[track_caller]
    fn assert_complained(&self, expected: &str) {
        assert!(self.complained().contains(expected), "`{expected}` is not in: {}", self.complained());
    }
}

fn option<'a>(call: &'a [String], name: &str) -> &'a str {
    let at =
        call.iter().position(|argument| argument == name).unwrap_or_else(|| panic!("no {name} in {call:?}"));
    &call[at + 1]
}

fn assignment(resource: &str, role: &str) -> Value {
    json!({ "principalId": PRINCIPAL, "resourceId": resource, "appRoleId": role })
}

const BY_ID: [&str; 2] = ["--principal", PRINCIPAL];

#[test]
fn the_smaller_pair_is_granted_and_what_it_lacks_is_said() {
    let tenant = Tenant::new();
    let run = tenant.run(&BY_ID);
    run.assert_code(0);
    tenant.assert_posted(&[READ, APPOINTMENTS]);
    assert_eq!(tenant.assigned(), json!([assignment(GRAPH, READ), assignment(GRAPH, APPOINTMENTS)]));
    run.assert_said("Bookings.Read.All: granted\nBookingsAppointment.ReadWrite.All: granted\n");
    run.assert_said("a cancellation is a DELETE, and no message goes out to the patient");
    run.assert_said("cached for up to a day");
    run.assert_said("every Bookings business of the tenant");
}

#[test]
fn for_messages_one_role_is_granted_alone() {
    let tenant = Tenant::new();
    let run = tenant.run(&["--cancel-messages", "--principal", PRINCIPAL]);
    run.assert_code(0);
    tenant.assert_posted(&[READ_WRITE]);
    run.assert_said("Bookings.ReadWrite.All: granted\n");
    assert!(!run.said().contains("DELETE"), "{}", run.said());
}

#[test]
fn run_again_it_grants_nothing() {
    let tenant = Tenant::new();
    tenant.run(&BY_ID).assert_code(0);
    let again = tenant.run(&BY_ID);
    again.assert_code(0);
    tenant.assert_posted(&[READ, APPOINTMENTS]);
    again.assert_said("Bookings.Read.All: already there\nBookingsAppointment.ReadWrite.All: already there\n");
}

/// The list comes one a page, and holds the like of another API.
#[test]
fn only_what_is_missing_is_granted() {
    let assigned = [
        assignment(ANOTHER_API, APPOINTMENTS),
        assignment(GRAPH, MAIL),
        assignment(GRAPH, READ),
        assignment(ANOTHER_API, READ),
    ];
    let tenant = Tenant::with(&json!({ "assigned": assigned }));
    let run = tenant.run(&BY_ID);
    run.assert_code(0);
    tenant.assert_posted(&[APPOINTMENTS]);
    run.assert_said("Bookings.Read.All: already there\nBookingsAppointment.ReadWrite.All: granted\n");
}

#[test]
fn a_role_that_the_list_does_not_show_yet_is_no_failure() {
    let tenant = Tenant::with(&json!({ "unlisted": [assignment(GRAPH, READ)] }));
    let run = tenant.run(&BY_ID);
    run.assert_code(0);
    run.assert_said("Bookings.Read.All: already there\nBookingsAppointment.ReadWrite.All: granted\n");
}

#[test]
fn an_identity_is_found_by_its_name() {
    let tenant = Tenant::new();
    tenant.run(&["--identity", "scheduler", "--resource-group", "clinic"]).assert_code(0);
    tenant.assert_posted(&[READ, APPOINTMENTS]);

    let missing = tenant.run(&["--identity", "schedular", "--resource-group", "clinic"]);
    missing.assert_code(1);
    missing.assert_complained("there is no identity `schedular` in `clinic`");
    missing.assert_complained("ResourceNotFound");
}

#[test]
fn a_dry_run_grants_nothing() {
    let tenant = Tenant::with(&json!({ "assigned": [assignment(GRAPH, READ)] }));
    let run = tenant.run(&["--dry-run", "--principal", PRINCIPAL]);
    run.assert_code(0);
    tenant.assert_posted(&[]);
    run.assert_said(
        "Bookings.Read.All: already there\nBookingsAppointment.ReadWrite.All: would be granted\n",
    );
}

#[test]
fn who_may_not_grant_gets_the_command_for_somebody_who_may() {
    let tenant = Tenant::with(&json!({ "denies": true, "assigned": [assignment(GRAPH, READ)] }));
    let run = tenant.run(&BY_ID);
    run.assert_code(3);
    run.assert_complained("403 Authorization_RequestDenied");
    run.assert_complained("a Privileged Role Administrator or a Global Administrator");
    run.assert_complained(&format!("\n  infra/grant-graph-permissions.sh --principal {PRINCIPAL}\n"));
    let posts = run.complained().matches("az rest --method POST").count();
    assert_eq!(posts, 1, "of the missing role alone: {}", run.complained());
    assert!(!run.said().contains("granted"), "{}", run.said());
    assert_eq!(tenant.assigned(), json!([assignment(GRAPH, READ)]));

    let run = tenant.run(&["--principal", PRINCIPAL, "--cancel-messages"]);
    run.assert_code(3);
    run.assert_complained(&format!("--principal {PRINCIPAL} --cancel-messages\n"));
}

/// The printed command is run as it stands, by somebody who has the right.
#[test]
fn the_command_for_somebody_who_may_grant_works() {
    let tenant = Tenant::with(&json!({ "denies": true }));
    let complaint = tenant.run(&["--cancel-messages", "--principal", PRINCIPAL]).complained();
    let command = complaint.lines().find(|line| line.trim().starts_with("az rest")).expect("a command");

    let tenant = Tenant::new();
    let ran = Command::new("/bin/bash")
        .args(["-c", &command.replace("az rest", "tests/it/grant/az rest --output none")])
        .current_dir(ROOT)
        .env("FAKE_TENANT", tenant.folder.path())
        .status();
    assert!(ran.expect("bash").success());
    assert_eq!(tenant.assigned(), json!([assignment(GRAPH, READ_WRITE)]));
}

#[test]
fn nothing_is_granted_where_graph_lacks_a_role() {
    let tenant = Tenant::with(&json!({ "graph": "https://graph.microsoft.us", "offers": [MAIL, READ] }));
    let run = tenant.run(&BY_ID);
    run.assert_code(1);
    run.assert_complained(
        "https://graph.microsoft.us does not offer BookingsAppointment.ReadWrite.All: national",
    );
    assert_eq!(tenant.posted("https://graph.microsoft.us"), [] as [Value; 0]);
}

#[test]
fn the_graph_of_the_cloud_is_asked() {
    let tenant = Tenant::with(&json!({ "graph": "https://graph.microsoft.us" }));
    tenant.run(&BY_ID).assert_code(0);
    assert_eq!(tenant.posted("https://graph.microsoft.us").len(), 2);
}

/// az would send the token along.
#[test]
fn a_list_that_goes_on_elsewhere_is_not_followed() {
    let assigned = [assignment(GRAPH, MAIL), assignment(GRAPH, READ)];
    let tenant =
        Tenant::with(&json!({ "next": "https://graph.microsoft.com.evil.example", "assigned": assigned }));
    let run = tenant.run(&BY_ID);
    run.assert_code(1);
    run.assert_complained("continues its list elsewhere");
    assert!(tenant.calls().iter().flatten().all(|argument| !argument.contains("evil")));
    tenant.assert_posted(&[]);
}

#[test]
fn an_unknown_principal_is_explained() {
    let tenant = Tenant::new();
    let run = tenant.run(&["--principal", ANOTHER_API]);
    run.assert_code(1);
    run.assert_complained("it must be an object id, not a client id");
    run.assert_complained("Request_ResourceNotFound");
    assert_eq!(tenant.assigned(), json!([]));
}

#[test]
fn without_a_login_it_says_how_to_log_in() {
    let tenant = Tenant::with(&json!({ "logged_in": false }));
    let run = tenant.run(&BY_ID);
    run.assert_code(1);
    run.assert_complained("az is not logged in: `az login");
    assert_eq!(tenant.calls().len(), 1);
}

#[test]
fn without_az_it_says_where_to_get_it() {
    let run = Tenant::new().run_with_path("/nowhere", &BY_ID);
    run.assert_code(1);
    run.assert_complained("the Azure CLI `az` is missing");
}

#[test]
fn wrong_usage_is_refused_before_az_is_asked() {
    let wrong: [&[&str]; 8] = [
        &[],
        &["--principal"],
        &["--principal", ""],
        &["--principal", "me@example.org"],
        &["--identity", "scheduler"],
        &["--resource-group", "clinic"],
        &["--principal", PRINCIPAL, "--identity", "scheduler"],
        &["--principal", PRINCIPAL, "--force"],
    ];
    let tenant = Tenant::new();
    for arguments in wrong {
        let run = tenant.run(arguments);
        run.assert_code(2);
        run.assert_complained("see --help");
    }
    assert_eq!(tenant.calls().len(), 0);
}

#[test]
fn help_is_about_all_options() {
    let tenant = Tenant::new();
    let help = tenant.run(&["--help"]);
    help.assert_code(0);
    for option in ["--principal", "--identity", "--resource-group", "--cancel-messages", "--dry-run"] {
        help.assert_said(&format!("\n  {option}"));
    }
    assert_eq!(tenant.calls().len(), 0);
}
