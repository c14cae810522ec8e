//! What stands in for the world around the binary: the Functions host that starts, calls and kills it.

pub(crate) mod functions_host;
