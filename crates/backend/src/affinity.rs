//! The marks of a server: the value of its affinity cookie, and its number for the client-address hash.
//!
//! Both are made from names and addresses alone, so that gateways with the same document (and the same secret, for the
//! cookie) agree without talking to each other.
//!
//! Parity: Azure's value is an opaque hash of 32 hexadecimal digits. Ours is a keyed one: a client can neither read an
//! address from it nor make one up.

use std::net::SocketAddr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use snapshot::AffinityKey;

use crate::target::TargetKey;

/// The value of an affinity cookie: 32 lower-case hexadecimal digits.
pub type Token = [u8; TOKEN_LENGTH];

const TOKEN_LENGTH: usize = 32;

/// True when a cookie's value is this token. Takes the same time wherever the two differ.
#[inline]
pub(crate) fn is_token(token: &Token, value: &[u8]) -> bool {
    verify_slices_are_equal(token, value).is_ok()
}

/// Makes the marks of one target's servers.
pub(crate) struct Marker<'a> {
    target: &'a TargetKey,
    secret: hmac::Key,
}

impl<'a> Marker<'a> {
    pub(crate) fn new(target: &'a TargetKey, secret: &AffinityKey) -> Self {
        Self { target, secret: hmac::Key::new(hmac::HMAC_SHA256, &secret.0) }
    }

    /// The first 16 bytes of HMAC-SHA256 over the settings' name, the server's address and port, and the name it was
    /// resolved from (two names with one address are two servers).
    pub(crate) fn token(&self, address: SocketAddr, name: Option<&str>) -> Token {
        let text = text(&self.target.settings, address, name);
        let tag = hmac::sign(&self.secret, text.as_bytes());
        let mut token = [0; TOKEN_LENGTH];
        for (two, byte) in token.chunks_exact_mut(2).zip(tag.as_ref()) {
            two.copy_from_slice(&[hex(byte >> 4), hex(byte & 15)]);
        }
        token
    }

    /// A number that stays the same in every process, evenly spread over servers.
    pub(crate) fn seed(&self, address: SocketAddr, name: Option<&str>) -> u64 {
        let text = text(&self.target.pool, address, name);
        // FNV-1a.
        text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }
}

/// `|` stands in no name of a resource, address or host.
fn text(owner: &str, address: SocketAddr, name: Option<&str>) -> String {
    let (ip, port) = (address.ip(), address.port());
    match name {
        Some(name) => format!("{owner}|{ip}|{port}|{name}"),
        None => format!("{owner}|{ip}|{port}"),
    }
}

const fn hex(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
}

#[cfg(test)]
mod tests;
