//! `get-slots` of a warm process, with one booking in a hundred calls, beside a server that has the replies
//! ready. And what the process weighs after 100,000 calls.

use std::{fs, path::Path, sync::Arc, time::Duration};

use crate::{
    load::{Connection, post},
    server::{Server, bare, folder, now, real},
    table::{Row, median},
    traffic::{Bookings, Chance, searches},
};

/// So many that the wait for the syncs of some bookings leaves no core idle.
const CONNECTIONS: u64 = 64;
const ROUNDS: u64 = 7;
const ROUND: Duration = Duration::from_secs(2);
const A_BOOKING_IN: u64 = 100;
const GOAL: f64 = 0.5;

const MOST_MEMORY: f64 = 40.0;
/// As much as the allocator may still go up and down.
const FLAT: f64 = 1.0;

/// The calls, ready to be sent.
struct Calls {
    searches: Vec<Vec<u8>>,
    bookings: Bookings,
}

pub(crate) async fn measure(bare_binary: &Path) -> Vec<Row> {
    let folder = folder();
    let real = real(folder.path());
    let mut connection = Connection::open(real.port).await.expect("a connection");
    let bookings = Bookings::of_free_slots(&mut connection).await;
    let recording = folder.path().join("replies");
    let bodies = searches();
    record(&mut connection, &bodies, &bookings, &recording).await;
    let searches = bodies.iter().map(|body| post("get-slots", body)).collect();
    let calls = Arc::new(Calls { searches, bookings });
    let bare = bare(bare_binary, Some(&recording));
    let (mut ours, mut rival) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let rates = [round_of(&bare, &calls, round, false).await, round_of(&real, &calls, round, true).await];
        // The first round warms both.
        if round > 0 {
            eprintln!("get-slots, round {round}: bare {:.0}/s, ours {:.0}/s", rates[0], rates[1]);
            rival.push(rates[0]);
            ours.push(rates[1]);
        }
    }
    let (ours, rival) = (median(&mut ours), median(&mut rival));
    let row = Row {
        what: format!("get-slots, warm, {CONNECTIONS} connections, 1 in {A_BOOKING_IN} a booking"),
        ours: format!("{ours:.0} requests/s"),
        rival: format!("the same bytes from a bare warp route: {rival:.0} requests/s"),
        ratio: format!("{:.0} %", 100.0 * ours / rival),
        goal: "≥ 50 %",
        met: Some(ours >= GOAL * rival),
    };
    drop((real, bare));
    vec![row, memory(&calls).await]
}

/// Asks everything once, and keeps what is answered; last what a booking is answered.
async fn record(connection: &mut Connection, bodies: &[String], bookings: &Bookings, path: &Path) {
    let mut recording = Vec::new();
    let mut keep = |part: &[u8]| {
        let length = u32::try_from(part.len()).expect("a short part");
        recording.extend_from_slice(&length.to_le_bytes());
        recording.extend_from_slice(part);
    };
    for body in bodies {
        keep(body.as_bytes());
        keep(connection.call(&post("get-slots", body)).await.expect("a reply"));
    }
    let body = bookings.next();
    keep(body.as_bytes());
    keep(booked(connection.call(&post("book", body)).await.expect("a reply")));
    fs::write(path, recording).expect("the folder is writable");
}

fn booked(reply: &[u8]) -> &[u8] {
    assert!(reply.starts_with(br#"{"outcome":"booked""#), "{}", String::from_utf8_lossy(reply));
    reply
}

/// Calls per second.
async fn round_of(server: &Server, calls: &Arc<Calls>, round: u64, real: bool) -> f64 {
    let started = now();
    let connections: Vec<_> = (0..CONNECTIONS)
        .map(|nth| {
            let (calls, port) = (Arc::clone(calls), server.port);
            tokio::spawn(async move {
                let mut connection = Connection::open(port).await.expect("a connection");
                let mut chance = Chance::new(round * CONNECTIONS + nth + 1);
                let mut made = 0_u64;
                while started.elapsed() < ROUND {
                    call(&mut connection, &calls, &mut chance, made + nth, real).await;
                    made += 1;
                }
                made
            })
        })
        .collect();
    let mut made = 0;
    for connection in connections {
        made += connection.await.expect("a connection that went well");
    }
    #[expect(clippy::cast_precision_loss, reason = "far fewer calls than would matter")]
    let made = made as f64;
    made / started.elapsed().as_secs_f64()
}

async fn call(connection: &mut Connection, calls: &Calls, chance: &mut Chance, nth: u64, real: bool) {
    if nth % A_BOOKING_IN == A_BOOKING_IN - 1 {
        let body = if real { calls.bookings.next() } else { calls.bookings.any(chance.below(1_000)) };
        booked(connection.call(&post("book", body)).await.expect("a reply"));
    } else {
        let search = &calls.searches[chance.below(calls.searches.len())];
        connection.call(search).await.expect("a reply");
    }
}

/// Of a new process that is asked for slots again and again.
async fn memory(calls: &Arc<Calls>) -> Row {
    let folder = folder();
    let server = real(folder.path());
    let mut weights = Vec::new();
    for thousands in [10, 100, 200] {
        let connections: Vec<_> = (0..CONNECTIONS)
            .map(|nth| {
                let (calls, port) = (Arc::clone(calls), server.port);
                let more = if weights.is_empty() { thousands } else { 100 } * 1_000 / CONNECTIONS;
                tokio::spawn(async move {
                    let mut connection = Connection::open(port).await.expect("a connection");
                    let mut chance = Chance::new(nth + 1);
                    for _ in 0..more {
                        let search = &calls.searches[chance.below(calls.searches.len())];
                        connection.call(search).await.expect("a reply");
                    }
                })
            })
            .collect();
        for connection in connections {
            connection.await.expect("a connection that went well");
        }
        weights.push(server.memory());
    }
    let (heaviest, growth) = (weights[1].max(weights[2]), weights[2] - weights[1]);
    Row {
        what: "memory (RSS) after 100,000 get-slots".into(),
        ours: format!("{:.1} MiB", weights[1]),
        rival: format!("after 10,000: {:.1} MiB; after 200,000: {:.1} MiB", weights[0], weights[2]),
        ratio: format!("{growth:+.1} MiB"),
        goal: "≤ 40 MB, flat",
        met: Some(heaviest * 1.048_576 <= MOST_MEMORY && growth <= FLAT),
    }
}
