//! What somebody probably meant.

/// Longer names are not looked up: the cost grows with their length, and nobody mistypes that much.
const LONGEST: usize = 64;

/// The candidate that `name` is probably a slip of, if any is near: the same but for case and separators, or
/// some letters off.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let name = plain(name);
    let (distance, candidate) = candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&name, &plain(candidate)), candidate))
        .min_by_key(|(distance, _)| *distance)?;
    (distance <= slips(name.chars().count())).then_some(candidate)
}

/// How many slips a name of this length may have.
fn slips(length: usize) -> usize {
    match length {
        0..=2 => 0,
        3..=4 => 1,
        5..=8 => 2,
        _ => 3,
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}
