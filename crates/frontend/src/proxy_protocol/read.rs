//! A header from a socket, and nothing else from it.

use std::io;

use tokio::net::TcpStream;

use super::v1::MAX_LENGTH;
use super::v2::FIXED;
use super::{HeaderError, Parsed, Proxied, parse};

/// How much is looked at together, in bytes: most headers are there in one piece and are shorter.
const GLANCE: usize = 256;

/// Takes the header off a connection that must begin with one. Bytes are looked at before they are taken, so that none
/// of the client's own is; what is there of a header that has not ended is taken, since a socket whose bytes are only
/// looked at is readable all the time. Without a deadline of its own: the caller's covers it.
///
/// # Errors
/// There is no header, or none to be believed. The bytes that were taken are gone, so the connection is of no more use.
pub async fn read(stream: &TcpStream) -> Result<Proxied, HeaderError> {
    let mut bytes = Vec::with_capacity(GLANCE);
    loop {
        let had = bytes.len();
        bytes.resize(had + GLANCE, 0);
        let seen = match stream.peek(&mut bytes[had..]).await {
            Ok(0) => return Err(HeaderError::Closed),
            Ok(count) => had + count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => had,
            Err(error) => return Err(HeaderError::Broken(error.kind())),
        };
        let end = end(&bytes[..seen]);
        bytes.truncate(end);
        take(stream, &mut bytes[had..]).await?;
        if let Parsed::Whole { proxied, .. } = parse(&bytes)? {
            return Ok(proxied);
        }
    }
}

/// How many of these bytes are the header's, whatever is missing of it.
fn end(bytes: &[u8]) -> usize {
    let end = match bytes.first() {
        Some(b'\r') => match bytes.get(FIXED - 2..FIXED) {
            Some(&[high, low]) => FIXED + usize::from(u16::from_be_bytes([high, low])),
            _ => FIXED,
        },
        _ => bytes.iter().position(|byte| *byte == b'\n').map_or(MAX_LENGTH, |at| at + 1),
    };
    end.min(bytes.len())
}

/// Takes bytes that are there.
async fn take(stream: &TcpStream, mut bytes: &mut [u8]) -> Result<(), HeaderError> {
    while !bytes.is_empty() {
        match stream.try_read(bytes) {
            Ok(0) => return Err(HeaderError::Closed),
            Ok(count) => bytes = &mut bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                stream.readable().await.map_err(|error| HeaderError::Broken(error.kind()))?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(HeaderError::Broken(error.kind())),
        }
    }
    Ok(())
}
