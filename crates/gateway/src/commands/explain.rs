//! `gatehouse explain`: which way a request would go, and why.

mod json;
mod text;

use std::net::{IpAddr, Ipv4Addr};

use snapshot::Scheme;
use snapshot::explain::{Question, explain};

use super::{PROBLEMS, usage};
use crate::cli::Explain;
use crate::documents::{Purpose, load};
use crate::terminal;

pub(super) fn run(args: &Explain) -> u8 {
    let url = match Url::parse(&args.url) {
        Ok(url) => url,
        Err(why) => return usage(&why),
    };
    let loaded = match load(&args.documents, &Purpose::routing()) {
        Ok(loaded) => loaded,
        Err(unreadable) => return usage(&unreadable),
    };
    let Some(snapshot) = &loaded.snapshot else {
        terminal::note(loaded.problems_text(terminal::colour()).trim_end());
        return PROBLEMS;
    };
    let sent = Sent::new(&args.method, args.headers.clone(), args.from);
    let question = url.question(&sent);
    let explanation = explain(snapshot, &question);
    if args.json {
        terminal::out(&format!("{:#}\n", json::json(&explanation)));
    } else {
        terminal::out(&text::text(&url.text, &question, &explanation));
    }
    0
}

/// What a client sends beside the URL, and from where.
#[derive(Debug)]
pub(super) struct Sent {
    method: String,
    /// Another Host than the URL's.
    host: Option<String>,
    /// All other headers.
    headers: Vec<(String, String)>,
    from: IpAddr,
}

impl Sent {
    /// Takes Host out of the headers. Without an address the client is this machine.
    pub(super) fn new(method: &str, mut headers: Vec<(String, String)>, from: Option<IpAddr>) -> Self {
        let is_host = |(name, _): &(String, String)| name.eq_ignore_ascii_case("host");
        let host = headers.iter().rfind(|header| is_host(header)).map(|(_, host)| host.clone());
        headers.retain(|header| !is_host(header));
        Self { method: method.to_owned(), host, headers, from: from.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)) }
    }
}

/// A URL, taken apart.
pub(super) struct Url {
    text: String,
    scheme: Scheme,
    host: String,
    port: u16,
    path: String,
    query: Option<String>,
}

impl Url {
    /// Parses `http(s)://host[:port][/path][?query]`; a fragment never leaves the client and is dropped.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let example = "a URL looks like http://shop.example/cart?x=1";
        let (scheme, rest) = text.split_once("://").ok_or_else(|| format!("{text:?} has no scheme; {example}"))?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => return Err(format!("the scheme {other:?} is neither http nor https; {example}")),
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let host = routing::host_without_port(authority.as_bytes());
        if !proxy::http::target::valid_host(authority.as_bytes()) {
            return Err(format!("{authority:?} is not a host; {example}"));
        }
        let port = authority[host.len()..].strip_prefix(':').filter(|port| !port.is_empty());
        let port = port
            .map_or(Ok(scheme.default_port()), str::parse)
            .map_err(|_| format!("{authority:?} has no valid port"))?;
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self { text: text.to_owned(), scheme, host: authority.to_owned(), port, path: path.to_owned(), query })
    }

    /// The question to ask a snapshot.
    pub(super) fn question<'a>(&'a self, sent: &'a Sent) -> Question<'a> {
        Question {
            scheme: self.scheme,
            port: self.port,
            host: sent.host.as_deref().unwrap_or(&self.host),
            path: &self.path,
            query: self.query.as_deref(),
            method: &sent.method,
            headers: &sent.headers,
            client: sent.from,
        }
    }
}

#[cfg(test)]
mod tests {
    use model::Source;

    use super::*;
    use crate::documents::load_texts;

    #[test]
    fn the_port_of_the_document_is_printed_whatever_port_was_asked_for() {
        let documents = [Source::new("gateway.json", crate::sample::DOCUMENT)];
        let site = Source::new("site.yaml", "ports: {80: {bind: 8080, public: 8888}}");
        let loaded = load_texts(documents.into(), Some(site), None, Purpose::routing());
        let snapshot = loaded.snapshot.unwrap();
        for port in [80, 8080, 8888] {
            let url = Url::parse(&format!("http://shop.localhost:{port}/")).unwrap();
            let sent = Sent::new("GET", vec![], None);
            let question = url.question(&sent);
            let text = text::text(&url.text, &question, &explain(&snapshot, &question));
            assert!(text.contains("http on 0.0.0.0:8080, port 80 of the document"), "{text}");
        }
    }

    #[test]
    fn a_url_is_taken_apart_as_a_client_would() {
        for (text, expected) in [
            ("http://a.b", ("a.b", 80, "/", None)),
            ("https://a.b/x?y=1#z", ("a.b", 443, "/x", Some("y=1"))),
            ("http://[::1]:8080/x", ("[::1]:8080", 8080, "/x", None)),
            ("http://a?q", ("a", 80, "/", Some("q"))),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!((url.host.as_str(), url.port, url.path.as_str(), url.query.as_deref()), expected, "{text}");
        }
        for bad in ["shop.example/cart", "ftp://a/", "http://a:99999/", "http:///x"] {
            assert!(Url::parse(bad).is_err(), "{bad}");
        }
    }
}
