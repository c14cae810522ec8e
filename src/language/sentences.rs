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
        match self {
            Self::English => include_str!("en.ftl"),
            Self::Spanish => include_str!("es.ftl"),
            Self::French => include_str!("fr.ftl"),
            Self::German => include_str!("de.ftl"),
            Self::Portuguese => include_str!("pt.ftl"),
            Self::Chinese => include_str!("zh.ftl"),
            Self::Arabic => include_str!("ar.ftl"),
        }
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

    fn isolation(self) -> Isolation {
        match self {
            Self::Arabic => isolated,
            _ => |text| Cow::Borrowed(text),
        }
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
        let arguments = message.arguments(self.tongue.isolation());
        let Some(pattern) = self.bundle.get_message(message.id()).and_then(|found| found.value()) else {
            return String::new();
        };
        let mut sentence = String::new();
        let _ = self.bundle.write_pattern(&mut sentence, pattern, Some(&arguments), &mut Vec::new());
        sentence
    }
}

/// `text` between a first-strong isolate and its end, unless it begins as Arabic itself.
fn isolated(text: &str) -> Cow<'_, str> {
    let needs_it = match text.chars().find(|letter| letter.is_alphabetic()) {
        Some(letter) => {
            !matches!(letter, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}')
        }
        None => text.contains(|character: char| character.is_numeric()),
    };
    if needs_it { Cow::Owned(format!("\u{2068}{text}\u{2069}")) } else { Cow::Borrowed(text) }
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
