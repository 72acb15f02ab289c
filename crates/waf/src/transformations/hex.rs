//! Hexadecimal and octal digits, as several transformations read them.

/// The value of two hexadecimal digits; `None` if there are not two.
pub(super) fn pair(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [high, low, ..] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    }
}

/// The value of four hexadecimal digits; `None` if there are not four.
pub(super) fn quad(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes([pair(bytes)?, pair(bytes.get(2..)?)?]))
}

/// The value of one hexadecimal digit.
pub(super) fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// How many of the first `limit` bytes satisfy a test, counted from the front.
pub(super) fn run(bytes: &[u8], limit: usize, test: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take(limit).take_while(|byte| test(**byte)).count()
}

/// Whether a byte is an octal digit.
pub(super) fn is_octal(byte: u8) -> bool {
    matches!(byte, b'0'..=b'7')
}

/// A byte spelled `\uHHHH` whose code point is a fullwidth form becomes its ASCII twin, any other its low byte.
pub(super) fn fold_fullwidth(code: u16) -> u8 {
    let [high, low] = code.to_be_bytes();
    if high == 0xFF && low > 0 && low < 0x5F { low + 0x20 } else { low }
}
