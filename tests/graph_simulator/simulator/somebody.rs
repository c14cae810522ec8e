//! What people do to the same calendar in Outlook and in Bookings: they may override every rule.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    appointments,
    graph::Met,
    messages,
    misbehaviour::{Created, Misbehaviour},
    rules::CUSTOMER,
    state::{Appointment, State, text, texts},
    times,
};

/// Books and returns the id; nothing, if there is no such business or service.
pub(crate) fn book(
    state: &mut State,
    business: &str,
    service: &str,
    staff: &str,
    start: DateTime<Utc>,
) -> Option<String> {
    let now = state.now();
    book_with_date(state, business, service, staff, start, now)
}

fn book_with_date(
    state: &mut State,
    business: &str,
    service: &str,
    staff: &str,
    start: DateTime<Utc>,
    created: DateTime<Utc>,
) -> Option<String> {
    let customer = new_customer(state, business)?;
    let business = state.business_mut(business)?;
    let service = business.service(service)?;
    let end = start + times::duration(&service["defaultDuration"]);
    let (id, mut value) = (appointments::new_id(false), appointments::blank(service, created));
    value["id"] = id.as_str().into();
    value["staffMemberIds"] = json!([staff]);
    value["startDateTime"] = times::in_utc(start);
    value["endDateTime"] = times::in_utc(end);
    value["customers"] = json!([customer]);
    value["filledAttendeesCount"] = 1.into();
    value["optOutOfCustomerEmail"] = true.into();
    business.put(Appointment::from_value(value)?);
    Some(id)
}

/// Moves it, as long as it was; false, if it is not there.
pub(crate) fn move_to(state: &mut State, business: &str, id: &str, start: DateTime<Utc>) -> bool {
    let now = state.now();
    let Some(business) = state.business_mut(business) else { return false };
    let Some(before) = business.appointment(id) else { return false };
    let mut value = before.value.clone();
    value["startDateTime"] = times::in_utc(start);
    value["endDateTime"] = times::in_utc(start + (before.span.1 - before.span.0));
    value["lastUpdatedDateTime"] = times::stamp(now).into();
    Appointment::from_value(value).map(|moved| business.put(moved)).is_some()
}

/// Cancels it; false, if it is not there.
pub(crate) fn cancel(state: &mut State, business: &str, id: &str) -> bool {
    let now = state.now();
    let Some(gone) = state.business_mut(business).and_then(|business| business.take(id)) else {
        return false;
    };
    state.messages.push(messages::cancellation(business, &gone, "", now));
    true
}

/// Takes the place that our write is about to take, if a rule says so.
pub(crate) fn intrude(state: &mut State, business: &str, ours: &Appointment, met: &Met) {
    let through = met.rule(Misbehaviour::IntruderLetThrough);
    let Some(rule) = through.or_else(|| met.rule(Misbehaviour::Intruder)) else { return };
    let made = DateTime::parse_from_rfc3339(text(&ours.value, "lastUpdatedDateTime"));
    let made = made.map_or_else(|_| state.now(), |time| time.to_utc());
    let created = match rule.created {
        Created::Earlier => made - TimeDelta::milliseconds(250),
        Created::Later => made + TimeDelta::milliseconds(250),
    };
    let staff: Vec<&str> = texts(&ours.value["staffMemberIds"]).collect();
    for staff in staff {
        book_with_date(state, business, text(&ours.value, "serviceId"), staff, ours.span.0, created);
    }
}

/// Takes a seat of a group appointment, if it has one left.
pub(crate) fn join_group(state: &mut State, business: &str, id: &str) {
    let Some(customer) = new_customer(state, business) else { return };
    let Some(business) = state.business_mut(business) else { return };
    let Some(mut joined) = business.appointment(id).filter(|group| group.has_free_seat()).cloned() else {
        return;
    };
    if let Some(customers) = joined.value["customers"].as_array_mut() {
        customers.push(customer);
    }
    joined.value["filledAttendeesCount"] = joined.value["customers"].as_array().map_or(0, Vec::len).into();
    business.put(joined);
}

/// A customer of the business, as an appointment names it.
fn new_customer(state: &mut State, business: &str) -> Option<Value> {
    let (now, id) = (times::stamp(state.now()), uuid::Uuid::new_v4().to_string());
    let email = format!("somebody-{}@example.com", &id[..8]);
    state.business_mut(business)?.customers.push(json!({
        "@odata.type": "#microsoft.graph.bookingCustomer",
        "id": id,
        "displayName": "Somebody Else",
        "emailAddress": email,
        "addresses": [],
        "phones": [],
        "createdDateTime": now,
        "lastUpdatedDateTime": now,
    }));
    Some(json!({
        "@odata.type": CUSTOMER,
        "customerId": id,
        "name": "Somebody Else",
        "emailAddress": email,
        "phone": null,
        "notes": null,
        "timeZone": null,
        "customQuestionAnswers": [],
    }))
}
