//! After the storm: nothing fails any more, everybody starts anew, and `reconcile` runs until it is done.

use std::time::Duration;

use chrono::NaiveDate;
use tokio::time::sleep;

use super::{cluster::Cluster, world::Weather};

/// Nothing stands still, or is on its way, for longer than this.
const LATEST: Duration = Duration::from_mins(62);

/// So many times is looked whether anything is pending; what is not settled by then never will be.
const ROUNDS: u32 = 30;

/// Lets everything that is on its way arrive, and everything that was left be settled.
pub(super) async fn settle(cluster: &Cluster) -> Result<(), String> {
    cluster.world.set_weather(Weather { pause: 2, ..Weather::default() });
    cluster.world.take_plan();
    sleep(LATEST).await;
    cluster.restart();
    for _ in 0..ROUNDS {
        sleep(Duration::from_mins(6)).await;
        reconcile(cluster).await?;
        if cluster.shelf.documents("pending/").iter().all(|(key, _)| key == "pending/~purged") {
            break;
        }
    }
    // Somebody lists the slots, which settles what late executors have entered; and somebody else a while later, since
    // to a clock that is hours off an old entry may look as if it had just been made.
    let dates: Vec<NaiveDate> = cluster
        .shelf
        .documents("day/")
        .iter()
        .filter_map(|(key, _)| key.rsplit('/').next()?.parse().ok())
        .collect();
    let node = cluster.node(0);
    let calendar = &cluster.calendar.clinic.location.calendar;
    for _ in 0..2 {
        let listed = node.ledger.demand(calendar, &dates).await;
        listed.map_err(|error| format!("listing after the storm: {error}"))?;
        sleep(Duration::from_mins(3)).await;
    }
    reconcile(cluster).await
}

async fn reconcile(cluster: &Cluster) -> Result<(), String> {
    let tally = cluster.node(0).ledger.reconcile().await;
    let tally = tally.map_err(|error| format!("reconcile after the storm: {error}"))?;
    cluster.world.note(|| format!("{tally:?}"));
    if tally.failed > 0 { Err(format!("reconcile failed after the storm: {tally:?}")) } else { Ok(()) }
}
