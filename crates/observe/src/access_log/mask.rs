//! Query parameters whose values must not be written.

use std::borrow::Cow;

/// Stands for a value that is not shown.
const MASK: &[u8] = b"*****";

/// Names of query parameters whose values are replaced in the log. Default: none.
///
/// Names are compared without regard to case, and after percent-decoding: `%74oken` is `token`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MaskedParameters {
    names: Vec<Box<[u8]>>,
}

impl MaskedParameters {
    /// Masks these parameters.
    pub fn new(names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Self { names: names.into_iter().map(|name| name.as_ref().as_bytes().into()).collect() }
    }

    /// True when nothing is masked.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// A target, with the values of masked parameters in its query replaced.
    pub(super) fn target<'a>(&self, target: &'a [u8]) -> Cow<'a, [u8]> {
        let Some(mark) = target.iter().position(|&byte| byte == b'?') else { return Cow::Borrowed(target) };
        match self.query(&target[mark + 1..]) {
            Cow::Borrowed(_) => Cow::Borrowed(target),
            Cow::Owned(query) => Cow::Owned([&target[..=mark], &query].concat()),
        }
    }

    /// A query without `?`, with the values of masked parameters replaced.
    pub(super) fn query<'a>(&self, query: &'a [u8]) -> Cow<'a, [u8]> {
        if self.is_empty() || !pairs(query).any(|pair| self.value_at(pair).is_some()) {
            return Cow::Borrowed(query);
        }
        let mut out = Vec::with_capacity(query.len());
        for pair in query.split_inclusive(|&byte| byte == b'&' || byte == b';') {
            let (body, end) = match pair.split_last() {
                Some((last @ (b'&' | b';'), body)) => (body, std::slice::from_ref(last)),
                _ => (pair, &[][..]),
            };
            match self.value_at(body) {
                Some(at) => {
                    out.extend_from_slice(&body[..at]);
                    out.extend_from_slice(MASK);
                }
                None => out.extend_from_slice(body),
            }
            out.extend_from_slice(end);
        }
        Cow::Owned(out)
    }

    /// Where the value of a masked pair begins.
    fn value_at(&self, pair: &[u8]) -> Option<usize> {
        let equals = pair.iter().position(|&byte| byte == b'=')?;
        let name = decoded(&pair[..equals]);
        self.names.iter().any(|masked| masked.eq_ignore_ascii_case(&name)).then_some(equals + 1)
    }
}

fn pairs(query: &[u8]) -> impl Iterator<Item = &[u8]> {
    query.split(|&byte| byte == b'&' || byte == b';')
}

fn decoded(name: &[u8]) -> Cow<'_, [u8]> {
    if !name.contains(&b'%') {
        return Cow::Borrowed(name);
    }
    let digit = |at: usize| name.get(at).and_then(|&byte| char::from(byte).to_digit(16)).map(|digit| digit as u8);
    let (mut out, mut at) = (Vec::with_capacity(name.len()), 0);
    while let Some(&byte) = name.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_masked_parameters_are_not_shown() {
        let masked = MaskedParameters::new(["token", "Key"]);
        for (target, shown) in [
            ("/a", "/a"),
            ("/a?x=1", "/a?x=1"),
            ("/a?token=secret", "/a?token=*****"),
            ("/a?x=1&TOKEN=secret&y=2", "/a?x=1&TOKEN=*****&y=2"),
            ("/a?%74oken=secret", "/a?%74oken=*****"),
            ("/a?key=s;key=t", "/a?key=*****;key=*****"),
            ("/a?token", "/a?token"),
            ("/a?token=a=b", "/a?token=*****"),
            ("/a?tokens=1&%", "/a?tokens=1&%"),
        ] {
            assert_eq!(String::from_utf8_lossy(&masked.target(target.as_bytes())), shown);
        }
    }

    #[test]
    fn nothing_is_masked_by_default() {
        let masked = MaskedParameters::default();
        assert!(matches!(masked.target(b"/?token=1"), Cow::Borrowed(b"/?token=1")));
    }
}
