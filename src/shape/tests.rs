use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::*;

#[derive(Debug, Default, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Search {
    #[schema(required = true, max_length = 12)]
    location_id: Option<String>,
    slot_ids: Option<Vec<String>>,
    near: Option<Near>,
    #[schema(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    preview: Option<bool>,
    part_of_day: Option<PartOfDay>,
    #[schema(format = "date")]
    date: Option<String>,
    #[schema(format = "date-time")]
    start: Option<String>,
    from: Option<Bound>,
    #[schema(format = "uri")]
    page: Option<String>,
    #[schema(format = "time-zone")]
    time_zone: Option<String>,
    #[schema(pattern = "^[a-z]+$")]
    word: Option<String>,
    #[schema(min_items = 1, max_items = 2)]
    pair: Option<Vec<u8>>,
    #[serde(default)]
    answers: BTreeMap<String, String>,
    title: Option<Title>,
    shelf: Option<Box<Shelf>>,
}

#[derive(Debug, PartialEq, Deserialize, ToSchema)]
struct Near {
    #[schema(minimum = -90, maximum = 90)]
    latitude: f64,
    #[schema(minimum = -180, maximum = 180)]
    longitude: f64,
}

#[derive(Debug, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum PartOfDay {
    Morning,
    Evening,
}

#[derive(Debug, PartialEq, Deserialize, ToSchema)]
#[serde(untagged)]
enum Bound {
    Date(chrono::NaiveDate),
    Instant(chrono::DateTime<chrono::Utc>),
}

#[derive(Debug, PartialEq, Deserialize, ToSchema)]
#[serde(untagged)]
enum Title {
    Plain(String),
    ByLocale(BTreeMap<String, String>),
}

#[derive(Debug, PartialEq, Deserialize, ToSchema)]
struct Shelf {
    #[schema(no_recursion)]
    inner: Option<Box<Shelf>>,
}

fn form(value: Value) -> Result<Search, Vec<Problem>> {
    Shape::of::<Search>(Leniency::Form).read(value)
}

/// The problems of a search that is right but for these fields.
fn problems(mut fields: Value) -> Vec<(String, String)> {
    fields.as_object_mut().unwrap().entry("locationId").or_insert_with(|| "x".into());
    told(form(fields).unwrap_err())
}

fn told(problems: Vec<Problem>) -> Vec<(String, String)> {
    problems.into_iter().map(|problem| (problem.path, problem.detail)).collect()
}

fn one(path: &str, detail: &str) -> Vec<(String, String)> {
    vec![(path.to_owned(), detail.to_owned())]
}

#[test]
fn what_cards_send_is_what_was_meant() {
    let read = form(json!({
        "locationId": "x", "limit": "2", "preview": "true", "date": "", "partOfDay": "  ", "near": null,
        "answers": {"why": "flu", "when": ""}, "slotIds": [],
    }));
    let expected = Search {
        location_id: Some("x".into()),
        limit: Some(2),
        preview: Some(true),
        slot_ids: Some(Vec::new()),
        answers: BTreeMap::from([("why".into(), "flu".into())]),
        ..Search::default()
    };
    assert_eq!(read, Ok(expected));
}

#[test]
fn numbers_come_as_texts_and_whole_numbers_with_a_point() {
    let near = form(json!({"locationId": "x", "near": {"latitude": "2.5", "longitude": "-3"}, "limit": 3.0}));
    let near = near.unwrap();
    assert_eq!(near.near, Some(Near { latitude: 2.5, longitude: -3.0 }));
    assert_eq!(near.limit, Some(3));
}

#[test]
fn texts_are_left_as_they_are() {
    assert_eq!(form(json!({"locationId": " x "})).unwrap().location_id.as_deref(), Some(" x "));
}

#[test]
fn a_person_means_what_a_file_says() {
    let strict = Shape::of::<Search>(Leniency::Strict);
    let read =
        strict.read::<Search>(json!({"locationId": "", "limit": "2", "preview": "true", "near": null}));
    let expected = [
        ("limit", "must be a whole number from 1 to 1000"),
        ("preview", "must be true or false"),
        ("near", "must be a table"),
    ];
    assert_eq!(told(read.unwrap_err()), expected.map(|(path, detail)| (path.to_owned(), detail.to_owned())));
}

#[test]
fn every_problem_is_named_at_once() {
    let read = form(json!({
        "location_id": "x", "limit": 0, "near": {"latitude": 91, "longitud": 1}, "slotIds": ["a", "", 3, null],
    }));
    let expected = [
        ("location_id", "is not a known field; did you mean `locationId`?"),
        ("limit", "must be a whole number from 1 to 1000"),
        ("near.latitude", "must be a number from -90 to 90"),
        ("near.longitud", "is not a known field; did you mean `longitude`?"),
        ("near.longitude", "is missing"),
        ("slotIds[1]", "must be a text, not blank"),
        ("slotIds[2]", "must be a text"),
        ("slotIds[3]", "must be a text, not blank"),
        ("locationId", "is missing"),
    ];
    assert_eq!(told(read.unwrap_err()), expected.map(|(path, detail)| (path.to_owned(), detail.to_owned())));
}

#[test]
fn a_blank_required_field_is_missing() {
    assert_eq!(problems(json!({"locationId": " "})), one("locationId", "is missing"));
}

#[test]
fn an_unknown_field_far_from_any_is_only_named() {
    assert_eq!(problems(json!({"zebra": null})), one("zebra", "is not a known field"));
}

#[test]
fn wrong_types_say_what_is_right() {
    assert_eq!(problems(json!({"limit": 2.5})), one("limit", "must be a whole number from 1 to 1000"));
    assert_eq!(problems(json!({"limit": "many"})), one("limit", "must be a whole number from 1 to 1000"));
    assert_eq!(problems(json!({"limit": "inf"})), one("limit", "must be a whole number from 1 to 1000"));
    assert_eq!(problems(json!({"limit": 1e30})), one("limit", "must be a whole number from 1 to 1000"));
    assert_eq!(problems(json!({"preview": 1})), one("preview", "must be true or false"));
    assert_eq!(problems(json!({"slotIds": "a"})), one("slotIds", "must be a list"));
    assert_eq!(problems(json!({"near": [1]})), one("near", "must be an object"));
    assert_eq!(problems(json!({"locationId": 5})), one("locationId", "must be a text"));
    assert_eq!(told(form(json!([])).unwrap_err()), one("", "must be an object"));
    assert_eq!(told(form(json!(null)).unwrap_err()), one("", "must be an object"));
}

#[test]
fn lengths_are_counted_in_characters() {
    assert!(form(json!({"locationId": "ééééééÿÿÿÿÿÿ"})).is_ok());
    assert_eq!(
        problems(json!({"locationId": "thirteen char"})),
        one("locationId", "must have at most 12 characters")
    );
}

#[test]
fn lists_have_lengths() {
    assert!(form(json!({"locationId": "x", "pair": [1, "2"]})).is_ok());
    assert_eq!(problems(json!({"pair": []})), one("pair", "must have 1 to 2 items"));
    assert_eq!(problems(json!({"pair": [1, 2, 3]})), one("pair", "must have 1 to 2 items"));
}

#[test]
fn a_choice_of_names_is_listed() {
    assert_eq!(
        problems(json!({"partOfDay": "mornin"})),
        one("partOfDay", "must be one of `morning`, `evening`; did you mean `morning`?")
    );
}

#[test]
fn dates_are_dates() {
    assert!(form(json!({"locationId": "x", "date": "2028-02-29"})).is_ok());
    for wrong in ["2027-02-29", "1/2/2027", "2027-1-2", "tomorrow"] {
        assert_eq!(problems(json!({"date": wrong})), one("date", "must be a date, as `2026-12-01`"));
    }
}

#[test]
fn a_time_without_offset_is_told_what_it_lacks() {
    assert!(form(json!({"locationId": "x", "start": "2026-12-01T09:00:00-08:00"})).is_ok());
    let lacks = "has no offset: end it with `Z` or the offset, as `2026-12-01T09:00:00-08:00`";
    assert_eq!(problems(json!({"start": "2026-12-01T09:00:00"})), one("start", lacks));
    assert_eq!(problems(json!({"start": "2026-12-01T09:00"})), one("start", lacks));
    assert_eq!(
        problems(json!({"start": "9 o'clock"})),
        one("start", "must be a time with its offset, as `2026-12-01T09:00:00-08:00`")
    );
}

#[test]
fn a_date_or_a_time_is_either() {
    assert!(form(json!({"locationId": "x", "from": "2026-12-01"})).is_ok());
    assert!(form(json!({"locationId": "x", "from": "2026-12-01T09:00:00Z"})).is_ok());
    let either = "must be a date, as `2026-12-01`, or a time with its offset, as `2026-12-01T09:00:00-08:00`";
    assert_eq!(problems(json!({"from": "2026-12-01T09:00"})), one("from", either));
}

#[test]
fn pages_have_full_addresses() {
    assert!(form(json!({"locationId": "x", "page": "https://example.org/book"})).is_ok());
    for wrong in ["example.org", "/book", "javascript:alert(1)", "https://"] {
        let detail = "must be the full address of a page, as `https://example.org/book`";
        assert_eq!(problems(json!({"page": wrong})), one("page", detail));
    }
}

#[test]
fn zones_are_those_of_the_tz_database() {
    assert!(form(json!({"locationId": "x", "timeZone": "America/Los_Angeles"})).is_ok());
    let meant = "is no known time zone; did you mean `America/Los_Angeles`?";
    assert_eq!(problems(json!({"timeZone": "America/Los_Angles"})), one("timeZone", meant));
    assert_eq!(problems(json!({"timeZone": "los angeles"})), one("timeZone", meant));
    let any = "must be an IANA time zone, as `America/Los_Angeles`";
    assert_eq!(problems(json!({"timeZone": "Pacific Standard Time"})), one("timeZone", any));
}

#[test]
fn patterns_are_told() {
    assert_eq!(problems(json!({"word": "Two"})), one("word", "must match `^[a-z]+$`"));
}

#[test]
fn a_text_or_a_table_is_either() {
    assert_eq!(
        form(json!({"locationId": "x", "title": "a"})).unwrap().title,
        Some(Title::Plain("a".to_owned()))
    );
    assert!(form(json!({"locationId": "x", "title": {"es": "a"}})).is_ok());
    assert_eq!(problems(json!({"title": {"es": 3}})), one("title.es", "must be a text"));
    assert_eq!(problems(json!({"title": 3})), one("title", "must be a text, or an object"));
}

#[test]
fn no_nesting_is_too_deep_to_refuse() {
    let mut shelf = json!({});
    for _ in 0..200 {
        shelf = json!({ "inner": shelf });
    }
    let problems = problems(json!({ "shelf": shelf }));
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].1, "is nested too deeply");
}

#[test]
fn a_hostile_body_gets_a_bounded_answer() {
    let many: serde_json::Map<String, Value> = (0..5000).map(|n| (format!("zebra{n}"), n.into())).collect();
    assert_eq!(problems(Value::Object(many)).len(), 100);
}

#[test]
fn json_says_where_it_breaks() {
    let shape = Shape::of::<Search>(Leniency::Form);
    let told = |text: &str| told(shape.read_json::<Search>(text.as_bytes()).unwrap_err());
    assert_eq!(told(" "), one("", "is empty; send a JSON object"));
    let broken = told("{\"locationId\": }");
    assert!(broken[0].1.starts_with("is not JSON: "), "{broken:?}");
    assert!(told("{} {}")[0].1.contains("trailing characters"));
    let deep = "[".repeat(10_000);
    assert!(told(&deep)[0].1.contains("recursion limit"));
}

#[test]
fn a_repeated_key_is_a_problem() {
    let shape = Shape::of::<Search>(Leniency::Form);
    let text =
        br#"{"locationId": "x", "near": {"latitude": 1, "latitude": 2, "longitude": 3}, "limit": "0"}"#;
    let expected =
        [("near.latitude", "is there twice; keep one"), ("limit", "must be a whole number from 1 to 1000")];
    assert_eq!(
        told(shape.read_json::<Search>(text).unwrap_err()),
        expected.map(|(path, detail)| (path.to_owned(), detail.to_owned()))
    );
}

#[test]
fn what_the_schema_cannot_say_is_said_by_the_type() {
    assert_eq!(problems(json!({"pair": [1, 300]})), one("pair[1]", "must be u8"));
}

#[test]
fn no_problem_repeats_the_value() {
    let secret = "s3cr3t";
    let values = [json!(secret), json!([secret]), json!({"a": secret}), json!({"latitude": secret})];
    let fields = Shape::of::<Search>(Leniency::Form).fields();
    let mut seen = 0;
    for field in fields.iter().filter(|field| !field.contains(['.', '['])) {
        for value in &values {
            let mut search = json!({"locationId": secret.repeat(9)});
            search[field] = value.clone();
            for problem in form(search).err().unwrap_or_default() {
                seen += 1;
                assert!(!problem.detail.contains(secret), "{problem:?}");
            }
        }
    }
    assert!(seen > 60, "{seen} problems");
}

#[test]
fn keys_that_reach_a_log_are_tame() {
    let key = format!("a\n{}", "z".repeat(500));
    let mut search = serde_json::Map::new();
    search.insert(key, 1.into());
    let path = problems(Value::Object(search)).remove(0).0;
    assert!(!path.contains('\n') && path.chars().count() == 65, "{path}");
}

#[test]
fn what_is_right_can_be_salvaged() {
    let shape = Shape::of::<Search>(Leniency::Strict);
    let (read, problems) =
        shape.salvage::<Search>(json!({"limit": 0, "slotIds": ["a", 3, "b"], "word": "w"}));
    let read = read.unwrap();
    assert_eq!(read.slot_ids, Some(vec!["a".to_owned(), String::new(), "b".to_owned()]));
    assert_eq!((read.limit, read.word.as_deref()), (None, Some("w")));
    assert_eq!(problems.len(), 3);
}

#[test]
fn fields_are_listed_with_their_paths() {
    let fields = Shape::of::<Search>(Leniency::Strict).fields();
    for expected in ["locationId", "near.latitude", "shelf.inner"] {
        assert!(fields.iter().any(|field| field == expected), "{expected} in {fields:?}");
    }
}
