//! `reconcile`: the timer. The host speaks JSON envelopes to functions that are not HTTP, and takes the answer
//! for the end of the invocation only if it is a JSON object.

use serde::Serialize;

use super::{App, reply::Reply, to_the_end};
use crate::{
    ledger::reconcile::Tally,
    scheduling::{Fault, Scheduling},
};

/// What the host wants to hear of an invocation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    outputs: Outputs,
    /// Lines for the invocation's log.
    logs: Vec<String>,
    return_value: (),
}

/// The function has no output bindings.
#[derive(Debug, Serialize)]
struct Outputs {}

pub(super) async fn answer(app: &App, scheduling: Scheduling) -> Result<Reply, Fault> {
    let tally = to_the_end(app, async move { Box::pin(scheduling.reconcile()).await }).await?;
    let envelope = Envelope { outputs: Outputs {}, logs: vec![line(&tally)], return_value: () };
    Ok(Reply::outcome("reconciled", &envelope))
}

fn line(tally: &Tally) -> String {
    let Tally { looked_at, confirmed, undone, finished, waiting, failed, purged, oldest_pending: _ } = tally;
    format!(
        "looked at {looked_at}: {confirmed} confirmed, {undone} undone, {finished} finished, {waiting} waiting, \
         {failed} failed, {purged} purged"
    )
}
