//! Appointment scheduling for health chatbots.
pub mod clock;
pub mod domain;
<<<<<<< HEAD
pub mod ledger;
pub mod provider;
pub mod scheduling;
=======
pub mod language;
>>>>>>> e0ded3bee2c62c58231a71afe1787a2b627094a6
pub mod store;
pub mod telemetry;
