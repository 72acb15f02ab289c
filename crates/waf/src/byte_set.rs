//! A set of bytes, and which bytes a value holds: the cheapest thing to know about a value, made in one walk.

/// Which of the 256 bytes are in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ByteSet([u64; 4]);

impl ByteSet {
    /// No byte.
    pub(crate) const EMPTY: Self = Self([0; 4]);

    /// The bytes that a value holds.
    pub(crate) fn of(value: &[u8]) -> Self {
        value.iter().fold(Self::EMPTY, |set, byte| set.union(ALONE[usize::from(*byte)]))
    }

    /// The bytes of a list, also of one that is known when this is compiled.
    pub(crate) const fn listed(bytes: &[u8]) -> Self {
        let mut words = [0_u64; 4];
        let mut at = 0;
        while at < bytes.len() {
            words[(bytes[at] >> 6) as usize] |= 1 << (bytes[at] & 63);
            at += 1;
        }
        Self(words)
    }

    /// All bytes beyond ASCII.
    pub(crate) const BEYOND_ASCII: Self = Self([0, 0, u64::MAX, u64::MAX]);

    /// The bytes that satisfy a test.
    pub(crate) fn that(test: impl Fn(u8) -> bool) -> Self {
        let mut set = Self::EMPTY;
        (0..=u8::MAX).filter(|byte| test(*byte)).for_each(|byte| set.insert(byte));
        set
    }

    pub(crate) fn insert(&mut self, byte: u8) {
        if let Some(word) = self.0.get_mut(usize::from(byte >> 6)) {
            *word |= 1 << (byte & 63);
        }
    }

    #[inline]
    pub(crate) fn contains(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte >> 6)).is_some_and(|word| word & 1 << (byte & 63) != 0)
    }

    #[must_use]
    #[inline]
    pub(crate) fn union(mut self, other: Self) -> Self {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine |= theirs;
        }
        self
    }

    /// Whether the two have a byte in common.
    #[inline]
    pub(crate) fn meets(&self, other: &Self) -> bool {
        let (Self([a, b, c, d]), Self([e, f, g, h])) = (self, other);
        (a & e) | (b & f) | (c & g) | (d & h) != 0
    }

    /// The bytes in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u8> {
        (0..=u8::MAX).filter(|byte| self.contains(*byte))
    }
}

/// Each byte alone. Two loads and two vector operations a byte, which wait for nothing but the sum: setting a bit in
/// its word waits each time until the word has been written, and took more than twice as long.
static ALONE: [ByteSet; 256] = {
    let mut sets = [ByteSet::EMPTY; 256];
    let mut byte = 0;
    while byte < sets.len() {
        sets[byte].0[byte >> 6] = 1 << (byte & 63);
        byte += 1;
    }
    sets
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_set_holds_what_its_value_holds(
            one in prop::collection::vec(any::<u8>(), 0..300), other in prop::collection::vec(any::<u8>(), 0..9),
        ) {
            let (first, second) = (ByteSet::of(&one), ByteSet::of(&other));
            prop_assert!((0..=255).all(|byte| first.contains(byte) == one.contains(&byte)));
            prop_assert_eq!(first.meets(&second), one.iter().any(|byte| other.contains(byte)));
            prop_assert_eq!(first.union(second), ByteSet::of(&[one, other].concat()));
            prop_assert_eq!(ByteSet::that(|byte| first.contains(byte)), first);
            prop_assert_eq!(ByteSet::of(&first.iter().collect::<Vec<_>>()), first);
        }
    }
}
