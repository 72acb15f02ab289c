//! One compiled pattern.

use super::backtracking::Backtracking;
use super::linear::Linear;
use super::tautology;
use super::translate::{self, Dialect};
use crate::byte_set::ByteSet;
use crate::operators::{Captures, Work};

/// Why a pattern cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternFault {
    /// The pattern is not well formed, or uses what no engine here can do.
    #[error("the pattern cannot be read: {0}")]
    Syntax(String),
    /// The pattern would need more states than one may have.
    #[error("the pattern needs more than {} MiB of states", super::linear::STATES_BYTES >> 20)]
    TooLarge,
}

/// A pattern, compiled.
#[derive(Debug)]
pub(in crate::operators) struct Pattern(Engine);

#[derive(Debug)]
enum Engine {
    Linear(Box<Linear>),
    /// One that is walked by hand, with a pattern that matches at least as much.
    Tautology(Box<Linear>),
    /// With a pattern that matches at least as much, to run first.
    Backtracking {
        filter: Option<Box<Linear>>,
        regex: Backtracking,
    },
}

impl Pattern {
    pub(in crate::operators) fn compile(pattern: &str) -> Result<Self, PatternFault> {
        let translated = translate::translate(pattern, Dialect::Linear)?;
        if !translated.looks_around {
            return Linear::compile(&translated.text).map(|linear| Self(Engine::Linear(Box::new(linear))));
        }
        if pattern == tautology::PATTERN {
            return Linear::compile(&translated.text).map(|filter| Self(Engine::Tautology(Box::new(filter))));
        }
        let filter = if translated.complete { Some(Box::new(Linear::compile(&translated.text)?)) } else { None };
        let translated = translate::translate(pattern, Dialect::Backtracking)?;
        let regex = Backtracking::compile(&translated.text)?;
        Ok(Self(Engine::Backtracking { filter, regex }))
    }

    pub(super) fn matches(&self, value: &[u8], captures: Option<&mut Captures>, work: &mut Work) -> bool {
        match &self.0 {
            Engine::Linear(linear) => linear.matches(value, captures, work),
            Engine::Tautology(_) => tautology::matches(value, captures, work),
            Engine::Backtracking { filter, regex } => {
                let may_match = filter.as_ref().is_none_or(|filter| filter.matches(value, None, work));
                may_match && regex.matches(value, captures, work)
            }
        }
    }

    /// The texts that match, one after the other; at most the first for a pattern that looks around.
    pub(in crate::operators) fn candidates<'a>(
        &'a self,
        value: &'a [u8],
        work: &mut Work,
    ) -> Box<dyn Iterator<Item = &'a [u8]> + 'a> {
        match &self.0 {
            Engine::Linear(linear) => {
                work.add(value.len() as u64);
                Box::new(linear.found(value))
            }
            Engine::Tautology(_) | Engine::Backtracking { .. } => {
                Box::new(self.matches(value, None, work).then_some(value).into_iter())
            }
        }
    }

    pub(super) fn literals(&self) -> Option<Vec<Vec<u8>>> {
        self.filter().and_then(Linear::literals)
    }

    /// A byte of each of these sets occurs in every value that matches.
    pub(super) fn required(&self) -> &[ByteSet] {
        self.filter().map_or(&[], Linear::required)
    }

    /// What matches at least as much in linear time.
    fn filter(&self) -> Option<&Linear> {
        match &self.0 {
            Engine::Linear(linear) | Engine::Tautology(linear) => Some(linear),
            Engine::Backtracking { filter, .. } => filter.as_deref(),
        }
    }
}

/// What is wrong, without the drawing of the pattern that libraries put before it.
pub(super) fn last_line(text: &str) -> String {
    text.trim().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}
