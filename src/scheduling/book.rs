//! `book`: a whole series, all or nothing.

use std::{collections::HashSet, sync::Arc};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{
    AppointmentView, BookingView, Caller, Channel, Fault, InputField, InputReason, Mode, NeedsInput,
    NotEligible, Scheduling, Slot, TypedPatient, eligibility, patient,
    patient::Checked,
    search::{Hunt, Own},
    slots::{broken_interval, same_as_standing},
};
use crate::{
    domain::{BookBy, Location, PractitionerChoice, PractitionerId, Service, TimeRange, slot::SlotId},
    ledger::{
        book::{Booked, Recalled, Wish, WishedDose},
        documents::{Dose, State},
        record::Record,
    },
    provider::{Counted, Notices, Provider},
};

#[derive(Debug, Clone)]
pub struct BookRequest {
    /// In the order of the doses.
    pub slots: Vec<SlotId>,
    /// The first of them is this dose.
    pub first_dose: u8,
    pub patient: TypedPatient,
    pub notify: Vec<Channel>,
    pub request_id: Option<String>,
    pub mode: Mode,
    pub locale: String,
    pub caller: Caller,
}

#[derive(Debug, Clone)]
pub enum BookOutcome {
    Booked(BookingView),
    Preview {
        booking: BookingView,
        request_id: String,
    },
    /// Nothing was booked. `taken`: which doses; `alternatives`: slots for the first of them that fit the
    /// doses kept.
    SlotTaken {
        taken: Vec<u8>,
        alternatives: Vec<Slot>,
    },
    /// By an earlier request for the same; the code was told then and is not told again.
    AlreadyBooked,
    /// The same request was booked and has been cancelled since.
    AlreadyCancelled,
    NotBookable {
        reason: NotBookable,
        location: Option<Arc<Location>>,
    },
    NotEligible {
        reason: NotEligible,
    },
    SeriesInterval {
        dose: u8,
        min_days: u32,
        max_days: u32,
    },
    TooManyBookings {
        max: u32,
    },
    InProgress,
    NeedsInput(Vec<NeedsInput>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotBookable {
    /// No such slot: forged, or the clinic changed its hours.
    NoSuchSlot,
    Past,
    /// Within the notice the clinic wants.
    TooSoon {
        notice: TimeDelta,
    },
    /// Later than the clinic's calendar is open.
    TooFar {
        days: u32,
    },
    /// Another number of slots than the series has doses, or of several services or sites.
    WrongSlots,
    /// This site does not take bookings through the chat.
    BookElsewhere,
    /// The provider's rules forbid it.
    Refused,
}

/// The slots of a request, found to be of one service at one site.
#[derive(Clone)]
pub(super) struct Chosen<'a> {
    pub provider: &'a Arc<dyn Provider>,
    pub location: Arc<Location>,
    pub service: Arc<Service>,
    pub doses: Vec<ChosenDose>,
}

/// One dose, when it is wanted, and with whom if the patient said.
#[derive(Debug, Clone)]
pub(super) struct ChosenDose {
    pub dose: u8,
    pub slot: SlotId,
    pub time: TimeRange,
}

/// What there is for the doses chosen.
pub(super) enum Offered {
    Places(Places),
    NotBookable(NotBookable),
}

/// Who could serve each dose.
pub(super) struct Places {
    pub doses: Vec<WishedDose>,
    pub counted: HashSet<Counted>,
    /// These have no place with anybody. What is in the way may be what an earlier call of the same request has made
    /// at the vendor: only the ledger knows.
    pub taken: Vec<u8>,
}

impl Scheduling {
    /// Run it in a task of its own: it ends even if nobody waits.
    ///
    /// # Errors
    /// When it is not known how it ended, or nothing was done; `reconcile` settles what was left.
    pub async fn book(&self, request: BookRequest) -> Result<BookOutcome, Fault> {
        let outcome = Box::pin(self.book_unaudited(&request)).await;
        if request.mode == Mode::Write {
            let (code, word) = match &outcome {
                Ok(outcome) => (outcome.code(), outcome.word()),
                Err(_) => (None, "fault"),
            };
            self.audit("book", &request.caller, code, word).await?;
        }
        outcome
    }

    async fn book_unaudited(&self, request: &BookRequest) -> Result<BookOutcome, Fault> {
        let chosen = match self.choose(&request.slots, request.first_dose).await? {
            Ok(chosen) => chosen,
            Err(reason) => return Ok(BookOutcome::NotBookable { reason, location: None }),
        };
        let now = self.clock.now();
        let today = chosen.hunt(None).today(now);
        let checked = match patient::check(request, &chosen.location, &chosen.service, today)? {
            Ok(checked) => checked,
            Err(asks) => return Ok(BookOutcome::NeedsInput(asks)),
        };
        let start = match request.mode {
            Mode::Write => match self.ledger.recall(&checked.request).await? {
                Recalled::Ended(booked) => {
                    let booked = self.as_it_is_now(*booked).await?;
                    return self.answer(booked, request, &chosen).await;
                }
                Recalled::Open(start) => start,
            },
            Mode::Preview => None,
        };
        if let Some(refusal) = chosen.refusal(&checked, now) {
            return Ok(refusal);
        }
        match self.offered(&chosen, None).await? {
            Offered::NotBookable(reason) => {
                Ok(BookOutcome::NotBookable { reason, location: Some(chosen.location.clone()) })
            }
            Offered::Places(Places { doses, counted, taken }) if request.mode == Mode::Write => {
                let notices = chosen.notices(&checked, request).await;
                let wish = Wish {
                    request: checked.request,
                    start,
                    location: chosen.location.clone(),
                    service: chosen.service.clone(),
                    doses,
                    counted: Arc::new(counted),
                    taken,
                    patient: checked.patient,
                    notices,
                    locale: request.locale.clone(),
                };
                let booked = Box::pin(self.ledger.book(wish)).await?;
                self.answer(booked, request, &chosen).await
            }
            Offered::Places(Places { taken, .. }) if !taken.is_empty() => {
                self.slot_taken(&chosen, taken).await
            }
            Offered::Places(_) => self.preview(&chosen, &checked, request).await,
        }
    }

    /// A booking that was made before, as the vendor has it now.
    async fn as_it_is_now(&self, booked: Booked) -> Result<Booked, Fault> {
        Ok(match booked {
            Booked::Booked(record) => {
                let now = self.ledger.refresh(*record).await?;
                // Somebody may have cancelled it in this very moment.
                let cancelled = now.booking.state == State::Cancelled;
                let as_now = if cancelled { Booked::AlreadyCancelled } else { Booked::Booked };
                as_now(Box::new(now))
            }
            booked => booked,
        })
    }

    /// Finds the site and the service of some slots, and their times.
    pub(super) async fn choose(
        &self,
        slots: &[SlotId],
        first_dose: u8,
    ) -> Result<Result<Chosen<'_>, NotBookable>, Fault> {
        let Some(first) = slots.first() else { return Ok(Err(NotBookable::WrongSlots)) };
        let Some((provider, location, _)) = self.site(&first.location).await? else {
            return Ok(Err(NotBookable::NoSuchSlot));
        };
        let Some(service) = location.service(first.service.as_str()).cloned() else {
            return Ok(Err(NotBookable::NoSuchSlot));
        };
        let one_kind =
            slots.iter().all(|slot| slot.location == first.location && slot.service == first.service);
        if !one_kind {
            return Ok(Err(NotBookable::WrongSlots));
        }
        let doses: Option<Vec<ChosenDose>> = slots
            .iter()
            .zip(first_dose..)
            .map(|(slot, dose)| {
                let time = service.appointment(slot.start).ok()?;
                Some(ChosenDose { dose, slot: slot.clone(), time })
            })
            .collect();
        Ok(match doses {
            Some(doses) => Ok(Chosen { provider, location, service, doses }),
            None => Err(NotBookable::NoSuchSlot),
        })
    }

    /// Who could serve each dose.
    pub(super) async fn offered(&self, chosen: &Chosen<'_>, own: Option<&Record>) -> Result<Offered, Fault> {
        let mut doses = Vec::new();
        let mut counted = HashSet::new();
        let mut taken = Vec::new();
        for dose in &chosen.doses {
            let mut hunt = chosen.hunt(dose.slot.practitioner.clone());
            hunt.own = own.map(Own::from);
            match self.candidates(&hunt, dose.time).await? {
                None => return Ok(Offered::NotBookable(NotBookable::NoSuchSlot)),
                Some((candidates, handles)) => {
                    if candidates.is_empty() {
                        taken.push(dose.dose);
                    }
                    counted.extend(handles);
                    doses.push(WishedDose { dose: dose.dose, time: dose.time, candidates });
                }
            }
        }
        if taken.is_empty() && chosen.service.same_practitioner {
            taken = keep_same(&mut doses, own);
        }
        Ok(Offered::Places(Places { doses, counted, taken }))
    }

    /// All checks, nothing written: also whether the slots are free at this moment.
    async fn preview(
        &self,
        chosen: &Chosen<'_>,
        checked: &Checked,
        request: &BookRequest,
    ) -> Result<BookOutcome, Fault> {
        let taken = self.not_free(chosen, None).await?;
        if !taken.is_empty() {
            return self.slot_taken(chosen, taken).await;
        }
        let max = chosen.service.max_open_per_contact;
        if self.ledger.has_enough_open(&checked.request, max).await? {
            return Ok(BookOutcome::TooManyBookings { max });
        }
        let request_id = request.request_id.clone().unwrap_or_else(|| self.fresh_request_id());
        let appointments = chosen
            .doses
            .iter()
            .map(|dose| AppointmentView::planned(dose.dose, dose.time, &chosen.location, &chosen.service))
            .collect();
        let (notified, reminders) = (Vec::new(), Vec::new());
        let booking = BookingView {
            code: None,
            request_id: Some(request_id.clone()),
            appointments,
            notified,
            reminders,
        };
        let booking = booking.noticed(&chosen.notices(checked, request).await);
        Ok(BookOutcome::Preview { booking, request_id })
    }

    /// Which of the doses chosen are not free at this moment.
    pub(super) async fn not_free(&self, chosen: &Chosen<'_>, own: Option<&Record>) -> Result<Vec<u8>, Fault> {
        let mut taken = Vec::new();
        if chosen.service.same_practitioner && chosen.doses.len() > 1 {
            return self.not_free_with_one(chosen, own).await;
        }
        for dose in &chosen.doses {
            let mut hunt = chosen.hunt(dose.slot.practitioner.clone());
            hunt.own = own.map(Own::from);
            let date = hunt.date_of(dose.time.start());
            let found = self.free_dates(&hunt, &(date..=date)).await?;
            let free = found
                .by_date
                .get(&date)
                .is_some_and(|starts| starts.iter().any(|free| free.start == dose.time.start()));
            if !free {
                taken.push(dose.dose);
            }
        }
        Ok(taken)
    }

    /// The same where one practitioner has to have all of them free: by whoever has most.
    async fn not_free_with_one(&self, chosen: &Chosen<'_>, own: Option<&Record>) -> Result<Vec<u8>, Fault> {
        let starts: Vec<DateTime<Utc>> = chosen.doses.iter().map(|dose| dose.time.start()).collect();
        let named = chosen.doses.iter().find_map(|dose| dose.slot.practitioner.clone());
        let able = self.same_for(&chosen.hunt(named), &starts).await?.unwrap_or_default();
        let mut fewest: Vec<u8> = chosen.doses.iter().skip(1).map(|dose| dose.dose).collect();
        for practitioner in able {
            let mut one = chosen.clone();
            let service = Service { same_practitioner: false, ..(*one.service).clone() };
            one.service = Arc::new(service);
            for dose in &mut one.doses {
                dose.slot.practitioner = Some(practitioner.clone());
            }
            let taken = Box::pin(self.not_free(&one, own)).await?;
            if taken.len() < fewest.len() || taken.is_empty() {
                fewest = taken;
            }
        }
        Ok(fewest)
    }

    async fn slot_taken(&self, chosen: &Chosen<'_>, taken: Vec<u8>) -> Result<BookOutcome, Fault> {
        let alternatives = self.alternatives_for(chosen, &taken, &[], None).await?;
        Ok(BookOutcome::SlotTaken { taken, alternatives })
    }

    /// Slots for the first dose that is taken, which fit the doses that are not, and those that stand.
    pub(super) async fn alternatives_for(
        &self,
        chosen: &Chosen<'_>,
        taken: &[u8],
        standing: &[(u8, DateTime<Utc>)],
        own: Option<&Record>,
    ) -> Result<Vec<Slot>, Fault> {
        let Some(dose) = chosen.doses.iter().find(|dose| taken.contains(&dose.dose)) else {
            return Ok(Vec::new());
        };
        let mut kept: Vec<(u8, DateTime<Utc>)> = chosen
            .doses
            .iter()
            .filter(|dose| !taken.contains(&dose.dose))
            .map(|dose| (dose.dose, dose.time.start()))
            .collect();
        kept.extend(standing.iter().filter(|(dose, _)| !chosen.doses.iter().any(|of| of.dose == *dose)));
        let mut hunt = chosen.hunt(dose.slot.practitioner.clone());
        hunt.own = own.map(Own::from);
        let moving: Vec<u8> = chosen.doses.iter().map(|dose| dose.dose).collect();
        hunt.among = own.and_then(|record| same_as_standing(&hunt, record, &moving));
        if hunt.among.is_none() {
            let starts: Vec<DateTime<Utc>> = kept.iter().map(|(_, start)| *start).collect();
            hunt.among = self.same_for(&hunt, &starts).await?;
        }
        self.alternatives(&hunt, dose.dose, dose.time.start(), &kept).await
    }

    /// What the ledger's answer means for the patient.
    async fn answer(
        &self,
        booked: Booked,
        request: &BookRequest,
        chosen: &Chosen<'_>,
    ) -> Result<BookOutcome, Fault> {
        Ok(match booked {
            Booked::Booked(record) => {
                let mut view = self.view(&record).await?.noticed(&record.booking.notices);
                view.code = Some(record.code.clone());
                view.request_id.clone_from(&request.request_id);
                BookOutcome::Booked(view)
            }
            Booked::AlreadyBooked(_) => BookOutcome::AlreadyBooked,
            Booked::AlreadyCancelled(_) => BookOutcome::AlreadyCancelled,
            Booked::SlotTaken(taken) => self.slot_taken(chosen, taken).await?,
            Booked::Refused => BookOutcome::NotBookable {
                reason: NotBookable::Refused,
                location: Some(chosen.location.clone()),
            },
            Booked::TooManyBookings => {
                BookOutcome::TooManyBookings { max: chosen.service.max_open_per_contact }
            }
            Booked::InProgress => BookOutcome::InProgress,
        })
    }
}

/// Keeps those who could do all doses, those that stand already too. Which doses nobody is left for.
fn keep_same(doses: &mut [WishedDose], own: Option<&Record>) -> Vec<u8> {
    let stays = |dose: &&Dose| dose.status.stands() && !doses.iter().any(|moving| moving.dose == dose.dose);
    let standing = own.into_iter().flat_map(|record| record.booking.doses.iter().filter(stays));
    let standing: Vec<_> =
        standing.filter_map(|dose| dose.place.as_ref().map(|place| place.practitioner.clone())).collect();
    let able = |dose: &WishedDose, practitioner: &PractitionerId| {
        dose.candidates.iter().any(|candidate| candidate.place.practitioner == *practitioner)
    };
    let all: Vec<PractitionerId> = doses
        .iter()
        .flat_map(|dose| dose.candidates.iter().map(|candidate| candidate.place.practitioner.clone()))
        .filter(|practitioner| doses.iter().all(|dose| able(dose, practitioner)))
        .filter(|practitioner| standing.iter().all(|standing| standing == practitioner))
        .collect();
    for dose in &mut *doses {
        dose.candidates.retain(|candidate| all.contains(&candidate.place.practitioner));
    }
    // Of several the first is kept, and the others are to be chosen to fit it.
    let skipped = usize::from(doses.len() > 1);
    let without = doses.iter().skip(skipped).filter(|dose| dose.candidates.is_empty());
    without.map(|dose| dose.dose).collect()
}

impl<'a> Chosen<'a> {
    pub(super) fn hunt(&self, practitioner: Option<crate::domain::PractitionerId>) -> Hunt<'a> {
        Hunt {
            provider: self.provider,
            location: self.location.clone(),
            service: self.service.clone(),
            practitioner,
            among: None,
            own: None,
        }
    }

    /// What the provider will send to the patient.
    async fn notices(&self, checked: &Checked, request: &BookRequest) -> Notices {
        self.provider.notices(&self.location, &self.service, &checked.patient, &request.notify).await
    }

    /// The rules that forbid it, whoever is free.
    fn refusal(&self, checked: &Checked, now: DateTime<Utc>) -> Option<BookOutcome> {
        let not_bookable =
            |reason| Some(BookOutcome::NotBookable { reason, location: Some(self.location.clone()) });
        if !self.location.book_by.contains(&BookBy::Chat) {
            return not_bookable(NotBookable::BookElsewhere);
        }
        if self.service.hidden {
            return not_bookable(NotBookable::NoSuchSlot);
        }
        let last_dose = self.doses.last().map_or(0, |dose| dose.dose);
        if last_dose != self.service.doses() {
            return not_bookable(NotBookable::WrongSlots);
        }
        let unnamed = self.doses.iter().any(|dose| dose.slot.practitioner.is_none());
        if self.service.practitioner_choice == PractitionerChoice::Required && unnamed {
            let (field, reason) = (InputField::Practitioner, InputReason::Missing);
            return Some(BookOutcome::NeedsInput(vec![NeedsInput { field, reason }]));
        }
        if let Some(reason) = self.outside(now) {
            return not_bookable(reason);
        }
        let first = self.dates().first().map(|(_, date)| *date)?;
        if let Some(reason) = eligibility::check(&self.service, checked.patient.birth_date, first) {
            return Some(BookOutcome::NotEligible { reason });
        }
        let series = self.service.series.as_ref()?;
        let dose = broken_interval(series, &self.dates())?;
        Some(BookOutcome::SeriesInterval { dose, min_days: series.min_days, max_days: series.max_days })
    }

    /// Whether a dose is outside of what may be booked now.
    pub(super) fn outside(&self, now: DateTime<Utc>) -> Option<NotBookable> {
        let hunt = self.hunt(None);
        let (earliest, last) = hunt.bookable(now);
        self.doses.iter().find_map(|dose| {
            let start = dose.time.start();
            if start <= now {
                Some(NotBookable::Past)
            } else if start < earliest {
                Some(NotBookable::TooSoon { notice: self.service.min_notice })
            } else {
                (hunt.date_of(start) > last)
                    .then_some(NotBookable::TooFar { days: self.service.max_advance_days })
            }
        })
    }

    /// Each dose's date at the site.
    pub(super) fn dates(&self) -> Vec<(u8, NaiveDate)> {
        let hunt = self.hunt(None);
        self.doses.iter().map(|dose| (dose.dose, hunt.date_of(dose.time.start()))).collect()
    }
}

impl BookOutcome {
    fn code(&self) -> Option<&crate::domain::code::ConfirmationCode> {
        match self {
            Self::Booked(view) => view.code.as_ref(),
            _ => None,
        }
    }

    /// The outcome as the contract names it, for audit records.
    fn word(&self) -> &'static str {
        match self {
            Self::Booked(_) => "booked",
            Self::Preview { .. } => "preview",
            Self::SlotTaken { .. } => "slotTaken",
            Self::AlreadyBooked => "alreadyBooked",
            Self::AlreadyCancelled => "alreadyCancelled",
            Self::NotBookable { .. } => "notBookable",
            Self::NotEligible { .. } => "notEligible",
            Self::SeriesInterval { .. } => "seriesInterval",
            Self::TooManyBookings { .. } => "tooManyBookings",
            Self::InProgress => "inProgress",
            Self::NeedsInput(_) => "needsInput",
        }
    }
}
