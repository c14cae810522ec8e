//! Behaviour × store: every store keeps every promise of the contract.
//!
//! A new store joins with one function in [`place`] and its name in the last line.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::join_all;
use healthbot_scheduler::store::{Condition, Etag, Put, Read, Store, StoreError, Wanted, Written};

use super::{document, done, put, read, read_known, replace};

/// Somewhere empty that stores can be opened on, each as another process would.
pub(super) struct Place {
    open: Box<dyn Fn() -> Result<Arc<dyn Store>, StoreError> + Send + Sync>,
}

impl Place {
    fn open(&self) -> Arc<dyn Store> {
        (self.open)().unwrap()
    }
}

mod place {
    use std::sync::Arc;

    use healthbot_scheduler::store::sqlite::SqliteStore;

    use super::Place;
    use crate::fakes::azurite::{Azurite, Door};

    pub(super) fn sqlite() -> Place {
        let folder = tempfile::tempdir().unwrap();
        Place { open: Box::new(move || Ok(Arc::new(SqliteStore::open(&folder.path().join("a.db"))?))) }
    }

    pub(super) fn azure_sas() -> Place {
        azure(Door::Sas)
    }

    pub(super) fn azure_oauth() -> Place {
        azure(Door::OAuth)
    }

    fn azure(door: Door) -> Place {
        let azurite = Azurite::shared(door);
        let container = azurite.fresh_container();
        Place { open: Box::new(move || Ok(Arc::new(azurite.open(&container)?))) }
    }
}

macro_rules! behaviours {
    ($store:ident: $($behaviour:ident)+) => {
        mod $store {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $behaviour() {
                super::$behaviour(super::place::$store()).await;
            })+
        }
    };
}

macro_rules! conformance {
    ($($store:ident)+) => {
        $(behaviours!($store:
            of_64_that_create_a_document_one_does
            of_64_that_replace_a_document_one_does
            of_64_that_delete_a_document_one_does
            nothing_is_absent_and_a_known_document_is_unchanged
            writes_in_order_end_at_the_first_that_is_lost
            a_stale_or_foreign_etag_changes_nothing
            an_etag_never_recurs_after_delete_and_create
            several_keys_are_answered_in_the_order_asked
            a_walk_names_every_key_once_and_in_order
            a_listing_knows_etags_and_nothing_outside_its_prefix
            any_bytes_and_any_letters_come_back
            four_mebibytes_come_back
            a_reader_never_sees_half_a_write
            a_restart_keeps_everything
            two_handles_see_each_others_writes_at_once
            a_write_of_ours_does_not_hide_one_of_theirs
            two_handles_do_not_overwrite_each_other
            ages_grow_from_the_last_write
        );)+
    };
}

conformance!(sqlite azure_sas azure_oauth);

async fn of_64_that_create_a_document_one_does(place: Place) {
    let store = place.open();
    let racers = (0..64_u8).map(|racer| {
        let store = Arc::clone(&store);
        tokio::spawn(
            async move { (racer, store.put_if("race", Condition::Absent, vec![racer].into()).await) },
        )
    });
    let (winner, etag) = one_winner(join_all(racers).await.into_iter().map(Result::unwrap));
    let document = document(&*store, "race").await;
    assert_eq!((&document.bytes[..], document.etag), (&[winner][..], etag));
}

async fn of_64_that_replace_a_document_one_does(place: Place) {
    let store = place.open();
    let first = put(&*store, "race", "first").await;
    let racers = (0..64_u8).map(|racer| {
        let (store, first) = (Arc::clone(&store), first.clone());
        tokio::spawn(
            async move { (racer, store.put_if("race", Condition::Is(first), vec![racer].into()).await) },
        )
    });
    let (winner, etag) = one_winner(join_all(racers).await.into_iter().map(Result::unwrap));
    let document = document(&*store, "race").await;
    assert_eq!((&document.bytes[..], document.etag), (&[winner][..], etag));
}

async fn of_64_that_delete_a_document_one_does(place: Place) {
    let store = place.open();
    let first = put(&*store, "race", "first").await;
    let racers = (0..64_u8).map(|racer| {
        let (store, first) = (Arc::clone(&store), first.clone());
        tokio::spawn(async move { (racer, store.delete_if("race", first).await) })
    });
    let (_, removed) = one_winner(join_all(racers).await.into_iter().map(Result::unwrap));
    assert_eq!(removed, first);
    assert_eq!(read(&*store, "race").await, Read::Absent);
}

async fn nothing_is_absent_and_a_known_document_is_unchanged(place: Place) {
    let store = place.open();
    assert_eq!(read(&*store, "a").await, Read::Absent);
    assert_eq!(read(&*store, "a").await, Read::Absent);
    let first = put(&*store, "a", "1").await;
    for _ in 0..2 {
        assert_eq!(read_known(&*store, "a", Some(first.clone())).await, Read::Unchanged);
    }
    let second = replace(&*store, "a", first.clone(), "2").await;
    assert_eq!(read_known(&*store, "a", Some(second.clone())).await, Read::Unchanged);
    match read_known(&*store, "a", Some(first)).await {
        Read::Document(document) => assert_eq!(document.etag, second),
        other => panic!("{other:?}"),
    }
    done(store.delete_if("a", second.clone()).await);
    assert_eq!(read_known(&*store, "a", Some(second)).await, Read::Absent);
}

async fn a_stale_or_foreign_etag_changes_nothing(place: Place) {
    let store = place.open();
    let stale = put(&*store, "a", "1").await;
    let current = replace(&*store, "a", stale.clone(), "2").await;
    let elsewhere = put(&*store, "b", "3").await;
    let padded = Etag(format!("0{}", current.0).into());
    for etag in [stale, elsewhere, padded, Etag("".into()), Etag("\"0x8D\"".into())] {
        assert_eq!(store.put_if("a", Condition::Is(etag.clone()), "no".into()).await, Written::Lost);
        assert_eq!(store.delete_if("a", etag.clone()).await, Written::Lost);
        assert!(matches!(read_known(&*store, "a", Some(etag)).await, Read::Document(_)));
    }
    assert_eq!(store.put_if("a", Condition::Absent, "no".into()).await, Written::Lost);
    assert_eq!(store.put_if("nothing", Condition::Is(current.clone()), "no".into()).await, Written::Lost);
    assert_eq!(store.delete_if("nothing", current.clone()).await, Written::Lost);
    let document = document(&*store, "a").await;
    assert_eq!((document.bytes, document.etag), (Bytes::from("2"), current));
    assert_eq!(read(&*store, "nothing").await, Read::Absent);
}

async fn writes_in_order_end_at_the_first_that_is_lost(place: Place) {
    let store = place.open();
    let put =
        |key: &str, condition, text: &'static str| Put { key: key.into(), condition, document: text.into() };
    let written = store
        .put_in_order(vec![put("a", Condition::Absent, "1"), put("b", Condition::Absent, "2")])
        .await
        .into_iter()
        .map(done)
        .collect::<Vec<_>>();
    let [first, second] = &*written else { panic!("{written:?}") };
    let change = vec![
        put("a", Condition::Is(first.clone()), "3"),
        put("b", Condition::Is(first.clone()), "4"),
        put("c", Condition::Absent, "5"),
    ];
    let written = store.put_in_order(change).await;
    assert!(matches!(&*written, [Written::Done(_), Written::Lost]), "{written:?}");
    assert_eq!(document(&*store, "a").await.bytes, "3");
    assert_eq!(document(&*store, "b").await.etag, *second);
    assert_eq!(read(&*store, "c").await, Read::Absent);
    drop(store);
    assert_eq!(document(&*place.open(), "a").await.bytes, "3");
}

async fn an_etag_never_recurs_after_delete_and_create(place: Place) {
    let mut store = place.open();
    let mut seen = HashSet::new();
    for round in 0..60 {
        let etag = put(&*store, "a", "same").await;
        assert!(seen.insert(etag.clone()), "{etag:?} recurred in round {round}");
        done(store.delete_if("a", etag).await);
        if round % 20 == 10 {
            drop(store);
            store = place.open();
        }
    }
}

async fn several_keys_are_answered_in_the_order_asked(place: Place) {
    let store = place.open();
    let a = put(&*store, "a", "A").await;
    put(&*store, "c", "C").await;
    let wanted = [("c", None), ("b", None), ("a", Some(a)), ("c", None)];
    for _ in 0..2 {
        let wanted: Vec<_> = wanted.iter().map(|(key, known)| Wanted { key, known: known.clone() }).collect();
        let reads = store.get(&wanted).await.unwrap();
        assert!(matches!(&reads[0], Read::Document(document) if document.bytes == "C"));
        assert_eq!(reads[1..3], [Read::Absent, Read::Unchanged]);
        assert!(matches!(&reads[3], Read::Document(document) if document.bytes == "C"));
        assert_eq!(reads.len(), 4);
    }
    assert_eq!(store.get(&[]).await.unwrap(), []);
}

async fn a_walk_names_every_key_once_and_in_order(place: Place) {
    let store = place.open();
    let keys: BTreeSet<String> = (0..5_100_u32).map(|n| format!("day/{:05}", n * 7_919 % 10_007)).collect();
    assert_eq!(keys.len(), 5_100);
    // Few at once: other tests ask this Azurite too, and give up after seconds.
    for some in keys.iter().collect::<Vec<_>>().chunks(32) {
        join_all(some.iter().map(|key| put(&*store, key, key))).await;
    }
    join_all(["day", "day0", "dax/1", "daz/1"].map(|key| put(&*store, key, key))).await;
    let (walked, pages) = walk(&*store, "day/").await;
    assert!(pages > 1, "all came in one page");
    assert_eq!(walked, keys.into_iter().collect::<Vec<_>>());
}

async fn a_listing_knows_etags_and_nothing_outside_its_prefix(place: Place) {
    let store = place.open();
    let etag = put(&*store, "p/%_é", "1").await;
    for other in ["P/a", "p", "p.", "p0", "q/a"] {
        put(&*store, other, "2").await;
    }
    let page = store.list("p/", None).await.unwrap();
    assert_eq!(page.cursor, None);
    let listed: Vec<_> = page.keys.iter().map(|listed| (&*listed.key, &listed.etag)).collect();
    assert_eq!(listed, [("p/%_é", &etag)]);
    assert_eq!(walk(&*store, "").await.0, ["P/a", "p", "p.", "p/%_é", "p0", "q/a"]);
    assert_eq!(store.list("nothing/", None).await.unwrap().keys, []);
}

async fn any_bytes_and_any_letters_come_back(place: Place) {
    let store = place.open();
    let every_byte: Vec<u8> = (0..=255).collect();
    let long = format!("day/{}", "x".repeat(252));
    // In the order of their bytes, which is not that of their letters in UTF-16.
    let keys =
        ["day/'; --", "day/Ä ö", &long, "day/é", "day/e\u{301}", "day/診療所", "day/\u{fffd}", "day/🩺"];
    for key in keys {
        put(&*store, key, &every_byte).await;
    }
    put(&*store, "empty", "").await;
    for key in keys {
        assert_eq!(document(&*store, key).await.bytes, every_byte, "{key}");
    }
    assert_eq!(document(&*store, "empty").await.bytes, "");
    let mut sorted = keys.map(String::from);
    sorted.sort();
    assert_eq!(walk(&*store, "day/").await.0, sorted);
}

async fn four_mebibytes_come_back(place: Place) {
    let store = place.open();
    let large: Vec<u8> = (0..=250).cycle().take(4 << 20).collect();
    let etag = put(&*store, "large", &large).await;
    assert!(document(&*store, "large").await.bytes == large);
    let half = &large[..2 << 20];
    replace(&*store, "large", etag, half).await;
    assert!(document(&*store, "large").await.bytes == half);
}

async fn a_reader_never_sees_half_a_write(place: Place) {
    let store = place.open();
    let body = |n: usize| vec![u8::try_from(n % 256).unwrap(); 10_000 + n * 97];
    put(&*store, "a", body(0)).await;
    let writers = (0..4_usize).map(|writer| {
        let store = place.open();
        tokio::spawn(async move {
            for n in 0..40 {
                let etag = document(&*store, "a").await.etag;
                let bytes = body(writer * 40 + n).into();
                assert_ne!(store.put_if("a", Condition::Is(etag), bytes).await, Written::Unknown);
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let mut versions = HashSet::new();
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        let document = document(&*store, "a").await;
        let n = (document.bytes.len() - 10_000) / 97;
        assert!(document.bytes == body(n), "half of a write was read");
        versions.insert(document.etag);
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(versions.len() > 1, "nothing was read while it was written");
}

async fn a_restart_keeps_everything(place: Place) {
    let store = place.open();
    let mut kept = Vec::new();
    for n in 0..50 {
        kept.push((format!("k/{n}"), put(&*store, &format!("k/{n}"), n.to_string()).await));
    }
    done(store.delete_if("k/7", kept[7].1.clone()).await);
    kept[8].1 = replace(&*store, "k/8", kept[8].1.clone(), "8").await;
    drop(store);
    let store = place.open();
    assert_eq!(read(&*store, "k/7").await, Read::Absent);
    kept.remove(7);
    for (n, (key, etag)) in kept.into_iter().enumerate() {
        let document = document(&*store, &key).await;
        assert_eq!((document.bytes, document.etag), ((n + usize::from(n > 6)).to_string().into(), etag));
    }
}

async fn two_handles_see_each_others_writes_at_once(place: Place) {
    let stores = [place.open(), place.open()];
    let mut etag = put(&*stores[0], "a", "start").await;
    let steady = put(&*stores[0], "steady", "").await;
    for n in 0..100 {
        let (writer, reader) = (&stores[n % 2], &stores[(n + 1) % 2]);
        assert_eq!(read_known(&**reader, "a", Some(etag.clone())).await, Read::Unchanged);
        let new = replace(&**writer, "a", etag.clone(), n.to_string()).await;
        for store in &stores {
            let known = [("a", &etag), ("steady", &steady)];
            let wanted = known.map(|(key, etag)| Wanted { key, known: Some(etag.clone()) });
            let reads = store.get(&wanted).await.unwrap();
            assert!(
                matches!(&reads[0], Read::Document(found) if found.etag == new && found.bytes == n.to_string()),
                "{reads:?}"
            );
            assert_eq!(reads[1], Read::Unchanged);
        }
        etag = new;
    }
    done(stores[0].delete_if("a", etag.clone()).await);
    assert_eq!(read_known(&*stores[1], "a", Some(etag)).await, Read::Absent);
}

async fn a_write_of_ours_does_not_hide_one_of_theirs(place: Place) {
    let (ours, theirs) = (place.open(), place.open());
    let mut mine = put(&*ours, "mine", "").await;
    let mut shared = put(&*ours, "shared", "").await;
    for n in 0..10 {
        assert_eq!(read_known(&*ours, "shared", Some(shared.clone())).await, Read::Unchanged);
        let new = replace(&*theirs, "shared", shared.clone(), n.to_string()).await;
        mine = replace(&*ours, "mine", mine, n.to_string()).await;
        let found = read_known(&*ours, "shared", Some(shared)).await;
        assert!(matches!(&found, Read::Document(found) if found.etag == new), "{found:?}");
        shared = new;
    }
}

async fn two_handles_do_not_overwrite_each_other(place: Place) {
    let counting = (0..8).map(|_| {
        let store = place.open();
        tokio::spawn(async move {
            let mut counted = 0;
            while counted < 25 {
                let (condition, count) = match read(&*store, "count").await {
                    Read::Document(found) => {
                        let count: u32 = std::str::from_utf8(&found.bytes).unwrap().parse().unwrap();
                        (Condition::Is(found.etag), count)
                    }
                    _ => (Condition::Absent, 0),
                };
                match store.put_if("count", condition, (count + 1).to_string().into()).await {
                    Written::Done(_) => counted += 1,
                    Written::Lost => tokio::task::yield_now().await,
                    Written::Unknown => panic!("unknown"),
                }
            }
        })
    });
    for counting in join_all(counting).await {
        counting.unwrap();
    }
    assert_eq!(document(&*place.open(), "count").await.bytes, "200");
}

async fn ages_grow_from_the_last_write(place: Place) {
    let store = place.open();
    let etag = put(&*store, "a", "1").await;
    let pause = Duration::from_millis(2_200);
    tokio::time::sleep(pause).await;
    // A store may measure in whole seconds, so that an age is up to one off either way.
    let at_least = Duration::from_secs(2);
    assert!(document(&*store, "a").await.age >= at_least);
    assert!(store.list("a", None).await.unwrap().keys[0].age >= at_least);
    replace(&*store, "a", etag, "2").await;
    assert!(document(&*store, "a").await.age < at_least);
    assert!(store.list("a", None).await.unwrap().keys[0].age < at_least);
}

fn one_winner(ends: impl Iterator<Item = (u8, Written)>) -> (u8, Etag) {
    let mut winner = None;
    for (racer, written) in ends {
        match written {
            Written::Done(etag) => assert!(winner.replace((racer, etag)).is_none(), "two have won"),
            Written::Lost => {}
            Written::Unknown => panic!("racer {racer} does not know"),
        }
    }
    winner.expect("nobody has won")
}

async fn walk(store: &dyn Store, prefix: &str) -> (Vec<String>, usize) {
    let (mut keys, mut pages, mut cursor) = (Vec::new(), 0, None::<String>);
    loop {
        let page = store.list(prefix, cursor.as_deref()).await.unwrap();
        keys.extend(page.keys.into_iter().map(|listed| listed.key));
        pages += 1;
        match page.cursor {
            Some(next) => cursor = Some(next),
            None => return (keys, pages),
        }
    }
}
