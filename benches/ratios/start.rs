//! From the start of the process to its first answer.

use std::path::Path;

use crate::{
    server::{bare, folder, real},
    table::{Row, median},
};

const RUNS: usize = 41;
const GOAL: f64 = 1.5;

pub(crate) fn measure(bare_binary: &Path) -> Vec<Row> {
    let (mut ours, mut rival) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        // A new folder each time: the store has to be made, behind the listener.
        let folder = folder();
        ours.push(real(folder.path()).ready_after.as_secs_f64() * 1e3);
        rival.push(bare(bare_binary, None).ready_after.as_secs_f64() * 1e3);
    }
    let (ours, rival) = (median(&mut ours), median(&mut rival));
    vec![Row {
        what: format!("start to first 200, median of {RUNS}"),
        ours: format!("{ours:.2} ms"),
        rival: format!("bare warp server: {rival:.2} ms"),
        ratio: format!("{:.2} ×", ours / rival),
        goal: "≤ 1.5 ×",
        met: Some(ours <= GOAL * rival),
    }]
}
