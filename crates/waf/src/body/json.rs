//! JSON as arguments: `{"a":{"b":[1]}}` is `json.a.b.0` with the value `1`.
//!
//! Every leaf is an argument, also where a key stands twice: which of them a server takes cannot be known. Objects and
//! arrays are no arguments of their own. Null is an empty value, numbers keep their text.

use super::{Bounds, Contents};

/// Reads as far as it can.
pub(super) fn parse(body: &[u8], bounds: Bounds) -> Contents {
    let names = body.len().saturating_mul(NAMES) + 4096;
    let mut reader = Reader { rest: body, name: b"json".to_vec(), names, contents: Contents::default(), bounds };
    let result = reader.document();
    let mut contents = reader.contents;
    contents.error = match result {
        Ok(()) => None,
        Err(Stop::End) if bounds.cut => None,
        Err(Stop::End) => Some("JSON ends early"),
        Err(Stop::Syntax) => Some("JSON that does not follow its grammar"),
        Err(Stop::Depth) => Some("JSON nested too deeply"),
        Err(Stop::Names) => Some("JSON with names that are too long for their number"),
        Err(Stop::Many) => Some("more arguments than allowed"),
    };
    contents
}

enum Stop {
    End,
    Syntax,
    Depth,
    Many,
    Names,
}

/// How many times the length of the body the names of all values may come to. A long key over many values would
/// otherwise make gigabytes of names out of a small body.
const NAMES: usize = 16;

struct Reader<'b> {
    rest: &'b [u8],
    /// The full name of the value that is read.
    name: Vec<u8>,
    /// Bytes that names may still come to.
    names: usize,
    contents: Contents,
    bounds: Bounds,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Stop> {
        if self.blanks().is_none() {
            // No body at all is no error of the body's form.
            return Ok(());
        }
        self.value(0)?;
        if self.blanks().is_some() { Err(Stop::Syntax) } else { Ok(()) }
    }

    /// Skips blanks and gives the byte that follows.
    fn blanks(&mut self) -> Option<u8> {
        while let Some((b' ' | b'\t' | b'\r' | b'\n', rest)) = self.rest.split_first() {
            self.rest = rest;
        }
        self.rest.first().copied()
    }

    fn expect(&mut self, wanted: u8) -> Result<(), Stop> {
        match self.blanks() {
            Some(byte) if byte == wanted => {
                self.rest = &self.rest[1..];
                Ok(())
            }
            Some(_) => Err(Stop::Syntax),
            None => Err(Stop::End),
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), Stop> {
        match self.blanks().ok_or(Stop::End)? {
            b'{' if depth < self.bounds.depth => self.object(depth + 1),
            b'[' if depth < self.bounds.depth => self.array(depth + 1),
            b'{' | b'[' => Err(Stop::Depth),
            b'"' => {
                let mut text = Vec::new();
                let result = self.string(&mut text);
                self.argument(text)?;
                result
            }
            b't' => self.word(b"true", b"true"),
            b'f' => self.word(b"false", b"false"),
            b'n' => self.word(b"null", b""),
            _ => self.number(),
        }
    }

    fn argument(&mut self, value: Vec<u8>) -> Result<(), Stop> {
        if self.contents.arguments.len() == self.bounds.arguments {
            return Err(Stop::Many);
        }
        self.names = self.names.checked_sub(self.name.len()).ok_or(Stop::Names)?;
        self.contents.arguments.push((self.name.clone(), value));
        Ok(())
    }

    fn word(&mut self, word: &[u8], value: &[u8]) -> Result<(), Stop> {
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                self.argument(value.to_vec())
            }
            None if word.starts_with(self.rest) => Err(Stop::End),
            None => Err(Stop::Syntax),
        }
    }

    fn number(&mut self) -> Result<(), Stop> {
        let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
        let end = self.rest.iter().position(|byte| !is_part(byte)).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        if !is_number(text) {
            return Err(if rest.is_empty() { Stop::End } else { Stop::Syntax });
        }
        self.rest = rest;
        self.argument(text.to_vec())
    }

    fn object(&mut self, depth: usize) -> Result<(), Stop> {
        self.expect(b'{')?;
        if self.blanks() == Some(b'}') {
            return self.expect(b'}');
        }
        loop {
            if self.blanks().ok_or(Stop::End)? != b'"' {
                return Err(Stop::Syntax);
            }
            let length = self.name.len();
            let mut key = Vec::new();
            self.string(&mut key)?;
            self.name.push(b'.');
            self.name.extend_from_slice(&key);
            self.expect(b':')?;
            self.value(depth)?;
            self.name.truncate(length);
            if self.another(b'}')? {
                return Ok(());
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), Stop> {
        self.expect(b'[')?;
        if self.blanks() == Some(b']') {
            return self.expect(b']');
        }
        for index in 0_usize.. {
            let length = self.name.len();
            self.name.extend_from_slice(format!(".{index}").as_bytes());
            self.value(depth)?;
            self.name.truncate(length);
            if self.another(b']')? {
                break;
            }
        }
        Ok(())
    }

    /// After a member: whether the container ends here; else a comma is passed.
    fn another(&mut self, end: u8) -> Result<bool, Stop> {
        match self.blanks().ok_or(Stop::End)? {
            b',' => self.expect(b',').map(|()| false),
            _ => self.expect(end).map(|()| true),
        }
    }

    /// Appends a string's text to `text`, also what there is of it where it is broken.
    fn string(&mut self, text: &mut Vec<u8>) -> Result<(), Stop> {
        self.rest = self.rest.get(1..).ok_or(Stop::End)?;
        loop {
            let at = memchr::memchr2(b'"', b'\\', self.rest).unwrap_or(self.rest.len());
            let (plain, rest) = self.rest.split_at(at);
            text.extend_from_slice(plain);
            if plain.iter().any(|byte| *byte < 0x20) {
                return Err(Stop::Syntax);
            }
            let (first, rest) = rest.split_first().ok_or(Stop::End)?;
            self.rest = rest;
            if *first == b'"' {
                return Ok(());
            }
            self.escape(text)?;
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), Stop> {
        let (kind, rest) = self.rest.split_first().ok_or(Stop::End)?;
        self.rest = rest;
        let byte = match kind {
            b'"' | b'\\' | b'/' => *kind,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => return self.unicode(text),
            _ => return Err(Stop::Syntax),
        };
        text.push(byte);
        Ok(())
    }

    fn unicode(&mut self, text: &mut Vec<u8>) -> Result<(), Stop> {
        let mut code = self.code_unit()?;
        if (0xD800..0xDC00).contains(&code)
            && let Some(rest) = self.rest.strip_prefix(b"\\u")
        {
            self.rest = rest;
            let low = self.code_unit()?;
            if (0xDC00..0xE000).contains(&low) {
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            }
        }
        let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn code_unit(&mut self) -> Result<u32, Stop> {
        let (digits, rest) = self.rest.split_at_checked(4).ok_or(Stop::End)?;
        let digits = std::str::from_utf8(digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        self.rest = rest;
        digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or(Stop::Syntax)
    }
}

/// The grammar of RFC 8259, section 6.
fn is_number(text: &[u8]) -> bool {
    fn digits(text: &[u8]) -> (usize, &[u8]) {
        let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count, &text[count..])
    }
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    let (count, mut rest) = digits(unsigned);
    if count == 0 || (count > 1 && unsigned.starts_with(b"0")) {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        let (count, after) = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = after;
    }
    if let Some(exponent) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        let unsigned = exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
        let (count, after) = digits(unsigned);
        return count > 0 && after.is_empty();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(text: &str, cut: bool) -> (Vec<String>, Option<&'static str>) {
        let contents = parse(text.as_bytes(), Bounds { arguments: 6, depth: 4, separator: b'&', cut });
        let shown = contents
            .arguments
            .iter()
            .map(|(name, value)| format!("{}={}", String::from_utf8_lossy(name), String::from_utf8_lossy(value)));
        (shown.collect(), contents.error)
    }

    #[test]
    fn every_leaf_is_an_argument_with_its_path_as_name() {
        let (arguments, error) = flat(r#"{"a":{"b":[1,"x\u0041\n"]},"a":null,"c":true,"":-1.5e3}"#, false);
        assert_eq!(arguments, ["json.a.b.0=1", "json.a.b.1=xA\n", "json.a=", "json.c=true", "json.=-1.5e3"]);
        assert_eq!(error, None);
        assert_eq!(flat("\"x\"", false).0, ["json=x"]);
        assert_eq!(flat(r#""\ud83d\ude00\ud800""#, false).0, ["json=😀\u{fffd}"]);
    }

    #[test]
    fn what_breaks_the_grammar_is_told_and_what_stands_before_is_kept() {
        for (text, arguments, error) in [
            ("{\"a\":1,", 1, Some("JSON ends early")),
            ("{\"a\":1]", 1, Some("JSON that does not follow its grammar")),
            ("[01]", 0, Some("JSON that does not follow its grammar")),
            ("[1] 2", 1, Some("JSON that does not follow its grammar")),
            ("[[[[[1]]]]]", 0, Some("JSON nested too deeply")),
            ("[1,2,3,4,5,6,7]", 6, Some("more arguments than allowed")),
            ("[\"abc", 1, Some("JSON ends early")),
            ("", 0, None),
            ("{\"a\"", 0, Some("JSON ends early")),
        ] {
            let (found, told) = flat(text, false);
            assert_eq!((found.len(), told), (arguments, error), "{text}");
        }
    }

    #[test]
    fn a_long_key_over_many_values_does_not_multiply() {
        let body = format!("{{\"{}\":[{}0]}}", "k".repeat(60_000), "0,".repeat(999));
        let contents = parse(body.as_bytes(), Bounds { arguments: 1000, depth: 4, separator: b'&', cut: false });
        assert!(contents.arguments.len() < 100 && contents.error.is_some());
    }

    #[test]
    fn a_body_that_was_cut_may_end_early() {
        assert_eq!(flat("{\"a\":\"attack", true), (vec!["json.a=attack".to_owned()], None));
    }
}
