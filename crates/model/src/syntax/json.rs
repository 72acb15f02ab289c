//! Strict JSON with places, plus the `//` and `/* */` comments that template tools allow.

use crate::node::{At, Entry, Node, Number, Object, Value};
use crate::path::Path;
use crate::problem::{Problem, Problems, codes};
use crate::source::Span;

use super::{MAX_DEPTH, MAX_NODES};

/// Parses `text`, which starts `offset` bytes into source `index`.
pub(super) fn parse(text: &str, index: u32, offset: usize, problems: &mut Problems) -> Option<Node> {
    let mut parser = Parser { text, bytes: text.as_bytes(), at: 0, index, offset, nodes: 0, problems };
    let root = parser.document();
    root.map_err(|problem| parser.problems.push(*problem)).ok()
}

type Parsed<T> = Result<T, Box<Problem>>;

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    index: u32,
    offset: usize,
    nodes: usize,
    problems: &'a mut Problems,
}

impl Parser<'_> {
    fn document(&mut self) -> Parsed<Node> {
        let root = self.value(Path::root(), 0)?;
        self.blank()?;
        match self.peek() {
            None => Ok(root),
            Some(_) => Err(self.malformed("text after the end of the document", &Path::root())),
        }
    }

    fn value(&mut self, path: Path, depth: usize) -> Parsed<Node> {
        self.blank()?;
        let start = self.at;
        self.nodes += 1;
        if depth > MAX_DEPTH || self.nodes > MAX_NODES {
            let message = if depth > MAX_DEPTH {
                format!("the document nests deeper than {MAX_DEPTH} levels")
            } else {
                format!("the document has more than {MAX_NODES} values")
            };
            let at = At::new(self.span(start, start + 1), path);
            return Err(Box::new(Problem::error(codes::DOCUMENT_TOO_COMPLEX, &at, message)));
        }
        let value = match self.peek() {
            Some(b'{') => self.object(&path, depth)?,
            Some(b'[') => self.array(&path, depth)?,
            Some(b'"') => Value::String(self.string(&path)?),
            Some(b'-' | b'0'..=b'9') => self.number(&path)?,
            Some(b't' | b'f' | b'n') => self.word(&path)?,
            Some(b'\'') => return Err(self.malformed("strings stand in double quotes", &path)),
            Some(b']' | b'}') => {
                return Err(self.malformed("a value is missing, or a comma is left over, before this", &path));
            }
            Some(_) => return Err(self.malformed("no JSON value starts like this", &path)),
            None => return Err(self.malformed("the text ends where a value should stand", &path)),
        };
        Ok(Node::new(value, At::new(self.span(start, self.at), path)))
    }

    fn object(&mut self, path: &Path, depth: usize) -> Parsed<Value> {
        self.at += 1;
        let mut object = Object::default();
        let mut seen = std::collections::HashSet::new();
        loop {
            self.blank()?;
            match self.peek() {
                Some(b'}') if object.entries.is_empty() => break,
                Some(b'"') => {}
                None => return Err(self.malformed("the text ends inside an object", path)),
                Some(b'}') => return Err(self.malformed("a comma is left over before this `}`", path)),
                Some(_) => return Err(self.malformed("a key in double quotes should stand here", path)),
            }
            let start = self.at;
            let key = self.string(path)?;
            let key_span = self.span(start, self.at);
            self.blank()?;
            self.expect(b':', "a `:` should follow the key", path)?;
            let child = path.key(&key);
            if !seen.insert(key.clone()) {
                let message = format!("the key {key:?} stands twice in this object");
                let at = At::new(key_span, child.clone());
                self.problems.push(Problem::error(codes::DUPLICATE_KEY, &at, message).help("keep one of the two"));
            }
            let node = self.value(child, depth + 1)?;
            object.entries.push(Entry { key, key_span: Some(key_span), node });
            self.blank()?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                None => return Err(self.malformed("the text ends inside an object", path)),
                Some(_) => return Err(self.malformed("a `,` or `}` should stand here", path)),
            }
        }
        self.at += 1;
        Ok(Value::Object(object))
    }

    fn array(&mut self, path: &Path, depth: usize) -> Parsed<Value> {
        self.at += 1;
        let mut items = Vec::new();
        self.blank()?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(path.index(items.len()), depth + 1)?);
            self.blank()?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                None => return Err(self.malformed("the text ends inside a list", path)),
                Some(_) => return Err(self.malformed("a `,` or `]` should stand here", path)),
            }
        }
        self.at += 1;
        Ok(Value::Array(items))
    }

    fn string(&mut self, path: &Path) -> Parsed<String> {
        let open = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            out.push_str(&self.text[start..self.at]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => out.push(self.escape(path)?),
                Some(b'\n' | b'\r') => {
                    self.at = open;
                    return Err(self.malformed("this string has no closing quote on its line", path));
                }
                Some(_) => return Err(self.malformed("a control character inside a string has to be escaped", path)),
                None => {
                    self.at = open;
                    return Err(self.malformed("the text ends inside this string", path));
                }
            }
        }
        self.at += 1;
        Ok(out)
    }

    fn escape(&mut self, path: &Path) -> Parsed<char> {
        let start = self.at;
        self.at += 2;
        let plain = match self.bytes.get(start + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(start, path),
            _ => {
                self.at = start;
                return Err(self.malformed("no such escape in JSON", path));
            }
        };
        Ok(plain)
    }

    fn unicode(&mut self, start: usize, path: &Path) -> Parsed<char> {
        let high = self.hex4();
        let code = match high {
            Some(high @ 0xd800..=0xdbff) if self.bytes.get(self.at..self.at + 2) == Some(b"\\u") => {
                self.at += 2;
                let low = self.hex4().filter(|low| (0xdc00..=0xdfff).contains(low));
                low.map(|low| 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
            }
            other => other,
        };
        code.and_then(char::from_u32).ok_or_else(|| {
            self.at = start;
            self.malformed("this is not a valid \\u escape", path)
        })
    }

    fn hex4(&mut self) -> Option<u32> {
        let digits = self.bytes.get(self.at..self.at + 4)?;
        let digits = digits.iter().all(u8::is_ascii_hexdigit).then_some(digits)?;
        self.at += 4;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    }

    fn number(&mut self, path: &Path) -> Parsed<Value> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')) {
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        if is_number(text) {
            return Ok(Value::Number(Number::from_text(text)));
        }
        self.at = start;
        Err(self.malformed("this is not a number as JSON spells them", path))
    }

    fn word(&mut self, path: &Path) -> Parsed<Value> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric()) {
            self.at += 1;
        }
        match &self.text[start..self.at] {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            "null" => Ok(Value::Null),
            _ => {
                self.at = start;
                Err(self.malformed("this is not a JSON value; strings stand in double quotes", path))
            }
        }
    }

    /// Skips blanks and comments.
    fn blank(&mut self) -> Parsed<()> {
        loop {
            while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
                self.at += 1;
            }
            let rest = &self.bytes[self.at..];
            if rest.starts_with(b"//") {
                self.at += rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
            } else if rest.starts_with(b"/*") {
                match rest.windows(2).position(|pair| pair == b"*/") {
                    Some(end) => self.at += end + 2,
                    None => return Err(self.malformed("this comment has no end", &Path::root())),
                }
            } else {
                return Ok(());
            }
        }
    }

    fn expect(&mut self, byte: u8, message: &str, path: &Path) -> Parsed<()> {
        if self.peek() != Some(byte) {
            return Err(self.malformed(message, path));
        }
        self.at += 1;
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.index, self.offset + start..self.offset + end)
    }

    fn malformed(&self, message: &str, path: &Path) -> Box<Problem> {
        let width = self.text[self.at..].chars().next().map_or(0, char::len_utf8);
        let at = At::new(self.span(self.at, self.at + width), path.clone());
        Box::new(Problem::error(codes::INVALID_JSON, &at, message))
    }
}

/// JSON's grammar of numbers.
pub(crate) fn is_number(text: &str) -> bool {
    let rest = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (rest, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)))
}
