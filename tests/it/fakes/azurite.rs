//! Azurite, Microsoft's emulator of Azure Blob Storage: the one that `./test` has started, or one of our own.

mod launched;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use azure_core::{
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    http::{ClientOptions, Transport},
    time::{Duration, OffsetDateTime},
};
use azure_storage_blob::{BlobContainerClient, BlobContainerClientOptions};
use futures_util::TryStreamExt;
use healthbot_scheduler::{
    identity::Identity,
    store::{
        StoreError,
        azure_blob::{AzureBlobStore, Container},
    },
};
use serde::Deserialize;

use self::launched::Launched;

/// How it lets callers in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// http, and a signature in the URL.
    Sas,
    /// https, and a token.
    OAuth,
}

/// Runs until it is dropped, unless it is the shared one.
#[derive(Debug)]
pub(crate) struct Azurite {
    at: At,
    _own: Option<Launched>,
}

/// What `tests/peers/azurite.mjs` tells.
#[derive(Debug, Clone, Deserialize)]
struct At {
    url: String,
    sas: String,
    ca: Option<String>,
    token: Option<String>,
    pid: u32,
}

impl Azurite {
    /// The one that `./test` has started, else one of our own.
    pub(crate) fn shared(door: Door) -> Self {
        let setting = match door {
            Door::Sas => "AZURITE_SAS",
            Door::OAuth => "AZURITE_OAUTH",
        };
        match crate::setting(setting) {
            Some(told) => {
                Self { at: serde_json::from_str(&told).expect("what the launcher told"), _own: None }
            }
            None => Self::start(door),
        }
    }

    /// One that nobody else uses.
    pub(crate) fn start(door: Door) -> Self {
        let (own, told) = Launched::with(if door == Door::OAuth { &["--oauth"] } else { &[] });
        Self { at: serde_json::from_str(&told).expect("what the launcher told"), _own: Some(own) }
    }

    /// The URL of the account, without a signature.
    pub(crate) fn url(&self) -> &str {
        &self.at.url
    }

    pub(crate) fn sas(&self) -> &str {
        &self.at.sas
    }

    /// The certificate of who signed its certificate.
    pub(crate) fn ca(&self) -> &str {
        self.at.ca.as_deref().expect("it speaks https")
    }

    /// A token that it takes.
    pub(crate) fn token(&self) -> &str {
        self.at.token.as_deref().expect("it takes tokens")
    }

    /// How much of a processor it has used, in seconds; from Linux' count in hundredths.
    pub(crate) fn processor_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.at.pid)).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks =
            |nth: usize| fields.get(nth).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
        (ticks(11) + ticks(12)) / 100.0
    }

    /// A container that nobody has used, not made yet: as `STORE` names it.
    pub(crate) fn fresh_container(&self) -> String {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let url = format!("{}/test-{}-{number}", self.at.url, std::process::id());
        if self.at.token.is_some() { url } else { format!("{url}?{}", self.at.sas) }
    }

    /// A store on that container, as another process would open it.
    pub(crate) fn open(&self, container: &str) -> Result<AzureBlobStore, StoreError> {
        let container: Container = container.parse().map_err(StoreError::Unusable)?;
        AzureBlobStore::with_credential(
            &container,
            &Identity::DeveloperTools,
            self.credential(),
            &self.http(),
        )
    }

    /// That container, for somebody who looks after it.
    pub(crate) fn container(&self, container: &str) -> BlobContainerClient {
        let client_options =
            ClientOptions { transport: Some(Transport::new(Arc::new(self.http()))), ..Default::default() };
        let options = BlobContainerClientOptions { client_options, ..Default::default() };
        let url = container.parse().expect("a URL");
        BlobContainerClient::new(url, self.credential(), Some(options)).expect("a client")
    }

    /// Its blobs with what is in them.
    pub(crate) async fn blobs(&self, container: &str) -> BTreeMap<String, String> {
        let client = self.container(container);
        let mut blobs = BTreeMap::new();
        let listed =
            client.list_blobs(None).expect("a list").try_collect::<Vec<_>>().await.expect("all of it");
        for name in listed.into_iter().filter_map(|item| item.name) {
            let found = client.blob_client(&name).download(None).await.expect("the blob");
            let bytes = found.body.collect().await.expect("all of it");
            blobs.insert(name, String::from_utf8(bytes.to_vec()).expect("text"));
        }
        blobs
    }

    fn http(&self) -> reqwest::Client {
        let mut http = healthbot_scheduler::net::builder().no_proxy();
        if let Some(ca) = &self.at.ca {
            let pem = std::fs::read(ca).expect("the certificate");
            http = http.tls_certs_only([reqwest::Certificate::from_pem(&pem).expect("a certificate")]);
        }
        http.build().expect("a client")
    }

    fn credential(&self) -> Option<Arc<dyn TokenCredential>> {
        self.at.token.clone().map(|token| Arc::new(Fixed(token)) as _)
    }
}

/// Always the same token.
#[derive(Debug)]
struct Fixed(String);

#[async_trait]
impl TokenCredential for Fixed {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        assert_eq!(scopes, ["https://storage.azure.com/.default"]);
        Ok(AccessToken::new(self.0.clone(), OffsetDateTime::now_utc() + Duration::hours(1)))
    }
}
