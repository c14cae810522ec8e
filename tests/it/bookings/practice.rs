//! The clinic of `tests/fixtures/clinic.json`, as somebody who tries the simulator has it.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::fakes::{
    functions_host::{FunctionsHost, Reply},
    graph_simulator::{Seed, Simulator},
};

pub(super) const EASTSIDE: &str = "EastsideClinic@contoso.onmicrosoft.com";
pub(super) const LAKESIDE: &str = "Lakeside@contoso.onmicrosoft.com";
pub(super) const FLU: &str = "57da6774-a087-4d69-b0e6-6fb82c339976";
pub(super) const CLASS: &str = "f9b9121f-aed7-4c8c-bb3a-a1796a0b0b2d";
pub(super) const ONLINE: &str = "2c9f7d58-6f1e-4f0b-8a35-0c1d2e3f4a5b";
pub(super) const DANA: &str = "311a5454-08b2-4560-ba1c-f715e938cb79";
pub(super) const JORDAN: &str = "8ee1c803-a1fa-406d-8259-7ab53233f148";

/// Both businesses, and nothing else.
pub(super) const PLAIN: &str = r#"
[bookings]
businesses = ["EastsideClinic@contoso.onmicrosoft.com", "Lakeside@contoso.onmicrosoft.com"]
"#;

pub(super) struct Practice {
    pub(super) graph: Simulator,
    pub(super) host: FunctionsHost,
}

impl Drop for Practice {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(
                self.graph.violations(),
                Vec::<String>::new(),
                "what was sent is not what Graph takes"
            );
        }
    }
}

impl Practice {
    /// With this `scheduling.toml`.
    pub(super) async fn open(configuration: &str) -> Self {
        Self::prepared(configuration, |_| {}).await
    }

    /// After Graph was made ready. Of consent a test of its own tells.
    pub(super) async fn prepared(configuration: &str, prepare: impl FnOnce(&Simulator)) -> Self {
        let seed = Seed::from_json(include_str!("../../fixtures/clinic.json")).expect("the clinic");
        let graph = Simulator::start(seed).await;
        for business in [EASTSIDE, LAKESIDE] {
            graph.change_business(business, |business| {
                business["bookingPageSettings"]["isCustomerConsentEnabled"] = false.into();
            });
        }
        prepare(&graph);
        let mut host = FunctionsHost::prepared(Some(configuration));
        for (name, value) in graph.settings() {
            host.set(name, &value);
        }
        host.spawn();
        host.until_ready().await;
        Self { graph, host }
    }

    pub(super) async fn call(&self, function: &str, body: Value) -> Reply {
        self.host.call(function, body).await
    }

    /// What is asked for, when it goes well.
    pub(super) async fn well(&self, function: &str, body: Value) -> Value {
        let reply = self.call(function, body).await;
        assert_eq!(reply.status, 200, "{}\n{}", reply.body, self.host.log());
        reply.body
    }

    /// Free slots at the eastside clinic within the next weeks.
    pub(super) async fn slots(&self, service: &str) -> Vec<Value> {
        self.slots_at(&format!("bookings:{EASTSIDE}"), service).await
    }

    pub(super) async fn slots_at(&self, location: &str, service: &str) -> Vec<Value> {
        let body = json!({"locationId": location, "serviceId": service, "limit": 1000});
        let reply = self.well("get-slots", body).await;
        reply["slots"].as_array().unwrap_or_else(|| panic!("no slots: {reply}")).clone()
    }

    /// A report of everything that `check` tries: names and questions with whether they passed.
    pub(super) async fn checks(&self) -> Vec<Value> {
        let reply = self.call("check", json!({})).await;
        reply.body["checks"].as_array().unwrap_or_else(|| panic!("no checks: {}", reply.body)).clone()
    }
}

/// Ada, who wants to be written to or not.
pub(super) fn ada(notify: &[&str]) -> Value {
    json!({
        "patient": {
            "name": "Ada Quill", "email": "ada@example.org", "phone": "+1 425 555 0123", "notes": "afraid of needles",
            "birthDate": "1980-01-02",
        },
        "notify": notify,
    })
}

pub(super) fn start(slot: &Value) -> DateTime<Utc> {
    slot["start"].as_str().expect("a start").parse().expect("RFC 3339")
}
