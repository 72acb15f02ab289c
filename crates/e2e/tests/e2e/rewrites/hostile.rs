//! What clients send to break rewrites: line breaks, patterns that take long, values without end.

use std::time::Duration;

use e2e::gateway::within;
use e2e::rewrites::{both, request, response, rule, url, when};
use e2e::{Client, Document, Farm, Gateway, Start};
use serde_json::Value;

fn start(farm: &Farm, rules: &[Value]) -> Gateway {
    let document = Document::new(farm).limit("maxHeaderBytes: 131072").limit("maxUrlBytes: 65536").rewrites(rules, "");
    Start::workers(1).run(&document)
}

/// Percent-encoded, a line break can be in every URL, cookie and header; it stays encoded wherever it is put, and what
/// looks like one elsewhere is none.
#[test]
fn line_breaks_break_nothing_apart() {
    let farm = super::answering();
    let gateway = start(
        &farm,
        &[rule(
            1,
            &[when("var_query_string", "q=([^&]*)"), when("var_cookie_c", "(.*)"), when("http_req_X-A", "(.*)")],
            both(
                request(&[("X-Q", "{var_query_string_1}"), ("X-C", "{var_cookie_c_1}"), ("X-H", "{http_req_X-A_1}")]),
                both(
                    response(&[("X-Q", "{var_query_string_1}"), ("Location", "https://b.com/{var_cookie_c_1}")]),
                    url(Some("/p/{http_req_X-A_1}"), Some("{var_cookie_c_1}&{http_req_X-A_1}")),
                ),
            ),
        )],
    );
    let values = [
        "a%0d%0aX-Evil: 1",
        "a%0aX-Evil:%201",
        "a%E5%98%8D%E5%98%8AX-Evil:%201",
        "a\u{85}X-Evil: 1",
        "a\\r\\nX-Evil: 1",
        "a%00b",
        "\"a\tb\"",
    ];
    for value in values {
        let encoded = value.replace([' ', '\t', '\u{85}', '"'], "+");
        let mut bytes = format!("GET /?q={encoded} HTTP/1.1\r\nHost: a.com\r\nCookie: c={value}\r\nX-A: ").into_bytes();
        bytes.extend(value.chars().map(|one| one as u8));
        bytes.extend(b"\r\n\r\n");
        let mut client = gateway.client();
        client.send(bytes);
        let answer = client.answer();
        assert_eq!(answer.status, 200, "{value:?}");
        let seen = farm.last();
        assert!(!seen.head.has("x-evil") && !answer.head.has("x-evil"), "{value:?}: {}", seen.head.text);
        assert_eq!(seen.field("x-q"), Some(encoded.as_str()), "{value:?}");
        assert_eq!(answer.field("x-q"), Some(encoded.as_str()), "{value:?}");
        assert!(seen.target.bytes().all(|byte| byte.is_ascii_graphic()), "{:?}", seen.target);
        assert_eq!(client.get("a.com", "/").status, 200, "the connection is in step: {value:?}");
    }
}

/// A Host put together from what clients say is a Host, or there is no request.
#[test]
fn a_host_that_a_client_makes_invalid_is_500_and_others_go_on() {
    let farm = Farm::echo(1);
    let gateway = start(&farm, &[rule(1, &[], request(&[("Host", "{http_req_X-A}.com")]))]);
    let mut client = gateway.client();
    let rows = [
        ("good", Some("good.com")),
        ("a b", None),
        ("a/b", None),
        ("a%0d%0aX-Evil: 1", None),
        ("a:80, b", None),
        ("\"a\"", None),
        ("a@b", None),
        ("", Some(".com")),
        ("good", Some("good.com")),
    ];
    for (at, (value, host)) in rows.into_iter().enumerate() {
        let answer = client.ask(&format!("GET / HTTP/1.1\r\nHost: a.com\r\nX-A: {value}\r\n\r\n"));
        let row = gateway.wait_rows(at + 1).pop().unwrap();
        match host {
            Some(host) => assert_eq!((answer.status, farm.last().field("host")), (200, Some(host)), "{value:?}"),
            None => {
                assert_eq!(
                    (answer.status, row["properties"]["reason"].as_str()),
                    (500, Some("rewrite_invalid_host")),
                    "{value:?}"
                );
            }
        }
    }
}

/// What a server says may be in a pattern's captures too.
#[test]
fn what_a_server_says_breaks_no_answer_apart() {
    let farm =
        Farm::start(1, |peer, _| peer.send("HTTP/1.1 200 OK\r\nX-A: a%0d%0aX-Evil: 1\tb\r\nContent-Length: 0\r\n\r\n"));
    let gateway =
        start(&farm, &[rule(1, &[when("http_resp_X-A", "^(.*)$")], response(&[("Location", "/{http_resp_X-A_1}")]))]);
    let answer = gateway.get("a.com", "/");
    assert_eq!(answer.field("location"), Some("/a%0d%0aX-Evil: 1\tb"));
    assert!(!answer.head.has("x-evil"));
}

/// Patterns on which other engines take time without end. Each is asked for a value of 30 000 bytes.
#[test]
fn bait_for_backtracking_is_answered_promptly() {
    let patterns = [
        "^(a+)+$",
        "^(a|a)*$",
        "^(a|aa)+$",
        "(.*)*b$",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        "(a*)*(a*)*(a*)*c",
        "^(.*?,){11}P",
        "([a-zA-Z0-9]+)*!",
        r"(\w+\s?)*$x",
    ];
    let rules: Vec<Value> = patterns
        .iter()
        .zip(1..)
        .map(|(pattern, at)| {
            rule(at, &[when("http_req_X-A", pattern)], request(&[(&format!("X-M{at}"), "{http_req_X-A_1}")]))
        })
        .collect();
    let farm = Farm::echo(1);
    let gateway = start(&farm, &rules);
    for value in ["a".repeat(30_000), "a".repeat(29_999) + "!", "a,".repeat(15_000)] {
        within(Duration::from_secs(5), "an answer", || {
            let answer = gateway.client().ask(&format!("GET / HTTP/1.1\r\nHost: a.com\r\nX-A: {value}\r\n\r\n"));
            assert!(matches!(answer.status, 200 | 500), "{}", answer.status);
        });
    }
}

#[test]
fn values_beyond_32_kib_are_500_and_others_go_on() {
    let farm = super::answering();
    let rows: Vec<(&str, Value)> = vec![
        ("/header", request(&[("X-B", "{http_req_X-A}{http_req_X-A}")])),
        ("/path", url(Some("/{http_req_X-A}{http_req_X-A}"), None)),
        ("/query", url(None, Some("{http_req_X-A}{http_req_X-A}"))),
        ("/answer", response(&[("X-B", "{http_req_X-A}{http_req_X-A}")])),
        ("/again", response(&[("X-B", "{http_resp_X-A}{http_resp_X-A}{http_resp_X-A}")])),
    ];
    let rules: Vec<Value> = rows
        .iter()
        .zip(1..)
        .map(|((path, actions), at)| rule(at, &[when("var_uri_path", &format!("^{path}$"))], actions.clone()))
        .collect();
    let gateway = start(&farm, &rules);
    let mut logged = 0;
    let mut ask = |path: &str, length: usize| {
        let mut client: Client = gateway.client();
        let value = "x".repeat(length);
        let answer = client
            .ask(&format!("GET {path} HTTP/1.1\r\nHost: a.com\r\nX-A: {value}\r\nX-Answer: X-A: {value}\r\n\r\n"));
        logged += 1;
        let row = gateway.wait_rows(logged).pop().unwrap();
        (answer.status, row["properties"]["reason"].as_str().unwrap_or_default().to_owned())
    };
    for (path, _) in &rows {
        assert_eq!(ask(path, 10_000), (200, String::new()), "{path}");
        assert_eq!(ask(path, 20_000), (500, "rewrite_too_large".to_owned()), "{path}");
        assert_eq!(ask(path, 10_000), (200, String::new()), "{path}, afterwards");
    }
    assert_eq!(ask("/none", 20_000), (200, String::new()));
}
