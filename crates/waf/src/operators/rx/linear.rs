//! A pattern on a linear-time engine.
//!
//! Whether a value matches is asked of an automaton whose states are made as they are met and remembered. Where a
//! value meets more states than may be remembered, a simulation takes over that remembers none: slower by two orders
//! of magnitude, and counted as such.

use regex_automata::hybrid::dfa::{self, DFA};
use regex_automata::meta::{self, Regex};
use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::pool::Pool;
use regex_automata::util::syntax;
use regex_automata::{Input, MatchKind};

use super::pattern::{PatternFault, last_line};
use super::{literals, required_byte};
use crate::byte_set::ByteSet;
use crate::operators::{Captures, Work};

/// The most memory the states of one pattern may take. The greatest of the public rule sets needs under a quarter.
pub(super) const STATES_BYTES: usize = 10 << 20;

/// The most memory one search may spend on remembering the states that it met. Bytes.
const CACHE_BYTES: usize = 2 << 20;

/// The most of that which is kept between searches, for each pattern and thread. Bytes.
const KEPT_BYTES: usize = 256 << 10;

/// The most memory a thread may spend on remembering what it met in searches for groups. Bytes.
const GROUPS_BYTES: usize = 1 << 20;

/// What a byte costs where states cannot be remembered, against one where they can.
const SIMULATED: u64 = 128;

/// What a byte costs where groups are looked for.
const GROUPED: u64 = 4;

type Make = Box<dyn Fn() -> dfa::Cache + Send + Sync>;

#[derive(Debug)]
pub(super) struct Linear {
    dfa: DFA,
    caches: Pool<dfa::Cache, Make>,
    simulation: PikeVM,
    /// Finds groups.
    regex: Regex,
    literals: Option<Vec<Vec<u8>>>,
    /// A byte of each of these sets occurs in every value that matches.
    required: Vec<ByteSet>,
}

impl Linear {
    /// Compiles text in the linear dialect of [`super::translate`].
    pub(super) fn compile(text: &str) -> Result<Self, PatternFault> {
        let config = meta::Config::new()
            .nfa_size_limit(Some(STATES_BYTES))
            .hybrid_cache_capacity(GROUPS_BYTES)
            .utf8_empty(false);
        let regex = Regex::builder().configure(config).syntax(dialect()).build(text).map_err(|fault| {
            match (fault.size_limit(), fault.syntax_error()) {
                (Some(_), _) => PatternFault::TooLarge,
                (None, Some(fault)) => PatternFault::Syntax(last_line(&fault.to_string())),
                (None, None) => PatternFault::Syntax(last_line(&fault.to_string())),
            }
        })?;
        let nfa = nfa(text).ok_or(PatternFault::TooLarge)?;
        let dfa = automaton(nfa.clone()).ok_or(PatternFault::TooLarge)?;
        let simulation = PikeVM::new_from_nfa(nfa).map_err(|_| PatternFault::TooLarge)?;
        let maker = dfa.clone();
        let make: Make = Box::new(move || maker.create_cache());
        let (literals, required) = (literals::required(text), required_byte::required(text));
        Ok(Self { dfa, caches: Pool::new(make), simulation, regex, literals, required })
    }

    pub(super) fn literals(&self) -> Option<Vec<Vec<u8>>> {
        self.literals.clone()
    }

    pub(super) fn required(&self) -> &[ByteSet] {
        &self.required
    }

    pub(super) fn matches(&self, value: &[u8], captures: Option<&mut Captures>, work: &mut Work) -> bool {
        work.add(value.len() as u64);
        let found = self.is_match(value, work);
        // A search for groups costs far more than one for an answer, and most answers are no.
        if let (true, Some(captures)) = (found, captures) {
            work.add(value.len() as u64 * GROUPED);
            let mut groups = self.regex.create_captures();
            self.regex.search_captures(&Input::new(value), &mut groups);
            for group in groups.iter() {
                captures.push(group.map_or(&[], |span| &value[span.range()]));
            }
        }
        found
    }

    fn is_match(&self, value: &[u8], work: &mut Work) -> bool {
        let input = Input::new(value).earliest(true);
        let mut cache = self.caches.get();
        let mut found = self.dfa.try_search_fwd(&mut cache, &input);
        if found.is_err() {
            // What earlier values left took the room: this value alone decides whether it has enough of it.
            cache.reset(&self.dfa);
            found = self.dfa.try_search_fwd(&mut cache, &input);
        }
        if cache.memory_usage() > KEPT_BYTES {
            *cache = self.dfa.create_cache();
        }
        match found {
            Ok(found) => found.is_some(),
            Err(_) => {
                work.afford(value.len() as u64 * SIMULATED)
                    && self.simulation.is_match(&mut self.simulation.create_cache(), input)
            }
        }
    }

    /// The texts that match, one after the other.
    pub(super) fn found<'a>(&'a self, value: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + 'a {
        self.regex.find_iter(value).map(move |found| &value[found.range()])
    }
}

/// The pattern without its groups: they make an automaton larger and tell it nothing.
fn nfa(text: &str) -> Option<NFA> {
    let config =
        thompson::Config::new().nfa_size_limit(Some(STATES_BYTES)).which_captures(WhichCaptures::Implicit).utf8(false);
    thompson::Compiler::new().configure(config).syntax(dialect()).build(text).ok()
}

/// An automaton that gives up as soon as its room is full.
fn automaton(nfa: NFA) -> Option<DFA> {
    let config = DFA::config()
        .match_kind(MatchKind::LeftmostFirst)
        .cache_capacity(CACHE_BYTES)
        .skip_cache_capacity_check(true)
        .minimum_cache_clear_count(Some(0));
    DFA::builder().configure(config).build_from_nfa(nfa).ok()
}

/// Bytes, not characters; the dot matches line feeds.
pub(super) fn dialect() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false).dot_matches_new_line(true)
}
