//! Strings, quoted names and variables.

use memchr::{memchr, memmem};

use super::tables;
use super::token::{Kind, Token};
use super::tokenizer::word;

/// A string up to its closing mark; a mark behind a backslash or doubled does not close. `skip`: how many bytes stand
/// before the text, the opening mark among them; 0 if the value begins inside of the string.
pub(super) fn quoted(rest: &[u8], mark: u8, skip: usize) -> (Token, usize) {
    let body = rest.get(skip..).unwrap_or_default();
    let mut from = 0;
    let end = loop {
        let Some(place) = body.get(from..).and_then(|left| memchr(mark, left)).map(|place| place + from) else {
            break None;
        };
        if is_escaped(&body[..place]) {
            from = place + 1;
        } else if body.get(place + 1) == Some(&mark) {
            from = place + 2;
        } else {
            break Some(place);
        }
    };
    let token = Token {
        open: if skip > 0 { mark } else { 0 },
        close: end.map_or(0, |_| mark),
        ..Token::new(Kind::String, &body[..end.unwrap_or(body.len())])
    };
    (token, end.map_or(rest.len(), |end| skip + end + 1))
}

/// Whether an odd number of backslashes stands at the end.
fn is_escaped(before: &[u8]) -> bool {
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// `E'...'` of PostgreSQL.
pub(super) fn escaped(rest: &[u8]) -> (Token, usize) {
    match rest {
        [_, b'\'', _, ..] => quoted(rest, b'\'', 2),
        _ => word(rest),
    }
}

/// `N'...'` and `nq'...'`.
pub(super) fn national(rest: &[u8]) -> (Token, usize) {
    match rest {
        [_, b'\'', _, ..] => escaped(rest),
        _ => oracle(rest, 1),
    }
}

/// `U&'...'`.
pub(super) fn unicode(rest: &[u8]) -> (Token, usize) {
    let [_, b'&', b'\'', ..] = rest else { return word(rest) };
    let (token, taken) = quoted(&rest[2..], b'\'', 1);
    (Token { open: b'u', close: if token.close == b'\'' { b'u' } else { token.close }, ..token }, taken + 2)
}

/// `q'(...)'` of Oracle, any character or a pair of brackets enclosing the text.
pub(super) fn oracle(rest: &[u8], skip: usize) -> (Token, usize) {
    let Some([b'q' | b'Q', b'\'', mark, ..]) = rest.get(skip..) else { return word(rest) };
    let close = match mark {
        b'(' => b')',
        b'[' => b']',
        b'{' => b'}',
        b'<' => b'>',
        // Not a printable character of ASCII: not this kind of string.
        0..33 | 128.. => return word(rest),
        other => *other,
    };
    let start = skip + 3;
    let end = memmem::find(&rest[start..], &[close, b'\'']).map(|place| place + start);
    enclosed(rest, start, end, b'q', 2)
}

/// A string between positions: `end` where its closing mark of `mark_length` bytes begins, or none.
pub(super) fn enclosed(rest: &[u8], start: usize, end: Option<usize>, mark: u8, mark_length: usize) -> (Token, usize) {
    let text = &rest[start..end.unwrap_or(rest.len())];
    let token = Token { open: mark, close: end.map_or(0, |_| mark), ..Token::new(Kind::String, text) };
    (token, end.map_or(rest.len(), |end| end + mark_length))
}

/// A name between ticks; a function's name stays one.
pub(super) fn tick(rest: &[u8]) -> (Token, usize) {
    let (token, taken) = quoted(rest, b'`', 1);
    let kind = match tables::keyword(token.text()) {
        Some(Kind::Function) => Kind::Function,
        _ => Kind::Bareword,
    };
    (Token { kind, ..token }, taken)
}

/// A name between brackets, these with it.
pub(super) fn bracketed(rest: &[u8]) -> (Token, usize) {
    let length = memchr(b']', rest).map_or(rest.len(), |end| end + 1);
    (Token::new(Kind::Bareword, &rest[..length]), length)
}

/// `@name`, `@@name`, a quoted name too. The text is without the marks before it.
pub(super) fn variable(rest: &[u8]) -> (Token, usize) {
    let ats = if rest.get(1) == Some(&b'@') { 2 } else { 1 };
    let name = &rest[usize::from(ats)..];
    let (token, taken) = match name.first() {
        Some(b'`') => tick(name),
        Some(mark @ (b'\'' | b'"')) => quoted(name, *mark, 1),
        _ => {
            let length = name.iter().position(|byte| ENDS_NAME.contains(byte)).unwrap_or(name.len());
            (Token::new(Kind::Variable, &name[..length]), length)
        }
    };
    (Token { kind: Kind::Variable, ats, ..token }, taken + usize::from(ats))
}

const ENDS_NAME: &[u8] = b" <>:\\?=@!#~+-*/&|^%(),';\t\n\x0B\x0C\r`\"\0";
