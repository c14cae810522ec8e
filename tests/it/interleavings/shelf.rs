//! A store in memory, exactly as its trait promises, at the end of a line that is not to be trusted.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::DateTime;
use healthbot_scheduler::store::{
    Condition, Document, Etag, Listed, Page, Read, Store, StoreError, Wanted, Written,
};
use parking_lot::Mutex;

use super::world::{Instance, Kind, World};

/// So many keys a page of a listing has: few, so that there are several.
const PAGE: usize = 5;

/// What is stored, and every booking's record as it ever was.
pub(super) struct Shelf {
    world: Arc<World>,
    kept: Mutex<Contents>,
}

#[derive(Default)]
struct Contents {
    documents: BTreeMap<String, Kept>,
    history: Vec<Version>,
    last: u64,
}

#[derive(Clone)]
struct Kept {
    bytes: Bytes,
    etag: u64,
    written: Duration,
}

/// A record as it was from some moment on.
#[derive(Clone)]
pub(super) struct Version {
    /// Since the world began.
    pub at: Duration,
    pub key: String,
    pub bytes: Bytes,
}

impl Shelf {
    pub(super) fn new(world: &Arc<World>) -> Arc<Self> {
        Arc::new(Self { world: world.clone(), kept: Mutex::default() })
    }

    pub(super) fn documents(&self, prefix: &str) -> Vec<(String, Bytes)> {
        let kept = self.kept.lock();
        let from = kept.documents.range(prefix.to_owned()..);
        from.take_while(|(key, _)| key.starts_with(prefix))
            .map(|(key, kept)| (key.clone(), kept.bytes.clone()))
            .collect()
    }

    pub(super) fn history(&self) -> Vec<Version> {
        self.kept.lock().history.clone()
    }

    fn get(&self, key: &str, known: Option<&Etag>) -> Read {
        let now = self.world.store_time();
        match self.kept.lock().documents.get(key) {
            None => Read::Absent,
            Some(kept) if known.is_some_and(|known| *known == etag(kept.etag)) => Read::Unchanged,
            Some(kept) => Read::Document(Document {
                bytes: kept.bytes.clone(),
                etag: etag(kept.etag),
                age: now.saturating_sub(kept.written),
            }),
        }
    }

    fn put(&self, key: &str, condition: &Condition, bytes: Bytes) -> Written {
        let mut kept = self.kept.lock();
        let holds = match (condition, kept.documents.get(key)) {
            (Condition::Absent, there) => there.is_none(),
            (Condition::Is(_), None) => false,
            (Condition::Is(wanted), Some(there)) => *wanted == etag(there.etag),
        };
        if !holds {
            return Written::Lost;
        }
        kept.last += 1;
        let version = kept.last;
        if key.starts_with("booking/") {
            let at = self.world.elapsed();
            kept.history.push(Version { at, key: key.to_owned(), bytes: bytes.clone() });
        }
        let written = self.world.store_time();
        kept.documents.insert(key.to_owned(), Kept { bytes, etag: version, written });
        Written::Done(etag(version))
    }

    fn delete(&self, key: &str, wanted: &Etag) -> Written {
        let mut kept = self.kept.lock();
        match kept.documents.get(key) {
            Some(there) if *wanted == etag(there.etag) => {
                kept.documents.remove(key);
                kept.last += 1;
                Written::Done(wanted.clone())
            }
            _ => Written::Lost,
        }
    }

    fn list(&self, prefix: &str, cursor: Option<&str>) -> Page {
        let now = self.world.store_time();
        let kept = self.kept.lock();
        let mut keys: Vec<Listed> = kept
            .documents
            .range(cursor.unwrap_or(prefix).to_owned()..)
            .filter(|(key, _)| key.starts_with(prefix) && cursor.is_none_or(|cursor| key.as_str() > cursor))
            .take(PAGE + 1)
            .map(|(key, kept)| Listed {
                key: key.clone(),
                etag: etag(kept.etag),
                age: now.saturating_sub(kept.written),
            })
            .collect();
        let more = keys.len() > PAGE;
        keys.truncate(PAGE);
        let cursor = more.then(|| keys.last().map(|last| last.key.clone())).flatten();
        Page { keys, cursor }
    }
}

fn etag(version: u64) -> Etag {
    Etag(version.to_string().into())
}

/// The store as one instance reaches it.
pub(super) struct ShelfOf {
    pub shelf: Arc<Shelf>,
    pub instance: Arc<Instance>,
}

impl fmt::Debug for ShelfOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the shelf of {:?}", self.instance)
    }
}

impl ShelfOf {
    async fn read<T: fmt::Debug + Send + 'static>(
        &self,
        what: impl FnOnce() -> String,
        effect: impl FnOnce(&Shelf) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let there = self.shelf.clone();
        let answer = self.instance.call(Kind::Read, None, what, move || effect(&there)).await;
        answer.ok_or_else(|| StoreError::Unavailable("it did not answer".into()))
    }

    async fn write(
        &self,
        what: impl FnOnce() -> String,
        effect: impl FnOnce(&Shelf) -> Written + Send + 'static,
    ) -> Written {
        let there = self.shelf.clone();
        let written = self.instance.call(Kind::Write, None, what, move || effect(&there)).await;
        written.unwrap_or(Written::Unknown)
    }
}

#[async_trait]
impl Store for ShelfOf {
    async fn get(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Read>, StoreError> {
        let owned: Vec<(String, Option<Etag>)> =
            wanted.iter().map(|wanted| (wanted.key.to_owned(), wanted.known.clone())).collect();
        let what = || {
            let keys: Vec<&str> = wanted.iter().map(|wanted| wanted.key).collect();
            format!("get {}", keys.join(" "))
        };
        let found = self.read(what, move |shelf| {
            Reads(owned.iter().map(|(key, known)| shelf.get(key, known.as_ref())).collect())
        });
        Ok(found.await?.0)
    }

    async fn put_if(&self, key: &str, condition: Condition, document: Bytes) -> Written {
        let owned = key.to_owned();
        let what = || format!("put {key} if {}: {}", shown(&condition), summary(key, &document));
        let (condition, bytes) = (condition.clone(), document.clone());
        self.write(what, move |shelf| shelf.put(&owned, &condition, bytes)).await
    }

    async fn delete_if(&self, key: &str, etag: Etag) -> Written {
        let (owned, wanted) = (key.to_owned(), etag.clone());
        let what = || format!("delete {key} if {}", etag.0);
        self.write(what, move |shelf| shelf.delete(&owned, &wanted)).await
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<Page, StoreError> {
        let (owned, from) = (prefix.to_owned(), cursor.map(str::to_owned));
        let page = self.read(
            || format!("list {prefix} from {cursor:?}"),
            move |shelf| Listing(shelf.list(&owned, from.as_deref())),
        );
        Ok(page.await?.0)
    }
}

/// A listing in a trace.
struct Listing(Page);

impl fmt::Debug for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for listed in &self.0.keys {
            write!(f, "{} ({} s old) ", listed.key, listed.age.as_secs())?;
        }
        Ok(())
    }
}

/// Documents in a trace: it has shown them already, when they were written.
struct Reads(Vec<Read>);

impl fmt::Debug for Reads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for read in &self.0 {
            match read {
                Read::Document(document) => {
                    write!(f, "{} ({} s old) ", document.etag.0, document.age.as_secs())?;
                }
                Read::Unchanged => f.write_str("unchanged ")?,
                Read::Absent => f.write_str("absent ")?,
            }
        }
        Ok(())
    }
}

/// What a document says, short enough to be read among thousands.
fn summary(key: &str, bytes: &Bytes) -> String {
    let Ok(document) = serde_json::from_slice::<serde_json::Value>(bytes) else { return String::new() };
    let text = |value: &serde_json::Value| value.to_string().replace('"', "");
    let list = |name: &str| document[name].as_array().cloned().unwrap_or_default();
    if key.starts_with("booking/") {
        let mut line = format!("{} attempt {}", text(&document["state"]), document["attempt"]);
        for dose in list("doses") {
            let (place, status) = (&dose["place"], text(&dose["status"]));
            let (who, start) = (text(&place["practitioner"]), text(&place["time"][0]));
            let _ = write!(line, " | {} {status} {who}@{start} #{}", dose["dose"], text(&dose["handle"]));
        }
        for name in ["doubt", "undone", "operation"] {
            if !document[name].is_null() {
                let _ = write!(line, " | {name} {}", text(&document[name]));
            }
        }
        return line;
    }
    if !key.starts_with("day/") {
        return text(&document);
    }
    let entries = list("entries").into_iter().map(|entry| {
        let marks = if entry["k"].is_null() { "?" } else { "" };
        let start = entry["t"].as_i64().and_then(DateTime::from_timestamp_millis).unwrap_or_default();
        let (code, who) = (text(&entry["c"]), text(&entry["p"]));
        format!("{code}.{}/{} {who}@{}{marks}", entry["a"], entry["d"], start.format("%dT%H:%M"))
    });
    entries.collect::<Vec<_>>().join(", ")
}

fn shown(condition: &Condition) -> String {
    match condition {
        Condition::Absent => "absent".into(),
        Condition::Is(etag) => etag.0.to_string(),
    }
}
