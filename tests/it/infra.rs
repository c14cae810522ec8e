//! What `infra/main.bicep` deploys, held against the handler, Azure's own models and what was promised of it.
//!
//! No Bicep compiler can be had here. `tests/infra/` reads the files in its place and works out, for several sets of
//! parameters, every resource with its properties; these tests judge what comes out.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const BINARY: &str = env!("CARGO_BIN_EXE_healthbot-scheduler");

const DEPLOYER: &str = "00000000-0000-4000-8000-00000000000d";
const IDENTITY: &str = "00000000-0000-4000-8000-00000000000a";

/// What `tests/infra/deployment.py` says of a folder with Bicep.
struct Infra(Value);

impl Infra {
    fn ours() -> Self {
        let infra = Self::of(&Path::new(ROOT).join("infra"), &[]);
        infra.assert_right();
        infra
    }

    fn of(folder: &Path, options: &[&str]) -> Self {
        let output =
            python("deployment.py").arg(folder).args(options).output().expect("the interpreter starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self(serde_json::from_slice(&output.stdout).expect("JSON"))
    }

    fn problems(&self) -> Vec<&str> {
        self.0["problems"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|each| each.as_str().expect("text"))
            .collect()
    }

    #[track_caller]
    fn assert_right(&self) {
        assert_eq!(self.problems(), [] as [&str; 0]);
    }

    fn resources(&self, scenario: &str) -> Vec<&Value> {
        let resources = self.0["scenarios"][scenario]["resources"].as_array();
        resources.unwrap_or_else(|| panic!("no scenario `{scenario}`")).iter().collect()
    }

    fn of_type<'a>(&'a self, scenario: &str, kind: &str) -> Vec<&'a Value> {
        self.resources(scenario).into_iter().filter(|resource| resource["type"] == kind).collect()
    }

    #[track_caller]
    fn one<'a>(&'a self, scenario: &str, kind: &str, symbol: &str, file: &str) -> &'a Value {
        let found = self.of_type(scenario, kind).into_iter();
        let found: Vec<_> = found
            .filter(|resource| resource["symbol"] == symbol)
            .filter(|resource| resource["file"].as_str().is_some_and(|at| at.starts_with(file)))
            .collect();
        let [resource] = found.as_slice() else { panic!("{} of {kind} `{symbol}` in {file}", found.len()) };
        resource
    }

    fn site(&self, scenario: &str) -> &Value {
        &self.one(scenario, "Microsoft.Web/sites", "site", "app.bicep")["body"]["properties"]
    }

    fn app_settings(&self, scenario: &str) -> BTreeMap<String, String> {
        let settings = self.site(scenario)["siteConfig"]["appSettings"].as_array().expect("a list");
        let text = |value: &Value| value.as_str().expect("settings are texts").to_owned();
        settings.iter().map(|setting| (text(&setting["name"]), text(&setting["value"]))).collect()
    }
}

/// A program of `tests/infra` under the interpreter that `./test` sets up for it.
fn python(program: &str) -> Command {
    let mut command = Command::new(tool("python"));
    command.arg(Path::new(ROOT).join("tests/infra").join(program)).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn tool(name: &str) -> PathBuf {
    let path = Path::new(ROOT).join("target/test-infra/bin").join(name);
    assert!(path.exists(), "{} is missing: `./test --setup` makes it", path.display());
    path
}

fn text_of(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Of every Bicep file, by its name.
fn sources() -> Vec<(String, String)> {
    let folders = ["infra", "infra/modules"].map(|folder| Path::new(ROOT).join(folder));
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("a folder"));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let bicep = paths.filter(|path| path.extension().is_some_and(|extension| extension == "bicep"));
    bicep
        .map(|path| {
            (
                path.file_name().expect("a name").to_string_lossy().into_owned(),
                fs::read_to_string(&path).expect("text"),
            )
        })
        .collect()
}

// --- the files

#[test]
fn the_files_fit_together_and_azure_knows_every_property() {
    let infra = Infra::of(&Path::new(ROOT).join("infra"), &["--models"]);
    infra.assert_right();
    assert!(infra.resources("everything").len() > 60, "not everything was looked at");
}

/// The folder with one thing in it changed.
fn changed(file: &str, from: &str, to: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    copy(&Path::new(ROOT).join("infra"), folder.path());
    change(folder.path(), file, from, to);
    folder
}

fn change(folder: &Path, file: &str, from: &str, to: &str) {
    let path = folder.join(file);
    let text = fs::read_to_string(&path).expect("a file");
    assert!(text.contains(from), "{file} does not have `{from}`");
    fs::write(path, text.replacen(from, to, 1)).expect("a file");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, target).expect("a copy");
        }
    }
}

/// Otherwise the test above would hold whatever stood there.
#[test]
fn what_a_compiler_would_refuse_is_noticed() {
    let wrong = [
        ("modules/app.bicep", "reserved: true\n", "reserved: true }\n", "cannot be parsed"),
        (
            "modules/app.bicep",
            "    httpsOnly: true\n",
            "    httpsOnly: onlyHttps\n",
            "`onlyHttps` is not declared",
        ),
        ("main.bicep", "    redundancy: ledgerRedundancy\n", "", "`redundancy` is not given to `data`"),
        ("main.bicep", "    recover: recoverVault\n", "    recover: 'no'\n", "`recover` is no bool"),
        ("main.bicep", "    addressPrefix:", "    prefix:", "has no parameter `prefix`"),
        (
            "main.bicep",
            "host.outputs.queueEndpoint",
            "host.outputs.queues",
            "host.bicep has no output `queues`",
        ),
        ("main.bicep", "'modules/vault.bicep'", "'modules/safe.bicep'", "there is no module safe.bicep"),
        (
            "main.bicep",
            "param maximumInstanceCount int = 40",
            "param maximumInstanceCount int = 39",
            "@minValue",
        ),
        ("main.bicep", "param name string", "param names string", "`name` is not declared"),
        ("main.bicepparam", "param name =", "param nmae =", "main.bicep has no parameter `nmae`"),
        ("modules/data.bicep", "  scope: audit\n", "", "would be for the whole group"),
        ("modules/data.bicep", "parent: blobs", "parent: account", "is no child of"),
        ("modules/data.bicep", "primaryEndpoints.blob", "primaryEndpoint.blob", "nothing is known of"),
        ("modules/host.bicep", "2025-06-01", "2025-06-31", "has the API version 2025-06-31, not 2025-06-01"),
        ("modules/monitoring.bicep", "alert-set-up.kql", "alert-setup.kql", "is not there"),
        ("modules/vault.bicep", "output uri string =", "output uri int =", "output `uri` is no int"),
        (
            "modules/network.bicep",
            "name: '${name}-outbound'",
            "name: '${name}-${outbound.properties.ipAddress}'",
            "depends on itself",
        ),
        (
            "modules/app.bicep",
            "resource plan 'Microsoft.Web/serverfarms@2025-05-01' = {\n  name: name",
            "resource plan 'Microsoft.Web/serverfarms@2025-05-01' = {\n  name: component.properties.ConnectionString",
            "only known when it is deployed",
        ),
    ];
    for (file, from, to, expected) in wrong {
        let folder = changed(file, from, to);
        let infra = Infra::of(folder.path(), &[]);
        let noticed = infra.problems().iter().any(|problem| problem.contains(expected));
        assert!(noticed, "`{to}` in {file}: {:?}", infra.problems());
    }
}

#[test]
fn what_azure_does_not_know_is_noticed() {
    let wrong = [
        ("modules/app.bicep", "perInstanceConcurrency:", "concurrency:", "no `properties.functionAppConfig"),
        ("modules/app.bicep", "type: 'blobContainer'", "type: 'blob'", "is 'blob', none of"),
        ("modules/app.bicep", "reserved: true", "reserved: 'true'", "`properties.reserved` cannot be 'true'"),
        ("modules/data.bicep", "supportsHttpsTrafficOnly", "supportsHTTPSTrafficOnly", "it is `supports"),
        ("modules/data.bicep", "kind: 'StorageV2'", "kind: 'StorageV4'", "`kind` is 'StorageV4', none of"),
        ("modules/data.bicep", "'StorageDelete'", "'StorageErase'", "StorageErase is no category of"),
        (
            "modules/data.bicep",
            "allowProtectedAppendWrites:",
            "allowAppends:",
            "no `properties.allowAppends`",
        ),
        ("modules/host.bicep", "  sku: { name: redundancy }\n", "", "`sku` is missing"),
        ("modules/monitoring.bicep", "windowSize: 'PT15M'", "windowSize: '15m'", "cannot be '15m'"),
        ("modules/monitoring.bicep", "IngestionMode:", "ingestionMode:", "it is `IngestionMode`"),
        ("modules/monitoring.bicep", "timeGrain: 'Monthly'", "timeGrain: 'Weekly'", "is 'Weekly', none of"),
        (
            "modules/network.bicep",
            "groupIds: [endpoint.group]",
            "groupIds: endpoint.group",
            "cannot be 'blob'",
        ),
        (
            "modules/network.bicep",
            "priority: 100",
            "provisioningState: 'Succeeded'\n          priority: 100",
            "provisioningState` can only be read",
        ),
        (
            "modules/vault.bicep",
            "    tenantId: subscription().tenantId\n",
            "",
            "`properties.tenantId` is missing",
        ),
    ];
    let folder = tempfile::tempdir().expect("a temporary folder");
    copy(&Path::new(ROOT).join("infra"), folder.path());
    for (file, from, to, _) in wrong {
        change(folder.path(), file, from, to);
    }
    let infra = Infra::of(folder.path(), &["--models"]);
    for (file, _, to, expected) in wrong {
        let module = file.trim_start_matches("modules/");
        let mut problems = infra.problems().into_iter();
        assert!(
            problems.any(|problem| problem.starts_with(module) && problem.contains(expected)),
            "`{to}` in {file}: {:?}",
            infra.problems()
        );
    }
}

#[test]
fn the_outputs_are_those_that_scripts_read() {
    let infra = Infra::ours();
    let outputs = infra.0["scenarios"]["everything"]["outputs"].as_object().expect("an object");
    let expected = [
        "configUrl",
        "dataAccountName",
        "functionAppHostName",
        "functionAppName",
        "hostAccountName",
        "identityClientId",
        "identityName",
        "identityPrincipalId",
        "keyVaultName",
        "keyVaultUri",
        "outboundAddress",
        "workspaceName",
    ];
    assert_eq!(outputs.keys().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(expected));
    assert!(outputs.values().all(|value| value.as_str().is_some_and(|text| !text.is_empty())), "{outputs:?}");
}

/// What a template is given or tells can be read in the history of deployments.
#[test]
fn no_key_is_listed_and_no_secret_passes_through() {
    for (file, text) in sources() {
        for (at, _) in text.match_indices("list") {
            let name: String = text[at..].chars().take_while(char::is_ascii_alphanumeric).collect();
            let called = text[at + name.len()..].starts_with('(');
            assert!(!called, "{file} calls {name}()");
        }
        for word in ["getSecret(", "@secure(", "vaults/secrets"] {
            assert!(!text.contains(word), "{file} has {word}");
        }
    }
}

// --- settings

/// Settings of the handler that a deployment does not make, with the reason.
const NOT_SET: [(&str, &str); 9] = [
    ("FUNCTIONS_CUSTOMHANDLER_PORT", "the Functions host sets it"),
    ("LEDGER_SECRET", "in Azure it is a secret of the vault"),
    ("GRAPH_CLIENT_SECRET", "in Azure it is a secret of the vault"),
    ("GRAPH_BASE_URL", "Graph is at the address of its cloud, which the configuration names"),
    ("AUDIT_KEEP_FILES", "for files; in Azure the audit trail is in the data account"),
    ("LOG", "the default will do; `extraAppSettings` sets another"),
    ("LOG_FORMAT", "under the host it is JSON"),
    ("OTEL_", "off unless wanted; `extraAppSettings` sets all that begin so"),
    ("PLAYER_DIR", "the page is for whoever starts the process by hand"),
];

/// For the Functions host: on this plan it is told its runtime otherwise, and its storage by several settings.
const OF_THE_HOST: [&str; 2] = ["FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"];

const SET_FOR_THE_HOST: [&str; 7] = [
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__queueServiceUri",
    "AzureWebJobsStorage__tableServiceUri",
];

#[test]
fn settings_of_the_app_and_of_the_handler_are_the_same() {
    let sample: Value = serde_json::from_str(&text_of("local.settings.sample.json")).expect("JSON");
    let sample = sample["Values"].as_object().expect("`Values`").keys().map(String::as_str);
    let handlers: BTreeSet<&str> = sample.filter(|name| !OF_THE_HOST.contains(name)).collect();
    let infra = Infra::ours();
    let scenarios = ["everything", "government"].map(|scenario| infra.app_settings(scenario));
    let set = scenarios.iter().flat_map(BTreeMap::keys).map(String::as_str);
    let set: BTreeSet<&str> = set.filter(|name| !SET_FOR_THE_HOST.contains(name) && *name != "LOG").collect();

    let unknown: Vec<_> = set.difference(&handlers).collect();
    assert!(unknown.is_empty(), "local.settings.sample.json does not know what main.bicep sets: {unknown:?}");
    let excused = |name: &str| {
        NOT_SET
            .iter()
            .any(|(excused, _)| name == *excused || excused.ends_with('_') && name.starts_with(excused))
    };
    let forgotten: Vec<_> = handlers.difference(&set).filter(|name| !excused(name)).collect();
    assert!(forgotten.is_empty(), "main.bicep does not set: {forgotten:?}");
    let both: Vec<_> = set.iter().filter(|name| excused(name)).collect();
    assert!(both.is_empty(), "main.bicep sets what it is excused from: {both:?}");

    let code = text_of("src/config/settings.rs");
    let unread: Vec<_> = set.iter().filter(|name| !code.contains(&format!("\"{name}\""))).collect();
    assert!(unread.is_empty(), "src/config/settings.rs does not read: {unread:?}");
}

#[test]
fn the_app_is_told_where_everything_is() {
    let infra = Infra::ours();
    let settings = infra.app_settings("everything");
    let data = "https://harborclinicdata88509e8b.blob.core.windows.net";
    let expected = [
        ("STORE", format!("{data}/ledger")),
        ("AUDIT", format!("{data}/audit")),
        ("SCHEDULING_CONFIG", format!("{data}/config/scheduling.toml")),
        ("KEY_VAULT_URL", "https://harborclinic-kv-88509e.vault.azure.net".into()),
        ("RETENTION_DAYS", "30".into()),
        (
            "CALLER_CLIENT_IDS",
            "00000000-0000-4000-8000-0000000000f0,00000000-0000-4000-8000-0000000000f1".into(),
        ),
        ("GRAPH_CREDENTIAL", "federated".into()),
        ("LOG", "debug".into()),
        ("AzureWebJobsStorage__credential", "managedidentity".into()),
    ];
    for (name, value) in expected {
        assert_eq!(settings[name], value, "of {name}");
    }
    for name in SET_FOR_THE_HOST {
        assert!(settings.contains_key(name), "{name}");
    }
    // What is not wanted is not there, rather than empty.
    let least = infra.app_settings("least");
    assert!(!least.keys().any(|name| name.starts_with("CALLER_") || name.starts_with("GRAPH_")), "{least:?}");
    assert!(least.values().all(|value| !value.is_empty()), "{least:?}");
    // The plan refuses these, or sets them itself.
    for name in ["FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_RUN_FROM_PACKAGE"] {
        assert!(!settings.contains_key(name), "{name}");
    }
}

/// As the host would start it; that it cannot reach any of it here is another matter.
#[test]
fn the_handler_takes_the_settings() {
    let infra = Infra::ours();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let checks = ["least", "everything", "government"].map(|scenario| {
        let check = Command::new(BINARY)
            .args(["check", "--offline"])
            .current_dir(folder.path())
            .env_clear()
            .envs(infra.app_settings(scenario))
            .envs([("WEBSITE_SITE_NAME", "scheduler"), ("IDENTITY_HEADER", "x")])
            .env("IDENTITY_ENDPOINT", "http://127.0.0.1:9/msi/token")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the handler starts");
        (scenario, check)
    });
    for (scenario, check) in checks {
        let said = String::from_utf8(check.wait_with_output().expect("an end").stdout).expect("UTF-8");
        let about: Vec<_> = said.lines().filter(|line| line.contains("settings")).collect();
        assert!(about.iter().any(|line| line.starts_with("ok")), "{scenario}: {said}");
        assert!(!about.iter().any(|line| line.starts_with("FAIL")), "{scenario}: {said}");
    }
}

#[test]
fn the_app_is_a_custom_handler_with_an_identity_and_a_limit() {
    let infra = Infra::ours();
    for (scenario, most, ready) in
        [("least", 40, json!([])), ("everything", 100, json!([{"name": "http", "instanceCount": 2}]))]
    {
        let config = &infra.site(scenario)["functionAppConfig"];
        assert_eq!(config["runtime"], json!({"name": "custom", "version": "1.0"}));
        assert_eq!(config["scaleAndConcurrency"]["maximumInstanceCount"], most);
        assert_eq!(config["scaleAndConcurrency"]["alwaysReady"], ready);
        let storage = &config["deployment"]["storage"];
        assert_eq!(storage["authentication"]["type"], "UserAssignedIdentity");
        assert!(
            storage["value"].as_str().is_some_and(|url| url.ends_with(".blob.core.windows.net/deployments"))
        );
        let plan = infra.one(scenario, "Microsoft.Web/serverfarms", "plan", "app.bicep");
        assert_eq!(plan["body"]["sku"], json!({"tier": "FlexConsumption", "name": "FC1"}));
        let passwords = infra.of_type(scenario, "Microsoft.Web/sites/basicPublishingCredentialsPolicies");
        assert_eq!(passwords.len(), 2);
        assert!(passwords.iter().all(|policy| policy["body"]["properties"]["allow"] == false));
    }
}

// --- rights

/// Built-in roles by their ids, which are the same in every tenant.
const ROLES: [(&str, &str); 8] = [
    ("b7e6dc6d-f1e8-4753-8033-0f276bb0955b", "Storage Blob Data Owner"),
    ("ba92f5b4-2d11-453d-a403-e96b0029c9fe", "Storage Blob Data Contributor"),
    ("2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "Storage Blob Data Reader"),
    ("974c5e8b-45b9-4653-ba55-5f855dd0fb88", "Storage Queue Data Contributor"),
    ("0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3", "Storage Table Data Contributor"),
    ("4633458b-17de-408a-b874-0445c86b69e6", "Key Vault Secrets User"),
    ("b86a8fe4-44ce-4948-aee5-eccb2c155cd7", "Key Vault Secrets Officer"),
    ("3913510d-42f4-4e42-8a64-420c390055eb", "Monitoring Metrics Publisher"),
];

/// Who may do what, and on what.
fn rights(infra: &Infra, scenario: &str) -> BTreeSet<(String, String, String)> {
    let assignments = infra.of_type(scenario, "Microsoft.Authorization/roleAssignments").into_iter();
    assignments
        .map(|assignment| {
            let properties = &assignment["body"]["properties"];
            let who = match properties["principalId"].as_str().expect("a principal") {
                IDENTITY => "the app",
                DEPLOYER => "the deployer",
                other => panic!("who is {other}?"),
            };
            let role =
                properties["roleDefinitionId"].as_str().and_then(|id| id.rsplit('/').next()).expect("a role");
            let (_, role) =
                ROLES.iter().find(|(id, _)| *id == role).unwrap_or_else(|| panic!("what is {role}?"));
            let scope = assignment["scope"]
                .as_str()
                .and_then(|id| id.split("/providers/").nth(1))
                .expect("a resource");
            (who.into(), (*role).into(), on(scope))
        })
        .collect()
}

/// A scope in words.
fn on(scope: &str) -> String {
    let parts: Vec<_> = scope.split('/').collect();
    match parts.as_slice() {
        ["Microsoft.Storage", "storageAccounts", account] => kind_of(account).into(),
        ["Microsoft.Storage", "storageAccounts", account, .., "containers", container] => {
            format!("{}/{container}", kind_of(account))
        }
        [_, kind, _] => (*kind).into(),
        _ => scope.into(),
    }
}

fn kind_of(account: &str) -> &str {
    ["data", "host"].into_iter().find(|kind| account.contains(kind)).expect("one of the two accounts")
}

#[test]
fn rights_are_given_where_they_are_needed_and_nowhere_else() {
    let the_app = [
        ("the app", "Storage Blob Data Contributor", "data/ledger"),
        ("the app", "Storage Blob Data Contributor", "data/audit"),
        ("the app", "Storage Blob Data Reader", "data/config"),
        ("the app", "Key Vault Secrets User", "vaults"),
        ("the app", "Storage Blob Data Owner", "host"),
        ("the app", "Storage Queue Data Contributor", "host"),
        ("the app", "Storage Table Data Contributor", "host"),
        ("the app", "Monitoring Metrics Publisher", "components"),
    ];
    let the_deployer = [
        ("the deployer", "Storage Blob Data Contributor", "data/config"),
        ("the deployer", "Storage Blob Data Contributor", "host/releases"),
        ("the deployer", "Key Vault Secrets Officer", "vaults"),
    ];
    let owned = |(who, role, scope): &(&str, &str, &str)| ((*who).into(), (*role).into(), (*scope).into());
    let infra = Infra::ours();
    let expected: BTreeSet<_> = the_app.iter().map(owned).collect();
    assert_eq!(rights(&infra, "least"), expected);
    let expected: BTreeSet<_> = the_app.iter().chain(&the_deployer).map(owned).collect();
    assert_eq!(rights(&infra, "everything"), expected);

    let kinds = infra.of_type("everything", "Microsoft.Authorization/roleAssignments").into_iter();
    for assignment in kinds {
        let properties = &assignment["body"]["properties"];
        let kind = if properties["principalId"] == DEPLOYER { "Group" } else { "ServicePrincipal" };
        assert_eq!(properties["principalType"], kind, "of {}", assignment["symbol"]);
    }
}

#[test]
fn nothing_takes_a_key() {
    let infra = Infra::ours();
    for scenario in ["least", "everything", "government"] {
        let accounts = infra.of_type(scenario, "Microsoft.Storage/storageAccounts");
        assert_eq!(accounts.len(), 2);
        for account in accounts {
            assert_eq!(account["body"]["properties"]["allowSharedKeyAccess"], false);
            assert_eq!(account["body"]["properties"]["allowBlobPublicAccess"], false);
        }
        let component = infra.one(scenario, "Microsoft.Insights/components", "component", "monitoring");
        assert_eq!(component["body"]["properties"]["DisableLocalAuth"], true);
        let vault = infra.one(scenario, "Microsoft.KeyVault/vaults", "vault", "vault");
        assert_eq!(vault["body"]["properties"]["enableRbacAuthorization"], true);
        assert!(vault["body"]["properties"]["accessPolicies"].is_null());
    }
}

// --- what must not be lost

#[test]
fn what_must_not_be_lost_is_kept() {
    let infra = Infra::ours();
    let blobs = "Microsoft.Storage/storageAccounts/blobServices";
    let service = &infra.one("least", blobs, "blobs", "data")["body"]["properties"];
    assert_eq!(service["isVersioningEnabled"], true);
    assert_eq!(service["deleteRetentionPolicy"], json!({"enabled": true, "days": 14}));
    assert_eq!(service["containerDeleteRetentionPolicy"]["enabled"], true);

    let account = infra.one("least", "Microsoft.Storage/storageAccounts", "account", "data");
    assert_eq!(account["body"]["sku"]["name"], "Standard_ZRS");
    let account = infra.one("everything", "Microsoft.Storage/storageAccounts", "account", "data");
    assert_eq!(account["body"]["sku"]["name"], "Standard_GZRS");

    let vault = &infra.one("least", "Microsoft.KeyVault/vaults", "vault", "vault")["body"]["properties"];
    assert_eq!((&vault["enablePurgeProtection"], &vault["enableSoftDelete"]), (&json!(true), &json!(true)));
    assert_eq!(vault["createMode"], "default");

    let locks = |scenario| {
        let locks = infra.of_type(scenario, "Microsoft.Authorization/locks").into_iter();
        let on = locks.map(|lock| {
            assert_eq!(lock["body"]["properties"]["level"], "CanNotDelete");
            on(lock["scope"].as_str().and_then(|id| id.split("/providers/").nth(1)).expect("a resource"))
        });
        on.collect::<BTreeSet<_>>()
    };
    assert_eq!(locks("least"), BTreeSet::from(["data".to_owned(), "vaults".to_owned()]));
    assert_eq!(locks("government"), BTreeSet::new(), "which is deployed without them");
}

#[test]
fn the_audit_trail_takes_additions_alone_for_six_years() {
    const POLICY: &str = "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies";
    let infra = Infra::ours();
    let [policy] = infra.of_type("least", POLICY)[..] else { panic!("one policy") };
    assert!(policy["id"].as_str().is_some_and(|id| id.contains("/containers/audit/")));
    let properties =
        json!({"immutabilityPeriodSinceCreationInDays": 2192, "allowProtectedAppendWrites": true});
    assert_eq!(policy["body"]["properties"], properties);
    // Azure refuses to write over a policy that was locked.
    assert_eq!(infra.of_type("locked", POLICY).len(), 0);
}

/// Current documents are for the handler to delete.
#[test]
fn the_lifecycle_ends_earlier_versions_alone() {
    let infra = Infra::ours();
    let rules = infra.of_type("least", "Microsoft.Storage/storageAccounts/managementPolicies");
    let [policy] = rules.as_slice() else { panic!("one policy") };
    let [rule] = policy["body"]["properties"]["policy"]["rules"].as_array().expect("a list").as_slice()
    else {
        panic!("one rule")
    };
    let actions = &rule["definition"]["actions"];
    assert_eq!(actions, &json!({"version": {"delete": {"daysAfterCreationGreaterThan": 30}}}));
    assert_eq!(rule["definition"]["filters"]["prefixMatch"], json!(["ledger/", "config/"]));
}

#[test]
fn who_touched_bookings_and_secrets_is_logged() {
    let infra = Infra::ours();
    let settings = infra.of_type("least", "Microsoft.Insights/diagnosticSettings");
    let categories: BTreeSet<_> = settings
        .iter()
        .flat_map(|setting| setting["body"]["properties"]["logs"].as_array().expect("a list"))
        .map(|log| log["category"].as_str().expect("a category"))
        .collect();
    assert_eq!(categories, BTreeSet::from(["AuditEvent", "StorageDelete", "StorageRead", "StorageWrite"]));
    assert!(settings.iter().all(|setting| setting["body"]["properties"]["workspaceId"].is_string()));
}

// --- networks and clouds

#[test]
fn a_private_network_leaves_only_the_app_outside() {
    let infra = Infra::ours();
    for resource in infra.resources("everything") {
        let properties = &resource["body"]["properties"];
        match resource["type"].as_str().expect("a type") {
            "Microsoft.Storage/storageAccounts" | "Microsoft.KeyVault/vaults" => {
                assert_eq!(properties["publicNetworkAccess"], "Disabled", "of {}", resource["id"]);
                assert_eq!(properties["networkAcls"], json!({"bypass": "None", "defaultAction": "Deny"}));
            }
            "Microsoft.Web/sites" => assert_eq!(properties["publicNetworkAccess"], "Enabled"),
            _ => {}
        }
    }
    let ids = |kind| infra.of_type("everything", kind).into_iter().map(|each| each["id"].clone());
    let endpoints = infra.of_type("everything", "Microsoft.Network/privateEndpoints").into_iter();
    let connected: BTreeSet<(String, String)> = endpoints
        .map(|endpoint| {
            let connection =
                &endpoint["body"]["properties"]["privateLinkServiceConnections"][0]["properties"];
            let target = connection["privateLinkServiceId"].as_str().expect("an id");
            assert!(
                ids("Microsoft.Storage/storageAccounts")
                    .chain(ids("Microsoft.KeyVault/vaults"))
                    .any(|id| id == target)
            );
            let scope = target.split("/providers/").nth(1).expect("a resource");
            (on(scope), connection["groupIds"][0].as_str().expect("a group").to_owned())
        })
        .collect();
    let expected =
        [("data", "blob"), ("host", "blob"), ("host", "queue"), ("host", "table"), ("vaults", "vault")];
    assert_eq!(connected, expected.into_iter().map(|(on, group)| (on.into(), group.into())).collect());

    let zone_of = |endpoint: &str| {
        let groups = infra.of_type("everything", "Microsoft.Network/privateEndpoints/privateDnsZoneGroups");
        let group =
            groups.into_iter().find(|group| group["id"].as_str().is_some_and(|id| id.contains(endpoint)));
        let config = &group.expect("a group")["body"]["properties"]["privateDnsZoneConfigs"][0];
        let zone = config["properties"]["privateDnsZoneId"].as_str().expect("a zone");
        zone.rsplit('/').next().expect("a name").to_owned()
    };
    assert_eq!(zone_of("-host-table/"), "privatelink.table.core.windows.net");
    assert_eq!(zone_of("-vault/"), "privatelink.vaultcore.azure.net");
    let linked = infra.of_type("everything", "Microsoft.Network/privateDnsZones/virtualNetworkLinks");
    assert_eq!(linked.len(), 4);

    let [network] = infra.of_type("everything", "Microsoft.Network/virtualNetworks")[..] else {
        panic!("one")
    };
    let subnet = &network["body"]["properties"]["subnets"][0];
    assert_eq!(subnet["properties"]["addressPrefix"], "10.87.0.0/26");
    assert_eq!(network["body"]["properties"]["subnets"][1]["properties"]["addressPrefix"], "10.87.0.64/27");
    let delegated = &subnet["properties"]["delegations"][0]["properties"]["serviceName"];
    assert_eq!(delegated, "Microsoft.App/environments");
    assert!(subnet["properties"]["natGateway"]["id"].is_string(), "the app goes out by the fixed address");
    let joined = infra.site("everything")["virtualNetworkSubnetId"].as_str().expect("a subnet");
    assert!(joined.ends_with("/subnets/app"));

    assert!(infra.site("least")["virtualNetworkSubnetId"].is_null());
    let networks = infra
        .resources("least")
        .into_iter()
        .filter(|each| each["type"].as_str().is_some_and(|kind| kind.starts_with("Microsoft.Network/")));
    assert_eq!(networks.count(), 0, "none is made, and paid for, where none is wanted");
}

#[test]
fn only_allowed_callers_reach_the_app() {
    let infra = Infra::ours();
    let config = &infra.site("everything")["siteConfig"];
    assert_eq!(config["ipSecurityRestrictionsDefaultAction"], "Deny");
    let rules = config["ipSecurityRestrictions"].as_array().expect("a list");
    let rules: Vec<_> =
        rules.iter().map(|rule| (&rule["ipAddress"], &rule["tag"], &rule["action"])).collect();
    let (range, tag) = (json!("203.0.113.0/24"), json!("AzureCloud.westus2"));
    let (default, service, allow) = (json!("Default"), json!("ServiceTag"), json!("Allow"));
    assert_eq!(rules, [(&range, &default, &allow), (&tag, &service, &allow)]);
    assert_eq!(infra.site("least")["siteConfig"]["ipSecurityRestrictionsDefaultAction"], "Allow");
}

#[test]
fn addresses_are_those_of_the_cloud() {
    let infra = Infra::ours();
    let government = infra.0["scenarios"]["government"].to_string();
    for elsewhere in
        ["core.windows.net", "vault.azure.net", "vaultcore.azure.net", "login.microsoftonline.com"]
    {
        assert!(!government.contains(elsewhere), "{elsewhere} in Azure Government");
    }
    let settings = infra.app_settings("government");
    assert_eq!(settings["AZURE_AUTHORITY_HOST"], "https://login.microsoftonline.us/");
    // The commercial login would be wrong for a Microsoft 365 of another cloud, which the configuration may name.
    assert!(!infra.app_settings("everything").contains_key("AZURE_AUTHORITY_HOST"));
    assert!(settings["STORE"].ends_with(".blob.core.usgovcloudapi.net/ledger"));
    assert!(settings["KEY_VAULT_URL"].ends_with(".vault.usgovcloudapi.net"));
    let zones = infra.of_type("government", "Microsoft.Network/privateDnsZones");
    assert!(zones.iter().any(|zone| zone["name"] == "privatelink.vaultcore.usgovcloudapi.net"));
}

// --- watching

#[test]
fn every_alert_query_is_watched_and_somebody_is_told() {
    let infra = Infra::ours();
    let rules = infra.of_type("everything", "Microsoft.Insights/scheduledQueryRules");
    let [operators] = infra.of_type("everything", "Microsoft.Insights/actionGroups")[..] else {
        panic!("one")
    };
    let watched: BTreeSet<_> = rules
        .iter()
        .map(|rule| {
            let properties = &rule["body"]["properties"];
            assert_eq!(properties["actions"]["actionGroups"], json!([operators["id"]]));
            assert_eq!(properties["enabled"], true);
            properties["criteria"]["allOf"][0]["query"].as_str().expect("a query").to_owned()
        })
        .collect();
    let folder = fs::read_dir(Path::new(ROOT).join("infra/queries")).expect("a folder");
    let files = folder.map(|entry| entry.expect("an entry").path());
    let alerts = files
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("alert-")));
    let queries: BTreeSet<_> = alerts.map(|path| fs::read_to_string(path).expect("a query")).collect();
    assert_eq!(watched, queries);
    assert!(queries.len() >= 3);

    let receivers = &operators["body"]["properties"]["emailReceivers"];
    assert_eq!(receivers[0]["emailAddress"], "operators@example.org");
    assert_eq!(infra.of_type("everything", "Microsoft.Consumption/budgets").len(), 1);
    assert_eq!(infra.of_type("least", "Microsoft.Consumption/budgets").len(), 0);
}

#[test]
fn the_workbook_is_one() {
    let infra = Infra::ours();
    let workbook = infra.one("least", "Microsoft.Insights/workbooks", "workbook", "monitoring");
    let data = workbook["body"]["properties"]["serializedData"].as_str().expect("a workbook");
    let data: Value = serde_json::from_str(data).expect("JSON");
    assert_eq!(data["version"], "Notebook/1.0");
    assert!(data["items"].as_array().is_some_and(|items| !items.is_empty()));
}

/// Log lines are counted by alerts and the workbook; URLs of calls that the host makes are nobody's business.
#[test]
fn the_host_samples_nothing_away_and_records_no_inner_urls() {
    let host: Value = serde_json::from_str(&text_of("host.json")).expect("JSON");
    let logging = &host["logging"];
    assert_eq!(logging["applicationInsights"]["samplingSettings"], json!({"isEnabled": false}));
    assert_eq!(logging["applicationInsights"]["enableDependencyTracking"], false);
    assert_eq!(logging["logLevel"]["Microsoft.AspNetCore.Hosting.Diagnostics"], "None");
    assert_eq!(logging["logLevel"]["Host.Function.Console"], "Information", "these are the handler's lines");
}

/// Each function as it stands, and no other.
#[test]
fn every_function_is_staged() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("dist");
    let staged = Command::new(Path::new(ROOT).join("package"))
        .args(["--local", "--binary", BINARY, "--out"])
        .arg(&out)
        .output()
        .expect("`./package` starts");
    assert!(staged.status.success(), "{}", String::from_utf8_lossy(&staged.stderr));
    let functions = |folder: &Path| {
        let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        let files = entries.map(|path| path.join("function.json")).filter(|path| path.is_file());
        let named = files.map(|path| {
            let name = path.parent().and_then(Path::file_name).expect("a name").to_owned();
            (name, fs::read(path).expect("a file"))
        });
        named.collect::<BTreeMap<_, _>>()
    };
    let ours = functions(&Path::new(ROOT).join("functions"));
    assert!(ours.len() >= 10, "{} functions", ours.len());
    assert_eq!(functions(&out), ours);
}

// --- checkov

/// What checkov finds and we leave so, with the reason.
const FINDINGS: [(&str, &str); 14] = [
    ("CKV_AZURE_17", "client certificates: the bot's data connections cannot show one"),
    ("CKV_AZURE_18", "HTTP/2: the plan's front end decides, and nothing here gains by it"),
    ("CKV_AZURE_67", "HTTP/2, once more"),
    (
        "CKV_AZURE_35",
        "storage open to all networks: without privateNetwork the app has no address to let in alone",
    ),
    ("CKV_AZURE_36", "trusted services: none needs these accounts, so none gets past their networks' rules"),
    ("CKV_AZURE_59", "storage reached from outside: as 35; nothing in it is public, and no key opens it"),
    ("CKV_AZURE_78", "FTP: the plan has none, and its user names and passwords are turned off"),
    ("CKV_AZURE_109", "vault open to all networks: as 35"),
    ("CKV_AZURE_189", "vault reached from outside: as 35"),
    ("CKV_AZURE_206", "copies in another region: three zones are enough unless ledgerRedundancy says GZRS"),
    ("CKV_AZURE_212", "two instances always: alwaysReadyInstances, for who wants to pay for them"),
    (
        "CKV_AZURE_213",
        "health check: not known to be heeded by this plan, which replaces instances by itself",
    ),
    ("CKV_AZURE_222", "public access to the app: the bot calls from outside; allowedCallers narrows it"),
    ("CKV_AZURE_225", "zone redundancy of the plan: zoneRedundant, for who wants to pay for it"),
];

/// It reads templates with every value worked out: its own parser of Bicep does not get through half of the files.
#[test]
fn checkov_finds_nothing_that_is_not_explained() {
    let templates = tempfile::tempdir().expect("a temporary folder");
    let path = templates.path().to_str().expect("a path in UTF-8");
    Infra::of(&Path::new(ROOT).join("infra"), &["--templates", path]).assert_right();
    for scenario in ["government.json", "locked.json"] {
        fs::remove_file(templates.path().join(scenario)).expect("a template");
    }
    let Output { stdout, stderr, .. } = Command::new(tool("checkov"))
        .args(["--framework", "arm", "--skip-download", "--output", "json", "--compact", "--directory", path])
        .env("PATH", crate::setting("PATH").expect("a path"))
        .output()
        .expect("checkov starts");
    let report: Value = serde_json::from_slice(&stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&stderr)));
    assert_eq!(report["results"]["parsing_errors"], json!([]));
    assert!(report["summary"]["passed"].as_u64().is_some_and(|passed| passed > 50), "{}", report["summary"]);
    let failed = report["results"]["failed_checks"].as_array().expect("a list").iter();
    let found: BTreeSet<_> = failed.map(|check| check["check_id"].as_str().expect("an id")).collect();
    let explained = FINDINGS.iter().map(|(id, _)| *id).collect::<BTreeSet<_>>();
    assert_eq!(found, explained, "left: what it finds; right: what is explained");
}
