//! The calendars of `tests/data/slots`, whose README says what is in them; tests and benches read them here.

use std::ops::Range;

use chrono::{NaiveDate, Weekday};
use chrono_tz::Tz;
use healthbot_scheduler::domain::{
    Hours,
    availability::{Grid, Interval, Supply},
    civil,
};
use serde::{Deserialize, de::DeserializeOwned};

/// A file of `tests/data/slots`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Calendar {
    tz: String,
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
    rules: Vec<(String, String)>,
    pub(crate) duration: u32,
    pub(crate) interval: u32,
    #[serde(default)]
    all_days: bool,
    pub(crate) providers: Vec<Provider>,
}

#[derive(Deserialize)]
pub(crate) struct Provider {
    pub(crate) busy: Vec<(i64, i64)>,
}

impl Calendar {
    pub(crate) fn read(name: &str) -> Self {
        recorded(name)
    }

    pub(crate) fn zone(&self) -> Tz {
        self.tz.parse().unwrap()
    }

    pub(crate) fn openings(&self) -> Vec<Interval> {
        let day: Vec<Hours> =
            self.rules.iter().map(|(from, until)| format!("{from}-{until}").parse().unwrap()).collect();
        let open = |day: Weekday| self.all_days || day.num_days_from_monday() < 5;
        let mut hours: [Vec<Hours>; 7] = Default::default();
        let mut weekday = Weekday::Mon;
        for hours in &mut hours {
            if open(weekday) {
                hours.clone_from(&day);
            }
            weekday = weekday.succ();
        }
        civil::weekly(self.zone(), &hours, &[], self.from..=self.to).into_iter().map(Interval::from).collect()
    }

    pub(crate) fn supplies(&self) -> Vec<Supply> {
        let openings = self.openings();
        self.providers
            .iter()
            .map(|provider| {
                let busy = provider.busy.iter().map(|&(start, end)| Interval::new(start, end).unwrap());
                Supply::new("anybody".into(), openings.clone(), busy.collect(), Vec::new())
            })
            .collect()
    }

    pub(crate) fn grid(&self) -> Grid {
        let minutes = |minutes: u32| (minutes * 60_000).try_into().unwrap();
        Grid {
            duration: minutes(self.duration),
            every: minutes(self.interval),
            buffer_before: 0,
            buffer_after: 0,
            capacity: 1,
        }
    }

    pub(crate) fn window(&self) -> Range<i64> {
        self.from_ms..self.to_ms
    }
}

/// What a file holds.
pub(crate) fn recorded<T: DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/tests/data/slots/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
