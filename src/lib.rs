//! Appointment scheduling for health chatbots.
pub mod clock;
pub mod config;
pub mod domain;
pub mod http;
pub mod language;
pub mod ledger;
pub mod provider;
pub mod scheduling;
pub mod shape;
pub mod store;
pub mod telemetry;
