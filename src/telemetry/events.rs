//! The log lines that alerts and charts are made of: each has an `event` with a name that does not change, and
//! numbers that are numbers. All of them are here, so that `docs/operations.md` and the queries in `infra` have one
//! place to agree with. Where an export is set up, the same events are its metrics.

use std::time::Duration;

use super::export;

/// A kind of line.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    pub name: &'static str,
    /// Fields that every such line has.
    pub fields: &'static [&'static str],
    /// Fields that are there where they apply. Within a request: also `trace`, and `invocation` under the host.
    pub also: &'static [&'static str],
}

/// Every kind there is.
pub const EVENTS: &[Event] = &[
    Event { name: "request", fields: &["function", "outcome", "ms"], also: &["status", "provider"] },
    Event {
        name: "vendor",
        fields: &["provider", "operation", "ms"],
        also: &["status", "trouble", "client_request_id", "request_id", "diagnostic"],
    },
    Event {
        name: "reconciled",
        fields: &[
            "looked_at",
            "confirmed",
            "undone",
            "finished",
            "waiting",
            "failed",
            "purged",
            "oldest_pending_s",
            "ms",
        ],
        also: &[],
    },
    Event { name: "cache", fields: &["cache", "hits", "misses"], also: &[] },
    Event { name: "config", fields: &["outcome"], also: &[] },
    Event { name: "secret", fields: &["secret", "outcome"], also: &["why"] },
    Event { name: "start", fields: &["version"], also: &[] },
];

/// A request that was answered, or whose caller has left.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    pub function: &'static str,
    /// The outcome, or the problem's code.
    pub outcome: &'static str,
    pub status: Option<u16>,
    /// Whose calendar it was about.
    pub provider: Option<&'static str>,
    pub took: Duration,
}

impl Request {
    pub fn leave(self) {
        let Self { function, outcome, status, provider, took } = self;
        tracing::info!(event = "request", function, outcome, status, ms = ms(took), provider, "request");
        export::request(&self);
    }
}

/// A call of a vendor.
#[derive(Debug, Clone, Copy)]
pub struct Vendor<'a> {
    pub provider: &'static str,
    pub operation: &'static str,
    pub status: Option<u16>,
    /// Why it came to nothing.
    pub trouble: Option<&'a str>,
    /// The names that the call has at the vendor.
    pub client_request_id: Option<&'a str>,
    pub request_id: Option<&'a str>,
    pub diagnostic: Option<&'a str>,
    pub took: Duration,
}

impl Vendor<'_> {
    pub fn leave(self) {
        let Self { provider, operation, status, trouble, client_request_id, request_id, diagnostic, took } =
            self;
        let ms = ms(took);
        if trouble.is_none() {
            tracing::info!(
                event = "vendor",
                provider,
                operation,
                status,
                ms,
                client_request_id,
                request_id,
                "a vendor was called"
            );
        } else {
            tracing::warn!(
                event = "vendor",
                provider,
                operation,
                status,
                trouble,
                ms,
                client_request_id,
                request_id,
                diagnostic,
                "a vendor was called in vain"
            );
        }
        export::call(&export::Call { provider, operation, status, failed: trouble.is_some(), took });
    }
}

/// A run of the timer.
#[derive(Debug, Clone, Copy)]
pub struct Reconciled {
    pub tally: crate::ledger::reconcile::Tally,
    pub took: Duration,
}

impl Reconciled {
    pub fn leave(self) {
        let crate::ledger::reconcile::Tally {
            looked_at,
            confirmed,
            undone,
            finished,
            waiting,
            failed,
            purged,
            oldest_pending,
        } = self.tally;
        tracing::info!(
            event = "reconciled",
            looked_at,
            confirmed,
            undone,
            finished,
            waiting,
            failed,
            purged,
            oldest_pending_s = oldest_pending.as_secs(),
            ms = ms(self.took),
            "looked after what was left"
        );
        export::reconciled(&self.tally);
    }
}

/// How often what was asked for was there, since it was last told.
pub(super) fn cache(cache: &'static str, hits: u64, misses: u64) {
    tracing::info!(event = "cache", cache, hits, misses, "what was remembered");
}

/// What became of reading the configuration: `read`, `kept_last_good` or `unreachable`.
pub fn config(outcome: &'static str) {
    if outcome == "read" {
        tracing::info!(event = "config", outcome, "the configuration");
    } else {
        tracing::warn!(event = "config", outcome, "the configuration");
    }
}

/// What became of asking for a secret: `fetched`, `changed` or `failed`, and why.
pub fn secret(secret: &str, outcome: &'static str, why: Option<&str>) {
    if outcome == "failed" {
        tracing::warn!(event = "secret", secret, outcome, why, "a secret");
    } else {
        tracing::info!(event = "secret", secret, outcome, why, "a secret");
    }
}

/// The process listens.
pub fn start() {
    tracing::info!(event = "start", version = env!("CARGO_PKG_VERSION"), "started");
}

fn ms(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}
