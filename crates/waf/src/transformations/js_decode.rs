//! `t:jsDecode`: reads the escapes of JavaScript strings.
//!
//! Returns: `\uHHHH` (fullwidth forms as ASCII, else the low byte), `\xHH`, octal up to `\377`, `\a \b \f \n \r \t
//! \v`; any other escaped character as itself. A backslash at the very end stays.
//! Example: `\x3cscript\u003e` becomes `<script>`.

use super::hex;

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    let first = memchr::memchr(b'\\', input)?;
    let mut out = Vec::with_capacity(input.len());
    out.extend_from_slice(&input[..first]);
    let mut rest = &input[first..];
    while let Some((&byte, tail)) = rest.split_first() {
        let (decoded, taken) = match tail {
            [] => (byte, 0),
            _ if byte != b'\\' => (byte, 0),
            tail => escape(tail),
        };
        out.push(decoded);
        rest = &tail[taken..];
    }
    Some(out)
}

/// What follows a backslash: the byte it stands for and how many bytes that took.
fn escape(tail: &[u8]) -> (u8, usize) {
    let first = tail.first().copied().unwrap_or(b'\\');
    let digits = tail.get(1..).unwrap_or_default();
    match first {
        b'u' => hex::quad(digits).map_or((b'u', 1), |code| (hex::fold_fullwidth(code), 5)),
        b'x' => hex::pair(digits).map_or((b'x', 1), |byte| (byte, 3)),
        b'0'..=b'7' => octal(tail),
        b'a' => (0x07, 1),
        b'b' => (0x08, 1),
        b'f' => (0x0C, 1),
        b'n' => (b'\n', 1),
        b'r' => (b'\r', 1),
        b't' => (b'\t', 1),
        b'v' => (0x0B, 1),
        other => (other, 1),
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
