//! What operators are told: events by name in the log, one trace from the caller to the vendor, and the same at a
//! collector of OpenTelemetry, which may do what it likes without a patient noticing.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use healthbot_scheduler::telemetry::{
    FIELDS,
    events::{EVENTS, Event},
    span::ATTRIBUTES,
};
use opentelemetry_proto::tonic::{
    metrics::v1::{Metric, metric::Data, number_data_point},
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    conformance::{
        self, bookings_town,
        town::{Town, ada, adas},
    },
    fakes::{
        collector::{Collector, Told, attribute, hex},
        functions_host::FunctionsHost,
        graph_simulator::{Misbehaviour, Rule},
    },
};

/// Of [`FunctionsHost::call`].
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

const STATE: &str = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";

/// The lines of the log, as the host would pass them on.
fn lines(host: &FunctionsHost) -> Vec<Value> {
    host.log().lines().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

fn of_event<'a>(lines: &'a [Value], event: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["event"] == event).collect()
}

/// A call with these headers of a trace.
async fn traced(host: &FunctionsHost, function: &str, headers: &[(&str, &str)], body: &Value) -> Value {
    let mut request = host.client().post(host.url(&format!("/api/{function}"))).json(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer").json().await.expect("an object")
}

fn trace_of(traceparent: &str) -> (&str, &str) {
    let parts: Vec<&str> = traceparent.split('-').collect();
    assert!(matches!(parts[..], ["00", _, _, _]), "{traceparent}");
    (parts[1], parts[2])
}

/// The town at Graph, restarted with more settings.
async fn town_with(settings: &[(&str, &str)]) -> Town {
    let mut town = bookings_town::town().await;
    for (name, value) in settings {
        town.host.set(name, value);
    }
    town.host.restart().await;
    town
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_has_its_name_and_its_fields() {
    let mut town = town_with(&[]).await;
    town.graph().reset_counts();
    let slot = town.slot("flu", 3).await;
    // It has done nothing, so it is asked again.
    town.graph().misbehave(Rule::new(Misbehaviour::Throttled).on("POST", "appointments").times(1));
    let booked = town.host.call("book", json!({"slotIds": [slot], "patient": ada()})).await;
    assert_eq!(booked.outcome(), "booked", "{}", booked.body);
    assert_eq!(town.host.call("get-appointment", adas(&booked.body)).await.outcome(), "found");
    town.host.call("no-such-function", json!({})).await;
    assert_eq!(town.host.timer().await.status, 200);
    let trips = town.graph().counts().round_trips;
    assert_eq!(town.host.terminate().await.code(), Some(0));
    // Of the second process: the first has a `start` of its own.
    let lines = lines(&town.host);

    let known: BTreeMap<&str, &Event> = EVENTS.iter().map(|event| (event.name, event)).collect();
    for line in lines.iter().filter(|line| line.get("event").is_some()) {
        let name = line["event"].as_str().expect("a name");
        let event = known.get(name).unwrap_or_else(|| panic!("`{name}` is not in the list"));
        for field in event.fields {
            assert!(!line[*field].is_null(), "`{name}` lacks `{field}`: {line}");
        }
        let around = ["time", "level", "event", "message", "trace", "invocation"];
        for (field, value) in line.as_object().expect("an object") {
            let named = [event.fields, event.also, &around].iter().any(|list| list.contains(&field.as_str()));
            assert!(named, "`{name}` has a `{field}` that nobody is told of: {line}");
            assert_eq!(value.is_u64(), NUMBERS.contains(&field.as_str()), "`{field}` of {line}");
            assert_ne!(value, "…", "`{field}` is not on the list of fields: {line}");
        }
    }
    for event in EVENTS.iter().filter(|event| !ELSEWHERE.contains(&event.name)) {
        assert!(
            !of_event(&lines, event.name).is_empty(),
            "`{}` never came:\n{}",
            event.name,
            town.host.log()
        );
    }

    let requests: Vec<(String, String, String)> = of_event(&lines, "request")
        .iter()
        .map(|line| {
            let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
            (text("function"), text("outcome"), text("provider"))
        })
        .collect();
    let expected = [
        ("get-slots", "ok", "bookings"),
        ("book", "booked", "bookings"),
        ("get-appointment", "found", "bookings"),
        ("none", "noSuchFunction", ""),
        ("reconcile", "reconciled", ""),
    ];
    let expected: Vec<_> =
        expected.iter().map(|(f, o, p)| ((*f).to_owned(), (*o).to_owned(), (*p).to_owned())).collect();
    assert_eq!(requests, expected, "each request once, in order");
    let vendor = of_event(&lines, "vendor");
    let calls = vendor.iter().filter(|line| line["client_request_id"].is_string()).count();
    assert_eq!(calls, usize::try_from(trips).expect("few"), "each call of Graph once");
    assert!(vendor.iter().all(|line| line["status"].is_u64() || line["trouble"].is_string()), "{vendor:?}");
    assert_eq!(of_event(&lines, "start").len(), 2, "of two processes");
    let reconciled = of_event(&lines, "reconciled");
    // The first process may have been killed before it was so far.
    assert!((2..=3).contains(&reconciled.len()), "at each start, and by the timer: {reconciled:?}");
    let throttled = vendor.iter().find(|line| line["status"] == 429).expect("the one that was throttled");
    assert_eq!((&throttled["level"], &throttled["provider"]), (&json!("warning"), &json!("graph")));
    assert!(throttled["trouble"].is_string() && throttled["trace"] == TRACE, "{throttled}");
    let caches: BTreeSet<&str> =
        of_event(&lines, "cache").iter().filter_map(|line| line["cache"].as_str()).collect();
    assert_eq!(caches, BTreeSet::from(["catalogue", "openings"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_left_is_told_with_its_age() {
    let host = FunctionsHost::start(Some(&conformance::scheduling_toml())).await;
    host.timer().await;
    let ages = || -> Vec<(u64, u64)> {
        let (lines, number) = (lines(&host), |value: &Value| value.as_u64().expect("a number"));
        let told = of_event(&lines, "reconciled");
        told.iter().map(|line| (number(&line["looked_at"]), number(&line["oldest_pending_s"]))).collect()
    };
    assert_eq!(ages().last(), Some(&(0, 0)), "nothing was left");
    // A process that was killed two hours ago, after it had marked what it would begin.
    let database = rusqlite::Connection::open(host.store_path()).expect("the database");
    database.busy_timeout(Duration::from_secs(5)).expect("a time-out");
    let marker = "INSERT INTO documents (key, etag, written, bytes)
        VALUES ('pending/7GK2MQ4RWX.1', 900000, unixepoch() - 7200, x'')";
    database.execute(marker, []).expect("a marker");
    host.timer().await;
    let told = ages();
    let (looked_at, age) = told.last().expect("a run");
    assert!(*looked_at == 1 && (7200..7260).contains(age), "{told:?}\n{}", host.log());
}

/// The fields that queries count with.
const NUMBERS: [&str; 12] = [
    "confirmed",
    "failed",
    "finished",
    "hits",
    "looked_at",
    "misses",
    "ms",
    "oldest_pending_s",
    "purged",
    "status",
    "undone",
    "waiting",
];

/// Events that come of what other tests do.
const ELSEWHERE: [&str; 2] = ["config", "secret"];

/// What an exporter is set to, so that a test need not wait for it.
fn exporting(collector: &str) -> Vec<(&'static str, String)> {
    vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.to_owned()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20key, x-tenant=clinic".to_owned()),
        ("OTEL_BSP_SCHEDULE_DELAY", "100".to_owned()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_goes_on_to_the_vendor_though_nobody_collects_it() {
    let mut town = town_with(&[("LOG", "error")]).await;
    let search = json!({"locationId": town.site("north"), "serviceId": "flu", "when": "nextWeek"});
    let parent = format!("00-{TRACE}-{CALLER}-01");
    let told = [("traceparent", parent.as_str()), ("tracestate", STATE), ("baggage", "patient=Zebulon")];
    traced(&town.host, "get-slots", &told, &search).await;
    let log = town.host.log();
    assert!(log.contains(r#""event":"request""#), "events are written whatever the level: {log}");
    let calls = town.graph().traces();
    let ours: Vec<_> = calls
        .iter()
        .filter(|call| call.traceparent.as_deref().is_some_and(|told| trace_of(told).0 == TRACE))
        .collect();
    assert!(ours.iter().any(|call| call.path == "/identity/token"), "the login is part of it: {calls:?}");
    assert!(ours.iter().filter(|call| call.path.starts_with("/v1.0")).count() >= 2, "{calls:?}");
    let mut spans = BTreeSet::from([CALLER]);
    for call in &ours {
        let told = call.traceparent.as_deref().expect("a place");
        assert!(spans.insert(trace_of(told).1), "each call has a place of its own: {calls:?}");
        assert!(told.ends_with("-01"), "the caller has decided: {told}");
        assert_eq!(call.tracestate.as_deref(), Some(STATE), "as it came");
    }
    // What the timer of the start has asked for belongs to a trace of its own.
    assert!(calls.iter().all(|call| call.traceparent.is_some() && call.baggage.is_none()), "{calls:?}");

    town.host.set("LOG", "info");
    town.host.restart().await;
    let before = town.graph().traces().len();
    let broken = format!("00-{}-{CALLER}-01", "0".repeat(32));
    traced(&town.host, "get-slots", &[("traceparent", &broken), ("tracestate", STATE)], &search).await;
    let calls = town.graph().traces().split_off(before);
    let lines = lines(&town.host);
    let of_requests = of_event(&lines, "request");
    let trace = of_requests.last().expect("a request")["trace"].as_str().expect("a trace").to_owned();
    assert!(trace.len() == 32 && trace.bytes().any(|byte| byte != b'0'), "{trace}");
    let ours =
        calls.iter().filter(|call| call.traceparent.as_deref().map(|told| trace_of(told).0) == Some(&trace));
    let states: Vec<_> = ours.map(|call| call.tracestate.as_deref()).collect();
    assert!(
        states.len() >= 2 && states.iter().all(Option::is_none),
        "a new trace, without a state: {calls:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_is_told_of_a_booking_from_the_caller_to_the_vendor() {
    let collector = Collector::start().await;
    let mut town = bookings_town::town().await;
    for (name, value) in exporting(&collector.url) {
        town.host.set(name, &value);
    }
    town.host.set("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=a%20test,service.name=overruled");
    town.host.set("OTEL_SERVICE_NAME", "the-clinic");
    town.host.restart().await;
    let slot = town.slot("flu", 3).await;
    town.graph().misbehave(Rule::new(Misbehaviour::Throttled).on("POST", "appointments").times(1));
    let asked = town.graph().traces().len();
    let booked = town.host.call("book", json!({"slotIds": [slot], "patient": ada()})).await;
    assert_eq!(booked.outcome(), "booked", "{}", booked.body);
    let asked: BTreeSet<String> = town.graph().traces()[asked..]
        .iter()
        .filter(|call| call.path.starts_with("/v1.0"))
        .filter_map(|call| Some(trace_of(call.traceparent.as_deref()?).1.to_owned()))
        .collect();
    assert_eq!(town.host.call("get-appointment", json!({"confirmationCode": {}})).await.status, 400);
    assert_eq!(town.host.terminate().await.code(), Some(0));

    let told = collector.told();
    assert_eq!(attribute(&told.resource, "service.name"), "the-clinic");
    assert_eq!(attribute(&told.resource, "deployment.environment.name"), "a test");
    assert!(
        told.headers.iter().all(|headers| headers["api-key"] == "a key" && headers["x-tenant"] == "clinic")
    );
    let book = only(&told, |span| span.name == "POST /api/book");
    assert_eq!((hex(&book.trace_id), hex(&book.parent_span_id)), (TRACE.to_owned(), CALLER.to_owned()));
    assert_eq!(book.kind, SpanKind::Server as i32);
    for (name, value) in [
        ("function", "book"),
        ("outcome", "booked"),
        ("provider", "bookings"),
        ("http.route", "/api/book"),
        ("http.request.method", "POST"),
        ("http.response.status_code", "200"),
        ("faas.trigger", "http"),
    ] {
        assert_eq!(attribute(&book.attributes, name), value, "{name}");
    }
    let within: Vec<&Span> = told.spans.iter().filter(|span| span.parent_span_id == book.span_id).collect();
    let calls: BTreeSet<String> = within
        .iter()
        .filter(|span| attribute(&span.attributes, "provider") == "graph")
        .map(|span| hex(&span.span_id))
        .collect();
    assert_eq!(calls, asked, "Graph and the collector are told of the same calls");
    let throttled = within.iter().find(|span| attribute(&span.attributes, "error.type") == "429");
    let throttled = throttled.expect("the one that was throttled");
    assert_eq!(throttled.status.as_ref().expect("a status").code, StatusCode::Error as i32);
    for span in &told.spans {
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano && span.start_time_unix_nano > 0);
        assert!(span.events.is_empty() && span.links.is_empty());
        for attribute in &span.attributes {
            let name = attribute.key.as_str();
            assert!(FIELDS.contains(&name) || ATTRIBUTES.contains(&name), "`{name}` is told and on no list");
        }
    }

    let names: BTreeSet<&str> = told.metrics.iter().map(|metric| metric.name.as_str()).collect();
    let expected = [
        "http.client.request.duration",
        "http.server.request.duration",
        "scheduling.cache.lookups",
        "scheduling.pending.oldest",
        "scheduling.reconciled",
    ];
    assert_eq!(names, BTreeSet::from(expected));
    let requests = last(&told, "http.server.request.duration");
    let Some(Data::Histogram(durations)) = &requests.data else { panic!("{requests:?}") };
    let booked =
        durations.data_points.iter().find(|point| attribute(&point.attributes, "outcome") == "booked");
    let booked = booked.expect("the booking");
    assert_eq!((booked.count, attribute(&booked.attributes, "provider").as_str()), (1, "bookings"));
    assert!(booked.sum.is_some_and(|seconds| seconds > 0.0 && seconds < 20.0), "{booked:?}");
    let lookups = last(&told, "scheduling.cache.lookups");
    let Some(Data::Sum(sum)) = &lookups.data else { panic!("{lookups:?}") };
    let missed = sum.data_points.iter().find(|point| {
        attribute(&point.attributes, "cache") == "catalogue" && attribute(&point.attributes, "hit") == "false"
    });
    assert!(
        matches!(missed.expect("the first read").value, Some(number_data_point::Value::AsInt(1))),
        "{sum:?}"
    );
}

fn only(told: &Told, which: impl Fn(&Span) -> bool) -> &Span {
    let found: Vec<&Span> = told.spans.iter().filter(|span| which(span)).collect();
    assert_eq!(found.len(), 1, "{:?}", told.spans.iter().map(|span| &span.name).collect::<Vec<_>>());
    found[0]
}

fn last<'a>(told: &'a Told, name: &str) -> &'a Metric {
    told.metrics.iter().rfind(|metric| metric.name == name).expect(name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_sampled_is_not_told_and_says_so_to_the_vendor() {
    let collector = Collector::start().await;
    let mut town = bookings_town::town().await;
    for (name, value) in exporting(&collector.url) {
        town.host.set(name, &value);
    }
    town.host.set("OTEL_METRICS_EXPORTER", "none");
    town.host.set("OTEL_TRACES_SAMPLER", "parentbased_always_off");
    town.host.restart().await;
    let search = json!({"locationId": town.site("north"), "serviceId": "flu", "when": "nextWeek"});
    let before = town.graph().traces().len();
    traced(&town.host, "get-locations", &[], &json!({})).await;
    let flags = |flags: &str| {
        let calls = town.graph().traces().split_off(before);
        calls
            .iter()
            .filter(|call| call.traceparent.as_deref().is_some_and(|told| told.ends_with(flags)))
            .count()
    };
    assert!(flags("-02") >= 1 && flags("-03") + flags("-01") == 0, "{:?}", town.graph().traces());
    let parent = format!("00-{TRACE}-{CALLER}-01");
    traced(&town.host, "get-slots", &[("traceparent", &parent)], &search).await;
    assert_eq!(town.host.terminate().await.code(), Some(0));
    let told = collector.told();
    assert!(told.metrics.is_empty());
    assert!(told.spans.len() >= 2, "its caller's trace is sampled");
    assert!(told.spans.iter().all(|span| hex(&span.trace_id) == TRACE), "{:?}", told.spans);
}

/// How long each of many requests took, and then the end.
async fn paces(settings: &[(&str, String)]) -> (Vec<Duration>, Duration, String) {
    let mut host = FunctionsHost::prepared(Some(&conformance::scheduling_toml()));
    for (name, value) in settings {
        host.set(name, value);
    }
    host.spawn();
    host.until_ready().await;
    let mut took = Vec::new();
    for number in 0..REQUESTS {
        let search = json!({
            "locationId": "embedded:north", "serviceId": "flu", "when": "nextWeek", "limit": 1 + number % 20,
        });
        let started = Instant::now();
        let reply = host.call("get-slots", search).await;
        took.push(started.elapsed());
        assert_eq!(reply.outcome(), "ok", "{}", reply.body);
    }
    let ending = Instant::now();
    assert_eq!(host.terminate().await.code(), Some(0), "{}", host.log());
    took.sort_unstable();
    (took, ending.elapsed(), host.log())
}

const REQUESTS: usize = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_hangs_or_is_away_delays_no_reply_and_hardly_the_end() {
    let (alone, ended_alone, _) = paces(&[]).await;
    let hanging = Collector::hanging().await;
    // Nobody listens there any more.
    let away = Collector::start().await.url.clone();
    for (what, url) in [("hangs", hanging.url.clone()), ("is away", away)] {
        let mut settings = exporting(&url);
        // A queue that is full after a few requests.
        settings.push(("OTEL_BSP_MAX_QUEUE_SIZE", "16".to_owned()));
        settings.push(("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8".to_owned()));
        let (took, ended, log) = paces(&settings).await;
        let (middle, slowest) = (took[REQUESTS / 2], took[REQUESTS - 1]);
        println!(
            "a collector that {what}: median {middle:?}, slowest {slowest:?}, end {ended:?}; without one {:?}, {:?}, \
             {ended_alone:?}",
            alone[REQUESTS / 2],
            alone[REQUESTS - 1],
        );
        // One that waited for the collector would take ten seconds.
        assert!(slowest < alone[REQUESTS - 1] + Duration::from_secs(1), "{what}: {slowest:?}");
        assert!(middle < alone[REQUESTS / 2] * 3 + Duration::from_millis(5), "{what}: {middle:?}");
        assert!(ended < ended_alone + Duration::from_secs(4), "{what}: the end took {ended:?}");
        if what == "is away" {
            let complaints = log.lines().filter(|line| line.contains("could not be exported")).count();
            assert!((1..=2).contains(&complaints), "once for spans and for metrics, not each time:\n{log}");
        }
    }
    assert!(!hanging.told().spans.is_empty(), "it was asked");
}
