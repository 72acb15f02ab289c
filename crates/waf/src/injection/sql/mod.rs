//! Injection of SQL: a value is cut into tokens as a database would, the tokens are folded to at most five, and the
//! letters of their kinds, the fingerprint, are looked up in a list of those that attacks have.
//!
//! The value is read up to five times: as it stands, as if it stood behind a quotation mark that it holds, and for
//! MySQL where comments make a difference.

mod fold;
mod numbers;
mod strings;
mod tables;
#[cfg(test)]
mod tests;
mod token;
mod tokenizer;
mod verdict;

use crate::operators::Work;
use fold::Folded;
use tokenizer::{Mode, Quote};

/// What a token costs, against a byte that a linear-time pattern looks at.
const TOKEN: u64 = 24;

/// The fingerprint of an attack; `None` if the value is none.
pub(crate) fn detect(value: &[u8], work: &mut Work) -> Option<Vec<u8>> {
    work.add(value.len() as u64);
    if value.is_empty() || is_one_word(value) {
        return None;
    }
    let readings = [
        (Quote::None, true, true),
        (Quote::Single, memchr::memchr(b'\'', value).is_some(), true),
        (Quote::Double, memchr::memchr(b'"', value).is_some(), false),
    ];
    readings.into_iter().filter(|(_, worth_it, _)| *worth_it).find_map(|(quote, _, ansi)| {
        if !ansi {
            return verdict::of(value, &read(value, Mode { quote, mysql: true }, work));
        }
        let folded = read(value, Mode { quote, mysql: false }, work);
        let attack = verdict::of(value, &folded);
        // Some comments are read differently by MySQL.
        attack.or_else(|| {
            folded
                .mysql_differs
                .then(|| read(value, Mode { quote, mysql: true }, work))
                .and_then(|folded| verdict::of(value, &folded))
        })
    })
}

fn read(value: &[u8], mode: Mode, work: &mut Work) -> Folded {
    let folded = fold::fold(value, mode);
    work.add(value.len() as u64 + TOKEN * folded.read as u64);
    folded
}

/// Whether a value is one name or one whole number: a single token, and no attack has only one.
fn is_one_word(value: &[u8]) -> bool {
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    match value.first() {
        Some(b'0'..=b'9') => value.iter().all(u8::is_ascii_digit),
        _ => value.iter().all(name),
    }
}
