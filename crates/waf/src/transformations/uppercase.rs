//! `t:uppercase`: ASCII small letters become capitals.
//!
//! Returns: the value with `a` to `z` replaced; bytes above 0x7F stay.
//! Example: `SeLeCt` becomes `SELECT`.

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    input.iter().any(u8::is_ascii_lowercase).then(|| input.to_ascii_uppercase())
}
