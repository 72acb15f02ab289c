//! One compiled pattern.

use regex_automata::Input;
use regex_automata::meta::{Config, Regex};
use regex_automata::util::syntax;

use super::backtracking::Backtracking;
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
    Linear { regex: Regex, literals: Option<Vec<Vec<u8>>> },
    Backtracking(Backtracking),
}

impl Pattern {
    pub(in crate::operators) fn compile(pattern: &str) -> Result<Self, PatternFault> {
        let translated = translate::translate(pattern, Dialect::Linear)?;
        if translated.looks_around {
            let translated = translate::translate(pattern, Dialect::Backtracking)?;
            return Backtracking::compile(&translated.text).map(Engine::Backtracking).map(Self);
        }
        let regex = Regex::builder()
            .configure(Config::new().nfa_size_limit(Some(STATES_BYTES)).hybrid_cache_capacity(CACHE_BYTES).utf8_empty(false))
            .syntax(dialect())
            .build(&translated.text)
            .map_err(|fault| match fault.size_limit() {
                Some(_) => PatternFault::TooLarge,
                None => PatternFault::Syntax(last_line(&fault.syntax_error().map_or(fault.to_string(), ToString::to_string))),
            })?;
        Ok(Self(Engine::Linear { regex, literals: literals::required(&translated.text) }))
    }

    pub(super) fn matches(&self, value: &[u8], captures: Option<&mut Captures>) -> bool {
        match (&self.0, captures) {
            (Engine::Linear { regex, .. }, None) => regex.is_match(value),
            (Engine::Linear { regex, .. }, Some(captures)) => {
                let mut found = regex.create_captures();
                regex.search_captures(&Input::new(value), &mut found);
                for group in found.iter() {
                    captures.push(group.map_or(&[], |span| &value[span.range()]));
                }
                if !found.is_match() {
                    captures.clear();
                }
                found.is_match()
            }
            (Engine::Backtracking(regex), captures) => regex.matches(value, captures),
        }
    }

    /// The texts that match, one after the other; at most the first for a pattern that looks around.
    pub(in crate::operators) fn candidates<'v>(&self, value: &'v [u8]) -> Box<dyn Iterator<Item = &'v [u8]> + '_>
    where
        'v: '_,
    {
        match &self.0 {
            Engine::Linear { regex, .. } => Box::new(regex.find_iter(value).map(move |found| &value[found.range()])),
            Engine::Backtracking(regex) => Box::new(regex.matches(value, None).then_some(value).into_iter()),
        }
    }

    pub(super) fn literals(&self) -> Option<Vec<Vec<u8>>> {
        match &self.0 {
            Engine::Linear { literals, .. } => literals.clone(),
            Engine::Backtracking(_) => None,
        }
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
