//! The providers of this build. The one `match` that knows them all is here; everything else asks for a
//! [`Provider`] by name.

use std::sync::Arc;

use crate::{config::Config, domain::ProviderName, provider::Provider};

pub mod embedded;
pub mod graph;

pub use embedded::Embedded;

/// The active providers: those whose section is in the configuration.
#[derive(Debug, Clone)]
pub struct Providers(Arc<[Arc<dyn Provider>]>);

impl Providers {
    /// Cheap: nobody is called yet.
    #[must_use]
    pub fn from_config(config: &Config) -> Self {
        Self(ProviderName::ALL.into_iter().filter_map(|name| provider(name, config)).collect())
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

fn provider(name: ProviderName, config: &Config) -> Option<Arc<dyn Provider>> {
    match name {
        ProviderName::Embedded if config.clinics.is_empty() => None,
        ProviderName::Embedded => Some(Arc::new(Embedded::new(&config.clinics))),
        // Reading a configuration refuses their sections.
        ProviderName::Bookings | ProviderName::Shifts | ProviderName::Fhir => None,
    }
}
