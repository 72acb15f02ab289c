//! Rewrites through a whole gateway, in tables: a row is a rewrite set, a request, and what a server or a client gets.
//!
//! Source: Azure, "Rewrite HTTP headers and URL with Application Gateway" (rewrite-http-headers-url).

use e2e::h2::Answer;
use e2e::rewrites::set;
use e2e::{Ca, Client, Document, Farm, Gateway, H2, Peer, Request, Start, Tls};
use serde_json::Value;

mod attached;
mod headers;
mod hostile;
mod language;
mod log;
mod reroutes;
mod responses;
mod unchanged;
mod urls;
mod variables;

/// A document as `document`, with one listener, one rule and one rewrite set for each of these; the first is `web`, and
/// each is for the host that [`host`] names.
fn one_each(document: Document, sets: &[Vec<Value>]) -> Document {
    let name = |at: usize| if at == 0 { "web".to_owned() } else { format!("l{at}") };
    let listeners: Vec<(String, String)> =
        (0..sets.len()).map(|at| (name(at), format!("sslCertificate: cert, hostName: {}", host(at)))).collect();
    let listeners: Vec<(&str, &str)> = listeners.iter().map(|(name, more)| (name.as_str(), more.as_str())).collect();
    let rule = |at: usize| {
        format!(
            "{{name: rule{at}, priority: {}, httpListener: {}, backendAddressPool: pool, backendHttpSettings: http, \
             rewriteRuleSet: set{at}}}",
            at + 1,
            name(at)
        )
    };
    let rules: Vec<String> = (0..sets.len()).map(rule).collect();
    let sets: Value = sets.iter().enumerate().map(|(at, rules)| set(&format!("set{at}"), rules)).collect();
    document
        .secure(&listeners)
        .rules(&rules.iter().map(String::as_str).collect::<Vec<_>>())
        .section("rewriteRuleSets", sets.to_string())
}

/// The host of a row.
fn host(at: usize) -> String {
    format!("r{at}.com")
}

/// A gateway with TLS and HTTP/2 before these servers, with a rewrite set for each row.
fn start(farm: &Farm, sets: &[Vec<Value>]) -> Gateway {
    let document = Document::https(farm, &Ca::root("root").server(&["r0.com"]));
    Start::workers(1).run(&one_each(document, sets))
}

/// One client of each protocol.
struct Clients {
    one: Client,
    two: H2,
}

impl Clients {
    fn new(gateway: &Gateway) -> Self {
        let one = gateway.secure(&Tls::new().name("r0.com").protocols(&["http/1.1"])).client;
        Self { one, two: gateway.h2() }
    }

    /// Asks over HTTP/1.1.
    fn over_one(&mut self, host: &str, target: &str, fields: &[(&str, &str)]) -> e2e::Response {
        let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        self.one.ask(&format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n"))
    }

    /// Asks over HTTP/2.
    fn over_two(&mut self, host: &str, target: &str, fields: &[(&str, &str)]) -> Answer {
        let names: Vec<String> = fields.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
        let mut all = vec![(":method", "GET"), (":scheme", "https"), (":authority", host), (":path", target)];
        all.extend(names.iter().zip(fields).map(|(name, (_, value))| (name.as_str(), *value)));
        let stream = self.two.request(&all);
        self.two.answer(stream)
    }
}

/// What a row of requests shows, its rules, the target and fields that are asked with, and what the server gets: the
/// target, and fields, of which some are not to be there.
type Sent<'a> = (&'a str, Vec<Value>, &'a str, &'a [(&'a str, &'a str)], &'a str, &'a [(&'a str, Option<&'a str>)]);

/// Asks for each row over both protocols.
fn check_sent(rows: &[Sent<'_>]) {
    let farm = Farm::echo(1);
    let sets: Vec<Vec<Value>> = rows.iter().map(|(_, rules, ..)| rules.clone()).collect();
    let gateway = start(&farm, &sets);
    let mut clients = Clients::new(&gateway);
    let mut failures = Vec::new();
    for (at, (what, _, target, fields, expected_target, expected)) in rows.iter().enumerate() {
        let host = host(at);
        for protocol in ["HTTP/1.1", "HTTP/2"] {
            let status = match protocol {
                "HTTP/1.1" => clients.over_one(&host, target, fields).status,
                _ => clients.over_two(&host, target, fields).status(),
            };
            if status != 200 {
                failures.push(format!("{what}, {protocol}: the status is {status}"));
                continue;
            }
            let seen = farm.last();
            if seen.target != *expected_target {
                failures.push(format!("{what}, {protocol}: the server got {:?}, not {expected_target:?}", seen.target));
            }
            for (name, value) in *expected {
                let values = seen.head.all(name);
                if values != value.iter().copied().collect::<Vec<_>>() {
                    failures.push(format!("{what}, {protocol}: the server got {name} {values:?}, not {value:?}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(farm.requests().len(), rows.len() * 2, "every row was asked over both protocols");
}

/// A server that answers with the lines in `X-Answer`, parted by bars, and with status 200 or the one in `X-Status`.
fn answering() -> Farm {
    Farm::start(1, |peer: &mut Peer, request: &Request| {
        let lines: String = request
            .field("x-answer")
            .unwrap_or("")
            .split('|')
            .filter(|line| !line.is_empty())
            .fold(String::new(), |lines, line| lines + line + "\r\n");
        let status = request.field("x-status").unwrap_or("200 OK").to_owned();
        peer.send(format!("HTTP/1.1 {status}\r\n{lines}Content-Length: 2\r\n\r\nok"))
    })
}

/// What a row of answers shows, its rules, the lines of the server's answer, and fields that the client gets: all
/// values of each, in order.
type Answered<'a> = (&'a str, Vec<Value>, &'a str, &'a [(&'a str, &'a [&'a str])]);

/// Asks for each row over both protocols.
fn check_answered(rows: &[Answered<'_>]) {
    let farm = answering();
    let sets: Vec<Vec<Value>> = rows.iter().map(|(_, rules, ..)| rules.clone()).collect();
    let gateway = start(&farm, &sets);
    let mut clients = Clients::new(&gateway);
    let mut failures = Vec::new();
    for (at, (what, _, lines, expected)) in rows.iter().enumerate() {
        let (host, fields) = (host(at), [("X-Answer", *lines)]);
        let one = clients.over_one(&host, "/a?b=c", &fields);
        let two = clients.over_two(&host, "/a?b=c", &fields);
        assert_eq!((one.status, two.status()), (200, 200), "{what}");
        assert_eq!((one.text().as_str(), two.text().as_str()), ("ok", "ok"), "{what}");
        for (name, values) in *expected {
            let lower = name.to_ascii_lowercase();
            let of_two: Vec<&str> =
                two.heads[0].iter().filter(|(its, _)| *its == lower).map(|(_, v)| v.as_str()).collect();
            for (protocol, seen) in [("HTTP/1.1", one.head.all(name)), ("HTTP/2", of_two)] {
                if seen != *values {
                    failures.push(format!("{what}, {protocol}: the client got {name} {seen:?}, not {values:?}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(farm.requests().len(), rows.len() * 2, "every row was asked over both protocols");
}
