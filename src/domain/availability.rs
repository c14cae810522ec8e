//! Placeholder for the engine, with the type the seams name.
use super::PractitionerId;
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    pub start: i64,
    pub end: i64,
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seated {
    pub start: i64,
    pub taken: u32,
}
#[derive(Debug, Clone)]
pub struct Supply {
    pub practitioner: PractitionerId,
    pub openings: Vec<Interval>,
    pub busy: Vec<Interval>,
    pub seated: Vec<Seated>,
}
