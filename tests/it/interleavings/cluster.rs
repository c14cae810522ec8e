//! Several instances over one store and one vendor, the patients' requests to them, and what was told.

use std::{collections::HashSet, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use healthbot_scheduler::{
    domain::{Location, Service, code::ConfirmationCode},
    ledger::{
        Ledger, LedgerError,
        book::{Booked, Recalled, Request, Wish, WishedDose},
        change::{Asker, Changed, Move},
        days::Candidate,
        documents::{Booking, ContactKind},
        open::{GivenContact, Opened},
        record::Record,
        ring::{Key, Ring},
    },
    provider::{Counted, Handle, Notices, Patient, Record as WhoseRecord},
};
use parking_lot::Mutex;
use secrecy::SecretString;
use tokio::{task::JoinHandle, time::timeout};

use super::{
    clinic::Clinic,
    shelf::{Shelf, ShelfOf},
    vendor::{Calendar, CalendarOf},
    world::{Instance, World},
};

/// What one patient wants: one request, however often it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Errand {
    pub number: usize,
    pub patient: usize,
    pub service: &'static str,
    pub starts: Vec<DateTime<Utc>>,
    pub request_id: Option<String>,
}

impl Errand {
    pub(super) fn email(&self) -> String {
        format!("errand-{}@example.org", self.number)
    }

    fn request(&self, invocation: Option<String>) -> Request {
        Request {
            request_id: self.request_id.clone(),
            slots: self.starts.iter().map(|start| format!("{}@{start}", self.service)).collect(),
            name: format!("patient {}", self.patient),
            contacts: vec![
                (ContactKind::Email, self.email()),
                (ContactKind::Phone, format!("+1206555{:04}", self.patient)),
            ],
            invocation,
        }
    }

    fn contact(&self) -> GivenContact {
        GivenContact { kind: ContactKind::Email, forms: vec![self.email()] }
    }
}

/// Where a dose stands: its number, with whom, and when, in milliseconds.
pub(super) type Stands = (u8, String, i64);

/// What somebody was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    Booked {
        code: String,
        stands: Vec<Stands>,
    },
    AlreadyBooked {
        code: String,
    },
    AlreadyCancelled {
        code: String,
    },
    SlotTaken,
    Refused,
    TooManyBookings,
    InProgress,
    NotFound,
    Cancelled {
        code: String,
        doses: Vec<u8>,
    },
    Moved {
        code: String,
        stands: Vec<Stands>,
    },
    /// Something went wrong; nothing is promised.
    Fault(String),
    /// The connection broke, or the client had enough.
    None,
}

/// What was asked, by whom, and what came of it.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub errand: usize,
    pub asked: Duration,
    pub answered: Duration,
    pub wish: Wanted,
    pub reply: Reply,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    Booking,
    Cancellation { code: String, doses: Vec<u8> },
    Move { code: String, starts: Vec<(u8, DateTime<Utc>)> },
}

/// A call of the bot, as the host passes it on.
#[derive(Debug, Clone, Default)]
pub(super) struct Call {
    pub invocation: Option<String>,
    pub request_id: Option<String>,
    /// When its client hangs up.
    pub patience: Option<Duration>,
}

pub(super) struct Cluster {
    pub world: Arc<World>,
    pub shelf: Arc<Shelf>,
    pub calendar: Arc<Calendar>,
    secrets: Mutex<Vec<SecretString>>,
    skews: Vec<TimeDelta>,
    nodes: Mutex<Vec<Arc<Node>>>,
    journal: Mutex<Vec<Told>>,
}

/// One running process.
pub(super) struct Node {
    pub instance: Arc<Instance>,
    pub ledger: Arc<Ledger>,
    vendor: Arc<CalendarOf>,
}

impl Cluster {
    /// As many instances as there are clocks, each so wrong.
    pub(super) fn new(world: &Arc<World>, clinic: &Arc<Clinic>, skews: &[TimeDelta]) -> Arc<Self> {
        let lag = world.duration(Duration::from_secs(4));
        let cluster = Arc::new(Self {
            world: world.clone(),
            shelf: Shelf::new(world),
            calendar: Calendar::new(world, clinic, lag),
            secrets: Mutex::new(vec!["a secret of these tests".into()]),
            skews: skews.to_vec(),
            nodes: Mutex::default(),
            journal: Mutex::default(),
        });
        let nodes: Vec<_> = (0..skews.len()).map(|number| cluster.start(number)).collect();
        *cluster.nodes.lock() = nodes;
        cluster
    }

    fn start(&self, number: usize) -> Arc<Node> {
        let instance = Instance::new(number, &self.world, self.skews[number]);
        let store = Arc::new(ShelfOf { shelf: self.shelf.clone(), instance: instance.clone() });
        let vendor = Arc::new(CalendarOf { calendar: self.calendar.clone(), instance: instance.clone() });
        let world = self.world.clone();
        let ledger = Ledger::new(
            store,
            vec![vendor.clone()],
            self.ring(),
            instance.clock.clone(),
            Arc::new(move || world.random()),
            TimeDelta::days(30),
        );
        Arc::new(Node { instance, ledger: Arc::new(ledger), vendor })
    }

    fn ring(&self) -> Ring {
        Ring::new(&self.secrets.lock()).expect("a secret")
    }

    pub(super) fn keys(&self) -> Vec<Key> {
        self.ring().keys().to_vec()
    }

    /// A new secret for whoever starts from now on.
    pub(super) fn add_secret(&self, secret: &str) {
        self.secrets.lock().insert(0, secret.into());
    }

    pub(super) fn size(&self) -> usize {
        self.skews.len()
    }

    /// An instance; if it died, its successor.
    pub(super) fn node(&self, number: usize) -> Arc<Node> {
        let mut nodes = self.nodes.lock();
        if nodes[number].instance.is_dead() {
            self.world.note(|| format!("instance {number} starts again"));
            nodes[number] = self.start(number);
        }
        nodes[number].clone()
    }

    pub(super) fn any_node(&self) -> Arc<Node> {
        let number = self.world.below(self.size() as u64);
        self.node(usize::try_from(number).expect("few"))
    }

    pub(super) fn restart(&self) {
        let mut nodes = self.nodes.lock();
        for node in nodes.iter_mut() {
            node.instance.kill();
            *node = self.start(node.instance.number);
        }
    }

    pub(super) fn journal(&self) -> Vec<Told> {
        self.journal.lock().clone()
    }

    fn tell(&self, errand: &Errand, asked: Duration, wish: Wanted, reply: Reply) -> Reply {
        self.world.note(|| format!("errand {} is told {reply:?}", errand.number));
        let answered = self.world.elapsed();
        self.journal.lock().push(Told { errand: errand.number, asked, answered, wish, reply: reply.clone() });
        reply
    }

    pub(super) async fn book(&self, node: &Arc<Node>, errand: &Errand, call: Call) -> Reply {
        self.world.note(|| format!("{errand:?} asks {:?} by {call:?}", node.instance));
        let asked = self.world.elapsed();
        let patience = call.patience;
        let handle = node.spawn({
            let (node, errand) = (node.clone(), errand.clone());
            async move { node.book(&errand, call.invocation).await }
        });
        let reply = node.wait(handle, patience).await.unwrap_or(Reply::None);
        self.tell(errand, asked, Wanted::Booking, reply)
    }

    pub(super) async fn cancel(
        &self,
        node: &Arc<Node>,
        errand: &Errand,
        code: &str,
        doses: Vec<u8>,
        call: Call,
    ) -> Reply {
        self.world
            .note(|| format!("errand {} cancels {code} {doses:?} at {:?}", errand.number, node.instance));
        let asked = self.world.elapsed();
        let wish = Wanted::Cancellation { code: code.to_owned(), doses: doses.clone() };
        let patience = call.patience;
        let handle = node.spawn({
            let (node, errand, code) = (node.clone(), errand.clone(), parsed(code));
            async move { Box::pin(node.cancel(&errand, &code, doses, asker(call))).await }
        });
        let reply = node.wait(handle, patience).await.unwrap_or(Reply::None);
        self.tell(errand, asked, wish, reply)
    }

    pub(super) async fn reschedule(
        &self,
        node: &Arc<Node>,
        errand: &Errand,
        code: &str,
        starts: Vec<(u8, DateTime<Utc>)>,
        call: Call,
    ) -> Reply {
        self.world
            .note(|| format!("errand {} moves {code} {starts:?} at {:?}", errand.number, node.instance));
        let asked = self.world.elapsed();
        let wish = Wanted::Move { code: code.to_owned(), starts: starts.clone() };
        let patience = call.patience;
        let handle = node.spawn({
            let (node, errand, code) = (node.clone(), errand.clone(), parsed(code));
            async move { Box::pin(node.reschedule(&errand, &code, &starts, asker(call))).await }
        });
        let reply = node.wait(handle, patience).await.unwrap_or(Reply::None);
        self.tell(errand, asked, wish, reply)
    }
}

fn parsed(code: &str) -> ConfirmationCode {
    code.parse().expect("a code we were told")
}

fn asker(call: Call) -> Asker {
    Asker { request_id: call.request_id, invocation: call.invocation, ..Asker::default() }
}

impl Node {
    /// Work that goes on though nobody may wait for it.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<Option<T>> {
        tokio::spawn(self.instance.run(work))
    }

    /// What came of it; `None` if the instance died, the work was broken off, or patience ran out.
    pub(super) async fn wait<T>(
        &self,
        handle: JoinHandle<Option<T>>,
        patience: Option<Duration>,
    ) -> Option<T> {
        let ended = async {
            tokio::select! {
                biased;
                () = self.instance.died() => None,
                ended = handle => ended.expect("the ledger does not panic"),
            }
        };
        match patience {
            Some(patience) => timeout(patience, ended).await.ok().flatten(),
            None => ended.await,
        }
    }

    fn location(&self) -> &Arc<Location> {
        &self.vendor.calendar.clinic.location
    }

    /// Who could serve at these times, and the doses that the vendor shows nobody for.
    async fn doses(
        &self,
        service: &Service,
        starts: &[(u8, DateTime<Utc>)],
        own: &[Handle],
    ) -> Result<(Vec<WishedDose>, HashSet<Counted>, Vec<u8>), LedgerError> {
        let clinic = &self.vendor.calendar.clinic;
        let places: Vec<_> = starts.iter().flat_map(|(_, start)| clinic.places(service, *start)).collect();
        let (candidates, counted) = if clinic.capabilities.record == WhoseRecord::Ledger {
            let seats = service.capacity;
            (
                places.into_iter().map(|place| Candidate { place, seats, appointments: 0 }).collect(),
                HashSet::new(),
            )
        } else {
            self.vendor.survey(&service.id, places, own.to_vec()).await?
        };
        let doses: Vec<WishedDose> = starts
            .iter()
            .map(|(dose, start)| {
                let time = service.appointment(*start).expect("an appointment");
                let at = |candidate: &&Candidate| candidate.place.time == time;
                WishedDose { dose: *dose, time, candidates: candidates.iter().filter(at).cloned().collect() }
            })
            .collect();
        let without = doses.iter().filter(|dose| dose.candidates.is_empty());
        let taken = without.map(|dose| dose.dose).collect();
        Ok((doses, counted, taken))
    }

    async fn book(&self, errand: &Errand, invocation: Option<String>) -> Reply {
        match self.try_book(errand, invocation).await {
            Ok(reply) => reply,
            Err(error) => Reply::Fault(error.to_string()),
        }
    }

    async fn try_book(&self, errand: &Errand, invocation: Option<String>) -> Result<Reply, LedgerError> {
        let request = errand.request(invocation);
        let start = match self.ledger.recall(&request).await? {
            Recalled::Ended(booked) => return Ok(Reply::from(*booked)),
            Recalled::Open(start) => start,
        };
        let service = self.vendor.calendar.clinic.service(errand.service);
        let starts: Vec<_> = (1..).zip(errand.starts.iter().copied()).collect();
        let (doses, counted, taken) = self.doses(&service, &starts, &[]).await?;
        let patient = Patient { name: format!("errand-{}", errand.number), ..Patient::default() };
        let wish = Wish {
            request,
            start,
            location: self.location().clone(),
            service,
            doses,
            counted: Arc::new(counted),
            taken,
            patient: Arc::new(patient),
            notices: Notices::default(),
            locale: "en-US".into(),
        };
        Ok(Reply::from(self.ledger.book(wish).await?))
    }

    async fn opened(&self, errand: &Errand, code: &ConfirmationCode) -> Result<Option<Record>, LedgerError> {
        match self.ledger.open(code, &[errand.contact()]).await? {
            Opened::Booking(record) => Ok(Some(self.ledger.refresh(*record).await?)),
            Opened::NotFound | Opened::TooManyAttempts { .. } => Ok(None),
        }
    }

    async fn cancel(&self, errand: &Errand, code: &ConfirmationCode, doses: Vec<u8>, asker: Asker) -> Reply {
        let told = doses.clone();
        let changed = Box::pin(async {
            let Some(record) = self.opened(errand, code).await? else { return Ok(Reply::NotFound) };
            let changed = Box::pin(self.ledger.cancel(record, doses, asker)).await?;
            Ok::<_, LedgerError>(match changed {
                Changed::Done(record) => {
                    Reply::Cancelled { code: record.code.compact().to_owned(), doses: told }
                }
                other => Reply::from(other),
            })
        });
        changed.await.unwrap_or_else(|error| Reply::Fault(error.to_string()))
    }

    async fn reschedule(
        &self,
        errand: &Errand,
        code: &ConfirmationCode,
        starts: &[(u8, DateTime<Utc>)],
        asker: Asker,
    ) -> Reply {
        let changed = Box::pin(async {
            let Some(record) = self.opened(errand, code).await? else { return Ok(Reply::NotFound) };
            let service = self.vendor.calendar.clinic.service(errand.service);
            let own: Vec<_> = record.booking.doses.iter().filter_map(|dose| dose.handle.clone()).collect();
            let (doses, counted, taken) = self.doses(&service, starts, &own).await?;
            let location = self.location().clone();
            let wish = Move { location, service, doses, counted: Arc::new(counted), taken };
            let changed = Box::pin(self.ledger.reschedule(record, wish, asker)).await?;
            Ok::<_, LedgerError>(Reply::from(changed))
        });
        changed.await.unwrap_or_else(|error| Reply::Fault(error.to_string()))
    }
}

fn stands(booking: &Booking) -> Vec<Stands> {
    let standing = booking.doses.iter().filter(|dose| dose.status.stands());
    standing
        .filter_map(|dose| {
            let place = dose.place.as_ref()?;
            Some((dose.dose, place.practitioner.as_str().to_owned(), place.time.start().timestamp_millis()))
        })
        .collect()
}

impl From<Booked> for Reply {
    fn from(booked: Booked) -> Self {
        let code = |record: &Record| record.code.compact().to_owned();
        match booked {
            Booked::Booked(record) => Self::Booked { code: code(&record), stands: stands(&record.booking) },
            Booked::AlreadyBooked(record) => Self::AlreadyBooked { code: code(&record) },
            Booked::AlreadyCancelled(record) => Self::AlreadyCancelled { code: code(&record) },
            Booked::SlotTaken(_) => Self::SlotTaken,
            Booked::Refused => Self::Refused,
            Booked::TooManyBookings => Self::TooManyBookings,
            Booked::InProgress => Self::InProgress,
        }
    }
}

impl From<Changed> for Reply {
    fn from(changed: Changed) -> Self {
        match changed {
            Changed::Done(record) => {
                Self::Moved { code: record.code.compact().to_owned(), stands: stands(&record.booking) }
            }
            Changed::AlreadyCancelled(record) => {
                Self::AlreadyCancelled { code: record.code.compact().to_owned() }
            }
            Changed::SlotTaken(_) => Self::SlotTaken,
            Changed::Refused => Self::Refused,
            Changed::InProgress => Self::InProgress,
        }
    }
}
