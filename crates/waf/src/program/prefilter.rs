//! One pass over a value that tells which operators can match it at all.
//!
//! Every operator that cannot match without one of a few texts has a bit. One automaton holds the texts of all of them;
//! a value is run through it once, and operators whose bit is not set are not asked. Single bytes are no matter for the
//! automaton, which would report at nearly every position: sets of bytes are compared instead.
//!
//! The automaton has a table for each state: a step is one look, where an automaton of lists takes several. Tables of
//! whole texts would take 12 MB for the core rule set, so it holds the heads of texts only, and the few texts that
//! begin alike are compared where their head was found.

use std::collections::BTreeMap;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::dfa::DFA;
use aho_corasick::{Anchored, MatchKind, StartKind};

use crate::byte_set::ByteSet;
use crate::operators::{Operator, commonness};

/// What has to be in a value for an operator to match it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// The bit of its texts.
    pub(crate) bit: Option<u32>,
    /// A byte of each of these.
    pub(crate) bytes: Box<[ByteSet]>,
}

impl Filter {
    /// Whether every value passes.
    pub(crate) fn is_open(&self) -> bool {
        self.bit.is_none() && self.bytes.is_empty()
    }
}

/// The bits of the operators and what sets them.
#[derive(Debug, Default)]
pub(crate) struct Prefilter {
    automaton: Option<DFA>,
    /// For each head in the automaton, the texts that begin with it.
    heads: Vec<Box<[Tail]>>,
    bits: u32,
}

/// What is left of a text behind its head, in small letters, and the bits that the text sets.
#[derive(Debug)]
struct Tail {
    rest: Box<[u8]>,
    bits: Box<[u32]>,
}

/// Texts on their way into a prefilter.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    texts: BTreeMap<Vec<u8>, Vec<u32>>,
    bits: u32,
}

impl Gathering {
    /// What a value has to hold for an operator to match it.
    pub(super) fn add(&mut self, operator: &Operator) -> Filter {
        let mut bytes = operator.required();
        let texts = operator.literals().filter(|texts| !texts.is_empty() && !texts.iter().any(Vec::is_empty));
        let bit = texts.and_then(|texts| {
            if texts.iter().all(|text| text.len() > 1) {
                return Some(self.bit(texts));
            }
            bytes.push(texts.iter().fold(ByteSet::EMPTY, |set, text| set.union(rarest(text))));
            None
        });
        Filter { bit, bytes: bytes.into() }
    }

    fn bit(&mut self, texts: Vec<Vec<u8>>) -> u32 {
        let bit = self.bits;
        self.bits += 1;
        for text in texts {
            let bits = self.texts.entry(text.to_ascii_lowercase()).or_default();
            if bits.last() != Some(&bit) {
                bits.push(bit);
            }
        }
        bit
    }

    pub(super) fn finish(self) -> Prefilter {
        let texts: Vec<_> = self.texts.iter().map(|(text, bits)| (text.as_slice(), bits.as_slice())).collect();
        let mut heads = Vec::new();
        by_head(&texts, HEAD, &mut heads);
        let (patterns, heads): (Vec<&[u8]>, Vec<_>) = heads.into_iter().unzip();
        let mut builder = DFA::builder();
        builder.ascii_case_insensitive(true).match_kind(MatchKind::Standard).prefilter(false);
        match builder.start_kind(StartKind::Unanchored).build(&patterns) {
            Ok(automaton) => Prefilter { automaton: Some(automaton), heads, bits: self.bits },
            // Too many texts for an automaton: every operator is asked.
            Err(_) => Prefilter { bits: self.bits, ..Prefilter::default() },
        }
    }
}

/// The length of a head, unless too many texts begin with it. Bytes.
const HEAD: usize = 4;

/// The most texts that share a head shorter than the longest: what is compared where it is found.
const SHARED: usize = 4;

/// The longest head: texts of whole pages that begin alike are not taken apart byte by byte. Bytes.
const LONGEST: usize = 32;

/// Texts in their order, with the bits that each sets.
type Texts<'t> = [(&'t [u8], &'t [u32])];

/// Sorts texts by heads of a length, or of a greater one where too many begin alike.
fn by_head<'t>(texts: &Texts<'t>, length: usize, heads: &mut Vec<(&'t [u8], Box<[Tail]>)>) {
    let head = |text: &'t [u8]| text.get(..length).unwrap_or(text);
    for alike in texts.chunk_by(|(one, _), (other, _)| head(one) == head(other)) {
        let Some((first, _)) = alike.first() else { continue };
        let head = head(first);
        if alike.len() > SHARED && head.len() == length && length < LONGEST {
            by_head(alike, length + 1, heads);
            continue;
        }
        let tail = |(text, bits): &(&[u8], &[u32])| Tail { rest: text[head.len()..].into(), bits: (*bits).into() };
        heads.push((head, alike.iter().map(tail).collect()));
    }
}

/// The byte of a text that values hold least, in both cases.
fn rarest(text: &[u8]) -> ByteSet {
    let sets = text.iter().map(|byte| ByteSet::of(&[byte.to_ascii_lowercase(), byte.to_ascii_uppercase()]));
    sets.min_by_key(commonness).unwrap_or_default()
}

impl Prefilter {
    /// How many words hold the bits.
    pub(crate) fn words(&self) -> usize {
        self.bits.div_ceil(64) as usize
    }

    /// Sets in `words` the bits of all operators of which a text stands in `value`.
    ///
    /// A function of its own, as is what follows a find: together with their callers the state lives on the stack,
    /// which costs a tenth of all that is done for a form.
    #[inline(never)]
    pub(crate) fn scan(&self, value: &[u8], words: &mut [u64]) {
        let start = self.automaton.as_ref().map(|automaton| (automaton, automaton.start_state(Anchored::No)));
        let Some((automaton, Ok(mut state))) = start else {
            return words.fill(u64::MAX);
        };
        // The library's own search carries state from match to match, which costs as much again.
        for (at, byte) in value.iter().enumerate() {
            state = automaton.next_state(Anchored::No, state, *byte);
            if automaton.is_match(state) {
                self.found(automaton, state, value.get(at + 1..).unwrap_or_default(), words);
            }
        }
    }

    /// Sets the bits of the texts whose head has been found before the rest of a value.
    #[inline(never)]
    fn found(&self, automaton: &DFA, state: StateID, behind: &[u8], words: &mut [u64]) {
        for found in 0..automaton.match_len(state) {
            let head = automaton.match_pattern(state, found).as_usize();
            let tails = self.heads.get(head).into_iter().flatten();
            tails.filter(|tail| tail.begins(behind)).for_each(|tail| set(&tail.bits, words));
        }
    }
}

impl Tail {
    fn begins(&self, behind: &[u8]) -> bool {
        behind.get(..self.rest.len()).is_some_and(|start| start.eq_ignore_ascii_case(&self.rest))
    }
}

fn set(bits: &[u32], words: &mut [u64]) {
    for bit in bits {
        if let Some(word) = words.get_mut(*bit as usize / 64) {
            *word |= 1 << (bit % 64);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn without_an_automaton_every_bit_is_set() {
        let filter = Prefilter { bits: 70, ..Prefilter::default() };
        let mut words = vec![0; filter.words()];
        filter.scan(b"a", &mut words);
        assert_eq!(words, [u64::MAX, u64::MAX]);
    }

    #[test]
    fn a_value_sets_the_bits_of_the_texts_in_it() {
        let mut gathering = Gathering::default();
        let mut add = |name, argument| gathering.add(&Operator::parse(name, argument, &NoFiles).expect("an operator"));
        let filters = [add("pm", "select union"), add("contains", "'"), add("pm", "a ="), add("within", "abc")];
        let bits = filters.each_ref().map(|filter| filter.bit);
        assert_eq!((bits, filters[3].is_open()), ([Some(0), None, None, None], true));
        let filter = gathering.finish();
        for (value, expected) in [("a", 0), ("SELECT", 1), ("' unIon", 1), ("selec", 0)] {
            let mut words = vec![0; filter.words()];
            filter.scan(value.as_bytes(), &mut words);
            assert_eq!(words, [expected], "{value}");
        }
        for (value, passes) in [("it's", [true, false]), ("=", [false, true]), ("A", [false, true]), ("b", [false; 2])]
        {
            let bytes = ByteSet::of(value.as_bytes());
            let found = [&filters[1], &filters[2]].map(|filter| filter.bytes.iter().all(|set| set.meets(&bytes)));
            assert_eq!(found, passes, "{value}");
        }
    }

    #[test]
    fn texts_of_pages_that_begin_alike_are_found() {
        let mut gathering = Gathering::default();
        let text = |last: char| format!("{}{last}", "x".repeat(100_000)).into_bytes();
        "abcdefgh".chars().for_each(|last| _ = gathering.bit(vec![text(last)]));
        let filter = gathering.finish();
        let mut words = vec![0; filter.words()];
        filter.scan(&text('C'), &mut words);
        assert_eq!(words, [1 << 2]);
    }

    proptest! {
        #[test]
        fn bits_are_those_of_the_texts_that_stand_in_a_value_in_any_case(
            lists in prop::collection::vec(prop::collection::vec("[abAB]{2,7}", 1..20), 1..9), value in "[abAB]{0,30}",
        ) {
            let mut gathering = Gathering::default();
            for texts in &lists {
                gathering.bit(texts.iter().map(|text| text.clone().into_bytes()).collect());
            }
            let filter = gathering.finish();
            let lower = value.to_ascii_lowercase();
            let holds = |texts: &Vec<String>| texts.iter().any(|text| lower.contains(&text.to_ascii_lowercase()));
            let expected = lists.iter().rev().fold(0, |bits, texts| bits << 1 | u64::from(holds(texts)));
            for spelling in [value.as_str(), &lower, &value.to_ascii_uppercase()] {
                let mut words = vec![0; filter.words()];
                filter.scan(spelling.as_bytes(), &mut words);
                prop_assert_eq!(&words, &[expected]);
            }
        }
    }

    struct NoFiles;

    impl crate::operators::Environment for NoFiles {
        fn read(&self, _: &str) -> Result<Vec<u8>, String> {
            Err("there are no files here".to_owned())
        }
    }
}
