//! One look at the file for all who ask at the same moment.
//!
//! A newcomer would look at each request. A look takes four locks on the file, as much time as the rest of a
//! reply that is already known. So whoever asks lets the others who are ready ask too, and the first to go on
//! looks for all of them.

use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use super::Version;
use crate::store::StoreError;

/// The look that is yet to be taken.
#[derive(Default)]
pub(super) struct Look(Mutex<Arc<OnceLock<Result<Version, StoreError>>>>);

impl Look {
    /// What the database's version is at some moment after this was called.
    pub(super) async fn version(
        &self,
        look: impl FnOnce() -> Result<Version, StoreError>,
    ) -> Result<Version, StoreError> {
        let joined = Arc::clone(&self.0.lock());
        tokio::task::yield_now().await;
        let seen = joined.get_or_init(|| {
            // Nobody may join who asks after the look has begun.
            *self.0.lock() = Arc::default();
            look()
        });
        seen.clone()
    }
}
