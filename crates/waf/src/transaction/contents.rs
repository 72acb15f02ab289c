//! All bytes of one request that rules look at, each stretch once, with what was made of it.
//!
//! A transformation of a value is made once and remembered step by step, so lists that begin alike share the work. A
//! step that changes nothing gives the same content again: most values stay what they are under every list, and are
//! looked through once for all rules.

use std::borrow::Cow;
use std::sync::Arc;

use crate::program::{Prefilter, Program};
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
    /// Transformations that are known to change nothing, a bit for each.
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
    spent: u64,
}

/// Bytes one request may come to with all that is made of it.
const MEMORY: usize = 128 << 20;

impl Contents {
    pub(super) fn new(program: &Arc<Program>) -> Self {
        let mut contents = Self {
            program: Arc::clone(program),
            bytes: Vec::with_capacity(4096),
            contents: Vec::with_capacity(128),
            steps: Vec::with_capacity(256),
            words: Vec::with_capacity(1024),
            spent: 0,
        };
        contents.add(b"");
        contents
    }

    /// Takes in a stretch.
    pub(super) fn add(&mut self, bytes: &[u8]) -> ContentId {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        let id = u32::try_from(self.contents.len()).unwrap_or(0);
        self.contents.push(Content { start, end: self.bytes.len(), same: 0, steps: NONE, bits: [NONE; 2] });
        ContentId(id)
    }

    pub(super) fn add_number(&mut self, number: u64) -> ContentId {
        self.add(number.to_string().as_bytes())
    }

    pub(super) fn bytes(&self, id: ContentId) -> &[u8] {
        let content = self.contents.get(id.0 as usize);
        content.and_then(|content| self.bytes.get(content.start..content.end)).unwrap_or_default()
    }

    /// Counts work that is proportional to so many bytes.
    pub(super) fn spend(&mut self, bytes: usize) {
        // A look at nothing costs something too.
        self.spent = self.spent.saturating_add(bytes as u64 + 8);
    }

    /// Whether rules have looked at more, or made more of it, than they may.
    pub(super) fn exhausted(&self) -> bool {
        self.spent > self.program.settings.budget || self.bytes.len() > MEMORY
    }

    /// The content after a list of transformations.
    pub(super) fn transformed(&mut self, id: ContentId, list: &[Transformation]) -> ContentId {
        list.iter().fold(id, |id, transformation| self.step(id, *transformation))
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
        let before = self.bytes(id);
        let length = before.len();
        let changed = match transformation.apply(Cow::Borrowed(before)) {
            Cow::Borrowed(after) if after.len() == length => None,
            Cow::Borrowed(after) => Some(after.to_vec()),
            Cow::Owned(after) => (*after != *before).then_some(after),
        };
        self.spend(length);
        let Some(changed) = changed else {
            if let Some(content) = self.contents.get_mut(id.0 as usize) {
                content.same |= bit;
            }
            return id;
        };
        let to = self.add(&changed);
        let next = u32::try_from(self.steps.len()).unwrap_or(NONE);
        if let Some(content) = self.contents.get_mut(id.0 as usize) {
            self.steps.push(Step { transformation, to, next: content.steps });
            content.steps = next;
        }
        to
    }

    /// Whether an operator with this bit can match a content at all.
    pub(super) fn may_match(&mut self, id: ContentId, bit: u32, response: bool) -> bool {
        let bits = Bits(self.bits(id, response));
        self.has(bits, bit)
    }

    /// Bits that are set for any of some contents.
    pub(super) fn union(&mut self, ids: &[(u32, ContentId)], response: bool) -> Bits {
        if let [(_, only)] = ids {
            return Bits(self.bits(*only, response));
        }
        let starts: Vec<usize> = ids.iter().map(|(_, id)| self.bits(*id, response)).collect();
        let union = self.words.len();
        let words = self.filter(response).words();
        self.words.resize(union + words, 0);
        let (before, sum) = self.words.split_at_mut(union);
        for start in starts {
            for (sum, word) in sum.iter_mut().zip(before.iter().skip(start)) {
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
        let program = Arc::clone(&self.program);
        let filter = if response { &program.response_filter } else { &program.request_filter };
        self.words.resize(start + filter.words(), 0);
        let Self { bytes, contents, words, .. } = self;
        let Some(content) = contents.get_mut(id.0 as usize) else { return start };
        let value = bytes.get(content.start..content.end).unwrap_or_default();
        filter.scan(value, words.get_mut(start..).unwrap_or_default());
        content.bits[usize::from(response)] = u32::try_from(start).unwrap_or(NONE);
        let length = value.len();
        self.spend(length);
        start
    }
}

/// The bit of a transformation; none for one that has no room, which is then made again each time.
fn bit_of(transformation: Transformation) -> u64 {
    1_u64.checked_shl(transformation as u32).unwrap_or(0)
}

/// Where the bits of operators stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bits(usize);
