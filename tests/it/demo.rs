//! `./demo`: what it builds, and what it starts with which settings. Node, npm and cargo are stand-ins, and the page is one
//! of theirs; the handler that `cargo run` becomes is the real one.

use std::{
    fs,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::Instant;

use crate::fakes::functions_host::HANDLER;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What `./demo` needs beside them.
const PROGRAMS: [&str; 8] = ["bash", "cat", "cmp", "cp", "dirname", "env", "mkdir", "touch"];

const NODE: &str = "#!/usr/bin/env bash\nif [ \"$1\" = -p ]; then echo 22; else echo v22.0.0; fi\n";
const OLD_NODE: &str = "#!/usr/bin/env bash\nif [ \"$1\" = -p ]; then echo 18; else echo v18.19.0; fi\n";
const NPM: &str = "#!/usr/bin/env bash
echo \"npm $1 ${2-} in ${PWD##*/scenarios/}\" >>\"$TOLD\"
case \"$1\" in
    ci) rm -rf node_modules 2>/dev/null; mkdir -p node_modules ;;
    run) mkdir -p dist && echo '<title>chat</title>' >dist/index.html ;;
esac
";
const OFFLINE_NPM: &str = "#!/usr/bin/env bash
echo \"npm $1\" >>\"$TOLD\"
[ \"$1\" != ci ]
";
const NPM_THAT_CANNOT_BUILD: &str = "#!/usr/bin/env bash
echo \"npm $1\" >>\"$TOLD\"
if [ \"$1\" = ci ]; then mkdir -p node_modules; else exit 2; fi
";
const CARGO: &str = "#!/usr/bin/env bash
echo \"cargo $* in $PWD\" >>\"$TOLD\"
env >\"$TOLD.env\"
while [ \"$1\" != -- ]; do shift; done
shift
if [ -n \"${HANDLER-}\" ]; then exec \"$HANDLER\" \"$@\"; fi
";

/// A tree like ours with `./demo` in it, and what is on the path.
struct Tree {
    folder: TempDir,
}

impl Tree {
    fn new() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
        let tree = Self { folder };
        for name in ["bin", "scenarios/player"] {
            fs::create_dir_all(tree.path(name)).expect("folders");
        }
        for script in ["demo", "scenarios/player/build"] {
            fs::copy(Path::new(ROOT).join(script), tree.path(script)).expect(script);
        }
        fs::write(tree.path("scenarios/player/package-lock.json"), "{}").expect("a file");
        for program in PROGRAMS {
            std::os::unix::fs::symlink(found(program), tree.path("bin").join(program)).expect("a link");
        }
        tree
    }

    fn whole() -> Self {
        let tree = Self::new();
        tree.has("node", NODE);
        tree.has("npm", NPM);
        tree.has("cargo", CARGO);
        tree
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn dist(&self) -> String {
        self.path("scenarios/player/dist").display().to_string()
    }

    fn has(&self, program: &str, script: &str) {
        let path = self.path("bin").join(program);
        fs::write(&path, script).expect("a file");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("an executable");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.path("demo"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("TOLD", self.path("told"))
            // Somewhere else than where it lies.
            .current_dir("/")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("it starts: it needs bash")
    }

    /// What the stand-ins were asked, since the last time.
    fn told(&self) -> Vec<String> {
        let told = fs::read_to_string(self.path("told")).unwrap_or_default();
        let _ = fs::remove_file(self.path("told"));
        told.lines().map(str::to_owned).collect()
    }

    fn started(&self, arguments: &str) -> String {
        let (manifest, working) = (self.path("Cargo.toml"), self.path("target/demo"));
        let line = format!("cargo run --locked --manifest-path {} -- {arguments}", manifest.display());
        format!("{} in {}", line.trim_end(), working.display())
    }

    /// A variable that the handler is started with.
    fn variable(&self, name: &str) -> Option<String> {
        let variables = fs::read_to_string(self.path("told.env")).expect("cargo was started");
        let beginning = format!("{name}=");
        variables.lines().find_map(|line| line.strip_prefix(&beginning)).map(str::to_owned)
    }
}

fn found(program: &str) -> PathBuf {
    let path = crate::setting("PATH").expect("a path");
    let mut places = path.split(':').map(|folder| Path::new(folder).join(program));
    places.find(|place| place.is_file()).unwrap_or_else(|| panic!("`{program}` is not on this machine"))
}

fn complaints(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}

#[test]
fn it_builds_the_page_and_starts_the_handler_with_it() {
    let tree = Tree::whole();
    let output = tree.run(&["--port", "8000"]);
    assert!(output.status.success(), "{}", complaints(&output));
    assert_eq!(complaints(&output), "");
    let told = tree.told();
    assert_eq!(
        told,
        ["npm ci --no-audit in player", "npm run build in player", &tree.started("--port 8000")]
    );
    assert_eq!(tree.variable("PLAYER_DIR"), Some(tree.dist()));
}

#[test]
fn packages_are_installed_again_only_for_another_lock() {
    let tree = Tree::whole();
    tree.run(&[]);
    tree.told();
    tree.run(&[]);
    assert_eq!(tree.told(), ["npm run build in player", &tree.started("")]);
    fs::write(tree.path("scenarios/player/package-lock.json"), r#"{"lockfileVersion": 3}"#).expect("a file");
    tree.run(&[]);
    assert_eq!(tree.told()[0], "npm ci --no-audit in player");
}

#[test]
fn without_node_it_says_what_is_missing_and_starts_the_handler() {
    for (node, npm, words) in [
        (None, None, "Node.js is missing"),
        (Some(NODE), None, "Node.js is missing, or npm"),
        (Some(OLD_NODE), Some(NPM), "Node.js is v18.19.0: it needs 20.19 or newer"),
    ] {
        let tree = Tree::new();
        tree.has("cargo", CARGO);
        for (program, script) in [("node", node), ("npm", npm)] {
            if let Some(script) = script {
                tree.has(program, script);
            }
        }
        let output = tree.run(&[]);
        let told = complaints(&output);
        assert!(output.status.success() && told.contains(words), "{told}");
        assert!(
            told.contains("the handler starts without it") && told.contains("https://nodejs.org"),
            "{told}"
        );
        assert_eq!(tree.told(), [tree.started("")]);
        assert_eq!(tree.variable("PLAYER_DIR"), None);
    }
}

#[test]
fn a_page_that_cannot_be_built_keeps_nobody_from_the_handler() {
    for (npm, asked) in [(OFFLINE_NPM, vec!["npm ci"]), (NPM_THAT_CANNOT_BUILD, vec!["npm ci", "npm run"])] {
        let tree = Tree::whole();
        tree.has("npm", npm);
        let output = tree.run(&[]);
        let told = complaints(&output);
        assert!(output.status.success() && told.contains("the handler starts without it"), "{told}");
        assert_eq!(told.contains("is there a network?"), npm == OFFLINE_NPM, "{told}");
        let mut expected: Vec<String> = asked.into_iter().map(str::to_owned).collect();
        expected.push(tree.started(""));
        assert_eq!(tree.told(), expected);
        assert_eq!(tree.variable("PLAYER_DIR"), None);
    }
}

#[test]
fn a_page_of_an_earlier_time_is_better_than_none() {
    let tree = Tree::whole();
    tree.run(&[]);
    tree.told();
    fs::write(tree.path("scenarios/player/package-lock.json"), r#"{"lockfileVersion": 3}"#).expect("a file");
    tree.has("npm", OFFLINE_NPM);
    let told = complaints(&tree.run(&[]));
    assert!(told.contains("it is the one of an earlier time"), "{told}");
    assert_eq!(tree.variable("PLAYER_DIR"), Some(tree.dist()));
}

#[test]
fn without_cargo_it_says_how_to_get_it() {
    let tree = Tree::new();
    let output = tree.run(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaints(&output).contains("https://rustup.rs"), "{}", complaints(&output));
}

#[test]
fn its_help_starts_nothing() {
    let tree = Tree::whole();
    let output = tree.run(&["--help"]);
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("./demo --port 8000"));
    assert_eq!(tree.told(), Vec::<String>::new());
}

/// The demo, killed with all that it started when a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.0.id())]).status();
        let _ = self.0.wait();
    }
}

impl Running {
    fn until<T>(&mut self, what: &str, mut there: impl FnMut(&mut Child) -> Option<T>) -> T {
        let started = Instant::now();
        loop {
            if let Some(there) = there(&mut self.0) {
                return there;
            }
            assert!(started.elapsed() < Duration::from_secs(30), "{what}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Whatever there is for a clinic of one's own: files, and what is exported.
#[test]
fn it_is_the_demo_clinic_with_a_store_of_its_own_and_ctrl_c_ends_it() {
    let tree = Tree::whole();
    for (name, text) in
        [("scheduling.toml", "is broken"), ("local.settings.json", "{"), ("scheduling.db", "mine")]
    {
        fs::write(tree.path(name), text).expect("a file");
    }
    let (log, store) = (tree.path("log"), tree.path("scheduling.db"));
    let own = format!("sqlite:{}", store.display());
    let file = fs::File::create(&log).expect("a file");
    let mut command = tree.command(&["--port", "0"]);
    command
        .env("HANDLER", HANDLER)
        .envs([
            ("SCHEDULING_CONFIG", "/nowhere/scheduling.toml"),
            ("STORE", &own),
            ("KEY_VAULT_URL", "https://clinic.vault.azure.net"),
            ("CALLER_TENANT_ID", "7d0b3f52-9a41-4c2e-8f6d-1c5a0e9b7a34"),
            ("FUNCTIONS_CUSTOMHANDLER_PORT", "1"),
            ("PLAYER_DIR", "/nowhere"),
        ])
        .stdout(file.try_clone().expect("a file"))
        .stderr(file)
        .process_group(0);
    let mut running = Running(command.spawn().expect("it starts"));
    let read = || fs::read_to_string(&log).unwrap_or_default();
    let told = running.until("it tells where the page is", |_| {
        let told = read();
        told.lines().any(|line| line.starts_with("to chat with the clinic")).then_some(told)
    });
    assert!(told.contains("serving the demo clinic on http://127.0.0.1:"), "{told}");
    let said: Vec<&str> = told.lines().filter(|line| !line.starts_with('{')).collect();
    assert!(said.last().is_some_and(|line| line.contains("open http://127.0.0.1:")), "at the end: {told}");
    assert!(tree.path("target/demo/scheduling.db").is_file());
    assert_eq!(fs::read_to_string(&store).expect("a file"), "mine");

    let interrupted = Command::new("kill").args(["-INT", "--", &format!("-{}", running.0.id())]).status();
    assert!(interrupted.expect("`kill` runs").success());
    let status = running.until("it ends", |child| child.try_wait().expect("a process of ours"));
    assert_eq!(status.code(), Some(0), "{}", read());
}
