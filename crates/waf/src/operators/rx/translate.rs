//! From the dialect of PCRE to that of our engines.
//!
//! PCRE without its UTF option reads bytes, takes a brace that opens no counted repetition as itself, lets a class hold
//! an unescaped bracket, and more; rules rely on it.
//!
//! The linear dialect matches at least what PCRE matches. A possessive repetition or an atomic group becomes an
//! ordinary one. What the engine cannot do at all is reported and left open: a condition on what stands around goes, a
//! reference back may be anything. Such a pattern is a filter, and is translated anew for the other engine.

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
    /// Whether it needs the backtracking engine; in the linear dialect the text is a filter then.
    pub(super) looks_around: bool,
    /// Whether the pattern could be translated at all: conditional groups have no filter.
    pub(super) complete: bool,
}

/// Translates a pattern.
pub(super) fn translate(pattern: &str, dialect: Dialect) -> Result<Translated, PatternFault> {
    let mut reader = Reader::new(pattern);
    let mut translator = Translator {
        dialect,
        out: String::with_capacity(pattern.len() * 2),
        looks_around: false,
        complete: true,
        flags: Flags::default(),
        groups: Vec::new(),
    };
    while let Some(character) = reader.next() {
        translator.item(character, &mut reader)?;
    }
    Ok(Translated { text: translator.out, looks_around: translator.looks_around, complete: translator.complete })
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
    complete: bool,
    flags: Flags,
    /// The open groups.
    groups: Vec<Group>,
}

struct Group {
    /// The flags outside of it.
    flags: Flags,
    /// Where it begins in the text, if it goes when it closes.
    dropped: Option<usize>,
}

/// What stands for a reference back in the linear dialect.
const ANYTHING: &str = r"(?:[\x00-\xFF]*)";

/// The end of the value, or the place before a line feed that ends it.
const END_LINEAR: &str = r"(?:\n?\z)";
const END_BACKTRACKING: &str = r"(?=\n?\z)";

/// The edge of a word of ASCII: the backtracking engine's own counts letters beyond it, which here are bytes.
const WORD_EDGE: &str = "(?:(?<![0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?![0-9A-Za-z_]))";
const NO_WORD_EDGE: &str = "(?:(?<![0-9A-Za-z_])(?![0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?=[0-9A-Za-z_]))";

impl Translator {
    fn item(&mut self, character: char, reader: &mut Reader) -> Result<(), PatternFault> {
        match character {
            '\\' => return self.escape(reader),
            '[' => return class::translate(reader, self.dialect, &mut self.out),
            '(' => return self.open(reader),
            ')' => self.close(),
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

    fn close(&mut self) {
        let group = self.groups.pop();
        self.flags = group.as_ref().map_or_else(Flags::default, |group| group.flags);
        match group.and_then(|group| group.dropped) {
            Some(start) => {
                self.out.truncate(start);
                self.out.push_str("(?:)");
            }
            None => self.out.push(')'),
        }
    }

    fn enter(&mut self, dropped: Option<usize>) {
        self.groups.push(Group { flags: self.flags, dropped });
    }

    /// A reference back, spelled `text`.
    fn back(&mut self, text: &str) {
        self.looks_around = true;
        self.out.push_str(if self.dialect == Dialect::Linear { ANYTHING } else { text });
    }

    /// Behind an opening parenthesis.
    fn open(&mut self, reader: &mut Reader) -> Result<(), PatternFault> {
        if reader.skip("?#") {
            reader.until(")");
            return Ok(());
        }
        if !reader.skip("?") {
            self.enter(None);
            self.out.push('(');
            return Ok(());
        }
        let flags = reader.run(8, |character| character.is_ascii_alphabetic() || character == '-');
        if !flags.is_empty() && (reader.skip(")") || reader.rest().starts_with(':')) {
            return self.set_flags(flags, reader);
        }
        if flags == "P" && reader.skip("=") {
            let name = reader.until(")");
            self.back(&format!("(?P={name})"));
            return Ok(());
        }
        let start = self.out.len();
        if reader.skip(">") {
            self.enter(None);
            self.out.push_str(if self.dialect == Dialect::Linear { "(?:" } else { "(?>" });
        } else if reader.skip("'") {
            self.enter(None);
            self.out.push_str(&format!("(?P<{}>", reader.until("'")));
        } else {
            let rest = reader.rest();
            let behind = rest.starts_with("<=") || rest.starts_with("<!");
            let around = flags.is_empty() && (behind || rest.starts_with('=') || rest.starts_with('!'));
            let ordinary = rest.starts_with(':') || rest.starts_with('<') && matches!(flags, "" | "P");
            self.looks_around |= around || !ordinary;
            self.complete &= around || ordinary;
            self.enter((around && self.dialect == Dialect::Linear).then_some(start));
            self.out.push_str("(?");
            self.out.push_str(flags);
            // The rest of a mark must not be read as a repetition or a class.
            self.out.push_str(reader.run(2, |character| matches!(character, ':' | '<' | '=' | '!')));
        }
        Ok(())
    }

    /// `(?flags)` and `(?flags:`; the closing parenthesis of the first is gone already.
    fn set_flags(&mut self, flags: &str, reader: &mut Reader) -> Result<(), PatternFault> {
        let group = reader.skip(":");
        if group {
            self.enter(None);
        }
        let mut on = true;
        for flag in flags.chars() {
            match flag {
                '-' => on = false,
                'm' => self.flags.multi_line = on,
                'x' => self.flags.extended = on,
                'i' | 's' | 'U' => {}
                _ => return Err(PatternFault::Syntax(format!("(?{flags}) is not supported"))),
            }
        }
        self.out.push_str("(?");
        self.out.push_str(flags);
        self.out.push(if group { ':' } else { ')' });
        Ok(())
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
            'b' | 'B' if self.dialect == Dialect::Backtracking => {
                self.out.push_str(if character == 'b' { WORD_EDGE } else { NO_WORD_EDGE });
            }
            'A' | 'z' | 'b' | 'B' => self.out.extend(['\\', character]),
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => self.out.push_str(shorthand(character, self.dialect)),
            '1'..='3' if octal_digits(reader.rest()) => {
                let byte = class::octal(character, reader)?;
                push_byte(byte, &mut self.out);
            }
            '1'..='9' => self.back(&format!(r"\{character}")),
            'k' | 'g' => {
                let name = name(reader);
                self.back(&format!(r"\{character}{name}"));
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

/// The name or number of a reference back, with the marks around it.
fn name(reader: &mut Reader) -> String {
    for (open, close) in [("{", "}"), ("<", ">"), ("'", "'")] {
        if reader.skip(open) {
            return format!("{open}{}{close}", reader.until(close));
        }
    }
    reader.run(3, |character| character.is_ascii_digit() || character == '-').to_owned()
}

/// Whether two more octal digits follow: three of them are a byte, fewer refer back to a group.
fn octal_digits(rest: &str) -> bool {
    rest.bytes().take(2).filter(|byte| (b'0'..=b'7').contains(byte)).count() == 2
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
    let unread = matches!(character, ']' | '}');
    if character.is_ascii_alphanumeric() || raw && character.is_ascii() && !unread {
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
