//! RFC 9113, section 5: streams.

use e2e::H2;
use e2e::h2::frame::{Frame, code, flag, kind, setting};
use e2e::h2::hpack::block;
use e2e::h2::{get, post};

use super::{Bench, Case};

/// A request on stream 1 that is whole.
fn whole() -> Frame {
    Frame::headers(1, flag::END, block(&get("/")))
}

/// A request on stream 1 that goes on.
fn open() -> Frame {
    Frame::headers(1, flag::END_HEADERS, block(&post("/")))
}

fn sent(bench: &Bench, frames: &[Frame]) -> H2 {
    let mut h2 = bench.h2();
    // At once, so that nothing is answered in between.
    h2.send(frames.iter().flat_map(Frame::bytes).collect::<Vec<_>>());
    h2
}

/// Sends a frame after a stream has ended on both sides.
fn after_the_end(bench: &Bench, frame: &Frame, codes: &[u32]) {
    let mut h2 = bench.h2();
    h2.get("/");
    h2.frame(frame);
    h2.expect_reset_again(1, codes);
}

/// The stream is over in the client's book; a second end is meant.
trait Again {
    fn expect_reset_again(&mut self, stream: u32, codes: &[u32]);
}

impl Again for H2 {
    #[track_caller]
    fn expect_reset_again(&mut self, stream: u32, codes: &[u32]) {
        self.answers.remove(&stream);
        self.expect_reset(stream, codes);
    }
}

fn data() -> Frame {
    Frame::data(1, flag::END_STREAM, "test")
}

fn continuation() -> Frame {
    Frame::continuation(1, flag::END_HEADERS, block(&get("/")))
}

pub(super) const STATES: &[Case] = &[
    ("idle: DATA is PROTOCOL_ERROR", |bench| sent(bench, &[data()]).expect_goaway(&[code::PROTOCOL_ERROR])),
    ("idle: RST_STREAM is PROTOCOL_ERROR", |bench| {
        sent(bench, &[Frame::reset(1, code::CANCEL)]).expect_goaway(&[code::PROTOCOL_ERROR]);
    }),
    ("idle: WINDOW_UPDATE is PROTOCOL_ERROR", |bench| {
        sent(bench, &[Frame::window_update(1, 100)]).expect_goaway(&[code::PROTOCOL_ERROR]);
    }),
    ("idle: CONTINUATION is PROTOCOL_ERROR", |bench| {
        sent(bench, &[continuation()]).expect_goaway(&[code::PROTOCOL_ERROR]);
    }),
    ("half-closed: DATA is STREAM_CLOSED", |bench| {
        sent(bench, &[whole(), data()]).expect_reset(1, &[code::STREAM_CLOSED]);
    }),
    ("half-closed: HEADERS is STREAM_CLOSED", |bench| {
        sent(bench, &[whole(), whole()]).expect_reset(1, &[code::STREAM_CLOSED]);
    }),
    ("half-closed: CONTINUATION is PROTOCOL_ERROR or STREAM_CLOSED", |bench| {
        sent(bench, &[whole(), continuation()]).expect_goaway(&[code::PROTOCOL_ERROR, code::STREAM_CLOSED]);
    }),
    ("closed by RST_STREAM: DATA is STREAM_CLOSED", |bench| {
        sent(bench, &[open(), Frame::reset(1, code::CANCEL), data()]).expect_reset(1, &[code::STREAM_CLOSED]);
    }),
    ("closed by RST_STREAM: HEADERS is STREAM_CLOSED", |bench| {
        sent(bench, &[open(), Frame::reset(1, code::CANCEL), whole()]).expect_reset(1, &[code::STREAM_CLOSED]);
    }),
    ("closed by RST_STREAM: CONTINUATION is STREAM_CLOSED or PROTOCOL_ERROR", |bench| {
        sent(bench, &[open(), Frame::reset(1, code::CANCEL), continuation()])
            .expect_goaway(&[code::STREAM_CLOSED, code::PROTOCOL_ERROR]);
    }),
    ("closed: DATA is STREAM_CLOSED", |bench| after_the_end(bench, &data(), &[code::STREAM_CLOSED])),
    ("closed: HEADERS is STREAM_CLOSED", |bench| after_the_end(bench, &whole(), &[code::STREAM_CLOSED])),
    ("closed: CONTINUATION is STREAM_CLOSED or PROTOCOL_ERROR", |bench| {
        after_the_end(bench, &continuation(), &[code::STREAM_CLOSED, code::PROTOCOL_ERROR]);
    }),
];

/// More streams at once than are allowed; the last is refused.
fn too_many(bench: &Bench) {
    let mut h2 = bench.h2();
    let most = h2.settings[&setting::MAX_CONCURRENT_STREAMS];
    for _ in 0..=most {
        let stream = h2.stream();
        h2.frame(&Frame::headers(stream, flag::END_HEADERS, block(&post("/"))));
    }
    h2.expect_reset(most * 2 + 1, &[code::REFUSED_STREAM, code::PROTOCOL_ERROR]);
}

/// A frame that ends the connection: a ping on a stream.
fn bad_ping() -> Frame {
    Frame::new(kind::PING, 0, 3, [0; 8])
}

pub(super) const RULES: &[Case] = &[
    ("5.1.1: an even number of a stream is PROTOCOL_ERROR", |bench| {
        sent(bench, &[Frame::headers(2, flag::END, block(&get("/")))]).expect_goaway(&[code::PROTOCOL_ERROR]);
    }),
    ("5.1.1: a number below an earlier one is PROTOCOL_ERROR", |bench| {
        let fields = block(&get("/"));
        sent(bench, &[Frame::headers(5, flag::END, fields.clone()), Frame::headers(3, flag::END, fields)])
            .expect_goaway(&[code::PROTOCOL_ERROR]);
    }),
    ("5.1.2: streams beyond the bound are refused", too_many),
    ("5.3.1: HEADERS that depends on itself is PROTOCOL_ERROR", |bench| {
        let placed = [vec![0, 0, 0, 1, 255], block(&get("/"))].concat();
        sent(bench, &[Frame::headers(1, flag::END | flag::PRIORITY, placed)]).expect_reset(1, &[code::PROTOCOL_ERROR]);
    }),
    ("5.3.1: PRIORITY that depends on itself is PROTOCOL_ERROR", |bench| {
        sent(bench, &[open(), Frame::priority(1, 1, 255)]).expect_reset(1, &[code::PROTOCOL_ERROR]);
    }),
    ("5.4.1: after a connection error the connection is closed", |bench| {
        sent(bench, &[bad_ping()]).expect_closed();
    }),
    ("5.4.1: a connection error is told with GOAWAY and the last stream", |bench| {
        let mut h2 = sent(bench, &[bad_ping()]);
        h2.expect_closed();
        assert_eq!(h2.goaways.last(), Some(&(0, code::PROTOCOL_ERROR)));
    }),
    ("5.5: unknown frames are ignored", |bench| {
        let mut h2 = sent(bench, &[Frame::new(0x16, 0, 0, [0; 8]), Frame::new(0xff, 0xff, 1, [0; 8])]);
        h2.expect_pong();
    }),
    ("5.5: an unknown frame inside a block is PROTOCOL_ERROR", |bench| {
        let frames = [Frame::headers(1, flag::END_STREAM, block(&get("/"))), Frame::new(0x16, 0, 0, [0; 8])];
        sent(bench, &frames).expect_goaway(&[code::PROTOCOL_ERROR]);
    }),
];
