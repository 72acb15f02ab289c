//! Hosts and request targets: what may stand in a request line and in Host.

use crate::failure::Failure;

/// A request target, split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// The authority of an absolute-form target; it replaces Host (RFC 9112 3.2.2).
    pub authority: Option<&'a [u8]>,
    /// All of it, as received.
    pub whole: &'a [u8],
    /// Path and query as received. `*` for the asterisk form. `/` where an absolute form has no path.
    pub path_and_query: &'a [u8],
    /// Length of the path inside `path_and_query`; the rest is `?` and the query.
    path_len: usize,
}

impl<'a> Target<'a> {
    /// The path as received.
    pub fn path(&self) -> &'a [u8] {
        &self.path_and_query[..self.path_len]
    }

    /// What follows the `?`; `None` when there is none.
    pub fn query(&self) -> Option<&'a [u8]> {
        self.path_and_query.get(self.path_len + 1..)
    }

    /// Parses a target for a method.
    pub fn parse(text: &'a [u8], method: &[u8]) -> Result<Self, Failure> {
        // Without a branch inside, so that the loop is done sixteen bytes at a time.
        if text.iter().fold(false, |bad, &byte| bad | (byte == b'#') | (byte <= 0x20) | (byte >= 0x7f)) {
            return Err(Failure::InvalidTarget);
        }
        match text {
            [b'/', ..] => Ok(Self::origin(text, None, text)),
            b"*" if method == b"OPTIONS" => Ok(Self::origin(text, None, text)),
            b"*" => Err(Failure::InvalidTarget),
            _ => Self::absolute(text, method),
        }
    }

    fn origin(whole: &'a [u8], authority: Option<&'a [u8]>, path_and_query: &'a [u8]) -> Self {
        let path_len = memchr::memchr(b'?', path_and_query).unwrap_or(path_and_query.len());
        Self { authority, whole, path_and_query, path_len }
    }

    #[cold]
    fn absolute(text: &'a [u8], method: &[u8]) -> Result<Self, Failure> {
        let scheme_end = memchr::memmem::find(text, b"://").ok_or(Failure::InvalidTarget)?;
        let (scheme, rest) = (&text[..scheme_end], &text[scheme_end + 3..]);
        if !scheme.eq_ignore_ascii_case(b"http") && !scheme.eq_ignore_ascii_case(b"https") {
            return Err(Failure::InvalidTarget);
        }
        let end = memchr::memchr2(b'/', b'?', rest).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if !valid_host(authority) {
            return Err(Failure::InvalidTarget);
        }
        match path {
            b"" if method == b"OPTIONS" => Ok(Self::origin(text, Some(authority), b"*")),
            b"" => Ok(Self::origin(text, Some(authority), b"/")),
            [b'/', ..] => Ok(Self::origin(text, Some(authority), path)),
            // `http://host?query` has an empty path; its origin form would have to be invented.
            _ => Err(Failure::InvalidTarget),
        }
    }
}

/// True for `uri-host[:port]` (RFC 9110 7.2): a registered name, an IPv4 address, or an IP literal in brackets; no
/// userinfo, no empty name, a port of digits up to 65535.
pub fn valid_host(bytes: &[u8]) -> bool {
    if bytes.first() == Some(&b'[') {
        return valid_literal(bytes);
    }
    let end = bytes.iter().position(|byte| !HOST_BYTES[*byte as usize]).unwrap_or(bytes.len());
    // A registered name: unreserved, sub-delimiters and percent escapes; what a DNS name or an address is made of and
    // a little more. Names of more than 255 bytes do not exist.
    if end == 0 || end > 255 {
        return false;
    }
    match &bytes[end..] {
        [] => true,
        [b':', port @ ..] => valid_port(port),
        [b'%', ..] => valid_escaped(bytes),
        _ => false,
    }
}

#[cold]
fn valid_literal(host: &[u8]) -> bool {
    let Ok(host) = std::str::from_utf8(host) else { return false };
    let Some((address, rest)) = host[1..].split_once(']') else { return false };
    address.parse::<std::net::Ipv6Addr>().is_ok()
        && (rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| valid_port(port.as_bytes())))
}

/// Digits up to 65535, or nothing.
fn valid_port(port: &[u8]) -> bool {
    let mut number = 0u32;
    for byte in port {
        let digit = u32::from(byte.wrapping_sub(b'0'));
        number = number.saturating_mul(10).saturating_add(digit);
        if digit > 9 || number > 65_535 {
            return false;
        }
    }
    true
}

/// A name with percent escapes, which hardly anybody uses and the grammar allows.
#[cold]
fn valid_escaped(bytes: &[u8]) -> bool {
    let end = bytes.iter().position(|byte| *byte == b':').unwrap_or(bytes.len());
    let (name, port) = bytes.split_at(end);
    let known = name.iter().all(|byte| *byte == b'%' || HOST_BYTES[*byte as usize]);
    known && name.len() <= 255 && valid_escapes(name) && port.strip_prefix(b":").is_none_or(valid_port)
}

fn valid_escapes(name: &[u8]) -> bool {
    name.iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'%')
        .all(|(at, _)| name.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)))
}

static HOST_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let allowed = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+;=";
    let mut at = 0;
    while at < allowed.len() {
        table[allowed[at] as usize] = true;
        at += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_or_addresses_with_an_optional_port() {
        let good = [
            "a",
            "a.b",
            "a:80",
            "a:",
            "127.0.0.1:8080",
            "[::1]",
            "[::1]:443",
            "xn--bcher-kva.example",
            "a%20b:80",
            "a_b.example",
            "a%20b:80",
            "a.",
        ];
        let bad = [
            "", ":80", "a:1:2", "a:b", "a:99999", "a:+1", "a b", "u@a", "a/b", "[::1", "[::1]x", "[x]", "a\"", "a,b",
            "%zz", "a?b",
        ];
        for host in good {
            assert!(valid_host(host.as_bytes()), "{host}");
        }
        for host in bad {
            assert!(!valid_host(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn targets_have_four_forms_and_nothing_else() {
        type Parts = Option<(Option<&'static str>, &'static str, &'static str)>;
        let rows: &[(&str, &str, Parts)] = &[
            ("GET", "/", Some((None, "/", ""))),
            ("GET", "/a?b=c?d", Some((None, "/a", "b=c?d"))),
            ("GET", "//a", Some((None, "//a", ""))),
            ("OPTIONS", "*", Some((None, "*", ""))),
            ("GET", "*", None),
            ("GET", "http://h", Some((Some("h"), "/", ""))),
            ("OPTIONS", "http://h", Some((Some("h"), "*", ""))),
            ("GET", "HTTP://h:80/p?q", Some((Some("h:80"), "/p", "q"))),
            ("GET", "http://h?q", None),
            ("GET", "http://u@h/", None),
            ("GET", "http:///p", None),
            ("GET", "ftp://h/", None),
            ("GET", "h:80", None),
            ("GET", "a/b", None),
            ("GET", "/a#f", None),
            ("GET", "/\u{e9}", None),
        ];
        for (method, text, expected) in rows {
            let text_of = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            let parsed = Target::parse(text.as_bytes(), method.as_bytes()).ok();
            let parsed =
                parsed.map(|t| (t.authority.map(text_of), text_of(t.path()), text_of(t.query().unwrap_or(b""))));
            let expected = expected.map(|(a, p, q)| (a.map(str::to_owned), p.to_owned(), q.to_owned()));
            assert_eq!(parsed, expected, "{method} {text}");
        }
    }
}
