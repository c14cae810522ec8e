//! Microsoft Bookings, through Microsoft Graph.
//!
//! An API that has no idempotency keys, no locks and no cancelled state, and that says 500 both for a place that
//! is taken and for an appointment that it made. So nothing here believes an answer: what was made is read back,
//! what is not clear is looked for by our mark, and of two that crossed the later one yields. That only one of
//! ours is ever at a place is the ledger's doing.
//!
//! Start with `catalogue` (what there is), then `openings` (when), `place` (booking one patient), `group`
//! (joining others), `change` (moving and cancelling). `wire` has Graph's words.
//!
//! # Quirks
//!
//! * A taken place is answered 500, not 409
//!   (<https://github.com/microsoftgraph/microsoft-graph-docs/issues/19316>), and so is an appointment that was
//!   made all the same (<https://github.com/microsoftgraph/msgraph-sdk-java/issues/1581>):
//!   `bookings::faults::error500`, `…::error500_though_created`.
//! * `staffMemberIds` has to be there for an application, and the policy has to allow choosing
//!   (<https://github.com/microsoftgraph/microsoft-graph-docs/pull/22029>): `check`.
//! * `getStaffAvailability` takes UTC and names of Windows, not of IANA
//!   (<https://github.com/microsoftgraph/microsoft-graph-docs/issues/20695>), ignores the service's hours
//!   (…/20554), has shown busy time as free (<https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/1455>)
//!   and merged overlaps wrongly (<https://github.com/microsoftgraph/microsoft-graph-docs/issues/18796>):
//!   `bookings::faults::distrust`.
//! * Lists leave out customers (<https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/539>), notes
//!   and reminders: `…::empty_customers`, `…::groups`.
//! * A customer of a group who is not known is dropped without a word
//!   (<https://github.com/microsoftgraph/microsoft-graph-docs/issues/21898>): `…::groups`.
//! * Ids may have slashes, and such an appointment cannot be changed
//!   (<https://github.com/microsoftgraph/microsoft-graph-explorer-v4/issues/4029>): `…::slash_ids`.
//! * `$top` cuts a list short without a next page
//!   (<https://github.com/microsoftgraph/msgraph-sdk-powershell/issues/1351>), so it is never sent.

use std::{
    collections::HashMap,
    ops::RangeInclusive,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::NaiveDate;
use moka::sync::Cache;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::{
    clock::Clock,
    config::Bookings as Settings,
    domain::{CalendarId, Channel, Location, Place, ProviderName, Service, ServiceId},
    provider::{
        Appointment, Booked, Capabilities, Farewell, Handle, Locations, Notices, Openings, OpeningsQuery,
        Order, Patient, Provider, ProviderError, Record, Reference, Reschedule, Trial,
    },
    providers::graph::Graph,
    telemetry::cache,
};
use catalogue::{Business, Catalogue};
use kept::Kept;
use offered::Offered;
use openings::{Sheet, Shown, reminder_key, window};
use paths::Paths;

mod catalogue;
mod change;
mod group;
mod kept;
mod look;
mod offered;
mod openings;
mod paths;
mod patient;
mod place;
mod seat;
mod site;
mod trials;
pub mod wire;

/// How long businesses, services and staff are taken as they were read.
const CATALOGUE: Duration = Duration::from_mins(5);

/// How long openings are.
const OPENINGS: Duration = Duration::from_secs(5);

/// How much longer either is used for reading while Graph does not answer.
const STALE: Duration = Duration::from_mins(10);

/// What a read may take, so that there is time to say so.
const READ: Duration = Duration::from_secs(9);

/// What a cancellation may take: a try that hangs, and another one.
const CANCEL: Duration = Duration::from_secs(16);

/// The same as [`READ`] where there is an older answer to fall back on.
const READ_WITH_FALLBACK: Duration = Duration::from_secs(4);

/// Services whose reminders are remembered.
const MOST_REMINDERS: u64 = 10_000;

/// Searches whose openings are remembered.
const MOST_SEARCHES: u64 = 10_000;

/// A search: a business, a service, dates, and how often the calendar was written to by us before it.
type Search = (CalendarId, ServiceId, NaiveDate, NaiveDate, u64);

/// A business, and the id of one of its services.
type ServiceKey = (Arc<str>, Arc<str>);

/// The businesses that are listed in `[bookings]`.
#[derive(Debug)]
pub struct Bookings {
    graph: Arc<Graph>,
    settings: Settings,
    paths: Paths,
    clock: Clock,
    catalogue: Kept<(), Catalogue>,
    shown: Kept<Search, Shown>,
    reminders: Cache<ServiceKey, Arc<[wire::Reminder]>>,
    /// How often we wrote to a calendar.
    written: Mutex<HashMap<CalendarId, u64>>,
    /// Graph has told that cancelling with a message is not ours to do.
    cannot_cancel: AtomicBool,
}

impl Bookings {
    #[must_use]
    pub fn new(graph: Arc<Graph>, settings: Settings, clock: Clock) -> Self {
        Self {
            graph,
            paths: Paths::new(settings.allowed.clone()),
            settings,
            clock,
            catalogue: Kept::new(&cache::CATALOGUE, 1, CATALOGUE, STALE),
            shown: Kept::new(&cache::OPENINGS, MOST_SEARCHES, OPENINGS, STALE),
            reminders: Cache::builder().max_capacity(MOST_REMINDERS).time_to_live(CATALOGUE).build(),
            written: Mutex::default(),
            cannot_cancel: AtomicBool::new(false),
        }
    }

    /// What there is to book, and whether that may be out of date.
    async fn catalogue(&self) -> Result<(Arc<Catalogue>, bool), ProviderError> {
        let before = self.catalogue.last(&());
        let deadline = read_deadline(before.is_some());
        let read = async {
            let read = Catalogue::read(
                &self.graph,
                &self.settings,
                &self.paths,
                before.as_deref(),
                CATALOGUE + STALE,
                deadline,
            );
            let read = read.await.map_err(|trouble| trouble.into_error("businesses"))?;
            for (business, error) in &read.failed {
                tracing::error!(calendar = business, %error, "a business cannot be used");
            }
            match read.failed.first() {
                Some((_, error)) if read.businesses.is_empty() => Err(error.clone()),
                // Not for long: what did not answer may come back any moment.
                _ if read.stale || read.failed.iter().any(|(_, error)| passes(error)) => {
                    Ok((read, Kept::<(), Catalogue>::BRIEFLY))
                }
                _ => Ok((read, CATALOGUE)),
            }
        };
        let (catalogue, stale) = self.catalogue.get((), (), read).await?;
        let stale = stale || catalogue.stale;
        Ok((catalogue, stale))
    }

    /// The business of a calendar, as it was last read.
    async fn business(&self, calendar: &CalendarId) -> Result<Arc<Business>, ProviderError> {
        let id = paths::business_of(calendar)?;
        let (catalogue, _) = self.catalogue().await?;
        if let Some(business) = catalogue.business(calendar) {
            return Ok(business.clone());
        }
        let failed = catalogue.failed.iter().find(|(failed, _)| failed.eq_ignore_ascii_case(&id));
        Err(failed.map_or_else(
            || {
                ProviderError::Misconfigured(format!(
                    "the business `{id}` has bookings and is not among `businesses` of `[bookings]`: keep it there \
                     until they are over"
                ))
            },
            |(_, error)| error.clone(),
        ))
    }

    /// What is open, from a moment ago or anew, and whether that may be out of date.
    async fn sheet(
        &self,
        business: &Business,
        offered: &Offered,
        dates: &RangeInclusive<NaiveDate>,
        own: &[Handle],
    ) -> Result<(Sheet, bool), ProviderError> {
        let Some(window) = window(business, dates) else { return Ok((Sheet::default(), false)) };
        let written = self.written.lock().get(&business.calendar).copied().unwrap_or(0);
        let service = offered.service.id.clone();
        let search =
            |written| (business.calendar.clone(), service.clone(), *dates.start(), *dates.end(), written);
        // What was open before we wrote is an answer only when there is no other.
        let ever = search(u64::MAX);
        let deadline = read_deadline(self.shown.last(&ever).is_some());
        let read = async {
            let shown = self.read_shown(business, offered, window, deadline).await?;
            Ok((shown, OPENINGS))
        };
        let (shown, stale) = self.shown.get(search(written), ever, read).await?;
        Ok((self.draw(business, offered, dates, &shown, own)?, stale))
    }

    /// Everything that was read of a calendar is out of date.
    fn wrote(&self, calendar: &CalendarId) {
        *self.written.lock().entry(calendar.clone()).or_default() += 1;
    }

    /// The reminders of a service, for the patient and for staff. Only a read by id has them.
    async fn reminders_of(
        &self,
        business: &Business,
        offered: &Offered,
        deadline: Instant,
    ) -> Arc<[wire::Reminder]> {
        if let Some(known) = self.reminders.get(&reminder_key(business, offered)) {
            return known;
        }
        let path = self.paths.below(&business.id, &["services", &offered.vendor.id]);
        let Ok(path) = path else { return Arc::from([]) };
        let ask = crate::providers::graph::Ask::get(&business.id, path, "service");
        match self.graph.read::<wire::Service>(&ask, deadline).await {
            Ok(service) => self.keep_reminders(business, offered, service),
            Err(trouble) => {
                tracing::warn!(%trouble, "the reminders of a service could not be read, so none are set");
                Arc::from([])
            }
        }
    }

    fn keep_reminders(
        &self,
        business: &Business,
        offered: &Offered,
        service: wire::Service,
    ) -> Arc<[wire::Reminder]> {
        let reminders: Arc<[wire::Reminder]> = service.default_reminders.unwrap_or_default().into();
        self.reminders.insert(reminder_key(business, offered), reminders.clone());
        reminders
    }

    fn may_cancel(&self) -> bool {
        !self.cannot_cancel.load(Ordering::Relaxed)
    }
}

/// Whether the same question may be answered a moment later.
fn passes(error: &ProviderError) -> bool {
    matches!(error, ProviderError::Unavailable { .. } | ProviderError::Timeout)
}

fn read_deadline(fallback: bool) -> Instant {
    Instant::now() + if fallback { READ_WITH_FALLBACK } else { READ }
}

#[async_trait]
impl Provider for Bookings {
    fn name(&self) -> ProviderName {
        ProviderName::Bookings
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { record: Record::Vendor, shared_objects: true, fixed_openings: false, reschedule: true }
    }

    async fn locations(&self) -> Result<Locations, ProviderError> {
        let (catalogue, stale) = self.catalogue().await?;
        let sites = catalogue.businesses.iter().flat_map(|business| business.locations.iter().cloned());
        Ok(Locations { sites: sites.collect(), stale })
    }

    async fn openings(&self, query: &OpeningsQuery) -> Result<Openings, ProviderError> {
        let business = self.business(&query.location.calendar).await?;
        let Some(offered) = business.offered(&query.service.id).filter(|offered| !offered.staff.is_empty())
        else {
            return Ok(Openings { supply: Vec::new(), counted: Vec::new(), stale: false });
        };
        let dates = query.first..=query.last;
        let (sheet, stale) = self.sheet(&business, offered, &dates, &query.own).await?;
        let wanted = |supply: &&crate::domain::availability::Supply| {
            query.practitioner.as_ref().is_none_or(|wanted| wanted == supply.practitioner())
        };
        let supply = sheet.supply.into_iter().filter(|supply| wanted(&supply)).collect();
        // Hours and policies decide too, and are read less often.
        let stale = stale || business.read.elapsed() > CATALOGUE + READ;
        Ok(Openings { supply, counted: sheet.counted, stale })
    }

    async fn notices(
        &self,
        location: &Location,
        service: &Service,
        patient: &Patient,
        wanted: &[Channel],
    ) -> Notices {
        let Ok(business) = self.business(&location.calendar).await else { return Notices::default() };
        let Some(offered) = business.offered(&service.id) else { return Notices::default() };
        let notified = patient::channels(patient, wanted, &self.settings, offered);
        let mut reminders = Vec::new();
        if notified.contains(&Channel::Email) {
            let all = self.reminders_of(&business, offered, Instant::now() + READ_WITH_FALLBACK).await;
            reminders =
                all.iter().filter(|of| patient::reaches_patient(of)).map(|of| of.offset.clone()).collect();
            reminders.sort_unstable();
            reminders.dedup();
        }
        Notices { notified, reminders }
    }

    async fn book(&self, order: &Order) -> Vec<Booked> {
        let mut answers = Vec::new();
        for dose in &order.doses {
            let answer = match answers.last() {
                None | Some(Booked::Booked { .. }) => self.book_one(order, dose).await,
                Some(_) => Booked::NotTried,
            };
            answers.push(answer);
        }
        answers
    }

    async fn find(
        &self,
        calendar: &CalendarId,
        references: &[Reference],
        places: &[Place],
    ) -> Result<Vec<Appointment>, ProviderError> {
        let business = self.business(calendar).await?;
        self.find_marked(&business, references, places, Instant::now() + READ).await
    }

    async fn appointment(
        &self,
        calendar: &CalendarId,
        handle: &Handle,
    ) -> Result<Option<Appointment>, ProviderError> {
        let business = self.business(calendar).await?;
        self.appointment_of(&business, handle, Instant::now() + READ).await
    }

    async fn reschedule(&self, calendar: &CalendarId, change: &Reschedule) -> Booked {
        match self.business(calendar).await {
            Ok(business) => self.move_one(&business, change).await,
            Err(error) => Booked::Failed(error),
        }
    }

    async fn cancel(
        &self,
        calendar: &CalendarId,
        handle: &Handle,
        farewell: &Farewell,
    ) -> Result<Vec<Channel>, ProviderError> {
        let business = self.business(calendar).await?;
        self.cancel_one(&business, handle, farewell, Instant::now() + CANCEL).await
    }

    async fn trials(&self) -> Vec<Trial> {
        self.try_everything().await
    }
}
