//! `getStaffAvailability`: working hours less what is booked. It knows nothing of a service's own hours.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{
    graph::{Met, Request},
    misbehaviour::Misbehaviour,
    reply::Reply,
    state::{Business, State, text, texts},
    times::{self, Span},
};

/// A stretch of one staff member's time.
struct Item {
    status: &'static str,
    span: Span,
    service: String,
}

/// For each staff member asked for. Whatever it does not like, it gives no reason.
pub(crate) fn of_staff(state: &State, request: &Request, met: &Met) -> Result<Reply, Reply> {
    let business = state.business(&request.call.business).ok_or_else(Reply::not_found)?;
    let window = window(&request.body).ok_or_else(Reply::unknown_error)?;
    let of_one = |id: &str| {
        let staff = business.staff(id)?;
        let items = items(business, staff, window, met);
        Some(json!({"staffId": id, "availabilityItems": items.iter().map(told).collect::<Vec<_>>()}))
    };
    let all: Option<Vec<Value>> = texts(&request.body["staffIds"]).map(of_one).collect();
    let all = all.filter(|all| !all.is_empty()).ok_or_else(Reply::unknown_error)?;
    Ok(Reply::json(
        200,
        json!({"@odata.context": request.context("Collection(microsoft.graph.staffAvailabilityItem)"), "value": all}),
    ))
}

/// Nothing, if it is told in an IANA zone.
fn window(body: &Value) -> Option<Span> {
    let bound = |field: &str| {
        let value = &body[field];
        let is_iana = value["timeZone"].as_str().is_some_and(|zone| zone.contains('/'));
        times::instant(value).filter(|_| !is_iana)
    };
    let window = (bound("startDateTime")?, bound("endDateTime")?);
    (window.0 < window.1).then_some(window)
}

fn items(business: &Business, staff: &Value, window: Span, met: &Met) -> Vec<Item> {
    let id = text(staff, "id");
    let mut taken = taken(business, id, window);
    if met.has(Misbehaviour::BusyIgnored) {
        taken.retain(|item| item.status != "busy");
    }
    if met.has(Misbehaviour::MergedOverlaps) {
        forget_second(&mut taken);
    }
    let spans: Vec<Span> = taken.iter().map(|item| item.span).collect();
    let open = times::without(business.working(staff, window), &spans);
    let free = open.into_iter().map(|span| Item { status: "available", span, service: String::new() });
    let mut items: Vec<Item> = taken.into_iter().chain(free).collect();
    items.sort_by_key(|item| item.span);
    items
}

/// What is booked, and what the staff member's own calendar holds, in order.
fn taken(business: &Business, staff: &str, window: Span) -> Vec<Item> {
    let mut taken = Vec::new();
    for appointment in business.appointments.iter().filter(|appointment| appointment.has_staff(staff)) {
        let service = text(&appointment.value, "serviceId");
        let mut push = |status, span| {
            let span = times::overlap(span, window);
            taken.extend(span.map(|span| Item { status, span, service: service.to_owned() }));
        };
        if appointment.has_free_seat() {
            push("busy", (appointment.busy.0, appointment.span.0));
            push("slotsAvailable", appointment.span);
            push("busy", (appointment.span.1, appointment.busy.1));
        } else {
            push("busy", appointment.busy);
        }
    }
    let personal = business.personal(staff).filter_map(|span| times::overlap(span, window));
    taken.extend(personal.map(|span| Item { status: "busy", span, service: String::new() }));
    taken.sort_by_key(|item| item.span);
    taken
}

/// Of two busy times that overlap or touch, the second is forgotten.
fn forget_second(taken: &mut Vec<Item>) {
    let mut end: Option<DateTime<Utc>> = None;
    taken.retain(|item| {
        let meets = item.status == "busy" && end.is_some_and(|end| item.span.0 <= end);
        if !meets {
            end = Some(item.span.1);
        }
        !meets
    });
}

fn told(item: &Item) -> Value {
    json!({
        "status": item.status,
        "startDateTime": times::in_utc(item.span.0),
        "endDateTime": times::in_utc(item.span.1),
        "serviceId": item.service,
    })
}
