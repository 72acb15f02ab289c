//! The firewall's engine: reads rules, inspects a request, says what it found and why.
//!
//! It knows rules and bytes; sockets, files, clocks and Azure's words are other crates' business.

pub mod operators;
pub mod transformations;

mod actions;
mod body;
mod injection;
pub mod program;
pub mod seclang;
pub mod transaction;
pub mod variables;
pub mod verdict;

pub use actions::{Phase, Severity};

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod vectors;
