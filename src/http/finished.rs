//! One line in the log for each request, however it ended.

use tokio::time::Instant;

use super::reply::Reply;

/// A request under way. When it is dropped unanswered, its caller has hung up.
pub(super) struct Finished {
    function: &'static str,
    started: Instant,
    answered: bool,
}

impl Finished {
    pub(super) fn watch(function: &'static str) -> Self {
        Self { function, started: Instant::now(), answered: false }
    }

    pub(super) fn with(mut self, reply: &Reply) {
        self.answered = true;
        let (function, ms) = (self.function, self.milliseconds());
        tracing::info!(function, outcome = reply.logged_as(), status = reply.status(), ms, "request");
    }

    fn milliseconds(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Drop for Finished {
    fn drop(&mut self) {
        if !self.answered {
            let (function, ms) = (self.function, self.milliseconds());
            tracing::info!(function, outcome = "callerLeft", ms, "request");
        }
    }
}
