//! The clouds that have Microsoft Bookings, and where their Graph and their logins are.
//!
//! <https://learn.microsoft.com/graph/deployments>. China (21Vianet) has no Bookings.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

/// A cloud with a Graph of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Cloud {
    /// Commercial, and GCC.
    #[default]
    Global,
    /// GCC High. Its Graph has fewer properties: no zone of a business, for one, which is then configured.
    UsGovL4,
    /// The Department of Defense.
    UsGovL5,
}

impl Cloud {
    /// What tokens are for, and where Graph is: `https://…`, without a slash at the end.
    #[must_use]
    pub fn graph(self) -> &'static str {
        match self {
            Self::Global => "https://graph.microsoft.com",
            Self::UsGovL4 => "https://graph.microsoft.us",
            Self::UsGovL5 => "https://dod-graph.microsoft.us",
        }
    }

    #[must_use]
    pub fn login(self) -> &'static str {
        match self {
            Self::Global => "https://login.microsoftonline.com",
            Self::UsGovL4 | Self::UsGovL5 => "https://login.microsoftonline.us",
        }
    }

    /// What a managed identity's token has to be for, to stand in for a secret.
    /// <https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity>
    #[must_use]
    pub fn token_exchange(self) -> &'static str {
        match self {
            Self::Global => "api://AzureADTokenExchange",
            Self::UsGovL4 | Self::UsGovL5 => "api://AzureADTokenExchangeUSGov",
        }
    }
}

/// Where Graph is asked: a cloud's, or another one for trying things out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// # Panics
    /// Never: the URLs are ours.
    #[must_use]
    pub fn of(cloud: Cloud) -> Self {
        Self(Url::parse(&format!("{}/v1.0/", cloud.graph())).expect("a URL of ours"))
    }

    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for BaseUrl {
    type Err = String;

    /// Tokens go there, so it is https, or this machine.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "must be a URL as `https://graph.microsoft.com`";
        let mut url = Url::parse(text).map_err(|_| expected.to_owned())?;
        if !url.has_host() {
            return Err(expected.to_owned());
        }
        let here = crate::net::is_this_machine(&url);
        if url.scheme() != "https" && !(url.scheme() == "http" && here) {
            return Err("must be https, since tokens go there; http only to this machine".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err(expected.to_owned());
        }
        // The version is ours to choose.
        let root = url.path().trim_end_matches('/').trim_end_matches("/v1.0").to_owned();
        url.set_path(&format!("{root}/v1.0/"));
        Ok(Self(url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_https_or_this_machine() {
        for (text, base) in [
            ("https://graph.microsoft.com/v1.0", "https://graph.microsoft.com/v1.0/"),
            ("http://127.0.0.1:4000/v1.0/", "http://127.0.0.1:4000/v1.0/"),
            ("http://[::1]:4000", "http://[::1]:4000/v1.0/"),
        ] {
            assert_eq!(text.parse::<BaseUrl>().unwrap().url().as_str(), base);
        }
        for wrong in
            ["graph", "http://graph.microsoft.com/v1.0", "https://x/?a=b", "ftp://127.0.0.1/", "file:///x"]
        {
            assert!(wrong.parse::<BaseUrl>().is_err(), "{wrong}");
        }
    }
}
