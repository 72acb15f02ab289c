//! `t:cssDecode`: reads the escapes of style sheets.
//!
//! Returns: a backslash and one to six hexadecimal digits, with one white space after them, as the byte of the last two
//! digits, or as an ASCII character where the digits name a fullwidth form; a backslash before a line feed goes; before
//! any other character only the backslash goes, also at the very end.
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
                out.push(code(&tail[..length]));
                let blank = tail.get(length).is_some_and(|byte| super::is_space(*byte));
                rest = &tail[length + usize::from(blank)..];
            }
        }
    }
    Some(out)
}

/// The byte of up to six digits: the last two count, or the last four where only zeros stand before them.
fn code(digits: &[u8]) -> u8 {
    let value =
        digits.iter().filter_map(|byte| hex::digit(*byte)).fold(0_u32, |value, digit| value << 4 | u32::from(digit));
    let bytes = value.to_be_bytes();
    if bytes[1] == 0 { hex::fold_fullwidth(u16::from_be_bytes([bytes[2], bytes[3]])) } else { bytes[3] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_of_every_length_become_one_byte() {
        // The line that the two public engines disagree on: here the last two digits count.
        let input =
            b"test\\a\\b\\f\\n\\r\\t\\v\\?\\'\\\"\\\0\\12\\123\\1234\\12345\\123456\\ff01\\ff5e\\\n\\\0  string";
        let output = b"test\n\x0B\x0Fnrtv?'\"\0\x12\x23\x34\x45\x56!~\0  string";
        assert_eq!(apply(input).as_deref(), Some(output.as_slice()));
    }

    #[test]
    fn one_white_space_after_the_digits_belongs_to_the_escape() {
        assert_eq!(
            apply(b"\\1A\\1 A\\1234567\\123456 7\\1x\\1 x").as_deref(),
            Some(b"\x1A\x01AV7V7\x01x\x01x".as_slice())
        );
    }
}
