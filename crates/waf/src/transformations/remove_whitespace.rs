//! `t:removeWhitespace`: drops all white space.
//!
//! Returns: the value without white space of ASCII and without the no-break space 0xA0.
//! Example: `or 1 = 1` becomes `or1=1`.

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    super::without(input, super::is_wide_space)
}
