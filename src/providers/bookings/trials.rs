//! `check`: a token, each business, and each permission, exercised without changing anything.

use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;

use super::{
    Bookings, READ,
    catalogue::{Business, Catalogue},
    wire,
};
use crate::{
    provider::{ProviderError, Trial},
    providers::graph::{Ask, Trouble, wire::ZonedTime},
};

/// An id that no appointment has. A write to it changes nothing, and is refused in another way by whoever may
/// write than by whoever may not.
const NOBODYS: &str = "AAMkAGNoZWNrLW9mLWhlYWx0aGJvdC1zY2hlZHVsZXI=";

const GRANT: &str =
    "run `infra/grant-graph-permissions.sh`, then wait or restart: tokens are kept for up to a day";
const GRANT_MESSAGES: &str = "nothing, if no message is to go out; else run `infra/grant-graph-permissions.sh \
                              --cancel-messages`, then wait or restart";

impl Bookings {
    pub(super) async fn try_everything(&self) -> Vec<Trial> {
        let mut trials = vec![self.try_token().await];
        if trials[0].ended.is_err() {
            return trials;
        }
        let deadline = Instant::now() + READ;
        let read = Catalogue::read(&self.graph, &self.settings, &self.paths, None, READ, deadline).await;
        let catalogue = match read {
            Ok(catalogue) => catalogue,
            Err(trouble) => {
                trials.push(failed(None, "which businesses are there?", &trouble.into_error("businesses")));
                return trials;
            }
        };
        for (business, error) in &catalogue.failed {
            trials.push(failed(Some(business), "can it be read?", error));
        }
        for business in &catalogue.businesses {
            trials.push(Self::read_well(business));
            trials.extend(Self::services_of(business));
            trials.push(self.try_availability(business).await);
            trials.push(self.try_writing(business).await);
            trials.push(self.try_cancelling(business).await);
        }
        trials
    }

    async fn try_token(&self) -> Trial {
        let asked = "is there a token for Graph?";
        match self.graph.token().await {
            Ok(()) => passed(None, asked, "yes".to_owned()),
            Err(trouble) => failed(None, asked, &trouble.into_error("token")),
        }
    }

    fn read_well(business: &Business) -> Trial {
        let locations: Vec<&str> = business.locations.iter().map(|at| at.id.as_str()).collect();
        let came_back = format!(
            "yes: {} in {}, {} services",
            locations.join(", "),
            business.zone.name(),
            business.services.iter().filter(|offered| !offered.concealed).count()
        );
        passed(Some(&business.id), "can it be read?", came_back)
    }

    /// What would keep patients from ever being booked.
    fn services_of(business: &Business) -> Vec<Trial> {
        let mut trials = Vec::new();
        let shown = || business.services.iter().filter(|offered| !offered.concealed);
        if shown().next().is_none() {
            let remedy = "add a service in Bookings, or show one that is hidden from customers";
            trials.push(wrong(&business.id, "does it offer services?", "none", remedy));
        }
        for offered in shown() {
            let name = offered.vendor.display_name.as_deref().unwrap_or(&offered.vendor.id);
            let of = format!("{} {name}", business.id);
            if offered.staff.is_empty() {
                let remedy =
                    "assign staff to the service in Bookings: an application has to name who it books";
                trials.push(wrong(&of, "has it staff?", "no", remedy));
            }
            if !offered.policy.allow_staff_selection {
                let remedy = "turn on \"Allow customers to choose a particular person for the booking\" in the \
                              scheduling policy (`allowStaffSelection`)";
                let asked = "may a booking name its staff member?";
                trials.push(wrong(&of, asked, "no, and so no booking will be taken", remedy));
            }
        }
        trials
    }

    /// `Bookings.Read.All`, which the smaller permission does not stand in for.
    async fn try_availability(&self, business: &Business) -> Trial {
        let asked = "may the availability of staff be read?";
        let staff = business.services.iter().find_map(|offered| offered.staff.first());
        let Some(staff) = staff else {
            return passed(Some(&business.id), asked, "not tried: there is no staff".to_owned());
        };
        let now = self.clock.now();
        let wanted = wire::AvailabilityWanted {
            staff_ids: vec![staff.as_str()],
            start_date_time: ZonedTime::utc(now),
            end_date_time: ZonedTime::utc(now + chrono::TimeDelta::days(1)),
        };
        let body = serde_json::to_value(&wanted).unwrap_or_default();
        let tried = self.try_call(business, Method::POST, &["getStaffAvailability"], Some(body)).await;
        match tried {
            Ok(()) => passed(Some(&business.id), asked, "yes".to_owned()),
            Err(Trouble::Forbidden { .. }) => {
                wrong(&business.id, asked, "no: the app role `Bookings.Read.All` is missing", GRANT)
            }
            Err(trouble) => failed(Some(&business.id), asked, &trouble.into_error("getStaffAvailability")),
        }
    }

    async fn try_writing(&self, business: &Business) -> Trial {
        let asked = "may appointments be written?";
        let tried = self.try_call(business, Method::DELETE, &["appointments", NOBODYS], None).await;
        match tried {
            // There is no such appointment, and that is what it says to whoever might have deleted it.
            Ok(()) | Err(Trouble::NotFound | Trouble::Refused { .. }) => {
                passed(Some(&business.id), asked, "yes".to_owned())
            }
            Err(Trouble::Forbidden { .. }) => {
                let came_back = "no: the app role `BookingsAppointment.ReadWrite.All` is missing";
                wrong(&business.id, asked, came_back, GRANT)
            }
            Err(trouble) => failed(Some(&business.id), asked, &trouble.into_error("delete appointment")),
        }
    }

    async fn try_cancelling(&self, business: &Business) -> Trial {
        let asked = "are patients told of cancellations?";
        let body = json!({ "cancellationMessage": "" });
        let tried =
            self.try_call(business, Method::POST, &["appointments", NOBODYS, "cancel"], Some(body)).await;
        match tried {
            Ok(()) | Err(Trouble::NotFound | Trouble::Refused { .. }) => {
                passed(Some(&business.id), asked, "yes, those who are told of bookings".to_owned())
            }
            Err(Trouble::Forbidden { .. }) => {
                let came_back = "no: without the app role `Bookings.ReadWrite.All` they are deleted silently";
                passed(Some(&business.id), asked, format!("{came_back}; to do: {GRANT_MESSAGES}"))
            }
            Err(trouble) => failed(Some(&business.id), asked, &trouble.into_error("cancel appointment")),
        }
    }

    async fn try_call(
        &self,
        business: &Business,
        method: Method,
        below: &[&str],
        body: Option<serde_json::Value>,
    ) -> Result<(), Trouble> {
        let path = self.paths.below(&business.id, below)?;
        let mut ask = Ask::get(&business.id, path, "check");
        (ask.method, ask.body) = (method, body);
        self.graph.write(&ask, Instant::now() + READ).await.map(drop)
    }
}

fn passed(of: Option<&str>, asked: &str, came_back: String) -> Trial {
    Trial { of: of.map(str::to_owned), asked: asked.to_owned(), ended: Ok(came_back) }
}

fn wrong(of: &str, asked: &str, came_back: &str, remedy: &str) -> Trial {
    let ended = Err((came_back.to_owned(), remedy.to_owned()));
    Trial { of: Some(of.to_owned()), asked: asked.to_owned(), ended }
}

/// Errors say what to do themselves.
fn failed(of: Option<&str>, asked: &str, error: &ProviderError) -> Trial {
    let remedy = match error {
        ProviderError::Misconfigured(_) => "mend that, then run `healthbot-scheduler check` again",
        ProviderError::Unavailable { .. } | ProviderError::Timeout => "try again in a moment",
        ProviderError::Failed(_) | ProviderError::Unsupported(_) => "look for its request id in the log",
    };
    Trial {
        of: of.map(str::to_owned),
        asked: asked.to_owned(),
        ended: Err((error.to_string(), remedy.to_owned())),
    }
}
