//! One pass over a value that tells which operators can match it at all.
//!
//! Every operator that cannot match without one of a few literals has a bit. One automaton holds the literals of all of
//! them; a value is run through it once, and operators whose bit is not set are not asked. Single bytes have a table
//! instead: in the automaton they would report at nearly every position.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// The bits of the operators and what sets them.
#[derive(Debug, Default)]
pub(crate) struct Prefilter {
    automaton: Option<AhoCorasick>,
    /// For each literal of the automaton, the bits it sets.
    literals: Vec<Box<[u32]>>,
    /// For each byte, the bits it sets.
    bytes: Vec<Box<[u32]>>,
    bits: u32,
}

/// Literals on their way into a prefilter.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    literals: BTreeMap<Vec<u8>, Vec<u32>>,
    bits: u32,
}

impl Gathering {
    /// A bit for an operator that needs one of these literals; none where that says nothing.
    pub(super) fn add(&mut self, literals: Vec<Vec<u8>>) -> Option<u32> {
        if literals.is_empty() || literals.iter().any(Vec::is_empty) {
            return None;
        }
        let bit = self.bits;
        self.bits += 1;
        for literal in literals {
            let bits = self.literals.entry(literal.to_ascii_lowercase()).or_default();
            if bits.last() != Some(&bit) {
                bits.push(bit);
            }
        }
        Some(bit)
    }

    pub(super) fn finish(self) -> Prefilter {
        let mut bytes: Vec<Box<[u32]>> = vec![Box::default(); 256];
        let (mut patterns, mut literals) = (Vec::new(), Vec::new());
        for (literal, bits) in self.literals {
            match literal.as_slice() {
                [byte] => {
                    for case in [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()] {
                        bytes[usize::from(case)] = bits.clone().into();
                    }
                }
                _ => {
                    patterns.push(literal);
                    literals.push(bits.into_boxed_slice());
                }
            }
        }
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&patterns)
            .ok();
        match automaton {
            Some(automaton) => Prefilter { automaton: Some(automaton), literals, bytes, bits: self.bits },
            // Too many literals for an automaton: every operator is asked.
            None => Prefilter { bits: self.bits, ..Prefilter::default() },
        }
    }
}

impl Prefilter {
    /// How many words hold the bits.
    pub(crate) fn words(&self) -> usize {
        self.bits.div_ceil(64) as usize
    }

    /// Sets in `words` the bits of all operators that can match `value`.
    pub(crate) fn scan(&self, value: &[u8], words: &mut [u64]) {
        let mut seen = [false; 256];
        for byte in value {
            let seen = &mut seen[usize::from(*byte)];
            if !*seen && let Some(bits) = self.bytes.get(usize::from(*byte)) {
                set(bits, words);
            }
            *seen = true;
        }
        let Some(automaton) = &self.automaton else {
            return words.fill(u64::MAX);
        };
        for found in automaton.find_overlapping_iter(value) {
            if let Some(bits) = self.literals.get(found.pattern().as_usize()) {
                set(bits, words);
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
    fn a_value_sets_the_bits_of_the_literals_in_it() {
        let mut gathering = Gathering::default();
        let select = gathering.add(vec![b"select".to_vec(), b"union".to_vec()]);
        let quote = gathering.add(vec![b"'".to_vec()]);
        assert_eq!((select, quote, gathering.add(vec![])), (Some(0), Some(1), None));
        let filter = gathering.finish();
        for (value, expected) in [("a", 0), ("SELECT", 1), ("it's", 2), ("' unIon", 3)] {
            let mut words = vec![0; filter.words()];
            filter.scan(value.as_bytes(), &mut words);
            assert_eq!(words, [expected], "{value}");
        }
    }
}
