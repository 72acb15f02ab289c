//! RFC 9113, sections 6.5 to 6.8: SETTINGS, PING, GOAWAY.

use e2e::h2::frame::{Frame, code, flag, kind, setting};
use e2e::h2::get;

use super::{Bench, Case};

fn ends(bench: &Bench, frame: &Frame, codes: &[u32]) {
    let mut h2 = bench.h2();
    h2.frame(frame);
    h2.expect_goaway(codes);
}

fn refused(bench: &Bench, name: u16, value: u32, code: u32) {
    ends(bench, &Frame::settings(&[(name, value)]), &[code]);
}

pub(super) const CASES: &[Case] = &[
    ("6.5: SETTINGS with ACK and content is FRAME_SIZE_ERROR", |bench| {
        ends(bench, &Frame::new(kind::SETTINGS, flag::ACK, 0, [0; 6]), &[code::FRAME_SIZE_ERROR]);
    }),
    ("6.5: SETTINGS of a stream is PROTOCOL_ERROR", |bench| {
        ends(bench, &Frame::new(kind::SETTINGS, 0, 1, [0, 3, 0, 0, 0, 1]), &[code::PROTOCOL_ERROR]);
    }),
    ("6.5: SETTINGS of other than a multiple of 6 octets is FRAME_SIZE_ERROR", |bench| {
        ends(bench, &Frame::new(kind::SETTINGS, 0, 0, [0; 3]), &[code::FRAME_SIZE_ERROR]);
    }),
    ("6.5.2: ENABLE_PUSH other than 0 and 1 is PROTOCOL_ERROR", |bench| {
        refused(bench, setting::ENABLE_PUSH, 2, code::PROTOCOL_ERROR);
    }),
    ("6.5.2: INITIAL_WINDOW_SIZE above 2^31-1 is FLOW_CONTROL_ERROR", |bench| {
        refused(bench, setting::INITIAL_WINDOW_SIZE, 1 << 31, code::FLOW_CONTROL_ERROR);
    }),
    ("6.5.2: MAX_FRAME_SIZE below 2^14 is PROTOCOL_ERROR", |bench| {
        refused(bench, setting::MAX_FRAME_SIZE, (1 << 14) - 1, code::PROTOCOL_ERROR);
    }),
    ("6.5.2: MAX_FRAME_SIZE above 2^24-1 is PROTOCOL_ERROR", |bench| {
        refused(bench, setting::MAX_FRAME_SIZE, 1 << 24, code::PROTOCOL_ERROR);
    }),
    ("6.5.2: unknown settings are ignored", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&Frame::settings(&[(0xff, 1)]));
        h2.expect_pong();
    }),
    ("6.5.3: values are taken in the order in which they stand", |bench| {
        let mut h2 = bench.frugal(&[(setting::INITIAL_WINDOW_SIZE, 100), (setting::INITIAL_WINDOW_SIZE, 1)]);
        let stream = h2.request(&get("/"));
        while h2.answers.get(&stream).is_none_or(|answer| answer.body.is_empty()) {
            h2.event().unwrap();
        }
        h2.expect_pong();
        assert_eq!(h2.answers[&stream].body.len(), 1);
    }),
    ("6.5.3: SETTINGS is confirmed", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&Frame::settings(&[(setting::ENABLE_PUSH, 0)]));
        while h2.confirmed < 2 {
            h2.event().unwrap();
        }
    }),
    ("6.7: PING is answered with what it carries", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&Frame::ping(*b"8 octets"));
        while h2.pongs.is_empty() {
            h2.event().unwrap();
        }
        assert_eq!(h2.pongs, [b"8 octets".to_vec()]);
    }),
    ("6.7: the answer to a PING is not answered", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&Frame::new(kind::PING, flag::ACK, 0, *b"unasked!"));
        h2.expect_pong();
        assert!(!h2.pongs.contains(&b"unasked!".to_vec()));
    }),
    ("6.7: PING of a stream is PROTOCOL_ERROR", |bench| {
        ends(bench, &Frame::new(kind::PING, 0, 1, [0; 8]), &[code::PROTOCOL_ERROR]);
    }),
    ("6.7: PING of other than 8 octets is FRAME_SIZE_ERROR", |bench| {
        ends(bench, &Frame::new(kind::PING, 0, 0, [0; 6]), &[code::FRAME_SIZE_ERROR]);
    }),
    ("6.8: GOAWAY of a stream is PROTOCOL_ERROR", |bench| {
        ends(bench, &Frame::new(kind::GOAWAY, 0, 1, [0; 8]), &[code::PROTOCOL_ERROR]);
    }),
];
