//! The store of many machines: a container in Azure Blob Storage, a blob per document.
//!
//! A newcomer would leave retrying to the SDK. It would repeat a conditional write whose reply was lost, be told
//! that the condition does not hold, and report as lost a race that it had won. So the SDK's own retry is off: reads
//! are repeated here, and of a write that has no clear answer nothing is known.
//!
//! # Quirks
//!
//! * A blob that is to be made and is there answers 409, one that has changed 412. Both are a lost race.
//!   (`store::conformance::azure_sas`)
//! * An `ETag` has quotes in a header and none in a listing. Ours has none. (`a_listing_knows_etags…`)
//! * Times are whole seconds, so that an age may be a second off. The service's own `Date` is compared with
//!   `Last-Modified`, and nobody's clock. (`ages_grow_from_the_last_write`)
//! * The SDK reads an empty blob by two requests, since it asks for a range first: empty documents are not to be read
//!   on the way to a reply.
//! * A container that is being deleted cannot be made anew for half a minute.
//!   <https://learn.microsoft.com/rest/api/storageservices/delete-container>

use std::{collections::HashMap, fmt, num::NonZero, sync::Arc, time::Duration};

use async_trait::async_trait;
use azure_core::{
    credentials::TokenCredential,
    http::{ClientOptions, Etag as SdkEtag, RetryOptions, Transport, headers::Headers},
    time::{OffsetDateTime, parse_rfc7231},
};
use azure_storage_blob::{
    BlobContainerClient, BlobContainerClientOptions,
    models::{
        BlobClientDeleteOptions, BlobClientDownloadOptions, BlobClientUploadOptions,
        BlobContainerClientListBlobsOptions, BlobItem, DeleteSnapshotsOptionType,
    },
};
use backon::{BackoffBuilder, ExponentialBuilder, Retryable};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use parking_lot::Mutex;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};

use self::trouble::Trouble;
use super::{Condition, Document, Etag, Listed, Page, Read, Store, StoreError, Wanted, Written};
use crate::identity::{Azure, Identity};

mod blob;
mod container;
mod growing;
mod name;
mod trouble;

pub use blob::{Blob, Watched};
pub use container::Container;
pub(crate) use growing::Growing;

/// Documents of one question that are read at the same time.
const AT_ONCE: usize = 32;

/// So many documents with the same beginning of their keys are looked for by a listing.
const MANY: usize = 8;

/// How many times as many keys may be listed as are looked for; what comes after them is asked for one by one.
const SPARSE: usize = 4;

/// Requests of one process in flight; more would wait for each other at the service instead.
const IN_FLIGHT: usize = 256;

/// How long a read may take, repeated tries included.
const READ: Duration = Duration::from_secs(8);

/// How long one try of it may take.
const READ_TRY: Duration = Duration::from_secs(3);

/// How long a write may take, once it is sent. Then nobody knows, and whoever asked still has time to look.
const WRITE: Duration = Duration::from_secs(5);

/// How long a page of a listing may take.
const LIST: Duration = Duration::from_secs(10);

/// How long marks that nobody waits for are gathered. Each write of a day's document may make another instance's lose.
const GATHERING: Duration = Duration::from_secs(3);

/// Never in parts: a document is written and read by one request.
const WHOLE: usize = 256 << 20;

/// Documents in a container.
pub struct AzureBlobStore {
    container: BlobContainerClient,
    has_sas: bool,
    identity: Identity,
    in_flight: Semaphore,
    /// Beginnings of keys that have more than so many: listing no more of them tells too little.
    crowded: Mutex<HashMap<String, i32>>,
}

impl AzureBlobStore {
    /// The store in a container, asked as this identity unless a signature opens it. Asks nobody yet; the container is
    /// made with the first document.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`] when the identity lacks what it is made from.
    pub fn new(container: &Container, azure: &Azure) -> Result<Self, StoreError> {
        let (credential, http) = opens(container, azure)?;
        Self::with_credential(container, azure.identity(), credential, &http)
    }

    /// The same with a credential that is there already.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unusable`] when the SDK does not take the address.
    pub fn with_credential(
        container: &Container,
        identity: &Identity,
        credential: Option<Arc<dyn TokenCredential>>,
        http: &reqwest::Client,
    ) -> Result<Self, StoreError> {
        let client = client(container, credential, http)?;
        let (has_sas, identity) = (container.has_sas(), identity.clone());
        let (in_flight, crowded) = (Semaphore::new(IN_FLIGHT), Mutex::default());
        Ok(Self { container: client, has_sas, identity, in_flight, crowded })
    }

    async fn read(&self, wanted: &Wanted<'_>, deadline: Instant) -> Result<Read, StoreError> {
        match self.repeated(|| self.download(wanted), deadline).await {
            Err(Trouble::Unchanged) => Ok(Read::Unchanged),
            // Nobody has written anything yet.
            Err(Trouble::NoBlob | Trouble::NoContainer) => Ok(Read::Absent),
            read => read.map(Read::Document).map_err(|trouble| self.told(&trouble)),
        }
    }

    async fn download(&self, wanted: &Wanted<'_>) -> Result<Document, Trouble> {
        let options = BlobClientDownloadOptions {
            if_none_match: wanted.known.as_ref().and_then(quoted),
            partition_size: NonZero::new(WHOLE),
            ..Default::default()
        };
        let found = self.container.blob_client(&name::of(wanted.key)).download(Some(options)).await;
        let found = found.map_err(|error| self.trouble(&error))?;
        let etag = found.properties.etag.as_ref().map(unquoted).ok_or(Trouble::Lacks("an `ETag`"))?;
        let age = age(&found.headers, found.properties.last_modified)?;
        let bytes = found.body.collect().await.map_err(|error| self.trouble(&error))?;
        Ok(Document { bytes, etag, age })
    }

    async fn upload(&self, key: &str, condition: &Condition, document: Bytes) -> Result<Etag, Trouble> {
        let options = BlobClientUploadOptions {
            blob_content_type: Some("application/json".to_owned()),
            partition_size: NonZero::new(WHOLE as u64),
            ..Default::default()
        };
        let options = match condition {
            Condition::Absent => options.if_not_exists(),
            Condition::Is(etag) => {
                BlobClientUploadOptions { if_match: Some(quoted(etag).ok_or(Trouble::Beaten)?), ..options }
            }
        };
        let written = self.container.blob_client(&name::of(key)).upload(document.into(), Some(options)).await;
        let written = written.map_err(|error| self.trouble(&error))?;
        written.etag.as_ref().map(unquoted).ok_or(Trouble::Lacks("an `ETag`"))
    }

    async fn delete(&self, key: &str, etag: &Etag) -> Result<(), Trouble> {
        let options = BlobClientDeleteOptions {
            if_match: Some(quoted(etag).ok_or(Trouble::Beaten)?),
            delete_snapshots: Some(DeleteSnapshotsOptionType::Include),
            ..Default::default()
        };
        let deleted = self.container.blob_client(&name::of(key)).delete(Some(options)).await;
        deleted.map(drop).map_err(|error| self.trouble(&error))
    }

    async fn page(&self, prefix: &str, cursor: Option<&str>, most: Option<i32>) -> Result<Page, Trouble> {
        let options = BlobContainerClientListBlobsOptions {
            prefix: (!prefix.is_empty()).then(|| name::of(prefix)),
            marker: cursor.map(str::to_owned),
            maxresults: most,
            ..Default::default()
        };
        let pages = self.container.list_blobs(Some(options)).map_err(|error| self.trouble(&error))?;
        let page = pages.into_pages().next().await.ok_or(Trouble::Lacks("a page"))?;
        let page = page.map_err(|error| self.trouble(&error))?;
        let headers = page.headers().clone();
        let page = page.into_model().map_err(|error| self.trouble(&error))?;
        let mut keys = Vec::with_capacity(page.blob_items.len());
        for item in page.blob_items {
            keys.extend(listed(item, &headers)?);
        }
        Ok(Page { keys, cursor: page.next_marker.filter(|marker| !marker.is_empty()) })
    }

    /// What is there of many documents that have the beginning of their keys in common, by one listing: a search of two
    /// months would otherwise ask for sixty days, of which most have no document. `None`: that has to be asked.
    ///
    /// Should a listing ever lag behind, a search is a moment older. What is written is conditional on what a read of
    /// that document alone has told.
    async fn seen_in_listing(
        &self,
        prefix: &str,
        wanted: &[Wanted<'_>],
        deadline: Instant,
    ) -> Result<Vec<Option<Read>>, StoreError> {
        let most = i32::try_from(wanted.len() * SPARSE).unwrap_or(i32::MAX);
        if self.crowded.lock().get(prefix).is_some_and(|more_than| most <= *more_than) {
            return Ok(vec![None; wanted.len()]);
        }
        let page = match self.repeated(|| self.page(prefix, None, Some(most)), deadline).await {
            Err(Trouble::NoContainer) => Page { keys: Vec::new(), cursor: None },
            page => page.map_err(|trouble| self.told(&trouble))?,
        };
        if page.cursor.is_some() {
            self.crowded.lock().insert(prefix.to_owned(), most);
        }
        // Keys are listed in their order.
        let (ends_here, last) = (page.cursor.is_none(), page.keys.last().map(|last| last.key.clone()));
        let is_beyond = |key: &str| !ends_here && last.as_deref().is_none_or(|last| key > last);
        let listed: HashMap<String, Etag> =
            page.keys.into_iter().map(|listed| (listed.key, listed.etag)).collect();
        let seen = |wanted: &Wanted<'_>| match listed.get(wanted.key) {
            Some(etag) => (wanted.known.as_ref() == Some(etag)).then_some(Read::Unchanged),
            None => (!is_beyond(wanted.key)).then_some(Read::Absent),
        };
        Ok(wanted.iter().map(seen).collect())
    }

    /// Somebody else may be doing the same.
    async fn make_container(&self) -> Result<(), Trouble> {
        match self.container.create(None).await.map_err(|error| self.trouble(&error)) {
            Ok(_) => {
                tracing::info!("the container of the store was not there, and has been made");
                Ok(())
            }
            Err(Trouble::Beaten) => Ok(()),
            Err(trouble) => Err(trouble),
        }
    }

    /// Makes the container before the first write. A write that found none has done nothing, and may be sent again.
    async fn in_container<T, F: Future<Output = Result<T, Trouble>>>(
        &self,
        write: impl Fn() -> F,
    ) -> Result<T, Trouble> {
        match self.once(write()).await {
            Err(Trouble::NoContainer) => {
                self.once(self.make_container()).await?;
                self.once(write()).await
            }
            written => written,
        }
    }

    /// Sends a write when it is its turn.
    async fn once<T>(&self, write: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
        let turn = timeout_at(Instant::now() + WRITE, self.in_flight.acquire()).await;
        let _turn = turn.map_err(|_| Trouble::Crowded)?;
        within(Instant::now() + WRITE, write).await
    }

    /// Repeats a read while that may help.
    async fn repeated<T, F: Future<Output = Result<T, Trouble>>>(
        &self,
        read: impl Fn() -> F,
        deadline: Instant,
    ) -> Result<T, Trouble> {
        let tried = || async {
            let turn = timeout_at(deadline, self.in_flight.acquire()).await;
            let _turn = turn.map_err(|_| Trouble::Crowded)?;
            within(deadline.min(Instant::now() + READ_TRY), read()).await
        };
        again(tried, deadline).await
    }

    /// The answer to a write that has no better one.
    fn unclear(&self, trouble: &Trouble, operation: &'static str) -> Written {
        let certain = trouble.did_nothing();
        let trouble = self.told(trouble);
        if certain {
            tracing::error!(operation, %trouble, "the store has not written, and cannot");
        } else {
            tracing::warn!(operation, %trouble, "the store may have written, or not");
        }
        Written::Unknown
    }

    fn trouble(&self, error: &azure_core::Error) -> Trouble {
        Trouble::of(error, &self.identity)
    }

    fn told(&self, trouble: &Trouble) -> StoreError {
        trouble.told_as(self.has_sas)
    }
}

#[async_trait]
impl Store for AzureBlobStore {
    /// All at once, each by itself or by a listing: unlike SQLite's, the answers are of several moments.
    async fn get(&self, wanted: &[Wanted<'_>]) -> Result<Vec<Read>, StoreError> {
        let deadline = Instant::now() + READ;
        if let [only] = wanted {
            return Ok(vec![self.read(only, deadline).await?]);
        }
        let mut lists = Vec::new();
        for alike in wanted.chunk_by(|one, next| beginning(one.key) == beginning(next.key)) {
            lists.push(async move {
                if alike.len() < MANY {
                    return Ok(vec![None; alike.len()]);
                }
                self.seen_in_listing(beginning(alike[0].key), alike, deadline).await
            });
        }
        let seen: Vec<Vec<Option<Read>>> = stream::iter(lists).buffered(AT_ONCE).try_collect().await?;
        let mut reads = Vec::with_capacity(wanted.len());
        for (wanted, seen) in wanted.iter().zip(seen.into_iter().flatten()) {
            reads.push(async move {
                match seen {
                    Some(seen) => Ok(seen),
                    None => self.read(wanted, deadline).await,
                }
            });
        }
        stream::iter(reads).buffered(AT_ONCE).try_collect().await
    }

    async fn put_if(&self, key: &str, condition: Condition, document: Bytes) -> Written {
        let write = || self.upload(key, &condition, document.clone());
        match self.in_container(write).await {
            Ok(etag) => Written::Done(etag),
            Err(Trouble::Beaten) => Written::Lost,
            // What is not there has not that `ETag`.
            Err(Trouble::NoBlob) if condition != Condition::Absent => Written::Lost,
            Err(trouble) => self.unclear(&trouble, "put"),
        }
    }

    fn gathers_for(&self) -> Duration {
        GATHERING
    }

    async fn delete_if(&self, key: &str, etag: Etag) -> Written {
        match self.once(self.delete(key, &etag)).await {
            Ok(()) => Written::Done(etag),
            Err(Trouble::Beaten | Trouble::NoBlob | Trouble::NoContainer) => Written::Lost,
            Err(trouble) => self.unclear(&trouble, "delete"),
        }
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<Page, StoreError> {
        match self.repeated(|| self.page(prefix, cursor, None), Instant::now() + LIST).await {
            Err(Trouble::NoContainer) => Ok(Page { keys: Vec::new(), cursor: None }),
            page => page.map_err(|trouble| self.told(&trouble)),
        }
    }
}

impl fmt::Debug for AzureBlobStore {
    /// The client's URL may have a signature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureBlobStore").field("identity", &self.identity).finish_non_exhaustive()
    }
}

/// What opens a container, unless a signature does, and what asks for it.
fn opens(
    container: &Container,
    azure: &Azure,
) -> Result<(Option<Arc<dyn TokenCredential>>, reqwest::Client), StoreError> {
    let http = azure.http().map_err(|_| {
        StoreError::Unusable("it cannot be asked: the system's certificates cannot be read".to_owned())
    })?;
    if container.has_sas() {
        return Ok((None, http));
    }
    let no_token = |_| Trouble::NoToken { hint: azure.identity().hint() }.told_as(false);
    Ok((Some(azure.credential(container.login()).map_err(no_token)?), http))
}

/// The SDK's client of a container, which asks once.
fn client(
    container: &Container,
    credential: Option<Arc<dyn TokenCredential>>,
    http: &reqwest::Client,
) -> Result<BlobContainerClient, StoreError> {
    let client_options = ClientOptions {
        transport: Some(Transport::new(Arc::new(http.clone()))),
        retry: RetryOptions::none(),
        per_try_policies: vec![crate::net::traced("storage")],
        ..Default::default()
    };
    let options = BlobContainerClientOptions { client_options, ..Default::default() };
    let client = BlobContainerClient::new(container.signed_url(), credential, Some(options));
    client.map_err(|_| StoreError::Unusable("its address names no container".to_owned()))
}

/// Of a key, all but its last part.
fn beginning(key: &str) -> &str {
    key.rfind('/').map_or("", |end| &key[..=end])
}

/// Tries once and again, while that may help and there is time for another.
async fn again<T, F: Future<Output = Result<T, Trouble>>>(
    tried: impl FnMut() -> F,
    deadline: Instant,
) -> Result<T, Trouble> {
    tried
        .retry(patience())
        .when(Trouble::passes)
        .adjust(|_, delay| delay.filter(|delay| Instant::now() + *delay < deadline))
        .await
}

async fn within<T>(limit: Instant, tried: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    timeout_at(limit, tried).await.unwrap_or(Err(Trouble::TooSlow))
}

fn patience() -> impl BackoffBuilder {
    ExponentialBuilder::default()
        .with_jitter()
        .with_min_delay(Duration::from_millis(50))
        .with_max_delay(Duration::from_secs(1))
        .with_max_times(6)
}

/// As it is asked for; `None` for one that we never gave out, which must not be taken for a pattern.
fn quoted(etag: &Etag) -> Option<SdkEtag> {
    let ours = !etag.0.is_empty() && etag.0.bytes().all(|byte| byte.is_ascii_alphanumeric());
    ours.then(|| SdkEtag::from(format!("\"{}\"", etag.0)))
}

fn unquoted(etag: &SdkEtag) -> Etag {
    Etag(etag.as_ref().trim_matches('"').into())
}

/// `None` for a blob that is none of ours.
fn listed(item: BlobItem, headers: &Headers) -> Result<Option<Listed>, Trouble> {
    let Some(key) = item.name.as_deref().and_then(name::key) else {
        tracing::debug!("there is a blob in the container that is no document of the store");
        return Ok(None);
    };
    let properties = item.properties.unwrap_or_default();
    let etag = properties.etag.as_ref().map(unquoted).ok_or(Trouble::Lacks("an `ETag`"))?;
    Ok(Some(Listed { key, etag, age: age(headers, properties.last_modified)? }))
}

/// Since the last write, by the service's clock.
fn age(headers: &Headers, last_modified: Option<OffsetDateTime>) -> Result<Duration, Trouble> {
    let now = headers.get_optional_str(&"date".into()).and_then(|date| parse_rfc7231(date).ok());
    let (now, written) = now.zip(last_modified).ok_or(Trouble::Lacks("a time"))?;
    Ok(Duration::from_secs(u64::try_from((now - written).whole_seconds()).unwrap_or_default()))
}
