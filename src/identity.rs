//! As whom this deployment is known to Azure: the ways to a token that Microsoft Graph and the store share.
//!
//! Which one it is, the settings say. A newcomer would try one after the other, as other SDKs do: then a
//! deployment that lacks its identity is found out by whoever else answers.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, OnceLock},
};

use azure_core::{
    cloud::CustomConfiguration,
    credentials::TokenCredential,
    error::ErrorKind,
    http::{ClientOptions, ExponentialRetryOptions, RetryOptions, Transport},
};
use azure_identity::{
    ClientAssertionCredentialOptions, DeveloperToolsCredential, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use parking_lot::Mutex;
use url::Url;

mod kept;

pub(crate) use kept::Kept;

/// Where the cloud that a service of Azure is in, by its address, has its login.
pub(crate) fn login_of(service: &Url) -> &'static str {
    let host = service.host_str().unwrap_or_default();
    if host.ends_with(".usgovcloudapi.net") {
        "https://login.microsoftonline.us"
    } else if host.ends_with(".chinacloudapi.cn") || host.ends_with(".azure.cn") {
        "https://login.chinacloudapi.cn"
    } else {
        "https://login.microsoftonline.com"
    }
}

/// Where an identity is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// The one that Azure gives the app; a user-assigned one by its client id.
    Managed { client_id: Option<String> },
    /// What Kubernetes mounts.
    Workload,
    /// `az login` or `azd auth login`.
    DeveloperTools,
}

impl Identity {
    /// What gives out its tokens, and keeps them; `login` is the address of the cloud's Entra ID.
    ///
    /// # Errors
    /// When the surroundings lack what it is made from.
    pub fn credential(
        &self,
        http: &reqwest::Client,
        login: &str,
    ) -> azure_core::Result<Arc<dyn TokenCredential>> {
        let asks: Arc<dyn TokenCredential> = match self {
            Self::Managed { client_id } => {
                ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
                    user_assigned_id: client_id.clone().map(UserAssignedId::ClientId),
                    client_options: options(http, login),
                }))?
            }
            Self::Workload => {
                let credential_options =
                    ClientAssertionCredentialOptions { client_options: options(http, login) };
                let options = WorkloadIdentityCredentialOptions { credential_options, ..Default::default() };
                WorkloadIdentityCredential::new(Some(options))?
            }
            Self::DeveloperTools => DeveloperToolsCredential::new(None)?,
        };
        Ok(Kept::new(asks))
    }

    /// What to look at when it gets no token.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Managed { .. } => {
                "see that the app has the managed identity whose client id `AZURE_CLIENT_ID` names"
            }
            Self::Workload => "see `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_FEDERATED_TOKEN_FILE`",
            Self::DeveloperTools => "run `az login`",
        }
    }
}

/// This deployment's own identity, and what asks Azure with it: tokens are shared by all who need the same one. Cheap to
/// clone, and to make.
#[derive(Clone)]
pub struct Azure(Arc<Own>);

struct Own {
    identity: Identity,
    authority: Option<String>,
    http: OnceLock<reqwest::Client>,
    /// By login.
    credentials: Mutex<HashMap<String, Arc<dyn TokenCredential>>>,
}

impl Azure {
    /// `authority`: where Entra ID is asked, if not at the login of each cloud.
    #[must_use]
    pub fn new(identity: Identity, authority: Option<String>) -> Self {
        let (http, credentials) = (OnceLock::new(), Mutex::default());
        Self(Arc::new(Own { identity, authority, http, credentials }))
    }

    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// Where Entra ID is asked for somebody in a cloud with this login.
    #[must_use]
    pub fn login<'a>(&'a self, of_cloud: &'a str) -> &'a str {
        self.0.authority.as_deref().unwrap_or(of_cloud)
    }

    /// The one HTTP client. It reads the system's certificates, so that it is made when it is needed.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn http(&self) -> Result<reqwest::Client, reqwest::Error> {
        if let Some(http) = self.0.http.get() {
            return Ok(http.clone());
        }
        let made = crate::net::client()?;
        Ok(self.0.http.get_or_init(|| made).clone())
    }

    /// What gives out its tokens in a cloud with this login, and keeps them.
    ///
    /// # Errors
    /// When the surroundings lack what it is made from.
    pub fn credential(&self, of_cloud: &str) -> azure_core::Result<Arc<dyn TokenCredential>> {
        let login = self.login(of_cloud);
        if let Some(made) = self.0.credentials.lock().get(login) {
            return Ok(Arc::clone(made));
        }
        let http = self.http().map_err(|error| azure_core::Error::new(ErrorKind::Other, error))?;
        let made = self.0.identity.credential(&http, login)?;
        Ok(Arc::clone(self.0.credentials.lock().entry(login.to_owned()).or_insert(made)))
    }
}

impl fmt::Debug for Azure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Azure").field(&self.0.identity).finish()
    }
}

/// The same HTTP client as everywhere, the cloud's login, and no more patience than a patient has.
pub(crate) fn options(http: &reqwest::Client, login: &str) -> ClientOptions {
    let mut cloud = CustomConfiguration::default();
    login.clone_into(&mut cloud.authority_host);
    ClientOptions {
        transport: Some(Transport::new(Arc::new(http.clone()))),
        retry: RetryOptions::exponential(ExponentialRetryOptions {
            max_retries: 2,
            max_total_elapsed: azure_core::time::Duration::seconds(4),
            ..Default::default()
        }),
        cloud: Some(Arc::new(cloud.into())),
        per_try_policies: vec![crate::net::traced("login")],
        ..Default::default()
    }
}

/// The status and the code of whatever answered, however deep in the chain.
pub(crate) fn told_by(error: &azure_core::Error) -> (Option<u16>, Option<String>) {
    chain(error)
        .find_map(|error| match error.kind() {
            ErrorKind::HttpResponse { status, error_code, .. } => {
                Some((Some(u16::from(*status)), error_code.clone()))
            }
            _ => None,
        })
        .unwrap_or_default()
}

/// Whether nobody was asked, because something needed to ask is not there.
pub(crate) fn unusable(error: &azure_core::Error) -> bool {
    chain(error).all(|error| matches!(error.kind(), ErrorKind::Credential | ErrorKind::Other))
}

/// An error of the SDK, and those of it that it came from.
fn chain(error: &azure_core::Error) -> impl Iterator<Item = &azure_core::Error> {
    let first: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(first), |error| error.source()).filter_map(|error| error.downcast_ref())
}
