//! Connections to servers that belong to one client connection, for logins that hold for a connection.
//!
//! Source: Azure, "Application Gateway HTTP settings configuration", dedicated backend connection (read 2026-11-22).

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use e2e::wait::until_true;
use e2e::{Ca, Client, Document, Farm, Gateway, Start};

const DEDICATED: &str = "requestTimeout: 20, dedicatedBackendConnection: true";

/// Says by which of its connections it was asked; `/close` is answered with the last word on the connection.
fn farm(count: usize) -> Farm {
    Farm::start(count, |peer, request| {
        peer.body(request)?;
        let last = request.target == "/close";
        let connection = if last { "Connection: close\r\n" } else { "" };
        let head = format!("HTTP/1.1 200 OK\r\n{connection}X-By: {}\r\nContent-Length: 0\r\n\r\n", peer.connection);
        peer.send(head)?;
        if last || request.target == "/leave" { e2e::peer::close() } else { Ok(()) }
    })
}

fn start(farm: &Farm) -> Gateway {
    Start::workers(1).run(&Document::new(farm).settings(farm, DEDICATED))
}

#[track_caller]
fn by(client: &mut Client, target: &str) -> String {
    let answer = client.get("a.com", target);
    assert_eq!(answer.status, 200);
    answer.field("x-by").unwrap().to_owned()
}

#[test]
fn each_client_connection_has_a_connection_of_its_own() {
    let farm = farm(3);
    let gateway = start(&farm);
    let mut clients: Vec<_> = (0..4).map(|_| gateway.client()).collect();
    let first: Vec<_> = clients.iter_mut().map(|client| by(client, "/")).collect();
    assert_eq!(first.iter().collect::<HashSet<_>>().len(), 4, "{first:?}");
    for _ in 0..3 {
        for (client, first) in clients.iter_mut().zip(&first).rev() {
            assert_eq!(by(client, "/"), *first);
            let posted = client.ask("POST / HTTP/1.1\r\nHost: a.com\r\nContent-Length: 3\r\n\r\nabc");
            assert_eq!(posted.field("x-by"), Some(first.as_str()));
        }
    }
    assert_eq!(farm.connections(), 4);
}

#[test]
fn a_connection_that_its_client_has_left_is_closed_and_not_given_to_another() {
    let farm = Farm::start(1, |peer, request| {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
        if request.target == "/" { peer.hold() } else { Ok(()) }
    });
    let gateway = start(&farm);
    let mut client = gateway.client();
    client.get("a.com", "/");
    assert_eq!(farm.left(), 0);
    drop(client);
    until_true("the server's end to be closed", || farm.left() == 1);
    assert_eq!(gateway.get("a.com", "/other").status, 200);
    assert_eq!(farm.connections(), 2);
}

#[test]
fn a_client_connection_ends_when_its_server_ends_the_other() {
    let farm = farm(1);
    let gateway = start(&farm);
    // After the answer, without having said so.
    let mut client = gateway.client();
    by(&mut client, "/leave");
    client.expect_end();
    // With the answer.
    let mut client = gateway.client();
    by(&mut client, "/");
    let answer = client.get("a.com", "/close");
    assert_eq!((answer.status, answer.field("connection")), (200, Some("close")));
    client.expect_end();
    // Without one.
    let silent = Farm::start(1, |_, _| e2e::peer::close());
    let gateway = start(&silent);
    let mut client = gateway.client();
    let answer = client.ask("POST / HTTP/1.1\r\nHost: a.com\r\nContent-Length: 3\r\n\r\nabc");
    assert_eq!((answer.status, answer.field("connection")), (502, Some("close")));
    client.expect_end();
}

#[test]
fn each_request_of_an_http_2_client_has_a_connection_of_its_own() {
    let farm = farm(1);
    let document = Document::https(&farm, &Ca::root("root").server(&["a.com"])).settings(&farm, DEDICATED);
    let gateway = Gateway::start(&document);
    let mut h2 = gateway.h2();
    for _ in 0..3 {
        assert_eq!(h2.get("/").status(), 200);
    }
    assert_eq!(farm.connections(), 3);
}

/// Three steps as NTLM takes them: who has said `negotiate` and then `authenticate` on a connection is known on it.
#[test]
fn a_login_of_three_steps_holds_for_its_client_and_for_no_other() {
    let steps: Mutex<HashMap<usize, u8>> = Mutex::default();
    let farm = Farm::start(1, move |peer, request| {
        let mut steps = steps.lock().unwrap();
        let step = steps.entry(peer.connection).or_default();
        *step = match (*step, request.field("authorization")) {
            (0, Some("NTLM negotiate")) => 1,
            (1, Some("NTLM authenticate")) | (2, _) => 2,
            _ => 0,
        };
        peer.send(match *step {
            2 => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            1 => "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM challenge\r\nContent-Length: 0\r\n\r\n",
            _ => "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n",
        })
    });
    let gateway = start(&farm);
    let login = |client: &mut Client, word: &str| {
        client.ask(&format!("GET / HTTP/1.1\r\nHost: a.com\r\nAuthorization: NTLM {word}\r\n\r\n"))
    };
    let (mut client, mut other) = (gateway.client(), gateway.client());
    assert_eq!(client.get("a.com", "/").field("www-authenticate"), Some("NTLM"));
    assert_eq!(login(&mut client, "negotiate").field("www-authenticate"), Some("NTLM challenge"));
    // Another client in between gets no part of it.
    assert_eq!(other.get("a.com", "/").status, 401);
    assert_eq!(login(&mut other, "authenticate").status, 401);
    assert_eq!(login(&mut client, "authenticate").status, 200);
    for _ in 0..3 {
        assert_eq!(client.get("a.com", "/").status, 200);
        assert_eq!(other.get("a.com", "/").status, 401);
    }
    drop(client);
    assert_eq!(gateway.get("a.com", "/").status, 401, "a login is not left behind");
}
