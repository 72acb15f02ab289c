//! Non-blocking sockets and epoll, as backend, relay and load generator share them.
//!
//! Raw epoll rather than a runtime: what is measured beside us must not wait for us.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, sockopt};

/// Events taken from the kernel at once: more made no proxy faster and delays the first of the batch.
const EVENTS_PER_WAIT: usize = 64;

/// What a non-blocking call brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transfer {
    /// So many bytes moved.
    Moved(usize),
    /// Nothing now; readiness will tell.
    NotNow,
    /// The other side is gone.
    Closed,
}

/// An edge-triggered epoll set whose events carry an index.
pub(crate) struct Poll {
    epoll: OwnedFd,
    events: Vec<Event>,
}

/// One readiness event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ready {
    /// The index given at registration.
    pub(crate) index: usize,
    /// There is something to read (or an end to notice).
    pub(crate) readable: bool,
    /// The other side has shut down its sending half, or the socket failed.
    pub(crate) hung_up: bool,
}

impl Poll {
    /// An empty set.
    pub(crate) fn new() -> Result<Poll> {
        let epoll = epoll::create(CreateFlags::CLOEXEC).context("epoll_create")?;
        Ok(Poll { epoll, events: Vec::with_capacity(EVENTS_PER_WAIT) })
    }

    /// Watches a socket for reading and writing, edge-triggered, once and for all: no re-arming on the hot path.
    pub(crate) fn add(&self, socket: &OwnedFd, index: usize) -> Result<()> {
        let interest = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        epoll::add(&self.epoll, socket, EventData::new_u64(index as u64), interest).context("epoll_ctl add")
    }

    /// Watches a listening socket, level-triggered.
    pub(crate) fn add_listener(&self, socket: &OwnedFd, index: usize) -> Result<()> {
        epoll::add(&self.epoll, socket, EventData::new_u64(index as u64), EventFlags::IN).context("epoll_ctl add")
    }

    /// Waits for events, at most `limit`, and appends them to `ready`.
    pub(crate) fn wait(&mut self, ready: &mut Vec<Ready>, limit: Duration) -> Result<()> {
        let limit = rustix::event::Timespec {
            tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(limit.subsec_nanos()),
        };
        self.events.clear();
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut self.events), Some(&limit)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error).context("epoll_wait"),
        }
        let gone = EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR;
        ready.extend(self.events.iter().map(|event| {
            let (flags, data) = (event.flags, event.data);
            let hung_up = flags.intersects(gone);
            let readable = hung_up || flags.contains(EventFlags::IN);
            Ready { index: usize::try_from(data.u64()).unwrap_or(usize::MAX), readable, hung_up }
        }));
        Ok(())
    }
}

/// A listening socket.
pub(crate) fn listen(address: SocketAddrV4) -> Result<OwnedFd> {
    let socket = stream_socket()?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    net::bind(&socket, &address).with_context(|| format!("bind {address}"))?;
    net::listen(&socket, 4096).with_context(|| format!("listen on {address}"))?;
    Ok(socket)
}

/// The next connection of a listening socket, ready for use; `None` when there is none waiting.
pub(crate) fn accept(listener: &OwnedFd) -> Result<Option<OwnedFd>> {
    match net::accept_with(listener, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) {
        Ok(socket) => {
            sockopt::set_tcp_nodelay(&socket, true)?;
            Ok(Some(socket))
        }
        Err(Errno::AGAIN | Errno::INTR | Errno::CONNABORTED) => Ok(None),
        Err(error) => Err(error).context("accept"),
    }
}

/// Begins a connection, from a given local address if one is named.
pub(crate) fn connect(target: SocketAddrV4, source: Option<Ipv4Addr>) -> Result<OwnedFd> {
    let socket = stream_socket()?;
    sockopt::set_tcp_nodelay(&socket, true)?;
    if let Some(source) = source {
        sockopt::set_socket_reuseaddr(&socket, true)?;
        net::bind(&socket, &SocketAddrV4::new(source, 0)).with_context(|| format!("bind {source}"))?;
    }
    match net::connect(&socket, &target) {
        Ok(()) | Err(Errno::INPROGRESS) => Ok(socket),
        Err(error) => Err(error).with_context(|| format!("connect to {target}")),
    }
}

/// Reads what is there into `buffer`.
pub(crate) fn receive(socket: impl AsFd, buffer: &mut [u8]) -> Transfer {
    match net::recv(socket, buffer, RecvFlags::empty()) {
        Ok((0, _)) => Transfer::Closed,
        Ok((count, _)) => Transfer::Moved(count),
        Err(Errno::AGAIN | Errno::INTR | Errno::NOTCONN) => Transfer::NotNow,
        Err(_) => Transfer::Closed,
    }
}

/// Throws away what is there, `buffer.len()` bytes at most: nothing is copied, and nothing written into `buffer`.
pub(crate) fn discard(socket: impl AsFd, buffer: &mut [u8]) -> Transfer {
    match net::recv(socket, buffer, RecvFlags::TRUNC) {
        Ok((_, 0)) => Transfer::Closed,
        Ok((_, count)) => Transfer::Moved(count),
        Err(Errno::AGAIN | Errno::INTR | Errno::NOTCONN) => Transfer::NotNow,
        Err(_) => Transfer::Closed,
    }
}

/// Writes as much of `bytes` as the socket takes.
pub(crate) fn send(socket: impl AsFd, bytes: &[u8]) -> Transfer {
    match net::send(socket, bytes, SendFlags::NOSIGNAL) {
        Ok(count) => Transfer::Moved(count),
        Err(Errno::AGAIN | Errno::INTR | Errno::NOTCONN) => Transfer::NotNow,
        Err(_) => Transfer::Closed,
    }
}

/// Sends `count` bytes of a file, from `at` on, or as many of them as the socket takes: nothing is copied.
pub(crate) fn send_file(socket: impl AsFd, file: impl AsFd, mut at: u64, count: usize) -> Transfer {
    match rustix::fs::sendfile(socket, file, Some(&mut at), count) {
        Ok(count) => Transfer::Moved(count),
        Err(Errno::AGAIN | Errno::INTR | Errno::NOTCONN) => Transfer::NotNow,
        Err(_) => Transfer::Closed,
    }
}

fn stream_socket() -> Result<OwnedFd> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).context("socket")
}
