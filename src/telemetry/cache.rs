//! How often what was asked for was still known. Counted for the whole process, and told every five minutes.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::{Instant, interval_at};

use super::events;

/// How often it is told.
const EVERY: Duration = Duration::from_mins(5);

/// The uses of one cache.
#[derive(Debug)]
pub struct Uses {
    pub(super) name: &'static str,
    pub(super) hits: AtomicU64,
    pub(super) misses: AtomicU64,
    /// As they were when they were last told.
    told: Mutex<(u64, u64)>,
}

/// Replies to the same question while nothing has changed.
pub static REPLIES: Uses = Uses::new("replies");

/// Businesses of Bookings, their services and staff.
pub static CATALOGUE: Uses = Uses::new("catalogue");

/// Free times at Bookings.
pub static OPENINGS: Uses = Uses::new("openings");

pub(super) static ALL: [&Uses; 3] = [&REPLIES, &CATALOGUE, &OPENINGS];

impl Uses {
    const fn new(name: &'static str) -> Self {
        let (hits, misses) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { name, hits, misses, told: Mutex::new((0, 0)) }
    }

    pub(crate) fn count(&self, was_there: bool) {
        let counted = if was_there { &self.hits } else { &self.misses };
        counted.fetch_add(1, Ordering::Relaxed);
    }

    /// How often it was there and was not, since this was last asked.
    fn since(&self) -> (u64, u64) {
        let now = (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed));
        let before = std::mem::replace(&mut *self.told.lock(), now);
        (now.0 - before.0, now.1 - before.1)
    }
}

/// Tells of every cache that was used since the last time.
pub fn tell() {
    for uses in ALL {
        let (hits, misses) = uses.since();
        if hits + misses > 0 {
            events::cache(uses.name, hits, misses);
        }
    }
}

/// Tells again and again.
pub async fn keep_telling() {
    let mut every = interval_at(Instant::now() + EVERY, EVERY);
    loop {
        every.tick().await;
        tell();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_not_told_again() {
        static USES: Uses = Uses::new("of-a-test");
        USES.count(true);
        USES.count(true);
        USES.count(false);
        assert_eq!(USES.since(), (2, 1));
        assert_eq!(USES.since(), (0, 0));
        USES.count(false);
        assert_eq!(USES.since(), (0, 1));
    }
}
