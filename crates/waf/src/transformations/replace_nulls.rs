//! `t:replaceNulls`: writes a blank for every NUL byte.
//!
//! Returns: a value of the same length.
//! Example: `or\01` becomes `or 1`.

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr(0, input)?;
    Some(input.iter().map(|byte| if *byte == 0 { b' ' } else { *byte }).collect())
}
