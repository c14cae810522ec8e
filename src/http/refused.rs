//! The outcomes that booking, cancelling and rescheduling share: what was refused, and why.

use chrono::TimeDelta;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    menu::Menus,
    slot::{self, DateShown, SlotTold, Times},
    way_on::{Said, WayOn, Words},
};
use crate::{
    domain::Location,
    language::{Language, Message},
    scheduling::{NotBookable, NotEligible, NotOpened, Slot},
};

/// Somebody else has the time. Nothing was booked or moved.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SlotTakenTold {
    /// Which doses.
    taken: Vec<u8>,
    /// Free slots instead of the first of them, that fit the doses kept.
    alternatives: Vec<SlotTold>,
    menus: Menus,
    way_on: WayOn,
    say: String,
    text: String,
}

impl SlotTakenTold {
    /// `wanted`: how many slots were asked for. `unchanged`: what did not happen.
    pub(super) fn new(
        taken: Vec<u8>,
        alternatives: &[Slot],
        wanted: usize,
        unchanged: Message<'_>,
        times: Times<'_>,
    ) -> Self {
        let language = times.language;
        let menu = (!alternatives.is_empty()).then(|| slot::menu(alternatives, DateShown::Always, times));
        let way_on = WayOn::at(alternatives.first().map(|slot| &*slot.location));
        let say = language.join([which_taken(&taken, wanted, language), language.say(&unchanged)]);
        let lines = match &menu {
            Some(menu) => vec![
                language.say(&Message::AlternativesFollow {
                    count: u32::try_from(alternatives.len()).unwrap_or(u32::MAX),
                }),
                menu.list().to_owned(),
                language.say(&Message::ChooseByNumber),
            ],
            None => way_on.sentences(language),
        };
        let Words { say, text } = Words::with_lines(say, lines);
        let menus = Menus { alternatives: menu, ..Menus::default() };
        Self { taken, alternatives: slot::tell(alternatives, times), menus, way_on, say, text }
    }
}

fn which_taken(taken: &[u8], wanted: usize, language: &Language) -> String {
    match taken {
        [dose] if wanted > 1 => language.say(&Message::DoseTaken { dose: u32::from(*dose) }),
        [_, _, ..] => {
            let doses: Vec<String> = taken.iter().map(|dose| language.integer(u32::from(*dose))).collect();
            language.say(&Message::DosesTaken { doses: &language.list(&doses) })
        }
        _ => language.say(&Message::SlotTaken),
    }
}

/// The slot cannot be booked by anybody, or not here.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NotBookableTold {
    reason: NotBookableReason,
    way_on: WayOn,
    say: String,
    text: String,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum NotBookableReason {
    /// Forged, cut short, or the clinic changed its hours.
    NoSuchSlot,
    Past,
    TooSoon,
    TooFar,
    /// Not one slot per dose, in order, of one service at one site.
    WrongSlots,
    /// The site does not take bookings through the chat.
    BookElsewhere,
    /// The clinic's system forbids it.
    Refused,
}

impl NotBookableTold {
    pub(super) fn new(reason: NotBookable, location: Option<&Location>, language: &Language) -> Self {
        let way_on = WayOn::at(location);
        let spoken;
        let (reason, message) = match reason {
            NotBookable::NoSuchSlot => (NotBookableReason::NoSuchSlot, Message::NotATime),
            NotBookable::Past => (NotBookableReason::Past, Message::SlotPast),
            NotBookable::TooSoon { notice } => {
                spoken = language.duration(notice);
                (NotBookableReason::TooSoon, Message::TooSoon { notice: &spoken })
            }
            NotBookable::TooFar { days } => (NotBookableReason::TooFar, Message::TooFarAhead { days }),
            NotBookable::WrongSlots => (NotBookableReason::WrongSlots, Message::NotASeries),
            NotBookable::BookElsewhere => {
                let Words { say, text } = Words::elsewhere(location, language);
                return Self { reason: NotBookableReason::BookElsewhere, way_on, say, text };
            }
            NotBookable::Refused => (NotBookableReason::Refused, Message::NotBookable),
        };
        let Words { say, text } = Words::and_on(language.say(&message), &way_on, language);
        Self { reason, way_on, say, text }
    }
}

/// The service is not for this patient.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NotEligibleTold {
    reason: NotEligibleReason,
    min_age: Option<u32>,
    max_age: Option<u32>,
    way_on: WayOn,
    say: String,
    text: String,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum NotEligibleReason {
    TooYoung,
    TooOld,
    AdultsOnly,
    ChildrenOnly,
}

impl NotEligibleTold {
    pub(super) fn new(reason: NotEligible, language: &Language) -> Self {
        let (told, min_age, max_age, message) = match reason {
            NotEligible::TooYoung { min_age } => {
                (NotEligibleReason::TooYoung, Some(min_age), None, Message::TooYoung { age: min_age })
            }
            NotEligible::TooOld { max_age } => {
                (NotEligibleReason::TooOld, None, Some(max_age), Message::TooOld { age: max_age })
            }
            NotEligible::AdultsOnly => (NotEligibleReason::AdultsOnly, None, None, Message::AdultsOnly),
            NotEligible::ChildrenOnly => (NotEligibleReason::ChildrenOnly, None, None, Message::ChildrenOnly),
        };
        let way_on = WayOn::handoff();
        let Words { say, text } = Words::and_on(language.say(&message), &way_on, language);
        Self { reason: told, min_age, max_age, way_on, say, text }
    }
}

/// The doses are too close together or too far apart.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SeriesIntervalTold {
    /// The dose that is at the wrong time after the one before.
    dose: u8,
    min_days: u32,
    max_days: u32,
    way_on: WayOn,
    say: String,
    text: String,
}

impl SeriesIntervalTold {
    pub(super) fn new(dose: u8, min_days: u32, max_days: u32, language: &Language) -> Self {
        let (number, previous) = (u32::from(dose), u32::from(dose.saturating_sub(1)));
        let message = if min_days == max_days {
            Message::SeriesIntervalExact { dose: number, previous, days: min_days }
        } else {
            Message::SeriesInterval { dose: number, previous, min: min_days, max: max_days }
        };
        let way_on = WayOn::handoff();
        let Words { say, text } = Words::and_on(language.say(&message), &way_on, language);
        Self { dose, min_days, max_days, way_on, say, text }
    }
}

/// No such booking; or too many tries to find one.
pub(super) fn not_opened(reason: NotOpened, language: &Language) -> (&'static str, Said) {
    match reason {
        NotOpened::NotFound => ("notFound", Said::new(&[Message::NotFound], WayOn::handoff(), language)),
        NotOpened::TooManyAttempts { minutes } => {
            let way_on = WayOn::handoff().retry_after(Some(u64::from(minutes) * 60));
            ("tooManyAttempts", Said::new(&[Message::TooManyAttempts { minutes }], way_on, language))
        }
    }
}

/// The clinic wants to know of changes sooner than this.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TooLateTold {
    /// How long before the appointment a patient can still change it here.
    notice_minutes: i64,
    way_on: WayOn,
    say: String,
    text: String,
}

impl TooLateTold {
    pub(super) fn new(notice: TimeDelta, location: &Location, language: &Language) -> Self {
        let way_on = WayOn::at(Some(location));
        let say = language.say(&Message::TooLateToChange { notice: &language.duration(notice) });
        let Words { say, text } = Words::and_on(say, &way_on, language);
        Self { notice_minutes: notice.num_minutes(), way_on, say, text }
    }
}
