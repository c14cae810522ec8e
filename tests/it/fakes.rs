//! What stands in for the world around the binary: the Functions host that starts, calls and kills it, that
//! host's front door, Microsoft Graph, Azure Blob Storage and the road there.

pub(crate) mod azurite;
pub(crate) mod collector;
mod free_port;
pub(crate) mod front_door;
pub(crate) mod functions_host;
#[path = "../graph_simulator/simulator/mod.rs"]
pub(crate) mod graph_simulator;
pub(crate) mod rough_road;
