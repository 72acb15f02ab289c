//! What a client asks for, as a URL.

use snapshot::Scheme;
use snapshot::explain::Question;

use super::Sent;

/// A URL, taken apart.
pub(in crate::commands) struct Url {
    text: String,
    scheme: Scheme,
    host: String,
    port: u16,
    path: String,
    query: Option<String>,
}

impl Url {
    /// Parses `http(s)://host[:port][/path][?query]`, or `tcp://host:port` and `tls://name:port` for a session; a
    /// fragment never leaves the client and is dropped.
    pub(in crate::commands) fn parse(text: &str) -> Result<Self, String> {
        let example = "a URL looks like http://shop.example/cart?x=1 or tls://db.example:5432";
        let (scheme, rest) = text.split_once("://").ok_or_else(|| format!("{text:?} has no scheme; {example}"))?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            "tcp" => Scheme::Tcp,
            "tls" => Scheme::Tls,
            other => return Err(format!("the scheme {other:?} is none of http, https, tcp and tls; {example}")),
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let host = routing::host_without_port(authority.as_bytes());
        if !proxy::http::target::valid_host(authority.as_bytes()) {
            return Err(format!("{authority:?} is not a host; {example}"));
        }
        let (host, port) = authority.split_at(host.len());
        let port = port.strip_prefix(':').filter(|port| !port.is_empty());
        let port = port
            .map_or(Ok(scheme.default_port()), str::parse)
            .map_err(|_| format!("{authority:?} has no valid port"))?;
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        if !scheme.is_http() {
            check_session(text, port, path, query.is_some())?;
        }
        let host = if scheme.is_http() { authority } else { host }.to_owned();
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self { text: text.to_owned(), scheme, host, port, path: path.to_owned(), query })
    }

    /// As it was written.
    pub(in crate::commands) fn text(&self) -> &str {
        &self.text
    }

    /// The question to ask a snapshot.
    pub(in crate::commands) fn question<'a>(&'a self, sent: &'a Sent) -> Question<'a> {
        Question {
            scheme: self.scheme,
            port: self.port,
            host: sent.host.as_deref().unwrap_or(&self.host),
            path: &self.path,
            query: self.query.as_deref(),
            method: &sent.method,
            version: &sent.version,
            headers: &sent.headers,
            body: &sent.body,
            client: sent.from,
            now: sent.now,
        }
    }
}

/// A session has a port and nothing behind it.
fn check_session(text: &str, port: u16, path: &str, has_query: bool) -> Result<(), String> {
    if port == 0 {
        return Err(format!("{text:?} has no port, and TCP and TLS have none of their own"));
    }
    if has_query || !matches!(path, "" | "/") {
        return Err(format!("{text:?} has a path, and a session asks for none"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_as_a_client_would() {
        for (text, expected) in [
            ("http://a.b", ("a.b", 80, "/", None)),
            ("https://a.b/x?y=1#z", ("a.b", 443, "/x", Some("y=1"))),
            ("http://[::1]:8080/x", ("[::1]:8080", 8080, "/x", None)),
            ("http://a?q", ("a", 80, "/", Some("q"))),
            ("tls://Db.example:5432", ("Db.example", 5432, "/", None)),
            ("TCP://[::1]:1/", ("[::1]", 1, "/", None)),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!((url.host.as_str(), url.port, url.path.as_str(), url.query.as_deref()), expected, "{text}");
        }
        for bad in [
            "shop.example/cart",
            "ftp://a/",
            "http://a:99999/",
            "http:///x",
            "tcp://a",
            "tls://a:0",
            "tls://a:1/x",
            "tcp://a:1?x",
            "tcp://:1",
        ] {
            assert!(Url::parse(bad).is_err(), "{bad}");
        }
    }
}
