//! Several reads in one round trip.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout_at};

use super::{Answer, Ask, Graph, READ_TRY, Trouble, call, patience, wait_for};
use crate::telemetry::events::Vendor;
use backon::BackoffBuilder;

/// <https://learn.microsoft.com/graph/json-batching#batch-size-limitations>
pub(super) const MOST_PARTS: usize = 20;

/// Round trips for one batch: its parts are throttled one by one.
const MOST_TRIES: usize = 5;

#[derive(Deserialize)]
struct Answers {
    responses: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    id: String,
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    #[serde(default)]
    body: Value,
    /// The request id of the whole.
    #[serde(skip)]
    batch: String,
    /// How long the whole took.
    #[serde(skip)]
    took: Duration,
}

impl Graph {
    /// Reads several things, twenty in a round trip; an answer each, in order. Parts that were not answered, and may
    /// be a moment later, are asked again. A list's further pages are the caller's to read.
    pub async fn batch(&self, asks: &[Ask], deadline: Instant) -> Vec<Result<Answer, Trouble>> {
        let mut answers: Vec<Result<Answer, Trouble>> =
            asks.iter().map(|_| Err(Trouble::NoAnswer("not in time"))).collect();
        let mut open: Vec<usize> = (0..asks.len()).collect();
        let mut delays = patience().build();
        let mut renewed = false;
        for _ in 0..MOST_TRIES {
            for parts in open.chunks(MOST_PARTS) {
                self.round(asks, parts, &mut answers, deadline).await;
            }
            let refused = |trouble: &Trouble| *trouble == Trouble::Unauthorized;
            let renew = !renewed && answers.iter().any(|answer| answer.as_ref().is_err_and(refused));
            open.retain(|index| {
                answers[*index].as_ref().is_err_and(|trouble| trouble.passes() || renew && refused(trouble))
            });
            if renew {
                self.tokens.refuse_any();
                renewed = true;
            }
            let troubles = open.iter().filter_map(|index| answers[*index].as_ref().err());
            // The longest wait that any of them was told.
            let Some(worst) = troubles.max_by_key(|trouble| trouble.retry_after()) else { return answers };
            let Some(wait) = wait_for(worst, delays.next(), deadline) else { return answers };
            sleep(wait).await;
        }
        answers
    }

    async fn round(
        &self,
        asks: &[Ask],
        parts: &[usize],
        answers: &mut [Result<Answer, Trouble>],
        deadline: Instant,
    ) {
        match self.send_batch(asks, parts, deadline).await {
            Err(trouble) => parts.iter().for_each(|index| answers[*index] = Err(trouble.clone())),
            Ok(told) => {
                for part in told {
                    let index = part.id.parse().ok().filter(|index| parts.contains(index));
                    if let Some(index) = index {
                        answers[index] = self.judge(&part, &asks[index]);
                    }
                }
            }
        }
    }

    async fn send_batch(
        &self,
        asks: &[Ask],
        parts: &[usize],
        deadline: Instant,
    ) -> Result<Vec<Part>, Trouble> {
        let requests: Vec<Value> = parts.iter().map(|index| part(*index, &asks[*index])).collect();
        // It is its parts that count against a mailbox.
        let nobody = Arc::from("");
        let batch =
            Ask::send(Method::POST, &nobody, "$batch".to_owned(), "batch", json!({ "requests": requests }));
        let url = self.url(&batch)?;
        let limit = deadline.min(Instant::now() + READ_TRY);
        let told = async {
            let mut wanted: BTreeMap<&Arc<str>, u32> = BTreeMap::new();
            for index in parts {
                *wanted.entry(&asks[*index].mailbox).or_default() += 1;
            }
            // In one order by everybody, so that no two wait for each other.
            let mut permits = Vec::new();
            for (mailbox, count) in wanted {
                permits.push(self.permits(mailbox, count).await);
            }
            self.once(&url, &batch, limit).await
        };
        let told = timeout_at(limit, told).await.unwrap_or(Err(Trouble::NoAnswer("not in time")))?;
        let mut responses = told.read::<Answers>()?.responses;
        for response in &mut responses {
            response.batch.clone_from(&told.request_id);
            response.took = told.took;
        }
        Ok(responses)
    }

    fn judge(&self, part: &Part, ask: &Ask) -> Result<Answer, Trouble> {
        if (200..300).contains(&part.status) {
            let body = serde_json::to_vec(&part.body).unwrap_or_default().into();
            return Ok(Answer { body, operation: ask.what, request_id: part.batch.clone(), took: part.took });
        }
        let header = |name: &str| {
            let found = part.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        };
        let trouble =
            Trouble::told(part.status, header("Retry-After").as_deref(), &part.body, self.clock.now());
        let (told, diagnostic) = (trouble.to_string(), header("x-ms-ags-diagnostic"));
        // The batch itself has a line that says 200, whatever became of its parts.
        let event = Vendor {
            provider: call::GRAPH,
            operation: ask.what,
            status: Some(part.status),
            trouble: Some(&told),
            client_request_id: None,
            request_id: Some(&part.batch),
            diagnostic: diagnostic.as_deref(),
            took: part.took,
        };
        event.leave();
        Err(trouble)
    }
}

fn part(index: usize, ask: &Ask) -> Value {
    let mut part = json!({
        "id": index.to_string(), "method": ask.method.as_str(), "url": format!("/{}", ask.path),
    });
    if let Some(body) = &ask.body {
        part["headers"] = json!({ "Content-Type": "application/json" });
        part["body"] = body.clone();
    }
    part
}
