//! From the start of the process to its first answer.

use std::path::Path;

use crate::{
    server::{SilentServer, bare, folder, real, real_in_azure},
    table::{Row, median},
};

const RUNS: usize = 41;
const GOAL: f64 = 1.5;

pub(crate) fn measure(bare_binary: &Path) -> Vec<Row> {
    let (mut ours, mut in_azure, mut rival) = (Vec::new(), Vec::new(), Vec::new());
    let silent = SilentServer::start();
    for _ in 0..RUNS {
        // A new folder each time: the store has to be made, behind the listener.
        let folders = [folder(), folder()];
        ours.push(real(folders[0].path()).ready_after.as_secs_f64() * 1e3);
        in_azure.push(real_in_azure(folders[1].path(), &silent).ready_after.as_secs_f64() * 1e3);
        rival.push(bare(bare_binary, None).ready_after.as_secs_f64() * 1e3);
    }
    let rival = median(&mut rival);
    let row = |what: &str, mut ours: Vec<f64>| {
        let ours = median(&mut ours);
        Row {
            what: format!("{what}, median of {RUNS}"),
            ours: format!("{ours:.2} ms"),
            rival: format!("bare warp server: {rival:.2} ms"),
            ratio: format!("{:.2} ×", ours / rival),
            goal: "≤ 1.5 ×",
            met: Some(ours <= GOAL * rival),
        }
    };
    vec![
        row("start to first 200", ours),
        row("the same in Azure, where identity, vault, storage and Graph hang", in_azure),
    ]
}
