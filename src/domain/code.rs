//! Confirmation codes: ten characters that open a booking, so a credential. `Debug` never shows one.

use std::{fmt, str::FromStr, sync::Arc};

/// Crockford's base32 digits: no I, L, O, U.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 10;

/// A booking's name and key, shown as `XXXXX-XXXXX`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConfirmationCode(Arc<str>);

/// What was typed cannot be a code, whatever the confusions forgiven.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a confirmation code has 10 letters or digits")]
pub struct NotACode;

impl ConfirmationCode {
    /// The code made of the first 50 bits.
    #[must_use]
    pub fn from_bits(bits: &[u8; 8]) -> Self {
        let mut value = u64::from_be_bytes(*bits) >> 14;
        let mut text = [0_u8; LENGTH];
        for digit in text.iter_mut().rev() {
            *digit = DIGITS[usize::try_from(value & 31).unwrap_or(0)];
            value >>= 5;
        }
        Self(String::from_utf8_lossy(&text).into())
    }

    /// The ten characters, without the hyphen: as the store's keys have it.
    #[must_use]
    pub fn compact(&self) -> &str {
        &self.0
    }

    /// As a patient is shown it.
    #[must_use]
    pub fn display(&self) -> String {
        format!("{}-{}", &self.0[..LENGTH / 2], &self.0[LENGTH / 2..])
    }
}

impl FromStr for ConfirmationCode {
    type Err = NotACode;

    /// Forgives case, hyphens, blanks, marks of text direction, and the confusions of O with 0 and of I and L with 1.
    fn from_str(typed: &str) -> Result<Self, NotACode> {
        let mut text = String::with_capacity(LENGTH);
        for letter in typed.chars() {
            let letter = match letter.to_ascii_uppercase() {
                // Also the marks that right-to-left text puts around what is copied from it.
                ' '
                | '-'
                | '\u{a0}'
                | '\u{2010}'..='\u{2015}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2066}'..='\u{2069}' => {
                    continue;
                }
                'O' => '0',
                'I' | 'L' => '1',
                letter => letter,
            };
            if !letter.is_ascii() || !DIGITS.contains(&(letter as u8)) || text.len() == LENGTH {
                return Err(NotACode);
            }
            text.push(letter);
        }
        if text.len() == LENGTH { Ok(Self(text.into())) } else { Err(NotACode) }
    }
}

impl fmt::Debug for ConfirmationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConfirmationCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_read_back_however_it_is_typed() {
        let code = ConfirmationCode::from_bits(&[0xff, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde]);
        let shown = code.display();
        assert_eq!(shown.len(), 11);
        assert_eq!(shown.parse(), Ok(code.clone()));
        assert_eq!(shown.to_lowercase().replace('-', " ").parse(), Ok(code));
    }

    #[test]
    fn confusions_are_forgiven() {
        let code: ConfirmationCode = "oil00-0o1Il".parse().expect("ten characters");
        assert_eq!(code.compact(), "0110000111");
        assert_eq!("\u{2068}01100-00111\u{2069}".parse(), Ok(code));
    }

    #[test]
    fn what_cannot_be_a_code_is_refused() {
        for typed in ["", "7GK2M", "7GK2M-Q4RWXX", "7GK2M-Q4RW!", "7GK2M-Q4RWU", "ÄÖÜÄÖÜÄÖÜÄ"] {
            assert_eq!(typed.parse::<ConfirmationCode>(), Err(NotACode), "{typed}");
        }
    }
}
