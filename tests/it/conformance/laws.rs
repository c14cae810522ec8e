//! What every reply has to be, whoever asked for what: said in words, with menus that can be picked from, times
//! of the site, and a way on where something did not succeed. And as the published contract has it.

use std::{collections::BTreeSet, sync::OnceLock};

use chrono::{DateTime, Offset};
use chrono_tz::Tz;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::town::Town;
use crate::fakes::functions_host::Reply;

/// Outcomes after which nothing has to be done.
const SUCCESSES: [&str; 8] =
    ["ok", "booked", "preview", "found", "cancelled", "alreadyCancelled", "rescheduled", "reconciled"];

pub(crate) fn hold(function: &str, reply: &Value, asked_zone: Option<Tz>) {
    let outcome = reply["outcome"].as_str().unwrap_or_else(|| panic!("{function}: no outcome: {reply}"));
    for words in ["say", "text"] {
        assert!(
            reply[words].as_str().is_some_and(|text| !text.trim().is_empty()),
            "{words} of {outcome}: {reply}"
        );
    }
    if !SUCCESSES.contains(&outcome) {
        assert!(reply["wayOn"].is_object(), "no way on after {outcome}: {reply}");
        assert_eq!(reply["wayOn"]["handoff"], true, "{outcome}: {reply}");
    }
    menus_can_be_picked_from(reply);
    times_are_of_the_site(reply, asked_zone);
    as_published(function, reply);
}

pub(super) fn hold_of_problem(reply: &Reply) {
    let body = &reply.body;
    assert_eq!(reply.headers["content-type"], "application/problem+json", "{body}");
    assert_eq!(body["status"], reply.status, "{body}");
    for words in ["type", "title", "code", "detail", "say", "text"] {
        assert!(body[words].as_str().is_some_and(|text| !text.trim().is_empty()), "{words}: {body}");
    }
    assert!(body["wayOn"].is_object(), "{body}");
}

/// The lists that menus stand for, and what a choice of them is worth.
const MENUS: [(&str, &str, &str); 5] = [
    ("locations", "locations", "id"),
    ("days", "days", "date"),
    ("slots", "slots", "id"),
    ("alternatives", "alternatives", "id"),
    ("appointments", "appointments", "dose"),
];

fn menus_can_be_picked_from(reply: &Value) {
    let Some(menus) = reply["menus"].as_object() else { return };
    for (name, menu) in menus {
        let titles: Vec<&str> =
            menu["titles"].as_array().expect("titles").iter().filter_map(Value::as_str).collect();
        assert!(!titles.is_empty(), "an empty menu `{name}`");
        let unique: BTreeSet<&str> = titles.iter().copied().collect();
        assert_eq!(unique.len(), titles.len(), "titles of `{name}` recur: {titles:?}");
        let choices = menu["choices"].as_array().expect("choices");
        let of_choices: Vec<&str> = choices.iter().filter_map(|choice| choice["title"].as_str()).collect();
        assert_eq!(of_choices, titles, "{name}");
        let values: BTreeSet<&str> = choices.iter().filter_map(|choice| choice["value"].as_str()).collect();
        assert_eq!(values.len(), titles.len(), "values of `{name}` recur or are no texts: {choices:?}");
        let lines: Vec<&str> = menu["list"].as_str().expect("a list").lines().collect();
        assert_eq!(lines.len(), titles.len(), "{name}: {lines:?}");
        for (line, title) in lines.iter().zip(&titles) {
            assert!(line.contains(title), "{name}: `{title}` is not in `{line}`");
        }
    }
    for (name, list, value) in MENUS {
        let Some(items) = reply[list].as_array().filter(|items| !items.is_empty()) else { continue };
        let choices = menus.get(name).and_then(|menu| menu["choices"].as_array());
        let choices = choices.unwrap_or_else(|| panic!("no menu of {name}: {reply}"));
        let picked: Vec<String> = choices.iter().map(|choice| text(&choice["value"])).collect();
        let offered: Vec<String> = items.iter().map(|item| text(&item[value])).collect();
        assert_eq!(picked, offered, "the menu of {name} is in another order, or of other things");
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Slots and appointments carry the offset that the site has at that time, and the date it has there.
fn times_are_of_the_site(reply: &Value, asked_zone: Option<Tz>) {
    for list in ["slots", "alternatives", "appointments"] {
        for item in reply[list].as_array().into_iter().flatten() {
            let zone = asked_zone.unwrap_or_else(|| Town::zone(item["locationId"].as_str().expect("a site")));
            for field in ["start", "end", "changeUntil"] {
                let Some(time) = item[field].as_str() else { continue };
                let time = DateTime::parse_from_rfc3339(time).expect("RFC 3339");
                let there = time.with_timezone(&zone);
                assert_eq!(
                    *time.offset(),
                    there.offset().fix(),
                    "{field} is not by the clocks of {zone}: {item}"
                );
                if field == "start" && !item["date"].is_null() {
                    assert_eq!(item["date"], there.date_naive().to_string(), "{item}");
                }
            }
            assert!(item["label"].as_str().is_some_and(|label| !label.is_empty()), "{item}");
        }
    }
}

/// Holds a reply against the schema that the contract publishes for it.
fn as_published(function: &str, reply: &Value) {
    static SCHEMAS: OnceLock<Vec<(String, Validator)>> = OnceLock::new();
    let schemas = SCHEMAS.get_or_init(|| {
        let contract: Value =
            serde_json::from_slice(&healthbot_scheduler::http::json()).expect("the contract");
        let paths = contract["paths"].as_object().expect("paths");
        let posts = paths.iter().filter_map(|(path, item)| {
            let schema = item.pointer("/post/responses/200/content/application~1json/schema")?;
            let whole = json!({"components": contract["components"], "allOf": [schema]});
            let validator = jsonschema::draft202012::new(&whole).expect("a schema");
            Some((path.rsplit('/').next().unwrap_or(path).to_owned(), validator))
        });
        posts.collect()
    });
    let Some((_, schema)) = schemas.iter().find(|(known, _)| known == function) else { return };
    let wrong: Vec<String> =
        schema.iter_errors(reply).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{function} answers otherwise than it publishes: {wrong:?}\n{reply}");
}
