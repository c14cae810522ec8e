//! What a simulator starts with.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The roles an administrator granted to the application, and the businesses of the tenant.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Seed {
    #[serde(default = "usual_roles")]
    pub roles: Vec<String>,
    #[serde(default)]
    pub businesses: Vec<BusinessSeed>,
}

/// One business, its parts in Graph's own shape.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BusinessSeed {
    pub business: Value,
    #[serde(default)]
    pub services: Vec<Value>,
    #[serde(default)]
    pub staff_members: Vec<Value>,
    #[serde(default)]
    pub custom_questions: Vec<Value>,
    #[serde(default)]
    pub appointments: Vec<Value>,
    #[serde(default)]
    pub customers: Vec<Value>,
    #[serde(default)]
    pub personal_busy: Vec<PersonalBusy>,
}

/// What a staff member's own calendar holds.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PersonalBusy {
    pub staff_id: String,
    pub start: chrono::DateTime<chrono::Utc>,
    pub end: chrono::DateTime<chrono::Utc>,
}

impl Seed {
    /// From the text of a seed file.
    pub(crate) fn from_json(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }
}

impl Default for Seed {
    fn default() -> Self {
        Self { roles: usual_roles(), businesses: Vec::new() }
    }
}

fn usual_roles() -> Vec<String> {
    ["Bookings.Read.All", "Bookings.ReadWrite.All", "BookingsAppointment.ReadWrite.All"]
        .map(Into::into)
        .into()
}
