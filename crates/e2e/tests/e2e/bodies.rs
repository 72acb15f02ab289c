//! Content in both directions: large, slow, both ways at once, cut short.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use e2e::client::Framing;
use e2e::peer::close;
use e2e::{Broken, Client, Document, Farm, Gate, Gateway, Wire, until};
use sha2::{Digest, Sha256};

/// Bytes that repeat nowhere at a round distance, so that a lost or doubled block shows.
fn block(number: usize) -> Vec<u8> {
    (0..65_521).map(|at| (at * 31 + number * 17 + at / 251) as u8).collect()
}

fn content(size: usize) -> Vec<u8> {
    let mut content: Vec<u8> = (0..size / 65_521 + 1).flat_map(block).collect();
    content.truncate(size);
    content
}

/// SHA-256, hexadecimal.
pub(crate) fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Answers with the sum of what was sent.
pub(crate) fn summing() -> Farm {
    Farm::start(1, |peer, request| {
        let mut hash = Sha256::new();
        peer.body_with(request, |piece| hash.update(piece))?;
        let sum: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n{sum}"))
    })
}

#[test]
fn ten_megabytes_arrive_whole_in_both_framings() {
    let farm = summing();
    let gateway = Gateway::start(&Document::new(&farm).streaming());
    let content = content(10 << 20);
    let mut client = gateway.client();
    client.send(format!("POST /length HTTP/1.1\r\nHost: a.com\r\nContent-Length: {}\r\n\r\n", content.len()));
    client.send(&content);
    assert_eq!(client.answer().text(), sum(&content));
    assert_eq!(farm.last().head.length(), Some(content.len()));

    client.send("POST /chunks HTTP/1.1\r\nHost: a.com\r\nTransfer-Encoding: chunked\r\n\r\n");
    for piece in content.chunks(70_001) {
        client.send(format!("{:x}\r\n", piece.len()));
        client.send(piece);
        client.send("\r\n");
    }
    client.send("0\r\n\r\n");
    assert_eq!(client.answer().text(), sum(&content));
    assert!(farm.last().head.chunked());
    let row = &gateway.wait_rows(2)[0]["properties"];
    assert!(row["receivedBytes"].as_u64().unwrap() > 10 << 20, "{row}");
}

#[test]
fn ten_megabytes_come_back_whole_in_every_framing() {
    let content = Arc::new(content(10 << 20));
    let sent = Arc::clone(&content);
    let farm = Farm::start(1, move |peer, request| match request.target.as_str() {
        "/length" => {
            peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", sent.len()))?;
            peer.send(&*sent)
        }
        "/chunks" => {
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            for piece in sent.chunks(100_003) {
                peer.send(format!("{:x}\r\n", piece.len()))?;
                peer.send(piece)?;
                peer.send("\r\n")?;
            }
            peer.send("0\r\n\r\n")
        }
        _ => {
            peer.send("HTTP/1.1 200 OK\r\n\r\n")?;
            peer.send(&*sent)?;
            close()
        }
    });
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    for (target, framing) in [("/length", Framing::Length), ("/chunks", Framing::Chunks), ("/close", Framing::Chunks)] {
        let answer = client.get("a.com", target);
        assert_eq!((answer.framing, sum(&answer.body)), (framing, sum(&content)), "{target}");
    }
}

/// Waits until a counter has stood still for a while, and returns it.
fn plateau(counter: &AtomicUsize) -> usize {
    let mut seen = (counter.load(Ordering::SeqCst), Instant::now());
    until("a counter that stands still", || {
        let now = counter.load(Ordering::SeqCst);
        if now != seen.0 {
            seen = (now, Instant::now());
        }
        (now > 0 && seen.1.elapsed() > Duration::from_millis(400)).then_some(now)
    })
}

/// What sockets on the way may hold at most, with the kernel's largest buffers on both connections.
const IN_SOCKETS: usize = 40 << 20;
const MUCH: usize = 96 << 20;

#[test]
fn a_client_that_does_not_read_stops_the_server() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let farm = Farm::start(1, move |peer, _| {
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {MUCH}\r\n\r\n"))?;
        let block = vec![7; 1 << 20];
        for _ in 0..MUCH >> 20 {
            peer.send(&block)?;
            counter.fetch_add(block.len(), Ordering::SeqCst);
        }
        Ok(())
    });
    let gateway = Gateway::start(&Document::new(&farm).streaming());
    let mut client = gateway.client();
    client.send("GET / HTTP/1.1\r\nHost: a.com\r\n\r\n");
    let stopped = plateau(&sent);
    assert!(stopped < IN_SOCKETS, "the gateway took {stopped} bytes that nobody read");
    let head = client.try_head().unwrap();
    let mut count = 0;
    client.wire.exactly(head.head.length().unwrap(), |piece| count += piece.len()).unwrap();
    assert_eq!(count, MUCH, "and all of it comes once it is read");
}

#[test]
fn a_server_that_does_not_read_stops_the_client() {
    let gate = Gate::new();
    let read = gate.clone();
    let farm = Farm::start(1, move |peer, request| {
        read.wait();
        let mut count = 0;
        peer.body_with(request, |piece| count += piece.len())?;
        assert_eq!(count, MUCH);
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    });
    let gateway = Gateway::start(&Document::new(&farm).streaming());
    let mut client = gateway.client();
    client.send(format!("PUT / HTTP/1.1\r\nHost: a.com\r\nContent-Length: {MUCH}\r\n\r\n"));
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let mut wire = Wire::new(client.wire.stream().try_clone().unwrap());
    let sender = std::thread::spawn(move || {
        let block = vec![7; 1 << 20];
        for _ in 0..MUCH >> 20 {
            wire.send(&block).unwrap();
            counter.fetch_add(block.len(), Ordering::SeqCst);
        }
    });
    let stopped = plateau(&sent);
    assert!(stopped < IN_SOCKETS, "the gateway took {stopped} bytes that nobody read");
    gate.open();
    sender.join().unwrap();
    assert_eq!(client.answer().status, 200);
}

/// The server answers each piece before the next is sent: neither direction waits for the other to end.
#[test]
fn content_flows_both_ways_at_once() {
    let farm = Farm::start(1, |peer, request| {
        assert!(request.head.chunked());
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        let stream = peer.wire.stream().try_clone()?;
        let mut back = Wire::new(stream);
        peer.body_with(request, |piece| {
            back.send(format!("{:x}\r\n", piece.len())).unwrap();
            back.send(piece).unwrap();
            back.send("\r\n").unwrap();
        })?;
        peer.send("0\r\n\r\n")
    });
    let gateway = Gateway::start(&Document::new(&farm).streaming());
    let mut client = gateway.client();
    client.send("POST / HTTP/1.1\r\nHost: a.com\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_eq!(client.try_head().unwrap().status, 200);
    for number in 0..30 {
        let piece = format!("piece {number};");
        client.send(format!("{:x}\r\n{piece}\r\n", piece.len()));
        let echoed = chunk(&mut client);
        assert_eq!(echoed, piece);
    }
    client.send("0\r\n\r\n");
    assert_eq!(client.wire.chunks(|piece| panic!("{piece:?}")).unwrap().len(), 0);
}

/// One chunk, however it was cut on the way.
fn chunk(client: &mut Client) -> String {
    let mut text = String::new();
    while !text.ends_with(';') {
        let some = client.wire.some(4096).unwrap();
        let some = String::from_utf8(some).unwrap();
        let data = some.split("\r\n").enumerate().filter(|(line, _)| line % 2 == 1).map(|(_, data)| data);
        text.extend(data);
    }
    text
}

#[test]
fn an_early_answer_reaches_a_client_that_is_still_sending() {
    let farm = Farm::start(1, |peer, _| {
        peer.send("HTTP/1.1 413 Too Much\r\nContent-Length: 4\r\nConnection: close\r\n\r\nstop")?;
        // What comes is read and dropped, as a polite server does.
        let _ = peer.wire.rest();
        close()
    });
    let gateway = Gateway::start(&Document::new(&farm).streaming());
    let mut client = gateway.client();
    client.send(format!("POST / HTTP/1.1\r\nHost: a.com\r\nContent-Length: {MUCH}\r\n\r\n"));
    let mut wire = Wire::new(client.wire.stream().try_clone().unwrap());
    let sender = std::thread::spawn(move || {
        let block = vec![7; 1 << 16];
        // Ends when the gateway has had enough.
        while wire.send(&block).is_ok() {}
    });
    let answer = client.answer();
    assert_eq!((answer.status, answer.text().as_str()), (413, "stop"));
    sender.join().unwrap();
}

#[test]
fn an_answer_that_is_cut_looks_cut_to_the_client() {
    let rows = [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nxyz\r\n",
    ];
    let farm = Farm::start(1, move |peer, request| {
        let (how, row) = request.target[1..].split_once('/').unwrap();
        peer.send(rows[row.parse::<usize>().unwrap()])?;
        if how == "reset" { peer.reset() } else { close() }
    });
    let gateway = Gateway::start(&Document::new(&farm));
    for how in ["close", "reset"] {
        for (row, answer) in rows.iter().enumerate() {
            let mut client = gateway.client();
            client.send(format!("GET /{how}/{row} HTTP/1.1\r\nHost: a.com\r\n\r\n"));
            let got = client.try_answer(false);
            // A reset may overtake what was sent before it, and what is malformed may be seen before anything was
            // sent on; then it is a 502.
            let cut = matches!(got, Err(Broken::Cut));
            let early = how == "reset" || answer.ends_with("xyz\r\n");
            let refused = early && got.as_ref().is_ok_and(|answer| answer.status == 502);
            assert!(cut || refused, "{how} {answer:?}: {got:?}");
        }
    }
    let rows = gateway.wait_rows(8);
    let closed = |row: &&serde_json::Value| row["properties"]["requestUri"].as_str().unwrap().starts_with("/close");
    for row in rows.iter().filter(closed) {
        assert_eq!(row["properties"]["reason"], "response_cut", "{row}");
        assert_eq!(row["properties"]["error_info"], "ERRORINFO_UPSTREAM_CLOSED_CONNECTION", "{row}");
    }
}

#[test]
fn a_connection_that_ends_before_any_byte_of_an_answer_is_502() {
    let farm = Farm::start(1, |peer, request| match request.target.as_str() {
        "/close" => close(),
        "/reset" => peer.reset(),
        _ => {
            peer.send("HTTP/1.1 200 OK\r\nContent-Le")?;
            close()
        }
    });
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    for target in ["/close", "/reset", "/half"] {
        assert_eq!(client.get("a.com", target).status, 502, "{target}");
    }
}
