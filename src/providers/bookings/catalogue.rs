//! What there is to book: businesses, their services and staff, read together and kept for a while.
//!
//! A newcomer would ask Graph for a list of businesses. It has ids and names only, at most 500 of them; so each
//! one that is allowed is read, five in one round trip. One that cannot be used (a zone nobody knows, no right
//! to read it) is left out and named in the log and by `check`; the others go on.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{NaiveTime, TimeDelta, Timelike};
use chrono_tz::Tz;
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::{
    offered::{Offered, overlay_of},
    paths::{self, Paths},
    site::Site,
    wire,
};
use crate::{
    config::{Bookings as Settings, bookings::BusinessOverlay},
    domain::{CalendarId, Hours, Location, PractitionerId, ServiceId},
    provider::ProviderError,
    providers::graph::{Answer, Ask, Graph, Trouble, zones},
};

/// Weekly hours, by weekday from Monday.
pub(super) type Week = [Vec<Hours>; 7];

/// All businesses that could be read, and why others could not.
#[derive(Debug, Clone, Default)]
pub(super) struct Catalogue {
    pub(super) businesses: Vec<Arc<Business>>,
    pub(super) failed: Vec<(String, ProviderError)>,
    pub(super) stale: bool,
}

/// A business, as bookings need it.
#[derive(Debug)]
pub(super) struct Business {
    pub(super) id: Arc<str>,
    pub(super) calendar: CalendarId,
    pub(super) zone: Tz,
    pub(super) locations: Vec<Arc<Location>>,
    pub(super) services: Vec<Offered>,
    staff: HashMap<PractitionerId, Staff>,
    hours: Week,
    /// Of the longest service with its buffers: how far beyond a window an appointment may reach.
    pub(super) reach: TimeDelta,
    /// When it was read.
    pub(super) read: Instant,
}

#[derive(Debug)]
struct Staff {
    zone: Tz,
    /// Their own; `None`: the business's.
    hours: Option<Week>,
}

/// What four reads of a business come to.
struct Raw {
    business: wire::Business,
    services: Vec<wire::Service>,
    staff: Vec<wire::StaffMember>,
    questions: Vec<wire::CustomQuestion>,
}

impl Catalogue {
    pub(super) fn business(&self, calendar: &CalendarId) -> Option<&Arc<Business>> {
        self.businesses.iter().find(|business| business.calendar == *calendar)
    }

    /// Reads every business that is allowed. Those that Graph does not answer for now are as they were.
    pub(super) async fn read(
        graph: &Graph,
        settings: &Settings,
        paths: &Paths,
        before: Option<&Self>,
        usable: Duration,
        deadline: Instant,
    ) -> Result<Self, Trouble> {
        let ids = paths.businesses(graph, deadline).await?;
        let mut asks = Vec::new();
        for id in &ids {
            asks.extend([
                Ask::get(id, paths.business(id)?, "business"),
                Ask::get(id, paths.below(id, &["services"])?, "services"),
                Ask::get(id, paths.below(id, &["staffMembers"])?, "staffMembers"),
                Ask::get(id, paths.below(id, &["customQuestions"])?, "customQuestions"),
            ]);
        }
        let answers = graph.batch(&asks, deadline).await;
        let mut catalogue = Self::default();
        for ((id, asks), answers) in ids.iter().zip(asks.chunks(PARTS)).zip(answers.chunks(PARTS)) {
            match Raw::read(graph, asks, answers, deadline).await {
                Ok(raw) => match Business::new(id, raw, settings) {
                    Ok(business) => catalogue.businesses.push(Arc::new(business)),
                    Err(error) => catalogue.failed.push((id.to_string(), error)),
                },
                Err((trouble, what)) => {
                    let known =
                        before.and_then(|before| before.businesses.iter().find(|known| known.id == *id));
                    match known.filter(|known| trouble.passes() && known.read.elapsed() < usable) {
                        Some(known) => {
                            catalogue.stale = true;
                            catalogue.businesses.push(known.clone());
                        }
                        None => catalogue.failed.push((id.to_string(), why(id, trouble, what))),
                    }
                }
            }
        }
        Ok(catalogue)
    }
}

/// Reads per business.
const PARTS: usize = 4;

fn why(id: &str, trouble: Trouble, what: &'static str) -> ProviderError {
    match trouble {
        Trouble::NotFound => ProviderError::Misconfigured(format!(
            "there is no Bookings business `{id}`: see `businesses` of `[bookings]`"
        )),
        trouble => trouble.into_error(what),
    }
}

impl Raw {
    async fn read(
        graph: &Graph,
        asks: &[Ask],
        answers: &[Result<Answer, Trouble>],
        deadline: Instant,
    ) -> Result<Self, (Trouble, &'static str)> {
        let [business, services, staff, questions] = asks else {
            return Err((Trouble::NoAnswer("not in time"), "business"));
        };
        let answer =
            |index: usize| answers.get(index).cloned().unwrap_or(Err(Trouble::NoAnswer("not in time")));
        let told = |ask: &Ask| {
            let what = ask.what;
            move |trouble| (trouble, what)
        };
        Ok(Self {
            business: answer(0).and_then(|answer| answer.read()).map_err(told(business))?,
            services: list(graph, answer(1), services, deadline).await.map_err(told(services))?,
            staff: list(graph, answer(2), staff, deadline).await.map_err(told(staff))?,
            questions: list(graph, answer(3), questions, deadline).await.map_err(told(questions))?,
        })
    }
}

/// A list whose first page came in a batch.
pub(super) async fn list<T: DeserializeOwned>(
    graph: &Graph,
    answer: Result<Answer, Trouble>,
    ask: &Ask,
    deadline: Instant,
) -> Result<Vec<T>, Trouble> {
    graph.rest_of(answer?.read()?, ask, deadline).await
}

impl Business {
    fn new(id: &Arc<str>, raw: Raw, settings: &Settings) -> Result<Self, ProviderError> {
        let Raw { business, services, staff, questions } = raw;
        let overlay = settings.business(id);
        let zone = zone_of(id, &business, overlay)?;
        let hours = week(&business.business_hours);
        let staff: Vec<(wire::StaffMember, Tz)> = staff
            .into_iter()
            .filter(can_serve)
            .map(|staff| placed(id, staff, zone))
            .collect::<Result<_, _>>()?;
        let overlays: Vec<_> = (0..services.len()).map(|at| overlay_of(&services, at, settings)).collect();
        let services: Vec<Offered> = services
            .into_iter()
            .zip(overlays)
            .filter_map(|(service, overlay)| {
                Offered::new(id, service, &business, &staff, &questions, overlay, settings)
            })
            .collect();
        let reach = services.iter().map(Offered::reach).max().unwrap_or_default();
        let calendar = paths::calendar_of(id);
        let locations = Site { id, business: &business, overlay, zone, hours: &hours, calendar: &calendar }
            .locations(&services, &staff);
        let staff = staff.into_iter().map(|(staff, zone)| {
            let own = (!staff.use_business_hours).then(|| week(&staff.working_hours));
            (PractitionerId::from(staff.id), Staff { zone, hours: own })
        });
        Ok(Self {
            id: id.clone(),
            calendar,
            zone,
            locations,
            services,
            staff: staff.collect(),
            hours,
            reach,
            read: Instant::now(),
        })
    }

    pub(super) fn offered(&self, service: &ServiceId) -> Option<&Offered> {
        self.services.iter().find(|offered| offered.service.id == *service)
    }

    /// The same by the id that Bookings has for it.
    pub(super) fn offered_as(&self, vendor: &str) -> Option<&Offered> {
        self.services.iter().find(|offered| offered.vendor.id == vendor)
    }

    /// The hours of the business, and their zone.
    pub(super) fn business_hours(&self) -> (&Week, Tz) {
        (&self.hours, self.zone)
    }

    /// Somebody's own hours, else the business's, and their zone.
    pub(super) fn staff_hours(&self, practitioner: &PractitionerId) -> (&Week, Tz) {
        match self.staff.get(practitioner) {
            Some(Staff { zone, hours: Some(own) }) => (own, *zone),
            _ => self.business_hours(),
        }
    }
}

/// Viewers see calendars and have none; who has declined to be on the staff is not.
fn can_serve(staff: &wire::StaffMember) -> bool {
    let is =
        |text: &Option<String>, word: &str| text.as_ref().is_some_and(|text| text.eq_ignore_ascii_case(word));
    !is(&staff.role, "viewer") && !is(&staff.membership_status, "rejectedByStaff")
}

/// A member of staff, and the zone of their own hours.
fn placed(
    business: &str,
    staff: wire::StaffMember,
    zone: Tz,
) -> Result<(wire::StaffMember, Tz), ProviderError> {
    let named = staff.time_zone.as_deref().filter(|name| !staff.use_business_hours && !name.is_empty());
    let zone = match named {
        None => zone,
        Some(name) => zones::zone(name).ok_or_else(|| {
            ProviderError::Misconfigured(format!(
                "a member of the staff of `{business}` has the time zone `{name}`, which nobody knows: set it in \
                 Bookings"
            ))
        })?,
    };
    Ok((staff, zone))
}

fn zone_of(
    id: &str,
    business: &wire::Business,
    overlay: Option<&BusinessOverlay>,
) -> Result<Tz, ProviderError> {
    if let Some(zone) = overlay.and_then(|overlay| overlay.time_zone) {
        return Ok(zone);
    }
    let named = business.booking_page_settings.as_ref().and_then(|page| page.business_time_zone.as_deref());
    let remedy = format!("set `time_zone` in a `[[bookings.business]]` with `id = \"{id}\"`");
    match named.filter(|name| !name.is_empty()) {
        None => Err(ProviderError::Misconfigured(format!("`{id}` does not tell its time zone: {remedy}"))),
        Some(name) => zones::zone(name).ok_or_else(|| {
            ProviderError::Misconfigured(format!(
                "`{id}` has the time zone `{name}`, which nobody knows: {remedy}"
            ))
        }),
    }
}

/// `bookingWorkHours` as hours by weekday.
pub(super) fn week(hours: &[wire::WorkHours]) -> Week {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let mut week = Week::default();
    for of_day in hours {
        let Some(day) = days.iter().position(|day| of_day.day.eq_ignore_ascii_case(day)) else { continue };
        week[day].extend(of_day.time_slots.iter().filter_map(span));
        week[day].sort_by_key(|hours| hours.from);
    }
    week
}

/// An end at or just before midnight is midnight; an end before the start is on the next day.
fn span(slot: &wire::TimeSlot) -> Option<Hours> {
    let (from, until) = (wire::time(&slot.start_time)?, wire::time(&slot.end_time)?);
    let minute = |time: NaiveTime| time.num_seconds_from_midnight().div_ceil(60);
    let until_minutes = match minute(until) {
        end if until > from => end,
        end => end + 24 * 60,
    };
    // The last second of a day is as far as some calendars go.
    let last = until.hour() == 23 && until.minute() == 59 && until.second() == 59;
    Some(Hours { from, until_minutes: if last && until > from { 24 * 60 } else { until_minutes } })
}
