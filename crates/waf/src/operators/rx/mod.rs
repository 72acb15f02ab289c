//! `@rx`: the value matches a pattern.
//!
//! Argument: a pattern in the dialect of PCRE, read bytewise, `.` matching line feeds too, `^` and `$` at the ends of
//! the value only (rules that want lines write `(?m)`); macros allowed, the pattern is then made at run time.
//! Returns: true if the pattern matches somewhere; the captures are its groups.
//! Example: `@rx (?i)union\s+select`.
//!
//! Patterns are rewritten for a linear-time engine ([`translate`]); the few that look around or refer back run on a
//! backtracking engine with a step limit ([`backtracking`]), one of them by hand ([`tautology`]).

mod backtracking;
mod class;
mod linear;
mod literals;
mod pattern;
pub(crate) mod required_byte;
mod tautology;
mod translate;

#[cfg(test)]
mod tests;

pub use pattern::PatternFault;

pub(super) use pattern::Pattern;

use std::sync::{Arc, Mutex, PoisonError};

use super::{Captures, OperatorFault, Work, has_macro};
use crate::byte_set::ByteSet;

/// A pattern, or one that is only known once its macros are expanded.
#[derive(Debug)]
pub(super) enum Rx {
    Fixed(Pattern),
    /// The last expansion and its pattern; it hardly ever changes from request to request.
    Expanded(Mutex<Option<Expansion>>),
}

/// An expanded argument and its pattern; none if it cannot be run.
#[derive(Debug)]
pub(super) struct Expansion {
    argument: Vec<u8>,
    pattern: Option<Arc<Pattern>>,
}

impl Rx {
    pub(super) fn parse(argument: &str) -> Result<Self, OperatorFault> {
        if has_macro(argument) {
            return Ok(Self::Expanded(Mutex::new(None)));
        }
        let pattern = Pattern::compile(argument);
        pattern.map(Self::Fixed).map_err(|fault| OperatorFault::Pattern { operator: "rx", fault })
    }

    pub(super) fn matches(
        &self,
        value: &[u8],
        argument: &[u8],
        captures: Option<&mut Captures>,
        work: &mut Work,
    ) -> bool {
        match self {
            Self::Fixed(pattern) => pattern.matches(value, captures, work),
            Self::Expanded(last) => {
                expand(last, argument).is_some_and(|pattern| pattern.matches(value, captures, work))
            }
        }
    }

    /// What it costs to make the pattern of an expanded argument.
    pub(super) fn expansion_cost(&self, argument: &[u8]) -> u64 {
        match self {
            Self::Fixed(_) => 0,
            Self::Expanded(_) => argument.len().min(LONGEST) as u64 * COMPILED_BYTE,
        }
    }

    /// A byte of each of these sets occurs in every value that matches.
    pub(super) fn required(&self) -> &[ByteSet] {
        match self {
            Self::Fixed(pattern) => pattern.required(),
            Self::Expanded(_) => &[],
        }
    }

    pub(super) fn literals(&self) -> Option<Vec<Vec<u8>>> {
        match self {
            Self::Fixed(pattern) => pattern.literals(),
            Self::Expanded(_) => None,
        }
    }
}

/// What it costs to make a pattern at run time, for each byte of it, where it has to be made: counted each time, so
/// that what a request costs does not depend on those before it.
const COMPILED_BYTE: u64 = 1_000;

/// The longest pattern that is made at run time. Bytes.
const LONGEST: usize = 4 << 10;

/// The pattern of an expansion; none if it cannot be run.
fn expand(last: &Mutex<Option<Expansion>>, argument: &[u8]) -> Option<Arc<Pattern>> {
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    let known = last.take().filter(|known| known.argument == argument);
    let expansion = known.unwrap_or_else(|| {
        let text = std::str::from_utf8(argument).ok().filter(|text| text.len() <= LONGEST);
        let pattern = text.and_then(|text| Pattern::compile(text).ok());
        Expansion { argument: argument.to_vec(), pattern: pattern.map(Arc::new) }
    });
    last.insert(expansion).pattern.clone()
}
