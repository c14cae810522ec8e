//! How a booking is told to its patient.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    menu::{Menu, Menus},
    site::LocationTold,
    slot::{Times, rfc3339},
    way_on::Words,
};
use crate::{
    domain::civil,
    language::{Language, Message},
    scheduling::{AppointmentView, BookingView, Channel, Status},
};

/// A booking and its appointments.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct BookingTold {
    /// Opens the booking together with a contact detail. `null` where it was told before and is not repeated.
    #[schema(examples("7GK2M-Q4RWX"))]
    confirmation_code: Option<String>,
    /// To be sent with a repetition; of a preview, with the request that is to be carried out.
    request_id: Option<String>,
    /// In the order of the doses.
    appointments: Vec<AppointmentTold>,
    /// What is really sent to the patient.
    notified: Vec<ChannelTold>,
    /// How long before an appointment the patient is reminded, as ISO 8601 durations.
    #[schema(examples(json!(["P1D"])))]
    reminders: Vec<String>,
    menus: Menus,
    /// A sentence or two for the patient.
    say: String,
    /// The same with a line per appointment, for text messages.
    text: String,
}

/// One appointment of a booking.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AppointmentTold {
    dose: u8,
    status: StatusTold,
    status_label: String,
    /// With the site's offset.
    #[schema(format = DateTime, examples("2026-12-01T09:00:00-08:00"))]
    start: String,
    #[schema(format = DateTime)]
    end: String,
    #[schema(examples("Tuesday, December 1, 9:00 AM PST"))]
    label: String,
    service_id: String,
    service_name: String,
    location_id: String,
    location: LocationTold,
    /// By name; `null` where it is whoever is free.
    practitioner: Option<String>,
    /// For a visit by video.
    join_url: Option<String>,
    instructions: Option<String>,
    can_cancel: bool,
    can_reschedule: bool,
    /// From then on, only the clinic can change it.
    #[schema(format = DateTime)]
    change_until: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum StatusTold {
    Booked,
    Pending,
    Moved,
    Cancelled,
    CancelledByClinic,
    Past,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum ChannelTold {
    Email,
    Sms,
}

impl BookingTold {
    pub(super) fn new(view: &BookingView, request_id: Option<&str>, words: Words, times: Times<'_>) -> Self {
        Self {
            confirmation_code: view.code.as_ref().map(crate::domain::code::ConfirmationCode::display),
            request_id: request_id.map(str::to_owned).or_else(|| view.request_id.clone()),
            appointments: view.appointments.iter().map(|told| AppointmentTold::new(told, times)).collect(),
            notified: view.notified.iter().copied().map(ChannelTold::from).collect(),
            reminders: view.reminders.clone(),
            menus: Menus { appointments: Some(menu(&view.appointments, times)), ..Menus::default() },
            say: words.say,
            text: words.text,
        }
    }
}

impl AppointmentTold {
    fn new(view: &AppointmentView, times: Times<'_>) -> Self {
        let zone = view.location.time_zone;
        let language = times.language;
        let text = |text: &crate::domain::Localized| text.get(language.tag()).to_owned();
        Self {
            dose: view.dose,
            status: view.status.into(),
            status_label: language.say(&status_word(view.status)),
            start: rfc3339(view.time.start(), zone),
            end: rfc3339(view.time.end(), zone),
            label: when(view, times),
            service_id: view.service.id.to_string(),
            service_name: text(&view.service.name),
            location_id: view.location.id.to_string(),
            location: LocationTold::new(&view.location, language),
            practitioner: view.practitioner.as_ref().map(|practitioner| practitioner.name.clone()),
            join_url: view.join_url.clone(),
            instructions: view.service.instructions.as_ref().map(text),
            can_cancel: view.can_cancel,
            can_reschedule: view.can_reschedule,
            change_until: rfc3339(view.change_until, zone),
        }
    }
}

impl From<Status> for StatusTold {
    fn from(status: Status) -> Self {
        match status {
            Status::Booked => Self::Booked,
            Status::Pending => Self::Pending,
            Status::Moved => Self::Moved,
            Status::Cancelled => Self::Cancelled,
            Status::CancelledByClinic => Self::CancelledByClinic,
            Status::Past => Self::Past,
        }
    }
}

impl From<Channel> for ChannelTold {
    fn from(channel: Channel) -> Self {
        match channel {
            Channel::Email => Self::Email,
            Channel::Sms => Self::Sms,
        }
    }
}

pub(super) fn status_word(status: Status) -> Message<'static> {
    match status {
        Status::Booked => Message::StatusBooked,
        Status::Pending => Message::StatusPending,
        Status::Moved => Message::StatusMoved,
        Status::Cancelled => Message::StatusCancelled,
        Status::CancelledByClinic => Message::StatusCancelledByClinic,
        Status::Past => Message::StatusPast,
    }
}

/// `Tuesday, December 1, 9:00 AM PST`
pub(super) fn when(view: &AppointmentView, times: Times<'_>) -> String {
    times.language.slot_label(view.time.start(), view.location.time_zone, times.now)
}

/// The doses, by number.
fn menu(appointments: &[AppointmentView], times: Times<'_>) -> Menu {
    let titles = match appointments {
        [only] => vec![when(only, times)],
        several => several.iter().map(|view| dose_line(view, times)).collect(),
    };
    let values = appointments.iter().map(|view| view.dose.to_string()).collect();
    Menu::new(titles, values, times.language)
}

/// `Dose 1: Tuesday, December 1, 9:00 AM PST`
pub(super) fn dose_line(view: &AppointmentView, times: Times<'_>) -> String {
    times.language.say(&Message::DoseLine { dose: view.dose.into(), when: &when(view, times) })
}

/// One sentence for one appointment, another to lead in to the lines of several.
pub(super) struct Headline {
    pub(super) one: fn(&Facts) -> Message<'_>,
    pub(super) several: fn(&Facts) -> Message<'_>,
}

/// What headlines speak of.
pub(super) struct Facts {
    pub(super) count: u32,
    pub(super) service: String,
    pub(super) location: String,
    pub(super) when: String,
}

impl Facts {
    /// Of the first appointment, for all of a booking are of one service at one site.
    pub(super) fn of(appointments: &[AppointmentView], times: Times<'_>) -> Self {
        let first = appointments.first();
        Self {
            count: u32::try_from(appointments.len()).unwrap_or(u32::MAX),
            service: first
                .map(|view| view.service.name.get(times.language.tag()).to_owned())
                .unwrap_or_default(),
            location: first.map(|view| view.location.name.clone()).unwrap_or_default(),
            when: first.map(|view| when(view, times)).unwrap_or_default(),
        }
    }
}

impl Headline {
    /// The headline, and for several appointments a line each.
    pub(super) fn tell(
        &self,
        facts: &Facts,
        appointments: &[AppointmentView],
        times: Times<'_>,
    ) -> (String, Vec<String>) {
        if appointments.len() == 1 {
            return (times.language.say(&(self.one)(facts)), Vec::new());
        }
        let lines = appointments.iter().map(|view| dose_line(view, times)).collect();
        (times.language.say(&(self.several)(facts)), lines)
    }
}

/// What will be sent, or that nothing will.
pub(super) fn notices(view: &BookingView, language: &Language) -> Vec<String> {
    let mut notices = Vec::new();
    if let Some(code) = &view.code {
        notices.push(language.say(&Message::ConfirmationCode { code: &code.display() }));
    }
    let by = |channel| view.notified.contains(&channel);
    let sent = match (by(Channel::Email), by(Channel::Sms)) {
        (true, true) => Some(Message::ConfirmationByEmailAndSms),
        (true, false) => Some(Message::ConfirmationByEmail),
        (false, true) => Some(Message::ConfirmationBySms),
        (false, false) => view.code.is_some().then_some(Message::WriteCodeDown),
    };
    notices.extend(sent.map(|message| language.say(&message)));
    let reminders = view.reminders.iter().filter_map(|reminder| civil::elapsed(reminder));
    notices.extend(
        reminders.map(|before| language.say(&Message::Reminder { before: &language.duration(before) })),
    );
    notices
}

/// What the patient should know before coming, once for each text.
pub(super) fn instructions<'a>(
    appointments: impl IntoIterator<Item = &'a AppointmentView>,
    language: &Language,
) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for view in appointments {
        if let Some(text) = view.service.instructions.as_ref().map(|text| text.get(language.tag()))
            && !told.iter().any(|earlier| earlier == text)
        {
            told.push(text.to_owned());
        }
    }
    told
}
