//! Which operators can match a content at all, looked up once for all rules.

use super::{ContentId, Contents, Lists, NONE};
use crate::program::Filter;
use crate::verdict::Bound;

/// Where the bits of operators stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transaction) struct Bits(usize);

/// What a byte that is looked through for the texts of all patterns costs, against one that a linear-time pattern looks
/// at.
const SCANNED: u64 = 3;

impl Contents {
    /// Whether an operator with this filter can match a content at all.
    pub(in crate::transaction) fn may_match(&mut self, id: ContentId, filter: &Filter, response: bool) -> bool {
        if filter.is_open() {
            return true;
        }
        let bytes = self.byte_set(id);
        filter.bytes.iter().all(|set| set.meets(&bytes))
            && filter.bit.is_none_or(|bit| {
                let bits = self.bits(id, response);
                self.has(bits, bit)
            })
    }

    /// The bits that any of some contents have.
    pub(in crate::transaction) fn union(&mut self, ids: &[(u32, ContentId)], response: bool) -> Bits {
        if let [(_, only)] = ids {
            return self.bits(*only, response);
        }
        ids.iter().for_each(|(_, id)| _ = self.bits(*id, response));
        let union = self.empty_bits();
        for (_, id) in ids {
            let bits = self.bits(*id, response);
            self.add_bits(union, bits);
        }
        union
    }

    /// A list in which no bit is set.
    pub(in crate::transaction) fn empty_bits(&mut self) -> Bits {
        let start = self.lists.words.len();
        let words = self.program.request_filter.words().max(self.program.response_filter.words());
        self.lists.words.resize(start + words, 0);
        Bits(start)
    }

    /// Sets in the newest list what is set in an older one of the same filter.
    pub(in crate::transaction) fn add_bits(&mut self, sum: Bits, bits: Bits) {
        if let Some((before, sum)) = self.lists.words.split_at_mut_checked(sum.0) {
            add_words(sum, before, bits.0);
        }
    }

    /// Whether a bit is set.
    #[inline]
    pub(in crate::transaction) fn has(&self, bits: Bits, bit: u32) -> bool {
        self.lists.words.get(bits.0 + bit as usize / 64).is_none_or(|word| word & (1 << (bit % 64)) != 0)
    }

    /// Where the bits of a content stand; it is looked through if it has not been.
    fn bits(&mut self, id: ContentId, response: bool) -> Bits {
        let id = self.lists.contents.get(id.0 as usize).map_or(id, |content| content.spelled);
        let known = self.lists.contents.get(id.0 as usize).map_or(NONE, |content| content.bits[usize::from(response)]);
        if known != NONE {
            return Bits(known as usize);
        }
        let start = self.lists.words.len();
        let Self { program, lists: Lists { bytes, contents, words, .. }, work, bound, left_out } = self;
        let filter = if response { &program.response_filter } else { &program.request_filter };
        words.resize(start + filter.words(), 0);
        let Some(content) = contents.get_mut(id.0 as usize) else { return Bits(start) };
        let value = bytes.get(content.start..content.end).unwrap_or_default();
        let bits = words.get_mut(start..).unwrap_or_default();
        if work.units() > *bound {
            // Whatever passes on this word finds that the work has ended.
            bits.fill(u64::MAX);
            left_out.get_or_insert(Bound::Work);
        } else {
            filter.scan(value, bits);
            work.add(value.len() as u64 * SCANNED + 64);
        }
        content.bits[usize::from(response)] = u32::try_from(start).unwrap_or(NONE);
        Bits(start)
    }
}

/// Sets in a sum what is set in the words from a place on.
fn add_words(sum: &mut [u64], words: &[u64], start: usize) {
    for (sum, word) in sum.iter_mut().zip(words.get(start..).unwrap_or_default()) {
        *sum |= word;
    }
}
