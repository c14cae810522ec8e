//! `get-appointment`: what somebody with the code and a contact detail has booked.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    App,
    asked::{ContactAsked, FaultStyle},
    booking::{BookingTold, Facts, dose_line, instructions, status_word},
    needs_input::NeedsInputTold,
    refused::not_opened,
    reply::Reply,
    request::Request,
    slot::Times,
    to_the_end,
    way_on::{Said, Words},
};
use crate::{
    language::{Language, Message},
    scheduling::{AppointmentView, BookingView, Fault, FindOutcome, FindRequest, Scheduling, Status},
    shape::{Leniency, Shape},
};

/// Whose booking to look up.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({"confirmationCode": "7GK2M-Q4RWX", "contact": {"phone": "+1 425 555 0123"}})))]
pub(super) struct GetAppointmentRequest {
    /// As the patient types it: case, hyphens, and O for 0 or I for 1 are forgiven.
    #[schema(max_length = 500)]
    confirmation_code: Option<String>,
    contact: Option<ContactAsked>,
    /// The patient's language and region, as BCP 47 writes them.
    #[schema(max_length = 500, examples("en-US"))]
    #[expect(dead_code, reason = "read before the rest, by `Request`: a fault needs them too")]
    locale: Option<String>,
    #[expect(dead_code, reason = "read before the rest, by `Request`: a fault needs them too")]
    faults: Option<FaultStyle>,
}

/// The booking, or why it is not opened.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub(super) enum GetAppointmentReply {
    Found(Box<BookingTold>),
    /// Unknown code or wrong contact: deliberately one answer.
    NotFound(Said),
    TooManyAttempts(Said),
    NeedsInput(NeedsInputTold),
}

static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape::of::<GetAppointmentRequest>(Leniency::Form));

/// Opens a booking.
pub(super) async fn answer(app: &App, scheduling: Scheduling, request: &mut Request) -> Result<Reply, Fault> {
    let asked = read(request)?;
    let outcome = to_the_end(app, async move { scheduling.get_appointment(asked).await }).await?;
    let reply = render(outcome, app.now(), &request.language);
    Ok(Reply::outcome(reply.outcome(), &reply))
}

fn read(request: &mut Request) -> Result<FindRequest, Fault> {
    let (form, complaints) = request.form::<GetAppointmentRequest>(&SHAPE);
    complaints.or(Some(FindRequest {
        proof: form.contact.unwrap_or_default().with_code(form.confirmation_code),
        caller: request.caller.clone(),
    }))
}

impl GetAppointmentReply {
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Found(_) => "found",
            Self::NotFound(_) => "notFound",
            Self::TooManyAttempts(_) => "tooManyAttempts",
            Self::NeedsInput(_) => "needsInput",
        }
    }
}

/// The reply to an outcome.
pub(super) fn render(outcome: FindOutcome, now: DateTime<Utc>, language: &Language) -> GetAppointmentReply {
    let times = Times { zone: None, now, language };
    match outcome {
        FindOutcome::Found(view) => GetAppointmentReply::Found(Box::new(found(&view, times))),
        FindOutcome::NotOpened(reason) => match not_opened(reason, language) {
            ("notFound", said) => GetAppointmentReply::NotFound(said),
            (_, said) => GetAppointmentReply::TooManyAttempts(said),
        },
        FindOutcome::NeedsInput(needed) => {
            GetAppointmentReply::NeedsInput(NeedsInputTold::new(&needed, language))
        }
    }
}

fn found(view: &BookingView, times: Times<'_>) -> BookingTold {
    let language = times.language;
    let coming: Vec<&AppointmentView> = view.appointments.iter().filter(|view| is_coming(view)).collect();
    let words = match (view.appointments.as_slice(), coming.as_slice()) {
        ([only], _) => one(only, times),
        (several, coming) => {
            let lines: Vec<String> = several.iter().map(|view| line(view, times)).collect();
            let count = u32::try_from(coming.len()).unwrap_or(u32::MAX);
            Words::with_lines(language.say(&Message::AppointmentsFound { count }), lines)
        }
    };
    let Words { say, text } = words;
    let text = Words::with_lines(text, instructions(coming, language)).text;
    BookingTold::new(view, None, Words { say, text }, times)
}

fn is_coming(view: &AppointmentView) -> bool {
    matches!(view.status, Status::Booked | Status::Pending | Status::Moved)
}

fn one(view: &AppointmentView, times: Times<'_>) -> Words {
    let facts = Facts::of(std::slice::from_ref(view), times);
    let (service, when, location) = (&facts.service, &facts.when, &facts.location);
    let appointment = Message::AppointmentFound { service, when, location };
    let sentence = match view.status {
        Status::Booked => return Words::with_lines(times.language.say(&appointment), []),
        Status::Moved => {
            let say = times.language.say_all(&[appointment, Message::AppointmentMoved]);
            return Words::with_lines(say, []);
        }
        Status::Pending => Message::AppointmentPending,
        Status::Cancelled => Message::AlreadyCancelled,
        Status::CancelledByClinic => Message::AppointmentCancelledByClinic,
        Status::Past => Message::AppointmentPast,
    };
    Words::with_lines(times.language.say(&sentence), [[service.as_str(), when, location].join(", ")])
}

/// `Dose 1: Tuesday, December 1, 9:00 AM PST (Cancelled)`
fn line(view: &AppointmentView, times: Times<'_>) -> String {
    let line = dose_line(view, times);
    if view.status == Status::Booked {
        return line;
    }
    let status = times.language.say(&status_word(view.status));
    times.language.say(&Message::WithDetail { title: &line, detail: &status })
}
