//! What an error of the SDK means for us.
//!
//! Nothing of its own text is kept: it may hold the URL with the signature in it.

use azure_core::error::ErrorKind;

use crate::{
    identity::{Identity, told_by, unusable},
    store::StoreError,
};

/// Why the storage service did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// The caller's copy is current.
    #[error("not modified")]
    Unchanged,
    #[error("the blob is not there")]
    NoBlob,
    #[error("the container is not there")]
    NoContainer,
    /// A condition did not hold.
    #[error("another write was first")]
    Beaten,
    #[error("answered {status}{}{code}", if code.is_empty() { "" } else { " " })]
    Answered { status: u16, code: String },
    #[error("no token: {hint}")]
    NoToken { hint: &'static str },
    #[error("the login did not answer")]
    NoLogin,
    #[error("too many requests were waiting")]
    Crowded,
    #[error("no connection")]
    NotReached,
    #[error("no answer in time")]
    TooSlow,
    #[error("the connection broke")]
    Broken,
    #[error("an answer without {0}")]
    Lacks(&'static str),
}

impl Trouble {
    pub(super) fn of(error: &azure_core::Error, identity: &Identity) -> Self {
        match error.kind() {
            ErrorKind::HttpResponse { status, error_code, .. } => {
                Self::answered(u16::from(*status), error_code.as_deref().unwrap_or_default())
            }
            ErrorKind::Credential if told_by(error).0.is_some_and(|status| status < 500 && status != 429) => {
                Self::NoToken { hint: identity.hint() }
            }
            ErrorKind::Credential if unusable(error) => Self::NoToken { hint: identity.hint() },
            ErrorKind::Credential => Self::NoLogin,
            ErrorKind::Connection => Self::NotReached,
            _ => Self::Broken,
        }
    }

    /// <https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes>
    fn answered(status: u16, code: &str) -> Self {
        match (status, code) {
            (304, _) => Self::Unchanged,
            (404, "ContainerNotFound") => Self::NoContainer,
            // Any other is of somebody on the way, who knows nothing of documents.
            (404, "BlobNotFound") => Self::NoBlob,
            // It is being deleted, by somebody outside; nothing was written.
            (409, "ContainerBeingDeleted" | "AccountBeingCreated") => Self::told(status, code),
            (409 | 412, _) => Self::Beaten,
            _ => Self::told(status, code),
        }
    }

    pub(super) fn told(status: u16, code: &str) -> Self {
        // Where the service gave no code, the SDK puts words in its place.
        let code = code.chars().filter(char::is_ascii_alphanumeric).take(60).collect();
        Self::Answered { status, code }
    }

    /// Whether asking again may help.
    pub(super) fn passes(&self) -> bool {
        match self {
            Self::NotReached | Self::Broken | Self::TooSlow | Self::NoLogin => true,
            Self::Answered { status, .. } => matches!(status, 408 | 409 | 429 | 500..),
            _ => false,
        }
    }

    /// Whether a write has certainly done nothing.
    pub(super) fn did_nothing(&self) -> bool {
        match self {
            Self::Beaten
            | Self::NoBlob
            | Self::NoContainer
            | Self::Crowded
            | Self::NotReached
            | Self::NoToken { .. }
            | Self::NoLogin => true,
            Self::Answered { status, .. } => (400..500).contains(status) && *status != 408,
            Self::Unchanged | Self::TooSlow | Self::Broken | Self::Lacks(_) => false,
        }
    }

    /// For whoever has to mend it.
    pub(super) fn told_as(&self, has_sas: bool) -> StoreError {
        let role = if has_sas {
            "see that the signature in `STORE` has not run out and allows to read, write, delete and list"
        } else {
            "give this identity the role Storage Blob Data Contributor on the container, and see that the account's \
             network lets it in"
        };
        match self {
            Self::Answered { status: 401 | 403, .. } => {
                StoreError::Unusable(format!("the container {self}: {role}"))
            }
            Self::NoToken { .. } => StoreError::Unusable(self.to_string()),
            Self::Answered { .. } if !self.passes() => StoreError::Unusable(format!(
                "it {self}: see that `STORE` names a container, and that nothing on the way changes what is asked"
            )),
            Self::NoContainer => StoreError::Unusable(
                "the container is not there and could not be made: make it, or let this identity make it"
                    .to_owned(),
            ),
            Self::NotReached => StoreError::Unavailable(
                "the storage account cannot be reached: see its name in `STORE`, and the network".to_owned(),
            ),
            _ => StoreError::Unavailable(self.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use azure_core::{Error, http::StatusCode};

    use super::*;

    fn answered(status: u16, code: &str) -> Trouble {
        let kind = ErrorKind::HttpResponse {
            status: StatusCode::from(status),
            error_code: Some(code.to_owned()),
            raw_response: None,
        };
        Trouble::of(&Error::with_message(kind, "GET https://…?sig=s3cret"), &Identity::DeveloperTools)
    }

    #[test]
    fn a_condition_that_did_not_hold_is_a_lost_race_and_nothing_else_is() {
        assert_eq!(answered(409, "BlobAlreadyExists"), Trouble::Beaten);
        assert_eq!(answered(412, "ConditionNotMet"), Trouble::Beaten);
        assert_eq!(answered(412, "LeaseIdMissing"), Trouble::Beaten);
        assert_ne!(answered(409, "ContainerBeingDeleted"), Trouble::Beaten);
        assert_eq!(answered(404, "ContainerNotFound"), Trouble::NoContainer);
        assert_eq!(answered(404, "BlobNotFound"), Trouble::NoBlob);
        for code in ["", "ResourceNotFound"] {
            let told = answered(404, code).told_as(false);
            assert!(
                matches!(&told, StoreError::Unusable(why) if why.contains("names a container")),
                "{told}"
            );
        }
        for (status, code) in [(500, "InternalError"), (503, "ServerBusy"), (500, "OperationTimedOut")] {
            let trouble = answered(status, code);
            assert!(!trouble.did_nothing() && trouble.passes(), "{trouble:?}");
        }
    }

    #[test]
    fn a_missing_right_is_named_with_the_role_that_gives_it() {
        let told = answered(403, "AuthorizationPermissionMismatch").told_as(false);
        assert!(
            matches!(&told, StoreError::Unusable(why) if why.contains("Storage Blob Data Contributor")),
            "{told}"
        );
        assert!(!told.to_string().contains("s3cret"));
        let told = answered(403, "AuthenticationFailed").told_as(true);
        assert!(told.to_string().contains("the signature in `STORE`"), "{told}");
    }

    #[test]
    fn a_login_that_is_down_is_not_a_wrong_set_up() {
        let inner = |status| ErrorKind::HttpResponse { status, error_code: None, raw_response: None };
        let of = |inner: ErrorKind| {
            let inner = Error::with_message(inner, "inner");
            Trouble::of(
                &Error::with_error(ErrorKind::Credential, inner, "no token"),
                &Identity::DeveloperTools,
            )
        };
        assert_eq!(of(inner(StatusCode::ServiceUnavailable)), Trouble::NoLogin);
        assert_eq!(of(ErrorKind::Connection), Trouble::NoLogin);
        assert_eq!(of(inner(StatusCode::BadRequest)), Trouble::NoToken { hint: "run `az login`" });
    }
}
