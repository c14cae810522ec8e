//! One patient's place in an appointment, and our mark on it.
//!
//! An appointment for one is ours as a whole; in a group, a patient is a customer among others. Our mark stands
//! in the appointment's internal notes, which staff see, patients do not, and lists leave out: a line for each
//! booking of ours, with the customer it is for where there are several.

use std::sync::Arc;

use super::wire;
use crate::provider::{Handle, Reference};

/// How our lines begin, for whoever reads the notes.
const LINE: &str = "Chatbot booking ";

/// What comes between an appointment's id and a customer's; ids are Base64 or GUIDs.
const BETWEEN: char = '#';

/// A patient's place: the appointment, and in a group the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) appointment: String,
    pub(super) customer: Option<String>,
}

impl Seat {
    pub(super) fn of(handle: &Handle) -> Self {
        match handle.0.split_once(BETWEEN) {
            Some((appointment, customer)) => {
                Self { appointment: appointment.to_owned(), customer: Some(customer.to_owned()) }
            }
            None => Self { appointment: handle.0.as_ref().to_owned(), customer: None },
        }
    }

    pub(super) fn handle(&self) -> Handle {
        Handle(match &self.customer {
            Some(customer) => Arc::from(format!("{}{BETWEEN}{customer}", self.appointment)),
            None => Arc::from(self.appointment.as_str()),
        })
    }

    /// Everybody's seats.
    pub(super) fn all_of(appointment: &wire::Appointment, group: bool) -> Vec<Self> {
        let seat = |customer: Option<&str>| Self {
            appointment: appointment.id.clone(),
            customer: customer.map(str::to_owned),
        };
        if group { appointment.customer_ids().map(|id| seat(Some(id))).collect() } else { vec![seat(None)] }
    }
}

/// The seats that are taken of `capacity`, also where the appointment has fewer than the service.
pub(super) fn taken(appointment: &wire::Appointment, capacity: u32) -> u32 {
    let count = |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok());
    let filled = count(appointment.filled_attendees_count).unwrap_or(0);
    let seated = filled.max(u32::try_from(appointment.customers.len()).unwrap_or(u32::MAX));
    let most = count(appointment.maximum_attendees_count).filter(|most| *most > 0).unwrap_or(capacity);
    seated.saturating_add(capacity.saturating_sub(most)).min(capacity.max(seated))
}

/// A line of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) reference: Reference,
    pub(super) customer: Option<String>,
}

/// Our lines in an appointment's notes.
pub(super) fn marks(notes: Option<&str>) -> Vec<Mark> {
    // Outlook keeps notes as HTML at times, so a line may have tags around it.
    let ours = notes.unwrap_or_default().lines().filter_map(|line| line.split_once(LINE));
    ours.filter_map(|(_, line)| {
        let mut words = line.split('<').next()?.split_whitespace().map(str::to_owned);
        let reference = Reference(Arc::from(words.next()?));
        Some(Mark { reference, customer: words.next() })
    })
    .collect()
}

/// Notes without the lines of some references, and with a line of ours after everybody else's.
pub(super) fn noted(notes: Option<&str>, without: &[Reference], with: Option<&Mark>) -> String {
    let stays = |line: &&str| marks(Some(line)).first().is_none_or(|mark| !without.contains(&mark.reference));
    let mut lines: Vec<String> = notes.unwrap_or_default().lines().filter(stays).map(str::to_owned).collect();
    lines.extend(with.map(|Mark { reference, customer }| match customer {
        Some(customer) => format!("{LINE}{} {customer}", reference.0),
        None => format!("{LINE}{}", reference.0),
    }));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(reference: &str, customer: Option<&str>) -> Mark {
        Mark { reference: Reference(reference.into()), customer: customer.map(str::to_owned) }
    }

    #[test]
    fn a_handle_is_an_appointment_or_a_seat_in_it() {
        for (text, customer) in [("AAMk/b+c=", None), ("AAMk/b+c=#7ed53fa5", Some("7ed53fa5"))] {
            let seat = Seat::of(&Handle(text.into()));
            assert_eq!((seat.appointment.as_str(), seat.customer.as_deref()), ("AAMk/b+c=", customer));
            assert_eq!(&*seat.handle().0, text);
        }
    }

    #[test]
    fn our_lines_live_beside_what_staff_write() {
        let notes = noted(Some("Needs a ramp."), &[], Some(&mark("r1", Some("c1"))));
        assert_eq!(notes, "Needs a ramp.\nChatbot booking r1 c1");
        let notes = noted(Some(&notes), &[], Some(&mark("r2", Some("c2"))));
        assert_eq!(marks(Some(&notes)), [mark("r1", Some("c1")), mark("r2", Some("c2"))]);
        let left = noted(Some(&notes), &[Reference("r1".into())], None);
        assert_eq!(left, "Needs a ramp.\nChatbot booking r2 c2");
        assert_eq!(marks(Some("<p>Chatbot booking r3</p>")), [mark("r3", None)]);
        assert_eq!(marks(None), []);
    }

    #[test]
    fn seats_are_counted_by_whatever_shows_more_of_them() {
        let appointment = |filled, customers: usize, most| wire::Appointment {
            filled_attendees_count: filled,
            customers: vec![serde_json::Value::Null; customers],
            maximum_attendees_count: most,
            ..wire::Appointment::default()
        };
        assert_eq!(taken(&appointment(Some(2), 0, Some(6)), 6), 2);
        assert_eq!(taken(&appointment(None, 3, None), 6), 3);
        assert_eq!(
            taken(&appointment(Some(1), 1, Some(4)), 6),
            3,
            "two seats fewer than the service has now"
        );
        assert_eq!(taken(&appointment(Some(7), 0, Some(6)), 6), 7, "overfull");
    }
}
