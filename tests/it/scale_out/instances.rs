//! Many instances of the real binary over one store, killed and started again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{sync::RwLock, time::Instant};

use super::load::Chance;
use crate::fakes::functions_host::{FunctionsHost, invocation};

/// How long a caller waits. The Functions host would wait longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs until it is dropped.
pub(super) struct Instances {
    hosts: Vec<RwLock<FunctionsHost>>,
    client: reqwest::Client,
    kills: AtomicUsize,
    stop: AtomicBool,
}

impl Instances {
    /// So many over one store.
    pub(super) async fn start(count: usize, scheduling: &str, settings: &[(&str, String)]) -> Arc<Self> {
        let mut hosts = Vec::new();
        for _ in 0..count {
            let mut host = FunctionsHost::prepared(Some(scheduling));
            for (name, value) in settings {
                host.set(name, value);
            }
            host.spawn();
            host.until_ready().await;
            hosts.push(RwLock::new(host));
        }
        let client =
            healthbot_scheduler::net::builder().no_proxy().timeout(PATIENCE).build().expect("a client");
        Arc::new(Self { hosts, client, kills: AtomicUsize::new(0), stop: AtomicBool::new(false) })
    }

    pub(super) fn count(&self) -> usize {
        self.hosts.len()
    }

    pub(super) fn kills(&self) -> usize {
        self.kills.load(Ordering::Relaxed)
    }

    /// The status and the body; `None` if nobody answered.
    pub(super) async fn call(&self, instance: usize, function: &str, body: &Value) -> Option<(u16, Value)> {
        let url = self.hosts[instance].read().await.url(&format!("/api/{function}"));
        let request = self.client.post(url).header("X-Azure-Functions-InvocationId", invocation());
        let answer = request.json(body).send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.ok()?))
    }

    /// The ids of every slot of a service on a date some days from now; for a later dose, of those after an earlier one.
    pub(super) async fn slots(
        &self,
        location: &str,
        service: &str,
        day: u64,
        after: Option<&String>,
    ) -> Vec<String> {
        let mut body =
            json!({"locationId": location, "serviceId": service, "date": date_in(day), "limit": 1000});
        if let Some(after) = after {
            body["dose"] = json!(2);
            body["after"] = json!(after);
        }
        let (status, reply) = self.call(0, "get-slots", &body).await.expect("an answer");
        let slots = reply["slots"].as_array().unwrap_or_else(|| panic!("{status}: {reply}"));
        slots.iter().map(|slot| slot["id"].as_str().expect("an id").to_owned()).collect()
    }

    /// Kills one after the other, without a signal, until told to stop: after every few requests, so that a slow
    /// machine is not busy with restarts instead, and in any case after a while.
    pub(super) async fn keep_killing(self: Arc<Self>, seed: u64, requests: impl Fn() -> usize) {
        let mut chance = Chance::of(seed, usize::MAX / 2);
        while !self.stop.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(chance.below(500) as u64)).await;
            let (due, latest) = (requests() + 2 + chance.below(18), Instant::now() + Duration::from_secs(3));
            while requests() < due && Instant::now() < latest && !self.stop.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let victim = &self.hosts[chance.below(self.hosts.len())];
            victim.write().await.kill();
            self.kills.fetch_add(1, Ordering::Relaxed);
            // Callers find nobody there meanwhile, as they would.
            tokio::time::sleep(Duration::from_millis(chance.below(300) as u64)).await;
            victim.write().await.restart().await;
        }
    }

    pub(super) fn stop_killing(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// The timer goes off at every instance at the same moment; what they wrote into their logs. The store may not have
    /// answered all of them in time: eight at once are more than Azurite is made for, and the next time it does.
    pub(super) async fn timers(&self) -> Vec<String> {
        let timer = |host: &'_ RwLock<FunctionsHost>| {
            let client = self.client.clone();
            let host = host.try_read().map(|host| host.url("/reconcile"));
            async move {
                let url = host.expect("nobody is killed any more");
                let envelope = json!({"Data": {}, "Metadata": {}});
                let answer = client.post(url).json(&envelope).send().await.expect("an answer");
                let status = answer.status().as_u16();
                let body: Value = answer.json().await.expect("JSON");
                if matches!(body["code"].as_str(), Some("providerUnavailable" | "providerTimeout")) {
                    return "not answered in time".to_owned();
                }
                assert_eq!(status, 200, "{body}");
                body["Logs"][0].as_str().expect("a line").to_owned()
            }
        };
        futures_util::future::join_all(self.hosts.iter().map(timer)).await
    }

    /// What all of them have logged.
    pub(super) async fn logs(&self) -> String {
        let mut logs = String::new();
        for host in &self.hosts {
            logs.push_str(&host.read().await.log());
        }
        logs
    }
}

/// A date some days from now in New York, near enough.
fn date_in(days: u64) -> String {
    (healthbot_scheduler::clock::Clock::system().now().date_naive() + chrono::Days::new(days)).to_string()
}
