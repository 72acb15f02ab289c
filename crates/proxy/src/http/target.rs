//! Hosts and request targets: what may stand in a request line and in Host.

use crate::failure::Failure;

/// A request target, split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// The authority of an absolute-form target; it replaces Host (RFC 9112 3.2.2).
    pub authority: Option<&'a str>,
    /// Path and query as received. `*` for the asterisk form. `/` where an absolute form has no path.
    pub path_and_query: &'a str,
    /// Length of the path inside `path_and_query`; the rest is `?` and the query.
    path_len: usize,
}

impl<'a> Target<'a> {
    /// The path as received.
    pub fn path(&self) -> &'a str {
        &self.path_and_query[..self.path_len]
    }

    /// What follows the `?`; `None` when there is none.
    pub fn query(&self) -> Option<&'a str> {
        self.path_and_query.get(self.path_len + 1..)
    }

    /// Parses a target for a method.
    pub fn parse(text: &'a str, method: &str) -> Result<Self, Failure> {
        // Bytes up to 0x20 and 0x7f were refused by the parser; what is left is checked here.
        // Without a branch inside, so that the loop is done sixteen bytes at a time.
        if text.bytes().fold(false, |bad, byte| bad | (byte == b'#') | (byte >= 0x80)) {
            return Err(Failure::InvalidTarget);
        }
        if text.starts_with('/') {
            return Ok(Self::origin(None, text));
        }
        if text == "*" {
            return if method == "OPTIONS" { Ok(Self::origin(None, text)) } else { Err(Failure::InvalidTarget) };
        }
        Self::absolute(text, method)
    }

    fn origin(authority: Option<&'a str>, path_and_query: &'a str) -> Self {
        let path_len = memchr::memchr(b'?', path_and_query.as_bytes()).unwrap_or(path_and_query.len());
        Self { authority, path_and_query, path_len }
    }

    fn absolute(text: &'a str, method: &str) -> Result<Self, Failure> {
        let (scheme, rest) = text.split_once("://").ok_or(Failure::InvalidTarget)?;
        if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
            return Err(Failure::InvalidTarget);
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if !valid_host(authority) {
            return Err(Failure::InvalidTarget);
        }
        match path {
            "" if method == "OPTIONS" => Ok(Self::origin(Some(authority), "*")),
            "" => Ok(Self::origin(Some(authority), "/")),
            path if path.starts_with('/') => Ok(Self::origin(Some(authority), path)),
            // `http://host?query` has an empty path; its origin form would have to be invented.
            _ => Err(Failure::InvalidTarget),
        }
    }
}

/// True for `uri-host[:port]` (RFC 9110 7.2): a registered name, an IPv4 address, or an IP literal in brackets; no
/// userinfo, no empty name, a port of digits up to 65535.
pub fn valid_host(host: &str) -> bool {
    if host.starts_with('[') {
        return valid_literal(host);
    }
    let bytes = host.as_bytes();
    let end = bytes.iter().position(|byte| !HOST_BYTES[*byte as usize]).unwrap_or(bytes.len());
    // A registered name: unreserved, sub-delimiters and percent escapes; what a DNS name or an address is made of and
    // a little more. Names of more than 255 bytes do not exist.
    if end == 0 || end > 255 || !valid_escapes(&bytes[..end]) {
        return false;
    }
    match &bytes[end..] {
        [] => true,
        [b':', port @ ..] => valid_port(port),
        _ => false,
    }
}

#[cold]
fn valid_literal(host: &str) -> bool {
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

fn valid_escapes(name: &[u8]) -> bool {
    name.iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'%')
        .all(|(at, _)| name.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)))
}

static HOST_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let allowed = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~%!$&'()*+;=";
    let mut at = 0;
    while at < allowed.len() {
        table[allowed[at] as usize] = true;
        at += 1;
    }
    table
};

/// A Host without its port; brackets stay.
pub fn without_port(host: &str) -> &str {
    if host.starts_with('[') {
        return host.find(']').map_or(host, |end| &host[..=end]);
    }
    host.split_once(':').map_or(host, |(name, _)| name)
}

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
            "a_b.example",
            "a.",
        ];
        let bad = [
            "", ":80", "a:1:2", "a:b", "a:99999", "a:+1", "a b", "u@a", "a/b", "[::1", "[::1]x", "[x]", "a\"", "a,b",
            "%zz", "a?b",
        ];
        for host in good {
            assert!(valid_host(host), "{host}");
        }
        for host in bad {
            assert!(!valid_host(host), "{host}");
        }
    }

    #[test]
    fn targets_have_four_forms_and_nothing_else() {
        let rows: &[(&str, &str, Option<(Option<&str>, &str, &str)>)] = &[
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
            let parsed = Target::parse(text, method).ok().map(|t| (t.authority, t.path(), t.query().unwrap_or("")));
            assert_eq!(parsed, *expected, "{method} {text}");
        }
    }

    #[test]
    fn a_host_loses_its_port_but_not_its_brackets() {
        assert_eq!(without_port("a:80"), "a");
        assert_eq!(without_port("[::1]:80"), "[::1]");
        assert_eq!(without_port("a"), "a");
    }
}
