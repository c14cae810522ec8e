//! The providers of this build. The one `match` that knows them all is here; everything else asks for a
//! [`Provider`] by name.

use std::sync::Arc;

use crate::{
    clock::Clock,
    config::{Config, Problem, Settings, settings::GraphCredential},
    domain::ProviderName,
    identity::Identity as OwnIdentity,
    provider::Provider,
    secrets::{Secret, SecretName, Vault},
};

pub mod bookings;
pub mod embedded;
pub mod graph;

pub use bookings::Bookings;
pub use embedded::Embedded;

use graph::{BaseUrl, Graph, Identity, Tokens};

/// The active providers: those whose section is in the configuration.
#[derive(Debug, Clone)]
pub struct Providers(Arc<[Arc<dyn Provider>]>);

impl Providers {
    /// Cheap: nobody is called yet.
    ///
    /// # Errors
    /// What a provider needs of the settings and is not there.
    pub fn from_config(
        config: &Config,
        settings: &Settings,
        vault: Option<&Vault>,
        clock: &Clock,
    ) -> Result<Self, Problem> {
        let graph =
            if config.bookings.is_some() { Some(graph(config, settings, vault, clock)?) } else { None };
        let surroundings = Surroundings { config, graph, clock };
        Ok(Self(ProviderName::ALL.into_iter().filter_map(|name| surroundings.provider(name)).collect()))
    }

    #[must_use]
    pub fn get(&self, name: ProviderName) -> Option<&Arc<dyn Provider>> {
        self.0.iter().find(|provider| provider.name() == name)
    }

    /// In the order of [`ProviderName::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Provider>> {
        self.0.iter()
    }
}

/// For tests, and for whoever wraps a provider.
impl FromIterator<Arc<dyn Provider>> for Providers {
    fn from_iter<I: IntoIterator<Item = Arc<dyn Provider>>>(providers: I) -> Self {
        Self(providers.into_iter().collect())
    }
}

/// What providers are made from.
struct Surroundings<'a> {
    config: &'a Config,
    graph: Option<Arc<Graph>>,
    clock: &'a Clock,
}

impl Surroundings<'_> {
    fn provider(&self, name: ProviderName) -> Option<Arc<dyn Provider>> {
        match name {
            ProviderName::Embedded if self.config.clinics.is_empty() => None,
            ProviderName::Embedded => Some(Arc::new(Embedded::new(&self.config.clinics))),
            ProviderName::Bookings => {
                let (graph, settings) = (self.graph.clone()?, self.config.bookings.clone()?);
                Some(Arc::new(Bookings::new(graph, settings, self.clock.clone())))
            }
            // Reading a configuration refuses their sections.
            ProviderName::Shifts | ProviderName::Fhir => None,
        }
    }
}

fn graph(
    config: &Config,
    settings: &Settings,
    vault: Option<&Vault>,
    clock: &Clock,
) -> Result<Arc<Graph>, Problem> {
    let cloud = config.graph.cloud;
    let http = crate::net::client().map_err(|_| {
        lacking("GRAPH_BASE_URL", "cannot be asked: the system's certificates cannot be read")
    })?;
    let login = settings.authority_host.as_deref().unwrap_or(cloud.login());
    let tokens = Tokens::new(identity(config, settings, vault)?, cloud, login.to_owned(), http.clone());
    let base = settings.graph_base_url.clone().unwrap_or_else(|| BaseUrl::of(cloud));
    Ok(Arc::new(Graph::new(http, &base, tokens, config.graph.at_once, clock.clone())))
}

fn lacking(setting: &str, detail: &str) -> Problem {
    Problem { source: "settings".to_owned(), line: None, key: setting.to_owned(), detail: detail.to_owned() }
}

/// Who this deployment is to Graph.
fn identity(config: &Config, settings: &Settings, vault: Option<&Vault>) -> Result<Identity, Problem> {
    let managed = settings.azure_client_id.clone();
    let app = config.graph.app.clone();
    let named = config.graph.client_secret.as_ref().filter(|_| settings.graph_credential_is_found);
    let credential = match settings.graph_credential {
        _ if named.is_some() => GraphCredential::ClientSecret,
        // An app registration without a secret of its own is one that trusts the managed identity.
        GraphCredential::ManagedIdentity if app.is_some() => GraphCredential::Federated,
        credential => credential,
    };
    let needs_app =
        || lacking("GRAPH_CREDENTIAL", "needs `tenant_id` and `client_id` in `[graph]` of scheduling.toml");
    Ok(match credential {
        GraphCredential::ManagedIdentity => Identity::Own(OwnIdentity::Managed { client_id: managed }),
        GraphCredential::WorkloadIdentity => Identity::Own(OwnIdentity::Workload),
        GraphCredential::DeveloperTools => Identity::Own(OwnIdentity::DeveloperTools),
        GraphCredential::Federated => {
            let app = app.ok_or_else(needs_app)?;
            Identity::Federated { tenant: app.tenant, client_id: app.client_id, managed }
        }
        GraphCredential::ClientSecret => {
            let app = app.ok_or_else(needs_app)?;
            let secret = client_secret(config, settings, vault)?;
            Identity::ClientSecret { tenant: app.tenant, client_id: app.client_id, secret }
        }
    })
}

/// Of the app registration: in the vault, where there is one, else among the settings.
fn client_secret(config: &Config, settings: &Settings, vault: Option<&Vault>) -> Result<Secret, Problem> {
    match (vault, &settings.graph_client_secret) {
        (Some(vault), _) => {
            let usual = SecretName::new("graph-client-secret");
            Ok(vault.secret(config.graph.client_secret.as_ref().unwrap_or(&usual)))
        }
        (None, Some(given)) => Ok(Secret::given("GRAPH_CLIENT_SECRET", given.clone())),
        (None, None) => Err(lacking(
            "GRAPH_CLIENT_SECRET",
            "is needed for the app registration in `[graph]`, or `KEY_VAULT_URL`",
        )),
    }
}
