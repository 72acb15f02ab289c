//! WebSocket as far as a gateway sees it: the handshake, and bytes after it.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use crate::client::Client;
use crate::farm::Farm;
use crate::peer::{Peer, Request};

/// A client's key: the one of the example in RFC 6455.
pub const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A valid request for a target of `a.com`.
pub fn request(target: &str) -> String {
    format!(
        "GET {target} HTTP/1.1\r\nHost: a.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    )
}

/// What a server makes of a key.
pub fn accept(key: &str) -> String {
    STANDARD.encode(Sha1::digest(format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11")))
}

/// Agrees to what was asked for.
pub fn agree(peer: &mut Peer, request: &Request) -> io::Result<()> {
    let accept = accept(request.field("sec-websocket-key").unwrap_or_default());
    peer.send(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    ))
}

/// Servers that agree where WebSocket is asked for, and then do as they are told; other requests are echoed.
pub fn farm(talk: impl Fn(&mut Peer, &Request) -> io::Result<()> + Send + Sync + 'static) -> Farm {
    Farm::start(1, move |peer, request| {
        if !request.head.has("upgrade") {
            return peer.echo(request);
        }
        agree(peer, request)?;
        talk(peer, request)
    })
}

/// Sends back what comes, until the gateway says that no more does.
pub fn echo(peer: &mut Peer, _: &Request) -> io::Result<()> {
    loop {
        match peer.wire.some(64 * 1024)? {
            bytes if bytes.is_empty() => return crate::peer::close(),
            bytes => peer.send(bytes)?,
        }
    }
}

/// Asks on a connection, which is a tunnel then.
#[track_caller]
pub fn open(client: &mut Client, target: &str) {
    client.send(request(target));
    let head = client.wire.head().unwrap();
    assert_eq!(head.start, "HTTP/1.1 101 Switching Protocols", "{}", head.text);
    assert_eq!(head.field("sec-websocket-accept"), Some(accept(KEY).as_str()), "{}", head.text);
    assert_eq!(head.field("connection"), Some("Upgrade"), "{}", head.text);
    assert_eq!(head.field("upgrade"), Some("websocket"), "{}", head.text);
}

/// Sends bytes and waits for them to come back.
#[track_caller]
pub fn say(client: &mut Client, text: &str) {
    client.send(text);
    expect(client, text);
}

/// Waits for bytes.
#[track_caller]
pub fn expect(client: &mut Client, text: &str) {
    let mut heard = Vec::new();
    client.wire.exactly(text.len(), |piece| heard.extend_from_slice(piece)).unwrap();
    assert_eq!(String::from_utf8_lossy(&heard), text);
}
