//! Numbers, amounts of money, and the strings that begin like them.

use memchr::memmem;

use super::strings::enclosed;
use super::token::{Kind, Token};
use super::tokenizer::{is_blank, word};

/// Digits of a kind at the front. NUL counts among them: the reference reads its sets of digits so.
fn span(bytes: &[u8], test: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| **byte == 0 || test(**byte)).count()
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// `12`, `1.2e3`, `.5`, `0x1f`, `0b01`, `1.5f` of Oracle; a lone dot is a dot.
pub(super) fn number(rest: &[u8]) -> (Token, usize) {
    let prefixed = match rest {
        [b'0', b'x' | b'X', body @ ..] => Some(span(body, |byte| byte.is_ascii_hexdigit())),
        [b'0', b'b' | b'B', body @ ..] => Some(span(body, |byte| matches!(byte, b'0' | b'1'))),
        _ => None,
    };
    if let Some(length) = prefixed {
        let kind = if length == 0 { Kind::Bareword } else { Kind::Number };
        return (Token::new(kind, &rest[..length + 2]), length + 2);
    }
    let mut end = digits(rest);
    if rest.get(end) == Some(&b'.') {
        end += 1 + digits(&rest[end + 1..]);
        if end == 1 {
            return (Token::new(Kind::Dot, b"."), 1);
        }
    }
    let mut kind = Kind::Number;
    if let Some(b'e' | b'E') = rest.get(end) {
        end += 1;
        end += usize::from(matches!(rest.get(end), Some(b'+' | b'-')));
        let exponent = digits(&rest[end..]);
        end += exponent;
        if exponent == 0 {
            // "1234.e" is a word.
            kind = Kind::Bareword;
        }
    }
    if let Some(b'd' | b'D' | b'f' | b'F') = rest.get(end) {
        // A suffix, unless a word begins here; "1fUNION" is read as two.
        let next = rest.get(end + 1);
        let alone = next.is_none_or(|next| is_blank(*next) || matches!(next, b';' | b'u' | b'U'));
        end += usize::from(alone);
    }
    (Token::new(kind, &rest[..end]), end)
}

/// `b'01'` and `x'1f'`.
pub(super) fn digit_string(rest: &[u8], test: impl Fn(u8) -> bool) -> (Token, usize) {
    let [_, b'\'', body @ ..] = rest else { return word(rest) };
    let length = span(body, test);
    match body.get(length) {
        Some(b'\'') => (Token::new(Kind::Number, &rest[..length + 3]), length + 3),
        _ => word(rest),
    }
}

/// `$1,000.00`, and strings of PostgreSQL: `$$...$$`, `$tag$...$tag$`.
pub(super) fn money(rest: &[u8]) -> (Token, usize) {
    let sign = (Token::new(Kind::Bareword, b"$"), 1);
    let Some(body) = rest.get(1..).filter(|body| !body.is_empty()) else { return sign };
    let amount = span(body, |byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
    if amount == 1 && body[0] == b'.' {
        return word(rest);
    }
    if amount > 0 {
        return (Token::new(Kind::Number, &rest[..=amount]), amount + 1);
    }
    let tag = span(body, |byte| byte.is_ascii_alphabetic());
    if body.get(tag) != Some(&b'$') {
        return sign;
    }
    let mark = &rest[..tag + 2];
    let end = memmem::find(&rest[mark.len()..], mark).map(|place| place + mark.len());
    enclosed(rest, mark.len(), end, b'$', mark.len())
}
