//! Patients by the hundred who book, cancel and change their minds over a few hundred places, at whichever instance
//! answers; and what they were told.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use serde_json::{Value, json};

use super::instances::Instances;

/// Patients at the same time.
const AT_ONCE: usize = 24;

/// Tries of one request before it is left for the end.
const TRIES: usize = 8;

/// What a request was, and every answer to it.
#[derive(Debug, Clone)]
pub(super) struct Told {
    function: &'static str,
    request: Value,
    answers: Vec<Value>,
}

impl Told {
    pub(super) fn line(&self) -> String {
        json!({"function": self.function, "request": self.request, "answers": self.answers}).to_string()
    }

    /// Whether the last answer says how it ended.
    fn is_decided(&self) -> bool {
        self.answers
            .last()
            .and_then(|answer| answer["outcome"].as_str())
            .is_some_and(|told| told != "inProgress")
    }
}

/// Places, by what they are for: slot ids, one per dose.
#[derive(Debug, Default)]
pub(super) struct Places(HashMap<&'static str, Vec<Vec<String>>>);

/// What is asked for how often, and what came of it.
pub(super) struct Load {
    instances: Arc<Instances>,
    places: Places,
    wanted: usize,
    sent: AtomicUsize,
    told: Mutex<Vec<Told>>,
}

impl Load {
    /// So many requests that change something; every one of them is told of at the end.
    pub(super) fn new(instances: Arc<Instances>, places: Places, wanted: usize) -> Arc<Self> {
        let (sent, told) = (AtomicUsize::new(0), Mutex::default());
        Arc::new(Self { instances, places, wanted, sent, told })
    }

    /// Until enough was asked for.
    pub(super) async fn run(self: &Arc<Self>, seed: u64) {
        let next = Arc::new(AtomicUsize::new(0));
        let patients = (0..AT_ONCE).map(|_| {
            let (load, next) = (Arc::clone(self), Arc::clone(&next));
            tokio::spawn(async move {
                while load.sent.load(Ordering::Relaxed) < load.wanted {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    load.patient(number, &mut Chance::of(seed, number)).await;
                }
            })
        });
        for patient in patients.collect::<Vec<_>>() {
            patient.await.expect("a patient");
        }
    }

    /// Asks again for what was left without an answer. Now there is one, or the judge will say so.
    pub(super) async fn ask_again(&self) {
        let mut told = std::mem::take(&mut *self.told.lock());
        let mut chance = Chance::of(0, 0);
        for told in told.iter_mut().filter(|told| !told.is_decided()) {
            self.insist(told, &mut chance).await;
        }
        *self.told.lock() = told;
    }

    pub(super) fn told(&self) -> Vec<Told> {
        self.told.lock().clone()
    }

    pub(super) fn requests(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }

    /// Books; some ask twice, some cancel, some move.
    async fn patient(&self, number: usize, chance: &mut Chance) {
        let service = ["flu", "flu", "class", "covid", "covid"][chance.below(5)];
        let email = format!("patient{number}@example.org");
        let patient = json!({"name": format!("Patient {number}"), "email": email});
        let slots = self.places.any(service, chance).clone();
        let request = json!({"slotIds": slots, "patient": patient, "requestId": format!("book {number}")});
        let Some(booked) = self.ask("book", request, chance).await else { return };
        if booked["outcome"] != "booked" {
            return;
        }
        let code = booked["confirmationCode"].as_str().expect("a code").to_owned();
        let proof = json!({"confirmationCode": code, "contact": {"email": email}});
        if chance.one_in(4) {
            let mut request = proof.clone();
            request["slotIds"] = json!(self.places.any(service, chance));
            request["requestId"] = json!(format!("move {number}"));
            if self.ask("reschedule", request, chance).await.is_none() {
                return;
            }
        }
        // More than half of them, so that there is always something free.
        if !chance.one_in(3) {
            let mut request = proof;
            request["requestId"] = json!(format!("cancel {number}"));
            self.ask("cancel", request, chance).await;
        }
    }

    /// The answer that says how it ended; `None`, it was left for the end.
    async fn ask(&self, function: &'static str, request: Value, chance: &mut Chance) -> Option<Value> {
        let mut told = Told { function, request, answers: Vec::new() };
        let twice = chance.one_in(5);
        self.insist(&mut told, chance).await;
        if twice && told.is_decided() {
            // The same once more, and in many cases to somebody else.
            self.insist(&mut told, chance).await;
        }
        let decided = told.is_decided().then(|| told.answers.last().cloned()).flatten();
        self.told.lock().push(told);
        decided
    }

    async fn insist(&self, told: &mut Told, chance: &mut Chance) {
        for _ in 0..TRIES {
            self.sent.fetch_add(1, Ordering::Relaxed);
            let instance = chance.below(self.instances.count());
            match self.instances.call(instance, told.function, &told.request).await {
                Some((200, body)) => {
                    told.answers.push(body);
                    return;
                }
                Some((status, body)) => {
                    assert!(status >= 500, "{status}: {body}");
                    told.answers
                        .push(json!({"fault": status, "code": body["code"], "detail": body["detail"]}));
                }
                None => told.answers.push(json!({"fault": "cut off"})),
            }
            tokio::time::sleep(Duration::from_millis(20 + chance.below(100) as u64)).await;
        }
    }
}

impl Places {
    /// So many of each kind as make 300 places with two practitioners: 120 single seats, 40 groups of 4 seats, and 70
    /// series of two.
    pub(super) async fn three_hundred(instances: &Instances, provider: &str) -> Self {
        let mut places = Self::default();
        for clinic in ["north", "south"] {
            let location = format!("{provider}:{clinic}");
            for day in 2..7 {
                let flu = instances.slots(&location, "flu", day, None).await;
                places.add("flu", flu.iter().skip(24 - 6).take(6).map(|slot| vec![slot.clone()]));
                let class = instances.slots(&location, "class", day, None).await;
                places.add("class", class.iter().skip(6).take(2).map(|slot| vec![slot.clone()]));
                let first = instances.slots(&location, "covid", day, None).await;
                let first: Vec<&String> = first.iter().rev().take(if day % 2 == 0 { 3 } else { 4 }).collect();
                let second = instances.slots(&location, "covid", day + 9, first.first().copied()).await;
                let pairs = first.iter().zip(second.iter().rev());
                places.add("covid", pairs.map(|(first, second)| vec![(*first).clone(), second.clone()]));
            }
        }
        let count = |service| places.0.get(service).map_or(0, Vec::len) * 2;
        assert_eq!((count("flu"), count("class")), (120, 40));
        let series = count("covid");
        assert!((66..=70).contains(&series), "{series} series");
        places
    }

    fn add(&mut self, service: &'static str, slots: impl Iterator<Item = Vec<String>>) {
        self.0.entry(service).or_default().extend(slots);
    }

    fn any(&self, service: &str, chance: &mut Chance) -> &Vec<String> {
        let places = &self.0[service];
        &places[chance.below(places.len())]
    }
}

/// A sequence of its own for every patient, the same in every run of a seed.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn of(seed: u64, number: usize) -> Self {
        let mut chance = Self(
            seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (number as u64).wrapping_mul(0xD1B5_4A32_D192_ED03),
        );
        chance.below(2);
        chance
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % limit
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}
