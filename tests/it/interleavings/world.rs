//! One seed's world: its chance, its virtual time, its faults, and the trace of what happened.
//!
//! Everything that is not plain arithmetic passes [`Instance::call`], where it may be delayed, lost, doubled by
//! its asker, landed late, or be the last thing that its instance ever did.

use std::{
    fmt::{self, Debug, Write as _},
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use healthbot_scheduler::clock::Clock;
use parking_lot::Mutex;
use tokio::{
    sync::{oneshot, watch},
    time::{Instant, Sleep, sleep, sleep_until},
};

/// When every world begins: a Monday at the site, before opening.
pub(super) const DAWN: i64 = 1_796_054_400;

/// More calls than any scenario needs.
const MOST_CALLS: u32 = 30_000;

pub(super) struct World {
    pub seed: u64,
    chance: Mutex<u64>,
    began: Instant,
    weather: Mutex<Weather>,
    plan: Mutex<Option<Plan>>,
    /// How far the store's clock is ahead of the time that passed for the instances: what they lost by
    /// standing still without noticing.
    ahead: Mutex<Duration>,
    trace: Option<Mutex<String>>,
    calls: AtomicU32,
}

/// How often something goes wrong, of a thousand calls.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Weather {
    /// The longest pause before and after the effect of a call, in milliseconds.
    pub pause: u64,
    /// How often a call pauses forty times as long.
    pub slow: u64,
    pub unclear: u64,
    pub reads_fail: u64,
    pub freezes: u64,
    pub kills: u64,
    pub aborts: u64,
    /// The latest a write lands after its answer.
    pub latest: Duration,
    /// The longest an instance stands still.
    pub frozen: Duration,
}

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Plain,
    /// It takes effect, and nobody is told.
    ReplyLost,
    /// It does not take effect, and nobody is told.
    NothingDone,
    /// It takes effect so long after nobody was told.
    Late(Duration),
    KilledBefore,
    KilledAfter,
    FrozenBefore(Duration),
    FrozenAfter(Duration),
    /// The task that asked is broken off; its instance lives.
    Aborted,
}

/// What goes wrong with the n-th call of an instance from now, counting from 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub instance: usize,
    pub at: u32,
    pub fate: Fate,
    pub calls: u32,
    /// What the n-th call was, once it came.
    pub met: Option<Kind>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Write,
}

impl World {
    pub(super) fn new(seed: u64, traced: bool) -> Arc<Self> {
        Arc::new(Self {
            seed,
            chance: Mutex::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d),
            began: Instant::now(),
            weather: Mutex::new(Weather { pause: 40, ..Weather::default() }),
            plan: Mutex::default(),
            ahead: Mutex::default(),
            trace: traced.then(Mutex::default),
            calls: AtomicU32::new(0),
        })
    }

    /// The next number of this seed (splitmix64).
    pub(super) fn random(&self) -> u64 {
        let mut state = self.chance.lock();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.random() % bound }
    }

    /// Whether something comes about that does so `of` times in a thousand.
    pub(super) fn happens(&self, of: u64) -> bool {
        of > 0 && self.below(1_000) < of
    }

    pub(super) fn pick<'a, T>(&self, from: &'a [T]) -> &'a T {
        assert!(!from.is_empty(), "nothing to pick from");
        &from[usize::try_from(self.below(from.len() as u64)).expect("an index")]
    }

    pub(super) fn duration(&self, longest: Duration) -> Duration {
        Duration::from_millis(self.below(u64::try_from(longest.as_millis()).expect("short") + 1))
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// The true time, which no instance knows.
    pub(super) fn now(&self) -> DateTime<Utc> {
        let elapsed = TimeDelta::from_std(self.elapsed()).expect("short");
        DateTime::from_timestamp(DAWN, 0).expect("a time") + elapsed
    }

    pub(super) fn store_time(&self) -> Duration {
        self.elapsed() + *self.ahead.lock()
    }

    /// The store's clock goes on, and no instance's: as if all of them had stood still so long.
    pub(super) fn leap(&self, by: Duration) {
        self.note(|| format!("the store's clock leaps {by:?}"));
        *self.ahead.lock() += by;
    }

    pub(super) fn set_weather(&self, weather: Weather) {
        self.note(|| format!("{weather:?}"));
        *self.weather.lock() = weather;
    }

    pub(super) fn weather(&self) -> Weather {
        *self.weather.lock()
    }

    pub(super) fn set_plan(&self, instance: usize, at: u32, fate: Fate) {
        self.note(|| format!("call {at} of instance {instance} from now will be {fate:?}"));
        *self.plan.lock() = Some(Plan { instance, at, fate, calls: 0, met: None });
    }

    /// How many calls the planned instance made, and what the planned one was.
    pub(super) fn take_plan(&self) -> (u32, Option<Kind>) {
        self.plan.lock().take().map_or((0, None), |plan| (plan.calls, plan.met))
    }

    fn fate(&self, instance: usize, kind: Kind) -> Fate {
        if let Some(plan) = self.plan.lock().as_mut()
            && plan.instance == instance
        {
            plan.calls += 1;
            if plan.calls == plan.at + 1 && (plan.fate != Fate::Aborted || RUNNING.with(std::cell::Cell::get))
            {
                plan.met = Some(kind);
                return plan.fate;
            }
        }
        let weather = self.weather();
        if weather.kills > 0 && self.happens(weather.kills) {
            return if self.happens(500) { Fate::KilledBefore } else { Fate::KilledAfter };
        }
        if weather.freezes > 0 && self.happens(weather.freezes) {
            let frozen =
                if self.happens(300) { weather.frozen } else { Duration::from_mins(3).min(weather.frozen) };
            let frozen = Duration::from_secs(1) + self.duration(frozen);
            return if self.happens(500) { Fate::FrozenBefore(frozen) } else { Fate::FrozenAfter(frozen) };
        }
        if weather.aborts > 0 && self.happens(weather.aborts) && RUNNING.with(std::cell::Cell::get) {
            return Fate::Aborted;
        }
        match kind {
            Kind::Read if self.happens(weather.reads_fail) => Fate::NothingDone,
            Kind::Write if self.happens(weather.unclear) => match self.below(3) {
                0 => Fate::ReplyLost,
                1 => Fate::NothingDone,
                _ => {
                    let latest = if self.happens(300) { weather.latest } else { Duration::from_secs(20) };
                    Fate::Late(self.duration(latest.min(weather.latest)))
                }
            },
            Kind::Read | Kind::Write => Fate::Plain,
        }
    }

    fn pauses(&self) -> (Duration, Duration) {
        let weather = self.weather();
        let longest = if self.happens(weather.slow) { weather.pause * 40 } else { weather.pause };
        let all = self.below(longest + 1);
        let before = self.below(all + 1);
        (Duration::from_millis(before), Duration::from_millis(all - before))
    }

    pub(super) fn note(&self, line: impl FnOnce() -> String) {
        if let Some(trace) = &self.trace {
            let _ = writeln!(trace.lock(), "{:>12.3}  {}", self.elapsed().as_secs_f64(), line());
        }
    }

    pub(super) fn trace(&self) -> String {
        self.trace.as_ref().map(|trace| trace.lock().clone()).unwrap_or_default()
    }
}

/// A process: it has a clock of its own, and may stand still or die.
pub(super) struct Instance {
    pub number: usize,
    pub world: Arc<World>,
    pub clock: Clock,
    /// How wrong its clock is.
    skew: TimeDelta,
    dead: watch::Sender<bool>,
    frozen_until: Mutex<Option<Instant>>,
}

impl Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "instance {}", self.number)
    }
}

impl Instance {
    pub(super) fn new(number: usize, world: &Arc<World>, skew: TimeDelta) -> Arc<Self> {
        Arc::new(Self {
            number,
            world: world.clone(),
            clock: Clock::at(world.now() + skew),
            skew,
            dead: watch::Sender::new(false),
            frozen_until: Mutex::default(),
        })
    }

    pub(super) fn is_dead(&self) -> bool {
        *self.dead.borrow()
    }

    pub(super) async fn died(&self) {
        // The sender lives as long as `self`.
        let _ = self.dead.subscribe().wait_for(|dead| *dead).await;
    }

    pub(super) fn kill(&self) {
        self.world.note(|| format!("{self:?} is killed"));
        self.dead.send_replace(true);
    }

    pub(super) fn freeze(&self, by: Duration) {
        self.world.note(|| format!("{self:?} stands still for {by:?}"));
        *self.frozen_until.lock() = Some(Instant::now() + by);
    }

    fn frozen(&self) -> Option<Instant> {
        (*self.frozen_until.lock()).filter(|until| *until > Instant::now())
    }

    /// Goes on once the instance does, with its clock put right; never, if it is dead.
    async fn gate(&self) {
        while let Some(until) = self.frozen() {
            sleep_until(until).await;
        }
        if self.is_dead() {
            std::future::pending::<()>().await;
        }
        self.clock.set(self.world.now() + self.skew);
    }

    /// Sends something to the store or to the vendor, and waits for what it answers; `None` when it does not
    /// say, or not in time. What was sent takes effect even if its asker is gone meanwhile.
    pub(super) async fn call<T, E>(
        self: &Arc<Self>,
        kind: Kind,
        not_after: Option<Instant>,
        what: impl FnOnce() -> String,
        effect: E,
    ) -> Option<T>
    where
        T: Debug + Send + 'static,
        E: FnOnce() -> T + Send + 'static,
    {
        self.gate().await;
        let fate = self.world.fate(self.number, kind);
        let number = self.world.calls.fetch_add(1, Ordering::Relaxed);
        assert!(number < MOST_CALLS, "it goes on and on");
        self.world.note(|| {
            let fate = if fate == Fate::Plain { String::new() } else { format!("   [{fate:?}]") };
            format!("{self:?} ({number}) {}{fate}", what())
        });
        match fate {
            Fate::KilledBefore => self.kill(),
            Fate::FrozenBefore(by) => self.freeze(by),
            _ => {}
        }
        self.gate().await;
        if not_after.is_some_and(|not_after| Instant::now() >= not_after) {
            self.world.note(|| format!("{self:?} ({number}) is too late, and not sent"));
            return None;
        }
        let (answer, answered) = oneshot::channel();
        tokio::spawn(self.clone().transmit(fate, number, effect, answer));
        if fate == Fate::Aborted {
            ABORT.with(|abort| abort.set(true));
            std::future::pending::<()>().await;
        }
        let answered = answered.await.ok().flatten();
        self.gate().await;
        answered
    }

    /// The way there and back.
    async fn transmit<T: Debug>(
        self: Arc<Self>,
        fate: Fate,
        number: u32,
        effect: impl FnOnce() -> T,
        answer: oneshot::Sender<Option<T>>,
    ) {
        let (before, after) = self.world.pauses();
        pause(before).await;
        match fate {
            Fate::NothingDone => {
                pause(after).await;
                let _ = answer.send(None);
                return;
            }
            Fate::Late(by) => {
                let _ = answer.send(None);
                pause(by).await;
                let effect = effect();
                self.world.note(|| format!("{self:?} ({number}) lands late: {effect:?}"));
                return;
            }
            _ => {}
        }
        let effect = effect();
        self.world.note(|| format!("{self:?} ({number}) -> {effect:?}"));
        match fate {
            Fate::KilledAfter => self.kill(),
            Fate::FrozenAfter(by) => self.freeze(by),
            _ => {}
        }
        pause(after).await;
        let _ = answer.send((fate != Fate::ReplyLost).then_some(effect));
    }

    /// Runs something in this process: not while it stands still, not after its death.
    pub(super) fn run<F: Future + Send>(self: &Arc<Self>, work: F) -> Running<F> {
        Running { instance: self.clone(), work: Some(Box::pin(work)), thaw: None }
    }
}

thread_local! {
    /// The task that is being polled is to be broken off.
    static ABORT: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
    /// It is a request's task, and not one that the process keeps for itself: nobody breaks those off.
    static RUNNING: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

async fn pause(by: Duration) {
    if !by.is_zero() {
        sleep(by).await;
    }
}

/// Work that is polled only while its instance goes on. Timers that ran out meanwhile find their work polled
/// first, as after a thaw of the whole process. Broken off, it ends with `None`.
pub(super) struct Running<F> {
    instance: Arc<Instance>,
    work: Option<Pin<Box<F>>>,
    thaw: Option<Pin<Box<Sleep>>>,
}

impl<F: Future> Future for Running<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.instance.is_dead() {
            return Poll::Pending;
        }
        while let Some(until) = self.instance.frozen() {
            let mut thaw = Box::pin(sleep_until(until));
            if thaw.as_mut().poll(context).is_pending() {
                self.thaw = Some(thaw);
                return Poll::Pending;
            }
        }
        let Some(work) = self.work.as_mut() else { return Poll::Ready(None) };
        RUNNING.with(|running| running.set(true));
        let polled = work.as_mut().poll(context);
        RUNNING.with(|running| running.set(false));
        if ABORT.with(|abort| abort.replace(false)) {
            self.work = None;
            return Poll::Ready(None);
        }
        polled.map(Some)
    }
}
