//! Civil time, as it hangs on a wall, turned into instants by the IANA rules of the site's zone.
//!
//! Clocks are not a bijection. A civil time that the clock jumps over moves forward by the jump; one that it
//! shows twice is the first of the two (RFC 5545, section 3.3.5). So a day may last 23 or 25 hours, may start
//! at one in the morning, or may be missing altogether: Samoa had no 30 December 2011.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use chrono::{
    DateTime, Datelike, Days, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset,
    TimeDelta, TimeZone, Timelike, Utc,
};
use chrono_tz::{GapInfo, Tz};

use super::{Hours, TimeRange};

const MINUTES_PER_DAY: u32 = 24 * 60;

/// The instant at which clocks in `zone` show `civil`.
#[must_use]
pub fn instant(zone: Tz, civil: NaiveDateTime) -> DateTime<Utc> {
    match zone.offset_from_local_datetime(&civil) {
        MappedLocalTime::Single(offset) | MappedLocalTime::Ambiguous(offset, _) => at(civil, offset.fix()),
        MappedLocalTime::None => at(civil, Gap::around(zone, civil).before),
    }
}

/// From the first midnight of a date to the first midnight of the next; none where the calendar skips the date.
///
/// Where clocks fall back across midnight (Newfoundland until 2011: from 00:01 to 23:01), the second run
/// through the old date's last hour belongs to the new day.
#[must_use]
pub fn day(zone: Tz, date: NaiveDate) -> Option<TimeRange> {
    TimeRange::new(first_moment(zone, date), first_moment(zone, date.succ_opt()?)).ok()
}

/// The date that calendars in `zone` show at an instant.
#[must_use]
pub fn date_of(zone: Tz, instant: DateTime<Utc>) -> NaiveDate {
    let utc = instant.naive_utc();
    let offset = zone.offset_from_utc_datetime(&utc).fix();
    utc.checked_add_offset(offset).unwrap_or(utc).date()
}

/// The opening of a site on one date; none when a jump of the clock swallows it.
#[must_use]
pub fn opening(zone: Tz, date: NaiveDate, hours: &Hours) -> Option<TimeRange> {
    let from = date.and_time(hours.from);
    let start = match zone.offset_from_local_datetime(&from) {
        MappedLocalTime::Single(offset) | MappedLocalTime::Ambiguous(offset, _) => at(from, offset.fix()),
        MappedLocalTime::None => {
            let gap = Gap::around(zone, from);
            if gap.swallows(date) {
                return None;
            }
            at(from, gap.before)
        }
    };
    TimeRange::new(start, instant(zone, until(date, hours)?)).ok()
}

/// The openings of a site over some dates, in order of their starts; adjacent ones stay apart, for each has
/// its own grid. An opening that runs past midnight belongs to the date it starts on.
#[must_use]
pub fn weekly(
    zone: Tz,
    hours: &[Vec<Hours>; 7],
    closed: &[NaiveDate],
    dates: RangeInclusive<NaiveDate>,
) -> Vec<TimeRange> {
    let (first, last) = dates.into_inner();
    let mut openings: Vec<TimeRange> = first
        .iter_days()
        .take_while(|date| *date <= last)
        .filter(|date| !closed.contains(date))
        .flat_map(|date| {
            let hours = &hours[date.weekday().num_days_from_monday() as usize];
            hours.iter().filter_map(move |hours| opening(zone, date, hours))
        })
        .collect();
    openings.sort_unstable();
    openings
}

/// The dates of many instants, at one zone lookup per day instead of one per instant; fastest in order.
#[derive(Debug, Clone)]
pub struct Dates {
    zone: Tz,
    latest: Option<(NaiveDate, TimeRange)>,
}

impl Dates {
    #[must_use]
    pub fn new(zone: Tz) -> Self {
        Self { zone, latest: None }
    }

    /// The date whose [`day`] holds an instant.
    pub fn of(&mut self, instant: DateTime<Utc>) -> NaiveDate {
        match self.latest {
            Some((date, day)) if day.start() <= instant && instant < day.end() => date,
            _ => {
                let date = date_of(self.zone, instant);
                self.latest = day(self.zone, date).map(|day| (date, day));
                date
            }
        }
    }
}

/// A span of civil time in which somebody is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Away {
    pub from: NaiveDateTime,
    pub until: NaiveDateTime,
}

impl Away {
    /// The instants of it; none when a jump of the clock swallows it.
    #[must_use]
    pub fn range(&self, zone: Tz) -> Option<TimeRange> {
        TimeRange::new(instant(zone, self.from), instant(zone, self.until)).ok()
    }
}

/// Why a text is not a span of civil time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSpan {
    #[error("hours look like `08:00-12:00`, times away like `2026-12-24T12:00/2026-12-27T00:00`")]
    Malformed,
    #[error(
        "ends before it starts; an end after midnight counts on, so that `26:00` is 2 AM on the next day"
    )]
    EndsBeforeStart,
}

impl FromStr for Hours {
    type Err = BadSpan;

    fn from_str(text: &str) -> Result<Self, BadSpan> {
        let (from, until) = text.split_once('-').ok_or(BadSpan::Malformed)?;
        let from_minutes = minutes(from).filter(|minutes| *minutes < MINUTES_PER_DAY);
        let from =
            from_minutes.and_then(|minutes| NaiveTime::from_num_seconds_from_midnight_opt(minutes * 60, 0));
        let until_minutes = minutes(until).filter(|minutes| *minutes <= 2 * MINUTES_PER_DAY);
        match (from, from_minutes, until_minutes) {
            (Some(from), Some(start), Some(until_minutes)) if start < until_minutes => {
                Ok(Self { from, until_minutes })
            }
            (Some(_), Some(_), Some(_)) => Err(BadSpan::EndsBeforeStart),
            _ => Err(BadSpan::Malformed),
        }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute) = (self.until_minutes / 60, self.until_minutes % 60);
        write!(f, "{:02}:{:02}-{hour:02}:{minute:02}", self.from.hour(), self.from.minute())
    }
}

impl FromStr for Away {
    type Err = BadSpan;

    fn from_str(text: &str) -> Result<Self, BadSpan> {
        let (from, until) = text.split_once('/').ok_or(BadSpan::Malformed)?;
        let time = |text: &str| {
            NaiveDateTime::parse_from_str(text.trim(), "%Y-%m-%dT%H:%M").map_err(|_| BadSpan::Malformed)
        };
        let away = Self { from: time(from)?, until: time(until)? };
        if away.from < away.until { Ok(away) } else { Err(BadSpan::EndsBeforeStart) }
    }
}

/// An ISO 8601 duration as a length of time: `P1D`, `PT2H30M`. Years and months are no lengths of time.
#[must_use]
pub fn elapsed(text: &str) -> Option<TimeDelta> {
    let (date, _) = text.split_once('T').unwrap_or((text, ""));
    if !text.contains('P') || date.contains(['Y', 'M']) {
        return None;
    }
    let config = speedate::TimeConfig::builder()
        .microseconds_precision_overflow_behavior(speedate::MicrosecondsPrecisionOverflowBehavior::Truncate)
        .build();
    let duration = speedate::Duration::parse_bytes_with_config(text.as_bytes(), &config).ok()?;
    TimeDelta::try_milliseconds(duration.signed_total_ms())
}

/// `08:30` as minutes from midnight.
fn minutes(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once(':')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || !digits(minute) || hour.len() > 2 || minute.len() != 2 {
        return None;
    }
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60).then_some(hour * 60 + minute)
}

/// When clocks show the end of some hours, on whichever day that is.
fn until(date: NaiveDate, hours: &Hours) -> Option<NaiveDateTime> {
    let date = date.checked_add_days(Days::new(u64::from(hours.until_minutes / MINUTES_PER_DAY)))?;
    let seconds = hours.until_minutes % MINUTES_PER_DAY * 60;
    Some(date.and_time(NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0)?))
}

/// Midnight, or the end of the jump that has no midnight.
fn first_moment(zone: Tz, date: NaiveDate) -> DateTime<Utc> {
    let midnight = date.and_time(NaiveTime::MIN);
    match zone.offset_from_local_datetime(&midnight) {
        MappedLocalTime::Single(offset) | MappedLocalTime::Ambiguous(offset, _) => at(midnight, offset.fix()),
        MappedLocalTime::None => {
            let gap = Gap::around(zone, midnight);
            at(gap.begin, gap.before)
        }
    }
}

/// Civil time less its offset; at the ends of all time, as near as there is.
fn at(civil: NaiveDateTime, offset: FixedOffset) -> DateTime<Utc> {
    civil.checked_sub_offset(offset).unwrap_or(civil).and_utc()
}

/// The civil times that a clock jumps over, and its offset before the jump.
struct Gap {
    begin: NaiveDateTime,
    end: NaiveDateTime,
    before: FixedOffset,
}

impl Gap {
    /// The gap that `civil` is in. A zone has no gap before its first rule, so that what is said here of a
    /// civil time in no gap never matters: it is a gap of no length.
    fn around(zone: Tz, civil: NaiveDateTime) -> Self {
        let begin = GapInfo::new(&civil, &zone).and_then(|gap| gap.begin);
        let (begin, before) = begin.map_or_else(
            || (civil, zone.offset_from_utc_datetime(&civil).fix()),
            |(begin, offset)| (begin, offset.fix()),
        );
        let after = zone.offset_from_utc_datetime(&at(begin, before).naive_utc()).fix();
        let length = TimeDelta::seconds(i64::from(after.local_minus_utc() - before.local_minus_utc()));
        Self { begin, end: begin.checked_add_signed(length).unwrap_or(begin), before }
    }

    /// Whether nothing is left of a date.
    fn swallows(&self, date: NaiveDate) -> bool {
        self.begin <= date.and_time(NaiveTime::MIN) && date < self.end.date()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_lengths_of_time() {
        assert_eq!(elapsed("P1D"), Some(TimeDelta::days(1)));
        assert_eq!(elapsed("PT2H30M"), Some(TimeDelta::minutes(150)));
        assert_eq!(elapsed("P1DT12H"), Some(TimeDelta::hours(36)));
        assert_eq!(elapsed("PT0S"), Some(TimeDelta::zero()));
        // Microsoft Graph's own example of how long it may get.
        let longest = TimeDelta::days(12);
        assert_eq!(elapsed("P11D23H59M59.999999999999S"), None, "without its `T`");
        assert_eq!(elapsed("P11DT23H59M59.999999999999S"), Some(longest));
        for wrong in ["", "1D", "P1", "P1Y", "P1M", "PTX", "P1Dé", "10:00"] {
            assert_eq!(elapsed(wrong), None, "{wrong}");
        }
    }
}
