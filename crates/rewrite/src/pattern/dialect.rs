//! RE2's spelling, made into that of the regular expressions here.
//!
//! The two mean the same by the same text, but for a few places: what RE2 reads as itself and the crate refuses or
//! reads otherwise gets a backslash.
//!
//! Source: google/re2, "Syntax" (github.com/google/re2/wiki/Syntax).

use std::iter::Peekable;
use std::str::CharIndices;

/// The pattern in the crate's spelling.
pub(super) fn translated(text: &str) -> String {
    let mut translation = Translation { text, rest: text.char_indices().peekable(), out: String::new() };
    while let Some((at, next)) = translation.rest.next() {
        match next {
            '\\' => {
                translation.escape();
            }
            '[' => translation.class(),
            // Only `{2}`, `{2,}` and `{2,3}` repeat; any other brace is one.
            '{' if !is_repetition(&text[at..]) => translation.out.push_str(r"\{"),
            _ => translation.out.push(next),
        }
    }
    translation.out
}

struct Translation<'t> {
    text: &'t str,
    rest: Peekable<CharIndices<'t>>,
    out: String,
}

impl Translation<'_> {
    fn next_is(&mut self, wanted: char) -> bool {
        self.rest.peek().is_some_and(|(_, next)| *next == wanted)
    }

    /// What still is to come.
    fn tail(&mut self) -> &str {
        let at = self.rest.peek().map_or(self.text.len(), |(at, _)| *at);
        self.text.get(at..).unwrap_or_default()
    }

    /// What stands behind a backslash. True when it is a class of characters, such as `\w`.
    fn escape(&mut self) -> bool {
        let Some((_, escaped)) = self.rest.next() else {
            self.out.push('\\');
            return false;
        };
        match escaped {
            // Beginning and end of a word elsewhere.
            '<' | '>' | '_' => self.out.push(escaped),
            'Q' => self.quoted(),
            // The end of a quotation that never began.
            'E' => {}
            _ => self.out.extend(['\\', escaped]),
        }
        if matches!(escaped, 'p' | 'P' | 'x') && self.next_is('{') {
            let name = self.tail().split_inclusive('}').next().unwrap_or_default().to_owned();
            self.out.push_str(&name);
            self.rest.by_ref().take(name.chars().count()).for_each(drop);
        }
        matches!(escaped, 'd' | 'D' | 's' | 'S' | 'w' | 'W' | 'p' | 'P')
    }

    /// `\Q...\E`: all of it is itself.
    fn quoted(&mut self) {
        let quoted = self.tail().split(r"\E").next().unwrap_or_default().to_owned();
        let ended = self.tail().len() > quoted.len();
        self.out.push_str(&regex_syntax::escape(&quoted));
        self.rest.by_ref().take(quoted.chars().count() + if ended { 2 } else { 0 }).for_each(drop);
    }

    /// A bracketed class: in it, brackets and doubled signs are nothing special.
    fn class(&mut self) {
        self.out.push('[');
        for first in ['^', ']'] {
            if self.next_is(first) {
                self.rest.next();
                self.out.push_str(if first == ']' { r"\]" } else { "^" });
            }
        }
        let mut is_class = false;
        while let Some((at, next)) = self.rest.next() {
            let was_class = std::mem::take(&mut is_class);
            match next {
                '\\' => is_class = self.escape(),
                ']' => return self.out.push(']'),
                '[' => match named(self.text.get(at..).unwrap_or_default()) {
                    Some(name) => {
                        self.out.push_str(name);
                        self.rest.by_ref().take(name.len() - 1).for_each(drop);
                        is_class = true;
                    }
                    None => self.out.push_str(r"\["),
                },
                // `[\w-.]`: no range begins with a class, so it is a hyphen.
                '-' if was_class && !self.next_is(']') => self.out.push_str(r"\-"),
                '-' if self.next_is('-') => {
                    self.rest.next();
                    self.out.push_str(r"-\-");
                }
                '&' | '~' => self.out.extend(['\\', next]),
                _ => self.out.push(next),
            }
        }
    }
}

/// `[:alpha:]` and the like.
fn named(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("[:")?;
    let end = inner.find(":]")?;
    let is_name = inner.get(..end)?.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'^');
    is_name.then(|| text.get(..end + 4)).flatten()
}

fn is_repetition(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some((bounds, _)) = text.strip_prefix('{').and_then(|text| text.split_once('}')) else { return false };
    match bounds.split_once(',') {
        None => is_number(bounds),
        Some((low, high)) => is_number(low) && (high.is_empty() || is_number(high)),
    }
}

#[cfg(test)]
mod tests {
    use crate::Pattern;

    #[test]
    fn what_re2_reads_as_itself_is_itself() {
        let rows: [(&str, &[&str], &[&str]); 24] = [
            ("{id}", &["/{id}/"], &["id"]),
            ("a{,2}", &["a{,2}"], &["aa"]),
            ("a{2}", &["aa"], &["a{2}"]),
            ("a{2,}b{1,2}", &["aaab"], &["ab"]),
            ("a{x", &["a{x"], &["ax"]),
            (r"\x{41}\x42", &["AB"], &["x{41}"]),
            (r"\p{Lu}", &["A", "\u{c4}"], &["a"]),
            ("[é]", &["\u{e9}"], &["e"]),
            (r"[[]", &["["], &["]"]),
            (r"[]a]", &["]", "a"], &["b"]),
            (r"[^]a]", &["b"], &["]", "a"]),
            (r"[[:alpha:]_-]", &["x", "_", "-"], &["1", ":"]),
            (r"[[:^alpha:]]", &["1"], &["x"]),
            (r"[[:no]", &["[", ":", "n"], &["x"]),
            (r"[\w-.]", &["-", ".", "a"], &["/"]),
            (r"[\w-]", &["-", "a"], &["/"]),
            (r"[a&&b]", &["a", "&", "b"], &["c"]),
            (r"[a~~b]", &["a", "~", "b"], &["c"]),
            (r"[+--]", &["+", ",", "-"], &["."]),
            (r"\<b\>", &["<b>"], &["b"]),
            (r"\Qa.b[\E+", &["a.b[[["], &["axb["]),
            (r"\Q$", &["$"], &["a"]),
            (r"(https?):\/\/.*azurewebsites\.net(.*)$", &["https://a.azurewebsites.net/x"], &["azurewebsites.net"]),
            (r"a\_b\-c\@d\ e", &["a_b-c@d e"], &["ab"]),
        ];
        for (pattern, found, missed) in rows {
            let compiled = Pattern::new(pattern, false).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            for text in found {
                assert!(compiled.is_match(text.as_bytes()), "{pattern} {text}");
            }
            for text in missed {
                assert!(!compiled.is_match(text.as_bytes()), "{pattern} {text}");
            }
        }
    }

    #[test]
    fn what_re2_does_not_have_is_refused() {
        for text in ["(", "[a", "(?=x)", "(?!x)", "(?<=x)y", "(?<!x)y", r"(a)\1", "*a", r"\", "[b-a]", "(?P>a)"] {
            assert!(Pattern::new(text, false).is_err(), "{text}");
        }
    }
}
