//! Walks a value along a shape: turns what cards send into what was meant, and collects what is wrong.
//!
//! What does not fit is taken out while walking, so that what is left can be read whatever was wrong.

use serde_json::{Map, Number, Value};

use super::{
    Leniency, Path, Problem,
    compile::{Length, List, Node, Numeric, Record, Table, Text},
    nearest,
};

/// More than anybody mends at a time; bounds what a hostile body costs.
const MOST_PROBLEMS: usize = 100;
const DEEPEST: usize = 32;
/// An enumeration up to this long is spelled out.
const SPELLED_OUT: usize = 12;

pub(super) struct Checking<'a> {
    nodes: &'a [Node],
    leniency: Leniency,
    problems: Vec<Problem>,
}

/// Whether a value itself is what it should be, whatever is wrong within it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Fits,
    Unfit,
}
use Verdict::{Fits, Unfit};

impl<'a> Checking<'a> {
    pub(super) fn new(nodes: &'a [Node], leniency: Leniency) -> Self {
        Self { nodes, leniency, problems: Vec::new() }
    }

    pub(super) fn whole(mut self, root: usize, value: &mut Value) -> Vec<Problem> {
        if self.value(root, value, &Path::Root) == Unfit {
            *value = Value::Object(Map::new());
        }
        self.problems
    }

    fn value(&mut self, index: usize, value: &mut Value, path: &Path<'_>) -> Verdict {
        let nodes = self.nodes;
        match &nodes[index] {
            Node::Any => Fits,
            Node::Boolean => self.boolean(index, value, path),
            Node::Number(rule) => self.number(index, rule, value, path),
            Node::Text(rule) => self.text(index, rule, value, path),
            Node::List(rule) => self.list(index, rule, value, path),
            Node::Record(rule) => self.record(index, rule, value, path),
            Node::Table(rule) => self.table(index, rule, value, path),
            Node::Choice(alternatives) => self.choice(index, alternatives, value, path),
        }
    }

    fn unfit(&mut self, path: &Path<'_>, detail: impl Into<String>) -> Verdict {
        if self.leniency == Leniency::Strict || self.problems.len() < MOST_PROBLEMS {
            self.problems.push(Problem::at(path, detail));
        }
        Unfit
    }

    fn wrong_type(&mut self, index: usize, path: &Path<'_>) -> Verdict {
        self.unfit(path, format!("must be {}", self.expected(index)))
    }

    fn boolean(&mut self, index: usize, value: &mut Value, path: &Path<'_>) -> Verdict {
        if let (Leniency::Form, Value::String(text)) = (self.leniency, &*value) {
            match text.trim() {
                text if text.eq_ignore_ascii_case("true") => *value = Value::Bool(true),
                text if text.eq_ignore_ascii_case("false") => *value = Value::Bool(false),
                _ => {}
            }
        }
        if value.is_boolean() { Fits } else { self.wrong_type(index, path) }
    }

    fn number(&mut self, index: usize, rule: &Numeric, value: &mut Value, path: &Path<'_>) -> Verdict {
        if self.leniency == Leniency::Form {
            if let Value::String(text) = &*value
                && let Some(number) = parse_number(text)
            {
                *value = Value::Number(number);
            }
            if rule.whole
                && let Some(number) = whole(value)
            {
                *value = Value::Number(number);
            }
        }
        match value.as_f64() {
            Some(_) if rule.whole && !(value.is_u64() || value.is_i64()) => self.wrong_type(index, path),
            Some(number) if !rule.admits(number) => self.unfit(path, format!("must be {}", rule.bounds())),
            Some(_) => Fits,
            None => self.wrong_type(index, path),
        }
    }

    fn text(&mut self, index: usize, rule: &Text, value: &mut Value, path: &Path<'_>) -> Verdict {
        let Value::String(text) = &*value else { return self.wrong_type(index, path) };
        if let Some(allowed) = &rule.allowed {
            if allowed.contains(text) {
                return Fits;
            }
            let meant = nearest(text, allowed.iter().map(String::as_str));
            let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
            return self.unfit(path, format!("must be {}{meant}", one_of(allowed)));
        }
        if !rule.length.admits_text(text) {
            return self.unfit(path, format!("must have {}", rule.length.words("character", "characters")));
        }
        if let Some(pattern) = &rule.pattern
            && !pattern.is_match(text)
        {
            return self.unfit(path, format!("must match `{pattern}`"));
        }
        match rule.format.map(|format| (format.check)(text)) {
            None | Some(Ok(())) => Fits,
            Some(Err(why)) if why.is_empty() => self.wrong_type(index, path),
            Some(Err(why)) => self.unfit(path, why),
        }
    }

    fn list(&mut self, index: usize, rule: &List, value: &mut Value, path: &Path<'_>) -> Verdict {
        let Value::Array(items) = value else { return self.wrong_type(index, path) };
        if path.depth() > DEEPEST {
            return self.unfit(path, "is nested too deeply");
        }
        let mut fitting = Vec::new();
        for (place, item) in items.iter_mut().enumerate() {
            let path = Path::Index(path, place);
            let verdict = if self.is_absent(item) {
                self.unfit(&path, format!("must be {}, not blank", self.expected(rule.items)))
            } else {
                self.value(rule.items, item, &path)
            };
            if verdict == Fits {
                fitting.push(place);
            } else {
                *item = self.blank(rule.items);
            }
        }
        if !rule.length.admits(items.len()) {
            self.unfit(path, format!("must have {}", rule.length.words("item", "items")));
        }
        if rule.unique {
            self.repeated(items, &fitting, path);
        }
        Fits
    }

    fn repeated(&mut self, items: &[Value], fitting: &[usize], path: &Path<'_>) {
        for (earlier, place) in fitting.iter().enumerate() {
            if fitting[..earlier].iter().any(|other| items[*other] == items[*place]) {
                self.unfit(&Path::Index(path, *place), "is there twice; keep one");
            }
        }
    }

    fn record(&mut self, index: usize, rule: &Record, value: &mut Value, path: &Path<'_>) -> Verdict {
        let Value::Object(object) = value else { return self.wrong_type(index, path) };
        if path.depth() > DEEPEST {
            return self.unfit(path, "is nested too deeply");
        }
        let missing: Vec<&String> = rule
            .required
            .iter()
            .filter(|name| object.get(name.as_str()).is_none_or(|value| self.is_absent(value)))
            .collect();
        object.retain(|name, value| {
            let path = Path::Key(path, name);
            match rule.fields.get(name) {
                Some(_) if self.is_absent(value) => false,
                Some(field) => self.value(*field, value, &path) == Fits,
                None => self.unknown(rule, name, &path) == Fits,
            }
        });
        for name in missing {
            self.unfit(&Path::Key(path, name), "is missing");
        }
        Fits
    }

    fn unknown(&mut self, rule: &Record, name: &str, path: &Path<'_>) -> Verdict {
        match nearest(name, rule.fields.keys().map(String::as_str)) {
            Some(meant) => self.unfit(path, format!("is not a known field; did you mean `{meant}`?")),
            None => self.unfit(path, "is not a known field"),
        }
    }

    fn table(&mut self, index: usize, rule: &Table, value: &mut Value, path: &Path<'_>) -> Verdict {
        let Value::Object(object) = value else { return self.wrong_type(index, path) };
        if path.depth() > DEEPEST {
            return self.unfit(path, "is nested too deeply");
        }
        let count = object.len();
        object.retain(|name, value| {
            !self.is_absent(value) && self.value(rule.values, value, &Path::Key(path, name)) == Fits
        });
        if !rule.length.admits(count) {
            self.unfit(path, format!("must have {}", rule.length.words("entry", "entries")));
        }
        Fits
    }

    /// The first alternative that has no problem. Else the problems of the one that is meant: the only one of
    /// the value's type, or the one with the fewest; if all complain about the value itself, what it may be.
    fn choice(
        &mut self,
        index: usize,
        alternatives: &[usize],
        value: &mut Value,
        path: &Path<'_>,
    ) -> Verdict {
        if let [only] = alternatives {
            return self.value(*only, value, path);
        }
        let mut meant: Option<Attempt> = None;
        for alternative in alternatives {
            let attempt = self.attempt(*alternative, value, path);
            if attempt.problems.is_empty() {
                *value = attempt.value;
                return Fits;
            }
            let better = |other: &Attempt| {
                (attempt.verdict, attempt.problems.len()) < (other.verdict, other.problems.len())
            };
            if meant.as_ref().is_none_or(better) {
                meant = Some(attempt);
            }
        }
        match meant {
            Some(attempt) if attempt.verdict == Fits => {
                self.problems.extend(attempt.problems);
                *value = attempt.value;
                Fits
            }
            _ => self.wrong_type(index, path),
        }
    }

    fn attempt(&self, alternative: usize, value: &Value, path: &Path<'_>) -> Attempt {
        let mut value = value.clone();
        let mut checking = Self::new(self.nodes, self.leniency);
        let verdict = checking.value(alternative, &mut value, path);
        Attempt { value, verdict, problems: checking.problems }
    }

    fn is_absent(&self, value: &Value) -> bool {
        self.leniency == Leniency::Form
            && match value {
                Value::Null => true,
                Value::String(text) => text.trim().is_empty(),
                _ => false,
            }
    }

    /// What stands in a list for an item that was wrong.
    fn blank(&self, index: usize) -> Value {
        match &self.nodes[index] {
            Node::Text(Text { allowed: Some(allowed), .. }) => {
                allowed.first().map_or(Value::Null, |name| name.as_str().into())
            }
            Node::Text(_) => Value::String(String::new()),
            Node::Record(_) | Node::Table(_) => Value::Object(Map::new()),
            Node::List(_) => Value::Array(Vec::new()),
            Node::Choice(alternatives) => {
                alternatives.first().map_or(Value::Null, |first| self.blank(*first))
            }
            Node::Any | Node::Boolean | Node::Number(_) => Value::Null,
        }
    }

    /// Completes "must be …".
    fn expected(&self, index: usize) -> String {
        match &self.nodes[index] {
            Node::Any => "a value".to_owned(),
            Node::Boolean => "true or false".to_owned(),
            Node::Number(rule) => rule.bounds(),
            Node::Text(Text { allowed: Some(allowed), .. }) => one_of(allowed),
            Node::Text(Text { format: Some(format), .. }) => format.expected.to_owned(),
            Node::Text(_) => "a text".to_owned(),
            Node::List(_) => "a list".to_owned(),
            Node::Record(_) | Node::Table(_) => match self.leniency {
                Leniency::Form => "an object".to_owned(),
                Leniency::Strict => "a table".to_owned(),
            },
            Node::Choice(alternatives) => {
                let expected: Vec<String> = alternatives.iter().map(|index| self.expected(*index)).collect();
                expected.join(", or ")
            }
        }
    }
}

struct Attempt {
    value: Value,
    verdict: Verdict,
    problems: Vec<Problem>,
}

impl Numeric {
    fn admits(&self, number: f64) -> bool {
        self.min.is_none_or(|min| number >= min)
            && self.max.is_none_or(|max| number <= max)
            && self.above.is_none_or(|above| number > above)
            && self.below.is_none_or(|below| number < below)
    }

    fn bounds(&self) -> String {
        let told = |bound: Option<f64>| bound.filter(|bound| bound.abs() < f64::from(i32::MAX));
        let noun = if self.whole { "a whole number" } else { "a number" };
        let range = match (told(self.min), told(self.max)) {
            (Some(min), Some(max)) => format!(" from {min} to {max}"),
            (Some(min), None) => format!(", at least {min}"),
            (None, Some(max)) => format!(", at most {max}"),
            (None, None) => String::new(),
        };
        let above = told(self.above).map(|bound| format!(", more than {bound}")).unwrap_or_default();
        let below = told(self.below).map(|bound| format!(", less than {bound}")).unwrap_or_default();
        format!("{noun}{range}{above}{below}")
    }
}

impl Length {
    fn admits(self, length: usize) -> bool {
        (self.min..=self.max).contains(&length)
    }

    /// Counts characters, but only where the bytes do not tell.
    fn admits_text(self, text: &str) -> bool {
        let surely = self.min <= text.len() / 4 && text.len() <= self.max;
        surely || self.admits(text.chars().count())
    }

    fn words(self, one: &str, many: &str) -> String {
        let noun = |count| if count == 1 { one } else { many };
        match (self.min, self.max) {
            (min, usize::MAX) => format!("at least {min} {}", noun(min)),
            (0, max) => format!("at most {max} {}", noun(max)),
            (min, max) if min == max => format!("exactly {max} {}", noun(max)),
            (min, max) => format!("{min} to {max} {}", noun(max)),
        }
    }
}

fn one_of(allowed: &[String]) -> String {
    match allowed {
        [only] => format!("`{only}`"),
        _ if allowed.len() <= SPELLED_OUT => format!("one of `{}`", allowed.join("`, `")),
        _ => format!("one of {} known names", allowed.len()),
    }
}

fn parse_number(text: &str) -> Option<Number> {
    let text = text.trim();
    if !text.ends_with(|last: char| last.is_ascii_digit()) {
        return None;
    }
    text.parse::<i64>().ok().map(Number::from).or_else(|| Number::from_f64(text.parse().ok()?))
}

/// `2.0` is the whole number 2, in JSON Schema too.
fn whole(value: &Value) -> Option<Number> {
    /// Beyond this, doubles are not exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number = value.as_f64().filter(|_| value.is_f64())?;
    #[allow(clippy::cast_possible_truncation, reason = "whole, and in the range that is exact")]
    (number.fract() == 0.0 && number.abs() <= EXACT).then(|| Number::from(number as i64))
}
