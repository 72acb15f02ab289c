//! `t:hexDecode`: reads pairs of hexadecimal digits.
//!
//! Returns: one byte for each pair; a digit that stands alone at the end is dropped. A pair that is not hexadecimal
//! gives the byte that the arithmetic on its characters gives, as in ModSecurity: the result is as long as ever.
//! Example: `3c62` becomes `<b`.

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    (!input.is_empty()).then(|| input.chunks_exact(2).map(|pair| nibble(pair[0]) << 4 | nibble(pair[1]) & 15).collect())
}

fn nibble(byte: u8) -> u8 {
    if byte >= b'A' { (byte & 0xDF).wrapping_sub(b'A').wrapping_add(10) } else { byte.wrapping_sub(b'0') }
}
