//! TOML as the value a [`Shape`](crate::shape::Shape) reads, and the line on which each key stands.

use std::{collections::BTreeMap, ops::Range};

use serde_json::{Map, Value};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A parsed file.
pub(super) struct Parsed {
    pub(super) value: Map<String, Value>,
    pub(super) lines: Lines,
    /// What is no TOML, with its line. The rest is read nevertheless.
    pub(super) broken: Vec<(usize, String)>,
}

/// Where each key, and each item of a list, stands.
pub(super) struct Lines(BTreeMap<String, usize>);

impl Lines {
    /// The line of a path, else of the nearest thing around it.
    pub(super) fn of(&self, path: &str) -> Option<usize> {
        let mut path = path;
        loop {
            if let Some(line) = self.0.get(path) {
                return Some(*line);
            }
            path = &path[..path.rfind(['.', '['])?];
        }
    }
}

pub(super) fn parse(text: &str) -> Parsed {
    let starts: Vec<usize> =
        std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut reading = Reading { starts, lines: BTreeMap::new() };
    let place = |error: &toml::de::Error| error.span().unwrap_or(text.len()..text.len());
    let broken =
        errors.iter().map(|error| (reading.line(&place(error)), error.message().to_owned())).collect();
    let value = reading.table(table.get_ref(), "");
    Parsed { value, lines: Lines(reading.lines), broken }
}

struct Reading {
    /// Where each line starts.
    starts: Vec<usize>,
    lines: BTreeMap<String, usize>,
}

impl Reading {
    fn line(&self, span: &Range<usize>) -> usize {
        self.starts.partition_point(|start| *start <= span.start)
    }

    fn table(&mut self, table: &DeTable<'_>, path: &str) -> Map<String, Value> {
        let mut entries = Map::new();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            self.lines.insert(path.clone(), self.line(&key.span()));
            entries.insert(name.to_owned(), self.value(value, &path));
        }
        entries
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, path: &str) -> Value {
        match value.get_ref() {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Datetime(time) => Value::String(time.to_string()),
            DeValue::Table(table) => Value::Object(self.table(table, path)),
            // What is too large for a number, or `nan`, is null here, which no shape takes for one.
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Null, Value::from)
            }
            DeValue::Float(number) => number.as_str().parse::<f64>().map_or(Value::Null, Value::from),
            DeValue::Array(items) => {
                let mut list = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    let path = format!("{path}[{index}]");
                    self.lines.insert(path.clone(), self.line(&item.span()));
                    list.push(self.value(item, &path));
                }
                Value::Array(list)
            }
        }
    }
}
