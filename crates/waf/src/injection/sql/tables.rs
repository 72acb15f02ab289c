//! The words SQL knows and the fingerprints of attacks.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use foldhash::fast::FixedState;

use super::token::{Kind, MAX_TEXT};

/// Words in capitals; operators of two characters among them.
static KEYWORDS: LazyLock<Keywords> = LazyLock::new(|| {
    let line = |line: &'static str| {
        let (kind, words) = line.split_once(' ').unwrap_or(("", line));
        let kind = Kind::of(kind.bytes().next().unwrap_or(0));
        words.split(',').map(move |word| (word.as_bytes(), kind))
    };
    let words: HashMap<_, _, FixedState> = include_str!("keywords.txt").lines().flat_map(line).collect();
    let mut starts = Box::new([0; 1 << 16]);
    for word in words.keys() {
        if let Some(lengths) = starts.get_mut(start(word)) {
            *lengths |= 1 << word.len();
        }
    }
    Keywords { words, starts }
});

struct Keywords {
    words: HashMap<&'static [u8], Kind, FixedState>,
    /// For each two bytes at the front, which lengths words have: most words of a text are none of SQL's.
    starts: Box<[u32; 1 << 16]>,
}

/// The first two bytes of a word, in capitals, as a number.
fn start(word: &[u8]) -> usize {
    let byte = |at: usize| usize::from(word.get(at).map_or(0, u8::to_ascii_uppercase));
    byte(0) << 8 | byte(1)
}

/// Fingerprints in capitals, each as a number.
static FINGERPRINTS: LazyLock<HashSet<u64, FixedState>> = LazyLock::new(|| {
    include_str!("fingerprints.txt").split_ascii_whitespace().map(|text| packed(text.as_bytes())).collect()
});

/// Up to eight bytes as a number, small letters as capitals.
fn packed(text: &[u8]) -> u64 {
    text.iter().fold(0, |packed, byte| packed << 8 | u64::from(byte.to_ascii_uppercase()))
}

/// What a word is; `None` if it is none that SQL knows.
pub(super) fn keyword(word: &[u8]) -> Option<Kind> {
    let keywords = &*KEYWORDS;
    let lengths = keywords.starts.get(start(word)).copied().unwrap_or(0);
    if word.len() > MAX_TEXT || lengths & 1 << word.len() == 0 {
        return None;
    }
    let mut capitals = [0; MAX_TEXT];
    let capitals = capitals.get_mut(..word.len())?;
    capitals.copy_from_slice(word);
    capitals.make_ascii_uppercase();
    keywords.words.get(&*capitals).copied()
}

/// Whether attacks have this fingerprint.
pub(super) fn is_attack(fingerprint: &[u8]) -> bool {
    FINGERPRINTS.contains(&packed(fingerprint))
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
        assert_eq!((KEYWORDS.words.len(), FINGERPRINTS.len()), (985, 8367));
        assert!(KEYWORDS.words.iter().all(|(word, kind)| (1..=MAX_TEXT).contains(&word.len()) && *kind != Kind::None));
        assert!(include_str!("fingerprints.txt").split_ascii_whitespace().all(|text| text.len() <= 8));
        let single = (0..=u8::MAX).filter(|letter| is_attack(&[*letter])).collect::<Vec<_>>();
        assert_eq!(single, b"Xx", "a value of one token is no attack");
        assert!(KEYWORDS.words.values().all(|kind| *kind != Kind::Evil));
        assert!(is_attack(b"s&1c") && is_attack(b"X") && !is_attack(b"n"));
    }
}
