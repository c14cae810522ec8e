//! Where a patient can go.

use chrono::Datelike;
use serde_json::{Value, json};

use super::town::{CLOSED_IN, Town, day, texts, with};

async fn ids(town: &Town, body: Value) -> Vec<String> {
    let reply = town.call("get-locations", body).await;
    texts(&reply["locations"], "id")
}

pub(super) async fn all_sites_are_listed_with_what_they_offer(town: Town) {
    let reply = town.call("get-locations", json!({})).await;
    assert_eq!(reply["outcome"], "ok");
    assert_eq!(reply["matchedBy"], "all");
    let sites = ["north", "west", "toronto", "lyon", "page"].map(|name| town.site(name));
    assert_eq!(texts(&reply["locations"], "id"), sites);
    let north = &reply["locations"][0];
    assert_eq!(north["name"], "North Clinic");
    assert_eq!(north["address"]["city"], "Albany");
    assert_eq!(north["address"]["postalCode"], "12207");
    assert_eq!(north["timeZone"], "America/New_York");
    assert_eq!(north["phone"], "+1 518 555 0100");
    assert_eq!(north["bookingPage"], "https://example.org/north");
    assert_eq!(north["bookBy"], json!(["chat", "page", "phone"]));
    assert_eq!(reply["locations"][4]["bookBy"], json!(["page", "phone"]));
    assert!(
        north["label"]
            .as_str()
            .is_some_and(|label| label.contains("North Clinic") && label.contains("Albany"))
    );
    let service =
        |id: &str| north["services"].as_array().unwrap().iter().find(|service| service["id"] == id).unwrap();
    let covid = service("covid");
    assert_eq!(covid["doses"], 2);
    assert_eq!(covid["durationMinutes"], 20);
    assert_eq!(covid["series"], json!({"minDays": 7, "maxDays": 14}));
    assert_eq!(covid["practitioners"], json!([]), "nobody to choose where there is no choice");
    let intake = service("intake");
    assert_eq!(intake["requires"], json!(["phone", "birthDate"]));
    assert_eq!(intake["consent"]["id"], "intake-1");
    assert_eq!((&intake["minAge"], &intake["maxAge"]), (&json!(18), &json!(65)));
    assert_eq!(intake["questions"][0]["options"], json!(["Yes", "No"]));
    assert_eq!(intake["questions"][0]["required"], true);
    assert_eq!(texts(&service("checkup")["practitioners"], "id"), ["a", "b"]);
    assert_eq!(service("children")["audience"], "children");
    let spanish = town.call("get-locations", json!({"locale": "es-MX"})).await;
    let gripe = &spanish["locations"][0]["services"][0];
    assert_eq!(gripe["name"], "Vacuna contra la gripe");
    assert_ne!(spanish["say"], reply["say"]);
}

pub(super) async fn the_nearest_site_to_a_position_is_first(town: Town) {
    let seattle = json!({"near": {"latitude": 47.61, "longitude": -122.33}});
    let reply = town.call("get-locations", seattle).await;
    assert_eq!(reply["matchedBy"], "distance");
    // The site without a position is last.
    let sites = ["west", "page", "toronto", "north", "lyon"].map(|name| town.site(name));
    assert_eq!(texts(&reply["locations"], "id"), sites);
    // Portland is 146 miles, or 235 km, from there by the haversine of a sphere.
    let west = &reply["locations"][0];
    assert!((west["distanceMiles"].as_f64().unwrap() - 146.3).abs() < 0.5, "{west}");
    assert!((west["distanceKm"].as_f64().unwrap() - 235.5).abs() < 0.8, "{west}");
    assert!(west["label"].as_str().unwrap().contains("mi"), "{west}");
    assert_eq!(reply["locations"][4]["distanceMiles"], Value::Null);
    let km = json!({"near": {"latitude": 47.61, "longitude": -122.33}, "withinKm": 300});
    let reply = town.call("get-locations", km).await;
    assert!(reply["locations"][0]["label"].as_str().unwrap().contains("km"), "{reply}");
}

pub(super) async fn the_nearest_site_to_a_postal_code_is_first(town: Town) {
    for near in [
        json!({"postalCode": "98052", "country": "US"}),
        json!({"postalCode": " 98052-1234", "country": "us"}),
    ] {
        let reply = town.call("get-locations", json!({"near": near})).await;
        assert_eq!(reply["matchedBy"], "distance");
        assert_eq!(texts(&reply["locations"], "id")[0], town.site("west"));
    }
    // Sites are in several countries: without one it is taken to be of the United States.
    assert_eq!(ids(&town, json!({"near": {"postalCode": "12207"}})).await[0], town.site("north"));
}

pub(super) async fn a_canadian_postal_code_is_a_place(town: Town) {
    for code in ["M5H 2N2", "m5h2n2"] {
        let near = json!({"near": {"postalCode": code, "country": "CA"}});
        let reply = town.call("get-locations", near).await;
        assert_eq!(texts(&reply["locations"], "id")[0], town.site("toronto"));
        assert!(reply["locations"][0]["distanceKm"].as_f64().unwrap() < 10.0);
        assert!(reply["locations"][0]["label"].as_str().unwrap().contains("km"));
    }
}

pub(super) async fn elsewhere_the_same_code_or_city_is_near(town: Town) {
    let by_code =
        town.call("get-locations", json!({"near": {"postalCode": "69 002", "country": "FR"}})).await;
    assert_eq!(texts(&by_code["locations"], "id"), [town.site("lyon")]);
    assert_eq!(by_code["matchedBy"], "postalCode");
    let by_city = town.call("get-locations", json!({"near": {"postalCode": "LYON", "country": "FR"}})).await;
    assert_eq!(texts(&by_city["locations"], "id"), [town.site("lyon")]);
    assert_eq!(by_city["matchedBy"], "city");
    let all = town.call("get-locations", json!({})).await;
    let more = by_city["say"].as_str().unwrap().len() > all["say"].as_str().unwrap().len();
    assert!(more, "it says how it matched: {}", by_city["say"]);
}

pub(super) async fn a_place_nobody_knows_is_asked_for_again(town: Town) {
    for near in [
        json!({"postalCode": "00000", "country": "US"}),
        json!({"postalCode": "near the mall"}),
        json!({"postalCode": "X0X 0X0", "country": "CA"}),
        json!({"postalCode": "99999", "country": "FR"}),
        json!({"postalCode": ""}),
    ] {
        let reply = town.call("get-locations", json!({"near": near})).await;
        assert_eq!(reply["outcome"], "needsInput", "{near}: {reply}");
        assert_eq!(reply["fields"][0]["name"], "near.postalCode");
        assert_eq!(reply["fields"][0]["reason"], "unknownPlace");
    }
}

pub(super) async fn only_sites_within_a_distance_are_listed(town: Town) {
    let portland = json!({"latitude": 45.5, "longitude": -122.7});
    assert_eq!(ids(&town, json!({"near": portland, "withinMiles": 5})).await, [town.site("west")]);
    assert_eq!(ids(&town, json!({"near": portland, "withinKm": "5"})).await, [town.site("west")]);
    let nothing =
        town.call("get-locations", json!({"near": {"latitude": 0, "longitude": 0}, "withinMiles": 10})).await;
    assert_eq!(nothing["outcome"], "noLocations");
    assert_eq!(nothing["locations"], json!([]));
    assert!(nothing["say"].as_str().unwrap().contains("10"), "{nothing}");
}

pub(super) async fn a_cursor_walks_every_site_once(town: Town) {
    let whole = ids(&town, json!({"near": {"latitude": 47.61, "longitude": -122.33}})).await;
    let mut walked = Vec::new();
    let mut body = json!({"near": {"latitude": 47.61, "longitude": -122.33}, "limit": 2});
    loop {
        let reply = town.call("get-locations", body.clone()).await;
        let page = texts(&reply["locations"], "id");
        assert!(page.len() <= 2);
        walked.extend(page);
        if reply["cursor"].is_null() {
            break;
        }
        body = with(body, &json!({"cursor": reply["cursor"]}));
    }
    assert_eq!(walked, whole);
}

pub(super) async fn a_filter_leaves_the_sites_that_match(town: Town) {
    assert_eq!(ids(&town, json!({"serviceId": "covid"})).await, [town.site("north"), town.site("west")]);
    assert_eq!(ids(&town, json!({"locationId": town.site("toronto")})).await, [town.site("toronto")]);
    for none in [
        json!({"serviceId": "no-such-service"}),
        json!({"locationId": town.site("nowhere")}),
        json!({"locationId": town.site("toronto"), "serviceId": "covid"}),
    ] {
        assert_eq!(town.call("get-locations", none).await["outcome"], "noLocations");
    }
}

pub(super) async fn hours_and_closures_are_told(town: Town) {
    let reply = town.call("get-locations", json!({})).await;
    let site = |name: &str| {
        let id = town.site(name);
        reply["locations"].as_array().unwrap().iter().find(|site| site["id"] == id).unwrap().clone()
    };
    assert_eq!(site("north")["openNow"], true, "it never closes");
    let there = super::town::now().with_timezone(&Town::zone("west"));
    let open = (8..20).contains(&chrono::Timelike::hour(&there));
    assert_eq!(site("west")["openNow"], open);
    let there = super::town::now().with_timezone(&Town::zone("toronto"));
    let open =
        there.weekday().num_days_from_monday() < 5 && (9..17).contains(&chrono::Timelike::hour(&there));
    assert_eq!(site("toronto")["openNow"], open);
    let closed = day(Town::zone("west"), CLOSED_IN).to_string();
    assert_eq!(site("west")["closures"][0]["date"], closed);
    assert!(!site("west")["closures"][0]["label"].as_str().unwrap().is_empty());
    assert_eq!(site("north")["closures"], json!([]));
    let hours = site("toronto")["hoursText"].as_str().unwrap().to_owned();
    assert!(
        hours.contains("Mon") && hours.contains("Fri") && hours.contains("9:00") && hours.contains("5:00"),
        "{hours}"
    );
}
