//! Answers that are true to what Graph has been seen to answer, but not to its schema or its promises.

use serde_json::{Value, json};

use super::{graph::Met, misbehaviour::Misbehaviour, times};

/// Changes an answer as the rules that were met want it.
pub(crate) fn applied(mut body: Value, met: &Met) -> Value {
    for rule in &met.0 {
        match rule.what {
            Misbehaviour::EmptyCustomers => each(&mut body, without_customers),
            Misbehaviour::OldNames => each(&mut body, with_old_names),
            Misbehaviour::MissingCreated => each(&mut body, without_date),
            Misbehaviour::Etags if !body.is_null() => body["@odata.etag"] = etag(&body).into(),
            Misbehaviour::OddZones => each(&mut body, with_odd_zone),
            Misbehaviour::UnknownZone => {
                body["bookingPageSettings"]["businessTimeZone"] = "Middle Earth Standard Time".into();
            }
            Misbehaviour::StaffAvailabilityItemKey => as_the_page_prints(&mut body),
            Misbehaviour::ForeignNextLink => {
                body["@odata.nextLink"] =
                    "http://graph.example.net/v1.0/elsewhere?$skiptoken=cGFnZToy".into();
            }
            _ => {}
        }
    }
    body
}

/// Another one after each change of an appointment.
pub(crate) fn etag(appointment: &Value) -> String {
    let customers = appointment["customers"].as_array().map_or(0, Vec::len);
    format!("W/\"{}-{customers}\"", appointment["lastUpdatedDateTime"].as_str().unwrap_or_default())
}

/// Every object of a list, or the one that it is.
fn each(body: &mut Value, change: impl Fn(&mut Value)) {
    match body.get_mut("value").and_then(Value::as_array_mut) {
        Some(objects) => objects.iter_mut().for_each(change),
        None => change(body),
    }
}

fn remove(object: &mut Value, field: &str) -> Option<Value> {
    object.as_object_mut().and_then(|object| object.shift_remove(field))
}

fn without_customers(appointment: &mut Value) {
    appointment["customers"] = json!([]);
    remove(appointment, "filledAttendeesCount");
}

fn with_old_names(appointment: &mut Value) {
    for (name, old) in [("startDateTime", "start"), ("endDateTime", "end")] {
        if let Some(time) = remove(appointment, name) {
            appointment[old] = time;
        }
    }
}

fn without_date(appointment: &mut Value) {
    remove(appointment, "createdDateTime");
}

/// A Windows name for the business, the name that people see for a staff member.
fn with_odd_zone(object: &mut Value) {
    if let Some(Value::String(zone)) = object.pointer_mut("/bookingPageSettings/businessTimeZone") {
        *zone = times::windows_name(zone).into();
    }
    if let Some(Value::String(zone)) = object.get_mut("timeZone") {
        *zone = times::display_name(zone).into();
    }
}

fn as_the_page_prints(body: &mut Value) {
    let mut staff = remove(body, "value").unwrap_or_default();
    let items = staff.as_array_mut().into_iter().flatten();
    for item in items.flat_map(|staff| staff["availabilityItems"].as_array_mut().into_iter().flatten()) {
        let status = item["status"].as_str().unwrap_or_default();
        let (first, rest) = status.split_at(status.len().min(1));
        item["status"] = format!("{}{rest}", first.to_uppercase()).into();
        for field in ["startDateTime", "endDateTime"] {
            if let Some(time) = times::instant(&item[field]) {
                item[field] = times::in_pacific(time);
            }
        }
    }
    body["staffAvailabilityItem"] = staff;
}
