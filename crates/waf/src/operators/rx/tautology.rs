//! One pattern that refers back, by hand: two words around an operator of SQL, and whether they are the same.
//!
//! It is rule 942130 of the core rule set 3.3, `1=1` and `a<>b`. The backtracking engine takes hundreds of nanoseconds
//! for a byte of a value made of such words; this takes one walk. Only this very pattern is recognised; a property test
//! holds both against each other.

use std::ops::Range;

use super::Captures;
use crate::operators::Work;

/// The pattern as the rule has it.
pub(super) const PATTERN: &str = concat!(
    r#"(?i:[\s'"`()]*?\b([\d\w]+)\b[\s'"`()]*?(?:<(?:=(?:[\s'"`()]*?(?!\b\1\b)[\d\w]+|>[\s'"`()]*?(?:\b\1\b))|"#,
    r#">?[\s'"`()]*?(?!\b\1\b)[\d\w]+)|(?:not\s+(?:regexp|like)|is\s+not|>=?|!=|\^)[\s'"`()]*?(?!\b\1\b)[\d\w]+|"#,
    r#"(?:(?:sounds\s+)?like|r(?:egexp|like)|=)[\s'"`()]*?(?:\b\1\b)))"#,
);

/// What a byte costs, against one of an automaton.
const WALKED: u64 = 4;

pub(super) fn matches(value: &[u8], captures: Option<&mut Captures>, work: &mut Work) -> bool {
    work.add(value.len() as u64 * WALKED);
    let Some((whole, word)) = find(value) else { return false };
    if let Some(captures) = captures {
        captures.push(&value[whole]);
        captures.push(&value[word]);
    }
    true
}

/// The first match and its first word.
fn find(value: &[u8]) -> Option<(Range<usize>, Range<usize>)> {
    let mut at = 0;
    while at < value.len() {
        // A match begins with what stands between the word before and its own.
        let start = at;
        at = skip(value, at, is_filling);
        let end = skip(value, at, is_word);
        if end == at {
            at += 1;
            continue;
        }
        if let Some(after) = operation(value, at..end) {
            return Some((start..after, at..end));
        }
        at = end;
    }
    None
}

/// Where the operation ends whose left side is a word; none if there is no operator, or the right side is not as the
/// operator wants it.
fn operation(value: &[u8], word: Range<usize>) -> Option<usize> {
    let left = value.get(word.clone())?;
    let operator = skip(value, word.end, is_filling);
    let (wants_same, behind) = operator_at(value, operator)?;
    let right = skip(value, behind, is_filling);
    let is_same = stands_at(value, right, left);
    if wants_same {
        return is_same.then_some(right + left.len());
    }
    let end = skip(value, right, is_word);
    (end > right && !is_same).then_some(end)
}

/// Whether the operator at a place wants its sides to be the same, and where it ends.
fn operator_at(value: &[u8], at: usize) -> Option<(bool, usize)> {
    let rest = value.get(at..)?;
    let (same, length) = match rest {
        [b'<', b'=', b'>', ..] => (true, 3),
        [b'<', b'=' | b'>', ..] => (false, 2),
        [b'<', ..] => (false, 1),
        [b'>' | b'!', b'=', ..] => (false, 2),
        [b'>' | b'^', ..] => (false, 1),
        [b'=', ..] => (true, 1),
        _ => {
            let words: &[(bool, &[&[u8]])] = &[
                (false, &[b"not", b"regexp"]),
                (false, &[b"not", b"like"]),
                (false, &[b"is", b"not"]),
                (true, &[b"sounds", b"like"]),
                (true, &[b"like"]),
                (true, &[b"regexp"]),
                (true, &[b"rlike"]),
            ];
            return words.iter().find_map(|(same, words)| Some((*same, after_words(value, at, words)?)));
        }
    };
    Some((same, at + length))
}

/// Where some words with white space between them end.
fn after_words(value: &[u8], mut at: usize, words: &[&[u8]]) -> Option<usize> {
    for (place, word) in words.iter().enumerate() {
        if place > 0 {
            let behind = skip(value, at, is_space);
            if behind == at {
                return None;
            }
            at = behind;
        }
        let found = value.get(at..at + word.len())?;
        if !found.eq_ignore_ascii_case(word) {
            return None;
        }
        at += word.len();
    }
    Some(at)
}

/// Whether a text stands at a place as a whole word.
fn stands_at(value: &[u8], at: usize, text: &[u8]) -> bool {
    let end = at + text.len();
    let begins = at.checked_sub(1).and_then(|before| value.get(before)).is_none_or(|byte| !is_word(*byte));
    let ends = value.get(end).is_none_or(|byte| !is_word(*byte));
    begins && ends && value.get(at..end).is_some_and(|found| found.eq_ignore_ascii_case(text))
}

fn skip(value: &[u8], from: usize, test: impl Fn(u8) -> bool) -> usize {
    let rest = value.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| test(**byte)).count()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}

/// What may stand between a word and an operator.
fn is_filling(byte: u8) -> bool {
    is_space(byte) || matches!(byte, b'\'' | b'"' | b'`' | b'(' | b')')
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::operators::rx::backtracking::Backtracking;
    use crate::operators::rx::translate::{Dialect, translate};

    static TRACKED: LazyLock<Backtracking> = LazyLock::new(|| {
        let text = translate(PATTERN, Dialect::Backtracking).unwrap().text;
        Backtracking::compile(&text).unwrap()
    });

    fn groups(found: &Captures) -> Vec<Vec<u8>> {
        found.iter().map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn words_are_compared_as_their_operator_wants() {
        for (value, whole) in [
            ("1=1", Some("1=1")),
            ("x 1 = '1' y", Some(" 1 = '1")),
            ("1=2", None),
            ("a<>b", Some("a<>b")),
            ("a<>A", None),
            ("a <=> (a)", Some("a <=> (a")),
            ("a sounds  like a", Some("a sounds  like a")),
            ("ab is not a", Some("ab is not a")),
            ("1 is nothing", Some("1 is nothing")),
            ("a != a b", None),
            ("a=ab", None),
            ("=", None),
        ] {
            let mut captures = Captures::new();
            let found = matches(value.as_bytes(), Some(&mut captures), &mut Work::default());
            assert_eq!(
                found.then(|| groups(&captures)[0].clone()),
                whole.map(|text| text.as_bytes().to_vec()),
                "{value}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn the_walk_finds_what_the_pattern_finds(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..12)) {
            let value = pieces.concat();
            let (mut walked, mut tracked) = (Captures::new(), Captures::new());
            let found = matches(value.as_bytes(), Some(&mut walked), &mut Work::default());
            prop_assert_eq!(found, TRACKED.matches(value.as_bytes(), Some(&mut tracked), &mut Work::default()));
            prop_assert_eq!(groups(&walked), groups(&tracked));
        }
    }

    const PIECES: &[&str] = &[
        "a", "A", "b", "1", "ab", "_", " ", "  ", "\t", "'", "(", ")", "`", "\"", "<", "=", ">", "!", "^", "<>", "<=>",
        "not ", "NOT", "like", " like ", "sounds ", "regexp", "rlike ", "is ", " is not ", "r", "s", "-", ",",
        "\u{e9}",
    ];
}
