//! `get-slots`: when a patient can come.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    App,
    asked::{ContactAsked, DateOrTime, FaultStyle, conflict, missing},
    menu::{Menu, Menus},
    needs_input::NeedsInputTold,
    refused::not_opened,
    reply::Reply,
    request::Request,
    slot::{self, DateShown, SlotTold, Times},
    way_on::{Said, WayOn, Words},
};
use crate::{
    domain::{LocationId, slot::NotASlot},
    language::{Language, Message},
    scheduling::{
        After, Bound, Fault, InvalidField, Moving, PartOfDay, Scheduling, SlotsFound, SlotsOutcome,
        SlotsQuery, When,
    },
    shape::{Leniency, Shape},
};

const LIMIT: u16 = 20;

/// Which free slots to list.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({"locationId": "embedded:eastside", "serviceId": "covid", "when": "nextWeek", "partOfDay": "morning", "locale": "en-US"})))]
pub(super) struct GetSlotsRequest {
    /// The site.
    #[schema(max_length = 500, pattern = "^(embedded|bookings|shifts|fhir):.+")]
    location_id: Option<String>,
    /// Instead of one site, up to five: the soonest anywhere.
    #[schema(schema_with = location_ids)]
    location_ids: Option<Vec<String>>,
    /// What is to be done there.
    #[schema(max_length = 500, required = true, nullable = false)]
    service_id: Option<String>,
    /// One day at the site, or the day of an instant.
    date: Option<DateOrTime>,
    /// From this day or instant on.
    from: Option<DateOrTime>,
    /// Up to this instant, or to the end of this day. Not before `from`.
    to: Option<DateOrTime>,
    /// Instead of dates.
    when: Option<WhenAsked>,
    /// By the site's clock: before 12, 12 to 17, from 17.
    part_of_day: Option<PartOfDayAsked>,
    /// Only with this practitioner. Of a `move` where patients choose: otherwise, the one it is with.
    #[schema(max_length = 500)]
    practitioner_id: Option<String>,
    /// For which dose of a series.
    #[schema(minimum = 1, maximum = 99, default = 1)]
    dose: Option<u8>,
    /// For a later dose: the slot id or the date of the earlier one.
    #[schema(schema_with = after)]
    after: Option<String>,
    /// The appointment that is to be moved: only slots it could move to.
    r#move: Option<MoveAsked>,
    /// At most so many slots.
    #[schema(minimum = 1, maximum = 1000, default = 20)]
    limit: Option<u16>,
    /// Where the page before left off: its `cursor`.
    #[schema(max_length = 1000)]
    cursor: Option<String>,
    /// The patient's language and region, as BCP 47 writes them.
    #[schema(max_length = 500, examples("en-US"))]
    #[expect(dead_code, reason = "read before the rest, by `Request`: a fault needs them too")]
    locale: Option<String>,
    /// The zone to tell times in instead of the site's, as IANA names it: for visits by video.
    #[schema(format = "time-zone", examples("America/Los_Angeles"))]
    time_zone: Option<String>,
    #[expect(dead_code, reason = "read before the rest, by `Request`: a fault needs them too")]
    faults: Option<FaultStyle>,
}

/// A booking that is to be moved, proven as everywhere by its code and a contact detail.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MoveAsked {
    #[schema(max_length = 500)]
    confirmation_code: Option<String>,
    contact: Option<ContactAsked>,
    /// Only this dose; otherwise the whole series.
    #[schema(minimum = 1, maximum = 99)]
    dose: Option<u8>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum WhenAsked {
    Today,
    Tomorrow,
    ThisWeek,
    NextWeek,
    Weekend,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum PartOfDayAsked {
    Morning,
    Afternoon,
    Evening,
}

fn location_ids() -> utoipa::openapi::schema::Array {
    use utoipa::openapi::{ArrayBuilder, ObjectBuilder, Type};
    let id = ObjectBuilder::new()
        .schema_type(Type::String)
        .max_length(Some(500))
        .pattern(Some("^(embedded|bookings|shifts|fhir):.+"));
    ArrayBuilder::new().items(id).min_items(Some(1)).max_items(Some(5)).build()
}

fn after() -> utoipa::openapi::Schema {
    use utoipa::openapi::{KnownFormat, ObjectBuilder, SchemaFormat, Type, schema::AnyOfBuilder};
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let either = AnyOfBuilder::new()
        .item(text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))))
        .item(text().max_length(Some(2000)).pattern(Some(r"^s1\.[A-Za-z0-9_-]+$")))
        .description(Some("For a later dose: the slot id or the date of the earlier one."));
    utoipa::openapi::Schema::AnyOf(either.build())
}

/// The free slots, or why there are none to choose from.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub(super) enum GetSlotsReply {
    Ok(SlotsTold),
    NoSlots(SlotsTold),
    UnknownLocation(Said),
    UnknownService(Said),
    BookElsewhere(Said),
    NeedsInput(NeedsInputTold),
    /// While proving what is to be moved.
    NotFound(Said),
    TooManyAttempts(Said),
}

/// Free slots.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SlotsTold {
    /// The zone of `date`s and `label`s of the first site.
    #[schema(examples("America/Los_Angeles"))]
    time_zone: Option<&'static str>,
    /// The first and the last date anything can be booked on.
    bookable: Option<BookableTold>,
    slots: Vec<SlotTold>,
    /// Every day of the whole search that has a free slot.
    days: Vec<DayTold>,
    /// When there are no slots: the nearest others.
    alternatives: Vec<SlotTold>,
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

#[derive(Debug, PartialEq, Serialize, ToSchema)]
struct BookableTold {
    from: NaiveDate,
    to: NaiveDate,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
struct DayTold {
    date: NaiveDate,
    #[schema(examples("Tuesday, December 1"))]
    label: String,
    /// How many slots are free.
    slots: usize,
}

/// What was asked for, as far as the words of the reply need it.
#[derive(Debug, Default)]
pub(super) struct Asked {
    dose: u8,
    later_dose: bool,
    moving: bool,
    zone: Option<Tz>,
}

static SHAPE: LazyLock<Shape> = LazyLock::new(|| Shape::of::<GetSlotsRequest>(Leniency::Form));

/// Lists free slots.
pub(super) async fn answer(
    app: &App,
    scheduling: &Scheduling,
    request: &mut Request,
) -> Result<Reply, Fault> {
    let Some((query, asked)) = read(request)? else {
        // The slot of the earlier dose is none: nothing can come after it.
        let reply = GetSlotsReply::NoSlots(SlotsTold::none(Vec::new(), &Asked::default(), &request.language));
        return Ok(Reply::outcome(reply.outcome(), &reply));
    };
    let mut outcome = scheduling.get_slots(query, &request.caller).await?;
    let basis = match &mut outcome {
        SlotsOutcome::Found(found) => found.basis.take(),
        _ => None,
    };
    let reply = render(outcome, &asked, app.now(), &request.language);
    let reply = Reply::outcome(reply.outcome(), &reply);
    if let Some(basis) = basis {
        app.told.keep(request.written.clone(), basis, reply.clone());
    }
    Ok(reply)
}

/// `None`: `after` is a slot id that is none of ours.
fn read(request: &mut Request) -> Result<Option<(SlotsQuery, Asked)>, Fault> {
    let (form, mut complaints) = request.form::<GetSlotsRequest>(&SHAPE);
    let when = complaints.note(&[], when(&form));
    let locations =
        complaints.note(&["locationIds", "locationId"], locations(form.location_ids, form.location_id));
    if form.service_id.is_none() {
        complaints.add(missing("serviceId"));
    }
    let after = form.after.as_deref().map(read_after);
    let zone = form.time_zone.and_then(|zone| zone.parse().ok());
    let asked = Asked {
        dose: form.dose.unwrap_or(1),
        later_dose: form.dose.is_some_and(|dose| dose > 1) || after.is_some(),
        moving: form.r#move.is_some(),
        zone,
    };
    let damaged = matches!(after, Some(Err(NotASlot::Damaged)));
    let query = when.zip(locations).zip(form.service_id).map(|((when, locations), service)| SlotsQuery {
        locations,
        service: service.into(),
        when,
        part_of_day: form.part_of_day.map(PartOfDay::from),
        practitioner: form.practitioner_id.map(Into::into),
        dose: form.dose.unwrap_or(1),
        after: after.and_then(Result::ok),
        moving: form.r#move.map(|moving| Moving {
            proof: moving.contact.unwrap_or_default().with_code(moving.confirmation_code),
            dose: moving.dose,
        }),
        limit: form.limit.unwrap_or(LIMIT).into(),
        cursor: form.cursor,
        time_zone: zone,
    });
    let query = complaints.or(query)?;
    Ok((!damaged).then_some((query, asked)))
}

fn locations(many: Option<Vec<String>>, one: Option<String>) -> Result<Vec<LocationId>, Vec<InvalidField>> {
    let texts = match (many, one) {
        (Some(_), Some(_)) => {
            return Err(conflict(&["locationIds", "locationId"]));
        }
        (Some(many), None) => many,
        (None, Some(one)) => vec![one],
        (None, None) => return Err(vec![missing("locationId")]),
    };
    let mut locations: Vec<LocationId> = Vec::new();
    for text in texts {
        // What is no id, the shape has complained about.
        if let Ok(id) = text.parse()
            && !locations.contains(&id)
        {
            locations.push(id);
        }
    }
    Ok(locations)
}

fn when(form: &GetSlotsRequest) -> Result<When, Vec<InvalidField>> {
    let given = [
        ("date", form.date.is_some()),
        ("when", form.when.is_some()),
        ("from", form.from.is_some()),
        ("to", form.to.is_some()),
    ];
    let given: Vec<&str> = given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name).collect();
    match (form.date, form.when, form.from, form.to) {
        (None, None, None, None) => Ok(When::Soon),
        (Some(date), None, None, None) => {
            let day = Some(Bound::Date(date.day()));
            Ok(When::Between { from: day, to: day })
        }
        (None, Some(when), None, None) => Ok(when.into()),
        (None, None, from, to) => between(from, to),
        _ => Err(conflict(&given)),
    }
}

fn between(from: Option<DateOrTime>, to: Option<DateOrTime>) -> Result<When, Vec<InvalidField>> {
    let (from, to) = (from.map(Bound::from), to.map(Bound::from));
    let backwards = match (from, to) {
        (Some(Bound::Date(from)), Some(Bound::Date(to))) => to < from,
        (Some(Bound::Instant(from)), Some(Bound::Instant(to))) => to <= from,
        // A date and an instant compare only at the site.
        _ => false,
    };
    if backwards {
        let complaint =
            |field: &str, detail: &str| InvalidField { field: field.to_owned(), detail: detail.to_owned() };
        return Err(vec![
            complaint("from", "must not be after `to`"),
            complaint("to", "must not be before `from`"),
        ]);
    }
    Ok(When::Between { from, to })
}

fn read_after(text: &str) -> Result<After, NotASlot> {
    text.parse().map(After::Date).or_else(|_| text.parse().map(After::Slot))
}

impl From<WhenAsked> for When {
    fn from(when: WhenAsked) -> Self {
        match when {
            WhenAsked::Today => Self::Today,
            WhenAsked::Tomorrow => Self::Tomorrow,
            WhenAsked::ThisWeek => Self::ThisWeek,
            WhenAsked::NextWeek => Self::NextWeek,
            WhenAsked::Weekend => Self::Weekend,
        }
    }
}

impl From<PartOfDayAsked> for PartOfDay {
    fn from(part: PartOfDayAsked) -> Self {
        match part {
            PartOfDayAsked::Morning => Self::Morning,
            PartOfDayAsked::Afternoon => Self::Afternoon,
            PartOfDayAsked::Evening => Self::Evening,
        }
    }
}

impl GetSlotsReply {
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Ok(_) => "ok",
            Self::NoSlots(_) => "noSlots",
            Self::UnknownLocation(_) => "unknownLocation",
            Self::UnknownService(_) => "unknownService",
            Self::BookElsewhere(_) => "bookElsewhere",
            Self::NeedsInput(_) => "needsInput",
            Self::NotFound(_) => "notFound",
            Self::TooManyAttempts(_) => "tooManyAttempts",
        }
    }
}

/// The reply to an outcome.
pub(super) fn render(
    outcome: SlotsOutcome,
    asked: &Asked,
    now: DateTime<Utc>,
    language: &Language,
) -> GetSlotsReply {
    let times = Times { zone: asked.zone, now, language };
    let said = |message, way_on| Said::new(&[message], way_on, language);
    match outcome {
        SlotsOutcome::Found(found) if found.slots.is_empty() => {
            GetSlotsReply::NoSlots(SlotsTold::nothing_free(found, asked, times))
        }
        SlotsOutcome::Found(found) => GetSlotsReply::Ok(SlotsTold::new(found, asked, times)),
        SlotsOutcome::UnknownLocation => {
            GetSlotsReply::UnknownLocation(said(Message::UnknownLocation, WayOn::handoff()))
        }
        SlotsOutcome::UnknownService => {
            GetSlotsReply::UnknownService(said(Message::UnknownService, WayOn::handoff()))
        }
        SlotsOutcome::BookElsewhere(location) => {
            GetSlotsReply::BookElsewhere(Said::elsewhere(Some(&location), language))
        }
        SlotsOutcome::NeedsInput(needed) => GetSlotsReply::NeedsInput(NeedsInputTold::new(&needed, language)),
        SlotsOutcome::NotOpened(reason) => match not_opened(reason, language) {
            ("notFound", said) => GetSlotsReply::NotFound(said),
            (_, said) => GetSlotsReply::TooManyAttempts(said),
        },
    }
}

impl SlotsTold {
    fn new(found: SlotsFound, asked: &Asked, times: Times<'_>) -> Self {
        let menu = slot::menu(&found.slots, DateShown::WhereItDiffers, times);
        let say = headline(&found, asked, times.language);
        let day = slot::shared_day(&found.slots, times).map(|day| {
            let today = times.now.with_timezone(&asked.zone.unwrap_or(found.zone)).date_naive();
            times.language.day_title(day, today)
        });
        let mut lines = vec![day.unwrap_or_default(), menu.list().to_owned()];
        lines.push(times.language.say(&Message::ChooseByNumber));
        if found.stale {
            lines.push(times.language.say(&Message::StaleSlots));
        }
        let Words { say, text } = Words::with_lines(say, lines);
        let days = Days::new(&found, asked, times);
        Self {
            time_zone: Some(asked.zone.unwrap_or(found.zone).name()),
            bookable: Some(BookableTold { from: found.bookable.0, to: found.bookable.1 }),
            slots: slot::tell(&found.slots, times),
            days: days.told,
            alternatives: Vec::new(),
            cursor: found.cursor,
            stale: found.stale,
            menus: Menus { slots: Some(menu), days: days.menu, ..Menus::default() },
            way_on: None,
            say,
            text,
        }
    }

    fn nothing_free(found: SlotsFound, asked: &Asked, times: Times<'_>) -> Self {
        let language = times.language;
        let menu = (!found.alternatives.is_empty())
            .then(|| slot::menu(&found.alternatives, DateShown::Always, times));
        let lines = menu.iter().flat_map(|menu| {
            let count = u32::try_from(found.alternatives.len()).unwrap_or(u32::MAX);
            let leading = language.say(&Message::AlternativesFollow { count });
            [leading, menu.list().to_owned(), language.say(&Message::ChooseByNumber)]
        });
        let days = Days::new(&found, asked, times);
        let location = found.alternatives.first().map(|slot| &*slot.location);
        let told = Self::none(lines.collect(), asked, language);
        Self {
            time_zone: Some(asked.zone.unwrap_or(found.zone).name()),
            bookable: Some(BookableTold { from: found.bookable.0, to: found.bookable.1 }),
            alternatives: slot::tell(&found.alternatives, times),
            days: days.told,
            cursor: found.cursor,
            stale: found.stale,
            menus: Menus { alternatives: menu, days: days.menu, ..Menus::default() },
            way_on: Some(WayOn::at(location)),
            ..told
        }
    }

    /// Nothing free. Without lines, the text says how to go on.
    fn none(lines: Vec<String>, asked: &Asked, language: &Language) -> Self {
        let say = language.say(if asked.moving { &Message::NoMoves } else { &Message::NoSlots });
        let way_on = WayOn::handoff();
        let lines = if lines.is_empty() { way_on.sentences(language) } else { lines };
        let Words { say, text } = Words::with_lines(say, lines);
        Self {
            time_zone: None,
            bookable: None,
            slots: Vec::new(),
            days: Vec::new(),
            alternatives: Vec::new(),
            cursor: None,
            stale: false,
            menus: Menus::default(),
            way_on: Some(way_on),
            say,
            text,
        }
    }
}

/// The days of a search that have free slots.
struct Days {
    told: Vec<DayTold>,
    menu: Option<Menu>,
}

impl Days {
    fn new(found: &SlotsFound, asked: &Asked, times: Times<'_>) -> Self {
        let zone = asked.zone.unwrap_or(found.zone);
        let (today, language) = (times.now.with_timezone(&zone).date_naive(), times.language);
        let told = found.days.iter().map(|(date, slots)| DayTold {
            date: *date,
            label: language.date_label(*date, today),
            slots: *slots,
        });
        let titles = found.days.iter().map(|(date, _)| language.day_title(*date, today)).collect();
        let values = found.days.iter().map(|(date, _)| date.to_string()).collect();
        let menu = (!found.days.is_empty()).then(|| Menu::new(titles, values, language));
        Self { told: told.collect(), menu }
    }
}

/// How many there are in the whole search, where that is known, and of what.
fn headline(found: &SlotsFound, asked: &Asked, language: &Language) -> String {
    let total: usize = found.days.iter().map(|(_, slots)| slots).sum();
    let count = u32::try_from(total.max(found.slots.len())).unwrap_or(u32::MAX);
    if asked.moving {
        return language.say(&Message::MovesFound { count });
    }
    if asked.later_dose {
        return language.say(&Message::SlotsFoundForDose { count, dose: u32::from(asked.dose) });
    }
    let Some(first) = found.slots.first() else { return language.say(&Message::NoSlots) };
    let service = first.service.name.get(language.tag());
    if found.slots.iter().any(|slot| slot.location.id != first.location.id) {
        return language.say(&Message::SlotsFoundAnywhere { count, service });
    }
    language.say(&Message::SlotsFound { count, service, location: &first.location.name })
}
