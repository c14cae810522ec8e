//! Combines the changes that wait for one document into one write.
//!
//! A newcomer would let each request read, change and write by itself, again and again until it wins. Sixty
//! requests for one day would need sixty writes and lose many more. Here one task per document applies all
//! that wait, in order, and writes once; what comes meanwhile goes into the next write. The task belongs to
//! nobody's request, so nobody's hang-up strands the others, and it ends when nothing waits.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt, mem,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use moka::sync::Cache;
use parking_lot::Mutex;
use tokio::{
    sync::oneshot,
    time::{Instant, sleep},
};

use super::{Condition, Etag, Read, Store, StoreError, Wanted, Written};
use crate::telemetry::trace;

/// So many parsed documents are kept for the next change or reading.
const KEPT: u64 = 1_024;

/// So long a change is tried. Of several processes that change a document at the same time one wins each time, and
/// whoever lost tries again: the more of them, the more tries it takes.
const PATIENCE: Duration = Duration::from_secs(8);

/// The pauses between tries are by chance, up to twice as long as the try took, and longer after each that failed, so
/// that rivals who met once do not meet again.
const SHORTEST_TRY: Duration = Duration::from_millis(4);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// A write that took so long went over a network. If more changes are waiting when it ends, still more are on their way:
/// they are waited for, twice as long as the write took, and no longer than this.
const LONG_WRITE: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_millis(200);

/// A document that many change.
pub trait Document: Clone + Send + Sync + 'static {
    /// Reads what the store has; `None` is nothing yet.
    ///
    /// # Errors
    ///
    /// Why this is not such a document, in words for the operator, without what is in it.
    fn parse(bytes: Option<&Bytes>) -> Result<Self, String>;

    /// What the store is to keep; `None` when nothing is left, and the key is removed.
    fn encode(&self) -> Option<Bytes>;
}

/// A document that much is read from, and not all of it matters to readers.
pub trait Facts: Document {
    /// The same for documents that tell their readers the same, and practically never for others.
    fn facts(&self) -> u64;
}

/// What a change did to the document, and what to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<T> {
    /// Nothing: the document is as it was.
    Keep(T),
    /// It was changed, and is to be written before the answer is given.
    Write(T),
}

/// Why a change has no answer.
///
/// It may be in the document all the same, or not. Only reading again tells.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ChangeError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store never said whether it had written.
    #[error("the store did not say whether it had written; try again")]
    Unclear,
    /// Others kept changing the document first.
    #[error("the document was changed by others at each try for {} s; try again", PATIENCE.as_secs())]
    Contended,
    /// The task that changes the document ended early: a change panicked, or the process is stopping.
    #[error("the change was interrupted; try again")]
    Interrupted,
}

/// Where the pauses between tries get their chance from, so that tests can repeat them.
pub type Chance = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The documents of one kind in a store, changed by as few writes as possible.
///
/// Clones share their work.
pub struct Combined<D>(Arc<Shared<D>>);

struct Shared<D> {
    store: Arc<dyn Store>,
    chance: Chance,
    /// What waits for each document. A key is here exactly as long as its task runs.
    waiting: Mutex<HashMap<Arc<str>, Queue<D>>>,
    kept: Cache<Arc<str>, Arc<Kept<D>>>,
    luck: Luck,
}

/// How often, of late, a document that was to be changed was still as it had been seen here: from 0, never, to
/// [`Luck::ALWAYS`]. Where many processes change the same documents, most are not.
struct Luck(AtomicU32);

impl Luck {
    const ALWAYS: u32 = 1 << 16;

    fn learn(&self, unchanged: bool) {
        let aim = if unchanged { Self::ALWAYS } else { 0 };
        let nearer = |luck: u32| Some((luck * 7 + aim) / 8);
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, nearer);
    }

    /// Whether a write without asking costs less than asking first: a lost one costs three requests, asking two.
    fn holds(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= Self::ALWAYS / 2
    }
}

/// The facts that were read under some keys; `None`, nothing was there.
#[derive(Debug, Clone, Default)]
pub struct Sighting(Vec<(Box<str>, Option<u64>)>);

type Queue<D> = Vec<Box<dyn Waiting<D>>>;

/// A document as it was last seen.
struct Kept<D> {
    document: Arc<D>,
    etag: Etag,
    facts: OnceLock<u64>,
}

/// What the store has under a key; `None` is nothing, or nothing that was ever written.
type Found<D> = (Arc<D>, Option<Arc<Kept<D>>>);

impl<D: Document> Combined<D> {
    pub fn new(store: Arc<dyn Store>, chance: Chance) -> Self {
        let (waiting, kept) = (Mutex::default(), Cache::new(KEPT));
        let luck = Luck(AtomicU32::new(Luck::ALWAYS));
        Self(Arc::new(Shared { store, chance, waiting, kept, luck }))
    }

    /// Reads documents, parsing only those that have changed since they were last seen here.
    ///
    /// # Errors
    ///
    /// The store's, and [`StoreError::Unusable`] if a document cannot be parsed.
    pub async fn read(&self, keys: &[&str]) -> Result<Vec<Arc<D>>, StoreError> {
        let found = self.0.read(keys).await?;
        Ok(found.into_iter().map(|(document, _)| document).collect())
    }

    /// Changes a document, and answers when the change is durable.
    ///
    /// `change` is applied to the newest document, once or several times: after a write was lost to another
    /// process, or may have been, it is applied to what is there now. So it must recognise its own mark, and
    /// then answer [`Change::Keep`]. An answer may also rest on changes that waited with it, and is not given
    /// before these are durable.
    ///
    /// Dropping the future takes the change back unless it is already being written.
    ///
    /// # Errors
    ///
    /// After any [`ChangeError`] the change may or may not be in the document.
    pub async fn change<T, F>(&self, key: &str, change: F) -> Result<T, ChangeError>
    where
        T: Send + 'static,
        F: FnMut(&mut D) -> Change<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.enqueue(key, Box::new(Asked { change, outcome: None, answer }));
        answered.await.unwrap_or(Err(ChangeError::Interrupted))
    }

    /// How many documents are being changed at this moment, each by a task of its own.
    #[must_use]
    pub fn tasks(&self) -> usize {
        self.0.waiting.lock().len()
    }

    /// As [`read`](Self::read), and what to ask by later whether readers would [still](Self::unchanged) be told
    /// the same.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn sight(&self, keys: &[&str]) -> Result<(Vec<Arc<D>>, Sighting), StoreError>
    where
        D: Facts,
    {
        let found = self.0.read(keys).await?;
        let facts = keys.iter().zip(&found).map(|(&key, (_, kept))| (key.into(), facts(kept.as_ref())));
        let sighting = Sighting(facts.collect());
        Ok((found.into_iter().map(|(document, _)| document).collect(), sighting))
    }

    /// Whether the store still tells what was seen, in whatever version.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub async fn unchanged(&self, Sighting(seen): &Sighting) -> Result<bool, StoreError>
    where
        D: Facts,
    {
        let keys: Vec<&str> = seen.iter().map(|(key, _)| &**key).collect();
        let found = self.0.read(&keys).await?;
        Ok(found.iter().zip(seen).all(|((_, kept), (_, seen))| facts(kept.as_ref()) == *seen))
    }

    fn enqueue(&self, key: &str, asked: Box<dyn Waiting<D>>) {
        let mut waiting = self.0.waiting.lock();
        match waiting.entry(key.into()) {
            Entry::Occupied(mut queue) => queue.get_mut().push(asked),
            Entry::Vacant(place) => {
                let key = Arc::clone(place.key());
                place.insert(vec![asked]);
                drop(waiting);
                let task = Task { shared: Arc::clone(&self.0), key, batch: Vec::new(), finished: false };
                tokio::spawn(trace::carried(task.run()));
            }
        }
    }
}

impl Sighting {
    /// Both together.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// About how much memory it takes.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.0.iter().map(|(key, _)| key.len() + size_of::<(Box<str>, Option<u64>)>()).sum()
    }
}

impl<D> Clone for Combined<D> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<D> fmt::Debug for Combined<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Combined").field("store", &self.0.store).finish_non_exhaustive()
    }
}

impl<D: Document> Shared<D> {
    /// Reads documents, parsing only those that have changed since they were last seen here.
    async fn read(&self, keys: &[&str]) -> Result<Vec<Found<D>>, StoreError> {
        let kept: Vec<_> = keys.iter().map(|&key| self.kept.get(key)).collect();
        let known = |kept: &Option<Arc<Kept<D>>>| kept.as_ref().map(|kept| kept.etag.clone());
        let wanted: Vec<_> =
            keys.iter().zip(&kept).map(|(&key, kept)| Wanted { key, known: known(kept) }).collect();
        let reads = self.store.get(&wanted).await?;
        if reads.len() != keys.len() {
            return Err(StoreError::Unavailable("it did not answer all that it was asked".into()));
        }
        keys.iter().zip(kept).zip(reads).map(|((&key, kept), read)| self.found(key, kept, read)).collect()
    }

    async fn read_one(&self, key: &str) -> Result<Found<D>, StoreError> {
        let found = self.read(&[key]).await?.pop();
        found.ok_or_else(|| StoreError::Unavailable("it did not answer".into()))
    }

    /// The document that the store means by its answer.
    fn found(&self, key: &str, kept: Option<Arc<Kept<D>>>, read: Read) -> Result<Found<D>, StoreError> {
        let parse = |bytes| {
            D::parse(bytes)
                .map_err(|error| StoreError::Unusable(format!("a document cannot be read ({error})")))
        };
        match (read, kept) {
            (Read::Unchanged, Some(kept)) => Ok((Arc::clone(&kept.document), Some(kept))),
            (Read::Unchanged, None) => {
                Err(StoreError::Unusable("an unknown document is said to be unchanged".into()))
            }
            (Read::Absent, _) => Ok((Arc::new(parse(None)?), None)),
            (Read::Document(read), _) => {
                let document = Arc::new(parse(Some(&read.bytes))?);
                let kept = self.keep(key, Arc::clone(&document), read.etag);
                Ok((document, Some(kept)))
            }
        }
    }

    fn keep(&self, key: &str, document: Arc<D>, etag: Etag) -> Arc<Kept<D>> {
        let kept = Arc::new(Kept { document, etag, facts: OnceLock::new() });
        self.kept.insert(key.into(), Arc::clone(&kept));
        kept
    }

    async fn write(&self, key: &str, document: &Arc<D>, etag: Option<Etag>) -> Written {
        match (document.encode(), etag) {
            (None, None) => Written::Done(Etag("".into())),
            (None, Some(etag)) => self.store.delete_if(key, etag).await,
            (Some(bytes), etag) => {
                let condition = etag.map_or(Condition::Absent, Condition::Is);
                let written = self.store.put_if(key, condition, bytes).await;
                if let Written::Done(etag) = &written {
                    self.keep(key, Arc::clone(document), etag.clone());
                }
                written
            }
        }
    }
}

fn facts<D: Facts>(kept: Option<&Arc<Kept<D>>>) -> Option<u64> {
    kept.map(|kept| *kept.facts.get_or_init(|| kept.document.facts()))
}

/// The task that changes one document while anything waits for it.
struct Task<D> {
    shared: Arc<Shared<D>>,
    key: Arc<str>,
    batch: Vec<Tried<D>>,
    finished: bool,
}

/// A waiting change, and since when it is tried.
struct Tried<D> {
    change: Box<dyn Waiting<D>>,
    since: Instant,
}

impl<D: Document> Task<D> {
    async fn run(mut self) {
        let mut failures = 0;
        while self.gather() {
            let started = Instant::now();
            match self.attempt(failures == 0).await {
                Ok(()) => {
                    failures = 0;
                    let wait = self.wait_for_more(started.elapsed());
                    if !wait.is_zero() {
                        sleep(wait).await;
                    }
                }
                Err(error) => {
                    self.give_up_tired(&error);
                    failures += 1;
                    sleep(self.pause(failures, started.elapsed())).await;
                }
            }
        }
    }

    /// How long to wait for those who are on their way, so that a rush costs few round trips.
    fn wait_for_more(&self, took: Duration) -> Duration {
        let rush = self.shared.waiting.lock().get(&self.key).is_some_and(|queue| !queue.is_empty());
        if rush && took >= LONG_WRITE { (took * 2).min(LONGEST_WAIT) } else { Duration::ZERO }
    }

    /// Adds what has come meanwhile, and forgets those who left. False, and the end, when nothing waits:
    /// decided under the lock, so that whoever comes later starts a new task.
    fn gather(&mut self) -> bool {
        let mut waiting = self.shared.waiting.lock();
        let arrived = waiting.get_mut(&self.key).map(mem::take).unwrap_or_default();
        self.batch.extend(arrived.into_iter().map(|change| Tried { change, since: Instant::now() }));
        self.batch.retain(|tried| tried.change.is_awaited());
        if self.batch.is_empty() {
            waiting.remove(&self.key);
            self.finished = true;
        }
        !self.finished
    }

    /// Applies and writes the batch once, and answers it unless the write failed.
    ///
    /// `first`: to the document as it was last seen here, which saves asking for it, unless most have changed of late.
    /// If it has, the write is lost; and what would change nothing is not answered from memory.
    async fn attempt(&mut self, first: bool) -> Result<(), ChangeError> {
        let mut seen = if first { self.shared.kept.get(&self.key) } else { None };
        if self.shared.luck.holds()
            && let Some(kept) = &seen
            && let Some(changed) = self.apply(&kept.document)
        {
            let written = self.shared.write(&self.key, &changed, Some(kept.etag.clone())).await;
            seen = None;
            match written {
                Written::Done(_) => {
                    self.shared.luck.learn(true);
                    self.answer(&Ok(()));
                    return Ok(());
                }
                Written::Lost => self.shared.luck.learn(false),
                Written::Unknown => return Err(ChangeError::Unclear),
            }
        }
        let (document, etag) = match self.shared.read_one(&self.key).await {
            Ok((document, kept)) => (document, kept.map(|kept| kept.etag.clone())),
            Err(error) => {
                self.answer(&Err(error.into()));
                return Ok(());
            }
        };
        if let Some(seen) = seen {
            self.shared.luck.learn(etag.as_ref() == Some(&seen.etag));
        }
        let Some(changed) = self.apply(&document) else {
            self.answer(&Ok(()));
            return Ok(());
        };
        match self.shared.write(&self.key, &changed, etag).await {
            Written::Done(_) => {
                self.answer(&Ok(()));
                Ok(())
            }
            Written::Lost => Err(ChangeError::Contended),
            Written::Unknown => Err(ChangeError::Unclear),
        }
    }

    /// The document after all changes; `None` if none of them changed it.
    fn apply(&mut self, document: &Arc<D>) -> Option<Arc<D>> {
        let mut changed = D::clone(document);
        let mut to_write = false;
        for tried in &mut self.batch {
            to_write |= tried.change.apply(&mut changed);
        }
        to_write.then(|| Arc::new(changed))
    }

    fn answer(&mut self, end: &Result<(), ChangeError>) {
        for tried in self.batch.drain(..) {
            tried.change.answer(end.clone());
        }
    }

    /// Answers those who have waited for long enough.
    fn give_up_tired(&mut self, error: &ChangeError) {
        let tired = |tried: &mut Tried<D>| tried.since.elapsed() >= PATIENCE;
        for tried in self.batch.extract_if(.., tired) {
            tried.change.answer(Err(error.clone()));
        }
    }

    fn pause(&self, failures: u32, took: Duration) -> Duration {
        let longest = (took.max(SHORTEST_TRY) * (1 << failures.min(7))).min(LONGEST_PAUSE);
        let chance = u32::try_from((self.shared.chance)() % 1_024).unwrap_or_default();
        longest * chance / 1_024
    }
}

impl<D> Drop for Task<D> {
    /// A task that was broken off leaves no queue behind that nobody serves.
    fn drop(&mut self) {
        if !self.finished {
            let left = self.shared.waiting.lock().remove(&self.key);
            drop(left);
        }
    }
}

/// A change whose answer's type only its asker knows.
trait Waiting<D>: Send {
    /// Whether anybody still waits for the answer.
    fn is_awaited(&self) -> bool;

    /// Applies the change and keeps its answer; true if the document must be written.
    fn apply(&mut self, document: &mut D) -> bool;

    fn answer(self: Box<Self>, end: Result<(), ChangeError>);
}

struct Asked<F, T> {
    change: F,
    outcome: Option<T>,
    answer: oneshot::Sender<Result<T, ChangeError>>,
}

impl<D, F, T> Waiting<D> for Asked<F, T>
where
    T: Send,
    F: FnMut(&mut D) -> Change<T> + Send,
{
    fn is_awaited(&self) -> bool {
        !self.answer.is_closed()
    }

    fn apply(&mut self, document: &mut D) -> bool {
        let (outcome, to_write) = match (self.change)(document) {
            Change::Keep(outcome) => (outcome, false),
            Change::Write(outcome) => (outcome, true),
        };
        self.outcome = Some(outcome);
        to_write
    }

    fn answer(self: Box<Self>, end: Result<(), ChangeError>) {
        let Self { outcome, answer, .. } = *self;
        // Should nobody wait any more, the change is written all the same, and that is what was asked.
        let _ = answer.send(end.and_then(|()| outcome.ok_or(ChangeError::Interrupted)));
    }
}
