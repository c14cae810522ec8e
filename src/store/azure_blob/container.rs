//! Which container, and whether a signature in its URL opens it.

use std::{fmt, str::FromStr};

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

/// The address of a container in Azure Blob Storage, or in an emulator of it.
///
/// Neither `Debug` nor `Display` shows the signature.
#[derive(Debug, Clone)]
pub struct Container {
    url: Url,
    /// What stands behind the `?`.
    sas: Option<SecretString>,
}

impl Container {
    /// Whether a shared access signature opens it, instead of an identity.
    #[must_use]
    pub fn has_sas(&self) -> bool {
        self.sas.is_some()
    }

    /// With the signature.
    pub(super) fn signed_url(&self) -> Url {
        let mut url = self.url.clone();
        url.set_query(self.sas.as_ref().map(ExposeSecret::expose_secret));
        url
    }

    /// Where the cloud that it is in has its login.
    pub(super) fn login(&self) -> &'static str {
        crate::identity::login_of(&self.url)
    }
}

/// Without the signature.
impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.url.fmt(f)
    }
}

impl PartialEq for Container {
    fn eq(&self, other: &Self) -> bool {
        self.signed_url() == other.signed_url()
    }
}

impl Eq for Container {}

impl FromStr for Container {
    type Err = String;

    /// # Errors
    /// What is wrong with it, without quoting it: there may be a signature in it.
    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str = "must name a container, as `https://ACCOUNT.blob.core.windows.net/CONTAINER`";
        let mut url = Url::parse(text).map_err(|_| FORM.to_owned())?;
        let sas =
            url.query().filter(|query| !query.is_empty()).map(|query| SecretString::from(query.to_owned()));
        url.set_query(None);
        if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err(format!("{FORM}, without user, password or `#`"));
        }
        if url.path().ends_with('/') {
            url.path_segments_mut().map_err(|()| FORM.to_owned())?.pop_if_empty();
        }
        // Where the host has no name, the account is the first part of the path.
        let named = matches!(url.host(), Some(Host::Domain(name)) if name != "localhost");
        let parts: Vec<&str> = url.path_segments().into_iter().flatten().collect();
        match (named, &*parts) {
            (true, [container]) | (false, [_, container]) if is_name(container) => {}
            (true, [container]) | (false, [_, container]) if !container.is_empty() => {
                return Err("names a container by what no container is called: 3 to 63 lower-case letters, digits and \
                            single hyphens"
                    .to_owned());
            }
            _ => return Err(FORM.to_owned()),
        }
        match &sas {
            Some(sas) if !has_signature(sas.expose_secret()) => {
                return Err("has something behind the `?` that is no shared access signature: leave it out"
                    .to_owned());
            }
            None if url.scheme() == "http" => {
                return Err(
                    "is http, which is for the emulator and a shared access signature in the URL: use https"
                        .to_owned(),
                );
            }
            Some(_) if url.scheme() == "http" && !crate::net::is_this_machine(&url) => {
                return Err(
                    "is http to another machine, which would show the signature: use https".to_owned()
                );
            }
            _ => {}
        }
        Ok(Self { url, sas })
    }
}

/// <https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata>
fn is_name(name: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    (3..=63).contains(&name.len())
        && name.chars().all(allowed)
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

fn has_signature(query: &str) -> bool {
    query.split('&').any(|pair| pair.starts_with("sig="))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        text.parse::<Container>().expect_err("it is refused")
    }

    #[test]
    fn a_container_is_named_by_its_url() {
        for url in [
            "https://clinic.blob.core.windows.net/scheduling",
            "https://clinic.blob.core.usgovcloudapi.net/scheduling-2",
            "https://127.0.0.1:10000/devstoreaccount1/scheduling",
        ] {
            assert_eq!(url.parse::<Container>().unwrap().to_string(), url);
            assert_eq!(format!("{url}/").parse::<Container>().unwrap().to_string(), url);
        }
    }

    #[test]
    fn a_signature_is_used_and_never_shown() {
        let container: Container =
            "http://127.0.0.1:10000/devstoreaccount1/scheduling?sv=2025-01-05&sig=s3cret%3D".parse().unwrap();
        assert!(container.has_sas() && container.signed_url().as_str().ends_with("sig=s3cret%3D"));
        assert!(!format!("{container} {container:?}").contains("s3cret"), "{container:?}");
    }

    #[test]
    fn what_is_no_container_is_refused_with_what_to_do() {
        for (text, why) in [
            ("https://clinic.blob.core.windows.net", "must name a container"),
            ("https://clinic.blob.core.windows.net/a/b", "must name a container"),
            ("https://clinic.blob.core.windows.net/Scheduling", "no container is called"),
            ("https://clinic.blob.core.windows.net/ab", "no container is called"),
            ("https://127.0.0.1/scheduling", "must name a container"),
            ("https://pat:s3cret@clinic.blob.core.windows.net/scheduling", "without user"),
            ("https://clinic.blob.core.windows.net/scheduling?comp=list", "no shared access signature"),
            ("http://clinic.blob.core.windows.net/scheduling", "use https"),
            ("http://clinic.blob.core.windows.net/scheduling?sig=s3cret", "use https"),
            ("https://[", "must name a container"),
        ] {
            let refusal = refusal(text);
            assert!(refusal.contains(why) && !refusal.contains("s3cret"), "{text}: {refusal}");
        }
    }
}
