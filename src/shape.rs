//! One door for bad input: what a request's body and `scheduling.toml` must look like, compiled from the schema
//! that `utoipa` derives from a Rust type, so that the published contract and the check cannot disagree.
//!
//! A newcomer would expect serde's own errors here. They stop at the first mistake, and they repeat the value,
//! which may be a patient's. A [`Shape`] names every mistake at once and never repeats a value. Objects are
//! closed, whether or not the schema says so: an unknown field is a mistake.

use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

mod check;
mod compile;
mod json;
mod nearest;
mod path;
mod text;
mod typed;

pub use json::parse as parse_json;
pub use nearest::nearest;
pub use text::{Format, TIME_ZONE};

use check::Checking;
use compile::Node;
use path::Path;

/// How far a value may be from what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leniency {
    /// What cards send: a blank text or `null` is absent, `"2"` is 2, `"true"` is true. In a list, a blank or
    /// `null` is a mistake: leaving it out would move the others.
    Form,
    /// What a person writes into a file is taken as it is.
    Strict,
}

/// What is wrong, where, and how to mend it. Never the value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// As in `near.latitude` or `slotIds[1]`; empty for the whole.
    pub path: String,
    /// Continues a sentence that starts with the path: lower case, no full stop.
    pub detail: String,
}

/// What a value must look like: a tree that is compiled once and then only walked.
#[derive(Debug)]
pub struct Shape {
    nodes: Vec<Node>,
    root: usize,
    leniency: Leniency,
}

impl Shape {
    /// The shape of `T`, with the formats every shape knows.
    ///
    /// # Panics
    /// When the schema of `T` is not one: a pattern that does not compile, a reference to nothing. That is a
    /// mistake in the type, which its first use shows.
    #[must_use]
    pub fn of<T: ToSchema>(leniency: Leniency) -> Self {
        Self::with_formats::<T>(leniency, &[])
    }

    /// The shape of `T`, whose texts may also be of these formats.
    ///
    /// # Panics
    /// As [`of`](Self::of).
    #[must_use]
    pub fn with_formats<T: ToSchema>(leniency: Leniency, formats: &[Format]) -> Self {
        let (nodes, root) = compile::compile::<T>(formats);
        Self { nodes, root, leniency }
    }

    /// Reads a value.
    ///
    /// # Errors
    /// Every problem at once; for [`Leniency::Form`] at most 100, which is more than anybody mends at a time.
    pub fn read<T: DeserializeOwned>(&self, mut value: Value) -> Result<T, Vec<Problem>> {
        let problems = self.check(&mut value);
        if problems.is_empty() { typed::read(value).map_err(|problem| vec![problem]) } else { Err(problems) }
    }

    /// Reads the text of a JSON document, in which no key may come twice in an object.
    ///
    /// # Errors
    /// As [`read`](Self::read); what is not JSON is one problem with an empty path.
    pub fn read_json<T: DeserializeOwned>(&self, text: &[u8]) -> Result<T, Vec<Problem>> {
        let (mut value, mut problems) = json::parse(text).map_err(|problem| vec![problem])?;
        problems.extend(self.check(&mut value));
        if problems.is_empty() { typed::read(value).map_err(|problem| vec![problem]) } else { Err(problems) }
    }

    /// Reads what can be read: what is wrong is left out (in a list: left blank, so that the others keep their
    /// places) and named. For a reader that wants to find more mistakes of its own; `T` needs a default for
    /// every field.
    #[must_use]
    pub fn salvage<T: DeserializeOwned>(&self, mut value: Value) -> (Option<T>, Vec<Problem>) {
        let mut problems = self.check(&mut value);
        match typed::read(value) {
            Ok(read) => (Some(read), problems),
            Err(problem) => {
                problems.push(problem);
                (None, problems)
            }
        }
    }

    /// Every field's path, with `[]` for any item of a list and `*` for any key of a table.
    #[must_use]
    pub fn fields(&self) -> Vec<String> {
        compile::fields(&self.nodes, self.root)
    }

    fn check(&self, value: &mut Value) -> Vec<Problem> {
        Checking::new(&self.nodes, self.leniency).whole(self.root, value)
    }
}

impl Problem {
    fn at(path: &Path<'_>, detail: impl Into<String>) -> Self {
        Self { path: path.to_string(), detail: detail.into() }
    }
}

#[cfg(test)]
mod tests;
