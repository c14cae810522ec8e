//! Tokens for Graph, by whatever identity the deployment has.
//!
//! They are kept, renewed before they run out, and asked for once however many wait. A token that Graph does not take
//! although it has not run out is forgotten together with the credential that keeps it.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use azure_core::{
    credentials::{AccessToken, Secret, TokenCredential},
    http::{ClientMethodOptions, ClientOptions},
};
use azure_identity::{
    ClientAssertion, ClientAssertionCredential, ClientAssertionCredentialOptions, ClientSecretCredential,
    ClientSecretCredentialOptions,
};
use parking_lot::Mutex;
use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::{Cloud, Trouble};
use crate::{
    identity::{self, Kept, told_by, unusable},
    provider::ProviderError,
    secrets::{Held, Secret as Named},
};

/// How long the login and the vault are left alone after the newest client secret was refused: the next one is put there
/// by a person.
const PAUSE: Duration = Duration::from_secs(5);

/// Who the deployment is to Entra ID. Chosen by its settings, never by trying one after the other.
#[derive(Debug, Clone)]
pub enum Identity {
    /// The deployment's own.
    Own(identity::Identity),
    /// An app registration of the clinic's tenant, and its secret.
    ClientSecret { tenant: String, client_id: String, secret: Named },
    /// An app registration of the clinic's tenant that trusts the app's managed identity.
    Federated { tenant: String, client_id: String, managed: Option<String> },
}

/// Gives out tokens for one cloud's Graph.
pub struct Tokens {
    identity: Identity,
    cloud: Cloud,
    /// Where Entra ID is asked.
    login: String,
    scope: String,
    http: reqwest::Client,
    current: Mutex<Option<Current>>,
    /// When the newest client secret was refused, and with which words.
    refused: Mutex<Option<(Instant, ProviderError)>>,
}

#[derive(Clone)]
struct Current {
    generation: u64,
    credential: Arc<dyn TokenCredential>,
    /// What it was made from.
    secret: Option<Held>,
}

/// What goes into the header. `Debug` shows nothing of it.
pub struct Token {
    secret: Secret,
    generation: u64,
}

impl Token {
    /// For the `Authorization` header, and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.secret.secret()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("identity", &self.identity).finish_non_exhaustive()
    }
}

impl Tokens {
    #[must_use]
    pub fn new(identity: Identity, cloud: Cloud, login: String, http: reqwest::Client) -> Self {
        Self {
            identity,
            cloud,
            login,
            scope: format!("{}/.default", cloud.graph()),
            http,
            current: Mutex::default(),
            refused: Mutex::default(),
        }
    }

    /// A token that has not run out.
    ///
    /// # Errors
    /// When there is none to be had.
    pub async fn token(&self) -> Result<Token, Trouble> {
        if let Some((at, reason)) = &*self.refused.lock()
            && at.elapsed() < PAUSE
        {
            return Err(Trouble::NoToken(reason.clone()));
        }
        let current = self.current().await.map_err(Trouble::NoToken)?;
        let token = match self.ask(&current).await {
            Err(error) if self.has_a_newer_secret(&current, &error) => {
                let renewed = self.current().await.map_err(Trouble::NoToken)?;
                self.ask(&renewed).await.map(|token| (token, renewed.generation))
            }
            asked => asked.map(|token| (token, current.generation)),
        };
        let (token, generation) = token.map_err(|error| {
            let reason = self.reason(&error);
            if is_refused_secret(&error) {
                *self.refused.lock() = Some((Instant::now(), reason.clone()));
            }
            Trouble::NoToken(reason)
        })?;
        Ok(Token { secret: token.token, generation })
    }

    async fn ask(&self, current: &Current) -> azure_core::Result<AccessToken> {
        current.credential.get_token(&[&self.scope], None).await
    }

    /// Whether Entra ID refused the secret and there may be another one by now. Then the next credential is made of it.
    fn has_a_newer_secret(&self, current: &Current, error: &azure_core::Error) -> bool {
        let (Identity::ClientSecret { secret, .. }, Some(held)) = (&self.identity, &current.secret) else {
            return false;
        };
        if !is_refused_secret(error) || !secret.refuse(held) {
            return false;
        }
        self.forget(current.generation);
        true
    }

    /// Forgets a token that was not taken; the next one is asked for anew.
    pub fn refuse(&self, token: &Token) {
        self.forget(token.generation);
    }

    fn forget(&self, generation: u64) {
        let mut current = self.current.lock();
        if current.as_ref().is_some_and(|current| current.generation == generation) {
            *current = None;
        }
    }

    /// Forgets whatever token there is: one of them was not taken, and it is not known which.
    pub fn refuse_any(&self) {
        *self.current.lock() = None;
    }

    async fn current(&self) -> Result<Current, ProviderError> {
        if let Some(current) = &*self.current.lock() {
            return Ok(current.clone());
        }
        let secret = match &self.identity {
            Identity::ClientSecret { secret, .. } => Some(secret.value().await?),
            Identity::Own(_) | Identity::Federated { .. } => None,
        };
        let credential = self.credential(secret.as_ref()).map_err(|error| {
            ProviderError::Misconfigured(format!("the identity for Graph cannot be used: {error}"))
        })?;
        // Of several who were here at the same time, the first one's is used by all.
        let made = Current { generation: next_generation(), credential, secret };
        Ok(self.current.lock().get_or_insert(made).clone())
    }

    fn credential(&self, secret: Option<&Held>) -> azure_core::Result<Arc<dyn TokenCredential>> {
        Ok(match &self.identity {
            Identity::Own(own) => own.credential(&self.http, &self.login)?,
            Identity::ClientSecret { tenant, client_id, .. } => {
                let secret = secret.map(|held| held.expose().expose_secret().trim().to_owned());
                let secret = Secret::new(secret.unwrap_or_default());
                let options = ClientSecretCredentialOptions { client_options: self.options() };
                Kept::new(ClientSecretCredential::new(tenant, client_id.clone(), secret, Some(options))?)
            }
            Identity::Federated { tenant, client_id, managed } => {
                let scope = format!("{}/.default", self.cloud.token_exchange());
                let managed = identity::Identity::Managed { client_id: managed.clone() };
                let managed = managed.credential(&self.http, &self.login)?;
                let assertion = ManagedAssertion { managed, scope };
                let options = ClientAssertionCredentialOptions { client_options: self.options() };
                let (tenant, client_id) = (tenant.clone(), client_id.clone());
                Kept::new(ClientAssertionCredential::new(tenant, client_id, assertion, Some(options))?)
            }
        })
    }

    fn options(&self) -> ClientOptions {
        identity::options(&self.http, &self.login)
    }

    /// What an operator has to mend, without the error's own text: it may hold headers and addresses.
    fn reason(&self, error: &azure_core::Error) -> ProviderError {
        let (status, codes) = told_by(error);
        let code = codes.as_deref().unwrap_or_default().split(',').next().unwrap_or_default();
        if let Some(remedy) = remedy(code) {
            return ProviderError::Misconfigured(format!(
                "Entra ID refuses this identity (AADSTS{code}): {remedy}"
            ));
        }
        match status {
            Some(status) if status == 429 || status >= 500 => ProviderError::Unavailable {
                why: format!("no token for Graph: answered {status}"),
                retry_after: Some(Duration::from_secs(10)),
            },
            Some(status) => ProviderError::Misconfigured(format!(
                "no token for Graph: answered {status}{}; {}",
                if code.is_empty() { String::new() } else { format!(" (AADSTS{code})") },
                self.identity.hint()
            )),
            None if matches!(self.identity, Identity::Own(identity::Identity::DeveloperTools)) => {
                ProviderError::Misconfigured(
                    "no token for Graph: run `az login`, or set up an identity (see the README)".to_owned(),
                )
            }
            None if unusable(error) => {
                ProviderError::Misconfigured(format!("no token for Graph; {}", self.identity.hint()))
            }
            None => ProviderError::Unavailable {
                why: "no token for Graph: the login could not be reached".to_owned(),
                retry_after: Some(Duration::from_secs(10)),
            },
        }
    }
}

impl Identity {
    fn hint(&self) -> &'static str {
        match self {
            Self::Own(own) => own.hint(),
            Self::ClientSecret { .. } => {
                "see `tenant_id` and `client_id` of `[graph]`, and the client secret"
            }
            Self::Federated { .. } => {
                "see `tenant_id` and `client_id` of `[graph]`, and that the app registration trusts the managed \
                 identity"
            }
        }
    }
}

/// Expired, or wrong, as one that was replaced is.
fn is_refused_secret(error: &azure_core::Error) -> bool {
    let (_, codes) = told_by(error);
    codes.is_some_and(|codes| codes.split(',').any(|code| matches!(code, "7000215" | "7000222")))
}

/// The errors that people meet, and what to do. <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>
fn remedy(code: &str) -> Option<&'static str> {
    Some(match code {
        "7000222" => "the client secret has expired; make a new one and put it where the old one is",
        "7000215" => "the client secret is wrong; what is needed is its value, not its id",
        "700016" => "no such app in this tenant; see `client_id` and `tenant_id` of `[graph]`",
        "90002" => "no such tenant; see `tenant_id` of `[graph]`",
        "70021" | "700213" => {
            "the app registration does not trust this identity; add it as a federated credential"
        }
        "700236" => {
            "a managed identity cannot stand in for an app of another tenant; register a multi-tenant app beside \
             the identity, and consent to it in the tenant of the businesses"
        }
        "7000112" | "7000218" => "the app is disabled, or takes no secret; see its registration",
        _ => return None,
    })
}

/// Never the same twice in a process.
fn next_generation() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

/// A managed identity's token in the place of a secret.
#[derive(Debug)]
struct ManagedAssertion {
    managed: Arc<dyn TokenCredential>,
    scope: String,
}

#[async_trait]
impl ClientAssertion for ManagedAssertion {
    async fn secret(&self, _options: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        Ok(self.managed.get_token(&[&self.scope], None).await?.token.secret().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use azure_core::{Error, error::ErrorKind, http::StatusCode};

    use super::*;

    fn tokens(identity: Identity) -> Tokens {
        let login = Cloud::Global.login().to_owned();
        Tokens::new(identity, Cloud::Global, login, crate::net::client().unwrap())
    }

    fn secret() -> Identity {
        let (tenant, client_id) = ("contoso.onmicrosoft.com".to_owned(), "c".to_owned());
        let secret = Named::given("GRAPH_CLIENT_SECRET", "s3cret-of-the-app".into());
        Identity::ClientSecret { tenant, client_id, secret }
    }

    /// As `azure_identity` wraps what the login answers.
    fn refused(status: StatusCode, codes: Option<&str>) -> Error {
        let error_code = codes.map(str::to_owned);
        let kind = ErrorKind::HttpResponse { status, error_code, raw_response: None };
        let inner = Error::with_message(kind, "AADSTS7000222: for app c, trace 123");
        Error::with_error(ErrorKind::Credential, inner, "ClientSecretCredential authentication failed")
    }

    #[test]
    fn a_secret_that_has_expired_is_named_with_what_to_do() {
        let reason = tokens(secret()).reason(&refused(StatusCode::Unauthorized, Some("7000222")));
        let ProviderError::Misconfigured(why) = reason else { panic!("{reason:?}") };
        assert_eq!(
            why,
            "Entra ID refuses this identity (AADSTS7000222): the client secret has expired; make a new one and put it \
             where the old one is"
        );
    }

    #[test]
    fn what_the_login_says_is_told_by_its_code_alone() {
        let reason = tokens(secret()).reason(&refused(StatusCode::BadRequest, Some("900144")));
        let ProviderError::Misconfigured(why) = reason else { panic!("{reason:?}") };
        assert!(why.contains("answered 400 (AADSTS900144)") && !why.contains("trace"), "{why}");
    }

    #[test]
    fn a_login_that_is_down_is_not_a_wrong_set_up() {
        for error in [
            refused(StatusCode::ServiceUnavailable, None),
            Error::with_message(ErrorKind::Connection, "no route"),
            Error::with_message(ErrorKind::Io, "reset"),
        ] {
            let reason = tokens(secret()).reason(&error);
            assert!(matches!(reason, ProviderError::Unavailable { .. }), "{reason:?}");
        }
    }

    #[test]
    fn developers_are_told_to_log_in() {
        let error = Error::with_message(ErrorKind::Credential, "az is not there");
        let reason = tokens(Identity::Own(identity::Identity::DeveloperTools)).reason(&error);
        assert!(
            matches!(&reason, ProviderError::Misconfigured(why) if why.contains("az login")),
            "{reason:?}"
        );
    }

    #[test]
    fn neither_secrets_nor_tokens_print() {
        let identity = format!("{:?} {:?}", secret(), tokens(secret()));
        assert!(!identity.contains("s3cret"), "{identity}");
        let token = Token { secret: Secret::new("eyJ0eXAi"), generation: 1 };
        assert_eq!(format!("{token:?}"), "Token(…)");
    }
}
