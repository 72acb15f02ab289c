//! Cuts a value into tokens, a character deciding which rule reads on.

use super::token::{Kind, Token};
use super::{numbers, strings, tables};

/// Inside of what the value begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quote {
    None,
    Single,
    Double,
}

/// How a value is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mode {
    pub(super) quote: Quote,
    /// As MySQL reads comments, not as the standard does.
    pub(super) mysql: bool,
}

/// A value on its way to tokens.
pub(super) struct Tokenizer<'v> {
    value: &'v [u8],
    mode: Mode,
    place: usize,
    /// How many tokens came out so far.
    pub(super) count: usize,
    /// Whether there was a comment that MySQL reads differently.
    pub(super) mysql_differs: bool,
}

impl<'v> Tokenizer<'v> {
    pub(super) fn new(value: &'v [u8], mode: Mode) -> Self {
        Self { value, mode, place: 0, count: 0, mysql_differs: false }
    }

    /// The next token; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Token> {
        let quote = match self.mode.quote {
            Quote::Single if self.place == 0 => Some(b'\''),
            Quote::Double if self.place == 0 => Some(b'"'),
            _ => None,
        };
        if let (Some(mark), false) = (quote, self.value.is_empty()) {
            let (token, taken) = strings::quoted(self.value, mark, 0);
            return self.emit(token, taken);
        }
        let white = self.value[self.place..].iter().take_while(|byte| is_white(**byte)).count();
        self.place += white;
        let rest = &self.value[self.place..];
        let (token, taken) = self.read(*rest.first()?, rest);
        self.emit(token, taken)
    }

    fn emit(&mut self, token: Token, taken: usize) -> Option<Token> {
        self.place += taken;
        self.count += 1;
        Some(token)
    }

    /// One token from the front of what is left, and its length there.
    fn read(&mut self, first: u8, rest: &[u8]) -> (Token, usize) {
        let one = |kind| (Token::new(kind, &rest[..1]), 1);
        match first {
            b'"' | b'\'' => strings::quoted(rest, first, 1),
            b'`' => strings::tick(rest),
            b'#' => self.hash(rest),
            b'$' => numbers::money(rest),
            b'%' | b'^' | b'+' | b'~' => one(Kind::Operator),
            b'!' | b'&' | b'*' | b':' | b'<' | b'=' | b'>' | b'|' => operator(rest),
            b'(' => one(Kind::LeftParenthesis),
            b')' => one(Kind::RightParenthesis),
            b'{' => one(Kind::LeftBrace),
            b'}' => one(Kind::RightBrace),
            b',' => one(Kind::Comma),
            b';' => one(Kind::Semicolon),
            b'-' => self.dash(rest),
            b'.' | b'0'..=b'9' => numbers::number(rest),
            b'/' => slash(rest),
            b'?' | b']' => one(Kind::Unknown),
            b'@' => strings::variable(rest),
            b'[' => strings::bracketed(rest),
            b'\\' if rest.get(1) == Some(&b'N') => (Token::new(Kind::Number, &rest[..2]), 2),
            b'\\' => one(Kind::Backslash),
            b'b' | b'B' => numbers::digit_string(rest, |byte| matches!(byte, b'0' | b'1')),
            b'x' | b'X' => numbers::digit_string(rest, |byte| byte.is_ascii_hexdigit()),
            b'e' | b'E' => strings::escaped(rest),
            b'n' | b'N' => strings::national(rest),
            b'q' | b'Q' => strings::oracle(rest, 0),
            b'u' | b'U' => strings::unicode(rest),
            _ => word(rest),
        }
    }

    fn hash(&mut self, rest: &[u8]) -> (Token, usize) {
        self.mysql_differs = true;
        if self.mode.mysql { to_line_end(rest) } else { (Token::new(Kind::Operator, b"#"), 1) }
    }

    fn dash(&mut self, rest: &[u8]) -> (Token, usize) {
        match rest {
            [b'-', b'-'] => to_line_end(rest),
            [b'-', b'-', third, ..] if is_blank(*third) => to_line_end(rest),
            [b'-', b'-', ..] if !self.mode.mysql => {
                self.mysql_differs = true;
                to_line_end(rest)
            }
            _ => (Token::new(Kind::Operator, b"-"), 1),
        }
    }
}

/// What the reader passes over between tokens.
fn is_white(byte: u8) -> bool {
    byte <= b' ' || byte == 0x7F || byte == 0xA0
}

/// A blank as databases have it; NUL is one to Oracle, 0xA0 in Latin-1.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0B | 0x0C | b'\r' | 0xA0 | 0)
}

fn to_line_end(rest: &[u8]) -> (Token, usize) {
    let end = memchr::memchr(b'\n', rest);
    (Token::new(Kind::Comment, &rest[..end.unwrap_or(rest.len())]), end.map_or(rest.len(), |end| end + 1))
}

/// A division, or a comment. One that holds the beginning of another, and one of MySQL that is run, are attacks.
fn slash(rest: &[u8]) -> (Token, usize) {
    let [b'/', b'*', body @ ..] = rest else { return (Token::new(Kind::Operator, b"/"), 1) };
    let end = memchr::memmem::find(body, b"*/");
    let length = end.map_or(rest.len(), |end| end + 4);
    // The star of the closing mark takes part: "/*/*/" counts as nested, here as in libinjection.
    let nested = end.is_some_and(|end| memchr::memmem::find(&body[..=end], b"/*").is_some());
    let kind = if nested || body.first() == Some(&b'!') { Kind::Evil } else { Kind::Comment };
    (Token::new(kind, &rest[..length]), length)
}

fn operator(rest: &[u8]) -> (Token, usize) {
    let two = rest.get(..2).unwrap_or_default();
    if rest.starts_with(b"<=>") {
        return (Token::new(Kind::Operator, b"<=>"), 3);
    }
    match tables::keyword(two) {
        Some(kind) => (Token::new(kind, two), 2),
        None if rest.len() > 1 && rest[0] == b':' => (Token::new(Kind::Colon, b":"), 1),
        None => (Token::new(Kind::Operator, &rest[..1]), 1),
    }
}

/// A word, or the keyword before its first dot or tick that makes one.
pub(super) fn word(rest: &[u8]) -> (Token, usize) {
    let ends = |byte: &u8| ENDS[usize::from(*byte)];
    let length = rest.iter().position(ends).unwrap_or(rest.len()).max(1);
    let token = Token::new(Kind::Bareword, &rest[..length]);
    let text = token.text();
    for (place, byte) in text.iter().enumerate() {
        if !matches!(byte, b'.' | b'`') {
            continue;
        }
        match tables::keyword(&text[..place]) {
            Some(Kind::Bareword) | None => {}
            Some(kind) => return (Token::new(kind, &text[..place]), place),
        }
    }
    let kind = if length == text.len() { tables::keyword(text) } else { None };
    (Token { kind: kind.unwrap_or(Kind::Bareword), ..token }, length)
}

/// Which bytes end a word.
const ENDS: [bool; 256] = {
    let bytes = b" []{}<>:\\?=@!#~+-*/&|^%(),';\t\n\x0B\x0C\r\"\xA0\0";
    let mut ends = [false; 256];
    let mut at = 0;
    while at < bytes.len() {
        ends[bytes[at] as usize] = true;
        at += 1;
    }
    ends
};
