//! What Bookings asks of a booking that an application makes: an administrator may override it, an application
//! may not.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::Value;

use super::{
    reply::Reply,
    state::{Appointment, Business, text, texts},
    times::{self, Span},
};

/// Whether the places of an appointment may be as wanted: staff, length, lead time, hours, and nothing else there.
pub(crate) fn judge_place(
    business: &Business,
    wanted: &Appointment,
    now: DateTime<Utc>,
) -> Result<(), Reply> {
    let service = judge_staff(business, &wanted.value)?;
    let policy = Policy::of(business, service);
    policy.judge_staff_selection()?;
    judge_length(service, wanted)?;
    policy.judge_lead(wanted.span.0, now)?;
    judge_hours(business, &policy, wanted)
}

/// Whether somebody has one of the staff members at that time. Graph gives no reason.
pub(crate) fn judge_free(business: &Business, wanted: &Appointment) -> Result<(), Reply> {
    let taken = texts(&wanted.value["staffMemberIds"]).any(|staff| is_taken(business, staff, wanted));
    if taken { Err(Reply::unknown_error()) } else { Ok(()) }
}

fn is_taken(business: &Business, staff: &str, wanted: &Appointment) -> bool {
    let others =
        business.appointments.iter().filter(|other| other.id() != wanted.id() && other.has_staff(staff));
    let mut busy = others.map(|other| other.busy).chain(business.personal(staff));
    busy.any(|busy| times::overlap(busy, wanted.busy).is_some())
}

fn judge_staff<'a>(business: &'a Business, wanted: &Value) -> Result<&'a Value, Reply> {
    let invalid = || Reply::bad_request("Invalid Staff");
    let service = business.service(text(wanted, "serviceId"));
    let service = service.ok_or_else(|| Reply::bad_request("Invalid Service"))?;
    let mut staff = texts(&wanted["staffMemberIds"]).peekable();
    staff.peek().ok_or_else(invalid)?;
    let assigned = |id: &str| texts(&service["staffMemberIds"]).any(|assigned| assigned == id);
    if staff.all(|id| business.staff(id).is_some() && assigned(id)) { Ok(service) } else { Err(invalid()) }
}

fn judge_length(service: &Value, wanted: &Appointment) -> Result<(), Reply> {
    let length = wanted.span.1 - wanted.span.0;
    if length > TimeDelta::zero() && length == times::duration(&service["defaultDuration"]) {
        return Ok(());
    }
    Err(Reply::bad_request("The duration of the appointment must be that of the service."))
}

fn judge_hours(business: &Business, policy: &Policy, wanted: &Appointment) -> Result<(), Reply> {
    let span = wanted.span;
    let within =
        |open: Vec<Span>| times::merged(open).iter().any(|open| open.0 <= span.0 && span.1 <= open.1);
    let around = (span.0 - TimeDelta::days(1), span.1 + TimeDelta::days(1));
    let works = |id: &str| business.staff(id).is_some_and(|staff| within(business.working(staff, around)));
    let bookable = policy.bookable(around).is_none_or(within);
    if bookable && texts(&wanted.value["staffMemberIds"]).all(works) {
        return Ok(());
    }
    Err(Reply::bad_request("The appointment is outside of the hours in which it can be booked."))
}

/// The scheduling policy that holds: the service's own, or else the business's.
struct Policy<'a> {
    policy: &'a Value,
    zone: chrono_tz::Tz,
}

impl<'a> Policy<'a> {
    fn of(business: &'a Business, service: &'a Value) -> Self {
        let own = Some(&service["schedulingPolicy"]).filter(|policy| policy.is_object());
        Self { policy: own.unwrap_or(&business.profile["schedulingPolicy"]), zone: business.time_zone() }
    }

    fn judge_staff_selection(&self) -> Result<(), Reply> {
        if self.policy["allowStaffSelection"] == true {
            return Ok(());
        }
        Err(Reply::bad_request("Staff selection is not allowed for this service."))
    }

    fn judge_lead(&self, start: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Reply> {
        let furthest = &self.policy["maximumAdvance"];
        let too_late = start < now + times::duration(&self.policy["minimumLeadTime"]);
        let too_early = furthest.is_string() && start > now + times::duration(furthest);
        if too_late || too_early {
            return Err(Reply::bad_request("The appointment is too soon, or too far ahead."));
        }
        Ok(())
    }

    /// When the policy lets the service be booked, staff aside; nothing means that it leaves it to the staff.
    fn bookable(&self, window: Span) -> Option<Vec<Span>> {
        let limits = !self.policy["customAvailabilities"].as_array().is_none_or(Vec::is_empty)
            || self.policy["generalAvailability"]["availabilityType"]
                .as_str()
                .is_some_and(|kind| kind != "bookWhenStaffAreFree");
        let days = || times::dates(self.zone, window).flat_map(|date| self.bookable_on(date)).collect();
        limits.then(days)
    }

    fn bookable_on(&self, date: NaiveDate) -> Vec<Span> {
        let special = self.policy["customAvailabilities"].as_array().into_iter().flatten();
        let mut special = special.filter(|special| covers(special, date));
        let availability = special.next().unwrap_or(&self.policy["generalAvailability"]);
        match text(availability, "availabilityType") {
            "notBookable" => Vec::new(),
            "customWeeklyHours" => times::open_on(&availability["businessHours"], self.zone, date),
            _ => times::whole_day(self.zone, date),
        }
    }
}

fn covers(window: &Value, date: NaiveDate) -> bool {
    let bound = |field: &str| text(window, field).parse::<NaiveDate>().ok();
    bound("startDate").is_none_or(|start| start <= date) && bound("endDate").is_none_or(|end| date <= end)
}

/// Whether the customers are told as an application must tell them, and have answered what is required.
pub(crate) fn judge_customers(business: &Business, wanted: &Value) -> Result<(), Reply> {
    let customers: Vec<&Value> = wanted["customers"].as_array().into_iter().flatten().collect();
    if customers.iter().any(|customer| customer["@odata.type"] != CUSTOMER) {
        return Err(Reply::bad_request(
            "Invalid customers: the type of a customer must be given, as `@odata.type`.",
        ));
    }
    let seats = wanted["maximumAttendeesCount"].as_u64().unwrap_or(1);
    if u64::try_from(customers.len()).is_ok_and(|count| count > seats) {
        return Err(Reply::bad_request("The appointment has fewer seats than customers."));
    }
    let service = business.service(text(wanted, "serviceId")).unwrap_or(&Value::Null);
    if customers.iter().all(|customer| has_answered(service, customer)) {
        return Ok(());
    }
    Err(Reply::bad_request("A required custom question is not answered."))
}

pub(crate) const CUSTOMER: &str = "#microsoft.graph.bookingCustomerInformation";

fn has_answered(service: &Value, customer: &Value) -> bool {
    let mut required = service["customQuestions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|question| question["isRequired"] == true);
    required.all(|question| {
        let mut answers = customer["customQuestionAnswers"].as_array().into_iter().flatten();
        answers.any(|answer| answer["questionId"] == question["questionId"] && says_something(answer))
    })
}

fn says_something(answer: &Value) -> bool {
    !text(answer, "answer").is_empty() || texts(&answer["selectedOptions"]).next().is_some()
}
