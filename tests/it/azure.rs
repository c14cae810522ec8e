//! A handler as it runs in Azure: its secrets from Key Vault as its managed identity, its configuration and its audit
//! trail in blobs. What it meets there is `fakes::azure`, over real HTTPS, and Azurite.

use serde_json::{Value, json};

use crate::fakes::{
    azure::Azure,
    azurite::{Azurite, Door},
    functions_host::{FunctionsHost, SECRET},
    graph_simulator::{Seed, Simulator},
};

mod audit;
mod configuration;
mod leaks;
mod store;
mod vault;

const EASTSIDE: &str = "EastsideClinic@contoso.onmicrosoft.com";
const LAKESIDE: &str = "Lakeside@contoso.onmicrosoft.com";

/// Bookings as an app registration of the clinic's tenant, whose secret is in the vault.
const BOOKINGS: &str = r#"
[graph]
tenant_id = "contoso.onmicrosoft.com"
client_id = "00001111-aaaa-2222-bbbb-3333cccc4444"
client_secret = "graph-client-secret"

[bookings]
businesses = ["EastsideClinic@contoso.onmicrosoft.com", "Lakeside@contoso.onmicrosoft.com"]
"#;

/// A clinic of our own.
const CLINIC: &str = r#"
[[service]]
id = "flu"
name = "Flu vaccine"
duration_minutes = 20
min_notice_minutes = 0

[[clinic]]
id = "north"
name = "North"
time_zone = "America/New_York"
hours = { mon = ["08:00-18:00"], tue = ["08:00-18:00"], wed = ["08:00-18:00"], thu = ["08:00-18:00"], fri = ["08:00-18:00"] }

[[clinic.practitioner]]
id = "one"
name = "One"
"#;

/// A function app with its surroundings.
struct App {
    azure: Azure,
    host: FunctionsHost,
    container: String,
    azurite: Azurite,
}

impl App {
    /// Everything but the process, with the ledger's secret in the vault.
    async fn prepared(configuration: &str) -> Self {
        let (azure, azurite) = (Azure::start().await, Azurite::shared(Door::OAuth));
        azure.put("ledger-secret", SECRET);
        let container = azurite.fresh_container();
        let mut host = FunctionsHost::prepared(Some(configuration));
        host.unset("LEDGER_SECRET");
        for (name, value) in azure.settings() {
            host.set(name, &value);
        }
        host.set("WEBSITE_SITE_NAME", "clinic");
        host.set("STORE", &container);
        host.set("SSL_CERT_FILE", &azure.trusted_with(&azurite).display().to_string());
        Self { azure, host, container, azurite }
    }

    async fn start(&mut self) {
        self.host.spawn();
        self.host.until_ready().await;
    }

    /// A simulated Graph, which takes the tokens that Entra ID gives out here.
    async fn with_graph(&mut self) -> Simulator {
        let seed = Seed::from_json(include_str!("../fixtures/clinic.json")).expect("the clinic");
        let graph = Simulator::start(seed).await;
        for business in [EASTSIDE, LAKESIDE] {
            graph.change_business(business, |business| {
                business["bookingPageSettings"]["isCustomerConsentEnabled"] = false.into();
            });
        }
        self.azure.knows(&graph);
        self.host.set("GRAPH_BASE_URL", &graph.url());
        graph
    }

    async fn slots(&self, location: &str, service: &str) -> Vec<Value> {
        let body = json!({"locationId": location, "serviceId": service, "limit": 1000});
        let reply = self.host.call("get-slots", body).await;
        let slots = reply.body["slots"].as_array();
        slots.unwrap_or_else(|| panic!("{}\n{}", reply.body, self.host.log())).clone()
    }

    /// The lines of the log with this `event`.
    fn events(&self, event: &str) -> Vec<Value> {
        let log = self.host.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["event"] == event).collect()
    }
}

fn ada() -> Value {
    json!({"name": "Ada Quill", "email": "ada@example.org", "phone": "+1 425 555 0123"})
}
