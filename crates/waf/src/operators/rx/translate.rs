//! From the dialect of PCRE to that of our engines.
//!
//! PCRE without its UTF option reads bytes, takes a brace that opens no counted repetition as itself, lets a class hold
//! an unescaped bracket, and more; rules rely on it. What the linear engine cannot do at all (looking around, referring
//! back) is reported, and the pattern translated anew for the other engine.
//!
//! A possessive repetition or an atomic group becomes an ordinary one in the linear dialect. That matches at least what
//! PCRE matches.

use super::class;
use super::pattern::PatternFault;

/// For which engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Bytes in linear time.
    Linear,
    /// Characters U+0000 to U+00FF standing for bytes, with look-around and back-references.
    Backtracking,
}

/// A translated pattern.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) text: String,
    /// Whether it needs the backtracking engine.
    pub(super) looks_around: bool,
}

/// Translates a pattern.
pub(super) fn translate(pattern: &str, dialect: Dialect) -> Result<Translated, PatternFault> {
    let mut reader = Reader::new(pattern);
    let mut translator = Translator {
        dialect,
        out: String::with_capacity(pattern.len() * 2),
        looks_around: false,
        flags: Flags::default(),
        outer: Vec::new(),
    };
    while let Some(character) = reader.next() {
        translator.item(character, &mut reader)?;
    }
    Ok(Translated { text: translator.out, looks_around: translator.looks_around })
}

/// The characters of a pattern, one after the other.
pub(super) struct Reader<'p>(&'p str);

impl<'p> Reader<'p> {
    pub(super) fn new(pattern: &'p str) -> Self {
        Self(pattern)
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let character = self.0.chars().next()?;
        self.0 = &self.0[character.len_utf8()..];
        Some(character)
    }

    /// Goes past a text if it comes next.
    pub(super) fn skip(&mut self, text: &str) -> bool {
        let found = self.0.strip_prefix(text);
        self.0 = found.unwrap_or(self.0);
        found.is_some()
    }

    /// What is left.
    pub(super) fn rest(&self) -> &'p str {
        self.0
    }

    /// Goes past the characters that satisfy a test, at most `limit`.
    pub(super) fn run(&mut self, limit: usize, test: impl Fn(char) -> bool) -> &'p str {
        let end: usize = self.0.chars().take(limit).take_while(|character| test(*character)).map(char::len_utf8).sum();
        let (run, rest) = self.0.split_at(end);
        self.0 = rest;
        run
    }

    /// Goes past everything up to a text, and past the text; past everything if it is not there.
    pub(super) fn until(&mut self, text: &str) -> &'p str {
        let (before, after) = self.0.split_once(text).unwrap_or((self.0, ""));
        self.0 = after;
        before
    }
}

#[derive(Clone, Copy, Default)]
struct Flags {
    /// `(?m)`
    multi_line: bool,
    /// `(?x)`
    extended: bool,
}

struct Translator {
    dialect: Dialect,
    out: String,
    looks_around: bool,
    flags: Flags,
    /// The flags outside of each open group.
    outer: Vec<Flags>,
}

/// The end of the value, or the place before a line feed that ends it.
const END_LINEAR: &str = r"(?:\n?\z)";
const END_BACKTRACKING: &str = r"(?=\n?\z)";

impl Translator {
    fn item(&mut self, character: char, reader: &mut Reader) -> Result<(), PatternFault> {
        match character {
            '\\' => return self.escape(reader),
            '[' => return class::translate(reader, self.dialect, &mut self.out),
            '(' => self.open(reader),
            ')' => {
                self.flags = self.outer.pop().unwrap_or_default();
                self.out.push(')');
            }
            '*' | '+' | '?' => self.repetition(character.encode_utf8(&mut [0; 4]), reader),
            '{' => match counted(reader.rest()) {
                Some(length) => {
                    let count = format!("{{{}", reader.run(length, |_| true));
                    self.repetition(&count, reader);
                }
                None => self.out.push_str(r"\{"),
            },
            '$' if !self.flags.multi_line => self.end(),
            '#' if self.flags.extended => _ = reader.until("\n"),
            character => literal(character, &mut self.out, true),
        }
        Ok(())
    }

    /// A repetition, its lazy or possessive mark with it.
    fn repetition(&mut self, text: &str, reader: &mut Reader) {
        self.out.push_str(text);
        if reader.skip("?") {
            self.out.push('?');
        } else if reader.skip("+") && self.dialect == Dialect::Backtracking {
            self.out.push('+');
        }
    }

    fn end(&mut self) {
        self.out.push_str(match self.dialect {
            Dialect::Linear => END_LINEAR,
            Dialect::Backtracking => END_BACKTRACKING,
        });
    }

    /// Behind an opening parenthesis.
    fn open(&mut self, reader: &mut Reader) {
        if reader.skip("?#") {
            reader.until(")");
            return;
        }
        if !reader.skip("?") {
            self.outer.push(self.flags);
            self.out.push('(');
            return;
        }
        let flags = reader.run(8, |character| character.is_ascii_alphabetic() || character == '-');
        if !flags.is_empty() && (reader.skip(")") || reader.rest().starts_with(':')) {
            return self.set_flags(flags, reader);
        }
        self.outer.push(self.flags);
        if reader.skip(">") {
            self.out.push_str(if self.dialect == Dialect::Linear { "(?:" } else { "(?>" });
        } else if reader.skip("'") {
            self.out.push_str(&format!("(?P<{}>", reader.until("'")));
        } else {
            let rest = reader.rest();
            let named = flags == "P" && rest.starts_with('<');
            let plain = rest.starts_with(':') || rest.starts_with('<') && !rest.starts_with("<=") && !rest.starts_with("<!");
            self.looks_around |= !(named || plain && flags.is_empty());
            self.out.push_str("(?");
            self.out.push_str(flags);
            // The rest of a mark must not be read as a repetition or a class.
            self.out.push_str(reader.run(2, |character| matches!(character, ':' | '<' | '=' | '!')));
        }
    }

    /// `(?flags)` and `(?flags:`; the closing parenthesis of the first is gone already.
    fn set_flags(&mut self, flags: &str, reader: &mut Reader) {
        let group = reader.skip(":");
        if group {
            self.outer.push(self.flags);
        }
        let mut on = true;
        for flag in flags.chars() {
            match flag {
                '-' => on = false,
                'm' => self.flags.multi_line = on,
                'x' => self.flags.extended = on,
                _ => {}
            }
        }
        self.out.push_str("(?");
        self.out.push_str(flags);
        self.out.push(if group { ':' } else { ')' });
    }

    /// Behind a backslash, outside of classes.
    fn escape(&mut self, reader: &mut Reader) -> Result<(), PatternFault> {
        let Some(character) = reader.next() else {
            return Err(PatternFault::Syntax("a backslash stands at the end".to_owned()));
        };
        match character {
            'h' => self.out.push_str(r"[\t\x20\xA0]"),
            'H' => self.out.push_str(r"[^\t\x20\xA0]"),
            'v' => self.out.push_str(r"[\n\x0B\x0C\r\x85]"),
            'V' => self.out.push_str(r"[^\n\x0B\x0C\r\x85]"),
            'R' => self.out.push_str(r"(?:\r\n|[\n\x0B\x0C\r\x85])"),
            'N' => self.out.push_str(r"[^\n]"),
            'Z' => self.end(),
            'Q' => reader.until(r"\E").chars().for_each(|character| literal(character, &mut self.out, false)),
            'E' => {}
            'A' | 'z' | 'b' | 'B' => self.out.extend(['\\', character]),
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => self.out.push_str(shorthand(character, self.dialect)),
            '1'..='9' | 'k' | 'g' => {
                self.looks_around = true;
                self.out.extend(['\\', character]);
            }
            'G' | 'K' | 'C' | 'X' | 'p' | 'P' => {
                return Err(PatternFault::Syntax(format!(r"\{character} is not supported")));
            }
            character => match class::single(character, reader)? {
                Some(byte) => push_byte(byte, &mut self.out),
                None => literal(character, &mut self.out, false),
            },
        }
        Ok(())
    }
}

/// The shorthand of a kind of characters; ASCII in both dialects.
fn shorthand(character: char, dialect: Dialect) -> &'static str {
    match (character, dialect) {
        ('d', Dialect::Linear) => r"\d",
        ('D', Dialect::Linear) => r"\D",
        ('s', Dialect::Linear) => r"\s",
        ('S', Dialect::Linear) => r"\S",
        ('w', Dialect::Linear) => r"\w",
        (_, Dialect::Linear) => r"\W",
        ('d', Dialect::Backtracking) => "[0-9]",
        ('D', Dialect::Backtracking) => "[^0-9]",
        ('s', Dialect::Backtracking) => r"[\x09-\x0D\x20]",
        ('S', Dialect::Backtracking) => r"[^\x09-\x0D\x20]",
        ('w', Dialect::Backtracking) => "[0-9A-Za-z_]",
        (_, Dialect::Backtracking) => "[^0-9A-Za-z_]",
    }
}

/// How long a counted repetition is behind its opening brace; `None` if this is none.
fn counted(rest: &str) -> Option<usize> {
    let (count, _) = rest.split_once('}')?;
    let (least, most) = count.split_once(',').unwrap_or((count, ""));
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (!least.is_empty() && number(least) && number(most)).then_some(count.len() + 1)
}

/// A character that stands for itself. One beyond ASCII is the bytes of its UTF-8 form. `raw`: it may keep a meaning
/// of its own, as an unescaped dot does.
fn literal(character: char, out: &mut String, raw: bool) {
    if character.is_ascii_alphanumeric() || raw && character.is_ascii() {
        out.push(character);
    } else {
        character.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_byte(byte, out));
    }
}

/// A byte as an escape.
pub(super) fn push_byte(byte: u8, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    out.extend(['\\', 'x', digit(byte >> 4), digit(byte & 15)]);
}
