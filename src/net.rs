//! The one HTTP client: the same TLS, time-outs and manners, whoever is called.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use azure_core::http::{
    Context, Request,
    policies::{Policy, PolicyResult},
};
use url::{Host, Url};

use crate::telemetry::{
    export::{self, Call},
    span::Span,
};

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

/// Whether a URL stays on this machine, where http shows nothing to anybody and somebody tries things out.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// For `per_try_policies` of a client of the Azure SDK: each request goes out in the trace that it belongs to, and has
/// a span of its own. `provider` is whom it asks, in the words of the log.
pub(crate) fn traced(provider: &'static str) -> Arc<dyn Policy> {
    Arc::new(Traced(provider))
}

#[derive(Debug)]
struct Traced(&'static str);

#[async_trait]
impl Policy for Traced {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let operation = request.method().as_str();
        let mut span = Span::client(self.0, operation);
        span.set("http.request.method", operation);
        for (name, value) in span.context().headers() {
            request.insert_header(name, value);
        }
        let answered = match next.split_first() {
            Some((policy, rest)) => policy.send(context, request, rest).await,
            None => {
                return Err(azure_core::Error::with_message(
                    azure_core::error::ErrorKind::Other,
                    "no transport",
                ));
            }
        };
        let status = answered.as_ref().ok().map(|answer| u16::from(answer.status()));
        // A condition that does not hold is an answer.
        let failed = status.is_none_or(|status| status >= 400 && !matches!(status, 404 | 409 | 412));
        if let Some(status) = status {
            span.set("http.response.status_code", i64::from(status));
        }
        if failed {
            span.failed(status.map_or_else(|| "no_answer".to_owned(), |status| status.to_string()));
        }
        export::call(&Call { provider: self.0, operation, status, failed, took: span.took() });
        answered
    }
}
