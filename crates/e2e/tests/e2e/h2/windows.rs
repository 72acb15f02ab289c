//! Flow control: nobody's slowness costs the gateway or others more than a few buffers.

use std::time::{Duration, Instant};

use e2e::h2::frame::{Frame, flag, setting};
use e2e::h2::hpack::block;
use e2e::h2::{get, post};
use e2e::wait::until_true;
use e2e::{Farm, Gate};

use super::Bench;

const KIB: usize = 1024;

#[test]
fn a_stream_without_room_holds_up_no_other_stream() {
    let bench = Bench::before(Farm::canned(
        1,
        [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 100 * KIB).into_bytes(), vec![b'x'; 100 * KIB]]
            .concat(),
    ));
    let mut h2 = bench.frugal(&[(setting::INITIAL_WINDOW_SIZE, 0)]);
    // The connection has room; each stream gets its own.
    h2.frame(&Frame::window_update(0, 1 << 24));
    let stuck: Vec<u32> = (0..50).map(|_| h2.request(&get("/"))).collect();
    for &stream in &stuck {
        assert_eq!(h2.head(stream).status(), 200);
    }
    let fast = h2.request(&get("/"));
    h2.frame(&Frame::window_update(fast, 1 << 20));
    assert_eq!(h2.answer(fast).body.len(), 100 * KIB);
    assert!(stuck.iter().all(|stream| h2.answers[stream].body.is_empty()));
    // They have lost nothing by waiting.
    for &stream in &stuck {
        h2.frame(&Frame::window_update(stream, 1 << 20));
        assert_eq!(h2.answer(stream).body.len(), 100 * KIB);
    }
}

/// The wait for a client that does not take what is sent is 30 seconds.
#[test]
fn a_client_that_never_makes_room_is_given_up() {
    let bench = Bench::before(Farm::start(1, |peer, _| {
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 1 << 30))?;
        // Ends when the gateway has closed the connection.
        while peer.send(vec![b'x'; 64 * KIB]).is_ok() {}
        peer.hold()
    }));
    let mut h2 = bench.frugal(&[(setting::INITIAL_WINDOW_SIZE, 0)]);
    let streams: Vec<u32> = (0..20).map(|_| h2.request(&get("/"))).collect();
    // Another has all the room in the world, and reads nothing from its socket.
    let mut deaf = bench.frugal(&[(setting::INITIAL_WINDOW_SIZE, (1 << 31) - 1)]);
    deaf.frame(&Frame::window_update(0, (1 << 31) - 65_536));
    (0..20).for_each(|_| {
        deaf.request(&get("/"));
    });
    let began = Instant::now();
    let mut open = bench.h2();
    while began.elapsed() < Duration::from_secs(60) {
        if h2.drain(Duration::from_millis(200)).is_err() {
            break;
        }
        if streams.iter().all(|stream| h2.answers.get(stream).is_some_and(|answer| answer.reset.is_some())) {
            break;
        }
        open.expect_pong();
    }
    assert!(began.elapsed() < Duration::from_secs(60), "still open after {:?}", began.elapsed());
    until_true("the servers' work to end", || bench.farm.left() == 40);
    drop(deaf);
}

#[test]
fn an_upload_is_taken_only_as_the_server_takes_it() {
    const MIB: usize = 1 << 20;
    let gate = Gate::new();
    let go = gate.clone();
    let bench = Bench::streaming(Farm::start(1, move |peer, request| {
        go.wait();
        peer.echo(request)
    }));
    let mut h2 = bench.h2();
    let window = h2.settings.get(&setting::INITIAL_WINDOW_SIZE).map_or(65_535, |&size| size as usize);
    assert!(window <= MIB, "a window of {window} octets for each stream");
    let stream = h2.stream();
    h2.frame(&Frame::headers(stream, flag::END_HEADERS, block(&post("/"))));
    let sent = h2.upload_while_room(stream, 64 * MIB, Duration::from_millis(500));
    // The server reads nothing: what was taken lies in buffers, ours and those of the system between.
    assert!(sent < 24 * MIB, "{sent} octets taken for a server that reads none");
    // Another stream of the connection has room of its own.
    let other = h2.stream();
    h2.frame(&Frame::headers(other, flag::END_HEADERS, block(&post("/"))));
    assert!(h2.upload_while_room(other, 16 * KIB, Duration::from_secs(2)) == 16 * KIB);
    gate.open();
}
