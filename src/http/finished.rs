//! One line in the log for each request, and one span, however it ended.

use super::reply::Reply;
use crate::{
    domain::ProviderName,
    telemetry::{events, span::Span, trace::Current},
};

/// A request under way. When it is dropped unanswered, its caller has hung up.
pub(super) struct Finished {
    function: &'static str,
    span: Span,
    current: Current,
    answered: bool,
}

impl Finished {
    pub(super) fn watch(function: &'static str, span: Span, current: &Current) -> Self {
        Self { function, span, current: current.clone(), answered: false }
    }

    pub(super) fn with(mut self, reply: &Reply) {
        self.answered = true;
        self.leave(reply.logged_as(), Some(reply.status()));
    }

    fn leave(&mut self, outcome: &'static str, status: Option<u16>) {
        let provider = self.current.provider().map(ProviderName::as_str);
        self.span.set("function", self.function);
        self.span.set("outcome", outcome);
        if let Some(provider) = provider {
            self.span.set("provider", provider);
        }
        if let Some(status) = status {
            self.span.set("http.response.status_code", i64::from(status));
        }
        if status.is_some_and(|status| status >= 500) {
            self.span.failed(outcome);
        }
        let took = self.span.took();
        events::Request { function: self.function, outcome, status, provider, took }.leave();
    }
}

impl Drop for Finished {
    fn drop(&mut self) {
        if !self.answered {
            self.leave("callerLeft", None);
        }
    }
}
