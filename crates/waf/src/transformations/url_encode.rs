//! `t:urlEncode`: encodes as forms do.
//!
//! Returns: letters, digits and `*` as they are, a blank as `+`, every other byte as `%xx` with small digits.
//! Example: `a b<` becomes `a+b%3c`.

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    input.iter().any(|byte| !plain(*byte)).then(|| {
        let mut out = Vec::with_capacity(input.len() + 16);
        for &byte in input {
            match byte {
                b' ' => out.push(b'+'),
                byte if plain(byte) => out.push(byte),
                byte => out.extend([b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]),
            }
        }
        out
    })
}

fn plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'*'
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";
