//! Widens the published schemas of requests to what is really taken, and adds what they cannot say themselves.
//!
//! The types say what a field means; [`Shape`](crate::shape::Shape) forgives what cards send instead. A client
//! that goes by the contract has to know both: that `""` and `null` are nothing, that `"2"` is 2, that `"true"`
//! is true; and which fields exclude each other.

use std::collections::BTreeSet;

use chrono_tz::TZ_VARIANTS;
use serde_json::{Map, Value, json};

const SCHEMA: &str = "#/components/schemas/";

/// Rewrites the schemas of every request body.
pub(super) fn lenient(mut document: Value) -> Value {
    let requests = requests(&document);
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else {
        return document;
    };
    for name in &requests {
        if let Some(schema) = schemas.get_mut(name).and_then(Value::as_object_mut) {
            widen(schema);
            add_rules(name, schema);
        }
    }
    schemas.insert("TimeZone".to_owned(), time_zone());
    schemas.insert("Blank".to_owned(), blank());
    rename(document)
}

/// Our types are called after what is asked and told; a caller's need not be.
fn rename(document: Value) -> Value {
    match document {
        Value::Object(object) => {
            let renamed = object.into_iter().map(|(key, value)| match value {
                Value::Object(_) if key == "schemas" => (key, rename_keys(value)),
                Value::String(name) if key == "$ref" => (key, Value::String(plain(&name).to_owned())),
                value => (key, rename(value)),
            });
            Value::Object(renamed.collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(rename).collect()),
        other => other,
    }
}

fn rename_keys(schemas: Value) -> Value {
    let Value::Object(schemas) = schemas else { return schemas };
    Value::Object(
        schemas.into_iter().map(|(name, schema)| (plain(&name).to_owned(), rename(schema))).collect(),
    )
}

fn plain(name: &str) -> &str {
    name.strip_suffix("Told").or_else(|| name.strip_suffix("Asked")).unwrap_or(name)
}

/// The schemas of request bodies, and those they refer to.
fn requests(document: &Value) -> BTreeSet<String> {
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    let mut open: Vec<String> = paths
        .filter_map(|(_, path)| path.pointer("/post/requestBody/content/application~1json/schema/$ref"))
        .filter_map(reference)
        .collect();
    let mut found = BTreeSet::new();
    while let Some(name) = open.pop() {
        if let Some(schema) = document.pointer(&format!("/components/schemas/{name}")) {
            collect(schema, &mut open);
        }
        found.insert(name);
    }
    found
}

fn reference(value: &Value) -> Option<String> {
    Some(value.as_str()?.strip_prefix(SCHEMA)?.to_owned())
}

fn collect(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(reference));
            object.values().for_each(|value| collect(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// Objects are closed; each of their fields may be left blank unless it is required.
fn widen(schema: &mut Map<String, Value>) {
    let required: Vec<String> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default();
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for (name, property) in properties.iter_mut() {
        *property = if required.contains(name) { needed(property) } else { optional(property) };
    }
    schema.insert("additionalProperties".to_owned(), false.into());
}

/// A field that must be there, and not be blank.
fn needed(property: &Value) -> Value {
    let mut property = without_null(property);
    if property["type"] == "string" && property.get("pattern").is_none() {
        property["pattern"] = r"\S".into();
    }
    property
}

/// A field that may be blank.
fn optional(property: &Value) -> Value {
    let meant = without_null(property);
    let mut about = Map::new();
    let mut inner = meant.clone();
    if let Some(inner) = inner.as_object_mut() {
        for word in ["description", "default", "examples"] {
            about.extend(inner.remove_entry(word));
        }
    }
    let mut alternatives = match inner {
        Value::Object(mut object) if object.contains_key("anyOf") => match object.remove("anyOf") {
            Some(Value::Array(alternatives)) => alternatives,
            _ => Vec::new(),
        },
        inner => match inner["type"].as_str() {
            Some("integer" | "number") => vec![inner.clone(), number_as_text(&inner)],
            Some("boolean") => vec![inner, json!({"type": "string", "enum": ["true", "false"]})],
            Some("string") if inner["format"] == "time-zone" => {
                vec![json!({"$ref": format!("{SCHEMA}TimeZone")})]
            }
            Some("object") => vec![table(inner)],
            _ => vec![inner],
        },
    };
    alternatives.push(json!({"$ref": format!("{SCHEMA}Blank")}));
    about.insert("anyOf".to_owned(), Value::Array(alternatives));
    Value::Object(about)
}

/// What is meant, without the `null` that stands for an absent field.
fn without_null(property: &Value) -> Value {
    let mut meant = property.clone();
    if let Some(types) = meant.get("type").and_then(Value::as_array) {
        let one = types.iter().find(|name| *name != "null").cloned();
        meant["type"] = one.unwrap_or_default();
    }
    let description = meant.get("description").cloned();
    if let Some(alternatives) = meant.get("oneOf").and_then(Value::as_array)
        && let Some(one) = alternatives.iter().find(|one| one["type"] != "null")
    {
        meant = one.clone();
        if let (Some(description), Some(meant)) = (description, meant.as_object_mut()) {
            meant.insert("description".to_owned(), description);
        }
    }
    meant
}

/// In a table, blank entries are left out.
fn table(mut table: Value) -> Value {
    if let Some(values) = table.get("additionalProperties").cloned() {
        table["additionalProperties"] = optional(&values);
    }
    table
}

/// The numbers within the same bounds, as texts.
///
/// # Panics
/// For bounds that no pattern is written for: a test meets that before anybody else does.
fn number_as_text(number: &Value) -> Value {
    let bounds = (number["minimum"].as_f64(), number["maximum"].as_f64());
    let pattern = BOUNDED.iter().find(|bounded| (Some(bounded.0), Some(bounded.1)) == bounds);
    let Some((.., pattern)) = pattern else { panic!("no pattern for numbers within {bounds:?}") };
    json!({"type": "string", "pattern": pattern})
}

/// Patterns of the numbers from one bound to the other.
const BOUNDED: [(f64, f64, &str); 5] = [
    (1.0, 99.0, "^[1-9][0-9]?$"),
    (1.0, 1000.0, "^([1-9][0-9]{0,2}|1000)$"),
    (0.0, 20_000.0, r"^(20000(\.0{1,6})?|1?[0-9]{1,4}(\.[0-9]{1,6})?)$"),
    (-90.0, 90.0, r"^-?(90(\.0{1,9})?|[1-8]?[0-9](\.[0-9]{1,9})?)$"),
    (-180.0, 180.0, r"^-?(180(\.0{1,9})?|(1[0-7][0-9]|[1-9]?[0-9])(\.[0-9]{1,9})?)$"),
];

fn blank() -> Value {
    json!({
        "description": "Nothing: what a card sends for a field that was not filled in.",
        "anyOf": [{"type": "null"}, {"type": "string", "pattern": "^[ ]{0,100}$"}]
    })
}

fn time_zone() -> Value {
    let names: Vec<&str> = TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
    json!({"description": "An IANA time zone.", "type": "string", "enum": names})
}

/// Which fields exclude each other, and of which one is needed.
fn add_rules(name: &str, schema: &mut Map<String, Value>) {
    let rules = match name {
        "GetLocationsRequest" => vec![at_most_one(&[&["withinMiles"], &["withinKm"]])],
        "GetSlotsRequest" => vec![
            exactly_one("locationId", "locationIds"),
            at_most_one(&[&["date"], &["when"], &["from", "to"]]),
        ],
        "BookRequest" | "RescheduleRequest" => vec![exactly_one("slotId", "slotIds")],
        _ => return,
    };
    schema.insert("allOf".to_owned(), Value::Array(rules));
}

/// One of the groups of fields, or none; all fields of the others are blank.
fn at_most_one(groups: &[&[&str]]) -> Value {
    let alternatives = groups.iter().map(|kept| {
        let others = groups.iter().filter(|group| *group != kept).flat_map(|group| group.iter());
        json!({"properties": blanks(others)})
    });
    json!({"anyOf": alternatives.collect::<Vec<_>>()})
}

/// The text or the list; the other one is blank.
fn exactly_one(text: &str, list: &str) -> Value {
    let blank = json!({"$ref": format!("{SCHEMA}Blank")});
    json!({"anyOf": [
        {"required": [text], "properties": {text: {"type": "string", "pattern": r"\S"}, list: blank}},
        {"required": [list], "properties": {list: {"type": "array"}, text: blank}},
    ]})
}

fn blanks<'a>(fields: impl Iterator<Item = &'a &'a str>) -> Map<String, Value> {
    fields.map(|field| ((*field).to_owned(), json!({"$ref": format!("{SCHEMA}Blank")}))).collect()
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    #[test]
    fn a_number_as_text_is_within_the_bounds() {
        for (least, most, pattern) in BOUNDED {
            let pattern = Regex::new(pattern).expect("a pattern");
            let mut number = least - 200.0;
            while number <= most + 200.0 {
                let within = (least..=most).contains(&number);
                assert_eq!(pattern.is_match(&number.to_string()), within, "{number} in {pattern}");
                number += 1.0;
            }
        }
    }
}
