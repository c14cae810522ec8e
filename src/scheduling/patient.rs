//! Checking what was typed about a patient: everything that is missing or wrong at once, never a fault.

use std::sync::Arc;

use chrono::NaiveDate;

use super::{BookRequest, Fault, InputField, InputReason, InvalidField, NeedsInput, contact};
use crate::{
    domain::{Audience, Location, PatientField, Service},
    ledger::{book::Request, documents::ContactKind},
    provider::{BookedBy, Patient},
};

/// What was typed about a patient, before it is checked. `Debug` shows nothing of it.
#[derive(Clone, Default)]
pub struct TypedPatient {
    pub name: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub birth_date: Option<String>,
    pub notes: Option<String>,
    pub answers: Vec<(String, String)>,
    pub consent: Option<String>,
    pub booked_by: Option<(String, Option<String>)>,
}

impl std::fmt::Debug for TypedPatient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TypedPatient(…)")
    }
}

/// Which fields a service demands are also in `get-locations`; kept here so that both agree.
#[must_use]
pub fn required_fields(service: &Service) -> Vec<PatientField> {
    let mut fields = service.requires.clone();
    if service.min_age.is_some() || service.max_age.is_some() || service.audience != Audience::Any {
        fields.push(PatientField::BirthDate);
    }
    fields.sort_unstable();
    fields.dedup();
    fields
}

/// A name longer than this is not one.
const LONGEST_NAME: usize = 200;

/// A patient who can be booked, and how to know them again.
pub(super) struct Checked {
    pub patient: Arc<Patient>,
    pub request: Request,
}

/// Checks a patient against what the service requires. `today` is the site's.
///
/// # Errors
/// Everything to be asked again.
pub(super) fn check(
    request: &BookRequest,
    location: &Location,
    service: &Service,
    today: NaiveDate,
) -> Result<Result<Checked, Vec<NeedsInput>>, Fault> {
    let typed = &request.patient;
    let mut asks = Asks::default();
    let country = location.address.country.as_deref();
    let required = required_fields(service);
    let name = asks.name(typed);
    let email = asks.read(typed.email.as_deref(), InputField::Email, contact::email);
    let phone = asks.read(typed.phone.as_deref(), InputField::Phone, |typed| contact::phone(typed, country));
    let birth_date = asks.read(typed.birth_date.as_deref(), InputField::BirthDate, |typed| {
        contact::birth_date(typed, country).filter(|date| *date <= today)
    });
    for (field, asked, given) in [
        (PatientField::Email, InputField::Email, typed.email.is_some()),
        (PatientField::Phone, InputField::Phone, typed.phone.is_some()),
        (PatientField::BirthDate, InputField::BirthDate, typed.birth_date.is_some()),
    ] {
        if required.contains(&field) && !given {
            asks.ask(asked, InputReason::Missing);
        }
    }
    let demanded = required.contains(&PatientField::Email) || required.contains(&PatientField::Phone);
    if typed.email.is_none() && typed.phone.is_none() && !demanded {
        asks.ask(InputField::EmailOrPhone, InputReason::Missing);
    }
    let answers = asks.answers(typed, service, &request.locale)?;
    if let Some(consent) = &service.consent
        && typed.consent.as_deref() != Some(consent.id.as_str())
    {
        let text = consent.text.get(&request.locale).to_owned();
        asks.ask(InputField::Consent { text }, InputReason::Missing);
    }
    let Some(name) = name.filter(|_| asks.0.is_empty()) else { return Ok(Err(asks.0)) };
    let mut contacts = Vec::new();
    contacts.extend(email.clone().map(|email| (ContactKind::Email, email)));
    contacts.extend(phone.clone().map(|phone| (ContactKind::Phone, phone)));
    contacts.extend(birth_date.map(|date| (ContactKind::BirthDate, date.to_string())));
    Ok(Ok(Checked {
        request: Request {
            request_id: request.request_id.clone(),
            slots: request.slots.iter().map(crate::domain::slot::SlotId::encode).collect(),
            name: normalised(&name),
            contacts,
            invocation: request.caller.invocation.clone(),
        },
        patient: Arc::new(Patient {
            name,
            given_name: typed.given_name.clone(),
            family_name: typed.family_name.clone(),
            email,
            phone,
            birth_date,
            notes: typed.notes.clone(),
            answers,
            consent: typed.consent.clone(),
            booked_by: typed.booked_by.clone().map(|(name, relation)| BookedBy { name, relation }),
        }),
    }))
}

/// Case and blanks do not make another person.
fn normalised(name: &str) -> String {
    name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What has to be asked again, as it is found.
#[derive(Default)]
struct Asks(Vec<NeedsInput>);

impl Asks {
    fn ask(&mut self, field: InputField, reason: InputReason) {
        self.0.push(NeedsInput { field, reason });
    }

    fn read<T>(
        &mut self,
        typed: Option<&str>,
        field: InputField,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let value = read(typed?);
        if value.is_none() {
            self.ask(field, InputReason::Invalid);
        }
        value
    }

    /// The whole name, from one field or from two.
    fn name(&mut self, typed: &TypedPatient) -> Option<String> {
        let plausible =
            |name: &str| name.chars().any(char::is_alphabetic) && name.chars().count() <= LONGEST_NAME;
        match (&typed.name, &typed.given_name, &typed.family_name) {
            (Some(name), ..) => self
                .read(Some(name), InputField::Name, |name| plausible(name).then(|| name.trim().to_owned())),
            (None, None, None) => {
                self.ask(InputField::Name, InputReason::Missing);
                None
            }
            (None, given, family) => {
                for (part, field) in [(given, InputField::GivenName), (family, InputField::FamilyName)] {
                    match part {
                        None => self.ask(field, InputReason::Missing),
                        Some(part) if !plausible(part) => self.ask(field, InputReason::Invalid),
                        Some(_) => {}
                    }
                }
                Some(format!("{} {}", given.as_deref()?.trim(), family.as_deref()?.trim()))
            }
        }
    }

    /// Answers to the service's questions; an answer to no question is the scenario's mistake.
    fn answers(
        &mut self,
        typed: &TypedPatient,
        service: &Service,
        locale: &str,
    ) -> Result<std::collections::BTreeMap<String, String>, Fault> {
        let unknown: Vec<InvalidField> = typed
            .answers
            .iter()
            .filter(|(id, _)| !service.questions.iter().any(|question| question.id == *id))
            .map(|_| InvalidField {
                field: "patient.answers".into(),
                detail: "has an answer to a question the service does not ask: use the ids of `questions`"
                    .into(),
            })
            .take(1)
            .collect();
        if !unknown.is_empty() {
            return Err(Fault::InvalidRequest(unknown));
        }
        let mut answers = std::collections::BTreeMap::new();
        for question in &service.questions {
            let given =
                typed.answers.iter().find(|(id, _)| *id == question.id).map(|(_, answer)| answer.trim());
            let field = || InputField::Answer {
                id: question.id.clone(),
                text: question.text.get(locale).to_owned(),
                options: question.options.iter().map(|option| option.get(locale).to_owned()).collect(),
            };
            match given.filter(|answer| !answer.is_empty()) {
                None if question.required => self.ask(field(), InputReason::Missing),
                None => {}
                Some(answer) => {
                    let option = question.options.iter().find(|option| {
                        std::iter::once(&option.default)
                            .chain(option.translations.values())
                            .any(|text| text.to_lowercase() == answer.to_lowercase())
                    });
                    match option {
                        // Kept in the clinic's own words, whatever language it was given in.
                        Some(option) => drop(answers.insert(question.id.clone(), option.default.clone())),
                        None if question.options.is_empty() => {
                            answers.insert(question.id.clone(), answer.to_owned());
                        }
                        None => self.ask(field(), InputReason::Invalid),
                    }
                }
            }
        }
        Ok(answers)
    }
}
