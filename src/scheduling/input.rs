//! What a patient is asked for again: never a fault, whatever they typed.

/// Something a patient typed that has to be asked for again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeedsInput {
    pub field: InputField,
    pub reason: InputReason,
}

/// What is asked for again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputField {
    Name,
    FamilyName,
    GivenName,
    /// Neither an e-mail address nor a phone number was given.
    EmailOrPhone,
    Email,
    Phone,
    BirthDate,
    /// A question of the service, with its text and options in the request's language.
    Answer {
        id: String,
        text: String,
        options: Vec<String>,
    },
    /// What the patient has to agree to, in the request's language.
    Consent {
        text: String,
    },
    Practitioner,
    ConfirmationCode,
    Contact,
    ContactEmail,
    ContactPhone,
    ContactBirthDate,
    NearPostalCode,
}

impl InputField {
    /// Where the field stands in the request.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Name => "patient.name",
            Self::FamilyName => "patient.familyName",
            Self::GivenName => "patient.givenName",
            Self::EmailOrPhone => "patient.contact",
            Self::Email => "patient.email",
            Self::Phone => "patient.phone",
            Self::BirthDate => "patient.birthDate",
            Self::Answer { id, .. } => return format!("patient.answers.{id}"),
            Self::Consent { .. } => "patient.consentId",
            Self::Practitioner => "practitionerId",
            Self::ConfirmationCode => "confirmationCode",
            Self::Contact => "contact",
            Self::ContactEmail => "contact.email",
            Self::ContactPhone => "contact.phone",
            Self::ContactBirthDate => "contact.birthDate",
            Self::NearPostalCode => "near.postalCode",
        }
        .to_owned()
    }
}

/// Why it is asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputReason {
    Missing,
    Invalid,
    UnknownPlace,
}
