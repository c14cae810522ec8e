//! The town as Microsoft Bookings has it: a business per clinic, made from the same file, and what Bookings has no
//! word for laid over it in `[bookings]`.

use std::fmt::Write as _;

use healthbot_scheduler::provider::{Capabilities, Record};
use serde_json::{Value, json};

use super::{Town, town::scheduling_toml};
use crate::fakes::{
    functions_host::FunctionsHost,
    graph_simulator::{BusinessSeed, Seed, Simulator},
};

/// What the services of a `[[service]]` have that Bookings has not.
const LAID_OVER: [&str; 9] = [
    "series",
    "requires",
    "consent",
    "min_age",
    "max_age",
    "audience",
    "practitioner_choice",
    "cancel_notice_minutes",
    "max_open_per_contact",
];

/// The town, over a simulated Graph.
pub(crate) async fn town() -> Town {
    let (graph, host) = open().await;
    let can = Capabilities {
        record: Record::Vendor,
        shared_objects: true,
        fixed_openings: false,
        reschedule: true,
    };
    Town::new(host, "bookings", can).over(graph)
}

/// What a file of clinics would be in Microsoft Bookings, and the configuration for that.
pub(crate) async fn in_bookings(scheduling: &str) -> (Simulator, String) {
    let town = toml::from_str::<Value>(scheduling).expect("clinics");
    (Simulator::start(seed(&town)).await, configuration(&town))
}

/// A host over a simulated Graph.
async fn open() -> (Simulator, FunctionsHost) {
    let (graph, configuration) = in_bookings(&scheduling_toml()).await;
    let mut host = FunctionsHost::prepared(Some(&configuration));
    for (name, value) in graph.settings() {
        host.set(name, &value);
    }
    host.spawn();
    host.until_ready().await;
    (graph, host)
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value[key].as_array().into_iter().flatten()
}

fn id(value: &Value) -> &str {
    value["id"].as_str().expect("an id")
}

fn business_id(clinic: &Value) -> String {
    format!("{}@town.onmicrosoft.com", id(clinic))
}

/// `[bookings]` for the town.
fn configuration(town: &Value) -> String {
    let ids: Vec<String> = list(town, "clinic").map(|clinic| format!("{:?}", business_id(clinic))).collect();
    let mut text = format!("[bookings]\nbusinesses = [{}]\n", ids.join(", "));
    for clinic in list(town, "clinic") {
        let _ = write!(
            text,
            "\n[[bookings.business]]\nid = {:?}\nlocation = {:?}\n",
            business_id(clinic),
            id(clinic)
        );
        if clinic["position"].is_object() {
            let _ = writeln!(text, "position = {}", inline(&clinic["position"]));
        }
    }
    for service in list(town, "service") {
        let _ = write!(
            text,
            "\n[[bookings.service]]\nid = {:?}\nname = {}\n",
            id(service),
            inline(&service["name"])
        );
        for key in LAID_OVER.into_iter().filter(|key| !service[*key].is_null()) {
            let _ = writeln!(text, "{key} = {}", inline(&service[key]));
        }
        if service["questions"].is_array() {
            let _ = writeln!(text, "questions = {}", inline(&service["questions"]));
        }
    }
    text
}

/// A value as TOML has it in one line.
fn inline(value: &Value) -> String {
    match value {
        Value::Object(table) => {
            let pairs: Vec<String> =
                table.iter().map(|(key, value)| format!("{key} = {}", inline(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        plain => plain.to_string(),
    }
}

/// The town's businesses.
fn seed(town: &Value) -> Seed {
    let businesses = list(town, "clinic").map(|clinic| business(town, clinic)).collect();
    Seed { businesses, ..Seed::default() }
}

fn business(town: &Value, clinic: &Value) -> BusinessSeed {
    let address = &clinic["address"];
    let page_only = !list(clinic, "book_by").any(|way| way == "chat") && clinic["book_by"].is_array();
    let closed = list(clinic, "closed").map(|date| {
        json!({"startDate": date, "endDate": date, "availabilityType": "notBookable", "businessHours": []})
    });
    let closed: Vec<Value> = closed.collect();
    let business = json!({
        "id": business_id(clinic),
        "displayName": clinic["name"],
        "phone": clinic["phone"],
        "address": {
            "street": address["street"], "city": address["city"], "state": address["state"],
            "postalCode": address["postal_code"], "countryOrRegion": address["country"],
        },
        "isPublished": clinic["booking_page"].is_string(),
        "publicUrl": clinic["booking_page"],
        "businessHours": hours(&clinic["hours"]),
        "schedulingPolicy": {
            "timeSlotInterval": "PT30M", "minimumLeadTime": "PT0S", "maximumAdvance": "P60D",
            "allowStaffSelection": true, "sendConfirmationsToOwner": false,
            "customAvailabilities": closed,
        },
        "bookingPageSettings": {"businessTimeZone": clinic["time_zone"], "enforceOneTimePassword": page_only},
    });
    let offered = |service: &&Value| {
        clinic["services"].is_null() || list(clinic, "services").any(|named| *named == service["id"])
    };
    let services: Vec<Value> = list(town, "service")
        .filter(offered)
        .map(|service| self::service(service, clinic, &closed))
        .collect();
    BusinessSeed {
        business,
        services,
        staff_members: staff(clinic),
        custom_questions: list(town, "service")
            .flat_map(|service| list(service, "questions"))
            .map(question)
            .collect(),
        appointments: Vec::new(),
        customers: Vec::new(),
        personal_busy: Vec::new(),
    }
}

fn service(service: &Value, clinic: &Value, closed: &[Value]) -> Value {
    let minutes = |key: &str, otherwise: u64| format!("PT{}M", service[key].as_u64().unwrap_or(otherwise));
    let duration = service["duration_minutes"].as_u64().expect("a duration");
    let performs =
        |who: &&Value| who["services"].is_null() || list(who, "services").any(|own| *own == service["id"]);
    let mut staff: Vec<&str> = list(clinic, "practitioner").filter(performs).map(id).collect();
    if list(clinic, "practitioner").next().is_none() {
        staff.push("nobody");
    }
    json!({
        "id": service["id"],
        "displayName": service["name"]["default"].as_str().or(service["name"].as_str()),
        "defaultDuration": format!("PT{duration}M"),
        "preBuffer": minutes("buffer_before_minutes", 0),
        "postBuffer": minutes("buffer_after_minutes", 0),
        "defaultPrice": 0.0,
        "defaultPriceType": "notSet",
        "maximumAttendeesCount": service["capacity"].as_u64().unwrap_or(1),
        "staffMemberIds": staff,
        "isHiddenFromCustomers": false,
        "isLocationOnline": false,
        "smsNotificationsEnabled": false,
        "isAnonymousJoinEnabled": false,
        "languageTag": "en-US",
        "customQuestions": list(service, "questions").map(|question| json!({
            "questionId": question["id"], "isRequired": question["required"] == true,
        })).collect::<Vec<_>>(),
        "schedulingPolicy": {
            "timeSlotInterval": minutes("every_minutes", duration),
            "minimumLeadTime": minutes("min_notice_minutes", 0),
            "maximumAdvance": format!("P{}D", service["max_advance_days"].as_u64().unwrap_or(90)),
            "allowStaffSelection": true,
            "sendConfirmationsToOwner": false,
            "customAvailabilities": closed,
        },
    })
}

fn staff(clinic: &Value) -> Vec<Value> {
    let member = |id: &str, name: &Value| {
        json!({
            "@odata.type": "#microsoft.graph.bookingStaffMember", "id": id, "displayName": name,
            "role": "externalGuest", "useBusinessHours": true, "workingHours": [],
            "availabilityIsAffectedByPersonalCalendar": false, "isEmailNotificationEnabled": false,
            "membershipStatus": "active", "timeZone": clinic["time_zone"],
        })
    };
    let mut staff: Vec<Value> =
        list(clinic, "practitioner").map(|who| member(id(who), &who["name"])).collect();
    if staff.is_empty() {
        staff.push(member("nobody", &json!("Front desk")));
    }
    staff
}

fn question(question: &Value) -> Value {
    let text = |text: &Value| text["default"].as_str().or(text.as_str()).map(str::to_owned);
    let options: Vec<Option<String>> = list(question, "options").map(text).collect();
    json!({
        "id": question["id"],
        "displayName": text(&question["text"]),
        "answerInputType": if options.is_empty() { "text" } else { "radioButton" },
        "answerOptions": options,
    })
}

/// `08:00-20:00` by weekday, as Bookings has it.
fn hours(week: &Value) -> Vec<Value> {
    let days = [
        ("mon", "monday"),
        ("tue", "tuesday"),
        ("wed", "wednesday"),
        ("thu", "thursday"),
        ("fri", "friday"),
        ("sat", "saturday"),
        ("sun", "sunday"),
    ];
    let time = |text: &str| match text {
        // A day ends there, in Bookings.
        "24:00" => "00:00:00.0000000".to_owned(),
        text => format!("{text}:00.0000000"),
    };
    days.map(|(key, day)| {
        let slots = list(week, key).filter_map(Value::as_str).filter_map(|span| span.split_once('-'));
        let slots = slots.map(|(from, until)| json!({"startTime": time(from), "endTime": time(until)}));
        json!({"day": day, "timeSlots": slots.collect::<Vec<_>>()})
    })
    .into()
}
