//! Whether the clinics' phone numbers are numbers.
//!
//! There are two checks. The one made while a file is read looks at the characters only, because the numbering
//! plans of the world take longer to load than the process may take to start. `check` asks them too.

use phonenumber::country;

use super::{Config, Problem};

/// What is wrong with a number, by its characters.
pub(super) fn check_characters(number: &str, country: Option<&str>) -> Result<(), String> {
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let known =
        number.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ' | '.' | '/' | '(' | ')'));
    // E.164 has at most 15 digits; the shortest national numbers have 5.
    if !known || !(5..=15).contains(&digits) {
        return Err("is no phone number; write it as `+1 425 555 0100`".to_owned());
    }
    if country.is_none() && !number.trim_start().starts_with('+') {
        return Err("lacks its country: write it as `+1 425 555 0100`, or give `address.country`".to_owned());
    }
    Ok(())
}

/// The clinics' numbers that the numbering plan of their country does not know. Slow the first time.
#[must_use]
pub fn unknown_numbers(config: &Config) -> Vec<Problem> {
    let clinics = config.clinics.iter().enumerate();
    clinics
        .filter_map(|(index, clinic)| {
            let phone = clinic.location.phone.as_deref()?;
            let country = clinic.location.address.country.as_deref();
            (!is_known(phone, country)).then(|| Problem {
                source: config.source.to_string(),
                line: None,
                key: format!("clinic[{index}].phone"),
                detail: "is no number of its country's numbering plan; write it as `+1 425 555 0100`"
                    .to_owned(),
            })
        })
        .collect()
}

fn is_known(number: &str, country: Option<&str>) -> bool {
    let country = country.and_then(|code| code.parse::<country::Id>().ok());
    phonenumber::parse(country, number).is_ok_and(|number| number.is_valid())
}
