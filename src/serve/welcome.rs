//! What somebody who starts the process by hand is told: where it serves, for the demo clinic three lines to try that
//! work as they are printed, and at the end where to chat with it, if that is shown.

use serde_json::{Value, json};

use crate::{
    domain::{BookBy, LocationId, PatientField, Service, ServiceId},
    http::Page,
    scheduling::{
        Caller, LocationsFound, LocationsOutcome, LocationsQuery, Scheduling, SlotsOutcome, SlotsQuery, When,
        required_fields,
    },
};

/// Prints the welcome on stdout.
pub(super) async fn print(scheduling: &Scheduling, demo: bool, page: Option<&Page>, port: u16) {
    let url = format!("http://127.0.0.1:{port}");
    if demo {
        println!("serving the demo clinic on {url}");
        print_lines(scheduling, &url).await;
    } else {
        println!("serving on {url}");
    }
    if matches!(page, Some(Page::Player(_))) {
        println!("to chat with the clinic, open {url} in a browser");
    }
}

async fn print_lines(scheduling: &Scheduling, url: &str) {
    match Box::pin(example(scheduling)).await {
        Some(example) => {
            println!("list locations, list slots, book one:");
            println!("{}", curl(url, "get-locations", &json!({"limit": 3})));
            println!("{}", curl(url, "get-slots", &example.slots));
            println!("{}", curl(url, "book", &example.book));
        }
        None => println!("{}", curl(url, "get-locations", &json!({}))),
    }
}

fn curl(url: &str, function: &str, body: &Value) -> String {
    format!("curl -s {url}/api/{function} -H 'Content-Type: application/json' -d '{body}'")
}

/// The bodies of requests that work now.
struct Example {
    slots: Value,
    book: Value,
}

async fn example(scheduling: &Scheduling) -> Option<Example> {
    let query = LocationsQuery { limit: 20, ..LocationsQuery::default() };
    let Ok(LocationsOutcome::Found(found)) = scheduling.get_locations(query).await else { return None };
    for (location, service) in offers(&found) {
        if let Some(slot) = Box::pin(first_slot(scheduling, location, &service.id)).await {
            return Some(Example {
                slots: json!({"locationId": location.as_str(), "serviceId": service.id.as_str(), "limit": 3}),
                book: json!({"slotId": slot, "patient": patient(service)}),
            });
        }
    }
    None
}

/// What can be booked with a name and a contact.
fn offers(found: &LocationsFound) -> Vec<(&LocationId, &Service)> {
    let mut offers = Vec::new();
    for location in found.sites.iter().map(|site| &site.location) {
        if location.book_by.contains(&BookBy::Chat) {
            let plain = location.services.iter().filter(|service| is_plain(service));
            offers.extend(plain.map(|service| (&location.id, &**service)));
        }
    }
    offers
}

/// Booked with one slot and no more than contact details.
fn is_plain(service: &Service) -> bool {
    service.doses() == 1
        && service.consent.is_none()
        && !service.questions.iter().any(|question| question.required)
        && service.practitioner_choice != crate::domain::PractitionerChoice::Required
        && service.min_age.is_none_or(|age| age <= 18)
        && service.max_age.is_none()
        && service.audience != crate::domain::Audience::Children
}

fn patient(service: &Service) -> Value {
    let mut patient = json!({"name": "Pat Doe", "email": "pat@example.org"});
    for field in required_fields(service) {
        match field {
            PatientField::Email => {}
            PatientField::Phone => patient["phone"] = "+1 425 555 0123".into(),
            PatientField::BirthDate => patient["birthDate"] = "1980-05-31".into(),
        }
    }
    patient
}

async fn first_slot(scheduling: &Scheduling, location: &LocationId, service: &ServiceId) -> Option<String> {
    let query = SlotsQuery {
        locations: vec![location.clone()],
        service: service.clone(),
        when: When::Soon,
        part_of_day: None,
        practitioner: None,
        dose: 1,
        after: None,
        moving: None,
        limit: 20,
        cursor: None,
        time_zone: None,
    };
    match scheduling.get_slots(query, &Caller::default()).await {
        // Not the very first: it may be gone by the time the line is tried.
        Ok(SlotsOutcome::Found(found)) => found.slots.last().map(|slot| slot.id.encode()),
        _ => None,
    }
}
