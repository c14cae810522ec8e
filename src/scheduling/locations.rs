//! `get-locations`: the sites near a place, or all of them.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures_util::future::join_all;

use super::{Fault, InputField, InputReason, NeedsInput, Scheduling};
use crate::domain::{Location, LocationId, Position, ServiceId, civil, geography};

#[derive(Debug, Clone, Default)]
pub struct LocationsQuery {
    pub near: Option<Near>,
    pub within_metres: Option<f64>,
    pub service: Option<ServiceId>,
    pub location: Option<LocationId>,
    pub limit: usize,
    pub cursor: Option<String>,
}

/// Where the patient is. Patient data: `Debug` shows nothing of it.
#[derive(Clone, PartialEq)]
pub enum Near {
    Position(Position),
    PostalCode { postal_code: String, country: Option<String> },
}

impl std::fmt::Debug for Near {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Near(…)")
    }
}

#[derive(Debug, Clone)]
pub enum LocationsOutcome {
    /// Nearest first where a place was given; may be empty.
    Found(LocationsFound),
    NeedsInput(Vec<NeedsInput>),
}

#[derive(Debug, Clone)]
pub struct LocationsFound {
    pub sites: Vec<Site>,
    pub matched: Matched,
    pub cursor: Option<String>,
    pub stale: bool,
}

/// How the sites were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matched {
    All,
    /// By great-circle distance.
    Distance,
    /// No table of that country's postal codes: sites with the same code.
    PostalCode,
    /// No site has the same code: sites in the city of that code, or named like it.
    City,
}

#[derive(Debug, Clone)]
pub struct Site {
    pub location: Arc<Location>,
    pub metres: Option<f64>,
    pub open_now: bool,
    /// The services a patient may book, hidden ones left out, with the practitioners to choose among.
    pub closures: Vec<NaiveDate>,
}

/// How far ahead closed days are told.
const CLOSURES: TimeDelta = TimeDelta::days(90);

impl Scheduling {
    /// # Errors
    /// When no provider can be asked.
    pub async fn get_locations(&self, query: LocationsQuery) -> Result<LocationsOutcome, Fault> {
        let (mut sites, stale) = self.all_sites().await?;
        sites.retain(|site| {
            query.location.as_ref().is_none_or(|id| site.id == *id)
                && query.service.as_ref().is_none_or(|id| site.offers(id.as_str()).is_some())
        });
        let Some((matched, mut sites)) = choose(sites, query.near.as_ref()) else {
            let (field, reason) = (InputField::NearPostalCode, InputReason::UnknownPlace);
            return Ok(LocationsOutcome::NeedsInput(vec![NeedsInput { field, reason }]));
        };
        if let (Some(within), Matched::Distance) = (query.within_metres, matched) {
            sites.retain(|(_, metres)| metres.is_some_and(|metres| metres <= within));
        }
        let start = query.cursor.as_deref().and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
        let total = sites.len();
        let now = self.clock.now();
        let page: Vec<Site> = sites
            .into_iter()
            .skip(start)
            .take(query.limit)
            .map(|(location, metres)| Site::of(location, metres, now))
            .collect();
        let reached = start.saturating_add(page.len());
        let cursor = (reached < total && !page.is_empty()).then(|| reached.to_string());
        Ok(LocationsOutcome::Found(LocationsFound { sites: page, matched, cursor, stale }))
    }

    /// Every site of every provider that answers; an error only when none does.
    pub(super) async fn all_sites(&self) -> Result<(Vec<Arc<Location>>, bool), Fault> {
        let answers = join_all(self.providers.iter().map(|provider| provider.locations())).await;
        let (mut sites, mut stale, mut failed) = (Vec::new(), false, None);
        for answer in answers {
            match answer {
                Ok(locations) => {
                    stale |= locations.stale;
                    sites.extend(locations.sites.iter().cloned());
                }
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            Some(error) if sites.is_empty() => Err(error.into()),
            failed => Ok((sites, stale || failed.is_some())),
        }
    }

    /// The countries that have sites: a national phone number may be of any of them.
    pub(super) async fn countries(&self) -> Result<Vec<String>, Fault> {
        let (sites, _) = self.all_sites().await?;
        let mut countries: Vec<String> =
            sites.iter().filter_map(|site| site.address.country.clone()).collect();
        countries.sort_unstable();
        countries.dedup();
        Ok(countries)
    }
}

type Ranked = Vec<(Arc<Location>, Option<f64>)>;

/// Puts sites in the order of their nearness; `None` when nobody knows the place.
fn choose(sites: Vec<Arc<Location>>, near: Option<&Near>) -> Option<(Matched, Ranked)> {
    let unranked = |sites: Vec<Arc<Location>>| sites.into_iter().map(|site| (site, None)).collect();
    match near {
        None => Some((Matched::All, unranked(sites))),
        Some(Near::Position(position)) => Some((Matched::Distance, by_distance(sites, *position))),
        Some(Near::PostalCode { postal_code, country }) => {
            let country = country.clone().or_else(|| only_country(&sites)).unwrap_or_else(|| "US".to_owned());
            if geography::has_table(&country) {
                let centroid = geography::centroid(&country, postal_code)?;
                return Some((Matched::Distance, by_distance(sites, centroid)));
            }
            let wanted = geography::normalised_postal_code(&country, postal_code);
            let same_code: Vec<_> =
                sites.iter().filter(|site| has_code(site, &country, wanted.as_ref())).cloned().collect();
            if !same_code.is_empty() {
                return Some((Matched::PostalCode, unranked(same_code)));
            }
            let city = postal_code.trim().to_lowercase();
            let same_city: Vec<_> = sites
                .into_iter()
                .filter(|site| site.address.city.as_ref().is_some_and(|name| name.to_lowercase() == city))
                .collect();
            (!same_city.is_empty()).then(|| (Matched::City, unranked(same_city)))
        }
    }
}

fn has_code(site: &Location, country: &str, wanted: Option<&String>) -> bool {
    let code = site.address.postal_code.as_deref();
    site.address.country.as_deref() == Some(country)
        && wanted.is_some()
        && code.and_then(|code| geography::normalised_postal_code(country, code)).as_ref() == wanted
}

/// The country of all sites, when they have one.
fn only_country(sites: &[Arc<Location>]) -> Option<String> {
    let mut countries = sites.iter().filter_map(|site| site.address.country.as_ref());
    let first = countries.next()?;
    countries.all(|country| country == first).then(|| first.clone())
}

/// Nearest first; sites without a position last.
fn by_distance(sites: Vec<Arc<Location>>, from: Position) -> Ranked {
    let mut ranked: Ranked = sites
        .into_iter()
        .map(|site| {
            let metres = site.position.map(|position| geography::Distance::between(from, position).metres());
            (site, metres)
        })
        .collect();
    ranked.sort_by(|(_, one), (_, other)| {
        one.unwrap_or(f64::INFINITY).total_cmp(&other.unwrap_or(f64::INFINITY))
    });
    ranked
}

impl Site {
    fn of(location: Arc<Location>, metres: Option<f64>, now: DateTime<Utc>) -> Self {
        let today = civil::date_of(location.time_zone, now);
        let yesterday = today.pred_opt().unwrap_or(today);
        let open_now =
            civil::weekly(location.time_zone, &location.hours, &location.closed, yesterday..=today)
                .iter()
                .any(|opening| opening.start() <= now && now < opening.end());
        let last = today.checked_add_signed(CLOSURES).unwrap_or(today);
        let mut closures: Vec<_> =
            location.closed.iter().copied().filter(|date| (today..=last).contains(date)).collect();
        closures.sort_unstable();
        Self { location, metres, open_now, closures }
    }
}
