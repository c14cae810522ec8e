//! Serving: from the listener, which comes first, to the last request before the end.
//!
//! The host starts the process when a patient waits, so it listens before anything is opened; requests wait
//! for the store. The host also stops restarting a process that ends three times, and never restarts one that
//! ends with 0: so under the host a process that is set up wrongly stays and says so, and 0 is kept for the
//! end that was asked for.

use std::{convert::Infallible, net::Ipv4Addr, process::ExitCode, sync::Arc, time::Duration};

use futures_util::future::Either;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::{oneshot, watch},
    time::{Instant, MissedTickBehavior, interval, sleep, timeout, timeout_at},
};
use warp::{Filter, Reply};

use crate::{
    check::Report,
    clock::Clock,
    config::{Problem, Process, Settings, Source},
    deployment::{Deployment, Followed, News, Opened},
    http::{App, Check, Page, State, routes},
    telemetry::{cache, events, span::Span},
};

mod welcome;

/// The host asks every 25 ms whether the process answers, and starts nothing else before it does; so whatever takes the
/// processor from that answer waits for it, and no longer than this.
const FIRST_REQUEST: Duration = Duration::from_millis(30);

/// How long requests in flight may take to finish, once the end is asked for.
const DRAIN: Duration = Duration::from_secs(20);

/// How often bookings are settled where no host has a timer.
const SETTLE_EVERY: Duration = Duration::from_mins(5);

/// How often a configuration in a blob is read again.
const READ_EVERY: Duration = Duration::from_mins(1);

/// How soon, while there is none yet.
const READ_SOON: Duration = Duration::from_secs(5);

/// How often a configuration that cannot be served is told again: alerts look back over less than twice as much.
const TOLD_AGAIN: Duration = Duration::from_mins(10);

/// Serves until a signal asks for the end.
pub async fn serve(settings: Settings, problems: Vec<Problem>, clock: Clock) -> ExitCode {
    let (port, hosted) = (settings.port, settings.hosted);
    let page = page(&settings);
    let listener = match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(listener) => listener,
        Err(error) => return cannot_listen(port, &error),
    };
    let Ok(stop) = Stop::register() else {
        tracing::error!("signals cannot be listened to, so the end could not be asked for");
        return ExitCode::FAILURE;
    };
    let port = listener.local_addr().map_or(port, |address| address.port());
    let (state, watched) = watch::channel(State::Starting);
    let (opened, opening) = watch::channel(None);
    let settled = opening.clone();
    let app = App::new(watched, clock.clone(), check(opening, clock.clone()));
    let (give_up, hopeless) = oneshot::channel();
    events::start();
    tokio::spawn(cache::keep_telling());
    let (asked, welcomed) = (app.clone(), page.clone());
    tokio::spawn(async move {
        let _ = timeout(FIRST_REQUEST, asked.first_request()).await;
        drop(asked);
        let (deployment, followed) = Deployment::read(settings, problems, &Process::current()).await;
        let mut serving = Serving { deployment, opened: None, clock, state, started: opened };
        let fatal = serving.start().await;
        match followed {
            Some(followed) if fatal.is_empty() || hosted => {
                events::config(if fatal.is_empty() { "read" } else { "unreachable" });
                report(&fatal);
                tokio::spawn(serving.follow(followed));
            }
            _ if fatal.is_empty() => {
                // The state goes on being what it is for as long as anybody watches it.
                tokio::spawn(serving.stay());
            }
            _ if hosted => {
                report(&fatal);
                tokio::spawn(serving.stay());
            }
            _ => return drop(give_up.send(fatal)),
        }
        go_on(settled, hosted, welcomed.as_ref(), port).await;
    });
    let draining = match page {
        Some(page) => Either::Left(drain(listener, page.routes(app.clone()), app, stop)),
        None => Either::Right(drain(listener, routes(app.clone()), app, stop)),
    };
    tokio::select! {
        drained = draining => drained,
        Ok(fatal) = hopeless => {
            for problem in fatal {
                eprintln!("{problem}");
            }
            ExitCode::FAILURE
        }
    }
}

/// What a browser is shown. The host asks `/` whether the process is ready, and is told that and nothing else.
fn page(settings: &Settings) -> Option<Page> {
    let by_hand = settings.by_hand();
    match settings.player_dir.clone() {
        Some(folder) if by_hand => Some(Page::Player(folder)),
        None if by_hand => Some(Page::Functions),
        Some(_) => {
            let remedy = "unset it: the page is shown only where the process is started by hand";
            tracing::warn!(
                setting = "PLAYER_DIR",
                remedy,
                "is ignored under the Functions host and in Azure"
            );
            None
        }
        None => None,
    }
}

fn cannot_listen(port: u16, error: &std::io::Error) -> ExitCode {
    let remedy = if error.kind() == std::io::ErrorKind::AddrInUse {
        "is another one running? name a free one with `--port`"
    } else {
        "name another one with `--port`"
    };
    tracing::error!(port, error = %error, remedy, "cannot listen on 127.0.0.1");
    ExitCode::FAILURE
}

/// What is needed for a check, once it is there.
#[derive(Debug)]
struct Started {
    deployment: Deployment,
    outcome: Result<Opened, Vec<Problem>>,
}

/// What the log was told of a configuration that cannot be served.
struct Told {
    problems: Vec<Problem>,
    at: Instant,
    /// And not of reaching it.
    of_what_is_there: bool,
}

/// What is served, and what it is put together from.
struct Serving {
    deployment: Deployment,
    /// The last that was good.
    opened: Option<Opened>,
    clock: Clock,
    state: watch::Sender<State>,
    started: watch::Sender<Option<Arc<Started>>>,
}

impl Serving {
    /// Opens what the deployment names, off the threads that answer, and serves it. What is wrong with it.
    async fn start(&mut self) -> Vec<Problem> {
        let (deployment, before, clock) = (self.deployment.clone(), self.opened.clone(), self.clock.clone());
        let opening = tokio::task::spawn_blocking(move || match before {
            Some(before) => deployment.open_again(&before, &clock),
            None => deployment.open(&clock),
        });
        // Only a panic ends this early; then nothing is left to serve with.
        let Ok(outcome) = opening.await else { std::process::exit(1) };
        if let (Err(problems), Some(_)) = (&outcome, &self.opened) {
            return problems.clone();
        }
        self.state.send_replace(match (&outcome, self.deployment.pending()) {
            (Ok(opened), _) => State::Ready(opened.ready()),
            (Err(_), Some(why)) => State::Pending(why.into()),
            (Err(_), None) => State::Misconfigured,
        });
        let fatal = outcome.as_ref().err().cloned().unwrap_or_default();
        if let Ok(opened) = &outcome {
            self.opened = Some(opened.clone());
        }
        let deployment = self.deployment.clone();
        self.started.send_replace(Some(Arc::new(Started { deployment, outcome })));
        fatal
    }

    /// Reads the configuration again and again, and serves what it says from then on. A broken one changes nothing.
    async fn follow(mut self, mut followed: Followed) {
        let mut told = Told { problems: Vec::new(), at: Instant::now(), of_what_is_there: false };
        while !self.state.is_closed() {
            let pause = if self.deployment.pending().is_some() { READ_SOON } else { READ_EVERY };
            sleep(pause).await;
            let news = followed.next().await;
            let of_what_is_there = !matches!(news, News::Unreachable(_));
            let problems = match self.renew(news).await {
                Some(problems) => problems,
                // It is what it was: with the problems it had, or reached again.
                None if told.of_what_is_there => told.problems.clone(),
                None => Vec::new(),
            };
            let outcome = if self.opened.is_some() { "kept_last_good" } else { "unreachable" };
            if problems != told.problems {
                if !problems.is_empty() {
                    events::config(outcome);
                    report(&problems);
                }
                told = Told { problems, at: Instant::now(), of_what_is_there };
            } else if !problems.is_empty() && told.at.elapsed() >= TOLD_AGAIN {
                events::config(outcome);
                told.at = Instant::now();
            }
        }
    }

    /// Serves what was read, if it can be served. What is wrong with it; `None` when there is nothing new.
    async fn renew(&mut self, news: News) -> Option<Vec<Problem>> {
        let before = self.deployment.clone();
        match self.deployment.take(news) {
            Ok(false) => None,
            Ok(true) => {
                let problems = self.start().await;
                if problems.is_empty() {
                    // Also where it is what was served before something that could not be.
                    events::config("read");
                } else if self.opened.is_some() {
                    // It reads well, and cannot be opened.
                    self.deployment = before;
                }
                Some(problems)
            }
            Err(problems) => {
                if self.opened.is_none() {
                    // What is wrong may be something else by now.
                    self.start().await;
                }
                Some(problems)
            }
        }
    }

    async fn stay(self) {
        self.state.closed().await;
    }
}

/// Every problem, a record each.
fn report(problems: &[Problem]) {
    for Problem { source, line, key, detail } in problems {
        tracing::error!(path = source, line, setting = key, problem = detail, "set up wrongly");
    }
}

/// What `POST /api/check` tries: the same store, not a second one.
fn check(started: watch::Receiver<Option<Arc<Started>>>, clock: Clock) -> Check {
    Arc::new(move || {
        let (mut started, clock) = (started.clone(), clock.clone());
        Box::pin(async move {
            let there = started.wait_for(Option::is_some).await.map(|started| started.clone());
            match there.ok().flatten() {
                Some(started) => started.deployment.check(&started.outcome, &clock).await,
                None => Report::default(),
            }
        })
    })
}

/// Settles what an earlier process left; where no host does it, again and again.
async fn go_on(
    mut started: watch::Receiver<Option<Arc<Started>>>,
    hosted: bool,
    page: Option<&Page>,
    port: u16,
) {
    let ready =
        |started: &Option<Arc<Started>>| started.as_ref().is_some_and(|started| started.outcome.is_ok());
    let Ok(first) = started.wait_for(ready).await.map(|first| first.clone()) else { return };
    if let Some(Started { deployment, outcome: Ok(opened) }) = first.as_deref().filter(|_| !hosted) {
        let demo = deployment.config().is_some_and(|config| config.source == Source::Demo);
        welcome::print(&opened.scheduling, demo, page, port).await;
    }
    let mut every = interval(SETTLE_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let current = started.borrow().clone();
        let span = Span::internal("reconcile");
        if let Some(Ok(opened)) = current.as_deref().map(|current| &current.outcome)
            && let Err(fault) = span.current().within(Box::pin(opened.scheduling.reconcile())).await
        {
            tracing::warn!(error = %fault, "bookings could not be settled; the next run tries again");
        }
        if hosted {
            return;
        }
    }
}

/// Serves until the end is asked for, then lets everything in flight finish.
async fn drain<F>(listener: TcpListener, answers: F, app: App, stop: Stop) -> ExitCode
where
    F: Filter<Extract: Reply, Error = Infallible> + Clone + Send + Sync + 'static,
{
    let (asked, mut asking) = watch::channel(None);
    let stopping = async move {
        stop.asked().await;
        tracing::info!("the end is asked for: finishing what is in flight");
        asked.send_replace(Some(Instant::now() + DRAIN));
    };
    let serving = warp::serve(answers).incoming(listener).graceful(stopping).run();
    let served = async move {
        serving.await;
        app.writes_finished().await;
    };
    let too_long = async move {
        match asking.wait_for(Option::is_some).await.map(|deadline| *deadline) {
            Ok(Some(deadline)) => {
                let _ = timeout_at(deadline, std::future::pending::<()>()).await;
            }
            _ => std::future::pending().await,
        }
    };
    tokio::select! {
        () = served => ExitCode::SUCCESS,
        () = too_long => {
            tracing::warn!("requests in flight took too long, and are left to the next start");
            ExitCode::FAILURE
        }
    }
}

/// The signals that ask for the end. Registered before the first request is answered: until then, a signal
/// ends the process there and then.
struct Stop {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Stop {
    fn register() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn asked(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
