//! Which of a patient's fields reach Bookings, and what it sends to the patient in turn.

use serde_json::{Value, json};

use super::{offered::Offered, wire};
use crate::{
    config::{Bookings as Settings, bookings::Sent},
    domain::Channel,
    provider::Patient,
};

/// What stands for a name that is not sent.
const NOBODY: &str = "Chatbot patient";

/// How the patient can and wants to be told, and Bookings will.
pub(super) fn channels(
    patient: &Patient,
    wanted: &[Channel],
    settings: &Settings,
    offered: &Offered,
) -> Vec<Channel> {
    let mut channels = Vec::new();
    // What Bookings sends to one who joins a group, if anything, nobody has written down; and whether a group is
    // written to at all is one switch for everybody in it. So nothing is sent, and nothing promised.
    if offered.service.capacity > 1 {
        return channels;
    }
    let email = patient.email.is_some() && settings.send.contains(&Sent::Email);
    if wanted.contains(&Channel::Email) && email {
        channels.push(Channel::Email);
    }
    let phone = patient.phone.is_some() && settings.send.contains(&Sent::Phone);
    if wanted.contains(&Channel::Sms) && phone && offered.vendor.sms_notifications_enabled {
        channels.push(Channel::Sms);
    }
    channels
}

pub(super) fn reaches_patient(reminder: &wire::Reminder) -> bool {
    !reminder.recipients.eq_ignore_ascii_case("staff")
}

/// The service's reminders; without those that would reach a patient who is not to be written to.
pub(super) fn reminders(all: &[wire::Reminder], notify: &[Channel]) -> Vec<wire::Reminder> {
    let written_to = notify.contains(&Channel::Email);
    let kept = all.iter().filter_map(|reminder| match reminder.recipients.as_str() {
        _ if written_to => Some(reminder.clone()),
        "allAttendees" => Some(wire::Reminder { recipients: "staff".to_owned(), ..reminder.clone() }),
        "staff" => Some(reminder.clone()),
        _ => None,
    });
    kept.collect()
}

/// `bookingCustomerInformation`, with the fields that may be sent. In a group the customer is known already.
pub(super) fn information(
    patient: &Patient,
    settings: &Settings,
    offered: &Offered,
    zone: &str,
    customer: Option<&str>,
) -> Value {
    let send = |field: Sent| settings.send.contains(&field);
    let mut information = json!({
        "@odata.type": wire::CUSTOMER_INFORMATION,
        "name": name(patient, settings),
        "timeZone": zone,
        "customQuestionAnswers": if send(Sent::Answers) { answers(patient, offered) } else { Vec::new() },
    });
    if let Some(email) = patient.email.as_ref().filter(|_| send(Sent::Email)) {
        information["emailAddress"] = json!(email);
    }
    if let Some(phone) = patient.phone.as_ref().filter(|_| send(Sent::Phone)) {
        information["phone"] = json!(phone);
    }
    let notes = notes(patient, settings);
    if !notes.is_empty() {
        information["notes"] = json!(notes);
    }
    if let Some(customer) = customer {
        information["customerId"] = json!(customer);
    }
    information
}

/// `bookingCustomer`, for a group.
pub(super) fn customer(patient: &Patient, settings: &Settings) -> Value {
    let mut customer = json!({ "@odata.type": wire::CUSTOMER, "displayName": name(patient, settings) });
    if let Some(email) = patient.email.as_ref().filter(|_| settings.send.contains(&Sent::Email)) {
        customer["emailAddress"] = json!(email);
    }
    if let Some(phone) = patient.phone.as_ref().filter(|_| settings.send.contains(&Sent::Phone)) {
        customer["phones"] = json!([{ "number": phone, "type": "home" }]);
    }
    customer
}

fn name<'a>(patient: &'a Patient, settings: &Settings) -> &'a str {
    if settings.send.contains(&Sent::Name) { &patient.name } else { NOBODY }
}

/// What Bookings has no field for.
fn notes(patient: &Patient, settings: &Settings) -> String {
    let send = |field: Sent| settings.send.contains(&field);
    let mut lines = Vec::new();
    if let Some(date) = patient.birth_date.filter(|_| send(Sent::BirthDate)) {
        lines.push(format!("Born {date}"));
    }
    if let Some(booked_by) = patient.booked_by.as_ref().filter(|_| send(Sent::BookedBy)) {
        let relation =
            booked_by.relation.as_ref().map(|relation| format!(" ({relation})")).unwrap_or_default();
        lines.push(format!("Booked by {}{relation}", booked_by.name));
    }
    if let Some(notes) = patient.notes.as_ref().filter(|_| send(Sent::Notes)) {
        lines.push(notes.clone());
    }
    lines.join("\n")
}

fn answers(patient: &Patient, offered: &Offered) -> Vec<Value> {
    let answered = offered.questions.iter().filter_map(|question| {
        let answer = patient.answers.get(&question.id)?;
        let chosen = !question.answer_options.is_empty();
        Some(json!({
            "questionId": question.id,
            "question": question.display_name,
            "answerInputType": if chosen { "radioButton" } else { "text" },
            "answerOptions": question.answer_options,
            "isRequired": offered.vendor.custom_questions.iter().any(|of| of.question_id == question.id && of.is_required),
            "answer": answer,
            "selectedOptions": if chosen { vec![answer.clone()] } else { Vec::new() },
        }))
    });
    answered.collect()
}
