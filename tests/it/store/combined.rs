//! Changes of one document: few writes, nobody stranded, nothing lost and nothing done twice.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::join_all;
use healthbot_scheduler::store::{
    Condition, Document as Found, Etag, Page, Read, Store, StoreError, Wanted, Written,
    combined::{Chance, Change, ChangeError, Combined, Document},
    sqlite::SqliteStore,
};
use parking_lot::Mutex;

use super::{put, read};

/// A list of marks; empty is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Marks(Vec<String>);

impl Document for Marks {
    fn parse(bytes: Option<&Bytes>) -> Result<Self, String> {
        let Some(bytes) = bytes else { return Ok(Self::default()) };
        serde_json::from_slice(bytes).map(Self).map_err(|_| "not a list of marks".into())
    }

    fn encode(&self) -> Option<Bytes> {
        (!self.0.is_empty()).then(|| serde_json::to_vec(&self.0).unwrap().into())
    }
}

/// Adds `mark` unless it is there; answers how many there are.
fn add(mark: impl Into<String>) -> impl FnMut(&mut Marks) -> Change<usize> + Send + 'static {
    let mark = mark.into();
    move |marks| {
        if marks.0.contains(&mark) {
            return Change::Keep(marks.0.len());
        }
        marks.0.push(mark.clone());
        Change::Write(marks.0.len())
    }
}

fn remove(mark: &str) -> impl FnMut(&mut Marks) -> Change<bool> + Send + 'static {
    let mark = mark.to_owned();
    move |marks| match marks.0.iter().position(|there| *there == mark) {
        Some(place) => {
            marks.0.remove(place);
            Change::Write(true)
        }
        None => Change::Keep(false),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_changes_need_at_most_twenty_writes() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("a.db")).unwrap());
    let marks = Combined::<Marks>::new(Arc::clone(&store) as Arc<dyn Store>, Arc::new(|| 0));
    let changes = (0..200).map(|n| {
        let marks = marks.clone();
        tokio::spawn(async move { marks.change("day", add(n.to_string())).await.unwrap() })
    });
    let counts: HashSet<usize> = join_all(changes).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(counts, (1..=200).collect(), "each saw the changes before its own");
    let there = marks.read(&["day"]).await.unwrap();
    assert_eq!(there[0].0.iter().collect::<HashSet<_>>().len(), 200);
    assert!(store.commits() <= 20, "{} writes", store.commits());
}

#[tokio::test]
async fn a_change_that_keeps_the_document_writes_nothing() {
    let store = Faulty::new();
    let marks = combined(&store);
    assert_eq!(marks.change("day", add("a")).await.unwrap(), 1);
    assert_eq!(marks.change("day", add("a")).await.unwrap(), 1);
    assert!(!marks.change("day", remove("b")).await.unwrap());
    assert_eq!(store.writes(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_rush_on_a_slow_store_is_waited_for() {
    let store = Faulty::new();
    store.slow.store(true, Ordering::Relaxed);
    let marks = combined(&store);
    let changes = (0..300_u64).map(|n| {
        let marks = marks.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(n)).await;
            marks.change("day", add(n.to_string())).await.unwrap()
        }
    });
    join_all(changes).await;
    assert_eq!(there(&store, "day").len(), 300);
    // One after the other, writes of 10 ms would be thirty.
    assert!(store.writes() <= 13, "{} writes", store.writes());
    // Who comes alone does not wait.
    let started = tokio::time::Instant::now();
    marks.change("day", add("alone")).await.unwrap();
    assert!(started.elapsed() <= Duration::from_millis(50), "{:?}", started.elapsed());
}

#[tokio::test]
async fn what_was_seen_last_is_changed_without_asking_for_it() {
    let store = Faulty::new();
    let (ours, theirs) = (combined(&store), combined(&store));
    ours.change("day", add("a")).await.unwrap();
    let asked = store.asked.load(Ordering::Relaxed);
    ours.change("day", add("b")).await.unwrap();
    assert_eq!(store.asked.load(Ordering::Relaxed), asked);
    // What would change nothing is not answered from memory.
    theirs.change("day", remove("a")).await.unwrap();
    assert_eq!(ours.change("day", add("a")).await.unwrap(), 2);
    theirs.change("day", remove("b")).await.unwrap();
    assert!(!ours.change("day", remove("b")).await.unwrap());
    assert_eq!(there(&store, "day"), ["a"]);
}

#[tokio::test]
async fn who_is_mostly_too_late_asks_first_and_writes_once() {
    let store = Faulty::new();
    let (ours, theirs) = (combined(&store), combined(&store));
    let counts = || (store.asked.load(Ordering::Relaxed), store.writes());
    let by_turns = async |from: usize| {
        for number in from..from + 20 {
            ours.change("day", add(format!("ours {number}"))).await.unwrap();
            theirs.change("day", add(format!("theirs {number}"))).await.unwrap();
        }
    };
    by_turns(0).await;
    let (asked, written) = counts();
    by_turns(20).await;
    assert_eq!(counts(), (asked + 40, written + 40), "each asks once and writes once");
    // Alone again, it soon goes without asking.
    for number in 0..20 {
        ours.change("day", add(format!("alone {number}"))).await.unwrap();
    }
    let (asked, written) = counts();
    ours.change("day", add("last")).await.unwrap();
    assert_eq!(counts(), (asked, written + 1));
    assert_eq!(there(&store, "day").len(), 101);
}

#[tokio::test]
async fn a_document_with_nothing_left_is_removed() {
    let store = Faulty::new();
    let marks = combined(&store);
    marks.change("day", add("a")).await.unwrap();
    assert!(marks.change("day", remove("a")).await.unwrap());
    assert_eq!(read(&*store, "day").await, Read::Absent);
    marks.change("day", add("b")).await.unwrap();
    assert_eq!(there(&store, "day"), ["b"]);
    // A change that fills and one that empties it again, in one write, leave nothing to write.
    let (filled, emptied) = tokio::join!(marks.change("new", add("a")), marks.change("new", remove("a")));
    assert_eq!((filled.unwrap(), emptied.unwrap()), (1, true));
    assert_eq!(read(&*store, "new").await, Read::Absent);
}

#[tokio::test]
async fn a_document_changed_elsewhere_is_read_again_and_otherwise_not() {
    let store = Faulty::new();
    let (ours, theirs) = (combined(&store), combined(&store));
    ours.change("day", add("a")).await.unwrap();
    ours.change("day", add("b")).await.unwrap();
    assert_eq!(store.documents_read.load(Ordering::Relaxed), 0, "what was written need not be read");
    theirs.change("day", add("c")).await.unwrap();
    assert_eq!(ours.change("day", add("d")).await.unwrap(), 4);
    assert_eq!(store.documents_read.load(Ordering::Relaxed), 2);
    let read = ours.read(&["none", "day"]).await.unwrap();
    assert_eq!((read[0].0.len(), &read[1].0[..]), (0, &["a", "b", "c", "d"].map(String::from)[..]));
    assert_eq!(store.documents_read.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn ten_thousand_documents_leave_no_tasks() {
    let store = Faulty::new();
    let marks = combined(&store);
    let keys: Vec<String> = (0..10_000).map(|n| format!("day/{n}")).collect();
    let changes = join_all(keys.iter().map(|key| marks.change(key, add("a"))));
    assert!(changes.await.into_iter().all(|changed| changed.is_ok()));
    settled(&marks).await;
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn hanging_up_at_any_moment_strands_nobody() {
    // The store below answers after pauses; one asker gives up at each moment of the way.
    for moment in 0..40 {
        let store = Faulty::new();
        store.slow.store(true, Ordering::Relaxed);
        let marks = combined(&store);
        let first = tokio::time::timeout(Duration::from_millis(moment), marks.change("day", add("first")));
        let others = join_all((0..5).map(|n| {
            let marks = marks.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(n * 7)).await;
                marks.change("day", add(n.to_string())).await
            }
        }));
        let (first, others) = tokio::join!(first, others);
        assert!(others.iter().all(Result::is_ok), "{others:?} when the first left after {moment} ms");
        settled(&marks).await;
        let there = there(&store, "day");
        let of_first = there.iter().filter(|mark| *mark == "first").count();
        assert!(of_first <= 1 && (first.is_err() || of_first == 1), "{there:?} after {moment} ms");
        assert_eq!(there.len() - of_first, 5);
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_taken_back_before_it_is_written_is_not_written() {
    let store = Faulty::new();
    store.slow.store(true, Ordering::Relaxed);
    let marks = combined(&store);
    let mut first = Box::pin(marks.change("day", add("first")));
    assert!(futures_util::poll!(&mut first).is_pending());
    tokio::time::sleep(Duration::from_millis(1)).await;
    let mut second = Box::pin(marks.change("day", add("second")));
    assert!(futures_util::poll!(&mut second).is_pending());
    drop(second);
    first.await.unwrap();
    settled(&marks).await;
    assert_eq!(there(&store, "day"), ["first"]);
}

/// Losing and forgetting by seed: whatever was answered is there, exactly once.
#[tokio::test(start_paused = true)]
async fn lost_and_unknown_writes_neither_lose_nor_double_a_change() {
    let (mut lost, mut unknown) = (0, 0);
    for seed in 1..=1_000 {
        let store = Faulty::new();
        store.faults.store(seed, Ordering::Relaxed);
        // Two processes, each with its own task.
        let both = [combined(&store), combined(&store)];
        let changes = (0..30_usize).map(|n| {
            let marks = both[n % 2].clone();
            async move {
                tokio::time::sleep(Duration::from_millis(n as u64 % 5)).await;
                (n, marks.change("day", add(n.to_string())).await)
            }
        });
        let ends = join_all(changes).await;
        for marks in &both {
            settled(marks).await;
        }
        let there = there(&store, "day");
        let distinct: HashSet<_> = there.iter().collect();
        assert_eq!(distinct.len(), there.len(), "seed {seed}: a change was done twice");
        for (n, end) in ends {
            assert!(end.is_ok(), "seed {seed}: {n} was given up: {end:?}");
            assert!(distinct.contains(&n.to_string()), "seed {seed}: {n} was lost");
        }
        lost += store.lost.load(Ordering::Relaxed);
        unknown += store.unknown.load(Ordering::Relaxed);
    }
    assert!(lost > 300 && unknown > 1_000, "{lost} lost and {unknown} unknown writes show little");
}

#[tokio::test(start_paused = true)]
async fn what_never_succeeds_is_given_up() {
    let store = Faulty::new();
    let marks = combined(&store);
    *store.always.lock() = Some(Written::Lost);
    let error = marks.change("day", add("a")).await.unwrap_err();
    assert!(matches!(error, ChangeError::Contended), "{error}");
    *store.always.lock() = Some(Written::Unknown);
    let error = marks.change("day", add("a")).await.unwrap_err();
    assert!(matches!(error, ChangeError::Unclear), "{error}");
    // Eight seconds each, with pauses of up to half a second.
    assert!(store.writes() <= 120, "{} writes", store.writes());
    *store.always.lock() = None;
    assert_eq!(marks.change("day", add("b")).await.unwrap(), 1);
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_said_at_once_to_all() {
    let store = Faulty::new();
    let marks = combined(&store);
    store.unreadable.store(true, Ordering::Relaxed);
    let ends = join_all((0..5).map(|n| marks.change("day", add(n.to_string())))).await;
    let unavailable = |end| matches!(end, Err(ChangeError::Store(StoreError::Unavailable(_))));
    assert!(ends.into_iter().all(unavailable));
    store.unreadable.store(false, Ordering::Relaxed);
    put(&*store, "torn", "[\"a").await;
    let error = marks.change("torn", add("b")).await.unwrap_err();
    assert!(matches!(error, ChangeError::Store(StoreError::Unusable(_))), "{error}");
    assert_eq!(marks.change("day", add("b")).await.unwrap(), 1);
    settled(&marks).await;
}

#[tokio::test]
async fn a_change_that_panics_strands_nobody() {
    let store = Faulty::new();
    let marks = combined(&store);
    let (bad, with_it) = tokio::join!(
        marks.change("day", |_| -> Change<()> { panic!("on purpose") }),
        marks.change("day", add("a"))
    );
    assert!(matches!(bad, Err(ChangeError::Interrupted)));
    assert!(matches!(with_it, Err(ChangeError::Interrupted)));
    assert_eq!(marks.change("day", add("b")).await.unwrap(), 1);
}

/// A store that counts, and on demand dawdles, loses writes, or forgets to say how they ended.
#[derive(Debug)]
struct Faulty {
    store: Arc<Memory>,
    writes: AtomicUsize,
    asked: AtomicUsize,
    documents_read: AtomicUsize,
    lost: AtomicUsize,
    unknown: AtomicUsize,
    slow: AtomicBool,
    unreadable: AtomicBool,
    /// The state of the dice; 0 for no faults.
    faults: AtomicU64,
    always: Mutex<Option<Written>>,
}

impl Faulty {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            store: Arc::default(),
            writes: AtomicUsize::default(),
            asked: AtomicUsize::default(),
            documents_read: AtomicUsize::default(),
            lost: AtomicUsize::default(),
            unknown: AtomicUsize::default(),
            slow: AtomicBool::default(),
            unreadable: AtomicBool::default(),
            faults: AtomicU64::default(),
            always: Mutex::default(),
        })
    }

    fn writes(&self) -> usize {
        self.writes.load(Ordering::Relaxed)
    }

    async fn dawdle(&self) {
        if self.slow.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn write(&self, write: Write) -> Written {
        self.dawdle().await;
        self.writes.fetch_add(1, Ordering::Relaxed);
        if let Some(always) = self.always.lock().clone() {
            return always;
        }
        let store = Arc::clone(&self.store);
        let written = match roll(&self.faults) % 8 {
            // The request never arrived.
            0 => Written::Unknown,
            // It arrives when nobody expects it any more.
            1 => {
                let late = Duration::from_millis(roll(&self.faults) % 60);
                tokio::spawn(async move {
                    tokio::time::sleep(late).await;
                    drop(store.write(write));
                });
                Written::Unknown
            }
            // It arrived, and its reply was lost.
            2 => {
                drop(store.write(write));
                Written::Unknown
            }
            _ => store.write(write),
        };
        self.lost.fetch_add(usize::from(written == Written::Lost), Ordering::Relaxed);
        self.unknown.fetch_add(usize::from(written == Written::Unknown), Ordering::Relaxed);
        self.dawdle().await;
        written
    }
}

#[async_trait]
impl Store for Faulty {
    async fn get(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Read>, StoreError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.dawdle().await;
        if self.unreadable.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("on purpose".into()));
        }
        let reads: Vec<_> = wanted.iter().map(|wanted| self.store.read(wanted)).collect();
        let documents = reads.iter().filter(|read| matches!(read, Read::Document(_))).count();
        self.documents_read.fetch_add(documents, Ordering::Relaxed);
        if roll(&self.faults).is_multiple_of(2) {
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
        Ok(reads)
    }

    async fn put_if(&self, key: &str, condition: Condition, document: Bytes) -> Written {
        self.write((key.into(), condition, Some(document))).await
    }

    async fn delete_if(&self, key: &str, etag: Etag) -> Written {
        self.write((key.into(), Condition::Is(etag), None)).await
    }

    async fn list(&self, _: &str, _: Option<&str>) -> Result<Page, StoreError> {
        Err(StoreError::Unavailable("changes need no listing".into()))
    }
}

/// Documents that need no file and no thread, so that every run of a seed is the same.
#[derive(Debug, Default)]
struct Memory {
    documents: Mutex<BTreeMap<String, (Bytes, Etag)>>,
    changes: AtomicU64,
}

/// The key, the condition, and what is to be there then.
type Write = (String, Condition, Option<Bytes>);

impl Memory {
    fn read(&self, wanted: &Wanted<'_>) -> Read {
        match self.documents.lock().get(wanted.key).cloned() {
            None => Read::Absent,
            Some((_, etag)) if wanted.known.as_ref() == Some(&etag) => Read::Unchanged,
            Some((bytes, etag)) => Read::Document(Found { bytes, etag, age: Duration::ZERO }),
        }
    }

    fn write(&self, (key, condition, bytes): Write) -> Written {
        let mut documents = self.documents.lock();
        let there = documents.get(&key).map(|(_, etag)| etag.clone());
        let holds = match &condition {
            Condition::Absent => there.is_none(),
            Condition::Is(etag) => there.as_ref() == Some(etag),
        };
        if !holds {
            return Written::Lost;
        }
        let etag = Etag(self.changes.fetch_add(1, Ordering::Relaxed).to_string().into());
        match bytes {
            Some(bytes) => drop(documents.insert(key, (bytes, etag.clone()))),
            None => drop(documents.remove(&key)),
        }
        Written::Done(etag)
    }
}

/// The next throw of the dice (xorshift64); always 7 without faults.
fn roll(dice: &AtomicU64) -> u64 {
    let mut state = dice.load(Ordering::Relaxed);
    if state == 0 {
        return 7;
    }
    for _ in 0..4 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    dice.store(state, Ordering::Relaxed);
    state >> 20
}

fn combined(store: &Arc<Faulty>) -> Combined<Marks> {
    let dice = AtomicU64::new(0x9E37_79B9);
    let chance: Chance = Arc::new(move || roll(&dice));
    Combined::new(Arc::clone(store) as Arc<dyn Store>, chance)
}

fn there(store: &Arc<Faulty>, key: &str) -> Vec<String> {
    let bytes = match store.store.read(&Wanted { key, known: None }) {
        Read::Document(document) => Some(document.bytes),
        _ => None,
    };
    Marks::parse(bytes.as_ref()).unwrap().0
}

/// Waits until no task is left, which it does not take long to see.
async fn settled(marks: &Combined<Marks>) {
    for _ in 0..1_000 {
        if marks.tasks() == 0 {
            return tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("{} tasks are left", marks.tasks());
}
