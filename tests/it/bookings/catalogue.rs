//! Sites and services as Bookings has them, and what is laid over them.

use chrono::{TimeDelta, Timelike};
use serde_json::{Value, json};

use super::practice::{CLASS, DANA, EASTSIDE, FLU, JORDAN, LAKESIDE, ONLINE, PLAIN, Practice, start};

fn service<'a>(site: &'a Value, id: &str) -> &'a Value {
    let services = site["services"].as_array().expect("services").iter();
    let found = services.clone().find(|service| service["id"] == id);
    found.unwrap_or_else(|| panic!("`{id}` in {:?}", services.map(|of| &of["id"]).collect::<Vec<_>>()))
}

async fn sites(practice: &Practice) -> Vec<Value> {
    let reply = practice.well("get-locations", json!({"limit": 10})).await;
    reply["locations"].as_array().expect("locations").clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_business_is_a_site() {
    let practice = Practice::open(PLAIN).await;
    let sites = sites(&practice).await;
    assert_eq!(sites.len(), 2);
    let eastside = &sites[0];
    assert_eq!(eastside["id"], format!("bookings:{EASTSIDE}"));
    assert_eq!(eastside["address"]["country"], "US", "from `USA`");
    assert_eq!(eastside["timeZone"], "America/Los_Angeles");
    assert!(eastside["bookingPage"].as_str().unwrap().contains("EastsideClinic"));
    assert_eq!(eastside["bookBy"], json!(["chat", "page", "phone"]));
    assert!(eastside["position"]["latitude"].is_number(), "about where its postal code is");
    let flu = service(eastside, FLU);
    assert_eq!(
        (&flu["name"], &flu["price"], &flu["doses"]),
        (&json!("Flu vaccine"), &json!("free of charge"), &json!(1))
    );
    assert_eq!(flu["instructions"], "Please wear a shirt with short sleeves.");
    assert!(flu["bookingPage"].as_str().unwrap().contains("/bookings/s/"));
    assert_eq!(flu["practitioners"], json!([]), "no choice unless it is configured");
    let online = service(eastside, ONLINE);
    assert_eq!((&online["online"], &online["price"]), (&json!(true), &json!("25.00 USD")));
    let hidden = eastside["services"].as_array().unwrap().iter().any(|of| of["name"] == "Staff vaccination");
    assert!(!hidden, "what is hidden from customers is hidden from patients");
    let covid =
        eastside["services"].as_array().unwrap().iter().find(|of| of["name"] == "COVID-19 vaccine").unwrap();
    assert_eq!(covid["questions"][0]["options"], json!(["First", "Second", "Booster"]));
    assert_eq!(covid["questions"][0]["required"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn required_questions_are_asked_and_their_answers_arrive() {
    let practice = Practice::open(PLAIN).await;
    let covid = sites(&practice).await[0]["services"]
        .as_array()
        .unwrap()
        .iter()
        .find(|of| of["name"] == "COVID-19 vaccine")
        .unwrap()
        .clone();
    let slot = practice.slots(covid["id"].as_str().unwrap()).await[4]["id"].clone();
    let mut body = json!({"slotId": slot, "patient": {"name": "Ada Quill", "email": "ada@example.org"}});
    if let Some(consent) = covid["consent"]["id"].as_str() {
        body["patient"]["consentId"] = consent.into();
    }
    let asked = practice.well("book", body.clone()).await;
    assert_eq!(asked["outcome"], "needsInput", "{asked}");
    let question = covid["questions"][0]["id"].as_str().unwrap();
    body["patient"]["answers"] = json!({question: "booster"});
    let booked = practice.well("book", body).await;
    assert_eq!(booked["outcome"], "booked", "{booked}");
    let answers = practice.graph.appointments(EASTSIDE)[0]["customers"][0]["customQuestionAnswers"].clone();
    assert_eq!((&answers[0]["questionId"], &answers[0]["answer"]), (&json!(question), &json!("Booster")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_laid_over_is_told() {
    let practice = Practice::open(
        r#"
        [bookings]
        businesses = "*"
        practitioner_choice = "optional"

        [[bookings.business]]
        id = "EastsideClinic@contoso.onmicrosoft.com"
        location = "eastside"
        time_zone = "America/Denver"
        position = { latitude = 47.6, longitude = -122.1 }

        [[bookings.business]]
        id = "Lakeside@contoso.onmicrosoft.com"
        pause = true

        [[bookings.service]]
        id = "flu"
        services = ["Flu vaccine"]
        name = { default = "Flu shot", es = "Vacuna contra la gripe" }
        min_age = 12
        series = { doses = 2, min_days = 7, max_days = 14 }

        [[bookings.service]]
        id = "class"
        services = ["f9b9121f-aed7-4c8c-bb3a-a1796a0b0b2d"]
        hidden = true

        [[bookings.service]]
        id = "for-staff"
        services = ["Staff vaccination"]
        hidden = false
        "#,
    )
    .await;
    let reply = practice.well("get-locations", json!({"limit": 10, "locale": "es"})).await;
    let sites = reply["locations"].as_array().unwrap();
    let eastside = sites.iter().find(|site| site["id"] == "bookings:eastside").expect("by its own name");
    assert_eq!(
        (&eastside["timeZone"], &eastside["position"]["latitude"]),
        (&json!("America/Denver"), &json!(47.6))
    );
    let flu = service(eastside, "flu");
    assert_eq!(
        (&flu["name"], &flu["minAge"], &flu["doses"]),
        (&json!("Vacuna contra la gripe"), &json!(12), &json!(2))
    );
    assert_eq!(flu["practitioners"].as_array().unwrap().len(), 3);
    service(eastside, "for-staff");
    assert!(!eastside["services"].as_array().unwrap().iter().any(|of| of["name"] == "Diabetes class"));
    // One name for the same service of several businesses.
    let filtered = practice.well("get-locations", json!({"serviceId": "flu", "limit": 10})).await;
    assert_eq!(filtered["locations"].as_array().unwrap().len(), 2);
    let lakeside = sites.iter().find(|site| site["id"] == format!("bookings:{LAKESIDE}")).unwrap();
    assert_eq!(lakeside["bookBy"], json!(["page", "phone"]), "paused");
    let slots = json!({"locationId": lakeside["id"], "serviceId": "flu"});
    assert_eq!(practice.well("get-slots", slots).await["outcome"], "bookElsewhere");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_elsewhere_are_at_a_location_of_their_own() {
    let elsewhere = json!({
        "displayName": "Eastside Annex", "coordinates": {"latitude": 47.7, "longitude": -122.2},
        "address": {"street": "9 Annex Rd", "city": "Bothell", "state": "WA", "countryOrRegion": "US", "postalCode": "98011"},
    });
    let practice = Practice::prepared(
        r#"
        [bookings]
        businesses = ["EastsideClinic@contoso.onmicrosoft.com"]

        [[bookings.business]]
        id = "EastsideClinic@contoso.onmicrosoft.com"
        location = "eastside"
        locations_of_services = true
        "#,
        |graph| graph.change_service(EASTSIDE, CLASS, |service| service["defaultLocation"] = elsewhere),
    )
    .await;
    let sites = sites(&practice).await;
    let ids: Vec<&str> = sites.iter().map(|site| site["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["bookings:eastside", "bookings:eastside:eastside-annex"]);
    assert_eq!(
        (&sites[1]["name"], &sites[1]["address"]["city"]),
        (&json!("Eastside Annex"), &json!("Bothell"))
    );
    assert_eq!(sites[1]["position"]["latitude"], 47.7);
    let slot = practice.slots_at("bookings:eastside:eastside-annex", CLASS).await[0]["id"].clone();
    let body = json!({"slotId": slot, "patient": {"name": "Ada Quill", "email": "ada@example.org"}});
    assert_eq!(practice.well("book", body).await["outcome"], "booked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_consent_is_asked_and_changes_with_its_text() {
    let practice = Practice::prepared(PLAIN, |graph| {
        graph.change_business(EASTSIDE, |business| {
            let page = &mut business["bookingPageSettings"];
            page["isCustomerConsentEnabled"] = true.into();
            page["customerConsentMessage"] = "I agree to be called.".into();
            page["privacyPolicyWebUrl"] = "https://www.contoso.com/privacy".into();
        });
    })
    .await;
    let consent = service(&sites(&practice).await[0], FLU)["consent"].clone();
    assert_eq!(
        (&consent["text"], &consent["url"]),
        (&json!("I agree to be called."), &json!("https://www.contoso.com/privacy"))
    );
    let slot = practice.slots(FLU).await[3]["id"].clone();
    let mut body = json!({"slotId": slot, "patient": {"name": "Ada Quill", "email": "ada@example.org"}});
    assert_eq!(practice.well("book", body.clone()).await["outcome"], "needsInput");
    body["patient"]["consentId"] = consent["id"].clone();
    assert_eq!(practice.well("book", body).await["outcome"], "booked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hours_windows_and_personal_calendars_are_kept_to() {
    let practice = Practice::open(PLAIN).await;
    let free = practice.slots(ONLINE).await;
    // Jordan alone does this: hours of their own, a date that is not bookable, and a dentist.
    let (closed, busy) = (&free[0], &free[free.len() - 1]);
    let (date, dentist) = (closed["date"].as_str().unwrap().to_owned(), start(busy));
    practice.graph.occupy_personally(EASTSIDE, JORDAN, dentist, dentist + TimeDelta::minutes(30));
    practice.graph.change_service(EASTSIDE, ONLINE, |service| {
        service["schedulingPolicy"] = json!({
            "timeSlotInterval": "PT30M", "minimumLeadTime": "PT0S", "maximumAdvance": "P60D",
            "allowStaffSelection": true, "sendConfirmationsToOwner": false,
            "customAvailabilities": [{
                "startDate": date, "endDate": date, "availabilityType": "notBookable", "businessHours": [],
            }],
        });
    });
    let mut practice = practice;
    practice.host.restart().await;
    let left = practice.slots(ONLINE).await;
    assert!(left.iter().all(|slot| slot["date"] != date.as_str()), "the clinic is closed on {date}");
    assert!(left.iter().all(|slot| start(slot) != dentist), "Jordan is at the dentist's");
    let hours: Vec<u32> =
        left.iter().map(|slot| start(slot).with_timezone(&chrono_tz::America::Los_Angeles).hour()).collect();
    assert!(hours.iter().all(|hour| (8..18).contains(hour)), "{hours:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_least_to_do_that_day_is_booked_first() {
    let practice = Practice::open(PLAIN).await;
    let slots = practice.slots(FLU).await;
    let day = slots[slots.len() / 2]["date"].clone();
    let that_day: Vec<&Value> = slots.iter().filter(|slot| slot["date"] == day).collect();
    // Dana has two visits that day and Jordan one, made in Outlook; Samantha has none.
    for (slot, staff) in [(0, DANA), (2, DANA), (4, JORDAN)] {
        practice.graph.book_as_somebody(EASTSIDE, FLU, staff, start(that_day[slot]));
    }
    let body =
        json!({"slotId": that_day[8]["id"], "patient": {"name": "Ada Quill", "email": "ada@example.org"}});
    let booked = practice.well("book", body).await;
    assert_eq!(booked["appointments"][0]["practitioner"], "Samantha Booth", "{booked}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_doses_are_with_the_same_practitioner_where_that_is_wanted() {
    let practice = Practice::open(
        r#"
        [bookings]
        businesses = ["EastsideClinic@contoso.onmicrosoft.com"]

        [[bookings.service]]
        id = "flu"
        services = ["Flu vaccine"]
        series = { doses = 2, min_days = 7, max_days = 7 }
        same_practitioner = true
        "#,
    )
    .await;
    let patient =
        |number: u8| json!({"name": format!("Patient {number}"), "email": format!("p{number}@example.org")});
    let first = practice.slots("flu").await;
    let first =
        first.iter().filter(|slot| slot["remaining"] == 3).nth(4).expect("a slot of all three").clone();
    let week = start(&first) + TimeDelta::days(7);
    // A week later Dana and Jordan are taken, so only Samantha could do both.
    for staff in [DANA, JORDAN] {
        practice.graph.book_as_somebody(EASTSIDE, FLU, staff, week);
    }
    let second = json!({"locationId": first["locationId"], "serviceId": "flu", "dose": 2, "after": first["id"], "limit": 1000});
    let second = practice.well("get-slots", second).await;
    let second = second["slots"]
        .as_array()
        .unwrap()
        .iter()
        .find(|slot| start(slot) == week)
        .expect("a week later")
        .clone();
    assert_eq!(second["remaining"], 1);
    let pair = json!([first["id"], second["id"]]);
    let preview =
        practice.well("book", json!({"slotIds": pair, "patient": patient(1), "preview": true})).await;
    assert_eq!(preview["outcome"], "preview", "{preview}");
    let booked = practice.well("book", json!({"slotIds": pair, "patient": patient(1)})).await;
    assert_eq!(booked["outcome"], "booked", "{booked}");
    let with: Vec<&Value> =
        booked["appointments"].as_array().unwrap().iter().map(|dose| &dose["practitioner"]).collect();
    assert_eq!(with, ["Samantha Booth", "Samantha Booth"]);
    // Nobody is left who could do both, though Dana is free for the first.
    let again = practice.well("book", json!({"slotIds": pair, "patient": patient(2)})).await;
    assert_eq!((&again["outcome"], &again["taken"]), (&json!("slotTaken"), &json!([2])), "{again}");
    assert_eq!(practice.graph.appointments(EASTSIDE).len(), 4);
}
