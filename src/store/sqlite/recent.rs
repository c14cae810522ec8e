//! Remembers the versions of documents that were asked for, so that asking again costs one look at the file.
//!
//! A newcomer would fear stale answers. What is remembered is the state of the database at exactly one
//! [`Version`]; it is used only by a reader that has just read that version from the file, or an earlier one
//! because a commit of our own came in between, whoever else may write to it.

use std::collections::HashMap;

use parking_lot::RwLock;

use super::Version;

/// So many keys are remembered, which takes about 2 MiB when they are 40 bytes long; one more and all are
/// forgotten.
const LIMIT: usize = 16 * 1024;

/// What is under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    /// A document of this version.
    Document(Version),
}

/// The documents' versions at one version of the database.
#[derive(Debug, Default)]
pub(super) struct Recent(RwLock<State>);

#[derive(Debug, Default)]
struct State {
    at: Version,
    /// Our own commit is under way. A reader may see it before it is noted here, and must not take it for
    /// another process's.
    committing: bool,
    found: HashMap<Box<str>, Found, foldhash::quality::RandomState>,
}

impl Recent {
    /// What is remembered of `keys` at version `at`, in their order; nothing unless `at` is what is
    /// remembered.
    pub(super) fn at<'a>(&self, at: Version, keys: impl Iterator<Item = &'a str>) -> Vec<Option<Found>> {
        let state = self.0.read();
        if state.at == at { state.of(keys) } else { Vec::new() }
    }

    /// The same at version `at` or a later one.
    pub(super) fn since<'a>(&self, at: Version, keys: impl Iterator<Item = &'a str>) -> Vec<Option<Found>> {
        let state = self.0.read();
        if state.at >= at { state.of(keys) } else { Vec::new() }
    }

    /// Remembers what a reader found in the database at version `at`.
    pub(super) fn remember<'a>(&self, at: Version, found: impl ExactSizeIterator<Item = (&'a str, Found)>) {
        let mut state = self.0.write();
        if at > state.at && !state.committing {
            state.start_at(at);
        }
        if state.at == at {
            if state.found.len() + found.len() > LIMIT {
                state.found.clear();
            }
            state.found.extend(found.map(|(key, version)| (key.into(), version)));
        }
    }

    /// Our own commit begins.
    pub(super) fn committing(&self) {
        self.0.write().committing = true;
    }

    /// Our own commit has led from version `from` to `to` by these changes.
    pub(super) fn committed<'a>(
        &self,
        from: Version,
        to: Version,
        changed: impl Iterator<Item = (&'a str, Found)>,
    ) {
        let mut state = self.0.write();
        state.committing = false;
        if state.at != from {
            return state.start_at(to);
        }
        state.at = to;
        for (key, version) in changed {
            if let Some(found) = state.found.get_mut(key) {
                *found = version;
            }
        }
    }

    /// Our own commit failed, as far as we know. If it did not, readers will see a newer version.
    pub(super) fn commit_failed(&self) {
        self.0.write().committing = false;
    }
}

impl State {
    fn of<'a>(&self, keys: impl Iterator<Item = &'a str>) -> Vec<Option<Found>> {
        keys.map(|key| self.found.get(key).copied()).collect()
    }

    fn start_at(&mut self, at: Version) {
        self.found.clear();
        self.at = at;
    }
}
