//! Patterns of conditions: regular expressions of the RE2 kind, found anywhere in the value.

mod dialect;
mod sequence;
mod shape;

use std::fmt;
use std::sync::Arc;

use regex_automata::meta::{BuildError, Regex};
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, PatternID};

use sequence::Sequence;
use shape::{Begin, Shape};

/// Bytes the automaton of one pattern may take.
const SIZE_LIMIT: usize = 1 << 20;
/// Bytes of scratch memory that a lazily built automaton may take, per thread that runs it.
const CACHE_LIMIT: usize = 1 << 20;
/// How deep groups may stand in each other.
const NEST_LIMIT: u32 = 100;

/// Where groups begin and end: pairs of offsets. Reused from one match to the next.
pub(crate) type Groups = Vec<Option<NonMaxUsize>>;

/// A compiled pattern. Cheap to clone.
#[derive(Clone)]
pub struct Pattern {
    inner: Arc<Inner>,
    shape: Shape,
}

struct Inner {
    text: Box<str>,
    ignore_case: bool,
    regex: Regex,
    /// What every value it is found in begins with; case as the pattern has it.
    prefix: Box<[u8]>,
    /// What every match begins with, where a match may begin anywhere; case as the pattern has it.
    lead: Box<[u8]>,
    /// The pattern as steps, where it needs no automaton once it is known where a match may begin.
    sequence: Option<Sequence>,
    groups: usize,
    matches_empty: bool,
}

/// Why a pattern is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is not a regular expression of the RE2 kind.
    #[error("{0}")]
    Syntax(String),
    /// It is one, but its automaton would be larger than a mebibyte.
    #[error("it is too large; repetitions of repetitions multiply")]
    TooLarge,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// Characters are bytes, as in what they are compared with, unless the pattern needs more (`\p{L}`, `[é]`).
    pub fn new(text: &str, ignore_case: bool) -> Result<Self, PatternError> {
        let spelled = dialect::translated(text);
        let bytes =
            syntax::Config::new().case_insensitive(ignore_case).unicode(false).utf8(false).nest_limit(NEST_LIMIT);
        let (regex, (shape, begin)) = match build(&spelled, bytes) {
            Ok(regex) => (regex, shape(&spelled, bytes)),
            Err(PatternError::Syntax(_)) => (build(&spelled, bytes.unicode(true))?, (Shape::Other, Begin::default())),
            Err(error) => return Err(error),
        };
        let Begin { prefix, lead, anchored, sequence } = begin;
        // Where a match may begin must be known: at the beginning, or where a text stands.
        let sequence = sequence.filter(|_| anchored || !lead.is_empty());
        let groups = regex.group_info().group_len(PatternID::ZERO).saturating_sub(1);
        let matches_empty = regex.is_match(b"".as_slice());
        Ok(Self {
            inner: Arc::new(Inner {
                text: text.into(),
                ignore_case,
                regex,
                prefix,
                lead,
                sequence,
                groups,
                matches_empty,
            }),
            shape,
        })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.inner.text
    }

    /// How many groups it captures.
    pub fn groups(&self) -> usize {
        self.inner.groups
    }

    /// Whether it is found in `value`.
    pub fn is_match(&self, value: &[u8]) -> bool {
        let inner = &self.inner;
        if value.is_empty() {
            return inner.matches_empty;
        }
        let by_shape = self.shape.is_in(value, inner.ignore_case);
        by_shape.unwrap_or_else(|| inner.can_match(value) && inner.search(value, None))
    }

    /// Whether it is found in `value`, and where its groups are, up to the group `last`.
    pub(crate) fn captures(&self, value: &[u8], last: usize, groups: &mut Groups) -> bool {
        groups.clear();
        groups.resize((last.min(self.groups()) + 1) * 2, None);
        let inner = &self.inner;
        let can_match = if value.is_empty() { inner.matches_empty } else { inner.can_match(value) };
        can_match && inner.search(value, Some(groups))
    }
}

fn build(text: &str, syntax: syntax::Config) -> Result<Regex, PatternError> {
    let config = Regex::config()
        .utf8_empty(false)
        .nfa_size_limit(Some(SIZE_LIMIT))
        .onepass_size_limit(Some(SIZE_LIMIT))
        .hybrid_cache_capacity(CACHE_LIMIT);
    Regex::builder().syntax(syntax).configure(config).build(text).map_err(|error| reason(&error))
}

/// The shape and the prefix of a pattern that can be built; with case as it stands, which is taken care of when they
/// are compared.
fn shape(text: &str, syntax: syntax::Config) -> (Shape, Begin) {
    let Ok(hir) = syntax::parse_with(text, &syntax.case_insensitive(false)) else {
        return (Shape::Other, Begin::default());
    };
    let ignore_case = syntax.get_case_insensitive();
    (Shape::of(&hir, ignore_case), Begin::of(&hir, ignore_case))
}

/// Places where a match may begin that are tried one by one before the whole value is searched; few, so that the time
/// stays linear in the value's length.
const TRIED: usize = 4;

impl Inner {
    /// Finds the first match. Where a match begins with a known text, it is tried where the text stands: searching
    /// first for where a match begins costs three times as much in short values.
    fn search(&self, value: &[u8], mut groups: Option<&mut Groups>) -> bool {
        if self.lead.is_empty() {
            return match &self.sequence {
                Some(sequence) => sequence.matches(value, 0, self.ignore_case, groups),
                None => self.run(Input::new(value), groups),
            };
        }
        let mut from = 0;
        for _ in 0..TRIED {
            let Some(at) = self.next_lead(value, from) else { return false };
            let found = match &self.sequence {
                Some(sequence) => sequence.matches(value, at, self.ignore_case, groups.as_deref_mut()),
                None => {
                    self.run(Input::new(value).span(at..value.len()).anchored(Anchored::Yes), groups.as_deref_mut())
                }
            };
            if found {
                return true;
            }
            from = at + 1;
        }
        self.run(Input::new(value).span(from.min(value.len())..value.len()), groups)
    }

    fn run(&self, input: Input<'_>, groups: Option<&mut Groups>) -> bool {
        match groups {
            Some(groups) => self.regex.search_slots(&input, groups).is_some(),
            None => self.regex.is_match(input),
        }
    }

    fn next_lead(&self, value: &[u8], from: usize) -> Option<usize> {
        let (first, rest) = (*self.lead.first()?, value.get(from..)?);
        let is_lead = |at: &usize| {
            let part = rest.get(*at..*at + self.lead.len());
            part.is_some_and(
                |part| if self.ignore_case { part.eq_ignore_ascii_case(&self.lead) } else { part == &*self.lead },
            )
        };
        let found = if self.ignore_case {
            memchr::memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), rest).find(is_lead)
        } else {
            memchr::memchr_iter(first, rest).find(is_lead)
        };
        Some(from + found?)
    }

    fn can_match(&self, value: &[u8]) -> bool {
        let Some(begin) = value.get(..self.prefix.len()) else { return false };
        if self.ignore_case { begin.eq_ignore_ascii_case(&self.prefix) } else { begin == &*self.prefix }
    }
}

fn reason(error: &BuildError) -> PatternError {
    match error.syntax_error() {
        Some(regex_syntax::Error::Parse(error)) => PatternError::Syntax(error.kind().to_string()),
        Some(regex_syntax::Error::Translate(error)) => PatternError::Syntax(error.kind().to_string()),
        Some(_) => PatternError::Syntax("not a regular expression".to_owned()),
        None => PatternError::TooLarge,
    }
}

/// The bounds of a group, if it took part.
pub(crate) fn group(groups: &Groups, number: usize) -> Option<(usize, usize)> {
    let bound = |at: usize| groups.get(at).copied().flatten().map(NonMaxUsize::get);
    Some((bound(number.checked_mul(2)?)?, bound(number.checked_mul(2)? + 1)?))
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Pattern").field(&self.inner.text).finish()
    }
}
