//! The tokenizer, the folding and the verdicts against the public vectors, and on any bytes.

use proptest::prelude::*;

use super::fold;
use super::token::{Kind, Token};
use super::tokenizer::{Mode, Quote, Tokenizer};
use crate::injection::vectors;

fn detect(value: &[u8]) -> Option<Vec<u8>> {
    super::detect(value, &mut crate::operators::Work::default())
}

const ANSI: Mode = Mode { quote: Quote::None, mysql: false };

/// A token as the public vectors print it.
fn print(token: &Token) -> String {
    let mut text = vec![token.kind.letter(), b' '];
    if token.kind == Kind::Variable {
        text.extend(std::iter::repeat_n(b'@', usize::from(token.ats)));
    }
    let quoted = matches!(token.kind, Kind::Variable | Kind::String);
    text.extend(quoted.then_some(token.open).filter(|mark| *mark != 0));
    text.extend_from_slice(token.text());
    text.extend(quoted.then_some(token.close).filter(|mark| *mark != 0));
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn the_public_vectors_of_tokens_pass() {
    vectors::check("test-tokens-", 249, |input| {
        let mut source = Tokenizer::new(input, ANSI);
        std::iter::from_fn(|| source.next()).map(|token| print(&token)).collect::<Vec<_>>().join("\n")
    });
}

#[test]
fn the_public_vectors_of_folding_pass() {
    vectors::check("test-folding-", 118, |input| {
        let folded = fold::fold(input, ANSI);
        folded.tokens[..folded.count].iter().map(print).collect::<Vec<_>>().join("\n")
    });
}

#[test]
fn the_public_vectors_of_verdicts_pass() {
    vectors::check("test-sqli-", 50, |input| {
        detect(input).map_or_else(String::new, |fingerprint| String::from_utf8_lossy(&fingerprint).into_owned())
    });
}

#[test]
fn attacks_are_told_from_text() {
    for (value, fingerprint) in [
        ("1' or '1'='1", Some("s&sos")),
        ("1 UNION SELECT password FROM users", Some("1UEnk")),
        ("-1 or 1=1 --", Some("1&1c")),
        ("1;drop table users", Some("1;Tnn")),
        ("1 into outfile 'x'", Some("1ks")),
        ("a*/union{`", Some("X")),
        ("O'Neill", None),
        ("select a colour", None),
        ("sexy and 17", None),
        ("", None),
    ] {
        let found = detect(value.as_bytes());
        assert_eq!(found.as_deref(), fingerprint.map(str::as_bytes), "{value}");
    }
}

#[test]
fn a_long_value_takes_time_in_proportion() {
    for piece in [
        "a.", "`", "$a$", "/*", "'", "\\'", "''", "1,", "(", "q'a", "b'01", "x'", "@", "@@a", "- ", "1-", "{a", "[",
        "$", "1e", "--", "#", ";", "a ", "not ", "0x", "select ", "\\", ",-1", "a`", "\"",
    ] {
        let value = piece.repeat((1 << 17) / piece.len());
        detect(value.as_bytes());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_to_their_end(value in prop::collection::vec(any::<u8>(), 0..100)) {
        detect(&value);
    }

    #[test]
    fn one_word_is_found_harmless_without_a_look(value in "[a-zA-Z_][a-zA-Z0-9_]{0,9}|[0-9]{1,12}|[a-z0-9]{1,4}") {
        let folded = fold::fold(value.as_bytes(), ANSI);
        let attack = super::verdict::of(value.as_bytes(), &folded);
        prop_assert!(!super::is_one_word(value.as_bytes()) || attack.is_none());
        prop_assert_eq!(attack, detect(value.as_bytes()));
    }

    #[test]
    fn marks_and_words_in_any_order_do_no_harm(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..30)
    ) {
        let value = pieces.concat();
        for quote in [Quote::None, Quote::Single, Quote::Double] {
            for mysql in [false, true] {
                let folded = fold::fold(value.as_bytes(), Mode { quote, mysql });
                prop_assert!(folded.count <= fold::MAX_TOKENS + 1 && folded.fingerprint().len() <= fold::MAX_TOKENS);
            }
        }
    }
}

const PIECES: &[&str] = &[
    "'", "\"", "`", "\\", "/*", "*/", "--", "#", "(", ")", "{", "}", "[", "]", ",", ";", ":", "::", ".", "@", "@@",
    "$", "$$", "1", "0x", "1e", "-", "+", "!", "=", "<=>", "&&", "||", " ", "\n", "\0", "union", " select ", "and ",
    "or ", "in", "not ", "like", "collate ", "a_b", "user", "if", "int ", "q'", "n'", "u&'", "b'", "x'", "e'", "N",
    "a",
];
