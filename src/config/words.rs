//! The texts of a clinic, plain or by locale.

use unic_langid::LanguageIdentifier;

use super::{file::Text, findings::Findings};
use crate::domain::Localized;

/// `None` where there is none; what is wrong with it is found and stands for it meanwhile.
pub(super) fn optional(text: Option<Text>, path: &str, findings: &mut Findings) -> Option<Localized> {
    text.map(|text| localized(text, path, findings))
}

/// A text that the schema requires: that it is missing was found there.
pub(super) fn required(text: Option<Text>, path: &str, findings: &mut Findings) -> Localized {
    optional(text, path, findings).unwrap_or_default()
}

fn localized(text: Text, path: &str, findings: &mut Findings) -> Localized {
    let mut words = Localized::default();
    match text {
        Text::Plain(text) => {
            not_blank(&text, path, findings);
            words.default = text;
        }
        Text::ByLocale(table) => {
            for (locale, text) in table {
                let path = format!("{path}.{locale}");
                not_blank(&text, &path, findings);
                if locale == "default" {
                    words.default = text;
                } else if locale.parse::<LanguageIdentifier>().is_ok() {
                    words.translations.insert(locale.to_ascii_lowercase(), text);
                } else {
                    findings.wrong(&path, "is no locale, as `es` or `es-MX`, and not `default`");
                }
            }
            if words.default.is_empty() {
                findings.lacking(path, "lacks `default`, which all other languages get");
            }
        }
    }
    words
}

fn not_blank(text: &str, path: &str, findings: &mut Findings) {
    if text.trim().is_empty() {
        findings.wrong(path, "must not be blank");
    }
}
