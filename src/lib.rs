//! Appointment scheduling for health chatbots.
pub mod check;
pub mod config;
pub mod domain;
pub mod provider;
pub mod providers;
pub mod scheduling;
pub mod shape;
pub mod store;
