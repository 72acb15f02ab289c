//! `t:jsDecode`: reads the escapes of JavaScript strings.
//!
//! Returns: `\uHHHH` (fullwidth forms as ASCII, else the low byte), `\xHH`, octal up to `\377`, `\a \b \f \n \r \t
//! \v`; any other escaped character as itself. A backslash at the very end stays.
//! Example: `\x3cscript\u003e` becomes `<script>`.

use super::{backslash, hex};

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    backslash::decoded(input, escape)
}

/// What follows a backslash: the byte it stands for and how many bytes that took.
fn escape(tail: &[u8]) -> (u8, usize) {
    let first = tail.first().copied().unwrap_or(b'\\');
    let digits = tail.get(1..).unwrap_or_default();
    match first {
        b'u' => hex::quad(digits).map_or((b'u', 1), |code| (hex::fold_fullwidth(code), 5)),
        b'x' => hex::pair(digits).map_or((b'x', 1), |byte| (byte, 3)),
        b'0'..=b'7' => octal(tail),
        other => (backslash::letter(other), 1),
    }
}

/// Up to three octal digits; a third only where the number stays below 256.
fn octal(tail: &[u8]) -> (u8, usize) {
    let limit = if matches!(tail.first(), Some(b'0'..=b'3')) { 3 } else { 2 };
    let length = hex::run(tail, limit, hex::is_octal);
    let byte = tail[..length].iter().fold(0_u8, |byte, digit| byte << 3 | (digit - b'0'));
    (byte, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octal_escapes_stop_before_they_leave_a_byte() {
        assert_eq!(apply(br"\101\400\777"), Some(b"A 0?7".to_vec()));
    }

    #[test]
    fn fullwidth_forms_become_ascii() {
        assert_eq!(apply(br"\uff1c\u003c\u263c"), Some(b"<<<".to_vec()));
    }
}
