//! A vendor's calendar that has neither locks nor idempotency keys, and people who use it beside us.
//!
//! It checks against what it shows, and it does not show everything at once: for some seconds what we wrote is
//! seen by nobody who searches. So two of our writers at one place would both be let in; that they never are
//! is the ledger's business alone.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use healthbot_scheduler::{
    domain::{CalendarId, Channel, Location, Place, ProviderName, Service, ServiceId},
    ledger::days::Candidate,
    provider::{
        Appointment, Booked, Capabilities, Counted, Farewell, Handle, Locations, Notices, Openings,
        OpeningsQuery, Order, OrderedDose, Patient, Provider, ProviderError, Record, Reference, Reschedule,
        Trial,
    },
};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::{
    clinic::Clinic,
    world::{Instance, Kind, World},
};

/// A calendar, and what was ever in it.
pub(super) struct Calendar {
    world: Arc<World>,
    pub clinic: Arc<Clinic>,
    /// How long a search does not show what was just written.
    lag: Duration,
    /// It takes what we send, also where one of ours is already: some vendors do.
    trusting: bool,
    kept: Mutex<Contents>,
}

#[derive(Default)]
struct Contents {
    appointments: BTreeMap<u64, Kept>,
    last: u64,
}

/// An appointment as it is, or was when it went.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub reference: Option<Reference>,
    pub service: ServiceId,
    pub place: Place,
    /// Whose it is; nobody's of ours if an outsider made it.
    pub patient: Option<String>,
    pub made: Duration,
    pub changed: Duration,
    pub gone: Option<Duration>,
    /// Somebody else moved or cancelled it: the ledger cannot know.
    pub meddled: bool,
    /// It was moved, by whomever: where it was before is not kept.
    pub moved: bool,
}

impl Kept {
    pub(super) fn stands(&self) -> bool {
        self.gone.is_none()
    }

    fn shown(&self, now: Duration, lag: Duration) -> bool {
        self.stands() && (self.patient.is_none() || self.changed + lag <= now)
    }

    fn in_the_way(&self, service: &ServiceId, place: &Place) -> bool {
        self.place.practitioner == place.practitioner
            && self.place.buffered.overlaps(&place.buffered)
            && !self.joined(service, place)
    }

    fn joined(&self, service: &ServiceId, place: &Place) -> bool {
        self.service == *service
            && self.place.practitioner == place.practitioner
            && self.place.time.start() == place.time.start()
    }
}

impl Calendar {
    pub(super) fn new(world: &Arc<World>, clinic: &Arc<Clinic>, lag: Duration) -> Arc<Self> {
        let trusting = world.happens(250);
        Arc::new(Self { world: world.clone(), clinic: clinic.clone(), lag, trusting, kept: Mutex::default() })
    }

    pub(super) fn appointments(&self) -> Vec<(String, Kept)> {
        self.kept
            .lock()
            .appointments
            .iter()
            .map(|(handle, kept)| (handle.to_string(), kept.clone()))
            .collect()
    }

    /// The seats that are free at a place by what is shown, and the handles of those who sit there; `own` are
    /// the appointments of whoever asks, which are not in their own way.
    fn survey(&self, service: &ServiceId, place: &Place, own: &[Handle]) -> (u32, Vec<Counted>) {
        let capacity = self.clinic.capacity(service);
        let now = self.world.elapsed();
        let kept = self.kept.lock();
        let mut free = capacity;
        let mut counted = Vec::new();
        for (handle, there) in kept.appointments.iter().filter(|(_, there)| there.shown(now, self.lag)) {
            if own.iter().any(|own| *own.0 == handle.to_string()) {
                continue;
            }
            if there.in_the_way(service, place) {
                return (0, Vec::new());
            }
            if there.joined(service, place) {
                free = free.saturating_sub(1);
                counted.push(Counted {
                    handle: Handle(handle.to_string().into()),
                    practitioner: place.practitioner.clone(),
                    start: place.time.start().timestamp_millis(),
                });
            }
        }
        (free, counted)
    }

    fn fits(&self, kept: &Contents, service: &ServiceId, place: &Place, but: Option<u64>) -> bool {
        let now = self.world.elapsed();
        let capacity = self.clinic.capacity(service);
        let mut joined = 0;
        for (handle, there) in &kept.appointments {
            let accepted = self.trusting && there.patient.is_some() && !there.meddled;
            if but == Some(*handle) || accepted || !there.shown(now, self.lag) {
                continue;
            }
            if there.in_the_way(service, place) {
                return false;
            }
            joined += u32::from(there.joined(service, place));
        }
        joined < capacity
    }

    /// One appointment, checked and written in one go.
    fn make(&self, service: &ServiceId, dose: &OrderedDose, patient: &str) -> Booked {
        let mut kept = self.kept.lock();
        if !self.fits(&kept, service, &dose.place, None) {
            return Booked::Taken;
        }
        self.insert(&mut kept, service, dose, patient)
    }

    fn insert(&self, kept: &mut Contents, service: &ServiceId, dose: &OrderedDose, patient: &str) -> Booked {
        let now = self.world.elapsed();
        kept.last += 1;
        let handle = kept.last;
        kept.appointments.insert(
            handle,
            Kept {
                reference: Some(dose.reference.clone()),
                service: service.clone(),
                place: dose.place.clone(),
                patient: Some(patient.to_owned()),
                made: now,
                changed: now,
                gone: None,
                meddled: false,
                moved: false,
            },
        );
        Booked::Booked {
            handle: Handle(handle.to_string().into()),
            version: Some("1".into()),
            join_url: None,
        }
    }

    /// Whether somebody else is shown in the way of a place, and nothing of ours there.
    fn is_occupied(&self, service: &ServiceId, dose: &OrderedDose) -> bool {
        let now = self.world.elapsed();
        let kept = self.kept.lock();
        let mut shown = kept.appointments.values().filter(|there| there.shown(now, self.lag));
        let ours = shown.clone().any(|there| there.reference.as_ref() == Some(&dose.reference));
        !ours && shown.any(|there| there.patient.is_none() && there.in_the_way(service, &dose.place))
    }

    /// Who sits in a group, as it is read before it is written whole.
    fn seated(&self, service: &ServiceId, place: &Place) -> Option<Vec<u64>> {
        let kept = self.kept.lock();
        let mut seated = Vec::new();
        for (handle, there) in kept.appointments.iter().filter(|(_, there)| there.stands()) {
            if there.in_the_way(service, place) {
                return None;
            }
            if there.joined(service, place) {
                seated.push(*handle);
            }
        }
        Some(seated)
    }

    /// Writes a group whole: whoever joined it since it was read is not in it any more.
    fn join(&self, service: &ServiceId, dose: &OrderedDose, patient: &str, read: &[u64]) -> Booked {
        let mut kept = self.kept.lock();
        if kept.appointments.values().any(|there| there.stands() && there.in_the_way(service, &dose.place)) {
            return Booked::Taken;
        }
        let now = self.world.elapsed();
        for (handle, there) in &mut kept.appointments {
            if there.stands() && there.joined(service, &dose.place) && !read.contains(handle) {
                there.gone = Some(now);
            }
        }
        self.insert(&mut kept, service, dose, patient)
    }

    /// Writes a group whole, without one of its patients.
    fn leave(&self, handle: &Handle, read: &[u64]) {
        let now = self.world.elapsed();
        let mut kept = self.kept.lock();
        let left = handle.0.parse::<u64>().ok().and_then(|handle| kept.appointments.get_mut(&handle));
        let Some(left) = left.filter(|left| left.stands()) else { return };
        left.gone = Some(now);
        let (service, place) = (left.service.clone(), left.place.clone());
        for (handle, there) in &mut kept.appointments {
            if there.stands() && there.joined(&service, &place) && !read.contains(handle) {
                there.gone = Some(now);
            }
        }
    }

    /// Where the group of an appointment is now, which staff may have moved, and who sits in it; `None` when
    /// there is none.
    fn group_of(&self, handle: &Handle) -> Option<(Place, Vec<u64>)> {
        let (service, place) = {
            let kept = self.kept.lock();
            let there = kept.appointments.get(&handle.0.parse::<u64>().ok()?)?;
            (there.service.clone(), there.place.clone())
        };
        let seated = (self.clinic.capacity(&service) > 1).then(|| self.seated(&service, &place)).flatten()?;
        Some((place, seated))
    }

    fn find(&self, references: &[Reference], places: &[Place]) -> Vec<Appointment> {
        let now = self.world.elapsed();
        let kept = self.kept.lock();
        let shown = kept.appointments.iter().filter(|(_, there)| there.shown(now, self.lag));
        shown
            .filter(|(_, there)| there.reference.as_ref().is_some_and(|own| references.contains(own)))
            .filter(|(_, there)| places.contains(&there.place))
            .map(|(handle, there)| appointment(*handle, there))
            .collect()
    }

    fn appointment(&self, handle: &Handle) -> Option<Appointment> {
        let handle: u64 = handle.0.parse().ok()?;
        let kept = self.kept.lock();
        kept.appointments.get(&handle).filter(|there| there.stands()).map(|there| appointment(handle, there))
    }

    /// Writes the group that is left and the one that is joined, both whole.
    fn change_groups(&self, change: &Reschedule, (from, left): &(Place, Vec<u64>), joined: &[u64]) -> Booked {
        let moved = self.relocate(change);
        if let (Booked::Booked { .. }, Ok(own)) = (&moved, change.handle.0.parse::<u64>()) {
            let now = self.world.elapsed();
            for (handle, there) in &mut self.kept.lock().appointments {
                let lost = |place, read: &[u64]| {
                    there.joined(&change.service.id, place) && *handle != own && !read.contains(handle)
                };
                if there.stands() && (lost(from, left) || lost(&change.to, joined)) {
                    there.gone = Some(now);
                }
            }
        }
        moved
    }

    fn relocate(&self, change: &Reschedule) -> Booked {
        let Ok(handle) = change.handle.0.parse::<u64>() else {
            return Booked::Refused { rule: "no such appointment".into() };
        };
        let mut kept = self.kept.lock();
        if !kept.appointments.get(&handle).is_some_and(Kept::stands) {
            return Booked::Refused { rule: "no such appointment".into() };
        }
        if !self.fits(&kept, &change.service.id, &change.to, Some(handle)) {
            return Booked::Taken;
        }
        let now = self.world.elapsed();
        let Some(there) = kept.appointments.get_mut(&handle) else { return Booked::Taken };
        there.place = change.to.clone();
        there.reference = Some(change.reference.clone());
        there.changed = now;
        there.moved = true;
        Booked::Booked { handle: change.handle.clone(), version: Some("2".into()), join_url: None }
    }

    fn remove(&self, handle: &Handle) {
        let now = self.world.elapsed();
        if let Ok(handle) = handle.0.parse::<u64>()
            && let Some(there) = self.kept.lock().appointments.get_mut(&handle)
        {
            there.gone.get_or_insert(now);
        }
    }

    fn is_free(kept: &Contents, service: &ServiceId, place: &Place) -> bool {
        !kept
            .appointments
            .values()
            .any(|there| there.stands() && (there.in_the_way(service, place) || there.joined(service, place)))
    }

    /// Somebody books by telephone, if nobody is there.
    pub(super) fn occupy(&self, service: ServiceId, place: Place) {
        let now = self.world.elapsed();
        let mut kept = self.kept.lock();
        if !Self::is_free(&kept, &service, &place) {
            return;
        }
        let outsider = Kept {
            reference: None,
            service,
            place,
            patient: None,
            made: now,
            changed: now,
            gone: None,
            meddled: true,
            moved: false,
        };
        self.world.note(|| format!("an outsider books {outsider:?}"));
        kept.last += 1;
        let handle = kept.last;
        kept.appointments.insert(handle, outsider);
    }

    /// Somebody books by telephone, cancels, or moves an appointment, as staff can.
    pub(super) fn meddle(&self) {
        let now = self.world.elapsed();
        let (service, place) = self.clinic.somewhere(&self.world);
        let mut kept = self.kept.lock();
        let free = Self::is_free(&kept, &service, &place);
        let ours: Vec<u64> = kept
            .appointments
            .iter()
            .filter(|(_, there)| there.stands() && there.patient.is_some())
            .map(|(handle, _)| *handle)
            .collect();
        match self.world.below(4) {
            0 | 1 => {
                drop(kept);
                self.occupy(service, place);
            }
            2 if !ours.is_empty() => {
                let handle = *self.world.pick(&ours);
                self.world.note(|| format!("staff cancel {handle}"));
                if let Some(there) = kept.appointments.get_mut(&handle) {
                    (there.gone, there.meddled) = (Some(now), true);
                }
            }
            3 if !ours.is_empty() && free => {
                let handle = *self.world.pick(&ours);
                if let Some(there) = kept.appointments.get_mut(&handle)
                    && there.service == service
                {
                    self.world.note(|| format!("staff move {handle} to {place:?}"));
                    (there.place, there.changed, there.meddled) = (place, now, true);
                }
            }
            _ => {}
        }
    }
}

fn appointment(handle: u64, there: &Kept) -> Appointment {
    Appointment {
        handle: Handle(handle.to_string().into()),
        version: Some("1".into()),
        reference: there.reference.clone(),
        place: there.place.clone(),
        created: None,
        join_url: None,
        yields: false,
    }
}

/// The vendor as one instance reaches it.
pub(super) struct CalendarOf {
    pub calendar: Arc<Calendar>,
    pub instance: Arc<Instance>,
}

impl fmt::Debug for CalendarOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the calendar of {:?}", self.instance)
    }
}

impl CalendarOf {
    async fn read<T: fmt::Debug + Send + 'static>(
        &self,
        what: impl FnOnce() -> String,
        effect: impl FnOnce(&Calendar) -> T + Send + 'static,
    ) -> Result<T, ProviderError> {
        let calendar = self.calendar.clone();
        let read = self.instance.call(Kind::Read, None, what, move || effect(&calendar)).await;
        read.ok_or(ProviderError::Timeout)
    }

    async fn write<T: fmt::Debug + Send + 'static>(
        &self,
        not_after: Option<Instant>,
        what: impl FnOnce() -> String,
        effect: impl FnOnce(&Calendar) -> T + Send + 'static,
    ) -> Option<T> {
        let calendar = self.calendar.clone();
        self.instance.call(Kind::Write, not_after, what, move || effect(&calendar)).await
    }

    /// Every candidate with a seat left, and whom its seats count already.
    pub(super) async fn survey(
        &self,
        service: &ServiceId,
        places: Vec<Place>,
        own: Vec<Handle>,
    ) -> Result<(Vec<Candidate>, HashSet<Counted>), ProviderError> {
        let (service, surveyed) = (service.clone(), places.len());
        self.read(
            || format!("survey {surveyed} places"),
            move |calendar| {
                let (mut candidates, mut counted) = (Vec::new(), HashSet::new());
                for place in places {
                    let (seats, seated) = calendar.survey(&service, &place, &own);
                    counted.extend(seated);
                    if seats > 0 {
                        candidates.push(Candidate { place, seats, appointments: 0 });
                    }
                }
                (candidates, counted)
            },
        )
        .await
    }

    async fn book_one(&self, order: &Order, dose: &OrderedDose) -> Booked {
        let (service, own, patient) = (order.service.id.clone(), dose.clone(), order.patient.name.clone());
        let what = || format!("book {dose:?} for {}", order.patient.name);
        let deadline = Some(order.deadline);
        let booked = if self.capabilities().shared_objects && order.service.capacity > 1 {
            let (read_of, place) = (service.clone(), dose.place.clone());
            let read = self.read(|| "read a group".into(), move |at| at.seated(&read_of, &place)).await;
            match read {
                Ok(Some(seated)) if seated.len() < order.service.capacity as usize => {
                    self.write(deadline, what, move |at| at.join(&service, &own, &patient, &seated)).await
                }
                Ok(_) => Some(Booked::Taken),
                Err(_) => None,
            }
        } else {
            self.write(deadline, what, move |at| at.make(&service, &own, &patient)).await
        };
        match booked {
            Some(booked) => booked,
            None => self.look(order, dose).await,
        }
    }

    /// No answer came: what is shown at the place may say enough.
    async fn look(&self, order: &Order, dose: &OrderedDose) -> Booked {
        let (service, own) = (order.service.id.clone(), dose.clone());
        let what = || format!("look for {dose:?}");
        match self.read(what, move |at| at.is_occupied(&service, &own)).await {
            Ok(true) => Booked::Occupied,
            Ok(false) | Err(_) => Booked::Unclear { why: "no answer".into() },
        }
    }
}

#[async_trait]
impl Provider for CalendarOf {
    fn name(&self) -> ProviderName {
        self.calendar.clinic.provider
    }

    fn capabilities(&self) -> Capabilities {
        self.calendar.clinic.capabilities
    }

    async fn locations(&self) -> Result<Locations, ProviderError> {
        Ok(Locations { sites: Arc::from([self.calendar.clinic.location.clone()]), stale: false })
    }

    async fn openings(&self, _query: &OpeningsQuery) -> Result<Openings, ProviderError> {
        Err(ProviderError::Unsupported("reading openings: these tests survey single places"))
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

    async fn trials(&self) -> Vec<Trial> {
        Vec::new()
    }

    async fn book(&self, order: &Order) -> Vec<Booked> {
        assert_eq!(self.capabilities().record, Record::Vendor, "the ledger's own calendar has no vendor");
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
        _calendar: &CalendarId,
        references: &[Reference],
        places: &[Place],
    ) -> Result<Vec<Appointment>, ProviderError> {
        let (references, places) = (references.to_vec(), places.to_vec());
        let what = format!("find {} references at {} places", references.len(), places.len());
        self.read(|| what, move |calendar| calendar.find(&references, &places)).await
    }

    async fn appointment(
        &self,
        _calendar: &CalendarId,
        handle: &Handle,
    ) -> Result<Option<Appointment>, ProviderError> {
        let handle = handle.clone();
        let what = format!("appointment {}", handle.0);
        self.read(|| what, move |calendar| calendar.appointment(&handle)).await
    }

    async fn reschedule(&self, _calendar: &CalendarId, change: &Reschedule) -> Booked {
        let own = change.clone();
        let what = || format!("move {} to {:?}", change.handle.0, change.to);
        if self.capabilities().shared_objects && change.service.capacity > 1 {
            let of = change.clone();
            let read = self.read(
                || "read two groups".into(),
                move |at| (at.group_of(&of.handle), at.seated(&of.service.id, &of.to)),
            );
            let moved = match read.await {
                Ok((Some(left), Some(joined))) => {
                    let write = move |at: &Calendar| at.change_groups(&own, &left, &joined);
                    self.write(Some(change.deadline), what, write).await
                }
                Ok((None, _)) => Some(Booked::Refused { rule: "no such appointment".into() }),
                Ok((_, None)) => Some(Booked::Taken),
                Err(_) => None,
            };
            return moved.unwrap_or_else(|| Booked::Unclear { why: "no answer".into() });
        }
        let moved = self.write(Some(change.deadline), what, move |calendar| calendar.relocate(&own)).await;
        moved.unwrap_or_else(|| Booked::Unclear { why: "no answer".into() })
    }

    async fn cancel(
        &self,
        _calendar: &CalendarId,
        handle: &Handle,
        _farewell: &Farewell,
    ) -> Result<Vec<Channel>, ProviderError> {
        let own = handle.clone();
        let what = || format!("cancel {}", handle.0);
        if self.capabilities().shared_objects {
            let of = handle.clone();
            let group = self.read(|| "read a group".into(), move |calendar| calendar.group_of(&of)).await?;
            if let Some((_, seated)) = group {
                let left = self.write(None, what, move |calendar| calendar.leave(&own, &seated)).await;
                return left.map(|()| Vec::new()).ok_or(ProviderError::Timeout);
            }
        }
        let gone = self.write(None, what, move |calendar| calendar.remove(&own)).await;
        gone.map(|()| Vec::new()).ok_or(ProviderError::Timeout)
    }
}
