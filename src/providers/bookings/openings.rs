//! When somebody could be booked: what the hours and policies open, less what Graph says is not free, less every
//! appointment it shows.
//!
//! Three sources, since none alone can be trusted: `getStaffAvailability` knows personal calendars, but not the
//! service's hours, and has shown busy time as free; the calendar view has every appointment with its buffers,
//! but no personal calendars; hours and policies know neither.

use std::{collections::HashMap, ops::RangeInclusive, sync::Arc};

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use reqwest::Method;
use tokio::time::Instant;

use super::{
    Bookings,
    catalogue::{Business, Week, list, week},
    offered::Offered,
    seat::{self, Seat},
    wire,
};
use crate::{
    domain::{
        PractitionerId, TimeRange,
        availability::{Interval, Seated, Supply},
        civil,
    },
    provider::{Counted, Handle, ProviderError},
    providers::graph::{Ask, Trouble, wire::ZonedTime},
};

/// What is left of a service on some dates, before our own entries.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) supply: Vec<Supply>,
    pub(super) counted: Vec<Counted>,
}

/// What Graph shows of some time.
#[derive(Debug)]
pub(super) struct Shown {
    window: TimeRange,
    availabilities: Vec<wire::StaffAvailability>,
    appointments: Vec<wire::Appointment>,
}

impl Bookings {
    /// What is open on some dates, by what Graph showed of them. The appointments of whoever asks are left out.
    pub(super) fn draw(
        &self,
        business: &Business,
        offered: &Offered,
        dates: &RangeInclusive<NaiveDate>,
        shown: &Shown,
        own: &[Handle],
    ) -> Result<Sheet, ProviderError> {
        Drawing { business, offered, dates, shown, own, now: self.clock.now() }.sheet()
    }

    /// Asks Graph, in one round trip.
    pub(super) async fn read_shown(
        &self,
        business: &Business,
        offered: &Offered,
        window: TimeRange,
        deadline: Instant,
    ) -> Result<Shown, ProviderError> {
        let wanted = wire::AvailabilityWanted {
            staff_ids: offered.staff.iter().map(PractitionerId::as_str).collect(),
            start_date_time: ZonedTime::utc(window.start()),
            end_date_time: ZonedTime::utc(window.end()),
        };
        let asked = |trouble: Trouble| trouble.into_error("calendarView");
        let view = self.view(&business.id, window, business.reach).map_err(asked)?;
        let path = self.paths.below(&business.id, &["getStaffAvailability"]).map_err(asked)?;
        let body = serde_json::to_value(&wanted).unwrap_or_default();
        let mut asks = vec![view, Ask::send(Method::POST, &business.id, path, "getStaffAvailability", body)];
        // A later booking copies the reminders, and those come only with a service of its own.
        if self.reminders.get(&reminder_key(business, offered)).is_none() {
            let path = self.paths.below(&business.id, &["services", &offered.vendor.id]).map_err(asked)?;
            asks.push(Ask::get(&business.id, path, "service"));
        }
        let mut answers = self.graph.batch(&asks, deadline).await;
        if let Some(Ok(service)) = (answers.len() > 2).then(|| answers.pop()).flatten()
            && let Ok(service) = service.read::<wire::Service>()
        {
            self.keep_reminders(business, offered, service);
        }
        let (Some(availability), Some(view)) = (answers.pop(), answers.pop()) else {
            return Err(ProviderError::Failed(
                "Graph answered another question than it was asked".to_owned(),
            ));
        };
        let availability = availability
            .and_then(|answer| answer.read::<wire::StaffAvailabilities>())
            .map_err(|trouble| trouble.into_error("getStaffAvailability"))?;
        let appointments = list(&self.graph, view, &asks[0], deadline).await.map_err(asked)?;
        let appointments = self.whole_groups(business, appointments, deadline).await?;
        let appointments = appointments.into_iter().map(wire::Appointment::without_patients).collect();
        Ok(Shown { window, availabilities: availability.value, appointments })
    }

    /// A read of everything that touches a window. Whether Graph goes by overlap or by start is not said, so the
    /// longest appointment is allowed for.
    pub(super) fn view(
        &self,
        business: &Arc<str>,
        window: TimeRange,
        reach: TimeDelta,
    ) -> Result<Ask, Trouble> {
        let path = self.paths.below(business, &["calendarView"])?;
        let at = |instant: DateTime<Utc>| instant.format("%Y-%m-%dT%H:%M:%SZ");
        let path = format!("{path}?start={}&end={}", at(window.start() - reach), at(window.end() + reach));
        Ok(Ask::get(business, path, "calendarView"))
    }

    /// Groups whose patients a list left out, read by id: who sits there has to be counted.
    async fn whole_groups(
        &self,
        business: &Business,
        mut appointments: Vec<wire::Appointment>,
        deadline: Instant,
    ) -> Result<Vec<wire::Appointment>, ProviderError> {
        let group = |appointment: &wire::Appointment| {
            let offered = business.offered_as(&appointment.service_id);
            appointment.maximum_attendees_count.is_some_and(|most| most > 1)
                || offered.is_some_and(|offered| offered.service.capacity > 1)
        };
        let known = |appointment: &wire::Appointment| match appointment.filled_attendees_count {
            Some(filled) => usize::try_from(filled).is_ok_and(|filled| appointment.customers.len() >= filled),
            None => !appointment.customers.is_empty(),
        };
        let partial: Vec<usize> = (0..appointments.len())
            .filter(|index| group(&appointments[*index]) && !known(&appointments[*index]))
            .collect();
        let ids: Vec<&str> = partial.iter().map(|index| appointments[*index].id.as_str()).collect();
        let read = self.read_by_id(&business.id, &ids, deadline).await?;
        for (index, whole) in partial.into_iter().zip(read) {
            // One that is gone by now counts nobody.
            appointments[index] = whole.unwrap_or_default();
        }
        Ok(appointments)
    }

    /// Appointments by id, each with what lists leave out; `None` for what is gone.
    pub(super) async fn read_by_id(
        &self,
        business: &Arc<str>,
        ids: &[&str],
        deadline: Instant,
    ) -> Result<Vec<Option<wire::Appointment>>, ProviderError> {
        let asks: Result<Vec<Ask>, Trouble> = ids
            .iter()
            .map(|id| {
                Ok(Ask::get(business, self.paths.below(business, &["appointments", id])?, "appointment"))
            })
            .collect();
        let asks = asks.map_err(|trouble| trouble.into_error("appointment"))?;
        let answers = match asks.as_slice() {
            [] => Vec::new(),
            [one] => vec![self.graph.read(one, deadline).await],
            several => {
                let answers = self.graph.batch(several, deadline).await.into_iter();
                answers.map(|answer| answer.and_then(|answer| answer.read())).collect()
            }
        };
        let read = answers.into_iter().map(|answer| match answer {
            Ok(appointment) => Ok(Some(appointment)),
            Err(Trouble::NotFound) => Ok(None),
            Err(trouble) => Err(trouble.into_error("appointment")),
        });
        read.collect()
    }
}

pub(super) fn reminder_key(business: &Business, offered: &Offered) -> (Arc<str>, Arc<str>) {
    (business.id.clone(), Arc::from(offered.vendor.id.as_str()))
}

/// From the first midnight to the last.
pub(super) fn window(business: &Business, dates: &RangeInclusive<NaiveDate>) -> Option<TimeRange> {
    let first = dates.start().iter_days().find_map(|date| civil::day(business.zone, date))?;
    let last = civil::day(business.zone, *dates.end())?;
    TimeRange::new(first.start(), last.end()).ok()
}

/// A sheet as it is drawn.
struct Drawing<'a> {
    business: &'a Business,
    offered: &'a Offered,
    dates: &'a RangeInclusive<NaiveDate>,
    shown: &'a Shown,
    own: &'a [Handle],
    now: DateTime<Utc>,
}

impl Drawing<'_> {
    fn sheet(&self) -> Result<Sheet, ProviderError> {
        let mut counted = Vec::new();
        let mut busy: HashMap<&str, Vec<Interval>> = HashMap::new();
        let mut seated: HashMap<&str, Vec<Seated>> = HashMap::new();
        let mut own_time: HashMap<&str, Vec<Interval>> = HashMap::new();
        for appointment in self.shown.appointments.iter().filter(|appointment| !appointment.id.is_empty()) {
            let (Some(time), Some(buffered)) = (appointment.time(), appointment.buffered()) else {
                return Err(unreadable(&self.business.id));
            };
            let group = self.is_group(appointment);
            let own = self.own_seats(appointment);
            if own > 0 {
                for staff in &appointment.staff_member_ids {
                    own_time.entry(staff).or_default().push(Interval::from(buffered));
                }
                if !group {
                    continue;
                }
            }
            for staff in &appointment.staff_member_ids {
                let practitioner = PractitionerId::from(staff.as_str());
                let start = time.start().timestamp_millis();
                counted.extend(Seat::all_of(appointment, group).into_iter().map(|seat| Counted {
                    handle: seat.handle(),
                    practitioner: practitioner.clone(),
                    start,
                }));
                if group && appointment.service_id == self.offered.vendor.id {
                    let taken = seat::taken(appointment, self.offered.service.capacity).saturating_sub(own);
                    seated.entry(staff).or_default().push(Seated { start, taken });
                } else {
                    busy.entry(staff).or_default().push(Interval::from(buffered));
                }
            }
        }
        let mut supply = Vec::new();
        for practitioner in &self.offered.staff {
            let openings = self.openings(practitioner);
            let mut taken = busy.remove(practitioner.as_str()).unwrap_or_default();
            let own = own_time.remove(practitioner.as_str()).unwrap_or_default();
            taken.extend(self.not_available(practitioner, &openings, &own)?);
            let seated = seated.remove(practitioner.as_str()).unwrap_or_default();
            supply.push(Supply::new(practitioner.clone(), openings, taken, seated));
        }
        Ok(Sheet { supply, counted })
    }

    /// How many seats in an appointment are of whoever asks.
    fn own_seats(&self, appointment: &wire::Appointment) -> u32 {
        let own = self.own.iter().filter(|handle| Seat::of(handle).appointment == appointment.id);
        u32::try_from(own.count()).unwrap_or(u32::MAX)
    }

    fn is_group(&self, appointment: &wire::Appointment) -> bool {
        let offered = self.business.offered_as(&appointment.service_id);
        offered.is_some_and(|offered| offered.service.capacity > 1)
    }

    /// What hours and policies open, each with a grid of its own.
    fn openings(&self, practitioner: &PractitionerId) -> Vec<Interval> {
        let (hours, zone) = self.business.staff_hours(practitioner);
        let (first, last) = (*self.dates.start(), *self.dates.end());
        // A date of the staff's zone may start on another date of the business.
        let (before, after) = (first.pred_opt().unwrap_or(first), last.succ_opt().unwrap_or(last));
        let dates = before.iter_days().take_while(|date| *date <= after);
        let advance = self.offered.policy.maximum_advance;
        let latest = advance.and_then(|advance| {
            self.now.checked_add_signed(advance)?.checked_add_signed(self.offered.service.duration)
        });
        let ours =
            |open: &TimeRange| (first..=last).contains(&civil::date_of(self.business.zone, open.start()));
        let cut = |open: TimeRange| match latest {
            Some(latest) if open.end() > latest => TimeRange::new(open.start(), latest).ok(),
            _ => Some(open),
        };
        dates
            .flat_map(|date| self.opened(date, hours, zone))
            .filter(ours)
            .filter_map(cut)
            .map(Interval::from)
            .collect()
    }

    /// What is open of one date of whoever works. The policy goes by the dates of the business.
    fn opened(&self, date: NaiveDate, hours: &Week, zone: chrono_tz::Tz) -> Vec<TimeRange> {
        let staffed = spans(hours, date, zone);
        if zone == self.business.zone {
            return self.allowed(date, staffed);
        }
        staffed.into_iter().flat_map(|span| self.cut_by_date(span)).collect()
    }

    /// A span of somebody in another zone, by the dates of the business that it touches.
    fn cut_by_date(&self, span: TimeRange) -> Vec<TimeRange> {
        let zone = self.business.zone;
        let (first, last) = (civil::date_of(zone, span.start()), civil::date_of(zone, span.end()));
        let dates = first.iter_days().take_while(|date| *date <= last);
        let cut = dates.flat_map(|date| {
            let day = civil::day(zone, date).and_then(|day| common(span, day));
            day.map(|day| self.allowed(date, vec![day])).unwrap_or_default()
        });
        cut.collect()
    }

    /// What the policy lets of some spans of a date. A window of dates goes before the rest of it.
    fn allowed(&self, date: NaiveDate, staffed: Vec<TimeRange>) -> Vec<TimeRange> {
        let policy = &self.offered.policy;
        let of_date = policy.custom_availabilities.iter().find(|window| {
            let first = window.start_date;
            first.is_some_and(|first| (first..=window.end_date.unwrap_or(first)).contains(&date))
        });
        let rule = of_date.map(|window| &window.availability).or(policy.general_availability.as_ref());
        match rule.map(|rule| (rule.availability_type, rule)) {
            Some((wire::AvailabilityType::NotBookable, _)) => Vec::new(),
            Some((wire::AvailabilityType::CustomWeeklyHours, rule)) => {
                let custom = spans(&week(&rule.business_hours), date, self.business.zone);
                let pairs = staffed.iter().flat_map(|one| custom.iter().map(move |other| (*one, *other)));
                pairs.filter_map(|(one, other)| common(one, other)).collect()
            }
            Some((wire::AvailabilityType::BookWhenStaffAreFree, _)) | None => staffed,
        }
    }

    /// Openings less what Graph says is available, and less what only appointments of whoever asks take up. What
    /// lies outside of openings is no concern: buffers may reach there.
    fn not_available(
        &self,
        practitioner: &PractitionerId,
        openings: &[Interval],
        own: &[Interval],
    ) -> Result<Vec<Interval>, ProviderError> {
        let theirs = self.shown.availabilities.iter().filter(|of| of.staff_id == practitioner.as_str());
        let mut available: Vec<Interval> = own.to_vec();
        for item in theirs.flat_map(|of| &of.availability_items) {
            let (Some(start), Some(end)) = (item.start_date_time.instant(), item.end_date_time.instant())
            else {
                return Err(unreadable(&self.business.id));
            };
            if self.is_available(item) {
                available.extend(Interval::new(start.timestamp_millis(), end.timestamp_millis()));
            }
        }
        available.sort_unstable();
        let mut gaps = Vec::new();
        let window = Interval::from(self.shown.window);
        let mut reached = window.start();
        for item in &available {
            gaps.extend(Interval::new(reached, item.start()));
            reached = reached.max(item.end());
        }
        gaps.extend(Interval::new(reached, window.end()));
        let pairs = gaps.iter().flat_map(|gap| openings.iter().map(move |open| (gap, open)));
        let within = pairs.filter_map(|(gap, open)| {
            Interval::new(gap.start().max(open.start()), gap.end().min(open.end()))
        });
        Ok(within.collect())
    }

    /// A group with free seats is available to its own service alone. What is not known is busy.
    fn is_available(&self, item: &wire::AvailabilityItem) -> bool {
        match item.status.to_ascii_lowercase().as_str() {
            "available" => true,
            "slotsavailable" => item.service_id.as_deref() == Some(self.offered.vendor.id.as_str()),
            _ => false,
        }
    }
}

fn unreadable(business: &str) -> ProviderError {
    ProviderError::Failed(format!(
        "a time in the calendar of `{business}` cannot be read: its time zone is not known"
    ))
}

fn spans(hours: &Week, date: NaiveDate, zone: chrono_tz::Tz) -> Vec<TimeRange> {
    let of_day = &hours[date.weekday().num_days_from_monday() as usize];
    of_day.iter().filter_map(|hours| civil::opening(zone, date, hours)).collect()
}

fn common(one: TimeRange, other: TimeRange) -> Option<TimeRange> {
    TimeRange::new(one.start().max(other.start()), one.end().min(other.end())).ok()
}
