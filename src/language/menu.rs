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

    fn counted(&self, titles: Vec<String>) -> Vec<String> {
        let mut taken: HashSet<String> = HashSet::with_capacity(titles.len());
        let originals: HashSet<String> = titles.iter().cloned().collect();
        let mut unique = Vec::with_capacity(titles.len());
        for title in titles {
            let mut candidate = title.clone();
            let mut counter = 2;
            while taken.contains(&candidate) || (counter > 2 && originals.contains(&candidate)) {
                let number = self.integer(counter);
                candidate = self.say(&Message::WithDetail { title: &title, detail: &number });
                counter += 1;
            }
            taken.insert(candidate.clone());
            unique.push(candidate);
        }
        unique
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
