//! The floor: a relay that parses nothing, with the same socket calls as the best HTTP proxy.
//!
//! Each client connection gets a backend connection of its own; bytes are copied as they come. Nobody who uses sockets
//! can be much cheaper, so ratios to it say how much of a proxy's time is its own.

use std::net::SocketAddrV4;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::sockets::{self, Poll, Ready, Transfer};

/// Bytes moved with one call: one large hot buffer beats two reads.
const BUFFER: usize = 256 * 1024;
/// Reads in a row from one side before others have their turn.
const TURNS: usize = 16;

/// What the relay process is told.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RelaySpec {
    /// Where clients come in.
    pub(crate) address: SocketAddrV4,
    /// The members, taken in turn.
    pub(crate) members: Vec<SocketAddrV4>,
    /// The relay ends by itself after this many seconds.
    pub(crate) seconds: u64,
}

/// One side of a pair: side `n` is joined to side `n ^ 1`.
struct Side {
    socket: OwnedFd,
    /// Bytes for this side that its socket did not take yet, from `sent` on.
    pending: Vec<u8>,
    sent: usize,
    /// Whether there was more to read than the other side could take.
    held: bool,
}

/// What is next for a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// An event will tell.
    Wait,
    /// There is more to read at once.
    Again,
    /// It is over.
    End,
}

/// Relays until time is up.
pub(crate) fn run(spec: &RelaySpec) -> Result<()> {
    relay_until(spec, &AtomicBool::new(false))
}

/// Relays until told to end, which takes a connection to be noticed at once.
pub(crate) fn relay_until(spec: &RelaySpec, told: &AtomicBool) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(spec.seconds);
    let mut poll = Poll::new()?;
    let listener = sockets::listen(spec.address)?;
    poll.add_listener(&listener, usize::MAX)?;
    let mut sides: Vec<Option<Side>> = Vec::new();
    let mut free: Vec<usize> = Vec::new();
    let mut buffer = vec![0; BUFFER];
    let (mut ready, mut again) = (Vec::new(), Vec::new());
    let mut turns = spec.members.iter().copied().cycle();
    while Instant::now() < end && !told.load(Ordering::Relaxed) {
        ready.clear();
        ready.append(&mut again);
        let patience = if ready.is_empty() { Duration::from_secs(1) } else { Duration::ZERO };
        poll.wait(&mut ready, patience)?;
        for event in &ready {
            if event.index == usize::MAX {
                while let (Some(client), Some(member)) = (sockets::accept(&listener)?, turns.next()) {
                    let server = sockets::connect(member, None)?;
                    let slot = free.pop().unwrap_or_else(|| {
                        sides.extend([None, None]);
                        sides.len() - 2
                    });
                    for (index, socket) in [(slot, client), (slot + 1, server)] {
                        poll.add(&socket, index)?;
                        sides[index] = Some(Side { socket, pending: Vec::new(), sent: 0, held: false });
                    }
                }
                continue;
            }
            match relay(&mut sides, event, &mut buffer) {
                Next::Wait => {}
                Next::Again => again.push(Ready { readable: true, ..*event }),
                Next::End => {
                    let slot = event.index & !1;
                    if sides[slot].take().is_some() {
                        free.push(slot);
                    }
                    sides[slot + 1] = None;
                }
            }
        }
    }
    Ok(())
}

/// Sends what this side is owed and moves what it has to say to the other side.
fn relay(sides: &mut [Option<Side>], event: &Ready, buffer: &mut [u8]) -> Next {
    let (low, high) = sides.split_at_mut(event.index | 1);
    let (Some(Some(even)), Some(Some(odd))) = (low.last_mut(), high.first_mut()) else {
        return Next::Wait;
    };
    let (this, other) = if event.index & 1 == 0 { (even, odd) } else { (odd, even) };
    if !this.flush() {
        return Next::End;
    }
    let mut next = Next::Wait;
    if this.pending.is_empty() && std::mem::take(&mut other.held) {
        // Its events are past: read to the end of what is there.
        next = pump(other, this, true, buffer);
        if next == Next::Again {
            other.held = true;
        }
    }
    if event.readable && next != Next::End {
        let read = pump(this, other, event.hung_up, buffer);
        next = if read == Next::Wait { next } else { read };
    }
    next
}

/// Moves what one side has to say to the other, until there is nothing left or the other has enough.
fn pump(from: &mut Side, to: &mut Side, to_the_end: bool, buffer: &mut [u8]) -> Next {
    for _ in 0..TURNS {
        if !to.pending.is_empty() {
            from.held = true;
            return Next::Wait;
        }
        let count = match sockets::receive(&from.socket, buffer) {
            Transfer::Moved(count) => count,
            Transfer::NotNow => return Next::Wait,
            Transfer::Closed => return Next::End,
        };
        match sockets::send(&to.socket, &buffer[..count]) {
            Transfer::Moved(sent) => to.pending.extend_from_slice(&buffer[sent..count]),
            Transfer::NotNow => to.pending.extend_from_slice(&buffer[..count]),
            Transfer::Closed => return Next::End,
        }
        if count < buffer.len() && !to_the_end {
            return Next::Wait;
        }
    }
    Next::Again
}

impl Side {
    /// Sends what is pending; false when the other end is gone.
    fn flush(&mut self) -> bool {
        if self.pending.is_empty() {
            return true;
        }
        match sockets::send(&self.socket, &self.pending[self.sent..]) {
            Transfer::Moved(count) => self.sent += count,
            Transfer::NotNow => {}
            Transfer::Closed => return false,
        }
        if self.sent == self.pending.len() {
            self.pending.clear();
            self.sent = 0;
        }
        true
    }
}
