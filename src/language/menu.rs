//! Titles a patient picks from: different from each other, and numbered for text messages.

use std::collections::HashSet;

use super::{Language, message::Message};

impl Language {
    /// The titles, made to differ: those that occur more than once get their `detail` in brackets (the zone of a
    /// time, the city of a site), and those still equal then a counter, so that the last word is never a guess.
    #[must_use]
    pub fn unique(&self, titles: Vec<String>, detail: impl Fn(usize) -> Option<String>) -> Vec<String> {
        let detailed: Vec<String> = repeated(&titles)
            .into_iter()
            .zip(titles)
            .enumerate()
            .map(|(index, (repeated, title))| match detail(index).filter(|_| repeated) {
                Some(detail) => self.say(&Message::WithDetail { title: &title, detail: &detail }),
                None => title,
            })
            .collect();
        self.counted(detailed)
    }

    /// Equal titles with a counter behind all but the first, one that no other title has already.
    fn counted(&self, titles: Vec<String>) -> Vec<String> {
        let mut taken: HashSet<String> = HashSet::with_capacity(titles.len());
        let first: Vec<bool> = titles.iter().map(|title| taken.insert(title.clone())).collect();
        let mut unique = Vec::with_capacity(titles.len());
        for (first, title) in first.into_iter().zip(titles) {
            unique.push(if first { title } else { self.with_counter(&title, &mut taken) });
        }
        unique
    }

    fn with_counter(&self, title: &str, taken: &mut HashSet<String>) -> String {
        let mut counter = 2;
        loop {
            let candidate = self.say(&Message::WithDetail { title, detail: &self.integer(counter) });
            if taken.insert(candidate.clone()) {
                return candidate;
            }
            counter += 1;
        }
    }
}

/// `1. …`, a line each. The digits are always ASCII: it is what a patient types back, and what bots recognise.
#[must_use]
pub fn numbered(titles: &[impl AsRef<str>]) -> String {
    let lines: Vec<String> = titles
        .iter()
        .enumerate()
        .map(|(index, title)| format!("{}. {}", index + 1, title.as_ref()))
        .collect();
    lines.join("\n")
}

fn repeated(titles: &[String]) -> Vec<bool> {
    let mut seen = HashSet::with_capacity(titles.len());
    let again: HashSet<&String> = titles.iter().filter(|title| !seen.insert(*title)).collect();
    titles.iter().map(|title| again.contains(title)).collect()
}
