//! A worker's connections to servers: idle ones kept for reuse, new ones made.
//!
//! One set for each worker, never shared: taking and giving back is a push and a pop. Last in, first out, so that the
//! connection in use is the one whose state is warm and surplus ones grow old and are closed.

mod stream;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use foldhash::fast::RandomState;
use tls::connector::{Connector, ServerTlsError};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

pub use stream::{ServerStream, poll_ended};

/// A connection to a server, owned by one exchange or idle.
#[derive(Debug)]
pub struct Link {
    /// The socket, with TLS or without. Borrowed only inside a poll.
    pub stream: RefCell<ServerStream>,
    /// Our own port, for the access log.
    pub local_port: u16,
    /// Exchanges completed on it before this one.
    pub used: u32,
    /// The name that was sent in the TLS handshake, if any: the server answers for that name alone.
    name: Option<Arc<str>>,
    counted: Counted,
}

/// A connection as its worker counts it, for as long as this lives.
#[derive(Debug)]
pub struct Counted(Rc<Cell<u64>>);

impl Counted {
    fn new(open: &Rc<Cell<u64>>) -> Self {
        open.set(open.get() + 1);
        Self(Rc::clone(open))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

#[derive(Debug)]
struct Idle {
    link: Link,
    /// Milliseconds on the worker's clock.
    since: u64,
}

/// Why no connection was made.
#[derive(Debug)]
pub enum ConnectError {
    /// No TCP connection.
    Tcp(io::Error),
    /// No TLS on it.
    Tls(ServerTlsError),
}

/// The idle connections of one worker, by server.
#[derive(Debug, Default)]
pub struct Connections {
    idle: RefCell<HashMap<u64, Vec<Idle>, RandomState>>,
    open: Rc<Cell<u64>>,
}

impl Connections {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// An idle connection to a server, made with this name in its TLS handshake. One that has turned readable was
    /// closed by the server, or is out of step with it: bytes nobody asked for must not be taken for the next answer.
    /// Such a one is dropped.
    #[inline]
    pub fn checkout(&self, server: u64, name: Option<&str>) -> Option<Link> {
        let mut idle = self.idle.borrow_mut();
        let list = idle.get_mut(&server)?;
        loop {
            // Without TLS, and with one name for all, the last one fits.
            let link = match list.last()? {
                last if last.link.name.as_deref() == name => list.pop()?.link,
                _ => take_named(list, name)?,
            };
            if !link.stream.borrow_mut().has_stirred() {
                return Some(link);
            }
        }
    }

    /// Keeps a connection for reuse. When the server has `limit` idle ones already it is closed; with TLS the oldest
    /// is instead, since names come from clients and those of yesterday must not keep out those of today.
    #[inline]
    pub fn put_back(&self, server: u64, mut link: Link, now: u64, limit: usize) {
        let mut idle = self.idle.borrow_mut();
        let list = idle.entry(server).or_default();
        if list.len() >= limit {
            if link.name.is_none() || limit == 0 {
                return;
            }
            list.remove(0);
        }
        link.used = link.used.saturating_add(1);
        list.push(Idle { link, since: now });
    }

    /// Closes connections that have been idle since before `oldest`, that have turned readable, or whose server is
    /// not wanted any more.
    pub fn sweep(&self, oldest: u64, wanted: impl Fn(u64) -> bool) {
        self.idle.borrow_mut().retain(|&server, list| {
            if !wanted(server) {
                return false;
            }
            list.retain(|idle| idle.since >= oldest && !idle.link.stream.borrow_mut().has_stirred());
            !list.is_empty()
        });
    }

    /// Connections that exist now, idle ones and those in use.
    pub fn open(&self) -> u64 {
        self.open.get()
    }

    /// Makes a new connection, which begins with `header`; with `tls` a TLS connection on it, to which the name is
    /// sent. Without a deadline of its own: the caller's covers all.
    ///
    /// # Errors
    /// The server cannot be reached, or TLS with it failed.
    pub async fn connect(
        &self,
        address: SocketAddr,
        tls: Option<(&Connector, Option<&str>)>,
        header: &[u8],
    ) -> Result<Link, ConnectError> {
        let mut tcp = TcpStream::connect(address).await.map_err(ConnectError::Tcp)?;
        tcp.set_nodelay(true).map_err(ConnectError::Tcp)?;
        if !header.is_empty() {
            tcp.write_all(header).await.map_err(ConnectError::Tcp)?;
        }
        let local_port = tcp.local_addr().map_or(0, |local| local.port());
        let (stream, name) = match tls {
            None => (ServerStream::Plain(tcp), None),
            Some((connector, name)) => {
                // A handshake is rare and its future large: not in every exchange.
                let secured = Box::pin(connector.connect(name, address.ip(), tcp)).await;
                (ServerStream::Tls(Box::new(secured.map_err(ConnectError::Tls)?)), name.map(Arc::from))
            }
        };
        Ok(Link { stream: RefCell::new(stream), local_port, used: 0, name, counted: Counted::new(&self.open) })
    }
}

/// The newest connection with this name.
#[cold]
fn take_named(list: &mut Vec<Idle>, name: Option<&str>) -> Option<Link> {
    let at = list.iter().rposition(|idle| idle.link.name.as_deref() == name)?;
    Some(list.remove(at).link)
}

impl Link {
    /// The connection itself, for who keeps it to its end.
    pub fn into_parts(self) -> (ServerStream, Counted) {
        (self.stream.into_inner(), self.counted)
    }

    /// Looks at the socket itself, not at what the event loop knows: true when the server has closed. One system call,
    /// for requests that cannot be sent twice.
    pub fn is_closed(&self) -> bool {
        self.stream.borrow_mut().has_stirred_by_now()
    }
}

#[cfg(test)]
mod tests;
