//! A simulated Microsoft Graph: Bookings as an application sees it, with its state, its rules and, on demand, its
//! misbehaviour.
//!
//! Start at `graph.rs`, which follows one request; `rules.rs` says what may be booked, `misbehaviour.rs` what can
//! go wrong.

#![allow(dead_code, reason = "the program needs less of it than the tests do")]

mod appointments;
mod availability;
mod batch;
pub(crate) mod calls;
mod control;
mod customers;
mod graph;
mod http;
mod identity;
mod in_flight;
mod messages;
pub(crate) mod misbehaviour;
mod oddities;
mod reading;
mod reply;
mod rules;
pub(crate) mod schema;
pub(crate) mod seed;
mod somebody;
mod state;
mod times;

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

use self::{
    misbehaviour::Chance,
    state::{Shared, State},
};
#[allow(unused_imports, reason = "the program needs less of it than the tests do")]
pub(crate) use self::{
    misbehaviour::{Created, Misbehaviour, On, Rule},
    seed::{BusinessSeed, PersonalBusy, Seed},
    state::{Counts, Traced},
};

/// Listens until it is dropped.
#[derive(Debug)]
pub(crate) struct Simulator {
    shared: Shared,
    serving: JoinHandle<()>,
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.shared.state.lock().is_gone = true;
        self.serving.abort();
    }
}

impl Simulator {
    /// On a port that is free.
    pub(crate) async fn start(seed: Seed) -> Self {
        Self::start_on(0, seed).await.expect("a loopback port")
    }

    pub(crate) async fn start_on(port: u16, seed: Seed) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Shared { url, state: Arc::new(Mutex::new(State::new(seed))) };
        let serving = tokio::spawn(http::served(listener, shared.clone()));
        Ok(Self { shared, serving })
    }

    pub(crate) fn url(&self) -> String {
        self.shared.url.clone()
    }

    /// What makes healthbot-scheduler use it.
    pub(crate) fn settings(&self) -> [(&'static str, String); 3] {
        [
            ("GRAPH_BASE_URL", self.url()),
            ("IDENTITY_ENDPOINT", format!("{}/identity/token", self.url())),
            ("IDENTITY_HEADER", identity::HEADER.into()),
        ]
    }

    // --- what goes wrong

    pub(crate) fn misbehave(&self, rule: Rule) {
        self.shared.state.lock().rules.add(rule);
    }

    /// Forgets every rule of misbehaviour.
    pub(crate) fn behave(&self) {
        self.shared.state.lock().rules.clear();
    }

    /// What the identity endpoint answers instead of a token; nothing mends it.
    pub(crate) fn break_identity(&self, answer: Option<(u16, Value)>) {
        self.shared.state.lock().broken_identity = answer;
    }

    pub(crate) fn revoke_tokens(&self) {
        self.shared.state.lock().tokens.clear();
    }

    pub(crate) fn set_random_seed(&self, seed: u64) {
        self.shared.state.lock().rules.chance = Chance(seed);
    }

    /// For every HTTP request to Graph.
    pub(crate) fn set_latency(&self, latency: Duration) {
        self.shared.state.lock().latency = latency;
    }

    pub(crate) fn set_page_size(&self, size: usize) {
        self.shared.state.lock().page_size = size.max(1);
    }

    pub(crate) fn set_roles(&self, roles: &[&str]) {
        self.shared.state.lock().roles = roles.iter().map(|role| (*role).to_owned()).collect();
    }

    /// What the simulator's clock shows from now on; nothing sets it back to the machine's.
    pub(crate) fn set_clock(&self, time: Option<DateTime<Utc>>) {
        self.shared.state.lock().clock = time;
    }

    // --- what is there

    /// All that is booked, in full.
    pub(crate) fn appointments(&self, business: &str) -> Vec<Value> {
        let state = self.shared.state.lock();
        let business = state.business(business).into_iter();
        business
            .flat_map(|business| &business.appointments)
            .map(|appointment| appointment.value.clone())
            .collect()
    }

    pub(crate) fn customers(&self, business: &str) -> Vec<Value> {
        let state = self.shared.state.lock();
        state.business(business).map(|business| business.customers.clone()).unwrap_or_default()
    }

    /// The mail that Bookings would have sent.
    pub(crate) fn messages(&self) -> Vec<Value> {
        self.shared.state.lock().messages.clone()
    }

    pub(crate) fn counts(&self) -> Counts {
        self.shared.state.lock().counts.clone()
    }

    /// Where each request so far belongs in a trace.
    pub(crate) fn traces(&self) -> Vec<Traced> {
        self.shared.state.lock().traces.clone()
    }

    pub(crate) fn reset_counts(&self) {
        self.shared.state.lock().counts = Counts::default();
    }

    /// What was not as the official schema has it.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.shared.state.lock().violations.clone()
    }

    // --- what an administrator changes

    pub(crate) fn change_business(&self, business: &str, change: impl FnOnce(&mut Value)) {
        let mut state = self.shared.state.lock();
        change(&mut state.business_mut(business).expect("the business is there").profile);
    }

    pub(crate) fn change_service(&self, business: &str, service: &str, change: impl FnOnce(&mut Value)) {
        let mut state = self.shared.state.lock();
        let services = &mut state.business_mut(business).expect("the business is there").services;
        change(services.iter_mut().find(|known| known["id"] == service).expect("the service is there"));
    }

    pub(crate) fn change_staff(&self, business: &str, staff: &str, change: impl FnOnce(&mut Value)) {
        let mut state = self.shared.state.lock();
        let members = &mut state.business_mut(business).expect("the business is there").staff_members;
        change(members.iter_mut().find(|known| known["id"] == staff).expect("the staff member is there"));
    }

    // --- what people do in Outlook and in Bookings

    /// Books over every rule, and returns the id.
    pub(crate) fn book_as_somebody(
        &self,
        business: &str,
        service: &str,
        staff: &str,
        start: DateTime<Utc>,
    ) -> String {
        let mut state = self.shared.state.lock();
        somebody::book(&mut state, business, service, staff, start)
            .expect("the business and the service are there")
    }

    /// Writes into a staff member's own calendar.
    pub(crate) fn occupy_personally(
        &self,
        business: &str,
        staff: &str,
        start: DateTime<Utc>,
        end: DateTime<Utc>,
    ) {
        let mut state = self.shared.state.lock();
        let business = state.business_mut(business).expect("the business is there");
        business.personal_busy.push(PersonalBusy { staff_id: staff.into(), start, end });
    }

    pub(crate) fn move_as_somebody(&self, business: &str, id: &str, start: DateTime<Utc>) {
        let moved = somebody::move_to(&mut self.shared.state.lock(), business, id, start);
        assert!(moved, "the appointment `{id}` is there");
    }

    pub(crate) fn cancel_as_somebody(&self, business: &str, id: &str) {
        let cancelled = somebody::cancel(&mut self.shared.state.lock(), business, id);
        assert!(cancelled, "the appointment `{id}` is there");
    }
}
