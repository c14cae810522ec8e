//! `$batch`: up to twenty requests in one round trip, answered in any order.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use warp::http::Method;

use super::{
    calls,
    graph::{self, Outcome, Prepared, Told},
    in_flight::Places,
    misbehaviour::Misbehaviour,
    reply::{Reply, RequestIds},
    state::{Shared, text, texts},
};

const MOST: usize = 20;

/// One part, and what became of it so far.
struct Part {
    id: String,
    depends_on: Vec<String>,
    ids: RequestIds,
    state: Progress,
}

enum Progress {
    Ready(Box<Prepared>),
    Answered(Reply),
}

/// The whole round trip.
pub(crate) async fn answered(shared: &Shared, authorized: Result<(), Reply>, told: Told) -> Outcome {
    let (half, parts) = (shared.state.lock().latency / 2, requests_of(&told));
    let places = places_for(shared, parts.as_deref().unwrap_or_default());
    graph::passed(half).await;
    let outcome = match (authorized, parts) {
        (Err(refused), _) => Outcome::Answer(refused),
        (_, Ok(parts)) => outcome(shared, parts.iter().map(|part| prepared(shared, part, &places)).collect()),
        (_, Err(fault)) => {
            shared.state.lock().violated(format!("{} /$batch: {fault}", told.method));
            Outcome::Answer(Reply::bad_request(&fault))
        }
    };
    graph::passed(half).await;
    outcome
}

/// The parts, if the batch is one.
fn requests_of(told: &Told) -> Result<Vec<Value>, String> {
    if told.method != Method::POST {
        return Err("a batch is posted".into());
    }
    let body = told.body.clone().unwrap_or_else(|| Err("a batch needs a body".into()))?;
    let parts = body["requests"].as_array().cloned().unwrap_or_default();
    if parts.is_empty() || parts.len() > MOST {
        return Err(format!("a batch holds from 1 to {MOST} requests, not {}", parts.len()));
    }
    let ids: BTreeSet<&str> = parts.iter().map(|part| text(part, "id")).filter(|id| !id.is_empty()).collect();
    if ids.len() < parts.len() {
        return Err("the requests of a batch need ids, each its own".into());
    }
    match parts.iter().find(|part| text(part, "url").contains("://") || text(part, "url").is_empty()) {
        Some(part) => Err(format!("a url in a batch is relative, not `{}`", text(part, "url"))),
        None => Ok(parts),
    }
}

fn prepared(shared: &Shared, part: &Value, places: &BTreeMap<String, Places>) -> Part {
    let told = told_by(part);
    let call = calls::named_by(&told.method, &told.path);
    let is_throttled =
        call.as_ref().is_ok_and(|call| places.get(&call.business).is_some_and(Places::is_none));
    let now = {
        let mut state = shared.state.lock();
        state.counts.inner += 1;
        state.now()
    };
    let state = match graph::prepared(shared, Ok(()), call, told) {
        Ok(_) if is_throttled => Progress::Answered(Reply::throttled("1")),
        Ok(prepared) => Progress::Ready(Box::new(prepared)),
        Err(refused) => Progress::Answered(refused),
    };
    Part {
        id: text(part, "id").into(),
        depends_on: texts(&part["dependsOn"]).map(Into::into).collect(),
        ids: RequestIds::new(header(part, "client-request-id"), now),
        state,
    }
}

fn told_by(part: &Value) -> Told {
    let url = text(part, "url");
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let slash = if path.starts_with('/') { "" } else { "/" };
    Told {
        method: text(part, "method").to_uppercase().parse().unwrap_or(Method::GET),
        path: format!("{slash}{path}"),
        query: query.into(),
        body: part.get("body").filter(|body| !body.is_null()).cloned().map(Ok),
        has_content_type: header(part, "content-type")
            .is_some_and(|kind| kind.starts_with("application/json")),
        if_match: header(part, "if-match").map(str::to_owned),
    }
}

fn header<'a>(part: &'a Value, name: &str) -> Option<&'a str> {
    let headers = part["headers"].as_object()?;
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
}

/// A mailbox serves the parts of a batch side by side, as many as it has places, and one after the other.
fn places_for(shared: &Shared, parts: &[Value]) -> BTreeMap<String, Places> {
    let calls = parts.iter().map(told_by).filter_map(|told| calls::named_by(&told.method, &told.path).ok());
    let mut wanted: BTreeMap<String, u64> = BTreeMap::new();
    for call in calls.filter(|call| !call.business.is_empty()) {
        *wanted.entry(call.business).or_default() += 1;
    }
    let state = &mut *shared.state.lock();
    let taken = wanted.into_iter().map(|(mailbox, count)| {
        let places = Places::taken_in(shared, state, &mailbox, count);
        (mailbox, places)
    });
    taken.collect()
}

fn outcome(shared: &Shared, parts: Vec<Part>) -> Outcome {
    let spoiled: Vec<Misbehaviour> = parts.iter().filter_map(spoiled).collect();
    if let Some(what) = spoiled.iter().find(|what| !what.executes()) {
        return graph::lost(*what);
    }
    let answers = carried_out(shared, parts);
    match spoiled.first() {
        Some(what) => graph::lost(*what),
        None => Outcome::Answer(Reply::json(200, json!({"responses": answers}))),
    }
}

/// What happens to the connection because of this part.
fn spoiled(part: &Part) -> Option<Misbehaviour> {
    let Progress::Ready(prepared) = &part.state else { return None };
    prepared.met.decider().map(|rule| rule.what).filter(|what| what.spoils_connection())
}

fn carried_out(shared: &Shared, parts: Vec<Part>) -> Vec<Value> {
    let (mut failed, mut answers) = (BTreeSet::new(), Vec::new());
    for part in parts {
        let reply = match part.state {
            _ if part.depends_on.iter().any(|id| failed.contains(id)) => {
                Reply::error(424, "FailedDependency", "A request that this one depends on failed.")
            }
            Progress::Answered(reply) => reply,
            Progress::Ready(prepared) if spoils(&prepared) => graph::executed(shared, &prepared),
            Progress::Ready(prepared) => graph::carried_out(shared, *prepared),
        };
        if !reply.is_success() {
            failed.insert(part.id.clone());
        }
        answers.push(told(&part.id, reply, &part.ids));
    }
    shared.state.lock().rules.chance.shuffle(&mut answers);
    answers
}

fn spoils(prepared: &Prepared) -> bool {
    prepared.met.decider().is_some_and(|rule| rule.what.spoils_connection())
}

fn told(id: &str, reply: Reply, ids: &RequestIds) -> Value {
    let mut headers = json!({"request-id": ids.request, "client-request-id": ids.client});
    for (name, value) in &reply.headers {
        headers[capitalized(name)] = value.as_str().into();
    }
    let mut answer = json!({"id": id, "status": reply.status, "headers": headers});
    if let Some(body) = reply.into_json(ids) {
        answer["headers"]["Content-Type"] = "application/json".into();
        answer["body"] = body;
    }
    answer
}

/// `Retry-After`, as Graph writes headers inside a batch.
fn capitalized(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    });
    words.collect::<Vec<_>>().join("-")
}
