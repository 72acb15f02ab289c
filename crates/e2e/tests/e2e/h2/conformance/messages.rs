//! RFC 9113, section 8: messages that are malformed.

use e2e::h2::frame::{Frame, code, flag, kind};
use e2e::h2::hpack::block;
use e2e::h2::{get, post};

use super::{Bench, Case};

/// A request with these fields is PROTOCOL_ERROR of its stream.
fn malformed(bench: &Bench, fields: &[(&str, &str)]) {
    let mut h2 = bench.h2();
    let stream = h2.request(fields);
    h2.expect_reset(stream, &[code::PROTOCOL_ERROR]);
}

/// A good request with one more field.
fn with(bench: &Bench, field: (&str, &str)) {
    malformed(bench, &[&get("/")[..], &[field]].concat());
}

/// A good request without one of its fields.
fn without(bench: &Bench, name: &str) {
    let fields: Vec<_> = get("/").into_iter().filter(|(its, _)| *its != name).collect();
    malformed(bench, &fields);
}

/// A request with a content length and content in these pieces.
fn content(bench: &Bench, length: &str, pieces: &[&str]) {
    let mut h2 = bench.h2();
    let fields = [&post("/")[..], &[("content-length", length)]].concat();
    h2.frame(&Frame::headers(1, flag::END_HEADERS, block(&fields)));
    for (number, piece) in pieces.iter().enumerate() {
        let end = if number + 1 == pieces.len() { flag::END_STREAM } else { 0 };
        h2.try_frame(&Frame::data(1, end, *piece));
    }
    h2.expect_reset(1, &[code::PROTOCOL_ERROR]);
}

pub(super) const CASES: &[Case] = &[
    ("8.1: a second HEADERS without the end of the stream", |bench| {
        let mut h2 = bench.h2();
        let fields = block(&post("/"));
        h2.frame(&Frame::headers(1, flag::END_HEADERS, fields.clone()));
        h2.frame(&Frame::headers(1, flag::END_HEADERS, fields));
        h2.expect_reset(1, &[code::PROTOCOL_ERROR]);
    }),
    ("8.2.1: a name with upper-case letters", |bench| with(bench, ("X-TEST", "ok"))),
    ("8.3: an unknown pseudo-field", |bench| {
        malformed(bench, &[&[(":test", "ok")], &get("/")[..]].concat());
    }),
    ("8.3: the pseudo-field of a response", |bench| {
        malformed(bench, &[&[(":status", "200")], &get("/")[..]].concat());
    }),
    ("8.3: a pseudo-field in trailers", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&Frame::headers(1, flag::END_HEADERS, block(&post("/"))));
        h2.frame(&Frame::data(1, 0, "test"));
        h2.frame(&Frame::headers(1, flag::END, block(&[(":method", "200")])));
        h2.expect_reset(1, &[code::PROTOCOL_ERROR]);
    }),
    ("8.3: a pseudo-field after a field", |bench| {
        malformed(bench, &[&get("/")[..3], &[("x-test", "ok")], &get("/")[3..]].concat());
    }),
    ("8.2.2: a field of the connection", |bench| with(bench, ("connection", "keep-alive"))),
    ("8.2.2: te other than trailers", |bench| with(bench, ("te", "trailers, deflate"))),
    ("8.3.1: an empty path", |bench| malformed(bench, &get(""))),
    ("8.3.1: no method", |bench| without(bench, ":method")),
    ("8.3.1: no scheme", |bench| without(bench, ":scheme")),
    ("8.3.1: no path", |bench| without(bench, ":path")),
    ("8.3.1: two methods", |bench| {
        malformed(bench, &[&[(":method", "GET")], &get("/")[..]].concat());
    }),
    ("8.3.1: two schemes", |bench| {
        malformed(bench, &[&[(":scheme", "https")], &get("/")[..]].concat());
    }),
    ("8.3.1: two paths", |bench| malformed(bench, &[&[(":path", "/")], &get("/")[..]].concat())),
    ("8.1.1: more content than its length", |bench| content(bench, "1", &["test"])),
    ("8.1.1: more content than its length, in pieces", |bench| content(bench, "5", &["test", "test"])),
    ("8.4: PUSH_PROMISE of a client", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&Frame::headers(1, flag::END_HEADERS, block(&post("/"))));
        let promise = [vec![0, 0, 0, 3], block(&get("/"))].concat();
        h2.frame(&Frame::new(kind::PUSH_PROMISE, flag::END_HEADERS, 1, promise));
        h2.expect_goaway(&[code::PROTOCOL_ERROR]);
    }),
];
