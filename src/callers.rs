//! Who may call, where a function key alone is not enough: the apps whose bearer tokens of Entra ID are let in.
//!
//! A newcomer would take any good token of the tenant. But Entra gives every app of a tenant a token for every other
//! one, and leaves it to that one to know its clients
//! (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow#access-control-lists>). So
//! clients are listed, and a token that does not name one of them lets nobody in.
//!
//! Nothing of a token is told or logged, only what is wrong with it.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use sha2::{Digest, Sha256};

mod keys;
mod signature;
mod token;

use crate::clock::Clock;
use keys::{Keys, NoKey, Published};
use token::Claims;

/// How far apart the clocks may be.
const LEEWAY_SECONDS: i64 = 60;

/// So many tokens are remembered. A caller uses the same one for about an hour.
const MOST_TOKENS: u64 = 1000;

/// Whose tokens are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// `CALLER_TENANT_ID`: the id of the tenant, in lower case.
    pub tenant: String,
    /// `CALLER_AUDIENCE`: what the tokens have to be for, any of these.
    pub audiences: Vec<String>,
    /// `CALLER_CLIENT_IDS`: the apps, in lower case.
    pub clients: Vec<String>,
}

/// Looks at callers' tokens.
#[derive(Debug)]
pub struct Callers {
    allowed: Allowed,
    issuers: Issuers,
    keys: Keys,
    clock: Clock,
    /// Tokens that were found good, by their digest: to look at a signature takes longer than to answer.
    good: Cache<[u8; 32], Arc<Good>>,
}

/// What Entra calls itself in a tenant.
#[derive(Debug)]
struct Issuers {
    v1: String,
    v2: String,
}

/// A token that was good when it was last looked at.
#[derive(Debug)]
struct Good {
    client: Arc<str>,
    not_before: i64,
    expires: i64,
    /// The keys it was held against. With others it is looked at again.
    keys: Arc<Published>,
}

/// Why a caller is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error(transparent)]
    Token(#[from] Flaw),
    /// The token is good, and its client is not among those that may call.
    #[error("the token's client is not one that may call")]
    Client,
    /// Nobody can tell whether the token is good.
    #[error("{why}")]
    NoKeys { why: String, retry_after: Duration },
}

/// What is wrong with a token. For callers too, so it quotes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("there is no bearer token of Entra ID")]
    Missing,
    #[error("the token is not written as Entra ID writes access tokens")]
    Malformed,
    #[error("the token is not signed with RS256")]
    Algorithm,
    #[error("the token is signed with a key that the tenant does not publish")]
    Key,
    #[error("the token's signature is wrong")]
    Signature,
    #[error("the token is from another issuer")]
    Issuer,
    #[error("the token is from another tenant")]
    Tenant,
    #[error("the token is for another audience")]
    Audience,
    #[error("the token has run out")]
    Expired,
    #[error("the token is not valid yet")]
    NotYet,
    #[error("the token does not name the client that asked for it")]
    Client,
}

impl Callers {
    /// `login` is the address of the cloud's Entra ID, without a slash at its end. Nothing is asked yet.
    #[must_use]
    pub fn new(allowed: Allowed, login: &str, http: reqwest::Client, clock: Clock) -> Self {
        signature::install();
        let keys = Keys::new(login, &allowed.tenant, http);
        let issuers = Issuers::of(login, &allowed.tenant);
        let good = Cache::new(MOST_TOKENS);
        Self { allowed, issuers, keys, clock, good }
    }

    /// The id of the client that the token is of.
    ///
    /// # Errors
    /// When it is not let in.
    pub async fn admit(&self, token: &str) -> Result<Arc<str>, Refused> {
        let now = self.clock.now().timestamp();
        let digest = Sha256::digest(token).into();
        if let Some(good) = self.known(&digest) {
            in_its_time(good.not_before, good.expires, now)?;
            return Ok(good.client.clone());
        }
        let key = token::key_of(token)?;
        let keys = self.keys.having(&key).await?;
        let claims = token::read(token, keys.get(&key).ok_or(Flaw::Key)?)?;
        let client = self.check(&claims, now)?;
        let (not_before, expires) = (claims.not_before, claims.expires);
        let good = Good { client: client.clone(), not_before, expires, keys };
        self.good.insert(digest, good.into());
        Ok(client)
    }

    /// Asks Entra for its keys; says how many there are and where, or what was wrong.
    ///
    /// # Errors
    /// When they cannot be fetched.
    pub async fn try_keys(&self) -> Result<String, String> {
        let published = self.keys.fetch().await?;
        Ok(format!("{} keys, from {}", published.count(), self.keys.url()))
    }

    fn known(&self, digest: &[u8; 32]) -> Option<Arc<Good>> {
        let good = self.good.get(digest)?;
        let keys = self.keys.current()?;
        Arc::ptr_eq(&good.keys, &keys).then_some(good)
    }

    fn check(&self, claims: &Claims, now: i64) -> Result<Arc<str>, Refused> {
        let client = match claims.issuer.as_str() {
            issuer if issuer == self.issuers.v2 => &claims.authorized_party,
            issuer if issuer == self.issuers.v1 => &claims.app,
            _ => return Err(Flaw::Issuer.into()),
        };
        if !claims.tenant.eq_ignore_ascii_case(&self.allowed.tenant) {
            return Err(Flaw::Tenant.into());
        }
        if !self.allowed.audiences.contains(&claims.audience) {
            return Err(Flaw::Audience.into());
        }
        in_its_time(claims.not_before, claims.expires, now)?;
        let client = client.as_ref().ok_or(Flaw::Client)?.to_ascii_lowercase();
        if self.allowed.clients.contains(&client) { Ok(client.into()) } else { Err(Refused::Client) }
    }
}

fn in_its_time(not_before: i64, expires: i64, now: i64) -> Result<(), Flaw> {
    if now >= expires.saturating_add(LEEWAY_SECONDS) {
        return Err(Flaw::Expired);
    }
    if now < not_before.saturating_sub(LEEWAY_SECONDS) {
        return Err(Flaw::NotYet);
    }
    Ok(())
}

impl Issuers {
    /// The cloud's login names itself in tokens of version 2.0. In those of 1.0 it has another name, which only China
    /// has of its own: <https://learn.microsoft.com/answers/questions/1190472>.
    fn of(login: &str, tenant: &str) -> Self {
        let china = [".chinacloudapi.cn", ".microsoftonline.cn"].iter().any(|domain| login.ends_with(domain));
        let sts = if china { "https://sts.chinacloudapi.cn" } else { "https://sts.windows.net" };
        Self { v1: format!("{sts}/{tenant}/"), v2: format!("{login}/{tenant}/v2.0") }
    }
}

impl From<NoKey> for Refused {
    fn from(none: NoKey) -> Self {
        match none {
            NoKey::Unpublished => Self::Token(Flaw::Key),
            NoKey::Unavailable { why, retry_after } => Self::NoKeys { why, retry_after },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cloud_has_its_issuers() {
        for (login, v1, v2) in [
            (
                "https://login.microsoftonline.com",
                "https://sts.windows.net/t/",
                "https://login.microsoftonline.com/t/v2.0",
            ),
            (
                "https://login.microsoftonline.us",
                "https://sts.windows.net/t/",
                "https://login.microsoftonline.us/t/v2.0",
            ),
            (
                "https://login.chinacloudapi.cn",
                "https://sts.chinacloudapi.cn/t/",
                "https://login.chinacloudapi.cn/t/v2.0",
            ),
            (
                "https://login.partner.microsoftonline.cn",
                "https://sts.chinacloudapi.cn/t/",
                "https://login.partner.microsoftonline.cn/t/v2.0",
            ),
        ] {
            let issuers = Issuers::of(login, "t");
            assert_eq!((issuers.v1.as_str(), issuers.v2.as_str()), (v1, v2));
        }
    }
}
