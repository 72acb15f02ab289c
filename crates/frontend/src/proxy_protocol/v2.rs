//! Version 2: binary.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::crc32c::Crc32c;
use super::{HeaderError, Parsed, Proxied, begins};

/// What every header begins with.
pub(super) const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// Signature, version and command, family and transport, length of what follows.
pub(super) const FIXED: usize = 16;

/// The most that may follow, in bytes. Ours; addresses have 216 at most, and what proxies add seldom reaches 1,000.
pub(super) const MAX_REST: usize = 4096;

/// Version 2 with each command.
const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;

/// The type of the field with the checksum, and how long it is.
const CRC32C: u8 = 0x03;

pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, HeaderError> {
    if !begins(bytes, SIGNATURE) {
        return Err(HeaderError::Missing);
    }
    let Some((&[.., command, family, high, low], rest)) = bytes.split_first_chunk::<FIXED>() else {
        return Ok(Parsed::Part);
    };
    if !matches!(command, LOCAL | PROXY) {
        return Err(HeaderError::Malformed("the version or the command is none there is"));
    }
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > MAX_REST {
        return Err(HeaderError::Malformed("it is longer than 4,112 bytes"));
    }
    let Some(rest) = rest.get(..length) else { return Ok(Parsed::Part) };
    // A proxy that speaks for itself may leave anything in the rest.
    let proxied = if command == LOCAL { Proxied::NOBODY } else { said(family, rest, bytes)? };
    Ok(Parsed::Whole { proxied, length: FIXED + length })
}

/// What the rest says where there is a client. `header` begins with all of the header.
fn said(family: u8, rest: &[u8], header: &[u8]) -> Result<Proxied, HeaderError> {
    let short = HeaderError::Malformed("the addresses are cut off");
    let (proxied, fields) = match family {
        0x00 => return Ok(Proxied::NOBODY),
        0x11 => {
            let Some((addresses, fields)) = rest.split_first_chunk::<12>() else { return Err(short) };
            (tcp4(addresses), fields)
        }
        0x21 => {
            let Some((addresses, fields)) = rest.split_first_chunk::<36>() else { return Err(short) };
            (tcp6(addresses), fields)
        }
        // Two paths of sockets in a file system.
        0x31 => (Proxied::NOBODY, rest.get(216..).ok_or(short)?),
        0x12 | 0x22 | 0x32 => return Err(HeaderError::Malformed("it announces datagrams")),
        _ => return Err(HeaderError::Malformed("the family or the transport is none there is")),
    };
    check_fields(fields, &header[..FIXED + rest.len()])?;
    Ok(proxied)
}

fn tcp4(&[a, b, c, d, e, f, g, h, client_high, client_low, high, low]: &[u8; 12]) -> Proxied {
    let client = SocketAddr::new(Ipv4Addr::new(a, b, c, d).into(), u16::from_be_bytes([client_high, client_low]));
    Proxied::of(client, SocketAddr::new(Ipv4Addr::new(e, f, g, h).into(), u16::from_be_bytes([high, low])))
}

fn tcp6(bytes: &[u8; 36]) -> Proxied {
    let address = |bytes: &[u8]| Ipv6Addr::from_bits(bytes.iter().fold(0, |bits, byte| bits << 8 | u128::from(*byte)));
    let (client, destination) = (address(&bytes[..16]), address(&bytes[16..32]));
    let [.., client_high, client_low, high, low] = *bytes;
    let client = SocketAddr::new(client.into(), u16::from_be_bytes([client_high, client_low]));
    Proxied::of(client, SocketAddr::new(destination.into(), u16::from_be_bytes([high, low])))
}

/// Walks over the fields behind the addresses. They must fill the header; a checksum among them must be right, all
/// others are passed over.
fn check_fields(mut fields: &[u8], header: &[u8]) -> Result<(), HeaderError> {
    let mut is_checked = false;
    while !fields.is_empty() {
        let cut = HeaderError::Malformed("a field behind the addresses is cut off");
        let Some((&[kind, high, low], rest)) = fields.split_first_chunk::<3>() else { return Err(cut) };
        let Some((value, rest)) = rest.split_at_checked(usize::from(u16::from_be_bytes([high, low]))) else {
            return Err(cut);
        };
        if kind == CRC32C {
            let at = header.len() - rest.len() - value.len();
            if is_checked || !is_checksum(value, at, header) {
                return Err(HeaderError::Malformed("the checksum is wrong"));
            }
            is_checked = true;
        }
        fields = rest;
    }
    Ok(())
}

/// Whether `value`, which stands `at` this place, is the checksum of the header with zeros in its own place.
fn is_checksum(value: &[u8], at: usize, header: &[u8]) -> bool {
    let Ok(value) = <[u8; 4]>::try_from(value) else { return false };
    let sum = Crc32c::new().add(&header[..at]).add(&[0; 4]).add(&header[at + 4..]);
    sum.end() == u32::from_be_bytes(value)
}
