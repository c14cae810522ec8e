//! Entra ID as far as somebody who looks at its tokens can see: it publishes the keys of a tenant over https, signs
//! tokens with them, and is down or hangs when told to.

use std::{
    path::{Path, PathBuf},
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
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use ring::{
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject},
    },
};

/// The one tenant that it knows.
pub(crate) const TENANT: &str = "7d0b3f52-9a41-4c2e-8f6d-1c5a0e9b7a34";

/// Listens until it is dropped.
pub(crate) struct Entra {
    /// Its login, without a slash at the end.
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    asked: Arc<AtomicUsize>,
    folder: TempDir,
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
        let folder = tempfile::tempdir().expect("a folder");
        let acceptor = TlsAcceptor::from(Arc::new(tls(folder.path())));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("https://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State { keys: vec![key.published()], answers: Answers::Keys }));
        let asked = Arc::new(AtomicUsize::new(0));
        let (told, count) = (state.clone(), asked.clone());
        let serving = tokio::spawn(async move {
            loop {
                let Ok((connection, _)) = listener.accept().await else { return };
                let (acceptor, state, asked) = (acceptor.clone(), told.clone(), count.clone());
                tokio::spawn(async move {
                    let Ok(connection) = acceptor.accept(connection).await else { return };
                    let service = service_fn(move |request| answer(request, state.clone(), asked.clone()));
                    let http = hyper::server::conn::http1::Builder::new();
                    let _ = http.serve_connection(TokioIo::new(connection), service).await;
                });
            }
        });
        Self { url, state, asked, folder, serving }
    }

    /// The certificate of who signed its certificate.
    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
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

async fn answer(
    request: Request<Incoming>,
    state: Arc<Mutex<State>>,
    asked: Arc<AtomicUsize>,
) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
    let told = |status: u16, body: String| {
        Ok(Response::builder().status(status).body(Full::new(body.into())).expect("a response"))
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

/// An authority of its own and a certificate for this machine's address: rustls takes no certificate for both.
fn tls(folder: &Path) -> ServerConfig {
    let openssl = |words: &str| {
        let made = Command::new("openssl").args(words.split(' ')).current_dir(folder).output();
        let made = made.expect("openssl, which ./test looks for");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    let new_key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(&format!(
        "req -x509 {new_key} -keyout ca.key -out ca.pem -days 30 -subj /CN=Entra -addext \
         basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign"
    ));
    openssl(&format!("req {new_key} -keyout leaf.key -out leaf.csr -subj /CN=127.0.0.1"));
    let extensions =
        "subjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n";
    std::fs::write(folder.join("leaf.ext"), extensions).expect("the folder is writable");
    openssl(
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile leaf.ext -out leaf.pem",
    );
    let certificate = CertificateDer::from_pem_file(folder.join("leaf.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(folder.join("leaf.key")).expect("a key");
    let ring = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config =
        ServerConfig::builder_with_provider(ring).with_safe_default_protocol_versions().expect("versions");
    config.with_no_client_auth().with_single_cert(vec![certificate], key).expect("a certificate and its key")
}
