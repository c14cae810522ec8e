//! Postal codes: how they are written, and where those of the US and Canada are.
//!
//! The table is searched where it lies in the binary; nothing is unpacked at start. Where it comes from, what
//! was left out of it and how its records are laid out: `tools/postal-codes/README.md`.

use crate::domain::Position;

/// Where the middle of a postal code's area is; `None` where we keep no table, or the table not the code.
#[must_use]
pub fn centroid(country: &str, postal_code: &str) -> Option<Position> {
    let code = letters_and_digits(postal_code);
    let number = match System::of(country)? {
        System::Zip => zip(&code)?.parse().ok()?,
        System::Canadian => area_number(&canadian(&code)?)?,
    };
    position_of(number)
}

/// Whether we know where this country's postal codes are.
#[must_use]
pub fn has_table(country: &str) -> bool {
    System::of(country).is_some()
}

/// A postal code in the one form in which equal codes are equal texts: `98052` for `98052-1234`, `K1A0B1` for
/// `k1a 0b1`, `SW1A1AA` for `SW1A 1AA`. `None` for what cannot be a postal code of that country.
#[must_use]
pub fn normalised_postal_code(country: &str, text: &str) -> Option<String> {
    let code = letters_and_digits(text);
    match System::of(country) {
        Some(System::Zip) => zip(&code).map(str::to_owned),
        Some(System::Canadian) => canadian(&code),
        None => (!code.is_empty()).then_some(code),
    }
}

/// Who gives out a country's postal codes.
enum System {
    Zip,
    Canadian,
}

impl System {
    /// By ISO 3166-1 alpha-2: the territories and freely associated states that the US Postal Service serves
    /// are countries of their own there.
    fn of(country: &str) -> Option<Self> {
        match country.trim().to_ascii_uppercase().as_str() {
            "US" | "AS" | "FM" | "GU" | "MH" | "MP" | "PR" | "PW" | "UM" | "VI" => Some(Self::Zip),
            "CA" => Some(Self::Canadian),
            _ => None,
        }
    }
}

/// Upper case, without blanks, hyphens or anything else that is no part of a code.
fn letters_and_digits(text: &str) -> String {
    text.chars().map(plain).filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// The ASCII form of a full-width letter or digit, or of an Arabic or Persian digit: phones type these.
fn plain(c: char) -> char {
    let ascii = match c {
        '\u{ff01}'..='\u{ff5e}' => u32::from(c) - 0xff01 + u32::from('!'),
        '\u{660}'..='\u{669}' => u32::from(c) - 0x660 + u32::from('0'),
        '\u{6f0}'..='\u{6f9}' => u32::from(c) - 0x6f0 + u32::from('0'),
        _ => return c,
    };
    char::from_u32(ascii).unwrap_or(c)
}

/// The five digits of a ZIP or ZIP+4 code.
fn zip(code: &str) -> Option<&str> {
    let well_formed = matches!(code.len(), 5 | 9) && code.bytes().all(|b| b.is_ascii_digit());
    well_formed.then(|| &code[..5])
}

/// A whole Canadian code, or its first half alone, which is the forward sortation area. Letters and digits
/// alternate, so an `O` where a digit belongs is a zero and an `I` is a one.
fn canadian(code: &str) -> Option<String> {
    if !matches!(code.chars().count(), 3 | 6) {
        return None;
    }
    code.chars().enumerate().map(|(index, c)| if index % 2 == 0 { letter(c) } else { digit(c) }).collect()
}

fn letter(c: char) -> Option<char> {
    c.is_ascii_uppercase().then_some(c)
}

fn digit(c: char) -> Option<char> {
    match c {
        'O' => Some('0'),
        'I' => Some('1'),
        _ => c.is_ascii_digit().then_some(c),
    }
}

/// The table's number of a Canadian code's area: after all ZIP codes, then in the order of the letters.
fn area_number(code: &str) -> Option<u64> {
    let &[first, digit, last, ..] = code.as_bytes() else { return None };
    let place = |byte: u8, zero: u8| u64::from(byte.wrapping_sub(zero));
    Some(100_000 + place(first, b'A') * 260 + place(digit, b'0') * 26 + place(last, b'A'))
}

/// Big-endian records in ascending order: the code's number, then latitude and longitude, shifted to be
/// positive, in ten-thousandths of a degree.
static RECORDS: &[[u8; 8]] = include_bytes!("postal_codes.bin").as_chunks().0;

const LONGITUDE_BITS: u32 = 22;
const LATITUDE_BITS: u32 = 21;

fn position_of(number: u64) -> Option<Position> {
    let index = RECORDS.binary_search_by_key(&number, |record| number_in(*record)).ok()?;
    Some(position_in(RECORDS[index]))
}

fn number_in(record: [u8; 8]) -> u64 {
    u64::from_be_bytes(record) >> (LATITUDE_BITS + LONGITUDE_BITS)
}

fn position_in(record: [u8; 8]) -> Position {
    let bits = u64::from_be_bytes(record);
    Position {
        latitude: degrees(bits >> LONGITUDE_BITS, LATITUDE_BITS) - 90.0,
        longitude: degrees(bits, LONGITUDE_BITS) - 180.0,
    }
}

/// The lowest `width` bits as degrees.
fn degrees(bits: u64, width: u32) -> f64 {
    let low = u32::try_from(bits & ((1 << width) - 1)).unwrap_or_default();
    f64::from(low) / 10_000.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::geography::Distance;

    #[test]
    fn the_table_is_whole_and_in_order() {
        assert_eq!(include_bytes!("postal_codes.bin").len(), RECORDS.len() * 8);
        assert_eq!(RECORDS.len(), 43_567);
        assert!(RECORDS.is_sorted_by_key(|record| number_in(*record)));
        assert!(RECORDS.windows(2).all(|pair| number_in(pair[0]) != number_in(pair[1])));
    }

    #[test]
    fn every_record_lies_in_its_country() {
        for record in RECORDS {
            let (number, at) = (number_in(*record), position_in(*record));
            assert_eq!(position_of(number), Some(at));
            let in_country = if number < 100_000 {
                (-15.0..72.0).contains(&at.latitude)
                    && (at.longitude < -64.0 || (130.0..180.0).contains(&at.longitude))
            } else {
                (41.0..84.0).contains(&at.latitude) && (-142.0..-52.0).contains(&at.longitude)
            };
            assert!(in_country, "{number} at {at:?}");
        }
    }

    /// Positions of the places that the codes name, not taken from the table.
    #[test]
    fn known_codes_are_where_they_belong() {
        for (country, code, latitude, longitude) in [
            ("US", "98052", 47.674, -122.121),
            ("US", "02139", 42.365, -71.104),
            ("US", "00501", 40.815, -73.045),
            ("US", "10001", 40.750, -73.997),
            ("US", "90210", 34.103, -118.410),
            ("US", "60601", 41.886, -87.623),
            ("US", "20001", 38.910, -77.018),
            ("US", "99501", 61.217, -149.886),
            ("US", "99546", 51.880, -176.658),
            ("US", "96813", 21.313, -157.850),
            ("US", "00901", 18.465, -66.116),
            ("PR", "00901", 18.465, -66.116),
            ("VI", "00802", 18.342, -64.930),
            ("GU", "96910", 13.475, 144.750),
            ("AS", "96799", -14.276, -170.702),
            ("CA", "K1A 0B1", 45.421, -75.700),
            ("CA", "M5V", 43.643, -79.390),
            ("CA", "V6B", 49.279, -123.115),
            ("CA", "H2X", 45.512, -73.570),
            ("CA", "Y1A", 60.721, -135.057),
            ("CA", "A1C", 47.567, -52.707),
            ("CA", "E3C", 45.930, -66.680),
            ("CA", "L9E", 43.507, -79.860),
            ("CA", "G0B", 47.380, -61.860),
        ] {
            let at = centroid(country, code).unwrap_or_else(|| panic!("`{code}` is not in the table"));
            let off = Distance::between(at, Position { latitude, longitude });
            assert!(off.kilometres() < 10.0, "`{code}` is {} km off", off.kilometres());
        }
    }

    #[test]
    fn every_american_state_and_territory_is_there() {
        for code in [
            "35203", "99801", "85001", "72201", "94103", "80202", "06103", "19901", "20001", "33101",
            "30303", "96813", "83702", "60601", "46204", "50309", "66603", "40601", "70112", "04101",
            "21401", "02108", "48933", "55102", "39201", "65101", "59601", "68508", "89701", "03301",
            "08608", "87501", "12207", "27601", "58501", "43215", "73102", "97301", "17101", "02903",
            "29201", "57501", "37219", "78701", "84111", "05602", "23219", "98501", "25301", "53703",
            "82001", "00901", "00802", "96910", "96799", "96950",
        ] {
            assert!(centroid("US", code).is_some(), "`{code}`");
        }
    }

    #[test]
    fn codes_are_understood_as_people_write_them() {
        let redmond = centroid("US", "98052");
        assert!(redmond.is_some());
        for text in [" 98052 ", "98052-1234", "98052 1234", "980521234", "９８０５２", "٩٨٠٥٢", "۹۸۰۵۲"]
        {
            assert_eq!(centroid("us", text), redmond, "`{text}`");
        }
        let ottawa = centroid("CA", "K1A");
        assert!(ottawa.is_some());
        for text in ["K1A 0B1", "k1a0b1", "K1A-0B1", " k1a ", "KIA OB1"] {
            assert_eq!(centroid("ca", text), ottawa, "`{text}`");
        }
    }

    #[test]
    fn what_is_no_code_has_no_place() {
        for text in ["", "  ", "9805", "980522", "ABCDE", "98O52", "2139", "00000", "10200", "09001"] {
            assert_eq!(centroid("US", text), None, "`{text}`");
        }
        for text in ["", "K1", "1K1", "K1A 0B", "K1A 0B12", "98052", "H0H 0H0", "Ä1A"] {
            assert_eq!(centroid("CA", text), None, "`{text}`");
        }
        assert_eq!(centroid("DE", "10115"), None);
        assert_eq!(centroid("", "98052"), None);
    }

    #[test]
    fn tables_are_those_of_the_american_and_canadian_posts() {
        assert!(["US", "us", "PR", "GU", "CA"].into_iter().all(has_table));
        assert!(!["MX", "GB", "DE", "", "USA"].into_iter().any(has_table));
    }

    #[test]
    fn equal_codes_have_one_form() {
        let form = |country, text| normalised_postal_code(country, text);
        assert_eq!(form("US", "98052-1234").as_deref(), Some("98052"));
        assert_eq!(form("CA", "k1a 0b1").as_deref(), Some("K1A0B1"));
        assert_eq!(form("CA", "k1a").as_deref(), Some("K1A"));
        assert_eq!(form("GB", "sw1a 1aa").as_deref(), Some("SW1A1AA"));
        assert_eq!(form("PT", "1000-001").as_deref(), Some("1000001"));
        assert_eq!(form("DE", "10115").as_deref(), Some("10115"));
        for (country, text) in [("US", "9805"), ("CA", "98052"), ("DE", " - "), ("GB", "")] {
            assert_eq!(form(country, text), None, "`{text}`");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(country in ".{0,3}|US|CA|DE", text in ".{0,12}") {
            let _ = centroid(&country, &text);
            let form = normalised_postal_code(&country, &text);
            if let Some(form) = form {
                prop_assert_eq!(normalised_postal_code(&country, &form), Some(form));
            }
        }

        #[test]
        fn every_zip_code_in_the_table_is_found(index in 0..41_905_usize) {
            let number = number_in(RECORDS[index]);
            prop_assert_eq!(centroid("US", &format!("{number:05}")), Some(position_in(RECORDS[index])));
        }
    }
}
