//! Where in a document something stands, kept on the stack until there is a problem to tell.

use std::fmt;

/// A step from its parent; written `near.latitude`, `slotIds[1]`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl Path<'_> {
    /// How many steps from the root; a schema may refer to itself, so a walk needs an end.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Root => 0,
            Self::Key(parent, _) | Self::Index(parent, _) => 1 + parent.depth(),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(Self::Root, key) => write_key(f, key),
            Self::Key(parent, key) => {
                write!(f, "{parent}.")?;
                write_key(f, key)
            }
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Keys come from outside: what is long is cut, and control characters do not reach a log.
fn write_key(f: &mut fmt::Formatter<'_>, key: &str) -> fmt::Result {
    const LONGEST: usize = 64;
    for character in key.chars().take(LONGEST) {
        fmt::Write::write_char(f, if character.is_control() { '\u{fffd}' } else { character })?;
    }
    if key.chars().nth(LONGEST).is_some() { f.write_str("…") } else { Ok(()) }
}
