//! Civil time in every zone there is, through gaps, folds and days that never were.

use chrono::{
    DateTime, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc,
};
use chrono_tz::{TZ_VARIANTS, Tz};
use healthbot_scheduler::domain::{
    Hours, TimeRange,
    civil::{self, Away, BadSpan, Dates, date_of, day, instant, opening, weekly},
};
use proptest::prelude::*;

fn zone(name: &str) -> Tz {
    name.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn civil(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap()
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn hours(text: &str) -> Hours {
    text.parse().unwrap()
}

/// What the clock shows, with its offset.
fn clock(zone: Tz, text: &str) -> String {
    instant(zone, civil(text)).with_timezone(&zone).format("%Y-%m-%dT%H:%M%:z").to_string()
}

fn length(range: Option<TimeRange>) -> TimeDelta {
    let range = range.unwrap();
    range.end() - range.start()
}

#[test]
fn a_time_in_a_gap_moves_forward_by_the_gap() {
    for (name, asked, shown) in [
        ("America/New_York", "2027-03-14T02:00", "2027-03-14T03:00-04:00"),
        ("America/New_York", "2027-03-14T02:30", "2027-03-14T03:30-04:00"),
        ("America/New_York", "2027-03-14T03:00", "2027-03-14T03:00-04:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:10", "2026-10-04T02:40+11:00"),
        ("America/Sao_Paulo", "2017-10-15T00:00", "2017-10-15T01:00-02:00"),
        ("Asia/Beirut", "2022-03-27T00:15", "2022-03-27T01:15+03:00"),
        ("Africa/Cairo", "2024-04-26T00:59", "2024-04-26T01:59+03:00"),
        ("Pacific/Apia", "2011-12-30T09:00", "2011-12-31T09:00+14:00"),
        ("Pacific/Kwajalein", "1993-08-21T09:00", "1993-08-22T09:00+12:00"),
        ("America/Scoresbysund", "2024-03-31T00:30", "2024-03-31T00:30-01:00"),
    ] {
        assert_eq!(clock(zone(name), asked), shown, "{name} {asked}");
    }
}

#[test]
fn a_time_in_a_fold_is_the_first_of_the_two() {
    for (name, asked, shown) in [
        ("America/New_York", "2026-11-01T00:59", "2026-11-01T00:59-04:00"),
        ("America/New_York", "2026-11-01T01:00", "2026-11-01T01:00-04:00"),
        ("America/New_York", "2026-11-01T01:59", "2026-11-01T01:59-04:00"),
        ("America/New_York", "2026-11-01T02:00", "2026-11-01T02:00-05:00"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-05T01:45+11:00"),
        ("Asia/Beirut", "2022-10-29T23:30", "2022-10-29T23:30+03:00"),
        ("America/Havana", "2026-11-01T00:00", "2026-11-01T00:00-04:00"),
    ] {
        assert_eq!(clock(zone(name), asked), shown, "{name} {asked}");
    }
}

#[test]
fn days_have_the_hours_that_their_clock_shows() {
    for (name, on, minutes) in [
        ("America/New_York", "2027-03-13", 24 * 60),
        ("America/New_York", "2027-03-14", 23 * 60),
        ("America/New_York", "2026-11-01", 25 * 60),
        ("Australia/Lord_Howe", "2026-10-04", 23 * 60 + 30),
        ("Australia/Lord_Howe", "2026-04-05", 24 * 60 + 30),
        ("America/Sao_Paulo", "2017-10-15", 23 * 60),
        ("Africa/Cairo", "2024-04-26", 23 * 60),
        ("America/Havana", "2026-11-01", 25 * 60),
        // Ontario's clocks went from 23:30 to 00:30: half an hour is missing from either day.
        ("America/Toronto", "1919-03-30", 23 * 60 + 30),
        ("America/Toronto", "1919-03-31", 23 * 60 + 30),
    ] {
        assert_eq!(length(day(zone(name), date(on))), TimeDelta::minutes(minutes), "{name} {on}");
    }
}

#[test]
fn a_day_without_midnight_starts_where_the_jump_ends() {
    let day = day(zone("Asia/Beirut"), date("2022-03-27")).unwrap();
    assert_eq!(day.start(), utc("2022-03-26T22:00:00Z"));
}

#[test]
fn a_date_that_the_calendar_skips_has_no_day_and_no_openings() {
    for (name, on) in [("Pacific/Apia", "2011-12-30"), ("Pacific/Kwajalein", "1993-08-21")] {
        let (zone, on) = (zone(name), date(on));
        assert_eq!(day(zone, on), None);
        assert_eq!(opening(zone, on, &hours("09:00-12:00")), None);
        assert_eq!(length(day(zone, on.succ_opt().unwrap())), TimeDelta::hours(24));
    }
    let every_day: [Vec<Hours>; 7] = std::array::from_fn(|_| vec![hours("09:00-12:00")]);
    let open = weekly(zone("Pacific/Apia"), &every_day, &[], date("2011-12-29")..=date("2011-12-31"));
    assert_eq!(open.len(), 2);
}

#[test]
fn an_opening_lasts_as_long_as_the_clock_lets_it() {
    let zone = zone("America/New_York");
    let spring = date("2027-03-14");
    let autumn = date("2026-11-01");
    for (on, text, minutes) in [
        (spring, "00:30-05:30", 240),
        (spring, "02:00-02:30", 30),
        (spring, "01:00-02:00", 60),
        (autumn, "00:30-05:30", 360),
        (autumn, "01:00-01:30", 30),
        (date("2027-03-13"), "22:00-26:00", 240),
        (date("2027-03-13"), "22:00-28:00", 300),
        (date("2026-10-31"), "22:00-27:00", 360),
        (spring, "00:00-24:00", 23 * 60),
        (spring, "00:00-48:00", 47 * 60),
    ] {
        assert_eq!(length(opening(zone, on, &hours(text))), TimeDelta::minutes(minutes), "{on} {text}");
    }
}

#[test]
fn an_opening_that_the_jump_swallows_is_none() {
    let spring = date("2027-03-14");
    assert_eq!(opening(zone("America/New_York"), spring, &hours("02:00-03:00")), None);
    assert_eq!(opening(zone("America/New_York"), spring, &hours("02:30-03:00")), None);
}

#[test]
fn weeks_open_on_their_days_in_order_and_not_when_closed() {
    let zone = zone("America/Los_Angeles");
    let mut week: [Vec<Hours>; 7] = Default::default();
    week[0] = vec![hours("13:00-17:00"), hours("08:00-12:00"), hours("12:00-13:00")];
    week[1] = vec![hours("22:00-26:00")];
    week[2] = vec![hours("01:00-03:00")];
    // Mondays: 30 November, 7 December; the first Tuesday is closed.
    let closed = [date("2026-12-01")];
    let open = weekly(zone, &week, &closed, date("2026-11-30")..=date("2026-12-08"));
    let starts: Vec<String> =
        open.iter().map(|range| range.start().with_timezone(&zone).format("%d %H:%M").to_string()).collect();
    assert_eq!(
        starts,
        ["30 08:00", "30 12:00", "30 13:00", "02 01:00", "07 08:00", "07 12:00", "07 13:00", "08 22:00"]
    );
    assert_eq!(open[7].end(), utc("2026-12-09T10:00:00Z"));
}

#[test]
fn a_week_that_ends_before_it_starts_has_no_openings() {
    let every_day: [Vec<Hours>; 7] = std::array::from_fn(|_| vec![hours("09:00-12:00")]);
    assert_eq!(weekly(Tz::UTC, &every_day, &[], date("2026-12-02")..=date("2026-12-01")), []);
}

#[test]
fn hours_read_as_they_are_written() {
    for text in ["08:00-12:00", "00:00-24:00", "22:30-26:00", "23:59-48:00"] {
        assert_eq!(hours(text).to_string(), text);
    }
    assert_eq!(hours("8:00 - 12:30").to_string(), "08:00-12:30");
}

#[test]
fn hours_that_are_none_say_why() {
    for text in [
        "",
        "-",
        "8-12",
        "08:00",
        "08:00-",
        "08:00/12:00",
        "08:60-12:00",
        "24:00-25:00",
        "08:00-48:01",
        "08:00-49:00",
        "08:00-12:0",
        "008:00-12:00",
        "+8:00-12:00",
        "08:00--12:00",
        "０８:00-12:00",
        "08:00-12:00-13:00",
        ":-:",
    ] {
        assert_eq!(text.parse::<Hours>(), Err(BadSpan::Malformed), "{text}");
    }
    for text in ["12:00-08:00", "12:00-12:00", "22:00-02:00"] {
        assert_eq!(text.parse::<Hours>(), Err(BadSpan::EndsBeforeStart), "{text}");
    }
}

#[test]
fn time_away_reads_as_it_is_written() {
    let away: Away = "2026-12-24T12:00/2026-12-27T00:00".parse().unwrap();
    assert_eq!(away, Away { from: civil("2026-12-24T12:00"), until: civil("2026-12-27T00:00") });
    let range = away.range(zone("America/Los_Angeles")).unwrap();
    assert_eq!(range.start(), utc("2026-12-24T20:00:00Z"));
    assert_eq!(range.end(), utc("2026-12-27T08:00:00Z"));
    let swallowed: Away = "2027-03-14T02:00/2027-03-14T03:00".parse().unwrap();
    assert_eq!(swallowed.range(zone("America/New_York")), None);
}

#[test]
fn time_away_that_is_none_says_why() {
    for text in ["", "/", "2026-12-24/2026-12-27", "2026-12-24T12:00", "2026-12-24T25:00/2026-12-27T00:00"] {
        assert_eq!(text.parse::<Away>(), Err(BadSpan::Malformed), "{text}");
    }
    let backwards = "2026-12-27T00:00/2026-12-24T12:00";
    assert_eq!(backwards.parse::<Away>(), Err(BadSpan::EndsBeforeStart));
}

#[test]
fn the_ends_of_all_time_do_not_panic() {
    for zone in TZ_VARIANTS {
        for civil in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
            let _ = instant(zone, civil);
            let _ = date_of(zone, civil.and_utc());
            let _ = day(zone, civil.date());
            let _ = opening(zone, civil.date(), &hours("00:00-48:00"));
            let _ = Dates::new(zone).of(civil.and_utc());
        }
    }
}

/// The years looked at in every zone: jumps of a day, jumps at midnight, the last ones known, the next ones.
const YEARS: [i32; 7] = [1993, 2011, 2014, 2017, 2024, 2026, 2027];

/// A zone, and a civil time near enough to its changes that they are met.
fn zone_and_time() -> impl Strategy<Value = (Tz, NaiveDateTime)> {
    let minute = prop_oneof![
        (0..366 * 24 * 60i64),
        // Near a change of the clock, once one is found.
        Just(-1),
    ];
    (prop::sample::select(&TZ_VARIANTS[..]), prop::sample::select(&YEARS[..]), minute, -180..180i64).prop_map(
        |(zone, year, minute, near)| {
            let january = NaiveDate::from_ymd_opt(year, 1, 1).unwrap().and_time(NaiveTime::MIN);
            let at = if minute < 0 { change_in(zone, january).unwrap_or(january) } else { january };
            (zone, at + TimeDelta::minutes(if minute < 0 { near } else { minute }))
        },
    )
}

/// The civil time just before the first change of the clock in a year, to the hour.
fn change_in(zone: Tz, january: NaiveDateTime) -> Option<NaiveDateTime> {
    let offset = |hour: i64| {
        zone.offset_from_utc_datetime(&(january + TimeDelta::hours(hour))).fix().local_minus_utc()
    };
    let before = offset(0);
    let hour = (0..366 * 24).find(|hour| offset(*hour) != before)?;
    Some(january + TimeDelta::hours(hour) + TimeDelta::seconds(before.into()))
}

/// The offset in force at an instant, in seconds.
fn offset_at(zone: Tz, at: DateTime<Utc>) -> i32 {
    zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn an_instant_shows_the_time_asked_for_or_one_later_by_the_gap((zone, civil) in zone_and_time()) {
        let found = instant(zone, civil);
        let shown = found.with_timezone(&zone).naive_local();
        match zone.from_local_datetime(&civil) {
            MappedLocalTime::Single(_) => prop_assert_eq!(shown, civil),
            MappedLocalTime::Ambiguous(one, other) => {
                prop_assert_eq!(shown, civil);
                prop_assert_eq!(found, one.min(other).to_utc());
            }
            MappedLocalTime::None => {
                // The gap is what the offset grows by between a day and a half before and after it.
                let gap = offset_at(zone, found + TimeDelta::hours(1)) - offset_at(zone, found - TimeDelta::hours(25));
                prop_assert!(gap > 0);
                prop_assert_eq!(shown - civil, TimeDelta::seconds(gap.into()));
            }
        }
    }

    #[test]
    fn later_on_the_wall_is_never_earlier_outside_a_gap((zone, civil) in zone_and_time(), minutes in 0..3000i64) {
        let later = civil + TimeDelta::minutes(minutes);
        let exists = |at| !matches!(zone.from_local_datetime(at), MappedLocalTime::None);
        prop_assume!(exists(&civil) && exists(&later));
        prop_assert!(instant(zone, civil) <= instant(zone, later));
    }

    #[test]
    fn days_follow_one_another_without_a_hole((zone, civil) in zone_and_time()) {
        let date = civil.date();
        let today = day(zone, date);
        let next = day(zone, date + Days::new(1));
        match (today, next) {
            (Some(today), Some(next)) => prop_assert_eq!(today.end(), next.start()),
            (today, next) => prop_assert!(today.is_some() || next.is_some()),
        }
        if let Some(today) = today {
            let length = today.end() - today.start();
            prop_assert!(length >= TimeDelta::hours(20) && length <= TimeDelta::hours(48), "{zone} {date} {length}");
            prop_assert_eq!(date_of(zone, today.start()), date);
            prop_assert!(date_of(zone, today.start() - TimeDelta::seconds(1)) < date);
        }
    }

    #[test]
    fn dates_in_passing_are_the_dates_looked_up((zone, civil) in zone_and_time(), steps in prop::collection::vec(0..900i64, 1..50)) {
        let mut dates = Dates::new(zone);
        let mut at = civil.and_utc();
        for step in steps {
            at += TimeDelta::minutes(step);
            let date = dates.of(at);
            prop_assert!(civil::day(zone, date).is_some_and(|day| day.start() <= at && at < day.end()));
            prop_assert_eq!(date, date_of(zone, at));
        }
    }

    #[test]
    fn an_opening_runs_from_its_first_to_its_last_civil_minute(
        (zone, civil) in zone_and_time(), from in 0..24 * 60u32, length in 1..24 * 60u32
    ) {
        let date = civil.date();
        let hours = Hours {
            from: NaiveTime::from_num_seconds_from_midnight_opt(from * 60, 0).unwrap(),
            until_minutes: from + length,
        };
        let start = date.and_time(hours.from);
        let end = instant(zone, start + TimeDelta::minutes(length.into()));
        match opening(zone, date, &hours) {
            Some(range) => {
                prop_assert_eq!(range.start(), instant(zone, start));
                prop_assert_eq!(range.end(), end);
            }
            None => prop_assert!(matches!(zone.from_local_datetime(&start), MappedLocalTime::None)),
        }
    }
}
