//! Microsoft Bookings through a simulated Graph, which misbehaves as the real one has been seen to: what a caller
//! is told is what the calendar shows at the end.

mod catalogue;
mod clinic;
mod codes;
mod crossings;
mod crowd;
mod examples;
mod faults;
mod moved;
mod named;
mod notices;
mod practice;
mod set_up;
mod speed;
mod stale;
