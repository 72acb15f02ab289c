//! What stands in `:path`, `:scheme` and `:authority`, and what a server gets of it.
//!
//! Source: RFC 9113, section 8.3.1; the rules for targets are those of HTTP/1.1.

use e2e::h2::frame::code;
use e2e::h2::{Answer, get};
use e2e::{Client, H2};

use super::Bench;

/// A request that differs in one pseudo-field.
fn asked(h2: &mut H2, name: &str, value: &str) -> Answer {
    let mut fields = get("/");
    for field in &mut fields {
        if field.0 == name {
            field.1 = value;
        }
    }
    // What is written here is shorter-lived than what `get` gives.
    let fields: Vec<(&str, &str)> = fields.to_vec();
    let stream = h2.request(&fields);
    h2.answer(stream)
}

/// Status, or the code of a reset as a negative number.
fn outcome(answer: &Answer) -> i64 {
    answer
        .reset
        .filter(|&code| code != code::NO_ERROR)
        .map_or_else(|| i64::from(answer.status()), |code| -i64::from(code))
}

#[test]
fn targets_are_passed_on_as_they_are_or_refused_as_in_http_1_1() {
    let bench = Bench::new();
    let targets = [
        "/",
        "/a/b?c=d&e",
        "/a%20b/%2F..",
        "//double",
        "/?",
        "/a?b?c",
        "/;x=y",
        "/!$&'()*+,;=:@~-._",
        "/{curly}|pipe",
        "/\"quoted\"",
        "/back\\slash",
        "/^",
        "/a/../b",
        "/a b",
        "/tab\there",
        "/del\u{7f}",
        "/caf\u{e9}",
        "/?q=caf\u{e9}",
        "http://a.com/x",
        "*",
        "x",
    ];
    let mut failures = Vec::new();
    for target in targets {
        let mut plain: Client = bench.gateway.secure(&e2e::Tls::new()).client;
        plain.send(format!("GET {target} HTTP/1.1\r\nHost: a.com\r\n\r\n"));
        let one = plain.answer();
        let expected = (one.status == 200).then(|| bench.farm.last().target);
        let before = bench.farm.requests().len();
        let two = outcome(&asked(&mut bench.h2(), ":path", target));
        let got = bench.farm.requests().get(before).map(|request| request.target.clone());
        // An absolute URL is a form of HTTP/1.1 alone; refused there is refused here.
        let same = if target.starts_with("http://") { got.is_none() } else { got == expected };
        if !same || (got.is_none() && two == 200) {
            failures.push(format!("{target:?}: HTTP/1.1 {} {expected:?}, HTTP/2 {two} {got:?}", one.status));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The library below cuts a fragment off before anybody sees it, so that it is not refused as in HTTP/1.1; nor does it
/// route anything or reach a server.
#[test]
fn a_fragment_reaches_no_server() {
    let bench = Bench::new();
    for (target, reached) in [("/a#fragment", "/a"), ("/?a#fragment", "/?a"), ("/#/../b", "/")] {
        assert_eq!(outcome(&asked(&mut bench.h2(), ":path", target)), 200);
        assert_eq!(bench.farm.last().target, reached, "{target}");
    }
}

#[test]
fn options_may_ask_for_the_whole_server() {
    let bench = Bench::new();
    let mut h2 = bench.h2();
    let stream = h2.request(&[(":method", "OPTIONS"), (":scheme", "https"), (":authority", "a.com"), (":path", "*")]);
    h2.expect_status(stream, 200);
    assert_eq!((bench.farm.last().method.as_str(), bench.farm.last().target.as_str()), ("OPTIONS", "*"));
}

#[test]
fn the_scheme_that_a_client_claims_is_not_believed() {
    let bench = Bench::new();
    for scheme in ["http", "https", "HTTPS", "ftp"] {
        let mut h2 = bench.h2();
        let before = bench.farm.requests().len();
        let answer = asked(&mut h2, ":scheme", scheme);
        if let Some(request) = bench.farm.requests().get(before) {
            assert_eq!(outcome(&answer), 200, "{scheme}");
            assert_eq!(request.field("x-forwarded-proto"), Some("https"), "{scheme}");
        } else {
            assert!(outcome(&answer) < 0 || outcome(&answer) == 400, "{scheme}: {answer:?}");
        }
        h2.expect_pong();
    }
}

#[test]
fn authorities_that_are_none_are_refused() {
    let bench = Bench::new();
    let rows = ["user@a.com", "a.com:port", "a.com:99999", "a:1:2", "a b", "a.com/", "", "[::1", "a.com\u{e9}"];
    for authority in rows {
        let mut h2 = bench.h2();
        let answer = asked(&mut h2, ":authority", authority);
        let refused = outcome(&answer) == 400 || outcome(&answer) == -i64::from(code::PROTOCOL_ERROR);
        assert!(refused, "{authority:?}: {answer:?}");
    }
    assert_eq!(bench.farm.requests().len(), 0);
    for authority in ["A.com", "a.com:8443", "127.0.0.1", "[::1]:443", "xn--caf-dma.example"] {
        let answer = asked(&mut bench.h2(), ":authority", authority);
        assert_eq!(outcome(&answer), 200, "{authority}");
        assert_eq!(bench.farm.last().field("host"), Some(authority));
    }
}

#[test]
fn fields_that_may_stand_once_stand_once() {
    let bench = Bench::new();
    for name in ["authorization", "content-type", "user-agent", "referer", "range", "content-length"] {
        let mut h2 = bench.h2();
        let stream = h2.request(&[&get("/")[..], &[(name, "0"), (name, "1")]].concat());
        let answer = h2.answer(stream);
        assert!(outcome(&answer) == 400 || outcome(&answer) == -1, "{name}: {answer:?}");
    }
    assert_eq!(bench.farm.requests().len(), 0);
}
