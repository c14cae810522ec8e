//! The table at the end: what was measured, against what, and whether it is good enough.

use std::fmt;

/// One comparison.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) ours: String,
    pub(crate) rival: String,
    pub(crate) ratio: String,
    pub(crate) goal: &'static str,
    /// `None`: printed to be known, without a goal.
    pub(crate) met: Option<bool>,
}

pub(crate) struct Table(pub(crate) Vec<Row>);

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | ours | measured against | ratio | goal | |")?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        for Row { what, ours, rival, ratio, goal, met } in &self.0 {
            let met = match met {
                Some(true) => "pass",
                Some(false) => "**miss**",
                None => "",
            };
            writeln!(f, "| {what} | {ours} | {rival} | {ratio} | {goal} | {met} |")?;
        }
        Ok(())
    }
}

pub(crate) fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or(f64::NAN)
}
