//! Misbehaviour × function: every way in which Graph has been seen to go wrong, at every function, ends with its
//! calendar as callers were told.

use std::time::Duration;

use serde_json::{Value, json};

use super::clinic::{Clinic, NORTH};
use crate::{
    conformance::town::{adas, id},
    fakes::{
        functions_host::Reply,
        graph_simulator::{Created, Misbehaviour, Rule},
    },
};

/// What a caller asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    GetSlots,
    Book,
    BookTwoDoses,
    Cancel,
    Reschedule,
}

use Function::{Book, BookTwoDoses, Cancel, GetSlots, Reschedule};

/// One way to go wrong, and what each function then has to answer: an outcome, or the code of a fault; several
/// where chance decides.
struct Way {
    /// `None`: nothing but what it always does: it refuses IANA's names, and cuts short what is asked for with
    /// `$top`.
    what: Option<Misbehaviour>,
    /// How often; `None`: always.
    times: Option<u64>,
    /// On every call, not only on the one that the function is about.
    everywhere: bool,
    created: Created,
    /// After how many milliseconds something lands that was refused.
    delay: u64,
    expected: fn(Function) -> &'static [&'static str],
}

impl Way {
    fn once(what: Misbehaviour, expected: fn(Function) -> &'static [&'static str]) -> Self {
        let what = Some(what);
        Self { what, times: Some(1), everywhere: false, created: Created::Earlier, delay: 200, expected }
    }

    /// As it always is, in pages of two.
    fn usual() -> Self {
        Self { what: None, ..Self::once(Misbehaviour::OldNames, well) }
    }

    fn delayed(self, delay: u64) -> Self {
        Self { delay, ..self }
    }

    /// As long as it lasts, whatever is asked.
    fn always(what: Misbehaviour, expected: fn(Function) -> &'static [&'static str]) -> Self {
        Self { times: None, everywhere: true, ..Self::once(what, expected) }
    }

    /// As long as it lasts, at the call that the function is about.
    fn there(what: Misbehaviour, expected: fn(Function) -> &'static [&'static str]) -> Self {
        Self { times: None, ..Self::once(what, expected) }
    }

    fn created(self, created: Created) -> Self {
        Self { created, ..self }
    }

    fn rules(&self, function: Function) -> Vec<Rule> {
        let Some(what) = self.what else { return Vec::new() };
        let on = |method: &str, path: &str| {
            let rule = Rule::new(what).on(method, path).created(self.created).delay_ms(self.delay);
            // Of two doses the second: the first stands already.
            let rule = if function == BookTwoDoses && !self.everywhere { rule.after(1) } else { rule };
            self.times.map_or(rule.clone(), |times| rule.times(times))
        };
        if self.everywhere {
            return vec![Rule::new(what).created(self.created)];
        }
        match function {
            GetSlots => vec![on("GET", "calendarView")],
            Book | BookTwoDoses => vec![on("POST", "appointments")],
            Cancel => vec![on("DELETE", "appointments/{id}")],
            Reschedule => vec![on("PATCH", "appointments/{id}")],
        }
    }
}

/// What a function answers when nothing goes wrong that matters.
fn well(function: Function) -> &'static [&'static str] {
    match function {
        GetSlots => &["ok"],
        Book | BookTwoDoses => &["booked"],
        Cancel => &["cancelled"],
        Reschedule => &["rescheduled"],
    }
}

/// What is answered where a place cannot be had. Of the two doses' service there is another practitioner.
fn beaten(function: Function) -> &'static [&'static str] {
    match function {
        GetSlots | Cancel | BookTwoDoses => well(function),
        Book | Reschedule => &["slotTaken"],
    }
}

fn misconfigured(_: Function) -> &'static [&'static str] {
    &["misconfigured"]
}

/// Reads go well; what is written is not granted.
fn not_granted(function: Function) -> &'static [&'static str] {
    match function {
        GetSlots => &["misconfigured"],
        _ => misconfigured(function),
    }
}

/// Nothing can be read, so nothing is decided.
fn unreadable(function: Function) -> &'static [&'static str] {
    match function {
        GetSlots => &["providerFailed"],
        _ => &["providerFailed", "providerTimeout", "providerUnavailable"],
    }
}

/// Graph does not answer at all; a change that is under way is left to be settled.
fn down(_: Function) -> &'static [&'static str] {
    &["providerUnavailable", "providerTimeout", "providerFailed"]
}

/// Goes wrong, asks, and compares.
async fn ask(function: Function, way: Way) {
    let mut clinic = Clinic::open().await;
    let town = &clinic.town;
    let (mut slots, mut booking, mut moved_to) = (Vec::new(), Value::Null, String::new());
    match function {
        GetSlots => {}
        Book => slots = vec![town.slot("flu", 3).await],
        BookTwoDoses => slots = town.pair(3).await.to_vec(),
        Cancel => booking = town.one("flu", 3).await,
        Reschedule => {
            booking = town.one("flu", 3).await;
            moved_to = id(&town.free("flu", 4).await[30]);
        }
    }
    clinic.spoil(way.rules(function)).await;
    if way.what.is_none() {
        clinic.graph().set_page_size(2);
    }
    let body = match function {
        GetSlots => json!({"locationId": "bookings:north", "serviceId": "flu"}),
        Book | BookTwoDoses => {
            json!({"slotIds": slots, "patient": crate::conformance::town::ada(), "requestId": "r-1"})
        }
        Cancel => adas(&booking),
        Reschedule => crate::conformance::town::with(adas(&booking), &json!({"slotIds": [moved_to]})),
    };
    let name = match function {
        GetSlots => "get-slots",
        Book | BookTwoDoses => "book",
        Cancel => "cancel",
        Reschedule => "reschedule",
    };
    let reply = clinic.call(name, body).await;
    let expected = (way.expected)(function);
    assert!(expected.contains(&word(&reply)), "{expected:?}: {}\n{}", reply.body, clinic.host().log());
    assert!(!clinic.host().log().contains("Ada Quill"), "a name in the log");
    tokio::time::sleep(Duration::from_millis(way.delay)).await;
    clinic.agree(&[&reply]).await;
    let left = clinic.shown().len();
    match (function, word(&reply)) {
        (Book, "booked") | (Reschedule, _) => assert_eq!(left, 1, "{}", reply.body),
        (BookTwoDoses, "booked") => assert_eq!(left, 2),
        (Book | BookTwoDoses, "slotTaken" | "misconfigured") | (Cancel, "cancelled") => assert_eq!(left, 0),
        (BookTwoDoses, _) => assert!(left == 0 || left == 2, "half a series"),
        _ => assert!(left <= 1),
    }
}

/// The outcome, or the code of a fault.
fn word(reply: &Reply) -> &str {
    reply.body["outcome"].as_str().or(reply.body["code"].as_str()).unwrap_or("(nothing)")
}

macro_rules! matrix {
    ($($name:ident: $way:expr;)+) => {
        $(mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn get_slots() {
                Box::pin(ask(GetSlots, $way)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn book() {
                Box::pin(ask(Book, $way)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn book_two_doses() {
                Box::pin(ask(BookTwoDoses, $way)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn cancel() {
                Box::pin(ask(Cancel, $way)).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn reschedule() {
                Box::pin(ask(Reschedule, $way)).await;
            }
        })+
    };
}

matrix! {
    short_pages_no_iana_no_top: Way::usual();
    error500_though_created: Way::once(Misbehaviour::Error500ThoughCreated, well);
    error500: Way::once(Misbehaviour::Error500, well);
    error503: Way::once(Misbehaviour::Error503, well);
    error504: Way::once(Misbehaviour::Error504, well);
    hang: Way::once(Misbehaviour::Hang, well);
    hang_though_created: Way::once(Misbehaviour::HangThoughCreated, well);
    reset_before: Way::once(Misbehaviour::ResetBefore, well);
    reset_after_commit: Way::once(Misbehaviour::ResetAfterCommit, well);
    lands_late: Way::once(Misbehaviour::LandsLate, well);
    lands_after_the_search: Way::once(Misbehaviour::LandsLate, well).delayed(3000);
    throttled: Way::once(Misbehaviour::Throttled, well);
    unauthorized: Way::once(Misbehaviour::Unauthorized, well);
    garbage: Way::once(Misbehaviour::Garbage, |function| match function {
        GetSlots => &["providerFailed"],
        function => well(function),
    });
    forbidden: Way::there(Misbehaviour::Forbidden, not_granted);
    empty_customers: Way::always(Misbehaviour::EmptyCustomers, well);
    old_names: Way::always(Misbehaviour::OldNames, well);
    staff_availability_item_key: Way::always(Misbehaviour::StaffAvailabilityItemKey, well);
    odd_zones: Way::always(Misbehaviour::OddZones, well);
    unknown_zone: Way::always(Misbehaviour::UnknownZone, misconfigured);
    busy_ignored: Way::always(Misbehaviour::BusyIgnored, well);
    merged_overlaps: Way::always(Misbehaviour::MergedOverlaps, well);
    missing_created: Way::always(Misbehaviour::MissingCreated, well);
    slash_ids: Way::always(Misbehaviour::SlashIds, well);
    refuse_patch: Way::there(Misbehaviour::RefusePatch, well);
    wrong_place: Way::once(Misbehaviour::WrongPlace, |function| match function {
        Book => &["slotTaken"],
        function => well(function),
    });
    intruder: Way::once(Misbehaviour::Intruder, beaten);
    intruder_earlier: Way::once(Misbehaviour::IntruderLetThrough, beaten);
    intruder_later: Way::once(Misbehaviour::IntruderLetThrough, well).created(Created::Later);
    foreign_next_link: Way::always(Misbehaviour::ForeignNextLink, unreadable);
    always_503: Way::always(Misbehaviour::Error503, down);
}

/// A list that `$top` would cut short, and pages that are followed to their end.
mod pages {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_long_list_is_read_to_its_end() {
        let mut clinic = Clinic::open().await;
        let slots = clinic.town.free("flu", 3).await;
        let north = clinic.town.free("checkup", 3).await;
        for slot in slots.iter().take(20) {
            let start = slot["start"].as_str().unwrap().parse().unwrap();
            clinic.graph().book_as_somebody(NORTH, "flu", "a", start);
        }
        clinic.spoil(Vec::new()).await;
        clinic.graph().set_page_size(3);
        let left = clinic.town.free("flu", 3).await;
        assert_eq!(left.len(), slots.len() - 20, "every page counts");
        assert_eq!(clinic.town.free("checkup", 3).await.len(), north.len(), "Dr. B is free");
        clinic.graph().set_page_size(100);
    }
}

/// What availability says is free although it is not.
mod distrust {
    use super::*;

    /// Somebody has Dr. A twice at once, and Graph shows one of the two times, or both, as free.
    async fn two_at_once(what: Misbehaviour) {
        let mut clinic = Clinic::open().await;
        let slots = clinic.town.free("flu", 3).await;
        let times: Vec<chrono::DateTime<chrono::Utc>> =
            slots.iter().map(|slot| slot["start"].as_str().unwrap().parse().unwrap()).collect();
        for start in [times[20], times[20] + chrono::TimeDelta::minutes(10), times[22]] {
            clinic.graph().book_as_somebody(NORTH, "flu", "a", start);
        }
        clinic.spoil(vec![Rule::new(what)]).await;
        let left: Vec<String> = clinic.town.free("flu", 3).await.iter().map(id).collect();
        for taken in [20, 21, 22] {
            assert!(!left.contains(&id(&slots[taken])), "slot {taken} is somebody's");
            let reply = clinic.book(&[id(&slots[taken])]).await;
            assert_eq!(reply.outcome(), "slotTaken", "{}", reply.body);
        }
        assert!(left.contains(&id(&slots[19])) && left.contains(&id(&slots[23])), "the others are free");
        assert!(clinic.shown().is_empty());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn busy_time_shown_as_free_is_not_offered_or_given() {
        two_at_once(Misbehaviour::BusyIgnored).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn overlaps_that_are_merged_wrongly_are_not_offered_or_given() {
        two_at_once(Misbehaviour::MergedOverlaps).await;
    }
}

/// Groups, which are written whole.
mod groups {
    use super::*;

    async fn joined(way: Option<Rule>) -> (Clinic, Reply, Reply) {
        let mut clinic = Clinic::open().await;
        let slot = clinic.town.slot("class", 3).await;
        let first = clinic.book(std::slice::from_ref(&slot)).await;
        assert_eq!(first.outcome(), "booked", "{}", first.body);
        clinic.spoil(way.into_iter().collect()).await;
        let grace = json!({"slotIds": [slot], "patient": crate::conformance::town::grace()});
        let second = clinic.call("book", grace).await;
        (clinic, first, second)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_second_patient_joins_the_same_appointment() {
        let (clinic, first, second) = joined(None).await;
        assert_eq!(second.outcome(), "booked", "{}", second.body);
        assert_eq!(clinic.graph().appointments(NORTH).len(), 1);
        clinic.agree(&[&first, &second]).await;
        assert_eq!(clinic.shown().len(), 2);
        // One leaves, and the other stays.
        let left = clinic.call("cancel", adas(&first.body)).await;
        assert_eq!(left.outcome(), "cancelled", "{}", left.body);
        clinic.agree(&[&second]).await;
        assert_eq!(clinic.shown().len(), 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_change_that_was_made_though_it_failed_is_seen() {
        let rule = Rule::new(Misbehaviour::Error500ThoughCreated).on("PATCH", "appointments/{id}").times(1);
        let (clinic, first, second) = joined(Some(rule)).await;
        assert_eq!(second.outcome(), "booked", "{}", second.body);
        clinic.agree(&[&first, &second]).await;
        assert_eq!(clinic.shown().len(), 2);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_customer_who_is_dropped_is_noticed() {
        let rule = Rule::new(Misbehaviour::DroppedCustomer);
        let (clinic, first, second) = joined(Some(rule)).await;
        assert_eq!(second.outcome(), "notBookable", "{}", second.body);
        clinic.agree(&[&first]).await;
        assert_eq!(clinic.shown().len(), 1, "the first patient keeps the seat");
        assert_eq!(clinic.graph().customers(NORTH).len(), 1, "nothing of the second is kept");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_first_customer_who_is_dropped_leaves_nothing() {
        let mut clinic = Clinic::open().await;
        let slot = clinic.town.slot("class", 3).await;
        clinic.spoil(vec![Rule::new(Misbehaviour::DroppedCustomer)]).await;
        let reply = clinic.book(&[slot]).await;
        assert_eq!(reply.outcome(), "notBookable", "{}", reply.body);
        clinic.agree(&[&reply]).await;
        assert_eq!((clinic.graph().appointments(NORTH).len(), clinic.graph().customers(NORTH).len()), (0, 0));
    }

    /// Where Graph gives an `ETag`, somebody who adds a customer in Outlook at the same moment is not written over.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_joins_between_our_read_and_our_write_stays_where_graph_has_etags() {
        let mut clinic = Clinic::open().await;
        let slot = clinic.town.slot("class", 3).await;
        let first = clinic.book(std::slice::from_ref(&slot)).await;
        let intruder = Rule::new(Misbehaviour::IntruderInGroup).times(1);
        clinic.spoil(vec![Rule::new(Misbehaviour::Etags), intruder]).await;
        let grace = json!({"slotIds": [slot], "patient": crate::conformance::town::grace()});
        let second = clinic.call("book", grace).await;
        assert_eq!(second.outcome(), "booked", "{}\n{}", second.body, clinic.host().log());
        let seated = clinic.graph().appointments(NORTH)[0]["customers"].as_array().unwrap().len();
        assert_eq!(seated, 3, "Ada, somebody, and Grace");
        clinic.agree(&[&first, &second]).await;
        assert_eq!(clinic.shown().len(), 2);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_seat_moves_to_another_group() {
        let (clinic, first, second) = joined(None).await;
        let to = id(&clinic.town.free("class", 4).await[3]);
        let wish = crate::conformance::town::with(adas(&first.body), &json!({"slotIds": [to]}));
        let moved = clinic.call("reschedule", wish).await;
        assert_eq!(moved.outcome(), "rescheduled", "{}", moved.body);
        clinic.agree(&[&moved, &second]).await;
        assert_eq!(clinic.graph().appointments(NORTH).len(), 2);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn seats_are_counted_where_lists_leave_customers_out() {
        let (clinic, _, _) = joined(Some(Rule::new(Misbehaviour::EmptyCustomers))).await;
        let slots = clinic.town.free("class", 3).await;
        let seats: Vec<u64> = slots.iter().map(|slot| slot["remaining"].as_u64().unwrap()).collect();
        assert_eq!(seats.iter().filter(|seats| **seats == 1).count(), 1, "{seats:?}");
    }
}
