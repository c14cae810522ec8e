//! Dates, times, numbers and lists as one locale writes them, from the CLDR data compiled into ICU4X.
//!
//! The formatters are built once per locale; what they write has ordinary spaces where CLDR has no-break and thin
//! ones, since those turn a text message into the longer and dearer encoding.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Offset, Timelike, Utc};
use chrono_tz::Tz;
use icu_calendar::{Date, Gregorian};
use icu_datetime::{
    DateTimeFormatterLoadError, DateTimeFormatterPreferences, FixedCalendarDateTimeFormatter,
    NoCalendarFormatter,
    fieldsets::{E, MDE, T, YMDE, zone::SpecificShort},
    input::{Time, TimeZone, TimeZoneInfo, UtcOffset},
};
use icu_decimal::{DecimalFormatter, input::Decimal};
use icu_list::{ListFormatter, options::ListFormatterOptions};
use icu_locale_core::Locale;
use icu_provider::DataError;
use icu_time::zone::{IanaParser, ZoneNameTimestamp, models::AtTime};

type Gregorians<Fields> = FixedCalendarDateTimeFormatter<Gregorian, Fields>;

/// Whether a date is written with its year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Year {
    Shown,
    Left,
}

/// The formatters of one locale.
///
/// Always Gregorian, also where CLDR prefers another calendar: the sentences around a date, and the clinic's own
/// papers, are.
pub(super) struct Formats {
    date: Gregorians<MDE>,
    date_with_year: Gregorians<YMDE>,
    time: NoCalendarFormatter<T>,
    zone: NoCalendarFormatter<SpecificShort>,
    weekdays: [String; 7],
    all: ListFormatter,
    any: ListFormatter,
    decimal: DecimalFormatter,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum NoFormats {
    #[error("no date format for this locale")]
    Dates(#[from] DateTimeFormatterLoadError),
    #[error("no number or list format for this locale")]
    Data(#[from] DataError),
}

impl Formats {
    pub(super) fn new(locale: &Locale) -> Result<Self, NoFormats> {
        let preferences = DateTimeFormatterPreferences::from(locale);
        Ok(Self {
            date: Gregorians::try_new(preferences, MDE::long())?,
            date_with_year: Gregorians::try_new(preferences, YMDE::long())?,
            time: NoCalendarFormatter::try_new(preferences, T::hm())?,
            zone: NoCalendarFormatter::try_new(preferences, SpecificShort)?,
            weekdays: weekdays(preferences)?,
            all: ListFormatter::try_new_and(locale.into(), ListFormatterOptions::default())?,
            any: ListFormatter::try_new_or(locale.into(), ListFormatterOptions::default())?,
            decimal: DecimalFormatter::try_new(
                locale.into(),
                icu_decimal::options::DecimalFormatterOptions::default(),
            )?,
        })
    }

    pub(super) fn date(&self, date: NaiveDate, year: Year) -> String {
        let date = civil_date(date);
        plain(match year {
            Year::Left => self.date.format(&date).to_string(),
            Year::Shown => self.date_with_year.format(&date).to_string(),
        })
    }

    pub(super) fn time(&self, time: NaiveTime) -> String {
        plain(self.time.format(&civil_time(time)).to_string())
    }

    pub(super) fn zone(&self, instant: &DateTime<Tz>) -> String {
        plain(self.zone.format(&zone(instant)).to_string())
    }

    /// The abbreviation of a day of the week, counted from Monday.
    pub(super) fn weekday(&self, day: usize) -> &str {
        &self.weekdays[day % 7]
    }

    pub(super) fn all_of(&self, items: &[impl AsRef<str>]) -> String {
        plain(self.all.format(items.iter().map(AsRef::as_ref)).to_string())
    }

    pub(super) fn any_of(&self, items: &[impl AsRef<str>]) -> String {
        plain(self.any.format(items.iter().map(AsRef::as_ref)).to_string())
    }

    pub(super) fn number(&self, value: f64, decimals: usize) -> String {
        let digits = format!("{value:.decimals$}");
        match Decimal::try_from_str(&digits) {
            Ok(number) => plain(self.decimal.format(&number).to_string()),
            Err(_) => digits,
        }
    }
}

fn weekdays(preferences: DateTimeFormatterPreferences) -> Result<[String; 7], DateTimeFormatterLoadError> {
    let formatter = Gregorians::try_new(preferences, E::medium())?;
    let monday = NaiveDate::default() + chrono::Days::new(4);
    Ok(std::array::from_fn(|day| {
        let date = monday + chrono::Days::new(day as u64);
        plain(formatter.format(&civil_date(date)).to_string())
    }))
}

/// Dates outside the calendar's range, some 9,999 years away, become its first day: no clinic is open then.
fn civil_date(date: NaiveDate) -> Date<Gregorian> {
    let (month, day) = (date.month().try_into().unwrap_or(1), date.day().try_into().unwrap_or(1));
    Date::try_new_gregorian(date.year(), month, day)
        .unwrap_or_else(|_| Date::from_rata_die(icu_calendar::types::RataDie::new(1), Gregorian))
}

fn civil_time(time: NaiveTime) -> Time {
    let part = |value: u32| value.try_into().unwrap_or(0);
    Time::try_new(part(time.hour()), part(time.minute()), part(time.second()), 0)
        .unwrap_or(Time::start_of_day())
}

/// The zone with the offset it has at that instant, which is what tells `PST` from `PDT`.
fn zone(instant: &DateTime<Tz>) -> TimeZoneInfo<AtTime> {
    let zone: TimeZone = IanaParser::new().parse(instant.timezone().name());
    let offset = UtcOffset::try_from_seconds(instant.offset().fix().local_minus_utc()).ok();
    zone.with_offset(offset).with_zone_name_timestamp(ZoneNameTimestamp::from_epoch_seconds(
        instant.with_timezone(&Utc).timestamp(),
    ))
}

/// No-break, narrow no-break and thin spaces become ordinary ones.
fn plain(text: String) -> String {
    const SPACES: [char; 3] = ['\u{a0}', '\u{202f}', '\u{2009}'];
    if text.contains(SPACES) { text.replace(SPACES, " ") } else { text }
}
