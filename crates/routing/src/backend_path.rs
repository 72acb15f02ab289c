//! The override backend path of backend settings: what path a server sees.
//!
//! Source: Azure, "Application Gateway HTTP settings configuration" (configuration-http-settings),
//! the nine-row table under "Override backend path". Parity: the algorithm is inferred from the
//! table; `path: ""` changes nothing; `path: "/"` on a path rule strips what the pattern matched.
//! The cut is made in the raw path at the byte where its decoded form has used up the pattern, so
//! the rest keeps the client's encoding.
//!
//! Departure: a path with dot segments is resolved before it gets its prefix. Sent raw, `/../x`
//! below `/tenant/` would let a server climb out of the path the operator pinned.

use crate::{
    PathPattern,
    matching_form::{LastSegment, decoded_at, has_dot_segments, resolved},
};

/// The `path` of backend settings, ready to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendPath {
    /// Leading slash, no trailing one; empty for `/`.
    base: Box<str>,
}

impl BackendPath {
    /// `None` when the setting is empty: the request path then stays as it is.
    pub fn new(path: &str) -> Option<Self> {
        if path.is_empty() {
            return None;
        }
        let base = path.strip_suffix('/').unwrap_or(path);
        let slash = if base.is_empty() || base.starts_with('/') { "" } else { "/" };
        Some(Self { base: format!("{slash}{base}").into() })
    }

    /// Appends the path and query for the server to `out`. `path` is the raw request path,
    /// `pattern` the one that matched this request, or `None` for a basic rule or a path map's
    /// default.
    pub fn write(&self, pattern: Option<&PathPattern>, path: &[u8], query: Option<&[u8]>, out: &mut Vec<u8>) {
        if path.first() == Some(&b'/') {
            out.extend(self.base.as_bytes());
            self.write_rest(pattern, path, out);
        } else {
            // `OPTIONS *` has no path to change.
            out.extend(path);
        }
        if let Some(query) = query {
            out.push(b'?');
            out.extend(query);
        }
    }

    fn write_rest(&self, pattern: Option<&PathPattern>, path: &[u8], out: &mut Vec<u8>) {
        let literal = pattern.map(PathPattern::literal).unwrap_or_default();
        if !has_dot_segments(path) {
            if let Some(rest) = cut(literal, path) {
                return join(rest, out, |byte, out| out.push(byte));
            }
            if !path.windows(2).any(|pair| pair == b"//") && !path.contains(&b'%') {
                return join(path, out, |byte, out| out.push(byte));
            }
        }
        let resolved = resolved(path, LastSegment::Closed);
        match strip(literal, &resolved) {
            Some(rest) => join(rest, out, push_encoded),
            None if has_dot_segments(path) => join(&resolved, out, push_encoded),
            None => join(path, out, |byte, out| out.push(byte)),
        }
    }
}

/// What is left of the raw path once its decoded form has used up `literal`.
fn cut<'p>(literal: &[u8], path: &'p [u8]) -> Option<&'p [u8]> {
    let mut at = 0;
    for expected in literal {
        let (byte, taken) = decoded_at(path, at)?;
        if byte.to_ascii_lowercase() != *expected {
            return None;
        }
        at += taken;
    }
    path.get(at..)
}

fn strip<'p>(literal: &[u8], path: &'p [u8]) -> Option<&'p [u8]> {
    let (head, rest) = path.split_at_checked(literal.len())?;
    head.eq_ignore_ascii_case(literal).then_some(rest)
}

/// Appends `rest` with exactly one slash before it.
fn join(rest: &[u8], out: &mut Vec<u8>, push: impl Fn(u8, &mut Vec<u8>)) {
    let start = rest.iter().position(|byte| *byte != b'/').unwrap_or(rest.len());
    out.push(b'/');
    rest.iter().skip(start).for_each(|byte| push(*byte, out));
}

/// Appends a decoded path byte, percent-encoded unless a path may hold it as it is (RFC 3986
/// `pchar` and `/`).
fn push_encoded(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(byte),
        b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' => out.push(byte),
        b';' | b'=' | b':' | b'@' | b'/' => out.push(byte),
        _ => crate::redirect::percent_encode(byte, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(setting: &str, pattern: Option<&str>, target: &str) -> String {
        let pattern = pattern.map(|pattern| PathPattern::parse(pattern).unwrap());
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let mut out = Vec::new();
        let base = BackendPath::new(setting).unwrap();
        base.write(pattern.as_ref(), path.as_bytes(), query.map(str::as_bytes), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_nine_documented_rows() {
        let rows = [
            (None, "/home/", "/override/home/"),
            (None, "/home/secondhome/", "/override/home/secondhome/"),
            (Some("/pathrule*"), "/pathrule/home/", "/override/home/"),
            (Some("/pathrule*"), "/pathrule/home/secondhome/", "/override/home/secondhome/"),
            (Some("/pathrule*"), "/home/", "/override/home/"),
            (Some("/pathrule*"), "/home/secondhome/", "/override/home/secondhome/"),
            (Some("/pathrule/home*"), "/pathrule/home/", "/override/"),
            (Some("/pathrule/home*"), "/pathrule/home/secondhome/", "/override/secondhome/"),
            (Some("/pathrule/"), "/pathrule/", "/override/"),
        ];
        for (pattern, path, expected) in rows {
            assert_eq!(written("/override/", pattern, path), expected, "{pattern:?} {path}");
        }
    }

    #[test]
    fn edge_values_of_the_setting() {
        assert_eq!(BackendPath::new(""), None, "an empty setting changes nothing");
        let rows = [
            ("/", Some("/shop/*"), "/shop/cart?id=1", "/cart?id=1"),
            ("/", Some("/shop/*"), "/shop/", "/"),
            ("/", None, "/shop/", "/shop/"),
            ("/v2", Some("/pathrule"), "/pathrule", "/v2/"),
            ("v2", None, "/x", "/v2/x"),
            ("/v2/", None, "/x?", "/v2/x?"),
            ("/v2", None, "/", "/v2/"),
            ("/v2", Some("/api*"), "/apix", "/v2/x"),
            ("/v2", None, "*", "*"),
        ];
        for (setting, pattern, target, expected) in rows {
            assert_eq!(written(setting, pattern, target), expected, "{setting} {pattern:?} {target}");
        }
    }

    #[test]
    fn the_cut_is_made_where_the_decoded_path_has_used_up_the_pattern() {
        let rows = [
            (Some("/abc/*"), "/abc%2Fd%2Fe?x=%20", "/o/d%2Fe?x=%20", "the rest keeps its encoding"),
            (Some("/abc/*"), "/ABC/d", "/o/d", "case does not count"),
            (Some("/a%20b/*"), "/a b/c", "/o/c", "an encoded pattern"),
            (Some("/a b/*"), "/a%20b/c", "/o/c", "a pattern in clear"),
            (Some("/100%*"), "/100%25/x", "/o/x", "no cut inside an escape"),
            (Some("/abc/*"), "//abc//d%20e", "/o/d%20e", "merged slashes, encoded again"),
            (Some("/abc/*"), "/abc//d", "/o/d", "one joining slash"),
            (None, "//x//y", "/o/x//y", "no pattern: only the joint is tidied"),
            (None, "/x%2Fy", "/o/x%2Fy", "no pattern: the encoding stays"),
        ];
        for (pattern, target, expected, rule) in rows {
            assert_eq!(written("/o", pattern, target), expected, "{rule}");
        }
    }

    #[test]
    fn a_path_cannot_climb_out_of_the_override() {
        let rows = [
            (None, "/../secret", "/o/secret"),
            (None, "/x/%2e%2e/%2e%2e/secret", "/o/secret"),
            (None, "/a%3Fb/./c", "/o/a%3Fb/c"),
            (Some("/abc/*"), "/abc/../../abc/secret", "/o/secret"),
            (Some("/abc/*"), "/abc/..%2f..%2fabc/secret", "/o/secret"),
        ];
        for (pattern, path, expected) in rows {
            assert_eq!(written("/o", pattern, path), expected, "{pattern:?} {path}");
        }
    }
}
