//! The PROXY protocol: what a proxy in front of us says of its client, and what we say of ours to servers.
//!
//! Source: haproxy.org, "The PROXY protocol, versions 1 & 2" (read 2026-11-22). Reading is strict, since whoever is
//! believed here decides which address the log and the servers see: one spelling, every length checked, and not a byte
//! taken that is not the header's.

mod crc32c;
mod read;
mod v1;
mod v2;
mod write;

#[cfg(test)]
mod tests;

use std::io;
use std::net::{IpAddr, SocketAddr};

use thiserror::Error;

pub use read::read;
pub use write::{Announced, AnnouncedTls, v1, v2};

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proxied {
    /// The client and the address it connected to, IPv4 where they are mapped into IPv6. `None`: the proxy speaks for
    /// itself (LOCAL), or does not say (UNKNOWN), so the connection's own addresses hold.
    pub addresses: Option<(SocketAddr, SocketAddr)>,
}

impl Proxied {
    const NOBODY: Self = Self { addresses: None };

    fn of(client: SocketAddr, destination: SocketAddr) -> Self {
        let plain = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
        Self { addresses: Some((plain(client), plain(destination))) }
    }
}

/// What the bytes of a connection so far are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// The beginning of a header.
    Part,
    /// A header.
    Whole {
        /// What it says.
        proxied: Proxied,
        /// How many of the bytes are the header's; what follows is the client's.
        length: usize,
    },
}

/// Why there is no header to be believed.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum HeaderError {
    /// The connection begins with something else.
    #[error("the connection does not begin with a PROXY protocol header")]
    Missing,
    /// It begins like a header, and is none, for this reason.
    #[error("PROXY protocol header: {0}")]
    Malformed(&'static str),
    /// The connection ended within the header, or before it.
    #[error("the connection ended before its PROXY protocol header did")]
    Closed,
    /// The connection broke.
    #[error("the connection broke before its PROXY protocol header was there: {0}")]
    Broken(io::ErrorKind),
}

/// Reads a header from the beginning of a connection's bytes.
///
/// # Errors
/// What is there cannot become a header, however it goes on.
pub fn parse(bytes: &[u8]) -> Result<Parsed, HeaderError> {
    match bytes.first() {
        None => Ok(Parsed::Part),
        Some(b'P') => v1::parse(bytes),
        Some(b'\r') => v2::parse(bytes),
        Some(_) => Err(HeaderError::Missing),
    }
}

/// Whether `bytes`, all there are, begin a text as it is always spelled.
fn begins(bytes: &[u8], text: &[u8]) -> bool {
    bytes.iter().zip(text).all(|(found, expected)| found == expected)
}

/// Whether a peer is in one of these networks (address, and prefix length in bits).
pub fn is_trusted(peer: IpAddr, networks: &[(IpAddr, u8)]) -> bool {
    let peer = peer.to_canonical();
    networks.iter().any(|&(network, prefix)| contains(network, prefix, peer))
}

fn contains(network: IpAddr, prefix: u8, ip: IpAddr) -> bool {
    // A shift by all bits, for a prefix of none, is `None`: such a network has every address.
    match (network, ip) {
        (IpAddr::V4(network), IpAddr::V4(ip)) => {
            (network.to_bits() ^ ip.to_bits()).checked_shr(32 - u32::from(prefix.min(32))).unwrap_or(0) == 0
        }
        (IpAddr::V6(network), IpAddr::V6(ip)) => {
            (network.to_bits() ^ ip.to_bits()).checked_shr(128 - u32::from(prefix.min(128))).unwrap_or(0) == 0
        }
        _ => false,
    }
}
