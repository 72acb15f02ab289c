//! `t:escapeSeqDecode`: reads the escapes of C strings.
//!
//! Returns: `\a \b \f \n \r \t \v \\ \? \' \"`, `\xHH` and octal of up to three digits as their byte; `\x` without two
//! digits stays; before any other character only the backslash goes. A backslash at the very end stays.
//! Example: `\x63\141t` becomes `cat`.

use super::{backslash, hex};

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    backslash::decoded(input, escape)
}

/// What follows a backslash: the byte it stands for and how many bytes that took.
fn escape(tail: &[u8]) -> (u8, usize) {
    let first = tail.first().copied().unwrap_or(b'\\');
    match first {
        b'x' | b'X' => tail.get(1..).and_then(hex::pair).map_or((b'\\', 0), |byte| (byte, 3)),
        b'0'..=b'7' => {
            let length = hex::run(tail, 3, hex::is_octal);
            let value = tail[..length].iter().fold(0_u32, |value, digit| value << 3 | u32::from(digit - b'0'));
            (value.to_le_bytes()[0], length)
        }
        other => (backslash::letter(other), 1),
    }
}
