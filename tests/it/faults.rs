//! What the product promises when many come at once, when callers leave, and when its own house is not in
//! order: on the real binary, looked at from outside.

use serde_json::{Value, json};

use crate::fakes::functions_host::{FunctionsHost, invocation};

mod ending;
mod race;
mod secrecy;
mod set_up;

/// One practitioner, so that a slot is one seat; and a clinic where many can be seen at once.
const CLINIC: &str = r#"
[[service]]
id = "flu"
name = "Flu vaccine"
duration_minutes = 30

[[service]]
id = "covid"
name = "COVID-19 vaccine"
duration_minutes = 30
series = { doses = 2, min_days = 7, max_days = 14 }

[[service]]
id = "mass"
name = "Mass vaccination"
duration_minutes = 30
capacity = 1000
series = { doses = 2, min_days = 7, max_days = 14 }

[[clinic]]
id = "north"
name = "North Clinic"
time_zone = "America/New_York"
address = { street = "1 Main St", city = "Albany", state = "NY", postal_code = "12207", country = "US" }
phone = "+1 518 555 0100"

[clinic.hours]
mon = ["00:00-24:00"]
tue = ["00:00-24:00"]
wed = ["00:00-24:00"]
thu = ["00:00-24:00"]
fri = ["00:00-24:00"]
sat = ["00:00-24:00"]
sun = ["00:00-24:00"]

[[clinic.practitioner]]
id = "a"
name = "Dr. A"
"#;

/// Free slots of a service, some days from now, for one dose.
async fn slots(host: &FunctionsHost, service: &str, days: u64, dose: u8) -> Vec<String> {
    let date = healthbot_scheduler::clock::Clock::system().now().date_naive() + chrono::Days::new(days);
    let body = json!({
        "locationId": "embedded:north", "serviceId": service, "date": date.to_string(), "dose": dose, "limit": 100,
    });
    let reply = host.call("get-slots", body).await;
    let slots = reply.body["slots"].as_array().unwrap_or_else(|| panic!("no slots: {}", reply.body));
    slots.iter().map(|slot| slot["id"].as_str().expect("an id").to_owned()).collect()
}

/// The slots of both doses of a series.
async fn pair(host: &FunctionsHost, service: &str) -> [String; 2] {
    [slots(host, service, 3, 1).await[20].clone(), slots(host, service, 13, 2).await[20].clone()]
}

fn patient(number: usize) -> Value {
    json!({"name": format!("Patient {number}"), "email": format!("patient{number}@example.org")})
}

/// Sends a body and returns the very bytes that come back.
async fn sent(client: reqwest::Client, url: String, invocation: String, body: Value) -> (u16, Vec<u8>) {
    let call = client.post(url).header("X-Azure-Functions-InvocationId", invocation).json(&body);
    let answer = call.send().await.expect("an answer");
    (answer.status().as_u16(), answer.bytes().await.expect("a body").to_vec())
}

/// Sends a body a number of times at once, each as its own invocation unless one is given.
async fn at_once(host: &FunctionsHost, bodies: Vec<Value>, same: Option<&str>) -> Vec<(u16, Vec<u8>)> {
    let calls = bodies.into_iter().map(|body| {
        let invocation = same.map_or_else(invocation, str::to_owned);
        tokio::spawn(sent(host.client().clone(), host.url("/api/book"), invocation, body))
    });
    let answers = futures_util::future::join_all(calls).await;
    answers.into_iter().map(|answer| answer.expect("a call")).collect()
}

fn read(answer: &(u16, Vec<u8>)) -> Value {
    assert_eq!(answer.0, 200, "{}", String::from_utf8_lossy(&answer.1));
    serde_json::from_slice(&answer.1).expect("JSON")
}

/// The bookings in the store that stand.
fn standing(host: &FunctionsHost) -> Vec<Value> {
    let bookings = host.documents("booking/").into_iter().map(|(_, booking)| booking);
    bookings.filter(|booking| booking["state"] == "confirmed").collect()
}

/// Waits until nothing is left to be tidied up.
async fn until_tidy(host: &FunctionsHost) {
    for _ in 0..2000 {
        if host.documents("pending/").is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("markers stay: {:?}", host.documents("pending/"));
}
