//! The control endpoint: `/control/...`, for whoever has a terminal and no test.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use warp::http::Method;

use super::{
    misbehaviour::{Chance, Rule},
    reply::Reply,
    somebody,
    state::{self, Counts, Shared, State},
};

/// What somebody does in Outlook.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Somebody {
    Book { business: String, service: String, staff: String, start: DateTime<Utc> },
    Move { business: String, id: String, start: DateTime<Utc> },
    Cancel { business: String, id: String },
}

#[derive(Debug, Deserialize)]
struct Latency {
    ms: u64,
}

#[derive(Debug, Deserialize)]
struct Size {
    size: usize,
}

#[derive(Debug, Deserialize)]
struct RandomSeed {
    seed: u64,
}

#[derive(Debug, Deserialize)]
struct BrokenIdentity {
    status: u16,
    #[serde(default)]
    body: Value,
}

/// Does what the path says.
pub(crate) fn answered(shared: &Shared, method: &Method, path: &str, body: &[u8]) -> Reply {
    let state = &mut *shared.state.lock();
    let done = match (method.as_str(), path.trim_start_matches("/control/")) {
        ("GET", "state") => return Reply::json(200, state::told(state)),
        ("DELETE", "misbehave") => Ok(state.rules.clear()),
        ("POST", "misbehave") => read(body).map(|rules: Vec<Rule>| rules.into_iter().for_each(|rule| state.rules.add(rule))),
        ("POST", "reset-counts") => Ok(state.counts = Counts::default()),
        ("POST", "revoke-tokens") => Ok(state.tokens.clear()),
        ("POST", "latency") => read(body).map(|latency: Latency| state.latency = Duration::from_millis(latency.ms)),
        ("POST", "page-size") => read(body).map(|page: Size| state.page_size = page.size.max(1)),
        ("POST", "seed") => read(body).map(|random: RandomSeed| state.rules.chance = Chance(random.seed)),
        ("POST", "roles") => read(body).map(|roles| state.roles = roles),
        ("POST", "identity") => read(body).map(|broken: Option<BrokenIdentity>| {
            state.broken_identity = broken.map(|broken| (broken.status, broken.body));
        }),
        ("POST", "somebody") => return somebody(state, body),
        _ => return Reply::json(404, json!({"error": "there is no such control"})),
    };
    done.map_or_else(|reply| reply, |()| Reply::no_content())
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Reply> {
    serde_json::from_slice(body).map_err(|error| Reply::json(400, json!({"error": error.to_string()})))
}

fn somebody(state: &mut State, body: &[u8]) -> Reply {
    let done = match read(body) {
        Err(reply) => return reply,
        Ok(Somebody::Book { business, service, staff, start }) => {
            somebody::book(state, &business, &service, &staff, start)
        }
        Ok(Somebody::Move { business, id, start }) => {
            somebody::move_to(state, &business, &id, start).then_some(id)
        }
        Ok(Somebody::Cancel { business, id }) => somebody::cancel(state, &business, &id).then_some(id),
    };
    done.map_or_else(Reply::not_found, |id| Reply::json(200, json!({"id": id})))
}
