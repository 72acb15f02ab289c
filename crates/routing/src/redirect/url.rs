//! The fixed URL of a redirect (`targetUrl`), taken apart once so that path and query can be put
//! into it.

use thiserror::Error;

use super::{Scheme, write_path, write_text};

/// An absolute `http` or `https` URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlTarget {
    text: Box<str>,
    scheme: Scheme,
    /// Where the authority begins, and the ends of authority, path and query (with its `?`); the
    /// fragment is the rest.
    authority: usize,
    authority_end: usize,
    path_end: usize,
    query_end: usize,
    port: u16,
}

/// Why a text cannot be the target of a redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RedirectUrlError {
    /// Not `http://` or `https://`.
    #[error("a redirect URL begins with `http://` or `https://`")]
    Scheme,
    /// Nothing between `//` and the path.
    #[error("the redirect URL has no host")]
    NoHost,
    /// A port that is no number from 1 to 65535.
    #[error("the redirect URL's port is not a number from 1 to 65535")]
    Port,
    /// Space, control or non-ASCII character.
    #[error("a redirect URL may not hold {0:?}; percent-encode it")]
    Character(char),
}

impl UrlTarget {
    /// Parses `targetUrl`.
    pub fn parse(text: &str) -> Result<Self, RedirectUrlError> {
        if let Some(stray) = text.chars().find(|c| !c.is_ascii_graphic()) {
            return Err(RedirectUrlError::Character(stray));
        }
        let begins = |scheme: &str| text.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme));
        let (scheme, authority) = match () {
            () if begins("https://") => (Scheme::Https, "https://".len()),
            () if begins("http://") => (Scheme::Http, "http://".len()),
            () => return Err(RedirectUrlError::Scheme),
        };
        let until = |from: usize, stops: &[char]| {
            text.get(from..).and_then(|rest| rest.find(stops)).map_or(text.len(), |at| from + at)
        };
        let authority_end = until(authority, &['/', '?', '#']);
        let path_end = until(authority_end, &['?', '#']);
        let query_end = until(path_end, &['#']);
        let (host, port) = split_authority(text.get(authority..authority_end).unwrap_or_default());
        if host.is_empty() {
            return Err(RedirectUrlError::NoHost);
        }
        let port = match port {
            None | Some("") => scheme.default_port(),
            Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or(RedirectUrlError::Port)?,
        };
        Ok(Self { text: text.into(), scheme, authority, authority_end, path_end, query_end, port })
    }

    /// The URL as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Its host, without user information and port.
    pub fn host(&self) -> &str {
        split_authority(self.text.get(self.authority..self.authority_end).unwrap_or_default()).0
    }

    /// Its port, given or implied.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its path; `/` when there is none.
    pub(super) fn path(&self) -> &[u8] {
        match self.bytes(self.authority_end, self.path_end) {
            [] => b"/",
            path => path,
        }
    }

    /// Appends the URL with path and query of the request put in: the target's path gives up one
    /// trailing slash, the target's query comes first, its fragment stays last.
    pub(super) fn write(&self, path: Option<&[u8]>, query: Option<&[u8]>, out: &mut Vec<u8>) {
        let before = self.bytes(0, self.path_end);
        match path {
            Some(path) => {
                let own_path = self.path_end > self.authority_end;
                out.extend(before.strip_suffix(b"/").filter(|_| own_path).unwrap_or(before));
                write_path(path, out);
            }
            None => out.extend(before),
        }
        let own_query = self.bytes(self.path_end, self.query_end);
        out.extend(own_query);
        if let Some(query) = query {
            match own_query.last() {
                None => out.push(b'?'),
                Some(b'?' | b'&') => {}
                Some(_) => out.push(b'&'),
            }
            write_text(query, out);
        }
        out.extend(self.bytes(self.query_end, self.text.len()));
    }

    fn bytes(&self, from: usize, to: usize) -> &[u8] {
        self.text.as_bytes().get(from..to).unwrap_or_default()
    }
}

/// Host and port of `[user@]host[:port]`.
fn split_authority(authority: &str) -> (&str, Option<&str>) {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let after_bracket = host.find(']').map_or(0, |at| at + 1);
    match host.get(after_bracket..).and_then(|rest| rest.find(':')) {
        Some(colon) => {
            let (host, port) = host.split_at(after_bracket + colon);
            (host, port.strip_prefix(':'))
        }
        None => (host, None),
    }
}
