//! Times, durations, opening hours and zones as Graph spells them.

use chrono::{
    DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeDelta, TimeZone, Timelike, Utc,
};
use chrono_tz::Tz;
use serde_json::{Value, json};

/// From the first moment up to, and without, the second.
pub(crate) type Span = (DateTime<Utc>, DateTime<Utc>);

/// The zones that the simulator knows by Microsoft's names: IANA, Windows, display name.
const ZONES: [(&str, &str, &str); 8] = [
    ("America/Los_Angeles", "Pacific Standard Time", "(UTC-08:00) Pacific Time (US & Canada)"),
    ("America/Denver", "Mountain Standard Time", "(UTC-07:00) Mountain Time (US & Canada)"),
    ("America/Chicago", "Central Standard Time", "(UTC-06:00) Central Time (US & Canada)"),
    ("America/New_York", "Eastern Standard Time", "(UTC-05:00) Eastern Time (US & Canada)"),
    ("Europe/London", "GMT Standard Time", "(UTC+00:00) Dublin, Edinburgh, Lisbon, London"),
    (
        "Europe/Berlin",
        "W. Europe Standard Time",
        "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
    ),
    ("Asia/Kolkata", "India Standard Time", "(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi"),
    ("UTC", "UTC", "(UTC) Coordinated Universal Time"),
];

/// The zone by any of its names.
pub(crate) fn zone(name: &str) -> Option<Tz> {
    let known = ZONES.iter().find(|(_, windows, display)| *windows == name || *display == name);
    known.map_or(name, |(iana, ..)| iana).parse().ok()
}

/// The Windows name of an IANA zone.
pub(crate) fn windows_name(iana: &str) -> &str {
    ZONES.iter().find(|zone| zone.0 == iana).map_or(iana, |zone| zone.1)
}

/// The name of an IANA zone as a list shows it to people.
pub(crate) fn display_name(iana: &str) -> &str {
    ZONES.iter().find(|zone| zone.0 == iana).map_or(iana, |zone| zone.2)
}

/// `2026-12-01T17:00:00.0000000Z`: Graph writes seven digits.
pub(crate) fn stamp(time: DateTime<Utc>) -> String {
    format!("{}.{:07}Z", time.format("%Y-%m-%dT%H:%M:%S"), time.nanosecond() / 100)
}

/// A `dateTimeTimeZone` in UTC.
pub(crate) fn in_utc(time: DateTime<Utc>) -> Value {
    json!({"dateTime": stamp(time), "timeZone": "UTC"})
}

/// A `dateTimeTimeZone` as the documentation's example of availability prints it.
pub(crate) fn in_pacific(time: DateTime<Utc>) -> Value {
    let local = time.with_timezone(&chrono_tz::America::Los_Angeles).naive_local();
    json!({
        "dateTime": local.format("%Y-%m-%dT%H:%M:%S").to_string(),
        "timeZone": display_name("America/Los_Angeles"),
    })
}

/// A `dateTimeTimeZone` in whatever zone it is told.
pub(crate) fn instant(value: &Value) -> Option<DateTime<Utc>> {
    let text = value["dateTime"].as_str()?;
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let local = text.parse::<NaiveDateTime>().ok()?;
    zone(value["timeZone"].as_str().unwrap_or("UTC")).map(|zone| from_local(zone, local))
}

/// A time with its offset, as in a query.
pub(crate) fn rfc3339(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    time.or_else(|_| text.parse::<NaiveDateTime>().map(|time| time.and_utc())).ok()
}

/// An ISO 8601 duration; nothing is zero.
pub(crate) fn duration(value: &Value) -> TimeDelta {
    let parsed = value.as_str().and_then(|text| speedate::Duration::parse_str(text).ok());
    parsed.map_or(TimeDelta::zero(), |parsed| {
        TimeDelta::seconds(parsed.signed_total_seconds())
            + TimeDelta::microseconds(parsed.signed_microseconds().into())
    })
}

/// `PT1H30M`.
pub(crate) fn iso_duration(length: TimeDelta) -> String {
    let (hours, minutes) = (length.num_hours(), length.num_minutes() % 60);
    match (hours, minutes) {
        (0, minutes) => format!("PT{minutes}M"),
        (hours, 0) => format!("PT{hours}H"),
        (hours, minutes) => format!("PT{hours}H{minutes}M"),
    }
}

/// A time for people and for `GET /control/state`.
pub(crate) fn plain(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// What `bookingWorkHours` mean in a zone, as far as they touch a window.
pub(crate) fn open_within(hours: &Value, zone: Tz, window: Span) -> Vec<Span> {
    dates(zone, window)
        .flat_map(|date| open_on(hours, zone, date))
        .filter_map(|span| overlap(span, window))
        .collect()
}

/// The dates that a window touches in a zone.
pub(crate) fn dates(zone: Tz, window: Span) -> impl Iterator<Item = NaiveDate> {
    let first = window.0.with_timezone(&zone).date_naive() - Days::new(1);
    let last = window.1.with_timezone(&zone).date_naive();
    first.iter_days().take_while(move |date| *date <= last)
}

/// What `bookingWorkHours` mean on one date.
pub(crate) fn open_on(hours: &Value, zone: Tz, date: NaiveDate) -> Vec<Span> {
    let weekday = date.format("%A").to_string().to_lowercase();
    let days = hours.as_array().into_iter().flatten().filter(|day| day["day"] == weekday.as_str());
    let slots = days.flat_map(|day| day["timeSlots"].as_array().into_iter().flatten());
    let spans = slots.filter_map(|slot| {
        let (start, end) = (time_of_day(&slot["startTime"])?, time_of_day(&slot["endTime"])?);
        let last = if end <= start { date + Days::new(1) } else { date };
        Some((from_local(zone, date.and_time(start)), from_local(zone, last.and_time(end))))
    });
    spans.collect()
}

fn time_of_day(value: &Value) -> Option<NaiveTime> {
    value.as_str()?.parse().ok()
}

/// A local time that a clock change leaves out is an hour later.
fn from_local(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    let there = zone.from_local_datetime(&local).earliest();
    let there = there.or_else(|| zone.from_local_datetime(&(local + TimeDelta::hours(1))).earliest());
    there.map_or_else(|| local.and_utc(), |time| time.to_utc())
}

/// What two spans share.
pub(crate) fn overlap(one: Span, other: Span) -> Option<Span> {
    let both = (one.0.max(other.0), one.1.min(other.1));
    (both.0 < both.1).then_some(both)
}

/// What is left of the first spans without the second.
pub(crate) fn without(spans: Vec<Span>, taken: &[Span]) -> Vec<Span> {
    taken.iter().fold(spans, |left, hole| {
        let parts = left.into_iter().flat_map(|span| {
            [(span.0, span.1.min(hole.0)), (span.0.max(hole.1), span.1)]
                .into_iter()
                .filter(|part| part.0 < part.1)
        });
        parts.collect()
    })
}

/// What the first spans share with the second.
pub(crate) fn common(spans: &[Span], others: &[Span]) -> Vec<Span> {
    spans.iter().flat_map(|span| others.iter().filter_map(|other| overlap(*span, *other))).collect()
}

/// Spans in order, those that touch made one.
pub(crate) fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    spans.into_iter().fold(Vec::new(), |mut merged: Vec<Span>, span| {
        match merged.last_mut() {
            Some(last) if span.0 <= last.1 => last.1 = last.1.max(span.1),
            _ => merged.push(span),
        }
        merged
    })
}

/// A date from midnight to midnight.
pub(crate) fn whole_day(zone: Tz, date: NaiveDate) -> Vec<Span> {
    let midnight = |date: NaiveDate| from_local(zone, date.and_time(NaiveTime::MIN));
    vec![(midnight(date), midnight(date + Days::new(1)))]
}
