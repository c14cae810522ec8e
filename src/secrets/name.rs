//! How a vault and a secret in it are named.

use std::{fmt, str::FromStr};

use url::Url;

/// The name of a secret, perhaps with the version that is meant: `graph-client-secret`, or
/// `graph-client-secret/0123456789abcdef0123456789abcdef`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretName {
    name: String,
    version: Option<String>,
}

impl SecretName {
    /// One that is known to be a name.
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name: name.to_owned(), version: None }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Whether one version of it is meant, which never changes.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.version.is_some()
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.version.iter().try_for_each(|version| write!(f, "/{version}"))
    }
}

impl FromStr for SecretName {
    type Err = &'static str;

    /// <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#objects-identifiers-and-versioning>
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, version) = match text.split_once('/') {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        let letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !(1..=127).contains(&name.len()) || !letters(name) {
            return Err(
                "must be the name of a secret in Key Vault: letters, digits and hyphens, at most 127",
            );
        }
        if version.is_some_and(|version| {
            version.len() != 32 || !version.bytes().all(|byte| byte.is_ascii_hexdigit())
        }) {
            return Err("has something behind the `/` that is no version of a secret: 32 hexadecimal digits");
        }
        Ok(Self { name: name.to_owned(), version: version.map(str::to_owned) })
    }
}

/// The address of a vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultUrl(Url);

impl VaultUrl {
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Where the cloud that it is in has its login.
    #[must_use]
    pub fn login(&self) -> &'static str {
        crate::identity::login_of(&self.0)
    }

    /// Where somebody tries things out.
    pub(super) fn is_this_machine(&self) -> bool {
        crate::net::is_this_machine(&self.0)
    }
}

impl fmt::Display for VaultUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for VaultUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str = "must be the address of a Key Vault, as `https://NAME.vault.azure.net`";
        let url = Url::parse(text).map_err(|_| FORM.to_owned())?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        if url.scheme() != "https" || !bare || !anonymous || url.host().is_none() {
            return Err(format!("{FORM}, and nothing more"));
        }
        Ok(Self(url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_named_with_or_without_its_version() {
        let name: SecretName = "ledger-secret".parse().unwrap();
        assert_eq!((name.name(), name.version(), name.is_pinned()), ("ledger-secret", None, false));
        let version = "0123456789abcdef0123456789ABCDEF";
        let pinned: SecretName = format!("ledger-secret/{version}").parse().unwrap();
        assert_eq!((pinned.name(), pinned.version()), ("ledger-secret", Some(version)));
        assert_eq!(pinned.to_string(), format!("ledger-secret/{version}"));
        for wrong in ["", "ledger_secret", "a/b", "ledger-secret/", "/0123", &"a".repeat(128)] {
            assert!(wrong.parse::<SecretName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_vault_is_named_by_its_address_alone() {
        for (text, login) in [
            ("https://clinic.vault.azure.net", "https://login.microsoftonline.com"),
            ("https://clinic.vault.usgovcloudapi.net/", "https://login.microsoftonline.us"),
            ("https://clinic.vault.azure.cn", "https://login.chinacloudapi.cn"),
        ] {
            let url: VaultUrl = text.parse().unwrap();
            assert_eq!((url.login(), url.is_this_machine()), (login, false));
        }
        assert!("https://127.0.0.1:8443".parse::<VaultUrl>().unwrap().is_this_machine());
        for wrong in [
            "clinic",
            "http://clinic.vault.azure.net",
            "https://clinic.vault.azure.net/secrets/x",
            "https://u:p@v.net",
        ] {
            assert!(wrong.parse::<VaultUrl>().is_err(), "{wrong}");
        }
    }
}
