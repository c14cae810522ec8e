//! What a patient is asked for again, a sentence per field.

use serde::Serialize;
use utoipa::ToSchema;

use super::way_on::{WayOn, Words};
use crate::{
    language::{Language, Message},
    scheduling::{InputField, InputReason, NeedsInput},
};

/// Something the patient typed is missing or will not do.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NeedsInputTold {
    fields: Vec<FieldTold>,
    way_on: WayOn,
    /// A sentence or two for the patient.
    say: String,
    /// A line per field, for text messages.
    text: String,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
struct FieldTold {
    /// Where it stands in the request.
    #[schema(examples("patient.email"))]
    name: String,
    reason: ReasonTold,
    /// What to ask the patient.
    #[schema(examples("That doesn't look like an e-mail address. Please check it."))]
    text: String,
    /// What can be answered; empty: any text.
    options: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum ReasonTold {
    Missing,
    Invalid,
    UnknownPlace,
}

impl NeedsInputTold {
    pub(super) fn new(needed: &[NeedsInput], language: &Language) -> Self {
        let fields: Vec<FieldTold> = needed.iter().map(|needed| FieldTold::new(needed, language)).collect();
        let texts: Vec<String> = fields.iter().map(|field| field.text.clone()).collect();
        let Words { say, text } = match texts.as_slice() {
            [only] => Words { say: only.clone(), text: only.clone() },
            several => {
                let count = u32::try_from(several.len()).unwrap_or(u32::MAX);
                Words::with_lines(language.say(&Message::InputNeeded { count }), texts)
            }
        };
        Self { fields, way_on: WayOn::handoff(), say, text }
    }
}

impl FieldTold {
    fn new(needed: &NeedsInput, language: &Language) -> Self {
        let options = match &needed.field {
            InputField::Answer { options, .. } => options.clone(),
            _ => Vec::new(),
        };
        Self {
            name: needed.field.path(),
            reason: match needed.reason {
                InputReason::Missing => ReasonTold::Missing,
                InputReason::Invalid => ReasonTold::Invalid,
                InputReason::UnknownPlace => ReasonTold::UnknownPlace,
            },
            text: question(needed, language),
            options,
        }
    }
}

fn question(needed: &NeedsInput, language: &Language) -> String {
    let invalid = needed.reason != InputReason::Missing;
    let message = match &needed.field {
        InputField::Name => Message::MissingName,
        InputField::FamilyName => Message::MissingFamilyName,
        InputField::GivenName => Message::MissingGivenName,
        InputField::EmailOrPhone => Message::MissingContact,
        InputField::Email | InputField::ContactEmail if invalid => Message::InvalidEmail,
        InputField::Email => Message::MissingEmail,
        InputField::Phone | InputField::ContactPhone if invalid => Message::InvalidPhone,
        InputField::Phone => Message::MissingPhone,
        InputField::BirthDate | InputField::ContactBirthDate if invalid => Message::InvalidBirthDate,
        InputField::BirthDate => Message::MissingBirthDate,
        InputField::Answer { text, options, .. } => return answer(text, options, invalid, language),
        InputField::Consent { text } => Message::MissingConsent { consent: text },
        InputField::Practitioner if invalid => Message::InvalidPractitioner,
        InputField::Practitioner => Message::MissingPractitioner,
        InputField::ConfirmationCode if invalid => Message::InvalidCode,
        InputField::ConfirmationCode => Message::MissingCode,
        InputField::Contact
        | InputField::ContactEmail
        | InputField::ContactPhone
        | InputField::ContactBirthDate => Message::MissingProof,
        InputField::NearPostalCode if invalid => Message::UnknownPlace,
        InputField::NearPostalCode => Message::MissingPlace,
    };
    language.say(&message)
}

fn answer(question: &str, options: &[String], invalid: bool, language: &Language) -> String {
    if invalid && !options.is_empty() {
        language.say(&Message::InvalidAnswer { question, options: &options.join(" / ") })
    } else {
        language.say(&Message::MissingAnswer { question })
    }
}
