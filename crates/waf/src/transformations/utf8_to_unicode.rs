//! `t:utf8toUnicode`: writes every character beyond ASCII as `%uHHHH`, for `t:urlDecodeUni` to read.
//!
//! Returns: each valid sequence of two to four bytes as `%u` and at least four small hexadecimal digits; ASCII and
//! bytes that are not UTF-8 stay.
//! Example: `\u{ff1c}` (fullwidth less-than) becomes `%uff1c`.

use std::io::Write;

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    if input.is_ascii() {
        return None;
    }
    let mut out = Vec::with_capacity(input.len() * 2);
    for chunk in input.utf8_chunks() {
        for character in chunk.valid().chars() {
            match u8::try_from(character) {
                Ok(byte) if byte.is_ascii() => out.push(byte),
                // Writing into a vector cannot fail.
                _ => _ = write!(out, "%u{:04x}", u32::from(character)),
            }
        }
        out.extend_from_slice(chunk.invalid());
    }
    Some(out)
}
