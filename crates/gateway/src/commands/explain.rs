//! `gatehouse explain`: which way a request would go, and why.

use snapshot::Scheme;
use snapshot::explain::{Explanation, Forward, Outcome, Question, explain};

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
    let question = url.question(args.host.as_deref());
    let explanation = explain(snapshot, &question);
    if args.json {
        terminal::out(&format!("{:#}\n", json(&explanation)));
    } else {
        terminal::out(&text(&args.method, &url.text, &question, &explanation));
    }
    0
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

    /// The question to ask a snapshot, with another Host if one is given.
    pub(super) fn question<'a>(&'a self, host: Option<&'a str>) -> Question<'a> {
        Question {
            scheme: self.scheme,
            port: self.port,
            host: host.unwrap_or(&self.host),
            path: &self.path,
            query: self.query.as_deref(),
        }
    }
}

fn text(method: &str, url: &str, question: &Question<'_>, explanation: &Explanation) -> String {
    let mut lines = vec![format!("{method} {url}")];
    let mut line = |name: &str, value: String| lines.push(format!("  {name:<10} {value}"));
    if let (Some(address), Some(port)) = (explanation.address, explanation.document_port) {
        line("arrives", format!("{} on {address}, port {port} of the document", question.scheme.as_str()));
    }
    if let Some(tls) = &explanation.tls {
        line("shows", tls.clone());
    }
    for rule in &explanation.considered {
        let hosts = if rule.hosts.is_empty() { "any host".to_owned() } else { rule.hosts.join(", ") };
        let verdict = if rule.takes { "takes it" } else { "does not match" };
        line("considers", format!("priority {}: {} ({hosts}): {verdict}", rule.priority, rule.listener));
    }
    if let (Some(listener), Some(rule)) = (&explanation.listener, &explanation.rule) {
        line("listener", listener.clone());
        line("rule", rule.clone());
    }
    if let Some(map) = &explanation.path_map {
        if let Some(form) = &explanation.matched_as {
            line("path", format!("compared as {form}"));
        }
        line(
            "path map",
            match (&explanation.path_rule, &explanation.pattern) {
                (Some(rule), Some(pattern)) => format!("{map}: path rule {rule}, pattern {pattern}"),
                (Some(rule), None) => format!("{map}: path rule {rule}"),
                _ => format!("{map}: no path rule matches, its default"),
            },
        );
    }
    match &explanation.outcome {
        Outcome::NoListener => {
            line("ends", "no listener has this scheme and port: the client gets no answer".to_owned())
        }
        Outcome::Answer { status, reason } => line("ends", format!("{status}: {reason}")),
        Outcome::Redirect { status, location } => line("ends", format!("{status}, Location: {location}")),
        Outcome::Forward(forward) => {
            let Forward { pool, settings, members, scheme, host, path } = &**forward;
            line("pool", format!("{pool}: {}", members.join(", ")));
            line("settings", settings.clone());
            line("sends", format!("{method} {path} over {scheme}, Host: {host}"));
        }
    }
    lines.join("\n") + "\n"
}

fn json(explanation: &Explanation) -> serde_json::Value {
    let considered: Vec<_> = (explanation.considered.iter())
        .map(|rule| {
            serde_json::json!({
                "rule": rule.rule, "priority": rule.priority, "listener": rule.listener, "hosts": rule.hosts,
                "takes": rule.takes,
            })
        })
        .collect();
    let outcome = match &explanation.outcome {
        Outcome::NoListener => serde_json::json!({ "kind": "noListener" }),
        Outcome::Answer { status, reason } => {
            serde_json::json!({ "kind": "answer", "status": status, "reason": reason })
        }
        Outcome::Redirect { status, location } => {
            serde_json::json!({ "kind": "redirect", "status": status, "location": location })
        }
        Outcome::Forward(forward) => serde_json::json!({
            "kind": "forward", "pool": forward.pool, "settings": forward.settings, "members": forward.members,
            "scheme": forward.scheme, "host": forward.host, "path": forward.path,
        }),
    };
    serde_json::json!({
        "address": explanation.address, "documentPort": explanation.document_port, "tls": explanation.tls,
        "considered": considered, "listener": explanation.listener,
        "rule": explanation.rule, "pathMap": explanation.path_map, "pathRule": explanation.path_rule,
        "pattern": explanation.pattern, "comparedAs": explanation.matched_as, "outcome": outcome,
    })
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
            let question = url.question(None);
            let text = text("GET", &url.text, &question, &explain(&snapshot, &question));
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
