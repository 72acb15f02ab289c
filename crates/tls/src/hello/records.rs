//! From TLS records to the one handshake message that comes first.

use super::MAX_LENGTH;
use super::message::{CLIENT_HELLO, HEADER, length};

/// Content type of records that carry handshakes.
const HANDSHAKE: u8 = 22;
/// Content type, version, length.
const RECORD_HEADER: usize = 5;
/// The most a record carries (RFC 8446 5.1).
const MAX_RECORD: usize = 1 << 14;
/// The longest message that is read, with its header.
const MAX_MESSAGE: usize = 16 * 1024;

/// What has been read of a connection's first records.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// All bytes so far.
    count: usize,
    /// The header of the present record, as far as it is there.
    header: [u8; RECORD_HEADER],
    header_length: usize,
    /// What is missing of the present record's content.
    missing: usize,
    /// The message, as far as it is there; what may follow it in its last record is not kept.
    message: Vec<u8>,
}

impl Records {
    /// Reads on. The message once it is whole; an error as soon as it cannot become one.
    pub(super) fn add(&mut self, mut new: &[u8]) -> Result<Option<&[u8]>, &'static str> {
        while !new.is_empty() && !self.is_whole() {
            let taken = if self.missing == 0 { self.read_header(new)? } else { self.read_content(new)? };
            self.count += taken;
            if self.count > MAX_LENGTH {
                return Err("the ClientHello is spread over too many records");
            }
            new = new.get(taken..).unwrap_or_default();
        }
        Ok(self.is_whole().then_some(&self.message))
    }

    pub(super) fn into_message(self) -> Vec<u8> {
        self.message
    }

    /// Takes bytes of a record's header; returns how many.
    fn read_header(&mut self, new: &[u8]) -> Result<usize, &'static str> {
        let room = &mut self.header[self.header_length..];
        let taken = room.len().min(new.len());
        room[..taken].copy_from_slice(&new[..taken]);
        self.header_length += taken;
        let [kind, major, _minor, high, low] = self.header;
        if kind != HANDSHAKE || (self.header_length > 1 && major != 3) {
            return Err("what came first is no TLS handshake");
        }
        if self.header_length == RECORD_HEADER {
            self.header_length = 0;
            self.missing = usize::from(u16::from_be_bytes([high, low]));
            if self.missing == 0 || self.missing > MAX_RECORD {
                return Err("the length of a TLS record is none there can be");
            }
        }
        Ok(taken)
    }

    /// Takes bytes of a record's content, up to the end of the message; returns how many.
    fn read_content(&mut self, new: &[u8]) -> Result<usize, &'static str> {
        // The message's own header comes first, since it says how much belongs to it.
        let end = length(&self.message).unwrap_or(HEADER);
        let taken = self.missing.min(new.len()).min(end - self.message.len());
        self.message.extend_from_slice(&new[..taken]);
        self.missing -= taken;
        if self.message.first().is_some_and(|kind| *kind != CLIENT_HELLO) {
            return Err("what came first is no ClientHello");
        }
        if length(&self.message).is_some_and(|length| length > MAX_MESSAGE) {
            return Err("the ClientHello is longer than 16 KiB");
        }
        Ok(taken)
    }

    fn is_whole(&self) -> bool {
        length(&self.message).is_some_and(|length| length == self.message.len())
    }
}
