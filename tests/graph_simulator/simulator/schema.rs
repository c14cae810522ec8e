//! The official schema: whether a request or an answer is as Microsoft's own document has it.
//!
//! As the document stands, not even Microsoft's own examples fit it: every object has an `additionalProperties`
//! that forbids everything, and references have lost that they may be null. Both are mended on load. Derived types
//! take the place of the empty bases that the document names.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, LazyLock},
};

use jsonschema::{Draft, Validator};
use parking_lot::Mutex;
use serde_json::{Map, Value, json};

use super::calls::Kind;

/// Which of a call's bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    Request,
    Answer,
}

/// What is wrong with a body; nothing, if it fits.
pub(crate) fn faults(kind: Kind, side: Side, body: &Value) -> Vec<String> {
    let Some(validator) = validator(kind, side) else { return Vec::new() };
    if validator.is_valid(body) {
        return Vec::new();
    }
    let told = validator.iter_errors(body).map(|error| format!("{}: {error}", error.instance_path()));
    told.take(5).collect()
}

/// Whether a request of this call must have a body.
pub(crate) fn wants_body(kind: Kind) -> bool {
    stated(kind, Side::Request).is_some()
}

type Compiled = HashMap<(&'static str, Side), Option<Arc<Validator>>>;

/// Each is compiled when it is first needed, once for the process: all simulators in it share them.
fn validator(kind: Kind, side: Side) -> Option<Arc<Validator>> {
    static COMPILED: LazyLock<Mutex<HashMap<String, Compiled>>> = LazyLock::new(Mutex::default);
    let spelling = kind.spelling();
    let mut compiled = COMPILED.lock();
    let of_method = compiled.entry(spelling.method.to_string()).or_default();
    of_method.entry((spelling.openapi, side)).or_insert_with(|| compile(kind, side).map(Arc::new)).clone()
}

fn compile(kind: Kind, side: Side) -> Option<Validator> {
    let body = stated(kind, side)?;
    let mut schema = json!({"allOf": [body], "components": {"schemas": reachable(&body)}});
    if side == Side::Request {
        schema["unevaluatedProperties"] = json!(false);
        schema["patternProperties"] = json!({"@odata\\.": true});
    }
    let validator = jsonschema::options().with_draft(Draft::Draft202012).build(&schema);
    Some(validator.expect("the document's schemas are schemas"))
}

/// The schema that the document gives a body, if it gives it any.
fn stated(kind: Kind, side: Side) -> Option<Value> {
    let spelling = kind.spelling();
    let operation = &DOCUMENT["paths"][spelling.openapi][spelling.method.as_str().to_lowercase()];
    assert!(operation.is_object(), "the document knows {}", kind.name());
    let body = match side {
        Side::Request => &operation["requestBody"],
        Side::Answer => &operation["responses"]["2XX"],
    };
    let body = body["$ref"].as_str().and_then(|path| DOCUMENT.pointer(&path[1..])).unwrap_or(body);
    let schema = &body["content"]["application/json"]["schema"];
    schema.is_object().then(|| schema.clone())
}

/// The named schemas that one leads to: a validator is the faster made, the fewer it holds.
fn reachable(from: &Value) -> Value {
    let (mut found, mut open) = (Map::new(), references(from));
    while let Some(name) = open.pop_first() {
        if !found.contains_key(&name) {
            let schema = DOCUMENT["components"]["schemas"][&name].clone();
            open.extend(references(&schema));
            found.insert(name, schema);
        }
    }
    Value::Object(found)
}

const SCHEMAS: &str = "#/components/schemas/";

fn references(schema: &Value) -> BTreeSet<String> {
    match schema {
        Value::Object(object) => {
            let own = object.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix(SCHEMAS));
            object.values().flat_map(references).chain(own.map(Into::into)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => BTreeSet::new(),
    }
}

/// The document, mended.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut document: Value =
        serde_json::from_str(include_str!("../openapi.json")).expect("the document is JSON");
    for (base, derived) in DERIVED {
        let (base, derived) = (format!("{SCHEMAS}{base}"), format!("{SCHEMAS}{derived}"));
        rename(&mut document, &base, &derived);
    }
    for (base, derived) in DERIVED {
        let parent = &mut document["components"]["schemas"][derived]["allOf"][0]["$ref"];
        *parent = format!("{SCHEMAS}{base}").into();
    }
    mend(&mut document);
    document
});

const DERIVED: [(&str, &str); 3] = [
    ("microsoft.graph.bookingCustomerInformationBase", "microsoft.graph.bookingCustomerInformation"),
    ("microsoft.graph.bookingCustomerBase", "microsoft.graph.bookingCustomer"),
    ("microsoft.graph.bookingStaffMemberBase", "microsoft.graph.bookingStaffMember"),
];

fn rename(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) if text == from => to.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, from, to)),
        Value::Object(object) => object.values_mut().for_each(|item| rename(item, from, to)),
        _ => {}
    }
}

fn mend(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(mend),
        Value::Object(object) => {
            object.remove("additionalProperties");
            if let Some(Value::Object(properties)) = object.get_mut("properties") {
                properties.values_mut().for_each(allow_null);
            }
            object.values_mut().for_each(mend);
        }
        _ => {}
    }
}

fn allow_null(schema: &mut Value) {
    *schema = json!({"anyOf": [{"type": "null"}, schema.take()]});
}
