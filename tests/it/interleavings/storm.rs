//! Everything at once: several instances, a dozen patients who want the same few places, and every fault there is.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use futures_util::{FutureExt, future::join_all};
use tokio::time::sleep;

use super::{
    Verdict, calm,
    clinic::{Clinic, GROUP, SERIES, SINGLE, Sort, TIMES, time},
    cluster::{Call, Cluster, Errand, Reply, Stands},
    for_seeds, judge,
    world::{Weather, World},
};

const PATIENTS: usize = 7;

/// How long patients go on asking.
const STORM: Duration = Duration::from_mins(4);

#[test]
fn a_storm_over_the_ledgers_own_calendar_breaks_no_rule() {
    for_seeds(600, |world| storm(world, Sort::Embedded).boxed());
}

#[test]
fn a_storm_over_a_vendor_breaks_no_rule() {
    for_seeds(600, |world| storm(world, Sort::Plain).boxed());
}

#[test]
fn a_storm_over_a_vendor_with_shared_objects_breaks_no_rule() {
    for_seeds(600, |world| storm(world, Sort::Shared).boxed());
}

async fn storm(world: Arc<World>, sort: Sort) -> Verdict {
    let clinic = Clinic::new(sort, &["ada", "bo"]);
    let skews: Vec<TimeDelta> = (0..3).map(|_| *world.pick(&SKEWS)).collect();
    let cluster = Cluster::new(&world, &clinic, &skews);
    world.set_weather(weather(&world, sort));
    let errands: Vec<Errand> = (0..PATIENTS).map(|number| errand(&world, number)).collect();
    let patients = join_all(errands.iter().map(|errand| patient(&cluster, errand)));
    let others = elsewhere(&cluster, sort);
    futures_util::future::join(patients, others).await;
    calm::settle(&cluster).await?;
    judge::judge(&cluster, &errands)
}

const SKEWS: [TimeDelta; 5] =
    [TimeDelta::zero(), TimeDelta::zero(), TimeDelta::hours(1), TimeDelta::hours(-1), TimeDelta::seconds(90)];

fn weather(world: &World, sort: Sort) -> Weather {
    let rough = world.below(3);
    Weather {
        pause: *world.pick(&[5, 60, 400]),
        slow: 20,
        unclear: 15 * rough,
        reads_fail: 5 * rough,
        freezes: 4 * rough,
        kills: 2 * rough,
        aborts: 2 * rough,
        latest: if sort == Sort::Shared { Duration::from_mins(4) } else { Duration::from_mins(50) },
        frozen: Duration::from_mins(55),
    }
}

fn errand(world: &World, number: usize) -> Errand {
    let service = *world.pick(&[SINGLE, SERIES, GROUP]);
    let minutes = *world.pick(&TIMES);
    let day = world.below(2);
    let starts = if service == SERIES {
        vec![time(day, minutes), time(day + 1, minutes)]
    } else {
        vec![time(day, minutes)]
    };
    Errand {
        number,
        patient: number / 2,
        service,
        starts,
        request_id: world.happens(500).then(|| format!("request {number}")),
    }
}

/// One patient's afternoon.
async fn patient(cluster: &Cluster, errand: &Errand) {
    let world = &cluster.world;
    sleep(world.duration(Duration::from_secs(20))).await;
    let invocation = world.happens(700).then(|| format!("invocation {}", errand.number));
    let mut booked: Option<(String, Vec<Stands>)> = None;
    // Some only want to book; others never make up their minds.
    for _ in 0..2 + world.below(8) {
        if world.elapsed() > STORM {
            break;
        }
        let call = Call { invocation: invocation.clone(), patience: patience(world), ..Call::default() };
        match (&booked, world.below(10)) {
            (Some((code, stands)), 0..=2) => {
                let first = world.pick(stands).0;
                let doses = stands.iter().map(|dose| dose.0).filter(|dose| *dose >= first).collect();
                let call = Call { invocation: None, ..call };
                cluster.cancel(&cluster.any_node(), errand, code, doses, call).await;
            }
            (Some((code, stands)), 3..=5) => {
                let by = world.below(2);
                let minutes = *world.pick(&TIMES);
                let starts =
                    stands.iter().map(|(dose, ..)| (*dose, time(by + u64::from(*dose) - 1, minutes)));
                let call = Call { invocation: None, ..call };
                cluster.reschedule(&cluster.any_node(), errand, code, starts.collect(), call).await;
            }
            (_, 6) => {
                // The host repeats itself, or the patient is impatient.
                let (one, other) = (cluster.any_node(), cluster.any_node());
                let twice = futures_util::future::join(
                    cluster.book(&one, errand, call.clone()),
                    cluster.book(&other, errand, call.clone()),
                );
                twice.await;
            }
            _ => {
                let reply = cluster.book(&cluster.any_node(), errand, call).await;
                if let Reply::Booked { code, stands } = reply
                    && !stands.is_empty()
                {
                    booked = Some((code, stands));
                }
            }
        }
        let longest = if world.happens(300) { Duration::from_mins(2) } else { Duration::from_secs(10) };
        sleep(world.duration(longest)).await;
    }
}

fn patience(world: &World) -> Option<Duration> {
    world.happens(300).then(|| world.duration(Duration::from_secs(10)))
}

/// The timers of the instances, the vendor's other users, and the store's clock.
async fn elsewhere(cluster: &Cluster, sort: Sort) {
    let world = &cluster.world;
    let mut leaps = 2;
    while world.elapsed() < STORM {
        sleep(world.duration(Duration::from_secs(40))).await;
        match world.below(4) {
            0 if sort != Sort::Embedded => cluster.calendar.meddle(),
            1 if leaps > 0 => {
                leaps -= 1;
                world.leap(Duration::from_secs(90));
            }
            _ => {
                let node = cluster.any_node();
                let ledger = node.ledger.clone();
                drop(node.spawn(async move { ledger.reconcile().await.is_ok() }));
            }
        }
    }
}
