//! Request and response buffering: who waits for a slow client.
//!
//! Source: Azure, "Configure request and response proxy buffers" (read 2026-11-22); the sizes are ours.

use std::time::{Duration, Instant};

use e2e::wait::until_true;
use e2e::{Ca, Client, Document, Farm, Gate, Gateway};
use sha2::{Digest, Sha256};

use crate::bodies::{sum, summing};

const MIB: usize = 1 << 20;

/// Bytes that repeat nowhere at a round distance.
fn content(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at * 31 + at / 251 + at / 65_521) as u8).collect()
}

fn send_chunks(client: &mut Client, content: &[u8]) {
    for piece in content.chunks(70_001) {
        client.send(format!("{:x}\r\n", piece.len()));
        client.send(piece);
        client.send("\r\n");
    }
}

fn chunked(method: &str) -> String {
    format!("{method} / HTTP/1.1\r\nHost: a.com\r\nTransfer-Encoding: chunked\r\n\r\n")
}

#[test]
fn a_server_is_asked_when_the_content_is_here_and_is_told_its_length() {
    let farm = summing();
    let gateway = Gateway::start(&Document::new(&farm));
    // In memory, and in a file.
    for (number, size) in [1, 1000, 60_000, 65_536, 200_000, 3 * MIB].into_iter().enumerate() {
        let content = content(size);
        let mut client = gateway.client();
        client.send(chunked("POST"));
        send_chunks(&mut client, &content);
        // All is here but its end: nobody has been asked yet. The gateway has read it when it answers another client.
        assert_eq!(gateway.client().ask("POST / HTTP/1.1\r\nHost: a.com\r\nContent-Length: 0\r\n\r\n").status, 200);
        assert!(farm.requests().iter().all(|request| !request.head.chunked() && request.head.length() != Some(size)));
        client.send("0\r\n\r\n");
        assert_eq!(client.answer().text(), sum(&content), "{size}");
        let asked = farm.wait_requests(2 * number + 2);
        assert_eq!(asked.last().unwrap().head.length(), Some(size));
        let rows = gateway.wait_rows(2 * number + 2);
        let received = rows.iter().filter_map(|row| row["properties"]["receivedBytes"].as_u64()).max();
        assert!(received.unwrap() > size as u64, "{received:?}");
    }
    // The connection goes on after content from a file.
    let mut client = gateway.client();
    for _ in 0..3 {
        let content = content(300_000);
        client.send(chunked("PUT"));
        send_chunks(&mut client, &content);
        client.send("0\r\n\r\n");
        assert_eq!(client.answer().text(), sum(&content));
    }
}

#[test]
fn content_of_a_known_length_goes_on_whole_whatever_is_behind_it() {
    let farm = summing();
    let gateway = Gateway::start(&Document::new(&farm));
    let (mut client, content) = (gateway.client(), content(2 * MIB));
    let head = format!("POST / HTTP/1.1\r\nHost: a.com\r\nContent-Length: {}\r\n\r\n", content.len());
    // Two requests in one: where the first ends the second begins.
    client.send([head.as_bytes(), &content, head.as_bytes(), &content].concat());
    for _ in 0..2 {
        assert_eq!(client.answer().text(), sum(&content));
    }
}

#[test]
fn what_goes_beyond_the_bounds_is_streamed() {
    let farm = summing();
    for limit in ["bufferedInFileBytes: 300000", "bufferedInFilesBytes: 300000", "bufferedInFileBytes: 0"] {
        let gateway = Gateway::start(&Document::new(&farm).limit(limit));
        let content = content(MIB);
        let seen = farm.requests().len();
        let mut client = gateway.client();
        client.send(chunked("POST"));
        send_chunks(&mut client, &content);
        // Its end has not come, and the server has been asked.
        let asked = farm.wait_requests(seen + 1);
        assert!(asked.last().unwrap().head.chunked(), "{limit}");
        client.send("0\r\n\r\n");
        assert_eq!(client.answer().text(), sum(&content), "{limit}");
        // What is below the bounds is still taken in.
        client.send(chunked("POST") + "3\r\nabc\r\n0\r\n\r\n");
        assert_eq!(client.answer().text(), sum(b"abc"));
        assert_eq!(farm.last().head.length(), Some(3));
        let mut client = gateway.client();
        client.send(format!("PUT / HTTP/1.1\r\nHost: a.com\r\nContent-Length: {}\r\n\r\n", content.len()));
        client.send(&content);
        assert_eq!(client.answer().text(), sum(&content), "{limit}");
    }
}

#[test]
fn an_upload_over_http_2_is_taken_in_and_told_its_length() {
    let farm = summing();
    let gateway = Gateway::start(&Document::https(&farm, &Ca::root("root").server(&["a.com"])));
    let mut h2 = gateway.h2();
    let stream = h2.stream();
    let post = e2e::h2::hpack::block(&e2e::h2::post("/"));
    h2.frame(&e2e::h2::frame::Frame::headers(stream, e2e::h2::frame::flag::END_HEADERS, post));
    let sent = h2.upload_while_room(stream, MIB, Duration::from_secs(5));
    assert_eq!(sent, MIB, "credit comes though no server takes anything");
    assert!(farm.requests().is_empty());
    h2.frame(&e2e::h2::frame::Frame::data(stream, e2e::h2::frame::flag::END_STREAM, ""));
    assert_eq!(h2.answer(stream).status(), 200);
    assert_eq!(farm.last().head.length(), Some(MIB));
}

#[test]
fn a_client_that_expects_100_gets_it_before_its_content_is_taken_in() {
    let farm = summing();
    let gateway = Gateway::start(&Document::new(&farm));
    let (mut client, content) = (gateway.client(), content(200_000));
    client.send(format!(
        "POST / HTTP/1.1\r\nHost: a.com\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        content.len()
    ));
    assert_eq!(client.wire.head().unwrap().start, "HTTP/1.1 100 Continue");
    assert!(farm.requests().is_empty());
    client.send(&content);
    let answer = client.answer();
    assert_eq!((answer.text(), answer.interim.len()), (sum(&content), 0));
    assert!(!farm.last().head.has("expect"));
}

/// Content that is here as a whole can be sent again; whether it may is for the method to say.
#[test]
fn an_upload_is_sent_again_where_its_method_allows() {
    let farm = Farm::start(2, |peer, request| {
        let mut hash = Sha256::new();
        peer.body_with(request, |piece| hash.update(piece))?;
        let first = peer.server == 0;
        if first { e2e::peer::close() } else { peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
    });
    let gateway = Gateway::start(&Document::new(&farm));
    let content = content(MIB);
    for (method, last) in [("PUT", 200), ("POST", 502)] {
        let mut statuses: Vec<_> = (0..4)
            .map(|_| {
                let mut client = gateway.client();
                client.send(chunked(method));
                send_chunks(&mut client, &content);
                client.send("0\r\n\r\n");
                client.answer().status
            })
            .collect();
        statuses.sort_unstable();
        assert_eq!((statuses[0], statuses[3]), (200, last), "{method}");
    }
}

#[test]
fn content_that_is_not_right_reaches_no_server() {
    let farm = summing();
    let gateway =
        Gateway::start(&Document::new(&farm).limit("requestBodyTimeoutInSec: 1").limit("maxBodyBytes: 500000"));
    let rows = [
        (chunked("POST") + "3\r\nabcX", 400, "invalid_chunk"),
        (chunked("POST") + &format!("{:x}\r\n{}\r\n", 500_001, "x".repeat(500_001)), 413, "body_too_large"),
        (chunked("POST") + "3\r\nabc\r\n", 408, "request_body_timeout"),
        (
            "POST / HTTP/1.1\r\nHost: a.com\r\nContent-Length: 400000\r\n\r\n".to_owned() + "half",
            408,
            "request_body_timeout",
        ),
    ];
    for (at, (request, status, reason)) in rows.iter().enumerate() {
        let mut client = gateway.client();
        let answer = client.ask(request);
        assert_eq!((answer.status, answer.field("connection")), (*status, Some("close")), "{reason}");
        assert_eq!(gateway.wait_rows(at + 1)[at]["properties"]["reason"], *reason);
    }
    let mut client = gateway.client();
    client.send(chunked("POST") + "3\r\nabc\r\n");
    drop(client);
    assert_eq!(gateway.wait_rows(rows.len() + 1)[rows.len()]["properties"]["httpStatus"], 499);
    assert!(farm.requests().is_empty());
}

/// How a server fares whose client takes nothing of its large answer.
struct Slow {
    gateway: Gateway,
    farm: Farm,
    done: Gate,
}

/// More than sockets take that nobody reads, and less than is read ahead with them.
const ANSWER: usize = 12 * MIB;

fn slow(limits: &[&str], change: impl FnOnce(Document) -> Document) -> Slow {
    let done = Gate::new();
    let sent = done.clone();
    let farm = Farm::start(1, move |peer, request| {
        match request.target.as_str() {
            "/chunks" => {
                peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
                for piece in content(ANSWER).chunks(100_003) {
                    peer.send(format!("{:x}\r\n", piece.len()))?;
                    peer.send(piece)?;
                    peer.send("\r\n")?;
                }
                peer.send("0\r\n\r\n")?;
            }
            "/length" => {
                peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {ANSWER}\r\n\r\n"))?;
                peer.send(content(ANSWER))?;
            }
            "/end" => {
                peer.send("HTTP/1.1 200 OK\r\n\r\n")?;
                peer.send(content(ANSWER))?;
                sent.open();
                return e2e::peer::close();
            }
            _ => return peer.echo(request),
        }
        sent.open();
        Ok(())
    });
    let document = limits.iter().fold(Document::new(&farm), |document, limit| document.limit(limit));
    let gateway = e2e::Start::workers(1).run(&change(document));
    Slow { gateway, farm, done }
}

/// A client whose socket takes little.
fn reluctant(gateway: &Gateway) -> Client {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&gateway.address("web").into()).unwrap();
    Client { wire: e2e::Wire::new(socket.into()) }
}

#[test]
fn a_slow_client_of_a_large_answer_does_not_keep_the_server() {
    for target in ["/length", "/chunks", "/end"] {
        let Slow { gateway, farm, done } = slow(&["bufferedResponseBytes: 16777216"], |document| document);
        let mut client = reluctant(&gateway);
        client.send(format!("GET {target} HTTP/1.1\r\nHost: a.com\r\n\r\n"));
        // The server has said all, though its client has read nothing.
        done.wait();
        until_true("the server to be free", || {
            let current = gateway.running().current();
            current.fleet.targets().iter().all(|target| target.all().iter().all(|server| server.active() == 0))
        });
        if target != "/end" {
            // And its connection takes the next request, of another client.
            assert_eq!(gateway.get("a.com", "/next").status, 200);
            assert_eq!(farm.connections(), 1, "{target}");
        }
        let answer = client.answer();
        assert_eq!(sum(&answer.body), sum(&content(ANSWER)), "{target}");
        // The client's connection goes on as well.
        assert_eq!(client.get("a.com", "/more").status, 200);
        let rows = gateway.rows();
        let row = rows.iter().find(|row| row["properties"]["requestUri"] == *target).unwrap();
        assert!(row["properties"]["sentBytes"].as_u64().unwrap() > ANSWER as u64, "{row}");
    }
}

#[test]
fn without_buffering_a_slow_client_keeps_the_server() {
    let Slow { gateway, farm, .. } = slow(&[], Document::streaming);
    let mut client = reluctant(&gateway);
    client.send("GET /length HTTP/1.1\r\nHost: a.com\r\n\r\n");
    farm.wait_requests(1);
    assert_eq!(gateway.get("a.com", "/next").status, 200);
    let requests = farm.requests();
    assert_ne!(requests[0].connection, requests[1].connection);
    let answer = client.answer();
    assert_eq!(sum(&answer.body), sum(&content(ANSWER)));
}

#[test]
fn an_answer_that_is_cut_while_it_is_read_ahead_looks_cut() {
    let gate = Gate::new();
    let sent = gate.clone();
    let farm = Farm::start(1, move |peer, _| {
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 2 * ANSWER))?;
        peer.send(content(ANSWER))?;
        sent.open();
        e2e::peer::close()
    });
    let gateway = Gateway::start(&Document::new(&farm).limit("bufferedResponseBytes: 16777216"));
    let mut client = reluctant(&gateway);
    client.send("GET / HTTP/1.1\r\nHost: a.com\r\n\r\n");
    gate.wait();
    let began = Instant::now();
    assert_eq!(client.try_answer(false).unwrap_err(), e2e::Broken::Cut);
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(gateway.wait_rows(1)[0]["properties"]["reason"], "response_cut");
}
