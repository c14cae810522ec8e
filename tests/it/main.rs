//! All tests that go through the front door, in one binary.

mod audit;
mod availability;
mod interleavings;
//mod language;
mod package;
mod store;
