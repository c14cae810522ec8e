//! The conformance town over Bookings, with a hand on what Graph does, and the comparison at the end.

use std::{collections::BTreeSet, time::Duration};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::{
    conformance::town::{Town, ada},
    fakes::{
        functions_host::{FunctionsHost, Reply, invocation},
        graph_simulator::{Rule, Simulator},
    },
};

pub(super) const NORTH: &str = "north@town.onmicrosoft.com";

/// The town, its host and its Graph.
pub(super) struct Clinic {
    pub(super) town: Town,
}

impl Clinic {
    pub(super) async fn open() -> Self {
        Self { town: crate::conformance::bookings_town::town().await }
    }

    pub(super) fn graph(&self) -> &Simulator {
        self.town.graph()
    }

    pub(super) fn host(&self) -> &FunctionsHost {
        &self.town.host
    }

    /// Goes wrong from now on, for a handler that knows nothing yet.
    pub(super) async fn spoil(&mut self, rules: Vec<Rule>) {
        self.town.host.restart().await;
        for rule in rules {
            self.graph().misbehave(rule);
        }
    }

    /// A call as it is, faults too.
    pub(super) async fn call(&self, function: &str, body: Value) -> Reply {
        self.host().call_as(&invocation(), function, body).await
    }

    pub(super) async fn book(&self, slots: &[String]) -> Reply {
        self.call("book", json!({"slotIds": slots, "patient": ada()})).await
    }

    /// Hours go by, by the store's clock, and the timer goes off until nothing is left to settle.
    pub(super) async fn settle(&self) {
        self.graph().behave();
        for _ in 0..8 {
            self.let_hours_pass();
            let ran = self.host().timer().await;
            assert_eq!(ran.status, 200, "{}", ran.body);
            // What is tidied up behind a reply has its time too.
            tokio::time::sleep(Duration::from_millis(100)).await;
            if self.host().documents("pending/").is_empty() {
                return;
            }
        }
        panic!("not settled: {:?}\n{}", self.host().documents(""), self.host().log());
    }

    fn let_hours_pass(&self) {
        let database = Connection::open(self.host().store_path()).expect("the database");
        database.busy_timeout(Duration::from_secs(5)).expect("a time-out");
        database.execute("UPDATE documents SET written = written - 7200", []).expect("older documents");
    }

    /// The appointments at Graph that are ours, by the handles that the ledger would have for them.
    pub(super) fn shown(&self) -> BTreeSet<String> {
        let all = self.graph().appointments(NORTH);
        all.iter().flat_map(ours).collect()
    }

    /// The appointments that the ledger believes to stand.
    pub(super) fn believed(&self) -> BTreeSet<String> {
        let bookings = self.host().documents("booking/").into_iter().map(|(_, booking)| booking);
        let standing = bookings.filter(|booking| booking["state"] == "confirmed").flat_map(|booking| {
            let doses = booking["doses"].as_array().cloned().unwrap_or_default();
            doses.into_iter().filter(|dose| dose["status"] == "booked" || dose["status"] == "moved")
        });
        standing.map(|dose| dose["handle"].as_str().unwrap_or("(none)").to_owned()).collect()
    }

    /// The starts that Graph shows of our appointments.
    pub(super) fn starts(&self) -> BTreeSet<String> {
        let all = self.graph().appointments(NORTH);
        let ours = all.iter().filter(|appointment| !ours(appointment).is_empty());
        ours.map(|appointment| minute(&appointment["startDateTime"]["dateTime"])).collect()
    }

    /// Both sides agree, and nothing that was told is untrue.
    pub(super) async fn agree(&self, told: &[&Reply]) {
        self.settle().await;
        assert_eq!(self.shown(), self.believed(), "Graph and the ledger\n{}", self.host().log());
        self.no_place_twice();
        for reply in told.iter().filter(|reply| ["booked", "rescheduled"].contains(&reply.outcome())) {
            for appointment in reply.body["appointments"].as_array().expect("appointments") {
                let start = appointment["start"].as_str().expect("a start");
                let start: chrono::DateTime<chrono::Utc> = start.parse().expect("RFC 3339");
                let start = start.format("%Y-%m-%dT%H:%M").to_string();
                assert!(self.starts().contains(&start), "{start} was told and is not there");
            }
        }
    }

    /// Nobody is with two patients at once, but where somebody in Outlook wanted it so.
    fn no_place_twice(&self) {
        let all = self.graph().appointments(NORTH);
        let ours: Vec<&Value> = all.iter().filter(|appointment| !ours(appointment).is_empty()).collect();
        for (index, one) in ours.iter().enumerate() {
            for other in &ours[index + 1..] {
                let same = |key: &str| one[key] == other[key];
                let at = |appointment: &Value| minute(&appointment["startDateTime"]["dateTime"]);
                assert!(!(same("staffMemberIds") && at(one) == at(other)), "twice: {one}\n{other}");
            }
        }
    }
}

/// The handles of our bookings in an appointment.
fn ours(appointment: &Value) -> Vec<String> {
    let id = appointment["id"].as_str().unwrap_or_default();
    let notes = appointment["serviceNotes"].as_str().unwrap_or_default();
    let lines = notes.lines().filter_map(|line| line.strip_prefix("Chatbot booking "));
    lines
        .map(|line| match line.split_once(' ') {
            Some((_, customer)) => format!("{id}#{customer}"),
            None => id.to_owned(),
        })
        .collect()
}

fn minute(time: &Value) -> String {
    time.as_str().expect("a time")[..16].to_owned()
}
