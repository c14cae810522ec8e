//! What a call costs at Graph, counted there; and what a patient waits for it.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::clinic::Clinic;
use crate::{
    conformance::town::{ada, adas, id},
    fakes::graph_simulator::Counts,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn round_trips_are_few() {
    let mut clinic = Clinic::open().await;
    let slots = json!({"locationId": "bookings:north", "serviceId": "flu"});
    let mut table = Vec::new();

    let cold = count(&clinic, "get-slots, cold", "get-slots", slots.clone(), 2, &mut table).await;
    count(&clinic, "get-slots, warm", "get-slots", slots.clone(), 0, &mut table).await;
    count(&clinic, "get-locations, warm", "get-locations", json!({}), 0, &mut table).await;
    // What was listed is not what a booking is decided on, so a moment passes.
    let slot = id(&cold["slots"][10]);
    clinic.town.host.restart().await;
    count(&clinic, "get-locations, cold", "get-locations", json!({}), 1, &mut table).await;
    let body = json!({"slotId": slot, "patient": ada(), "notify": ["email"]});
    let booked = count(&clinic, "book", "book", body, 3, &mut table).await;
    assert_eq!(booked["outcome"], "booked", "{booked}");
    let cancelled = count(&clinic, "cancel", "cancel", adas(&booked), 2, &mut table).await;
    assert_eq!(cancelled["outcome"], "cancelled", "{cancelled}");
    let pair = clinic.town.pair(5).await;
    let body = json!({"slotIds": pair, "patient": ada()});
    let booked = count(&clinic, "book, two doses", "book", body, 6, &mut table).await;
    assert_eq!(booked["outcome"], "booked", "{booked}");
    let moved = id(&clinic.town.free("covid", 6).await[3]);
    let wish = crate::conformance::town::with(adas(&booked), &json!({"slotIds": [moved], "dose": 1}));
    let moved = count(&clinic, "reschedule", "reschedule", wish, 6, &mut table).await;
    assert_eq!(moved["outcome"], "rescheduled", "{moved}");

    println!("{:24} {:>11} {:>14}", "", "round trips", "inner requests");
    for (name, counts) in table {
        println!("{name:24} {:>11} {:>14}", counts.round_trips, counts.inner);
    }
    let most = clinic.graph().counts().most_in_flight.values().copied().max().unwrap_or(0);
    assert!(most <= 4, "{most} requests at once for one mailbox");
}

/// Calls, counts at Graph, and holds that against a limit.
async fn count(
    clinic: &Clinic,
    name: &'static str,
    function: &str,
    body: serde_json::Value,
    limit: u64,
    table: &mut Vec<(&'static str, Counts)>,
) -> serde_json::Value {
    clinic.graph().reset_counts();
    let reply = clinic.town.call(function, body).await;
    let counts = clinic.graph().counts();
    assert!(counts.round_trips <= limit, "{name}: {} round trips: {:?}", counts.round_trips, counts.by_call);
    table.push((name, counts));
    reply
}

/// Graph answers after 150 ms: a cold search waits for it twice and for little else, a warm one not at all. The
/// limits are fractions of Graph's own time, for a build without optimisation on a busy machine.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_graph_is_felt_once() {
    const LATENCY: Duration = Duration::from_millis(150);
    let mut clinic = Clinic::open().await;
    clinic.graph().set_latency(LATENCY);
    let body = json!({"locationId": "bookings:north", "serviceId": "flu", "date": crate::conformance::town::north(3)});
    let mut cold = Vec::new();
    for _ in 0..5 {
        clinic.town.host.restart().await;
        cold.push(timed(&clinic, &body).await);
    }
    let mut warm = Vec::new();
    for _ in 0..50 {
        warm.push(timed(&clinic, &body).await);
    }
    let (cold, warm) = (median(cold), median(warm));
    println!("get-slots over a Graph of {LATENCY:?}: cold {cold:?}, warm {warm:?} (medians)");
    assert!(cold >= 2 * LATENCY, "{cold:?}: Graph was not asked");
    assert!(cold < 3 * LATENCY, "{cold:?}");
    assert!(warm < LATENCY / 10, "{warm:?}");
}

async fn timed(clinic: &Clinic, body: &serde_json::Value) -> Duration {
    let started = Instant::now();
    let reply = clinic.call("get-slots", body.clone()).await;
    let took = started.elapsed();
    assert_eq!(reply.outcome(), "ok", "{}", reply.body);
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
