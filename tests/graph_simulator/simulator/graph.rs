//! One request to Graph: from what was told over what the rules of a simulator say, to what comes back.

use std::time::Duration;

use serde_json::Value;
use warp::http::Method;

use super::{
    appointments, availability,
    calls::{self, Call, Kind},
    customers,
    in_flight::Places,
    misbehaviour::{Misbehaviour, Rule},
    oddities, reading,
    reply::{Body, Reply},
    schema::{self, Side},
    state::{Business, Shared, State},
};

/// A request as it came, alone or as a part of a batch.
#[derive(Debug)]
pub(crate) struct Told {
    pub method: Method,
    /// Below `/v1.0`, still encoded.
    pub path: String,
    pub query: String,
    /// What it carries; an error, if that is no JSON.
    pub body: Option<Result<Value, String>>,
    pub has_content_type: bool,
    pub if_match: Option<String>,
}

/// A request that is understood.
#[derive(Debug)]
pub(crate) struct Request {
    pub call: Call,
    pub body: Value,
    pub if_match: Option<String>,
    /// The simulator's own address.
    url: String,
    path: String,
    query: String,
}

impl Request {
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.into_owned())
    }

    /// This request's own address with another value in its query.
    pub(crate) fn with_query(&self, name: &str, value: &str) -> String {
        let others = self.query.split('&').filter(|pair| !pair.is_empty());
        let others = others.filter(|pair| {
            let known = url::form_urlencoded::parse(pair.as_bytes()).next();
            known.is_none_or(|(known, _)| known != name)
        });
        let query: Vec<String> = others.map(Into::into).chain([format!("{name}={value}")]).collect();
        format!("{}/v1.0{}?{}", self.url, self.path, query.join("&"))
    }

    /// What an answer names as its context.
    pub(crate) fn context(&self, what: &str) -> String {
        let (path, slash) = (self.path.trim_start_matches('/'), if what.is_empty() { "" } else { "/" });
        format!("{}/v1.0/$metadata#{path}{slash}{what}", self.url)
    }
}

/// The rules that one request meets.
#[derive(Debug, Clone)]
pub(crate) struct Met(pub Vec<Rule>);

impl Met {
    pub(crate) fn has(&self, what: Misbehaviour) -> bool {
        self.rule(what).is_some()
    }

    pub(crate) fn rule(&self, what: Misbehaviour) -> Option<&Rule> {
        self.0.iter().find(|rule| rule.what == what)
    }

    /// The one that decides what comes back.
    pub(crate) fn decider(&self) -> Option<&Rule> {
        self.0.iter().find(|rule| rule.what.decides())
    }
}

/// A request ready to be carried out.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub request: Request,
    pub met: Met,
}

/// What becomes of an HTTP request.
#[derive(Debug)]
pub(crate) enum Outcome {
    Answer(Reply),
    /// No answer ever.
    Hang,
    /// The connection is closed.
    Reset,
}

/// A request that came alone.
pub(crate) async fn answered(shared: &Shared, authorized: Result<(), Reply>, told: Told) -> Outcome {
    let call = calls::named_by(&told.method, &told.path);
    let (half, place) = {
        let state = &mut *shared.state.lock();
        (state.latency / 2, call.as_ref().ok().map(|call| Places::taken_in(shared, state, &call.business, 1)))
    };
    passed(half).await;
    let prepared = prepared(shared, authorized, call, told);
    let outcome = match prepared {
        Err(reply) => Outcome::Answer(reply),
        Ok(_) if place.as_ref().is_some_and(Places::is_none) => Outcome::Answer(Reply::throttled("1")),
        Ok(prepared) => outcome(shared, prepared),
    };
    passed(half).await;
    outcome
}

/// Lets time pass; none takes none, though a timer would take a millisecond.
pub(crate) async fn passed(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

fn outcome(shared: &Shared, prepared: Prepared) -> Outcome {
    let spoiled = prepared.met.decider().map(|rule| rule.what).filter(|what| what.spoils_connection());
    let Some(what) = spoiled else { return Outcome::Answer(carried_out(shared, prepared)) };
    if what.executes() {
        executed(shared, &prepared);
    }
    lost(what)
}

/// What a misbehaviour of the connection does to the round trip.
pub(crate) fn lost(what: Misbehaviour) -> Outcome {
    match what {
        Misbehaviour::Hang | Misbehaviour::HangThoughCreated => Outcome::Hang,
        _ => Outcome::Reset,
    }
}

/// Counts it, and sees whether it may be carried out: by its token, its role and its form.
pub(crate) fn prepared(
    shared: &Shared,
    authorized: Result<(), Reply>,
    call: Result<Call, Reply>,
    told: Told,
) -> Result<Prepared, Reply> {
    let call = call.inspect_err(|_| {
        let mut state = shared.state.lock();
        state.violated(format!("{} {}: not in the document, or not simulated", told.method, told.path));
    })?;
    let met = {
        let state = &mut *shared.state.lock();
        state.counted(call.kind.name());
        authorized?;
        judge_roles(state, call.kind)?;
        Met(state.rules.met_by(call.kind))
    };
    let body = well_formed(&call, &told).map_err(|fault| {
        shared.state.lock().violated(format!("{}: {fault}", call.kind.name()));
        Reply::bad_request(&fault)
    })?;
    let request = Request {
        call,
        body,
        if_match: told.if_match,
        url: shared.url.clone(),
        path: told.path,
        query: told.query,
    };
    judge_query(shared, &request)?;
    Ok(Prepared { request, met })
}

fn judge_roles(state: &State, kind: Kind) -> Result<(), Reply> {
    if kind.is_allowed(&state.roles) {
        return Ok(());
    }
    if state.roles.is_empty() {
        let message = "Insufficient privileges to complete the operation.";
        return Err(Reply::error(403, "Authorization_RequestDenied", message));
    }
    Err(Reply::forbidden())
}

/// The body, if the document lets it be.
fn well_formed(call: &Call, told: &Told) -> Result<Value, String> {
    if !schema::wants_body(call.kind) {
        return if told.body.is_none() { Ok(Value::Null) } else { Err("it takes no body".into()) };
    }
    let body = told.body.clone().unwrap_or_else(|| Err("it needs a body".into()))?;
    if !told.has_content_type {
        return Err("it needs a `Content-Type` of `application/json`".into());
    }
    match schema::faults(call.kind, Side::Request, &body) {
        faults if faults.is_empty() => Ok(body),
        faults => Err(faults.join("; ")),
    }
}

fn judge_query(shared: &Shared, request: &Request) -> Result<(), Reply> {
    let missing = |name: &&str| request.query(name).is_none();
    if request.call.kind != Kind::CalendarView || !["start", "end"].iter().any(missing) {
        return Ok(());
    }
    shared.state.lock().violated(format!("{}: needs `start` and `end`", request.call.kind.name()));
    Err(Reply::bad_request(
        "This request requires a time window specified by the query string parameters Start and End.",
    ))
}

/// Carries it out, unless a rule decides otherwise.
pub(crate) fn carried_out(shared: &Shared, prepared: Prepared) -> Reply {
    let Some(rule) = prepared.met.decider().cloned() else { return executed(shared, &prepared) };
    match rule.what {
        Misbehaviour::Error500ThoughCreated => {
            executed(shared, &prepared);
            Reply::unknown_error()
        }
        Misbehaviour::LandsLate => {
            lands_late(shared.clone(), prepared, Duration::from_millis(rule.delay_ms));
            Reply::unknown_error()
        }
        what => refusal(shared, what),
    }
}

fn refusal(shared: &Shared, what: Misbehaviour) -> Reply {
    match what {
        Misbehaviour::Error503 => {
            let back = shared.state.lock().now() + chrono::TimeDelta::seconds(1);
            Reply::error(503, "ServiceUnavailable", "The service is temporarily unavailable.")
                .with("retry-after", &httpdate::fmt_http_date(back.into()))
        }
        Misbehaviour::Error504 => Reply::error(504, "GatewayTimeout", ""),
        Misbehaviour::Throttled => Reply::throttled("0.128"),
        Misbehaviour::Unauthorized => Reply::unauthorized("Access token has expired or is not yet valid."),
        Misbehaviour::Forbidden => Reply::forbidden(),
        Misbehaviour::Garbage => Reply::html(
            "<!DOCTYPE html><html><body><h1>Our services aren't available right now</h1></body></html>",
        ),
        _ => Reply::unknown_error(),
    }
}

fn lands_late(shared: Shared, prepared: Prepared, delay: Duration) {
    tokio::spawn(async move {
        tokio::time::sleep(delay).await;
        executed(&shared, &prepared);
    });
}

/// Does it, and looks whether the answer is as the document has it.
pub(crate) fn executed(shared: &Shared, prepared: &Prepared) -> Reply {
    let (kind, met) = (prepared.request.call.kind, &prepared.met);
    let mut reply = {
        let state = &mut *shared.state.lock();
        done(state, &prepared.request, met).unwrap_or_else(|refused| refused)
    };
    if !reply.is_success() {
        return reply;
    }
    if let Body::Json(body) = reply.body {
        let faults = schema::faults(kind, Side::Answer, &body);
        if !faults.is_empty() {
            let fault = format!("the simulator's own answer to {}: {}", kind.name(), faults.join("; "));
            shared.state.lock().violated(fault);
        }
        reply.body = Body::Json(oddities::applied(body, met));
    }
    reply
}

fn done(state: &mut State, request: &Request, met: &Met) -> Result<Reply, Reply> {
    match request.call.kind {
        Kind::ListBusinesses => Ok(reading::businesses(state, request)),
        Kind::StaffAvailability => availability::of_staff(state, request, met),
        Kind::CreateAppointment => appointments::create(state, request, met),
        Kind::UpdateAppointment => appointments::update(state, request, met),
        Kind::DeleteAppointment => appointments::delete(state, request),
        Kind::CancelAppointment => appointments::cancel(state, request),
        Kind::CreateCustomer => customers::create(state, request),
        Kind::DeleteCustomer => customers::delete(state, request),
        _ => {
            let business = state.business(&request.call.business).ok_or_else(Reply::not_found)?;
            read(state, business, request)
        }
    }
}

fn read(state: &State, business: &Business, request: &Request) -> Result<Reply, Reply> {
    let page = |objects: &[Value]| reading::page(request, objects.to_vec(), state.page_size);
    let one = |objects: &[Value]| reading::by_call(request, objects);
    Ok(match request.call.kind {
        Kind::ListServices => reading::services(state, business, request),
        Kind::GetService => one(&business.services),
        Kind::ListStaffMembers => page(&business.staff_members),
        Kind::GetStaffMember => one(&business.staff_members),
        Kind::ListCustomQuestions => page(&business.custom_questions),
        Kind::GetCustomQuestion => one(&business.custom_questions),
        Kind::ListCustomers => page(&business.customers),
        Kind::GetCustomer => one(&business.customers),
        Kind::ListAppointments => reading::appointments(state, business, request),
        Kind::CalendarView => reading::calendar_view(state, business, request)?,
        Kind::GetAppointment => {
            let found = business.appointment(&request.call.id);
            reading::one(request, found.map(|appointment| &appointment.value))
        }
        _ => reading::business(business, request),
    })
}
