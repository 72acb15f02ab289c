//! The texts a document is made of, and places inside them.
//!
//! Everything read later (nodes, fields, problems) points back here with a [`Span`], so that any check in any crate
//! can show the operator the line it talks about.

use std::ops::Range;

/// One text the operator handed in: usually a file, with the name to show for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// What to call this text in problems; usually the file name.
    pub name: String,
    /// The whole text, as read.
    pub text: String,
}

impl Source {
    /// A text with the name to show for it.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// The one-based line and column (in characters) of a byte offset.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let offset = floor_boundary(&self.text, offset);
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
        let column = before[line_start..].chars().filter(|&c| c != '\u{feff}').count() + 1;
        (line, column)
    }
}

/// A stretch of one source: bytes `start..end`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Index of the source in [`Sources`].
    pub source: u32,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span of `source`; offsets beyond 4 GiB are clamped (such a text is refused long before).
    pub fn new(source: u32, range: Range<usize>) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { source, start: clamp(range.start), end: clamp(range.end) }
    }

    /// The byte range inside its source.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// All texts of one reading, with the stretches that hold secrets and are never shown.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    list: Vec<Source>,
    secrets: Vec<Span>,
}

impl Sources {
    /// Takes over the texts; their order gives the index that spans carry.
    pub fn new(list: Vec<Source>) -> Self {
        Self { list, secrets: Vec::new() }
    }

    /// Adds a text and returns its index.
    pub fn push(&mut self, source: Source) -> u32 {
        self.list.push(source);
        u32::try_from(self.list.len() - 1).unwrap_or(u32::MAX)
    }

    /// The text with this index.
    pub fn get(&self, index: u32) -> Option<&Source> {
        self.list.get(index as usize)
    }

    /// All texts in order.
    pub fn iter(&self) -> impl Iterator<Item = &Source> {
        self.list.iter()
    }

    /// The text a span covers.
    pub fn text(&self, span: Span) -> &str {
        self.get(span.source).and_then(|source| source.text.get(span.range())).unwrap_or("")
    }

    /// Marks a stretch as secret: excerpts show stars instead.
    pub fn hide(&mut self, span: Span) {
        self.secrets.push(span);
    }

    /// The stretches of one source marked as secret.
    pub fn hidden(&self, index: u32) -> impl Iterator<Item = Range<usize>> + '_ {
        self.secrets.iter().filter(move |span| span.source == index).map(|span| span.range())
    }
}

/// The nearest character boundary at or before `offset`.
pub(crate) fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let source = Source::new("a", "ab\nüx\n");
        for (offset, expected) in [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (5, (2, 2)), (4, (2, 1)), (99, (3, 1))] {
            assert_eq!(source.line_column(offset), expected, "offset {offset}");
        }
    }
}
