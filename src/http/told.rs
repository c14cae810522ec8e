//! Replies that are told again while what they were made from holds.
//!
//! A newcomer would let them expire after some seconds. They would then offer what was just booked. Here each
//! carries its [`Basis`], which is asked each time: one look at the store instead of a search. They decide
//! nothing; a booking looks for itself.

use std::sync::Arc;

use bytes::Bytes;
use moka::sync::Cache;

use super::reply::Reply;
use crate::{
    domain::ProviderName,
    scheduling::{Basis, Scheduling},
    telemetry::{cache, trace},
};

/// Bytes kept at most, of requests, replies and what these rest on.
const MOST: u64 = 8 << 20;

/// Replies by the request they answer, as the caller wrote it.
#[derive(Clone)]
pub(super) struct Told(Cache<Bytes, Kept, foldhash::quality::RandomState>);

/// What a reply was made from, the reply, and whose calendar it is about.
type Kept = (Arc<Basis>, Reply, Option<ProviderName>);

impl Told {
    pub(super) fn new() -> Self {
        let weight = |body: &Bytes, (basis, reply, _): &Kept| {
            u32::try_from(body.len() + basis.weight() + reply.weight()).unwrap_or(u32::MAX)
        };
        let hasher = foldhash::quality::RandomState::default();
        Self(Cache::builder().max_capacity(MOST).weigher(weight).build_with_hasher(hasher))
    }

    /// What was answered to the same request, if it would be answered again.
    pub(super) async fn again(&self, body: &Bytes, scheduling: &Scheduling) -> Option<Reply> {
        let (basis, reply, provider) = self.0.get(body)?;
        if !scheduling.still_holds(&basis).await {
            return None;
        }
        cache::REPLIES.count(true);
        provider.into_iter().for_each(trace::note_provider);
        Some(reply)
    }

    /// `body` must say all that the reply depends on, and nothing about a patient.
    pub(super) fn keep(&self, body: Bytes, basis: Basis, reply: Reply) {
        // Only what might have been here was missed.
        cache::REPLIES.count(false);
        self.0.insert(body, (basis.into(), reply, trace::noted_provider()));
    }
}
