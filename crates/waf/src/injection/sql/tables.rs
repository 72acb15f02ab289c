//! The words SQL knows and the fingerprints of attacks.

use std::sync::LazyLock;

use super::token::{Kind, MAX_TEXT};

/// Words in capitals, sorted; operators of two characters among them.
static KEYWORDS: LazyLock<Vec<(&'static str, Kind)>> = LazyLock::new(|| {
    let line = |line: &'static str| {
        let (kind, words) = line.split_once(' ').unwrap_or(("", line));
        let kind = Kind::of(kind.bytes().next().unwrap_or(0));
        words.split(',').map(move |word| (word, kind))
    };
    let mut words: Vec<_> = include_str!("keywords.txt").lines().flat_map(line).collect();
    words.sort_unstable_by_key(|(word, _)| *word);
    words
});

/// Fingerprints in capitals, sorted.
static FINGERPRINTS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut fingerprints: Vec<_> = include_str!("fingerprints.txt").split_ascii_whitespace().collect();
    fingerprints.sort_unstable();
    fingerprints
});

/// What a word is; `None` if it is none that SQL knows.
pub(super) fn keyword(word: &[u8]) -> Option<Kind> {
    let mut capitals = [0; MAX_TEXT];
    let capitals = capitals.get_mut(..word.len())?;
    capitals.copy_from_slice(word);
    capitals.make_ascii_uppercase();
    let place = KEYWORDS.binary_search_by(|(known, _)| known.as_bytes().cmp(capitals)).ok()?;
    Some(KEYWORDS[place].1)
}

/// Whether attacks have this fingerprint.
pub(super) fn is_attack(fingerprint: &[u8]) -> bool {
    let capitals = fingerprint.to_ascii_uppercase();
    FINGERPRINTS.binary_search_by(|known| known.as_bytes().cmp(&capitals)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_whatever_their_case() {
        assert_eq!(keyword(b"Select"), Some(Kind::Expression));
        assert_eq!(keyword(b"union"), Some(Kind::Union));
        assert_eq!(keyword(b"||"), Some(Kind::LogicOperator));
        assert_eq!(keyword(b"gatehouse"), None);
        assert_eq!(keyword(&[b'a'; 40]), None);
    }

    #[test]
    fn every_line_of_the_lists_is_read() {
        assert_eq!(KEYWORDS.len(), 985);
        assert_eq!(FINGERPRINTS.len(), 8367);
        assert!(KEYWORDS.iter().all(|(word, kind)| !word.is_empty() && *kind != Kind::None));
        assert!(is_attack(b"s&1c") && is_attack(b"X") && !is_attack(b"n"));
    }
}
