//! The clinic's own list of who comes when, for its staff and not for bots: there is no function for it.

use std::fmt;

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use serde::Serialize;

use super::{Fault, Scheduling};
use crate::{
    domain::{LocationId, civil},
    ledger::agenda::Expected,
};

/// Which days of which site.
#[derive(Debug, Clone)]
pub struct AgendaQuery {
    /// `None`: every site.
    pub location: Option<LocationId>,
    /// A date at the site; `None`: today.
    pub from: Option<NaiveDate>,
    pub days: u32,
}

/// What is expected, in order of time.
#[derive(Serialize)]
pub struct Agenda {
    pub appointments: Vec<Line>,
}

/// One appointment, in the site's zone.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub start: String,
    pub end: String,
    pub location: String,
    pub service: String,
    pub dose: u8,
    pub practitioner: String,
    pub patient: String,
    pub born: String,
    pub phone: String,
    pub email: String,
    pub notes: String,
}

impl Scheduling {
    /// # Errors
    /// When the store cannot be read, or the site is not known.
    pub async fn agenda(&self, query: &AgendaQuery) -> Result<Agenda, Fault> {
        let (sites, _) = self.all_sites().await?;
        let sites: Vec<_> = sites
            .into_iter()
            .filter(|site| query.location.as_ref().is_none_or(|id| site.id == *id))
            .collect();
        if let (Some(id), true) = (&query.location, sites.is_empty()) {
            return Err(Fault::Misconfigured(format!("there is no site `{id}`")));
        }
        let now = self.clock.now();
        let mut lines = Vec::new();
        for site in &sites {
            let first = query.from.unwrap_or_else(|| civil::date_of(site.time_zone, now));
            let last = first.checked_add_days(Days::new(u64::from(query.days.max(1)) - 1)).unwrap_or(first);
            let (Some(first), Some(last)) =
                (civil::day(site.time_zone, first), civil::day(site.time_zone, last))
            else {
                continue;
            };
            let expected = self.ledger.agenda(first.start(), last.end()).await?;
            lines.extend(expected.into_iter().filter(|expected| expected.location == site.id).map(
                |expected| {
                    let service =
                        site.service(expected.service.as_str()).map(|service| service.name.default.clone());
                    let practitioner = expected.practitioner.as_ref().map(|id| {
                        let known = site.practitioners.iter().find(|who| who.id == *id);
                        known.map_or_else(|| id.to_string(), |known| known.name.clone())
                    });
                    let line = Line::of(&expected, site.time_zone, service, practitioner.unwrap_or_default());
                    (expected.time, line)
                },
            ));
        }
        lines.sort_by_key(|(time, _)| *time);
        Ok(Agenda { appointments: lines.into_iter().map(|(_, line)| line).collect() })
    }
}

impl Line {
    fn of(expected: &Expected, zone: Tz, service: Option<String>, practitioner: String) -> Self {
        let civil = |instant: chrono::DateTime<chrono::Utc>| {
            instant.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
        };
        let patient = expected.patient.clone().unwrap_or_default();
        Self {
            start: civil(expected.time.start()),
            end: civil(expected.time.end()),
            location: expected.location.local().to_owned(),
            service: service.unwrap_or_else(|| expected.service.to_string()),
            dose: expected.dose,
            practitioner,
            patient: patient.name,
            born: patient.birth_date.map(|date| date.to_string()).unwrap_or_default(),
            phone: patient.phone.unwrap_or_default(),
            email: patient.email.unwrap_or_default(),
            notes: patient.notes.unwrap_or_default(),
        }
    }

    fn cells(&self) -> [&str; 9] {
        [
            &self.start,
            self.end.rsplit(' ').next().unwrap_or_default(),
            &self.location,
            &self.service,
            &self.practitioner,
            &self.patient,
            &self.born,
            &self.phone,
            &self.email,
        ]
    }
}

/// Shows nothing of the patients: the list itself is printed by [`Display`](fmt::Display) alone.
impl fmt::Debug for Agenda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Agenda({} appointments)", self.appointments.len())
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({})", self.start)
    }
}

impl fmt::Display for Agenda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.appointments.is_empty() {
            return writeln!(f, "nobody is expected");
        }
        let head = ["start", "end", "site", "service", "with", "patient", "born", "phone", "e-mail"];
        let rows: Vec<[&str; 9]> =
            std::iter::once(head).chain(self.appointments.iter().map(Line::cells)).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..head.len()).map(width).collect();
        for row in rows {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            writeln!(f, "{}", cells.join("  ").trim_end())?;
        }
        Ok(())
    }
}
