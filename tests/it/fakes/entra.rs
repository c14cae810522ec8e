//! Entra ID as far as somebody who looks at its tokens can see: it publishes the keys of a tenant over https, signs
//! tokens with them, and is down or hangs when told to.

use std::{
    path::PathBuf,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use parking_lot::Mutex;
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_rustls::rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};

use super::https::{self, Asked, Authority};

/// The one tenant that it knows.
pub(crate) const TENANT: &str = "7d0b3f52-9a41-4c2e-8f6d-1c5a0e9b7a34";

/// Listens until it is dropped.
pub(crate) struct Entra {
    /// Its login, without a slash at the end.
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    asked: Arc<AtomicUsize>,
    authority: Authority,
    serving: JoinHandle<()>,
}

struct State {
    keys: Vec<Value>,
    answers: Answers,
}

/// What it does when it is asked for its keys.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answers {
    Keys,
    After(Duration),
    Status(u16),
    /// 200, and a page that is no key set.
    Page,
    Never,
}

/// What it signs with.
pub(crate) struct SigningKey {
    pub(crate) id: String,
    pair: RsaKeyPair,
}

impl Drop for Entra {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Entra {
    /// Publishes one key.
    pub(crate) async fn publishing(key: &SigningKey) -> Self {
        let authority = Authority::new();
        let state = Arc::new(Mutex::new(State { keys: vec![key.published()], answers: Answers::Keys }));
        let asked = Arc::new(AtomicUsize::new(0));
        let (told, count) = (state.clone(), asked.clone());
        let answer = move |request: Asked| answer(request, told.clone(), count.clone());
        let (url, serving) = https::serve(Some(&authority), answer).await;
        Self { url, state, asked, authority, serving }
    }

    /// The certificate of who signed its certificate.
    pub(crate) fn ca(&self) -> PathBuf {
        self.authority.ca()
    }

    pub(crate) fn publish(&self, keys: impl IntoIterator<Item = Value>) {
        self.state.lock().keys = keys.into_iter().collect();
    }

    pub(crate) fn answers(&self, answers: Answers) {
        self.state.lock().answers = answers;
    }

    /// How often it was asked for its keys.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn answer(request: Asked, state: Arc<Mutex<State>>, asked: Arc<AtomicUsize>) -> Response<Full<Bytes>> {
    let told = |status: u16, body: String| {
        Response::builder().status(status).body(Full::new(body.into())).expect("a response")
    };
    // An unknown tenant is a wrong request there, not an unknown page.
    if request.uri().path() != format!("/{TENANT}/discovery/v2.0/keys") {
        return told(400, json!({"error": "invalid_tenant"}).to_string());
    }
    asked.fetch_add(1, Ordering::Relaxed);
    let (keys, answers) = {
        let state = state.lock();
        (json!({"keys": state.keys}).to_string(), state.answers)
    };
    match answers {
        Answers::Keys => {}
        Answers::After(pause) => tokio::time::sleep(pause).await,
        Answers::Status(status) => return told(status, String::new()),
        Answers::Page => return told(200, "<html>We will be back soon.</html>".to_owned()),
        Answers::Never => std::future::pending().await,
    }
    told(200, keys)
}

impl SigningKey {
    pub(crate) fn new(id: &str) -> Self {
        let made = Command::new("openssl")
            .args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
            .output()
            .expect("openssl, which ./test looks for");
        let key = PrivatePkcs8KeyDer::from_pem_slice(&made.stdout).expect("a key in PEM");
        let pair = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).expect("a key");
        Self { id: id.to_owned(), pair }
    }

    /// As the tenant's key set has it.
    pub(crate) fn published(&self) -> Value {
        let PublicKeyComponents::<Vec<u8>> { n, e } = self.pair.public().into();
        json!({
            "kty": "RSA",
            "use": "sig",
            "kid": self.id,
            "x5t": self.id,
            "n": part(&n),
            "e": part(&e),
            "x5c": ["MIIC"],
            "cloud_instance_name": "microsoftonline.com",
            "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0",
        })
    }

    /// The modulus: all that there is to know of the public key.
    pub(crate) fn modulus(&self) -> Vec<u8> {
        PublicKeyComponents::<Vec<u8>>::from(self.pair.public()).n
    }

    /// A token with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.sign_with(&json!({"typ": "JWT", "alg": "RS256", "kid": self.id}), claims)
    }

    pub(crate) fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let signed =
            self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature);
        signed.expect("a signature");
        format!("{message}.{}", part(&signature))
    }
}

/// A token up to its signature.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", part(header.to_string().as_bytes()), part(claims.to_string().as_bytes()))
}

pub(crate) fn part(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
