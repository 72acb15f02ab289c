//! One end of a connection: a socket, TLS where it is spoken, and what the socket has not taken yet.

use std::os::fd::OwnedFd;

use anyhow::Result;
use rustix::net::Shutdown;

use crate::sockets::{self, Poll, Transfer};
use crate::tls::Session;

/// Room for bytes that are looked at.
const LOOKED_AT: usize = 256 * 1024;
/// Bytes thrown away with one call.
const THROWN_AWAY: usize = 4 << 20;

/// Buffers that all endpoints of a process share: nothing in them outlives one call.
pub(super) struct Scratch {
    looked_at: Vec<u8>,
    /// Given to the kernel, which writes nothing into it: it takes no memory.
    thrown_away: Vec<u8>,
}

impl Scratch {
    /// Empty buffers.
    pub(super) fn new() -> Scratch {
        Scratch { looked_at: vec![0; LOOKED_AT], thrown_away: vec![0; THROWN_AWAY] }
    }
}

/// What one call brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Got {
    /// Bytes as they were on the wire.
    Bytes {
        /// How many.
        wire: usize,
        /// Whether that was all there is for now.
        all: bool,
    },
    /// Nothing now; readiness will tell.
    Nothing,
    /// The other side has closed.
    Closed,
}

/// One end.
pub(super) struct Endpoint {
    socket: OwnedFd,
    tls: Option<Box<Session>>,
    unsent: Vec<u8>,
    /// How much of `unsent` has left.
    sent: usize,
}

impl Endpoint {
    /// An end of which TLS has to send `unsent` first.
    pub(super) fn new(socket: OwnedFd, tls: Option<Session>, unsent: Vec<u8>) -> Endpoint {
        Endpoint { socket, tls: tls.map(Box::new), unsent, sent: 0 }
    }

    /// Has the set watch this end.
    pub(super) fn watch(&self, poll: &Poll, index: usize) -> Result<()> {
        poll.add(&self.socket, index)
    }

    /// Whether messages may be sent: the handshake is over, if there is one.
    pub(super) fn may_send(&self) -> bool {
        self.tls.as_ref().is_none_or(|tls| tls.may_send())
    }

    /// Whether the handshake resumed an earlier session; `None` without TLS.
    pub(super) fn resumed(&self) -> Option<bool> {
        self.tls.as_ref().map(|tls| tls.resumed())
    }

    /// Bytes of the wire that were read and are not a whole record yet.
    pub(super) fn kept(&self) -> usize {
        self.tls.as_ref().map_or(0, |tls| tls.kept())
    }

    /// The session, where TLS is spoken.
    pub(super) fn tls(&mut self) -> Option<&mut Session> {
        self.tls.as_deref_mut()
    }

    /// Sends a message; what the socket does not take now is kept.
    pub(super) fn say(&mut self, message: &[u8]) -> Result<(), String> {
        if let Some(tls) = &mut self.tls {
            tls.seal(message, &mut self.unsent)?;
        } else {
            let taken = if self.unsent.is_empty() { self.send(message)? } else { 0 };
            self.unsent.extend_from_slice(&message[taken..]);
        }
        self.flush().map(drop)
    }

    /// Sends what was kept; true when nothing is left.
    pub(super) fn flush(&mut self) -> Result<bool, String> {
        if self.unsent.is_empty() {
            return Ok(true);
        }
        self.sent += self.send(&self.unsent[self.sent..])?;
        let all = self.sent == self.unsent.len();
        if all {
            self.unsent.clear();
            self.sent = 0;
        }
        Ok(all)
    }

    /// Gives bytes to the socket as they are; returns how many it took.
    pub(super) fn send(&self, wire: &[u8]) -> Result<usize, String> {
        taken(sockets::send(&self.socket, wire))
    }

    /// Gives `count` bytes of a file to the socket, from `at` on; returns how many it took.
    pub(super) fn send_file(&self, file: &OwnedFd, at: u64, count: usize) -> Result<usize, String> {
        taken(sockets::send_file(&self.socket, file, at, count))
    }

    /// Reads once and hands on what it brought.
    pub(super) fn read(
        &mut self,
        scratch: &mut Scratch,
        mut plain: impl FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<Got, String> {
        let buffer = &mut scratch.looked_at;
        let kept = self.tls.as_ref().map_or(0, |tls| tls.restore(buffer));
        let wire = match sockets::receive(&self.socket, &mut buffer[kept..]) {
            Transfer::Moved(count) => count,
            Transfer::NotNow => return Ok(Got::Nothing),
            Transfer::Closed => return Ok(Got::Closed),
        };
        let whole = kept + wire;
        match &mut self.tls {
            Some(tls) => tls.take(&mut buffer[..whole], &mut self.unsent, plain)?,
            None => plain(&buffer[..whole])?,
        }
        Ok(Got::Bytes { wire, all: whole < buffer.len() })
    }

    /// Throws away what is there, without a look at it.
    pub(super) fn discard(&self, scratch: &mut Scratch) -> Got {
        match sockets::discard(&self.socket, &mut scratch.thrown_away) {
            Transfer::Moved(wire) => Got::Bytes { wire, all: wire < THROWN_AWAY },
            Transfer::NotNow => Got::Nothing,
            Transfer::Closed => Got::Closed,
        }
    }

    /// Says that nothing more will be sent.
    pub(super) fn finish(&self) -> Result<(), String> {
        rustix::net::shutdown(&self.socket, Shutdown::Write).map_err(|error| format!("shutdown: {error}"))
    }

    /// Whether the other side still holds the connection, with nothing said.
    pub(super) fn is_idle(&self, scratch: &mut Scratch) -> bool {
        sockets::receive(&self.socket, &mut scratch.looked_at) == Transfer::NotNow
    }
}

/// How much of what was sent left.
fn taken(transfer: Transfer) -> Result<usize, String> {
    match transfer {
        Transfer::Moved(count) => Ok(count),
        Transfer::NotNow => Ok(0),
        Transfer::Closed => Err("the other side closed while it was sent to".to_owned()),
    }
}
