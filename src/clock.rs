//! What time it is. `main` makes the one clock of the process and hands it down; nothing else may ask the
//! system, so that a test can say what time it is.
//!
//! Ages, time-outs and pauses are not this clock's business: they are measured by `tokio::time`, or by the
//! store.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;

/// A clock, cheap to clone; clones of a manual one tell the same time.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Manual(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// The machine's clock. For `main` alone.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until it is [set](Self::set) or [moved](Self::advance).
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        Self(Source::Manual(Arc::new(Mutex::new(now))))
    }

    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system")]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => Utc::now(),
            Source::Manual(now) => *now.lock(),
        }
    }

    /// Sets a manual clock; the system's is not ours to set.
    pub fn set(&self, now: DateTime<Utc>) {
        if let Source::Manual(current) = &self.0 {
            *current.lock() = now;
        }
    }

    /// Moves a manual clock; the system's is not ours to move.
    pub fn advance(&self, by: TimeDelta) {
        if let Source::Manual(current) = &self.0 {
            let mut current = current.lock();
            *current = current.checked_add_signed(by).unwrap_or(*current);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_and_its_clones_tell_what_they_were_told() {
        let noon = DateTime::from_timestamp(1_796_140_800, 0).expect("a time");
        let clock = Clock::at(noon);
        let clone = clock.clone();
        clock.advance(TimeDelta::minutes(5));
        assert_eq!(clone.now(), noon + TimeDelta::minutes(5));
        clone.set(noon);
        assert_eq!(clock.now(), noon);
    }
}
