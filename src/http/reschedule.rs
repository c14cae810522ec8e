//! `reschedule`: other times for a booking, all of them or none.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    App,
    asked::{ChannelAsked, ContactAsked, FaultStyle, Slots, channels, mode, slots},
    booking::{BookingTold, Facts, Headline, instructions},
    needs_input::NeedsInputTold,
    refused::{NotBookableTold, SeriesIntervalTold, SlotTakenTold, TooLateTold, not_opened},
    reply::Reply,
    request::Request,
    slot::Times,
    to_the_end,
    way_on::{Said, WayOn, Words},
};
use crate::{
    language::{Language, Message},
    scheduling::{BookingView, Fault, NotBookable, RescheduleOutcome, RescheduleRequest, Scheduling, Status},
    shape::{Leniency, Shape},
};

/// What to move, and to where.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RescheduleRequest, examples(json!({
    "confirmationCode": "7GK2M-Q4RWX",
    "contact": {"phone": "+1 425 555 0123"},
    "slotIds": ["s1.WyJlbWJlZGRlZDplYXN0c2lkZSIsImNvdmlkIiwxNzk2MTQwODAwLCIiXQ"]
})))]
pub(super) struct RescheduleRequestAsked {
    /// As the patient types it: case, hyphens, and O for 0 or I for 1 are forgiven.
    #[schema(max_length = 500)]
    confirmation_code: Option<String>,
    contact: Option<ContactAsked>,
    /// Only this dose; otherwise the whole series.
    #[schema(minimum = 1, maximum = 99)]
    dose: Option<u8>,
    /// The `id`s of free slots, one per dose that moves, in order.
    #[schema(schema_with = super::asked::slot_ids)]
    slot_ids: Option<Vec<String>>,
    /// Instead of `slotIds`, for one slot.
    #[schema(schema_with = super::asked::slot_id)]
    slot_id: Option<String>,
    /// Why, in the patient's words. Not kept.
    #[schema(max_length = 4000)]
    #[expect(dead_code, reason = "taken so that scenarios may send it, and not kept")]
    reason: Option<String>,
    /// What the patient would like to be sent; the reply's `notified` says what really is.
    notify: Option<Vec<ChannelAsked>>,
    /// Names this request, so that a repetition gets the same answer. The header `Idempotency-Key` does the
    /// same.
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

/// What became of the request.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub(super) enum RescheduleReply {
    Rescheduled(BookingTold),
    Preview(BookingTold),
    SlotTaken(SlotTakenTold),
    NotBookable(NotBookableTold),
    SeriesInterval(SeriesIntervalTold),
    TooLate(TooLateTold),
    AlreadyCancelled(BookingTold),
    InProgress(Said),
    /// Unknown code or wrong contact: deliberately one answer.
    NotFound(Said),
    TooManyAttempts(Said),
    NeedsInput(NeedsInputTold),
}

static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape::of::<RescheduleRequestAsked>(Leniency::Form));

/// Moves.
pub(super) async fn answer(app: &App, scheduling: Scheduling, request: &mut Request) -> Result<Reply, Fault> {
    let (outcome, asked) = if let Some(moving) = read(request)? {
        let asked = Asked { dose: moving.dose, slots: moving.slots.len() };
        (to_the_end(app, async move { scheduling.reschedule(moving).await }).await?, asked)
    } else {
        let reason = NotBookable::NoSuchSlot;
        (RescheduleOutcome::NotBookable { reason, location: None }, Asked::default())
    };
    let reply = render(outcome, &asked, app.now(), &request.language);
    Ok(Reply::outcome(reply.outcome(), &reply))
}

/// What was asked for, as far as the words of the reply need it.
#[derive(Debug, Default)]
pub(super) struct Asked {
    dose: Option<u8>,
    slots: usize,
}

/// `None`: a slot id is none of ours.
fn read(request: &mut Request) -> Result<Option<RescheduleRequest>, Fault> {
    let (form, mut complaints) = request.form::<RescheduleRequestAsked>(&SHAPE);
    let slots = complaints.note(&["slotIds", "slotId"], slots(form.slot_ids, form.slot_id));
    let request_id = request.request_id(form.request_id, &mut complaints);
    let Slots::Read(slots) = complaints.or(slots)? else { return Ok(None) };
    Ok(Some(RescheduleRequest {
        proof: form.contact.unwrap_or_default().with_code(form.confirmation_code),
        dose: form.dose,
        slots,
        notify: channels(form.notify),
        locale: request.language.tag().to_owned(),
        request_id,
        mode: mode(form.preview),
        caller: request.caller.clone(),
    }))
}

impl RescheduleReply {
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Rescheduled(_) => "rescheduled",
            Self::Preview(_) => "preview",
            Self::SlotTaken(_) => "slotTaken",
            Self::NotBookable(_) => "notBookable",
            Self::SeriesInterval(_) => "seriesInterval",
            Self::TooLate(_) => "tooLate",
            Self::AlreadyCancelled(_) => "alreadyCancelled",
            Self::InProgress(_) => "inProgress",
            Self::NotFound(_) => "notFound",
            Self::TooManyAttempts(_) => "tooManyAttempts",
            Self::NeedsInput(_) => "needsInput",
        }
    }
}

/// The reply to an outcome.
pub(super) fn render(
    outcome: RescheduleOutcome,
    asked: &Asked,
    now: DateTime<Utc>,
    language: &Language,
) -> RescheduleReply {
    let times = Times { zone: None, now, language };
    match outcome {
        RescheduleOutcome::Rescheduled(view) => RescheduleReply::Rescheduled(moved(&view, asked, times)),
        RescheduleOutcome::Preview { booking, request_id } => {
            RescheduleReply::Preview(preview(&booking, asked, &request_id, times))
        }
        RescheduleOutcome::SlotTaken { taken, alternatives } => {
            let unchanged = Message::NothingChanged;
            let told = SlotTakenTold::new(taken, &alternatives, asked.slots, unchanged, times);
            RescheduleReply::SlotTaken(told)
        }
        RescheduleOutcome::NotBookable { reason, location } => {
            RescheduleReply::NotBookable(NotBookableTold::new(reason, location.as_deref(), language))
        }
        RescheduleOutcome::SeriesInterval { dose, min_days, max_days } => {
            RescheduleReply::SeriesInterval(SeriesIntervalTold::new(dose, min_days, max_days, language))
        }
        RescheduleOutcome::TooLate { notice, location } => {
            RescheduleReply::TooLate(TooLateTold::new(notice, &location, language))
        }
        RescheduleOutcome::AlreadyCancelled(view) => {
            let words = Words::with_lines(language.say(&Message::AlreadyCancelled), []);
            RescheduleReply::AlreadyCancelled(BookingTold::new(&view, None, words, times))
        }
        RescheduleOutcome::InProgress => {
            RescheduleReply::InProgress(Said::new(&[Message::InProgress], WayOn::handoff(), language))
        }
        RescheduleOutcome::NotOpened(reason) => match not_opened(reason, language) {
            ("notFound", said) => RescheduleReply::NotFound(said),
            (_, said) => RescheduleReply::TooManyAttempts(said),
        },
        RescheduleOutcome::NeedsInput(needed) => {
            RescheduleReply::NeedsInput(NeedsInputTold::new(&needed, language))
        }
    }
}

const MOVED: Headline = Headline {
    one: |facts| Message::Rescheduled {
        service: &facts.service,
        when: &facts.when,
        location: &facts.location,
    },
    several: |facts| Message::RescheduledSeries {
        count: facts.count,
        service: &facts.service,
        location: &facts.location,
    },
};

fn moved(view: &BookingView, asked: &Asked, times: Times<'_>) -> BookingTold {
    let concerned = concerned(view, asked);
    let facts = Facts::of(&concerned, times);
    let (headline, mut lines) = MOVED.tell(&facts, &concerned, times);
    lines.push(times.language.say(&Message::SameCode));
    lines.extend(instructions(&concerned, times.language));
    BookingTold::new(view, None, Words::with_lines(headline, lines), times)
}

const PREVIEW: Headline = Headline {
    one: |facts| Message::PreviewMove {
        service: &facts.service,
        when: &facts.when,
        location: &facts.location,
    },
    several: |facts| Message::PreviewMoveSeries {
        count: facts.count,
        service: &facts.service,
        location: &facts.location,
    },
};

fn preview(view: &BookingView, asked: &Asked, request_id: &str, times: Times<'_>) -> BookingTold {
    let concerned = concerned(view, asked);
    let facts = Facts::of(&concerned, times);
    let (headline, mut lines) = PREVIEW.tell(&facts, &concerned, times);
    if !lines.is_empty() {
        lines.push(times.language.say(&Message::PreviewMoveQuestion { count: facts.count }));
    }
    // To say yes, the patient has to see the times: here the lines are part of what is said.
    let text = Words::with_lines(headline, lines).text;
    BookingTold::new(view, Some(request_id), Words { say: text.clone(), text }, times)
}

/// The appointments that move: one dose, or all that are still to come.
fn concerned(view: &BookingView, asked: &Asked) -> Vec<crate::scheduling::AppointmentView> {
    let over = |status| matches!(status, Status::Past | Status::Cancelled | Status::CancelledByClinic);
    view.appointments
        .iter()
        .filter(|told| match asked.dose {
            Some(dose) => told.dose == dose,
            None => !over(told.status),
        })
        .cloned()
        .collect()
}
