//! For whom a service is, by age on the day of the first appointment.

use chrono::NaiveDate;

use crate::domain::{Audience, Service};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotEligible {
    TooYoung { min_age: u32 },
    TooOld { max_age: u32 },
    AdultsOnly,
    ChildrenOnly,
}

/// From this age on somebody is an adult.
const ADULT: u32 = 18;

/// Why a service is not for somebody born on `born`, on a date.
pub(super) fn check(service: &Service, born: Option<NaiveDate>, on: NaiveDate) -> Option<NotEligible> {
    let age = on.years_since(born?)?;
    match service.audience {
        Audience::Adults if age < ADULT => return Some(NotEligible::AdultsOnly),
        Audience::Children if age >= ADULT => return Some(NotEligible::ChildrenOnly),
        _ => {}
    }
    match (service.min_age, service.max_age) {
        (Some(min_age), _) if age < min_age => Some(NotEligible::TooYoung { min_age }),
        (_, Some(max_age)) if age > max_age => Some(NotEligible::TooOld { max_age }),
        _ => None,
    }
}
