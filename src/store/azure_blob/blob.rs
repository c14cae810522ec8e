//! One blob that somebody else writes, as a configuration is: which, and what is in it.

use std::{fmt, num::NonZero, str::FromStr};

use azure_storage_blob::{BlobContainerClient, models::BlobClientDownloadOptions};
use bytes::Bytes;
use tokio::time::Instant;
use url::Url;

use super::{
    Container, Etag, READ, READ_TRY, StoreError, Trouble, WHOLE, again, opens, quoted, unquoted, within,
};
use crate::identity::Azure;

/// The address of a blob in Azure Blob Storage, or in an emulator of it. Nothing prints the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    container: Container,
    name: String,
}

impl Blob {
    #[must_use]
    pub fn has_sas(&self) -> bool {
        self.container.has_sas()
    }
}

/// Without the signature.
impl fmt::Display for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.container, self.name)
    }
}

impl FromStr for Blob {
    type Err = String;

    /// # Errors
    /// What is wrong with it, without quoting it: there may be a signature in it.
    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str =
            "must name a blob, as `https://ACCOUNT.blob.core.windows.net/CONTAINER/scheduling.toml`";
        let mut url = Url::parse(text).map_err(|_| FORM.to_owned())?;
        let path = url.path().to_owned();
        let (container, name) = path.rsplit_once('/').ok_or(FORM)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if name.is_empty() || !name.bytes().all(plain) {
            return Err(format!("{FORM}, of letters, digits, `.`, `-` and `_`"));
        }
        url.set_path(container);
        let container =
            Container::from_str(url.as_str()).map_err(|why| match why.strip_prefix("must name") {
                Some(_) => FORM.to_owned(),
                None => why,
            })?;
        Ok(Self { container, name: name.to_owned() })
    }
}

/// A blob that is read again and again.
pub struct Watched {
    address: Blob,
    container: BlobContainerClient,
    azure: Azure,
    /// What was read last.
    known: Option<Etag>,
}

impl fmt::Debug for Watched {
    /// The client's URL may have a signature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("address", &self.address.to_string()).finish_non_exhaustive()
    }
}

impl Watched {
    /// Asks nobody yet.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] when the identity lacks what it is made from.
    pub fn new(address: &Blob, azure: &Azure) -> Result<Self, StoreError> {
        let (credential, http) = opens(&address.container, azure)?;
        let container = super::client(&address.container, credential, &http)?;
        Ok(Self { address: address.clone(), container, azure: azure.clone(), known: None })
    }

    /// What is in it, unless it is what was read before.
    ///
    /// # Errors
    /// Why it cannot be read, and what to do.
    pub async fn read(&mut self) -> Result<Option<Bytes>, StoreError> {
        let deadline = Instant::now() + READ;
        let tried = || within(deadline.min(Instant::now() + READ_TRY), self.download());
        match again(tried, deadline).await {
            Ok((bytes, etag)) => {
                self.known = Some(etag);
                Ok(Some(bytes))
            }
            Err(Trouble::Unchanged) => Ok(None),
            Err(Trouble::NoBlob | Trouble::NoContainer) => {
                Err(StoreError::Unusable("there is no such blob: upload it".to_owned()))
            }
            Err(trouble) if trouble.passes() => Err(StoreError::Unavailable(trouble.to_string())),
            Err(trouble) => Err(StoreError::Unusable(format!(
                "{trouble}: give this identity the role Storage Blob Data Reader on the container, and see that the \
                 account's network lets it in"
            ))),
        }
    }

    async fn download(&self) -> Result<(Bytes, Etag), Trouble> {
        let options = BlobClientDownloadOptions {
            if_none_match: self.known.as_ref().and_then(quoted),
            partition_size: NonZero::new(WHOLE),
            ..Default::default()
        };
        let trouble = |error| Trouble::of(&error, self.azure.identity());
        let found = self.container.blob_client(&self.address.name).download(Some(options)).await;
        let found = found.map_err(trouble)?;
        let etag = found.properties.etag.as_ref().map(unquoted).ok_or(Trouble::Lacks("an `ETag`"))?;
        Ok((found.body.collect().await.map_err(trouble)?, etag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_named_by_its_url_and_a_signature_is_never_shown() {
        let url = "https://clinic.blob.core.windows.net/config/scheduling.toml";
        assert_eq!(url.parse::<Blob>().unwrap().to_string(), url);
        let emulated = "http://127.0.0.1:10000/devstoreaccount1/config/scheduling.toml";
        let signed: Blob = format!("{emulated}?sig=s3cret").parse().unwrap();
        assert_eq!((signed.to_string().as_str(), signed.has_sas()), (emulated, true));
        assert!(!format!("{signed:?}").contains("s3cret"));
    }

    #[test]
    fn what_is_no_blob_is_refused_with_what_to_do() {
        for (text, why) in [
            ("https://clinic.blob.core.windows.net/scheduling.toml", "must name a blob"),
            ("https://clinic.blob.core.windows.net/config/", "must name a blob"),
            ("https://clinic.blob.core.windows.net/config/a%20b", "must name a blob"),
            ("https://clinic.blob.core.windows.net/a/b/c", "must name a blob"),
            ("http://clinic.blob.core.windows.net/config/scheduling.toml", "use https"),
            ("https://clinic.blob.core.windows.net/c/scheduling.toml", "no container is called"),
        ] {
            let refusal = text.parse::<Blob>().expect_err("it is refused");
            assert!(refusal.contains(why), "{text}: {refusal}");
        }
    }
}
