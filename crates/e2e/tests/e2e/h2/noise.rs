//! Frames by chance: whatever a client sends, the gateway goes on, and so do its other clients.

use std::time::Duration;

use e2e::Dice;
use e2e::h2::frame::{Frame, flag, kind};
use e2e::h2::hpack::{Literal, block, coded, indexed, plain, table_size};
use e2e::h2::{get, post};

use super::Bench;

const CONNECTIONS: u64 = 400;

/// A block of fields: a good one, a good one spoilt, or nothing of the kind.
fn fields(dice: &mut Dice) -> Vec<u8> {
    let mut fields = match dice.below(4) {
        0 => block(&get("/noise")),
        1 => block(&post("/noise")),
        2 => {
            let length = dice.below(200);
            return dice.octets(length);
        }
        _ => [table_size(dice.below(5000)), block(&get("/noise"))].concat(),
    };
    for _ in 0..dice.below(4) {
        let value = "v".repeat(dice.below(3000));
        fields.extend(match dice.below(4) {
            0 => Literal::Indexed.with_name(plain("x-a"), plain(&value)),
            1 => Literal::Indexed.with_name(coded("x-b"), coded(&value)),
            2 => indexed(dice.below(70)),
            _ => Literal::Plain.with_name(plain(dice.octets(3)), plain(&value)),
        });
    }
    if dice.below(4) == 0 {
        let at = dice.below(fields.len());
        fields[at] = fields[at].wrapping_add(1);
    }
    fields
}

fn frame(dice: &mut Dice, newest: &mut u32) -> Frame {
    let stream = match dice.below(4) {
        0 => 0,
        1 => *dice.pick(&[1, 3, 5, 2, 0x7fff_ffff]),
        _ => {
            *newest += 2;
            *newest
        }
    };
    let flags = *dice.pick(&[0, flag::END_STREAM, flag::END_HEADERS, flag::END, flag::END, flag::PADDED, 0xff]);
    match dice.below(12) {
        0..5 => Frame::headers(stream, flags, fields(dice)),
        5 => Frame::continuation(stream, flags, fields(dice)),
        6 | 7 => {
            let length = dice.below(20_000);
            Frame::data(stream, flags, vec![1; length])
        }
        8 => Frame::settings(&[(dice.below(8) as u16, dice.roll() as u32)]),
        9 => Frame::window_update(stream, *dice.pick(&[0, 1, 65_535, (1 << 31) - 1, u32::MAX])),
        10 => Frame::reset(stream, dice.below(20) as u32),
        _ => {
            let length = dice.below(40);
            Frame::new(
                *dice.pick(&[kind::PUSH_PROMISE, kind::PING, kind::GOAWAY, 0x42]),
                flags,
                stream,
                dice.octets(length),
            )
        }
    }
}

#[test]
fn frames_by_chance_harm_nobody() {
    let bench = Bench::new();
    let mut other = bench.h2();
    for seed in 0..CONNECTIONS {
        let mut dice = Dice::new(seed);
        let mut h2 = bench.silent();
        let mut bytes = e2e::h2::frame::PREFACE.to_vec();
        bytes.extend(Frame::settings(&[]).bytes());
        let mut newest = 1;
        for _ in 0..dice.below(30) {
            bytes.extend(frame(&mut dice, &mut newest).bytes());
        }
        // Cut somewhere, now and then, and sent in pieces.
        if dice.below(4) == 0 {
            let length = dice.below(bytes.len());
            bytes.truncate(length);
        }
        for piece in bytes.chunks(1 + dice.below(20_000)) {
            if h2.wire.send(piece).is_err() {
                break;
            }
        }
        // What comes back is not judged here; most of it is GOAWAY.
        let _ = h2.wire.poll(Duration::from_millis(5));
        if seed % 20 == 0 {
            if !other.goaways.is_empty() {
                other = bench.h2();
            }
            assert_eq!(other.get("/other").status(), 200, "after seed {seed}");
            assert_eq!(bench.h2().get("/new").status(), 200, "after seed {seed}");
        }
    }
    let refused = bench.gateway.status().counters.refused;
    assert!(refused.iter().all(|row| row.reason != "internal"), "{refused:?}");
    for request in bench.farm.requests() {
        assert!(["/noise", "/other", "/new"].contains(&request.target.as_str()), "{}", request.head.text);
    }
}
