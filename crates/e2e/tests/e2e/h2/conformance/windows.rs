//! RFC 9113, section 6.9: flow control.

use e2e::H2;
use e2e::h2::frame::{Frame, code, flag, kind, setting};
use e2e::h2::hpack::block;
use e2e::h2::{get, post};

use super::{Bench, Case};

fn open(bench: &Bench) -> H2 {
    let mut h2 = bench.h2();
    h2.frame(&Frame::headers(1, flag::END_HEADERS, block(&post("/"))));
    h2
}

/// Waits until so much content has come on stream 1, and makes sure that no more comes.
fn expect_content(h2: &mut H2, octets: usize) {
    while h2.answers.get(&1).map_or(0, |answer| answer.body.len()) < octets {
        h2.event().unwrap();
    }
    h2.expect_pong();
    assert_eq!(h2.answers[&1].body.len(), octets);
}

const MOST: u32 = (1 << 31) - 1;

pub(super) const CASES: &[Case] = &[
    ("6.9: an increment of 0 is PROTOCOL_ERROR of the connection", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&Frame::window_update(0, 0));
        h2.expect_goaway(&[code::PROTOCOL_ERROR]);
    }),
    ("6.9: an increment of 0 is PROTOCOL_ERROR of a stream", |bench| {
        let mut h2 = open(bench);
        h2.frame(&Frame::window_update(1, 0));
        h2.expect_reset(1, &[code::PROTOCOL_ERROR]);
    }),
    ("6.9: WINDOW_UPDATE of other than 4 octets is FRAME_SIZE_ERROR", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&Frame::new(kind::WINDOW_UPDATE, 0, 0, [0, 0, 1]));
        h2.expect_goaway(&[code::FRAME_SIZE_ERROR]);
    }),
    ("6.9.1: no more content is sent than there is room for", |bench| {
        let mut h2 = bench.frugal(&[(setting::INITIAL_WINDOW_SIZE, 1)]);
        h2.request(&get("/"));
        expect_content(&mut h2, 1);
    }),
    ("6.9.1: a window of the connection above 2^31-1 is FLOW_CONTROL_ERROR", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&Frame::window_update(0, MOST));
        h2.try_frame(&Frame::window_update(0, MOST));
        h2.expect_goaway(&[code::FLOW_CONTROL_ERROR]);
    }),
    ("6.9.1: a window of a stream above 2^31-1 is FLOW_CONTROL_ERROR", |bench| {
        let mut h2 = open(bench);
        h2.frame(&Frame::window_update(1, MOST));
        h2.try_frame(&Frame::window_update(1, MOST));
        h2.expect_reset(1, &[code::FLOW_CONTROL_ERROR]);
    }),
    ("6.9.2: a change of INITIAL_WINDOW_SIZE changes the windows of open streams", |bench| {
        let mut h2 = bench.frugal(&[(setting::INITIAL_WINDOW_SIZE, 0)]);
        h2.request(&get("/"));
        h2.head(1);
        h2.frame(&Frame::settings(&[(setting::INITIAL_WINDOW_SIZE, 1)]));
        expect_content(&mut h2, 1);
    }),
    ("6.9.2: a window may become negative", |bench| {
        let mut h2 = bench.frugal(&[(setting::INITIAL_WINDOW_SIZE, 3)]);
        h2.request(&get("/"));
        expect_content(&mut h2, 3);
        h2.frame(&Frame::settings(&[(setting::INITIAL_WINDOW_SIZE, 2)]));
        h2.frame(&Frame::window_update(1, 2));
        expect_content(&mut h2, 4);
    }),
    ("6.9.2: INITIAL_WINDOW_SIZE above 2^31-1 is FLOW_CONTROL_ERROR", |bench| {
        let mut h2 = open(bench);
        h2.frame(&Frame::settings(&[(setting::INITIAL_WINDOW_SIZE, 1 << 31)]));
        h2.expect_goaway(&[code::FLOW_CONTROL_ERROR]);
    }),
];
