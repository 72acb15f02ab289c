//! `t:trimRight`: drops white space of ASCII at the end.
//!
//! Returns: the rest of the value.
//! Example: `a b  ` becomes `a b`.

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    let kept = super::trim_end(input);
    (kept.len() != input.len()).then(|| kept.to_vec())
}
