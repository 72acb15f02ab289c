//! Which path rule? Path patterns and the table that finds the first match.

mod pattern;
mod table;

pub use pattern::{PathPattern, PathPatternError};
pub use table::{Hit, PathMatching, PathTable, PatternId, Unreachable};

#[cfg(test)]
mod tests;
