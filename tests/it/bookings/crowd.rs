//! Fifty patients want the one seat at the same moment, and Graph says 500 to some of them though it has made the
//! appointment: one is booked, the others are told the truth.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::clinic::{Clinic, NORTH};
use crate::{
    conformance::town::id,
    fakes::{
        functions_host::{Reply, invocation},
        graph_simulator::{Misbehaviour, Rule},
    },
};

/// Patients who want the same seat.
const PATIENTS: usize = 50;

/// Seats they want, one after the other, each with another seed of misfortune.
fn seeds() -> u64 {
    if crate::soak() { 2000 } else { 25 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_patients_and_one_seat_end_with_one_appointment() {
    let clinic = Clinic::open().await;
    let mut seats = Vec::new();
    // Three days have 216 seats; so far ahead that none of them passes meanwhile.
    for days in 3..60 {
        seats.extend(clinic.town.free("flu", days).await);
    }
    let mut told_lies = Vec::new();
    let mut errors = 0;
    for (seed, seat) in (1..=seeds()).zip(&seats) {
        clinic.graph().behave();
        clinic.graph().set_random_seed(seed);
        let though_created = Rule::new(Misbehaviour::Error500ThoughCreated).on("POST", "appointments");
        clinic.graph().misbehave(though_created.chance(0.5));
        errors += rush(&clinic, seed, seat, &mut told_lies).await;
    }
    assert_eq!(told_lies, Vec::<String>::new());
    assert!(errors > 0, "no seed ran into a 500");
    let seeds = seeds();
    println!(
        "{seeds} seeds of {PATIENTS} patients: {seeds} appointments, {errors} answers of 500 though made"
    );
    clinic.agree(&[]).await;
    assert_eq!(clinic.shown().len() as u64, seeds);
}

/// One seat; how many 500s Graph gave.
async fn rush(clinic: &Clinic, seed: u64, seat: &Value, lies: &mut Vec<String>) -> usize {
    let before: HashSet<String> = ids(clinic);
    let earlier = doubts(clinic);
    clinic.graph().reset_counts();
    let calls = (0..PATIENTS).map(|patient| {
        let body = json!({
            "slotId": id(seat),
            "patient": {"name": format!("Patient {seed}-{patient}"), "email": format!("p{seed}.{patient}@example.org")},
        });
        async move { clinic.host().call_as(&invocation(), "book", body).await }
    });
    let replies: Vec<Reply> = futures_util::future::join_all(calls).await;
    let booked = replies.iter().filter(|reply| reply.outcome() == "booked").count();
    let taken = replies.iter().filter(|reply| reply.outcome() == "slotTaken").count();
    let made = ids(clinic).difference(&before).count();
    if (booked, taken, made) != (1, PATIENTS - 1, 1) {
        let others: Vec<&str> = replies.iter().map(Reply::outcome).collect();
        lies.push(format!("seed {seed}: {made} appointments, {booked} booked, {taken} taken: {others:?}"));
    }
    let posts: u64 = clinic
        .graph()
        .counts()
        .by_call
        .iter()
        .filter(|(call, _)| call.starts_with("POST") && call.ends_with("/appointments"))
        .map(|(_, count)| *count)
        .sum();
    assert_eq!(posts, 1, "seed {seed}: the seat was asked for more than once");
    doubts(clinic) - earlier
}

fn ids(clinic: &Clinic) -> HashSet<String> {
    let all = clinic.graph().appointments(NORTH);
    all.iter().map(|appointment| appointment["id"].as_str().expect("an id").to_owned()).collect()
}

/// How often the handler had no clear answer.
fn doubts(clinic: &Clinic) -> usize {
    clinic.host().log().matches("looking for an appointment that may have been made").count()
}
