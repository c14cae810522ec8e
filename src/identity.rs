//! As whom this deployment is known to Azure: the ways to a token that Microsoft Graph and the store share.
//!
//! Which one it is, the settings say. A newcomer would try one after the other, as other SDKs do: then a
//! deployment that lacks its identity is found out by whoever else answers.

use std::{error::Error as _, sync::Arc};

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
    /// What gives out its tokens; `login` is the address of the cloud's Entra ID.
    ///
    /// # Errors
    /// When the surroundings lack what it is made from.
    pub fn credential(
        &self,
        http: &reqwest::Client,
        login: &str,
    ) -> azure_core::Result<Arc<dyn TokenCredential>> {
        Ok(match self {
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
        })
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
        ..Default::default()
    }
}

/// The status and the code of whatever answered, however deep in the chain.
pub(crate) fn told_by(error: &azure_core::Error) -> (Option<u16>, Option<String>) {
    let mut next: Option<&azure_core::Error> = Some(error);
    while let Some(error) = next {
        if let ErrorKind::HttpResponse { status, error_code, .. } = error.kind() {
            return (Some(u16::from(*status)), error_code.clone());
        }
        next = error.source().and_then(|source| source.downcast_ref());
    }
    (None, None)
}

/// Whether nobody was asked, because something needed to ask is not there.
pub(crate) fn unusable(error: &azure_core::Error) -> bool {
    let mut next: Option<&azure_core::Error> = Some(error);
    let mut credential_only = true;
    while let Some(error) = next {
        credential_only &= matches!(error.kind(), ErrorKind::Credential | ErrorKind::Other);
        next = error.source().and_then(|source| source.downcast_ref());
    }
    credential_only
}
