//! Appointment scheduling for health chatbots.
pub mod check;
pub mod clock;
pub mod config;
pub mod deployment;
pub mod domain;
pub mod http;
pub mod identity;
pub mod language;
pub mod ledger;
pub mod net;
pub mod provider;
pub mod providers;
pub mod scheduling;
pub mod serve;
pub mod shape;
pub mod store;
pub mod telemetry;
