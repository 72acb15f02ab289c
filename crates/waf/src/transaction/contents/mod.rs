//! All bytes of one request that rules look at, each stretch once, with what was made of it.
//!
//! A transformation of a value is made once and remembered step by step, so lists that begin alike share the work. A
//! step that changes nothing gives the same content again: most values stay what they are under every list, and are
//! looked through once for all rules.

mod bits;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

pub(super) use bits::Bits;

use crate::byte_set::ByteSet;
use crate::operators::Work;
use crate::program::{List, Program};
use crate::transformations::Transformation;
use crate::verdict::Bound;

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
    /// The content that has the bits: another one where the two differ in the case of letters alone, which the filter
    /// does not look at: many rules ask for small letters, and names and words of people hold capitals.
    spelled: ContentId,
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
    lists: Lists,
    work: Work,
    /// Work beyond which values are neither transformed nor looked through: they stay as they are, and whatever looks
    /// at them is told that there is no more to be done.
    bound: u64,
    /// Why a value was not transformed or not looked through, if one was not.
    left_out: Option<Bound>,
}

/// What stretches are made of.
#[derive(Debug, Default)]
pub(super) struct Lists {
    bytes: Vec<u8>,
    contents: Vec<Content>,
    steps: Vec<Step>,
    words: Vec<u64>,
}

impl Lists {
    /// Bytes that they take, roughly.
    fn used(&self) -> usize {
        let Self { bytes, contents, steps, words } = self;
        bytes.len() + size_of_val(&**contents) + size_of_val(&**steps) + size_of_val(&**words)
    }

    /// Bytes that there is room for.
    pub(super) fn room(&self) -> usize {
        let Self { bytes, contents, steps, words } = self;
        let lists = contents.capacity() * size_of::<Content>() + steps.capacity() * size_of::<Step>();
        lists + bytes.capacity() + words.capacity() * size_of::<u64>()
    }

    pub(super) fn clear(&mut self) {
        let Self { bytes, contents, steps, words } = self;
        bytes.clear();
        contents.clear();
        steps.clear();
        words.clear();
    }
}

/// What a byte that is transformed costs, against one that a linear-time pattern looks at.
const TRANSFORMED: u64 = 2;

/// How many times longer a transformation makes a value at most.
const GROWTH: usize = 3;

impl Contents {
    /// With emptied lists.
    pub(super) fn new(program: &Arc<Program>, lists: Lists) -> Self {
        let mut contents =
            Self { program: Arc::clone(program), lists, work: Work::default(), bound: u64::MAX, left_out: None };
        contents.add(b"");
        contents
    }

    /// The lists, to be used again.
    pub(super) fn take_lists(&mut self) -> Lists {
        std::mem::take(&mut self.lists)
    }

    /// Takes in a stretch.
    pub(super) fn add(&mut self, bytes: &[u8]) -> ContentId {
        let start = self.lists.bytes.len();
        self.lists.bytes.extend_from_slice(bytes);
        self.added(start)
    }

    /// Takes in a part of a stretch as one of its own.
    pub(super) fn add_part(&mut self, of: ContentId, part: Range<usize>) -> ContentId {
        let start = self.lists.bytes.len();
        if let Some(content) = self.lists.contents.get(of.0 as usize) {
            let end = content.end.min(content.start.saturating_add(part.end));
            let begin = end.min(content.start.saturating_add(part.start));
            self.lists.bytes.extend_from_within(begin..end);
        }
        self.added(start)
    }

    /// What was appended from a place on is a stretch of its own.
    fn added(&mut self, start: usize) -> ContentId {
        let end = self.lists.bytes.len();
        let bytes = ByteSet::of(self.lists.bytes.get(start..).unwrap_or_default());
        let id = u32::try_from(self.lists.contents.len()).unwrap_or(0);
        self.lists.contents.push(Content {
            start,
            end,
            bytes,
            same: 0,
            steps: NONE,
            bits: [NONE; 2],
            spelled: ContentId(id),
        });
        ContentId(id)
    }

    pub(super) fn add_number(&mut self, number: i64) -> ContentId {
        let start = self.lists.bytes.len();
        push_number(number, &mut self.lists.bytes);
        self.added(start)
    }

    pub(super) fn bytes(&self, id: ContentId) -> &[u8] {
        let content = self.lists.contents.get(id.0 as usize);
        content.and_then(|content| self.lists.bytes.get(content.start..content.end)).unwrap_or_default()
    }

    /// The bytes that stand in a stretch.
    #[inline]
    pub(super) fn byte_set(&self, id: ContentId) -> ByteSet {
        self.lists.contents.get(id.0 as usize).map_or(ByteSet::EMPTY, |content| content.bytes)
    }

    /// Counts work.
    #[inline]
    pub(super) fn spend(&mut self, units: u64) {
        self.work.add(units);
    }

    /// Sets how much work may be done altogether.
    pub(super) fn bound(&mut self, work: u64) {
        self.bound = work;
    }

    /// Work done so far.
    #[inline]
    pub(super) fn work(&self) -> u64 {
        self.work.units()
    }

    /// Why a value was not transformed or not looked through, if one was not.
    #[inline]
    pub(super) fn left_out(&self) -> Option<Bound> {
        self.left_out
    }

    /// Whether there is no room for more, `more` bytes being taken elsewhere.
    pub(super) fn is_full(&self, more: usize) -> bool {
        self.left_out == Some(Bound::Memory) || self.lists.used() + more > self.program.settings.memory
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
        let Some(content) = self.lists.contents.get(id.0 as usize) else { return id };
        let bit = bit_of(transformation);
        if content.same & bit != 0 {
            return id;
        }
        let mut at = content.steps;
        while let Some(step) = self.lists.steps.get(at as usize) {
            if step.transformation == transformation {
                return step.to;
            }
            at = step.next;
        }
        if transformation.touched().is_some_and(|touched| !touched.meets(&content.bytes)) {
            return self.unchanged(id, bit);
        }
        let length = self.bytes(id).len();
        let over = (self.work.units() > self.bound).then_some(Bound::Work);
        let over = over.or(self.is_full(GROWTH * length).then_some(Bound::Memory));
        if over.is_some() {
            self.left_out = self.left_out.or(over);
            return id;
        }
        let before = self.bytes(id);
        let changed = match transformation.apply(Cow::Borrowed(before)) {
            Cow::Borrowed(after) if after.len() == length => None,
            Cow::Borrowed(after) => Some(after.to_vec()),
            Cow::Owned(after) => (*after != *before).then_some(after),
        };
        self.spend(length as u64 * TRANSFORMED + 48);
        let Some(changed) = changed else { return self.unchanged(id, bit) };
        let to = self.sibling(id, &changed).unwrap_or_else(|| self.add(&changed));
        let next = u32::try_from(self.lists.steps.len()).unwrap_or(NONE);
        let Some(content) = self.lists.contents.get_mut(id.0 as usize) else { return to };
        self.lists.steps.push(Step { transformation, to, next: content.steps });
        content.steps = next;
        let spelled = content.spelled;
        if matches!(transformation, Transformation::Lowercase | Transformation::Uppercase)
            && let Some(changed) = self.lists.contents.get_mut(to.0 as usize)
        {
            changed.spelled = spelled;
        }
        to
    }

    /// What another transformation made of a content, if it made the same.
    fn sibling(&self, id: ContentId, changed: &[u8]) -> Option<ContentId> {
        let mut at = self.lists.contents.get(id.0 as usize)?.steps;
        while let Some(step) = self.lists.steps.get(at as usize) {
            if self.bytes(step.to) == changed {
                return Some(step.to);
            }
            at = step.next;
        }
        None
    }

    fn unchanged(&mut self, id: ContentId, bit: u64) -> ContentId {
        if let Some(content) = self.lists.contents.get_mut(id.0 as usize) {
            content.same |= bit;
        }
        id
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
