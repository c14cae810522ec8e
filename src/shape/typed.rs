//! From a checked value to the Rust type, with serde's remaining complaints as problems that say where.
//!
//! `serde_json::from_value` would do the same, but its errors have no path and quote the value.

use std::fmt;

use serde::{
    de::{
        self, DeserializeOwned, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess,
        SeqAccess, Unexpected, Visitor, value::MapAccessDeserializer,
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Value, map};

use super::{Path, Problem};

pub(super) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Problem> {
    T::deserialize(Checked(value)).map_err(Unfit::into_problem)
}

struct Checked(Value);

/// A complaint on its way up; each level adds where it was.
#[derive(Debug)]
struct Unfit {
    /// Innermost first.
    steps: Vec<Step>,
    detail: String,
}

#[derive(Debug)]
enum Step {
    Key(String),
    Index(usize),
}

impl Unfit {
    fn new(detail: impl Into<String>) -> Self {
        Self { steps: Vec::new(), detail: detail.into() }
    }

    fn within(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    fn into_problem(self) -> Problem {
        fn walk(steps: &[Step], path: &Path<'_>, detail: &str) -> Problem {
            match steps.split_last() {
                None => Problem::at(path, detail),
                Some((Step::Key(key), rest)) => walk(rest, &Path::Key(path, key), detail),
                Some((Step::Index(index), rest)) => walk(rest, &Path::Index(path, *index), detail),
            }
        }
        walk(&self.steps, &Path::Root, &self.detail)
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Unfit {}

/// The defaults of these methods quote the value; these do not.
impl de::Error for Unfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("must be {expected}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("must be {expected}"))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::new(format!("must be {expected}"))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("must be one of `{}`", expected.join("`, `")))
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::new("is not a known field").within(Step::Key(field.to_owned()))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("is missing").within(Step::Key(field.to_owned()))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new("is there twice; keep one").within(Step::Key(field.to_owned()))
    }
}

impl<'de> Deserializer<'de> for Checked {
    type Error = Unfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), _, _) => visitor.visit_u64(value),
                (_, Some(value), _) => visitor.visit_i64(value),
                (_, _, Some(value)) => visitor.visit_f64(value),
                _ => Err(Unfit::new("must be a number")),
            },
            Value::String(text) => visitor.visit_string(text),
            Value::Array(items) => visitor.visit_seq(Items { items: items.into_iter(), next: 0 }),
            Value::Object(object) => visitor.visit_map(Entries::of(object)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unfit> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unfit> {
        match self.0 {
            Value::String(variant) => visitor.visit_enum(variant.into_deserializer()),
            Value::Object(object) => visitor.visit_enum(MapAccessDeserializer::new(Entries::of(object))),
            _ => Err(Unfit::new("must be the name of a kind")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items {
    items: std::vec::IntoIter<Value>,
    next: usize,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Unfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unfit> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let index = self.next;
        self.next += 1;
        seed.deserialize(Checked(item)).map(Some).map_err(|unfit| unfit.within(Step::Index(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Entries {
    entries: map::IntoIter,
    value: Option<(String, Value)>,
}

impl Entries {
    fn of(object: Map<String, Value>) -> Self {
        Self { entries: object.into_iter(), value: None }
    }
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Unfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unfit> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        let read = seed.deserialize(key.as_str().into_deserializer())?;
        self.value = Some((key, value));
        Ok(Some(read))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unfit> {
        let Some((key, value)) = self.value.take() else { return Err(Unfit::new("must have a value")) };
        seed.deserialize(Checked(value)).map_err(|unfit| unfit.within(Step::Key(key)))
    }
}
