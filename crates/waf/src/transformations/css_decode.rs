//! `t:cssDecode`: reads the escapes of style sheets.
//!
//! Returns: a backslash and one to six hexadecimal digits, with one white space after them, as the character of that
//! number in UTF-8, or as an ASCII character where it is a fullwidth form; a number that is no character as U+FFFD; a
//! backslash before a line feed goes; before any other character only the backslash goes, also at the very end.
//! Browsers read style sheets so; ModSecurity takes the last two digits for a byte.
//! Example: `ja\vascript\3a ` becomes `javascript:`.

use super::hex;

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    let first = memchr::memchr(b'\\', input)?;
    let mut out = Vec::with_capacity(input.len());
    out.extend_from_slice(&input[..first]);
    let mut rest = &input[first..];
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match hex::run(tail, 6, |byte| byte.is_ascii_hexdigit()) {
            0 => {
                if let Some((&next, after)) = tail.split_first() {
                    rest = after;
                    if next != b'\n' {
                        out.push(next);
                    }
                }
            }
            length => {
                let mut room = [0; 4];
                out.extend_from_slice(character(&tail[..length]).encode_utf8(&mut room).as_bytes());
                let blank = tail.get(length).is_some_and(|byte| super::is_space(*byte));
                rest = &tail[length + usize::from(blank)..];
            }
        }
    }
    Some(out)
}

/// The character of up to six digits.
fn character(digits: &[u8]) -> char {
    let value =
        digits.iter().filter_map(|byte| hex::digit(*byte)).fold(0_u32, |value, digit| value << 4 | u32::from(digit));
    match value {
        0xFF01..=0xFF5E => char::from_u32(value - 0xFF00 + 0x20),
        value => char::from_u32(value),
    }
    .unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_every_length_become_one_character() {
        let input =
            b"test\\a\\b\\f\\n\\r\\t\\v\\?\\'\\\"\\\0\\12\\123\\1234\\12345\\123456\\ff01\\ff5e\\\n\\\0  string";
        let output = "test\n\x0B\x0Fnrtv?'\"\0\x12\u{123}\u{1234}\u{12345}\u{FFFD}!~\0  string";
        assert_eq!(apply(input).as_deref(), Some(output.as_bytes()));
    }

    #[test]
    fn one_white_space_after_the_digits_belongs_to_the_escape() {
        assert_eq!(
            apply(b"\\1A\\1 A\\1234567\\123456 7\\1x\\1 x").as_deref(),
            Some("\x1A\x01A\u{FFFD}7\u{FFFD}7\x01x\x01x".as_bytes())
        );
    }
}
