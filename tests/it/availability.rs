//! Openings less busy times, held against data made for it and against a search that tries everything.

mod calendar;
mod civil;
mod oracle;
mod recorded;
mod series;
