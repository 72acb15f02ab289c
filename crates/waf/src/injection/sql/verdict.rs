//! From a fingerprint to a verdict: known ones are attacks, but for short ones that plain text has too.

use memchr::memmem;

use super::fold::Folded;
use super::tables;
use super::token::{Kind, Token};

/// The fingerprint, if the value is an attack.
pub(super) fn of(value: &[u8], folded: &Folded) -> Option<Vec<u8>> {
    let fingerprint = folded.fingerprint();
    let attack = tables::is_attack(&fingerprint) && !is_plain(value, folded, &fingerprint);
    attack.then_some(fingerprint)
}

/// Whether plain text may well look like this.
fn is_plain(value: &[u8], folded: &Folded, fingerprint: &[u8]) -> bool {
    // A comment with this word keeps a statement out of the log of SQL Server.
    if fingerprint.len() > 1 && fingerprint.last() == Some(&b'c') && memmem::find(value, b"sp_password").is_some() {
        return false;
    }
    match (fingerprint.len(), &folded.tokens) {
        (2, [first, second, ..]) => is_plain_pair(value, folded.read, first, second),
        (3, [first, second, third, ..]) => is_plain_triple(fingerprint, folded.read, first, second, third),
        _ => false,
    }
}

fn is_plain_pair(value: &[u8], read: usize, first: &Token, second: &Token) -> bool {
    let comment = second.text().first().copied().unwrap_or(0);
    match (first.kind, second.kind) {
        // "1 union" alone is text; with anything folded away it is not.
        (_, Kind::Union) => read == 2,
        _ if comment == b'#' => true,
        (Kind::Bareword, Kind::Comment) => comment != b'/',
        (Kind::Number, Kind::Comment) if comment == b'/' => false,
        (Kind::Number, Kind::Comment) => read <= 2 && !ends_like_number(value, first),
        _ => second.text().len() > 2 && comment == b'-',
    }
}

/// Whether the number at the front is one, not the beginning of a code such as `1234-ABC--`.
fn ends_like_number(value: &[u8], number: &Token) -> bool {
    let behind = value.get(number.text().len()..).unwrap_or_default();
    match behind {
        [b'/', b'*', ..] | [b'-', b'-', ..] | [] => true,
        // Bytes above 0x7F count as blanks: the reference compares signed characters.
        [next, ..] => *next <= b' ' || *next >= 0x80,
    }
}

fn is_plain_triple(fingerprint: &[u8], read: usize, first: &Token, second: &Token, third: &Token) -> bool {
    match fingerprint {
        // ...foo' + 'bar...: the value closes a string and opens another.
        b"sos" | b"s&s" => !(first.open == 0 && third.close == 0 && first.close == third.open),
        // "sexy and 17" is text, "sexy and 17<18" is not.
        b"s&n" | b"n&1" | b"1&1" | b"1&v" | b"1&s" => read == 3,
        // INTO OUTFILE and INTO DUMPFILE are the keywords that matter.
        _ if second.kind == Kind::Keyword => {
            second.text().len() < 5 || !second.text()[..4].eq_ignore_ascii_case(b"INTO")
        }
        _ => false,
    }
}

impl Folded {
    /// The letters of the tokens; only `X` if one of them is of the evil kind.
    pub(super) fn fingerprint(&self) -> Vec<u8> {
        let letters: Vec<u8> = self.tokens.iter().take(self.count).map(|token| token.kind.letter()).collect();
        if letters.contains(&b'X') { b"X".to_vec() } else { letters }
    }
}
