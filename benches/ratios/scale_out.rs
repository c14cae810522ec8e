//! Bookings by one, two and four processes over one container in Azurite, beside bare conditional writes to it.
//!
//! Azurite is one thread of JavaScript: it, and not the processes, is the limit here, and a booking costs as many of its
//! answers as it asks for. So the same requests are counted as well.

#[path = "../../tests/it/fakes/azurite/launched.rs"]
mod launched;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use reqwest::StatusCode;
use serde::Deserialize;

use self::launched::Launched;
use crate::{
    load::{Connection, post},
    server::{Server, folder, now, real_over},
    table::{Row, median},
    traffic::Bookings,
};

const CLIENTS: usize = 64;
const BOOKINGS: usize = 1_500;
const WRITES: usize = 6_000;
const ROUNDS: usize = 3;
const PROCESSES: [usize; 3] = [1, 2, 4];

/// After which a patient asks again.
const MOMENT: Duration = Duration::from_millis(500);

/// As large as the record of a booking of one dose that is confirmed.
const SIZE: usize = 909;

pub(crate) async fn measure() -> Vec<Row> {
    let (mut bare, mut ours) = (Vec::new(), [Vec::new(), Vec::new(), Vec::new()]);
    for round in 1..=ROUNDS {
        // Each measurement has an Azurite of its own: with one for all, writes went unanswered for seconds in a later
        // round, and what an emulator has kept from an earlier one should not count.
        let azurite = Azurite::start();
        bare.push(writes(&azurite.container("bare")).await);
        for (rates, processes) in ours.iter_mut().zip(PROCESSES) {
            let azurite = Azurite::start();
            rates.push(bookings(&azurite.container("book"), processes).await);
        }
        let last: Vec<String> = ours.iter().map(|rates| format!("{:.0}", rates[round - 1])).collect();
        eprintln!(
            "scale-out, round {round}: {} bookings/s, {:.0} bare writes/s",
            last.join(", "),
            bare[round - 1]
        );
    }
    let bare = median(&mut bare);
    let row = |(rates, processes): (&mut Vec<f64>, usize)| {
        let rate = median(rates);
        let word = if processes == 1 { "process" } else { "processes" };
        Row {
            what: format!("book on Azurite, {CLIENTS} clients, {processes} {word}"),
            ours: format!("{rate:.0} bookings/s"),
            rival: format!("bare conditional writes of {SIZE} bytes, one process: {bare:.0}/s"),
            ratio: format!("1 booking for {:.1} writes", bare / rate),
            goal: "",
            met: None,
        }
    };
    ours.iter_mut().zip(PROCESSES).map(row).collect()
}

/// Bookings per second of new processes over a new container, spread over three sites and the days of four weeks.
async fn bookings(container: &str, processes: usize) -> f64 {
    let folders: Vec<_> = (0..processes).map(|_| folder()).collect();
    let servers: Vec<Server> = folders.iter().map(|folder| real_over(folder.path(), container)).collect();
    let mut connection = Connection::open(servers[0].port).await.expect("a connection");
    let bodies = Bookings::of_free_slots(&mut connection).await;
    let requests: Arc<Vec<Vec<u8>>> =
        Arc::new((0..BOOKINGS).map(|nth| post("book", bodies.any(nth))).collect());
    // The tables of phone numbers are read once in a process.
    for (nth, server) in servers.iter().enumerate() {
        let mut connection = Connection::open(server.port).await.expect("a connection");
        connection.call(&post("book", bodies.any(BOOKINGS + 1 + 2 * nth))).await.expect("a reply");
    }
    let ports: Vec<u16> = servers.iter().map(|server| server.port).collect();
    let next = Arc::new(AtomicUsize::new(0));
    let faults = Arc::new(AtomicUsize::new(0));
    let started = now();
    let clients = (0..CLIENTS).map(|client| {
        let (requests, next, port) = (Arc::clone(&requests), Arc::clone(&next), ports[client % ports.len()]);
        let faults = Arc::clone(&faults);
        tokio::spawn(async move {
            let mut connection = Connection::open(port).await.expect("a connection");
            while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                // What was told to be repeated is repeated, and takes its time.
                loop {
                    let Ok(reply) = connection.call(request).await else {
                        faults.fetch_add(1, Ordering::Relaxed);
                        continue;
                    };
                    // What its first attempt has left may still be at work.
                    if reply.starts_with(br#"{"outcome":"inProgress""#) {
                        faults.fetch_add(1, Ordering::Relaxed);
                        tokio::time::sleep(MOMENT).await;
                        continue;
                    }
                    let booked = reply.starts_with(br#"{"outcome":"booked""#);
                    assert!(booked, "{}", String::from_utf8_lossy(reply));
                    break;
                }
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.expect("a client that went well");
    }
    let rate = rate(BOOKINGS, started);
    eprintln!(
        "  {processes} processes: {rate:.0} bookings/s, {} requests repeated",
        faults.load(Ordering::Relaxed)
    );
    rate
}

/// Conditional writes per second by somebody who knows nothing of bookings, as many at a time as there are clients.
async fn writes(container: &str) -> f64 {
    let client = healthbot_scheduler::net::builder().no_proxy().build().expect("a client");
    let (url, signature) = container.split_once('?').expect("a signature");
    let made =
        client.put(format!("{url}?restype=container&{signature}")).header("content-length", "0").send().await;
    assert!(made.is_ok_and(|made| made.status() == StatusCode::CREATED), "the container can be made");
    let next = Arc::new(AtomicUsize::new(0));
    let started = now();
    let writers = (0..CLIENTS).map(|_| {
        let (client, next) = (client.clone(), Arc::clone(&next));
        let (url, signature) = (url.to_owned(), signature.to_owned());
        tokio::spawn(async move {
            loop {
                let nth = next.fetch_add(1, Ordering::Relaxed);
                if nth >= WRITES {
                    return;
                }
                let put = client
                    .put(format!("{url}/record/{nth}?{signature}"))
                    .header("x-ms-blob-type", "BlockBlob");
                let put = put.header("if-none-match", "*").body(vec![b'x'; SIZE]);
                let answer = put.send().await.expect("an answer");
                assert_eq!(answer.status(), StatusCode::CREATED);
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("a writer that went well");
    }
    rate(WRITES, started)
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than would matter")]
fn rate(count: usize, started: std::time::Instant) -> f64 {
    count as f64 / started.elapsed().as_secs_f64()
}

/// Runs until it is dropped.
struct Azurite {
    at: At,
    _own: Launched,
}

/// What the launcher tells.
#[derive(Deserialize)]
struct At {
    url: String,
    sas: String,
}

impl Azurite {
    fn start() -> Self {
        let (own, told) = Launched::with(&[]);
        Self { at: serde_json::from_str(&told).expect("what the launcher told"), _own: own }
    }

    fn container(&self, name: &str) -> String {
        format!("{}/{name}?{}", self.at.url, self.at.sas)
    }
}
