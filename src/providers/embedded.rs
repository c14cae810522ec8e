//! Clinics whose calendar is kept here: hours come from `scheduling.toml`, appointments from the ledger.
//!
//! A newcomer would look for the appointments. There are none in here: the ledger is the record, so booking
//! succeeds by doing nothing, and nothing is ever found. Nothing here waits for anybody.
//!
//! # Quirks
//!
//! * Time away is busy time, not a shorter opening: it does not move the grid on which slots start, and a
//!   service's buffers keep their distance from it.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use moka::sync::Cache;

use crate::{
    config::{Clinic, Roster},
    domain::{
        CalendarId, Channel, Hours, Location, LocationId, Place, PractitionerId, ProviderName, Service,
        ServiceId,
        availability::{Interval, Supply},
        civil,
    },
    provider::{
        Appointment, Booked, Capabilities, Farewell, Handle, Locations, Notices, Openings, OpeningsQuery,
        Order, Patient, Provider, ProviderError, Record, Reference, Reschedule, Trial,
    },
};

/// Openings are worked out and kept for so many dates at a time.
const STRETCH_DAYS: i32 = 28;
/// A stretch with two openings a day is about 1.5 KiB.
const MOST_STRETCHES: u64 = 2048;

/// The clinics of the configuration.
#[derive(Debug)]
pub struct Embedded {
    locations: Locations,
    sites: HashMap<LocationId, Site>,
    /// By site and roster, and the number of the stretch.
    stretches: Cache<(usize, i32), Arc<[Opening]>>,
}

#[derive(Debug)]
struct Site {
    zone: Tz,
    /// In order.
    closed: Vec<NaiveDate>,
    rosters: Vec<Shift>,
}

/// A roster as openings need it.
#[derive(Debug)]
struct Shift {
    /// Unique within the provider.
    number: usize,
    practitioner: PractitionerId,
    services: Vec<ServiceId>,
    hours: [Vec<Hours>; 7],
    away: Vec<Interval>,
}

/// An opening, and the date it belongs to.
#[derive(Debug, Clone, Copy)]
struct Opening {
    date: NaiveDate,
    time: Interval,
}

impl Embedded {
    #[must_use]
    pub fn new(clinics: &[Clinic]) -> Self {
        let mut number = 0;
        let sites = clinics.iter().map(|clinic| (clinic.location.id.clone(), Site::new(clinic, &mut number)));
        Self {
            sites: sites.collect(),
            locations: Locations {
                sites: clinics.iter().map(|clinic| Arc::clone(&clinic.location)).collect(),
                stale: false,
            },
            stretches: Cache::new(MOST_STRETCHES),
        }
    }

    fn supply(&self, site: &Site, shift: &Shift, query: &OpeningsQuery) -> Supply {
        let stretch = |date: NaiveDate| date.num_days_from_ce().div_euclid(STRETCH_DAYS);
        let asked = query.first..=query.last;
        let mut openings = Vec::new();
        for number in stretch(query.first)..=stretch(query.last) {
            let known =
                self.stretches.get_with((shift.number, number), || site.stretch(shift, number).collect());
            openings.extend(
                known.iter().filter(|opening| asked.contains(&opening.date)).map(|opening| opening.time),
            );
        }
        Supply::new(shift.practitioner.clone(), openings, shift.away.clone(), Vec::new())
    }
}

impl Site {
    fn new(clinic: &Clinic, number: &mut usize) -> Self {
        let zone = clinic.location.time_zone;
        let mut closed = clinic.location.closed.clone();
        closed.sort_unstable();
        let rosters = clinic.rosters.iter().map(|roster| {
            *number += 1;
            Shift::new(roster, zone, *number)
        });
        Self { zone, closed, rosters: rosters.collect() }
    }

    /// Everything that opens on the dates of one stretch.
    fn stretch<'a>(&'a self, shift: &'a Shift, number: i32) -> impl Iterator<Item = Opening> + 'a {
        let first = NaiveDate::from_num_days_from_ce_opt(number * STRETCH_DAYS);
        let dates =
            first.into_iter().flat_map(|first| first.iter_days().take(STRETCH_DAYS.unsigned_abs() as usize));
        dates.filter(|date| self.closed.binary_search(date).is_err()).flat_map(move |date| {
            let hours = &shift.hours[date.weekday().num_days_from_monday() as usize];
            hours.iter().filter_map(move |hours| {
                let time = civil::opening(self.zone, date, hours)?;
                Some(Opening { date, time: time.into() })
            })
        })
    }
}

impl Shift {
    fn new(roster: &Roster, zone: Tz, number: usize) -> Self {
        Self {
            number,
            practitioner: roster.practitioner.clone(),
            services: roster.services.clone(),
            hours: roster.hours.clone(),
            away: roster.away.iter().filter_map(|away| away.range(zone)).map(Interval::from).collect(),
        }
    }

    fn serves(&self, query: &OpeningsQuery) -> bool {
        self.services.contains(&query.service.id)
            && query.practitioner.as_ref().is_none_or(|wanted| *wanted == self.practitioner)
    }
}

#[async_trait]
impl Provider for Embedded {
    fn name(&self) -> ProviderName {
        ProviderName::Embedded
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { record: Record::Ledger, shared_objects: false, fixed_openings: true, reschedule: true }
    }

    async fn locations(&self) -> Result<Locations, ProviderError> {
        Ok(self.locations.clone())
    }

    async fn openings(&self, query: &OpeningsQuery) -> Result<Openings, ProviderError> {
        let supply = self.sites.get(&query.location.id).map_or_else(Vec::new, |site| {
            let shifts = site.rosters.iter().filter(|shift| shift.serves(query));
            shifts.map(|shift| self.supply(site, shift, query)).collect()
        });
        Ok(Openings { supply, counted: Vec::new(), stale: false })
    }

    async fn notices(
        &self,
        _location: &Location,
        _service: &Service,
        _patient: &Patient,
        _wanted: &[Channel],
    ) -> Notices {
        Notices::default()
    }

    async fn book(&self, order: &Order) -> Vec<Booked> {
        order.doses.iter().map(|_| stands()).collect()
    }

    async fn find(
        &self,
        _calendar: &CalendarId,
        _references: &[Reference],
        _places: &[Place],
    ) -> Result<Vec<Appointment>, ProviderError> {
        Ok(Vec::new())
    }

    async fn appointment(
        &self,
        _calendar: &CalendarId,
        _handle: &Handle,
    ) -> Result<Option<Appointment>, ProviderError> {
        Ok(None)
    }

    async fn reschedule(&self, _calendar: &CalendarId, _change: &Reschedule) -> Booked {
        stands()
    }

    async fn cancel(
        &self,
        _calendar: &CalendarId,
        _handle: &Handle,
        _farewell: &Farewell,
    ) -> Result<Vec<Channel>, ProviderError> {
        Ok(Vec::new())
    }

    async fn trials(&self) -> Vec<Trial> {
        Vec::new()
    }
}

/// There is no vendor to disagree, and none to name the appointment.
fn stands() -> Booked {
    Booked::Booked { handle: Handle("".into()), version: None, join_url: None }
}
