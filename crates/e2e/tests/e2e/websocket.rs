//! WebSocket: which handshakes open a tunnel.
//!
//! Source: RFC 6455 4; Azure, "WebSocket support in Application Gateway" (read 2026-11-22).

use e2e::websocket::{KEY, accept, agree, echo, expect, farm, open, request, say};
use e2e::{Broken, Ca, Document, Farm, Gateway, Tls, until};

#[test]
fn a_valid_handshake_opens_a_tunnel_that_is_logged_once_when_it_ends() {
    let farm = farm(echo);
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    open(&mut client, "/chat?room=1");
    say(&mut client, "hello");
    let asked = farm.last();
    assert_eq!((asked.target.as_str(), asked.field("sec-websocket-key")), ("/chat?room=1", Some(KEY)));
    assert_eq!((asked.field("connection"), asked.field("upgrade")), (Some("Upgrade"), Some("websocket")));
    let counters = gateway.status().counters;
    assert_eq!((counters.websockets, counters.websockets_current), (1, 1));
    assert!(gateway.rows().is_empty(), "it goes on");
    drop(client);
    let row = &gateway.wait_rows(1)[0];
    let properties = &row["properties"];
    assert_eq!(properties["httpStatus"], 101, "{row}");
    assert_eq!((&row["ruleName"], &properties["error_info"]), (&"rule".into(), &"ERRORINFO_NO_ERROR".into()));
    let sent = properties["sentBytes"].as_u64().unwrap();
    let received = properties["receivedBytes"].as_u64().unwrap();
    assert_eq!(received, request("/chat?room=1").len() as u64 + 5, "{row}");
    assert!(sent > 100, "{row}");
    until("the end of the count", || (gateway.status().counters.websockets_current == 0).then_some(()));
    assert_eq!(gateway.rows().len(), 1);
}

#[test]
fn a_tunnel_may_run_under_tls() {
    let farm = farm(echo);
    let gateway = Gateway::start(&Document::https(&farm, &Ca::root("root").server(&["a.com"])));
    let mut client = gateway.secure(&Tls::new()).client;
    open(&mut client, "/");
    for number in 0..20 {
        say(&mut client, &format!("message {number}").repeat(1000));
    }
    client.wire.finish();
    client.expect_end();
    assert_eq!(gateway.wait_rows(1)[0]["properties"]["httpStatus"], 101);
}

#[test]
fn a_wish_that_is_not_valid_goes_on_as_an_ordinary_request() {
    let farm = farm(|_, request| panic!("this is no wish: {:?}", request.head.text));
    let gateway = Gateway::start(&Document::new(&farm));
    let rows = [
        ("GET /", "DELETE /"),
        ("Connection: Upgrade", "Connection: keep-alive"),
        ("Upgrade: websocket", "Upgrade: other"),
        ("Upgrade: websocket\r\n", ""),
        ("Version: 13", "Version: 8"),
        ("Sec-WebSocket-Version: 13\r\n", ""),
        (KEY, "c2hvcnQ="),
        (KEY, "this is no base64 at all"),
        (KEY, ""),
        ("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\nab"),
    ];
    let mut client = gateway.client();
    for (from, to) in rows {
        let text = request("/").replace(from, to);
        assert_ne!(text, request("/"), "{from:?}");
        let answer = client.ask(&text);
        assert_eq!(answer.status, 200, "{text:?}");
        let seen = farm.last().head;
        assert!(!seen.has("upgrade") && !seen.has("connection"), "{:?}", seen.text);
    }
    assert_eq!(client.ask(&request("/").replace("HTTP/1.1", "HTTP/1.0")).status, 200);
}

#[test]
fn a_switch_that_is_not_the_one_asked_for_is_502() {
    let good = accept(KEY);
    let rows = [
        (
            "an unknown digest",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: bm9ub25zZW5zZQ==\r\n",
        ),
        ("no digest", "Upgrade: websocket\r\nConnection: Upgrade\r\n"),
        ("no Upgrade", &format!("Connection: Upgrade\r\nSec-WebSocket-Accept: {good}\r\n")),
        ("no Connection", &format!("Upgrade: websocket\r\nSec-WebSocket-Accept: {good}\r\n")),
        ("another", &format!("Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {good}\r\n")),
        (
            "two digests",
            &format!(
                "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {good}\r\n\
                 Sec-WebSocket-Accept: {good}\r\n"
            ),
        ),
    ]
    .map(|(name, fields)| (name, fields.to_owned()));
    let answers = rows.clone();
    let farm = Farm::start(1, move |peer, request| {
        let row: usize = request.target[1..].parse().unwrap();
        peer.send(format!("HTTP/1.1 101 Switching Protocols\r\n{}\r\nbytes", answers[row].1))?;
        peer.hold()
    });
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    for (row, (name, _)) in rows.iter().enumerate() {
        assert_eq!(client.ask(&request(&format!("/{row}"))).status, 502, "{name}");
    }
    let row = &gateway.wait_rows(rows.len())[0]["properties"];
    assert_eq!((&row["httpStatus"], &row["reason"]), (&502.into(), &"invalid_response".into()), "{row}");
    assert_eq!(gateway.status().counters.websockets, 0);
}

#[test]
fn a_switch_that_nobody_asked_for_is_502() {
    let farm = Farm::start(1, |peer, request| {
        agree(peer, request)?;
        peer.hold()
    });
    let gateway = Gateway::start(&Document::new(&farm));
    let plain = format!("GET / HTTP/1.1\r\nHost: a.com\r\nSec-WebSocket-Key: {KEY}\r\n\r\n");
    assert_eq!(gateway.client().ask(&plain).status, 502);
    assert_eq!(gateway.client().ask(&request("/").replace("Version: 13", "Version: 12")).status, 502);
}

#[test]
fn an_answer_that_does_not_switch_is_an_ordinary_answer() {
    let farm = Farm::start(1, |peer, request| match request.target.as_str() {
        "/426" => {
            peer.send("HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 2\r\n\r\nno")
        }
        "/403" => peer.send("HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"),
        _ => peer.echo(request),
    });
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    for (target, status) in [("/426", 426), ("/403", 403), ("/", 200)] {
        let answer = client.ask(&request(target));
        assert_eq!((answer.status, answer.head.has("upgrade")), (status, false), "{target}");
    }
    assert_eq!(client.get("a.com", "/again").status, 200, "the connection goes on");
}

#[test]
fn an_upgrade_to_http_2_is_403_whatever_stands_beside_it() {
    let farm = farm(echo);
    let gateway = Gateway::start(&Document::new(&farm));
    for upgrade in ["h2c", "websocket, h2c", "H2C"] {
        let answer = gateway.client().ask(&request("/").replace("Upgrade: websocket", &format!("Upgrade: {upgrade}")));
        assert_eq!(answer.status, 403, "{upgrade}");
    }
    assert!(farm.requests().is_empty());
}

#[test]
fn bytes_that_come_early_wait_for_the_tunnel() {
    let farm = farm(|peer, request| {
        peer.send("from the server")?;
        echo(peer, request)
    });
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    client.send(request("/") + "from the client");
    assert_eq!(client.wire.head().unwrap().start, "HTTP/1.1 101 Switching Protocols");
    expect(&mut client, "from the serverfrom the client");
    say(&mut client, "and more");
}

#[test]
fn a_server_that_goes_before_it_has_answered_is_502() {
    let farm =
        Farm::start(1, |peer, request| if request.target == "/close" { e2e::peer::close() } else { peer.reset() });
    let gateway = Gateway::start(&Document::new(&farm));
    for target in ["/close", "/reset"] {
        assert_eq!(gateway.client().ask(&request(target)).status, 502, "{target}");
    }
}

#[test]
fn an_end_that_breaks_off_breaks_the_other() {
    let farm = farm(|peer, _| {
        let _ = peer.wire.some(1)?;
        peer.reset()
    });
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    open(&mut client, "/");
    client.send("x");
    assert!(matches!(client.wire.some(1), Err(Broken::Cut)), "a reset, not an end");
    assert_eq!(gateway.wait_rows(1)[0]["properties"]["httpStatus"], 101);
}
