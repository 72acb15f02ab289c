//! Splits a request target into authority, path and query without copying.
//!
//! Source: RFC 9112 section 3.2 (request target forms); RFC 9110 section 4.2.4 (user information in
//! a target is refused).

use thiserror::Error;

/// The parts of a request target, as the client wrote them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetParts<'a> {
    /// `host[:port]` of the absolute form; it replaces the Host header (RFC 9112 section 3.2.2).
    /// `None` in origin form.
    pub authority: Option<&'a [u8]>,
    /// The path, still encoded; `/` when the absolute form has none; `*` in asterisk form.
    pub path: &'a [u8],
    /// What follows the first `?`, without it; `Some` and empty when there was a bare `?`.
    pub query: Option<&'a [u8]>,
}

/// Why a request target is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TargetError {
    /// Neither a path, nor `*`, nor an absolute URL.
    #[error("a request target begins with `/`, `http://` or `https://`")]
    Form,
    /// An absolute URL without a host.
    #[error("the request target has no host")]
    NoHost,
    /// `user@host`: no use but to mislead.
    #[error("the request target carries user information")]
    UserInformation,
}

/// Splits a target in origin, absolute or asterisk form. The authority form of CONNECT is refused:
/// this is no forward proxy.
pub fn split_target(target: &[u8]) -> Result<TargetParts<'_>, TargetError> {
    if target.first() == Some(&b'/') {
        return Ok(parts(None, target));
    }
    if target == b"*" {
        return Ok(TargetParts { authority: None, path: target, query: None });
    }
    let rest = after_scheme(target).ok_or(TargetError::Form)?;
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    if authority.contains(&b'@') {
        return Err(TargetError::UserInformation);
    }
    if authority.is_empty() || authority.first() == Some(&b':') {
        return Err(TargetError::NoHost);
    }
    Ok(parts(Some(authority), rest))
}

fn after_scheme(target: &[u8]) -> Option<&[u8]> {
    [b"http://".as_slice(), b"https://"].into_iter().find_map(|scheme| {
        let (head, rest) = target.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    })
}

fn parts<'a>(authority: Option<&'a [u8]>, rest: &'a [u8]) -> TargetParts<'a> {
    // A fragment has no business in a request; what follows `#` takes no part in routing.
    let rest = rest.split(|byte| *byte == b'#').next().unwrap_or_default();
    let (path, query) = match rest.iter().position(|byte| *byte == b'?') {
        Some(mark) => (rest.get(..mark).unwrap_or_default(), rest.get(mark + 1..)),
        None => (rest, None),
    };
    TargetParts { authority, path: if path.is_empty() { b"/" } else { path }, query }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_splits_into_authority_path_and_query() {
        type Row = (&'static str, Option<&'static str>, &'static str, Option<&'static str>);
        let rows: &[Row] = &[
            ("/", None, "/", None),
            ("/a/b?x=1", None, "/a/b", Some("x=1")),
            ("/a?", None, "/a", Some("")),
            ("/a?b?c", None, "/a", Some("b?c")),
            ("/a#f?x", None, "/a", None),
            ("/a?x#f", None, "/a", Some("x")),
            ("*", None, "*", None),
            ("http://a.com", Some("a.com"), "/", None),
            ("HTTP://a.com:80/x?y", Some("a.com:80"), "/x", Some("y")),
            ("https://[::1]:8443?q", Some("[::1]:8443"), "/", Some("q")),
            ("//a.com/x", None, "//a.com/x", None),
        ];
        for (target, authority, path, query) in rows {
            let expected = TargetParts {
                authority: authority.map(str::as_bytes),
                path: path.as_bytes(),
                query: query.map(str::as_bytes),
            };
            assert_eq!(split_target(target.as_bytes()), Ok(expected), "{target}");
        }
    }

    #[test]
    fn a_target_of_another_form_is_refused() {
        for (target, expected) in [
            ("", TargetError::Form),
            ("a.com:443", TargetError::Form),
            ("ftp://a.com/", TargetError::Form),
            ("http:///x", TargetError::NoHost),
            ("http://:80/x", TargetError::NoHost),
            ("http://u:p@a.com/", TargetError::UserInformation),
        ] {
            assert_eq!(split_target(target.as_bytes()), Err(expected), "{target}");
        }
    }
}
