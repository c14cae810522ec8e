//! From `[graph]` and `[bookings]` to what the providers over Microsoft Graph need: which calendars may be
//! touched at all, and what is laid over what they say of themselves.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::{
    clinic::position,
    file::{BookingsEntry, BookingsServiceEntry, BusinessEntry, Businesses, GraphEntry},
    findings::Findings,
    service, words,
};
use crate::{
    domain::{
        Audience, Consent, Localized, PatientField, Position, PractitionerChoice, Question, Series, ServiceId,
    },
    providers::graph::{AT_ONCE, Cloud},
    secrets::SecretName,
};

pub use super::file::Sent;

/// Open bookings of one contact, unless configured.
const MAX_OPEN_PER_CONTACT: u32 = 6;

/// `[graph]`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    pub cloud: Cloud,
    /// The clinic's tenant and our app registration in it, where that is not the one of the managed identity.
    pub app: Option<App>,
    /// What the client secret of that app is called in Key Vault. Without it, the app has none there.
    pub client_secret: Option<SecretName>,
    /// Requests in flight per mailbox and instance. Instances share the mailbox's limit.
    pub at_once: u32,
}

/// An app registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    pub tenant: String,
    pub client_id: String,
}

/// `[bookings]`
#[derive(Debug, Clone)]
pub struct Bookings {
    pub allowed: Allowed,
    pub businesses: Vec<BusinessOverlay>,
    pub services: Vec<ServiceOverlay>,
    /// What of a patient may reach Bookings.
    pub send: Vec<Sent>,
    pub practitioner_choice: PractitionerChoice,
    pub same_practitioner: bool,
    pub max_open_per_contact: u32,
}

/// Which businesses may be touched. Graph's permissions are for all of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// `"*"`: all that the app can see.
    All,
    /// In order.
    Listed(Vec<String>),
}

impl Allowed {
    #[must_use]
    pub fn has(&self, business: &str) -> bool {
        match self {
            Self::All => true,
            Self::Listed(listed) => listed.iter().any(|id| id.eq_ignore_ascii_case(business)),
        }
    }
}

/// What is laid over a business.
#[derive(Debug, Clone)]
pub struct BusinessOverlay {
    pub id: String,
    /// What callers name it, after `bookings:`.
    pub location: Option<String>,
    pub time_zone: Option<Tz>,
    pub country: Option<String>,
    pub position: Option<Position>,
    /// Services with an address of their own are at a location of their own.
    pub locations_of_services: bool,
    /// Takes no bookings through the chat.
    pub pause: bool,
    /// Takes them although its page wants patients to prove their e-mail address first.
    pub without_one_time_password: bool,
}

/// What is laid over a service.
#[derive(Debug, Clone)]
pub struct ServiceOverlay {
    /// What callers name it.
    pub id: ServiceId,
    /// Ids or names it has in Bookings; in each business the first that fits.
    pub services: Vec<String>,
    pub hidden: Option<bool>,
    pub name: Option<Localized>,
    pub series: Option<Series>,
    pub requires: Vec<PatientField>,
    /// Texts by language for questions that Bookings has, by its ids of them.
    pub questions: Vec<Question>,
    pub consent: Option<Consent>,
    pub instructions: Option<Localized>,
    pub price: Option<Localized>,
    pub min_age: Option<u32>,
    pub max_age: Option<u32>,
    pub audience: Audience,
    pub practitioner_choice: Option<PractitionerChoice>,
    pub same_practitioner: Option<bool>,
    pub cancel_notice: Option<TimeDelta>,
    pub max_open_per_contact: Option<u32>,
}

impl Bookings {
    /// What is laid over one business.
    #[must_use]
    pub fn business(&self, id: &str) -> Option<&BusinessOverlay> {
        self.businesses.iter().find(|overlay| overlay.id.eq_ignore_ascii_case(id))
    }

    /// What is laid over a service with this id and name in Bookings.
    #[must_use]
    pub fn service(&self, id: &str, name: &str) -> Option<&ServiceOverlay> {
        self.services.iter().find(|overlay| overlay.rank(id, name).is_some())
    }
}

impl ServiceOverlay {
    /// Which of its ids and names a service with this id and name in Bookings fits: of several, the lowest counts.
    #[must_use]
    pub fn rank(&self, id: &str, name: &str) -> Option<usize> {
        let fits = |wanted: &String| wanted == id || wanted.to_lowercase() == name.to_lowercase();
        self.services.iter().position(fits)
    }
}

pub(super) fn graph(entry: GraphEntry, findings: &mut Findings) -> Graph {
    let app = match (entry.tenant_id, entry.client_id) {
        (Some(tenant), Some(client_id)) => Some(App { tenant, client_id }),
        (None, None) => None,
        (Some(_), None) => {
            findings.lacking("graph.client_id", "is missing: `tenant_id` needs the app registration in it");
            None
        }
        (None, Some(_)) => {
            findings.lacking("graph.tenant_id", "is missing: `client_id` is an app of which tenant?");
            None
        }
    };
    if entry.client_secret.is_some() && app.is_none() {
        findings.lacking("graph.client_id", "is missing: `client_secret` is of which app registration?");
    }
    let client_secret = named("graph.client_secret", entry.client_secret, findings);
    let at_once = entry.requests_at_once.unwrap_or(AT_ONCE);
    Graph { cloud: entry.cloud.unwrap_or_default(), app, client_secret, at_once }
}

/// The name of a secret in Key Vault.
pub(super) fn named(key: &str, text: Option<String>, findings: &mut Findings) -> Option<SecretName> {
    text?.parse().map_err(|why: &str| findings.wrong(key, why)).ok()
}

pub(super) fn bookings(entry: BookingsEntry, findings: &mut Findings) -> Bookings {
    let allowed = allowed(entry.businesses, findings);
    let (pause, without_password) =
        (entry.pause.unwrap_or(false), entry.without_one_time_password.unwrap_or(false));
    let mut businesses = Vec::new();
    for (index, business) in entry.business.unwrap_or_default().into_iter().enumerate() {
        let path = format!("bookings.business[{index}]");
        businesses.push(self::business(business, &path, &allowed, (pause, without_password), findings));
    }
    find_twice(&businesses, findings);
    // Those without an overlay of their own are as the section says.
    if let Allowed::Listed(listed) = &allowed {
        for id in listed {
            if !businesses.iter().any(|overlay: &BusinessOverlay| overlay.id.eq_ignore_ascii_case(id)) {
                businesses.push(BusinessOverlay::plain(id, pause, without_password));
            }
        }
    }
    let mut services = Vec::new();
    let mut ids = BTreeSet::new();
    for (index, service) in entry.service.unwrap_or_default().into_iter().enumerate() {
        let path = format!("bookings.service[{index}]");
        let id = service.id.clone().unwrap_or_default();
        if !id.is_empty() && !ids.insert(id) {
            findings.wrong(&format!("{path}.id"), "is the id of an earlier service too; ids are unique");
        }
        services.push(self::service(service, &path, findings));
    }
    Bookings {
        allowed,
        businesses,
        services,
        send: entry.send.unwrap_or_else(|| vec![Sent::Name, Sent::Email, Sent::Phone, Sent::Answers]),
        practitioner_choice: entry.practitioner_choice.unwrap_or(PractitionerChoice::None),
        same_practitioner: entry.same_practitioner.unwrap_or(false),
        max_open_per_contact: entry.max_open_per_contact.unwrap_or(MAX_OPEN_PER_CONTACT),
    }
}

fn allowed(entry: Option<Businesses>, findings: &mut Findings) -> Allowed {
    let key = "bookings.businesses";
    match entry {
        Some(Businesses::All(all)) if all == "*" => Allowed::All,
        Some(Businesses::All(_)) => {
            findings.wrong(key, "must be a list of businesses, or `\"*\"` for all that the app can see");
            Allowed::Listed(Vec::new())
        }
        Some(Businesses::Listed(listed)) => {
            for (index, id) in listed.iter().enumerate() {
                let key = format!("{key}[{index}]");
                if !id.contains('@') {
                    let detail =
                        "must be the business's address, as `EastsideClinic@contoso.onmicrosoft.com`";
                    findings.wrong(&key, detail);
                }
                if listed[..index].iter().any(|earlier| earlier.eq_ignore_ascii_case(id)) {
                    findings.wrong(&key, "is there twice; keep one");
                }
            }
            if listed.is_empty() {
                findings.wrong(key, "is empty: name the businesses that the bot may touch");
            }
            Allowed::Listed(listed)
        }
        // The schema has found that it is missing.
        None => Allowed::Listed(Vec::new()),
    }
}

fn business(
    entry: BusinessEntry,
    path: &str,
    allowed: &Allowed,
    (pause, without_password): (bool, bool),
    findings: &mut Findings,
) -> BusinessOverlay {
    let id = entry.id.unwrap_or_default();
    if !id.is_empty() && !allowed.has(&id) {
        findings.wrong(&format!("{path}.id"), "is not among `businesses`: add it there, or take this out");
    }
    BusinessOverlay {
        location: entry.location,
        // The schema has refused what is no zone.
        time_zone: entry.time_zone.and_then(|zone| zone.parse().ok()),
        country: entry.country.map(|country| country.to_ascii_uppercase()),
        position: entry.position.as_ref().and_then(position),
        locations_of_services: entry.locations_of_services.unwrap_or(false),
        ..BusinessOverlay::plain(
            &id,
            entry.pause.unwrap_or(pause),
            entry.without_one_time_password.unwrap_or(without_password),
        )
    }
}

impl BusinessOverlay {
    fn plain(id: &str, pause: bool, without_one_time_password: bool) -> Self {
        Self {
            id: id.to_owned(),
            location: None,
            time_zone: None,
            country: None,
            position: None,
            locations_of_services: false,
            pause,
            without_one_time_password,
        }
    }
}

fn find_twice(businesses: &[BusinessOverlay], findings: &mut Findings) {
    for (index, business) in businesses.iter().enumerate() {
        let earlier = &businesses[..index];
        if earlier.iter().any(|earlier| earlier.id.eq_ignore_ascii_case(&business.id)) {
            findings.wrong(&format!("bookings.business[{index}].id"), "is there twice; keep one");
        }
        if business.location.is_some() && earlier.iter().any(|earlier| earlier.location == business.location)
        {
            let detail = "is the location of an earlier business too; ids are unique";
            findings.wrong(&format!("bookings.business[{index}].location"), detail);
        }
    }
}

fn service(entry: BookingsServiceEntry, path: &str, findings: &mut Findings) -> ServiceOverlay {
    service::check_ages(entry.min_age, entry.max_age, path, findings);
    let id = entry.id.unwrap_or_default();
    let at = |key: &str| format!("{path}.{key}");
    ServiceOverlay {
        services: entry.services.unwrap_or_else(|| vec![id.clone()]),
        id: id.into(),
        hidden: entry.hidden,
        name: words::optional(entry.name, &at("name"), findings),
        // How far ahead it can be booked, Bookings says.
        series: entry.series.and_then(|entry| service::series(&entry, u32::MAX, path, findings)),
        requires: entry.requires.unwrap_or_default(),
        questions: service::questions(entry.questions.unwrap_or_default(), path, findings),
        consent: entry.consent.map(|entry| service::consent(entry, path, findings)),
        instructions: words::optional(entry.instructions, &at("instructions"), findings),
        price: words::optional(entry.price, &at("price"), findings),
        min_age: entry.min_age,
        max_age: entry.max_age,
        audience: entry.audience.unwrap_or(Audience::Any),
        practitioner_choice: entry.practitioner_choice,
        same_practitioner: entry.same_practitioner,
        cancel_notice: entry.cancel_notice_minutes.map(|minutes| TimeDelta::minutes(i64::from(minutes))),
        max_open_per_contact: entry.max_open_per_contact,
    }
}
