//! What a check found, as a table for a terminal and as JSON for `POST /api/check`.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// What was looked at: `settings`, `store`, a provider, a site and a service.
    pub name: String,
    pub asked: String,
    pub came_back: String,
    /// What to do, where there is something to do.
    pub remedy: Option<String>,
    pub ok: bool,
}

impl Check {
    pub(super) fn passed(name: &str, asked: impl Into<String>, came_back: impl Into<String>) -> Self {
        let (asked, came_back) = (asked.into(), came_back.into());
        Self { name: name.to_owned(), asked, came_back, remedy: None, ok: true }
    }

    pub(super) fn failed(
        name: &str,
        asked: impl Into<String>,
        came_back: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { remedy: Some(remedy.into()), ok: false, ..Self::passed(name, asked, came_back) }
    }
}

/// Everything that was tried, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Report {
    pub checks: Vec<Check>,
}

impl Report {
    pub fn add(&mut self, check: Check) {
        self.checks.push(check);
    }

    #[must_use]
    pub fn ok(&self) -> bool {
        self.checks.iter().all(|check| check.ok)
    }
}

/// A line for each check; what to do stands in a line of its own.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |text: fn(&Check) -> &str| {
            self.checks.iter().map(|check| text(check).chars().count()).max().unwrap_or_default()
        };
        let name_width = width(|check| &check.name);
        let asked_width = width(|check| &check.asked);
        for Check { name, asked, came_back, remedy, ok } in &self.checks {
            let mark = if *ok { "ok  " } else { "FAIL" };
            writeln!(f, "{mark}  {name:name_width$}  {asked:asked_width$}  {came_back}")?;
            if let Some(remedy) = remedy {
                writeln!(f, "      {:name_width$}  to do: {remedy}", "")?;
            }
        }
        let failed = self.checks.iter().filter(|check| !check.ok).count();
        match failed {
            0 => writeln!(f, "all {} checks passed", self.checks.len()),
            1 => writeln!(f, "1 of {} checks failed", self.checks.len()),
            _ => writeln!(f, "{failed} of {} checks failed", self.checks.len()),
        }
    }
}
