//! Neither secrets nor patients are in anything that a run leaves: its log down to the finest level, its problems, its
//! audit trail, what its parts print of themselves, and the core file that there is none of.

use std::{os::unix::process::ExitStatusExt, process::Command};

use healthbot_scheduler::{
    clock::Clock,
    config::{Process, Settings},
    deployment::Deployment,
    secrets::Secret,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};

use super::{App, BOOKINGS, CLINIC, EASTSIDE};
use crate::fakes::azure::{Answers, CLIENT_ID};

const LEDGER: &str = "planted-ledger-secret-0123456789abcdef";
const OLDER: &str = "planted-older-secret-0123456789abcdef";
const CLIENT: &str = "planted-client-secret-0123456789abcdef";
const NEXT: &str = "planted-next-client-secret-0123456789";

/// Values that cannot be there by chance.
const PLANTED: [&str; 15] = [
    "simulated.", // of the tokens for Graph
    "planted-",   // of the secrets, and of whatever they became
    "Zebulon",
    "Quackenbush",
    "zebulon.q",
    "xylograph.example",
    "5185550147",
    "518 555 0147",
    "555-0147",
    "1971-03-29",
    "shellfish",
    "Ottoline",
    "grandmother",
    "request-of-zq",
    "not-the-handlers-business",
];

fn find(place: &str, text: &str, more: &[String]) {
    for planted in PLANTED.iter().copied().chain(more.iter().map(String::as_str)) {
        if let Some(at) = text.find(planted) {
            let line = text[..at].rfind('\n').map_or(0, |start| start + 1);
            panic!("`{planted}` is in {place}: {}", text[line..].lines().next().unwrap_or_default());
        }
    }
}

fn zebulon(nth: usize) -> Value {
    json!({"name": "Zebulon Quackenbush", "email": format!("zebulon.q{nth}@xylograph.example"), "phone": "+1 518 555 0147",
        "birthDate": "1971-03-29", "notes": "allergic to shellfish"})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_run_leaves_has_a_secret_or_a_patient_in_it() {
    // What this process may leave, those that it starts may too.
    let Rlimit { maximum, .. } = getrlimit(Resource::Core);
    setrlimit(Resource::Core, Rlimit { current: maximum, maximum }).expect("a limit");

    let mut app = App::prepared(&format!("{CLINIC}{BOOKINGS}")).await;
    let graph = app.with_graph().await;
    app.azure.put("ledger-secret", &format!("{LEDGER},{OLDER}"));
    app.azure.put("graph-client-secret", CLIENT);
    app.azure.only_takes(CLIENT);
    let trail = app.azurite.fresh_container();
    app.azurite.container(&trail).create(None).await.expect("a container");
    app.host.set("AUDIT", &trail);
    app.host.set("LOG", "trace");
    app.start().await;

    let (mut problems, mut codes) = (String::new(), Vec::new());
    let mut calls = 0;
    let mut call = async |app: &App, function: &str, body: Value| {
        calls += 1;
        let reply = app.host.call(function, body).await;
        if reply.status >= 400 {
            problems += &reply.body.to_string();
        }
        codes.extend(reply.body["confirmationCode"].as_str().map(str::to_owned));
        reply.body
    };
    // Booked, looked up, moved and cancelled, at a clinic of our own and in Bookings.
    let bookings = format!("bookings:{EASTSIDE}");
    let flu = "57da6774-a087-4d69-b0e6-6fb82c339976";
    for (nth, (location, service)) in [("embedded:north", "flu"), (&*bookings, flu)].into_iter().enumerate() {
        let slots = app.slots(location, service).await;
        let body = json!({"slotId": slots[3]["id"], "patient": zebulon(nth), "requestId": format!("request-of-zq-{nth}"),
            "bookedBy": {"name": "Ottoline", "relation": "grandmother"}, "notify": ["email"]});
        let booked = call(&app, "book", body).await;
        assert_eq!(booked["outcome"], "booked", "{booked}\n{}", app.host.log());
        let opens =
            json!({"confirmationCode": booked["confirmationCode"], "contact": {"phone": "+1 518 555 0147"}});
        assert_eq!(call(&app, "get-appointment", opens.clone()).await["outcome"], "found");
        let mut moves = opens.clone();
        moves["slotIds"] = json!([slots[7]["id"]]);
        assert_eq!(call(&app, "reschedule", moves).await["outcome"], "rescheduled");
        assert_eq!(call(&app, "cancel", opens.clone()).await["outcome"], "cancelled");
        let mut wrong = opens;
        wrong["contact"] = json!({"email": "zebulon.q@xylograph.example"});
        call(&app, "cancel", wrong).await;
        // What nobody understands.
        call(&app, "book", json!({"slotId": "Zebulon", "patient": "Quackenbush", "locale": "Ottoline"}))
            .await;
    }
    // Everything goes wrong: a replaced secret, a Graph that fails, a vault and a login that refuse.
    let slots = app.slots(&bookings, flu).await;
    let book = |nth: usize| json!({"slotId": slots[10 + nth]["id"], "patient": zebulon(10 + nth)});
    app.azure.put("graph-client-secret", NEXT);
    app.azure.only_takes(NEXT);
    graph.revoke_tokens();
    call(&app, "book", book(0)).await;
    app.azure.only_takes("none");
    graph.revoke_tokens();
    assert_eq!(call(&app, "book", book(1)).await["code"], "misconfigured");
    for answers in
        [Answers::WithoutRole, Answers::OfAnotherTenant, Answers::With(500, json!({"error": LEDGER}), 9)]
    {
        app.azure.vault(answers);
        app.host.restart().await;
        call(&app, "book", json!({"slotId": slots[20]["id"], "patient": zebulon(20)})).await;
        call(&app, "check", json!({})).await;
    }
    app.azure.vault(Answers::AsUsual);
    let checks = call(&app, "check", json!({})).await;
    assert!(calls >= 20 && !problems.is_empty() && codes.len() >= 2, "{calls} calls");

    // Sent as a crash would be.
    let ended = app.host.signal("-ABRT").await;
    assert_eq!((ended.signal(), ended.core_dumped()), (Some(6), false), "{ended:?}");
    let mut control =
        Command::new("sleep").arg("60").current_dir(app.host.folder()).spawn().expect("a process");
    Command::new("kill").args(["-ABRT", &control.id().to_string()]).status().expect("`kill` runs");
    let control = control.wait().expect("it ends");
    println!(
        "another program here {} a core file",
        if control.core_dumped() { "leaves" } else { "leaves no" }
    );
    for file in std::fs::read_dir(app.host.folder()).expect("the folder").flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        assert!(control.core_dumped() || !name.starts_with("core"), "{name}");
    }

    let log = app.host.log();
    assert!(log.lines().count() > 60, "{log}");
    find("the log", &log, &codes);
    find("a problem", &problems, &codes);
    find("the check", &checks.to_string(), &codes);
    let blobs = app.azurite.blobs(&trail).await;
    assert!(!blobs.is_empty());
    find("the audit trail", &format!("{blobs:?}"), &codes);
}

#[tokio::test]
async fn what_is_printed_of_a_deployment_has_no_secret_in_it() {
    let variables = [
        ("LEDGER_SECRET", LEDGER),
        ("GRAPH_CLIENT_SECRET", CLIENT),
        ("STORE", "http://127.0.0.1:1/devstoreaccount1/ledger?sig=planted-signature"),
        ("AUDIT", "http://127.0.0.1:1/devstoreaccount1/audit?sig=planted-signature"),
        (
            "SCHEDULING_CONFIG",
            "http://127.0.0.1:1/devstoreaccount1/config/scheduling.toml?sig=planted-signature",
        ),
        ("IDENTITY_HEADER", "planted-identity-header"),
        ("AZURE_CLIENT_ID", CLIENT_ID),
    ];
    let variable =
        |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let process = Process { variable: &variable, beside: None, working: None, stdout_is_terminal: false };
    let (settings, problems) = Settings::read(&process);
    assert_eq!(problems, []);
    let printed = format!("{settings:?}");
    let (deployment, followed) = Deployment::read(settings, problems, &process).await;
    let opened = deployment.open(&Clock::system());
    let secret = Secret::given("LEDGER_SECRET", LEDGER.into());
    let held = secret.value().await.expect("it is given");
    let told =
        opened.as_ref().map_err(|problems| problems.iter().map(ToString::to_string).collect::<String>());
    for text in [
        printed,
        format!("{deployment:?} {followed:?} {opened:?} {told:?}"),
        format!("{secret:?} {secret} {held:?}"),
        serde_json::to_string(&deployment.check_offline()).expect("JSON"),
    ] {
        find("what is printed", &text, &[]);
    }
}
