//! WebSocket: the request that asks for it, the answer that grants it, and the bytes that follow.
//!
//! Source: RFC 6455 4 (the handshake); Azure, "WebSocket support in Application Gateway" (read 2026-11-22): always on, and
//! the request timeout of the settings is the longest silence.

mod carry;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha1::{Digest, Sha1};

use crate::http::body::Framing;
use crate::http::field::{self, Known};
use crate::http::head::{Request, Version};
use crate::http::response::Response;
use crate::http::scan::Field;

pub use carry::{Tunnel, carry};

/// What stands behind the key where its digest is made (RFC 6455 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A valid wish to speak WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// What `Sec-WebSocket-Accept` has to be in an answer that grants it.
    pub accept: [u8; 28],
}

impl Upgrade {
    /// What a request asks for. Other upgrades than to WebSocket, and wishes that are not valid, are none: the request
    /// goes on without them.
    #[inline]
    pub fn asked(request: &Request<'_>) -> Option<Self> {
        // Connection names `upgrade`, which is rare.
        if request.names_fields { Self::read(request) } else { None }
    }

    #[cold]
    fn read(request: &Request<'_>) -> Option<Self> {
        let empty = matches!(request.framing, Framing::None | Framing::Length(0));
        if request.method != b"GET" || request.version != Version::Http11 || !empty {
            return None;
        }
        let has = |known, token| request.all(known).any(|field| field::has_token(field.value, token));
        let asks = has(Known::Connection, b"upgrade") && has(Known::Upgrade, b"websocket");
        let version = only(request.fields, b"sec-websocket-version")?;
        if !asks || version != b"13" {
            return None;
        }
        accept(only(request.fields, b"sec-websocket-key")?)
    }

    /// Whether an answer with status 101 grants what was asked for (RFC 6455 4.1).
    pub fn granted(&self, response: &Response<'_>) -> bool {
        let all = |known| response.fields.iter().filter(move |field| field.known == known);
        all(Known::Connection).any(|field| field::has_token(field.value, b"upgrade"))
            && all(Known::Upgrade).all(|field| field.value.eq_ignore_ascii_case(b"websocket"))
            && all(Known::Upgrade).count() == 1
            && only(response.fields, b"sec-websocket-accept") == Some(&self.accept)
    }
}

/// The value of a field that stands once.
fn only<'a>(fields: &'a [Field<'a>], name: &[u8]) -> Option<&'a [u8]> {
    let mut all = fields.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
    match (all.next(), all.next()) {
        (Some(field), None) => Some(field.value),
        _ => None,
    }
}

/// What a server makes of a key: sixteen bytes in base64.
fn accept(key: &[u8]) -> Option<Upgrade> {
    let mut bytes = [0; 18];
    if BASE64.decode_slice(key, &mut bytes) != Ok(16) {
        return None;
    }
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let mut accept = [0; 28];
    BASE64.encode_slice(digest, &mut accept).ok()?;
    Some(Upgrade { accept })
}

#[cfg(test)]
mod tests;
