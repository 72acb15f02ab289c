//! `@pm`, `@pmFromFile` and `@pmf`: one of many phrases occurs in the value.
//!
//! Argument: phrases between blanks, bytes as `|41 42|` where that is wanted; or the names of files with one phrase on
//! each line, where blank lines and lines that begin with `#` say nothing.
//! Returns: true if one occurs, upper and lower case of ASCII being the same; the capture is the text that was found.
//! Example: `@pm union select`.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder};

use super::{Captures, Environment, OperatorFault};

/// The most phrases of one rule; the longest public list has under seven thousand.
const MAX_PHRASES: usize = 100_000;

/// A set of phrases, ready to be searched for in one pass.
#[derive(Debug)]
pub(super) struct Phrases {
    automaton: AhoCorasick,
    /// In small letters.
    phrases: Vec<Vec<u8>>,
}

impl Phrases {
    /// From the argument of `@pm`.
    pub(super) fn from_argument(argument: &str) -> Result<Self, OperatorFault> {
        Self::new("pm", split(argument.as_bytes()))
    }

    /// From the files that the argument of `@pmFromFile` names.
    pub(super) fn from_files(argument: &str, environment: &dyn Environment) -> Result<Self, OperatorFault> {
        let operator = "pmFromFile";
        let mut phrases = Vec::new();
        for file in argument.split_ascii_whitespace() {
            let bytes = environment.read(file).map_err(|problem| OperatorFault::File {
                operator,
                file: file.to_owned(),
                problem,
            })?;
            phrases.extend(lines(&bytes).map(<[u8]>::to_vec));
        }
        Self::new(operator, phrases)
    }

    fn new(operator: &'static str, mut phrases: Vec<Vec<u8>>) -> Result<Self, OperatorFault> {
        let argument = |problem: String| OperatorFault::Argument { operator, problem };
        phrases.iter_mut().for_each(|phrase| phrase.make_ascii_lowercase());
        phrases.sort_unstable();
        phrases.dedup();
        if phrases.is_empty() {
            return Err(argument("there is no phrase to look for".to_owned()));
        }
        if phrases.len() > MAX_PHRASES {
            return Err(argument(format!("{} phrases; at most {MAX_PHRASES}", phrases.len())));
        }
        let automaton = AhoCorasickBuilder::new().ascii_case_insensitive(true).build(&phrases);
        Ok(Self { automaton: automaton.map_err(|fault| argument(fault.to_string()))?, phrases })
    }

    pub(super) fn matches(&self, value: &[u8], captures: Option<&mut Captures>) -> bool {
        let Some(captures) = captures else { return self.automaton.is_match(value) };
        match self.automaton.find(value) {
            Some(found) => {
                captures.push(&value[found.range()]);
                true
            }
            None => false,
        }
    }

    /// The phrases in small letters.
    pub(super) fn literals(&self) -> Vec<Vec<u8>> {
        self.phrases.clone()
    }
}

/// The lines of a file of phrases.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.filter(|line| !line.is_empty() && line.first() != Some(&b'#'))
}

/// The phrases of an argument. Bars that enclose no hexadecimal bytes are bars.
fn split(argument: &[u8]) -> Vec<Vec<u8>> {
    let mut phrases = vec![Vec::new()];
    let mut rest = argument;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'|' => match hex_bytes(tail) {
                Some((bytes, after)) => {
                    phrases.last_mut().into_iter().for_each(|phrase| phrase.extend_from_slice(&bytes));
                    rest = after;
                }
                None => phrases.last_mut().into_iter().for_each(|phrase| phrase.push(b'|')),
            },
            byte if byte.is_ascii_whitespace() => phrases.push(Vec::new()),
            byte => phrases.last_mut().into_iter().for_each(|phrase| phrase.push(byte)),
        }
    }
    phrases.retain(|phrase| !phrase.is_empty());
    phrases
}

/// The bytes up to the closing bar, and what follows it.
fn hex_bytes(tail: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let end = memchr::memchr(b'|', tail)?;
    let text = std::str::from_utf8(&tail[..end]).ok()?;
    let pair = |pair: &str| (pair.len() == 2).then(|| u8::from_str_radix(pair, 16).ok()).flatten();
    let bytes: Option<Vec<u8>> = text.split_ascii_whitespace().map(pair).collect();
    bytes.filter(|bytes| !bytes.is_empty()).map(|bytes| (bytes, &tail[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_split_at_blanks_and_may_hold_bytes_in_hexadecimal() {
        for (argument, wanted) in [
            ("a  b", vec!["a", "b"]),
            ("x|41 20 42|y z", vec!["xA By", "z"]),
            ("|a|b", vec!["|a|b"]),
            ("||", vec!["||"]),
            (" ", vec![]),
        ] {
            let wanted: Vec<_> = wanted.into_iter().map(|phrase| phrase.as_bytes().to_vec()).collect();
            assert_eq!(split(argument.as_bytes()), wanted, "{argument}");
        }
    }

    #[test]
    fn the_capture_is_the_text_as_it_stands_in_the_value() {
        let mut captures = Captures::new();
        assert!(Phrases::from_argument("union select").unwrap().matches(b"a UNION b", Some(&mut captures)));
        assert_eq!(captures.get(0), Some(b"UNION".as_slice()));
    }
}
