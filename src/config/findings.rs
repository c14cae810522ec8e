//! What was found wrong in a file so far.

use super::{Problem, lines::Lines};
use crate::shape;

/// Collects problems under their lines.
pub(super) struct Findings {
    source: String,
    lines: Lines,
    /// Some of the file could not be parsed, so that what seems to be missing may be there.
    partial: bool,
    problems: Vec<Problem>,
}

impl Findings {
    pub(super) fn new(source: String, lines: Lines, broken: Vec<(usize, String)>) -> Self {
        let partial = !broken.is_empty();
        let problems = broken
            .into_iter()
            .map(|(line, detail)| Problem {
                source: source.clone(),
                line: Some(line),
                key: String::new(),
                detail: format!("is not TOML: {detail}"),
            })
            .collect();
        Self { source, lines, partial, problems }
    }

    /// Something that is there is wrong.
    pub(super) fn wrong(&mut self, key: &str, detail: impl Into<String>) {
        let line = self.lines.of(key);
        let (source, key) = (self.source.clone(), key.to_owned());
        self.problems.push(Problem { source, line, key, detail: detail.into() });
    }

    /// Something is not there.
    pub(super) fn lacking(&mut self, key: &str, detail: impl Into<String>) {
        if !self.partial {
            self.wrong(key, detail);
        }
    }

    pub(super) fn shape(&mut self, problem: &shape::Problem) {
        if problem.detail == "is missing" {
            self.lacking(&problem.path, "is missing");
        } else {
            self.wrong(&problem.path, &*problem.detail);
        }
    }

    /// The value if nothing was wrong.
    pub(super) fn finish<T>(mut self, value: T) -> Result<T, Vec<Problem>> {
        if self.problems.is_empty() {
            return Ok(value);
        }
        self.problems.sort_by(|one, other| (one.line, &one.key).cmp(&(other.line, &other.key)));
        self.problems.dedup();
        Err(self.problems)
    }
}
