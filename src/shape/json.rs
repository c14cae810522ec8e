//! Reads JSON and notices keys that come twice, of which `serde_json` alone would silently keep the last.

use std::{cell::RefCell, fmt};

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::{Path, Problem};

/// The document, and a problem for each repeated key.
///
/// # Errors
/// What is not JSON, with line and column, and nothing of the text.
pub fn parse(text: &[u8]) -> Result<(Value, Vec<Problem>), Problem> {
    let problem = |detail: String| Problem::at(&Path::Root, detail);
    if text.trim_ascii().is_empty() {
        return Err(problem("is empty; send a JSON object".to_owned()));
    }
    let repeated = RefCell::default();
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = Reader { path: &Path::Root, repeated: &repeated }
        .deserialize(&mut json)
        .and_then(|value| json.end().map(|()| value))
        .map_err(|error| problem(format!("is not JSON: {error}")))?;
    Ok((value, repeated.into_inner()))
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    path: &'a Path<'a>,
    repeated: &'a RefCell<Vec<Problem>>,
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            let path = Path::Index(self.path, list.len());
            match items.next_element_seed(Reader { path: &path, ..self })? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let path = Path::Key(self.path, &key);
            let value = entries.next_value_seed(Reader { path: &path, ..self })?;
            if object.contains_key(&key) {
                self.repeated.borrow_mut().push(Problem::at(&path, "is there twice; keep one"));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}
