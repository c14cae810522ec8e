//! All tests that go through the front door, in one binary.

mod api;
mod audit;
mod availability;
mod check;
mod config;
mod embedded;
mod language;
mod package;
mod store;
