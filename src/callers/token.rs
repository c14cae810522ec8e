//! Entra's words in access tokens: <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>.
//!
//! When a token runs out is left to the caller, who has the clock; `jsonwebtoken` would ask the system's.

use std::collections::HashSet;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, errors::ErrorKind};
use serde::Deserialize;

use super::Flaw;

/// What a token says that matters here.
#[derive(Deserialize)]
pub(super) struct Claims {
    #[serde(rename = "iss")]
    pub(super) issuer: String,
    #[serde(rename = "aud")]
    pub(super) audience: String,
    #[serde(rename = "tid")]
    pub(super) tenant: String,
    #[serde(rename = "exp")]
    pub(super) expires: i64,
    #[serde(rename = "nbf")]
    pub(super) not_before: i64,
    /// The client, in tokens of version 2.0.
    #[serde(rename = "azp")]
    pub(super) authorized_party: Option<String>,
    /// The client, in tokens of version 1.0.
    #[serde(rename = "appid")]
    pub(super) app: Option<String>,
}

/// The id of the key that a token says it is signed with.
pub(super) fn key_of(token: &str) -> Result<String, Flaw> {
    // An algorithm that nobody signs with, as `none`, makes it no header either.
    let header = jsonwebtoken::decode_header(token).map_err(|_| Flaw::Malformed)?;
    if header.alg != Algorithm::RS256 {
        return Err(Flaw::Algorithm);
    }
    // What must be understood would have to be; Entra demands nothing of the kind.
    if header.crit.is_some() {
        return Err(Flaw::Malformed);
    }
    header.kid.ok_or(Flaw::Malformed)
}

/// What a token says, if it was signed with this key.
pub(super) fn read(token: &str, key: &DecodingKey) -> Result<Claims, Flaw> {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.required_spec_claims = HashSet::new();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let read = jsonwebtoken::decode::<Claims>(token, key, &validation);
    read.map(|read| read.claims).map_err(|error| match error.kind() {
        ErrorKind::InvalidSignature => Flaw::Signature,
        ErrorKind::InvalidAlgorithm => Flaw::Algorithm,
        _ => Flaw::Malformed,
    })
}
