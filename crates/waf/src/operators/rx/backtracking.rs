//! Patterns that look around or refer back, which no linear-time engine can run.
//!
//! Steps are counted, and their limit grows with the value. A value that needs more counts as a match: otherwise the
//! way past such a rule would be a value that is tedious to check. Long values are searched in overlapping pieces, so
//! that the work for a byte stays the same.

use fancy_regex::{Regex, RegexBuilder};

use super::pattern::{PatternFault, last_line};
use crate::operators::{Captures, Work};

/// Longest piece, and how many steps back a search in it may take.
const CLASSES: [(usize, usize); 3] = [(256, 20_000), (2048, 100_000), (PIECE, 500_000)];

/// The longest piece that is searched at once. Bytes.
const PIECE: usize = 16 << 10;

/// How much of a piece the next one repeats, for matches across the border. Bytes.
const OVERLAP: usize = 1 << 10;

/// What a byte costs, against one of a linear-time engine: the steps allowed for it, most of which values do not take.
const STEP_BACK: u64 = 128;

/// The pattern, once for each class of lengths.
#[derive(Debug)]
pub(super) struct Backtracking(Vec<(usize, Regex)>);

impl Backtracking {
    /// Compiles text in the backtracking dialect of [`super::translate`].
    pub(super) fn compile(text: &str) -> Result<Self, PatternFault> {
        let text = format!("(?s){text}");
        let compile = |(length, steps): (usize, usize)| {
            let regex = RegexBuilder::new(&text).backtrack_limit(steps).build();
            regex.map(|regex| (length, regex)).map_err(|fault| PatternFault::Syntax(last_line(&fault.to_string())))
        };
        CLASSES.into_iter().map(compile).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn matches(&self, value: &[u8], mut captures: Option<&mut Captures>, work: &mut Work) -> bool {
        let mut start = 0;
        loop {
            let end = value.len().min(start + PIECE);
            if !work.afford((end - start) as u64 * STEP_BACK) {
                return false;
            }
            if self.search(&value[start..end], captures.as_deref_mut()) {
                return true;
            }
            if end == value.len() {
                return false;
            }
            start = end - OVERLAP;
        }
    }

    fn search(&self, piece: &[u8], captures: Option<&mut Captures>) -> bool {
        let Some((_, regex)) = self.0.iter().find(|(length, _)| piece.len() <= *length) else { return true };
        // One character for each byte: the engine reads text, and this text has the bytes as its code points.
        let text: String = piece.iter().map(|byte| char::from(*byte)).collect();
        let Some(captures) = captures else { return regex.is_match(&text).unwrap_or(true) };
        match regex.captures(&text) {
            Ok(Some(found)) => {
                for group in found.iter() {
                    captures.push(&bytes(group.map_or("", |group| group.as_str())));
                }
                true
            }
            Ok(None) => false,
            Err(_) => {
                captures.push(piece);
                true
            }
        }
    }
}

/// The bytes that a text stands for.
fn bytes(text: &str) -> Vec<u8> {
    text.chars().filter_map(|character| u8::try_from(u32::from(character)).ok()).collect()
}
