//! The real Azure CLI understands what the scripts say to it. `./test` asks it about every command line of every test
//! here; this asks about those of one of each run, so that `cargo nextest run deploy::` finds out as well.

use super::*;

/// What the parser of the real az complains of, for each command line that it refuses.
fn refused_by_az(calls: &[Vec<String>]) -> Vec<Value> {
    let mut az = Command::new(azure_cli().join("bin/python"))
        .arg(Path::new(ROOT).join("tests/it/deploy/understood_by_az.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python");
    let lines: Vec<String> = calls.iter().map(|call| json!(call).to_string()).collect();
    az.stdin.take().expect("a pipe").write_all(lines.join("\n").as_bytes()).expect("a write");
    let output = az.wait_with_output().expect("an output");
    assert!(output.status.success());
    let told = String::from_utf8(output.stdout).expect("UTF-8");
    told.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn az_understands_every_command_line() {
    let azure = Azure::with(&[("/heeded_after/data", json!(1))]);
    let mut told = String::new();
    for (script, options) in [
        (
            "deploy",
            &["--config", "bookings.toml", "--caller", "bot", "--cancel-messages", "--name", "harbor"][..],
        ),
        ("deploy", &["--phase", "app"]),
        ("deploy", &["--rollback", "0.1.0"]),
        ("rotate-key", &["--caller", "bot"]),
        ("rotate-key", &["--caller", "bot", "--finish"]),
        ("rotate-key", &["--ledger"]),
        ("teardown", &["--destroy-data", "--yes", "schedulerdata"]),
    ] {
        told += &azure.run(script, &[options, &["--dry-run"]].concat()).said();
        azure.run(script, options).assert_code(0);
    }
    let mut calls = azure.calls();
    let done = calls.len();
    calls.extend(
        first_run::shell_words(&told)
            .into_iter()
            .filter(|words| words[0] == "az")
            .map(|words| words[1..].to_vec()),
    );
    assert!(done > 60 && calls.len() > done + 50, "{done} {}", calls.len());
    assert_eq!(refused_by_az(&calls), [] as [Value; 0]);
}

/// What people are told to run, by the scripts and by the README.
#[test]
fn az_understands_what_people_are_told_to_run() {
    let read = |name: &str| fs::read_to_string(Path::new(ROOT).join(name)).expect("a file");
    let mut told = String::new();
    for script in ["az.sh", "deploy", "rotate-key", "teardown"] {
        let text = read(&format!("infra/{script}")).replace("\\\n", "");
        for command in text.split("\\`").filter(|part| part.starts_with("az ") && part.contains(" --")) {
            told += &command.replace(['$', '"'], "");
            told.push('\n');
        }
    }
    told += &read("README.md")
        .lines()
        .filter(|line| line.starts_with("az "))
        .map(|line| line.to_owned() + "\n")
        .collect::<String>();
    let calls: Vec<Vec<String>> =
        first_run::shell_words(&told).into_iter().map(|words| words[1..].to_vec()).collect();
    assert!(calls.len() > 10, "{told}");
    assert_eq!(refused_by_az(&calls), [] as [Value; 0]);
}

/// Else the test above could not fail.
#[test]
fn az_refuses_what_it_does_not_know() {
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let good =
        words("functionapp keys set --name a --resource-group g --key-type functionKeys --key-name bot");
    let wrong = [
        ("unrecognized arguments: --key", words(&format!("{} --keys", good.join(" ")))),
        (
            "are required: --resource-group",
            words("functionapp keys set --name a --key-type functionKeys --key-name bot"),
        ),
        ("is not a valid value for '--key-type'", words(&good.join(" ").replace("functionKeys", "hostKeys"))),
        ("misspelled or not recognized", words("keyvault secret sett --name x")),
        ("invalid jmespath_type value", words("keyvault secret list --vault-name v --query [?")),
    ];
    let mut calls: Vec<Vec<String>> = wrong.iter().map(|(_, call)| call.clone()).collect();
    calls.push(good);
    let refused = refused_by_az(&calls);
    assert_eq!(refused.len(), wrong.len(), "{refused:#?}");
    for ((complaint, call), refused) in wrong.iter().zip(refused) {
        assert_eq!(refused["arguments"], json!(call));
        assert!(refused["complaint"].as_str().is_some_and(|told| told.contains(complaint)), "{refused}");
    }
}
