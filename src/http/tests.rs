//! Every outcome of every function, as it is told: whole in English, its words in each of the seven languages.

use std::{fmt::Write, sync::Arc};

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::America::Los_Angeles;
use serde::Serialize;
use serde_json::Value;

use super::{book, cancel, get_appointment, get_locations, get_slots, reply::Refusal, reschedule};
use crate::{
    callers::Flaw,
    domain::{
        Address, Audience, BookBy, CalendarId, Hours, Localized, Location, Position, Practitioner,
        PractitionerChoice, ProviderName, Series, Service, TimeRange, code::ConfirmationCode, slot::SlotId,
    },
    language::Language,
    scheduling::{
        AppointmentView, BookOutcome, BookingView, CancelOutcome, Channel, Fault, FindOutcome, InputField,
        InputReason, InvalidField, LocationsFound, LocationsOutcome, Matched, NeedsInput, NotBookable,
        NotEligible, NotOpened, RescheduleOutcome, Site, Slot, SlotsFound, SlotsOutcome, Status,
    },
};

const LANGUAGES: [&str; 7] = ["en-US", "es", "fr", "de", "pt", "zh", "ar"];

fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

fn now() -> DateTime<Utc> {
    time("2026-11-29T20:00:00Z")
}

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn service(id: &str, name: &str, doses: u8) -> Service {
    Service {
        id: id.into(),
        name: Localized {
            default: name.to_owned(),
            translations: [("es".to_owned(), format!("{name} (es)"))].into(),
        },
        duration: TimeDelta::minutes(20),
        every: TimeDelta::minutes(20),
        buffer_before: TimeDelta::zero(),
        buffer_after: TimeDelta::zero(),
        capacity: 1,
        min_notice: TimeDelta::hours(1),
        max_advance_days: 90,
        cancel_notice: TimeDelta::hours(24),
        series: (doses > 1).then_some(Series { doses, min_days: 21, max_days: 42 }),
        requires: Vec::new(),
        questions: Vec::new(),
        consent: None,
        instructions: (doses > 1).then(|| "Wear short sleeves.".into()),
        price: None,
        min_age: None,
        max_age: None,
        audience: Audience::Any,
        practitioner_choice: PractitionerChoice::Optional,
        same_practitioner: false,
        max_open_per_contact: 6,
        online: false,
        booking_page: None,
        hidden: false,
    }
}

fn location(id: &str, name: &str) -> Arc<Location> {
    let morning = Hours { from: NaiveTime::from_hms_opt(8, 0, 0).expect("a time"), until_minutes: 17 * 60 };
    Arc::new(Location {
        id: format!("embedded:{id}").parse().expect("a known prefix"),
        calendar: CalendarId::from(format!("{}:{id}", ProviderName::Embedded)),
        name: name.to_owned(),
        address: Address {
            street: Some("123 Main St".to_owned()),
            city: Some("Redmond".to_owned()),
            state: Some("WA".to_owned()),
            postal_code: Some("98052".to_owned()),
            country: Some("US".to_owned()),
        },
        position: Some(Position { latitude: 47.674, longitude: -122.121 }),
        phone: Some("+1 425 555 0100".to_owned()),
        time_zone: Los_Angeles,
        hours: std::array::from_fn(|day| if day < 5 { vec![morning] } else { Vec::new() }),
        closed: vec![date("2026-12-25")],
        booking_page: Some("https://example.org/book".to_owned()),
        book_by: vec![BookBy::Chat, BookBy::Page, BookBy::Phone],
        services: vec![
            Arc::new(service("checkup", "Check-up", 1)),
            Arc::new(service("covid", "COVID-19 vaccine", 2)),
        ],
        practitioners: vec![Practitioner {
            id: "watt".into(),
            name: "Dr. Watt".to_owned(),
            services: vec!["checkup".into()],
        }],
    })
}

fn eastside() -> Arc<Location> {
    location("eastside", "Eastside Clinic")
}

fn slot(location: &Arc<Location>, start: &str) -> Slot {
    let service = Arc::clone(&location.services[0]);
    let time = service.appointment(time(start)).expect("a time");
    let id = SlotId {
        location: location.id.clone(),
        service: service.id.clone(),
        start: time.start(),
        practitioner: None,
    };
    Slot { id, location: Arc::clone(location), service, dose: 1, time, remaining: 2 }
}

fn one_day() -> Vec<Slot> {
    ["2026-12-01T17:00:00Z", "2026-12-01T17:20:00Z"].map(|start| slot(&eastside(), start)).into()
}

fn appointment(dose: u8, start: &str, status: Status) -> AppointmentView {
    let location = eastside();
    let start = time(start);
    AppointmentView {
        dose,
        status,
        time: TimeRange::new(start, start + TimeDelta::minutes(20)).expect("a span"),
        service: Arc::clone(&location.services[1]),
        practitioner: Some(location.practitioners[0].clone()),
        location,
        join_url: None,
        can_cancel: true,
        can_reschedule: true,
        change_until: start - TimeDelta::hours(24),
    }
}

fn booking(appointments: Vec<AppointmentView>, notified: Vec<Channel>) -> BookingView {
    BookingView {
        code: Some(ConfirmationCode::from_bits(&[0x3a; 8])),
        request_id: Some("r-1".to_owned()),
        appointments,
        reminders: if notified.is_empty() { Vec::new() } else { vec!["P1D".to_owned()] },
        notified,
    }
}

fn single() -> BookingView {
    booking(vec![appointment(1, "2026-12-01T17:00:00Z", Status::Booked)], Vec::new())
}

fn series() -> BookingView {
    let doses = [(1, "2026-12-01T17:00:00Z"), (2, "2026-12-29T17:00:00Z")];
    let doses = doses.map(|(dose, start)| appointment(dose, start, Status::Booked));
    booking(doses.into(), vec![Channel::Email])
}

fn with_status(status: Status) -> BookingView {
    booking(vec![appointment(1, "2026-12-01T17:00:00Z", status)], Vec::new())
}

fn all_inputs() -> Vec<NeedsInput> {
    let answer = |options: &[&str]| InputField::Answer {
        id: "first".to_owned(),
        text: "Is this your first visit?".to_owned(),
        options: options.iter().map(|option| (*option).to_owned()).collect(),
    };
    let (missing, invalid) = (InputReason::Missing, InputReason::Invalid);
    [
        (InputField::Name, missing),
        (InputField::FamilyName, missing),
        (InputField::GivenName, missing),
        (InputField::EmailOrPhone, missing),
        (InputField::Email, missing),
        (InputField::Email, invalid),
        (InputField::Phone, missing),
        (InputField::Phone, invalid),
        (InputField::BirthDate, missing),
        (InputField::BirthDate, invalid),
        (answer(&[]), missing),
        (answer(&["Yes", "No"]), invalid),
        (InputField::Consent { text: "I agree to be vaccinated.".to_owned() }, missing),
        (InputField::Practitioner, missing),
        (InputField::Practitioner, invalid),
        (InputField::ConfirmationCode, missing),
        (InputField::ConfirmationCode, invalid),
        (InputField::Contact, missing),
        (InputField::ContactEmail, invalid),
        (InputField::ContactPhone, invalid),
        (InputField::ContactBirthDate, invalid),
        (InputField::NearPostalCode, missing),
        (InputField::NearPostalCode, InputReason::UnknownPlace),
    ]
    .map(|(field, reason)| NeedsInput { field, reason })
    .into()
}

/// Replies by name, in one language.
struct Replies<'a> {
    language: &'a Language,
    told: Vec<(&'static str, Value)>,
}

impl Replies<'_> {
    fn add(&mut self, name: &'static str, reply: &impl Serialize) {
        self.told.push((name, serde_json::to_value(reply).expect("JSON")));
    }

    fn locations(&mut self, name: &'static str, outcome: LocationsOutcome) {
        let asked = get_locations::Asked::near();
        self.add(name, &get_locations::render(outcome, &asked, now(), self.language));
    }

    fn slots(&mut self, name: &'static str, outcome: SlotsOutcome) {
        self.add(name, &get_slots::render(outcome, &get_slots::Asked::default(), now(), self.language));
    }

    fn book(&mut self, name: &'static str, outcome: BookOutcome) {
        self.add(name, &book::render(outcome, 2, now(), self.language));
    }

    fn find(&mut self, name: &'static str, outcome: FindOutcome) {
        self.add(name, &get_appointment::render(outcome, now(), self.language));
    }

    fn cancel(&mut self, name: &'static str, outcome: CancelOutcome) {
        self.add(name, &cancel::render(outcome, Some(1), now(), self.language));
    }

    fn reschedule(&mut self, name: &'static str, outcome: RescheduleOutcome) {
        let asked = reschedule::Asked::default();
        self.add(name, &reschedule::render(outcome, &asked, now(), self.language));
    }

    fn refusal(&mut self, name: &'static str, refusal: &Refusal) {
        let body = super::Reply::problem(refusal, self.language).into_response().into_body();
        self.told.push((name, serde_json::from_slice(&body).expect("JSON")));
    }
}

fn found(sites: Vec<Site>, matched: Matched) -> LocationsOutcome {
    LocationsOutcome::Found(LocationsFound { sites, matched, cursor: None, stale: false })
}

fn site(location: Arc<Location>, metres: f64) -> Site {
    let closures = location.closed.clone();
    Site { location, metres: Some(metres), open_now: true, closures }
}

fn slots_found(slots: Vec<Slot>, alternatives: Vec<Slot>) -> SlotsFound {
    let days = if slots.is_empty() { Vec::new() } else { vec![(date("2026-12-01"), slots.len())] };
    SlotsFound {
        zone: Los_Angeles,
        bookable: (date("2026-11-29"), date("2027-02-27")),
        slots,
        days,
        alternatives,
        cursor: None,
        stale: false,
        basis: None,
    }
}

fn replies(language: &Language) -> Vec<(&'static str, Value)> {
    let mut all = Replies { language, told: Vec::new() };
    reads(&mut all);
    bookings(&mut all);
    changes(&mut all);
    faults(&mut all);
    all.told
}

fn reads(all: &mut Replies<'_>) {
    let two = vec![site(eastside(), 3219.0), site(location("harbor", "Harbor Health"), 20_000.0)];
    all.locations("get-locations ok", found(two, Matched::Distance));
    let city = vec![site(eastside(), 3219.0)];
    all.locations("get-locations ok, by city", found(city, Matched::City));
    all.locations("get-locations noLocations", found(Vec::new(), Matched::Distance));
    all.locations("get-locations needsInput", LocationsOutcome::NeedsInput(vec![all_inputs().remove(22)]));
    all.slots("get-slots ok, one day", SlotsOutcome::Found(slots_found(one_day(), Vec::new())));
    let mut elsewhere = one_day();
    elsewhere.push(slot(&location("harbor", "Harbor Health"), "2026-12-02T18:00:00Z"));
    all.slots("get-slots ok, anywhere", SlotsOutcome::Found(slots_found(elsewhere, Vec::new())));
    let twice = ["2026-11-01T08:30:00Z", "2026-11-01T09:30:00Z"].map(|start| slot(&eastside(), start));
    all.slots(
        "get-slots ok, the hour that comes twice",
        SlotsOutcome::Found(slots_found(twice.into(), Vec::new())),
    );
    all.slots("get-slots noSlots", SlotsOutcome::Found(slots_found(Vec::new(), one_day())));
    all.slots("get-slots noSlots at all", SlotsOutcome::Found(slots_found(Vec::new(), Vec::new())));
    all.slots("get-slots unknownLocation", SlotsOutcome::UnknownLocation);
    all.slots("get-slots unknownService", SlotsOutcome::UnknownService);
    all.slots("get-slots bookElsewhere", SlotsOutcome::BookElsewhere(eastside()));
    all.slots("get-slots notFound", SlotsOutcome::NotOpened(NotOpened::NotFound));
    all.find("get-appointment found", FindOutcome::Found(single()));
    all.find("get-appointment found, a series", FindOutcome::Found(series()));
    for (name, status) in [
        ("get-appointment found, pending", Status::Pending),
        ("get-appointment found, moved", Status::Moved),
        ("get-appointment found, cancelled", Status::Cancelled),
        ("get-appointment found, cancelled by the clinic", Status::CancelledByClinic),
        ("get-appointment found, past", Status::Past),
    ] {
        all.find(name, FindOutcome::Found(with_status(status)));
    }
    all.find("get-appointment notFound", FindOutcome::NotOpened(NotOpened::NotFound));
    let blocked = NotOpened::TooManyAttempts { minutes: 12 };
    all.find("get-appointment tooManyAttempts", FindOutcome::NotOpened(blocked));
}

fn bookings(all: &mut Replies<'_>) {
    all.book("book booked", BookOutcome::Booked(single()));
    all.book("book booked, a series", BookOutcome::Booked(series()));
    let preview = |booking| BookOutcome::Preview { booking, request_id: "r-2".to_owned() };
    all.book("book preview", preview(BookingView { code: None, ..single() }));
    all.book("book preview, a series", preview(BookingView { code: None, ..series() }));
    all.book("book slotTaken", BookOutcome::SlotTaken { taken: vec![1, 2], alternatives: one_day() });
    all.book("book slotTaken, one dose", BookOutcome::SlotTaken { taken: vec![2], alternatives: Vec::new() });
    all.book("book alreadyBooked", BookOutcome::AlreadyBooked);
    all.book("book alreadyCancelled", BookOutcome::AlreadyCancelled);
    for (name, reason) in [
        ("book notBookable, no such slot", NotBookable::NoSuchSlot),
        ("book notBookable, past", NotBookable::Past),
        ("book notBookable, too soon", NotBookable::TooSoon { notice: TimeDelta::hours(2) }),
        ("book notBookable, too far", NotBookable::TooFar { days: 90 }),
        ("book notBookable, wrong slots", NotBookable::WrongSlots),
        ("book notBookable, elsewhere", NotBookable::BookElsewhere),
        ("book notBookable, refused", NotBookable::Refused),
    ] {
        all.book(name, BookOutcome::NotBookable { reason, location: Some(eastside()) });
    }
    for (name, reason) in [
        ("book notEligible, too young", NotEligible::TooYoung { min_age: 12 }),
        ("book notEligible, too old", NotEligible::TooOld { max_age: 64 }),
        ("book notEligible, adults only", NotEligible::AdultsOnly),
        ("book notEligible, children only", NotEligible::ChildrenOnly),
    ] {
        all.book(name, BookOutcome::NotEligible { reason });
    }
    all.book("book seriesInterval", BookOutcome::SeriesInterval { dose: 2, min_days: 21, max_days: 42 });
    all.book(
        "book seriesInterval, exact",
        BookOutcome::SeriesInterval { dose: 2, min_days: 21, max_days: 21 },
    );
    all.book("book tooManyBookings", BookOutcome::TooManyBookings { max: 6 });
    all.book("book inProgress", BookOutcome::InProgress);
    all.book("book needsInput", BookOutcome::NeedsInput(all_inputs()));
}

fn changes(all: &mut Replies<'_>) {
    let request_id = || "r-3".to_owned();
    all.cancel("cancel cancelled", CancelOutcome::Cancelled(with_status(Status::Cancelled)));
    all.cancel("cancel cancelled, a series", CancelOutcome::Cancelled(series()));
    all.cancel("cancel alreadyCancelled", CancelOutcome::AlreadyCancelled(with_status(Status::Cancelled)));
    all.cancel("cancel preview", CancelOutcome::Preview { booking: single(), request_id: request_id() });
    all.cancel(
        "cancel preview, a series",
        CancelOutcome::Preview { booking: series(), request_id: request_id() },
    );
    let notice = TimeDelta::hours(24);
    all.cancel("cancel tooLate", CancelOutcome::TooLate { notice, location: eastside() });
    all.cancel("cancel inProgress", CancelOutcome::InProgress);
    all.cancel("cancel notFound", CancelOutcome::NotOpened(NotOpened::NotFound));
    all.reschedule("reschedule rescheduled", RescheduleOutcome::Rescheduled(single()));
    all.reschedule("reschedule rescheduled, a series", RescheduleOutcome::Rescheduled(series()));
    let preview = |booking| RescheduleOutcome::Preview { booking, request_id: "r-4".to_owned() };
    all.reschedule("reschedule preview", preview(single()));
    all.reschedule("reschedule preview, a series", preview(series()));
    let taken = RescheduleOutcome::SlotTaken { taken: vec![1], alternatives: one_day() };
    all.reschedule("reschedule slotTaken", taken);
    let past = RescheduleOutcome::NotBookable { reason: NotBookable::Past, location: None };
    all.reschedule("reschedule notBookable", past);
    all.reschedule("reschedule tooLate", RescheduleOutcome::TooLate { notice, location: eastside() });
    all.reschedule("reschedule alreadyCancelled", RescheduleOutcome::AlreadyCancelled(single()));
    all.reschedule("reschedule notFound", RescheduleOutcome::NotOpened(NotOpened::NotFound));
}

fn faults(all: &mut Replies<'_>) {
    let wait = std::time::Duration::from_millis(29_001);
    for (name, refusal) in [
        ("noSuchFunction", Refusal::NoSuchFunction),
        ("wrongMethod", Refusal::WrongMethod(super::POST)),
        ("unauthorized", Refusal::Unauthorized(Flaw::Expired)),
        ("forbidden", Refusal::Forbidden),
        ("tooLarge", Refusal::TooLarge),
        ("wrongContentType", Refusal::WrongContentType),
        (
            "invalidRequest",
            Fault::InvalidRequest(vec![InvalidField {
                field: "near.latitude".to_owned(),
                detail: "must be a number from -90 to 90".to_owned(),
            }])
            .into(),
        ),
        ("providerFailed", Fault::ProviderFailed("SECRET".to_owned()).into()),
        (
            "providerUnavailable",
            Fault::Unavailable { why: "SECRET".to_owned(), retry_after: Some(wait) }.into(),
        ),
        ("providerTimeout", Fault::Timeout.into()),
        ("misconfigured", Fault::Misconfigured("SECRET".to_owned()).into()),
        ("internal", Fault::Internal("SECRET".to_owned()).into()),
    ] {
        all.refusal(name, &refusal);
    }
}

#[test]
fn every_reply_in_english() {
    for (name, reply) in replies(&Language::of(Some("en-US"))) {
        insta::assert_snapshot!(
            name.replace(',', "").replace(' ', "-"),
            serde_json::to_string_pretty(&reply).expect("JSON")
        );
    }
}

#[test]
fn the_words_in_every_language() {
    for tag in LANGUAGES {
        let mut words = String::new();
        for (name, reply) in replies(&Language::of(Some(tag))) {
            let (say, text) = (&reply["say"], &reply["text"]);
            let (say, text) = (say.as_str().expect("words"), text.as_str().expect("words"));
            assert!(!say.is_empty() && !text.is_empty(), "{tag} {name}");
            writeln!(words, "== {name}\n{say}\n--\n{text}\n").expect("a text");
        }
        insta::assert_snapshot!(format!("words-{tag}"), words);
    }
}

#[test]
fn what_did_not_succeed_says_how_to_go_on() {
    let fine = ["ok", "booked", "preview", "found", "cancelled", "rescheduled", "alreadyCancelled"];
    for (name, reply) in replies(&Language::of(None)) {
        let succeeded = reply["outcome"].as_str().is_some_and(|outcome| fine.contains(&outcome));
        assert!(succeeded || reply["wayOn"]["handoff"] == true, "{name}: {reply}");
        assert!(!reply.to_string().contains("SECRET"), "{name}: {reply}");
    }
}

#[test]
fn titles_differ_and_stand_in_the_order_of_the_items() {
    for tag in LANGUAGES {
        for (name, reply) in replies(&Language::of(Some(tag))) {
            for (menu, told) in reply["menus"].as_object().into_iter().flatten() {
                let titles: Vec<&Value> = told["titles"].as_array().expect("titles").iter().collect();
                let distinct: std::collections::HashSet<_> = titles.iter().map(ToString::to_string).collect();
                assert_eq!(distinct.len(), titles.len(), "{tag} {name} {menu}");
                if let Some(items) = reply[menu].as_array() {
                    let ids = items.iter().map(|item| item.get("id").or(item.get("date")));
                    let values =
                        told["choices"].as_array().expect("choices").iter().map(|choice| &choice["value"]);
                    for (id, value) in ids.zip(values) {
                        assert!(id.is_none_or(|id| id == value), "{tag} {name} {menu}");
                    }
                }
            }
        }
    }
}
