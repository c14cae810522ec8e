//! The audit trail in append blobs: every record once, whatever becomes of replies and processes.

use std::collections::BTreeMap;

use healthbot_scheduler::{
    clock::Clock,
    identity::{Azure, Identity},
    telemetry::audit::Audit,
};
use serde_json::{Value, json};

use super::{App, CLINIC, ada};
use crate::fakes::{
    azurite::{Azurite, Door},
    rough_road::{ROUGH, RoughRoad},
};

/// All lines of all blobs in a container.
async fn lines(azurite: &Azurite, container: &str) -> BTreeMap<String, Vec<Value>> {
    let parsed =
        |text: &str| text.lines().map(|line| serde_json::from_str(line).expect("a record a line")).collect();
    azurite.blobs(container).await.into_iter().map(|(name, text)| (name, parsed(&text))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_in_the_trail_though_the_process_was_killed() {
    let mut app = App::prepared(CLINIC).await;
    let trail = app.azurite.fresh_container();
    app.azurite.container(&trail).create(None).await.expect("a container");
    app.host.set("AUDIT", &trail);
    app.start().await;
    let slots = app.slots("embedded:north", "flu").await;
    let mut told = Vec::new();
    for (round, slot) in slots.iter().take(3).enumerate() {
        let slot = &slot["id"];
        let patient = json!({"name": "Ada Quill", "email": format!("ada{round}@example.org"), "phone": "+1 425 555 0123"});
        told.push(
            app.host.call("book", json!({"slotId": slot, "patient": patient})).await.outcome().to_owned(),
        );
        app.host.restart().await;
    }
    let found = lines(&app.azurite, &trail).await;
    assert_eq!(found.len(), 3, "one blob for each process: {found:?}");
    let outcomes: Vec<&str> = found.values().flatten().filter_map(|line| line["outcome"].as_str()).collect();
    assert_eq!(outcomes, told, "{found:?}");
    let all = format!("{found:?}");
    assert!(!all.contains("Quill") && !all.contains("example.org") && !all.contains("555"), "{all}");
    for record in found.values().flatten() {
        assert_eq!(record["function"], "book");
        assert!(record["reference"].as_str().is_some_and(|reference| reference.len() == 12), "{record}");
    }
    let checks = app.host.call("check", json!({})).await;
    let audit = checks.body["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .find(|check| check["name"] == "audit")
        .cloned();
    assert_eq!(audit.expect("a line for the trail")["ok"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_trail_nothing_is_answered_as_done() {
    let mut app = App::prepared(CLINIC).await;
    app.host.set("AUDIT", &app.azurite.fresh_container());
    app.start().await;
    let slot = app.slots("embedded:north", "flu").await[0]["id"].clone();
    let reply = app.host.call("book", json!({"slotId": slot, "patient": ada()})).await;
    assert_eq!(reply.status, 503, "{}", reply.body);
    assert!(app.host.log().contains("no audit record"), "{}", app.host.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_a_rough_network_every_record_is_there_once() {
    let azurite = Azurite::shared(Door::Sas);
    let container = azurite.fresh_container();
    azurite.container(&container).create(None).await.expect("a container");
    let (service, path) = azurite.url().rsplit_once('/').expect("an account");
    let road = RoughRoad::before(service, ROUGH, 7).await;
    let over = container.replace(azurite.url(), &format!("{}/{path}", road.url));
    let azure = Azure::new(Identity::DeveloperTools, None);
    let audit =
        Audit::in_blobs(&over.parse().expect("a container"), &azure, Clock::system()).expect("a trail");
    let (mut acknowledged, mut refused) = (Vec::new(), Vec::new());
    for burst in 0..40_u64 {
        let records: Vec<Value> = (0..5).map(|n| json!({"n": burst * 5 + n})).collect();
        let appended =
            futures_util::future::join_all(records.iter().map(|record| audit.append(record))).await;
        for (record, appended) in records.iter().zip(appended) {
            let number = record["n"].as_u64().expect("a number");
            if appended.is_ok() { acknowledged.push(number) } else { refused.push(number) }
        }
    }
    let mut count: BTreeMap<u64, usize> = BTreeMap::new();
    for record in lines(&azurite, &container).await.values().flatten() {
        *count.entry(record["n"].as_u64().expect("a number")).or_default() += 1;
    }
    println!("{} acknowledged, {} refused; {:?}", acknowledged.len(), refused.len(), road.mishaps());
    assert!(acknowledged.len() >= 150, "{} acknowledged", acknowledged.len());
    for number in acknowledged {
        assert_eq!(count.get(&number), Some(&1), "record {number}");
    }
    // One that was not acknowledged may be there; twice is none.
    assert!(refused.iter().all(|number| count.get(number).is_none_or(|count| *count == 1)));
}
