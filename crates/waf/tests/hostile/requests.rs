//! Requests made to be expensive.

use std::net::IpAddr;
use std::sync::Arc;

use waf::program::Program;
use waf::transaction::{Head, Transaction};
use waf::verdict::Verdict;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn field(&mut self, name: &str, value: &str) {
        self.fields.push((name.to_owned(), value.as_bytes().to_vec()));
    }

    pub(crate) fn head(&self) -> Head<'_> {
        Head {
            method: self.method.as_bytes(),
            target: self.target.as_bytes(),
            protocol: "HTTP/1.1",
            remote: IpAddr::from([192, 0, 2, 1]),
            remote_port: 40_000,
            unique_id: "42",
        }
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields.iter().map(|(name, value)| (name.as_bytes(), value.as_slice()))
    }
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const XML: &str = "text/xml";

fn post(name: &'static str, kind: &str, body: Vec<u8>) -> Request {
    let mut request = Request { name, method: "POST", target: "/".to_owned(), fields: Vec::new(), body };
    request.field("Host", "www.example.com");
    request.field("Content-Type", kind);
    request.field("Content-Length", &request.body.len().to_string());
    request
}

/// Runs a request through all its phases but the response's.
pub(crate) fn run(program: &Arc<Program>, request: &Request) -> Verdict {
    let mut transaction = Transaction::new(program, &request.head(), request.fields());
    transaction.request_head();
    transaction.feed_body(&request.body);
    transaction.request_body();
    transaction.finish(0)
}

fn get(name: &'static str, target: String) -> Request {
    let mut request = Request { name, method: "GET", target, fields: Vec::new(), body: Vec::new() };
    request.field("Host", "www.example.com");
    request
}

/// A text over and over, as much as fits.
fn filled(bytes: usize, front: &str, piece: &str, end: &str) -> Vec<u8> {
    let count = (bytes - front.len() - end.len()) / piece.len();
    format!("{front}{}{end}", piece.repeat(count)).into_bytes()
}

/// Many of something, numbered, as many as fit.
fn numbered(bytes: usize, write: impl Fn(usize) -> String) -> Vec<u8> {
    let mut body = String::new();
    let mut number = 0;
    while body.len() < bytes {
        body.push_str(&write(number));
        number += 1;
    }
    body.truncate(bytes);
    body.into_bytes()
}

/// Pieces that begin what a pattern goes on to look for.
const BAIT: &[(&str, &str)] = &[
    ("bait: tautology", "a='a' or b<b "),
    ("bait: quotes", "'\"`"),
    ("bait: 1=1", "1=2 "),
    ("bait: words", "select union from where and or like "),
    ("bait: open script", "<script "),
    ("bait: on", "on on= on"),
    ("bait: shell", ";|`$(${"),
    ("bait: shell words", ";c''a\\t /e?c/p*s "),
    ("bait: dots", "../"),
    ("bait: encoded", "%2525%u0025&#x25;\\u0025"),
    ("bait: comment", "/*/**/*/"),
    ("bait: brackets", "[[](){}<>"),
    ("bait: php", "<?php $_GET[a](b);"),
    ("bait: java", "java.lang.Runtime${jndi:ldap:"),
    ("bait: digits", "0123456789"),
    ("bait: letters", "aaaaaaaa"),
    ("bait: blanks", " \t"),
    ("bait: bytes", "\u{e9}\u{ff1c}"),
    ("bait: url", "http://1.1.1.1/?"),
    ("bait: ldap", "(&(a=*)(|(b=*"),
    ("bait: entity", "&lt;&#60;&#x3c;"),
    ("bait: backslash", "\\x61\\141\\"),
    ("bait: equals", "a=b=c;d=e,"),
    ("bait: base64", "PHNjcmlwdD4="),
];

/// One of each kind, with bodies of so many bytes; heads of 32 KiB, which is more than a gateway lets through.
pub(crate) fn requests(bytes: usize) -> Vec<Request> {
    let fill = |front: &str, piece: &str, end: &str| filled(bytes, front, piece, end);
    let count = |write: &dyn Fn(usize) -> String| numbered(bytes, write);
    let multipart = "multipart/form-data; boundary=x";
    let part = |n| format!("--x\r\nContent-Disposition: form-data; name=\"{n}\"\r\n\r\nv\r\n");
    let mut list = vec![
        post("deep JSON arrays", JSON, fill("", "[", "")),
        post("deep JSON objects", JSON, fill("", "{\"a\":", "")),
        post("flat JSON", JSON, fill("[", "1,", "1]")),
        post("JSON, many names", JSON, count(&|n| format!("{}\"k{n}\":\"v\"", if n == 0 { '{' } else { ',' }))),
        post("JSON, long key", JSON, fill(&format!("{{\"{}\":[", "k".repeat(bytes / 2)), "0,", "0]}")),
        post("form, many fields", FORM, count(&|n| format!("a{n}=b&"))),
        post("form, many words", FORM, count(&|n| format!("a{n}={}&", "select".repeat(20)))),
        post("form, one letter fields", FORM, fill("", "a&", "")),
        post("form, one long value", FORM, fill("a=", "word ", "")),
        post("form, one long name", FORM, fill("", "name", "=a")),
        post("XML, deep", XML, fill("", "<a>", "")),
        post("XML, wide", XML, fill("<a>", "<b c='d'>e</b>", "</a>")),
        post("XML, attributes", XML, fill("<a ", "b='c' ", "/>")),
        post("XML, entities", XML, fill("<!DOCTYPE a [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><a>", "&b;", "</a>")),
        post("XML, nested entities", XML, count(&|n| format!("<!ENTITY e{} '&e{n};&e{n};'>", n + 1))),
        post("XML, one text", XML, fill("<a>", "select from ", "</a>")),
        post("multipart, many parts", multipart, count(&part)),
        post("multipart, lines", multipart, fill("--x\r\nA: b\r\n\r\n", "\n", "\r\n--x--\r\n")),
        post("multipart, header lines", multipart, fill("--x\r\n", "A: b\r\n", "\r\n")),
        get("query, many fields", format!("/?{}", "a=b&".repeat(8_000))),
        get("path, many segments", format!("/{}", "a/../".repeat(6_000))),
        get("path, escapes", format!("/{}", "a%2e".repeat(8_000))),
    ];
    let mut cookies = get("cookies", "/".to_owned());
    cookies.field("Cookie", &"a=b;".repeat(8_000));
    // What would be gigabytes when it is unpacked, which nobody does: rules see the bytes as they come.
    let mut bomb = post("compressed", JSON, [&b"\x1f\x8b\x08\0\0\0\0\0\0\x03"[..], &vec![0; bytes - 10]].concat());
    bomb.field("Content-Encoding", "gzip");
    let mut fields = get("header fields", "/".to_owned());
    (0..3_000).for_each(|number| fields.field(&format!("X-{number}"), "select"));
    list.extend([cookies, fields, bomb]);
    list.extend(BAIT.iter().map(|(name, piece)| {
        let piece = piece.replace('%', "%25").replace('&', "%26").replace('+', "%2b");
        post(name, FORM, fill("a=", &piece, ""))
    }));
    list
}
