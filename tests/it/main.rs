//! All tests that go through the front door, in one binary.

mod api;
mod audit;
mod availability;
mod bookings;
mod check;
mod config;
mod conformance;
mod crash;
mod embedded;
mod fakes;
mod faults;
mod grant;
mod graph_simulator;
mod interleavings;
mod language;
mod operations;
mod package;
mod scale_out;
mod schemathesis;
mod store;
mod telemetry;

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
