//! The simulated Graph itself: that it is as strict, and as odd, as the one it stands in for.

use std::time::Duration;

use chrono::{DateTime, Datelike, TimeDelta, TimeZone, Utc, Weekday};
use serde_json::{Value, json};

use crate::fakes::graph_simulator::{
    Created, Misbehaviour, Rule, Seed, Simulator,
    calls::Kind,
    schema::{self, Side},
};

const EASTSIDE: &str = "EastsideClinic@contoso.onmicrosoft.com";
const FLU: &str = "57da6774-a087-4d69-b0e6-6fb82c339976";
const COVID: &str = "635a7b7c-4230-4d3b-a42b-698e89927528";
const CLASS: &str = "f9b9121f-aed7-4c8c-bb3a-a1796a0b0b2d";
const DOSE: &str = "3bc6fde0-4ad3-445d-ab17-0fc15dba0774";
const DANA: &str = "311a5454-08b2-4560-ba1c-f715e938cb79";
const SAMANTHA: &str = "71d64d0e-7225-49b6-b0b1-070d476cda51";

/// A client of a simulator with the seed of the repository.
struct Client {
    graph: Simulator,
    http: reqwest::Client,
    token: String,
}

struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Value,
}

impl Client {
    async fn new() -> Self {
        let seed = Seed::from_json(include_str!("../fixtures/clinic.json")).expect("a seed");
        let graph = Simulator::start(seed).await;
        let http = healthbot_scheduler::net::builder().no_proxy().timeout(Duration::from_secs(5)).build();
        let mut client = Self { graph, http: http.expect("a client"), token: String::new() };
        client.sign_in().await;
        client
    }

    async fn sign_in(&mut self) {
        let url = format!(
            "{}/identity/token?api-version=2019-08-01&resource=https://graph.microsoft.com",
            self.graph.url()
        );
        let answer = self.http.get(url).header("X-IDENTITY-HEADER", "simulated").send().await;
        let token: Value = answer.expect("an answer").json().await.expect("a token");
        token["access_token"].as_str().expect("a token").clone_into(&mut self.token);
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> reqwest::Result<Answer> {
        let url = if path.contains("://") { path.into() } else { format!("{}/v1.0{path}", self.graph.url()) };
        let mut request = self.http.request(method.parse().expect("a method"), url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = serde_json::from_slice(&answer.bytes().await?).unwrap_or_default();
        Ok(Answer { status, headers, body })
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await.expect("an answer")
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Some(body)).await.expect("an answer")
    }

    async fn book(&self, body: Value) -> Answer {
        self.post(&appointments(), body).await
    }
}

fn eastside() -> String {
    format!("/solutions/bookingBusinesses/{}", EASTSIDE.replace('@', "%40"))
}

fn appointments() -> String {
    format!("{}/appointments", eastside())
}

fn appointment(id: &Value) -> String {
    format!("{}/{}", appointments(), id.as_str().expect("an id").replace('/', "%2F"))
}

/// Ten in the morning at Eastside, on the Tuesday after next.
fn ten() -> DateTime<Utc> {
    let today = now().date_naive();
    let tuesday = today.iter_days().skip(8).find(|date| date.weekday() == Weekday::Tue).expect("a Tuesday");
    let local = tuesday.and_hms_opt(10, 0, 0).expect("a time");
    chrono_tz::America::Los_Angeles.from_local_datetime(&local).single().expect("a time").to_utc()
}

#[expect(clippy::disallowed_methods, reason = "the simulator keeps the machine's time")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

fn time(at: DateTime<Utc>) -> Value {
    json!({"dateTime": at.to_rfc3339(), "timeZone": "UTC"})
}

fn visit(service: &str, staff: &str, start: DateTime<Utc>, minutes: i64) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.bookingAppointment",
        "serviceId": service,
        "staffMemberIds": [staff],
        "startDateTime": time(start),
        "endDateTime": time(start + TimeDelta::minutes(minutes)),
        "serviceNotes": "a reference",
        "optOutOfCustomerEmail": false,
        "customers": [customer("Ann Example")],
    })
}

fn customer(name: &str) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.bookingCustomerInformation",
        "name": name,
        "emailAddress": "ann@example.com",
    })
}

fn flu(start: DateTime<Utc>) -> Value {
    visit(FLU, DANA, start, 20)
}

#[tokio::test]
async fn without_a_token_that_holds_nothing_is_told() {
    let mut client = Client::new().await;
    assert_eq!(client.get(&eastside()).await.status, 200);
    client.graph.revoke_tokens();
    let refused = client.get(&eastside()).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.body["error"]["code"], "InvalidAuthenticationToken");
    client.sign_in().await;
    assert_eq!(client.get(&eastside()).await.status, 200);
    client.graph.set_roles(&["BookingsAppointment.ReadWrite.All"]);
    assert_eq!(client.get("/solutions/bookingBusinesses").await.status, 403);
    assert_eq!(client.get(&eastside()).await.status, 200);
}

#[tokio::test]
async fn an_appointment_is_made_read_moved_and_cancelled() {
    let client = Client::new().await;
    let made = client.book(flu(ten())).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let path = appointment(&made.body["id"]);
    assert_eq!(client.get(&path).await.body["serviceNotes"], "a reference");
    assert_eq!(client.get(&appointments()).await.body["value"][0]["serviceNotes"], Value::Null);
    let later = ten() + TimeDelta::hours(1);
    let moved = json!({"startDateTime": time(later), "endDateTime": time(later + TimeDelta::minutes(20))});
    assert_eq!(client.send("PATCH", &path, Some(moved)).await.expect("an answer").status, 204);
    let read = client.get(&path).await.body;
    let told = later.format("%Y-%m-%dT%H:%M:%S.0000000Z").to_string();
    assert_eq!(read["startDateTime"], json!({"dateTime": told, "timeZone": "UTC"}));
    assert_eq!(read["filledAttendeesCount"], 1);
    let words = json!({"cancellationMessage": "See you another time."});
    assert_eq!(client.post(&format!("{path}/cancel"), words.clone()).await.status, 204);
    assert_eq!(client.post(&format!("{path}/microsoft.graph.cancel"), words).await.status, 404);
    let kinds: Vec<Value> = client.graph.messages().iter().map(|message| message["kind"].clone()).collect();
    assert_eq!(kinds, ["confirmation", "update", "cancellation"]);
    assert_eq!(client.graph.violations(), [""; 0]);
}

#[tokio::test]
async fn a_taken_place_is_an_unknown_error() {
    let client = Client::new().await;
    assert_eq!(client.book(flu(ten())).await.status, 201);
    let mut beside = visit(COVID, DANA, ten() + TimeDelta::minutes(10), 20);
    beside["customers"][0]["customQuestionAnswers"] = json!([{"questionId": DOSE, "answer": "First"}]);
    for taken in [flu(ten()), beside] {
        let refused = client.book(taken).await;
        assert_eq!((refused.status, &refused.body["error"]["code"]), (500, &json!("UnknownError")));
        assert_eq!(refused.body["error"]["message"], "");
    }
    assert_eq!(client.graph.appointments(EASTSIDE).len(), 1);
    assert_eq!(client.book(flu(ten() + TimeDelta::minutes(20))).await.status, 201);
}

#[tokio::test]
async fn the_rules_for_applications_are_kept() {
    let client = Client::new().await;
    let mut without_staff = flu(ten());
    without_staff["staffMemberIds"] = json!([]);
    let mut without_type = flu(ten());
    without_type["customers"] = json!([{"name": "Ann Example"}]);
    let far = ten() + TimeDelta::days(91);
    let cases = [
        without_staff,
        without_type,
        visit(CLASS, DANA, ten(), 60),
        visit(FLU, DANA, ten(), 30),
        visit(COVID, DANA, ten(), 20),
        flu(ten() - TimeDelta::hours(3)),
        flu(far),
        flu(ten() - TimeDelta::days(21)),
    ];
    for wrong in cases {
        let refused = client.book(wrong.clone()).await;
        assert_eq!(refused.status, 400, "{wrong} {}", refused.body);
    }
    client.graph.change_business(EASTSIDE, |business| {
        business["schedulingPolicy"]["allowStaffSelection"] = false.into();
    });
    assert_eq!(client.book(flu(ten())).await.status, 400);
    assert_eq!(client.graph.violations(), [""; 0]);
}

#[tokio::test]
async fn a_group_takes_customers_who_exist_and_drops_the_others() {
    let client = Client::new().await;
    let ann = json!({"@odata.type": "#microsoft.graph.bookingCustomer", "displayName": "Ann Example"});
    let ann = client.post(&format!("{}/customers", eastside()), ann).await;
    assert_eq!(ann.status, 201, "{}", ann.body);
    let mut class = visit(CLASS, SAMANTHA, ten(), 60);
    class["customers"][0]["customerId"] = ann.body["id"].clone();
    class["customers"].as_array_mut().expect("customers").push(customer("Bob Example"));
    let made = client.book(class.clone()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["filledAttendeesCount"], 1);
    assert_eq!(client.book(class).await.status, 500);
    let asked = json!({"staffIds": [SAMANTHA], "startDateTime": time(ten()), "endDateTime": time(ten() + TimeDelta::hours(1))});
    let free = client.post(&format!("{}/getStaffAvailability", eastside()), asked).await.body;
    assert_eq!(free["value"][0]["availabilityItems"][0]["status"], "slotsAvailable");
    client.graph.misbehave(Rule::new(Misbehaviour::IntruderInGroup));
    let patch = json!({"appointmentLabel": "a label"});
    client.send("PATCH", &appointment(&made.body["id"]), Some(patch)).await.expect("an answer");
    assert_eq!(client.get(&appointment(&made.body["id"])).await.body["filledAttendeesCount"], 2);
}

#[tokio::test]
async fn availability_is_hours_less_what_is_booked() {
    let client = Client::new().await;
    client.graph.book_as_somebody(EASTSIDE, FLU, DANA, ten());
    let asked = |zone: &str| {
        let at = |time: DateTime<Utc>| json!({"dateTime": time.format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": zone});
        json!({"staffIds": [DANA], "startDateTime": at(ten() - TimeDelta::hours(5)), "endDateTime": at(ten() + TimeDelta::hours(12))})
    };
    let path = format!("{}/getStaffAvailability", eastside());
    let told = client.post(&path, asked("UTC")).await;
    let statuses = |body: &Value, key: &str| -> Vec<Value> {
        let items = body[key][0]["availabilityItems"].as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item["status"].clone()).collect()
    };
    assert_eq!(statuses(&told.body, "value"), ["available", "busy", "available"]);
    assert_eq!(client.post(&path, asked("America/Los_Angeles")).await.status, 500);
    client.graph.misbehave(Rule::new(Misbehaviour::StaffAvailabilityItemKey));
    client.graph.misbehave(Rule::new(Misbehaviour::BusyIgnored));
    let told = client.post(&path, asked("UTC")).await;
    assert_eq!(statuses(&told.body, "staffAvailabilityItem"), ["Available"]);
    assert_eq!(client.graph.violations(), [""; 0]);
}

#[tokio::test]
async fn a_batch_answers_each_part() {
    let client = Client::new().await;
    let business = eastside();
    let parts = json!({"requests": [
        {"id": "1", "method": "GET", "url": business},
        {"id": "2", "method": "GET", "url": format!("{business}/services?$count=true")},
        {"id": "3", "method": "POST", "url": appointments(), "headers": {"content-type": "application/json"}, "body": flu(ten())},
        {"id": "4", "method": "GET", "url": format!("{}/nobody", appointments())},
    ]});
    let answer = client.post("/$batch", parts).await;
    assert_eq!(answer.status, 200);
    let status = |id: &str| {
        let answers = answer.body["responses"].as_array().expect("answers");
        answers.iter().find(|part| part["id"] == id).map(|part| part["status"].clone())
    };
    assert_eq!(["1", "2", "3", "4"].map(status), [200, 200, 201, 404].map(|status| Some(json!(status))));
    let counts = client.graph.counts();
    assert_eq!((counts.round_trips, counts.inner), (1, 4));
    let twice = json!({"requests": [{"id": "1", "method": "GET", "url": "/a"}, {"id": "1", "method": "GET", "url": "/a"}]});
    assert_eq!(client.post("/$batch", twice).await.status, 400);
}

#[tokio::test]
async fn lists_have_pages_and_a_top_that_cuts_them_short() {
    let client = Client::new().await;
    client.graph.set_page_size(2);
    for number in 0..5 {
        client.graph.book_as_somebody(EASTSIDE, FLU, DANA, ten() + TimeDelta::hours(number));
    }
    let at = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let window = format!("start={}&end={}", at(ten()), at(ten() + TimeDelta::hours(4)));
    let mut next = Some(format!("{}/calendarView?{window}", eastside()));
    let mut sizes = Vec::new();
    while let Some(path) = next {
        let page = client.get(&path).await.body;
        sizes.push(page["value"].as_array().expect("a page").len());
        next = page["@odata.nextLink"].as_str().map(Into::into);
    }
    assert_eq!(sizes, [2, 2], "the fifth begins when the window ends");
    let cut = client.get(&format!("{}?$top=2", appointments())).await.body;
    assert_eq!((cut["value"].as_array().map(Vec::len), cut.get("@odata.nextLink")), (Some(2), None));
    assert_eq!(client.graph.violations(), [""; 0]);
}

#[tokio::test]
async fn what_the_schema_does_not_know_is_a_violation() {
    let client = Client::new().await;
    let mut misspelt = flu(ten());
    misspelt["start"] = time(ten());
    let mut wrong = flu(ten());
    wrong["customers"][0]["name"] = 7.into();
    for body in [misspelt, wrong] {
        assert_eq!(client.book(body).await.status, 400);
    }
    assert_eq!(client.get(&format!("{}/rooms", eastside())).await.status, 400);
    assert_eq!(client.graph.violations().len(), 3);
    assert!(client.graph.appointments(EASTSIDE).is_empty());
}

#[tokio::test]
async fn microsofts_own_request_is_no_violation() {
    let client = Client::new().await;
    let example = include_str!("../fixtures/graph-examples/bookings.create-appointment.request.json");
    let refused = client.book(serde_json::from_str(example).expect("JSON")).await;
    assert_eq!(refused.body["error"]["message"], "Invalid Staff", "{:?}", client.graph.violations());
    assert_eq!(client.graph.violations(), [""; 0]);
}

#[tokio::test]
async fn connections_break_before_and_after_the_work_is_done() {
    let client = Client::new().await;
    let on_create = |what| Rule::new(what).on("POST", "appointments").times(1);
    client.graph.misbehave(on_create(Misbehaviour::ResetBefore));
    client.graph.misbehave(on_create(Misbehaviour::ResetAfterCommit).after(1));
    assert!(client.send("POST", &appointments(), Some(flu(ten()))).await.is_err());
    assert_eq!(client.graph.appointments(EASTSIDE).len(), 0);
    assert!(client.send("POST", &appointments(), Some(flu(ten()))).await.is_err());
    assert_eq!(client.graph.counts().by_call.values().sum::<u64>(), 2);
}

#[tokio::test]
async fn somebody_can_be_faster_and_both_can_be_let_through() {
    let client = Client::new().await;
    client.graph.misbehave(Rule::new(Misbehaviour::Intruder).times(1));
    assert_eq!(client.book(flu(ten())).await.status, 500);
    let other = ten() + TimeDelta::hours(1);
    client.graph.misbehave(Rule::new(Misbehaviour::IntruderLetThrough).created(Created::Later).times(1));
    let ours = client.book(flu(other)).await;
    assert_eq!(ours.status, 201);
    let all = client.graph.appointments(EASTSIDE);
    assert_eq!(all.len(), 3);
    let created = |value: &Value| value["createdDateTime"].as_str().expect("a time").to_owned();
    assert!(created(&all[1]) > created(&ours.body));
}

#[tokio::test]
async fn an_id_with_a_slash_can_be_read_and_cancelled_but_not_changed() {
    let client = Client::new().await;
    client.graph.misbehave(Rule::new(Misbehaviour::SlashIds));
    let made = client.book(flu(ten())).await;
    let path = appointment(&made.body["id"]);
    assert!(path.contains("%2F"));
    assert_eq!(client.get(&path).await.status, 200);
    let patched =
        client.send("PATCH", &path, Some(json!({"serviceNotes": "other"}))).await.expect("an answer");
    assert_eq!(patched.status, 400);
    assert_eq!(client.send("DELETE", &path, None).await.expect("an answer").status, 204);
}

#[tokio::test]
async fn a_mailbox_serves_four_at_a_time() {
    let client = Client::new().await;
    client.graph.set_latency(Duration::from_millis(200));
    let business = eastside();
    let all = futures_util::future::join_all((0..6).map(|_| client.get(&business))).await;
    let throttled = all.iter().filter(|answer| answer.status == 429);
    assert_eq!(throttled.filter(|answer| answer.headers.contains_key("retry-after")).count(), 2);
    assert_eq!(client.graph.counts().most_in_flight[EASTSIDE], 5);
}

#[tokio::test]
async fn everything_seeded_reads_as_the_schema_has_it() {
    let client = Client::new().await;
    let listed = client.get("/solutions/bookingBusinesses?query=side").await.body;
    let listed = listed["value"].as_array().expect("businesses");
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0], json!({"id": EASTSIDE, "displayName": "Eastside Clinic"}));
    for business in listed {
        let path = format!("/solutions/bookingBusinesses/{}", business["id"].as_str().expect("an id"));
        assert_eq!(client.get(&path).await.status, 200);
        for part in ["services", "staffMembers", "customQuestions", "customers", "appointments"] {
            let all = client.get(&format!("{path}/{part}")).await.body["value"].clone();
            for one in all.as_array().expect("a list") {
                let path = format!("{path}/{part}/{}", one["id"].as_str().expect("an id"));
                assert_eq!(client.get(&path).await.body["id"], one["id"]);
            }
        }
    }
    let services = client.get(&format!("{}/services", eastside())).await.body;
    assert_eq!(services["value"][0]["defaultReminders"], json!([]));
    let service = client.get(&format!("{}/services/{FLU}", eastside())).await.body;
    assert_eq!(service["defaultReminders"].as_array().map(Vec::len), Some(1));
    assert_eq!(client.graph.violations(), [""; 0]);
}

#[tokio::test]
async fn the_control_endpoint_does_what_tests_do() {
    let client = Client::new().await;
    let control = |what: &str| format!("{}/control/{what}", client.graph.url());
    let book = json!({"book": {"business": EASTSIDE, "service": FLU, "staff": DANA, "start": ten()}});
    let booked = client.post(&control("somebody"), book).await;
    assert_eq!(booked.status, 200, "{}", booked.body);
    let rules = json!([{"what": "error503", "on": {"path": "bookingBusinesses/{id}"}, "times": 1}]);
    assert_eq!(client.post(&control("misbehave"), rules).await.status, 204);
    let refused = client.get(&eastside()).await;
    assert_eq!(refused.status, 503);
    assert!(refused.headers["retry-after"].to_str().is_ok_and(|date| date.ends_with("GMT")));
    assert_eq!(client.get(&eastside()).await.status, 200);
    let wrong = client.post(&control("misbehave"), json!([{"what": "sulk"}])).await;
    assert_eq!(wrong.status, 400);
    for (what, body) in [("latency", json!({"ms": 1})), ("seed", json!({"seed": 7})), ("roles", json!([]))] {
        assert_eq!(client.post(&control(what), body).await.status, 204);
    }
    let denied = client.get(&eastside()).await;
    assert_eq!((denied.status, &denied.body["error"]["code"]), (403, &json!("Authorization_RequestDenied")));
    let state = client.get(&control("state")).await.body;
    assert_eq!(state["businesses"][0]["appointments"][0]["id"], booked.body["id"]);
    assert_eq!(state["counts"]["roundTrips"], 3);
}

#[tokio::test]
async fn lists_can_be_as_odd_as_they_have_been_seen() {
    let client = Client::new().await;
    client.graph.book_as_somebody(EASTSIDE, FLU, DANA, ten());
    for what in [
        Misbehaviour::EmptyCustomers,
        Misbehaviour::OldNames,
        Misbehaviour::MissingCreated,
        Misbehaviour::ForeignNextLink,
        Misbehaviour::OddZones,
    ] {
        client.graph.misbehave(Rule::new(what));
    }
    let day = (ten().format("%Y-%m-%dT00:00:00Z"), (ten() + TimeDelta::days(1)).format("%Y-%m-%dT00:00:00Z"));
    let view = client.get(&format!("{}/calendarView?start={}&end={}", eastside(), day.0, day.1)).await.body;
    let item = &view["value"][0];
    assert_eq!(item["customers"], json!([]));
    assert!(item["start"].is_object() && item.get("startDateTime").is_none());
    assert!(item.get("createdDateTime").is_none() && item.get("filledAttendeesCount").is_none());
    assert!(view["@odata.nextLink"].as_str().is_some_and(|link| !link.starts_with(&client.graph.url())));
    let business = client.get(&eastside()).await.body;
    assert_eq!(business["bookingPageSettings"]["businessTimeZone"], "Pacific Standard Time");
    let staff = client.get(&format!("{}/staffMembers/{DANA}", eastside())).await.body;
    assert_eq!(staff["timeZone"], "(UTC-08:00) Pacific Time (US & Canada)");
    client.graph.behave();
    client.graph.misbehave(Rule::new(Misbehaviour::UnknownZone));
    let business = client.get(&eastside()).await.body;
    assert_eq!(business["bookingPageSettings"]["businessTimeZone"], "Middle Earth Standard Time");
}

#[tokio::test]
async fn a_write_can_land_late_or_elsewhere_or_without_an_answer() {
    let client = Client::new().await;
    let once = |what| Rule::new(what).on("POST", "appointments").times(1);
    client.graph.misbehave(once(Misbehaviour::LandsLate).delay_ms(50));
    assert_eq!(client.book(flu(ten())).await.status, 500);
    assert_eq!(client.graph.appointments(EASTSIDE).len(), 0);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(client.graph.appointments(EASTSIDE).len(), 1);
    client.graph.misbehave(once(Misbehaviour::WrongPlace));
    let made = client.book(flu(ten() + TimeDelta::hours(1))).await;
    let told = (ten() + TimeDelta::hours(2)).format("%Y-%m-%dT%H:%M:%S.0000000Z").to_string();
    assert_eq!(made.body["startDateTime"]["dateTime"], told);
    client.graph.misbehave(once(Misbehaviour::Error500ThoughCreated));
    assert_eq!(client.book(flu(ten() + TimeDelta::hours(3))).await.status, 500);
    client.graph.misbehave(once(Misbehaviour::HangThoughCreated));
    let slow =
        tokio::time::timeout(Duration::from_millis(300), client.book(flu(ten() + TimeDelta::hours(4))));
    assert!(slow.await.is_err());
    assert_eq!(client.graph.appointments(EASTSIDE).len(), 4);
    client.graph.misbehave(Rule::new(Misbehaviour::Garbage).times(1));
    let page = client.get(&eastside()).await;
    assert_eq!((page.status, page.body), (200, Value::Null));
}

#[tokio::test]
async fn one_part_can_spoil_its_batch() {
    let client = Client::new().await;
    client.graph.misbehave(Rule::new(Misbehaviour::ResetBefore).on("POST", "appointments").times(1));
    client.graph.misbehave(Rule::new(Misbehaviour::Throttled).on("GET", "services").times(1));
    let headers = json!({"Content-Type": "application/json"});
    let parts = json!({"requests": [
        {"id": "1", "method": "POST", "url": appointments(), "headers": headers, "body": flu(ten())},
        {"id": "2", "method": "GET", "url": format!("{}/services", eastside())},
    ]});
    assert!(client.send("POST", "/$batch", Some(parts.clone())).await.is_err());
    assert!(client.graph.appointments(EASTSIDE).is_empty());
    client.graph.misbehave(Rule::new(Misbehaviour::Throttled).on("GET", "services").times(1));
    let answer = client.post("/$batch", parts).await.body;
    let answers = answer["responses"].as_array().expect("answers");
    let throttled = answers.iter().find(|part| part["id"] == "2").expect("an answer");
    assert_eq!((&throttled["status"], &throttled["headers"]["Retry-After"]), (&json!(429), &json!("0.128")));
}

#[tokio::test]
async fn the_policy_that_holds_limits_the_hours() {
    let client = Client::new().await;
    let morning = json!([{"day": "tuesday", "timeSlots": [{"startTime": "08:00:00.0000000", "endTime": "10:20:00.0000000"}]}]);
    client.graph.change_service(EASTSIDE, FLU, |service| {
        service["schedulingPolicy"] = json!({
            "timeSlotInterval": "PT20M", "minimumLeadTime": "PT1H", "maximumAdvance": "P90D",
            "allowStaffSelection": true, "sendConfirmationsToOwner": false, "customAvailabilities": [],
            "generalAvailability": {"availabilityType": "customWeeklyHours", "businessHours": morning},
        });
    });
    assert_eq!(client.book(flu(ten() + TimeDelta::minutes(20))).await.status, 400);
    assert_eq!(client.book(flu(ten())).await.status, 201);
    let date = ten().format("%Y-%m-%d").to_string();
    client.graph.change_service(EASTSIDE, FLU, |service| {
        service["schedulingPolicy"]["customAvailabilities"] =
            json!([{"startDate": date, "endDate": date, "availabilityType": "notBookable", "businessHours": []}]);
    });
    assert_eq!(client.book(flu(ten() - TimeDelta::hours(1))).await.status, 400);
    assert_eq!(client.graph.violations(), [""; 0]);
}

#[test]
fn microsofts_own_examples_are_as_the_schema_has_them() {
    let examples = [
        ("calendar-view.response", Kind::CalendarView),
        ("cancel-appointment.request", Kind::CancelAppointment),
        ("create-appointment.request", Kind::CreateAppointment),
        ("create-appointment.response", Kind::CreateAppointment),
        ("create-customer.request", Kind::CreateCustomer),
        ("get-appointment.response", Kind::GetAppointment),
        ("get-business.response", Kind::GetBusiness),
        ("get-staff-availability.request", Kind::StaffAvailability),
        ("get-staff-availability.response", Kind::StaffAvailability),
        ("list-appointments.response", Kind::ListAppointments),
        ("list-businesses.response", Kind::ListBusinesses),
        ("list-services.response", Kind::ListServices),
        ("list-staff-members.response", Kind::ListStaffMembers),
        ("update-appointment.request", Kind::UpdateAppointment),
    ];
    for (name, kind) in examples {
        let path =
            format!("{}/tests/fixtures/graph-examples/bookings.{name}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("an example");
        let side = if name.ends_with("request") { Side::Request } else { Side::Answer };
        let faults = schema::faults(kind, side, &serde_json::from_str(&text).expect("JSON"));
        assert_eq!(faults, [""; 0], "{name}");
    }
}

#[tokio::test]
async fn of_two_busy_times_that_meet_the_second_can_be_shown_as_available() {
    let client = Client::new().await;
    for minutes in [0, 10] {
        client.graph.book_as_somebody(EASTSIDE, FLU, DANA, ten() + TimeDelta::minutes(minutes));
    }
    let asked = json!({"staffIds": [DANA], "startDateTime": time(ten()), "endDateTime": time(ten() + TimeDelta::hours(1))});
    let path = format!("{}/getStaffAvailability", eastside());
    let busy = |body: &Value| {
        let items = body["value"][0]["availabilityItems"].as_array().cloned().unwrap_or_default();
        items.iter().filter(|item| item["status"] == "busy").count()
    };
    assert_eq!(busy(&client.post(&path, asked.clone()).await.body), 2);
    client.graph.misbehave(Rule::new(Misbehaviour::MergedOverlaps));
    assert_eq!(busy(&client.post(&path, asked).await.body), 1);
}

#[tokio::test]
async fn a_group_can_drop_a_customer_who_exists_and_a_change_can_be_refused() {
    let client = Client::new().await;
    let id = client.graph.book_as_somebody(EASTSIDE, CLASS, SAMANTHA, ten());
    let path = appointment(&json!(id));
    let ann = json!({"@odata.type": "#microsoft.graph.bookingCustomer", "displayName": "Ann Example"});
    let ann = client.post(&format!("{}/customers", eastside()), ann).await.body;
    let mut customers = client.get(&path).await.body["customers"].clone();
    let mut added = customer("Ann Example");
    added["customerId"] = ann["id"].clone();
    customers.as_array_mut().expect("customers").push(added);
    let change = json!({"customers": customers});
    client.graph.misbehave(Rule::new(Misbehaviour::DroppedCustomer).times(1));
    for filled in [1, 2] {
        let patched = client.send("PATCH", &path, Some(change.clone())).await.expect("an answer");
        assert_eq!(patched.status, 204, "{}", patched.body);
        assert_eq!(client.get(&path).await.body["filledAttendeesCount"], filled);
    }
    client.graph.misbehave(Rule::new(Misbehaviour::RefusePatch));
    assert_eq!(client.send("PATCH", &path, Some(change)).await.expect("an answer").status, 400);
    assert_eq!(client.graph.violations(), [""; 0]);
}
