//! What callers name the services of Bookings.

use serde_json::{Value, json};

use crate::fakes::{
    functions_host::FunctionsHost,
    graph_simulator::{Seed, Simulator},
};

const FLU: &str = "57da6774-a087-4d69-b0e6-6fb82c339976";

/// The ids and names of what the one business offers, with this in `[bookings]`.
async fn offered(overlay: &str) -> Vec<(String, String)> {
    let seed = Seed::from_json(include_str!("../../fixtures/clinic.json")).expect("a seed");
    let graph = Simulator::start(seed).await;
    let section = "[bookings]\nbusinesses = [\"EastsideClinic@contoso.onmicrosoft.com\"]\n";
    let mut host = FunctionsHost::prepared(Some(&format!("{section}{overlay}")));
    for (name, value) in graph.settings() {
        host.set(name, &value);
    }
    host.spawn();
    host.until_ready().await;
    let reply = host.call_as("i", "get-locations", json!({})).await;
    let services = reply.body["locations"][0]["services"].as_array().expect("services").clone();
    let text = |service: &Value, key: &str| service[key].as_str().unwrap_or_default().to_owned();
    services.iter().map(|service| (text(service, "id"), text(service, "name"))).collect()
}

#[tokio::test]
async fn of_several_services_that_fit_the_first_that_is_named_gets_the_id() {
    let names =
        "services = [\"Gone since\", \"Staff vaccination\", \"Online consultation\", \"Flu vaccine\"]\n";
    let offered = offered(&format!("[[bookings.service]]\nid = \"visit\"\n{names}")).await;
    let visits: Vec<&str> =
        offered.iter().filter(|(id, _)| id == "visit").map(|(_, name)| name.as_str()).collect();
    assert_eq!(visits, ["Online consultation"], "staff vaccination is hidden from customers");
    assert!(offered.contains(&(FLU.to_owned(), "Flu vaccine".to_owned())), "{offered:?}");
}
