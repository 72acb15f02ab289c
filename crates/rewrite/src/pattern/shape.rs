//! Patterns that are a piece of text and nothing more: found without running an automaton.

use memchr::memmem::Finder;
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

use super::sequence::Sequence;

/// What a pattern looks for, when only whether it is found matters.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// Nothing: it is found everywhere.
    Always,
    /// Any byte that is no line break: `.+`.
    Something,
    /// All of the value.
    Equals(Box<[u8]>),
    /// Its beginning.
    Begins(Box<[u8]>),
    /// Its end.
    Ends(Box<[u8]>),
    /// A part of it.
    Contains(Box<Finder<'static>>),
    /// A part of it, upper and lower case being the same.
    ContainsFolded(Box<[u8]>),
    /// Something else.
    Other,
}

impl Shape {
    /// The shape of a pattern that was parsed with case as it stands.
    pub(super) fn of(hir: &Hir, ignore_case: bool) -> Self {
        let mut parts = Vec::new();
        flatten(hir, &mut parts);
        // What may be missing at an end that is not tied down need not be looked for.
        let optional = |part: &&Hir| matches!(part.kind(), HirKind::Repetition(Repetition { min: 0, .. }));
        let mut parts = parts.as_slice();
        while let Some((_, rest)) = parts.split_first().filter(|(first, _)| optional(first)) {
            parts = rest;
        }
        while let Some((_, rest)) = parts.split_last().filter(|(last, _)| optional(last)) {
            parts = rest;
        }
        if let [only] = parts
            && is_something(only)
        {
            return Self::Something;
        }
        let (begins, parts) = strip(parts, Look::Start, <[&Hir]>::split_first);
        let (ends, parts) = strip(parts, Look::End, <[&Hir]>::split_last);
        let mut literal = Vec::new();
        for part in parts {
            match part.kind() {
                HirKind::Literal(text) => literal.extend_from_slice(&text.0),
                _ => return Self::Other,
            }
        }
        if ignore_case && !literal.is_ascii() {
            return Self::Other;
        }
        match (begins, ends) {
            (false, false) if literal.is_empty() => Self::Always,
            (true, true) => Self::Equals(literal.into()),
            (true, false) => Self::Begins(literal.into()),
            (false, true) => Self::Ends(literal.into()),
            (false, false) if ignore_case => Self::ContainsFolded(literal.into()),
            (false, false) => Self::Contains(Box::new(Finder::new(&literal).into_owned())),
        }
    }

    /// Whether it is found; `None` asks the automaton.
    pub(super) fn is_in(&self, value: &[u8], ignore_case: bool) -> Option<bool> {
        let same = |a: &[u8], b: &[u8]| if ignore_case { a.eq_ignore_ascii_case(b) } else { a == b };
        Some(match self {
            Self::Always => true,
            Self::Something => value.iter().any(|byte| *byte != b'\n'),
            Self::Equals(text) => same(value, text),
            Self::Begins(text) => value.get(..text.len()).is_some_and(|value| same(value, text)),
            Self::Ends(text) => {
                let from = value.len().checked_sub(text.len());
                from.and_then(|from| value.get(from..)).is_some_and(|value| same(value, text))
            }
            Self::Contains(finder) => finder.find(value).is_some(),
            Self::ContainsFolded(text) => contains_folded(value, text),
            Self::Other => return None,
        })
    }
}

/// The text that a pattern begins with.
#[derive(Debug, Default)]
pub(super) struct Begin {
    /// What every value that it is found in begins with.
    pub(super) prefix: Box<[u8]>,
    /// What every match begins with, where it need not be at the beginning of the value. ASCII.
    pub(super) lead: Box<[u8]>,
    /// Whether it can be found at the beginning of a value alone.
    pub(super) anchored: bool,
    /// The pattern as steps.
    pub(super) sequence: Option<Sequence>,
}

impl Begin {
    pub(super) fn of(hir: &Hir, ignore_case: bool) -> Self {
        let mut parts = Vec::new();
        flatten(hir, &mut parts);
        let (anchored, rest) = strip(&parts, Look::Start, <[&Hir]>::split_first);
        let text = match rest.first().map(|part| part.kind()) {
            Some(HirKind::Literal(text)) => text.0.clone(),
            _ => Box::default(),
        };
        let (prefix, lead) = if anchored { (text, Box::default()) } else { (Box::default(), text) };
        let lead = if lead.is_ascii() { lead } else { Box::default() };
        Self { prefix, lead, anchored, sequence: Sequence::of(hir, ignore_case) }
    }
}

/// The parts of a sequence, groups opened.
fn flatten<'h>(hir: &'h Hir, parts: &mut Vec<&'h Hir>) {
    match hir.kind() {
        HirKind::Empty => {}
        HirKind::Capture(group) => flatten(&group.sub, parts),
        HirKind::Concat(all) => all.iter().for_each(|part| flatten(part, parts)),
        _ => parts.push(hir),
    }
}

fn strip<'p, 'h>(
    parts: &'p [&'h Hir],
    look: Look,
    split: impl Fn(&'p [&'h Hir]) -> Option<(&'p &'h Hir, &'p [&'h Hir])>,
) -> (bool, &'p [&'h Hir]) {
    match split(parts).filter(|(part, _)| matches!(part.kind(), HirKind::Look(other) if *other == look)) {
        Some((_, rest)) => (true, rest),
        None => (false, parts),
    }
}

/// `.+`, and what comes to the same.
fn is_something(hir: &Hir) -> bool {
    let any = match hir.kind() {
        HirKind::Repetition(Repetition { min: 1, sub, .. }) => sub,
        _ => hir,
    };
    let HirKind::Class(Class::Bytes(class)) = any.kind() else { return false };
    let bounds = class.ranges().iter().map(|range| (range.start(), range.end()));
    bounds.eq([(0, b'\n' - 1), (b'\n' + 1, u8::MAX)])
}

/// A linear search is enough for what stands in heads: values are short and first bytes differ.
fn contains_folded(value: &[u8], text: &[u8]) -> bool {
    let Some(first) = text.first() else { return true };
    let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    let found = |at: usize| value.get(at..at + text.len()).is_some_and(|part| part.eq_ignore_ascii_case(text));
    memchr::memchr2_iter(lower, upper, value).any(found)
}

#[cfg(test)]
mod tests {
    use crate::Pattern;

    /// A name for the shape of a pattern.
    fn shape(text: &str, ignore_case: bool) -> String {
        let debug = format!("{:?}", Pattern::new(text, ignore_case).unwrap().shape);
        debug.split('(').next().unwrap().to_owned()
    }

    #[test]
    fn an_anchored_beginning_is_compared_before_anything_else() {
        let rows = [
            ("^/api/(.*)$", "/api/"),
            ("(^/a)(b|c)", "/a"),
            ("^a*b", ""),
            ("^a|b", ""),
            ("^[ab]c", ""),
            ("/api", ""),
            ("(?i)^a", ""),
        ];
        for (text, expected) in rows {
            assert_eq!(&*Pattern::new(text, false).unwrap().inner.prefix, expected.as_bytes(), "{text}");
        }
        let folded = Pattern::new("^/API/(.*)$", true).unwrap();
        assert!(folded.is_match(b"/api/x") && !folded.is_match(b"/apx/x"));
    }

    #[test]
    fn a_match_that_begins_with_a_text_is_looked_for_where_the_text_stands() {
        let rows = [
            ("id=([0-9]+)", "id="),
            ("(theme=)(light|dark)", "theme="),
            ("a*b", ""),
            ("ab*", "a"),
            ("a|b", ""),
            ("^a", ""),
            ("(?i)a(b)", ""),
        ];
        for (text, expected) in rows {
            assert_eq!(&*Pattern::new(text, false).unwrap().inner.lead, expected.as_bytes(), "{text}");
        }
    }

    #[test]
    fn the_first_match_is_found_behind_any_number_of_false_beginnings() {
        let pattern = Pattern::new("id=([0-9]+)", true).unwrap();
        let mut groups = crate::pattern::Groups::new();
        for false_ones in 0..12 {
            let value = format!("{}ID=7&id=8", "id=x&".repeat(false_ones));
            assert!(pattern.captures(value.as_bytes(), 1, &mut groups), "{value}");
            let (start, end) = crate::pattern::group(&groups, 1).unwrap();
            assert_eq!((&value[start..end], start), ("7", 5 * false_ones + 3), "{value}");
            assert!(!pattern.captures("id=x&".repeat(false_ones).as_bytes(), 1, &mut groups), "{false_ones}");
        }
    }

    #[test]
    fn text_is_not_looked_for_with_an_automaton() {
        let rows = [
            ("", "Always"),
            (".*", "Always"),
            ("(.*)", "Always"),
            (".+", "Something"),
            (".", "Something"),
            ("(.+)", "Something"),
            ("^/api$", "Equals"),
            ("^$", "Equals"),
            ("^/api/.*", "Begins"),
            ("^(/api)(/.*)?", "Begins"),
            (r"\.jpg$", "Ends"),
            ("category=shoes", "Contains"),
            (".*category=shoes.*", "Contains"),
            ("(shoes)", "Contains"),
            ("^.*x", "Other"),
            ("^.+$", "Other"),
            ("a|b", "Other"),
            ("[ab]c", "Other"),
            (r"\bx", "Other"),
            ("(?m)^x", "Other"),
            ("(?i)x", "Other"),
        ];
        for (text, expected) in rows {
            assert_eq!(shape(text, false), expected, "{text}");
        }
        assert_eq!((shape("x", true), shape("é", true)), ("ContainsFolded".to_owned(), "Other".to_owned()));
    }
}
