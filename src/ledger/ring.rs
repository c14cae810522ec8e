//! The ledger's secrets: a small ring of keys, from which confirmation codes, references and contact hashes
//! are made. Every record names the key it was made with, so a ring may change while bookings are open.
//!
//! Nothing here prints: keys have no `Debug` beyond their id, which says nothing about them.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit as _},
};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{domain::code::ConfirmationCode, provider::Reference};

/// The keys, newest first. Never empty.
#[derive(Debug, Clone)]
pub struct Ring {
    keys: Vec<Key>,
}

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
