//! Opening hours in one line, such as `Mon–Fri 8:00 AM – 5:00 PM; Sat 9:00 AM – 12:00 PM`.
//!
//! Days with the same hours stand together, also when others lie between them, and a run of days may go on over the
//! end of the week (`Sun–Thu`). Days on which the site is closed are left out.

use chrono::{NaiveTime, TimeDelta};

use super::{Language, message::Message};
use crate::domain::Hours;

const MINUTES_PER_DAY: u32 = 24 * 60;

impl Language {
    /// When a site is open, from its hours by weekday, Monday first; empty when it never is.
    #[must_use]
    pub fn hours_text(&self, week: &[Vec<Hours>; 7]) -> String {
        let groups = groups(week).into_iter().map(|days| {
            let hours = self.spans(&week[days[0]]);
            self.say(&Message::HoursOnDays { days: &self.weekdays(&days), hours: &hours })
        });
        groups
            .reduce(|before, next| self.say(&Message::Separated { before: &before, next: &next }))
            .unwrap_or_default()
    }

    fn weekdays(&self, days: &[usize]) -> String {
        if days.len() == 7 {
            return self.say(&Message::EveryDay);
        }
        self.enumerated(runs(days).into_iter().map(|(first, last)| {
            let (from, to) = (self.formats.weekday(first), self.formats.weekday(last));
            if first == last { from.to_owned() } else { self.say(&Message::WeekdayRange { from, to }) }
        }))
    }

    fn spans(&self, hours: &[Hours]) -> String {
        self.enumerated(hours.iter().map(|span| self.span(span)))
    }

    fn span(&self, hours: &Hours) -> String {
        if hours.from == NaiveTime::MIN && hours.until_minutes == MINUTES_PER_DAY {
            return self.say(&Message::AroundTheClock);
        }
        let until = NaiveTime::MIN + TimeDelta::minutes(i64::from(hours.until_minutes));
        self.say(&Message::TimeSpan { from: &self.formats.time(hours.from), to: &self.formats.time(until) })
    }

    fn enumerated(&self, parts: impl Iterator<Item = String>) -> String {
        parts
            .reduce(|before, next| self.say(&Message::Enumerated { before: &before, next: &next }))
            .unwrap_or_default()
    }
}

/// The open days, those with equal hours together, in the order of the first of each.
fn groups(week: &[Vec<Hours>; 7]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (day, hours) in week.iter().enumerate().filter(|(_, hours)| !hours.is_empty()) {
        match groups.iter_mut().find(|group| week[group[0]] == *hours) {
            Some(group) => group.push(day),
            None => groups.push(vec![day]),
        }
    }
    groups
}

/// First and last day of each run of neighbouring days; one that crosses the end of the week comes first.
fn runs(days: &[usize]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &day in days {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == day => *last = day,
            _ => runs.push((day, day)),
        }
    }
    if let [(0, monday_run_end), .., (sunday_run_start, 6)] = runs[..] {
        runs.pop();
        runs[0] = (sunday_run_start, monday_run_end);
    }
    runs
}
