//! The floor: a relay that parses nothing, with the same socket calls as the best HTTP proxy.
//!
//! Each client connection gets a backend connection of its own; bytes are copied as they come. Nobody who uses sockets
//! can be much cheaper, so ratios to it say how much of a proxy's time is its own.

use std::net::SocketAddrV4;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::sockets::{self, Poll, Ready, Transfer};

/// Bytes moved with one call: one large hot buffer beats two reads.
const BUFFER: usize = 256 * 1024;

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
    /// Bytes for this side that its socket did not take yet.
    pending: Vec<u8>,
}

/// Relays until told to end.
pub(crate) fn run(spec: &RelaySpec) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(spec.seconds);
    let mut poll = Poll::new()?;
    let listener = sockets::listen(spec.address)?;
    poll.add_listener(&listener, usize::MAX)?;
    let mut sides: Vec<Option<Side>> = Vec::new();
    let mut free: Vec<usize> = Vec::new();
    let mut buffer = vec![0; BUFFER];
    let mut ready = Vec::new();
    let mut turns = spec.members.iter().copied().cycle();
    while Instant::now() < end {
        ready.clear();
        poll.wait(&mut ready, Duration::from_secs(1))?;
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
                        sides[index] = Some(Side { socket, pending: Vec::new() });
                    }
                }
            } else if !relay(&mut sides, event, &mut buffer) {
                let slot = event.index & !1;
                if sides[slot].take().is_some() {
                    free.push(slot);
                }
                sides[slot + 1] = None;
            }
        }
    }
    Ok(())
}

/// Sends what this side is owed and moves what it has to say to the other side; false when the pair is over.
fn relay(sides: &mut [Option<Side>], event: &Ready, buffer: &mut [u8]) -> bool {
    let (low, high) = sides.split_at_mut(event.index | 1);
    let (Some(Some(even)), Some(Some(odd))) = (low.last_mut(), high.first_mut()) else {
        return true;
    };
    let (from, to) = if event.index & 1 == 0 { (even, odd) } else { (odd, even) };
    if !from.pending.is_empty() {
        match sockets::send(&from.socket, &from.pending) {
            Transfer::Moved(count) => drop(from.pending.drain(..count)),
            Transfer::NotNow => {}
            Transfer::Closed => return false,
        }
    }
    if !event.readable {
        return true;
    }
    loop {
        let count = match sockets::receive(&from.socket, buffer) {
            Transfer::Moved(count) => count,
            Transfer::NotNow => return true,
            Transfer::Closed => return false,
        };
        let mut sent = 0;
        if to.pending.is_empty() {
            match sockets::send(&to.socket, &buffer[..count]) {
                Transfer::Moved(moved) => sent = moved,
                Transfer::NotNow => {}
                Transfer::Closed => return false,
            }
        }
        to.pending.extend_from_slice(&buffer[sent..count]);
        if count < buffer.len() && !event.hung_up {
            return true;
        }
    }
}
