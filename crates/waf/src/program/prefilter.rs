//! One pass over a value that tells which operators can match it at all.
//!
//! Every operator that cannot match without one of a few texts has a bit. One automaton holds the texts of all of them;
//! a value is run through it once, and operators whose bit is not set are not asked. Single bytes are no matter for the
//! automaton, which would report at nearly every position: sets of bytes are compared instead.

use std::collections::BTreeMap;

use aho_corasick::automaton::Automaton;
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};

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
    automaton: Option<NFA>,
    /// For each text of the automaton, the bits it sets.
    texts: Vec<Box<[u32]>>,
    bits: u32,
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
        let (patterns, texts): (Vec<_>, Vec<_>) =
            self.texts.into_iter().map(|(text, bits)| (text, bits.into_boxed_slice())).unzip();
        let mut builder = NFA::builder();
        builder.ascii_case_insensitive(true).match_kind(MatchKind::Standard).prefilter(false);
        let automaton = builder.build(&patterns).ok();
        match automaton {
            Some(automaton) => Prefilter { automaton: Some(automaton), texts, bits: self.bits },
            // Too many texts for an automaton: every operator is asked.
            None => Prefilter { bits: self.bits, ..Prefilter::default() },
        }
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
    pub(crate) fn scan(&self, value: &[u8], words: &mut [u64]) {
        let Some(automaton) = &self.automaton else {
            return words.fill(u64::MAX);
        };
        let Ok(mut state) = automaton.start_state(Anchored::No) else {
            return words.fill(u64::MAX);
        };
        // The library's own search carries state from match to match, which costs as much again.
        for byte in value {
            state = automaton.next_state(Anchored::No, state, *byte);
            if automaton.is_match(state) {
                for at in 0..automaton.match_len(state) {
                    let text = automaton.match_pattern(state, at).as_usize();
                    self.texts.get(text).into_iter().for_each(|bits| set(bits, words));
                }
            }
        }
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
        for (value, expected) in [("a", 0), ("SELECT", 1), ("' unIon", 1)] {
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

    struct NoFiles;

    impl crate::operators::Environment for NoFiles {
        fn read(&self, _: &str) -> Result<Vec<u8>, String> {
            Err("there are no files here".to_owned())
        }
    }
}
