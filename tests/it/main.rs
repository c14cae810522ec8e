//! All tests that go through the front door, in one binary.

mod audit;
mod availability;
mod language;
mod package;
mod store;
mod check;
mod config;
mod embedded;
