//! Lines and words of a rule file.
//!
//! A line that ends in a backslash goes on in the next, whose leading blanks vanish; a comment line cannot go on. Words
//! are separated by blanks and may stand in double quotes, inside which only `\"` means something else than itself.

use std::sync::Arc;

use super::fault::Faults;
use super::place::Place;

/// A line after joining, and where its pieces came from.
pub(crate) struct LogicalLine {
    text: String,
    file: Arc<str>,
    /// Offset in `text`, line and column of every piece.
    seams: Vec<(usize, u32, u32)>,
}

/// A word of a line as it stands there, without the quotes around it.
#[derive(Clone, Copy)]
pub(crate) struct Word<'l> {
    pub(super) text: &'l str,
    line: &'l LogicalLine,
    offset: usize,
}

impl<'l> Word<'l> {
    /// Where a byte stands in the word as written.
    pub(crate) fn find(&self, wanted: char) -> Option<usize> {
        self.text.find(wanted)
    }

    /// Bytes of the word as written.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// The place of the word's byte at `inner`.
    pub(crate) fn place(&self, inner: usize) -> Place {
        self.line.place(self.offset + inner)
    }

    /// A part of the word, with its own place.
    pub(crate) fn part(&self, start: usize, end: usize) -> Word<'l> {
        let text = self.text.get(start..end).unwrap_or_default();
        Word { text, line: self.line, offset: self.offset + start }
    }

    /// The part without blanks at either end.
    pub(crate) fn trimmed(&self) -> Word<'l> {
        let start = self.text.len() - self.text.trim_start().len();
        let end = start + self.text.trim().len();
        self.part(start, end)
    }

    /// The text with `\"` read as a quote.
    pub(crate) fn unquoted(&self) -> String {
        self.text.replace("\\\"", "\"")
    }
}

/// Joins the physical lines of `text`; comments and empty lines are left out.
pub(super) fn logical_lines(file: &Arc<str>, text: &str) -> Vec<LogicalLine> {
    let mut lines = Vec::new();
    let mut open: Option<LogicalLine> = None;
    for (number, raw) in (1u32..).zip(text.split('\n')) {
        let raw = raw.strip_suffix('\r').unwrap_or(raw);
        let body = raw.trim_start();
        if open.is_none() && (body.is_empty() || body.starts_with('#')) {
            continue;
        }
        let column = u32::try_from(raw.len() - body.len()).unwrap_or(u32::MAX).saturating_add(1);
        let continued = body.strip_suffix('\\');
        let line =
            open.get_or_insert_with(|| LogicalLine { text: String::new(), file: Arc::clone(file), seams: Vec::new() });
        line.seams.push((line.text.len(), number, column));
        line.text.push_str(continued.unwrap_or(body));
        if continued.is_none() {
            lines.extend(open.take());
        }
    }
    lines.extend(open);
    lines
}

impl LogicalLine {
    fn place(&self, offset: usize) -> Place {
        let seam = self.seams.iter().rev().find(|seam| seam.0 <= offset).copied().unwrap_or((0, 1, 1));
        let inner = u32::try_from(offset - seam.0).unwrap_or(u32::MAX);
        Place { file: Arc::clone(&self.file), line: seam.1, column: seam.2.saturating_add(inner) }
    }

    /// The words of the line; a quote that does not close is a fault and ends the line.
    pub(super) fn words(&self, faults: &mut Faults) -> Vec<Word<'_>> {
        let bytes = self.text.as_bytes();
        let mut words = Vec::new();
        let mut at = 0;
        loop {
            while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            let Some(first) = bytes.get(at) else { return words };
            let quoted = *first == b'"';
            let start = if quoted { at + 1 } else { at };
            let Some(end) = word_end(bytes, start, quoted) else {
                faults.add(self.place(at), "a quoted argument that does not end", "close it with \"");
                return words;
            };
            words.push(Word { text: &self.text[start..end], line: self, offset: start });
            at = if quoted { end + 1 } else { end };
        }
    }
}

/// Where the word that starts at `start` ends; none where its closing quote is missing.
fn word_end(bytes: &[u8], start: usize, quoted: bool) -> Option<usize> {
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if quoted && bytes.get(at + 1).is_some() => at += 1,
            b'"' if quoted => return Some(at),
            _ if !quoted && byte.is_ascii_whitespace() => return Some(at),
            _ => {}
        }
        at += 1;
    }
    (!quoted).then_some(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(text: &str) -> Vec<(String, u32, u32)> {
        let file: Arc<str> = Arc::from("t.conf");
        let mut faults = Faults::default();
        let lines = logical_lines(&file, text);
        let found = lines.iter().flat_map(|line| {
            line.words(&mut faults)
                .into_iter()
                .map(|word| (word.text.to_owned(), word.place(0).line, word.place(0).column))
                .collect::<Vec<_>>()
        });
        found.collect()
    }

    #[test]
    fn a_word_knows_its_line_and_column_across_continuations() {
        let words = words_of("# note \\\nSecRule A \\\n    \"@rx a\\\"b\" \\\n\t\"id:1\"\n");
        assert_eq!(
            words,
            [
                ("SecRule".to_owned(), 2, 1),
                ("A".to_owned(), 2, 9),
                ("@rx a\\\"b".to_owned(), 3, 6),
                ("id:1".to_owned(), 4, 3),
            ]
        );
    }

    #[test]
    fn a_double_backslash_before_a_quote_does_not_hide_it() {
        assert_eq!(words_of("A \"b\\\\\" c").len(), 3);
    }

    #[test]
    fn an_open_quote_is_a_fault() {
        let mut faults = Faults::default();
        let lines = logical_lines(&Arc::from("t.conf"), "SecRule A \"@rx");
        assert_eq!(lines[0].words(&mut faults).len(), 2);
        assert_eq!(faults.into_vec()[0].place.column, 11);
    }
}
