//! `get-appointment`, and the proof that all functions about an existing booking ask for.

use super::{BookingView, Caller, Fault, InputField, InputReason, NeedsInput, Scheduling, contact};
use crate::{
    domain::code::ConfirmationCode,
    ledger::{
        documents::ContactKind,
        open::{GivenContact, Opened},
        record::Record,
    },
};

/// A code and one contact detail, as typed. `Debug` shows nothing of it.
#[derive(Clone, Default)]
pub struct Proof {
    pub code: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub birth_date: Option<String>,
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proof(…)")
    }
}

/// Why a booking was not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotOpened {
    /// Unknown code or wrong contact: deliberately one answer.
    NotFound,
    TooManyAttempts {
        minutes: u32,
    },
}

#[derive(Debug, Clone)]
pub struct FindRequest {
    pub proof: Proof,
    pub caller: Caller,
}

#[derive(Debug, Clone)]
pub enum FindOutcome {
    Found(BookingView),
    NotOpened(NotOpened),
    NeedsInput(Vec<NeedsInput>),
}

/// What a proof opened.
pub(super) enum Proven {
    Booking(Box<Record>),
    NotOpened(NotOpened),
    NeedsInput(Vec<NeedsInput>),
}

impl Scheduling {
    /// # Errors
    /// When the booking, or the vendor's record of it, cannot be read.
    pub async fn get_appointment(&self, request: FindRequest) -> Result<FindOutcome, Fault> {
        match self.prove(&request.proof, "get-appointment", &request.caller).await? {
            Proven::NotOpened(not_opened) => Ok(FindOutcome::NotOpened(not_opened)),
            Proven::NeedsInput(asks) => Ok(FindOutcome::NeedsInput(asks)),
            Proven::Booking(record) => {
                let mut view = self.view(&record).await?;
                view.code = Some(record.code.clone());
                Ok(FindOutcome::Found(view))
            }
        }
    }

    /// Opens a booking for whoever has its code and one of its contacts, and leaves an audit record of it.
    pub(super) async fn prove(
        &self,
        proof: &Proof,
        function: &'static str,
        caller: &Caller,
    ) -> Result<Proven, Fault> {
        let (code, given) = match self.read_proof(proof).await? {
            Ok(read) => read,
            Err(asks) => return Ok(Proven::NeedsInput(asks)),
        };
        let (proven, outcome) = match self.ledger.open(&code, &given).await? {
            Opened::Booking(record) => {
                (Proven::Booking(Box::new(self.ledger.refresh(*record).await?)), "opened")
            }
            Opened::NotFound => (Proven::NotOpened(NotOpened::NotFound), "notFound"),
            Opened::TooManyAttempts { minutes } => {
                (Proven::NotOpened(NotOpened::TooManyAttempts { minutes }), "tooManyAttempts")
            }
        };
        self.audit(function, caller, Some(&code), outcome).await?;
        Ok(proven)
    }

    /// A code and contacts in the forms they are compared in. One contact that can be read is enough; a phone
    /// number is read as of every country that has sites.
    async fn read_proof(
        &self,
        proof: &Proof,
    ) -> Result<Result<(ConfirmationCode, Vec<GivenContact>), Vec<NeedsInput>>, Fault> {
        let mut asks = Vec::new();
        let mut ask = |field, reason| asks.push(NeedsInput { field, reason });
        let code = match proof.code.as_deref().map(str::parse::<ConfirmationCode>) {
            None => {
                ask(InputField::ConfirmationCode, InputReason::Missing);
                None
            }
            Some(Err(_)) => {
                ask(InputField::ConfirmationCode, InputReason::Invalid);
                None
            }
            Some(Ok(code)) => Some(code),
        };
        let countries = self.countries().await?;
        let each = |read: &dyn Fn(Option<&str>) -> Option<String>| {
            let mut forms: Vec<String> = countries
                .iter()
                .map(|country| Some(country.as_str()))
                .chain([None])
                .filter_map(read)
                .collect();
            forms.dedup();
            forms
        };
        let typed = [
            (ContactKind::Email, InputField::ContactEmail, &proof.email),
            (ContactKind::Phone, InputField::ContactPhone, &proof.phone),
            (ContactKind::BirthDate, InputField::ContactBirthDate, &proof.birth_date),
        ];
        let mut given = Vec::new();
        let mut unreadable = Vec::new();
        for (kind, field, typed) in typed {
            let Some(typed) = typed else { continue };
            let forms = match kind {
                ContactKind::Email => contact::email(typed).into_iter().collect(),
                ContactKind::Phone => each(&|country| contact::phone(typed, country)),
                ContactKind::BirthDate => {
                    each(&|country| contact::birth_date(typed, country).map(|date| date.to_string()))
                }
            };
            if forms.is_empty() { unreadable.push(field) } else { given.push(GivenContact { kind, forms }) }
        }
        if given.is_empty() {
            if unreadable.is_empty() {
                ask(InputField::Contact, InputReason::Missing);
            }
            for field in unreadable {
                ask(field, InputReason::Invalid);
            }
        }
        match code {
            Some(code) if asks.is_empty() => Ok(Ok((code, given))),
            _ => Ok(Err(asks)),
        }
    }
}
