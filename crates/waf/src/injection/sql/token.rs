//! One token.

/// What a token is. The letters make up fingerprints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    None,
    Keyword,
    Union,
    Group,
    Expression,
    SqlType,
    Function,
    Bareword,
    Number,
    Variable,
    String,
    Operator,
    LogicOperator,
    Comment,
    Collate,
    LeftParenthesis,
    RightParenthesis,
    LeftBrace,
    RightBrace,
    Dot,
    Comma,
    Colon,
    Semicolon,
    /// The start of a statement of Transact-SQL.
    Tsql,
    Unknown,
    /// What only attacks write.
    Evil,
    Backslash,
}

const LETTERS: &[(Kind, u8)] = &[
    (Kind::Keyword, b'k'),
    (Kind::Union, b'U'),
    (Kind::Group, b'B'),
    (Kind::Expression, b'E'),
    (Kind::SqlType, b't'),
    (Kind::Function, b'f'),
    (Kind::Bareword, b'n'),
    (Kind::Number, b'1'),
    (Kind::Variable, b'v'),
    (Kind::String, b's'),
    (Kind::Operator, b'o'),
    (Kind::LogicOperator, b'&'),
    (Kind::Comment, b'c'),
    (Kind::Collate, b'A'),
    (Kind::LeftParenthesis, b'('),
    (Kind::RightParenthesis, b')'),
    (Kind::LeftBrace, b'{'),
    (Kind::RightBrace, b'}'),
    (Kind::Dot, b'.'),
    (Kind::Comma, b','),
    (Kind::Colon, b':'),
    (Kind::Semicolon, b';'),
    (Kind::Tsql, b'T'),
    (Kind::Unknown, b'?'),
    (Kind::Evil, b'X'),
    (Kind::Backslash, b'\\'),
];

impl Kind {
    /// The letter of the kind.
    pub(super) fn letter(self) -> u8 {
        LETTERS.iter().find(|(kind, _)| *kind == self).map_or(0, |(_, letter)| *letter)
    }

    /// The kind with a letter.
    pub(super) fn of(letter: u8) -> Self {
        LETTERS.iter().find(|(_, known)| *known == letter).map_or(Self::None, |(kind, _)| *kind)
    }
}

/// How much of a token's text is kept. Words are told apart by less.
pub(super) const MAX_TEXT: usize = 31;

/// A token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) text: [u8; MAX_TEXT],
    pub(super) length: usize,
    /// The mark that opens a string; 0 if the value begins inside of it.
    pub(super) open: u8,
    /// The mark that closes a string; 0 if none does.
    pub(super) close: u8,
    /// How many `@` stand before a variable.
    #[cfg_attr(not(test), expect(dead_code, reason = "only the printed form of the public vectors shows it"))]
    pub(super) ats: u8,
}

impl Token {
    /// No token.
    pub(super) const NONE: Self = Self { kind: Kind::None, text: [0; MAX_TEXT], length: 0, open: 0, close: 0, ats: 0 };

    /// A token with its text, of which the front is kept.
    pub(super) fn new(kind: Kind, text: &[u8]) -> Self {
        Self { kind, ..Self::NONE }.with_text(text)
    }

    /// The same token with another text.
    pub(super) fn with_text(mut self, text: &[u8]) -> Self {
        self.length = text.len().min(MAX_TEXT);
        self.text[..self.length].copy_from_slice(&text[..self.length]);
        self
    }

    /// The text that was kept.
    pub(super) fn text(&self) -> &[u8] {
        &self.text[..self.length]
    }

    /// Whether the text is one of some words in capitals, case aside.
    pub(super) fn is_word(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.text().eq_ignore_ascii_case(word.as_bytes()))
    }

    /// Whether this is an operator that may stand before one operand.
    pub(super) fn is_unary(&self) -> bool {
        self.kind == Kind::Operator
            && (matches!(self.text(), b"+" | b"-" | b"!" | b"~" | b"!!") || self.is_word(&["NOT"]))
    }

    /// Whether this is an operator of arithmetic.
    pub(super) fn is_arithmetic(&self) -> bool {
        self.kind == Kind::Operator && matches!(self.text(), b"*" | b"/" | b"-" | b"+" | b"%")
    }
}
