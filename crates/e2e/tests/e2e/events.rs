//! Answers that come bit by bit: server-sent events and long polling, with and without buffering.
//!
//! Source: Azure, "Using server-sent events with Application Gateway" (read 2026-11-22). Parity: there they need response
//! buffering to be off; here bytes never wait for more of them.

use std::io;
use std::time::{Duration, Instant};

use e2e::{Ca, Document, Farm, Gate, Gateway, Peer};

/// Sends an event each time the gate of the next is opened.
fn events(gates: &[Gate]) -> Farm {
    let gates = gates.to_vec();
    Farm::start(1, move |peer: &mut Peer, request| -> io::Result<()> {
        let chunked = request.target == "/chunks";
        let framing = if chunked { "Transfer-Encoding: chunked\r\n" } else { "" };
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{framing}\r\n"))?;
        for (number, gate) in gates.iter().enumerate() {
            gate.wait();
            let event = event(number);
            peer.send(if chunked { format!("{:x}\r\n{event}\r\n", event.len()) } else { event })?;
        }
        if chunked { peer.send("0\r\n\r\n") } else { e2e::peer::close() }
    })
}

fn event(number: usize) -> String {
    format!("data: event {number}\n\n")
}

/// The client has each event before the server says the next.
#[test]
fn events_arrive_one_by_one_whether_or_not_answers_are_buffered() {
    for buffers in [true, false] {
        for target in ["/chunks", "/close"] {
            let gates: Vec<_> = (0..5).map(|_| Gate::new()).collect();
            let farm = events(&gates);
            let document = Document::new(&farm);
            let gateway = Gateway::start(&if buffers { document } else { document.streaming() });
            let mut client = gateway.client();
            client.send(format!("GET {target} HTTP/1.1\r\nHost: a.com\r\nAccept: text/event-stream\r\n\r\n"));
            assert_eq!(client.try_head().unwrap().field("content-type"), Some("text/event-stream"));
            for (number, gate) in gates.iter().enumerate() {
                assert!(client.wire.is_quiet());
                gate.open();
                let expected = format!("{:x}\r\n{}\r\n", event(number).len(), event(number));
                let mut heard = Vec::new();
                client.wire.exactly(expected.len(), |piece| heard.extend_from_slice(piece)).unwrap();
                assert_eq!(String::from_utf8_lossy(&heard), expected, "{target}, buffering: {buffers}");
            }
            let mut end = Vec::new();
            client.wire.exactly(5, |piece| end.extend_from_slice(piece)).unwrap();
            assert_eq!(end, b"0\r\n\r\n");
        }
    }
}

#[test]
fn events_arrive_one_by_one_over_http_2() {
    let gates: Vec<_> = (0..3).map(|_| Gate::new()).collect();
    let farm = events(&gates);
    let gateway = Gateway::start(&Document::https(&farm, &Ca::root("root").server(&["a.com"])));
    let mut h2 = gateway.h2();
    let stream = h2.stream();
    h2.frame(&e2e::h2::frame::Frame::headers(
        stream,
        e2e::h2::frame::flag::END_HEADERS | e2e::h2::frame::flag::END_STREAM,
        e2e::h2::hpack::block(&e2e::h2::get("/chunks")),
    ));
    gates[0].open();
    gates[1].open();
    gates[2].open();
    let answer = h2.answer(stream);
    assert_eq!(answer.text(), (0..3).map(event).collect::<String>());
}

/// The server says nothing for a while and then answers: the silence is bounded by the request timeout alone.
#[test]
fn a_long_poll_is_answered_when_there_is_something_to_say() {
    let farm = Farm::start(1, |peer, request| {
        peer.body(request)?;
        std::thread::sleep(Duration::from_millis(1500));
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnews")
    });
    for document in [Document::new(&farm), Document::new(&farm).streaming()] {
        let gateway = Gateway::start(&document.settings(&farm, "requestTimeout: 3"));
        let mut client = gateway.client();
        for request in [
            "GET /poll HTTP/1.1\r\nHost: a.com\r\n\r\n",
            "POST /poll HTTP/1.1\r\nHost: a.com\r\nContent-Length: 3\r\n\r\nabc",
        ] {
            let began = Instant::now();
            assert_eq!(client.ask(request).text(), "news");
            assert!(began.elapsed() >= Duration::from_millis(1400));
        }
    }
}
