//! Menus: what a patient may pick from, in the three forms a bot can show.
//!
//! A menu is in the order of the items it stands for. Its titles differ from each other, because a bot that
//! offers texts learns only which text was picked.

use serde::Serialize;
use utoipa::ToSchema;

use crate::language::{Language, numbered};

/// What can be picked, and how to show it.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(super) struct Menu {
    /// For buttons: the texts alone, all different.
    titles: Vec<String>,
    /// For an Adaptive Card's `Input.ChoiceSet`.
    choices: Vec<Choice>,
    /// For text messages: one numbered line each.
    #[schema(examples("1. 9:00 AM\n2. 9:20 AM"))]
    list: String,
}

#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(super) struct Choice {
    title: String,
    /// What to send back: the id, or the date.
    value: String,
}

impl Menu {
    /// A menu of these titles and values; titles that are equal are told apart.
    pub(super) fn new(titles: Vec<String>, values: Vec<String>, language: &Language) -> Self {
        Self::told_apart(titles, values, language, |_| None)
    }

    /// As [`new`](Self::new), with a detail that tells equal titles apart.
    pub(super) fn told_apart(
        titles: Vec<String>,
        values: Vec<String>,
        language: &Language,
        detail: impl Fn(usize) -> Option<String>,
    ) -> Self {
        let titles = language.unique(titles, detail);
        let list = numbered(&titles);
        let choices =
            titles.iter().cloned().zip(values).map(|(title, value)| Choice { title, value }).collect();
        Self { titles, choices, list }
    }

    pub(super) fn list(&self) -> &str {
        &self.list
    }
}

/// The menus of a reply, by the name of the list they stand for.
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
pub(super) struct Menus {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) locations: Option<Menu>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) services: Option<Menu>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) practitioners: Option<Menu>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) days: Option<Menu>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) slots: Option<Menu>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) alternatives: Option<Menu>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) appointments: Option<Menu>,
}
