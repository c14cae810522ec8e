//! Reading a business and its parts, one or many, page by page.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    appointments,
    graph::Request,
    reply::Reply,
    state::{Business, State, by_id, text},
    times,
};

/// Those whose name contains the `query`: ids and names only, and all on one page.
pub(crate) fn businesses(state: &State, request: &Request) -> Reply {
    let query = request.query("query").unwrap_or_default().to_lowercase();
    let all = state.businesses.iter().map(|business| &business.profile);
    let found = all.filter(|business| text(business, "displayName").to_lowercase().contains(&query));
    let told = found.map(|business| json!({"id": business["id"], "displayName": business["displayName"]}));
    page(request, told.take(500).collect(), usize::MAX)
}

/// The business alone, without its parts.
pub(crate) fn business(business: &Business, request: &Request) -> Reply {
    one(request, Some(&business.profile))
}

/// One object with where it comes from, or 404.
pub(crate) fn one(request: &Request, object: Option<&Value>) -> Reply {
    let Some(object) = object else { return Reply::not_found() };
    let mut told = json!({"@odata.context": request.context("$entity")});
    for (field, value) in object.as_object().into_iter().flatten() {
        told[field] = value.clone();
    }
    Reply::json(200, told)
}

/// One by the id of the call.
pub(crate) fn by_call(request: &Request, objects: &[Value]) -> Reply {
    one(request, by_id(objects, &request.call.id))
}

/// Services; default reminders are told by id only.
pub(crate) fn services(state: &State, business: &Business, request: &Request) -> Reply {
    let mut services = business.services.clone();
    for service in &mut services {
        service["defaultReminders"] = json!([]);
    }
    page(request, services, state.page_size)
}

/// Everything booked.
pub(crate) fn appointments(state: &State, business: &Business, request: &Request) -> Reply {
    page(request, business.appointments.iter().map(appointments::listed).collect(), state.page_size)
}

/// What is booked and touches the window.
pub(crate) fn calendar_view(state: &State, business: &Business, request: &Request) -> Result<Reply, Reply> {
    let bound = |name: &str| request.query(name).and_then(|text| times::rfc3339(&text));
    let invalid = || {
        Reply::bad_request(
            "This request requires a time window specified by the query string parameters Start and End.",
        )
    };
    let window = (bound("start").ok_or_else(invalid)?, bound("end").ok_or_else(invalid)?);
    let mut found: Vec<_> =
        business.appointments.iter().filter(|one| times::overlap(one.span, window).is_some()).collect();
    found.sort_by_key(|appointment| appointment.span);
    Ok(page(request, found.into_iter().map(appointments::listed).collect(), state.page_size))
}

/// A page of objects. A client that asks for `$top` is not told that there is more.
pub(crate) fn page(request: &Request, objects: Vec<Value>, size: usize) -> Reply {
    if request.query("$filter").is_some() {
        return Reply::bad_request("This filter query is not supported.");
    }
    let (count, from) = (objects.len(), request.query("$skiptoken").map_or(0, |token| place(&token)));
    let top = request.query("$top").and_then(|top| top.parse::<usize>().ok());
    let shown = top.unwrap_or(size).min(size);
    let page: Vec<Value> = objects.into_iter().skip(from).take(shown).collect();
    let next = from + page.len();
    let mut told = json!({"@odata.context": request.context(""), "value": page});
    if top.is_none() && next < count {
        told["@odata.nextLink"] = request.with_query("$skiptoken", &token(next)).into();
    }
    Reply::json(200, told)
}

fn token(place: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("page:{place}"))
}

fn place(token: &str) -> usize {
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
    let text = String::from_utf8(bytes).unwrap_or_default();
    text.strip_prefix("page:").and_then(|place| place.parse().ok()).unwrap_or_default()
}
