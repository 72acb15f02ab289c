use super::*;
use crate::http::head::{Parsed, parse};
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
