//! The server's side: pools, probes, DNS, balance, connections.
//!
//! A request that routing sent to a target (a pool with settings) meets here the [`LiveTarget`]: the servers that may
//! take it now. Who is on that list is decided beside the road, by probes and DNS on the control runtime; the request
//! only reads it and picks ([`balance`]), or goes where its cookie says ([`affinity`]). A server that was removed
//! drains: it finishes what it has, for a time. This crate knows snapshots, not documents, and no step of the journey.

pub mod affinity;
pub mod balance;
pub mod connections;
pub mod dns;
pub mod fleet;
pub mod health;
pub mod probe;
pub mod server;
pub mod target;

mod drain;
#[cfg(test)]
mod fixtures;
mod report;
mod security;

pub use fleet::Fleet;
pub use health::HealthChange;
pub use probe::ProbeRunner;
pub use server::{Busy, Server};
pub use target::LiveTarget;
