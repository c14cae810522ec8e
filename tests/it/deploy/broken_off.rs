//! Killed at any moment, and run again.

use std::thread;

use super::*;

const WHOLE: [&str; 6] = ["--config", "bookings.toml", "--caller", "bot", "--caller", "web"];

/// What must be the same at the end, however it came about.
pub(super) fn without_accidents(mut state: Value) -> Value {
    for accident in ["calls", "registered"] {
        state[accident].take();
    }
    for versions in state["vault"]["secrets"].as_object_mut().expect("secrets").values_mut() {
        *versions = json!(versions.as_array().expect("versions").len());
    }
    for key in state["app"]["keys"].as_object_mut().expect("keys").values_mut() {
        *key = json!("a key");
    }
    state
}

/// The calls of az that leave the subscription another than it was, by number. To be killed after one that does not is
/// the same as after the one before it, and left to `./test --soak`.
fn writes(script: &str, options: &[&str], new: impl Fn() -> Azure) -> Vec<usize> {
    let azure = new();
    azure.run(script, options).assert_code(0);
    let log = fs::read_to_string(azure.path("wrote.jsonl")).expect("a file");
    let wrote = log.lines().enumerate().filter(|(_, wrote)| *wrote == "true" || crate::soak());
    wrote.map(|(index, _)| index + 1).collect()
}

fn broken_off_at_each(script: &str, options: &[&str], new: impl Fn() -> Azure + Sync, every: usize) {
    let whole = new();
    whole.run(script, options).assert_code(0);
    let whole = without_accidents(whole.state());
    let at = writes(script, options, &new);
    assert!(at.len() >= 10, "{at:?}");
    let at: Vec<usize> = at.into_iter().step_by(if crate::soak() { 1 } else { every }).collect();
    thread::scope(|scope| {
        for half in at.chunks(at.len().div_ceil(2)) {
            let (new, whole) = (&new, &whole);
            scope.spawn(move || {
                for call in half {
                    let azure = new();
                    azure.kill_after(*call, script, options);
                    let again = azure.run(script, options);
                    assert_eq!(
                        again.output.status.code(),
                        Some(0),
                        "after call {call}: {}",
                        again.complained()
                    );
                    assert_eq!(without_accidents(azure.state()), *whole, "after call {call}");
                }
            });
        }
    });
}

#[test]
fn a_deployment_killed_after_any_of_its_writes_is_finished_by_the_next() {
    // One provider to register stands for all.
    let providers = "Microsoft.App Microsoft.Insights Microsoft.KeyVault Microsoft.ManagedIdentity \
        Microsoft.Network Microsoft.OperationalInsights Microsoft.Storage";
    let new = || Azure::with(&[("/registered", providers.split(' ').collect())]);
    broken_off_at_each("deploy", &WHOLE, new, 1);
}

/// Azure goes on without us, and takes no second deployment meanwhile.
#[test]
fn a_deployment_that_azure_still_works_at_is_waited_for() {
    let azure = Azure::new();
    let number = azure_calls_until("deployment group create");
    azure.kill_after(number, "deploy", &WHOLE);
    assert_eq!(azure.state()["deployments"]["healthbot-scheduler"]["state"], "Running");
    let again = azure.deploy(&WHOLE);
    again.assert_code(0);
    again.assert_said("an earlier deployment is still at work (Running)");
    assert_eq!(azure.calls_of("deployment group wait").len(), 1);
}

fn azure_calls_until(command: &str) -> usize {
    let azure = Azure::new();
    azure.deploy(&WHOLE).assert_code(0);
    1 + azure.calls().iter().position(|call| call.join(" ").starts_with(command)).expect("a call")
}

#[test]
fn a_teardown_that_was_killed_is_finished_by_the_next() {
    broken_off_at_each("teardown", &["--destroy-data", "--yes", "schedulerdata"], Azure::as_if_deployed, 4);
}
