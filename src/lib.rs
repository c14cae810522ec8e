//! Appointment scheduling for health chatbots.
pub mod domain;
pub mod store;
pub mod telemetry;
