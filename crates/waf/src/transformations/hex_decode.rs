//! `t:hexDecode`: reads pairs of hexadecimal digits.
//!
//! Returns: one byte for each pair; the value as it is where a digit is none or one is left over, since a value that
//! emptied itself would hide from rules.
//! Example: `3c62` becomes `<b`.

use super::hex;

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = input.as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(hex::digit(*high)? << 4 | hex::digit(*low)?)).collect()
}
