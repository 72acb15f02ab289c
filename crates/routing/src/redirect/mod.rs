//! Redirect configurations: the `Location` a client is sent to.
//!
//! Source: Azure, "Application Gateway redirect overview" (redirect-overview). Parity: how the
//! Location is put together is not documented; both include flags work for both kinds of target.
//! Nothing a client sends can put a control byte, a space or a second header into the Location:
//! such bytes are percent-encoded.

mod url;

use std::fmt::{self, Write as _};

use crate::host::{HostPattern, host_without_port};

pub use url::{RedirectUrlError, UrlTarget};

/// What a redirect configuration does.
#[derive(Debug, Clone)]
pub struct Redirect {
    /// The status of the answer.
    pub status: RedirectStatus,
    /// Where to.
    pub target: RedirectTarget,
    /// Whether the request's path is carried over.
    pub include_path: bool,
    /// Whether the request's query is carried over.
    pub include_query: bool,
}

/// The four statuses of `redirectType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectStatus {
    /// `Permanent`: 301.
    MovedPermanently,
    /// `Found`: 302.
    Found,
    /// `SeeOther`: 303 (an older page said 302).
    SeeOther,
    /// `Temporary`: 307.
    Temporary,
}

impl RedirectStatus {
    /// The HTTP status.
    pub fn code(self) -> u16 {
        match self {
            Self::MovedPermanently => 301,
            Self::Found => 302,
            Self::SeeOther => 303,
            Self::Temporary => 307,
        }
    }
}

/// Where a redirect leads.
#[derive(Debug, Clone)]
pub enum RedirectTarget {
    /// Another listener of this gateway.
    Listener(ListenerTarget),
    /// A fixed URL.
    Url(UrlTarget),
}

/// A listener as the target of a redirect.
#[derive(Debug, Clone)]
pub struct ListenerTarget {
    /// The listener's protocol.
    pub scheme: Scheme,
    /// The port as clients know it.
    pub port: u16,
    /// The listener's hosts; empty for a basic listener.
    pub hosts: Box<[HostPattern]>,
}

/// The scheme of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `http`, port 80.
    Http,
    /// `https`, port 443.
    Https,
}

impl Scheme {
    /// As it stands in a URL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that a URL leaves out.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What of a request a Location may be made from, all as received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestTarget<'a> {
    /// Host header or authority, port or not. A caller with neither (HTTP/1.0) passes the local
    /// address.
    pub host: &'a [u8],
    /// The raw path without its query.
    pub path: &'a [u8],
    /// The raw query without its `?`.
    pub query: Option<&'a [u8]>,
}

/// The listener a redirect hangs on, for `Redirect::loops_to_itself`.
#[derive(Debug, Clone, Copy)]
pub struct Entrance<'a> {
    /// The listener's protocol.
    pub scheme: Scheme,
    /// The port as clients know it.
    pub port: u16,
    /// The listener's hosts; empty for a basic listener.
    pub hosts: &'a [HostPattern],
}

impl Redirect {
    /// Appends the value of the `Location` header to `out`.
    pub fn location(&self, request: &RequestTarget<'_>, out: &mut Vec<u8>) {
        let path = if self.include_path { Some(request.path) } else { None };
        let query = request.query.filter(|query| self.include_query && !query.is_empty());
        match &self.target {
            RedirectTarget::Listener(listener) => {
                listener.write_origin(request.host, out);
                write_path(path.unwrap_or_default(), out);
                if let Some(query) = query {
                    out.push(b'?');
                    write_text(query, out);
                }
            }
            RedirectTarget::Url(url) => url.write(path, query, out),
        }
    }

    /// Whether the client that follows this redirect from `request` comes back to it: same scheme,
    /// host and port, and a path that `selects` says leads to the same redirect. A lint: it judges
    /// the one sample it is given.
    pub fn loops_to_itself(
        &self,
        entrance: &Entrance<'_>,
        request: &RequestTarget<'_>,
        selects: impl FnOnce(&[u8]) -> bool,
    ) -> bool {
        let mut location = Vec::new();
        self.location(request, &mut location);
        let Some(next) = std::str::from_utf8(&location).ok().and_then(|next| UrlTarget::parse(next).ok()) else {
            return false;
        };
        let host = next.host().as_bytes();
        let same_host = entrance.hosts.is_empty() || entrance.hosts.iter().any(|pattern| pattern.matches(host));
        next.scheme() == entrance.scheme && next.port() == entrance.port && same_host && selects(next.path())
    }
}

impl ListenerTarget {
    /// `scheme://host[:port]`.
    fn write_origin(&self, request_host: &[u8], out: &mut Vec<u8>) {
        let asked = host_without_port(request_host);
        let answers = self.hosts.is_empty() || self.hosts.iter().any(|pattern| pattern.matches(asked));
        let host = match &*self.hosts {
            [only] if !answers && only.is_exact() => only.as_str().as_bytes(),
            _ => asked,
        };
        if host.is_empty() {
            // No name at all (HTTP/1.0): a reference without an authority keeps the client where it
            // is.
            return;
        }
        out.extend(self.scheme.as_str().as_bytes());
        out.extend(b"://");
        write_host(host, out);
        if self.port != self.scheme.default_port() {
            out.push(b':');
            let mut port = PortText(out);
            let _ = write!(port, "{}", self.port);
        }
    }
}

/// Writes a number without an allocation of its own.
struct PortText<'a>(&'a mut Vec<u8>);

impl fmt::Write for PortText<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend(text.as_bytes());
        Ok(())
    }
}

/// Appends a request path; what is no path (`*`, nothing) becomes `/`.
fn write_path(path: &[u8], out: &mut Vec<u8>) {
    if path.first() == Some(&b'/') { write_text(path, out) } else { out.push(b'/') }
}

/// Appends client bytes; those that have no place in a URL or could break a header are
/// percent-encoded.
fn write_text(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        match byte {
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | b'#' => percent_encode(*byte, out),
            b'!'..=b'~' => out.push(*byte),
            _ => percent_encode(*byte, out),
        }
    }
}

/// Appends a client-sent host; whatever could end the authority or break a header is
/// percent-encoded.
fn write_host(host: &[u8], out: &mut Vec<u8>) {
    for byte in host {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b'[' | b']' => out.push(*byte),
            _ => percent_encode(*byte, out),
        }
    }
}

/// Appends `%` and two hexadecimal digits.
pub(crate) fn percent_encode(byte: u8, out: &mut Vec<u8>) {
    let digit = |value: u8| {
        if value < 10 { b'0' + value } else { b'A' + value - 10 }
    };
    out.extend([b'%', digit(byte >> 4), digit(byte & 15)]);
}

#[cfg(test)]
mod tests;
