//! The interleavings that the protocol is made for, each by its name.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use futures_util::{
    FutureExt,
    future::{BoxFuture, join, join_all},
};
use tokio::time::sleep;

use super::{
    Verdict, calm,
    clinic::{Clinic, GROUP, SERIES, SINGLE, Sort, time},
    cluster::{Call, Cluster, Errand, Reply},
    for_seeds,
    judge::{self, demand},
    world::{Fate, Weather, World},
};

const SORTS: [Sort; 3] = [Sort::Embedded, Sort::Plain, Sort::Shared];
const TEN: u64 = 10 * 60;

fn scene(seeds: u64, run: fn(Scene) -> BoxFuture<'static, Verdict>) {
    for_seeds(seeds, move |world| run(Scene::new(&world)));
}

/// Three instances of a clinic with one practitioner, over a store or vendor by turns.
struct Scene {
    world: Arc<World>,
    cluster: Arc<Cluster>,
    sort: Sort,
}

impl Scene {
    fn new(world: &Arc<World>) -> Self {
        let sort = SORTS[usize::try_from(world.seed % 3).unwrap_or_default()];
        Self::with(world, sort, &["ada"], &[TimeDelta::zero(); 3])
    }

    fn with(world: &Arc<World>, sort: Sort, practitioners: &[&'static str], skews: &[TimeDelta]) -> Self {
        let cluster = Cluster::new(world, &Clinic::new(sort, practitioners), skews);
        Self { world: world.clone(), cluster, sort }
    }

    async fn book(&self, node: usize, errand: &Errand) -> Reply {
        self.cluster.book(&self.cluster.node(node), errand, Call::default()).await
    }

    async fn end(&self, errands: &[Errand]) -> Verdict {
        calm::settle(&self.cluster).await?;
        judge::judge(&self.cluster, errands)
    }

    /// How many of these stand, whatever was told.
    fn standing(&self, errands: &[Errand]) -> Result<usize, String> {
        let mut standing = 0;
        for errand in errands {
            standing += judge::standing(&self.cluster, errand)?.len();
        }
        Ok(standing)
    }

    /// Timers of the other instances.
    async fn reconcile_for(&self, long: Duration) {
        let until = self.world.elapsed() + long;
        while self.world.elapsed() < until {
            sleep(Duration::from_secs(45)).await;
            let ledger = self.cluster.node(1).ledger.clone();
            if let Err(error) = ledger.reconcile().await {
                self.world.note(|| format!("reconcile: {error}"));
            }
        }
    }
}

fn errand(number: usize, service: &'static str, starts: &[(u64, u64)]) -> Errand {
    let starts = starts.iter().map(|(day, minutes)| time(*day, *minutes)).collect();
    Errand { number, patient: number, service, starts, request_id: None }
}

fn named(number: usize, service: &'static str, starts: &[(u64, u64)]) -> Errand {
    Errand { request_id: Some(format!("request {number}")), ..errand(number, service, starts) }
}

fn service_of(world: &World) -> (&'static str, Vec<(u64, u64)>) {
    match world.below(3) {
        0 => (SINGLE, vec![(0, TEN)]),
        1 => (SERIES, vec![(0, TEN), (1, TEN)]),
        _ => (GROUP, vec![(0, TEN)]),
    }
}

/// A holder stands still at any of its steps, is taken over, undone and followed by another attempt of the same
/// request, perhaps with another practitioner; then it goes on as if nothing had been.
#[test]
fn a_frozen_holder_that_thaws_after_its_takeover_changes_nothing() {
    for_seeds(600, |world| frozen_holder(world).boxed());
}

async fn frozen_holder(world: Arc<World>) -> Verdict {
    let sort = *world.pick(&SORTS);
    let room_for_both = world.happens(500);
    let practitioners: &[&str] = if room_for_both { &["ada", "bo"] } else { &["ada"] };
    let scene = Scene::with(&world, sort, practitioners, &[TimeDelta::zero(); 3]);
    let (service, starts) = service_of(&world);
    let (own, other) = (named(0, service, &starts), named(1, service, &starts));
    let frozen = Duration::from_secs(62) + world.duration(Duration::from_mins(50));
    let fate = if world.happens(500) { Fate::FrozenBefore(frozen) } else { Fate::FrozenAfter(frozen) };
    world.set_plan(0, u32::try_from(world.below(30)).unwrap_or_default(), fate);
    let holder = scene.book(0, &own);
    let rest = async {
        sleep(world.duration(Duration::from_secs(2))).await;
        scene.book(1, &other).await;
        scene.reconcile_for(world.duration(Duration::from_mins(12))).await;
        scene.book(2, &own).await;
        scene.book(1, &other).await;
        // Long enough to be certain that the vendor has nothing.
        scene.reconcile_for(Duration::from_mins(12) + world.duration(Duration::from_hours(1))).await;
        scene.book(2, &own).await
    };
    let (_, last) = Box::pin(join(holder, rest)).await;
    sleep(frozen).await;
    scene.end(&[own.clone(), other]).await?;
    let booked = matches!(last, Reply::Booked { .. });
    demand!(booked || !room_for_both, "in the end there is room for both, and {own:?} got {last:?}");
    Ok(())
}

/// The vendor books long after it said that it does not know, and after we searched.
#[test]
fn a_vendors_write_that_lands_after_the_search_leaves_no_stray() {
    for_seeds(400, |world| lands_late(world).boxed());
}

async fn lands_late(world: Arc<World>) -> Verdict {
    let scene = Scene::with(&world, Sort::Plain, &["ada", "bo"], &[TimeDelta::zero(); 2]);
    let (service, starts) = service_of(&world);
    let own = named(0, service, &starts);
    let late = Fate::Late(Duration::from_secs(1) + world.duration(Duration::from_mins(55)));
    world.set_plan(0, u32::try_from(world.below(26)).unwrap_or_default(), late);
    scene.book(0, &own).await;
    scene.reconcile_for(world.duration(Duration::from_mins(20))).await;
    scene.book(1, &own).await;
    scene.end(&[own]).await
}

/// The store says that it does not know, and writes all the same when the booking has been made by a second try and
/// cancelled: no entry comes back, though nobody has listed the slots since.
#[test]
fn a_stores_write_that_lands_after_a_cancellation_holds_no_place() {
    for_seeds(400, |world| held_late(world).boxed());
}

async fn held_late(world: Arc<World>) -> Verdict {
    let scene = Scene::with(&world, *world.pick(&SORTS), &["ada", "bo"], &[TimeDelta::zero(); 2]);
    let (service, starts) = service_of(&world);
    let own = named(0, service, &starts);
    let late = Fate::Late(Duration::from_millis(300) + world.duration(Duration::from_secs(20)));
    world.set_plan(0, u32::try_from(world.below(12)).unwrap_or_default(), late);
    if let Reply::Booked { code, stands } = scene.book(0, &own).await {
        let doses = stands.iter().map(|dose| dose.0).collect();
        let told = scene.cluster.cancel(&scene.cluster.node(1), &own, &code, doses, Call::default()).await;
        sleep(Duration::from_secs(40)).await;
        demand!(matches!(told, Reply::Cancelled { .. }), "cancelling: {told:?}");
        judge::no_place_is_held(&scene.cluster)?;
    }
    scene.end(&[own]).await
}

/// A series whose second dose the vendor has no place for any more is undone: nobody is sent to the place of its
/// first dose before the vendor has cancelled there.
#[test]
fn what_is_undone_keeps_its_places_until_the_vendor_has_cancelled() {
    for_seeds(600, |world| undone_at_the_vendor(world).boxed());
}

async fn undone_at_the_vendor(world: Arc<World>) -> Verdict {
    let scene = Scene::with(&world, Sort::Plain, &["ada"], &[TimeDelta::zero(); 2]);
    world.set_weather(Weather { pause: 100, slow: 200, ..Weather::default() });
    let own = named(0, SERIES, &[(0, TEN), (1, TEN)]);
    let rivals: Vec<Errand> = (1..8).map(|number| named(number, SINGLE, &[(0, TEN)])).collect();
    let telephone = async {
        sleep(world.duration(Duration::from_secs(1))).await;
        let series = scene.cluster.calendar.clinic.service(SERIES);
        let mut places = scene.cluster.calendar.clinic.places(&series, time(1, TEN));
        scene.cluster.calendar.occupy(series.id.clone(), places.remove(0));
    };
    let rush = join_all(rivals.iter().map(|rival| async {
        sleep(world.duration(Duration::from_secs(6))).await;
        scene.book(1, rival).await;
    }));
    join(join(scene.book(0, &own), telephone), rush).await;
    let errands: Vec<Errand> = std::iter::once(own).chain(rivals).collect();
    scene.end(&errands).await
}

/// A call of a request sees at the vendor what another call of the same has made there, and stands still until that is
/// undone. Nobody else wants the place: it is never told to be taken.
#[test]
fn what_a_request_has_left_itself_does_not_make_its_place_taken() {
    for_seeds(600, |world| own_ruins(world).boxed());
}

async fn own_ruins(world: Arc<World>) -> Verdict {
    let scene = Scene::with(&world, Sort::Plain, &["ada"], &[TimeDelta::zero(); 3]);
    let own = named(0, SERIES, &[(0, TEN), (1, TEN)]);
    // The first is killed on its way, and the second stands still when it has asked for something.
    world.set_plan(2, 4 + u32::try_from(world.below(24)).unwrap_or_default(), Fate::KilledAfter);
    let one = scene.book(2, &own).await;
    // Long enough for the vendor to show what was made.
    sleep(Duration::from_secs(10) + world.duration(Duration::from_secs(30))).await;
    let frozen = Duration::from_secs(62) + world.duration(Duration::from_mins(10));
    world.set_plan(0, u32::try_from(world.below(6)).unwrap_or_default(), Fate::FrozenAfter(frozen));
    let rest = scene.reconcile_for(Duration::from_mins(15));
    let (other, ()) = Box::pin(join(scene.book(0, &own), rest)).await;
    scene.end(std::slice::from_ref(&own)).await?;
    let last = scene.book(1, &own).await;
    let taken = [&one, &other, &last].into_iter().any(|reply| *reply == Reply::SlotTaken);
    demand!(!taken, "nobody else was there, and the request was told {one:?}, {other:?}, {last:?}");
    demand!(matches!(last, Reply::Booked { .. }), "its place is free, and it was told {last:?}");
    scene.end(&[own]).await
}

/// More want a group's seats than there are: as many as there are seats get one, nobody loses theirs to a
/// neighbour who writes the group whole.
#[test]
fn the_seats_of_one_group_are_all_given_and_none_twice() {
    scene(300, |scene| {
        async move {
            let errands: Vec<Errand> = (0..5).map(|number| named(number, GROUP, &[(0, TEN)])).collect();
            scene.world.set_weather(Weather { pause: 300, ..Weather::default() });
            let booking = errands.iter().map(|errand| async {
                sleep(scene.world.duration(Duration::from_secs(3))).await;
                let mut reply = Reply::InProgress;
                for _ in 0..8 {
                    reply = scene.book(errand.number % 3, errand).await;
                    if reply != Reply::InProgress {
                        break;
                    }
                    sleep(Duration::from_secs(1)).await;
                }
                reply
            });
            let replies = join_all(booking).await;
            scene.end(&errands).await?;
            let booked = replies.iter().filter(|reply| matches!(reply, Reply::Booked { .. })).count();
            demand!(
                scene.standing(&errands)? == 3 && booked == 3,
                "of three seats {booked} were given: {replies:?}"
            );
            Ok(())
        }
        .boxed()
    });
}

/// One leaves a group, for good or for another, while others join it.
#[test]
fn leaving_a_group_takes_nobody_else_along() {
    scene(600, |scene| {
        async move {
            let errands: Vec<Errand> = (0..4).map(|number| named(number, GROUP, &[(0, TEN)])).collect();
            scene.world.set_weather(Weather { pause: 300, ..Weather::default() });
            let Reply::Booked { code, .. } = scene.book(0, &errands[0]).await else {
                return Err("the first seat was not given".into());
            };
            let moves = scene.world.happens(500);
            let leaving = async {
                sleep(scene.world.duration(Duration::from_secs(2))).await;
                let (node, errand) = (scene.cluster.node(0), &errands[0]);
                if moves {
                    let to = vec![(1, time(1, TEN))];
                    scene.cluster.reschedule(&node, errand, &code, to, Call::default()).await
                } else {
                    scene.cluster.cancel(&node, errand, &code, vec![1], Call::default()).await
                }
            };
            let joining = join_all((1..3).map(|number| scene.book(number, &errands[number])));
            let (left, joined) = join(leaving, joining).await;
            scene.end(&errands).await?;
            demand!(matches!(left, Reply::Cancelled { .. } | Reply::Moved { .. }), "leaving: {left:?}");
            let booked = joined.iter().all(|reply| matches!(reply, Reply::Booked { .. }));
            let standing = 2 + usize::from(moves);
            demand!(booked && scene.standing(&errands)? == standing, "joining: {joined:?}");
            Ok(())
        }
        .boxed()
    });
}

/// A marker is there and its record is not; or the record comes after `reconcile` has looked.
#[test]
fn a_marker_without_a_record_never_becomes_a_booking_that_nobody_looks_after() {
    scene(400, |scene| {
        async move {
            let world = &scene.world;
            let (service, starts) = service_of(world);
            let own = errand(0, service, &starts);
            let fates = [
                Fate::KilledAfter,
                Fate::KilledBefore,
                Fate::Late(Duration::from_mins(2)),
                Fate::FrozenBefore(Duration::from_mins(2)),
                Fate::Aborted,
            ];
            world.set_plan(0, u32::try_from(world.below(12)).unwrap_or_default(), *world.pick(&fates));
            scene.book(0, &own).await;
            scene.reconcile_for(Duration::from_mins(4)).await;
            scene.end(&[own]).await
        }
        .boxed()
    });
}

/// What begins before midnight and ends after it is in the way on both dates.
#[test]
fn an_appointment_over_midnight_is_in_the_way_on_both_dates() {
    scene(300, |scene| {
        async move {
            scene.world.set_weather(Weather { pause: 200, ..Weather::default() });
            let late = named(0, SINGLE, &[(0, 24 * 60 - 10)]);
            let early = named(1, SINGLE, &[(1, 0)]);
            let replies = join(scene.book(0, &late), async {
                sleep(scene.world.duration(Duration::from_secs(1))).await;
                scene.book(1, &early).await
            });
            let (one, other) = replies.await;
            let errands = [late, early];
            scene.end(&errands).await?;
            demand!(scene.standing(&errands)? == 1, "over midnight: {one:?} and {other:?}");
            Ok(())
        }
        .boxed()
    });
}

/// The vendor does not show yet what another instance has just confirmed, and their clocks are hours apart.
#[test]
fn clocks_hours_apart_do_not_give_a_place_twice() {
    for_seeds(400, |world| two_clocks(world).boxed());
}

async fn two_clocks(world: Arc<World>) -> Verdict {
    let skews = [TimeDelta::hours(1), TimeDelta::hours(-1)];
    let scene = Scene::with(&world, *world.pick(&SORTS), &["ada"], &skews);
    let one = usize::try_from(world.below(2)).unwrap_or_default();
    let (first, second) = (named(0, SINGLE, &[(0, TEN)]), named(1, SINGLE, &[(0, TEN)]));
    let told = scene.book(one, &first).await;
    sleep(world.duration(Duration::from_secs(3))).await;
    let refused = scene.book(1 - one, &second).await;
    demand!(matches!(told, Reply::Booked { .. }), "the place was free, and the first was told {told:?}");
    demand!(matches!(refused, Reply::SlotTaken), "the place was taken, and the second was told {refused:?}");
    // Given back, it is free for everybody, whatever their clocks say.
    let Reply::Booked { code, .. } = told else { return Ok(()) };
    let cancelled =
        scene.cluster.cancel(&scene.cluster.node(one), &first, &code, vec![1], Call::default()).await;
    demand!(matches!(cancelled, Reply::Cancelled { .. }), "cancelling: {cancelled:?}");
    sleep(Duration::from_secs(5)).await;
    let third = named(2, SINGLE, &[(0, TEN)]);
    let told = scene.book(1 - one, &third).await;
    demand!(matches!(told, Reply::Booked { .. }), "the place is free again, and the third was told {told:?}");
    scene.end(&[first, second, third]).await
}

/// Nobody waits any more, and it is done all the same: wholly.
#[test]
fn a_client_that_hangs_up_strands_nothing() {
    for_seeds(400, |world| hang_up(world).boxed());
}

async fn hang_up(world: Arc<World>) -> Verdict {
    let scene = Scene::new(&world);
    let (service, starts) = service_of(&world);
    let own = named(0, service, &starts);
    let soon = || Call { patience: Some(world.duration(Duration::from_millis(900))), ..Call::default() };
    scene.cluster.book(&scene.cluster.node(0), &own, soon()).await;
    sleep(Duration::from_secs(20)).await;
    let told = scene.book(1, &own).await;
    let Reply::Booked { code, stands } = told else { return Err(format!("it was not booked: {told:?}")) };
    let node = scene.cluster.node(2);
    let doses: Vec<u8> = stands.iter().map(|dose| dose.0).collect();
    if world.happens(500) {
        scene.cluster.cancel(&node, &own, &code, doses, soon()).await;
        sleep(Duration::from_secs(20)).await;
        scene.end(std::slice::from_ref(&own)).await?;
        demand!(scene.standing(&[own])? <= 1, "cancelled by half");
        return Ok(());
    }
    let starts: Vec<_> = doses.iter().map(|dose| (*dose, time(u64::from(*dose) + 1, TEN))).collect();
    scene.cluster.reschedule(&node, &own, &code, starts, soon()).await;
    sleep(Duration::from_secs(20)).await;
    scene.end(&[own]).await
}

/// The host sends a request again that it believes lost, after the patient has cancelled: nothing is booked.
/// The patient's own new wish is.
#[test]
fn the_hosts_late_repeat_of_a_cancelled_request_books_nothing() {
    scene(300, |scene| {
        async move {
            let (service, starts) = service_of(&scene.world);
            let own = errand(0, service, &starts);
            let call = |invocation: &str| Call { invocation: Some(invocation.into()), ..Call::default() };
            let node = || scene.cluster.any_node();
            let told = scene.cluster.book(&node(), &own, call("first")).await;
            let Reply::Booked { code, stands } = told else { return Err(format!("{told:?}")) };
            let doses = stands.iter().map(|dose| dose.0).collect();
            let again = scene.cluster.book(&node(), &own, call("first")).await;
            demand!(matches!(&again, Reply::Booked { code: of, .. } if *of == code), "its repeat: {again:?}");
            scene.cluster.cancel(&node(), &own, &code, doses, Call::default()).await;
            sleep(scene.world.duration(Duration::from_mins(15))).await;
            let late = scene.cluster.book(&node(), &own, call("first")).await;
            demand!(late == Reply::AlreadyCancelled { code: code.clone() }, "its late repeat: {late:?}");
            demand!(scene.standing(std::slice::from_ref(&own))? == 0, "its late repeat booked");
            sleep(Duration::from_secs(10)).await;
            let anew = scene.cluster.book(&node(), &own, call("second")).await;
            demand!(matches!(&anew, Reply::Booked { code: of, .. } if *of != code), "a new wish: {anew:?}");
            let late = scene.cluster.book(&node(), &own, call("first")).await;
            demand!(late == Reply::AlreadyCancelled { code: code.clone() }, "its later repeat: {late:?}");
            scene.end(&[own]).await
        }
        .boxed()
    });
}

/// A new secret becomes current on one instance before it does on the other.
#[test]
fn two_keys_that_roll_over_at_once_make_no_second_booking() {
    for_seeds(600, |world| roll_over(world).boxed());
}

async fn roll_over(world: Arc<World>) -> Verdict {
    let skews = [TimeDelta::zero(), TimeDelta::seconds(i64::try_from(world.below(120)).unwrap_or_default())];
    let scene = Scene::with(&world, *world.pick(&SORTS), &["ada", "bo"], &skews);
    let (service, starts) = service_of(&world);
    let before = named(1, SINGLE, &[(0, 12 * 60)]);
    scene.book(0, &before).await;
    scene.cluster.add_secret("the next secret");
    scene.cluster.restart();
    let own = if world.happens(500) { named(0, service, &starts) } else { errand(0, service, &starts) };
    scene.book(1, &before).await;
    world.set_weather(Weather { pause: 150, unclear: world.below(40), ..Weather::default() });
    sleep(Duration::from_mins(8) + world.duration(Duration::from_mins(3))).await;
    let replies = join(scene.book(0, &own), async {
        sleep(world.duration(Duration::from_millis(400))).await;
        scene.book(1, &own).await
    });
    let (one, other) = replies.await;
    scene.end(&[own.clone(), before]).await?;
    demand!(scene.standing(std::slice::from_ref(&own))? <= 1, "{own:?} was told {one:?} and {other:?}");
    Ok(())
}

#[test]
fn fifty_equal_requests_get_one_answer_and_one_appointment() {
    scene(30, |scene| {
        async move {
            let (service, starts) = service_of(&scene.world);
            let own = if scene.world.happens(500) {
                named(0, service, &starts)
            } else {
                errand(0, service, &starts)
            };
            let replies = join_all((0..50).map(|call| scene.book(call % 3, &own))).await;
            let first = replies[0].clone();
            demand!(matches!(first, Reply::Booked { .. }), "the first was told {first:?}");
            let other = replies.iter().find(|reply| **reply != first);
            demand!(other.is_none(), "one was told {first:?}, another {other:?}");
            scene.end(std::slice::from_ref(&own)).await?;
            demand!(scene.standing(&[own])? == 1, "one appointment");
            Ok(())
        }
        .boxed()
    });
}

#[test]
fn fifty_different_requests_for_one_seat_get_it_once() {
    scene(30, |scene| {
        async move {
            let errands: Vec<Errand> = (0..50).map(|number| named(number, SINGLE, &[(0, TEN)])).collect();
            let replies = join_all(errands.iter().map(|errand| scene.book(errand.number % 3, errand))).await;
            let booked = replies.iter().filter(|reply| matches!(reply, Reply::Booked { .. })).count();
            let taken = replies.iter().filter(|reply| matches!(reply, Reply::SlotTaken)).count();
            demand!(
                booked == 1 && taken == 49,
                "{:?}: {booked} were booked, {taken} refused: {replies:?}",
                scene.sort
            );
            scene.end(&errands).await
        }
        .boxed()
    });
}
