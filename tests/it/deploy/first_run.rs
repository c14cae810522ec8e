//! A first deployment, and the same once more.

use super::*;

const FIRST: [&str; 4] = ["--config", "bookings.toml", "--caller", "bot"];

#[test]
fn one_command_deploys_to_an_empty_group() {
    let azure = Azure::new();
    let run = azure.finish(azure.command("deploy", &FIRST).env("FAKE_BINARY", BINARY), "");
    run.assert_code(0);
    let state = azure.state();

    let deployment = &state["deployments"]["healthbot-scheduler"];
    assert_eq!(deployment["state"], "Succeeded");
    assert_eq!(deployment["parameters"]["location"], "westeurope");
    assert_eq!(deployment["parameters"]["deployerPrincipalId"], state["deployer"]);
    assert_eq!(deployment["parameters"]["deployerPrincipalType"], "User");
    assert_eq!(
        deployment["parameters"]["file"][1], state["deployer"],
        "the parameter file knows who deploys"
    );
    assert_eq!(state["graph"]["assigned"].as_array().map(Vec::len), Some(2));

    let ring = azure.ring();
    assert!(ring.len() == 1 && ring[0].len() == 64 && ring[0].bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(azure.keys().keys().collect::<Vec<_>>(), ["bot"]);
    let releases = azure.releases();
    assert!(
        releases.len() == 1
            && releases[0].starts_with("0.1.0-")
            && releases[0].len() == "0.1.0-.zip".len() + 64
    );
    assert_eq!(
        state["containers"]["schedulerhost"]["releases"][&releases[0]]["content"],
        state["app"]["published"]
    );

    run.assert_said("refused with 401, as it has to be");
    run.assert_said(
        "functionapp keys list --name scheduler-abc --resource-group clinic --query 'functionKeys.\"bot\"'",
    );
    assert_eq!(fs::read_dir(azure.path("tmp")).expect("a folder").count(), 0, "it tidies up");
}

/// The app's roles exist before the app does, since its first token lasts a day; nothing is published before them.
#[test]
fn what_the_app_needs_is_there_before_it_starts() {
    let azure = Azure::deployed();
    let at = |command: &str| {
        azure.calls().iter().position(|call| call.join(" ").contains(command)).expect("a call")
    };
    let published = at("deployment source config-zip");
    for before in
        ["--method POST --url https://graph", "keyvault secret set", "blob upload --auth-mode login"]
    {
        assert!(at(before) < published, "{before}");
    }
}

#[test]
fn the_key_of_the_check_goes_to_curl_on_its_input() {
    let azure = Azure::deployed();
    let curls = azure.curls();
    let [check, without_key] = curls.as_slice() else { panic!("two calls, not {curls:?}") };
    assert_eq!(option(check, "--config"), "-");
    assert_eq!(check.last().map(String::as_str), Some("https://scheduler-abc.azurewebsites.net/api/check"));
    assert!(!without_key.contains(&"--config".to_owned()));
}

#[test]
fn once_more_it_changes_nothing() {
    let azure = Azure::deployed();
    let before = azure.state();
    let run = azure.deploy(&FIRST);
    run.assert_code(0);
    let mut after = azure.state();
    after["calls"] = before["calls"].clone();
    assert_eq!(after, before);
    run.assert_said("there is one, which stays");
    run.assert_said("it is the one in use");
    run.assert_said("it is kept");
    run.assert_said("bot: there is one, which stays");
}

/// Else what every test here asks could not fail.
#[test]
fn a_secret_that_is_told_is_noticed() {
    let azure = Azure::as_if_deployed();
    for secret in [azure.ring()[0].clone(), azure.keys()["bot"].clone(), "PLANTED-MASTER-KEY".to_owned()] {
        let noticed = |run: Run| {
            let asked = std::panic::AssertUnwindSafe(|| azure.assert_secrets_stay(&run));
            std::panic::catch_unwind(asked).is_err()
        };
        let echo = |text: &str| Run { output: Command::new("echo").arg(text).output().expect("an output") };
        assert!(noticed(echo(&format!("it is {secret}"))));
        assert!(!noticed(echo("nothing")));

        azure.write("tmp/left", &secret);
        assert!(noticed(echo("nothing")));
        azure.write("tmp/left", "");
        azure.write("calls.jsonl", &format!("{}\n", json!(["keyvault", "secret", "set", "--value", secret])));
        assert!(noticed(echo("nothing")));
        azure.write("calls.jsonl", "");
    }
}

/// The commands that it prints are those that a first run gives, one by one, once its placeholders are filled in.
#[test]
fn a_dry_run_tells_what_a_first_run_does() {
    let providers = "Microsoft.App Microsoft.Insights Microsoft.KeyVault Microsoft.ManagedIdentity Microsoft.Network \
        Microsoft.OperationalInsights Microsoft.Storage Microsoft.Web";
    let azure = Azure::with(&[("/registered", providers.split(' ').collect())]);
    let dry = azure.deploy(&[&FIRST[..], &["--dry-run"]].concat());
    dry.assert_code(0);
    assert!(azure.calls().is_empty() && azure.curls().is_empty(), "it runs nothing");
    assert!(dry.said().contains("\ninfra/grant-graph-permissions.sh --principal <identityPrincipalId>\n"));

    azure.deploy(&FIRST).assert_code(0);
    let state = azure.state();
    let mut meant = vec![
        ("<subscription>".to_owned(), "00000000-5555-4555-8555-000000000000".to_owned()),
        ("<location>".to_owned(), "westeurope".to_owned()),
        ("<deployerPrincipalId>".to_owned(), state["deployer"].as_str().expect("a text").to_owned()),
        ("<deployerPrincipalType>".to_owned(), "User".to_owned()),
        ("<version>-<sha256>.zip".to_owned(), azure.releases()[0].clone()),
        (
            "<sha256>".to_owned(),
            state["containers"]["schedulerdata"]["config"]["scheduling.toml"]["metadata"]["sha256"]
                .as_str()
                .expect("a text")
                .to_owned(),
        ),
    ];
    for (name, value) in state["outputs"].as_object().expect("outputs") {
        meant.push((format!("<{name}>"), value.as_str().expect("a text").to_owned()));
    }
    let told = shell_words(&dry.said()).into_iter().filter(|words| words[0] == "az").map(|words| {
        let filled = words[1..].iter().map(|word| {
            meant.iter().fold(word.clone(), |word, (placeholder, value)| word.replace(placeholder, value))
        });
        filled.collect::<Vec<String>>()
    });
    let done = azure.calls().into_iter().filter(|call| !is_of_the_grant_script(call)).map(|call| {
        let own = call.into_iter().filter(|argument| argument != "--only-show-errors");
        own.map(|argument| in_the_folder(&argument, &azure.path("tmp"))).collect::<Vec<String>>()
    });
    assert_eq!(told.collect::<Vec<_>>(), done.collect::<Vec<_>>());
}

/// `infra/grant-graph-permissions.sh` has a dry run of its own.
fn is_of_the_grant_script(call: &[String]) -> bool {
    let line = call.join(" ");
    line.contains("https://graph.") || line.starts_with("cloud show") || line == "account show --output none"
}

/// A file of the temporary folder as a dry run names it.
fn in_the_folder(argument: &str, folder: &Path) -> String {
    match argument.strip_prefix(&format!("{}/", folder.display())).and_then(|rest| rest.split_once('/')) {
        Some((_, name)) => format!("<work>/{name}"),
        None => argument.to_owned(),
    }
}

/// The command lines among lines, read as a shell reads them.
pub(super) fn shell_words(text: &str) -> Vec<Vec<String>> {
    let program = "import json, shlex, sys\nfor line in sys.stdin:\n    \
        words = shlex.split(line, comments=True)\n    if words: print(json.dumps(words))";
    let mut python = Command::new("python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3");
    python.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("a write");
    let output = python.wait_with_output().expect("an output");
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn the_phases_can_be_run_alone_and_come_to_the_same() {
    let whole = Azure::deployed();
    let azure = Azure::new();
    azure.deploy(&["--phase", "infra"]).assert_code(0);
    assert!(azure.ring().is_empty() && azure.state()["graph"]["assigned"] == json!([]));
    azure.deploy(&["--phase", "grant"]).assert_code(0);
    assert!(azure.ring().is_empty());
    azure.deploy(&[&["--phase", "app"], &FIRST[..]].concat()).assert_code(0);
    assert_eq!(broken_off::without_accidents(azure.state()), broken_off::without_accidents(whole.state()));
}

#[test]
fn a_changed_configuration_is_uploaded_and_one_that_is_not_named_stays() {
    let azure = Azure::deployed();
    let uploaded =
        |azure: &Azure| azure.state()["containers"]["schedulerdata"]["config"]["scheduling.toml"].take();
    let first = uploaded(&azure);
    azure.write("bookings.toml", &format!("{BOOKINGS}# another\n"));
    azure.deploy(&FIRST).assert_code(0);
    let second = uploaded(&azure);
    assert!(first["content"] != second["content"] && first["metadata"] != second["metadata"]);

    // And is checked by the program that is to use it.
    let run = azure.finish(azure.command("deploy", &["--phase", "app"]).env("FAKE_BINARY", BINARY), "");
    run.assert_code(0);
    run.assert_said("scheduling.toml");
    assert_eq!(uploaded(&azure), second);
}

#[test]
fn each_caller_has_a_key_and_a_new_caller_gets_one() {
    let azure = Azure::deployed();
    let first = azure.keys();
    azure.deploy(&["--phase", "app", "--caller", "bot", "--caller", "web-site"]).assert_code(0);
    let keys = azure.keys();
    assert_eq!(keys.keys().collect::<Vec<_>>(), ["bot", "web-site"]);
    assert_eq!(keys["bot"], first["bot"]);
}

#[test]
fn without_bookings_graph_is_left_alone() {
    let azure = Azure::new();
    azure.write("own.toml", "[[clinic]]\nid = \"main\"\n");
    let run = azure.deploy(&["--config", "own.toml"]);
    run.assert_code(0);
    run.assert_said("the configuration has no `[bookings]`");
    assert!(!azure.calls().iter().flatten().any(|argument| argument.contains("https://graph.")));
}

#[test]
fn where_an_app_registration_asks_it_says_who_needs_the_roles() {
    let azure = Azure::new();
    azure.write("other.toml", &format!("[graph]\nclient_id = \"someone\" # there\n{BOOKINGS}"));
    let run = azure.deploy(&["--config", "other.toml"]);
    run.assert_code(0);
    run.assert_said("it is the app registration in `[graph]` that asks");
    assert_eq!(azure.state()["graph"]["assigned"], json!([]));
}

#[test]
fn the_secret_is_called_as_the_configuration_has_it() {
    let azure = Azure::new();
    azure.write(
        "named.toml",
        "[ledger]\n  secret = 'of-the-clinic' # in the vault\n[other]\nsecret = \"no\"\n",
    );
    azure.deploy(&["--config", "named.toml"]).assert_code(0);
    let secrets = azure.state()["vault"]["secrets"].take();
    assert_eq!(secrets.as_object().expect("secrets").keys().collect::<Vec<_>>(), ["of-the-clinic"]);

    // One version of it is somebody's choice: it is not made here.
    let azure = Azure::new();
    azure.write("pinned.toml", "[ledger]\nsecret = \"of-the-clinic/0123\"\n");
    azure.deploy(&["--config", "pinned.toml"]).assert_refused(
        1,
        "a secret `of-the-clinic`",
        "run this again",
    );
    assert_eq!(azure.state()["vault"]["secrets"], json!({}));
}

#[test]
fn roles_that_are_not_heeded_yet_are_waited_for() {
    let azure = Azure::with(&[
        ("/heeded_after/vault", json!(3)),
        ("/heeded_after/data", json!(2)),
        ("/heeded_after/host", json!(4)),
        ("/app/heeded_after", json!(5)),
        ("/app/starting", json!(1)),
        ("/app/host_starting", json!(1)),
        ("/app/publishing", json!(2)),
        ("/graph/known_after", json!(2)),
    ]);
    let run = azure.deploy(&FIRST);
    run.assert_code(0);
    assert_eq!(azure.naps(), 3 + 2 + 4 + 5 + 1 + 1 + 2 + 2);
    assert_eq!(azure.ring().len(), 1);
    run.assert_said("your role is not heeded: not yet; again in 15 s (3 of 40)");
    run.assert_said("FAIL store: does it keep what is written? 403");
    run.assert_said("Microsoft Graph does not know the identity: not yet");
}

#[test]
fn parameters_reach_the_template_whatever_their_file_names() {
    let azure = Azure::new();
    azure.write("mine.json", "{\"parameters\": {}}");
    let own = ["--name", "harbor", "--location", "westeurope", "--set", "privateNetwork=true"];
    azure.deploy(&[&["--phase", "infra", "--parameters", "mine.json"], &own[..]].concat()).assert_code(0);
    let parameters = azure.state()["deployments"]["healthbot-scheduler"]["parameters"].take();
    assert_eq!(parameters["name"], "harbor");
    assert_eq!(parameters["privateNetwork"], "true");
    assert_eq!(parameters["file"], json!({"parameters": {}}));
    let looked_at = &azure.calls_of("deployment group what-if")[0];
    let deployed = &azure.calls_of("deployment group create")[0];
    assert_eq!(option(looked_at, "--template-file"), option(deployed, "--template-file"));
}

#[test]
fn a_pipeline_deploys_as_itself() {
    let azure = Azure::with(&[("/user_type", json!("servicePrincipal"))]);
    azure.deploy(&["--phase", "infra"]).assert_code(0);
    let parameters = azure.state()["deployments"]["healthbot-scheduler"]["parameters"].take();
    assert_eq!(parameters["deployerPrincipalType"], "ServicePrincipal");
    assert_eq!(parameters["file"][2], "ServicePrincipal");
}

/// A person sets up what a pipeline is to deploy to.
#[test]
fn another_may_be_named_who_deploys_from_then_on() {
    let azure = Azure::new();
    let other = ["--set", "deployerPrincipalId=pipeline", "--set", "deployerPrincipalType=ServicePrincipal"];
    azure.deploy(&[&["--phase", "infra"], &other[..]].concat()).assert_code(0);
    let created = azure.calls_of("deployment group create").remove(0);
    let deployers = created.iter().filter(|argument| argument.starts_with("deployerPrincipal"));
    let expected = ["deployerPrincipalId=pipeline", "deployerPrincipalType=ServicePrincipal"];
    assert_eq!(deployers.collect::<Vec<_>>(), expected);
}

#[test]
fn a_package_or_a_program_made_before_is_taken() {
    let azure = Azure::new();
    let out = azure.path("ready").display().to_string();
    let made = Command::new(Path::new(ROOT).join("tests/it/deploy/package"))
        .args(["--azure", "--out", &out])
        .env("FAKE_RELEASE", "2.0.0-rc.1 ready")
        .env("FAKE_BINARY", "true")
        .status();
    assert!(made.expect("python3").success());
    azure.deploy(&["--config", "bookings.toml", "--zip", "ready.zip"]).assert_code(0);
    assert!(azure.releases()[0].starts_with("2.0.0-rc.1-"), "{:?}", azure.releases());
    azure.deploy(&["--phase", "app", "--binary", "ready.zip"]).assert_code(0);
    assert_eq!(azure.releases().len(), 2);
}

#[test]
fn with_confirm_nothing_is_deployed_without_a_yes() {
    let azure = Azure::new();
    let confirm = ["--phase", "infra", "--confirm"];
    azure.finish(&mut azure.command("deploy", &confirm), "n\n").assert_refused(
        1,
        "nothing was deployed",
        "run this",
    );
    assert_eq!(azure.state()["deployments"], json!({}));
    let run = azure.finish(&mut azure.command("deploy", &confirm), "y\n");
    assert_eq!(run.output.status.code(), Some(0), "{}", run.complained());
    assert_eq!(azure.state()["deployments"]["healthbot-scheduler"]["state"], "Succeeded");
}

/// Outputs that the scripts ask for and parameters that they set are those of the template.
#[test]
fn the_template_has_what_is_asked_of_it() {
    let read = |name: &str| fs::read_to_string(Path::new(ROOT).join("infra").join(name)).expect("a file");
    let template = read("main.bicep");
    let named = |kind: &str| {
        let lines = template.lines().filter_map(|line| line.strip_prefix(kind)?.split(' ').next());
        lines.map(str::to_owned).collect::<Vec<String>>()
    };
    let (outputs, parameters) = (named("output "), named("param "));
    let mut asked = 0;
    for script in ["deploy", "rotate-key", "teardown"] {
        let text = read(script);
        for line in text.lines().filter_map(|line| line.trim().strip_prefix("find_outputs ")) {
            for output in line.split(' ') {
                assert!(outputs.iter().any(|known| known == output), "{output}, which {script} asks for");
                asked += 1;
            }
        }
    }
    assert!(asked > 10, "{asked}");
    for parameter in
        ["name", "location", "deployerPrincipalId", "deployerPrincipalType", "deleteLocks", "recoverVault"]
    {
        assert!(parameters.iter().any(|known| known == parameter), "{parameter}");
    }
    for variable in ["DEPLOYER_PRINCIPAL_ID", "DEPLOYER_PRINCIPAL_TYPE"] {
        assert!(
            read("main.bicepparam").contains(&format!("readEnvironmentVariable('{variable}'")),
            "{variable}"
        );
    }
    let state: Value = serde_json::from_str(SUBSCRIPTION).expect("JSON");
    for output in state["outputs"].as_object().expect("outputs").keys() {
        assert!(outputs.contains(output), "{output}");
    }
}
