//! `kill -9` at random moments under concurrent booking: no booking that was told is lost, none is doubled,
//! none is half.
//!
//! What is true is read from the database by itself, not asked of the code under test.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use healthbot_scheduler::clock::Clock;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::fakes::functions_host::{FunctionsHost, Reply, invocation};

const KILLS: usize = 100;
const CLIENTS: usize = 8;

/// Few practitioners and long days, so that the clients meet at the same slots and never run out of them.
const CLINIC: &str = r#"
[[service]]
id = "flu"
name = "Flu vaccine"
duration_minutes = 10
min_notice_minutes = 0
max_advance_days = 60

[[service]]
id = "covid"
name = "COVID-19 vaccine"
duration_minutes = 20
buffer_after_minutes = 5
min_notice_minutes = 0
max_advance_days = 60
series = { doses = 2, min_days = 7, max_days = 14 }

[[service]]
id = "class"
name = "Class"
duration_minutes = 60
capacity = 4
min_notice_minutes = 0
max_advance_days = 60

[[clinic]]
id = "north"
name = "North"
time_zone = "America/New_York"
address = { street = "1 Main St", city = "Albany", state = "NY", postal_code = "12207", country = "US" }
hours = { mon = ["00:00-24:00"], tue = ["00:00-24:00"], wed = ["00:00-24:00"], thu = ["00:00-24:00"], fri = ["00:00-24:00"], sat = ["00:00-24:00"], sun = ["00:00-24:00"] }

[[clinic.practitioner]]
id = "a"
name = "Dr. A"

[[clinic.practitioner]]
id = "b"
name = "Dr. B"
"#;

/// A booking that a client was told stands.
#[derive(Debug, Clone)]
struct Told {
    code: String,
    email: String,
    starts: Vec<String>,
}

#[derive(Default)]
struct Talk {
    told: Mutex<Vec<Told>>,
    cancelled: Mutex<Vec<String>>,
    requests: AtomicUsize,
    unanswered: AtomicUsize,
    /// Bookings that a kill left unfinished: asked again when everything is settled.
    unfinished: Mutex<Vec<(String, usize, Value)>>,
    stop: AtomicBool,
}

fn kills() -> usize {
    KILLS * if crate::soak() { 50 } else { 1 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_told_is_lost_and_nothing_is_doubled_over_a_hundred_kills() {
    let host = Arc::new(tokio::sync::RwLock::new(FunctionsHost::start(Some(CLINIC)).await));
    let talk = Arc::new(Talk::default());
    let clients: Vec<_> =
        (0..CLIENTS).map(|client| tokio::spawn(keep_booking(host.clone(), talk.clone(), client))).collect();
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    for kill in 1..=kills() {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // From at once to well into the work.
        tokio::time::sleep(Duration::from_micros((random >> 33) % 220_000)).await;
        let mut host = host.write().await;
        host.restart().await;
        let timer = host.timer().await;
        assert_eq!(timer.status, 200, "{:?}\n{}", timer.body, host.log());
        if kill % 10 == 0 {
            check(&host, &talk, false);
        }
        if kill % 50 == 0 {
            println!("{kill} kills, {} bookings told", talk.told.lock().len());
        }
    }
    talk.stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.expect("a client");
    }
    let host = host.read().await;
    // What the last kills left is settled once it is stale.
    let patience = Instant::now();
    loop {
        let timer = host.timer().await;
        assert_eq!(timer.status, 200);
        if host.documents("pending/").is_empty() {
            break;
        }
        assert!(patience.elapsed() < Duration::from_secs(100), "markers stay: {}", left(&host, &timer));
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    check(&host, &talk, true);
    ask_again(&host, &talk).await;
    check(&host, &talk, false);
    let told = talk.told.lock().clone();
    println!(
        "{} kills: {} requests, {} of them cut off, {} bookings told, {} cancelled; 0 lost, 0 double, 0 half",
        kills(),
        talk.requests.load(Ordering::Relaxed),
        talk.unanswered.load(Ordering::Relaxed),
        told.len(),
        talk.cancelled.lock().len(),
    );
    assert!(told.len() > kills(), "the clients hardly got anything booked: {}", told.len());
    assert!(talk.unanswered.load(Ordering::Relaxed) > 0, "no request was ever cut off by a kill");
    for told in told.iter().rev().take(20) {
        let found = host
            .call("get-appointment", json!({"confirmationCode": told.code, "contact": {"email": told.email}}))
            .await;
        assert_eq!(found.outcome(), "found", "{:?}", found.body);
    }
}

/// What is left unfinished, and what was said about it.
fn left(host: &FunctionsHost, timer: &Reply) -> String {
    let warnings =
        host.log().lines().filter(|line| !line.contains("\"info\"")).collect::<Vec<_>>().join("\n");
    let markers: Vec<String> = host.documents("pending/").into_iter().map(|(key, _)| key).collect();
    let of_markers = |key: &str| markers.iter().any(|marker| marker.contains(&key["booking/".len()..]));
    let bookings: Vec<_> =
        host.documents("booking/").into_iter().filter(|(key, _)| of_markers(key)).collect();
    format!("{markers:?}\n{bookings:?}\n{}\n{warnings}", timer.body)
}

/// Asks again for what a kill left unfinished: it is booked now, or the slot went to somebody else.
async fn ask_again(host: &FunctionsHost, talk: &Talk) {
    let unfinished = std::mem::take(&mut *talk.unfinished.lock());
    for (email, doses, body) in unfinished {
        let reply = host.call("book", body).await;
        assert!(["booked", "slotTaken"].contains(&reply.outcome()), "{:?}", reply.body);
        if reply.outcome() == "booked" {
            let starts = starts_of(&reply.body);
            assert_eq!(starts.len(), doses, "a half series was told: {:?}", reply.body);
            let code = reply.body["confirmationCode"].as_str().expect("a code").to_owned();
            talk.told.lock().push(Told { code, email, starts });
        }
    }
}

/// One patient after another, until told to stop. A call that is cut off is repeated as the host would.
async fn keep_booking(host: Arc<tokio::sync::RwLock<FunctionsHost>>, talk: Arc<Talk>, client: usize) {
    let mut turn = client;
    while !talk.stop.load(Ordering::Relaxed) {
        turn += 1;
        let (service, doses) = [("flu", 1), ("covid", 2), ("class", 1)][turn % 3];
        let Some(slots) = choose(&host, service, doses, turn).await else { continue };
        let email = format!("patient{client}-{turn}@example.org");
        let body = json!({
            "slotIds": slots,
            "patient": {"name": format!("Patient {client}-{turn}"), "email": email},
            "requestId": format!("{client}-{turn}"),
        });
        let Some(reply) = insist(&host, &talk, "book", body.clone()).await else {
            talk.unfinished.lock().push((email, doses, body));
            continue;
        };
        if reply.outcome() != "booked" {
            continue;
        }
        let code = reply.body["confirmationCode"].as_str().expect("a code").to_owned();
        let starts = starts_of(&reply.body);
        assert_eq!(starts.len(), doses, "a half series was told: {:?}", reply.body);
        if turn.is_multiple_of(7) {
            // From the moment it is asked for, either is the truth until the answer is there.
            let body = json!({"confirmationCode": code, "contact": {"email": email}, "requestId": format!("c{client}-{turn}")});
            if let Some(reply) = insist(&host, &talk, "cancel", body).await
                && ["cancelled", "alreadyCancelled"].contains(&reply.outcome())
            {
                talk.cancelled.lock().push(code);
            }
        } else {
            talk.told.lock().push(Told { code, email, starts });
        }
    }
}

/// Repeats a call a few times until it is answered. What was killed in the middle is only settled a minute later.
async fn insist(
    host: &tokio::sync::RwLock<FunctionsHost>,
    talk: &Talk,
    function: &str,
    body: Value,
) -> Option<Reply> {
    let invocation = invocation();
    for _ in 0..4 {
        talk.requests.fetch_add(1, Ordering::Relaxed);
        // The lock is not held while waiting for the answer: a kill comes whenever it comes.
        let (client, url) = {
            let host = host.read().await;
            (host.client().clone(), host.url(&format!("/api/{function}")))
        };
        let sent = client
            .post(url)
            .header("X-Azure-Functions-InvocationId", &invocation)
            .timeout(Duration::from_secs(2))
            .json(&body)
            .send()
            .await;
        match sent {
            Ok(response) if response.status() == 200 => {
                if let Ok(body) = response.json::<Value>().await {
                    let reply = Reply { status: 200, headers: reqwest::header::HeaderMap::default(), body };
                    return (reply.outcome() != "inProgress").then_some(reply);
                }
            }
            Ok(response) => {
                let status = response.status();
                assert!(status.is_server_error(), "{status}: {:?}", response.text().await);
            }
            Err(_) => drop(talk.unanswered.fetch_add(1, Ordering::Relaxed)),
        }
        if talk.stop.load(Ordering::Relaxed) {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}

/// Slots a patient would choose: spread over the days, and often somebody else's choice too.
async fn choose(
    host: &tokio::sync::RwLock<FunctionsHost>,
    service: &str,
    doses: usize,
    turn: usize,
) -> Option<Vec<String>> {
    let mut chosen: Vec<String> = Vec::new();
    for dose in 1..=doses {
        let day = date_in(turn % 9 + 1 + (dose - 1) * 10);
        let mut body = json!({"locationId": "embedded:north", "serviceId": service, "date": day, "dose": dose, "limit": 6});
        if let Some(first) = chosen.first() {
            body["after"] = json!(first);
        }
        let (client, url) = {
            let host = host.read().await;
            (host.client().clone(), host.url("/api/get-slots"))
        };
        let reply: Value = client.post(url).json(&body).send().await.ok()?.json().await.ok()?;
        let slots = reply["slots"].as_array()?;
        chosen.push(slots.get(turn % slots.len().max(1))?["id"].as_str()?.to_owned());
    }
    Some(chosen)
}

/// A date some days from now in New York, near enough.
fn date_in(days: usize) -> String {
    let days = chrono::Days::new(u64::try_from(days).expect("a few days"));
    (Clock::system().now().date_naive() + days).to_string()
}

fn starts_of(reply: &Value) -> Vec<String> {
    let appointments = reply["appointments"].as_array().cloned().unwrap_or_default();
    appointments
        .iter()
        .map(|appointment| appointment["start"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Holds the store against what was told. `settled`: nothing may be unfinished any more.
fn check(host: &FunctionsHost, talk: &Talk, settled: bool) {
    // Told first: what is read from the store afterwards can only be newer.
    let told = talk.told.lock().clone();
    let bookings: HashMap<String, Value> = host
        .documents("booking/")
        .into_iter()
        .map(|(key, booking)| (key["booking/".len()..].to_owned(), booking))
        .collect();
    for told in &told {
        let booking = bookings.get(&told.code.replace('-', "")).unwrap_or_else(|| panic!("lost: {told:?}"));
        assert_eq!(booking["state"], "confirmed", "told as booked: {told:?}");
        let doses = booking["doses"].as_array().expect("doses");
        assert_eq!(doses.len(), told.starts.len(), "half: {told:?}");
        for (dose, start) in doses.iter().zip(&told.starts) {
            assert_eq!(
                instant(dose["time"][0].as_str().unwrap_or_default()),
                instant(start),
                "moved: {told:?}"
            );
            assert!(dose["place"].is_object(), "nowhere: {told:?}");
        }
    }
    let mut standing: BTreeMap<(String, i64), (String, i64, usize)> = BTreeMap::new();
    for booking in bookings.values().filter(|booking| booking["state"] == "confirmed") {
        let doses = booking["doses"].as_array().expect("doses");
        let service = booking["service"].as_str().expect("a service");
        assert_eq!(doses.len(), if service == "covid" { 2 } else { 1 }, "a half series is in the store");
        for dose in doses.iter().filter(|dose| dose["status"] == "booked") {
            let place = &dose["place"];
            let practitioner = place["practitioner"].as_str().expect("a practitioner").to_owned();
            let from = instant(place["buffered"][0].as_str().expect("a time"));
            let until = instant(place["buffered"][1].as_str().expect("a time"));
            let seats = standing.entry((practitioner, from)).or_insert((service.to_owned(), until, 0));
            assert_eq!((seats.0.as_str(), seats.1), (service, until), "two services at one moment");
            seats.2 += 1;
            let capacity = if service == "class" { 4 } else { 1 };
            assert!(seats.2 <= capacity, "over capacity at {from}");
        }
    }
    let mut last: Option<(&String, i64)> = None;
    for ((practitioner, from), (_, until, _)) in &standing {
        if let Some((before, busy_until)) = last {
            assert!(before != practitioner || busy_until <= *from, "double: {practitioner} at {from}");
        }
        last = Some((practitioner, *until));
    }
    if settled {
        for booking in bookings.values() {
            let state = booking["state"].as_str().unwrap_or_default();
            assert!(["confirmed", "undone", "cancelled"].contains(&state), "unfinished: {state}");
        }
        let confirmed =
            |code: &str| bookings.get(code).is_some_and(|booking| booking["state"] == "confirmed");
        for (day, document) in host.documents("day/") {
            for entry in document["entries"].as_array().expect("entries") {
                assert!(
                    confirmed(entry["c"].as_str().unwrap_or_default()),
                    "an entry of nobody's stays on {day}"
                );
            }
        }
    }
}

fn instant(text: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(text).expect("RFC 3339").timestamp()
}
