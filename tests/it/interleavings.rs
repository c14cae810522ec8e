//! The ledger among everything that can go wrong: its store and its vendor pause, lose replies, land late and
//! reorder, its instances freeze and die, its clocks disagree, and patients change their minds.
//!
//! Everything runs in one thread over virtual time, by the numbers of one seed: a seed that fails is run again
//! with its trace written down. `SEED=n` runs one seed alone, `SOAK=1` a hundred times as many.
//!
//! The rules are judged from outside ([`judge`]), by the stored bytes, the vendor's calendar, and what was told.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use futures_util::future::BoxFuture;
use tokio::runtime::Builder;

use world::World;

mod calm;
mod clinic;
mod cluster;
mod judge;
mod scenes;
mod shelf;
mod steps;
mod storm;
mod vendor;
mod world;

/// What a seed's run ends with: why a rule was broken, if one was.
type Verdict = Result<(), String>;

/// Seeds are independent, and the machine that decides has two cores.
const THREADS: usize = 2;

/// Runs a scenario with so many seeds, and stops at the first that breaks a rule.
fn for_seeds<S>(count: u64, scenario: S)
where
    S: Fn(Arc<World>) -> BoxFuture<'static, Verdict> + Sync,
{
    if let Some(seed) = crate::setting("SEED").and_then(|seed| seed.parse().ok()) {
        let (verdict, trace) = run(seed, true, &scenario);
        println!("{trace}");
        return assert_eq!(verdict, Ok(()), "seed {seed}");
    }
    let count = if crate::soak() { count * 100 } else { count };
    let (next, failed, found) = (AtomicU64::new(0), AtomicU64::new(u64::MAX), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while !found.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= count {
                        break;
                    }
                    if run(seed, false, &scenario).0.is_err() {
                        failed.fetch_min(seed, Ordering::Relaxed);
                        found.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner();
    if failed < count {
        let (verdict, trace) = run(failed, true, &scenario);
        println!("{trace}");
        panic!("seed {failed} (run it alone with SEED={failed}): {verdict:?}");
    }
}

/// One seed, in a world of its own.
fn run<S>(seed: u64, traced: bool, scenario: &S) -> (Verdict, String)
where
    S: Fn(Arc<World>) -> BoxFuture<'static, Verdict>,
{
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    let world = runtime.block_on(async { World::new(seed, traced) });
    let verdict = catch_unwind(AssertUnwindSafe(|| runtime.block_on(scenario(world.clone()))));
    let verdict = verdict.unwrap_or_else(|_| Err("something panicked".into()));
    drop(runtime);
    (verdict, world.trace())
}
