//! Graph's own forms: pages, times with zones, durations. Everything may be missing or null.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

use super::{Trouble, zones};
use crate::domain::civil;

/// Reads a body, and says where it is not what it should be, without what it says there.
///
/// # Errors
/// When it is not.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Trouble> {
    serde_json::from_slice(body).map_err(|error| {
        let kind = std::any::type_name::<T>().rsplit("::").next().unwrap_or_default().trim_end_matches('>');
        Trouble::Unreadable(format!("{kind}: at line {}, column {}", error.line(), error.column()))
    })
}

/// A page of a list.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub struct Page<T> {
    #[serde(default = "Vec::new", deserialize_with = "null_as_default")]
    pub value: Vec<T>,
    #[serde(rename = "@odata.nextLink", default)]
    pub next: Option<String>,
}

/// For fields that Graph sends as `null` where it means nothing.
///
/// # Errors
/// When the value is there and is something else.
pub fn null_as_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// `dateTimeTimeZone`: a time as it is on a wall, and where the wall is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ZonedTime {
    pub date_time: String,
    #[serde(default)]
    pub time_zone: Option<String>,
}

impl ZonedTime {
    /// What we send: always UTC, for Bookings refuses some names of zones.
    #[must_use]
    pub fn utc(instant: DateTime<Utc>) -> Self {
        Self {
            date_time: format!(
                "{}.{:07}Z",
                instant.format("%Y-%m-%dT%H:%M:%S"),
                instant.timestamp_subsec_nanos() / 100
            ),
            time_zone: Some("UTC".to_owned()),
        }
    }

    /// The instant. An offset in the time itself goes before the zone; a zone nobody knows is no time.
    #[must_use]
    pub fn instant(&self) -> Option<DateTime<Utc>> {
        let text = self.date_time.trim();
        if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
            return Some(instant.to_utc());
        }
        let wall = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
        let zone = zones::zone(self.time_zone.as_deref().unwrap_or("UTC"))?;
        Some(civil::instant(zone, wall))
    }
}

/// An ISO 8601 duration, to the second.
#[must_use]
pub fn iso8601(time: TimeDelta) -> String {
    format!("PT{}S", time.num_seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(date_time: &str, zone: &str) -> Option<String> {
        let time = ZonedTime { date_time: date_time.to_owned(), time_zone: Some(zone.to_owned()) };
        time.instant().map(|instant| instant.to_rfc3339())
    }

    #[test]
    fn times_are_read_in_all_three_forms_and_in_any_zone() {
        let noon = Some("2018-05-06T12:00:00+00:00".to_owned());
        assert_eq!(at("2018-05-06T12:00:00.0000000Z", "UTC"), noon);
        assert_eq!(at("2018-05-06T12:00:00.0000000+00:00", "UTC"), noon);
        assert_eq!(at("2018-05-06T12:00:00", "UTC"), noon);
        assert_eq!(at("2018-05-06T05:00:00", "(UTC-08:00) Pacific Time (US & Canada)"), noon);
        assert_eq!(at("2018-05-06T14:00:00", "Europe/Berlin"), noon);
        assert_eq!(at("2018-05-06T14:00:00", "Middle Earth Standard Time"), None);
        assert_eq!(at("yesterday", "UTC"), None);
    }

    #[test]
    fn a_page_may_lack_everything() {
        let page: Page<String> = read(b"{}").unwrap();
        assert!(page.value.is_empty() && page.next.is_none());
        let page: Page<String> = read(br#"{"value": null, "@odata.nextLink": null}"#).unwrap();
        assert!(page.value.is_empty() && page.next.is_none());
        assert!(
            matches!(read::<Page<String>>(b"<html>Ada</html>"), Err(Trouble::Unreadable(why)) if !why.contains("Ada"))
        );
    }
}
