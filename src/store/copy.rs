//! Moving a clinic: every document of one store into another, verified, and gone on with where it was broken off.
//!
//! A newcomer would fear for a clinic that opens on half of its bookings. While a copy is unfinished the store it goes
//! to has a mark, [`UNFINISHED`], and a process on it writes nothing. Nor is anything copied over what is somebody
//! else's: a store that has documents and no such mark is refused.
//!
//! A copy that was only suspended may wake up when another has long finished the work, and a clinic is open on it. So
//! every run makes the mark its own, looks for it again before it writes or removes anything, and writes nothing but
//! over what it has seen under that mark. Whoever finds the mark in other hands, or gone, stops.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, future::ready, stream};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Condition, Document, Etag, Read, Store, StoreError, Wanted, Written};

pub mod bar;

/// The key of a copy's mark. It stands among the ledger's keys, so that whoever opens a ledger comes by it.
pub const UNFINISHED: &str = "ring/~copying";

/// Documents read by one question.
const BATCH: usize = 64;

/// Documents written at the same time.
const AT_ONCE: usize = 64;

/// How often one document is tried.
const TRIES: u32 = 6;

/// How often what changed meanwhile is copied again. A store that changes more often is in use.
const ROUNDS: usize = 3;

/// What is being done, and how far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub step: Step,
    pub done: usize,
    pub of: usize,
}

/// In this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Copying,
    Verifying,
}

/// What a copy came to. Both stores have the same of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    pub documents: usize,
    pub bytes: u64,
    /// How many documents there are of each kind.
    pub kinds: BTreeMap<String, usize>,
    /// SHA-256 over every key and document, in the order of the keys.
    pub digest: String,
    /// How many had to be written: the others were there already.
    pub written: usize,
}

/// Why there is no copy. What was copied so far stays, and is gone on with.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CopyError {
    #[error("the store to copy from: {0}")]
    From(#[source] StoreError),
    #[error("the store to copy to: {0}")]
    To(#[source] StoreError),
    #[error("the store to copy from has nothing in it: see its name")]
    Nothing,
    #[error("the store to copy from is itself an unfinished copy: finish that first")]
    HalfACopy,
    #[error(
        "the store to copy to has {0} documents and is no unfinished copy: name an empty one, which no process uses yet"
    )]
    Occupied(usize),
    #[error("the store to copy to is an unfinished copy of `{0}`: finish that, or name an empty one")]
    OfAnother(String),
    #[error(
        "somebody else has begun to write to the store to copy to: see who it is, and run this again if it is wanted"
    )]
    Overtaken,
    #[error("the store to copy from goes on changing: stop every process that uses it, and run this again")]
    Busy,
    #[error("the two differ after all, at {0} of their documents: run this again")]
    Differ(usize),
}

/// The mark of a copy that is not finished.
#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    v: u32,
    from: String,
    /// Whose it is: drawn by each run.
    #[serde(default)]
    run: String,
}

/// Copies every document, and tells how far it is. `name` is what the store to copy from is called, so that an
/// unfinished copy is only gone on with from there.
///
/// # Errors
///
/// After any of them the same call goes on where this one ended.
pub async fn copy(
    from: &Arc<dyn Store>,
    to: &Arc<dyn Store>,
    name: &str,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Copied, CopyError> {
    let mut listed = keys(from).await.map_err(CopyError::From)?;
    if listed.is_empty() {
        return Err(CopyError::Nothing);
    }
    if listed.contains_key(UNFINISHED) {
        return Err(CopyError::HalfACopy);
    }
    let there = keys(to).await.map_err(CopyError::To)?;
    if !there.is_empty() && !there.contains_key(UNFINISHED) {
        // It may have been finished before.
        return verify(from, to, &listed, progress).await.map_err(|error| match error {
            CopyError::Differ(_) => CopyError::Occupied(there.len()),
            error => error,
        });
    }
    let was_empty = there.is_empty();
    let mark = mark(to, name).await?;
    let mut there = keys(to).await.map_err(CopyError::To)?;
    there.remove(UNFINISHED);
    if was_empty && !there.is_empty() {
        // Whoever began to use it in this very moment keeps it.
        unmark(to, mark).await?;
        return Err(CopyError::Occupied(there.len()));
    }
    let there = there.into_keys().collect();
    let mut copying = Copying { from, to, mark, there, progress, written: 0 };
    let mut wanted: Vec<String> = listed.keys().cloned().collect();
    for _ in 0..ROUNDS {
        copying.bring(&wanted).await?;
        let now = keys(from).await.map_err(CopyError::From)?;
        wanted = now
            .iter()
            .filter(|(key, etag)| listed.get(*key) != Some(etag))
            .map(|(key, _)| key.clone())
            .collect();
        let gone = listed.keys().any(|key| !now.contains_key(key));
        listed = now;
        if wanted.is_empty() && !gone {
            copying.remove_others(&listed).await?;
            let copied = verify(from, to, &listed, progress).await?;
            unmark(to, copying.mark).await?;
            return Ok(Copied { written: copying.written, ..copied });
        }
    }
    Err(CopyError::Busy)
}

/// A copy under way.
struct Copying<'a> {
    from: &'a Arc<dyn Store>,
    to: &'a Arc<dyn Store>,
    /// This run's.
    mark: Etag,
    /// What this run or an earlier one has brought.
    there: BTreeSet<String>,
    progress: &'a (dyn Fn(Progress) + Sync),
    written: usize,
}

impl Copying<'_> {
    /// Brings these documents, as far as they are not there yet.
    async fn bring(&mut self, wanted: &[String]) -> Result<(), CopyError> {
        let mut done = 0;
        for batch in wanted.chunks(BATCH) {
            let documents = documents(self.from, batch).await.map_err(CopyError::From)?;
            let known: Vec<String> = batch.iter().filter(|key| self.there.contains(*key)).cloned().collect();
            let there = documents_of(self.to, &known).await?;
            let mut there: BTreeMap<String, Option<Document>> = known.into_iter().zip(there).collect();
            let mut missing = Vec::new();
            for (key, document) in batch.iter().zip(documents) {
                // What is not there any more is found out by listing again.
                let Some(document) = document else { continue };
                let there = there.remove(key).flatten();
                if there.as_ref().is_none_or(|there| there.bytes != document.bytes) {
                    missing.push(put(self.to, key, document.bytes, there.map(|there| there.etag)));
                }
            }
            if !missing.is_empty() {
                self.is_not_overtaken().await?;
            }
            self.written += missing.len();
            stream::iter(missing).buffer_unordered(AT_ONCE).try_for_each(|_| ready(Ok(()))).await?;
            self.there.extend(batch.iter().cloned());
            done += batch.len();
            (self.progress)(Progress { step: Step::Copying, done, of: wanted.len() });
        }
        Ok(())
    }

    /// What an earlier run has brought and is no more.
    async fn remove_others(&self, listed: &BTreeMap<String, Etag>) -> Result<(), CopyError> {
        let mut others = keys(self.to).await.map_err(CopyError::To)?;
        others.retain(|key, _| !listed.contains_key(key) && key != UNFINISHED);
        if !others.is_empty() {
            self.is_not_overtaken().await?;
        }
        for (key, etag) in others {
            let _ = self.to.delete_if(&key, etag).await;
        }
        Ok(())
    }

    /// What was read before this is what a copy under way has left there, and is written over on that condition.
    async fn is_not_overtaken(&self) -> Result<(), CopyError> {
        let mark = document_at(self.to, UNFINISHED).await?;
        if mark.is_some_and(|mark| mark.etag == self.mark) { Ok(()) } else { Err(CopyError::Overtaken) }
    }
}

/// Reads all of both once more.
async fn verify(
    from: &Arc<dyn Store>,
    to: &Arc<dyn Store>,
    listed: &BTreeMap<String, Etag>,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Copied, CopyError> {
    let all_there = keys(to).await.map_err(CopyError::To)?;
    let mut differ = all_there.keys().filter(|key| !listed.contains_key(*key) && *key != UNFINISHED).count();
    let mut copied = Copied {
        documents: listed.len(),
        bytes: 0,
        kinds: BTreeMap::new(),
        digest: String::new(),
        written: 0,
    };
    let (mut ours, mut theirs) = (Sha256::new(), Sha256::new());
    let all: Vec<String> = listed.keys().cloned().collect();
    let mut done = 0;
    for batch in all.chunks(BATCH) {
        let documents = documents(from, batch).await.map_err(CopyError::From)?;
        let there = documents_of(to, batch).await?;
        for ((key, document), copy) in batch.iter().zip(documents).zip(there) {
            let (document, copy) = (document.map(|document| document.bytes), copy.map(|copy| copy.bytes));
            differ += usize::from(document != copy || document.is_none());
            add(&mut ours, key, document.as_ref());
            add(&mut theirs, key, copy.as_ref());
            copied.bytes += document.map_or(0, |document| document.len() as u64);
            let kind = key.split('/').next().unwrap_or_default().to_owned();
            *copied.kinds.entry(kind).or_default() += 1;
        }
        done += batch.len();
        progress(Progress { step: Step::Verifying, done, of: all.len() });
    }
    let (ours, theirs) = (ours.finalize(), theirs.finalize());
    if differ > 0 || ours != theirs {
        return Err(CopyError::Differ(differ.max(1)));
    }
    for byte in ours {
        let _ = write!(copied.digest, "{byte:02x}");
    }
    Ok(copied)
}

fn add(digest: &mut Sha256, key: &str, document: Option<&Bytes>) {
    let Some(document) = document else { return };
    for part in [key.as_bytes(), document] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
}

/// Puts a document where nothing is, or over what was seen there. Whatever else has come in between stays.
async fn put(to: &Arc<dyn Store>, key: &str, bytes: Bytes, before: Option<Etag>) -> Result<Etag, CopyError> {
    for attempt in 0..TRIES {
        let condition = before.clone().map_or(Condition::Absent, Condition::Is);
        if let Written::Done(etag) = to.put_if(key, condition, bytes.clone()).await {
            return Ok(etag);
        }
        let there = document_at(to, key).await?;
        match there {
            Some(there) if there.bytes == bytes => return Ok(there.etag),
            there if there.as_ref().map(|there| &there.etag) != before.as_ref() => {
                return Err(CopyError::Overtaken);
            }
            _ => tokio::time::sleep(Duration::from_millis(50 << attempt)).await,
        }
    }
    let why = "a document could not be written: it gives no clear answer";
    Err(CopyError::To(StoreError::Unavailable(why.to_owned())))
}

/// Makes the mark this run's, and tells which it is.
async fn mark(to: &Arc<dyn Store>, name: &str) -> Result<Etag, CopyError> {
    let unusable = |why: &str| CopyError::To(StoreError::Unusable(why.to_owned()));
    let there = document_at(to, UNFINISHED).await?;
    if let Some(there) = &there {
        let mark: Mark = serde_json::from_slice(&there.bytes)
            .map_err(|_| unusable("the mark of a copy cannot be read"))?;
        if mark.from != name {
            return Err(CopyError::OfAnother(mark.from));
        }
    }
    let run = getrandom::u64().map_err(|_| unusable("this system has no random numbers"))?;
    let mark = Mark { v: 1, from: name.to_owned(), run: format!("{run:016x}") };
    let mark = serde_json::to_vec(&mark).map_err(|_| unusable("the mark of a copy cannot be written"))?;
    put(to, UNFINISHED, mark.into(), there.map(|there| there.etag)).await
}

/// Takes this run's mark away, and nobody else's.
async fn unmark(to: &Arc<dyn Store>, mark: Etag) -> Result<(), CopyError> {
    let mut may_be_gone = false;
    for attempt in 0..TRIES {
        match to.delete_if(UNFINISHED, mark.clone()).await {
            Written::Done(_) => return Ok(()),
            Written::Lost if !may_be_gone => return Err(CopyError::Overtaken),
            Written::Lost | Written::Unknown => {}
        }
        may_be_gone = true;
        match document_at(to, UNFINISHED).await? {
            None => return Ok(()),
            Some(there) if there.etag != mark => return Err(CopyError::Overtaken),
            Some(_) => tokio::time::sleep(Duration::from_millis(50 << attempt)).await,
        }
    }
    Err(CopyError::To(StoreError::Unavailable("the mark of the copy could not be removed".to_owned())))
}

/// Every key, with its `ETag`.
async fn keys(store: &Arc<dyn Store>) -> Result<BTreeMap<String, Etag>, StoreError> {
    let mut keys = BTreeMap::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = store.list("", cursor.as_deref()).await?;
        keys.extend(page.keys.into_iter().map(|listed| (listed.key, listed.etag)));
        match page.cursor {
            Some(next) => cursor = Some(next),
            None => return Ok(keys),
        }
    }
}

async fn documents(store: &Arc<dyn Store>, keys: &[String]) -> Result<Vec<Option<Document>>, StoreError> {
    let wanted: Vec<Wanted<'_>> = keys.iter().map(|key| Wanted { key, known: None }).collect();
    let document = |read| match read {
        Read::Document(document) => Some(document),
        Read::Absent | Read::Unchanged => None,
    };
    Ok(store.get(&wanted).await?.into_iter().map(document).collect())
}

async fn documents_of(to: &Arc<dyn Store>, keys: &[String]) -> Result<Vec<Option<Document>>, CopyError> {
    documents(to, keys).await.map_err(CopyError::To)
}

async fn document_at(to: &Arc<dyn Store>, key: &str) -> Result<Option<Document>, CopyError> {
    Ok(documents_of(to, &[key.to_owned()]).await?.pop().flatten())
}
