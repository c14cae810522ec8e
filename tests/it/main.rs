#[test]
fn x() {}
//! All tests that go through the front door, in one binary.

mod audit;
mod store;
mod availability;

mod package;
mod language;
