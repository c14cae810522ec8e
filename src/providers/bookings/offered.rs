//! A service of a business, in the words of the trade: what Bookings says of it, and what is laid over that.

use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use super::{site::published, wire};
use crate::{
    config::{Bookings as Settings, bookings::ServiceOverlay},
    domain::{
        Audience, Consent, Localized, PractitionerChoice, PractitionerId, Question, Service, ServiceId,
    },
};

/// A slot on a later date is not offered, where Bookings does not say.
const MAX_ADVANCE_DAYS: i64 = 365;

/// Patients of one group that Graph takes in one appointment are counted up to this.
const MOST_SEATS: i64 = 1000;

/// A service, as its business has it.
#[derive(Debug)]
pub(super) struct Offered {
    pub(super) vendor: wire::Service,
    pub(super) service: Arc<Service>,
    /// Whose policy holds: the service's own, else the business's.
    pub(super) policy: wire::Policy,
    pub(super) staff: Vec<PractitionerId>,
    pub(super) questions: Vec<wire::CustomQuestion>,
    /// Hidden because somebody wants it so.
    pub(super) concealed: bool,
}

/// What is laid over one of the services of a business. Where several fit, it is laid over the first that it names
/// and that is not hidden; the others keep the ids that they have in Bookings.
pub(super) fn overlay_of<'a>(
    services: &[wire::Service],
    at: usize,
    settings: &'a Settings,
) -> Option<&'a ServiceOverlay> {
    let name = |service: &wire::Service| service.display_name.clone().unwrap_or_default();
    let overlay = settings.service(&services[at].id, &name(&services[at]))?;
    let shown = services.iter().enumerate().filter(|(_, service)| !is_hidden(service, Some(overlay)));
    let first = shown
        .filter_map(|(index, service)| Some((overlay.rank(&service.id, &name(service))?, index)))
        .min()
        .map(|(_, index)| index);
    Some(overlay).filter(|_| first.is_none_or(|first| first == at))
}

/// From patients.
fn is_hidden(service: &wire::Service, overlay: Option<&ServiceOverlay>) -> bool {
    overlay.and_then(|overlay| overlay.hidden).unwrap_or(service.is_hidden_from_customers)
}

impl Offered {
    /// What is hidden, or has nobody to do it, is there for the bookings that there are. `None` for what makes no
    /// appointments.
    pub(super) fn new(
        business_id: &str,
        vendor: wire::Service,
        business: &wire::Business,
        staff: &[(wire::StaffMember, Tz)],
        questions: &[wire::CustomQuestion],
        overlay: Option<&ServiceOverlay>,
        settings: &Settings,
    ) -> Option<Self> {
        if vendor.id.is_empty() {
            return None;
        }
        let concealed = is_hidden(&vendor, overlay);
        let own: Vec<PractitionerId> = staff
            .iter()
            .filter(|(staff, _)| vendor.staff_member_ids.contains(&staff.id))
            .map(|(staff, _)| PractitionerId::from(staff.id.as_str()))
            .collect();
        if own.is_empty() && !concealed {
            tracing::warn!(calendar = business_id, service = %vendor.id, "a service has no staff, so nobody can be booked");
        }
        let policy = vendor
            .scheduling_policy
            .clone()
            .or_else(|| business.scheduling_policy.clone())
            .unwrap_or_default();
        let asked: Vec<wire::CustomQuestion> = vendor
            .custom_questions
            .iter()
            .filter_map(|assigned| {
                questions.iter().find(|question| question.id == assigned.question_id).cloned()
            })
            .collect();
        let service = Reading { vendor: &vendor, business, overlay, policy: &policy, settings };
        let hidden = concealed || own.is_empty();
        let service = Arc::new(Service { hidden, ..service.service(&asked)? });
        Some(Self { vendor, service, policy, staff: own, questions: asked, concealed })
    }

    pub(super) fn reach(&self) -> TimeDelta {
        self.service.duration + self.service.buffer_before + self.service.buffer_after
    }
}

/// A service on its way into the words of the trade.
struct Reading<'a> {
    vendor: &'a wire::Service,
    business: &'a wire::Business,
    overlay: Option<&'a ServiceOverlay>,
    policy: &'a wire::Policy,
    settings: &'a Settings,
}

impl Reading<'_> {
    fn service(&self, questions: &[wire::CustomQuestion]) -> Option<Service> {
        let vendor = self.vendor;
        let overlay = self.overlay;
        let duration = vendor.default_duration.filter(|duration| *duration > TimeDelta::zero())?;
        let every = self.policy.time_slot_interval.filter(|every| *every > TimeDelta::zero());
        let lead = self.policy.minimum_lead_time.unwrap_or_default().max(TimeDelta::zero());
        let advance = self.policy.maximum_advance.map_or(MAX_ADVANCE_DAYS, |advance| advance.num_days());
        Some(Service {
            id: overlay.map_or_else(|| ServiceId::from(vendor.id.as_str()), |overlay| overlay.id.clone()),
            name: overlay
                .and_then(|overlay| overlay.name.clone())
                .unwrap_or_else(|| Localized::from(vendor.display_name.as_deref().unwrap_or_default())),
            duration,
            every: every.unwrap_or(duration),
            buffer_before: vendor.pre_buffer.unwrap_or_default().max(TimeDelta::zero()),
            buffer_after: vendor.post_buffer.unwrap_or_default().max(TimeDelta::zero()),
            capacity: u32::try_from(vendor.maximum_attendees_count.unwrap_or(1).clamp(1, MOST_SEATS)).ok()?,
            min_notice: lead,
            max_advance_days: u32::try_from(advance).unwrap_or(0),
            // Graph's word for it: "the minimum lead time for bookings and cancellations".
            cancel_notice: overlay.and_then(|overlay| overlay.cancel_notice).unwrap_or(lead),
            series: overlay.and_then(|overlay| overlay.series),
            requires: overlay.map(|overlay| overlay.requires.clone()).unwrap_or_default(),
            questions: questions.iter().map(|question| self.question(question)).collect(),
            consent: overlay.and_then(|overlay| overlay.consent.clone()).or_else(|| self.consent()),
            instructions: overlay
                .and_then(|overlay| overlay.instructions.clone())
                .or_else(|| text(vendor.additional_information.as_deref())),
            price: overlay.and_then(|overlay| overlay.price.clone()).or_else(|| self.price()),
            min_age: overlay.and_then(|overlay| overlay.min_age),
            max_age: overlay.and_then(|overlay| overlay.max_age),
            audience: overlay.map_or(Audience::Any, |overlay| overlay.audience),
            practitioner_choice: self.practitioner_choice(),
            same_practitioner: overlay
                .and_then(|overlay| overlay.same_practitioner)
                .unwrap_or(self.settings.same_practitioner),
            max_open_per_contact: overlay
                .and_then(|overlay| overlay.max_open_per_contact)
                .unwrap_or(self.settings.max_open_per_contact),
            online: vendor.is_location_online,
            booking_page: published(self.business).and(vendor.web_url.clone()),
            hidden: false,
        })
    }

    fn practitioner_choice(&self) -> PractitionerChoice {
        if !self.policy.allow_staff_selection {
            return PractitionerChoice::None;
        }
        let own = self.overlay.and_then(|overlay| overlay.practitioner_choice);
        own.unwrap_or(self.settings.practitioner_choice)
    }

    /// In the clinic's words, with the translations that are configured.
    fn question(&self, question: &wire::CustomQuestion) -> Question {
        let laid = self
            .overlay
            .and_then(|overlay| overlay.questions.iter().find(|translated| translated.id == question.id));
        let assigned =
            self.vendor.custom_questions.iter().find(|assigned| assigned.question_id == question.id);
        // Answers go back as Bookings has the options, so only translations are laid over those.
        let option = |(at, own): (usize, &String)| Localized {
            default: own.clone(),
            translations: laid
                .and_then(|laid| laid.options.get(at))
                .map(|option| option.translations.clone())
                .unwrap_or_default(),
        };
        Question {
            id: question.id.clone(),
            text: laid
                .map_or_else(|| Localized::from(question.display_name.as_str()), |laid| laid.text.clone()),
            options: question.answer_options.iter().enumerate().map(option).collect(),
            required: assigned.is_some_and(|assigned| assigned.is_required),
        }
    }

    /// What the booking page asks everybody to agree to. Its id changes with its text.
    fn consent(&self) -> Option<Consent> {
        let page =
            self.business.booking_page_settings.as_ref().filter(|page| page.is_customer_consent_enabled)?;
        let message =
            page.customer_consent_message.as_deref().filter(|message| !message.trim().is_empty())?;
        let digest = Sha256::digest(message.as_bytes());
        let id = digest[..6].iter().fold("consent-".to_owned(), |id, byte| format!("{id}{byte:02x}"));
        let url = page.privacy_policy_web_url.clone().or_else(|| page.terms_and_conditions_web_url.clone());
        Some(Consent { id, text: Localized::from(message), url: url.filter(|url| !url.is_empty()) })
    }

    fn price(&self) -> Option<Localized> {
        let currency = self.business.default_currency_iso.as_deref().unwrap_or_default();
        let amount = format!("{:.2} {currency}", self.vendor.default_price.unwrap_or_default());
        let amount = amount.trim_end();
        let words = match self.vendor.default_price_type.as_deref()? {
            "fixedPrice" => amount.to_owned(),
            "startingAt" => format!("from {amount}"),
            "hourly" => format!("{amount} per hour"),
            "free" => "free of charge".to_owned(),
            "priceVaries" => "the price varies".to_owned(),
            "callUs" => "call us for the price".to_owned(),
            _ => return None,
        };
        Some(Localized::from(words.as_str()))
    }
}

fn text(text: Option<&str>) -> Option<Localized> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(Localized::from)
}
