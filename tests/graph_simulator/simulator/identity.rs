//! The managed identity of an App Service: `GET /identity/token`.

use chrono::TimeDelta;
use serde_json::{Value, json};
use warp::http::HeaderMap;

use super::{
    reply::Reply,
    state::{Shared, State},
};

/// What `IDENTITY_HEADER` must be.
pub(crate) const HEADER: &str = "simulated";

/// A token for whoever knows the header; or what the endpoint is told to answer instead.
pub(crate) fn answered(shared: &Shared, headers: &HeaderMap, query: &str) -> Reply {
    let state = &mut *shared.state.lock();
    if let Some((status, body)) = state.broken_identity.clone() {
        return Reply::json(status, body);
    }
    let wanted = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    };
    let Some(resource) = wanted("resource") else { return refused(400, "the query names no `resource`") };
    if headers.get("x-identity-header").is_none_or(|header| header != HEADER) {
        return refused(401, "the header `X-IDENTITY-HEADER` is missing or wrong");
    }
    if wanted("api-version").as_deref() != Some("2019-08-01") {
        return refused(400, "the `api-version` must be 2019-08-01");
    }
    let token = token(state, &resource, wanted("client_id").as_deref());
    if is_graph(&shared.url, &resource) {
        let end = state.now() + LIFETIME;
        state.tokens.insert(token["access_token"].as_str().unwrap_or_default().into(), end);
    }
    Reply::json(200, token)
}

const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// A token for another resource is given out too, but Graph does not take it.
fn is_graph(url: &str, resource: &str) -> bool {
    let clouds =
        ["https://graph.microsoft.com", "https://graph.microsoft.us", "https://dod-graph.microsoft.us"];
    let resource = resource.trim_end_matches('/');
    resource == url || clouds.contains(&resource)
}

fn token(state: &State, resource: &str, client: Option<&str>) -> Value {
    let token = format!("simulated.{}.{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    let end = state.now() + LIFETIME;
    json!({
        "access_token": token,
        "expires_on": end.timestamp().to_string(),
        "resource": resource,
        "token_type": "Bearer",
        "client_id": client.unwrap_or("5e29463d-71da-4fe0-8e69-999b57db23b0"),
    })
}

fn refused(status: u16, message: &str) -> Reply {
    Reply::json(status, json!({"statusCode": status, "message": message}))
}

/// Whether a request brings a token that was given out and still holds.
pub(crate) fn authorized(state: &State, headers: &HeaderMap) -> Result<(), Reply> {
    let header = headers.get("authorization").and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.strip_prefix("Bearer "));
    let Some(token) = token else { return Err(Reply::unauthorized("Access token is empty.")) };
    match state.tokens.get(token) {
        Some(end) if *end > state.now() => Ok(()),
        Some(_) => Err(Reply::unauthorized("Lifetime validation failed, the token is expired.")),
        None => Err(Reply::unauthorized("CompactToken validation failed.")),
    }
}
