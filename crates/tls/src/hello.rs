//! What a client says first in TLS, read without answering it: for routing by the name asked for, and for fingerprints.
//!
//! Source: RFC 8446 4.1.2 and 5.1, RFC 6066 3 (server names), RFC 7301 3.1 (ALPN). Strict, so that whoever the bytes
//! are passed on to does not read another name in them: everything has the length it says and occurs once.

mod bytes;
mod message;
mod records;
mod server_name;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

pub(crate) use bytes::Bytes;
pub(crate) use message::{ALPN, ClientHello, SERVER_NAME};

use message::protocols;
use records::Records;

/// The most bytes of a connection that are read before its ClientHello must have ended: one of 16 KiB, and what the
/// records around it take, unless they are many.
pub const MAX_LENGTH: usize = 20 * 1024;

/// What a connection has begun with so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// What may become a ClientHello.
    NeedMore,
    /// Something else, or a ClientHello that no one should believe; why.
    NotTls(&'static str),
    /// A ClientHello.
    Hello(Asked),
}

/// What a ClientHello asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The name of the server, lower case, without trailing dot. `None`: none was sent, or an address.
    pub server_name: Option<String>,
    /// The protocols that are offered, in order of preference.
    pub alpn: Vec<Box<[u8]>>,
}

/// Reads a ClientHello whose bytes come in pieces. Each byte is looked at once when it comes, and once more when all
/// are there.
#[derive(Debug, Default)]
pub struct HelloReader(Records);

impl HelloReader {
    /// Reads on with the bytes that have come since the last call. After anything but [`Opening::NeedMore`] there is
    /// nothing more to read.
    pub fn add(&mut self, new: &[u8]) -> Opening {
        match self.0.add(new) {
            Ok(None) => Opening::NeedMore,
            Ok(Some(message)) => asked(message).map_or_else(Opening::NotTls, Opening::Hello),
            Err(why) => Opening::NotTls(why),
        }
    }
}

/// The handshake message in TLS records that hold a ClientHello at least. `None` when they do not.
pub(crate) fn message(records: &[u8]) -> Option<Vec<u8>> {
    let mut reader = Records::default();
    reader.add(records).ok()??;
    Some(reader.into_message())
}

fn asked(message: &[u8]) -> Result<Asked, &'static str> {
    let hello = ClientHello::parse(message).ok_or("the ClientHello is malformed")?;
    let mut kinds: Vec<u16> = hello.extensions().map(|(kind, _)| kind).collect();
    kinds.sort_unstable();
    if kinds.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("an extension of the ClientHello stands twice");
    }
    let mut asked = Asked::default();
    for (kind, content) in hello.extensions() {
        match kind {
            SERVER_NAME => {
                asked.server_name = server_name::read(content).ok_or("the server name is malformed")?;
            }
            ALPN => {
                let protocols = protocols(content).ok_or("the list of protocols is malformed")?;
                asked.alpn = protocols.into_iter().map(Into::into).collect();
            }
            _ => {}
        }
    }
    Ok(asked)
}
