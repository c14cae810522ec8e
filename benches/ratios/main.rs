//! Our speed as ratios, all measured in one run: `cargo bench`, or `cargo bench -- get-slots` for one part of
//! `availability`, `start`, `get-slots`, `book` and `scale-out`; the last needs Azurite, which `./test --setup` installs.
//!
//! A newcomer would compare with the numbers of the last run. Another machine, or this one on another day, has
//! other numbers: only what is measured side by side is a ratio. `docs/performance.md` says why these rivals.

mod availability;
mod bare_writer;
mod book;
mod load;
mod scale_out;
mod server;
mod slots;
mod start;
mod table;
mod traffic;

use table::Table;

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |part: &str| wanted.is_empty() || wanted.iter().any(|wanted| part.contains(wanted));
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let mut rows = Vec::new();
    if is_wanted("availability") {
        rows.extend(availability::measure());
    }
    let bare = (is_wanted("start") || is_wanted("get-slots")).then(server::build_bare);
    if let Some(bare) = bare.as_deref().filter(|_| is_wanted("start")) {
        rows.extend(start::measure(bare));
    }
    if let Some(bare) = bare.as_deref().filter(|_| is_wanted("get-slots")) {
        rows.extend(runtime.block_on(slots::measure(bare)));
    }
    if is_wanted("book") {
        rows.extend(runtime.block_on(book::measure()));
    }
    if is_wanted("scale-out") {
        rows.extend(runtime.block_on(scale_out::measure()));
    }
    println!("\n{}", Table(rows));
}
