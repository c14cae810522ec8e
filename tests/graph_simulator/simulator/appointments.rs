//! Writing appointments, and how they read.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    graph::{Met, Request},
    messages,
    misbehaviour::Misbehaviour,
    oddities,
    reply::Reply,
    rules, somebody,
    state::{Appointment, Business, State, by_id, text},
    times,
};

/// Books, if the rules let it.
pub(crate) fn create(state: &mut State, request: &Request, met: &Met) -> Result<Reply, Reply> {
    let (id, now) = (&request.call.business, state.now());
    let business = state.business(id).ok_or_else(Reply::not_found)?;
    let mut wanted = drafted(business, &request.body, now)?;
    wanted.value["id"] = new_id(met.has(Misbehaviour::SlashIds)).into();
    rules::judge_customers(business, &wanted.value)?;
    rules::judge_place(business, &wanted, now)?;
    somebody::intrude(state, id, &wanted, met);
    let business = state.business_mut(id).ok_or_else(Reply::not_found)?;
    if !met.has(Misbehaviour::IntruderLetThrough) {
        rules::judge_free(business, &wanted)?;
    }
    if met.has(Misbehaviour::WrongPlace) {
        wanted = an_hour_later(wanted);
    }
    let drops = met.has(Misbehaviour::DroppedCustomer);
    settle_customers(business, &mut wanted.value, &BTreeSet::new(), drops, now);
    business.put(wanted.clone());
    if wanted.value["optOutOfCustomerEmail"] != true {
        state.messages.push(messages::confirmation(id, &wanted, now));
    }
    Ok(Reply::json(201, wanted.value))
}

/// Changes what the body names.
pub(crate) fn update(state: &mut State, request: &Request, met: &Met) -> Result<Reply, Reply> {
    let (call, now) = (&request.call, state.now());
    if call.id.contains('/') {
        return Err(Reply::no_such_segment(call.id.split('/').next_back().unwrap_or_default()));
    }
    if met.has(Misbehaviour::RefusePatch) {
        return Err(Reply::bad_request("The request is not supported."));
    }
    if met.has(Misbehaviour::IntruderInGroup) {
        somebody::join_group(state, &call.business, &call.id);
    }
    let business = state.business(&call.business).ok_or_else(Reply::not_found)?;
    let before = business.appointment(&call.id).ok_or_else(Reply::not_found)?.clone();
    let is_another = request.if_match.as_ref().is_some_and(|etag| *etag != oddities::etag(&before.value));
    if met.has(Misbehaviour::Etags) && is_another {
        return Err(Reply::changed());
    }
    let mut wanted = changed(&before, &request.body, now)?;
    if request.body.get("customers").is_some() {
        rules::judge_customers(business, &wanted.value)?;
    }
    let moves =
        before.span != wanted.span || before.value["staffMemberIds"] != wanted.value["staffMemberIds"];
    if moves {
        rules::judge_place(business, &wanted, now)?;
    }
    if moves {
        somebody::intrude(state, &call.business, &wanted, met);
    }
    let business = state.business_mut(&call.business).ok_or_else(Reply::not_found)?;
    if moves && !met.has(Misbehaviour::IntruderLetThrough) {
        rules::judge_free(business, &wanted)?;
    }
    let (known, drops) = (customer_ids(&before.value), met.has(Misbehaviour::DroppedCustomer));
    settle_customers(business, &mut wanted.value, &known, drops, now);
    business.put(wanted.clone());
    if before.span != wanted.span {
        state.messages.push(messages::update(&call.business, &wanted, now));
    }
    Ok(Reply::no_content())
}

/// Takes it away and tells those concerned.
pub(crate) fn cancel(state: &mut State, request: &Request) -> Result<Reply, Reply> {
    let gone = delete_one(state, request)?;
    let message = messages::cancellation(
        &request.call.business,
        &gone,
        text(&request.body, "cancellationMessage"),
        state.now(),
    );
    state.messages.push(message);
    Ok(Reply::no_content())
}

/// Takes it away in silence.
pub(crate) fn delete(state: &mut State, request: &Request) -> Result<Reply, Reply> {
    delete_one(state, request).map(|_| Reply::no_content())
}

fn delete_one(state: &mut State, request: &Request) -> Result<Appointment, Reply> {
    let business = state.business_mut(&request.call.business).ok_or_else(Reply::not_found)?;
    business.take(&request.call.id).ok_or_else(Reply::not_found)
}

/// As a list tells it: without what is told by id only.
pub(crate) fn listed(appointment: &Appointment) -> Value {
    let mut value = appointment.value.clone();
    value["serviceNotes"] = Value::Null;
    value["reminders"] = json!([]);
    for customer in value["customers"].as_array_mut().into_iter().flatten() {
        customer["notes"] = Value::Null;
    }
    value
}

/// An id as Exchange makes them.
pub(crate) fn new_id(with_slash: bool) -> String {
    let bytes = [*uuid::Uuid::new_v4().as_bytes(), *uuid::Uuid::new_v4().as_bytes()].concat();
    let tail = URL_SAFE_NO_PAD.encode(bytes);
    let slash = if with_slash { "/" } else { "" };
    format!("AAMkADc7{}{slash}{}AAA=", &tail[..20], &tail[20..])
}

/// The appointment that a body asks for, with all that Bookings adds.
fn drafted(business: &Business, body: &Value, now: DateTime<Utc>) -> Result<Appointment, Reply> {
    let service = business.service(text(body, "serviceId"));
    let service = service.ok_or_else(|| Reply::bad_request("Invalid Service"))?;
    let mut value = blank(service, now);
    copy(body, &mut value, &COMPUTED);
    value["maximumAttendeesCount"] = service["maximumAttendeesCount"].as_u64().unwrap_or(1).into();
    if value["isLocationOnline"] == true {
        value["joinWebUrl"] = meeting().into();
    }
    finished(value)
}

/// What Bookings computes, whatever a body says.
const COMPUTED: [&str; 9] = [
    "id",
    "createdDateTime",
    "lastUpdatedDateTime",
    "duration",
    "filledAttendeesCount",
    "joinWebUrl",
    "anonymousJoinWebUrl",
    "selfServiceAppointmentId",
    "maximumAttendeesCount",
];

fn changed(before: &Appointment, body: &Value, now: DateTime<Utc>) -> Result<Appointment, Reply> {
    let mut value = before.value.clone();
    let service = &body["serviceId"];
    if !service.is_null() && *service != value["serviceId"] {
        return Err(Reply::bad_request("The service of an appointment cannot be changed."));
    }
    copy(body, &mut value, &COMPUTED);
    value["lastUpdatedDateTime"] = times::stamp(now).into();
    finished(value)
}

fn copy(from: &Value, to: &mut Value, except: &[&str]) {
    for (field, value) in from.as_object().into_iter().flatten() {
        if !field.contains('@') && !except.contains(&field.as_str()) {
            to[field] = value.clone();
        }
    }
}

/// Times in UTC, and what follows from them.
fn finished(value: Value) -> Result<Appointment, Reply> {
    let invalid = || Reply::bad_request("Invalid start or end.");
    let mut appointment = Appointment::from_value(value).ok_or_else(invalid)?;
    let (start, end) = appointment.span;
    appointment.value["startDateTime"] = times::in_utc(start);
    appointment.value["endDateTime"] = times::in_utc(end);
    appointment.value["duration"] = times::iso_duration(end - start).into();
    Ok(appointment)
}

/// An appointment of a service before anybody said more.
pub(crate) fn blank(service: &Value, now: DateTime<Utc>) -> Value {
    let or = |field: &str, other: Value| {
        Some(&service[field]).filter(|value| !value.is_null()).cloned().unwrap_or(other)
    };
    json!({
        "id": "",
        "selfServiceAppointmentId": "00000000-0000-0000-0000-000000000000",
        "createdDateTime": times::stamp(now),
        "lastUpdatedDateTime": times::stamp(now),
        "additionalInformation": service["additionalInformation"],
        "isLocationOnline": or("isLocationOnline", json!(false)),
        "joinWebUrl": null,
        "anonymousJoinWebUrl": null,
        "appointmentLabel": null,
        "customers": [],
        "customerTimeZone": null,
        "smsNotificationsEnabled": or("smsNotificationsEnabled", json!(false)),
        "serviceId": service["id"],
        "serviceName": service["displayName"],
        "duration": service["defaultDuration"],
        "preBuffer": or("preBuffer", json!("PT0S")),
        "postBuffer": or("postBuffer", json!("PT0S")),
        "priceType": or("defaultPriceType", json!("notSet")),
        "price": or("defaultPrice", json!(0.0)),
        "serviceNotes": null,
        "optOutOfCustomerEmail": false,
        "isCustomerAllowedToManageBooking": or("isCustomerAllowedToManageBooking", json!(false)),
        "staffMemberIds": [],
        "startDateTime": null,
        "endDateTime": null,
        "serviceLocation": service["defaultLocation"],
        "reminders": or("defaultReminders", json!([])),
        "maximumAttendeesCount": or("maximumAttendeesCount", json!(1)),
        "filledAttendeesCount": 0,
    })
}

fn meeting() -> String {
    let id = uuid::Uuid::new_v4().simple();
    format!("https://teams.microsoft.com/l/meetup-join/19%3ameeting_{id}%40thread.v2/0")
}

fn an_hour_later(appointment: Appointment) -> Appointment {
    let (hour, mut value) = (TimeDelta::hours(1), appointment.value);
    value["startDateTime"] = times::in_utc(appointment.span.0 + hour);
    value["endDateTime"] = times::in_utc(appointment.span.1 + hour);
    Appointment {
        value,
        span: (appointment.span.0 + hour, appointment.span.1 + hour),
        busy: (appointment.busy.0 + hour, appointment.busy.1 + hour),
    }
}

pub(crate) fn customer_ids(appointment: &Value) -> BTreeSet<String> {
    let customers = appointment["customers"].as_array().into_iter().flatten();
    customers.filter_map(|customer| customer["customerId"].as_str()).map(Into::into).collect()
}

/// Of a group, customers who do not exist are left out without a word; for the only seat, a customer is made.
fn settle_customers(
    business: &mut Business,
    appointment: &mut Value,
    known: &BTreeSet<String>,
    drops: bool,
    now: DateTime<Utc>,
) {
    let is_group = appointment["maximumAttendeesCount"].as_u64().unwrap_or(1) > 1;
    let told = appointment["customers"].take();
    let told = told.as_array().cloned().unwrap_or_default();
    let mut settled = Vec::new();
    for mut customer in told {
        let exists = by_id(&business.customers, text(&customer, "customerId")).cloned();
        let dropped = drops && is_group && !known.contains(text(&customer, "customerId"));
        match exists {
            _ if dropped => {}
            Some(record) => settled.push(informed_by(&record, customer)),
            None if is_group => {}
            None => {
                customer["customerId"] = made_customer(business, &customer, now).into();
                settled.push(customer);
            }
        }
    }
    appointment["filledAttendeesCount"] = settled.len().into();
    appointment["customers"] = settled.into();
}

/// What a customer's record adds to what was told about the customer.
fn informed_by(record: &Value, mut customer: Value) -> Value {
    for (field, known) in [("name", &record["displayName"]), ("emailAddress", &record["emailAddress"])] {
        if customer[field].is_null() {
            customer[field] = known.clone();
        }
    }
    customer
}

fn made_customer(business: &mut Business, customer: &Value, now: DateTime<Utc>) -> String {
    let id = uuid::Uuid::new_v4().to_string();
    let phone = &customer["phone"];
    let phones = if phone.is_string() { json!([{"number": phone, "type": "mobile"}]) } else { json!([]) };
    business.customers.push(json!({
        "@odata.type": "#microsoft.graph.bookingCustomer",
        "id": id,
        "displayName": customer["name"],
        "emailAddress": customer["emailAddress"],
        "addresses": [],
        "phones": phones,
        "createdDateTime": times::stamp(now),
        "lastUpdatedDateTime": times::stamp(now),
    }));
    id
}
