//! From `[[service]]` to [`Service`], with what a schema cannot say: what fits together.

use std::{collections::BTreeSet, sync::Arc};

use chrono::TimeDelta;

use super::{
    file::{ConsentEntry, QuestionEntry, SeriesEntry, ServiceEntry},
    findings::Findings,
    words,
};
use crate::domain::{Audience, Consent, PractitionerChoice, Question, Series, Service};

const MAX_ADVANCE_DAYS: u32 = 90;
const MAX_OPEN_PER_CONTACT: u32 = 6;

/// A service, and where it stands in the file.
pub(super) struct Known {
    pub(super) service: Arc<Service>,
    pub(super) path: String,
}

pub(super) fn services(entries: Vec<ServiceEntry>, findings: &mut Findings) -> Vec<Known> {
    let mut ids = BTreeSet::new();
    let mut known = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let path = format!("service[{index}]");
        let id = entry.id.clone().unwrap_or_default();
        if !id.is_empty() && !ids.insert(id) {
            findings.wrong(&format!("{path}.id"), "is the id of an earlier service too; ids are unique");
        }
        known.push(Known { service: Arc::new(service(entry, &path, findings)), path });
    }
    known
}

fn service(entry: ServiceEntry, path: &str, findings: &mut Findings) -> Service {
    check_ages(entry.min_age, entry.max_age, path, findings);
    let duration = entry.duration_minutes.unwrap_or(1);
    let max_advance_days = entry.max_advance_days.unwrap_or(MAX_ADVANCE_DAYS);
    let minutes = |minutes: u32| TimeDelta::minutes(i64::from(minutes));
    Service {
        id: entry.id.unwrap_or_default().into(),
        name: words::required(entry.name, &format!("{path}.name"), findings),
        duration: minutes(duration),
        every: minutes(entry.every_minutes.unwrap_or(duration)),
        buffer_before: minutes(entry.buffer_before_minutes.unwrap_or(0)),
        buffer_after: minutes(entry.buffer_after_minutes.unwrap_or(0)),
        capacity: entry.capacity.unwrap_or(1),
        min_notice: minutes(entry.min_notice_minutes.unwrap_or(0)),
        max_advance_days,
        cancel_notice: minutes(entry.cancel_notice_minutes.unwrap_or(0)),
        series: entry.series.and_then(|entry| series(&entry, max_advance_days, path, findings)),
        requires: entry.requires.unwrap_or_default(),
        questions: questions(entry.questions.unwrap_or_default(), path, findings),
        consent: entry.consent.map(|entry| consent(entry, path, findings)),
        instructions: words::optional(entry.instructions, &format!("{path}.instructions"), findings),
        price: words::optional(entry.price, &format!("{path}.price"), findings),
        min_age: entry.min_age,
        max_age: entry.max_age,
        audience: entry.audience.unwrap_or(Audience::Any),
        practitioner_choice: entry.practitioner_choice.unwrap_or(PractitionerChoice::None),
        max_open_per_contact: entry.max_open_per_contact.unwrap_or(MAX_OPEN_PER_CONTACT),
        same_practitioner: false,
        online: entry.online.unwrap_or(false),
        booking_page: None,
        hidden: false,
    }
}

pub(super) fn check_ages(min: Option<u32>, max: Option<u32>, path: &str, findings: &mut Findings) {
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        findings.wrong(&format!("{path}.max_age"), format!("must be at least `min_age`, {min}"));
    }
}

/// A series that is wrong is none; what is wrong was found, or is found here.
pub(super) fn series(
    entry: &SeriesEntry,
    advance: u32,
    path: &str,
    findings: &mut Findings,
) -> Option<Series> {
    let series = Series { doses: entry.doses?, min_days: entry.min_days?, max_days: entry.max_days? };
    if series.min_days > series.max_days {
        let detail = format!("must be at least `min_days`, {}", series.min_days);
        findings.wrong(&format!("{path}.series.max_days"), detail);
    }
    let last_dose = u32::from(series.doses).saturating_sub(1).saturating_mul(series.min_days);
    if last_dose > advance {
        let detail = format!(
            "puts the last dose {last_dose} days after the first, but `max_advance_days` is {advance}, so that \
             none could be booked: raise that"
        );
        findings.wrong(&format!("{path}.series"), detail);
    }
    Some(series)
}

pub(super) fn questions(entries: Vec<QuestionEntry>, path: &str, findings: &mut Findings) -> Vec<Question> {
    let mut ids = BTreeSet::new();
    let mut questions = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let path = format!("{path}.questions[{index}]");
        let id = entry.id.unwrap_or_default();
        if !id.is_empty() && !ids.insert(id.clone()) {
            findings.wrong(&format!("{path}.id"), "is the id of an earlier question too; ids are unique");
        }
        let options = entry.options.unwrap_or_default().into_iter().enumerate();
        questions.push(Question {
            id,
            text: words::required(entry.text, &format!("{path}.text"), findings),
            options: options
                .map(|(at, option)| words::required(Some(option), &format!("{path}.options[{at}]"), findings))
                .collect(),
            required: entry.required.unwrap_or(false),
        });
    }
    questions
}

pub(super) fn consent(entry: ConsentEntry, path: &str, findings: &mut Findings) -> Consent {
    Consent {
        id: entry.id.unwrap_or_default(),
        text: words::required(entry.text, &format!("{path}.consent.text"), findings),
        url: entry.url,
    }
}
