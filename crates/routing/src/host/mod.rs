//! Which listener? Host names and their wildcards: what a pattern may be, and the table that finds
//! the first match.

mod pattern;
mod table;

pub use pattern::{HostPattern, HostPatternError, is_ip_literal};
pub use table::{HostTable, host_without_port, shadowed};

#[cfg(test)]
mod tests;
