//! Combining changes.
