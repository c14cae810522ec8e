//! `cancel`: a whole series, or a dose and all later ones.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    App,
    asked::{ChannelAsked, ContactAsked, FaultStyle, channels, mode},
    booking::{BookingTold, Facts, Headline},
    needs_input::NeedsInputTold,
    refused::{TooLateTold, not_opened},
    reply::Reply,
    request::Request,
    slot::Times,
    to_the_end,
    way_on::{Said, WayOn, Words},
};
use crate::{
    language::{Language, Message},
    scheduling::{BookingView, CancelOutcome, CancelRequest, Fault, Scheduling},
    shape::{Leniency, Shape},
};

/// What to cancel.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CancelRequest, examples(json!({"confirmationCode": "7GK2M-Q4RWX", "contact": {"phone": "+1 425 555 0123"}, "preview": true})))]
pub(super) struct CancelRequestAsked {
    /// As the patient types it: case, hyphens, and O for 0 or I for 1 are forgiven.
    #[schema(max_length = 500)]
    confirmation_code: Option<String>,
    contact: Option<ContactAsked>,
    /// This dose and all later ones; otherwise the whole series.
    #[schema(minimum = 1, maximum = 99)]
    dose: Option<u8>,
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
pub(super) enum CancelReply {
    Cancelled(BookingTold),
    AlreadyCancelled(BookingTold),
    Preview(BookingTold),
    TooLate(TooLateTold),
    InProgress(Said),
    /// Unknown code or wrong contact: deliberately one answer.
    NotFound(Said),
    TooManyAttempts(Said),
    NeedsInput(NeedsInputTold),
}

static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape::of::<CancelRequestAsked>(Leniency::Form));

/// Cancels.
pub(super) async fn answer(app: &App, scheduling: Scheduling, request: &mut Request) -> Result<Reply, Fault> {
    let asked = read(request)?;
    let dose = asked.dose;
    let outcome = to_the_end(app, async move { scheduling.cancel(asked).await }).await?;
    let reply = render(outcome, dose, app.now(), &request.language);
    Ok(Reply::outcome(reply.outcome(), &reply))
}

fn read(request: &mut Request) -> Result<CancelRequest, Fault> {
    let (form, mut complaints) = request.form::<CancelRequestAsked>(&SHAPE);
    let request_id = request.request_id(form.request_id, &mut complaints);
    complaints.or(Some(CancelRequest {
        proof: form.contact.unwrap_or_default().with_code(form.confirmation_code),
        dose: form.dose,
        notify: channels(form.notify),
        locale: request.language.tag().to_owned(),
        request_id,
        mode: mode(form.preview),
        caller: request.caller.clone(),
    }))
}

impl CancelReply {
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Cancelled(_) => "cancelled",
            Self::AlreadyCancelled(_) => "alreadyCancelled",
            Self::Preview(_) => "preview",
            Self::TooLate(_) => "tooLate",
            Self::InProgress(_) => "inProgress",
            Self::NotFound(_) => "notFound",
            Self::TooManyAttempts(_) => "tooManyAttempts",
            Self::NeedsInput(_) => "needsInput",
        }
    }
}

/// The reply to an outcome of cancelling this dose and later ones, or everything.
pub(super) fn render(
    outcome: CancelOutcome,
    dose: Option<u8>,
    now: DateTime<Utc>,
    language: &Language,
) -> CancelReply {
    let times = Times { zone: None, now, language };
    match outcome {
        CancelOutcome::Cancelled(view) => CancelReply::Cancelled(told(&CANCELLED, &view, dose, None, times)),
        CancelOutcome::AlreadyCancelled(view) => {
            let words = Words::with_lines(language.say(&Message::AlreadyCancelled), []);
            CancelReply::AlreadyCancelled(BookingTold::new(&view, None, words, times))
        }
        CancelOutcome::Preview { booking, request_id } => {
            CancelReply::Preview(told(&PREVIEW, &booking, dose, Some(&request_id), times))
        }
        CancelOutcome::TooLate { notice, location } => {
            CancelReply::TooLate(TooLateTold::new(notice, &location, language))
        }
        CancelOutcome::InProgress => {
            CancelReply::InProgress(Said::new(&[Message::InProgress], WayOn::handoff(), language))
        }
        CancelOutcome::NotOpened(reason) => match not_opened(reason, language) {
            ("notFound", said) => CancelReply::NotFound(said),
            (_, said) => CancelReply::TooManyAttempts(said),
        },
        CancelOutcome::NeedsInput(needed) => CancelReply::NeedsInput(NeedsInputTold::new(&needed, language)),
    }
}

const CANCELLED: Headline = Headline {
    one: |facts| Message::Cancelled { service: &facts.service, when: &facts.when },
    several: |facts| Message::CancelledSeries { count: facts.count, service: &facts.service },
};

const PREVIEW: Headline = Headline {
    one: |facts| Message::PreviewCancel {
        service: &facts.service,
        when: &facts.when,
        location: &facts.location,
    },
    several: |facts| Message::PreviewCancelSeries { count: facts.count, service: &facts.service },
};

/// The headline speaks of what is cancelled; the reply shows the whole booking.
fn told(
    headline: &Headline,
    view: &BookingView,
    dose: Option<u8>,
    request_id: Option<&str>,
    times: Times<'_>,
) -> BookingTold {
    let concerned: Vec<_> =
        view.appointments.iter().filter(|told| dose.is_none_or(|dose| told.dose >= dose)).cloned().collect();
    let facts = Facts::of(&concerned, times);
    let (headline, mut lines) = headline.tell(&facts, &concerned, times);
    if let (Some(dose), true) = (dose, concerned.len() > 1) {
        lines.push(times.language.say(&Message::LaterDosesCancelledToo { dose: u32::from(dose) }));
    }
    BookingTold::new(view, request_id, Words::with_lines(headline, lines), times)
}
