//! A server with a certificate, for what is only asked over HTTPS: Key Vault, Entra ID.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

/// A request whose body has been read.
pub(crate) type Asked = Request<Bytes>;

/// Who signs certificates for this machine's address, and one that it has signed.
pub(crate) struct Authority {
    folder: TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let openssl = |words: &[&str]| {
            let run =
                Command::new("openssl").args(words).current_dir(folder.path()).stdin(Stdio::null()).output();
            let run = run.expect("openssl is installed");
            assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        };
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        let own = ["-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/CN=Test CA"];
        let may =
            ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"];
        openssl(&[&["req", "-x509"], &key[..], &own, &may].concat());
        openssl(
            &[&["req"], &key[..], &["-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=127.0.0.1"]]
                .concat(),
        );
        let extensions =
            "subjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n";
        std::fs::write(folder.path().join("leaf.ext"), extensions).expect("a file");
        openssl(&[
            "x509",
            "-req",
            "-in",
            "leaf.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "30",
            "-extfile",
            "leaf.ext",
            "-out",
            "leaf.pem",
        ]);
        Self { folder }
    }

    /// The certificate of the signer.
    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A file for `SSL_CERT_FILE` that has this signer and another one.
    pub(crate) fn together_with(&self, other: &Path) -> PathBuf {
        let both =
            [self.ca().as_path(), other].map(|path| std::fs::read_to_string(path).expect("a certificate"));
        let path = self.folder.path().join("both.pem");
        std::fs::write(&path, both.concat()).expect("a file");
        path
    }

    fn acceptor(&self) -> TlsAcceptor {
        let file = |name: &str| self.folder.path().join(name);
        let chain =
            CertificateDer::pem_file_iter(file("leaf.pem")).expect("a file").map(|read| read.expect("PEM"));
        let key = PrivateKeyDer::from_pem_file(file("leaf.key")).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain.collect(), key)
            .expect("a certificate with its key");
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Serves on a port that is free, over HTTPS where there is an authority; where, and until when.
pub(crate) async fn serve<F>(
    authority: Option<&Authority>,
    answer: impl Fn(Asked) -> F + Clone + Send + Sync + 'static,
) -> (String, JoinHandle<()>)
where
    F: Future<Output = Response<Full<Bytes>>> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let scheme = if authority.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{}", listener.local_addr().expect("an address"));
    let acceptor = authority.map(Authority::acceptor);
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, answer) = (acceptor.clone(), answer.clone());
            tokio::spawn(async move {
                match acceptor {
                    // Whoever does not trust the certificate goes away.
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            converse(stream, answer).await;
                        }
                    }
                    None => converse(stream, answer).await,
                }
            });
        }
    });
    (url, serving)
}

async fn converse<F>(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    answer: impl Fn(Asked) -> F + Clone + Send + Sync + 'static,
) where
    F: Future<Output = Response<Full<Bytes>>> + Send,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok::<_, hyper::Error>(answer(Request::from_parts(head, body)).await)
        }
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
