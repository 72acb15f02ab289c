//! Content of requests over HTTP/2: its length, its limits, and what a server sees of content that goes wrong.

use e2e::h2::frame::{Frame, code, flag};
use e2e::h2::hpack::block;
use e2e::h2::{get, post};
use e2e::wait::until_true;
use e2e::{Farm, H2};

use super::Bench;

/// Begins an upload with these further fields.
fn begun(h2: &mut H2, more: &[(&str, &str)]) -> u32 {
    let stream = h2.stream();
    h2.frame(&Frame::headers(stream, flag::END_HEADERS, block(&[&post("/upload")[..], more].concat())));
    stream
}

/// A server that says how much content was whole and how much was cut.
fn counting() -> Farm {
    Farm::start(1, |peer, request| match peer.body(request) {
        Ok(_) => peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole"),
        Err(error) => {
            peer.hold()?;
            Err(error)
        }
    })
}

/// A server must not take a part for the whole.
#[test]
fn content_shorter_or_longer_than_its_length_is_never_whole_to_a_server() {
    let bench = Bench::before(counting());
    // What comes behind content that is whole by its length is seen too late, as in HTTP/1.1.
    let rows = [("10", &["hello"][..]), ("10", &["hello", "w"]), ("1", &["hello"]), ("6", &["hello", "more"])];
    for (length, pieces) in rows {
        let mut h2 = bench.h2();
        let stream = begun(&mut h2, &[("content-length", length)]);
        for (number, piece) in pieces.iter().enumerate() {
            let end = if number + 1 == pieces.len() { flag::END_STREAM } else { 0 };
            h2.try_frame(&Frame::data(stream, end, *piece));
        }
        h2.expect_reset(stream, &[code::PROTOCOL_ERROR]);
        let whole = bench.farm.requests().into_iter().find(|request| !request.body.is_empty());
        assert!(whole.is_none(), "{pieces:?} of {length} were taken for the whole: {whole:?}");
    }
}

#[test]
fn an_upload_that_the_client_gives_up_is_cut_for_the_server_too() {
    let bench = Bench::streaming(counting());
    for more in [&[][..], &[("content-length", "100")]] {
        let mut h2 = bench.h2();
        let stream = begun(&mut h2, more);
        h2.frame(&Frame::data(stream, 0, "the first half"));
        let before = bench.farm.left();
        bench.farm.wait_requests(before + 1);
        h2.frame(&Frame::reset(stream, code::CANCEL));
        until_true("the server's connection to be closed", || bench.farm.left() > before);
        h2.expect_pong();
    }
    assert!(bench.farm.requests().iter().all(|request| request.body.is_empty()), "a part was taken for the whole");
}

#[test]
fn content_beyond_the_limit_is_413_and_other_streams_go_on() {
    let bench = Bench::with(Farm::echo(1), |document| document.limit("maxBodyBytes: 1000"));
    let mut h2 = bench.h2();
    let told = begun(&mut h2, &[("content-length", "1001")]);
    let answer = h2.answer(told);
    assert_eq!(answer.status(), 413);
    let untold = begun(&mut h2, &[]);
    h2.frame(&Frame::data(untold, 0, vec![b'x'; 600]));
    h2.frame(&Frame::data(untold, flag::END_STREAM, vec![b'x'; 600]));
    let answer = h2.answer(untold);
    assert!(answer.reset.is_some_and(|code| code != code::NO_ERROR) || answer.status() == 413, "{answer:?}");
    let fits = begun(&mut h2, &[("content-length", "1000")]);
    h2.frame(&Frame::data(fits, flag::END_STREAM, vec![b'x'; 1000]));
    h2.expect_status(fits, 200);
    assert_eq!(h2.get("/").status(), 200);
}

/// Content that nobody wants any more still takes room on the connection: it has to be given back.
#[test]
fn content_of_streams_that_are_over_does_not_use_up_the_connection() {
    let bench = Bench::streaming(Farm::start(1, |peer, request| {
        if request.method == "POST" {
            peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
            return peer.hold();
        }
        peer.echo(request)
    }));
    let mut h2 = bench.h2();
    // Each may send 64 KiB before it hears the answer; together more than the connection's first MiB.
    for _ in 0..40 {
        let stream = begun(&mut h2, &[]);
        h2.upload_while_room(stream, 60_000, std::time::Duration::from_secs(5));
        assert_eq!(h2.answer(stream).status(), 403);
        h2.try_frame(&Frame::reset(stream, code::CANCEL));
    }
    let stream = begun(&mut h2, &[]);
    assert_eq!(h2.upload_while_room(stream, 60_000, std::time::Duration::from_secs(5)), 60_000, "there is room again");
    assert_eq!(h2.get("/").status(), 200);
}

#[test]
fn padding_counts_for_room_and_not_for_content() {
    let bench = Bench::new();
    let mut h2 = bench.h2();
    let stream = begun(&mut h2, &[("content-length", "400")]);
    for number in 0..400 {
        let end = if number == 399 { flag::END_STREAM } else { 0 };
        let padded = [&[200][..], b"x", &[0; 200]].concat();
        // Padding is given back as content is: 400 of these are more than the first window.
        while padded.len() * (number + 1) > 65_535 + h2.given(stream) {
            h2.event().unwrap();
        }
        h2.frame(&Frame::data(stream, end | flag::PADDED, padded));
    }
    h2.expect_status(stream, 200);
    assert_eq!(bench.farm.last().body.len(), 400);
}

#[test]
fn a_client_that_expects_100_gets_it_or_its_answer() {
    let bench = Bench::new();
    let mut h2 = bench.h2();
    let stream = begun(&mut h2, &[("expect", "100-continue"), ("content-length", "5")]);
    let first = h2.head(stream);
    assert!(first.heads[0].contains(&(":status".to_owned(), "100".to_owned())), "{first:?}");
    h2.frame(&Frame::data(stream, flag::END_STREAM, "hello"));
    assert!(h2.expect_status(stream, 200).text().ends_with("hello"));
    let stream = h2.request(&[&get("/")[..], &[("expect", "tea")]].concat());
    assert_eq!(h2.answer(stream).status(), 417);
}

/// Cancelling now and then is what browsers do.
#[test]
fn some_cancelled_requests_are_no_attack() {
    let bench =
        Bench::before(Farm::start(
            1,
            |peer, request| {
                if request.target == "/cancelled" { peer.hold() } else { peer.echo(request) }
            },
        ));
    let mut h2 = bench.h2();
    for _ in 0..90 {
        let stream = h2.request(&get("/cancelled"));
        assert_eq!(h2.get("/kept").status(), 200);
        h2.frame(&Frame::reset(stream, code::CANCEL));
    }
    h2.expect_pong();
    assert!(h2.goaways.is_empty(), "{:?}", h2.goaways);
    until_true("the servers' work to end", || bench.farm.left() == bench.farm.requests().len() - 90);
}

#[test]
fn an_idempotent_request_is_tried_on_another_server_and_an_upload_is_not_sent_twice() {
    let bench = Bench::before(Farm::start(2, |peer, request| {
        if peer.server == 0 && request.target == "/try" {
            return e2e::peer::close();
        }
        peer.echo(request)
    }));
    let mut h2 = bench.h2();
    for _ in 0..6 {
        assert_eq!(h2.get("/try").field("x-server"), Some("1"));
    }
}
