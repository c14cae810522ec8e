//! What somebody else gives out, kept: asked for once however many wait, and by nobody who may give up on it.
//!
//! A newcomer would ask in the task of whoever needs it. A try of a read takes some seconds at most: an answer that
//! takes longer would be asked for again and again, and never come. So whoever asks is a task of its own, which ends
//! whoever hangs up; and what is still good is given at once while the next is fetched.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use parking_lot::Mutex;
use tokio::{
    task::AbortHandle,
    time::{Instant, timeout},
};

use crate::telemetry::trace;

/// Who gives it out.
#[async_trait]
pub(crate) trait Source: Send + Sync + 'static {
    type Value: Clone + Send + Sync;
    type Error: Send + Sync;

    /// How long asking may take.
    const PATIENCE: Duration;

    /// How long it is left alone after it failed, while what is kept is good.
    const PAUSE: Duration = Duration::from_secs(10);

    async fn ask(&self) -> Result<Self::Value, Self::Error>;

    /// What is kept may have aged since.
    fn age(&self, value: &Self::Value) -> Age;

    /// When it does not answer in time, or breaks off.
    fn unanswered(&self, why: &'static str) -> Self::Error;
}

/// How good what is kept still is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    Fresh,
    /// Good, and it is time to ask for the next.
    Ageing,
    /// Of no use any more.
    Over,
}

type Asked<S> = Result<<S as Source>::Value, Arc<<S as Source>::Error>>;
type Asking<S> = Shared<BoxFuture<'static, Asked<S>>>;

/// What one source gives out.
pub(crate) struct Kept<S: Source> {
    source: Arc<S>,
    state: Arc<Mutex<State<S>>>,
}

struct State<S: Source> {
    value: Option<S::Value>,
    asking: Option<(Asking<S>, AbortHandle)>,
    failed: Option<(Instant, Arc<S::Error>)>,
    /// Counts refusals: an answer that was asked for before one is not kept.
    refusals: u64,
}

impl<S: Source> Kept<S> {
    pub(crate) fn new(source: S) -> Self {
        let state = State { value: None, asking: None, failed: None, refusals: 0 };
        Self { source: Arc::new(source), state: Arc::new(Mutex::new(state)) }
    }

    pub(crate) fn source(&self) -> &S {
        &self.source
    }

    /// What is there and good; else what the source answers.
    ///
    /// # Errors
    /// What the source answered, the same to all who waited.
    pub(crate) async fn get(&self) -> Asked<S> {
        match self.known() {
            Some(value) => Ok(value),
            None => self.renew().await,
        }
    }

    /// What is there and good, without waiting. When it is time for the next, that is asked for behind it.
    pub(crate) fn known(&self) -> Option<S::Value> {
        let mut state = self.state.lock();
        let value = state.value.clone()?;
        let age = self.source.age(&value);
        let spared = state.failed.as_ref().is_some_and(|(at, _)| at.elapsed() < S::PAUSE);
        if age == Age::Ageing && !spared {
            drop(self.asking(&mut state));
        }
        (age != Age::Over).then_some(value)
    }

    /// Asks now, or waits for who does. What is kept stays until there is the next.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub(crate) async fn renew(&self) -> Asked<S> {
        let asking = self.asking(&mut self.state.lock());
        asking.await
    }

    /// What was wrong when the source was last asked, if that was less than its pause ago; and the rest of that.
    pub(crate) fn trouble(&self) -> Option<(Arc<S::Error>, Duration)> {
        let state = self.state.lock();
        let (at, error) = state.failed.as_ref()?;
        let rest = S::PAUSE.checked_sub(at.elapsed()).filter(|rest| !rest.is_zero())?;
        Some((Arc::clone(error), rest))
    }

    /// Forgets what is kept, if that is what was not taken; the next is asked for anew.
    pub(crate) fn refuse(&self, is: impl FnOnce(&S::Value) -> bool) {
        let mut state = self.state.lock();
        if state.value.as_ref().is_some_and(is) {
            state.value = None;
            state.asking = None;
            state.refusals += 1;
        }
    }

    fn asking(&self, state: &mut State<S>) -> Asking<S> {
        // One that has ended and is still here has broken off.
        let under_way = state.asking.take().filter(|(_, task)| !task.is_finished());
        let (asking, task) = under_way.unwrap_or_else(|| self.ask(state.refusals));
        state.asking = Some((asking.clone(), task));
        asking
    }

    /// In a task of its own: it ends whoever hangs up.
    fn ask(&self, refusals: u64) -> (Asking<S>, AbortHandle) {
        let (source, kept) = (Arc::clone(&self.source), Arc::clone(&self.state));
        let task = tokio::spawn(trace::carried(async move {
            let late = |_| Err(source.unanswered("gave no answer in time"));
            let asked = timeout(S::PATIENCE, source.ask()).await.unwrap_or_else(late).map_err(Arc::new);
            let mut state = kept.lock();
            if state.refusals == refusals {
                state.asking = None;
                state.failed = asked.as_ref().err().map(|error| (Instant::now(), Arc::clone(error)));
                if let Ok(value) = &asked {
                    state.value = Some(value.clone());
                }
            }
            asked
        }));
        let (source, handle) = (Arc::clone(&self.source), task.abort_handle());
        let asking =
            async move { task.await.unwrap_or_else(|_| Err(Arc::new(source.unanswered("broke off")))) };
        (asking.boxed().shared(), handle)
    }
}

impl<S: Source> fmt::Debug for Kept<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}
