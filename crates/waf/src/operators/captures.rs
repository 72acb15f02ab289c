//! What an operator found: up to ten byte strings, the whole first.

/// The groups of a match, as a rule's `capture` action stores them in `TX.0` to `TX.9`. Reused from match to match.
#[derive(Clone, Debug, Default)]
pub struct Captures {
    groups: [Vec<u8>; MAX],
    count: usize,
}

/// The most groups that are kept; further ones are dropped.
const MAX: usize = 10;

impl Captures {
    /// No groups.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets all groups and keeps their memory.
    pub fn clear(&mut self) {
        self.count = 0;
    }

    /// Adds a group; the eleventh and later ones are dropped.
    pub fn push(&mut self, group: &[u8]) {
        if let Some(slot) = self.groups.get_mut(self.count) {
            slot.clear();
            slot.extend_from_slice(group);
            self.count += 1;
        }
    }

    /// The group with a number, 0 being the whole match.
    pub fn get(&self, number: usize) -> Option<&[u8]> {
        self.iter().nth(number)
    }

    /// All groups in order. A group that took no part in the match is empty.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.groups[..self.count].iter().map(Vec::as_slice)
    }

    /// How many groups there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_group_is_dropped_and_clearing_forgets_all() {
        let mut captures = Captures::new();
        for number in 0..12_u8 {
            captures.push(&[number]);
        }
        assert_eq!((captures.len(), captures.get(9), captures.get(10)), (10, Some([9].as_slice()), None));
        captures.clear();
        assert!(captures.is_empty() && captures.get(0).is_none());
    }
}
