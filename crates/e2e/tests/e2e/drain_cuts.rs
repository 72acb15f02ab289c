//! What is still under way at a server when its drain timeout is over.
//!
//! Source: Azure, "Backend settings", connection draining: in-flight requests are let finish for so long.

use std::time::Duration;

use e2e::gateway::within;
use e2e::websocket::{agree, echo, open, say};
use e2e::{Document, Farm, Gateway};

const DRAINING: &str = "requestTimeout: 20, connectionDraining: {enabled: true, drainTimeoutInSec: 1}";

/// The first of two servers thinks for ever; a WebSocket it takes.
fn farm() -> Farm {
    Farm::start(2, |peer, request| match (peer.server, request.head.has("upgrade")) {
        (0, true) => {
            agree(peer, request)?;
            echo(peer, request)
        }
        (0, false) => peer.hold(),
        _ => peer.echo(request),
    })
}

/// Begins with the first server alone; what is asked then is under way when only the second is left.
fn removed_under(farm: &Farm, begin: impl FnOnce(&mut e2e::Client)) -> (Gateway, e2e::Client) {
    let document = Document::new(farm).settings(farm, DRAINING).pool_of(farm, [0]);
    let gateway = Gateway::start(&document);
    let mut client = gateway.client();
    begin(&mut client);
    farm.wait_requests(1);
    gateway.apply(&document.pool_of(farm, [1])).unwrap();
    gateway.settle();
    (gateway, client)
}

#[test]
fn what_may_be_asked_twice_is_asked_of_another_server() {
    let farm = farm();
    let document = Document::new(&farm).settings(&farm, DRAINING);
    let gateway = Gateway::start(&document);
    // One of each two goes to the server that thinks.
    let mut clients: Vec<_> = (0..4).map(|_| gateway.client()).collect();
    for client in &mut clients {
        client.send("GET / HTTP/1.1\r\nHost: a.com\r\n\r\n");
    }
    let asked = farm.wait_requests(4);
    assert!(asked.iter().any(|request| request.server == 0));
    gateway.apply(&document.pool_of(&farm, [1])).unwrap();
    for client in &mut clients {
        let answer = within(Duration::from_secs(6), "the cut", || client.answer());
        assert_eq!(answer.field("x-server"), Some("1"));
    }
    let both = format!("{}, {}", farm.address(0), farm.address(1));
    assert!(gateway.wait_rows(4).iter().any(|row| row["properties"]["serverRouted"] == both.as_str()));
}

#[test]
fn what_may_not_be_asked_twice_is_502() {
    let farm = farm();
    let (gateway, mut client) = removed_under(&farm, |client| {
        client.send("POST / HTTP/1.1\r\nHost: a.com\r\nContent-Length: 3\r\n\r\nabc");
    });
    assert_eq!(within(Duration::from_secs(6), "the cut", || client.answer()).status, 502);
    let row = &gateway.wait_rows(1)[0]["properties"];
    assert_eq!((&row["httpStatus"], &row["reason"]), (&502.into(), &"drained".into()), "{row}");
    assert_eq!(farm.requests().len(), 1);
    // The client's connection has done no wrong, and its next wait is as long as any.
    assert_eq!(client.get("a.com", "/next").field("x-server"), Some("1"));
}

#[test]
fn a_tunnel_is_cut() {
    let farm = farm();
    let (gateway, mut client) = removed_under(&farm, |client| open(client, "/"));
    say(&mut client, "still here");
    within(Duration::from_secs(6), "the cut", || client.expect_end());
    let row = &gateway.wait_rows(1)[0]["properties"];
    assert_eq!((&row["httpStatus"], &row["reason"]), (&101.into(), &"drained".into()), "{row}");
}
