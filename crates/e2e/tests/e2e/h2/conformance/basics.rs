//! What a server has to accept.

use e2e::h2::frame::{Frame, code, flag, setting};
use e2e::h2::hpack::{self, Literal, block, coded, indexed, plain, table_size};
use e2e::h2::{get, post, split};
use e2e::{Broken, H2};

use super::{Bench, Case};

pub(super) const STREAMS: &[Case] = &[
    ("a client begins with its preface and settings", |bench| {
        let mut h2 = bench.silent().begun(&[]);
        h2.expect_pong();
    }),
    ("PRIORITY of an idle stream is accepted", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&Frame::priority(1, 0, 255));
        h2.expect_pong();
    }),
    ("WINDOW_UPDATE of a half-closed stream is accepted", |bench| {
        after_request(bench, &Frame::window_update(1, 100));
    }),
    ("PRIORITY of a half-closed stream is accepted", |bench| {
        after_request(bench, &Frame::priority(1, 0, 255));
    }),
    ("RST_STREAM of a half-closed stream is accepted", |bench| {
        let mut h2 = bench.h2();
        h2.request(&get("/"));
        h2.frame(&Frame::reset(1, code::CANCEL));
        h2.expect_pong();
    }),
    ("PRIORITY of a closed stream is accepted", |bench| {
        let mut h2 = bench.h2();
        h2.get("/");
        h2.frame(&Frame::priority(1, 0, 255));
        h2.expect_pong();
    }),
];

/// Sends a frame behind a request, which is answered all the same.
fn after_request(bench: &Bench, frame: &Frame) {
    let mut h2 = bench.h2();
    let stream = h2.request(&get("/"));
    h2.frame(frame);
    h2.expect_status(stream, 200);
}

/// Sends these frames, which are a request on stream 1, and expects an answer.
fn answered(bench: &Bench, frames: &[Frame]) {
    let mut h2 = bench.h2();
    frames.iter().for_each(|frame| h2.frame(frame));
    h2.expect_status(1, 200);
}

fn upload() -> Frame {
    Frame::headers(1, flag::END_HEADERS, block(&post("/")))
}

pub(super) const FRAMES: &[Case] = &[
    ("DATA is accepted", |bench| answered(bench, &[upload(), Frame::data(1, flag::END_STREAM, "test")])),
    ("several DATA are accepted", |bench| {
        answered(bench, &[upload(), Frame::data(1, 0, "test"), Frame::data(1, flag::END_STREAM, "test")]);
    }),
    ("padded DATA is accepted", |bench| {
        answered(bench, &[upload(), Frame::data(1, flag::END_STREAM | flag::PADDED, b"\x06test\0\0\0\0\0\0")]);
    }),
    ("HEADERS is accepted", |bench| answered(bench, &[Frame::headers(1, flag::END, block(&get("/")))])),
    ("padded HEADERS is accepted", |bench| {
        let padded = [vec![6], block(&get("/")), vec![0; 6]].concat();
        answered(bench, &[Frame::headers(1, flag::END | flag::PADDED, padded)]);
    }),
    ("HEADERS with a priority is accepted", |bench| {
        let placed = [vec![0, 0, 0, 0, 255], block(&get("/"))].concat();
        answered(bench, &[Frame::headers(1, flag::END | flag::PRIORITY, placed)]);
    }),
    ("PRIORITY with weight 1 is accepted", |bench| prioritised(bench, 0, 0)),
    ("PRIORITY with weight 256 is accepted", |bench| prioritised(bench, 0, 255)),
    ("PRIORITY that depends on a stream is accepted", |bench| prioritised(bench, 2, 255)),
    ("PRIORITY that depends exclusively is accepted", |bench| prioritised(bench, 0x8000_0002, 255)),
    ("PRIORITY of an idle stream leaves lower streams to be used", |bench| {
        answered(bench, &[Frame::priority(3, 0, 255), Frame::headers(1, flag::END, block(&get("/")))]);
    }),
    ("RST_STREAM is accepted", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&upload());
        h2.frame(&Frame::reset(1, code::CANCEL));
        h2.expect_pong();
    }),
    ("SETTINGS is confirmed", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&Frame::settings(&[(setting::MAX_CONCURRENT_STREAMS, 100)]));
        while h2.confirmed < 2 {
            h2.event().unwrap();
        }
    }),
    ("PING is answered", |bench| bench.h2().expect_pong()),
    ("GOAWAY is accepted", |bench| after_goaway(bench, code::NO_ERROR)),
    ("WINDOW_UPDATE of the connection is accepted", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&Frame::window_update(0, 1));
        h2.expect_pong();
    }),
    ("WINDOW_UPDATE of a stream is accepted", |bench| after_request(bench, &Frame::window_update(1, 1))),
    ("one CONTINUATION is accepted", |bench| answered(bench, &split(1, flag::END, &block(&get("/")), 2))),
    ("several CONTINUATION are accepted", |bench| answered(bench, &split(1, flag::END, &block(&get("/")), 3))),
];

/// The ping after a GOAWAY may be answered, or the connection ends.
pub(super) fn after_goaway(bench: &Bench, code: u32) {
    let mut h2 = bench.h2();
    h2.frame(&Frame::goaway(0, code));
    h2.try_frame(&Frame::ping(*b"are you?"));
    loop {
        match h2.event() {
            Ok(_) if !h2.pongs.is_empty() => return,
            Ok(_) => {}
            Err(Broken::Closed | Broken::Cut) => return,
            Err(broken) => panic!("neither an answer nor an end: {broken:?}"),
        }
    }
}

fn prioritised(bench: &Bench, dependency: u32, weight: u8) {
    answered(bench, &[Frame::priority(1, dependency, weight), Frame::headers(1, flag::END, block(&get("/")))]);
}

pub(super) const MESSAGES: &[Case] = &[
    ("GET is answered", |bench| assert_eq!(bench.h2().get("/").status(), 200)),
    ("HEAD is answered without content", |bench| {
        let mut h2 = bench.h2();
        let mut fields = get("/");
        fields[0].1 = "HEAD";
        let stream = h2.request(&fields);
        assert_eq!(h2.expect_status(stream, 200).body, b"");
    }),
    ("POST is answered", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&upload());
        h2.frame(&Frame::data(1, flag::END_STREAM, "the content"));
        assert!(h2.expect_status(1, 200).text().ends_with("the content"));
    }),
    ("POST with trailers is answered", |bench| {
        let fields = [&post("/")[..], &[("trailer", "x-test")]].concat();
        let mut h2 = bench.h2();
        h2.frame(&Frame::headers(1, flag::END_HEADERS, block(&fields)));
        h2.frame(&Frame::data(1, 0, "the content"));
        h2.frame(&Frame::headers(1, flag::END, block(&[("x-test", "ok")])));
        assert!(h2.expect_status(1, 200).text().ends_with("the content"));
    }),
];

/// A request with one more field in this form, which the server gets as `name: value`.
fn understood(bench: &Bench, form: Vec<u8>, name: &str, value: &str) {
    let mut h2 = bench.h2();
    h2.frame(&Frame::headers(1, flag::END, [block(&get("/")), form].concat()));
    let text = h2.expect_status(1, 200).text();
    let got =
        |line: &str| line.split_once(": ").is_some_and(|(its, rest)| its.eq_ignore_ascii_case(name) && rest == value);
    assert!(text.lines().any(got), "{name}: {value} did not arrive: {text}");
}

/// `user-agent` in the static table.
const USER_AGENT: usize = 58;

pub(super) const COMPRESSION: &[Case] = &[
    ("an indexed field is understood", |bench| understood(bench, indexed(16), "accept-encoding", "gzip, deflate")),
    ("a literal that is indexed, with an indexed name", |bench| {
        understood(bench, Literal::Indexed.with_index(USER_AGENT, plain("test")), "user-agent", "test");
    }),
    ("the same in the Huffman code", |bench| {
        understood(bench, Literal::Indexed.with_index(USER_AGENT, coded("test")), "user-agent", "test");
    }),
    ("a literal that is indexed, with a new name", |bench| {
        understood(bench, Literal::Indexed.with_name(plain("x-test"), plain("test")), "x-test", "test");
    }),
    ("the same in the Huffman code, with a new name", |bench| {
        understood(bench, Literal::Indexed.with_name(coded("x-test"), coded("test")), "x-test", "test");
    }),
    ("a literal that is not indexed, with an indexed name", |bench| {
        understood(bench, Literal::Plain.with_index(USER_AGENT, plain("test")), "user-agent", "test");
    }),
    ("the same in the Huffman code, not indexed", |bench| {
        understood(bench, Literal::Plain.with_index(USER_AGENT, coded("test")), "user-agent", "test");
    }),
    ("a literal that is not indexed, with a new name", |bench| {
        understood(bench, Literal::Plain.with_name(plain("x-test"), plain("test")), "x-test", "test");
    }),
    ("the same in the Huffman code, not indexed, with a new name", |bench| {
        understood(bench, Literal::Plain.with_name(coded("x-test"), coded("test")), "x-test", "test");
    }),
    ("a literal that is never indexed, with an indexed name", |bench| {
        understood(bench, Literal::Never.with_index(USER_AGENT, plain("test")), "user-agent", "test");
    }),
    ("the same in the Huffman code, never indexed", |bench| {
        understood(bench, Literal::Never.with_index(USER_AGENT, coded("test")), "user-agent", "test");
    }),
    ("a literal that is never indexed, with a new name", |bench| {
        understood(bench, Literal::Never.with_name(plain("x-test"), plain("test")), "x-test", "test");
    }),
    ("the same in the Huffman code, never indexed, with a new name", |bench| {
        understood(bench, Literal::Never.with_name(coded("x-test"), coded("test")), "x-test", "test");
    }),
    ("a change of the table's size is accepted", |bench| resized(&mut bench.h2(), &[table_size(4096)])),
    ("several changes of the table's size are accepted", |bench| {
        resized(&mut bench.h2(), &[table_size(128), table_size(4096)]);
    }),
];

/// A field is put into the table, the table changes, and another request refers to what is left in it.
fn resized(h2: &mut H2, sizes: &[Vec<u8>]) {
    let fields = [block(&get("/")), Literal::Indexed.with_name(plain("x-test"), plain("test"))].concat();
    h2.frame(&Frame::headers(1, flag::END, [sizes.concat(), fields].concat()));
    h2.expect_status(1, 200);
    h2.frame(&Frame::headers(3, flag::END, [block(&get("/")), indexed(hpack::STATIC.len() + 1)].concat()));
    assert!(h2.expect_status(3, 200).text().contains("x-test: test"));
}
