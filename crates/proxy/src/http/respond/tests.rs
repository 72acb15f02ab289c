//! What a client gets after affinity and rewrites, row by row.

use std::borrow::Cow;

use rewrite::{HeaderAction, Matcher, Pattern, RequestView, RewriteSet, RuleSpec, Template};

use super::*;
use crate::http::head::Version;
use crate::http::response::{Onward, Parsed, Room, parse, write};

struct NoRequest;

impl RequestView for NoRequest {
    fn header(&self, _: &str) -> Option<Cow<'_, [u8]>> {
        None
    }
    fn cookie(&self, _: &str) -> Option<&[u8]> {
        None
    }
    fn server(&self, _: rewrite::Server, _: &mut Vec<u8>) {}
}

/// The head a client gets, when these headers are set, each with the pattern of its matcher.
fn got(fields: &str, headers: &[(&str, &str, Option<&str>)]) -> String {
    let input = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 0\r\n\r\n");
    let mut room = Room::new();
    let Ok(Parsed::Complete(response, _)) = parse(input.as_bytes(), &mut room, false, 65_536) else {
        panic!("not a head: {input}")
    };
    let header = |(name, value, matcher): &(&str, &str, Option<&str>)| HeaderAction {
        name: (*name).to_owned(),
        value: (!value.is_empty()).then(|| Template::parse(value, &[]).unwrap()),
        matcher: matcher.map(|text| Matcher { pattern: Pattern::new(text, false).unwrap(), negate: false }),
    };
    let rule = RuleSpec { response_headers: headers.iter().map(header).collect(), ..RuleSpec::default() };
    let mut record = Record::new(Vec::new());
    let mut changes = Changes::take();
    RewriteSet::new("set", vec![rule]).request(&NoRequest, &mut changes.edits);
    record.changes = Some(changes);
    let mut out = Vec::new();
    pass(&response, None, &mut record, |response, _| {
        write(response, Onward::new(Version::Http11, true, response.framing), &mut out);
        Ok(())
    })
    .unwrap();
    String::from_utf8(out).unwrap().strip_prefix("HTTP/1.1 200 OK\r\n").unwrap().to_owned()
}

#[test]
fn response_headers_are_set_replaced_and_deleted() {
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str, Option<&'a str>)], &'a str);
    let cookies = "Set-Cookie: cookie1=a\r\nSet-Cookie: cookie2=b\r\n";
    let rows: &[Row<'_>] = &[
        ("X: 1\r\n", &[], "X: 1\r\nContent-Length: 0\r\n\r\n"),
        ("Server: x\r\n", &[("Server", "", None)], "Content-Length: 0\r\n\r\n"),
        (
            "",
            &[("Strict-Transport-Security", "max-age=1", None)],
            "Strict-Transport-Security: max-age=1\r\nContent-Length: 0\r\n\r\n",
        ),
        ("X: 1\r\nX: 2\r\n", &[("X", "3", None)], "X: 3\r\nContent-Length: 0\r\n\r\n"),
        (
            "X: 1\r\n",
            &[("X", "{http_resp_X}b", None), ("X", "{http_resp_X}c", None)],
            "X: 1bc\r\nContent-Length: 0\r\n\r\n",
        ),
        (cookies, &[("Set-Cookie", "only=1", None)], "Set-Cookie: only=1\r\nContent-Length: 0\r\n\r\n"),
        (
            cookies,
            &[("Set-Cookie", "cookie2={capt_header_value_matcher_1};Max-Age=3600", Some("cookie2=(.*)"))],
            "Set-Cookie: cookie1=a\r\nSet-Cookie: cookie2=b;Max-Age=3600\r\nContent-Length: 0\r\n\r\n",
        ),
        (cookies, &[("Set-Cookie", "", Some("cookie1"))], "Set-Cookie: cookie2=b\r\nContent-Length: 0\r\n\r\n"),
        ("Content-Type: a/b\r\n", &[("Content-Type", "c/d", None)], "Content-Type: c/d\r\nContent-Length: 0\r\n\r\n"),
    ];
    for (fields, headers, expected) in rows {
        assert_eq!(got(fields, headers), *expected, "{fields:?} {headers:?}");
    }
}

#[test]
fn a_value_that_is_too_large_is_a_failure_and_not_a_cut_value() {
    let long = "x".repeat(rewrite::MOST_VALUE + 1);
    let rule = RuleSpec {
        response_headers: vec![HeaderAction {
            name: "X".to_owned(),
            value: Some(Template::parse(&long, &[]).unwrap()),
            matcher: None,
        }],
        ..RuleSpec::default()
    };
    let mut record = Record::new(Vec::new());
    let mut changes = Changes::take();
    RewriteSet::new("set", vec![rule]).request(&NoRequest, &mut changes.edits);
    record.changes = Some(changes);
    let mut room = Room::new();
    let Ok(Parsed::Complete(response, _)) = parse(b"HTTP/1.1 204 x\r\n\r\n", &mut room, false, 65_536) else {
        panic!("not a head")
    };
    assert_eq!(pass(&response, None, &mut record, |_, _| Ok(())), Err(Failure::RewriteTooLarge));
}
