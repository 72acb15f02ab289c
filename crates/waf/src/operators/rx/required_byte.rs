//! Bytes of which one has to occur in whatever a pattern matches: a look at a value that spares most searches.
//!
//! Many patterns about SQL and shells want a quotation mark, a bracket or another sign somewhere, and most values are
//! words and numbers. A walk over the syntax tree finds the most telling such sets.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::byte_set::ByteSet;

/// The most sets kept of one pattern.
const MAX_SETS: usize = 3;

/// Sets that a pattern in our engine's dialect requires one byte of each of, the most telling first.
pub(super) fn required(pattern: &str) -> Vec<ByteSet> {
    let mut parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).dot_matches_new_line(true).build();
    parser.parse(pattern).map(|tree| sets(&tree)).unwrap_or_default()
}

/// How often ordinary values hold one of the bytes, roughly.
pub(crate) fn commonness(set: &ByteSet) -> u32 {
    set.iter().map(cost).sum()
}

fn cost(byte: u8) -> u32 {
    match byte {
        byte if byte.is_ascii_alphanumeric() => 100,
        b' ' | b'-' | b'.' | b'_' | b'/' => 10,
        0x80.. => 0,
        _ => 1,
    }
}

fn sets(hir: &Hir) -> Vec<ByteSet> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Vec::new(),
        HirKind::Literal(literal) => best(literal.0.iter().map(|byte| ByteSet::of(&[*byte])).collect()),
        HirKind::Class(Class::Bytes(class)) => {
            let in_class = |byte| class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&byte));
            vec![ByteSet::that(in_class)]
        }
        // Single characters between bars. Those beyond ASCII are no bytes, and nothing is known.
        HirKind::Class(Class::Unicode(class)) => {
            let class = class.to_byte_class().map(Class::Bytes);
            class.map(|class| sets(&Hir::class(class))).unwrap_or_default()
        }
        HirKind::Capture(capture) => sets(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => sets(&repetition.sub),
        HirKind::Repetition(_) => Vec::new(),
        HirKind::Concat(parts) => best(parts.iter().flat_map(sets).collect()),
        HirKind::Alternation(branches) => {
            let first = |branch| sets(branch).into_iter().next();
            let union = branches.iter().try_fold(ByteSet::EMPTY, |union, branch| Some(union.union(first(branch)?)));
            union.into_iter().collect()
        }
    }
}

/// The most telling of several sets.
fn best(mut sets: Vec<ByteSet>) -> Vec<ByteSet> {
    sets.sort_by_key(commonness);
    sets.dedup();
    sets.truncate(MAX_SETS);
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_hold_none_of_the_bytes_are_told() {
        for (pattern, value, may_match) in [
            (r#"["'`]\s*or\b"#, "mirror or not", false),
            (r#"["'`]\s*or\b"#, "' or", true),
            (r#"["'`]\s*or\b"#, "' and", false),
            (r"union\s*\(", "union select", false),
            (r"(?:a;|b\|)c", "plain words", false),
            (r"(?:a;|b\|)c", "x| c", true),
            (r"[\r\n]x?", "one line", false),
            (r"\d+", "words", false),
            (r"\d*|x", "words", true),
        ] {
            let bytes = ByteSet::of(value.as_bytes());
            assert_eq!(required(pattern).iter().all(|set| set.meets(&bytes)), may_match, "{pattern} {value}");
        }
    }

    #[test]
    fn what_may_be_empty_requires_nothing() {
        for pattern in ["a*", "a|;?", ";?", ""] {
            assert!(required(pattern).is_empty(), "{pattern}");
        }
    }
}
