//! RFC 9113, sections 3.4 (preface) and 4 (frames).

use e2e::H2;
use e2e::h2::frame::{Frame, PREFACE, code, flag, kind, setting};
use e2e::h2::hpack::{Literal, block, plain};
use e2e::h2::{get, post};

use super::Case;

/// The largest frame that the gateway takes.
fn largest(h2: &H2) -> usize {
    h2.settings.get(&setting::MAX_FRAME_SIZE).map_or(16_384, |&size| size as usize)
}

/// A block of a request that has at least this many octets.
fn long_block(octets: usize) -> Vec<u8> {
    let mut fields = block(&get("/"));
    while fields.len() < octets {
        fields.extend(Literal::Plain.with_name(plain("x-long"), plain("x".repeat(4000))));
    }
    fields
}

pub(super) const CASES: &[Case] = &[
    ("3.4: the server's preface is a SETTINGS frame, the first of all", |bench| {
        let mut h2 = bench.silent();
        h2.send(PREFACE);
        h2.frame(&Frame::settings(&[]));
        let first = h2.event().unwrap();
        assert!(first.kind == kind::SETTINGS && !first.has(flag::ACK), "{first:?}");
    }),
    ("3.4: an invalid preface ends the connection", |bench| {
        let mut h2 = bench.silent();
        h2.send(b"INVALID CONNECTION PREFACE\r\n\r\n");
        h2.expect_goaway(&[code::PROTOCOL_ERROR]);
    }),
    ("4.1: a frame of an unknown type is ignored", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&Frame::new(0x16, 0, 0, [0; 8]));
        h2.expect_pong();
    }),
    ("4.1: unknown flags are ignored", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&Frame::new(kind::PING, 0x16, 0, *b"flagged!"));
        h2.expect_pong();
        assert!(h2.pongs.contains(&b"flagged!".to_vec()));
    }),
    ("4.1: the reserved bit is ignored", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&Frame::new(kind::PING, 0, 0x8000_0000, *b"reserved"));
        h2.expect_pong();
        assert!(h2.pongs.contains(&b"reserved".to_vec()));
    }),
    ("4.2: DATA of 2^14 octets is accepted", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&Frame::headers(1, flag::END_HEADERS, block(&post("/"))));
        h2.frame(&Frame::data(1, flag::END_STREAM, vec![b'x'; 16_384]));
        h2.expect_status(1, 200);
    }),
    ("4.2: DATA beyond the largest frame is FRAME_SIZE_ERROR", |bench| {
        let mut h2 = bench.h2();
        let size = largest(&h2);
        h2.frame(&Frame::headers(1, flag::END_HEADERS, block(&post("/"))));
        h2.frame(&Frame::data(1, flag::END_STREAM, vec![b'x'; size + 1]));
        h2.expect_reset(1, &[code::FRAME_SIZE_ERROR]);
    }),
    ("4.2: HEADERS beyond the largest frame is FRAME_SIZE_ERROR of the connection", |bench| {
        let mut h2 = bench.h2();
        let size = largest(&h2);
        h2.frame(&Frame::headers(1, flag::END, long_block(size + 1)));
        h2.expect_goaway(&[code::FRAME_SIZE_ERROR]);
    }),
    ("4.3: an invalid block is COMPRESSION_ERROR", |bench| {
        let mut h2 = bench.h2();
        // A literal without its strings.
        h2.frame(&Frame::headers(1, flag::END, [0x40]));
        h2.expect_goaway(&[code::COMPRESSION_ERROR]);
    }),
    ("4.3: PRIORITY inside a block is PROTOCOL_ERROR", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&Frame::headers(1, flag::END_STREAM, block(&get("/"))));
        h2.frame(&Frame::priority(1, 0, 255));
        h2.expect_goaway(&[code::PROTOCOL_ERROR]);
    }),
    ("4.3: HEADERS of another stream inside a block is PROTOCOL_ERROR", |bench| {
        let mut h2 = bench.h2();
        h2.frame(&Frame::headers(1, flag::END_STREAM, block(&get("/"))));
        h2.frame(&Frame::headers(3, flag::END, block(&get("/"))));
        h2.expect_goaway(&[code::PROTOCOL_ERROR]);
    }),
];
