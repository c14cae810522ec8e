//! The road to the container: what has no clear answer is unknown, what may be asked again is, and nobody waits for
//! ever.

use std::time::Duration;

use healthbot_scheduler::store::{
    Condition, Read, Store, StoreError, Wanted, Written, azure_blob::AzureBlobStore,
};

use tokio::time::Instant;

use super::{document, done, put, read};
use crate::fakes::{
    azurite::{Azurite, Door},
    rough_road::{RoughRoad, Weather},
};

struct Journey {
    road: RoughRoad,
    store: AzureBlobStore,
    _azurite: Azurite,
}

async fn journey() -> Journey {
    let azurite = Azurite::shared(Door::Sas);
    let service = azurite.url().strip_suffix("/devstoreaccount1").unwrap();
    let road = RoughRoad::before(service, Weather::default(), 7).await;
    let store = azurite.open(&azurite.fresh_container().replace(service, &road.url)).unwrap();
    put(&store, "first", "").await;
    road.reset_counts();
    Journey { road, store, _azurite: azurite }
}

impl Journey {
    fn requests(&self, method: &str) -> u64 {
        self.road.counts().iter().filter(|((of, _), _)| of == method).map(|(_, count)| count).sum()
    }
}

const ALWAYS: u64 = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_reply_is_lost_is_unknown_and_is_not_sent_again() {
    for weather in [
        Weather { drop_after: ALWAYS, ..Weather::default() },
        Weather { failed_though_done: ALWAYS, ..Weather::default() },
        Weather { late_reply: ALWAYS, ..Weather::default() },
    ] {
        let journey = journey().await;
        journey.road.set_weather(weather);
        let started = Instant::now();
        assert_eq!(journey.store.put_if("a", Condition::Absent, "1".into()).await, Written::Unknown);
        assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
        assert_eq!(journey.requests("PUT"), 1, "{weather:?}");
        journey.road.set_weather(Weather::default());
        let written = document(&journey.store, "a").await;
        assert_eq!(written.bytes, "1");
        journey.road.set_weather(Weather { drop_after: ALWAYS, ..Weather::default() });
        assert_eq!(journey.store.delete_if("a", written.etag).await, Written::Unknown);
        assert_eq!(journey.requests("DELETE"), 1);
        journey.road.set_weather(Weather::default());
        assert_eq!(read(&journey.store, "a").await, Read::Absent);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_never_arrived_is_unknown_too() {
    let journey = journey().await;
    for weather in [
        Weather { drop_before: ALWAYS, ..Weather::default() },
        Weather { busy: ALWAYS, ..Weather::default() },
    ] {
        journey.road.set_weather(weather);
        assert_eq!(journey.store.put_if("a", Condition::Absent, "1".into()).await, Written::Unknown);
    }
    journey.road.set_weather(Weather::default());
    assert_eq!(read(&journey.store, "a").await, Read::Absent);
    assert_eq!(journey.requests("PUT"), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_arrives_when_nobody_waits_any_more_takes_effect_on_its_condition_alone() {
    let journey = journey().await;
    journey.road.set_weather(Weather { late_request: ALWAYS, ..Weather::default() });
    assert_eq!(journey.store.put_if("a", Condition::Absent, "late".into()).await, Written::Unknown);
    journey.road.set_weather(Weather::default());
    let etag = put(&journey.store, "a", "soon").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let there = document(&journey.store, "a").await;
    assert_eq!((there.bytes, there.etag), ("soon".into(), etag));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_and_listings_are_asked_again_while_that_may_help() {
    let journey = journey().await;
    let etag = put(&journey.store, "a", "1").await;
    let bad = Weather {
        drop_before: 150,
        drop_after: 150,
        busy: 100,
        failed_though_done: 100,
        ..Weather::default()
    };
    journey.road.set_weather(bad);
    for _ in 0..20 {
        let found = journey.store.get(&[Wanted { key: "a", known: Some(etag.clone()) }]).await;
        assert!(
            matches!(found.as_deref(), Ok([Read::Unchanged]) | Err(StoreError::Unavailable(_))),
            "{found:?}"
        );
        let listed = journey.store.list("a", None).await;
        assert!(listed.as_ref().is_ok_and(|page| page.keys.len() == 1) || listed.is_err(), "{listed:?}");
    }
    assert!(journey.requests("GET") > 50, "{} requests for 40 answers", journey.requests("GET"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_is_down_is_said_to_be_so_in_time() {
    let journey = journey().await;
    journey.road.set_weather(Weather { late_reply: ALWAYS, ..Weather::default() });
    let started = Instant::now();
    let found = journey.store.get(&[Wanted { key: "a", known: None }]).await;
    assert!(matches!(found, Err(StoreError::Unavailable(_))), "{found:?}");
    assert!(started.elapsed() < Duration::from_secs(9), "{:?}", started.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_there_is_unavailable_and_a_signature_that_is_refused_is_a_wrong_set_up() {
    let azurite = Azurite::shared(Door::Sas);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody =
        format!("http://{}/devstoreaccount1/scheduling?{}", listener.local_addr().unwrap(), azurite.sas());
    drop(listener);
    let store = azurite.open(&nobody).unwrap();
    let found = store.get(&[Wanted { key: "a", known: None }]).await;
    assert!(
        matches!(&found, Err(StoreError::Unavailable(why)) if why.contains("cannot be reached")),
        "{found:?}"
    );
    assert_eq!(store.put_if("a", Condition::Absent, "1".into()).await, Written::Unknown);

    let refused = azurite.fresh_container().replace("sig=", "sig=AAAA");
    let store = azurite.open(&refused).unwrap();
    let found = store.get(&[Wanted { key: "a", known: None }]).await;
    let Err(StoreError::Unusable(why)) = found else { panic!("{found:?}") };
    assert!(
        why.contains("the signature in `STORE`") && !why.contains("sig=") && !why.contains("AAAA"),
        "{why}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_is_not_there_is_empty_until_the_first_document_makes_it() {
    let azurite = Azurite::shared(Door::Sas);
    let container = azurite.fresh_container();
    let stores = [azurite.open(&container).unwrap(), azurite.open(&container).unwrap()];
    assert_eq!(stores[0].list("", None).await.unwrap().keys, []);
    assert_eq!(read(&stores[0], "a").await, Read::Absent);
    let etag = healthbot_scheduler::store::Etag("0x1".into());
    assert_eq!(stores[0].delete_if("a", etag.clone()).await, Written::Lost);
    let (one, other) = tokio::join!(
        stores[0].put_if("a", Condition::Absent, "1".into()),
        stores[1].put_if("b", Condition::Absent, "2".into())
    );
    done(one);
    done(other);
    assert_eq!(stores[1].list("", None).await.unwrap().keys.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_documents_are_read_at_the_same_time() {
    let journey = journey().await;
    let keys: Vec<String> = (0..60).map(|n| format!("day/{n}")).collect();
    for key in &keys {
        put(&journey.store, key, key).await;
    }
    journey.road.set_weather(Weather { latency: Duration::from_millis(100), ..Weather::default() });
    let wanted: Vec<Wanted<'_>> = keys.iter().map(|key| Wanted { key, known: None }).collect();
    let started = Instant::now();
    let reads = journey.store.get(&wanted).await.unwrap();
    assert!(
        reads
            .iter()
            .zip(&keys)
            .all(|(read, key)| matches!(read, Read::Document(found) if found.bytes == *key))
    );
    // One after the other they would take six seconds.
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

/// Of each key, what is read of it by a question for all of them, and by how many requests.
async fn all_at_once(journey: &Journey, wanted: &[Wanted<'_>]) -> (Vec<Read>, u64) {
    journey.road.reset_counts();
    (journey.store.get(wanted).await.unwrap(), journey.requests("GET"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_that_have_no_document_are_not_asked_for_one_by_one() {
    let journey = journey().await;
    put(&journey.store, "day/a/03", "3").await;
    put(&journey.store, "day/a/70", "not asked for").await;
    let known = put(&journey.store, "day/a/05", "5").await;
    put(&journey.store, "day/b/03", "another calendar's").await;
    let keys: Vec<String> = (0..60).map(|day| format!("day/a/{day:02}")).collect();
    let wanted: Vec<Wanted<'_>> = keys.iter().map(|key| Wanted { key, known: Some(known.clone()) }).collect();
    let (reads, requests) = all_at_once(&journey, &wanted).await;
    for (key, read) in keys.iter().zip(reads) {
        match &**key {
            "day/a/03" => assert!(matches!(read, Read::Document(found) if found.bytes == "3")),
            "day/a/05" => assert_eq!(read, Read::Unchanged),
            _ => assert_eq!(read, Read::Absent, "{key}"),
        }
    }
    assert_eq!(requests, 2, "a listing, and a read of the one that is new");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_beyond_the_end_of_a_listing_is_asked_for() {
    let journey = journey().await;
    for number in 0..60 {
        put(&journey.store, &format!("booking/{number:02}"), "x").await;
    }
    // More than four times as many are there: the last of them are not listed.
    let keys = ["01", "30", "31", "32", "58", "59", "77", "99"].map(|number| format!("booking/{number}"));
    let wanted = keys.each_ref().map(|key| Wanted { key, known: None });
    let (reads, requests) = all_at_once(&journey, &wanted).await;
    let there: Vec<bool> = reads.iter().map(|read| matches!(read, Read::Document(_))).collect();
    assert_eq!(there, [true, true, true, true, true, true, false, false]);
    assert_eq!(requests, 1 + 8);
    let (again, requests) = all_at_once(&journey, &wanted).await;
    assert_eq!((again.len(), requests), (8, 8), "a listing that told too little is not asked for again");
}
