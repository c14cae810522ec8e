//! The time zone that Graph means by a name.
//!
//! Graph names zones in three ways, and one reply may mix them: by IANA (`America/Chicago`), by the id of Windows
//! (`Pacific Standard Time`), and by what Windows shows for that id (`(UTC-08:00) Pacific Time (US & Canada)`).
//! The offset shown there is the one in winter, so it never tells the zone: the text after it does.

use std::{collections::HashMap, sync::LazyLock};

use chrono_tz::Tz;
use icu_time::{
    TimeZone,
    zone::{WindowsParser, iana::IanaParserExtended},
};

/// Outlook's own name for UTC.
const OUTLOOK_UTC: &str = "tzone://microsoft/utc";

/// See its head for where it is from.
const DISPLAY_NAMES: &str = include_str!("windows_display_names.tsv");

/// What Windows has known since September 2026, and CLDR's table in `icu_time` 2.4 does not.
const NEWER: [(&str, Tz); 3] = [
    ("Alberta Standard Time", Tz::America__Edmonton),
    ("British Columbia Standard Time", Tz::America__Vancouver),
    ("Manitoba Standard Time", Tz::America__Winnipeg),
];

/// By the folded names, ids and texts alike: no two zones share one.
static WINDOWS: LazyLock<HashMap<String, Tz>> = LazyLock::new(windows);

/// The zone that a name stands for, in whatever case; none if it is not known, and never UTC in its stead.
///
/// A text shown by Windows is known in English only, with or without its offset.
#[must_use]
pub fn zone(name: &str) -> Option<Tz> {
    let name = folded(name);
    if name == OUTLOOK_UTC {
        return Some(Tz::UTC);
    }
    let iana = Tz::from_str_insensitive(&name).ok();
    iana.or_else(|| WINDOWS.get(without_offset(&name)).copied())
}

fn folded(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn without_offset(folded: &str) -> &str {
    let offset = folded.strip_prefix("(utc").or_else(|| folded.strip_prefix("(gmt"));
    offset.and_then(|offset| offset.split_once(')')).map_or(folded, |(_, text)| text.trim_start())
}

fn windows() -> HashMap<String, Tz> {
    let iana: HashMap<TimeZone, &str> =
        IanaParserExtended::new().iter().map(|zone| (zone.time_zone, zone.canonical)).collect();
    let by_id = |id: &str| iana.get(&WindowsParser::new().parse(id, None)?)?.parse::<Tz>().ok();

    let mut zones: HashMap<_, _> = NEWER.into_iter().map(|(id, zone)| (folded(id), zone)).collect();
    for (text, id) in display_names() {
        if let Some(zone) = by_id(id) {
            zones.insert(folded(id), zone);
            zones.insert(folded(text), zone);
        }
    }
    zones
}

/// Texts with their ids. Every id of Windows is in one of the rows.
fn display_names() -> impl Iterator<Item = (&'static str, &'static str)> {
    DISPLAY_NAMES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::{DateTime, Offset, TimeZone as _, Utc};
    use chrono_tz::Tz;

    use super::{WINDOWS, display_names, folded, zone};

    #[track_caller]
    fn assert_zone(name: &str, expected: Tz) {
        assert_eq!(zone(name), Some(expected), "`{name}`");
    }

    /// Hours east of UTC in the January of 2025.
    #[track_caller]
    fn winter(name: &str) -> f64 {
        let january: DateTime<Utc> = "2025-01-15T12:00:00Z".parse().expect("an instant");
        let zone = zone(name).unwrap_or_else(|| panic!("`{name}` is not known"));
        let offset = zone.offset_from_utc_datetime(&january.naive_utc()).fix();
        f64::from(offset.local_minus_utc()) / 3600.0
    }

    #[test]
    fn iana_names_are_known_in_any_case() {
        assert_zone("America/Chicago", Tz::America__Chicago);
        assert_zone("america/chicago", Tz::America__Chicago);
        assert_zone(" EUROPE/BERLIN ", Tz::Europe__Berlin);
        assert_zone("Asia/Calcutta", Tz::Asia__Calcutta);
        assert_zone("UTC", Tz::UTC);
        assert_zone("utc", Tz::UTC);
        assert_zone("Etc/UTC", Tz::Etc__UTC);
        assert_zone("tzone://Microsoft/Utc", Tz::UTC);
    }

    #[test]
    fn windows_ids_are_known_in_any_case() {
        assert_zone("Pacific Standard Time", Tz::America__Los_Angeles);
        assert_zone("pacific standard time", Tz::America__Los_Angeles);
        assert_zone("W. EUROPE STANDARD TIME", Tz::Europe__Berlin);
        assert_zone("Central Standard Time (Mexico)", Tz::America__Mexico_City);
        assert_zone("UTC-11", Tz::Etc__GMTPlus11);
        assert_zone("UTC+12", Tz::Etc__GMTMinus12);
        assert_zone("British Columbia Standard Time", Tz::America__Vancouver);
    }

    #[test]
    fn texts_are_known_whatever_their_offset_case_and_blanks() {
        assert_zone("(UTC-08:00) Pacific Time (US & Canada)", Tz::America__Los_Angeles);
        assert_zone("(GMT-08:00) Pacific Time (US & Canada)", Tz::America__Los_Angeles);
        assert_zone("(GMT-08:00) Pacific Time (US and Canada)", Tz::America__Los_Angeles);
        assert_zone("  (utc-07:00)Pacific  Time\u{a0}(us & canada) ", Tz::America__Los_Angeles);
        assert_zone("Pacific Time (US & Canada)", Tz::America__Los_Angeles);
        assert_zone("(UTC) Coordinated Universal Time", Tz::Etc__UTC);
        assert_zone("(UTC+00:00) Dublin, Edinburgh, Lisbon, London", Tz::Europe__London);
        assert_zone("(UTC+13:00) Nuku'alofa", Tz::Pacific__Tongatapu);
        assert_zone("(UTC-11:00) Coordinated Universal Time-11", Tz::Etc__GMTPlus11);
    }

    #[test]
    fn clocks_show_what_they_should() {
        let expected = [
            ("Pacific Standard Time", -8.0),
            ("(UTC-07:00) Arizona", -7.0),
            ("(UTC-06:00) Saskatchewan", -6.0),
            ("(UTC-03:30) Newfoundland", -3.5),
            ("GMT Standard Time", 0.0),
            ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", 1.0),
            ("(UTC+05:00) Astana", 5.0),
            ("(UTC+06:00) Astana", 5.0),
            ("(UTC+06:00) Bishkek", 6.0),
            ("India Standard Time", 5.5),
            ("(UTC+05:45) Kathmandu", 5.75),
            // Daylight saving time, there.
            ("(UTC+10:00) Canberra, Melbourne, Sydney", 11.0),
            ("(UTC+12:45) Chatham Islands", 13.75),
        ];
        for (name, hours) in expected {
            assert!((winter(name) - hours).abs() < f64::EPSILON, "`{name}` is at {}", winter(name));
        }
    }

    #[test]
    fn what_is_not_known_is_not_utc() {
        let unknown = [
            "",
            " ",
            "(UTC)",
            "(UTC-08:00)",
            "(UTC-08:00",
            "(UTC-08:00) Atlantis",
            "Atlantis Standard Time",
            "Pacific",
            "America/Nowhere",
            "tzone://Microsoft/Custom",
            "Customized Time Zone",
            "-08:00",
            "(UTC-08:00) Pacific Zeit (USA & Kanada)",
            "(UTC-11:00) Midway Island, Samoa",
        ];
        for name in unknown {
            assert_eq!(zone(name), None, "`{name}`");
        }
    }

    #[test]
    fn every_id_and_every_text_of_the_table_is_known() {
        let mut ids = BTreeSet::new();
        for (text, id) in display_names() {
            assert!(zone(id).is_some(), "`{id}`");
            // Not `zone(id)`: `UTC` is IANA's name too, and its zone there is an equal one of another name.
            let expected = WINDOWS.get(&folded(id)).copied();
            assert!(expected.is_some(), "`{id}`");
            assert_eq!(zone(text), expected, "`{text}`");
            assert_eq!(zone(&format!("(UTC+01:00) {text}")), expected, "`{text}`");
            ids.insert(id);
        }
        assert_eq!(ids.len(), 139, "the ids of CLDR 41");
    }

    #[test]
    fn no_text_is_there_twice() {
        let mut texts = BTreeSet::new();
        for (text, id) in display_names() {
            assert!(texts.insert(folded(text)), "`{text}`");
            assert!(!id.contains('\t') && id.trim() == id && text.trim() == text, "`{text}`");
        }
    }
}
