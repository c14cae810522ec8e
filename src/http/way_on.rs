//! How to go on after something did not succeed: every such reply says it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::Location,
    language::{Language, Message},
};

/// How the patient can go on.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WayOn {
    /// The clinic's, where one is known.
    phone: Option<String>,
    /// Where the patient can book without the bot.
    booking_page: Option<String>,
    /// Whether to offer a person.
    handoff: bool,
    /// When it makes sense to try again.
    retry_after_seconds: Option<u64>,
}

impl WayOn {
    /// A person is all there is.
    pub(super) fn handoff() -> Self {
        Self { phone: None, booking_page: None, handoff: true, retry_after_seconds: None }
    }

    /// A person, or the clinic itself.
    pub(super) fn at(location: Option<&Location>) -> Self {
        Self {
            phone: location.and_then(|location| location.phone.clone()),
            booking_page: location.and_then(|location| location.booking_page.clone()),
            ..Self::handoff()
        }
    }

    pub(super) fn retry_after(self, seconds: Option<u64>) -> Self {
        Self { retry_after_seconds: seconds, ..self }
    }

    pub(super) fn retry_after_seconds(&self) -> Option<u64> {
        self.retry_after_seconds
    }

    /// The ways, a sentence each.
    pub(super) fn sentences(&self, language: &Language) -> Vec<String> {
        let mut sentences = Vec::new();
        if let Some(phone) = &self.phone {
            sentences.push(language.say(&Message::CallClinic { phone }));
        }
        if let Some(page) = &self.booking_page {
            sentences.push(language.say(&Message::UseBookingPage { page }));
        }
        if self.handoff {
            sentences.push(language.say(&Message::Handoff));
        }
        sentences
    }
}

/// What a reply says, in one sentence or two and at length.
#[derive(Debug, PartialEq)]
pub(super) struct Words {
    pub(super) say: String,
    pub(super) text: String,
}

impl Words {
    /// `say`, and after it these lines; empty ones are left out.
    pub(super) fn with_lines(say: String, lines: impl IntoIterator<Item = String>) -> Self {
        let lines = lines.into_iter().filter(|line| !line.is_empty());
        let text = std::iter::once(say.clone()).chain(lines).collect::<Vec<_>>().join("\n");
        Self { say, text }
    }

    /// Where to book instead. That is how to go on already, so only a person is left to offer.
    pub(super) fn elsewhere(location: Option<&Location>, language: &Language) -> Self {
        let say = language.say(&elsewhere(location));
        Self::with_lines(say, WayOn::handoff().sentences(language))
    }

    /// A sentence, and how to go on.
    pub(super) fn and_on(say: String, way_on: &WayOn, language: &Language) -> Self {
        Self::with_lines(say, way_on.sentences(language))
    }
}

/// A reply of words alone.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Said {
    way_on: WayOn,
    /// A sentence or two for the patient.
    say: String,
    /// The same with how to go on, for text messages.
    text: String,
}

impl Said {
    pub(super) fn new(messages: &[Message<'_>], way_on: WayOn, language: &Language) -> Self {
        let Words { say, text } = Words::and_on(language.say_all(messages), &way_on, language);
        Self { way_on, say, text }
    }

    /// Where to book instead.
    pub(super) fn elsewhere(location: Option<&Location>, language: &Language) -> Self {
        let Words { say, text } = Words::elsewhere(location, language);
        Self { way_on: WayOn::at(location), say, text }
    }
}

fn elsewhere(location: Option<&Location>) -> Message<'_> {
    let page = location.and_then(|location| location.booking_page.as_deref());
    let phone = location.and_then(|location| location.phone.as_deref());
    match (page, phone) {
        (Some(page), Some(phone)) => Message::BookByPageOrPhone { page, phone },
        (Some(page), None) => Message::BookByPage { page },
        (None, Some(phone)) => Message::BookByPhone { phone },
        (None, None) => Message::BookAtClinic,
    }
}
