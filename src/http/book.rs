//! `book`: every appointment of a series, or none.

use std::{collections::BTreeMap, sync::LazyLock};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    App,
    asked::{ChannelAsked, FaultStyle, Slots, channels, mode, slots},
    booking::{BookingTold, Facts, Headline, instructions, notices},
    needs_input::NeedsInputTold,
    refused::{NotBookableTold, NotEligibleTold, SeriesIntervalTold, SlotTakenTold},
    reply::Reply,
    request::Request,
    slot::Times,
    to_the_end,
    way_on::{Said, WayOn, Words},
};
use crate::{
    language::{Language, Message},
    scheduling::{BookOutcome, BookRequest, BookingView, Fault, NotBookable, Scheduling, TypedPatient},
    shape::{Leniency, Shape},
};

/// What to book, and for whom.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BookRequest, examples(json!({
    "slotIds": ["s1.WyJlbWJlZGRlZDplYXN0c2lkZSIsImNvdmlkIiwxNzk2MTQwODAwLCIiXQ"],
    "patient": {"name": "Pat Doe", "email": "pat@example.org"},
    "requestId": "6f1c1c1e-1d0c-4a57-9a5e-2f8a5b8f8d11",
    "locale": "en-US"
})))]
pub(super) struct BookRequestAsked {
    /// The `id`s of free slots, one per dose, in order.
    #[schema(schema_with = super::asked::slot_ids)]
    slot_ids: Option<Vec<String>>,
    /// Instead of `slotIds`, for one slot.
    #[schema(schema_with = super::asked::slot_id)]
    slot_id: Option<String>,
    /// Which dose the first slot is for.
    #[schema(minimum = 1, maximum = 99, default = 1)]
    dose: Option<u8>,
    patient: Option<PatientAsked>,
    booked_by: Option<BookedByAsked>,
    /// What the patient would like to be sent; the reply's `notified` says what really is.
    notify: Option<Vec<ChannelAsked>>,
    /// Names this request, so that a repetition gets the same answer and books nothing twice. The header
    /// `Idempotency-Key` does the same.
    #[schema(max_length = 128)]
    request_id: Option<String>,
    /// Make every check, write nothing, and answer the words to confirm with.
    #[schema(default = false)]
    preview: Option<bool>,
    /// The patient's language and region, as BCP 47 writes them.
    #[schema(max_length = 500, examples("en-US"))]
    #[expect(dead_code, reason = "read before the rest, by `Request`: a fault needs them too")]
    locale: Option<String>,
    #[expect(dead_code, reason = "read before the rest, by `Request`: a fault needs them too")]
    faults: Option<FaultStyle>,
}

/// The patient, as typed: a name, an e-mail address or phone number, and what the service requires.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PatientAsked {
    #[schema(max_length = 500)]
    name: Option<String>,
    #[schema(max_length = 500)]
    given_name: Option<String>,
    #[schema(max_length = 500)]
    family_name: Option<String>,
    #[schema(max_length = 500)]
    email: Option<String>,
    #[schema(max_length = 500)]
    phone: Option<String>,
    #[schema(max_length = 500, examples("1980-05-31"))]
    birth_date: Option<String>,
    #[schema(max_length = 4000)]
    notes: Option<String>,
    /// By the `id` of the service's question.
    #[schema(schema_with = answers)]
    answers: Option<BTreeMap<String, String>>,
    /// The `id` of the service's consent, if the patient agrees.
    #[schema(max_length = 500)]
    consent_id: Option<String>,
}

/// Who books for somebody else.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BookedByAsked {
    #[schema(max_length = 500)]
    name: Option<String>,
    #[schema(max_length = 500)]
    relation: Option<String>,
}

fn answers() -> utoipa::openapi::schema::Object {
    use utoipa::openapi::{ObjectBuilder, Type};
    let answer = ObjectBuilder::new().schema_type(Type::String).max_length(Some(4000));
    ObjectBuilder::new()
        .additional_properties(Some(answer))
        .description(Some("By the `id` of the service's question."))
        .build()
}

/// What became of the request.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub(super) enum BookReply {
    Booked(BookingTold),
    Preview(BookingTold),
    SlotTaken(SlotTakenTold),
    AlreadyBooked(Said),
    AlreadyCancelled(Said),
    NotBookable(NotBookableTold),
    NotEligible(NotEligibleTold),
    SeriesInterval(SeriesIntervalTold),
    TooManyBookings(Said),
    InProgress(Said),
    NeedsInput(NeedsInputTold),
}

static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape::of::<BookRequestAsked>(Leniency::Form));

/// Books.
pub(super) async fn answer(app: &App, scheduling: Scheduling, request: &mut Request) -> Result<Reply, Fault> {
    let (outcome, wanted) = match read(request)? {
        Some(asked) => {
            let wanted = asked.slots.len();
            (to_the_end(app, async move { scheduling.book(asked).await }).await?, wanted)
        }
        None => (BookOutcome::NotBookable { reason: NotBookable::NoSuchSlot, location: None }, 1),
    };
    let reply = render(outcome, wanted, app.now(), &request.language);
    Ok(Reply::outcome(reply.outcome(), &reply))
}

/// `None`: a slot id is none of ours.
fn read(request: &mut Request) -> Result<Option<BookRequest>, Fault> {
    let (form, mut complaints) = request.form::<BookRequestAsked>(&SHAPE);
    let slots = complaints.note(&["slotIds", "slotId"], slots(form.slot_ids, form.slot_id));
    let request_id = request.request_id(form.request_id, &mut complaints);
    let Slots::Read(slots) = complaints.or(slots)? else { return Ok(None) };
    Ok(Some(BookRequest {
        slots,
        first_dose: form.dose.unwrap_or(1),
        patient: form.patient.unwrap_or_default().typed(form.booked_by),
        notify: channels(form.notify),
        request_id,
        mode: mode(form.preview),
        locale: request.locale.clone(),
        caller: request.caller.clone(),
    }))
}

impl PatientAsked {
    fn typed(self, booked_by: Option<BookedByAsked>) -> TypedPatient {
        TypedPatient {
            name: self.name,
            given_name: self.given_name,
            family_name: self.family_name,
            email: self.email,
            phone: self.phone,
            birth_date: self.birth_date,
            notes: self.notes,
            answers: self.answers.unwrap_or_default().into_iter().collect(),
            consent: self.consent_id,
            booked_by: booked_by.and_then(|who| Some((who.name?, who.relation))),
        }
    }
}

impl BookReply {
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Booked(_) => "booked",
            Self::Preview(_) => "preview",
            Self::SlotTaken(_) => "slotTaken",
            Self::AlreadyBooked(_) => "alreadyBooked",
            Self::AlreadyCancelled(_) => "alreadyCancelled",
            Self::NotBookable(_) => "notBookable",
            Self::NotEligible(_) => "notEligible",
            Self::SeriesInterval(_) => "seriesInterval",
            Self::TooManyBookings(_) => "tooManyBookings",
            Self::InProgress(_) => "inProgress",
            Self::NeedsInput(_) => "needsInput",
        }
    }
}

/// The reply to an outcome, when so many slots were wanted.
pub(super) fn render(
    outcome: BookOutcome,
    wanted: usize,
    now: DateTime<Utc>,
    language: &Language,
) -> BookReply {
    let times = Times { zone: None, now, language };
    let said = |message| Said::new(&[message], WayOn::handoff(), language);
    match outcome {
        BookOutcome::Booked(view) => BookReply::Booked(booked(&view, times)),
        BookOutcome::Preview { booking, request_id } => {
            BookReply::Preview(preview(&booking, &request_id, times))
        }
        BookOutcome::SlotTaken { taken, alternatives } => {
            let told = SlotTakenTold::new(taken, &alternatives, wanted, Message::NothingBooked, times);
            BookReply::SlotTaken(told)
        }
        BookOutcome::AlreadyBooked => BookReply::AlreadyBooked(said(Message::AlreadyBooked)),
        BookOutcome::AlreadyCancelled => BookReply::AlreadyCancelled(said(Message::AlreadyCancelled)),
        BookOutcome::NotBookable { reason, location } => {
            BookReply::NotBookable(NotBookableTold::new(reason, location.as_deref(), language))
        }
        BookOutcome::NotEligible { reason } => BookReply::NotEligible(NotEligibleTold::new(reason, language)),
        BookOutcome::SeriesInterval { dose, min_days, max_days } => {
            BookReply::SeriesInterval(SeriesIntervalTold::new(dose, min_days, max_days, language))
        }
        BookOutcome::TooManyBookings { max } => {
            BookReply::TooManyBookings(said(Message::TooManyBookings { max }))
        }
        BookOutcome::InProgress => BookReply::InProgress(said(Message::InProgress)),
        BookOutcome::NeedsInput(needed) => BookReply::NeedsInput(NeedsInputTold::new(&needed, language)),
    }
}

const BOOKED: Headline = Headline {
    one: |facts| Message::Booked { service: &facts.service, when: &facts.when, location: &facts.location },
    several: |facts| Message::BookedSeries {
        count: facts.count,
        service: &facts.service,
        location: &facts.location,
    },
};

fn booked(view: &BookingView, times: Times<'_>) -> BookingTold {
    let facts = Facts::of(&view.appointments, times);
    let (headline, mut lines) = BOOKED.tell(&facts, &view.appointments, times);
    let notices = notices(view, times.language);
    let say = times.language.join(std::iter::once(&headline).chain(&notices));
    lines.extend(notices);
    lines.extend(instructions(&view.appointments, times.language));
    let text = Words::with_lines(headline, lines).text;
    BookingTold::new(view, None, Words { say, text }, times)
}

const PREVIEW: Headline = Headline {
    one: |facts| Message::PreviewBooking {
        service: &facts.service,
        when: &facts.when,
        location: &facts.location,
    },
    several: |facts| Message::PreviewSeries {
        count: facts.count,
        service: &facts.service,
        location: &facts.location,
    },
};

fn preview(view: &BookingView, request_id: &str, times: Times<'_>) -> BookingTold {
    let facts = Facts::of(&view.appointments, times);
    let (headline, mut lines) = PREVIEW.tell(&facts, &view.appointments, times);
    if !lines.is_empty() {
        lines.push(times.language.say(&Message::PreviewQuestion));
    }
    // To say yes, the patient has to see the times: here the lines are part of what is said.
    let text = Words::with_lines(headline, lines).text;
    BookingTold::new(view, Some(request_id), Words { say: text.clone(), text }, times)
}
