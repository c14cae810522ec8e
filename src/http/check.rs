//! `check`: `healthbot-scheduler check` from inside the deployment.

use serde::Serialize;
use utoipa::ToSchema;

use super::{App, reply::Reply};
use crate::check::Check;

/// What was tried, and what came back.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CheckReply {
    outcome: CheckOutcome,
    checks: Vec<Check>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum CheckOutcome {
    Ok,
    /// Of what failed, `remedy` says how to mend it.
    Failed,
}

pub(super) async fn answer(app: &App) -> Reply {
    let report = (app.check)().await;
    let (name, outcome) =
        if report.ok() { ("ok", CheckOutcome::Ok) } else { ("failed", CheckOutcome::Failed) };
    Reply::outcome(name, &CheckReply { outcome, checks: report.checks })
}
