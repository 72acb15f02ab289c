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

use fold::Folded;
use tokenizer::{Mode, Quote};

/// The fingerprint of an attack; `None` if the value is none.
pub(crate) fn detect(value: &[u8]) -> Option<Vec<u8>> {
    if value.is_empty() {
        return None;
    }
    let readings = [
        (Quote::None, true, true),
        (Quote::Single, memchr::memchr(b'\'', value).is_some(), true),
        (Quote::Double, memchr::memchr(b'"', value).is_some(), false),
    ];
    readings.into_iter().filter(|(_, worth_it, _)| *worth_it).find_map(|(quote, _, ansi)| {
        if !ansi {
            return verdict::of(value, &fold::fold(value, Mode { quote, mysql: true }));
        }
        let folded = fold::fold(value, Mode { quote, mysql: false });
        verdict::of(value, &folded).or_else(|| again_as_mysql(value, quote, &folded))
    })
}

/// Reads the value as MySQL does, if it holds comments that MySQL reads differently.
fn again_as_mysql(value: &[u8], quote: Quote, folded: &Folded) -> Option<Vec<u8>> {
    folded.mysql_differs.then(|| verdict::of(value, &fold::fold(value, Mode { quote, mysql: true }))).flatten()
}
