//! All that a simulator remembers.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    misbehaviour::Rules,
    seed::{BusinessSeed, PersonalBusy, Seed},
    times::{self, Span},
};

/// What the parts of a simulator share.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub url: String,
    pub state: Arc<Mutex<State>>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub businesses: Vec<Business>,
    pub roles: Vec<String>,
    /// The tokens given out and not revoked, with the end of each.
    pub tokens: BTreeMap<String, DateTime<Utc>>,
    /// What the identity endpoint answers instead of a token.
    pub broken_identity: Option<(u16, Value)>,
    pub messages: Vec<Value>,
    pub counts: Counts,
    pub in_flight: BTreeMap<String, u64>,
    pub violations: Vec<String>,
    pub rules: Rules,
    pub page_size: usize,
    pub latency: Duration,
    /// What the clock shows; the machine's own, if not told.
    pub clock: Option<DateTime<Utc>>,
    /// Whether the simulator is dropped, though connections to it may be left.
    pub is_gone: bool,
    /// Of each request, in order: where it belongs in a trace.
    pub traces: Vec<Traced>,
}

/// What was asked of the simulated Graph.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Counts {
    /// HTTP requests; a batch is one.
    pub round_trips: u64,
    /// Requests inside batches.
    pub inner: u64,
    /// By `METHOD template`, those inside batches too.
    pub by_call: BTreeMap<String, u64>,
    /// By business.
    pub most_in_flight: BTreeMap<String, u64>,
}

/// What a request says of the trace that it belongs to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traced {
    pub path: String,
    pub traceparent: Option<String>,
    pub tracestate: Option<String>,
    pub baggage: Option<String>,
}

/// One business, in Graph's shape where it is told to a client.
#[derive(Debug)]
pub(crate) struct Business {
    /// The business itself.
    pub profile: Value,
    pub services: Vec<Value>,
    pub staff_members: Vec<Value>,
    pub custom_questions: Vec<Value>,
    pub customers: Vec<Value>,
    pub appointments: Vec<Appointment>,
    pub personal_busy: Vec<PersonalBusy>,
}

/// An appointment as it is read by its id, and what of it the rules look at.
#[derive(Debug, Clone)]
pub(crate) struct Appointment {
    pub value: Value,
    pub span: Span,
    /// With its buffers.
    pub busy: Span,
}

impl Appointment {
    /// Nothing, if its times cannot be read.
    pub(crate) fn from_value(value: Value) -> Option<Self> {
        let span = (times::instant(&value["startDateTime"])?, times::instant(&value["endDateTime"])?);
        let busy =
            (span.0 - times::duration(&value["preBuffer"]), span.1 + times::duration(&value["postBuffer"]));
        Some(Self { value, span, busy })
    }

    pub(crate) fn id(&self) -> &str {
        text(&self.value, "id")
    }

    pub(crate) fn has_staff(&self, staff: &str) -> bool {
        texts(&self.value["staffMemberIds"]).any(|id| id == staff)
    }

    pub(crate) fn has_free_seat(&self) -> bool {
        let seats = self.value["maximumAttendeesCount"].as_u64().unwrap_or(1);
        let taken = self.value["customers"].as_array().map_or(0, Vec::len);
        seats > 1 && u64::try_from(taken).unwrap_or(u64::MAX) < seats
    }
}

impl State {
    pub(crate) fn new(seed: Seed) -> Self {
        let now = machine_clock();
        Self {
            businesses: seed.businesses.into_iter().map(|business| Business::new(business, now)).collect(),
            roles: seed.roles,
            tokens: BTreeMap::new(),
            broken_identity: None,
            messages: Vec::new(),
            counts: Counts::default(),
            in_flight: BTreeMap::new(),
            violations: Vec::new(),
            rules: Rules::new(),
            page_size: 100,
            latency: Duration::ZERO,
            clock: None,
            is_gone: false,
            traces: Vec::new(),
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.unwrap_or_else(machine_clock)
    }

    pub(crate) fn business(&self, id: &str) -> Option<&Business> {
        self.businesses.iter().find(|business| business.id().eq_ignore_ascii_case(id))
    }

    pub(crate) fn business_mut(&mut self, id: &str) -> Option<&mut Business> {
        self.businesses.iter_mut().find(|business| business.id().eq_ignore_ascii_case(id))
    }

    pub(crate) fn violated(&mut self, what: String) {
        self.violations.push(what);
    }

    pub(crate) fn counted(&mut self, call: String) {
        *self.counts.by_call.entry(call).or_default() += 1;
    }
}

impl Business {
    fn new(seed: BusinessSeed, now: DateTime<Utc>) -> Self {
        let mut made = Self {
            profile: seed.business,
            services: seed.services,
            staff_members: seed.staff_members,
            custom_questions: seed.custom_questions,
            customers: seed.customers,
            appointments: Vec::new(),
            personal_busy: seed.personal_busy,
        };
        made.date_all(now - TimeDelta::days(30));
        for mut appointment in seed.appointments {
            date(&mut appointment, now);
            made.appointments.extend(Appointment::from_value(appointment));
        }
        made
    }

    fn date_all(&mut self, when: DateTime<Utc>) {
        date(&mut self.profile, when);
        let parts =
            [&mut self.services, &mut self.staff_members, &mut self.custom_questions, &mut self.customers];
        parts.into_iter().flatten().for_each(|part| date(part, when));
    }

    pub(crate) fn id(&self) -> &str {
        text(&self.profile, "id")
    }

    pub(crate) fn service(&self, id: &str) -> Option<&Value> {
        by_id(&self.services, id)
    }

    pub(crate) fn staff(&self, id: &str) -> Option<&Value> {
        by_id(&self.staff_members, id)
    }

    pub(crate) fn appointment(&self, id: &str) -> Option<&Appointment> {
        self.appointments.iter().find(|appointment| appointment.id() == id)
    }

    /// Takes the place of the appointment with the same id, or is another one.
    pub(crate) fn put(&mut self, appointment: Appointment) {
        let known = self.appointments.iter_mut().find(|known| known.id() == appointment.id());
        match known {
            Some(known) => *known = appointment,
            None => self.appointments.push(appointment),
        }
    }

    pub(crate) fn take(&mut self, id: &str) -> Option<Appointment> {
        let index = self.appointments.iter().position(|appointment| appointment.id() == id)?;
        Some(self.appointments.remove(index))
    }

    pub(crate) fn time_zone(&self) -> chrono_tz::Tz {
        let named = self.profile["bookingPageSettings"]["businessTimeZone"].as_str();
        named.and_then(times::zone).unwrap_or(chrono_tz::UTC)
    }

    /// When a staff member works.
    pub(crate) fn working(&self, staff: &Value, window: Span) -> Vec<Span> {
        let by_business = staff["useBusinessHours"].as_bool().unwrap_or(true);
        let hours = if by_business { &self.profile["businessHours"] } else { &staff["workingHours"] };
        let own = staff["timeZone"].as_str().and_then(times::zone).filter(|_| !by_business);
        times::open_within(hours, own.unwrap_or_else(|| self.time_zone()), window)
    }

    /// What a staff member's own calendar blocks.
    pub(crate) fn personal(&self, staff: &str) -> impl Iterator<Item = Span> {
        let affected =
            self.staff(staff).is_some_and(|staff| staff["availabilityIsAffectedByPersonalCalendar"] == true);
        let own = self.personal_busy.iter().filter(move |busy| affected && busy.staff_id == staff);
        own.map(|busy| (busy.start, busy.end))
    }
}

fn date(object: &mut Value, when: DateTime<Utc>) {
    for field in ["createdDateTime", "lastUpdatedDateTime"] {
        if object[field].is_null() {
            object[field] = times::stamp(when).into();
        }
    }
}

/// A field that is text; nothing is empty.
pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// The items that are text.
pub(crate) fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

pub(crate) fn by_id<'a>(items: &'a [Value], id: &str) -> Option<&'a Value> {
    items.iter().find(|item| item["id"] == id)
}

/// The distinct ids of a list.
pub(crate) fn distinct(value: &Value) -> BTreeSet<String> {
    texts(value).map(Into::into).collect()
}

/// What `GET /control/state` tells.
pub(crate) fn told(state: &State) -> Value {
    let businesses = state.businesses.iter().map(|business| {
        json!({
            "id": business.id(),
            "appointments": business.appointments.iter().map(|appointment| &appointment.value).collect::<Vec<_>>(),
            "customers": business.customers,
        })
    });
    json!({
        "businesses": businesses.collect::<Vec<_>>(),
        "messages": state.messages,
        "counts": state.counts,
        "violations": state.violations,
        "roles": state.roles,
    })
}

#[expect(clippy::disallowed_methods, reason = "the simulator is another machine, with a clock of its own")]
fn machine_clock() -> DateTime<Utc> {
    Utc::now()
}
