//! What is set up wrongly is said in one precise sentence to whoever runs it, and kindly to patients.

use serde_json::{Value, json};

use super::practice::{EASTSIDE, FLU, PLAIN, Practice};
use crate::fakes::graph_simulator::{Misbehaviour, Rule, Simulator};

/// The checks that failed, as `name: came back; to do`.
async fn failures(practice: &Practice) -> Vec<String> {
    let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
    let failed = practice.checks().await.into_iter().filter(|check| check["ok"] == false);
    failed
        .map(|check| {
            format!("{}: {}; {}", text(&check, "name"), text(&check, "cameBack"), text(&check, "remedy"))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_practice_in_order_passes_and_is_left_as_it_was() {
    let practice = Practice::open(PLAIN).await;
    assert_eq!(failures(&practice).await, Vec::<String>::new());
    let asked: Vec<String> =
        practice.checks().await.iter().map(|check| check["asked"].as_str().unwrap().to_owned()).collect();
    for question in [
        "is there a token for Graph?",
        "may the availability of staff be read?",
        "may appointments be written?",
    ] {
        assert!(asked.iter().any(|asked| asked == question), "{question}: {asked:?}");
    }
    assert!(practice.graph.appointments(EASTSIDE).is_empty() && practice.graph.messages().is_empty());
}

async fn one_failure(configuration: &str, prepare: impl FnOnce(&Simulator), expected: &[&str]) {
    let practice = Practice::prepared(configuration, prepare).await;
    let failures = failures(&practice).await;
    for part in expected {
        assert!(failures.iter().any(|failure| failure.contains(part)), "`{part}` in {failures:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_business_that_is_not_there_is_named() {
    let wrong = "[bookings]\nbusinesses = [\"Nowhere@contoso.onmicrosoft.com\"]\n";
    one_failure(wrong, |_| {}, &["Nowhere@contoso.onmicrosoft.com", "`businesses` of `[bookings]`"]).await;
    let practice = Practice::open(wrong).await;
    let reply = practice.call("get-locations", json!({})).await;
    assert_eq!((reply.status, &reply.body["code"]), (503, &json!("misconfigured")));
    assert!(!reply.body.to_string().contains("Nowhere"), "{}", reply.body);
    assert!(practice.host.log().contains("there is no Bookings business `Nowhere@contoso.onmicrosoft.com`"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zone_nobody_knows_is_named_with_its_business() {
    let unknown = |graph: &Simulator| {
        graph.change_business(EASTSIDE, |business| {
            business["bookingPageSettings"]["businessTimeZone"] = "Middle Earth Standard Time".into();
        });
    };
    one_failure(PLAIN, unknown, &["Middle Earth Standard Time", EASTSIDE, "set `time_zone`"]).await;
    // The other business goes on.
    let practice = Practice::prepared(PLAIN, unknown).await;
    let reply = practice.well("get-locations", json!({})).await;
    assert_eq!(reply["locations"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_permission_is_named_with_the_script_that_grants_it() {
    let only_appointments = |graph: &Simulator| graph.set_roles(&["BookingsAppointment.ReadWrite.All"]);
    one_failure(PLAIN, only_appointments, &["infra/grant-graph-permissions.sh"]).await;
    let practice = Practice::prepared(PLAIN, |graph| graph.set_roles(&["Bookings.Read.All"])).await;
    let checks = practice.checks().await;
    let messages =
        checks.iter().find(|check| check["asked"] == "are patients told of cancellations?").unwrap();
    assert!(messages["cameBack"].as_str().unwrap().contains("Bookings.ReadWrite.All"), "{messages}");
    let practice = Practice::prepared(PLAIN, |graph| graph.set_roles(&[])).await;
    let reply = practice.call("get-locations", json!({})).await;
    assert_eq!((reply.status, &reply.body["code"]), (503, &json!("misconfigured")), "{}", reply.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_that_nobody_could_be_booked_for_are_named() {
    let prepare = |graph: &Simulator| {
        graph.change_service(EASTSIDE, FLU, |service| service["staffMemberIds"] = json!([]));
        graph.change_business(EASTSIDE, |business| {
            business["schedulingPolicy"]["allowStaffSelection"] = false.into();
        });
    };
    one_failure(PLAIN, prepare, &["Flu vaccine: no; assign staff", "allowStaffSelection"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_identity_that_is_refused_says_so() {
    let refused = |graph: &Simulator| graph.break_identity(Some((400, json!({"error": "invalid_request"}))));
    one_failure(PLAIN, refused, &["no token for Graph", "AZURE_CLIENT_ID"]).await;
    let practice = Practice::prepared(PLAIN, refused).await;
    let reply = practice.call("get-locations", json!({})).await;
    assert_eq!((reply.status, &reply.body["code"]), (503, &json!("misconfigured")), "{}", reply.body);
    practice.graph.break_identity(None);
    assert_eq!(
        practice.well("get-locations", json!({})).await["outcome"],
        "ok",
        "nothing has to be restarted"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_was_revoked_is_renewed() {
    let practice = Practice::open(PLAIN).await;
    assert!(!practice.slots(FLU).await.is_empty());
    practice.graph.revoke_tokens();
    let slots = practice
        .slots_at(&format!("bookings:{}", super::practice::LAKESIDE), "6eb14f95-6270-41a8-93cf-a0d26475f819")
        .await;
    assert!(!slots.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_none_of_graphs_is_a_failure_without_its_text() {
    let practice = Practice::prepared(PLAIN, |graph| graph.misbehave(Rule::new(Misbehaviour::Garbage))).await;
    let reply = practice.call("get-locations", json!({})).await;
    assert_eq!((reply.status, &reply.body["code"]), (502, &json!("providerFailed")), "{}", reply.body);
    let log = practice.host.log();
    assert!(log.contains("cannot be read") && log.contains("request_id") && !log.contains("<html"), "{log}");
}
