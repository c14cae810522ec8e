//! A port for a process of ours; the benchmark takes one like this too.

use std::{iter, net::TcpListener};

/// Below those that Linux gives away by itself (from 32768): no connection and no server of another test comes to
/// have it before the process listens, and is then taken for it.
pub(crate) fn free_port() -> u16 {
    let mut candidates = iter::repeat_with(|| {
        let random = getrandom::u32().expect("random numbers");
        12_000 + u16::try_from(random % 20_000).expect("less than 20,000")
    });
    candidates.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("they never end")
}
