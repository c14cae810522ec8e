//! A town of clinics, as a scenario author sees it: calls, and the few things every behaviour needs.

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use healthbot_scheduler::{clock::Clock, provider::Capabilities};
use serde_json::{Value, json};

use super::laws;
use crate::fakes::{
    functions_host::{FunctionsHost, Reply, invocation},
    graph_simulator::Simulator,
};

const TOWN: &str = include_str!("town.toml");

/// In how many days the west clinic is closed.
pub(crate) const CLOSED_IN: u64 = 5;

/// The sites, and the zones they are in.
const SITES: [(&str, Tz); 5] = [
    ("north", Tz::America__New_York),
    ("west", Tz::America__Los_Angeles),
    ("toronto", Tz::America__Toronto),
    ("lyon", Tz::Europe__Paris),
    ("page", Tz::America__Chicago),
];

/// The clinics of `town.toml` as a `scheduling.toml`.
pub(crate) fn scheduling_toml() -> String {
    TOWN.replace("CLOSED", &day(Tz::America__Los_Angeles, CLOSED_IN).to_string())
}

pub(crate) fn now() -> DateTime<Utc> {
    Clock::system().now()
}

/// The date so many days from today, by the clocks of a zone.
pub(crate) fn day(zone: Tz, days: u64) -> NaiveDate {
    now().with_timezone(&zone).date_naive() + Days::new(days)
}

/// A date at the north clinic.
pub(crate) fn north(days: u64) -> NaiveDate {
    day(Tz::America__New_York, days)
}

/// A host with the town's clinics behind it.
pub(crate) struct Town {
    pub(crate) host: FunctionsHost,
    pub(crate) can: Capabilities,
    prefix: &'static str,
    /// The vendor behind it, where that is not the host itself.
    graph: Option<Simulator>,
}

impl Drop for Town {
    fn drop(&mut self) {
        if let Some(graph) = self.graph.as_ref().filter(|_| !std::thread::panicking()) {
            assert_eq!(graph.violations(), Vec::<String>::new(), "what was sent is not what Graph takes");
        }
    }
}

impl Town {
    pub(crate) fn new(host: FunctionsHost, prefix: &'static str, can: Capabilities) -> Self {
        Self { host, can, prefix, graph: None }
    }

    pub(crate) fn over(mut self, graph: Simulator) -> Self {
        self.graph = Some(graph);
        self
    }

    /// The Graph behind it.
    pub(crate) fn graph(&self) -> &Simulator {
        self.graph.as_ref().expect("a town over Graph")
    }

    /// The id of a site.
    pub(crate) fn site(&self, name: &str) -> String {
        format!("{}:{name}", self.prefix)
    }

    pub(crate) fn zone(site: &str) -> Tz {
        let name = site.rsplit(':').next().unwrap_or(site);
        SITES.iter().find(|(known, _)| *known == name).expect("a site of the town").1
    }

    /// Calls a function, and holds its reply against what every reply has to be.
    pub(crate) async fn call(&self, function: &str, body: Value) -> Value {
        self.call_as(&invocation(), function, body).await
    }

    pub(crate) async fn call_as(&self, invocation: &str, function: &str, body: Value) -> Value {
        let asked_zone = body["timeZone"].as_str().map(|zone| zone.parse().expect("a zone"));
        let reply = self.host.call_as(invocation, function, body).await;
        assert_eq!(reply.status, 200, "{function}: {}", reply.body);
        laws::hold(function, &reply.body, asked_zone);
        reply.body
    }

    /// A call that is refused: the problem.
    pub(crate) async fn refused(&self, function: &str, body: Value) -> Reply {
        let reply = self.host.call(function, body).await;
        assert_ne!(reply.status, 200, "{function}: {}", reply.body);
        laws::hold_of_problem(&reply);
        reply
    }

    /// Free slots, all of one page.
    pub(crate) async fn slots(&self, body: Value) -> Vec<Value> {
        let mut body = body;
        if body.get("limit").is_none() {
            body["limit"] = json!(1000);
        }
        let reply = self.call("get-slots", body).await;
        assert_eq!(reply["cursor"], Value::Null, "all of it fits on one page");
        reply["slots"].as_array().unwrap_or_else(|| panic!("no slots: {reply}")).clone()
    }

    /// Free slots of a service at the north clinic, some days from now.
    pub(crate) async fn free(&self, service: &str, days: u64) -> Vec<Value> {
        let slots = json!({"locationId": self.site("north"), "serviceId": service, "date": north(days)});
        self.slots(slots).await
    }

    /// One of them, at about noon.
    pub(crate) async fn slot(&self, service: &str, days: u64) -> String {
        let slots = self.free(service, days).await;
        id(&slots[slots.len() / 2])
    }

    /// Slots for both doses of the series: some days from now, and ten days later.
    pub(crate) async fn pair(&self, days: u64) -> [String; 2] {
        let first = self.slot("covid", days).await;
        let second = self
            .slots(json!({
                "locationId": self.site("north"), "serviceId": "covid", "date": north(days + 10), "dose": 2, "after": first,
            }))
            .await;
        [first, id(&second[second.len() / 2])]
    }

    /// Books, and expects to have booked.
    pub(crate) async fn booked(&self, slots: &[String], patient: Value) -> Value {
        let reply = self.call("book", json!({"slotIds": slots, "patient": patient})).await;
        assert_eq!(reply["outcome"], "booked", "{reply}");
        reply
    }

    /// Books one appointment of a service, some days from now.
    pub(crate) async fn one(&self, service: &str, days: u64) -> Value {
        let slot = self.slot(service, days).await;
        self.booked(&[slot], ada()).await
    }

    /// What is in the store, to see that nothing was written. What is tidied up after a reply is waited for:
    /// its marker goes last.
    pub(crate) async fn written(&self) -> Vec<(String, Value)> {
        for _ in 0..1000 {
            let documents = self.host.documents("");
            if !documents.iter().any(|(key, _)| key.starts_with("pending/")) {
                return documents;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("a marker stays: {:?}", self.host.documents("pending/"));
    }

    /// The bookings in the store in this state.
    pub(crate) fn bookings(&self, state: &str) -> usize {
        self.host.documents("booking/").iter().filter(|(_, booking)| booking["state"] == state).count()
    }
}

pub(crate) fn id(slot: &Value) -> String {
    slot["id"].as_str().expect("an id").to_owned()
}

pub(crate) fn ada() -> Value {
    json!({"name": "Ada Quill", "email": "ada@example.org", "phone": "+1 518 555 0123"})
}

pub(crate) fn grace() -> Value {
    json!({"name": "Grace Reed", "email": "grace@example.org"})
}

/// The proof of a booking: its code and a contact.
pub(crate) fn proof(booking: &Value, contact: &Value) -> Value {
    json!({"confirmationCode": booking["confirmationCode"], "contact": contact})
}

/// The proof of one of Ada's bookings.
pub(crate) fn adas(booking: &Value) -> Value {
    proof(booking, &json!({"email": "ada@example.org"}))
}

/// A body with more in it.
pub(crate) fn with(mut body: Value, more: &Value) -> Value {
    let more = more.as_object().expect("an object").clone();
    body.as_object_mut().expect("an object").extend(more);
    body
}

pub(crate) fn texts(list: &Value, field: &str) -> Vec<String> {
    let items = list.as_array().expect("a list").iter();
    items.map(|item| item[field].as_str().expect("a text").to_owned()).collect()
}

/// The starts of a reply's appointments.
pub(crate) fn starts(reply: &Value) -> Vec<String> {
    texts(&reply["appointments"], "start")
}

pub(crate) fn statuses(reply: &Value) -> Vec<String> {
    texts(&reply["appointments"], "status")
}

pub(crate) fn instant(text: &Value) -> DateTime<Utc> {
    text.as_str().expect("a time").parse().expect("RFC 3339")
}
