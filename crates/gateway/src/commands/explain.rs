//! `gatehouse explain`: which way a request, or a session of TCP or TLS, would go, and why.

mod content;
mod firewall;
mod json;
mod session;
mod text;
mod url;

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use snapshot::compile::codes::RULE_SETS_MISSING;
use snapshot::explain::explain;

use super::{PROBLEMS, usage};
use crate::cli::Explain;
use crate::documents::{Loaded, Purpose, load};
use crate::terminal;

pub(super) use content::read as read_content;
pub(super) use firewall::end as firewall_end;
pub(super) use firewall::{json as screening_json, named, narrowest, remedies, text as screening_text};
pub(super) use text::{Lines, plain};
pub(super) use url::Url;

pub(super) fn run(args: &Explain) -> u8 {
    let asked = args.asked().and_then(|(method, url, documents)| Ok((method, Url::parse(&url)?, documents)));
    let (method, url, documents) = match asked {
        Ok(asked) => asked,
        Err(why) => return usage(&why),
    };
    let loaded = match load(&documents, &Purpose::routing()) {
        Ok(loaded) => loaded,
        Err(unreadable) => return usage(&unreadable),
    };
    let Some(snapshot) = &loaded.snapshot else {
        terminal::note(loaded.problems_text(terminal::colour()).trim_end());
        return PROBLEMS;
    };
    note_stand_ins(&loaded);
    let body = match content(args) {
        Ok(body) => body,
        Err(unreadable) => return usage(&unreadable),
    };
    let sent = Sent::new(&method, args.headers.clone(), args.from).with_body(body);
    let question = url.question(&sent);
    let explanation = explain(snapshot, &question);
    if args.json {
        terminal::out(&format!("{:#}\n", json::json(&explanation)));
    } else {
        terminal::out(&text::text(url.text(), &question, &explanation));
    }
    0
}

/// Says when other rules than the policy's judge here, as those are not on this machine.
pub(super) fn note_stand_ins(loaded: &Loaded) {
    for problem in loaded.problems.iter().filter(|problem| problem.code == RULE_SETS_MISSING) {
        terminal::note(&format!("gatehouse: {}", problem.message));
    }
}

fn content(args: &Explain) -> Result<Option<Vec<u8>>, String> {
    match (&args.data, &args.data_file) {
        (Some(text), _) => Ok(Some(text.clone().into_bytes())),
        (None, Some(path)) => content::read(path).map(Some),
        (None, None) => Ok(None),
    }
}

/// What a client sends beside the URL, and from where.
#[derive(Debug)]
pub(super) struct Sent {
    method: String,
    version: String,
    /// Another Host than the URL's.
    host: Option<String>,
    /// All other headers.
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    from: IpAddr,
    now: Duration,
}

impl Sent {
    /// Takes Host out of the headers. Without an address the client is this machine.
    pub(super) fn new(method: &str, mut headers: Vec<(String, String)>, from: Option<IpAddr>) -> Self {
        let is_host = |(name, _): &(String, String)| name.eq_ignore_ascii_case("host");
        let host = headers.iter().rfind(|header| is_host(header)).map(|(_, host)| host.clone());
        headers.retain(|header| !is_host(header));
        Self {
            method: method.to_owned(),
            version: "HTTP/1.1".to_owned(),
            host,
            headers,
            body: Vec::new(),
            from: from.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            now: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        }
    }

    /// With content, and the headers that clients send with it; a form unless it is said to be something else.
    pub(super) fn with_body(mut self, body: Option<Vec<u8>>) -> Self {
        let Some(body) = body else { return self };
        let length = body.len().to_string();
        for (name, value, unless) in [
            ("Content-Type", "application/x-www-form-urlencoded", "Content-Type"),
            ("Content-Length", &length, "Transfer-Encoding"),
        ] {
            let is_given =
                |(other, _): &(String, String)| [name, unless].iter().any(|it| other.eq_ignore_ascii_case(it));
            if !self.headers.iter().any(is_given) {
                self.headers.push((name.to_owned(), value.to_owned()));
            }
        }
        Self { body, ..self }
    }
}

#[cfg(test)]
mod tests {
    use model::Source;
    use observe::access_log::end_reason;
    use snapshot::explain::Outcome;

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
            let text = text::text(url.text(), &question, &explain(&snapshot, &question));
            assert!(text.contains("http on 0.0.0.0:8080, port 80 of the document"), "{text}");
        }
    }

    #[test]
    fn why_there_is_no_session_is_said_as_the_log_says_it() {
        let document = include_str!("../../../../examples/tcp-tls/gateway.yaml");
        let document = document.replace("[{ ipAddress: 127.0.0.1 }]", "[]");
        let loaded = load_texts(vec![Source::new("gateway.yaml", document)], None, None, Purpose::routing());
        let snapshot = loaded.snapshot.unwrap_or_else(|| panic!("{:?}", loaded.problems));
        for (url, expected) in [
            ("tcp://a:5432", end_reason::NO_LIVE_SERVER),
            ("tcp://a:8883", end_reason::NOT_TLS),
            ("tls://a:8883", end_reason::UNKNOWN_SERVER_NAME),
            ("tcp://a:9443", end_reason::NOT_TLS),
            ("tls://a:9443", end_reason::UNKNOWN_SERVER_NAME),
        ] {
            let (url, sent) = (Url::parse(url).unwrap(), Sent::new("GET", vec![], None));
            let told = explain(&snapshot, &url.question(&sent));
            let Outcome::Refused { end_reason, .. } = told.outcome else { panic!("{told:?}") };
            assert_eq!(end_reason, expected, "{}", url.text());
        }
    }
}
