use super::*;
use crate::http::head::{Parsed, parse};
use crate::http::response;
use crate::http::scan::Fields;

/// The example of RFC 6455 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &[u8] = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

fn asked(head: &str) -> Option<Upgrade> {
    let mut room = Fields::new();
    match parse(head.as_bytes(), &mut room, &snapshot::Limits::default()) {
        Parsed::Complete(request, _) => Upgrade::asked(&request),
        other => panic!("{head:?}: {other:?}"),
    }
}

#[test]
fn a_wish_for_websocket_counts_only_when_it_is_valid() {
    let valid = format!(
        "GET /chat HTTP/1.1\r\nHost: a.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    );
    assert_eq!(asked(&valid), Some(Upgrade { accept: ACCEPT.try_into().unwrap() }));
    let granted = [
        ("websocket", "websocket, other"),
        ("\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n"),
        ("Connection: keep-alive, Upgrade", "Connection: upgrade\r\nConnection: keep-alive"),
    ];
    for (from, to) in granted {
        let head = valid.replace("WebSocket\r\n", "websocket\r\n").replace(from, to);
        assert!(asked(&head).is_some(), "{head:?}");
    }
    let refused = [
        ("GET /", "PUT /"),
        ("HTTP/1.1", "HTTP/1.0"),
        ("\r\n\r\n", "\r\nContent-Length: 1\r\n\r\n"),
        ("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("keep-alive, Upgrade", "keep-alive"),
        ("keep-alive, Upgrade", "keep-alive, X-Upgrade"),
        ("Upgrade: WebSocket\r\n", ""),
        ("Upgrade: WebSocket\r\n", "Upgrade: irc/6.9\r\n"),
        ("Version: 13", "Version: 12"),
        ("Version: 13", "Version: 013"),
        ("Sec-WebSocket-Version: 13\r\n", ""),
        ("Version: 13\r\n", "Version: 13\r\nSec-WebSocket-Version: 13\r\n"),
        (KEY, ""),
        (KEY, "dGhlIHNhbXBsZSBub25j"),
        (KEY, "dGhlIHNhbXBsZSBub25jZWU="),
        (KEY, "dGhlIHNhbXBsZSBub25jZQ"),
        (KEY, "dGhlIHNhbXBsZSBub25jZR=="),
        (KEY, "dGhlIHNhbXBsZSBub25j*Q=="),
        ("Sec-WebSocket-Key:", "Sec-WebSocket-Token:"),
    ];
    for (from, to) in refused {
        let head = valid.replace(from, to);
        assert_ne!(head, valid, "{from:?}");
        assert_eq!(asked(&head), None, "{head:?}");
    }
}

fn granted(fields: &str) -> bool {
    let head = format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n");
    let mut room = response::Room::new();
    match response::parse(head.as_bytes(), &mut room, false, 65_536) {
        Ok(response::Parsed::Complete(response, _)) => {
            Upgrade { accept: ACCEPT.try_into().unwrap() }.granted(&response)
        }
        other => panic!("{head:?}: {other:?}"),
    }
}

#[test]
fn an_answer_grants_the_wish_only_with_all_that_belongs_to_it() {
    let accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    let rows = [
        ("Upgrade: websocket\r\nConnection: Upgrade\r\n", accept, true),
        ("Upgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\n", accept, true),
        ("Connection: Upgrade\r\n", accept, false),
        ("Upgrade: websocket\r\n", accept, false),
        ("Upgrade: websocket\r\nConnection: close\r\n", accept, false),
        ("Upgrade: websocket, h2c\r\nConnection: Upgrade\r\n", accept, false),
        ("Upgrade: websocket\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n", accept, false),
        ("Upgrade: websocket\r\nConnection: Upgrade\r\n", "", false),
        ("Upgrade: websocket\r\nConnection: Upgrade\r\n", "Sec-WebSocket-Accept: dGhlIHNhbXBsZQ==\r\n", false),
        ("Upgrade: websocket\r\nConnection: Upgrade\r\n", &accept.to_uppercase(), false),
    ];
    for (fields, accept, expected) in rows {
        assert_eq!(granted(&format!("{fields}{accept}")), expected, "{fields}{accept}");
    }
}
