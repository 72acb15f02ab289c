//! Bytes of which one has to occur in whatever a pattern matches: a look at a value that spares most searches.
//!
//! Many patterns about SQL and shells want a quotation mark, a bracket or another sign somewhere, and most values are
//! words and numbers. A walk over the syntax tree finds the most telling such set.

use regex_syntax::hir::{Class, Hir, HirKind};

/// A set of bytes.
#[derive(Clone, Debug)]
pub(super) struct ByteSet(Box<[bool; 256]>);

impl ByteSet {
    /// The set that a pattern in our engine's dialect requires; `None` if ordinary words hold one of its bytes.
    pub(super) fn required(pattern: &str) -> Option<Self> {
        let mut parser =
            regex_syntax::ParserBuilder::new().unicode(false).utf8(false).dot_matches_new_line(true).build();
        set(&parser.parse(pattern).ok()?).filter(|set| set.cost() < WORD)
    }

    /// Whether one of the bytes occurs.
    pub(super) fn occurs(&self, value: &[u8]) -> bool {
        value.iter().any(|byte| self.0[usize::from(*byte)])
    }

    /// The bytes in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = u8> {
        (0..=255_u8).filter(|byte| self.0[usize::from(*byte)])
    }

    fn of(bytes: impl IntoIterator<Item = u8>) -> Self {
        let mut set = Box::new([false; 256]);
        bytes.into_iter().for_each(|byte| set[usize::from(byte)] = true);
        Self(set)
    }

    fn union(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(mine, other)| *mine |= other);
        self
    }

    /// How often ordinary values hold one of the bytes, roughly.
    fn cost(&self) -> u32 {
        self.iter().map(cost).sum()
    }
}

/// What a letter or digit costs.
const WORD: u32 = 100;

fn cost(byte: u8) -> u32 {
    match byte {
        byte if byte.is_ascii_alphanumeric() => WORD,
        b' ' | b'-' | b'.' | b'_' | b'/' => 10,
        0x80.. => 0,
        _ => 1,
    }
}

fn set(hir: &Hir) -> Option<ByteSet> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => None,
        HirKind::Literal(literal) => literal.0.iter().min_by_key(|byte| cost(**byte)).map(|byte| ByteSet::of([*byte])),
        HirKind::Class(Class::Bytes(class)) => {
            Some(ByteSet::of(class.ranges().iter().flat_map(|range| range.start()..=range.end())))
        }
        // Single characters between bars. Those beyond ASCII are no bytes, and nothing is known.
        HirKind::Class(Class::Unicode(class)) => class
            .to_byte_class()
            .map(|class| ByteSet::of(class.ranges().iter().flat_map(|range| range.start()..=range.end()))),
        HirKind::Capture(capture) => set(&capture.sub),
        HirKind::Repetition(repetition) => (repetition.min > 0).then(|| set(&repetition.sub)).flatten(),
        HirKind::Concat(parts) => parts.iter().filter_map(set).min_by_key(ByteSet::cost),
        HirKind::Alternation(branches) => {
            let mut sets = branches.iter().map(set);
            let first = sets.next()??;
            sets.try_fold(first, |union, set| Some(union.union(set?)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_telling_byte_is_required() {
        for (pattern, value, may_match) in [
            (r#"["'`]\s*or\b"#, "mirror or not", false),
            (r#"["'`]\s*or\b"#, "' or", true),
            (r"union\s*\(", "union select", false),
            (r"(?:a;|b\|)c", "plain words", false),
            (r"(?:a;|b\|)c", "x|", true),
            (r"[\r\n]x?", "one line", false),
        ] {
            assert_eq!(ByteSet::required(pattern).unwrap().occurs(value.as_bytes()), may_match, "{pattern} {value}");
        }
    }

    #[test]
    fn patterns_that_match_words_require_nothing() {
        for pattern in ["select", "a|;", ";?", "[a-z;]", "", r"\w+;*"] {
            assert!(ByteSet::required(pattern).is_none(), "{pattern}");
        }
    }
}
