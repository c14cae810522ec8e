//! Slot ids: what a bot hands back to book a slot. Self-contained and opaque, and believed in nothing: every
//! rule is checked again at booking, so a forged id is just another request.

use std::str::FromStr;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};

use super::{LocationId, PractitionerId, ServiceId};

/// Tells our ids from anything else, and this form from later ones.
const PREFIX: &str = "s1.";

/// A slot, named by what defines it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SlotId {
    pub location: LocationId,
    pub service: ServiceId,
    pub start: DateTime<Utc>,
    /// Set where the patient chose one; otherwise whoever is free.
    pub practitioner: Option<PractitionerId>,
}

/// Why a text is no slot id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotASlot {
    /// Nothing we ever made: the caller sends the wrong field.
    #[error("a slot id starts with `s1.`: send the `id` of a slot of `get-slots`, unchanged")]
    Prefix,
    /// Our prefix, and nothing of ours after it: cut short or forged.
    #[error("this slot id is damaged")]
    Damaged,
}

impl SlotId {
    #[must_use]
    pub fn encode(&self) -> String {
        let parts = (
            self.location.as_str(),
            self.service.as_str(),
            self.start.timestamp(),
            self.practitioner.as_ref().map_or("", PractitionerId::as_str),
        );
        // Four texts and numbers always have a JSON form.
        let json = serde_json::to_vec(&parts).unwrap_or_default();
        format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(json))
    }
}

impl FromStr for SlotId {
    type Err = NotASlot;

    fn from_str(text: &str) -> Result<Self, NotASlot> {
        let body = text.strip_prefix(PREFIX).ok_or(NotASlot::Prefix)?;
        let json = BASE64_URL_SAFE_NO_PAD.decode(body).map_err(|_| NotASlot::Damaged)?;
        let (location, service, start, practitioner): (String, String, i64, String) =
            serde_json::from_slice(&json).map_err(|_| NotASlot::Damaged)?;
        Ok(Self {
            location: location.parse().map_err(|_| NotASlot::Damaged)?,
            service: service.into(),
            start: DateTime::from_timestamp(start, 0).ok_or(NotASlot::Damaged)?,
            practitioner: (!practitioner.is_empty()).then(|| practitioner.into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_the_round_trip_and_is_url_safe() {
        let id = SlotId {
            location: "embedded:eastside".parse().expect("a known prefix"),
            service: "covid".into(),
            start: DateTime::from_timestamp(1_796_140_800, 0).expect("a time"),
            practitioner: Some("watt".into()),
        };
        let text = id.encode();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)), "{text}");
        assert_eq!(text.parse(), Ok(id));
    }

    #[test]
    fn what_we_did_not_make_is_told_from_what_was_damaged() {
        assert_eq!("9:00 AM".parse::<SlotId>(), Err(NotASlot::Prefix));
        for text in ["s1.", "s1.AAAA", "s1.%%%", "s1.WzFd"] {
            assert_eq!(text.parse::<SlotId>(), Err(NotASlot::Damaged), "{text}");
        }
    }
}
