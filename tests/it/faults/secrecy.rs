//! What a patient says about themselves, and what opens their booking, is in no line that the process leaves.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    conformance,
    fakes::{
        collector::Collector,
        functions_host::{FunctionsHost, SECRET, invocation},
    },
};

/// Values that cannot be there by chance.
const SAID: [&str; 22] = [
    "Zebulon",
    "Quackenbush",
    "zebulon.q",
    "ZEBULON.Q",
    "xylograph.example",
    "5185550147",
    "518 555 0147",
    "(518) 555-0147",
    "555-0147",
    "1971-03-29",
    "3/29/1971",
    "shellfish",
    "Aspirin-plus",
    "grandmother",
    "Ottoline",
    "request-of-zq",
    "evil.example",
    "preferred-by-zq",
    "12208",
    "42.6421",
    "-73.7421",
    "not-the-handlers-business",
];

/// Whether a text has this word. One of digits stands for itself: a few of them are in any large number by chance.
fn stands_in(text: &str, word: &str) -> bool {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    text.match_indices(word).any(|(at, _)| {
        let around = [at.checked_sub(1), Some(at + word.len())];
        !digits || around.into_iter().flatten().all(|at| !is_digit(text.as_bytes().get(at)))
    })
}

async fn call(host: &FunctionsHost, function: &str, body: Value) -> Value {
    host.call_as(&invocation(), function, body).await.body
}

async fn visit(host: &FunctionsHost) -> Vec<String> {
    let near = json!({"near": {"latitude": 42.6421, "longitude": -73.7421}});
    call(host, "get-locations", near).await;
    call(host, "get-locations", json!({"near": {"postalCode": "12208"}})).await;
    call(host, "get-locations", json!({"near": {"postalCode": "Quackenbush"}})).await;
    let search = json!({"locationId": "embedded:north", "serviceId": "intake", "when": "tomorrow"});
    let slots = call(host, "get-slots", search).await;
    let slot = |number: usize| slots["slots"][number]["id"].clone();
    let patient = json!({
        "name": "Zebulon Quackenbush", "email": "Zebulon.Q@xylograph.example", "phone": "(518) 555-0147", "birthDate": "1971-03-29",
        "notes": "allergic to shellfish", "answers": {"allergies": "Yes", "medicines": "Aspirin-plus"}, "consentId": "intake-1",
    });
    let booking = json!({
        "slotId": slot(0), "patient": patient, "bookedBy": {"name": "Ottoline", "relation": "grandmother"}, "requestId": "request-of-zq",
        "notify": ["email"],
    });
    let booked = call(host, "book", booking.clone()).await;
    assert_eq!(booked["outcome"], "booked", "{booked}");
    call(host, "book", booking.clone()).await;
    let code = booked["confirmationCode"].as_str().expect("a code").to_owned();
    // Slips: in the wrong place, of the wrong kind, under a misspelt name, as a key.
    for slip in [
        json!({"slotId": "Zebulon", "patient": patient}),
        json!({"slotId": slot(1), "patient": "Zebulon Quackenbush"}),
        json!({"slotId": slot(1), "patinet": patient}),
        json!({"slotId": slot(1), "patient": {"Zebulon": "Quackenbush"}}),
        json!({"slotId": slot(1), "patient": {"name": "Zebulon", "email": "zebulon.q@", "phone": "555-0147x", "birthDate": "3/29/19711"}}),
        json!({"slotId": slot(1), "patient": {"name": "Zebulon", "answers": {"shellfish": "Aspirin-plus"}}}),
        json!({"slotId": slot(1), "patient": patient, "requestId": "request-of-zq"}),
        json!({"slotId": slot(1), "patient": patient, "locale": "Zebulon", "dose": "Quackenbush"}),
    ] {
        call(host, "book", slip).await;
    }
    let bodies = [r#"{"patient": {"name": "Zebulon Quackenbush"#, r#""Zebulon""#, "Zebulon=Quackenbush"];
    for body in bodies {
        for kind in ["application/json", "text/plain"] {
            let url = host.url("/api/book?code=not-the-handlers-business&name=Zebulon");
            let sent = host
                .client()
                .post(url)
                .header("Content-Type", kind)
                .header("Idempotency-Key", "request-of-zq")
                .body(body);
            sent.send().await.expect("an answer");
        }
    }
    let spellings =
        [code.clone(), code.to_lowercase(), code.replace('-', ""), code.replace('0', "O").replace('1', "I")];
    let contacts = [
        json!({"email": "zebulon.q@xylograph.example"}),
        json!({"phone": "518 555 0147"}),
        json!({"birthDate": "3/29/1971"}),
        json!({"email": "mallory@evil.example"}),
    ];
    for (spelling, contact) in spellings.iter().zip(contacts) {
        call(host, "get-appointment", json!({"confirmationCode": spelling, "contact": contact})).await;
        call(host, "get-appointment", json!({"confirmationCode": contact, "contact": spelling})).await;
    }
    let proof = json!({"confirmationCode": code, "contact": {"phone": "5185550147"}});
    let moved = json!({"confirmationCode": code, "contact": {"phone": "5185550147"}, "slotId": slot(2), "reason": "preferred-by-zq"});
    let moved = call(host, "reschedule", moved).await;
    assert_eq!(moved["outcome"], "rescheduled", "{moved}");
    let cancelled = call(host, "cancel", proof).await;
    assert_eq!(cancelled["outcome"], "cancelled", "{cancelled}");
    host.client()
        .get(host.url("/api/Zebulon/Quackenbush?email=zebulon.q@xylograph.example"))
        .send()
        .await
        .expect("an answer");
    host.timer().await;
    let compact = code.replace('-', "");
    vec![
        code.clone(),
        compact.clone(),
        code.to_lowercase(),
        compact.to_lowercase(),
        compact.replace('0', "O").replace('1', "I"),
    ]
}

fn text(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_a_patient_said_and_nothing_that_opens_a_booking_is_in_a_log_or_audit_line_or_at_a_collector()
{
    for format in ["json", "text"] {
        let collector = Collector::start().await;
        let mut host = FunctionsHost::prepared(Some(&conformance::scheduling_toml()));
        host.set("LOG", "trace");
        host.set("LOG_FORMAT", format);
        host.set("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url);
        host.spawn();
        host.until_ready().await;
        let codes = visit(&host).await;
        assert_eq!(host.terminate().await.code(), Some(0));
        let folder = host.folder();
        let trail = text(&folder.join("scheduling.audit.jsonl"));
        assert!(
            host.log().lines().count() > 20 && trail.lines().count() > 10,
            "there is something to look at"
        );
        let exported = collector.told();
        assert!(exported.spans.len() > 20 && !exported.metrics.is_empty(), "there is something to look at");
        let written = host.log() + &trail + &String::from_utf8_lossy(&exported.bytes);
        for word in SAID.iter().copied().chain(codes.iter().map(String::as_str)).chain([SECRET]) {
            let line = written.lines().find(|line| line.contains(word));
            assert!(line.is_none(), "`{word}` is in {line:?}");
        }
        // At rest, names and contacts are sealed or digested, and notes are not kept at all.
        for file in ["scheduling.db", "scheduling.db-wal"] {
            let bytes = text(&folder.join(file));
            for word in SAID {
                assert!(!stands_in(&bytes, word), "`{word}` is in {file}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_and_every_opening_leaves_an_audit_line() {
    let host = FunctionsHost::start(Some(&conformance::scheduling_toml())).await;
    let search = json!({"locationId": "embedded:north", "serviceId": "flu", "when": "tomorrow"});
    let slots = call(&host, "get-slots", search).await;
    let slot = |number: usize| slots["slots"][number]["id"].clone();
    let trail = || -> Vec<Value> {
        let lines = text(&host.folder().join("scheduling.audit.jsonl"));
        lines.lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
    };
    let body = json!({"slotId": slot(0), "patient": {"name": "Ada Quill", "email": "ada@example.org"}});
    let caller = invocation();
    let booked = host.call_as(&caller, "book", body).await.body;
    let proof =
        json!({"confirmationCode": booked["confirmationCode"], "contact": {"email": "ada@example.org"}});
    let wrong =
        json!({"confirmationCode": booked["confirmationCode"], "contact": {"email": "eve@example.org"}});
    let mut moving = proof.clone();
    moving["slotId"] = slot(3);
    let mut expected = vec![("book", "booked")];
    for (function, body, lines) in [
        (
            "book",
            json!({"slotId": slot(0), "patient": {"name": "Eve", "email": "eve@example.org"}}),
            vec!["slotTaken"],
        ),
        ("book", json!({"slotId": slot(1), "patient": {"name": "Eve", "email": "eve"}}), vec!["needsInput"]),
        ("get-appointment", proof.clone(), vec!["opened"]),
        ("get-appointment", wrong.clone(), vec!["notFound"]),
        (
            "get-slots",
            json!({"locationId": "embedded:north", "serviceId": "flu", "move": proof}),
            vec!["opened"],
        ),
        ("cancel", wrong, vec!["notFound"]),
        ("reschedule", moving, vec!["opened", "rescheduled"]),
        ("cancel", proof, vec!["opened", "cancelled"]),
    ] {
        call(&host, function, body).await;
        expected.extend(lines.into_iter().map(|outcome| (function, outcome)));
        let found = trail();
        let found: Vec<(&str, &str)> = found
            .iter()
            .filter_map(|line| Some((line["function"].as_str()?, line["outcome"].as_str()?)))
            .collect();
        assert_eq!(found, expected, "before the reply is there");
    }
    let trail = trail();
    assert_eq!(trail[0]["invocation"], caller);
    assert_eq!(trail[0]["trace"], "0af7651916cd43dd8448eb211c80319c");
    let reference = trail[0]["reference"].as_str().expect("a reference");
    let about = trail.iter().filter(|line| line["reference"] == reference).count();
    assert_eq!(about, 9, "all that concern the booking name it alike: {trail:?}");
    for line in &trail {
        chrono::DateTime::parse_from_rfc3339(line["at"].as_str().expect("a time")).expect("RFC 3339");
    }
}
