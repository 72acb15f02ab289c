//! Lines, columns and excerpts for many problems at once: every text is looked through once, not once per problem.

use std::collections::HashMap;

use crate::source::{Sources, Span, floor_boundary};

use super::{Problems, codes, mask};

/// The texts in which problems stand, ready to be shown.
pub(super) struct Places<'a> {
    sources: &'a Sources,
    texts: HashMap<u32, Text>,
}

struct Text {
    masked: String,
    line_starts: Vec<usize>,
}

/// One line of a text with the part a problem is about.
pub(super) struct Excerpt {
    /// The line, or the part of a long line around the place.
    pub(super) line: String,
    /// The bytes of `line` the problem is about.
    pub(super) range: std::ops::Range<usize>,
    /// True when `line` is only a part of a long line, so that columns in it count for nothing.
    pub(super) cut: bool,
}

impl<'a> Places<'a> {
    pub(super) fn new(problems: &Problems, sources: &'a Sources) -> Self {
        let mut unparsed: HashMap<u32, bool> = HashMap::new();
        for problem in problems.iter() {
            let Some(span) = problem.span else { continue };
            let failed =
                [codes::INVALID_JSON, codes::INVALID_YAML, codes::DOCUMENT_TOO_COMPLEX].contains(&problem.code);
            *unparsed.entry(span.source).or_default() |= failed;
        }
        let texts = unparsed.into_iter().map(|(index, unparsed)| {
            let masked = mask::masked(sources, index, unparsed);
            let breaks = masked.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
            let line_starts = std::iter::once(0).chain(breaks).collect();
            (index, Text { masked, line_starts })
        });
        Self { sources, texts: texts.collect() }
    }

    pub(super) fn name(&self, span: Span) -> &'a str {
        self.sources.get(span.source).map_or("", |source| &source.name)
    }

    /// The one-based line and column of a byte offset.
    pub(super) fn line_column(&self, source: u32, offset: u32) -> (usize, usize) {
        let Some(text) = self.texts.get(&source) else { return (1, 1) };
        let original = self.sources.get(source).map_or("", |source| &source.text);
        let offset = floor_boundary(original, offset as usize);
        let line = text.line_starts.partition_point(|&start| start <= offset);
        let start = text.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = original.get(start..offset).unwrap_or("").chars().filter(|&c| c != '\u{feff}').count() + 1;
        (line, column)
    }

    /// The first line of the place, secrets starred out.
    pub(super) fn excerpt(&self, span: Span) -> Option<Excerpt> {
        const AROUND: usize = 80;
        const LONG: usize = 400;
        let text = self.texts.get(&span.source)?;
        let masked = &text.masked;
        let start = floor_boundary(masked, span.start as usize);
        let line = text.line_starts.partition_point(|&begin| begin <= start);
        let line_start = text.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let line_end = text.line_starts.get(line).map_or(masked.len(), |&next| next - 1);
        let cut = line_end.saturating_sub(line_start) > LONG;
        let end = floor_boundary(masked, (span.end as usize).clamp(start, line_end.max(start)).min(start + LONG));
        let (from, to) = match cut {
            true => (start.saturating_sub(AROUND).max(line_start), (end + AROUND).min(line_end.max(end))),
            false => (line_start, line_end.max(end)),
        };
        let (from, to) = (floor_boundary(masked, from), floor_boundary(masked, to));
        let line = masked.get(from..to)?.trim_end_matches('\r').to_owned();
        let clamp = |at: usize| (at - from).min(line.len());
        Some(Excerpt { range: clamp(start)..clamp(end), line, cut })
    }
}
