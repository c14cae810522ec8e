//! All tests that go through the front door, in one binary.

mod api;
mod audit;
mod availability;
mod azure;
mod bookings;
mod callers;
mod check;
mod config;
mod conformance;
mod crash;
mod demo;
mod deploy;
mod embedded;
mod fakes;
mod faults;
mod grant;
mod graph_simulator;
mod infra;
mod interleavings;
mod language;
mod local_host;
mod operations;
mod package;
mod page;
mod scale_out;
mod scenarios;
mod schemathesis;
mod store;
mod telemetry;
mod tooling;

/// A setting of `./test`.
#[expect(
    clippy::disallowed_methods,
    reason = "the product's environment is not read: this is the test run's own"
)]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether to run many more rounds: `./test --soak`.
fn soak() -> bool {
    setting("SOAK").is_some()
}
