//! Cuts a value into the tokens of HTML, as browsers do, old ones too: NUL bytes in names are passed over, `<%` opens
//! a comment.

use memchr::memchr;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    TagOpen,
    TagEnd,
    TagSelfClose,
    TagClose,
    AttributeName,
    AttributeValue,
    Comment,
    Doctype,
}

/// A token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'v> {
    pub(super) kind: Kind,
    pub(super) text: &'v [u8],
}

/// Where in a page the value is taken to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Text,
    /// Among the attributes of a tag.
    Tag,
    SingleQuote,
    DoubleQuote,
    Tick,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Data,
    TagOpen,
    EndTagOpen,
    TagName,
    TagNameClose,
    SelfClosing,
    BeforeAttributeName,
    AttributeName,
    AfterAttributeName,
    BeforeAttributeValue,
    Quoted(u8),
    Unquoted,
    AfterQuoted,
    MarkupDeclaration,
    Doctype,
    Comment,
    BogusComment,
    /// `<%`, to `%>`.
    PercentComment,
    Cdata,
    End,
}

/// A value on its way to tokens.
pub(super) struct Html<'v> {
    value: &'v [u8],
    place: usize,
    state: State,
    /// Whether the tag being read is a closing one.
    closing: bool,
}

impl<'v> Html<'v> {
    pub(super) fn new(value: &'v [u8], place: Place) -> Self {
        let state = match place {
            Place::Text => State::Data,
            Place::Tag => State::BeforeAttributeName,
            Place::SingleQuote => State::Quoted(b'\''),
            Place::DoubleQuote => State::Quoted(b'"'),
            Place::Tick => State::Quoted(b'`'),
        };
        Self { value, place: 0, state, closing: false }
    }

    /// The next token; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Token<'v>> {
        // Every turn either gives a token, ends, or moves to a state that reads on; none comes back without reading.
        while self.state != State::End {
            if let Some(token) = self.step() {
                return Some(token);
            }
        }
        None
    }

    fn rest(&self) -> &'v [u8] {
        self.value.get(self.place..).unwrap_or_default()
    }

    /// A token from here to `length` bytes on; reading goes on behind `skip` bytes more.
    fn token(&mut self, kind: Kind, length: usize, skip: usize, state: State) -> Option<Token<'v>> {
        let text = &self.rest()[..length];
        self.place += length + skip;
        self.state = state;
        Some(Token { kind, text })
    }

    /// A token that takes all that is left.
    fn last(&mut self, kind: Kind) -> Option<Token<'v>> {
        self.token(kind, self.rest().len(), 0, State::End)
    }

    /// Goes past some bytes and on to a state.
    fn go(&mut self, skip: usize, state: State) -> Option<Token<'v>> {
        self.place += skip;
        self.state = state;
        None
    }

    fn step(&mut self) -> Option<Token<'v>> {
        let rest = self.rest();
        match self.state {
            State::Data => match memchr(b'<', rest) {
                Some(0) => self.go(1, State::TagOpen),
                Some(length) => self.token(Kind::Text, length, 1, State::TagOpen),
                None if rest.is_empty() => self.go(0, State::End),
                None => self.last(Kind::Text),
            },
            State::TagOpen => self.tag_open(rest),
            State::EndTagOpen => match rest.first() {
                None => self.go(0, State::End),
                Some(b'>') => self.go(0, State::Data),
                Some(byte) if byte.is_ascii_alphabetic() => self.go(0, State::TagName),
                Some(_) => {
                    self.closing = false;
                    self.go(0, State::BogusComment)
                }
            },
            State::TagName => self.tag_name(rest),
            State::TagNameClose => {
                self.closing = false;
                self.token(Kind::TagEnd, rest.len().min(1), 0, State::Data)
            }
            State::SelfClosing => match rest.first() {
                None => self.go(0, State::End),
                Some(b'>') => {
                    self.place -= 1;
                    self.token(Kind::TagSelfClose, 2, 0, State::Data)
                }
                Some(_) => self.go(0, State::BeforeAttributeName),
            },
            State::BeforeAttributeName => self.before_attribute_name(),
            State::AttributeName => self.attribute_name(rest),
            State::AfterAttributeName => self.after_attribute_name(),
            State::BeforeAttributeValue => self.before_attribute_value(),
            State::Quoted(mark) => match memchr(mark, rest) {
                Some(length) => self.token(Kind::AttributeValue, length, 1, State::AfterQuoted),
                None => self.last(Kind::AttributeValue),
            },
            State::Unquoted => match rest.iter().position(|byte| is_white(*byte) || *byte == b'>') {
                Some(length) if rest[length] == b'>' => {
                    self.token(Kind::AttributeValue, length, 0, State::TagNameClose)
                }
                Some(length) => self.token(Kind::AttributeValue, length, 1, State::BeforeAttributeName),
                None => self.last(Kind::AttributeValue),
            },
            State::AfterQuoted => match rest.first() {
                None => self.go(0, State::End),
                Some(b'/') => self.go(1, State::SelfClosing),
                Some(_) => self.go(0, State::BeforeAttributeName),
            },
            State::MarkupDeclaration => self.markup_declaration(rest),
            State::Doctype => self.enclosed(Kind::Doctype, memchr(b'>', rest), 1),
            State::BogusComment => self.enclosed(Kind::Comment, memchr(b'>', rest), 1),
            State::PercentComment => self.enclosed(Kind::Comment, memchr::memmem::find(rest, b"%>"), 2),
            State::Cdata => self.enclosed(Kind::Text, memchr::memmem::find(rest, b"]]>"), 3),
            State::Comment => match comment_end(rest) {
                Some((length, mark)) => self.token(Kind::Comment, length, mark, State::Data),
                None => self.last(Kind::Comment),
            },
            State::End => None,
        }
    }

    /// What ends at a mark, or nowhere.
    fn enclosed(&mut self, kind: Kind, end: Option<usize>, mark: usize) -> Option<Token<'v>> {
        match end {
            Some(length) => self.token(kind, length, mark, State::Data),
            None => self.last(kind),
        }
    }

    fn tag_open(&mut self, rest: &[u8]) -> Option<Token<'v>> {
        match rest.first() {
            None => self.go(0, State::End),
            Some(b'!') => self.go(1, State::MarkupDeclaration),
            Some(b'/') => {
                self.closing = true;
                self.go(1, State::EndTagOpen)
            }
            Some(b'?') => self.go(1, State::BogusComment),
            Some(b'%') => self.go(1, State::PercentComment),
            Some(byte) if byte.is_ascii_alphabetic() || *byte == 0 => self.go(0, State::TagName),
            Some(_) => {
                // The sign opened nothing: it is text.
                self.place -= 1;
                self.token(Kind::Text, 1, 0, State::Data)
            }
        }
    }

    fn tag_name(&mut self, rest: &[u8]) -> Option<Token<'v>> {
        let Some(length) = rest.iter().position(|byte| is_white(*byte) || matches!(byte, b'/' | b'>')) else {
            return self.last(Kind::TagOpen);
        };
        match rest[length] {
            b'/' => self.token(Kind::TagOpen, length, 1, State::SelfClosing),
            b'>' if self.closing => {
                self.closing = false;
                self.token(Kind::TagClose, length, 1, State::Data)
            }
            b'>' => self.token(Kind::TagOpen, length, 0, State::TagNameClose),
            _ => self.token(Kind::TagOpen, length, 1, State::BeforeAttributeName),
        }
    }

    /// Goes past white space and NUL bytes; the byte behind them.
    fn skip_white(&mut self) -> Option<u8> {
        let rest = self.rest();
        let white = rest.iter().take_while(|byte| is_white(**byte) || **byte == 0).count();
        self.place += white;
        rest.get(white).copied()
    }

    fn before_attribute_name(&mut self) -> Option<Token<'v>> {
        match self.skip_white() {
            None => self.go(0, State::End),
            Some(b'/') => self.go(1, State::SelfClosing),
            Some(b'>') => self.token(Kind::TagEnd, 1, 0, State::Data),
            Some(_) => self.go(0, State::AttributeName),
        }
    }

    /// A name has one byte at least, whatever that is.
    fn attribute_name(&mut self, rest: &[u8]) -> Option<Token<'v>> {
        let ends = |byte: &u8| is_white(*byte) || matches!(byte, b'/' | b'=' | b'>');
        let Some(length) = rest.iter().skip(1).position(ends).map(|place| place + 1) else {
            return self.last(Kind::AttributeName);
        };
        match rest[length] {
            b'/' => self.token(Kind::AttributeName, length, 1, State::SelfClosing),
            b'=' => self.token(Kind::AttributeName, length, 1, State::BeforeAttributeValue),
            b'>' => self.token(Kind::AttributeName, length, 0, State::TagNameClose),
            _ => self.token(Kind::AttributeName, length, 1, State::AfterAttributeName),
        }
    }

    fn after_attribute_name(&mut self) -> Option<Token<'v>> {
        match self.skip_white() {
            None => self.go(0, State::End),
            Some(b'/') => self.go(1, State::SelfClosing),
            Some(b'=') => self.go(1, State::BeforeAttributeValue),
            Some(b'>') => self.go(0, State::TagNameClose),
            Some(_) => self.go(0, State::AttributeName),
        }
    }

    fn before_attribute_value(&mut self) -> Option<Token<'v>> {
        match self.skip_white() {
            None => self.go(0, State::End),
            Some(mark @ (b'"' | b'\'' | b'`')) => self.go(1, State::Quoted(mark)),
            Some(_) => self.go(0, State::Unquoted),
        }
    }

    fn markup_declaration(&mut self, rest: &[u8]) -> Option<Token<'v>> {
        if rest.get(..7).is_some_and(|front| front.eq_ignore_ascii_case(b"DOCTYPE")) {
            self.go(0, State::Doctype)
        } else if rest.starts_with(b"[CDATA[") {
            self.go(7, State::Cdata)
        } else if rest.starts_with(b"--") {
            self.go(2, State::Comment)
        } else {
            self.go(0, State::BogusComment)
        }
    }
}

fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0B | 0x0C | b'\r')
}

/// Where a comment ends and how long the mark is that ends it: `-->` or `-!>`, NUL bytes behind the first hyphen.
fn comment_end(rest: &[u8]) -> Option<(usize, usize)> {
    // A hyphen in the last two bytes cannot begin a mark.
    let hyphens = memchr::memchr_iter(b'-', rest.get(..rest.len().checked_sub(2)?)?);
    for place in hyphens {
        let behind = &rest[place + 1..];
        let nulls = behind.iter().take_while(|byte| **byte == 0).count();
        if let [b'-' | b'!', b'>', ..] = behind[nulls..] {
            return Some((place, nulls + 3));
        }
    }
    None
}
