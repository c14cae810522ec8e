//! What patients read: dates, hours, plurals and sentences, in each language.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::{America, Europe, Tz};
use healthbot_scheduler::{
    domain::Hours,
    language::{Language, Message, Unit, numbered},
};

const LANGUAGES: [&str; 7] = ["en", "es", "fr", "de", "pt", "zh", "ar"];

const LOCALES: [&str; 16] = [
    "en-US", "en-GB", "en-CA", "es", "es-MX", "es-US", "fr", "fr-CA", "de", "de-CH", "pt-BR", "pt-PT",
    "zh-CN", "ar", "ar-EG", "ar-MA",
];

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn table(row: impl Fn(&Language) -> String) -> String {
    LOCALES.map(|tag| format!("{tag}: {}\n", row(&Language::of(Some(tag))))).concat()
}

fn winter_slot(language: &Language) -> String {
    let (start, now) = (instant("2026-12-01T17:00:00Z"), instant("2026-11-22T12:00:00Z"));
    language.slot_label(start, America::Los_Angeles, now)
}

#[test]
fn a_slot_is_labelled_as_its_locale_writes_it() {
    insta::assert_snapshot!(table(winter_slot));
}

#[test]
fn a_date_far_away_has_its_year() {
    let today = date("2026-11-22");
    let language = Language::of(Some("en-US"));
    assert_eq!(language.date_label(date("2027-01-05"), today), "Tuesday, January 5");
    assert_eq!(language.date_label(date("2027-08-19"), today), "Thursday, August 19");
    assert_eq!(language.date_label(date("2027-08-20"), today), "Friday, August 20, 2027");
    assert_eq!(language.date_label(date("2025-11-22"), today), "Saturday, November 22, 2025");
    insta::assert_snapshot!(table(|language| language.date_label(date("2027-12-01"), today)));
}

#[test]
fn the_zone_is_named_as_at_that_instant() {
    let now = instant("2026-06-01T12:00:00Z");
    let label = |tag, start, zone: Tz| Language::of(Some(tag)).slot_label(instant(start), zone, now);
    assert_eq!(
        label("en-US", "2026-07-01T21:30:00Z", America::Los_Angeles),
        "Wednesday, July 1, 2:30 PM PDT"
    );
    assert_eq!(
        label("en-US", "2026-12-01T22:30:00Z", America::Los_Angeles),
        "Tuesday, December 1, 2:30 PM PST"
    );
    assert_eq!(label("en-US", "2026-07-01T18:30:00Z", America::Phoenix), "Wednesday, July 1, 11:30 AM MST");
    assert_eq!(label("de", "2026-07-01T12:30:00Z", Europe::Berlin), "Mittwoch, 1. Juli, 14:30 Uhr (MESZ)");
    assert_eq!(label("de", "2026-12-01T12:30:00Z", Europe::Berlin), "Dienstag, 1. Dezember, 13:30 Uhr (MEZ)");
    assert_eq!(label("en-GB", "2026-07-01T12:30:00Z", Europe::London), "Wednesday 1 July, 13:30 BST");
}

#[test]
fn the_two_hours_of_an_autumn_night_read_differently() {
    let language = Language::of(Some("en-US"));
    let times = ["2026-11-01T08:30:00Z", "2026-11-01T09:30:00Z"].map(instant);
    let titles = times.map(|time| language.time_label(time, America::Los_Angeles));
    assert_eq!(titles, ["1:30 AM", "1:30 AM"]);
    let unique = language
        .unique(titles.to_vec(), |index| Some(language.time_and_zone(times[index], America::Los_Angeles)));
    assert_eq!(unique, ["1:30 AM (1:30 AM PDT)", "1:30 AM (1:30 AM PST)"]);
    let zones = language
        .unique(titles.to_vec(), |index| Some(language.zone_label(times[index], America::Los_Angeles)));
    assert_eq!(zones, ["1:30 AM (PDT)", "1:30 AM (PST)"]);
}

#[test]
fn midnight_and_noon_are_not_confused() {
    let times = |tag| {
        ["2026-12-01T08:00:00Z", "2026-12-01T20:00:00Z"]
            .map(|time| Language::of(Some(tag)).time_label(instant(time), America::Los_Angeles))
    };
    assert_eq!(times("en-US"), ["12:00 AM", "12:00 PM"]);
    assert_eq!(times("en-GB"), ["00:00", "12:00"]);
    assert_eq!(times("ar"), ["12:00 ص", "12:00 م"]);
}

#[test]
fn menus_of_days_say_today_and_tomorrow() {
    let today = date("2026-11-30");
    let title = |tag, day| Language::of(Some(tag)).day_title(date(day), today);
    assert_eq!(title("en-US", "2026-11-30"), "Today (Monday, November 30)");
    assert_eq!(title("es", "2026-12-01"), "Mañana (martes, 1 de diciembre)");
    assert_eq!(title("zh", "2026-12-02"), "12月2日星期三");
    assert_eq!(title("en-US", "2026-11-29"), "Sunday, November 29");
}

#[test]
fn date_and_time_leaves_the_zone_out() {
    let (start, now) = (instant("2026-12-01T17:00:00Z"), instant("2026-11-22T12:00:00Z"));
    let label = |tag| Language::of(Some(tag)).date_and_time(start, America::Los_Angeles, now);
    assert_eq!(label("en-US"), "Tuesday, December 1, 9:00 AM");
    assert_eq!(label("zh"), "12月1日星期二 09:00");
}

fn hours(from: &str, until_minutes: u32) -> Hours {
    Hours { from: NaiveTime::parse_from_str(from, "%H:%M").unwrap(), until_minutes }
}

#[test]
fn opening_hours_stand_in_one_line() {
    let day = vec![hours("08:00", 17 * 60)];
    let split = vec![hours("09:00", 12 * 60), hours("13:00", 15 * 60 + 30)];
    let week = [day.clone(), day.clone(), day.clone(), day.clone(), day, split, vec![]];
    let text = Language::of(Some("en-US")).hours_text(&week);
    assert_eq!(text, "Mon–Fri 8:00 AM – 5:00 PM; Sat 9:00 AM – 12:00 PM, 1:00 PM – 3:30 PM");
    insta::assert_snapshot!(table(|language| language.hours_text(&week)));
}

#[test]
fn days_with_the_same_hours_stand_together() {
    let (long, short) = (vec![hours("08:00", 17 * 60)], vec![hours("08:00", 12 * 60)]);
    let closed = Vec::new();
    let language = Language::of(Some("en-US"));
    let text = |week: [&Vec<Hours>; 7]| language.hours_text(&week.map(Clone::clone));
    assert_eq!(
        text([&long, &long, &short, &long, &closed, &closed, &closed]),
        "Mon–Tue, Thu 8:00 AM – 5:00 PM; Wed 8:00 AM – 12:00 PM"
    );
    assert_eq!(
        text([&long, &long, &long, &long, &closed, &closed, &long]),
        "Sun–Thu 8:00 AM – 5:00 PM",
        "a run goes on over the end of the week"
    );
    assert_eq!(
        text([&long, &closed, &long, &closed, &long, &closed, &long]),
        "Sun–Mon, Wed, Fri 8:00 AM – 5:00 PM"
    );
    assert_eq!(text([&long; 7]), "Every day 8:00 AM – 5:00 PM");
    assert_eq!(text([&closed; 7]), "");
}

#[test]
fn hours_may_go_past_midnight_or_around_the_clock() {
    let language = Language::of(Some("en-US"));
    let mut week: [Vec<Hours>; 7] = Default::default();
    week[4] = vec![hours("22:00", 26 * 60)];
    assert_eq!(language.hours_text(&week), "Fri 10:00 PM – 2:00 AM");
    let always = std::array::from_fn(|_| vec![hours("00:00", 24 * 60)]);
    assert_eq!(language.hours_text(&always), "Every day 24 hours");
    week[4] = vec![hours("00:00", 48 * 60)];
    assert_eq!(language.hours_text(&week), "Fri 12:00 AM – 12:00 AM");
}

#[test]
fn lists_and_numbers_are_the_locale_s() {
    insta::assert_snapshot!(table(|language| format!(
        "{} | {} | {} | {} | {}",
        language.list(&["A", "B", "C"]),
        language.number(2.0, 1),
        language.integer(12_345),
        language.distance(2.04, Unit::Miles),
        language.distance(25.4, Unit::Kilometres),
    )));
    let language = Language::of(None);
    assert_eq!(language.choice(&["A", "B", "C"]), "A, B, or C");
    assert_eq!(Language::of(Some("es")).choice(&["7", "8"]), "7 u 8");
    assert_eq!(language.list(&["A"]), "A");
    assert_eq!(language.list(&["A", "B"]), "A and B");
    assert_eq!(language.list(&[""; 0]), "");
    assert_eq!(language.distance(9.96, Unit::Miles), "10 mi");
    assert_eq!(language.number(f64::NAN, 1), "NaN");
}

#[test]
fn durations_are_whole_and_plural() {
    let text = |tag, minutes| Language::of(Some(tag)).duration(TimeDelta::minutes(minutes));
    assert_eq!(text("en", 1), "1 minute");
    assert_eq!(text("en", 90), "90 minutes");
    assert_eq!(text("en", 24 * 60), "24 hours");
    assert_eq!(text("en", 24 * 60 + 1), "25 hours");
    assert_eq!(text("en", 3 * 24 * 60), "3 days");
    assert_eq!(text("en", -5), "0 minutes");
    assert_eq!(text("ar", 2 * 60), "ساعتين");
    assert_eq!(text("de", 60), "1 Stunde");
}

#[test]
fn arabic_has_six_plurals() {
    let language = Language::of(Some("ar"));
    let said = [0, 1, 2, 3, 11, 100].map(|count| language.say(&Message::AppointmentsFound { count }));
    assert_eq!(
        said,
        [
            "ليس لديك أي موعد.",
            "لديك موعد واحد.",
            "لديك موعدان.",
            "لديك 3 مواعيد.",
            "لديك 11 موعدًا.",
            "لديك 100 موعد."
        ]
    );
}

#[test]
fn a_region_keeps_the_plurals_of_its_language() {
    let two = |tag| Language::of(Some(tag)).say(&Message::AppointmentsFound { count: 2 });
    for tag in ["ar-EG", "ar-SA", "ar-QX"] {
        assert_eq!(two(tag), "لديك موعدان.", "{tag}");
    }
    let one = |tag| Language::of(Some(tag)).say(&Message::AppointmentsFound { count: 1 });
    assert_eq!(
        [one("pt-PT"), one("es-419"), one("en-CA")].concat(),
        "Você tem 1 agendamento.Tiene 1 cita.You have 1 appointment."
    );
}

#[test]
fn the_others_tell_one_from_many() {
    let said = |tag, count| Language::of(Some(tag)).say(&Message::AppointmentsFound { count });
    assert_eq!(said("en", 1), "You have 1 appointment.");
    assert_eq!(said("en", 2), "You have 2 appointments.");
    assert_eq!(said("es", 1), "Tiene 1 cita.");
    assert_eq!(said("es", 11), "Tiene 11 citas.");
    assert_eq!(said("de", 1_000), "Sie haben 1.000 Termine.");
    assert_eq!(said("pt-BR", 2), "Você tem 2 agendamentos.");
    assert_eq!(said("zh", 2), "您有 2 个预约。");
    let free =
        |count| Language::of(Some("fr")).say(&Message::SlotsFoundAnywhere { count, service: "Vaccin" });
    assert_eq!(free(0), "Vaccin : il y a 0 créneau libre.", "zero is singular in French");
    assert_eq!(free(2), "Vaccin : il y a 2 créneaux libres.");
}

#[test]
fn numbers_in_a_sentence_have_the_locale_s_digits() {
    let said = |tag| Language::of(Some(tag)).say(&Message::TooManyAttempts { minutes: 15 });
    assert!(said("ar-EG").contains("١٥ دقيقة"), "{}", said("ar-EG"));
    assert!(said("ar-AE").contains("15 دقيقة"), "{}", said("ar-AE"));
}

#[test]
fn every_language_says_a_booking() {
    let (start, now) = (instant("2026-12-01T17:00:00Z"), instant("2026-11-22T12:00:00Z"));
    let said = LANGUAGES.map(|tag| {
        let language = Language::of(Some(tag));
        let when = language.slot_label(start, America::Los_Angeles, now);
        language.say_all(&[
            Message::Booked { service: "COVID-19 vaccine", when: &when, location: "Eastside Clinic" },
            Message::ConfirmationCode { code: "7GK2M-Q4RWX" },
            Message::WriteCodeDown,
        ]) + "\n"
    });
    insta::assert_snapshot!(said.concat());
}

#[test]
fn arabic_isolates_what_would_change_places() {
    let language = Language::of(Some("ar"));
    let phone = language.say(&Message::CallClinic { phone: "+1 425 555 0100" });
    assert_eq!(phone, "يمكنك الاتصال بالعيادة: \u{2068}+1 425 555 0100\u{2069}");
    let page = language.say(&Message::UseBookingPage { page: "https://example.org/book" });
    assert_eq!(page, "يمكنك المتابعة هنا: https://example.org/book", "a chat makes a link of it");
    let arabic = language.say(&Message::NoLocationsForService { service: "لقاح" });
    assert!(!arabic.contains('\u{2068}'), "{arabic}");
    for tag in ["ar", "ar-EG", "ar-MA"] {
        let label = winter_slot(&Language::of(Some(tag)));
        assert!(!label.contains('\u{2068}'), "{label}");
    }
    for tag in LANGUAGES.into_iter().filter(|tag| *tag != "ar") {
        let said = Language::of(Some(tag)).say(&Message::CallClinic { phone: "+1 425 555 0100" });
        assert!(said.ends_with("+1 425 555 0100"), "{said}");
    }
}

#[test]
fn a_locale_is_read_in_any_spelling() {
    for (tag, used) in [
        ("EN-us", "en-US"),
        ("en_GB", "en-GB"),
        ("pt_br", "pt-BR"),
        ("zh-Hant-TW", "zh-TW"),
        ("zh-hans", "zh"),
        (" es-mx ", "es-MX"),
        ("de-DE-1996", "de-DE"),
        ("es-419", "es-419"),
        ("ar-u-nu-arab", "ar"),
        ("fr-CA-x-private", "fr-CA"),
    ] {
        assert_eq!(Language::of(Some(tag)).tag(), used, "for {tag}");
    }
}

#[test]
fn what_is_no_locale_of_ours_is_english() {
    let long = "en-".repeat(100);
    for tag in ["", " ", "x", "x-y", "ja", "it-IT", "tlh", "en--US", "english", "🦀", "en\0", "-", "*", &long]
    {
        let language = Language::of(Some(tag));
        assert_eq!(language.tag(), "en", "for {tag:?}");
        assert_eq!(language.say(&Message::Today), "Today");
    }
    assert_eq!(Language::of(None).tag(), "en");
    assert_eq!(Language::of(None).code(), "en");
}

#[test]
fn a_region_that_does_not_exist_still_has_formats() {
    for tag in ["en-ZZ", "ar-QX", "de-999"] {
        assert!(!winter_slot(&Language::of(Some(tag))).is_empty());
    }
}

#[test]
fn a_locale_is_built_once() {
    let (first, again) = (Language::of(Some("fr-CA")), Language::of(Some("FR_ca")));
    assert!(std::sync::Arc::ptr_eq(&first, &again));
}

#[test]
fn no_label_has_a_space_that_text_messages_cannot_carry() {
    for tag in LOCALES {
        let language = Language::of(Some(tag));
        let written =
            [winter_slot(&language), language.integer(1_234_567), language.list(&["A", "B", "C"])].concat();
        assert!(!written.contains(['\u{a0}', '\u{202f}', '\u{2009}']), "{tag}: {written}");
    }
}

#[test]
fn titles_of_a_menu_differ() {
    let language = Language::of(None);
    let titles = |titles: &[&str], details: &[&str]| {
        language.unique(titles.iter().map(ToString::to_string).collect(), |index| {
            details.get(index).map(ToString::to_string)
        })
    };
    assert_eq!(titles(&["A", "B"], &["x", "y"]), ["A", "B"]);
    assert_eq!(titles(&["A", "B", "A"], &["x", "y", "z"]), ["A (x)", "B", "A (z)"]);
    assert_eq!(titles(&["A", "A", "A"], &["x", "x", "y"]), ["A (x)", "A (x) (2)", "A (y)"]);
    assert_eq!(titles(&["A", "A", "A"], &[]), ["A", "A (2)", "A (3)"]);
    assert_eq!(titles(&["A", "A (2)", "A"], &[]), ["A", "A (2)", "A (3)"]);
    assert_eq!(titles(&["A", "A", "A (2)"], &[]), ["A", "A (3)", "A (2)"]);
}

#[test]
fn lists_to_pick_from_are_numbered_with_digits_one_can_type() {
    assert_eq!(numbered(&["9:00 AM", "9:20 AM"]), "1. 9:00 AM\n2. 9:20 AM");
    assert_eq!(numbered(&[""; 0]), "");
}

#[test]
fn a_message_never_prints_what_it_says() {
    let message = Message::ConfirmationCode { code: "7GK2M-Q4RWX" };
    assert_eq!(format!("{message:?}"), "confirmation-code");
}
