//! The seven message files and how a sentence is made from them, by Project Fluent.
//!
//! The files are parsed at most once each, when first needed; a bundle, which is one locale's view of a file, costs
//! a table of ids. Fluent's own isolation marks are off: they would wrap every variable in every language. Only
//! Arabic needs them, and only around what is not Arabic: without them `+1 425 555 0100` or an address comes out in
//! the wrong order, and a sentence that begins with an English name is laid out from the left.

use std::{borrow::Cow, sync::LazyLock};

use fluent_bundle::{FluentResource, FluentValue, concurrent::FluentBundle};
use icu_decimal::{DecimalFormatter, input::Decimal, options::DecimalFormatterOptions};
use icu_locale_core::Locale;
use intl_memoizer::{Memoizable, concurrent::IntlLangMemoizer};
use unic_langid::LanguageIdentifier;

use super::message::{Isolation, Message};

/// In the order of [`Tongue`].
const SOURCES: [&str; 7] = [
    include_str!("en.ftl"),
    include_str!("es.ftl"),
    include_str!("fr.ftl"),
    include_str!("de.ftl"),
    include_str!("pt.ftl"),
    include_str!("zh.ftl"),
    include_str!("ar.ftl"),
];

/// A language that the sentences exist in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Tongue {
    English,
    Spanish,
    French,
    German,
    Portuguese,
    Chinese,
    Arabic,
}

impl Tongue {
    pub(super) const ALL: [Self; 7] = [
        Self::English,
        Self::Spanish,
        Self::French,
        Self::German,
        Self::Portuguese,
        Self::Chinese,
        Self::Arabic,
    ];

    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
            Self::French => "fr",
            Self::German => "de",
            Self::Portuguese => "pt",
            Self::Chinese => "zh",
            Self::Arabic => "ar",
        }
    }

    pub(super) const fn source(self) -> &'static str {
        SOURCES[self as usize]
    }

    fn resource(self) -> &'static FluentResource {
        static RESOURCES: [LazyLock<FluentResource>; 7] = [
            LazyLock::new(|| parse(Tongue::English)),
            LazyLock::new(|| parse(Tongue::Spanish)),
            LazyLock::new(|| parse(Tongue::French)),
            LazyLock::new(|| parse(Tongue::German)),
            LazyLock::new(|| parse(Tongue::Portuguese)),
            LazyLock::new(|| parse(Tongue::Chinese)),
            LazyLock::new(|| parse(Tongue::Arabic)),
        ];
        &RESOURCES[self as usize]
    }
}

/// What does not parse is left out; a test holds every file against it.
fn parse(tongue: Tongue) -> FluentResource {
    FluentResource::try_new(tongue.source().to_owned()).unwrap_or_else(|(rest, _)| rest)
}

/// The sentences of one language, with the numbers and plurals of one locale.
pub(super) struct Sentences {
    tongue: Tongue,
    bundle: FluentBundle<&'static FluentResource>,
}

impl Sentences {
    pub(super) fn new(tongue: Tongue, locale: &Locale) -> Self {
        let identifier = locale.id.to_string().parse::<LanguageIdentifier>().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
        bundle.set_use_isolating(false);
        bundle.set_formatter(Some(localized_number));
        // Twice the same id in a file is the only possible error, and a test finds it.
        let _ = bundle.add_resource(tongue.resource());
        Self { tongue, bundle }
    }

    pub(super) fn tongue(&self) -> Tongue {
        self.tongue
    }

    pub(super) fn say(&self, message: &Message<'_>) -> String {
        let arguments = message.arguments(self.isolation(message));
        let Some(pattern) = self.bundle.get_message(message.id()).and_then(|found| found.value()) else {
            return String::new();
        };
        let mut sentence = String::new();
        let _ = self.bundle.write_pattern(&mut sentence, pattern, Some(&arguments), &mut Vec::new());
        sentence
    }

    /// Labels are put together from parts that are in the language already, and stay in its order.
    fn isolation(&self, message: &Message<'_>) -> Isolation {
        if self.tongue == Tongue::Arabic && !message.is_label() { isolated } else { untouched }
    }
}

fn untouched(text: &str) -> Cow<'_, str> {
    Cow::Borrowed(text)
}

/// `text` between a first-strong isolate and its end, where its parts would otherwise change places: when it begins
/// in another script, and when it is digits with more than a time or a fraction between them. Never around an
/// address of a page, which chats would make a link of with the mark in it.
fn isolated(text: &str) -> Cow<'_, str> {
    let changes_places = match text.chars().find(|character| character.is_alphabetic()) {
        Some(letter) => !is_arabic(letter) && !text.starts_with("http"),
        None => text.contains(|character: char| !character.is_numeric() && !":.,٫٬".contains(character)),
    };
    if changes_places { Cow::Owned(format!("\u{2068}{text}\u{2069}")) } else { Cow::Borrowed(text) }
}

/// The Arabic letters of the Basic Multilingual Plane: Arabic, its supplements and extensions, presentation forms.
fn is_arabic(letter: char) -> bool {
    matches!(letter, '\u{600}'..='\u{6ff}' | '\u{750}'..='\u{77f}' | '\u{870}'..='\u{8ff}'
        | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}')
}

/// Fluent writes numbers as Rust does; this writes them as the locale does.
fn localized_number(value: &FluentValue<'_>, memoizer: &IntlLangMemoizer) -> Option<String> {
    let FluentValue::Number(number) = value else { return None };
    let decimal = Decimal::try_from_str(&number.as_string()).ok()?;
    memoizer
        .with_try_get::<Digits, _, _>((), |digits| {
            digits.0.format(&decimal).to_string().replace(['\u{a0}', '\u{202f}'], " ")
        })
        .ok()
}

struct Digits(DecimalFormatter);

impl Memoizable for Digits {
    type Args = ();
    type Error = icu_provider::DataError;

    fn construct(language: LanguageIdentifier, (): ()) -> Result<Self, Self::Error> {
        let locale = language.to_string().parse::<Locale>().unwrap_or(Locale::UNKNOWN);
        DecimalFormatter::try_new((&locale).into(), DecimalFormatterOptions::default()).map(Self)
    }
}
