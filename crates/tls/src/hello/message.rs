//! The parts of a ClientHello.

use super::Bytes;

/// ClientHello, as the handshake layer numbers its messages.
pub(super) const CLIENT_HELLO: u8 = 1;
/// Kind and length of a handshake message, in bytes.
pub(super) const HEADER: usize = 4;

/// Numbers of extensions.
pub(crate) const SERVER_NAME: u16 = 0;
pub(crate) const ALPN: u16 = 16;

/// A ClientHello whose outer lengths are right; what stands in the extensions is still to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientHello<'a> {
    /// `legacy_version`: `0x0303` from TLS 1.2 on.
    pub(crate) version: u16,
    /// The cipher suites, two bytes each.
    pub(crate) ciphers: &'a [u8],
    extensions: &'a [u8],
}

/// How long a handshake message is, with its header, by its first bytes. `None` while they are not there.
pub(super) fn length(message: &[u8]) -> Option<usize> {
    let mut bytes = Bytes(message);
    bytes.u8()?;
    Some(HEADER + bytes.u24()?)
}

impl<'a> ClientHello<'a> {
    /// Reads a whole handshake message.
    pub(crate) fn parse(message: &'a [u8]) -> Option<Self> {
        let mut message = Bytes(message);
        if message.u8()? != CLIENT_HELLO || message.u24()? != message.0.len() {
            return None;
        }
        let version = message.u16()?;
        let _random = message.take(32)?;
        let session = message.short()?;
        let ciphers = message.long()?;
        let compressions = message.short()?;
        // TLS 1.2 clients may leave out the whole block.
        let extensions = if message.0.is_empty() { &[] } else { message.only_long()?.0 };
        let is_sound = session.len() <= 32 && !ciphers.is_empty() && ciphers.len() % 2 == 0 && !compressions.is_empty();
        let mut rest = Bytes(extensions);
        while !rest.0.is_empty() {
            extension(&mut rest)?;
        }
        is_sound.then_some(Self { version, ciphers, extensions })
    }

    /// Number and content of each extension, in the order in which they stand.
    pub(crate) fn extensions(&self) -> impl Iterator<Item = (u16, &'a [u8])> + use<'a> {
        let mut rest = Bytes(self.extensions);
        std::iter::from_fn(move || extension(&mut rest))
    }
}

fn extension<'a>(bytes: &mut Bytes<'a>) -> Option<(u16, &'a [u8])> {
    Some((bytes.u16()?, bytes.long()?))
}

/// The names in an ALPN extension, of which there is one at least and none is empty.
pub(super) fn protocols(content: &[u8]) -> Option<Vec<&[u8]>> {
    let mut list = Bytes(content).only_long()?;
    let mut protocols = Vec::with_capacity(2);
    while !list.0.is_empty() {
        protocols.push(list.short().filter(|name| !name.is_empty())?);
    }
    (!protocols.is_empty()).then_some(protocols)
}
