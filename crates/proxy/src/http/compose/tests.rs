//! The bytes a server gets, row by row.

use observe::TransactionId;
use snapshot::{Limits, Options};

use super::*;
use crate::http::head::{Parsed, parse};
use crate::http::scan::Fields;

const ADDED: &str = "x-forwarded-for: 203.0.113.5:59633\r\nx-forwarded-proto: http\r\nx-forwarded-port: 80\r\n";
const TRACE: &str = "x-appgw-trace-id: 00000000000000000000000000000abc\r\n";

fn peer(address: &str) -> Peer {
    Peer { address: address.parse().unwrap(), round_trip: None }
}

fn client(options: &Options) -> ClientSide {
    ClientSide::new(peer("203.0.113.5:59633"), forwarded_fields("http", 80), options, None)
}

fn sent(input: &str, options: &Options, onward: &Onward<'_>) -> (String, Record) {
    let mut room = Fields::new();
    let Parsed::Complete(request, _) = parse(input.as_bytes(), &mut room, &Limits::default()) else {
        panic!("not a head: {input}")
    };
    let mut record = Record::new(Vec::new());
    let onward = Onward { client_host: request.host.unwrap_or(b"10.0.0.1"), ..*onward };
    write(&request, &client(options), &onward, &TransactionId::from_bits(0xabc), &mut record);
    (String::from_utf8(record.text.clone()).unwrap(), record)
}

const UNCHANGED: Onward<'_> = Onward {
    client_host: b"",
    edits: None,
    identity: None,
    upgrade: false,
    pattern: None,
    path: None,
    host: &HostHeader::Client,
    server_host: "10.0.0.4",
};

fn forwarded(input: &str) -> String {
    sent(input, &Options::default(), &UNCHANGED).0
}

#[test]
fn the_six_headers_are_added_exactly() {
    let expected = format!(
        "GET /a?b HTTP/1.1\r\nHost: front.example\r\nAccept: */*\r\n{ADDED}x-original-host: front.example\r\nx-original-url: /a?b\r\n{TRACE}\r\n"
    );
    assert_eq!(forwarded("GET /a?b HTTP/1.1\r\nHost: front.example\r\nAccept: */*\r\n\r\n"), expected);
}

#[test]
fn forwarded_for_is_appended_and_the_others_are_overwritten() {
    let text = forwarded(
        "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\nX-Forwarded-Proto: https\r\n\
         X-Forwarded-Port: 9\r\nX-Original-Host: evil\r\nX-Original-URL: /evil\r\nX-AppGW-Trace-Id: evil\r\n\
         X-Azure-JA4-Fingerprint: evil\r\nX-MSFT-Entra-Identity: evil\r\n\r\n",
    );
    assert!(text.contains("x-forwarded-for: 1.2.3.4, 5.6.7.8, 203.0.113.5:59633\r\n"), "{text}");
    assert!(!text.contains("evil") && !text.contains("https") && !text.contains("Port: 9"), "{text}");
}

#[test]
fn a_trusted_peer_is_believed() {
    let options = Options { trusted_proxies: vec![("203.0.113.0".parse().unwrap(), 24)], ..Options::default() };
    let input = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nX-Original-Host: first.example\r\n\r\n";
    let (text, _) = sent(input, &options, &UNCHANGED);
    assert!(text.contains("X-Forwarded-Proto: https\r\n") && !text.contains("x-forwarded-proto: http\r\n"), "{text}");
    assert!(text.contains("x-forwarded-port: 80\r\n") && text.contains("X-Original-Host: first.example\r\n"), "{text}");
    let options = Options { trusted_proxies: vec![("203.0.114.0".parse().unwrap(), 24)], ..Options::default() };
    assert!(sent(input, &options, &UNCHANGED).0.contains("x-forwarded-proto: http\r\n"));
}

#[test]
fn the_plain_address_is_a_switch() {
    let options = Options { forwarded_for_port: false, ..Options::default() };
    let (text, _) = sent("GET / HTTP/1.1\r\nHost: a\r\n\r\n", &options, &UNCHANGED);
    assert!(text.contains("x-forwarded-for: 203.0.113.5\r\n"), "{text}");
}

#[test]
fn an_ipv6_peer_stands_in_brackets() {
    let side = ClientSide::new(peer("[2001:db8::1]:59633"), forwarded_fields("http", 80), &Options::default(), None);
    assert_eq!(side.forwarded_for.as_str(), "[2001:db8::1]:59633");
}

#[test]
fn fields_of_the_connection_end_here() {
    let text = forwarded(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, x-hop, cookie, host\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nTE: gzip\r\n\
         Trailer: x\r\nUpgrade: foo\r\nProxy-Connection: x\r\nProxy-Authorization: x\r\nHTTP2-Settings: x\r\n\
         Proxy: x\r\n\
         Cookie: c=1\r\nX-Stays: 1\r\n\r\n",
    );
    let expected = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nCookie: c=1\r\nX-Stays: 1\r\n{ADDED}x-original-host: a\r\nx-original-url: /\r\n{TRACE}\r\n"
    );
    assert_eq!(text, expected);
}

#[test]
fn names_beyond_letters_digits_and_hyphens_vanish() {
    let text = forwarded("GET / HTTP/1.1\r\nHost: a\r\nx_under: 1\r\nx.dot: 2\r\nX-Fine1: 3\r\n\r\n");
    assert!(!text.contains("x_under") && !text.contains("x.dot") && text.contains("X-Fine1: 3\r\n"), "{text}");
}

#[test]
fn several_cookie_fields_become_one() {
    let text = forwarded("GET / HTTP/1.1\r\nHost: a\r\nCookie: a=1\r\nX: y\r\nCookie: b=2\r\n\r\n");
    assert!(text.contains("Cookie: a=1; b=2\r\nX: y\r\n"), "{text}");
    assert_eq!(text.matches("Cookie").count(), 1);
}

#[test]
fn framing_is_written_anew() {
    let text = forwarded("PUT / HTTP/1.1\r\nContent-Length: 003\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
    assert!(text.ends_with(&format!("{TRACE}Content-Length: 3\r\n\r\n")), "{text}");
    assert_eq!(text.matches("Content-Length").count(), 1);
    let text = forwarded("PUT / HTTP/1.1\r\nHost: a\r\nTRANSFER-ENCODING: Chunked\r\n\r\n");
    assert!(text.ends_with(&format!("{TRACE}Transfer-Encoding: chunked\r\n\r\n")), "{text}");
}

#[test]
fn host_is_the_settings_choice_and_the_original_is_told() {
    let fixed = HostHeader::Fixed("app.internal".into());
    for (host, expected) in
        [(&HostHeader::Client, "www.a.com:81"), (&fixed, "app.internal"), (&HostHeader::Server, "10.0.0.4")]
    {
        let onward = Onward { host, ..UNCHANGED };
        let (text, record) = sent("GET / HTTP/1.1\r\nHost: www.a.com:81\r\n\r\n", &Options::default(), &onward);
        assert!(text.contains(&format!("\r\nHost: {expected}\r\n")), "{text}");
        assert!(text.contains("x-original-host: www.a.com:81\r\n"), "{text}");
        assert_eq!(record.get(record.sent_host), expected.as_bytes());
    }
}

#[test]
fn an_absolute_target_replaces_host() {
    let text = forwarded("GET http://b.example/x?y HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(text.starts_with("GET /x?y HTTP/1.1\r\nHost: b.example\r\n"), "{text}");
}

#[test]
fn an_http10_request_without_host_gets_the_local_address() {
    let text = forwarded("GET / HTTP/1.0\r\n\r\n");
    assert!(text.starts_with("GET / HTTP/1.1\r\nHost: 10.0.0.1\r\n"), "{text}");
}

#[test]
fn an_override_path_changes_the_target_and_the_original_is_told() {
    let path = BackendPath::new("/override/").unwrap();
    let onward = Onward { path: Some(&path), ..UNCHANGED };
    let (text, record) = sent("GET /home/?q=1 HTTP/1.1\r\nHost: a\r\n\r\n", &Options::default(), &onward);
    assert!(text.starts_with("GET /override/home/?q=1 HTTP/1.1\r\n"), "{text}");
    assert!(text.contains("x-original-url: /home/?q=1\r\n"), "{text}");
    assert_eq!(record.get(record.original_target), b"/home/?q=1");
}
