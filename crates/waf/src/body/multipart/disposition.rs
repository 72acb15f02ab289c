//! The `Content-Disposition` of a part: whose value it is, and whether it is a file.

use super::Anomalies;

/// Name of the field and of the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Disposition {
    pub(super) name: Option<Vec<u8>>,
    pub(super) file: Option<Vec<u8>>,
}

impl Disposition {
    /// Reads `form-data; name="a"; filename="b"` and notes what is odd.
    pub(super) fn parse(text: &[u8], anomalies: &mut Anomalies) -> Self {
        let mut found = Self::default();
        let text = text.trim_ascii();
        let Some(mut rest) = text.get(9..).filter(|_| text[..9].eq_ignore_ascii_case(b"form-data")) else {
            anomalies.invalid_part = true;
            return found;
        };
        loop {
            rest = rest.trim_ascii_start();
            if rest.is_empty() {
                return found;
            }
            match rest.strip_prefix(b";") {
                Some(after) => rest = after.trim_ascii_start(),
                None => anomalies.missing_semicolon = true,
            }
            if rest.is_empty() {
                return found;
            }
            let Some(after) = found.parameter(rest, anomalies) else {
                anomalies.invalid_part = true;
                return found;
            };
            rest = after;
        }
    }

    /// Takes one parameter and gives what follows.
    fn parameter<'t>(&mut self, text: &'t [u8], anomalies: &mut Anomalies) -> Option<&'t [u8]> {
        let equals = memchr::memchr(b'=', text)?;
        let name = text[..equals].trim_ascii().to_ascii_lowercase();
        let (value, rest) = value(text[equals + 1..].trim_ascii_start(), anomalies);
        let place = match name.as_slice() {
            b"name" => &mut self.name,
            b"filename" => &mut self.file,
            // Servers differ in which of two forms they take, or put continuations together (RFC 7578, section 4.2,
            // forbids the extended form).
            [b'f', b'i', b'l', b'e', b'n', b'a', b'm', b'e', b'*', ..] => {
                anomalies.invalid_part = true;
                &mut self.file
            }
            [b'n', b'a', b'm', b'e', b'*', ..] => {
                anomalies.invalid_part = true;
                &mut self.name
            }
            _ => return Some(rest),
        };
        if place.is_some() {
            anomalies.invalid_part = true;
        }
        *place = Some(value);
        Some(rest)
    }
}

/// A quoted or bare value and what follows.
fn value<'t>(text: &'t [u8], anomalies: &mut Anomalies) -> (Vec<u8>, &'t [u8]) {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = memchr::memchr(b';', text).unwrap_or(text.len());
        let bare = text[..end].trim_ascii_end();
        anomalies.invalid_quoting |= bare.iter().any(|byte| b"\"' ".contains(byte));
        return (bare.to_vec(), &text[end..]);
    };
    let mut value = Vec::new();
    let mut at = 0;
    while let Some(byte) = quoted.get(at) {
        match (byte, quoted.get(at + 1)) {
            (b'"', _) => return (value, &quoted[at + 1..]),
            (b'\\', Some(next)) if b"\"\\".contains(next) => {
                value.push(*next);
                at += 1;
            }
            _ => value.push(*byte),
        }
        at += 1;
    }
    anomalies.invalid_quoting = true;
    (value, b"")
}
