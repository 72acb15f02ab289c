//! `t:length`: the length of the value.
//!
//! Returns: the count of bytes as decimal text.
//! Example: `abc` becomes `3`.

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    Some(input.len().to_string().into_bytes())
}
