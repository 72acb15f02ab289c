//! Forms and query strings: `a=1&b=%20`.

use super::Pair;

/// Names and values, decoded once, and whether that was all of them. An argument without `=` has an empty value.
pub(crate) fn parse(text: &[u8], separator: u8, bound: usize) -> (Vec<Pair>, bool) {
    let mut pairs = Vec::new();
    for part in text.split(|byte| *byte == separator).filter(|part| !part.is_empty()) {
        if pairs.len() == bound {
            return (pairs, false);
        }
        let equals = memchr::memchr(b'=', part);
        let (name, value) = equals.map_or((part, &b""[..]), |at| (&part[..at], &part[at + 1..]));
        pairs.push((decode(name), decode(value)));
    }
    (pairs, true)
}

/// A path with `%XX` as bytes; what is no escape stays.
pub(crate) fn decode_path(path: &[u8]) -> Vec<u8> {
    unescape(path, b'+')
}

/// `+` becomes a blank, `%XX` a byte; what is no escape stays.
fn decode(text: &[u8]) -> Vec<u8> {
    unescape(text, b' ')
}

fn unescape(text: &[u8], plus: u8) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr2(b'%', b'+', rest) {
        let (plain, special) = rest.split_at(at);
        decoded.extend_from_slice(plain);
        let (byte, length) = match (special.first(), escape(special)) {
            (Some(b'+'), _) => (plus, 1),
            (_, Some(byte)) => (byte, 3),
            (_, None) => (b'%', 1),
        };
        decoded.push(byte);
        rest = &special[length..];
    }
    decoded.extend_from_slice(rest);
    decoded
}

/// The byte that `%XX` at the start of a text stands for.
fn escape(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else { return None };
    Some(hex(*high)? << 4 | hex(*low)?)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Whether there is a `%` that starts no escape.
pub(crate) fn invalid_escape(text: &[u8]) -> bool {
    memchr::memchr_iter(b'%', text).any(|at| escape(&text[at..]).is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_form_is_decoded_once_and_loses_nothing() {
        let (pairs, all) = parse(b"a=1&b&=c&&a=%41+%zz%2&d=e=f&%", b'&', 100);
        let shown: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{}={}", String::from_utf8_lossy(name), String::from_utf8_lossy(value)))
            .collect();
        assert_eq!(shown, ["a=1", "b=", "=c", "a=A %zz%2", "d=e=f", "%="]);
        assert!(all);
    }

    #[test]
    fn arguments_are_bounded_and_the_bound_is_told() {
        let (pairs, all) = parse(b"a&b&c", b'&', 2);
        assert_eq!((pairs.len(), all), (2, false));
    }

    proptest! {
        #[test]
        fn what_stands_between_escapes_is_taken_over_byte_by_byte(text in "[a%+4zF2é]{0,30}") {
            let bytes = text.as_bytes();
            let (mut expected, mut at) = (Vec::new(), 0);
            while let Some(byte) = bytes.get(at) {
                let escaped = escape(&bytes[at..]);
                expected.push(escaped.unwrap_or(if *byte == b'+' { b' ' } else { *byte }));
                at += if escaped.is_some() { 3 } else { 1 };
            }
            prop_assert_eq!(decode(bytes), expected);
        }
    }
}
