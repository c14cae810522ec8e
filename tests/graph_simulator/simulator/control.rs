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
    let what = path.trim_start_matches("/control/");
    let done = match (method.as_str(), what) {
        ("GET", "state") => return Reply::json(200, state::told(state)),
        ("POST", "somebody") => return somebody(state, body),
        ("DELETE", "misbehave") => {
            state.rules.clear();
            Ok(())
        }
        ("POST", what) => set(state, what, body),
        _ => Err(unknown()),
    };
    done.map_or_else(|reply| reply, |()| Reply::no_content())
}

fn set(state: &mut State, what: &str, body: &[u8]) -> Result<(), Reply> {
    match what {
        "misbehave" => read::<Vec<Rule>>(body)?.into_iter().for_each(|rule| state.rules.add(rule)),
        "reset-counts" => state.counts = Counts::default(),
        "revoke-tokens" => state.tokens.clear(),
        "latency" => state.latency = Duration::from_millis(read::<Latency>(body)?.ms),
        "page-size" => state.page_size = read::<Size>(body)?.size.max(1),
        "seed" => state.rules.chance = Chance(read::<RandomSeed>(body)?.seed),
        "roles" => state.roles = read(body)?,
        "identity" => {
            let broken: Option<BrokenIdentity> = read(body)?;
            state.broken_identity = broken.map(|broken| (broken.status, broken.body));
        }
        _ => return Err(unknown()),
    }
    Ok(())
}

fn unknown() -> Reply {
    Reply::json(404, json!({"error": "there is no such control"}))
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
