//! Blobs that only grow, as an audit trail does: append blobs, each with one writer.
//!
//! A newcomer would repeat an append whose reply was lost, and have its lines twice. Each append names the position at
//! which it goes; one that took effect makes its own repeat fail, and nobody else writes there.

use std::{fmt, time::Duration};

use azure_storage_blob::{
    BlobContainerClient,
    models::{AppendBlobClientAppendBlockOptions, AppendBlobClientCreateOptions},
};
use bytes::Bytes;
use tokio::time::Instant;

use super::{Container, StoreError, Trouble, WRITE, again, opens, within};
use crate::identity::{Azure, told_by};

/// How long one append may take, repeated tries included: whoever is audited waits for it.
const LIMIT: Duration = Duration::from_secs(8);

/// A container of blobs that only grow.
pub(crate) struct Growing {
    container: BlobContainerClient,
    azure: Azure,
    has_sas: bool,
}

impl fmt::Debug for Growing {
    /// The client's URL may have a signature.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Growing").finish_non_exhaustive()
    }
}

impl Growing {
    /// Asks nobody yet.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] when the identity lacks what it is made from.
    pub(crate) fn new(container: &Container, azure: &Azure) -> Result<Self, StoreError> {
        let (credential, http) = opens(container, azure)?;
        let client = super::client(container, credential, &http)?;
        Ok(Self { container: client, azure: azure.clone(), has_sas: container.has_sas() })
    }

    /// Makes a blob that nobody had before.
    ///
    /// # Errors
    /// Why it is not there.
    pub(crate) async fn make(&self, name: &str) -> Result<(), StoreError> {
        let made = || async {
            let options = AppendBlobClientCreateOptions {
                blob_content_type: Some("application/jsonl".to_owned()),
                if_none_match: Some("*".into()),
                ..Default::default()
            };
            let blob = self.container.blob_client(name).append_blob_client();
            match blob.create(Some(options)).await {
                Ok(_) => Ok(()),
                // An earlier try has made it, though its reply was lost.
                Err(error) if is_made(&error) => Ok(()),
                Err(error) => Err(self.trouble(&error)),
            }
        };
        self.repeated(made).await.map_err(|trouble| self.told(&trouble))
    }

    /// Appends `lines` at `position`, which is where the blob ends.
    ///
    /// # Errors
    /// They are not there, or nobody knows: the blob is not to be appended to again.
    pub(crate) async fn append(&self, name: &str, position: u64, lines: Bytes) -> Result<(), StoreError> {
        let mut tries = 0;
        let appended = || {
            tries += 1;
            let (first, lines) = (tries == 1, lines.clone());
            async move {
                let options = AppendBlobClientAppendBlockOptions {
                    append_position: i64::try_from(position).ok(),
                    ..Default::default()
                };
                let length = lines.len() as u64;
                let blob = self.container.blob_client(name).append_blob_client();
                match blob.append_block(lines.into(), length, Some(options)).await {
                    Ok(_) => Ok(()),
                    // Nobody else writes here: what is at that position is what an earlier try put there.
                    Err(error) if !first && is_appended(&error) => Ok(()),
                    Err(error) => Err(self.trouble(&error)),
                }
            }
        };
        self.repeated(appended).await.map_err(|trouble| self.told(&trouble))
    }

    async fn repeated<F: Future<Output = Result<(), Trouble>>>(
        &self,
        mut write: impl FnMut() -> F,
    ) -> Result<(), Trouble> {
        let deadline = Instant::now() + LIMIT;
        again(|| within(deadline.min(Instant::now() + WRITE), write()), deadline).await
    }

    fn trouble(&self, error: &azure_core::Error) -> Trouble {
        match (Trouble::of(error, self.azure.identity()), told_by(error)) {
            // Nobody competes for these blobs.
            (Trouble::Beaten, (Some(status), code)) => Trouble::told(status, &code.unwrap_or_default()),
            (trouble, _) => trouble,
        }
    }

    fn told(&self, trouble: &Trouble) -> StoreError {
        match trouble {
            Trouble::Answered { status: 409 | 412, .. } => StoreError::Unusable(format!(
                "it {trouble}: see that no legal hold and no policy of the container forbids to append"
            )),
            trouble => trouble.told_as(self.has_sas),
        }
    }
}

/// What is said of a blob that is there already.
/// <https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes>
fn is_made(error: &azure_core::Error) -> bool {
    let (status, code) = told_by(error);
    matches!(
        (status, code.as_deref()),
        (Some(409), Some("BlobAlreadyExists")) | (Some(412), Some("ConditionNotMet"))
    )
}

/// What is said of a position at which the blob does not end.
fn is_appended(error: &azure_core::Error) -> bool {
    let (status, code) = told_by(error);
    matches!((status, code.as_deref()), (Some(412), Some("AppendPositionConditionNotMet")))
}
