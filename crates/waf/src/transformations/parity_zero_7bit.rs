//! `t:parityZero7bit`: clears the eighth bit.
//!
//! Returns: a value of the same length.
//! Example: 0xE1 becomes `a`.

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    super::each(input, |byte| byte & 0x7F)
}
