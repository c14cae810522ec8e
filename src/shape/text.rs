//! What a text may have to be: a date, a time with its offset, an address of a page, a zone.
//!
//! A format checks and says how to mend; it does not convert. The type's own `Deserialize` does that.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::nearest;

/// A named rule for texts: `format` in the schema.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// As `#[schema(format = "…")]` names it.
    pub name: &'static str,
    /// Completes "must be …".
    pub expected: &'static str,
    /// Refuses a text, and says how to mend it without repeating it; empty: `expected` says it all.
    pub check: fn(&str) -> Result<(), String>,
}

/// The formats every shape knows.
pub(super) const FORMATS: [Format; 5] = [DATE, DATE_TIME, TIME, URI, TIME_ZONE];

const DATE: Format = Format {
    name: "date",
    expected: "a date, as `2026-12-01`",
    check: |text| {
        let written = text.len() == 10 && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok();
        if written { Ok(()) } else { Err(String::new()) }
    },
};

const DATE_TIME: Format = Format {
    name: "date-time",
    expected: "a time with its offset, as `2026-12-01T09:00:00-08:00`",
    check: |text| {
        if DateTime::parse_from_rfc3339(text).is_ok() {
            return Ok(());
        }
        let formats = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"];
        if formats.iter().any(|format| NaiveDateTime::parse_from_str(text, format).is_ok()) {
            Err("has no offset: end it with `Z` or the offset, as `2026-12-01T09:00:00-08:00`".to_owned())
        } else {
            Err(String::new())
        }
    },
};

const TIME: Format = Format {
    name: "time",
    expected: "a time of day, as `08:30`",
    check: |text| {
        let read = ["%H:%M", "%H:%M:%S"].iter().any(|format| NaiveTime::parse_from_str(text, format).is_ok());
        if read { Ok(()) } else { Err(String::new()) }
    },
};

const URI: Format = Format {
    name: "uri",
    expected: "the full address of a page, as `https://example.org/book`",
    check: |text| {
        let address = text.parse::<warp::http::Uri>();
        match address {
            Ok(uri) if matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() => Ok(()),
            _ => Err(String::new()),
        }
    },
};

/// An IANA time zone.
pub const TIME_ZONE: Format = Format {
    name: "time-zone",
    expected: "an IANA time zone, as `America/Los_Angeles`",
    check: |text| {
        if text.parse::<Tz>().is_ok() {
            return Ok(());
        }
        let known = nearest_zone(text);
        Err(known.map(|name| format!("is no known time zone; did you mean `{name}`?")).unwrap_or_default())
    },
};

/// By the whole name, else by the city alone.
fn nearest_zone(text: &str) -> Option<&'static str> {
    let city = |zone: &Tz| zone.name().rsplit('/').next().unwrap_or_default();
    nearest(text, TZ_VARIANTS.iter().map(|zone| zone.name())).or_else(|| {
        let found = nearest(text, TZ_VARIANTS.iter().map(city))?;
        TZ_VARIANTS.iter().find(|zone| city(zone) == found).map(|zone| zone.name())
    })
}
