//! Every path to a business. Graph's permissions are for all businesses of a tenant, so that what is not listed
//! is refused here, and nobody makes a path elsewhere.

use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::Instant;

use super::wire;
use crate::{
    config::bookings::Allowed,
    domain::{CalendarId, ProviderName},
    provider::ProviderError,
    providers::graph::{Ask, Graph, Trouble},
};

/// An id is one segment, whatever is in it: those of appointments may have slashes.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const BUSINESSES: &str = "solutions/bookingBusinesses";

/// The paths that may be taken.
#[derive(Debug, Clone)]
pub(super) struct Paths {
    allowed: Allowed,
}

impl Paths {
    pub(super) fn new(allowed: Allowed) -> Self {
        Self { allowed }
    }

    /// The ids of the businesses that may be touched.
    pub(super) async fn businesses(
        &self,
        graph: &Graph,
        deadline: Instant,
    ) -> Result<Vec<Arc<str>>, Trouble> {
        match &self.allowed {
            Allowed::Listed(listed) => Ok(listed.iter().map(|id| Arc::from(id.as_str())).collect()),
            Allowed::All => {
                let ask = Ask::get(&Arc::from(""), BUSINESSES.to_owned(), "businesses");
                let all: Vec<wire::Business> = graph.list(&ask, deadline).await?;
                Ok(all.into_iter().filter(|of| !of.id.is_empty()).map(|of| Arc::from(of.id)).collect())
            }
        }
    }

    pub(super) fn business(&self, id: &str) -> Result<String, Trouble> {
        self.below(id, &[])
    }

    /// `…/{id}/appointments/{appointment}`, each segment encoded.
    pub(super) fn below(&self, id: &str, segments: &[&str]) -> Result<String, Trouble> {
        if !self.allowed.has(id) {
            let why = format!("`{id}` is not among `businesses` of `[bookings]`, so it is not touched");
            return Err(Trouble::NoToken(ProviderError::Misconfigured(why)));
        }
        let mut path = format!("{BUSINESSES}/{}", encoded(id));
        for segment in segments {
            path.push('/');
            path.push_str(&encoded(segment));
        }
        Ok(path)
    }
}

fn encoded(segment: &str) -> String {
    utf8_percent_encode(segment, SEGMENT).to_string()
}

/// The calendar of a business. Addresses have no case, and a calendar must stay the same however one is written.
pub(super) fn calendar_of(business: &str) -> CalendarId {
    CalendarId::from(format!("{}:{}", ProviderName::Bookings, business.to_lowercase()))
}

/// The business of a calendar of ours, in lower case.
pub(super) fn business_of(calendar: &CalendarId) -> Result<Arc<str>, ProviderError> {
    let prefix = format!("{}:", ProviderName::Bookings);
    calendar
        .as_str()
        .strip_prefix(&prefix)
        .map(Arc::from)
        .ok_or_else(|| ProviderError::Failed(format!("`{calendar}` is no calendar of Bookings")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_segment_and_only_of_a_business_that_is_listed() {
        let paths = Paths::new(Allowed::Listed(vec!["Clinic@contoso.onmicrosoft.com".into()]));
        let path = paths.below("Clinic@contoso.onmicrosoft.com", &["appointments", "AAMk/+=/x"]).unwrap();
        assert_eq!(
            path,
            "solutions/bookingBusinesses/Clinic%40contoso.onmicrosoft.com/appointments/AAMk%2F%2B%3D%2Fx"
        );
        assert!(paths.business("Other@contoso.onmicrosoft.com").is_err());
        assert!(Paths::new(Allowed::All).business("Other@contoso.onmicrosoft.com").is_ok());
    }
}
