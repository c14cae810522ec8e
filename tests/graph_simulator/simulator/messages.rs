//! The mail that Bookings would send.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{state::Appointment, times};

/// That it is booked, with the appointment's additional information.
pub(crate) fn confirmation(business: &str, appointment: &Appointment, now: DateTime<Utc>) -> Value {
    let mut message = message("confirmation", business, appointment, now);
    message["additionalInformation"] = appointment.value["additionalInformation"].clone();
    message
}

/// That it is at another time.
pub(crate) fn update(business: &str, appointment: &Appointment, now: DateTime<Utc>) -> Value {
    message("update", business, appointment, now)
}

/// That it is cancelled, with the words of who cancelled it.
pub(crate) fn cancellation(
    business: &str,
    appointment: &Appointment,
    words: &str,
    now: DateTime<Utc>,
) -> Value {
    let mut message = message("cancellation", business, appointment, now);
    message["cancellationMessage"] = words.into();
    message
}

fn message(kind: &str, business: &str, appointment: &Appointment, now: DateTime<Utc>) -> Value {
    let customers = appointment.value["customers"].as_array().into_iter().flatten();
    let to = customers.filter_map(|customer| customer["emailAddress"].as_str());
    json!({
        "kind": kind,
        "business": business,
        "appointment": appointment.id(),
        "serviceName": appointment.value["serviceName"],
        "start": times::plain(appointment.span.0),
        "to": to.collect::<Vec<_>>(),
        "sent": times::stamp(now),
    })
}
