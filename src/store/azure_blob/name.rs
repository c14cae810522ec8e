//! How a key is called as a blob.
//!
//! A newcomer would take the key as it is. Azure promises an order of names without saying what is compared, and
//! advises against names whose parts end in a dot; URLs know `.` and `..`. So only letters, digits, `-` and `/`
//! stand for themselves. Every other byte is two hexadecimal digits behind a sign that sorts where the byte does,
//! which keeps the order of the keys' bytes, and makes a key's beginning the beginning of its name.
//! <https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata>

/// The name of a key, and the prefix of a prefix.
pub(super) fn of(key: &str) -> String {
    let mut name = String::with_capacity(key.len() + 8);
    for byte in key.bytes() {
        match sign(byte) {
            None => name.push(char::from(byte)),
            // A dot is only ever between others.
            Some('.') => name.push_str(".-"),
            Some(sign) => {
                name.push(sign);
                name.push(digit(byte >> 4));
                name.push(digit(byte & 15));
            }
        }
    }
    name
}

/// The key of a name; `None` for a blob that is none of ours.
pub(super) fn key(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut letters = name.bytes();
    while let Some(letter) = letters.next() {
        let byte = match letter {
            b'.' => (letters.next()? == b'-').then_some(b'.')?,
            b'!' | b'=' | b'_' | b'~' => {
                let (high, low) = (value(letters.next()?)?, value(letters.next()?)?);
                high << 4 | low
            }
            plain => plain,
        };
        bytes.push(byte);
    }
    let key = String::from_utf8(bytes).ok()?;
    (of(&key) == name).then_some(key)
}

/// What stands before a byte that does not stand for itself: a sign between its neighbours that do.
fn sign(byte: u8) -> Option<char> {
    Some(match byte {
        b'-' | b'/' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => return None,
        b'.' => '.',
        ..b'-' => '!',
        b':'..=b'@' => '=',
        b'['..=b'`' => '_',
        b'{'.. => '~',
    })
}

fn digit(value: u8) -> char {
    char::from_digit(u32::from(value), 16).unwrap_or('0').to_ascii_uppercase()
}

fn value(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_keys_can_be_read() {
        assert_eq!(of("booking/7GK2MQ4RWX"), "booking/7GK2MQ4RWX");
        assert_eq!(of("pending/7GK2MQ4RWX.1"), "pending/7GK2MQ4RWX.-1");
        assert_eq!(of("day/embedded:eastside/2026-12-01"), "day/embedded=3Aeastside/2026-12-01");
        assert_eq!(key("somebody else's.txt"), None);
        assert_eq!(key("a=3a"), None, "one key has one name");
    }

    proptest! {
        #[test]
        fn a_name_says_which_key_it_is(text in "\\PC{0,40}") {
            let name = of(&text);
            prop_assert_eq!(key(&name), Some(text));
            let plain = |letter: char| letter.is_ascii_alphanumeric() || "-./!=_~".contains(letter);
            prop_assert!(name.chars().all(plain) && !name.split('/').any(|part| part.ends_with('.')));
        }

        #[test]
        fn names_are_in_the_order_of_their_keys(one in "[ -~é診🩺]{0,6}", other in "[ -~é診🩺]{0,6}") {
            prop_assert_eq!(of(&one).cmp(&of(&other)), one.cmp(&other));
        }

        #[test]
        fn a_keys_beginning_is_the_beginning_of_its_name(one in "[ -~é診🩺]{0,6}", other in "[ -~é診🩺]{0,6}") {
            let both = format!("{one}{other}");
            prop_assert!(of(&both).starts_with(&of(&one)));
        }
    }
}
