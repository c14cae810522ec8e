//! The customers of a business.

use serde_json::{Value, json};

use super::{graph::Request, reply::Reply, state::State, times};

/// Adds one.
pub(crate) fn create(state: &mut State, request: &Request) -> Result<Reply, Reply> {
    let now = times::stamp(state.now());
    let business = state.business_mut(&request.call.business).ok_or_else(Reply::not_found)?;
    if request.body["displayName"].as_str().is_none_or(str::is_empty) {
        return Err(Reply::bad_request("A customer needs a displayName."));
    }
    let mut customer = json!({
        "@odata.type": "#microsoft.graph.bookingCustomer",
        "id": "",
        "displayName": null,
        "emailAddress": null,
        "addresses": [],
        "phones": [],
    });
    for (field, value) in request.body.as_object().into_iter().flatten() {
        customer[field] = value.clone();
    }
    customer["id"] = uuid::Uuid::new_v4().to_string().into();
    customer["createdDateTime"] = now.clone().into();
    customer["lastUpdatedDateTime"] = now.into();
    business.customers.push(customer.clone());
    Ok(Reply::json(201, customer))
}

/// Takes one away.
pub(crate) fn delete(state: &mut State, request: &Request) -> Result<Reply, Reply> {
    let business = state.business_mut(&request.call.business).ok_or_else(Reply::not_found)?;
    let before = business.customers.len();
    business.customers.retain(|customer: &Value| customer["id"] != request.call.id.as_str());
    if business.customers.len() < before { Ok(Reply::no_content()) } else { Err(Reply::not_found()) }
}
