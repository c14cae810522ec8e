//! Everything the product says, as one enum: a variant per sentence, with the facts it needs.
//!
//! A variant names a message of the `.ftl` files; its fields are the message's variables, of the same name. The tests
//! hold this list against all seven files, so a sentence cannot be missing in one language. Sentences are short and
//! whole, and a reply is made by putting several after each other ([`Language::say_all`](super::Language::say_all)):
//! [`Booked`](Message::Booked), then [`ConfirmationCode`](Message::ConfirmationCode), then
//! [`WriteCodeDown`](Message::WriteCodeDown).

use std::{borrow::Cow, fmt};

use fluent_bundle::{FluentArgs, FluentValue};

/// How a text is prepared before it stands inside a sentence.
pub(super) type Isolation = for<'t> fn(&'t str) -> Cow<'t, str>;

macro_rules! messages {
    ($(
        $(#[$doc:meta])*
        $name:ident $({ $($field:ident: $kind:ty),* })? = $id:literal
    ),* $(,)?) => {
        /// One sentence, or a few words of one.
        ///
        /// Texts are taken as they are: names of services and sites in the patient's language where the clinic has
        /// them, dates and distances as [`Language`](super::Language) writes them.
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub enum Message<'a> {
            $($(#[$doc])* $name $({ $($field: $kind),* })?,)*
        }

        impl<'a> Message<'a> {
            pub(super) fn id(&self) -> &'static str {
                match self { $(Self::$name { .. } => $id),* }
            }

            pub(super) fn arguments(&self, isolation: Isolation) -> FluentArgs<'a> {
                let _ = isolation;
                match *self {
                    $(Self::$name $({ $($field),* })? => {
                        #[allow(unused_mut, reason = "many messages have no variables")]
                        let mut arguments = FluentArgs::new();
                        $($(arguments.set(stringify!($field), $field.value(isolation));)*)?
                        arguments
                    })*
                }
            }

            /// The ids, each with its variables.
            #[cfg(test)]
            pub(super) const CATALOGUE: &'static [(&'static str, &'static [&'static str])] =
                &[$(($id, &[$($(stringify!($field)),*)?])),*];

            /// One of each, with this count and this text in every place.
            #[cfg(test)]
            pub(super) fn samples(count: u32, text: &'a str) -> Vec<Self> {
                let sample = Sample { count, text };
                let _ = &sample;
                vec![$(Self::$name $({ $($field: sample.of()),* })?),*]
            }
        }
    };
}

messages! {
    // Locations
    LocationsFound { count: u32 } = "locations-found",
    LocationsNearby { count: u32 } = "locations-nearby",
    NoLocationsWithin { distance: &'a str } = "locations-none-within",
    NoLocations = "locations-none",
    NoLocationsForService { service: &'a str } = "locations-none-for-service",
    UnknownPlace = "locations-unknown-place",
    /// For countries whose postal codes we cannot place on the map.
    MatchedByPlace = "locations-matched-by-place",
    UnknownLocation = "location-unknown",
    UnknownService = "service-unknown",

    // Free times
    SlotsFound { count: u32, service: &'a str, location: &'a str } = "slots-found",
    SlotsFoundAnywhere { count: u32, service: &'a str } = "slots-found-anywhere",
    /// For the times of a later dose.
    SlotsFoundForDose { count: u32, dose: u32 } = "slots-found-for-dose",
    MovesFound { count: u32 } = "slots-moves-found",
    NoMoves = "slots-no-moves",
    NoSlots = "slots-none",
    /// Leads in to a menu of other times, after a sentence that says why.
    AlternativesFollow { count: u32 } = "slots-alternatives",
    /// The system behind does not answer; these are the times it last told.
    StaleSlots = "slots-stale",
    ChooseByNumber = "choose-by-number",
    BookByPage { page: &'a str } = "book-by-page",
    BookByPhone { phone: &'a str } = "book-by-phone",
    BookByPageOrPhone { page: &'a str, phone: &'a str } = "book-by-page-or-phone",
    BookAtClinic = "book-at-clinic",

    // Booking
    Booked { service: &'a str, when: &'a str, location: &'a str } = "booked",
    /// Leads in to one [`DoseLine`](Message::DoseLine) per appointment.
    BookedSeries { count: u32, service: &'a str, location: &'a str } = "booked-series",
    DoseLine { dose: u32, when: &'a str } = "dose-line",
    ConfirmationCode { code: &'a str } = "confirmation-code",
    /// When nothing will be sent.
    WriteCodeDown = "confirmation-write-down",
    ConfirmationByEmail = "confirmation-by-email",
    ConfirmationBySms = "confirmation-by-sms",
    ConfirmationByEmailAndSms = "confirmation-by-email-and-sms",
    /// `before` is a duration, as [`Language::duration`](super::Language::duration) writes it.
    Reminder { before: &'a str } = "reminder",
    PreviewBooking { service: &'a str, when: &'a str, location: &'a str } = "preview-booking",
    /// Leads in to one [`DoseLine`](Message::DoseLine) per appointment, then [`PreviewQuestion`](Message::PreviewQuestion).
    PreviewSeries { count: u32, service: &'a str, location: &'a str } = "preview-series",
    PreviewQuestion = "preview-question",
    SlotTaken = "slot-taken",
    DoseTaken { dose: u32 } = "dose-taken",
    /// `doses` is a [`list`](super::Language::list) of at least two numbers.
    DosesTaken { doses: &'a str } = "doses-taken",
    NothingBooked = "nothing-booked",
    NothingChanged = "nothing-changed",
    AlreadyBooked = "already-booked",
    NotBookable = "not-bookable",
    /// `notice` is a duration.
    TooSoon { notice: &'a str } = "not-bookable-too-soon",
    TooFarAhead { days: u32 } = "not-bookable-too-far-ahead",
    NotATime = "not-bookable-not-a-time",
    SlotPast = "not-bookable-past",
    /// The doses are out of order, or not of one series.
    NotASeries = "not-bookable-not-a-series",
    TooYoung { age: u32 } = "not-eligible-too-young",
    TooOld { age: u32 } = "not-eligible-too-old",
    AdultsOnly = "not-eligible-adults-only",
    ChildrenOnly = "not-eligible-children-only",
    SeriesInterval { dose: u32, previous: u32, min: u32, max: u32 } = "series-interval",
    SeriesIntervalExact { dose: u32, previous: u32, days: u32 } = "series-interval-exact",
    TooManyBookings { max: u32 } = "too-many-bookings",
    InProgress = "in-progress",

    // Looking up, cancelling, moving
    AppointmentFound { service: &'a str, when: &'a str, location: &'a str } = "appointment-found",
    AppointmentsFound { count: u32 } = "appointments-found",
    AppointmentPending = "appointment-pending",
    AppointmentMoved = "appointment-moved",
    AppointmentCancelledByClinic = "appointment-cancelled-by-clinic",
    AppointmentPast = "appointment-past",
    Cancelled { service: &'a str, when: &'a str } = "cancelled",
    CancelledSeries { count: u32, service: &'a str } = "cancelled-series",
    /// Mailed by the clinic's system.
    CancellationMail = "cancellation-mail",
    AlreadyCancelled = "already-cancelled",
    PreviewCancel { service: &'a str, when: &'a str, location: &'a str } = "preview-cancel",
    PreviewCancelSeries { count: u32, service: &'a str } = "preview-cancel-series",
    LaterDosesCancelledToo { dose: u32 } = "later-doses-cancelled-too",
    Rescheduled { service: &'a str, when: &'a str, location: &'a str } = "rescheduled",
    /// Leads in to one [`DoseLine`](Message::DoseLine) per appointment.
    RescheduledSeries { count: u32, service: &'a str, location: &'a str } = "rescheduled-series",
    SameCode = "same-code",
    PreviewMove { service: &'a str, when: &'a str, location: &'a str } = "preview-move",
    PreviewMoveSeries { count: u32, service: &'a str, location: &'a str } = "preview-move-series",
    PreviewMoveQuestion { count: u32 } = "preview-move-question",
    /// `notice` is a duration.
    TooLateToChange { notice: &'a str } = "too-late-to-change",
    CannotChangeHere = "cannot-change-here",
    NotFound = "not-found",
    TooManyAttempts { minutes: u32 } = "too-many-attempts",

    // What is missing or mistyped
    InputNeeded { count: u32 } = "input-needed",
    MissingName = "missing-name",
    MissingGivenName = "missing-given-name",
    MissingFamilyName = "missing-family-name",
    MissingEmail = "missing-email",
    InvalidEmail = "invalid-email",
    MissingPhone = "missing-phone",
    InvalidPhone = "invalid-phone",
    MissingContact = "missing-contact",
    MissingBirthDate = "missing-birth-date",
    InvalidBirthDate = "invalid-birth-date",
    BirthDateInFuture = "birth-date-in-future",
    MissingAnswer { question: &'a str } = "missing-answer",
    /// `options` is a [`choice`](super::Language::choice).
    InvalidAnswer { question: &'a str, options: &'a str } = "invalid-answer",
    MissingConsent { consent: &'a str } = "missing-consent",
    MissingPractitioner = "missing-practitioner",
    InvalidPractitioner = "invalid-practitioner",
    MissingCode = "missing-code",
    InvalidCode = "invalid-code",
    /// The contact detail that proves who asks about a booking.
    MissingProof = "missing-proof",
    MissingPlace = "missing-place",
    InvalidDate = "invalid-date",
    PastDate = "past-date",
    MissingSlot = "missing-slot",
    MissingSlots { count: u32 } = "missing-slots",
    TextTooLong { max: u32 } = "text-too-long",

    // When we cannot, and how to go on
    Unavailable = "unavailable",
    UnavailableFor { seconds: u32 } = "unavailable-for",
    InvalidRequest = "invalid-request",
    Misconfigured = "misconfigured",
    RateLimited = "rate-limited",
    Internal = "internal",
    Timeout = "timeout",
    CallClinic { phone: &'a str } = "way-on-phone",
    UseBookingPage { page: &'a str } = "way-on-page",
    Handoff = "way-on-handoff",

    // Words for labels and menus
    Dose { dose: u32 } = "dose",
    Today = "today",
    Tomorrow = "tomorrow",
    OpenNow = "open-now",
    ClosedNow = "closed-now",
    Remaining { count: u32 } = "remaining",
    AnyPractitioner = "any-practitioner",
    FreeOfCharge = "free-of-charge",
    Online = "online",
    StatusBooked = "status-booked",
    StatusPending = "status-pending",
    StatusMoved = "status-moved",
    StatusCancelled = "status-cancelled",
    StatusCancelledByClinic = "status-cancelled-by-clinic",
    StatusPast = "status-past",
    Minutes { count: u32 } = "minutes",
    Hours { count: u32 } = "hours",
    Days { count: u32 } = "days",

    // How labels are put together
    DateAndTime { date: &'a str, time: &'a str } = "label-date-time",
    DateTimeAndZone { date: &'a str, time: &'a str, zone: &'a str } = "label-date-time-zone",
    TimeAndZone { time: &'a str, zone: &'a str } = "label-time-zone",
    NamedDay { name: &'a str, date: &'a str } = "label-named-day",
    WeekdayRange { from: &'a str, to: &'a str } = "hours-days",
    EveryDay = "hours-every-day",
    TimeSpan { from: &'a str, to: &'a str } = "hours-span",
    AroundTheClock = "hours-around-the-clock",
    HoursOnDays { days: &'a str, hours: &'a str } = "hours-on-days",
    Enumerated { before: &'a str, next: &'a str } = "hours-enumerated",
    Separated { before: &'a str, next: &'a str } = "hours-separated",
    Miles { number: &'a str } = "distance-miles",
    Kilometres { number: &'a str } = "distance-kilometres",
    WithDetail { title: &'a str, detail: &'a str } = "title-with-detail",
}

impl Message<'_> {
    pub(super) fn is_label(&self) -> bool {
        self.id().starts_with("label-") || self.id().starts_with("hours-")
    }
}

/// Only the id: the texts may be a patient's, the code is a secret.
impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

trait Value<'a> {
    fn value(self, isolation: Isolation) -> FluentValue<'a>;
}

impl<'a> Value<'a> for &'a str {
    fn value(self, isolation: Isolation) -> FluentValue<'a> {
        FluentValue::String(isolation(self))
    }
}

impl<'a> Value<'a> for u32 {
    fn value(self, _: Isolation) -> FluentValue<'a> {
        FluentValue::from(self)
    }
}

#[cfg(test)]
struct Sample<'a> {
    count: u32,
    text: &'a str,
}

#[cfg(test)]
impl<'a> Sample<'a> {
    fn of<T: Sampled<'a>>(&self) -> T {
        T::from_sample(self)
    }
}

#[cfg(test)]
trait Sampled<'a> {
    fn from_sample(sample: &Sample<'a>) -> Self;
}

#[cfg(test)]
impl<'a> Sampled<'a> for &'a str {
    fn from_sample(sample: &Sample<'a>) -> Self {
        sample.text
    }
}

#[cfg(test)]
impl Sampled<'_> for u32 {
    fn from_sample(sample: &Sample<'_>) -> Self {
        sample.count
    }
}
