//! How many connections are taken, and what the next one is told.

use e2e::client::Framing;
use e2e::wait::until_true;
use e2e::{Client, Document, Farm, Gateway};

/// A connection beyond the limit is told so without being asked anything.
fn refused(client: &mut Client) -> bool {
    match client.try_answer(false) {
        Ok(answer) => {
            assert_eq!((answer.status, answer.field("retry-after")), (503, Some("1")));
            assert_eq!((answer.field("connection"), answer.framing), (Some("close"), Framing::Length));
            true
        }
        // What the client sends meanwhile may turn the end into a reset.
        Err(_) => false,
    }
}

#[test]
fn connections_beyond_a_limit_are_503_and_the_place_of_one_that_ends_is_free_again() {
    let farm = Farm::echo(1);
    for limit in ["maxConnections: 3", "maxConnectionsPerClient: 3"] {
        let gateway = Gateway::start(&Document::new(&farm).limit(limit));
        let mut clients: Vec<Client> = (0..3).map(|_| gateway.client()).collect();
        for client in &mut clients {
            assert_eq!(client.get("a.com", "/").status, 200, "{limit}");
        }
        assert!(refused(&mut gateway.client()), "{limit}");
        for client in &mut clients {
            assert_eq!(client.get("a.com", "/").status, 200, "those that are there stay: {limit}");
        }
        clients.pop();
        until_true("a free place", || {
            let mut client = gateway.client();
            client.wire.send("GET / HTTP/1.1\r\nHost: a.com\r\n\r\n").unwrap_or_default();
            client.try_answer(false).is_ok_and(|answer| answer.status == 200)
        });
    }
}
