//! One compiled pattern.

use regex_automata::Input;
use regex_automata::meta::{Config, Regex};
use regex_automata::util::syntax;

use super::backtracking::Backtracking;
use super::required_byte::ByteSet;
use super::translate::{self, Dialect};
use super::{Captures, literals};

/// The most memory the states of one pattern may take. The greatest of the public rule sets needs under a quarter.
const STATES_BYTES: usize = 10 << 20;

/// The most memory a thread may spend on remembering the states of one pattern that it met.
const CACHE_BYTES: usize = 1 << 20;

/// Why a pattern cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternFault {
    /// The pattern is not well formed, or uses what no engine here can do.
    #[error("the pattern cannot be read: {0}")]
    Syntax(String),
    /// The pattern would need more states than one may have.
    #[error("the pattern needs more than {} MiB of states", STATES_BYTES >> 20)]
    TooLarge,
}

/// A pattern, compiled.
#[derive(Debug)]
pub(in crate::operators) struct Pattern(Engine);

#[derive(Debug)]
enum Engine {
    Linear(Box<Linear>),
    /// With a pattern that matches at least as much, to run first.
    Backtracking {
        filter: Option<Box<Linear>>,
        regex: Backtracking,
    },
}

#[derive(Debug)]
struct Linear {
    regex: Regex,
    literals: Option<Vec<Vec<u8>>>,
    /// One of these bytes occurs in every value that matches.
    required: Option<ByteSet>,
}

impl Pattern {
    pub(in crate::operators) fn compile(pattern: &str) -> Result<Self, PatternFault> {
        let translated = translate::translate(pattern, Dialect::Linear)?;
        if !translated.looks_around {
            return Linear::compile(&translated.text).map(|linear| Self(Engine::Linear(Box::new(linear))));
        }
        let filter = if translated.complete { Some(Box::new(Linear::compile(&translated.text)?)) } else { None };
        let translated = translate::translate(pattern, Dialect::Backtracking)?;
        let regex = Backtracking::compile(&translated.text)?;
        Ok(Self(Engine::Backtracking { filter, regex }))
    }

    pub(super) fn matches(&self, value: &[u8], captures: Option<&mut Captures>) -> bool {
        match &self.0 {
            Engine::Linear(linear) => linear.matches(value, captures),
            Engine::Backtracking { filter, regex } => {
                filter.as_ref().is_none_or(|filter| filter.matches(value, None)) && regex.matches(value, captures)
            }
        }
    }

    /// The texts that match, one after the other; at most the first for a pattern that looks around.
    pub(in crate::operators) fn candidates<'a>(&'a self, value: &'a [u8]) -> Box<dyn Iterator<Item = &'a [u8]> + 'a> {
        match &self.0 {
            Engine::Linear(linear) => Box::new(linear.regex.find_iter(value).map(move |found| &value[found.range()])),
            Engine::Backtracking { .. } => Box::new(self.matches(value, None).then_some(value).into_iter()),
        }
    }

    pub(super) fn literals(&self) -> Option<Vec<Vec<u8>>> {
        match &self.0 {
            Engine::Linear(linear) => linear.literals(),
            Engine::Backtracking { filter, .. } => filter.as_ref().and_then(|filter| filter.literals()),
        }
    }
}

impl Linear {
    /// Compiles text in the linear dialect of [`super::translate`].
    fn compile(text: &str) -> Result<Self, PatternFault> {
        let config =
            Config::new().nfa_size_limit(Some(STATES_BYTES)).hybrid_cache_capacity(CACHE_BYTES).utf8_empty(false);
        let regex = Regex::builder().configure(config).syntax(dialect()).build(text);
        let regex = regex.map_err(|fault| match (fault.size_limit(), fault.syntax_error()) {
            (Some(_), _) => PatternFault::TooLarge,
            (None, Some(fault)) => PatternFault::Syntax(last_line(&fault.to_string())),
            (None, None) => PatternFault::Syntax(last_line(&fault.to_string())),
        })?;
        Ok(Self { regex, literals: literals::required(text), required: ByteSet::required(text) })
    }

    fn literals(&self) -> Option<Vec<Vec<u8>>> {
        self.literals
            .clone()
            .or_else(|| self.required.as_ref().map(|bytes| bytes.iter().map(|byte| vec![byte]).collect()))
    }

    fn matches(&self, value: &[u8], captures: Option<&mut Captures>) -> bool {
        if self.required.as_ref().is_some_and(|required| !required.occurs(value)) {
            return false;
        }
        let Some(captures) = captures else { return self.regex.is_match(value) };
        // A search for groups costs far more than one for an answer, and most answers are no.
        if !self.regex.is_match(value) {
            return false;
        }
        let mut found = self.regex.create_captures();
        self.regex.search_captures(&Input::new(value), &mut found);
        for group in found.iter() {
            captures.push(group.map_or(&[], |span| &value[span.range()]));
        }
        true
    }
}

/// Bytes, not characters; the dot matches line feeds.
pub(super) fn dialect() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false).dot_matches_new_line(true)
}

/// What is wrong, without the drawing of the pattern that libraries put before it.
pub(super) fn last_line(text: &str) -> String {
    text.trim().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}
