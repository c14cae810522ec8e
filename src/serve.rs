//! Serving: from the listener, which comes first, to the last request before the end.
//!
//! The host starts the process when a patient waits, so it listens before anything is opened; requests wait
//! for the store. The host also stops restarting a process that ends three times, and never restarts one that
//! ends with 0: so under the host a process that is set up wrongly stays and says so, and 0 is kept for the
//! end that was asked for.

use std::{net::Ipv4Addr, process::ExitCode, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::{oneshot, watch},
    time::{Instant, MissedTickBehavior, interval, timeout_at},
};

use crate::{
    check::Report,
    clock::Clock,
    config::{Problem, Process, Settings, Source},
    deployment::{Deployment, Opened},
    http::{App, Check, State, routes},
    scheduling::Scheduling,
    telemetry::{cache, events, span::Span},
};

mod welcome;

/// How long requests in flight may take to finish, once the end is asked for.
const DRAIN: Duration = Duration::from_secs(20);

/// How often bookings are settled where no host has a timer.
const SETTLE_EVERY: Duration = Duration::from_mins(5);

/// Serves until a signal asks for the end.
pub async fn serve(settings: Settings, problems: Vec<Problem>, clock: Clock) -> ExitCode {
    let (port, hosted) = (settings.port, settings.hosted);
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
    let app = App::new(watched, clock.clone(), check(opening, clock.clone()));
    let (give_up, hopeless) = oneshot::channel();
    events::start();
    tokio::spawn(cache::keep_telling());
    tokio::spawn(async move {
        let started = start(settings, problems, clock, &state).await;
        let fatal = started.outcome.as_ref().err().cloned().unwrap_or_default();
        let ready = started.outcome.as_ref().ok().map(|opened| opened.scheduling.clone());
        let demo = started.deployment.config().is_some_and(|config| config.source == Source::Demo);
        opened.send_replace(Some(Arc::new(started)));
        match ready {
            Some(scheduling) => go_on(scheduling, hosted, demo, port).await,
            None if hosted => report(&fatal),
            None => drop(give_up.send(fatal)),
        }
        // The state goes on being what it is for as long as anybody watches it.
        state.closed().await;
    });
    tokio::select! {
        drained = drain(listener, app, stop) => drained,
        Ok(fatal) = hopeless => {
            for problem in fatal {
                eprintln!("{problem}");
            }
            ExitCode::FAILURE
        }
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

/// Reads the configuration and opens what it names, off the threads that answer.
async fn start(
    settings: Settings,
    problems: Vec<Problem>,
    clock: Clock,
    state: &watch::Sender<State>,
) -> Started {
    let opening = tokio::task::spawn_blocking(move || {
        let deployment = Deployment::read(settings, problems, &Process::current());
        let outcome = deployment.open(&clock);
        Started { deployment, outcome }
    });
    // Only a panic ends this early; then nothing is left to serve with.
    let Ok(started) = opening.await else { std::process::exit(1) };
    state.send_replace(match &started.outcome {
        Ok(opened) => State::Ready(opened.scheduling.clone()),
        Err(_) => State::Misconfigured,
    });
    started
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
async fn go_on(scheduling: Scheduling, hosted: bool, demo: bool, port: u16) {
    if !hosted {
        welcome::print(&scheduling, demo, port).await;
    }
    let mut every = interval(SETTLE_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let span = Span::internal("reconcile");
        if let Err(fault) = span.current().within(Box::pin(scheduling.reconcile())).await {
            tracing::warn!(error = %fault, "bookings could not be settled; the next run tries again");
        }
        if hosted {
            return;
        }
    }
}

/// Serves until the end is asked for, then lets everything in flight finish.
async fn drain(listener: TcpListener, app: App, stop: Stop) -> ExitCode {
    let (asked, mut asking) = watch::channel(None);
    let stopping = async move {
        stop.asked().await;
        tracing::info!("the end is asked for: finishing what is in flight");
        asked.send_replace(Some(Instant::now() + DRAIN));
    };
    let serving = warp::serve(routes(app.clone())).incoming(listener).graceful(stopping).run();
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
