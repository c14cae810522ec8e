//! Settings and `scheduling.toml`: what is right is read, and what is wrong is all named, with its line.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
};

use healthbot_scheduler::{
    callers::Allowed,
    config::{
        Config, ConfigSetting, DEMO, Problem, Process, Settings, Source,
        settings::{LogFormat, StoreSetting},
    },
    domain::BookBy,
    identity::Identity,
};
use secrecy::ExposeSecret;

mod bookings;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn read(text: &str) -> Result<Config, Vec<Problem>> {
    Config::read(text, Source::File("scheduling.toml".into()))
}

fn told(problems: &[Problem]) -> String {
    problems.iter().flat_map(|problem| [problem.to_string(), "\n".to_owned()]).collect()
}

/// A process with these variables, in these folders.
fn with<T>(variables: &[(&str, &str)], folder: Option<&Path>, run: impl FnOnce(&Process<'_>) -> T) -> T {
    let variables: HashMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let variable = |name: &str| variables.get(name).cloned();
    run(&Process {
        variable: &variable,
        beside: None,
        working: folder.map(Path::to_owned),
        stdout_is_terminal: true,
    })
}

fn settings(variables: &[(&str, &str)]) -> (Settings, Vec<Problem>) {
    with(variables, None, Settings::read)
}

#[test]
fn the_demo_is_what_it_promises() {
    let demo = Config::read(DEMO, Source::Demo).unwrap_or_else(|problems| panic!("{}", told(&problems)));
    assert_eq!(demo.clinics.len(), 3);
    let zones: BTreeSet<_> = demo.clinics.iter().map(|clinic| clinic.location.time_zone.name()).collect();
    assert_eq!(zones.len(), 2);
    assert!(demo.clinics.iter().all(|clinic| clinic.rosters.len() >= 2));
    assert!(demo.services.iter().any(|service| service.doses() == 2));
    assert!(demo.services.iter().any(|service| service.capacity > 1));
    assert!(demo.services.iter().any(|service| service.doses() == 1 && service.capacity == 1));
    for service in &demo.services {
        for language in ["es", "fr", "de", "pt", "zh", "ar"] {
            let translated = service.name.translations.contains_key(language);
            assert!(translated, "`{}` has no name in `{language}`", service.id);
        }
    }
    assert_eq!(healthbot_scheduler::config::phone::unknown_numbers(&demo), []);
}

#[test]
fn every_problem_of_a_broken_file_is_named_with_its_line() {
    let problems = read(include_str!("../data/config/broken.toml")).unwrap_err();
    insta::assert_snapshot!(told(&problems));
}

#[test]
fn a_file_that_is_no_toml_says_where_and_is_read_on() {
    let text = "[[service]]\nid = \"flu\nduration_minutes = 0\nname = \"Flu\"\n\n[[clinic]\nid = \"a\"\n";
    let problems = read(text).unwrap_err();
    let lines: Vec<usize> = problems.iter().filter_map(|problem| problem.line).collect();
    assert!(problems.iter().any(|problem| problem.detail.starts_with("is not TOML")), "{}", told(&problems));
    assert!(lines.contains(&2) && lines.contains(&3) && lines.contains(&6), "{}", told(&problems));
    assert!(!problems.iter().any(|problem| problem.detail == "is missing"), "{}", told(&problems));
}

#[test]
fn an_empty_file_has_no_clinic() {
    let problems = read("").unwrap_err();
    assert_eq!(
        told(&problems),
        "scheduling.toml: has neither a `[[clinic]]` nor `[bookings]`: without one there is nowhere to book\n"
    );
}

const SAMPLE: &str = include_str!("../../scheduling.sample.toml");

/// The sample with the lines that are switched off in it: a `#` without a space behind it.
fn whole_sample() -> String {
    let on = |line: &str| {
        line.strip_prefix('#').filter(|rest| !rest.is_empty() && !rest.starts_with(' ')).map(str::to_owned)
    };
    SAMPLE.lines().map(|line| on(line).unwrap_or_else(|| line.to_owned()) + "\n").collect()
}

#[test]
fn the_sample_is_right() {
    let sample = read(SAMPLE).unwrap_or_else(|problems| panic!("{}", told(&problems)));
    assert!(sample.bookings.is_none(), "as it is, it needs no tenant");
    let whole = read(&whole_sample()).unwrap_or_else(|problems| panic!("{}", told(&problems)));
    assert_eq!((whole.clinics.len(), whole.bookings.map(|bookings| bookings.businesses.len())), (1, Some(2)));
}

#[test]
fn the_sample_explains_every_key() {
    let whole: toml::Table = whole_sample().parse().expect("TOML");
    let mut written = BTreeSet::new();
    written_keys(&toml::Value::Table(whole), "", &mut written);
    for key in healthbot_scheduler::config::file::keys() {
        let known = key.trim_end_matches(".*").to_owned();
        assert!(written.contains(&known), "`{key}` is not in the sample");
    }
}

/// As `clinic[].hours.mon`.
fn written_keys(value: &toml::Value, path: &str, written: &mut BTreeSet<String>) {
    written.insert(path.to_owned());
    match value {
        toml::Value::Table(table) => {
            let below = if path.is_empty() { String::new() } else { format!("{path}.") };
            for (key, value) in table {
                written_keys(value, &format!("{below}{key}"), written);
            }
        }
        toml::Value::Array(items) => {
            for item in items {
                written_keys(item, &format!("{path}[]"), written);
            }
        }
        _ => {}
    }
}

#[test]
fn texts_are_plain_or_by_locale() {
    let config =
        read(&clinic_with("name = { default = \"Flu shot\", es = \"Gripe\", es-MX = \"Gripa\" }")).unwrap();
    let name = &config.services[0].name;
    assert_eq!((name.get("es-MX"), name.get("es-ES"), name.get("fr")), ("Gripa", "Gripe", "Flu shot"));
}

#[test]
fn a_site_may_take_bookings_elsewhere_only() {
    let text = "[[clinic]]\nid = \"a\"\nname = \"A\"\ntime_zone = \"Europe/Madrid\"\n\
                booking_page = \"https://example.org/a\"\nbook_by = [\"page\"]\n";
    assert_eq!(read(text).unwrap().clinics[0].location.book_by, [BookBy::Page]);
}

#[test]
fn hours_past_midnight_overlap_with_the_next_morning() {
    let week = |hours: &str| clinic_with("name = \"Flu shot\"").replace("mon = [\"08:00-17:00\"]", hours);
    assert!(read(&week("mon = [\"22:00-26:00\"], tue = [\"02:00-03:00\"]")).is_ok());
    let problems = read(&week("mon = [\"22:00-26:00\"], tue = [\"01:59-03:00\"]")).unwrap_err();
    assert_eq!(problems[0].key, "clinic[0].hours.tue[0]");
    let problems = read(&week("sun = [\"22:00-48:00\"], mon = [\"23:00-24:00\"]")).unwrap_err();
    assert_eq!(problems[0].key, "clinic[0].hours.sun[0]");
}

#[test]
fn what_nobody_does_is_not_offered() {
    let other = "\n[[service]]\nid = \"tea\"\nname = \"Tea\"\nduration_minutes = 5\n";
    let file = clinic_with("name = \"Flu shot\"") + other;
    let narrowed = file.replace("name = \"P\"", "name = \"P\"\nservices = [\"flu\"]");
    assert_eq!(
        told(&read(&narrowed).unwrap_err()),
        "scheduling.toml:6: clinic[0] offers `tea`, which none of its practitioners performs\n"
    );
    let left_out = file.replace("name = \"A\"", "name = \"A\"\nservices = [\"flu\"]");
    assert_eq!(
        told(&read(&left_out).unwrap_err()),
        "scheduling.toml:17: service[1] is offered by no clinic: add it to the `services` of one, or take it out\n"
    );
}

#[test]
fn settings_have_defaults() {
    let (settings, problems) = settings(&[]);
    assert_eq!(problems, []);
    assert_eq!((settings.port, settings.hosted, settings.in_azure), (7071, false, false));
    assert_eq!(settings.store, StoreSetting::Sqlite("scheduling.db".into()));
    assert_eq!((settings.log.as_str(), settings.log_format), ("info", LogFormat::Text));
}

#[test]
fn the_host_names_the_port() {
    let (newer, _) =
        settings(&[("FUNCTIONS_CUSTOMHANDLER_PORT", "1234"), ("FUNCTIONS_HTTPWORKER_PORT", "9")]);
    assert_eq!((newer.port, newer.hosted, newer.log_format), (1234, true, LogFormat::Json));
    let (older, _) = settings(&[("FUNCTIONS_HTTPWORKER_PORT", "1235")]);
    assert_eq!((older.port, older.hosted), (1235, true));
}

#[test]
fn every_wrong_setting_is_named_and_no_secret_is() {
    let (_, problems) = settings(&[
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "eighty"),
        ("STORE", "https://account.blob.core.windows.net/bookings?sig-of=hunter2"),
        ("LEDGER_SECRET", "tooshort-hunter2"),
        ("RETENTION_DAYS", "0"),
        ("LOG", "x=y=z"),
        ("LOG_FORMAT", "xml"),
        ("AUDIT_KEEP_FILES", "-1"),
    ]);
    let keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
    let expected = [
        "FUNCTIONS_CUSTOMHANDLER_PORT",
        "STORE",
        "LEDGER_SECRET",
        "RETENTION_DAYS",
        "LOG",
        "LOG_FORMAT",
        "AUDIT_KEEP_FILES",
    ];
    assert_eq!(keys, expected);
    assert!(!told(&problems).contains("hunter2"));
}

const TENANT: &str = "7d0b3f52-9a41-4c2e-8f6d-1c5a0e9b7a34";
const BOT: &str = "5E2F9C18-0B6D-4E7A-A3C4-8D1F7B2E6A90";

#[test]
fn callers_are_read_as_their_tokens_have_them() {
    let (read, problems) = settings(&[
        ("CALLER_TENANT_ID", &TENANT.to_uppercase()),
        ("CALLER_AUDIENCE", "api://clinic , 5e2f9c18-0b6d-4e7a-a3c4-8d1f7b2e6a90"),
        ("CALLER_CLIENT_IDS", &format!("{BOT},{TENANT},")),
        ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/"),
    ]);
    assert_eq!(problems, []);
    let bot = BOT.to_lowercase();
    let allowed = Allowed {
        tenant: TENANT.to_owned(),
        audiences: vec!["api://clinic".to_owned(), bot.clone()],
        clients: vec![bot, TENANT.to_owned()],
    };
    assert_eq!(read.callers, Some(allowed));
    assert_eq!(read.authority_host.as_deref(), Some("https://login.microsoftonline.us"));
    let (none, _) = settings(&[("CALLER_TENANT_ID", " "), ("CALLER_AUDIENCE", "")]);
    assert_eq!((none.callers, none.authority_host), (None, None));
}

#[test]
fn callers_are_set_up_whole_or_not_at_all() {
    let all = [("CALLER_TENANT_ID", TENANT), ("CALLER_AUDIENCE", "api://clinic"), ("CALLER_CLIENT_IDS", BOT)];
    for alone in all {
        let (read, problems) = settings(&[alone]);
        let missing: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
        let others: Vec<&str> = all.iter().map(|(name, _)| *name).filter(|name| *name != alone.0).collect();
        assert_eq!((missing, read.callers), (others, None));
        assert!(problems.iter().all(|problem| problem.detail.contains(alone.0)), "{}", told(&problems));
    }
}

#[test]
fn callers_that_cannot_be_are_a_problem() {
    let right =
        [("CALLER_TENANT_ID", TENANT), ("CALLER_AUDIENCE", "api://clinic"), ("CALLER_CLIENT_IDS", BOT)];
    for (name, wrong) in [
        ("CALLER_TENANT_ID", "common"),
        ("CALLER_TENANT_ID", "contoso.onmicrosoft.com"),
        ("CALLER_TENANT_ID", "7d0b3f529a414c2e8f6d1c5a0e9b7a34"),
        ("CALLER_TENANT_ID", "{7d0b3f52-9a41-4c2e-8f6d-1c5a0e9b7a34}"),
        ("CALLER_AUDIENCE", ","),
        ("CALLER_AUDIENCE", "api://a api://b"),
        ("CALLER_CLIENT_IDS", ","),
        ("CALLER_CLIENT_IDS", "*"),
        ("CALLER_CLIENT_IDS", "5e2f9c18-0b6d-4e7a-a3c4-8d1f7b2e6a90;0f1e2d3c-4b5a-4968-8776-655443322110"),
        ("AZURE_AUTHORITY_HOST", "login.microsoftonline.us"),
        ("AZURE_AUTHORITY_HOST", "http://127.0.0.1:8443"),
        ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/common"),
        ("AZURE_AUTHORITY_HOST", "https://user@login.microsoftonline.us"),
    ] {
        let mut variables: Vec<_> = right.iter().copied().filter(|(known, _)| *known != name).collect();
        variables.push((name, wrong));
        let (_, problems) = settings(&variables);
        let keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(keys, [name], "{wrong}");
    }
    let wrong = [("CALLER_TENANT_ID", "common"), ("CALLER_AUDIENCE", ","), ("CALLER_CLIENT_IDS", "*")];
    assert_eq!(settings(&wrong).1.len(), 3, "all are told at once");
}

#[test]
fn the_ring_is_in_order_and_never_shown() {
    let other = SECRET.replace('0', "f");
    let (settings, problems) = settings(&[("LEDGER_SECRET", &format!("{SECRET}, {other},"))]);
    assert_eq!(problems, []);
    let ring: Vec<&str> = settings.ledger_secrets.iter().map(ExposeSecret::expose_secret).collect();
    assert_eq!(ring, [SECRET, other.as_str()]);
    assert!(!format!("{settings:?}").contains(SECRET));
}

#[test]
fn a_secret_twice_in_the_ring_is_a_problem() {
    let (_, problems) = settings(&[("LEDGER_SECRET", &format!("{SECRET},{SECRET}"))]);
    assert_eq!(
        told(&problems),
        "settings: LEDGER_SECRET has a secret (number 2) twice: keep its first place\n"
    );
}

const LOCAL: &str =
    r#"{"IsEncrypted": false, "Values": {"STORE": "sqlite:local.db", "LOG": "debug", "LOG_FORMAT": ""}}"#;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn local_settings_count_unless_a_variable_is_really_set() {
    let folder = folder(&[("local.settings.json", LOCAL)]);
    let (settings, problems) = with(&[("LOG", "warn")], Some(folder.path()), Settings::read);
    assert_eq!(problems, []);
    assert_eq!(settings.store, StoreSetting::Sqlite("local.db".into()));
    assert_eq!((settings.log.as_str(), settings.log_format), ("warn", LogFormat::Text));
}

#[test]
fn under_the_host_local_settings_are_the_hosts_business() {
    let folder = folder(&[("local.settings.json", LOCAL)]);
    let host = [("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", "w")];
    let (settings, _) = with(&host, Some(folder.path()), Settings::read);
    assert_eq!((settings.hosted, settings.store), (true, StoreSetting::default()));
}

#[test]
fn local_settings_that_cannot_be_read_are_a_problem() {
    for broken in ["{", r#"{"IsEncrypted": true, "Values": {}}"#, r#"{"Values": []}"#] {
        let folder = folder(&[("local.settings.json", broken)]);
        let (_, problems) = with(&[], Some(folder.path()), Settings::read);
        assert_eq!(problems.len(), 1, "{broken}: {}", told(&problems));
        assert!(problems[0].source.ends_with("local.settings.json"));
    }
}

#[test]
fn azure_refuses_what_each_instance_would_have_for_itself() {
    let azure = [("WEBSITE_SITE_NAME", "clinic"), ("FUNCTIONS_CUSTOMHANDLER_PORT", "1")];
    let (mut found, demo) = with(&azure, None, |process| {
        let (settings, problems) = Settings::read(process);
        (problems, Config::load(Source::find(&settings, process), &settings).unwrap_err())
    });
    found.extend(demo);
    let keys: Vec<&str> = found.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["STORE", "KEY_VAULT_URL", "scheduling.toml"]);
}

#[test]
fn in_azure_a_container_is_opened_by_the_managed_identity_alone() {
    const CONTAINER: &str = "https://clinic.blob.core.windows.net/scheduling";
    const VAULT: &str = "https://clinic.vault.azure.net";
    let azure = |store: &str| {
        let azure = [("WEBSITE_SITE_NAME", "clinic"), ("KEY_VAULT_URL", VAULT), ("AZURE_CLIENT_ID", "c-1")];
        settings(&[&azure[..], &[("STORE", store)]].concat())
    };
    let (settings, problems) = azure(CONTAINER);
    assert_eq!(problems, []);
    assert_eq!(settings.store.to_string(), CONTAINER);
    assert_eq!(settings.identity, Identity::Managed { client_id: Some("c-1".into()) });
    let (_, problems) = azure(&format!("{CONTAINER}?sv=2025-01-05&sig=hunter2"));
    let told = told(&problems);
    assert!(told.contains("Storage Blob Data Contributor") && !told.contains("hunter2"), "{told}");
}

#[test]
fn whoever_shares_a_store_has_to_share_the_secret() {
    const EMULATOR: &str = "http://127.0.0.1:10000/devstoreaccount1/scheduling?sv=2025-01-05&sig=hunter2";
    let (shared, problems) = settings(&[("STORE", EMULATOR)]);
    assert_eq!(problems.iter().map(|problem| problem.key.as_str()).collect::<Vec<_>>(), ["LEDGER_SECRET"]);
    assert!(!format!("{shared:?} {}", shared.store).contains("hunter2"));
    let (_, problems) = settings(&[("STORE", EMULATOR), ("LEDGER_SECRET", SECRET)]);
    assert_eq!(problems, []);
}

#[test]
fn a_secret_comes_from_one_place() {
    let vault = ("KEY_VAULT_URL", "https://clinic.vault.azure.net");
    let (both, problems) = settings(&[vault, ("LEDGER_SECRET", SECRET), ("GRAPH_CLIENT_SECRET", "hunter2")]);
    let told = told(&problems);
    assert_eq!(problems.len(), 2, "{told}");
    assert!(
        told.contains("as the secret `ledger-secret`")
            && told.contains("as the secret `graph-client-secret`")
    );
    assert!(!format!("{told}{both:?}").contains("hunter2") && !format!("{told}{both:?}").contains(SECRET));
    let azure = [("WEBSITE_SITE_NAME", "clinic"), ("STORE", "https://clinic.blob.core.windows.net/ledger")];
    let (_, problems) = settings(&[&azure[..], &[("LEDGER_SECRET", SECRET)]].concat());
    let keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["KEY_VAULT_URL", "LEDGER_SECRET"]);
    let (named, problems) = settings(&[vault, ("STORE", "https://clinic.blob.core.windows.net/ledger")]);
    assert_eq!((problems.len(), named.key_vault.unwrap().as_str()), (0, "https://clinic.vault.azure.net/"));
}

#[test]
fn a_configuration_is_a_file_or_a_blob() {
    let (named, problems) =
        settings(&[("SCHEDULING_CONFIG", "https://c.blob.core.windows.net/config/scheduling.toml")]);
    assert_eq!(problems, []);
    let Some(ConfigSetting::Blob(blob)) = &named.config else { panic!("{:?}", named.config) };
    assert_eq!(blob.to_string(), "https://c.blob.core.windows.net/config/scheduling.toml");
    let (_, problems) = settings(&[("SCHEDULING_CONFIG", "https://c.blob.core.windows.net/scheduling.toml")]);
    assert!(told(&problems).contains("must name a blob"), "{}", told(&problems));
    let signed = "https://c.blob.core.windows.net/config/scheduling.toml?sig=hunter2";
    let azure = [("WEBSITE_SITE_NAME", "clinic"), ("KEY_VAULT_URL", "https://clinic.vault.azure.net")];
    let store = ("STORE", "https://c.blob.core.windows.net/ledger");
    let audit = ("AUDIT", "https://c.blob.core.windows.net/audit?sig=hunter2");
    let (_, problems) = settings(&[&azure[..], &[store, audit, ("SCHEDULING_CONFIG", signed)]].concat());
    let keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["AUDIT", "SCHEDULING_CONFIG"]);
    assert!(!told(&problems).contains("hunter2"), "{}", told(&problems));
}

#[test]
fn a_login_is_named_by_its_address() {
    let (named, problems) = settings(&[("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/")]);
    assert_eq!(
        (problems.len(), named.authority_host.as_deref()),
        (0, Some("https://login.microsoftonline.us"))
    );
    for wrong in
        ["login.microsoftonline.us", "http://login.microsoftonline.us", "https://login.example/tenant"]
    {
        assert_eq!(settings(&[("AZURE_AUTHORITY_HOST", wrong)]).1.len(), 1, "{wrong}");
    }
}

#[test]
fn a_connection_string_is_refused_without_its_key() {
    for text in ["UseDevelopmentStorage=true", "DefaultEndpointsProtocol=https;AccountKey=hunter2"] {
        let (_, problems) = settings(&[("STORE", text)]);
        let told = told(&problems);
        assert!(told.contains("name the container") && !told.contains("hunter2"), "{told}");
    }
}

#[test]
fn the_same_is_welcome_on_one_machine() {
    with(&[], None, |process| {
        let (settings, problems) = Settings::read(process);
        assert_eq!(problems, []);
        assert_eq!(Config::load(Source::find(&settings, process), &settings).unwrap().source, Source::Demo);
    });
}

#[test]
fn a_file_in_the_working_folder_is_found_and_a_named_one_goes_before() {
    let folder = folder(&[
        ("scheduling.toml", &clinic_with("name = \"Here\"")),
        ("other.toml", &clinic_with("name = \"There\"")),
    ]);
    let name_of = |variables: &[(&str, &str)]| {
        with(variables, Some(folder.path()), |process| {
            let config = load(process);
            config.map(|config| config.services[0].name.default.clone())
        })
    };
    assert_eq!(name_of(&[]).unwrap(), "Here");
    let other = folder.path().join("other.toml");
    assert_eq!(name_of(&[("SCHEDULING_CONFIG", other.to_str().unwrap())]).unwrap(), "There");
    let missing = name_of(&[("SCHEDULING_CONFIG", "/nowhere/scheduling.toml")]).unwrap_err();
    assert!(told(&missing).starts_with("/nowhere/scheduling.toml: cannot be read"), "{}", told(&missing));
}

#[test]
fn the_setting_for_retention_goes_before_the_file() {
    let text = clinic_with("name = \"Flu shot\"") + "\n[ledger]\nretention_days = 90\n";
    let days = |variables| read(&text).unwrap().retention_days(&settings(variables).0);
    assert_eq!((days(&[]), days(&[("RETENTION_DAYS", "7")])), (90, 7));
}

fn load(process: &Process<'_>) -> Result<Config, Vec<Problem>> {
    let settings = Settings::read(process).0;
    Config::load(Source::find(&settings, process), &settings)
}

/// A file with one clinic and one service that has this name.
fn clinic_with(name: &str) -> String {
    format!(
        "[[service]]\nid = \"flu\"\nduration_minutes = 20\n{name}\n\n\
         [[clinic]]\nid = \"a\"\nname = \"A\"\ntime_zone = \"Europe/Madrid\"\n\
         hours = {{ mon = [\"08:00-17:00\"] }}\n\n\
         [[clinic.practitioner]]\nid = \"p\"\nname = \"P\"\n"
    )
}

/// What a table in the README and the program's own help leave out, nobody finds.
#[test]
fn every_setting_is_in_the_readme_and_in_the_help() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = |path: &str| std::fs::read_to_string(root.join(path)).expect("a file");
    let sample: serde_json::Value = serde_json::from_str(&text("local.settings.sample.json")).expect("JSON");
    let listed = sample["Values"].as_object().expect("values").keys();
    let readme = text("README.md");
    let rows: Vec<&str> = readme
        .lines()
        .skip_while(|line| *line != "| setting | default | what it is | in Azure from |")
        .take_while(|line| line.starts_with('|'))
        .collect();
    let help = text("src/main.rs");
    let own =
        listed.filter(|name| !["FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"].contains(&name.as_str()));
    for name in own {
        assert!(sample["About"][name].is_string(), "`{name}` is not explained in the sample");
        assert!(
            rows.iter().any(|row| row.contains(&format!("`{name}`"))),
            "`{name}` has no row in the README"
        );
        // Of these the help names one, and says that there are others.
        let is_told = help.contains(name.as_str()) || name.starts_with("OTEL_");
        assert!(is_told, "`{name}` is not in the help");
    }
}
