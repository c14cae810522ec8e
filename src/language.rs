//! What a patient reads: sentences, dates, times, numbers and lists, in seven languages and their regions.
//!
//! [`Language::of`] turns a caller's locale into a [`Language`], which carries two things: the language of the
//! sentences (`en`, `es`, `fr`, `de`, `pt`, `zh` or `ar`) and the region whose habits dates and numbers follow, so
//! that `en-GB` reads `Tuesday 1 December, 14:30` and `en-US` reads `Tuesday, December 1, 2:30 PM`. A locale of any
//! other language is English throughout: a French date in an English sentence helps nobody. Scripts are left aside,
//! so Chinese is always written in simplified characters.
//!
//! Sentences live in `language/*.ftl` and are said through [`Message`]; formats come from CLDR through ICU4X. No
//! module writes a word for patients anywhere else.

mod formats;
mod hours;
mod menu;
mod message;
mod sentences;

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use icu_locale_core::{LanguageIdentifier, Locale, subtags::Region};
use moka::sync::Cache;

use formats::{Formats, Year};
use sentences::{Sentences, Tongue};

pub use menu::numbered;
pub use message::Message;

/// Locales are caller input. There are some 120 that people use in these languages; what is beyond is built anew.
const CACHED_LOCALES: u64 = 128;

/// The longest tag worth reading.
const MAX_TAG_LENGTH: usize = 64;

/// A date farther from today than this is written with its year; a nearer one is clear without.
const CLEAR_WITHOUT_YEAR: TimeDelta = TimeDelta::days(270);

type Key = (Tongue, Option<Region>);

/// The words and formats of one locale. Cheap to get, and to share between threads.
pub struct Language {
    tag: String,
    formats: Formats,
    sentences: Sentences,
}

/// What a distance is given in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Miles,
    Kilometres,
}

impl Language {
    /// The language for a BCP 47 tag, in any case and with `-` or `_`; English when absent, malformed or unknown.
    #[must_use]
    pub fn of(locale: Option<&str>) -> Arc<Self> {
        static LANGUAGES: LazyLock<Cache<Key, Arc<Language>>> = LazyLock::new(|| Cache::new(CACHED_LOCALES));
        let key = locale.and_then(recognized).unwrap_or((Tongue::English, None));
        LANGUAGES.get_with(key, || Arc::new(Self::new(key.0, key.1)))
    }

    fn new(tongue: Tongue, region: Option<Region>) -> Self {
        let mut locale = locale(tongue);
        locale.id.region = region;
        let formats = Formats::new(&locale).or_else(|_| Formats::new(&self::locale(Tongue::English)));
        Self {
            tag: locale.to_string(),
            formats: formats.expect("English formats are compiled in"),
            sentences: Sentences::new(tongue, &locale),
        }
    }

    /// The locale really used, such as `es-MX`; also the one to choose a clinic's own translations by.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The language alone, such as `es`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.sentences.tongue().code()
    }

    /// `Tuesday, December 1`, with the year when that is more than nine months from `today`.
    #[must_use]
    pub fn date_label(&self, date: NaiveDate, today: NaiveDate) -> String {
        self.formats.date(date, year(date, today))
    }

    /// The date for a menu of days: `Tomorrow (Tuesday, December 1)` where there is a word for it.
    #[must_use]
    pub fn day_title(&self, date: NaiveDate, today: NaiveDate) -> String {
        let label = self.date_label(date, today);
        let name = match date.signed_duration_since(today).num_days() {
            0 => self.say(&Message::Today),
            1 => self.say(&Message::Tomorrow),
            _ => return label,
        };
        self.say(&Message::NamedDay { name: &name, date: &label })
    }

    /// `9:00 AM`
    #[must_use]
    pub fn time_label(&self, instant: DateTime<Utc>, zone: Tz) -> String {
        self.formats.time(instant.with_timezone(&zone).time())
    }

    /// `9:00 AM PST`
    #[must_use]
    pub fn time_and_zone(&self, instant: DateTime<Utc>, zone: Tz) -> String {
        let local = instant.with_timezone(&zone);
        let (time, zone) = (self.formats.time(local.time()), self.formats.zone(&local));
        self.say(&Message::TimeAndZone { time: &time, zone: &zone })
    }

    /// `PST`, or the offset as the language writes it where CLDR has no name.
    #[must_use]
    pub fn zone_label(&self, instant: DateTime<Utc>, zone: Tz) -> String {
        self.formats.zone(&instant.with_timezone(&zone))
    }

    /// `Tuesday, December 1, 9:00 AM`, for menus whose items share a zone.
    #[must_use]
    pub fn date_and_time(&self, instant: DateTime<Utc>, zone: Tz, now: DateTime<Utc>) -> String {
        let local = instant.with_timezone(&zone);
        let date = self.date_label(local.date_naive(), now.with_timezone(&zone).date_naive());
        self.say(&Message::DateAndTime { date: &date, time: &self.formats.time(local.time()) })
    }

    /// `Tuesday, December 1, 9:00 AM PST`. The zone is what people there call it, where CLDR knows a name in this
    /// language, else the offset as the language writes it (`GMT-8`).
    #[must_use]
    pub fn slot_label(&self, instant: DateTime<Utc>, zone: Tz, now: DateTime<Utc>) -> String {
        let local = instant.with_timezone(&zone);
        let date = self.date_label(local.date_naive(), now.with_timezone(&zone).date_naive());
        let (time, zone) = (self.formats.time(local.time()), self.formats.zone(&local));
        self.say(&Message::DateTimeAndZone { date: &date, time: &time, zone: &zone })
    }

    /// `24 hours`; `3 days` for whole days from two on; `90 minutes`. From ten hours on, minutes are rounded up.
    #[must_use]
    pub fn duration(&self, duration: TimeDelta) -> String {
        let minutes = u32::try_from(duration.num_minutes()).unwrap_or(0);
        self.say(&match minutes {
            days if days >= 48 * 60 && days % (24 * 60) == 0 => Message::Days { count: days / (24 * 60) },
            hours if hours >= 60 && hours % 60 == 0 || hours >= 10 * 60 => {
                Message::Hours { count: hours.div_ceil(60) }
            }
            count => Message::Minutes { count },
        })
    }

    /// `A, B, and C`
    #[must_use]
    pub fn list(&self, items: &[impl AsRef<str>]) -> String {
        self.formats.all_of(items)
    }

    /// `A, B, or C`
    #[must_use]
    pub fn choice(&self, items: &[impl AsRef<str>]) -> String {
        self.formats.any_of(items)
    }

    /// `2.0`, or `2,0`
    #[must_use]
    pub fn number(&self, value: f64, decimals: usize) -> String {
        self.formats.number(value, decimals)
    }

    /// `12,345`
    #[must_use]
    pub fn integer(&self, value: u32) -> String {
        self.formats.number(f64::from(value), 0)
    }

    /// `2.0 mi`, to one decimal below ten and to none from there on.
    #[must_use]
    pub fn distance(&self, value: f64, unit: Unit) -> String {
        let number = &self.number(value, usize::from(value < 9.95));
        self.say(&match unit {
            Unit::Miles => Message::Miles { number },
            Unit::Kilometres => Message::Kilometres { number },
        })
    }

    /// One sentence, or a few words of one.
    #[must_use]
    pub fn say(&self, message: &Message<'_>) -> String {
        self.sentences.say(message)
    }

    /// Several sentences after each other.
    #[must_use]
    pub fn say_all(&self, messages: &[Message<'_>]) -> String {
        self.join(messages.iter().map(|message| self.say(message)))
    }

    /// Sentences that are said already, after each other.
    #[must_use]
    pub fn join(&self, sentences: impl IntoIterator<Item: AsRef<str>>) -> String {
        let gap = match self.sentences.tongue() {
            Tongue::Chinese => "",
            _ => " ",
        };
        let mut joined = String::new();
        for sentence in sentences {
            if !joined.is_empty() {
                joined.push_str(gap);
            }
            joined.push_str(sentence.as_ref());
        }
        joined
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Language({})", self.tag)
    }
}

fn locale(tongue: Tongue) -> Locale {
    tongue.code().parse().unwrap_or(Locale::UNKNOWN)
}

fn recognized(tag: &str) -> Option<Key> {
    if tag.len() > MAX_TAG_LENGTH {
        return None;
    }
    let identifier =
        LanguageIdentifier::try_from_locale_bytes(tag.trim().replace('_', "-").as_bytes()).ok()?;
    let tongue = Tongue::ALL.into_iter().find(|tongue| tongue.code() == identifier.language.as_str())?;
    Some((tongue, identifier.region))
}

fn year(date: NaiveDate, today: NaiveDate) -> Year {
    if date.signed_duration_since(today).abs() > CLEAR_WITHOUT_YEAR { Year::Shown } else { Year::Left }
}

#[cfg(test)]
mod tests;
