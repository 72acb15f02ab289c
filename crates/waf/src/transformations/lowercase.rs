//! `t:lowercase`: ASCII capitals become small letters.
//!
//! Returns: the value with `A` to `Z` replaced; bytes above 0x7F stay.
//! Example: `SeLeCt` becomes `select`.

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    input.iter().any(u8::is_ascii_uppercase).then(|| input.to_ascii_lowercase())
}
