//! Appointment scheduling for health chatbots.
pub mod domain;
pub mod language;
pub mod store;
