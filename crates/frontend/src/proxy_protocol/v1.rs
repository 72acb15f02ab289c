//! Version 1: one line of text.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use super::{HeaderError, Parsed, Proxied, begins};

/// The longest line, with its end, in bytes.
pub(super) const MAX_LENGTH: usize = 107;

const BEGINNING: &[u8] = b"PROXY ";

pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, HeaderError> {
    if !begins(bytes, BEGINNING) {
        return Err(HeaderError::Missing);
    }
    let line = bytes.get(..MAX_LENGTH).unwrap_or(bytes);
    let Some(end) = line.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
        return if line.len() == MAX_LENGTH {
            Err(HeaderError::Malformed("the line is longer than 107 bytes"))
        } else {
            Ok(Parsed::Part)
        };
    };
    match (line[end], line.get(end + 1)) {
        (b'\r', Some(b'\n')) => {}
        (b'\r', None) if line.len() < MAX_LENGTH => return Ok(Parsed::Part),
        (b'\r', None) => return Err(HeaderError::Malformed("the line is longer than 107 bytes")),
        _ => return Err(HeaderError::Malformed("the line does not end with CR and LF")),
    }
    let content = line.get(BEGINNING.len()..end).unwrap_or_default();
    Ok(Parsed::Whole { proxied: said(content)?, length: end + 2 })
}

/// What a line says behind its beginning.
fn said(content: &[u8]) -> Result<Proxied, HeaderError> {
    let mut fields = content.split(|byte| *byte == b' ');
    match fields.next() {
        // Whatever follows is to be passed over.
        Some(b"UNKNOWN") => Ok(Proxied::NOBODY),
        Some(b"TCP4") => addresses::<Ipv4Addr>(fields),
        Some(b"TCP6") => addresses::<Ipv6Addr>(fields),
        _ => Err(HeaderError::Malformed("the protocol is none of TCP4, TCP6 and UNKNOWN")),
    }
}

fn addresses<'a, A: FromStr + Into<std::net::IpAddr>>(
    mut fields: impl Iterator<Item = &'a [u8]>,
) -> Result<Proxied, HeaderError> {
    let mut next = || fields.next().and_then(|field| str::from_utf8(field).ok());
    let address = |field: Option<&str>| Some(field?.parse::<A>().ok()?.into());
    let (client, destination) = (address(next()), address(next()));
    let (client_port, destination_port) = (next().and_then(port), next().and_then(port));
    let (Some(client), Some(destination)) = (client, destination) else {
        return Err(HeaderError::Malformed("an address cannot be read"));
    };
    let (Some(client_port), Some(destination_port)) = (client_port, destination_port) else {
        return Err(HeaderError::Malformed("a port is no number from 0 to 65535"));
    };
    if next().is_some() {
        return Err(HeaderError::Malformed("something follows the ports"));
    }
    Ok(Proxied::of(SocketAddr::new(client, client_port), SocketAddr::new(destination, destination_port)))
}

/// A port in decimal digits, without zeros before it.
fn port(text: &str) -> Option<u16> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if is_plain { text.parse().ok() } else { None }
}
