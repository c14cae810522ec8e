//! What stands in for the world around the binary: the Functions host that starts, calls and kills it, and its
//! front door.

pub(crate) mod front_door;
pub(crate) mod functions_host;
