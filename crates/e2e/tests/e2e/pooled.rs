//! Connections to servers that are kept and used again, and when they must not be.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use e2e::{Document, Farm, Gate, Gateway, Start, until};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// One worker, so that one pool of connections is looked at.
fn start(document: &Document) -> Gateway {
    Start::workers(1).run(document)
}

#[test]
fn left_over_bytes_after_an_answer_drop_the_connection() {
    let rows = [
        OK.to_owned() + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        OK.to_owned() + "x",
        "HTTP/1.1 204 No Content\r\n\r\nevil".to_owned(),
    ];
    for first in rows {
        let answer = first.clone();
        let farm = Farm::start(1, move |peer, request| match request.target.as_str() {
            "/first" => peer.send(&answer),
            _ => peer.send(OK),
        });
        let gateway = start(&Document::new(&farm));
        let mut client = gateway.client();
        client.get("a.com", "/first");
        assert_eq!(client.get("a.com", "/second").text(), "ok", "{first:?}");
        assert_eq!(farm.connections(), 2, "{first:?}");
    }
}

#[test]
fn bytes_nobody_asked_for_on_an_idle_connection_are_no_answer() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let asked = e2e::Gate::new();
    let gate = asked.clone();
    let farm = Farm::start(1, move |peer, request| {
        peer.send(OK)?;
        if request.target == "/first" {
            gate.wait();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")?;
            counter.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    });
    let gateway = start(&Document::new(&farm));
    let mut client = gateway.client();
    assert_eq!(client.get("a.com", "/first").text(), "ok");
    asked.open();
    until("the unasked bytes", || (sent.load(Ordering::SeqCst) == 1).then_some(()));
    assert_eq!(client.get("a.com", "/second").text(), "ok");
    assert_eq!(farm.connections(), 2);
}

#[test]
fn an_answer_that_says_close_or_is_http_1_0_is_the_last_of_its_connection() {
    let rows = [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ];
    for answer in rows {
        let farm = Farm::canned(1, answer);
        let gateway = start(&Document::new(&farm));
        let mut client = gateway.client();
        for _ in 0..3 {
            assert_eq!(client.get("a.com", "/").text(), "ok", "{answer:?}");
        }
        assert_eq!(farm.connections(), 3, "{answer:?}");
    }
}

/// The server closes an idle connection just as the next request arrives on it.
fn closing_on_reuse() -> Farm {
    let first = AtomicUsize::new(usize::MAX);
    Farm::start(1, move |peer, request| {
        peer.body(request)?;
        let fresh = first.compare_exchange(usize::MAX, peer.connection, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        if !fresh && first.load(Ordering::SeqCst) == peer.connection {
            return peer.reset();
        }
        peer.send(OK)
    })
}

#[test]
fn a_stale_connection_is_replaced_without_the_client_noticing() {
    let farm = closing_on_reuse();
    let gateway = start(&Document::new(&farm));
    let mut client = gateway.client();
    assert_eq!(client.get("a.com", "/1").text(), "ok");
    assert_eq!(client.get("a.com", "/2").text(), "ok");
    let targets: Vec<_> = farm.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(targets, ["/1", "/2", "/2"]);
    let row = &gateway.wait_rows(2)[1]["properties"];
    assert_eq!(row["serverRouted"], farm.address(0).to_string(), "one server, one attempt: {row}");
}

#[test]
fn a_post_that_a_stale_connection_took_is_not_sent_again() {
    let farm = closing_on_reuse();
    let gateway = start(&Document::new(&farm));
    let mut client = gateway.client();
    assert_eq!(client.get("a.com", "/1").text(), "ok");
    let answer = client.ask("POST /2 HTTP/1.1\r\nHost: a.com\r\nContent-Length: 3\r\n\r\nabc");
    assert_eq!(answer.status, 502);
    let targets: Vec<_> = farm.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(targets, ["/1", "/2"]);
}

#[test]
fn a_post_goes_out_on_a_new_connection_when_the_idle_one_was_closed() {
    let farm = Farm::canned(1, OK);
    let gateway = start(&Document::new(&farm));
    let mut client = gateway.client();
    for round in 0..20 {
        assert_eq!(client.get("a.com", "/").text(), "ok");
        farm.close_connections();
        let answer = client.ask("POST / HTTP/1.1\r\nHost: a.com\r\nContent-Length: 3\r\n\r\nabc");
        assert_eq!(answer.status, 200, "round {round}");
    }
}

#[test]
fn an_idle_connection_is_closed_when_its_time_is_up() {
    let farm = Farm::canned(1, OK);
    let gateway = start(&Document::new(&farm).limit("poolIdleTimeoutInSec: 1"));
    gateway.get("a.com", "/");
    until("the end of the idle connection", || {
        (gateway.status().counters.backend_connections_current == 0).then_some(())
    });
}

#[test]
fn as_many_connections_are_kept_idle_as_the_limit_says() {
    let gate = Gate::new();
    let farm = {
        let gate = gate.clone();
        Farm::start(1, move |peer, request| {
            if request.target == "/together" {
                gate.wait();
            }
            peer.echo(request)
        })
    };
    let gateway = start(&Document::new(&farm).limit("maxIdlePerServer: 1"));
    let mut clients: Vec<_> = (0..3)
        .map(|at| {
            let mut client = gateway.client();
            client.send("GET /together HTTP/1.1\r\nHost: a.com\r\n\r\n");
            farm.wait_requests(at + 1);
            client
        })
        .collect();
    gate.open();
    clients.iter_mut().for_each(|client| assert_eq!(client.answer().status, 200));
    assert_eq!(farm.connections(), 3);
    for _ in 0..3 {
        clients.iter_mut().for_each(|client| assert_eq!(client.get("a.com", "/").status, 200));
    }
    assert_eq!(farm.connections(), 3, "the one that was kept serves all that come one after the other");
}
