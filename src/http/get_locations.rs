//! `get-locations`: where a patient can go, nearest first where a place was given.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    App,
    asked::{FaultStyle, conflict},
    menu::{Menu, Menus},
    needs_input::NeedsInputTold,
    reply::Reply,
    request::Request,
    site::{SiteTold, choosable, distance_text, with_detail},
    way_on::{WayOn, Words},
};
use crate::{
    domain::Position,
    language::{Language, Message, Unit},
    scheduling::{
        Fault, InvalidField, LocationsFound, LocationsOutcome, LocationsQuery, Matched, Near, Scheduling,
        Site,
    },
    shape::{Leniency, Shape},
};

const METRES_PER_MILE: f64 = 1609.344;
const METRES_PER_KILOMETRE: f64 = 1000.0;
const LIMIT: u16 = 20;

/// Which sites to list. Everything may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({"near": {"latitude": 47.61, "longitude": -122.33}, "withinMiles": 25, "locale": "en-US"})))]
pub(super) struct GetLocationsRequest {
    /// Where the patient is.
    near: Option<NearAsked>,
    /// Only sites this near.
    #[schema(minimum = 0, maximum = 20000)]
    within_miles: Option<f64>,
    /// The same in the other unit; give one of the two.
    #[schema(minimum = 0, maximum = 20000)]
    within_km: Option<f64>,
    /// Only sites that offer this service.
    #[schema(max_length = 500)]
    service_id: Option<String>,
    /// Only this site.
    #[schema(max_length = 500, pattern = "^(embedded|bookings|shifts|fhir):.+")]
    location_id: Option<String>,
    /// At most so many sites.
    #[schema(minimum = 1, maximum = 1000, default = 20)]
    limit: Option<u16>,
    /// Where the page before left off: its `cursor`.
    #[schema(max_length = 1000)]
    cursor: Option<String>,
    /// The patient's language and region, as BCP 47 writes them.
    #[schema(max_length = 500, examples("en-US"))]
    #[expect(dead_code, reason = "read before the rest, by `Request`: a fault needs them too")]
    locale: Option<String>,
    #[expect(dead_code, reason = "read before the rest, by `Request`: a fault needs them too")]
    faults: Option<FaultStyle>,
}

/// A position, or a postal code. Where both are given, the position counts.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NearAsked {
    #[schema(minimum = -90, maximum = 90)]
    latitude: Option<f64>,
    #[schema(minimum = -180, maximum = 180)]
    longitude: Option<f64>,
    /// As the patient types it.
    #[schema(max_length = 500)]
    postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(pattern = "^[A-Za-z]{2}$")]
    country: Option<String>,
}

/// What was found, or what to ask for again.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub(super) enum GetLocationsReply {
    Ok(LocationsTold),
    NoLocations(LocationsTold),
    NeedsInput(NeedsInputTold),
}

/// Sites, with what they offer.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LocationsTold {
    locations: Vec<SiteTold>,
    matched_by: MatchedTold,
    /// To be sent with the same request for the next page; `null` on the last.
    cursor: Option<String>,
    /// The clinic's system did not answer; this is what it said last.
    stale: bool,
    menus: Menus,
    way_on: Option<WayOn>,
    /// A sentence for the patient.
    say: String,
    /// The same with the menu, for text messages.
    text: String,
}

/// How the sites were chosen.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum MatchedTold {
    All,
    Distance,
    /// The same postal code, in a country whose codes cannot be placed on the map.
    PostalCode,
    City,
}

/// What the patient asked for, as far as the words of the reply need it.
#[derive(Debug, Default)]
pub(super) struct Asked {
    unit: Option<Unit>,
    within: Option<f64>,
    place: bool,
}

#[cfg(test)]
impl Asked {
    /// Near a place within 25 miles.
    pub(super) fn near() -> Self {
        Self { unit: Some(Unit::Miles), within: Some(25.0), place: true }
    }
}

static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape::of::<GetLocationsRequest>(Leniency::Form));

/// Lists the sites.
pub(super) async fn answer(
    app: &App,
    scheduling: &Scheduling,
    request: &mut Request,
) -> Result<Reply, Fault> {
    let (query, asked) = read(request)?;
    let outcome = scheduling.get_locations(query).await?;
    let reply = render(outcome, &asked, app.now(), &request.language);
    Ok(Reply::outcome(reply.outcome(), &reply))
}

fn read(request: &mut Request) -> Result<(LocationsQuery, Asked), Fault> {
    let (form, mut complaints) = request.form::<GetLocationsRequest>(&SHAPE);
    if form.within_miles.is_some() && form.within_km.is_some() {
        complaints.add_all(conflict(&["withinMiles", "withinKm"]));
    }
    let location = complaints.note(
        &["locationId"],
        form.location_id.map(|id| id.parse()).transpose().map_err(|wrong: crate::domain::UnknownPrefix| {
            vec![InvalidField { field: "locationId".to_owned(), detail: wrong.to_string() }]
        }),
    );
    let near = form.near.map(NearAsked::into_near);
    let asked = Asked {
        unit: match (form.within_miles, form.within_km) {
            (Some(_), _) => Some(Unit::Miles),
            (None, Some(_)) => Some(Unit::Kilometres),
            (None, None) => None,
        },
        within: form.within_miles.or(form.within_km),
        place: near.is_some(),
    };
    let query = location.map(|location| LocationsQuery {
        near,
        within_metres: form
            .within_miles
            .map(|miles| miles * METRES_PER_MILE)
            .or(form.within_km.map(|km| km * METRES_PER_KILOMETRE)),
        service: form.service_id.map(Into::into),
        location,
        limit: form.limit.unwrap_or(LIMIT).into(),
        cursor: form.cursor,
    });
    Ok((complaints.or(query)?, asked))
}

impl NearAsked {
    /// A patient who shares no position and types nothing leaves blanks everywhere: the empty postal code is
    /// then asked for again.
    fn into_near(self) -> Near {
        match (self.latitude, self.longitude) {
            (Some(latitude), Some(longitude)) => Near::Position(Position { latitude, longitude }),
            _ => Near::PostalCode {
                postal_code: self.postal_code.unwrap_or_default(),
                country: self.country.map(|country| country.to_ascii_uppercase()),
            },
        }
    }
}

impl GetLocationsReply {
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Ok(_) => "ok",
            Self::NoLocations(_) => "noLocations",
            Self::NeedsInput(_) => "needsInput",
        }
    }
}

/// The reply to an outcome.
pub(super) fn render(
    outcome: LocationsOutcome,
    asked: &Asked,
    now: DateTime<Utc>,
    language: &Language,
) -> GetLocationsReply {
    match outcome {
        LocationsOutcome::Found(found) if found.sites.is_empty() => {
            GetLocationsReply::NoLocations(nothing(found, asked, language))
        }
        LocationsOutcome::Found(found) => {
            GetLocationsReply::Ok(LocationsTold::new(found, asked, now, language))
        }
        LocationsOutcome::NeedsInput(needed) => {
            GetLocationsReply::NeedsInput(NeedsInputTold::new(&needed, language))
        }
    }
}

impl LocationsTold {
    fn new(found: LocationsFound, asked: &Asked, now: DateTime<Utc>, language: &Language) -> Self {
        let locations = found
            .sites
            .iter()
            .map(|site| {
                let today = now.with_timezone(&site.location.time_zone).date_naive();
                SiteTold::new(site, asked.unit, today, language)
            })
            .collect();
        let menu = sites_menu(&found.sites, asked.unit, language);
        let say = headline(&found, asked, language);
        let lines = [menu.list().to_owned(), language.say(&Message::ChooseByNumber)];
        let Words { say, text } = Words::with_lines(say, lines);
        Self {
            locations,
            matched_by: found.matched.into(),
            cursor: found.cursor,
            stale: found.stale,
            menus: Menus {
                services: services_menu(&found.sites, language),
                practitioners: practitioners_menu(&found.sites, language),
                locations: Some(menu),
                ..Menus::default()
            },
            way_on: None,
            say,
            text,
        }
    }
}

impl From<Matched> for MatchedTold {
    fn from(matched: Matched) -> Self {
        match matched {
            Matched::All => Self::All,
            Matched::Distance => Self::Distance,
            Matched::PostalCode => Self::PostalCode,
            Matched::City => Self::City,
        }
    }
}

fn nothing(found: LocationsFound, asked: &Asked, language: &Language) -> LocationsTold {
    let distance = asked
        .within
        .filter(|_| asked.place)
        .map(|within| language.distance(within, asked.unit.unwrap_or(Unit::Miles)));
    let message = match &distance {
        Some(distance) => Message::NoLocationsWithin { distance },
        None => Message::NoLocations,
    };
    let way_on = WayOn::handoff();
    let Words { say, text } = Words::and_on(language.say(&message), &way_on, language);
    LocationsTold {
        locations: Vec::new(),
        matched_by: found.matched.into(),
        cursor: found.cursor,
        stale: found.stale,
        menus: Menus::default(),
        way_on: Some(way_on),
        say,
        text,
    }
}

fn headline(found: &LocationsFound, asked: &Asked, language: &Language) -> String {
    let count = u32::try_from(found.sites.len()).unwrap_or(u32::MAX);
    let first =
        if asked.place { Message::LocationsNearby { count } } else { Message::LocationsFound { count } };
    match found.matched {
        Matched::PostalCode | Matched::City => language.say_all(&[first, Message::MatchedByPlace]),
        Matched::All | Matched::Distance => language.say(&first),
    }
}

/// By name, with the distance where there is one; sites of the same name are told apart by their address.
fn sites_menu(sites: &[Site], unit: Option<Unit>, language: &Language) -> Menu {
    let titles = sites
        .iter()
        .map(|site| {
            let distance = site.metres.map(|metres| distance_text(metres, unit, &site.location, language));
            with_detail(&site.location.name, distance, language)
        })
        .collect();
    let values = sites.iter().map(|site| site.location.id.to_string()).collect();
    Menu::told_apart(titles, values, language, |index| {
        let address = &sites.get(index)?.location.address;
        address.street.clone().or_else(|| address.city.clone())
    })
}

/// Every service of these sites, once.
fn services_menu(sites: &[Site], language: &Language) -> Option<Menu> {
    let mut services: Vec<(String, String)> = Vec::new();
    for service in sites.iter().flat_map(|site| site.location.offered()) {
        let id = service.id.to_string();
        if !services.iter().any(|(_, known)| *known == id) {
            services.push((service.name.get(language.tag()).to_owned(), id));
        }
    }
    menu(services, language)
}

/// Everybody a patient may choose at these sites, once.
fn practitioners_menu(sites: &[Site], language: &Language) -> Option<Menu> {
    let mut practitioners: Vec<(String, String)> = Vec::new();
    for location in sites.iter().map(|site| &site.location) {
        for practitioner in location.offered().flat_map(|service| choosable(service, location)) {
            let id = practitioner.id.to_string();
            if !practitioners.iter().any(|(_, known)| *known == id) {
                practitioners.push((practitioner.name.clone(), id));
            }
        }
    }
    menu(practitioners, language)
}

fn menu(items: Vec<(String, String)>, language: &Language) -> Option<Menu> {
    let (titles, values): (Vec<_>, Vec<_>) = items.into_iter().unzip();
    (!titles.is_empty()).then(|| Menu::new(titles, values, language))
}
