//! `t:htmlEntityDecode`: reads character references of HTML.
//!
//! Returns: `&#DD;` and `&#xHH;` as the low byte of the number, and the names `quot`, `amp`, `lt`, `gt`, `nbsp` (0xA0),
//! whatever their case; the semicolon may be missing. Other references stay.
//! Example: `&lt;script&#x3e` becomes `<script>`.

use super::hex;

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    let first = memchr::memchr(b'&', input)?;
    let mut out = Vec::with_capacity(input.len());
    out.extend_from_slice(&input[..first]);
    let mut rest = &input[first..];
    while let Some((&byte, tail)) = rest.split_first() {
        let reference = if byte == b'&' { reference(tail) } else { None };
        let (decoded, taken) = reference.unwrap_or((byte, 0));
        out.push(decoded);
        rest = &tail[taken..];
    }
    Some(out)
}

/// What follows an ampersand: the byte it stands for and how many bytes that took.
fn reference(tail: &[u8]) -> Option<(u8, usize)> {
    let (decoded, taken) = match tail {
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16).map(|(byte, length)| (byte, length + 2))?,
        [b'#', digits @ ..] => number(digits, 10).map(|(byte, length)| (byte, length + 1))?,
        name => named(name)?,
    };
    Some((decoded, taken + usize::from(tail.get(taken) == Some(&b';'))))
}

/// The low byte of a number and the count of its digits. A number beyond 63 bits counts as the greatest one.
fn number(digits: &[u8], radix: u8) -> Option<(u8, usize)> {
    let value = |byte: u8| hex::digit(byte).filter(|digit| *digit < radix);
    let length = hex::run(digits, digits.len(), |byte| value(byte).is_some());
    let total = digits[..length]
        .iter()
        .filter_map(|byte| value(*byte))
        .try_fold(0_i64, |total, digit| total.checked_mul(i64::from(radix))?.checked_add(i64::from(digit)));
    (length > 0).then(|| (total.unwrap_or(i64::MAX).to_le_bytes()[0], length))
}

fn named(tail: &[u8]) -> Option<(u8, usize)> {
    // The longest name has four letters; a fifth letter or digit makes it another name.
    let length = hex::run(tail, 5, |byte| byte.is_ascii_alphanumeric());
    let name = &tail[..length];
    NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, byte)| (*byte, length))
}

const NAMES: &[(&[u8], u8)] = &[(b"quot", b'"'), (b"amp", b'&'), (b"lt", b'<'), (b"gt", b'>'), (b"nbsp", 0xA0)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_become_bytes_and_the_rest_stays() {
        for (input, output) in [
            ("&lt;b&GT", "<b>"),
            ("&#60;&#x3E;&#X3e", "<>>"),
            ("&#316;", "<"),
            ("&amp;lt;", "&lt;"),
            ("&ltx;", "&ltx;"),
            ("&#;&#x;&;&", "&#;&#x;&;&"),
            ("&bogus;", "&bogus;"),
        ] {
            let decoded = apply(input.as_bytes()).unwrap();
            assert_eq!(String::from_utf8_lossy(&decoded), output, "{input}");
        }
        assert_eq!(apply(b"&nbsp;&#99999999999999999999;"), Some(vec![0xA0, 0xFF]));
    }
}
