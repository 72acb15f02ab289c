//! Character references inside of an address.

/// The first character of a text that is not empty, references read, and how many bytes it took. Named references are
/// not read; a reference that names no character is an ampersand.
pub(super) fn first_character(text: &[u8]) -> (u32, usize) {
    let plain = (u32::from(text.first().copied().unwrap_or(0)), 1);
    let (digits, radix, skip) = match text {
        [b'&', b'#', b'x' | b'X', digits @ ..] => (digits, 16, 3),
        [b'&', b'#', digits @ ..] => (digits, 10, 2),
        _ => return plain,
    };
    let mut value = 0;
    let mut length = 0;
    while let Some(digit) = digits.get(length).and_then(|byte| char::from(*byte).to_digit(radix)) {
        value = value * radix + digit;
        if value > GREATEST {
            return plain;
        }
        length += 1;
    }
    match (length, digits.get(length)) {
        (0, _) => plain,
        (_, Some(b';')) => (value, skip + length + 1),
        _ => (value, skip + length),
    }
}

/// Greater numbers are no characters. A slip of the pen for 0x10FFFF in the reference, and harmless.
const GREATEST: u32 = 0x0010_00FF;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_and_others_are_ampersands() {
        for (text, wanted) in [
            ("&#106;ava", (u32::from(b'j'), 6)),
            ("&#x6A", (u32::from(b'j'), 5)),
            ("&#X6az", (u32::from(b'j'), 5)),
            ("&#;", (u32::from(b'&'), 1)),
            ("&#x;", (u32::from(b'&'), 1)),
            ("&#99999999999;", (u32::from(b'&'), 1)),
            ("&lt;", (u32::from(b'&'), 1)),
            ("j", (u32::from(b'j'), 1)),
        ] {
            assert_eq!(first_character(text.as_bytes()), wanted, "{text}");
        }
    }
}
