//! Contacts as patients type them, in the one form they are compared in: e-mail addresses without case,
//! phone numbers as E.164, birth dates as dates.

use std::str::FromStr;

use chrono::NaiveDate;
use email_address::{EmailAddress, Options};
use phonenumber::{Mode, country};

/// An e-mail address, in lower case; `None` when it is none.
pub(super) fn email(typed: &str) -> Option<String> {
    let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
    let address = EmailAddress::parse_with_options(typed.trim(), options).ok()?;
    Some(address.to_string().to_lowercase())
}

/// A phone number as E.164. A national number is taken to be of `country` (ISO 3166-1 alpha-2).
pub(super) fn phone(typed: &str, country: Option<&str>) -> Option<String> {
    let country = country.and_then(|country| country::Id::from_str(country).ok());
    let number = phonenumber::parse(country, typed.trim()).ok()?;
    number.is_valid().then(|| number.format().mode(Mode::E164).to_string())
}

/// A birth date: `1980-05-17`, or with slashes or dots in the order of the country.
pub(super) fn birth_date(typed: &str, country: Option<&str>) -> Option<NaiveDate> {
    let typed = typed.trim();
    // What a card's date input gives may carry a time of day.
    let date = typed.split_once('T').map_or(typed, |(date, _)| date);
    if let Ok(date) = NaiveDate::from_str(date) {
        return Some(date);
    }
    let parts: Vec<u32> =
        date.split(['/', '.', '-']).map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let (day, month, year) = match parts.as_slice() {
        [month, day, year] if country == Some("US") && !date.contains('.') => (*day, *month, *year),
        [day, month, year] => (*day, *month, *year),
        _ => return None,
    };
    let year = i32::try_from(year).ok().filter(|year| (1000..=9999).contains(year))?;
    NaiveDate::from_ymd_opt(year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_phone_is_the_same_however_it_is_typed() {
        for typed in ["(425) 555-0123", "425.555.0123", "+1 425 555 0123", " 14255550123 ", "425 555 0123"] {
            assert_eq!(phone(typed, Some("US")).as_deref(), Some("+14255550123"), "{typed}");
        }
        assert_eq!(phone("030 901820", Some("DE")).as_deref(), Some("+4930901820"));
        assert_eq!(phone("425 555 0123", None), None);
        assert_eq!(phone("12", Some("US")), None);
        assert_eq!(phone("call me", Some("US")), None);
    }

    #[test]
    fn an_address_is_compared_without_case() {
        assert_eq!(email(" Ada@Example.ORG ").as_deref(), Some("ada@example.org"));
        for typed in
            ["ada", "ada@", "@example.org", "ada@example", "ada example@example.org", "Ada <ada@example.org>"]
        {
            assert_eq!(email(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_birth_date_is_read_in_the_order_of_the_country() {
        let may = NaiveDate::from_ymd_opt(1980, 5, 7);
        assert_eq!(birth_date("1980-05-07", None), may);
        assert_eq!(birth_date("5/7/1980", Some("US")), may);
        assert_eq!(birth_date("7/5/1980", Some("GB")), may);
        assert_eq!(birth_date("7.5.1980", Some("DE")), may);
        for typed in ["", "80", "1980-13-01", "2/30/1980", "5/7/80", "May 7"] {
            assert_eq!(birth_date(typed, Some("US")), None, "{typed}");
        }
    }
}
