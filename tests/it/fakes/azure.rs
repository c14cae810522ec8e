//! Azure as far as a handler's secrets need it: a Key Vault over HTTPS with its challenge, the endpoint that gives
//! a managed identity its tokens, and Entra ID's token endpoint for an app registration with a client secret.
//!
//! The vault's behaviour follows <https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses>
//! and <https://learn.microsoft.com/azure/key-vault/general/rest-error-codes>.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Response, StatusCode, header};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::{
    azurite::Azurite,
    graph_simulator::Simulator,
    https::{self, Asked, Authority},
};

/// The audience of a vault.
const VAULT: &str = "https://vault.azure.net";
const STORAGE: &str = "https://storage.azure.com";
const GRAPH: &str = "https://graph.microsoft.com";

const HEADER: &str = "the-apps-identity-header";

/// Which client id the user-assigned identity has.
pub(crate) const CLIENT_ID: &str = "5e29463d-71da-4fe0-8e69-999b57db23b0";

pub(crate) struct Azure {
    authority: Authority,
    vault: String,
    identity: String,
    state: Arc<Mutex<State>>,
    serving: [JoinHandle<()>; 2],
}

#[derive(Default)]
struct State {
    /// By name: versions, newest last.
    secrets: HashMap<String, Vec<Version>>,
    /// Given out for the vault.
    tokens: HashSet<String>,
    /// What Entra ID takes for a client secret.
    client_secrets: HashSet<String>,
    /// Who gives out tokens that Graph takes: its address, and the header it wants.
    graph: Option<(String, String)>,
    storage_token: Option<String>,
    vault_answers: Answers,
    identity_hangs: Option<Duration>,
    asked: Vec<String>,
}

struct Version {
    id: String,
    value: String,
    enabled: bool,
}

/// What the vault does.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Answers {
    #[default]
    AsUsual,
    /// A status, and the body with it; so many times.
    With(u16, Value, usize),
    /// Only after so long.
    Late(Duration),
    /// Every token is of a tenant that it does not know.
    OfAnotherTenant,
    /// The identity has no role.
    WithoutRole,
}

impl Azure {
    pub(crate) async fn start() -> Self {
        let authority = Authority::new();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        let answer = move |asked: Asked| answer(shared.clone(), asked);
        let (vault, secure) = https::serve(Some(&authority), answer.clone()).await;
        let (identity, plain) = https::serve(None, answer).await;
        Self { authority, vault, identity, state, serving: [secure, plain] }
    }

    /// What makes healthbot-scheduler use it.
    pub(crate) fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("KEY_VAULT_URL", self.vault.clone()),
            ("AZURE_AUTHORITY_HOST", self.vault.clone()),
            ("IDENTITY_ENDPOINT", format!("{}/msi/token", self.identity)),
            ("IDENTITY_HEADER", HEADER.to_owned()),
            ("AZURE_CLIENT_ID", CLIENT_ID.to_owned()),
            ("SSL_CERT_FILE", self.authority.ca().display().to_string()),
        ]
    }

    /// The value of `SSL_CERT_FILE` for a store there too.
    pub(crate) fn trusted_with(&self, azurite: &Azurite) -> PathBuf {
        self.state.lock().storage_token = Some(azurite.token().to_owned());
        self.authority.together_with(azurite.ca().as_ref())
    }

    /// Tokens for Graph are those of its own identity endpoint.
    pub(crate) fn knows(&self, graph: &Simulator) {
        let [_, (_, endpoint), (_, header)] = graph.settings();
        self.state.lock().graph = Some((endpoint, header));
    }

    /// A new version of a secret.
    pub(crate) fn put(&self, name: &str, value: &str) -> String {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let version = Version { id: id.clone(), value: value.to_owned(), enabled: true };
        self.state.lock().secrets.entry(name.to_owned()).or_default().push(version);
        id
    }

    pub(crate) fn disable(&self, name: &str) {
        for version in self.state.lock().secrets.get_mut(name).into_iter().flatten() {
            version.enabled = false;
        }
    }

    /// Entra ID takes this client secret from now on, and no other.
    pub(crate) fn only_takes(&self, secret: &str) {
        self.state.lock().client_secrets = HashSet::from([secret.to_owned()]);
    }

    pub(crate) fn vault(&self, answers: Answers) {
        self.state.lock().vault_answers = answers;
    }

    pub(crate) fn identity_hangs(&self, hangs: Option<Duration>) {
        self.state.lock().identity_hangs = hangs;
    }

    /// What was asked, as `GET /secrets/ledger-secret/`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state.lock().asked.clone()
    }
}

impl Drop for Azure {
    fn drop(&mut self) {
        self.serving.iter().for_each(JoinHandle::abort);
    }
}

async fn answer(state: Arc<Mutex<State>>, asked: Asked) -> Response<Full<Bytes>> {
    let path = asked.uri().path().to_owned();
    state.lock().asked.push(format!("{} {path}", asked.method()));
    if path == "/msi/token" {
        return managed(&state, &asked).await;
    }
    if path.ends_with("/oauth2/v2.0/token") && asked.method() == Method::POST {
        return login(&state, &asked).await;
    }
    if let Some(rest) = path.strip_prefix("/secrets/") {
        let late = match &state.lock().vault_answers {
            Answers::Late(late) => *late,
            _ => Duration::ZERO,
        };
        tokio::time::sleep(late).await;
        return secret(&mut state.lock(), &asked, rest);
    }
    reply(404, &json!({"error": "not_found"}))
}

fn query(text: &str) -> HashMap<String, String> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// <https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference>
async fn managed(state: &Mutex<State>, asked: &Asked) -> Response<Full<Bytes>> {
    let hangs = state.lock().identity_hangs;
    tokio::time::sleep(hangs.unwrap_or_default()).await;
    let query = query(asked.uri().query().unwrap_or_default());
    let known = asked.headers().get("x-identity-header").is_some_and(|header| header == HEADER);
    if !known || query.get("client_id").is_none_or(|id| id != CLIENT_ID) {
        return reply(400, &json!({"statusCode": 400, "message": "no such identity"}));
    }
    let resource = query["resource"].trim_end_matches('/').to_owned();
    let token = match resource.as_str() {
        VAULT => {
            let token = format!("vault.{}", uuid::Uuid::new_v4().simple());
            state.lock().tokens.insert(token.clone());
            Some(token)
        }
        STORAGE => state.lock().storage_token.clone(),
        GRAPH => graph_token(state).await,
        _ => None,
    };
    let Some(token) = token else {
        return reply(400, &json!({"statusCode": 400, "message": "no such resource"}));
    };
    reply(
        200,
        &json!({"access_token": token, "expires_on": "4102444800", "resource": resource, "token_type": "Bearer"}),
    )
}

async fn graph_token(state: &Mutex<State>) -> Option<String> {
    let (endpoint, header) = state.lock().graph.clone()?;
    let http = healthbot_scheduler::net::builder().no_proxy().build().ok()?;
    let url = format!("{endpoint}?api-version=2019-08-01&resource={GRAPH}");
    let answer =
        http.get(url).header("x-identity-header", header).header("metadata", "true").send().await.ok()?;
    let answer: Value = answer.json().await.ok()?;
    answer["access_token"].as_str().map(str::to_owned)
}

/// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>
async fn login(state: &Mutex<State>, asked: &Asked) -> Response<Full<Bytes>> {
    let form = query(std::str::from_utf8(asked.body()).unwrap_or_default());
    let right = state.lock().client_secrets.contains(form.get("client_secret").map_or("", String::as_str));
    if form.get("grant_type").is_none_or(|grant| grant != "client_credentials") || !right {
        return reply(
            401,
            &json!({
                "error": "invalid_client",
                "error_description": "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the \
                    request is the client secret value, not the client secret ID.",
                "error_codes": [7_000_215],
            }),
        );
    }
    match graph_token(state).await {
        Some(token) => {
            reply(200, &json!({"token_type": "Bearer", "expires_in": 3599, "access_token": token}))
        }
        None => reply(503, &json!({"error": "temporarily_unavailable"})),
    }
}

fn secret(state: &mut State, asked: &Asked, rest: &str) -> Response<Full<Bytes>> {
    let bearer = asked.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
    let challenge = |error: &str| {
        let authorization = "https://login.microsoftonline.com/11112222-aaaa-3333-bbbb-4444cccc5555";
        let mut told = reply(401, &json!({"error": {"code": "Unauthorized", "message": error}}));
        let asks = format!("Bearer authorization=\"{authorization}\", resource=\"{VAULT}\"");
        told.headers_mut().insert(header::WWW_AUTHENTICATE, asks.parse().expect("a header"));
        told
    };
    let Some(token) = token else { return challenge("AKV10000: Request is missing a Bearer or PoP token.") };
    if state.vault_answers == Answers::OfAnotherTenant || !state.tokens.contains(&token) {
        return challenge(
            "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/1111/, found 9999.",
        );
    }
    match &mut state.vault_answers {
        Answers::With(status, body, times) if *times > 0 => {
            *times -= 1;
            return reply(*status, body);
        }
        Answers::WithoutRole => {
            return reply(
                403,
                &json!({"error": {"code": "Forbidden", "message": "Caller is not authorized to perform action",
                    "innererror": {"code": "ForbiddenByRbac"}}}),
            );
        }
        _ => {}
    }
    let (name, version) = rest.split_once('/').unwrap_or((rest, ""));
    let versions = state.secrets.get(name).map(Vec::as_slice).unwrap_or_default();
    let found = versions.iter().rfind(|known| version.is_empty() || known.id == version);
    match found {
        None => reply(
            404,
            &json!({"error": {"code": "SecretNotFound", "message": format!("A secret with (name/id) {rest} was not found")}}),
        ),
        Some(Version { enabled: false, .. }) => reply(
            403,
            &json!({"error": {"code": "Forbidden", "message": "Operation get is not allowed on a disabled secret.",
                "innererror": {"code": "SecretDisabled"}}}),
        ),
        Some(Version { id, value, .. }) => reply(
            200,
            &json!({"value": value, "id": format!("https://clinic.vault.azure.net/secrets/{name}/{id}"),
                "attributes": {"enabled": true, "recoveryLevel": "Recoverable"}}),
        ),
    }
}

fn reply(status: u16, body: &Value) -> Response<Full<Bytes>> {
    let mut reply = Response::new(Full::new(Bytes::from(body.to_string())));
    *reply.status_mut() = StatusCode::from_u16(status).expect("a status");
    let json = header::HeaderValue::from_static("application/json; charset=utf-8");
    reply.headers_mut().insert(header::CONTENT_TYPE, json);
    reply
}
