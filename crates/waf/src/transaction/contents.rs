//! All bytes of one request that rules look at, each stretch once, with what was made of it.
//!
//! A transformation of a value is made once and remembered step by step, so lists that begin alike share the work. A
//! step that changes nothing gives the same content again: most values stay what they are under every list, and are
//! looked through once for all rules.

use std::borrow::Cow;
use std::sync::Arc;

use crate::byte_set::ByteSet;
use crate::operators::Work;
use crate::program::{Filter, List, Prefilter, Program};
use crate::transformations::Transformation;

/// A stretch of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ContentId(u32);

impl ContentId {
    /// The empty stretch.
    pub(super) const EMPTY: Self = Self(0);
}

/// No step, or not looked through yet.
const NONE: u32 = u32::MAX;

#[derive(Debug)]
struct Content {
    start: usize,
    end: usize,
    /// The bytes in it.
    bytes: ByteSet,
    /// Transformations that were tried and changed nothing, a bit for each.
    same: u64,
    /// The first of the remembered steps from here.
    steps: u32,
    /// Where the bits of the request's and the response's filter are.
    bits: [u32; 2],
}

#[derive(Debug)]
struct Step {
    transformation: Transformation,
    to: ContentId,
    next: u32,
}

/// All stretches of a request.
#[derive(Debug)]
pub(super) struct Contents {
    program: Arc<Program>,
    bytes: Vec<u8>,
    contents: Vec<Content>,
    steps: Vec<Step>,
    words: Vec<u64>,
    work: Work,
}

/// What a byte costs, against one that a linear-time pattern looks at: where it is transformed, and where it is looked
/// through for the texts of all patterns.
const TRANSFORMED: u64 = 2;
const SCANNED: u64 = 3;

impl Contents {
    pub(super) fn new(program: &Arc<Program>) -> Self {
        let mut contents = Self {
            program: Arc::clone(program),
            bytes: Vec::with_capacity(8192),
            contents: Vec::with_capacity(128),
            steps: Vec::with_capacity(64),
            words: Vec::with_capacity(512),
            work: Work::default(),
        };
        contents.add(b"");
        contents
    }

    /// Takes in a stretch.
    pub(super) fn add(&mut self, bytes: &[u8]) -> ContentId {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.added(start)
    }

    /// What was appended from a place on is a stretch of its own.
    fn added(&mut self, start: usize) -> ContentId {
        let end = self.bytes.len();
        let bytes = ByteSet::of(self.bytes.get(start..).unwrap_or_default());
        let id = u32::try_from(self.contents.len()).unwrap_or(0);
        self.contents.push(Content { start, end, bytes, same: 0, steps: NONE, bits: [NONE; 2] });
        ContentId(id)
    }

    pub(super) fn add_number(&mut self, number: i64) -> ContentId {
        let start = self.bytes.len();
        push_number(number, &mut self.bytes);
        self.added(start)
    }

    pub(super) fn bytes(&self, id: ContentId) -> &[u8] {
        let content = self.contents.get(id.0 as usize);
        content.and_then(|content| self.bytes.get(content.start..content.end)).unwrap_or_default()
    }

    /// The bytes that stand in a stretch.
    pub(super) fn byte_set(&self, id: ContentId) -> ByteSet {
        self.contents.get(id.0 as usize).map_or(ByteSet::EMPTY, |content| content.bytes)
    }

    /// Counts work.
    pub(super) fn spend(&mut self, units: u64) {
        self.work.add(units);
    }

    /// Work done so far.
    pub(super) fn work(&self) -> u64 {
        self.work.units()
    }

    /// Bytes that all of it takes, roughly.
    pub(super) fn memory(&self) -> usize {
        self.bytes.len()
            + self.contents.len() * size_of::<Content>()
            + self.steps.len() * size_of::<Step>()
            + self.words.len() * size_of::<u64>()
    }

    /// The content after a list of transformations.
    pub(super) fn transformed(&mut self, id: ContentId, list: &List) -> ContentId {
        if !list.touches(&self.byte_set(id)) {
            return id;
        }
        list.steps.iter().fold(id, |id, transformation| self.step(id, *transformation))
    }

    /// The content after one transformation.
    pub(super) fn step(&mut self, id: ContentId, transformation: Transformation) -> ContentId {
        let Some(content) = self.contents.get(id.0 as usize) else { return id };
        let bit = bit_of(transformation);
        if content.same & bit != 0 {
            return id;
        }
        let mut at = content.steps;
        while let Some(step) = self.steps.get(at as usize) {
            if step.transformation == transformation {
                return step.to;
            }
            at = step.next;
        }
        if transformation.touched().is_some_and(|touched| !touched.meets(&content.bytes)) {
            return self.unchanged(id, bit);
        }
        let before = self.bytes(id);
        let length = before.len();
        let changed = match transformation.apply(Cow::Borrowed(before)) {
            Cow::Borrowed(after) if after.len() == length => None,
            Cow::Borrowed(after) => Some(after.to_vec()),
            Cow::Owned(after) => (*after != *before).then_some(after),
        };
        self.spend(length as u64 * TRANSFORMED + 16);
        let Some(changed) = changed else { return self.unchanged(id, bit) };
        let to = self.add(&changed);
        let next = u32::try_from(self.steps.len()).unwrap_or(NONE);
        if let Some(content) = self.contents.get_mut(id.0 as usize) {
            self.steps.push(Step { transformation, to, next: content.steps });
            content.steps = next;
        }
        to
    }

    fn unchanged(&mut self, id: ContentId, bit: u64) -> ContentId {
        if let Some(content) = self.contents.get_mut(id.0 as usize) {
            content.same |= bit;
        }
        id
    }

    /// Whether an operator with this filter can match a content at all.
    pub(super) fn may_match(&mut self, id: ContentId, filter: &Filter, response: bool) -> bool {
        if filter.is_open() {
            return true;
        }
        let bytes = self.byte_set(id);
        filter.bytes.iter().all(|set| set.meets(&bytes))
            && filter.bit.is_none_or(|bit| {
                let bits = Bits(self.bits(id, response));
                self.has(bits, bit)
            })
    }

    /// The bits that any of some contents have.
    pub(super) fn union(&mut self, ids: &[(u32, ContentId)], response: bool) -> Bits {
        if let [(_, only)] = ids {
            return Bits(self.bits(*only, response));
        }
        ids.iter().for_each(|(_, id)| _ = self.bits(*id, response));
        let union = self.words.len();
        let words = self.filter(response).words();
        self.words.resize(union + words, 0);
        let (before, sum) = self.words.split_at_mut(union);
        for (_, id) in ids {
            let start = self.contents.get(id.0 as usize).map_or(NONE, |content| content.bits[usize::from(response)]);
            for (sum, word) in sum.iter_mut().zip(before.iter().skip(start as usize)) {
                *sum |= word;
            }
        }
        Bits(union)
    }

    /// Whether a bit is set.
    pub(super) fn has(&self, bits: Bits, bit: u32) -> bool {
        self.words.get(bits.0 + bit as usize / 64).is_none_or(|word| word & (1 << (bit % 64)) != 0)
    }

    fn filter(&self, response: bool) -> &Prefilter {
        if response { &self.program.response_filter } else { &self.program.request_filter }
    }

    /// Where the bits of a content stand; it is looked through if it has not been.
    fn bits(&mut self, id: ContentId, response: bool) -> usize {
        let known = self.contents.get(id.0 as usize).map_or(NONE, |content| content.bits[usize::from(response)]);
        if known != NONE {
            return known as usize;
        }
        let start = self.words.len();
        let Self { program, bytes, contents, words, work, .. } = self;
        let filter = if response { &program.response_filter } else { &program.request_filter };
        words.resize(start + filter.words(), 0);
        let Some(content) = contents.get_mut(id.0 as usize) else { return start };
        let value = bytes.get(content.start..content.end).unwrap_or_default();
        filter.scan(value, words.get_mut(start..).unwrap_or_default());
        content.bits[usize::from(response)] = u32::try_from(start).unwrap_or(NONE);
        work.add(value.len() as u64 * SCANNED + 16);
        start
    }
}

/// The bit of a transformation; none for one that has no room, which is then made again each time.
fn bit_of(transformation: Transformation) -> u64 {
    1_u64.checked_shl(transformation as u32).unwrap_or(0)
}

/// Appends a number's digits.
pub(super) fn push_number(number: i64, text: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        text.push(b'-');
    }
    text.extend_from_slice(digits.get(at..).unwrap_or_default());
}

/// Where the bits of operators stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bits(usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_they_are_read() {
        for number in [0, 7, -1, 10, 1_234_567_890, i64::MAX, i64::MIN] {
            let mut text = b"x".to_vec();
            push_number(number, &mut text);
            assert_eq!(text, format!("x{number}").into_bytes());
        }
    }
}
