//! What Bookings sends and takes, as Graph v1.0 spells it; its words stop here.
//!
//! Anything may be missing or null: a national cloud lacks whole properties, and lists leave out what only a
//! read by id has. Where the documentation's examples have a name of their own (`start` for `startDateTime`),
//! both are read and v1.0's is written.
//! <https://learn.microsoft.com/graph/api/resources/booking-api-overview?view=graph-rest-1.0>

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    domain::{TimeRange, civil},
    providers::graph::wire::{ZonedTime, null_as_default},
};

/// `bookingBusiness`. A list of them has ids and names only.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Business {
    #[serde(deserialize_with = "null_as_default")]
    pub id: String,
    pub display_name: Option<String>,
    pub address: Option<Address>,
    pub phone: Option<String>,
    pub default_currency_iso: Option<String>,
    pub is_published: Option<bool>,
    pub public_url: Option<String>,
    #[serde(deserialize_with = "null_as_default")]
    pub business_hours: Vec<WorkHours>,
    pub scheduling_policy: Option<Policy>,
    pub booking_page_settings: Option<PageSettings>,
}

/// `physicalAddress`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Address {
    pub street: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub country_or_region: Option<String>,
    pub postal_code: Option<String>,
}

/// `bookingPageSettings`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PageSettings {
    pub business_time_zone: Option<String>,
    #[serde(deserialize_with = "null_as_default")]
    pub enforce_one_time_password: bool,
    #[serde(deserialize_with = "null_as_default")]
    pub is_customer_consent_enabled: bool,
    pub customer_consent_message: Option<String>,
    pub privacy_policy_web_url: Option<String>,
    pub terms_and_conditions_web_url: Option<String>,
}

/// `bookingWorkHours`: civil times without a zone.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkHours {
    #[serde(deserialize_with = "null_as_default")]
    pub day: String,
    #[serde(deserialize_with = "null_as_default")]
    pub time_slots: Vec<TimeSlot>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TimeSlot {
    #[serde(deserialize_with = "null_as_default")]
    pub start_time: String,
    #[serde(deserialize_with = "null_as_default")]
    pub end_time: String,
}

/// `08:00:00.0000000`
#[must_use]
pub fn time(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M:%S%.f").ok()
}

/// `bookingSchedulingPolicy`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Policy {
    #[serde(deserialize_with = "elapsed")]
    pub time_slot_interval: Option<TimeDelta>,
    #[serde(deserialize_with = "elapsed")]
    pub minimum_lead_time: Option<TimeDelta>,
    #[serde(deserialize_with = "elapsed")]
    pub maximum_advance: Option<TimeDelta>,
    #[serde(deserialize_with = "null_as_default")]
    pub allow_staff_selection: bool,
    pub general_availability: Option<Availability>,
    #[serde(deserialize_with = "null_as_default")]
    pub custom_availabilities: Vec<CustomAvailability>,
}

/// `bookingsAvailability`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Availability {
    #[serde(deserialize_with = "null_as_default")]
    pub availability_type: AvailabilityType,
    #[serde(deserialize_with = "null_as_default")]
    pub business_hours: Vec<WorkHours>,
}

/// `bookingsAvailabilityWindow`: both dates are included.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomAvailability {
    pub start_date: Option<NaiveDate>,
    pub end_date: Option<NaiveDate>,
    #[serde(flatten)]
    pub availability: Availability,
}

/// `bookingsServiceAvailabilityType`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AvailabilityType {
    #[default]
    BookWhenStaffAreFree,
    NotBookable,
    CustomWeeklyHours,
}

impl<'de> Deserialize<'de> for AvailabilityType {
    /// Without case. What is not known is not bookable.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(match text.to_ascii_lowercase().as_str() {
            "bookwhenstaffarefree" => Self::BookWhenStaffAreFree,
            "customweeklyhours" => Self::CustomWeeklyHours,
            _ => Self::NotBookable,
        })
    }
}

/// `bookingService`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Service {
    #[serde(deserialize_with = "null_as_default")]
    pub id: String,
    pub display_name: Option<String>,
    pub additional_information: Option<String>,
    #[serde(deserialize_with = "elapsed")]
    pub default_duration: Option<TimeDelta>,
    #[serde(deserialize_with = "elapsed")]
    pub pre_buffer: Option<TimeDelta>,
    #[serde(deserialize_with = "elapsed")]
    pub post_buffer: Option<TimeDelta>,
    pub default_price: Option<f64>,
    pub default_price_type: Option<String>,
    pub default_location: Option<ServiceLocation>,
    /// Only when read by id.
    pub default_reminders: Option<Vec<Reminder>>,
    #[serde(deserialize_with = "null_as_default")]
    pub staff_member_ids: Vec<String>,
    pub maximum_attendees_count: Option<i64>,
    #[serde(deserialize_with = "null_as_default")]
    pub custom_questions: Vec<QuestionAssignment>,
    pub scheduling_policy: Option<Policy>,
    #[serde(deserialize_with = "null_as_default")]
    pub is_hidden_from_customers: bool,
    #[serde(deserialize_with = "null_as_default")]
    pub is_location_online: bool,
    #[serde(deserialize_with = "null_as_default")]
    pub sms_notifications_enabled: bool,
    pub web_url: Option<String>,
}

/// `location`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceLocation {
    pub display_name: Option<String>,
    pub address: Option<Address>,
    pub coordinates: Option<Coordinates>,
}

/// `outlookGeoCoordinates`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Coordinates {
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
}

/// `bookingReminder`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Reminder {
    #[serde(rename(serialize = "@odata.type"), skip_deserializing)]
    pub odata_type: ReminderType,
    #[serde(deserialize_with = "null_as_default")]
    pub offset: String,
    /// `allAttendees`, `staff` or `customer`.
    #[serde(deserialize_with = "null_as_default")]
    pub recipients: String,
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
}

/// The one value of its `@odata.type`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum ReminderType {
    #[default]
    #[serde(rename = "#microsoft.graph.bookingReminder")]
    Reminder,
}

/// `bookingQuestionAssignment`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct QuestionAssignment {
    #[serde(deserialize_with = "null_as_default")]
    pub question_id: String,
    #[serde(deserialize_with = "null_as_default")]
    pub is_required: bool,
}

/// `bookingCustomQuestion`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CustomQuestion {
    #[serde(deserialize_with = "null_as_default")]
    pub id: String,
    #[serde(deserialize_with = "null_as_default")]
    pub display_name: String,
    /// `text` or `radioButton`.
    pub answer_input_type: Option<String>,
    #[serde(deserialize_with = "null_as_default")]
    pub answer_options: Vec<String>,
}

/// `bookingStaffMember`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StaffMember {
    #[serde(deserialize_with = "null_as_default")]
    pub id: String,
    pub display_name: Option<String>,
    pub role: Option<String>,
    pub time_zone: Option<String>,
    #[serde(deserialize_with = "null_as_default")]
    pub use_business_hours: bool,
    #[serde(deserialize_with = "null_as_default")]
    pub working_hours: Vec<WorkHours>,
    pub membership_status: Option<String>,
}

/// The answer of `getStaffAvailability`: `value` by the schema, `staffAvailabilityItem` by its documentation's
/// example.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct StaffAvailabilities {
    #[serde(alias = "staffAvailabilityItem", deserialize_with = "null_as_default")]
    pub value: Vec<StaffAvailability>,
}

/// `staffAvailabilityItem`
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StaffAvailability {
    #[serde(deserialize_with = "null_as_default")]
    pub staff_id: String,
    #[serde(deserialize_with = "null_as_default")]
    pub availability_items: Vec<AvailabilityItem>,
}

/// `availabilityItem`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AvailabilityItem {
    #[serde(default, deserialize_with = "null_as_default")]
    pub status: String,
    pub start_date_time: ZonedTime,
    pub end_date_time: ZonedTime,
    /// With `slotsAvailable`: of which service.
    #[serde(default)]
    pub service_id: Option<String>,
}

/// What `getStaffAvailability` is asked.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AvailabilityWanted<'a> {
    pub staff_ids: Vec<&'a str>,
    pub start_date_time: ZonedTime,
    pub end_date_time: ZonedTime,
}

/// `bookingAppointment`
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Appointment {
    #[serde(deserialize_with = "null_as_default")]
    pub id: String,
    #[serde(rename = "@odata.etag")]
    pub etag: Option<String>,
    #[serde(deserialize_with = "null_as_default")]
    pub service_id: String,
    #[serde(alias = "start")]
    pub start_date_time: Option<ZonedTime>,
    #[serde(alias = "end")]
    pub end_date_time: Option<ZonedTime>,
    #[serde(deserialize_with = "elapsed")]
    pub pre_buffer: Option<TimeDelta>,
    #[serde(deserialize_with = "elapsed")]
    pub post_buffer: Option<TimeDelta>,
    #[serde(deserialize_with = "null_as_default")]
    pub staff_member_ids: Vec<String>,
    /// In lists sometimes empty although there are some; kept as they came, to be written back whole.
    #[serde(deserialize_with = "null_as_default")]
    pub customers: Vec<serde_json::Value>,
    pub maximum_attendees_count: Option<i64>,
    pub filled_attendees_count: Option<i64>,
    pub join_web_url: Option<String>,
    pub anonymous_join_web_url: Option<String>,
    /// Only when read by id.
    pub service_notes: Option<String>,
    pub customer_time_zone: Option<String>,
    pub opt_out_of_customer_email: Option<bool>,
    pub sms_notifications_enabled: Option<bool>,
    pub additional_information: Option<String>,
    pub reminders: Option<Vec<Reminder>>,
    pub created_date_time: Option<DateTime<Utc>>,
    pub last_updated_date_time: Option<DateTime<Utc>>,
}

/// Patients and codes do not print.
macro_rules! private {
    ($($name:ident)+) => {
        $(impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        })+
    };
}
private!(NewAppointment SeatedAppointment);

impl fmt::Debug for Appointment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Appointment").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Appointment {
    /// What is kept of it for a while: who sits there, by ids alone.
    #[must_use]
    pub fn without_patients(self) -> Self {
        let id_of = |customer: serde_json::Value| serde_json::json!({ "customerId": customer["customerId"] });
        Self {
            customers: self.customers.into_iter().map(id_of).collect(),
            service_notes: None,
            additional_information: None,
            reminders: None,
            ..self
        }
    }

    /// When it is, if its times can be read.
    #[must_use]
    pub fn time(&self) -> Option<TimeRange> {
        let (start, end) = (self.start_date_time.as_ref()?, self.end_date_time.as_ref()?);
        TimeRange::new(start.instant()?, end.instant()?).ok()
    }

    /// The same with its buffers.
    #[must_use]
    pub fn buffered(&self) -> Option<TimeRange> {
        let time = self.time()?;
        let start = time.start().checked_sub_signed(self.pre_buffer.unwrap_or_default())?;
        TimeRange::new(start, time.end().checked_add_signed(self.post_buffer.unwrap_or_default())?).ok()
    }

    #[must_use]
    pub fn join_url(&self) -> Option<String> {
        let joined = self.anonymous_join_web_url.as_ref().or(self.join_web_url.as_ref());
        joined.filter(|url| !url.is_empty()).cloned()
    }

    /// The ids of its customers.
    pub fn customer_ids(&self) -> impl Iterator<Item = &str> {
        self.customers.iter().filter_map(|customer| customer["customerId"].as_str())
    }
}

/// What an appointment is made from.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewAppointment<'a> {
    #[serde(rename = "@odata.type")]
    pub odata_type: &'static str,
    pub service_id: &'a str,
    pub start_date_time: ZonedTime,
    pub end_date_time: ZonedTime,
    pub staff_member_ids: Vec<&'a str>,
    pub customers: Vec<serde_json::Value>,
    pub customer_time_zone: String,
    pub is_location_online: bool,
    pub opt_out_of_customer_email: bool,
    pub sms_notifications_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_information: Option<String>,
    pub service_notes: String,
    pub pre_buffer: String,
    pub post_buffer: String,
    pub maximum_attendees_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_type: Option<&'a str>,
    pub reminders: Vec<Reminder>,
}

pub const APPOINTMENT: &str = "#microsoft.graph.bookingAppointment";
pub const CUSTOMER: &str = "#microsoft.graph.bookingCustomer";
pub const CUSTOMER_INFORMATION: &str = "#microsoft.graph.bookingCustomerInformation";

/// Where and with whom an appointment is moved, and what its notes then say.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MovedAppointment<'a> {
    #[serde(rename = "@odata.type")]
    pub odata_type: &'static str,
    /// Both times together, or neither.
    pub start_date_time: ZonedTime,
    pub end_date_time: ZonedTime,
    pub staff_member_ids: Vec<&'a str>,
    pub service_notes: &'a str,
}

/// Who sits in a group: the list is replaced whole.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SeatedAppointment<'a> {
    #[serde(rename = "@odata.type")]
    pub odata_type: &'static str,
    pub customers: &'a [serde_json::Value],
    pub service_notes: &'a str,
}

#[derive(Debug, Deserialize)]
pub struct Made {
    pub id: String,
}

/// Longer than anything a clinic plans, and short enough to be added to any time.
const LONGEST: TimeDelta = TimeDelta::days(3660);

/// An ISO 8601 duration, or nothing where it is not one. None is negative here, or lasts longer than ten years.
fn elapsed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TimeDelta>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.as_deref().and_then(civil::elapsed).map(|duration| duration.clamp(TimeDelta::zero(), LONGEST)))
}
