//! `health`: whether the process answers, and nothing about what it depends on; and the host's own question,
//! `GET /`, which any answer satisfies.

use serde::Serialize;
use utoipa::ToSchema;

use super::reply::Reply;

/// That the process answers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HealthReply {
    outcome: HealthOutcome,
    /// This program's.
    #[schema(examples("0.1.0"))]
    version: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum HealthOutcome {
    Ok,
}

pub(super) fn answer() -> Reply {
    Reply::outcome("ok", &HealthReply { outcome: HealthOutcome::Ok, version: env!("CARGO_PKG_VERSION") })
}

pub(super) fn ready() -> Reply {
    answer()
}
