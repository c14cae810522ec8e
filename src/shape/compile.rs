//! From the schema of a type to the tree that values are checked against.
//!
//! The schema is read as JSON, as it is published: what a client sees is what is checked. Nullability is left
//! out, for `null` never reaches a check: it is absent, or a mistake.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use serde_json::{Map, Value};
use utoipa::{PartialSchema, ToSchema, openapi};

use super::text::{FORMATS, Format};

/// What one value must be. References to other nodes are indices, so that a schema may refer to itself.
#[derive(Debug)]
pub(super) enum Node {
    Any,
    Boolean,
    Number(Numeric),
    Text(Text),
    List(List),
    Record(Record),
    Table(Table),
    /// One of these.
    Choice(Vec<usize>),
}

#[derive(Debug)]
pub(super) struct Numeric {
    pub(super) whole: bool,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) above: Option<f64>,
    pub(super) below: Option<f64>,
}

#[derive(Debug)]
pub(super) struct Text {
    pub(super) allowed: Option<Vec<String>>,
    pub(super) length: Length,
    pub(super) pattern: Option<Regex>,
    pub(super) format: Option<Format>,
}

#[derive(Debug)]
pub(super) struct List {
    pub(super) items: usize,
    pub(super) length: Length,
    pub(super) unique: bool,
}

/// An object with known fields.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// In the order of their names.
    pub(super) fields: BTreeMap<String, usize>,
    pub(super) required: Vec<String>,
}

/// An object with any keys.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) values: usize,
    pub(super) length: Length,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Length {
    pub(super) min: usize,
    pub(super) max: usize,
}

/// The nodes, and the index of the root.
pub(super) fn compile<T: ToSchema>(formats: &[Format]) -> (Vec<Node>, usize) {
    let mut referenced = Vec::new();
    T::schemas(&mut referenced);
    let json = |schema: &openapi::RefOr<openapi::Schema>| serde_json::to_value(schema).unwrap_or_default();
    let schemas = referenced.iter().map(|(name, schema)| (name.clone(), json(schema))).collect();
    let mut compiler = Compiler { schemas, named: BTreeMap::new(), nodes: Vec::new(), formats };
    let root = compiler.node(&json(&<T as PartialSchema>::schema()));
    (compiler.nodes, root)
}

struct Compiler<'a> {
    schemas: BTreeMap<String, Value>,
    named: BTreeMap<String, usize>,
    nodes: Vec<Node>,
    formats: &'a [Format],
}

impl Compiler<'_> {
    fn node(&mut self, schema: &Value) -> usize {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            return self.named(reference.rsplit('/').next().unwrap_or_default());
        }
        let node = self.compiled(schema);
        self.push(node)
    }

    fn push(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// The place is taken before the schema is compiled, so that it may refer to itself.
    fn named(&mut self, name: &str) -> usize {
        if let Some(index) = self.named.get(name) {
            return *index;
        }
        let index = self.push(Node::Any);
        self.named.insert(name.to_owned(), index);
        let schema = self.schemas.get(name).cloned();
        let schema = schema.unwrap_or_else(|| panic!("the schema refers to `{name}`, which is not there"));
        self.nodes[index] = match schema.get("$ref") {
            Some(_) => Node::Choice(vec![self.node(&schema)]),
            None => self.compiled(&schema),
        };
        index
    }

    fn compiled(&mut self, schema: &Value) -> Node {
        for key in ["oneOf", "anyOf"] {
            if let Some(alternatives) = schema.get(key).and_then(Value::as_array) {
                return self.choice(alternatives);
            }
        }
        if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
            return self.merged(parts);
        }
        match types(schema).as_slice() {
            [one] => self.typed(one, schema),
            [] if schema.get("enum").is_some() || schema.get("const").is_some() => {
                self.typed("string", schema)
            }
            [] if schema.get("properties").is_some() => self.typed("object", schema),
            [] => Node::Any,
            several => {
                let nodes = several.iter().map(|one| self.typed(one, schema)).collect::<Vec<_>>();
                Node::Choice(nodes.into_iter().map(|node| self.push(node)).collect())
            }
        }
    }

    fn choice(&mut self, alternatives: &[Value]) -> Node {
        let is_null = |schema: &&Value| schema.get("type").and_then(Value::as_str) != Some("null");
        let nodes: Vec<usize> = alternatives.iter().filter(is_null).map(|schema| self.node(schema)).collect();
        Node::Choice(nodes)
    }

    /// What `flatten` makes: the fields of all parts in one object.
    fn merged(&mut self, parts: &[Value]) -> Node {
        let mut whole = Record::default();
        for part in parts {
            let index = self.node(part);
            let Node::Record(part) = &self.nodes[index] else {
                panic!("the schema merges something that is no object with known fields")
            };
            whole.fields.extend(part.fields.clone());
            whole.required.extend(part.required.clone());
        }
        Node::Record(whole)
    }

    fn typed(&mut self, kind: &str, schema: &Value) -> Node {
        match kind {
            "boolean" => Node::Boolean,
            "integer" => Node::Number(numeric(schema, true)),
            "number" => Node::Number(numeric(schema, false)),
            "string" => Node::Text(self.text(schema)),
            "array" => Node::List(List {
                items: self.node(schema.get("items").unwrap_or(&Value::Null)),
                length: length(schema, "minItems", "maxItems"),
                unique: schema.get("uniqueItems") == Some(&Value::Bool(true)),
            }),
            "object" => self.object(schema),
            other => panic!("the schema has a type `{other}`, which is unknown"),
        }
    }

    fn object(&mut self, schema: &Value) -> Node {
        let values = schema.get("additionalProperties").filter(|additional| !additional.is_boolean());
        match (schema.get("properties").and_then(Value::as_object), values) {
            (None, Some(values)) => Node::Table(Table {
                values: self.node(values),
                length: length(schema, "minProperties", "maxProperties"),
            }),
            (None, None) if schema.get("additionalProperties") != Some(&Value::Bool(false)) => Node::Any,
            (fields, _) => Node::Record(self.record(schema, fields)),
        }
    }

    fn record(&mut self, schema: &Value, fields: Option<&Map<String, Value>>) -> Record {
        let fields = fields.into_iter().flatten();
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        Record {
            fields: fields.map(|(name, schema)| (name.clone(), self.node(schema))).collect(),
            required: required.filter_map(Value::as_str).map(str::to_owned).collect(),
        }
    }

    fn text(&self, schema: &Value) -> Text {
        let allowed = match (schema.get("enum"), schema.get("const")) {
            (Some(Value::Array(allowed)), _) => Some(allowed.as_slice()),
            (_, Some(only)) => Some(std::slice::from_ref(only)),
            _ => None,
        };
        let pattern = schema.get("pattern").and_then(Value::as_str);
        let format = schema.get("format").and_then(Value::as_str);
        Text {
            allowed: allowed.map(|all| all.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
            length: length(schema, "minLength", "maxLength"),
            pattern: pattern.map(|pattern| Regex::new(pattern).unwrap_or_else(|error| panic!("{error}"))),
            format: format.and_then(|name| self.format(name)),
        }
    }

    /// A format nobody checks (`password`, say) is for readers only.
    fn format(&self, name: &str) -> Option<Format> {
        self.formats.iter().chain(&FORMATS).find(|format| format.name == name).copied()
    }
}

/// The types but `null`.
fn types(schema: &Value) -> Vec<&str> {
    let types = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one.as_str()],
        _ => Vec::new(),
    };
    types.into_iter().filter(|name| *name != "null").collect()
}

fn numeric(schema: &Value, whole: bool) -> Numeric {
    let bound = |key| schema.get(key).and_then(Value::as_f64);
    let small = schema.get("format").and_then(Value::as_str) == Some("int32");
    let (least, most) =
        if small { (Some(f64::from(i32::MIN)), Some(f64::from(i32::MAX))) } else { (None, None) };
    Numeric {
        whole,
        min: bound("minimum").or(least),
        max: bound("maximum").or(most),
        above: bound("exclusiveMinimum"),
        below: bound("exclusiveMaximum"),
    }
}

fn length(schema: &Value, min: &str, max: &str) -> Length {
    let bound = |key| schema.get(key).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
    Length { min: bound(min).unwrap_or(0), max: bound(max).unwrap_or(usize::MAX) }
}

/// See [`super::Shape::fields`].
pub(super) fn fields(nodes: &[Node], root: usize) -> Vec<String> {
    let mut found = BTreeSet::new();
    walk(nodes, root, "", &mut Vec::new(), &mut found);
    found.into_iter().collect()
}

fn walk(nodes: &[Node], index: usize, path: &str, above: &mut Vec<usize>, found: &mut BTreeSet<String>) {
    if above.contains(&index) {
        return;
    }
    above.push(index);
    match &nodes[index] {
        Node::List(list) => walk(nodes, list.items, &format!("{path}[]"), above, found),
        Node::Table(table) => walk(nodes, table.values, &format!("{path}.*"), above, found),
        Node::Choice(alternatives) => {
            for alternative in alternatives {
                walk(nodes, *alternative, path, above, found);
            }
        }
        Node::Record(record) => {
            for (name, field) in &record.fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                walk(nodes, *field, &path, above, found);
                found.insert(path);
            }
        }
        Node::Any | Node::Boolean | Node::Number(_) | Node::Text(_) => {}
    }
    above.pop();
}
