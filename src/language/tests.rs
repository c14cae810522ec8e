//! Every message exists in every file, says the same, and leaves nothing unresolved.

use std::collections::{BTreeMap, BTreeSet};

use fluent_bundle::FluentResource;

use super::{
    message::Message,
    sentences::{Sentences, Tongue},
};

/// The ids of a file, each with the variables it mentions.
fn messages(tongue: Tongue) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut messages: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut current = "";
    for line in tongue.source().lines().filter(|line| !line.starts_with('#')) {
        if let Some((id, _)) = line.split_once(" = ").filter(|_| !line.starts_with(' ')) {
            current = id;
            assert!(messages.insert(id, BTreeSet::new()).is_none(), "{id} is twice in {tongue:?}");
        }
        let variables = line
            .split('$')
            .skip(1)
            .map(|rest| rest.split(|letter: char| !letter.is_ascii_lowercase()).next().unwrap_or_default());
        messages.entry(current).or_default().extend(variables);
    }
    messages.remove("");
    messages
}

#[test]
fn every_file_has_every_message_with_its_variables_and_no_other() {
    let expected: BTreeMap<&str, BTreeSet<&str>> =
        Message::CATALOGUE.iter().map(|(id, variables)| (*id, variables.iter().copied().collect())).collect();
    assert_eq!(expected.len(), Message::CATALOGUE.len(), "an id is used by two variants");
    for tongue in Tongue::ALL {
        let found = messages(tongue);
        for (id, variables) in &expected {
            assert_eq!(found.get(id), Some(variables), "`{id}` in {tongue:?}");
        }
        let unused: Vec<_> = found.keys().filter(|id| !expected.contains_key(*id)).collect();
        assert!(unused.is_empty(), "unused in {tongue:?}: {unused:?}");
    }
}

#[test]
fn every_file_parses() {
    for tongue in Tongue::ALL {
        let resource = FluentResource::try_new(tongue.source().to_owned());
        assert!(resource.is_ok(), "{tongue:?}: {:?}", resource.err().map(|(_, problems)| problems));
    }
}

fn sentences(tongue: Tongue) -> Sentences {
    Sentences::new(tongue, &super::locale(tongue))
}

/// The counts that pick out each of the plural forms of the seven languages.
const COUNTS: [u32; 9] = [0, 1, 2, 3, 5, 11, 100, 102, 1_000_000];

#[test]
fn nothing_is_left_unresolved() {
    for tongue in Tongue::ALL {
        let sentences = sentences(tongue);
        for count in COUNTS {
            for message in Message::samples(count, "Xyz") {
                let said = sentences.say(&message);
                assert!(!said.trim().is_empty(), "{message:?} in {tongue:?} says nothing");
                assert!(!said.contains(['{', '}', '$']), "{message:?} in {tongue:?}: {said}");
                assert!(!said.contains(message.id()) || !message.id().contains('-'), "{tongue:?}: {said}");
                assert!(
                    !said.contains(['\u{a0}', '\u{202f}', '\u{2009}']),
                    "{message:?} in {tongue:?}: {said}"
                );
            }
        }
    }
}

#[test]
fn every_text_given_is_said() {
    for tongue in Tongue::ALL {
        let sentences = sentences(tongue);
        for (message, (id, variables)) in Message::samples(7, "Xyz").into_iter().zip(Message::CATALOGUE) {
            let texts = message
                .arguments(|text| text.into())
                .iter()
                .filter(|(_, value)| matches!(value, fluent_bundle::FluentValue::String(_)))
                .count();
            let said = sentences.say(&message);
            assert!(said.matches("Xyz").count() >= texts, "`{id}` of {variables:?} in {tongue:?}: {said}");
        }
    }
}

#[test]
fn nothing_is_left_in_english() {
    /// Patterns without words, which a language may share with English.
    const SHARED: [&str; 12] = [
        "label-date-time",
        "label-date-time-zone",
        "label-time-zone",
        "label-named-day",
        "hours-days",
        "hours-span",
        "hours-on-days",
        "hours-enumerated",
        "hours-separated",
        "distance-miles",
        "distance-kilometres",
        "title-with-detail",
    ];
    const SAME_WORDS: [(&str, &str); 6] = [
        ("de", "online"),
        ("fr", "dose"),
        ("fr", "minutes"),
        ("pt", "dose"),
        ("pt", "dose-line"),
        ("pt", "preview-series"),
    ];
    let english = sentences(Tongue::English);
    for tongue in Tongue::ALL.into_iter().filter(|tongue| *tongue != Tongue::English) {
        let other = sentences(tongue);
        for message in Message::samples(3, "Xyz") {
            let allowed =
                SHARED.contains(&message.id()) || SAME_WORDS.contains(&(tongue.code(), message.id()));
            assert!(
                allowed || english.say(&message) != other.say(&message),
                "{message:?} in {tongue:?} is English"
            );
        }
    }
}
