//! The ledger's secrets: a small ring of keys, from which confirmation codes, references and contact hashes
//! are made. Every record names the key it was made with, so a ring may change while bookings are open.
//!
//! Nothing here prints: keys have no `Debug` beyond their id, which says nothing about them.

use std::{fmt, sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit as _},
};
use hmac::{Hmac, Mac as _};
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{
    domain::code::ConfirmationCode,
    provider::Reference,
    secrets::{Held, Secret, SecretError},
};

/// The keys, newest first. Never empty.
#[derive(Debug, Clone)]
pub struct Ring {
    keys: Vec<Key>,
}

/// As many characters as hexadecimal digits make 128 bits.
const SHORTEST_SECRET: usize = 32;

/// The secrets of a ring, newest first, as they are written: separated by commas. Blank parts are left out: a comma at
/// the end is no secret.
///
/// # Errors
/// What is wrong, without quoting it.
pub fn secrets(text: &str) -> Result<Vec<SecretString>, String> {
    let mut ring: Vec<SecretString> = Vec::new();
    for (index, secret) in text.split(',').map(str::trim).filter(|secret| !secret.is_empty()).enumerate() {
        if secret.chars().count() < SHORTEST_SECRET {
            let remedy = "take what `openssl rand -hex 32` makes";
            return Err(format!("has a secret (number {}) of fewer than 32 characters: {remedy}", index + 1));
        }
        if ring.iter().any(|earlier| earlier.expose_secret() == secret) {
            return Err(format!("has a secret (number {}) twice: keep its first place", index + 1));
        }
        ring.push(secret.into());
    }
    if ring.is_empty() { Err("has no secret between its commas".to_owned()) } else { Ok(ring) }
}

/// Where this process has its ring from. It may change while the process runs.
#[derive(Debug, Clone)]
pub enum Keyring {
    Fixed(Ring),
    Secret(Arc<FromSecret>),
}

/// A ring that is read from a secret.
#[derive(Debug)]
pub struct FromSecret {
    secret: Secret,
    /// The last that was one. Whoever puts something else into the vault by mistake takes it away from nobody.
    good: Mutex<Option<Ring>>,
}

/// A ring, and which secret it was made from.
#[derive(Debug, Clone)]
pub struct Current {
    pub ring: Ring,
    held: Option<Held>,
}

impl From<Ring> for Keyring {
    fn from(ring: Ring) -> Self {
        Self::Fixed(ring)
    }
}

impl From<Secret> for Keyring {
    fn from(secret: Secret) -> Self {
        Self::Secret(Arc::new(FromSecret { secret, good: Mutex::default() }))
    }
}

impl FromSecret {
    async fn current(&self) -> Result<Current, SecretError> {
        let mut held = self.secret.value().await?;
        let mut read = self.read(&held);
        if read.is_err() && held.is_older_than(FETCHED_JUST_NOW) && self.secret.refuse(&held) {
            // It may have been mended since.
            held = self.secret.value().await?;
            read = self.read(&held);
        }
        let mut good = self.good.lock();
        let ring = match (read, &*good) {
            (Ok(ring), _) => good.insert(ring).clone(),
            (Err(error), Some(last)) => {
                tracing::error!(error = %error, "the ledger's secret is not taken: the one before is used");
                last.clone()
            }
            (Err(error), None) => return Err(error),
        };
        Ok(Current { ring, held: Some(held) })
    }

    fn read(&self, held: &Held) -> Result<Ring, SecretError> {
        let wrong = |why| SecretError::Misconfigured(format!("{} {why}", self.secret));
        let secrets = secrets(held.expose().expose_secret()).map_err(wrong)?;
        Ring::new(&secrets).map_err(|error| wrong(error.to_string()))
    }
}

impl Keyring {
    /// The ring, as new as anybody here knows.
    ///
    /// # Errors
    /// When the secret is not there, or is none.
    pub async fn current(&self) -> Result<Current, SecretError> {
        match self {
            Self::Fixed(ring) => Ok(Current { ring: ring.clone(), held: None }),
            Self::Secret(from) => from.current().await,
        }
    }

    /// Tells that the ring lacks a key: whether a newer one may have it.
    pub(super) fn refuse(&self, current: &Current) -> bool {
        match (self, &current.held) {
            (Self::Secret(from), Some(held)) => {
                held.is_older_than(FETCHED_JUST_NOW) && from.secret.refuse(held)
            }
            _ => false,
        }
    }

    /// What to call it in messages.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Fixed(_) => "LEDGER_SECRET".to_owned(),
            Self::Secret(from) => from.secret.to_string(),
        }
    }
}

/// A secret younger than this would be the same if it were asked for again.
const FETCHED_JUST_NOW: Duration = Duration::from_secs(5);

/// A ring needs a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the ledger's secret ring has no key")]
pub struct EmptyRing;

impl Ring {
    /// # Errors
    /// When there is no secret.
    pub fn new(secrets: &[SecretString]) -> Result<Self, EmptyRing> {
        let keys: Vec<Key> = secrets.iter().map(Key::new).collect();
        if keys.is_empty() { Err(EmptyRing) } else { Ok(Self { keys }) }
    }

    #[must_use]
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    #[must_use]
    pub fn key(&self, id: &KeyId) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == *id)
    }
}

/// Names a key in records and in the log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub String);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One secret of the ring.
#[derive(Clone)]
pub struct Key {
    pub id: KeyId,
    secret: SecretString,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

/// A keyed hash of something that is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Compares without telling by its time where the two differ.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }

    /// For the store's keys: URL-safe base64.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Key {
    fn new(secret: &SecretString) -> Self {
        let mut key = Self { id: KeyId(String::new()), secret: secret.clone() };
        key.id = KeyId(key.digest("id", &[]).0.chars().take(8).collect());
        key
    }

    /// A hash for one purpose; parts cannot run into each other.
    #[must_use]
    pub fn digest(&self, purpose: &str, parts: &[&str]) -> Digest {
        Digest(BASE64_URL_SAFE_NO_PAD.encode(&self.hash(purpose, parts)[..18]))
    }

    /// The code of a request: the same request always has the same one.
    #[must_use]
    pub fn code(&self, request: &Digest, generation: u32) -> ConfirmationCode {
        let hash = self.hash("code", &[&request.0, &generation.to_string()]);
        let mut bits = [0; 8];
        bits.copy_from_slice(&hash[..8]);
        ConfirmationCode::from_bits(&bits)
    }

    /// What a vendor's appointment carries for a dose of an attempt. Says nothing about the code.
    #[must_use]
    pub fn reference(&self, code: &ConfirmationCode, dose: u8, attempt: u32) -> Reference {
        let digest = self.digest("reference", &[code.compact(), &dose.to_string(), &attempt.to_string()]);
        Reference(digest.0.into())
    }

    /// Hides a text under a key derived from this one.
    #[must_use]
    pub fn seal(&self, text: &[u8]) -> Option<String> {
        let mut nonce = [0_u8; 24];
        getrandom::fill(&mut nonce).ok()?;
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), text).ok()?;
        Some(BASE64_URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// What was sealed; `None` when it was sealed by another key or was changed.
    #[must_use]
    pub fn unseal(&self, sealed: &str) -> Option<Zeroizing<Vec<u8>>> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<24>()?;
        self.cipher().decrypt(&XNonce::from(*nonce), sealed).ok().map(Zeroizing::new)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.hash("seal", &[]).into())
    }

    fn hash(&self, purpose: &str, parts: &[&str]) -> [u8; 32] {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes()) else {
            unreachable!("HMAC takes keys of any length")
        };
        for part in std::iter::once(&purpose).chain(parts) {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> Key {
        Key::new(&SecretString::from(secret))
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let key = key("one");
        assert_ne!(key.digest("x", &["ab", "c"]), key.digest("x", &["a", "bc"]));
        assert_ne!(key.digest("x", &["a"]), key.digest("xa", &[]));
        assert_eq!(key.digest("x", &["a", "b"]), key.digest("x", &["a", "b"]));
    }

    #[test]
    fn what_is_sealed_opens_under_its_own_key_only() {
        let sealed = key("one").seal(b"Ada").expect("a random nonce");
        assert_eq!(key("one").unseal(&sealed).as_deref().map(Vec::as_slice), Some(&b"Ada"[..]));
        assert!(key("two").unseal(&sealed).is_none());
        assert!(key("one").unseal("").is_none());
    }

    #[test]
    fn nothing_secret_prints() {
        assert!(!format!("{:?}", key("correct horse")).contains("horse"));
    }
}
