//! How many requests one mailbox serves at a time: a business is a mailbox, and Outlook serves four.

use super::state::{Shared, State};

const MOST: u64 = 4;

/// Places at one mailbox, given back when dropped.
#[derive(Debug)]
pub(crate) struct Places {
    shared: Shared,
    mailbox: String,
    count: u64,
}

impl Places {
    /// As many of those wanted as are left, perhaps none; a call without a mailbox needs none.
    pub(crate) fn taken_in(shared: &Shared, state: &mut State, mailbox: &str, wanted: u64) -> Self {
        let mailbox = mailbox.to_owned();
        let now = state.in_flight.entry(mailbox.clone()).or_default();
        let count = wanted.min(MOST.saturating_sub(*now));
        let seen = *now + count.max(1);
        *now += count;
        if !mailbox.is_empty() {
            let most = state.counts.most_in_flight.entry(mailbox.clone()).or_default();
            *most = seen.max(*most);
        }
        Self { shared: shared.clone(), mailbox, count }
    }

    /// Whether the mailbox is too busy.
    pub(crate) fn is_none(&self) -> bool {
        self.count == 0 && !self.mailbox.is_empty()
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        if let Some(now) = self.shared.state.lock().in_flight.get_mut(&self.mailbox) {
            *now -= self.count;
        }
    }
}
