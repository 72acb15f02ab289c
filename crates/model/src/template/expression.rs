//! The expression language of templates: text between `[` and `]` into a tree with offsets.
//!
//! Source: Azure Resource Manager, "Syntax and expressions in ARM templates".

use std::ops::Range;

/// One expression, with the bytes of the unescaped string it takes.
#[derive(Debug, Clone)]
pub(super) struct Expression {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// `'text'`, quotes doubled inside.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `name(...)` or `namespace.name(...)`.
    Call { namespace: Option<String>, name: String, name_range: Range<usize>, arguments: Vec<Expression> },
    /// `of.key`, `of['key']` or `of[0]`.
    Member { of: Box<Expression>, key: Box<Expression> },
}

/// What keeps a text from being an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) message: &'static str,
    pub(super) range: Range<usize>,
}

/// The deepest nesting of calls and members.
const MAX_DEPTH: usize = 48;

/// How a string of a template is meant.
#[derive(Debug)]
pub(super) enum Meaning<'a> {
    /// As it stands.
    Literal(&'a str),
    /// As an expression: the text between the brackets starts at byte 1.
    Expression(&'a str),
}

/// `[...]` is an expression, `[[...]` a literal that starts with one bracket, everything else a literal.
pub(super) fn meaning(text: &str) -> Meaning<'_> {
    match text.strip_prefix('[').filter(|_| text.len() >= 2 && text.ends_with(']')) {
        Some(rest) if rest.starts_with('[') => Meaning::Literal(rest),
        Some(rest) => Meaning::Expression(&rest[..rest.len() - 1]),
        None => Meaning::Literal(text),
    }
}

/// Parses the text between the brackets; `offset` is added to all ranges.
pub(super) fn parse(text: &str, offset: usize) -> Result<Expression, Malformed> {
    let mut parser = Parser { text, at: 0, offset };
    let expression = parser.expression(0)?;
    parser.blank();
    match parser.peek() {
        None => Ok(expression),
        Some(_) => Err(parser.malformed("nothing should follow the end of the expression")),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    offset: usize,
}

impl Parser<'_> {
    fn expression(&mut self, depth: usize) -> Result<Expression, Malformed> {
        if depth > MAX_DEPTH {
            return Err(self.malformed("the expression nests too deep"));
        }
        self.blank();
        let start = self.at;
        let kind = match self.peek() {
            Some('\'') => Kind::Text(self.string()?),
            Some(c) if c == '-' || c.is_ascii_digit() => self.number()?,
            Some(c) if c.is_ascii_alphabetic() || c == '_' => self.call(depth)?,
            Some('"') => return Err(self.malformed("strings stand in single quotes here")),
            Some(_) => return Err(self.malformed("a function, a string or a number should stand here")),
            None => return Err(self.malformed("the expression ends where a value should stand")),
        };
        let mut expression = Expression { kind, range: self.range(start) };
        let mut members = 0;
        loop {
            self.blank();
            let key = match self.peek() {
                Some('.') => {
                    self.at += 1;
                    let from = self.at;
                    let name = self.word();
                    if name.is_empty() {
                        return Err(self.malformed("the name of a property should follow the dot"));
                    }
                    Expression { kind: Kind::Text(name), range: self.range(from) }
                }
                Some('[') => {
                    self.at += 1;
                    let key = self.expression(depth + 1)?;
                    self.expect(']', "a `]` should stand here")?;
                    key
                }
                _ => return Ok(expression),
            };
            members += 1;
            if members + depth > MAX_DEPTH {
                return Err(self.malformed("the expression nests too deep"));
            }
            let range = self.range(start);
            expression = Expression { kind: Kind::Member { of: Box::new(expression), key: Box::new(key) }, range };
        }
    }

    fn call(&mut self, depth: usize) -> Result<Kind, Malformed> {
        let start = self.at;
        let mut name = self.word();
        let mut namespace = None;
        if self.peek() == Some('.') {
            self.at += 1;
            namespace = Some(std::mem::replace(&mut name, self.word()));
        }
        let name_range = self.range(start);
        self.blank();
        if self.peek() != Some('(') {
            return Err(Malformed {
                message: "a function needs parentheses; a string needs single quotes",
                range: name_range,
            });
        }
        self.at += 1;
        let mut arguments = Vec::new();
        self.blank();
        if self.peek() == Some(')') {
            self.at += 1;
            return Ok(Kind::Call { namespace, name, name_range, arguments });
        }
        loop {
            arguments.push(self.expression(depth + 1)?);
            self.blank();
            match self.peek() {
                Some(',') => self.at += 1,
                Some(')') => break,
                Some(_) => return Err(self.malformed("a `,` or `)` should stand here")),
                None => return Err(self.malformed("a `)` is missing at the end")),
            }
        }
        self.at += 1;
        Ok(Kind::Call { namespace, name, name_range, arguments })
    }

    fn string(&mut self) -> Result<String, Malformed> {
        let start = self.at;
        let mut out = String::new();
        self.at += 1;
        loop {
            let rest = &self.text[self.at..];
            let Some(end) = rest.find('\'') else {
                self.at = start;
                return Err(self.malformed("this string has no closing quote"));
            };
            out.push_str(&rest[..end]);
            self.at += end + 1;
            if self.peek() != Some('\'') {
                return Ok(out);
            }
            out.push('\'');
            self.at += 1;
        }
    }

    fn number(&mut self) -> Result<Kind, Malformed> {
        let start = self.at;
        self.at += 1;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        let message = "this is not a whole number";
        self.text[start..self.at].parse().map(Kind::Number).map_err(|_| Malformed { message, range: self.range(start) })
    }

    fn word(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '$')) {
            self.at += self.peek().map_or(0, char::len_utf8);
        }
        self.text[start..self.at].to_owned()
    }

    fn blank(&mut self) {
        while self.peek().is_some_and(|c| c.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn expect(&mut self, c: char, message: &'static str) -> Result<(), Malformed> {
        self.blank();
        if self.peek() != Some(c) {
            return Err(self.malformed(message));
        }
        self.at += 1;
        Ok(())
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn range(&self, start: usize) -> Range<usize> {
        self.offset + start..self.offset + self.at
    }

    fn malformed(&self, message: &'static str) -> Malformed {
        let width = self.peek().map_or(0, char::len_utf8);
        Malformed { message, range: self.offset + self.at..self.offset + self.at + width }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_tell_expressions_from_literals() {
        let rows =
            [("[a()]", true, "a()"), ("[[a]", false, "[a]"), ("[a", false, "[a"), ("a", false, "a"), ("[]", true, "")];
        for (text, is_expression, inner) in rows {
            match meaning(text) {
                Meaning::Literal(literal) => assert_eq!((false, inner), (is_expression, literal), "{text}"),
                Meaning::Expression(expression) => assert_eq!((true, inner), (is_expression, expression), "{text}"),
            }
        }
    }

    #[test]
    fn malformed_expressions_are_refused_with_their_place() {
        let rows = [
            ("", "the expression ends where a value should stand", 0),
            ("concat('a'", "a `)` is missing at the end", 10),
            ("concat('a' 'b')", "a `,` or `)` should stand here", 11),
            ("concat('a", "this string has no closing quote", 7),
            ("concat", "a function needs parentheses; a string needs single quotes", 0),
            ("a() b", "nothing should follow the end of the expression", 4),
            ("a().", "the name of a property should follow the dot", 4),
            ("a()[0", "a `]` should stand here", 5),
            ("a(\"x\")", "strings stand in single quotes here", 2),
        ];
        for (text, message, at) in rows {
            let malformed = parse(text, 0).unwrap_err();
            assert_eq!((malformed.message, malformed.range.start), (message, at), "{text}");
        }
        assert!(parse(&"a(".repeat(10_000), 0).is_err());
        assert!(parse(&format!("a(){}", ".b".repeat(10_000)), 0).is_err());
    }
}
