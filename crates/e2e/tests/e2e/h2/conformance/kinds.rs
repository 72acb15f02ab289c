//! RFC 9113, sections 6.1 to 6.4 and 6.10: DATA, HEADERS, PRIORITY, RST_STREAM, CONTINUATION; and section 7.

use e2e::h2::frame::{Frame, code, flag, kind};
use e2e::h2::hpack::block;
use e2e::h2::{get, post};

use super::basics::after_goaway;
use super::{Bench, Case};

/// Sends frames at once and waits for the end of the connection.
fn ends(bench: &Bench, frames: &[Frame], codes: &[u32]) {
    let mut h2 = bench.h2();
    h2.send(frames.iter().flat_map(Frame::bytes).collect::<Vec<_>>());
    h2.expect_goaway(codes);
}

fn open() -> Frame {
    Frame::headers(1, flag::END_HEADERS, block(&post("/")))
}

/// Fields that go on in CONTINUATION.
fn begun() -> Frame {
    Frame::headers(1, flag::END_STREAM, block(&get("/")))
}

fn more() -> Frame {
    Frame::continuation(1, 0, block(&[("x-more", "test")]))
}

fn last() -> Frame {
    Frame::continuation(1, flag::END_HEADERS, block(&[("x-last", "test")]))
}

const PROTOCOL: &[u32] = &[code::PROTOCOL_ERROR];

pub(super) const CASES: &[Case] = &[
    ("6.1: DATA of stream 0 is PROTOCOL_ERROR", |bench| {
        ends(bench, &[Frame::data(0, flag::END_STREAM, "test")], PROTOCOL);
    }),
    ("6.1: DATA of a stream that is not open is STREAM_CLOSED", |bench| {
        let mut h2 = bench.h2();
        let frames = [Frame::headers(1, flag::END, block(&get("/"))), Frame::data(1, flag::END_STREAM, "test")];
        h2.send(frames.iter().flat_map(Frame::bytes).collect::<Vec<_>>());
        h2.expect_reset(1, &[code::STREAM_CLOSED]);
    }),
    ("6.1: DATA with more padding than payload is PROTOCOL_ERROR", |bench| {
        ends(bench, &[open(), Frame::data(1, flag::END_STREAM | flag::PADDED, b"\x06test")], PROTOCOL);
    }),
    ("6.2: PRIORITY after HEADERS without its end is PROTOCOL_ERROR", |bench| {
        ends(bench, &[begun(), Frame::priority(1, 0, 255)], PROTOCOL);
    }),
    ("6.2: HEADERS of another stream after HEADERS without its end is PROTOCOL_ERROR", |bench| {
        ends(bench, &[begun(), Frame::headers(3, flag::END, block(&get("/")))], PROTOCOL);
    }),
    ("6.2: HEADERS of stream 0 is PROTOCOL_ERROR", |bench| {
        ends(bench, &[Frame::headers(0, flag::END, block(&get("/")))], PROTOCOL);
    }),
    ("6.2: HEADERS with more padding than payload is PROTOCOL_ERROR", |bench| {
        let fields = block(&get("/"));
        let padded = [vec![u8::try_from(fields.len() + 1).unwrap()], fields].concat();
        ends(bench, &[Frame::headers(1, flag::END | flag::PADDED, padded)], PROTOCOL);
    }),
    ("6.3: PRIORITY of stream 0 is PROTOCOL_ERROR", |bench| ends(bench, &[Frame::priority(0, 0, 255)], PROTOCOL)),
    ("6.3: PRIORITY of other than 5 octets is FRAME_SIZE_ERROR", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&open());
        h2.frame(&Frame::new(kind::PRIORITY, 0, 1, [0; 4]));
        h2.expect_reset(1, &[code::FRAME_SIZE_ERROR]);
    }),
    ("6.4: RST_STREAM of stream 0 is PROTOCOL_ERROR", |bench| {
        ends(bench, &[Frame::reset(0, code::CANCEL)], PROTOCOL);
    }),
    ("6.4: RST_STREAM of an idle stream is PROTOCOL_ERROR", |bench| {
        ends(bench, &[Frame::reset(1, code::CANCEL)], PROTOCOL);
    }),
    ("6.4: RST_STREAM of other than 4 octets is FRAME_SIZE_ERROR", |bench| {
        ends(bench, &[open(), Frame::new(kind::RST_STREAM, 0, 1, [0; 3])], &[code::FRAME_SIZE_ERROR]);
    }),
];

pub(super) const CONTINUATIONS: &[Case] = &[
    ("6.10: several CONTINUATION are accepted", |bench| {
        let mut h2 = bench.h2();
        [begun(), more(), more(), last()].iter().for_each(|frame| h2.frame(frame));
        let text = h2.expect_status(1, 200).text();
        assert!(text.contains("x-more: test") && text.contains("x-last: test"), "{text}");
    }),
    ("6.10: another frame between CONTINUATION is PROTOCOL_ERROR", |bench| {
        ends(bench, &[begun(), more(), Frame::data(1, flag::END_STREAM, "test")], PROTOCOL);
    }),
    ("6.10: CONTINUATION of stream 0 is PROTOCOL_ERROR", |bench| {
        let nowhere = Frame::continuation(0, flag::END_HEADERS, block(&[("x-last", "test")]));
        ends(bench, &[begun(), nowhere], PROTOCOL);
    }),
    ("6.10: CONTINUATION after HEADERS with its end is PROTOCOL_ERROR", |bench| {
        ends(bench, &[open(), last()], PROTOCOL);
    }),
    ("6.10: CONTINUATION after CONTINUATION with its end is PROTOCOL_ERROR", |bench| {
        let begun = Frame::headers(1, 0, block(&post("/")));
        ends(bench, &[begun, last(), last()], PROTOCOL);
    }),
    ("6.10: CONTINUATION after DATA is PROTOCOL_ERROR", |bench| {
        ends(bench, &[open(), Frame::data(1, 0, "test"), last()], PROTOCOL);
    }),
    ("7: GOAWAY with an unknown code is accepted", |bench| after_goaway(bench, 0xff)),
    ("7: RST_STREAM with an unknown code is accepted", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&open());
        h2.frame(&Frame::reset(1, 0xff));
        h2.expect_pong();
    }),
];
