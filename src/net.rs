//! The one HTTP client: the same TLS, time-outs and manners, whoever is called.

use std::time::Duration;

/// Making a connection; a host that does not answer within this is not there.
const CONNECT: Duration = Duration::from_secs(3);

/// How long a connection nobody uses is kept.
const IDLE: Duration = Duration::from_secs(90);

/// A client that follows no redirects, since a redirect could carry a token elsewhere, and that trusts what the
/// system trusts.
///
/// # Errors
/// When the system's certificates cannot be read.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    builder()
        .user_agent(concat!("healthbot-scheduler/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .pool_idle_timeout(IDLE)
        .redirect(reqwest::redirect::Policy::none())
        .build()
}

/// A client to be, with our TLS.
pub fn builder() -> reqwest::ClientBuilder {
    // Whoever was first has chosen the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
}
