//! Clients that send what costs them little and a server much. Each is cut off or bounded, costs the servers behind the
//! gateway next to nothing, and nobody else is kept waiting.
//!
//! Source: CVE-2019-9511 to 9518 (floods), CVE-2023-44487 (rapid reset), CVE-2024-27316 (CONTINUATION), CVE-2025-8671
//! (made you reset).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use e2e::h2::frame::{Frame, code, flag, kind, setting};
use e2e::h2::hpack::{self, Literal, block, indexed, plain};
use e2e::h2::{get, post, split};
use e2e::wait::until_true;
use e2e::{Farm, Gate, H2};

use super::Bench;

/// How often each flood is repeated.
const MANY: usize = 10_000;
/// Nobody waits longer for an answer while a flood goes on.
const NOBODY_WAITS: Duration = Duration::from_secs(5);

/// Lets an attack loose on a connection of its own while another client asks on and on, new connections included.
/// Returns the connection as the attack left it.
fn attack(bench: &Bench, run: impl FnOnce(&mut H2)) -> H2 {
    let address = bench.gateway.address("web");
    let over = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&over);
    let witness = std::thread::spawn(move || {
        let (mut longest, mut count) = (Duration::ZERO, 0);
        while !stop.load(Ordering::SeqCst) || count == 0 {
            let mut h2 = H2::connect(address);
            for _ in 0..20 {
                let began = Instant::now();
                assert_eq!(h2.get("/witness").status(), 200);
                longest = longest.max(began.elapsed());
                count += 1;
            }
        }
        longest
    });
    let mut h2 = bench.h2();
    run(&mut h2);
    over.store(true, Ordering::SeqCst);
    let longest = witness.join().expect("the other client is served");
    assert!(longest < NOBODY_WAITS, "the other client waited {longest:?}");
    h2
}

/// Requests that reached a server, those of the other client aside.
fn reached(bench: &Bench) -> usize {
    bench.farm.requests().iter().filter(|request| request.target != "/witness").count()
}

/// The same frame again and again; the connection has to end before the last.
fn flooded(frame: &Frame) {
    let bench = Bench::new();
    let h2 = attack(&bench, |h2| {
        let bytes = frame.bytes();
        let sent = h2.flood(MANY, |_| bytes.clone());
        assert!(sent < MANY || h2.has_ended(), "all {MANY} frames were taken");
    });
    assert!(matches!(h2.left_with(), None | Some(code::ENHANCE_YOUR_CALM)), "{:?}", h2.goaways);
}

#[test]
fn a_flood_of_settings_ends_the_connection() {
    flooded(&Frame::settings(&[(setting::MAX_CONCURRENT_STREAMS, 100)]));
}

#[test]
fn a_flood_of_empty_settings_ends_the_connection() {
    flooded(&Frame::settings(&[]));
}

#[test]
fn a_flood_of_pings_ends_the_connection() {
    flooded(&Frame::ping(*b"flooding"));
}

#[test]
fn a_flood_of_priorities_ends_the_connection() {
    flooded(&Frame::priority(1, 0, 16));
}

#[test]
fn a_flood_of_window_updates_ends_the_connection() {
    flooded(&Frame::window_update(0, 1));
}

#[test]
fn a_flood_of_unknown_frames_ends_the_connection() {
    flooded(&Frame::new(0x42, 0, 0, []));
}

#[test]
fn a_flood_of_large_unknown_frames_ends_the_connection() {
    flooded(&Frame::new(0x42, 0, 0, vec![0; 16_000]));
}

#[test]
fn a_flood_of_empty_data_ends_the_connection() {
    let bench = Bench::new();
    let h2 = attack(&bench, |h2| {
        h2.frame(&Frame::headers(1, flag::END_HEADERS, block(&post("/upload"))));
        let bytes = Frame::data(1, 0, []).bytes();
        let sent = h2.flood(MANY, |_| bytes.clone());
        let reset = h2.answers.get(&1).is_some_and(|answer| answer.reset.is_some());
        assert!(sent < MANY || reset || h2.has_ended(), "all {MANY} frames were taken");
    });
    assert!(matches!(h2.left_with(), None | Some(code::ENHANCE_YOUR_CALM)), "{:?}", h2.goaways);
    assert!(reached(&bench) <= 1);
}

#[test]
fn a_flood_of_padding_ends_the_connection() {
    let bench = Bench::new();
    attack(&bench, |h2| {
        h2.frame(&Frame::headers(1, flag::END_HEADERS, block(&post("/upload"))));
        let bytes = Frame::data(1, flag::PADDED, [0]).bytes();
        let sent = h2.flood(MANY, |_| bytes.clone());
        let reset = h2.answers.get(&1).is_some_and(|answer| answer.reset.is_some());
        assert!(sent < MANY || reset || h2.has_ended(), "all {MANY} frames were taken");
    });
}

#[test]
fn continuations_without_end_end_the_connection() {
    for (what, piece) in [("empty", Vec::new()), ("small", block(&[("x", "y")])), ("large", vec![0; 16_000])] {
        let bench = Bench::new();
        attack(&bench, |h2| {
            h2.frame(&Frame::headers(1, flag::END_STREAM, block(&get("/"))));
            let bytes = Frame::continuation(1, 0, piece).bytes();
            let sent = h2.flood(MANY, |_| bytes.clone());
            assert!(sent < MANY || h2.has_ended(), "all {MANY} {what} frames were taken");
        });
        assert_eq!(reached(&bench), 0, "{what}");
    }
}

/// A few frames are enough for any block that is not too large, and an empty one says nothing.
#[test]
fn a_block_in_many_pieces_or_with_empty_ones_ends_the_connection() {
    let bench = Bench::new();
    let fields = [&get("/")[..], &[("x-filler", "0123456789012345678901234567890123456789")]].concat();
    for (parts, good) in [(2, true), (6, true), (12, false), (40, false)] {
        let mut h2 = bench.h2();
        for frame in split(1, flag::END, &block(&fields), parts) {
            h2.try_frame(&frame);
        }
        match good {
            true => drop(h2.expect_status(1, 200)),
            false => h2.expect_goaway(&[code::ENHANCE_YOUR_CALM]),
        }
    }
    let mut h2 = bench.h2();
    let pieces = split(1, flag::END, &block(&fields), 2);
    [&pieces[0], &Frame::continuation(1, 0, []), &pieces[1]].into_iter().for_each(|frame| {
        h2.try_frame(frame);
    });
    h2.expect_goaway(&[code::ENHANCE_YOUR_CALM]);
}

#[test]
fn rapid_resets_end_the_connection_and_reach_few_servers() {
    let bench = Bench::new();
    let h2 = attack(&bench, |h2| {
        let sent = h2.flood(MANY, |number| {
            let stream = u32::try_from(number * 2 + 1).unwrap();
            let request = Frame::headers(stream, flag::END, block(&get("/reset")));
            [request.bytes(), Frame::reset(stream, code::CANCEL).bytes()].concat()
        });
        assert!(sent < MANY || h2.has_ended(), "all {MANY} resets were taken");
    });
    assert!(matches!(h2.left_with(), None | Some(code::ENHANCE_YOUR_CALM)), "{:?}", h2.goaways);
    let reached = reached(&bench);
    assert!(reached <= 400, "{reached} requests reached a server");
}

/// Slower: each request is at work at a server before it is reset, by the client or by the gateway on its account.
#[test]
fn resets_of_requests_at_work_are_counted_too() {
    let rows: [(&str, fn(u32) -> Frame); 2] = [
        ("by the client", |stream| Frame::reset(stream, code::CANCEL)),
        ("by a window too large", |stream| Frame::window_update(stream, (1 << 31) - 1)),
    ];
    for (what, reset) in rows {
        let bench =
            Bench::before(Farm::start(
                1,
                |peer, request| {
                    if request.target == "/reset" { peer.hold() } else { peer.echo(request) }
                },
            ));
        let mut made = 0;
        let began = Instant::now();
        let h2 = attack(&bench, |h2| {
            while made < 1_000 {
                let stream = h2.stream();
                if !h2.try_frame(&Frame::headers(stream, flag::END, block(&get("/reset")))) {
                    return;
                }
                made += 1;
                until_true("the request at the server, or the end", || {
                    reached(&bench) >= made || h2.drain(Duration::from_millis(1)).is_err()
                });
                if !h2.try_frame(&reset(stream)) || h2.drain(Duration::from_millis(1)).is_err() {
                    return;
                }
            }
        });
        // A hundred in ten seconds and as many to begin with; a slow machine lets more of those pass.
        let most = 300 + 100 * usize::try_from(began.elapsed().as_secs() / 10).unwrap();
        assert!(made <= most, "{what}: {made} requests were made and reset, {most} may be");
        assert!(matches!(h2.left_with(), None | Some(code::ENHANCE_YOUR_CALM)), "{what}: {:?}", h2.goaways);
    }
}

/// The client makes the gateway do the resetting: by increments of zero or too large, or content after the end.
#[test]
fn provoked_resets_end_the_connection_and_reach_few_servers() {
    const STREAMS: usize = 1_000;
    let rows: [(&str, fn(u32) -> Vec<Frame>); 4] = [
        ("an increment of 0", |stream| vec![Frame::window_update(stream, 0)]),
        ("a window too large", |stream| vec![Frame::window_update(stream, (1 << 31) - 1)]),
        ("content after the end", |stream| vec![Frame::data(stream, flag::END_STREAM, "x")]),
        ("a priority on itself", |stream| vec![Frame::priority(stream, stream, 1)]),
    ];
    for (what, provoke) in rows {
        let bench =
            Bench::before(Farm::start(
                1,
                |peer, request| {
                    if request.target == "/reset" { peer.hold() } else { peer.echo(request) }
                },
            ));
        let h2 = attack(&bench, |h2| {
            let sent = h2.flood(STREAMS, |number| {
                let stream = u32::try_from(number * 2 + 1).unwrap();
                let mut bytes = Frame::headers(stream, flag::END, block(&get("/reset"))).bytes();
                bytes.extend(provoke(stream).iter().flat_map(Frame::bytes));
                bytes
            });
            assert!(sent < STREAMS || h2.has_ended(), "{what}: all {STREAMS} streams were taken");
        });
        // The first of them may be taken for an error of the connection.
        let codes = [None, Some(code::ENHANCE_YOUR_CALM), Some(code::PROTOCOL_ERROR), Some(code::STREAM_CLOSED)];
        assert!(codes.contains(&h2.left_with()), "{what}: {:?}", h2.goaways);
        let reached = reached(&bench);
        assert!(reached <= 300, "{what}: {reached} requests reached a server");
        // Some may still have been on their way when they were counted.
        until_true("the servers' work to end", || bench.farm.left() == self::reached(&bench));
    }
}

/// A large entry is put into the table once and named thousands of times in a small block.
#[test]
fn a_compression_bomb_is_not_unpacked() {
    let bench = Bench::new();
    let began = Instant::now();
    let h2 = attack(&bench, |h2| {
        let entry = Literal::Indexed.with_name(plain("x-bomb"), plain("x".repeat(4000)));
        h2.frame(&Frame::headers(1, flag::END, [block(&get("/reset")), entry].concat()));
        h2.answer(1);
        let names = indexed(hpack::STATIC.len() + 1).repeat(15_000);
        for number in 1..20 {
            let bomb = Frame::headers(number * 2 + 1, flag::END, [block(&get("/bomb")), names.clone()].concat());
            if !h2.try_frame(&bomb) {
                break;
            }
        }
        while h2.drain(Duration::from_millis(300)).is_ok() {
            if h2.answers.values().filter(|answer| answer.over()).count() == 20 {
                break;
            }
        }
    });
    let bombs = h2.answers.range(3..);
    for (stream, answer) in bombs {
        let refused = answer.reset.is_some() || answer.heads.is_empty() || answer.status() == 431;
        assert!(refused, "stream {stream}: {answer:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert!(reached(&bench) <= 1);
}

#[test]
fn streams_beyond_the_bound_are_refused_and_leave_the_table_in_step() {
    let gate = Gate::new();
    let go = gate.clone();
    let bench = Bench::before(Farm::start(1, move |peer, request| {
        if request.target != "/witness" {
            go.wait();
        }
        peer.echo(request)
    }));
    let mut h2 = bench.h2();
    let most = h2.settings[&setting::MAX_CONCURRENT_STREAMS] as usize;
    assert_eq!(most, 100);
    let open: Vec<u32> = (0..most).map(|_| h2.request(&get("/held"))).collect();
    let beyond = h2.stream();
    let fields = [block(&get("/beyond")), Literal::Indexed.with_name(plain("x-test"), plain("kept"))].concat();
    h2.frame(&Frame::headers(beyond, flag::END, fields));
    assert_eq!(h2.answer(beyond).reset, Some(code::REFUSED_STREAM));
    bench.farm.wait_requests(most);
    gate.open();
    for stream in open {
        h2.expect_status(stream, 200);
    }
    let after = h2.stream();
    let fields = [block(&get("/after")), indexed(hpack::STATIC.len() + 1)].concat();
    h2.frame(&Frame::headers(after, flag::END, fields));
    assert!(h2.expect_status(after, 200).text().contains("x-test: kept"));
    assert!(bench.farm.requests().iter().all(|request| request.target != "/beyond"));
}

#[test]
fn a_crowd_of_refused_streams_ends_the_connection_or_is_borne() {
    let bench =
        Bench::before(Farm::start(
            1,
            |peer, request| {
                if request.target == "/witness" { peer.echo(request) } else { peer.hold() }
            },
        ));
    attack(&bench, |h2| {
        h2.flood(MANY, |number| {
            let stream = u32::try_from(number * 2 + 1).unwrap();
            Frame::headers(stream, flag::END, block(&get("/held"))).bytes()
        });
    });
    assert!(reached(&bench) <= 100, "{} requests reached a server", reached(&bench));
}

/// Content that drips octet by octet is bounded by the pace of the body as a whole.
#[test]
fn one_octet_at_a_time_is_no_way_to_keep_a_server_waiting() {
    let bench = Bench::with(Farm::echo(1), |document| document.limit("requestBodyTimeoutInSec: 1"));
    let mut h2 = bench.h2();
    h2.frame(&Frame::headers(1, flag::END_HEADERS, block(&post("/upload"))));
    h2.frame(&Frame::data(1, 0, "x"));
    let answer = h2.answer(1);
    assert!(answer.reset.is_some() || answer.status() == 408, "{answer:?}");
    assert_eq!(h2.get("/").status(), 200, "other streams go on");
}

#[test]
fn frames_that_justify_themselves_are_no_flood() {
    let bench = Bench::new();
    let mut h2 = bench.h2();
    // A client that gives room after each piece and pings now and then.
    for round in 0..300 {
        let stream = h2.stream();
        h2.frame(&Frame::headers(stream, flag::END_HEADERS, block(&post("/upload"))));
        h2.frame(&Frame::priority(stream, 0, 16));
        h2.frame(&Frame::data(stream, flag::END_STREAM, "content"));
        h2.frame(&Frame::window_update(0, 7));
        if round % 10 == 0 {
            h2.frame(&Frame::new(kind::PING, 0, 0, *b"still on"));
        }
        h2.expect_status(stream, 200);
    }
    assert!(h2.goaways.is_empty(), "{:?}", h2.goaways);
}
