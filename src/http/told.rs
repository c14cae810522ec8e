//! Replies that are told again while what they were made from holds.
//!
//! A newcomer would let them expire after some seconds. They would then offer what was just booked. Here each
//! carries its [`Basis`], which is asked each time: one look at the store instead of a search. They decide
//! nothing; a booking looks for itself.

use std::sync::Arc;

use bytes::Bytes;
use moka::sync::Cache;

use super::reply::Reply;
use crate::scheduling::{Basis, Scheduling};

/// Bytes kept at most, of requests, replies and what these rest on.
const MOST: u64 = 8 << 20;

/// Replies by the request they answer, as the caller wrote it.
#[derive(Clone)]
pub(super) struct Told(Cache<Bytes, (Arc<Basis>, Reply), foldhash::quality::RandomState>);

impl Told {
    pub(super) fn new() -> Self {
        let weight = |body: &Bytes, (basis, reply): &(Arc<Basis>, Reply)| {
            u32::try_from(body.len() + basis.weight() + reply.weight()).unwrap_or(u32::MAX)
        };
        let hasher = foldhash::quality::RandomState::default();
        Self(Cache::builder().max_capacity(MOST).weigher(weight).build_with_hasher(hasher))
    }

    /// What was answered to the same request, if it would be answered again.
    pub(super) async fn again(&self, body: &Bytes, scheduling: &Scheduling) -> Option<Reply> {
        let (basis, reply) = self.0.get(body)?;
        scheduling.still_holds(&basis).await.then_some(reply)
    }

    /// `body` must say all that the reply depends on, and nothing about a patient.
    pub(super) fn keep(&self, body: Bytes, basis: Basis, reply: Reply) {
        self.0.insert(body, (basis.into(), reply));
    }
}
