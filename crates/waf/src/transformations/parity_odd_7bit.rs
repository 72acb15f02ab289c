//! `t:parityOdd7bit`: sets the eighth bit so that the count of bits is odd.
//!
//! Returns: a value of the same length.
//! Example: `c` (four bits) becomes 0xE3.

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    super::each(input, |byte| (byte & 0x7F) | (!(byte & 0x7F).count_ones() as u8 & 1) << 7)
}
