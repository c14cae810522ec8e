//! Bookings by 64 clients on the real disk, beside bare writers that group-commit the same writes.
//!
//! How many writes a booking makes, of which size, and which of them wait for which, is counted on the library
//! first: a store that counts stands before the real one. A bare writer's 64 waiters then make the same.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::TimeDelta;
use healthbot_scheduler::{
    clock::Clock,
    config::{Config, Process, Settings, Source},
    ledger::{Ledger, Random, ring::Ring},
    provider::Provider,
    providers::Providers,
    scheduling::{BookOutcome, BookRequest, Caller, Mode, Scheduling, TypedPatient},
    store::{Condition, Etag, Page, Put, Read, Store, StoreError, Wanted, Written, sqlite::SqliteStore},
    telemetry::audit::{Audit, Rotation},
};
use parking_lot::Mutex;
use serde_json::Value;

use crate::{
    bare_writer::{BareWriter, Job, append_only, key_value},
    load::{Connection, post},
    server::{SECRET, clinic, folder, now, real, store},
    table::{Row, median},
    traffic::Bookings,
};

const CLIENTS: usize = 64;
const BOOKINGS: usize = 8_000;
const ROUNDS: usize = 5;
const GOAL: f64 = 0.5;

pub(crate) async fn measure() -> Vec<Row> {
    let bodies = Arc::new(bodies().await);
    let mut http = Vec::new();
    let mut library = Vec::new();
    let mut file = Vec::new();
    let mut table = Vec::new();
    let mut counted = None;
    for round in 1..=ROUNDS {
        http.push(over_http(&bodies).await);
        let (rate, writes) = through_library(&bodies).await;
        library.push(rate);
        let writes = counted.insert(writes);
        file.push(bare(writes, |path| append_only(&path.join("log"))).await);
        table.push(bare(writes, |path| key_value(&path.join("kv.db"))).await);
        eprintln!(
            "book, round {round}: over HTTP {:.0}/s, library {:.0}/s, append {:.0}/s, key-value {:.0}/s",
            http[round - 1],
            library[round - 1],
            file[round - 1].0,
            table[round - 1].0
        );
    }
    let counted = counted.expect("at least one round");
    let syncs = |runs: &[(f64, f64)]| median(&mut runs.iter().map(|run| run.1).collect::<Vec<_>>());
    let rate = |runs: &[(f64, f64)]| median(&mut runs.iter().map(|run| run.0).collect::<Vec<_>>());
    let (http, library) = (median(&mut http), median(&mut library));
    println!("\nbook: store writes per booking\n{}", counted.told());
    let row = |what: &str, ours: f64, rival: &str, runs: &[(f64, f64)], goal: bool| Row {
        what: format!("book, {CLIENTS} clients, durable, {what}"),
        ours: format!("{ours:.0} bookings/s, {:.3} syncs each", counted.syncs),
        rival: format!("{rival}: {:.0} bookings/s, {:.3} syncs each", rate(runs), syncs(runs)),
        ratio: format!("{:.0} %", 100.0 * ours / rate(runs)),
        goal: if goal { "≥ 50 %" } else { "" },
        met: goal.then(|| ours >= GOAL * rate(runs)),
    };
    let (append, key_value) = ("bare append + fdatasync", "bare SQLite key-value table");
    vec![
        row("over HTTP", http, append, &file, true),
        row("through the library", library, append, &file, false),
        row("over HTTP", http, key_value, &table, false),
    ]
}

/// Requests to book what is free in an empty store.
async fn bodies() -> Bookings {
    let folder = folder();
    let server = real(folder.path());
    let mut connection = Connection::open(server.port).await.expect("a connection");
    Bookings::of_free_slots(&mut connection).await
}

/// Bookings per second of a new process with a new store.
async fn over_http(bodies: &Arc<Bookings>) -> f64 {
    let folder = folder();
    let server = real(folder.path());
    let requests: Arc<Vec<Vec<u8>>> =
        Arc::new((0..BOOKINGS).map(|nth| post("book", bodies.any(nth))).collect());
    let port = server.port;
    // The tables of phone numbers are read once in a process.
    let mut connection = Connection::open(port).await.expect("a connection");
    connection.call(&post("book", bodies.any(BOOKINGS + 1))).await.expect("a reply");
    rate(move |clients: Clients| {
        let requests = Arc::clone(&requests);
        async move {
            let mut connection = Connection::open(port).await.expect("a connection");
            while let Some(nth) = clients.next() {
                let reply = connection.call(&requests[nth]).await.expect("a reply");
                assert!(reply.starts_with(br#"{"outcome":"booked""#), "{}", String::from_utf8_lossy(reply));
            }
        }
    })
    .await
}

/// Bookings per second without HTTP, and the writes they made.
async fn through_library(bodies: &Arc<Bookings>) -> (f64, Counted) {
    let folder = folder();
    let sqlite = Arc::new(SqliteStore::open(&store(folder.path())).expect("a new store"));
    let counting = Arc::new(Counting { inner: Arc::clone(&sqlite), counts: Mutex::default() });
    let scheduling = scheduling(folder.path(), Arc::clone(&counting) as Arc<dyn Store>);
    // The tables of phone numbers are read once in a process.
    drop(scheduling.book(request(bodies.any(BOOKINGS + 1))).await);
    counting.counts.lock().clear();
    let before = sqlite.commits();
    let bodies = Arc::clone(bodies);
    let rate = rate(move |clients: Clients| {
        let (bodies, scheduling) = (Arc::clone(&bodies), scheduling.clone());
        async move {
            while let Some(nth) = clients.next() {
                let outcome = scheduling.book(request(bodies.any(nth))).await;
                assert!(matches!(outcome, Ok(BookOutcome::Booked(_))), "{outcome:?}");
            }
        }
    })
    .await;
    // What is done behind the replies, and together, is counted too.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let counts = counting.counts.lock().clone();
    (rate, Counted { counts, syncs: per_booking(sqlite.commits() - before) })
}

fn scheduling(folder: &Path, store: Arc<dyn Store>) -> Scheduling {
    let config_file = clinic(folder).display().to_string();
    let variable = |name: &str| match name {
        "SCHEDULING_CONFIG" => Some(config_file.clone()),
        "LEDGER_SECRET" => Some(SECRET.to_owned()),
        _ => None,
    };
    let process = Process { variable: &variable, beside: None, working: None, stdout_is_terminal: false };
    let (settings, _) = Settings::read(&process);
    let config =
        Config::load(Source::find(&settings, &process), &settings).expect("the clinic of the benches");
    let clock = Clock::system();
    let providers = Providers::from_config(&config, &settings, None, &clock).expect("the embedded provider");
    let providers: Vec<Arc<dyn Provider>> = providers.iter().cloned().collect();
    let ring = Ring::new(&settings.ledger_secrets).expect("a secret that is long enough");
    let random: Random = Arc::new(|| getrandom::u64().expect("random numbers"));
    let retention = TimeDelta::days(30);
    let ledger = Ledger::new(store, providers.clone(), ring, clock.clone(), Arc::clone(&random), retention);
    let audit = Audit::beside(&crate::server::store(folder), Rotation::default()).expect("an audit file");
    Scheduling::new(providers, Arc::new(ledger), clock, Arc::new(audit), random)
}

fn request(body: &str) -> BookRequest {
    let body: Value = serde_json::from_str(body).expect("JSON");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let slot = body["slotIds"][0].as_str().expect("a slot");
    BookRequest {
        slots: vec![slot.parse().expect("a slot id")],
        first_dose: 1,
        patient: TypedPatient {
            name: text(&body["patient"]["name"]),
            email: text(&body["patient"]["email"]),
            phone: text(&body["patient"]["phone"]),
            ..TypedPatient::default()
        },
        notify: Vec::new(),
        request_id: text(&body["requestId"]),
        mode: Mode::Write,
        locale: "en-US".into(),
        caller: Caller::default(),
    }
}

/// Which booking is next, for whoever is free.
#[derive(Clone, Default)]
struct Clients(Arc<AtomicUsize>);

impl Clients {
    fn next(&self) -> Option<usize> {
        let nth = self.0.fetch_add(1, Ordering::Relaxed);
        (nth < BOOKINGS).then_some(nth)
    }
}

/// Bookings per second of all clients together.
async fn rate<F: Future<Output = ()> + Send + 'static>(client: impl Fn(Clients) -> F) -> f64 {
    let (clients, started) = (Clients::default(), now());
    let running: Vec<_> = (0..CLIENTS).map(|_| tokio::spawn(client(clients.clone()))).collect();
    for client in running {
        client.await.expect("a client that went well");
    }
    #[expect(clippy::cast_precision_loss, reason = "far fewer bookings than would matter")]
    let bookings = BOOKINGS as f64;
    bookings / started.elapsed().as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "far fewer writes than would matter")]
fn per_booking(count: u64) -> f64 {
    count as f64 / BOOKINGS as f64
}

/// Counts what goes to the store, by the kind of document and of write.
#[derive(Debug)]
struct Counting {
    inner: Arc<SqliteStore>,
    counts: Mutex<BTreeMap<Kind, Count>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Marker,
    Pending,
    Open,
    Day,
    Confirmed,
    MarkerRemoved,
    Other,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    writes: u64,
    bytes: u64,
}

impl Counting {
    fn count(&self, key: &str, condition: Option<&Condition>, bytes: usize) {
        let first = key.split('/').next().unwrap_or_default();
        let kind = match (first, condition) {
            ("pending", Some(_)) => Kind::Marker,
            ("pending", None) => Kind::MarkerRemoved,
            ("booking", Some(Condition::Absent)) => Kind::Pending,
            ("booking", Some(Condition::Is(_))) => Kind::Confirmed,
            ("open", _) => Kind::Open,
            ("day", _) => Kind::Day,
            _ => Kind::Other,
        };
        let mut counts = self.counts.lock();
        let count = counts.entry(kind).or_default();
        count.writes += 1;
        count.bytes += (key.len() + bytes) as u64;
    }
}

#[async_trait]
impl Store for Counting {
    async fn get(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Read>, StoreError> {
        self.inner.get(wanted).await
    }

    async fn put_if(&self, key: &str, condition: Condition, document: Bytes) -> Written {
        self.count(key, Some(&condition), document.len());
        self.inner.put_if(key, condition, document).await
    }

    async fn put_in_order(&self, puts: Vec<Put>) -> Vec<Written> {
        for Put { key, condition, document } in &puts {
            self.count(key, Some(condition), document.len());
        }
        self.inner.put_in_order(puts).await
    }

    async fn delete_if(&self, key: &str, etag: Etag) -> Written {
        self.count(key, None, 0);
        self.inner.delete_if(key, etag).await
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<Page, StoreError> {
        self.inner.list(prefix, cursor).await
    }
}

/// The writes of all bookings.
struct Counted {
    counts: BTreeMap<Kind, Count>,
    syncs: f64,
}

impl Counted {
    fn told(&self) -> String {
        let (mut all_writes, mut all_bytes) = (0, 0);
        let mut lines = Vec::new();
        for (kind, Count { writes, bytes }) in &self.counts {
            (all_writes, all_bytes) = (all_writes + writes, all_bytes + bytes);
            lines.push(format!(
                "  {kind:?}: {:.2} writes, {} bytes each",
                per_booking(*writes),
                bytes / writes
            ));
        }
        let (writes, bytes) = (per_booking(all_writes), per_booking(all_bytes));
        lines.push(format!("  together: {writes:.2} writes, {bytes:.0} bytes, {:.3} syncs", self.syncs));
        lines.join("\n")
    }

    /// The writes of this kind that the nth booking makes, so that all together make as many as were counted.
    fn jobs(&self, kind: Kind, nth: usize) -> impl Iterator<Item = Job> {
        let Count { writes, bytes } = self.counts.get(&kind).copied().unwrap_or_default();
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let up_to = |nth: usize| (nth as f64 * per_booking(writes)) as usize;
        let size = bytes.checked_div(writes).unwrap_or_default();
        let removed = kind == Kind::MarkerRemoved;
        (up_to(nth)..up_to(nth + 1)).map(move |write| {
            let number = if kind == Kind::Day { write % 60 } else { write };
            let key = format!("{:?}/{number:08}", if removed { Kind::Marker } else { kind });
            let value = usize::try_from(size).unwrap_or_default().saturating_sub(key.len());
            Job { key, value: (!removed).then(|| vec![b'x'; value]) }
        })
    }
}

/// Bookings per second, and syncs per booking, of a writer that knows nothing of bookings.
async fn bare(counted: &Counted, writer: impl Fn(&Path) -> BareWriter) -> (f64, f64) {
    let folder = folder();
    let writer = Arc::new(writer(folder.path()));
    // What waits for what: the marker and the record, the places together with the count of open bookings, the
    // commit; then the reply, and behind it the end of the marker. The entries' marks, which many bookings
    // share, count as places.
    let rounds: Vec<[Vec<Job>; 4]> = (0..BOOKINGS)
        .map(|nth| {
            let jobs = |kinds: [Kind; 2]| kinds.map(|kind| counted.jobs(kind, nth)).into_iter().flatten();
            [
                jobs([Kind::Marker, Kind::Pending]).collect(),
                jobs([Kind::Day, Kind::Open]).collect(),
                counted.jobs(Kind::Confirmed, nth).collect(),
                counted.jobs(Kind::MarkerRemoved, nth).collect(),
            ]
        })
        .collect();
    let rounds = Arc::new(rounds);
    let rate = {
        let writer = Arc::clone(&writer);
        rate(move |clients: Clients| {
            let (writer, rounds) = (Arc::clone(&writer), Arc::clone(&rounds));
            async move {
                while let Some(nth) = clients.next() {
                    for jobs in &rounds[nth][..3] {
                        writer.write_all(jobs).await;
                    }
                    let (writer, rounds) = (Arc::clone(&writer), Arc::clone(&rounds));
                    tokio::spawn(async move {
                        writer.write_all(&rounds[nth][3]).await;
                    });
                }
            }
        })
        .await
    };
    (rate, per_booking(writer.syncs()))
}
