//! One thing goes wrong at each step in turn: for every call that a scenario makes, its reply is lost, nothing
//! happens, it lands late, its instance dies before or after it, stands still, or its task is broken off.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use futures_util::FutureExt;
use tokio::time::sleep;

use super::{
    Verdict, calm,
    clinic::{Clinic, GROUP, SERIES, SINGLE, Sort, time},
    cluster::{Call, Cluster, Errand, Reply, Stands},
    for_seeds, judge,
    world::{Fate, Kind, World},
};

/// What can go wrong with a call.
const FATES: [Fate; 9] = [
    Fate::ReplyLost,
    Fate::NothingDone,
    Fate::Late(Duration::from_secs(30)),
    Fate::Late(Duration::from_mins(4)),
    Fate::KilledBefore,
    Fate::KilledAfter,
    Fate::FrozenBefore(Duration::from_mins(8)),
    Fate::FrozenAfter(Duration::from_secs(90)),
    Fate::Aborted,
];

/// More calls than any of these scenarios makes.
const MOST_CALLS: u64 = 70;

/// What is done while one of its calls goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Book(&'static str),
    Cancel(&'static str),
    Reschedule(&'static str),
}

macro_rules! every_step {
    ($($name:ident: $deed:expr, $sort:expr;)*) => {
        $(#[test]
        fn $name() {
            for_seeds(MOST_CALLS * FATES.len() as u64, |world| one_step(world, $deed, $sort).boxed());
        })*
    };
}

every_step! {
    booking_one_dose: Deed::Book(SINGLE), Sort::Embedded;
    booking_one_dose_at_a_vendor: Deed::Book(SINGLE), Sort::Plain;
    booking_a_series: Deed::Book(SERIES), Sort::Embedded;
    booking_a_series_at_a_vendor: Deed::Book(SERIES), Sort::Plain;
    booking_a_seat_of_a_shared_object: Deed::Book(GROUP), Sort::Shared;
    cancelling: Deed::Cancel(SERIES), Sort::Embedded;
    cancelling_at_a_vendor: Deed::Cancel(SERIES), Sort::Plain;
    cancelling_a_seat_of_a_shared_object: Deed::Cancel(GROUP), Sort::Shared;
    rescheduling: Deed::Reschedule(SERIES), Sort::Embedded;
    rescheduling_at_a_vendor: Deed::Reschedule(SERIES), Sort::Plain;
    rescheduling_a_seat_of_a_shared_object: Deed::Reschedule(GROUP), Sort::Shared;
}

/// The seed is the step and what goes wrong there.
async fn one_step(world: Arc<World>, deed: Deed, sort: Sort) -> Verdict {
    let fates = FATES.len() as u64;
    let at = u32::try_from(world.seed / fates % MOST_CALLS).map_err(|error| error.to_string())?;
    let fate = FATES[usize::try_from(world.seed % fates).map_err(|error| error.to_string())?];
    let clinic = Clinic::new(sort, &["ada", "bo"]);
    let cluster = Cluster::new(&world, &clinic, &[TimeDelta::zero(), TimeDelta::hours(1)]);
    let (Deed::Book(service) | Deed::Cancel(service) | Deed::Reschedule(service)) = deed;
    let (errand, rival) = (errand(0, service), errand(1, service));
    let before = if let Deed::Book(_) = deed { None } else { Some(booked(&cluster, &errand).await?) };
    // The first seat of a group, or the practitioner beside: somebody is there before.
    booked(&cluster, &rival).await?;
    world.set_plan(0, at, fate);
    let reply = act_at(&cluster, 0, &errand, deed, before.as_ref()).await;
    // What is tidied up after the reply are steps too.
    sleep(Duration::from_secs(3)).await;
    let (calls, met) = world.take_plan();
    if u64::from(calls) > MOST_CALLS {
        return Err(format!("there are {calls} steps, and only {MOST_CALLS} are tried"));
    }
    // A write without an answer is found out about, and costs the patient nothing.
    let unanswered = matches!(fate, Fate::ReplyLost | Fate::NothingDone) && met == Some(Kind::Write);
    if unanswered && sort == Sort::Embedded && !is_promise(&reply) {
        return Err(format!("for want of one answer of the store {deed:?} was told {reply:?}"));
    }
    // Whoever was not told asks again: at once, at another instance, and after a while.
    act_again(&cluster, &errand, deed, before.as_ref()).await;
    calm::settle(&cluster).await?;
    judge::judge(&cluster, &[errand.clone(), rival.clone()])?;
    ended(&cluster, &errand, deed, before)
}

fn errand(number: usize, service: &'static str) -> Errand {
    let starts = if service == SERIES { vec![time(0, 600), time(1, 600)] } else { vec![time(0, 600)] };
    Errand { number, patient: number, service, starts, request_id: Some(format!("request {number}")) }
}

async fn booked(cluster: &Cluster, errand: &Errand) -> Result<(String, Vec<Stands>), String> {
    match cluster.book(&cluster.node(1), errand, Call::default()).await {
        Reply::Booked { code, stands } => Ok((code, stands)),
        other => Err(format!("nothing went wrong yet, and {errand:?} was told {other:?}")),
    }
}

async fn act_again(cluster: &Cluster, errand: &Errand, deed: Deed, before: Option<&(String, Vec<Stands>)>) {
    act_at(cluster, 1, errand, deed, before).await;
    sleep(Duration::from_secs(70)).await;
    act_at(cluster, 1, errand, deed, before).await;
}

async fn act_at(
    cluster: &Cluster,
    node: usize,
    errand: &Errand,
    deed: Deed,
    before: Option<&(String, Vec<Stands>)>,
) -> Reply {
    let node = cluster.node(node);
    let call = Call { request_id: Some("change".into()), ..Call::default() };
    match (deed, before) {
        (Deed::Cancel(_), Some((code, stands))) => {
            let doses = stands.iter().map(|dose| dose.0).collect();
            cluster.cancel(&node, errand, code, doses, call).await
        }
        (Deed::Reschedule(_), Some((code, stands))) => {
            let starts = stands.iter().map(|(dose, ..)| (*dose, time(u64::from(*dose), 540)));
            cluster.reschedule(&node, errand, code, starts.collect(), call).await
        }
        _ => cluster.book(&node, errand, call).await,
    }
}

fn is_promise(reply: &Reply) -> bool {
    matches!(reply, Reply::Booked { .. } | Reply::Cancelled { .. } | Reply::Moved { .. })
}

/// All of it, or nothing: and all if the last to ask was told so.
fn ended(cluster: &Cluster, errand: &Errand, deed: Deed, before: Option<(String, Vec<Stands>)>) -> Verdict {
    let standing = judge::standing(cluster, errand)?;
    let told = cluster.journal().into_iter().rfind(|told| told.errand == errand.number);
    let told = told.map(|told| told.reply).ok_or("nobody was told anything")?;
    let old = before.map(|(_, stands)| stands);
    let (starts, kept): (Vec<i64>, bool) = match standing.as_slice() {
        [] => (Vec::new(), false),
        [stands] => (stands.iter().map(|dose| dose.2).collect(), Some(stands) == old.as_ref()),
        several => return Err(format!("{errand:?} stands {} times", several.len())),
    };
    let done = match deed {
        Deed::Book(_) => {
            starts == errand.starts.iter().map(chrono::DateTime::timestamp_millis).collect::<Vec<_>>()
        }
        Deed::Cancel(_) => starts.is_empty(),
        Deed::Reschedule(_) => {
            starts
                == (1..)
                    .take(errand.starts.len())
                    .map(|dose| time(dose, 540).timestamp_millis())
                    .collect::<Vec<_>>()
        }
    };
    let undone = match deed {
        Deed::Book(_) => starts.is_empty(),
        Deed::Cancel(_) | Deed::Reschedule(_) => kept,
    };
    if done || (undone && !is_promise(&told)) {
        return Ok(());
    }
    Err(format!("after {deed:?} and {told:?}, {errand:?} stands at {standing:?}"))
}
