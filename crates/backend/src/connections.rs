//! A worker's connections to servers: idle ones kept for reuse, new ones made.
//!
//! One set for each worker, never shared: taking and giving back is a push and a pop. Last in, first out, so that the
//! connection in use is the one whose state is warm and surplus ones grow old and are closed.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Waker};

use foldhash::fast::RandomState;
use tokio::net::TcpStream;

/// A connection to a server, owned by one exchange or idle.
#[derive(Debug)]
pub struct Link {
    /// The socket. Borrowed only inside a poll.
    pub stream: RefCell<TcpStream>,
    /// Our own port, for the access log.
    pub local_port: u16,
    /// Exchanges completed on it before this one.
    pub used: u32,
    open: Rc<Cell<u64>>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.open.set(self.open.get() - 1);
    }
}

#[derive(Debug)]
struct Idle {
    link: Link,
    /// Milliseconds on the worker's clock.
    since: u64,
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

    /// An idle connection to a server. One that has turned readable was closed by the server, or is out of step with
    /// it: bytes nobody asked for must not be taken for the next answer. Such a one is dropped.
    #[inline]
    pub fn checkout(&self, server: u64) -> Option<Link> {
        let mut idle = self.idle.borrow_mut();
        let list = idle.get_mut(&server)?;
        while let Some(Idle { link, .. }) = list.pop() {
            if !stirred(&link) {
                return Some(link);
            }
        }
        None
    }

    /// Keeps a connection for reuse, or closes it when the server has `limit` idle ones already.
    #[inline]
    pub fn put_back(&self, server: u64, mut link: Link, now: u64, limit: usize) {
        let mut idle = self.idle.borrow_mut();
        let list = idle.entry(server).or_default();
        if list.len() < limit {
            link.used = link.used.saturating_add(1);
            list.push(Idle { link, since: now });
        }
    }

    /// Closes connections that have been idle since before `oldest`, that have turned readable, or whose server is
    /// not wanted any more.
    pub fn sweep(&self, oldest: u64, wanted: impl Fn(u64) -> bool) {
        self.idle.borrow_mut().retain(|&server, list| {
            if !wanted(server) {
                return false;
            }
            list.retain(|idle| idle.since >= oldest && !stirred(&idle.link));
            !list.is_empty()
        });
    }

    /// Connections that exist now, idle ones and those in use.
    pub fn open(&self) -> u64 {
        self.open.get()
    }

    /// Makes a new connection.
    pub async fn connect(&self, address: SocketAddr) -> io::Result<Link> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let local_port = stream.local_addr().map_or(0, |local| local.port());
        self.open.set(self.open.get() + 1);
        Ok(Link { stream: RefCell::new(stream), local_port, used: 0, open: Rc::clone(&self.open) })
    }
}

impl Link {
    /// Looks at the socket itself, not at what the event loop knows: true when the server has closed. One system call,
    /// for requests that cannot be sent twice.
    pub fn is_closed(&self) -> bool {
        let stream = self.stream.borrow();
        let socket = socket2::SockRef::from(&*stream);
        let mut byte = [std::mem::MaybeUninit::uninit()];
        match socket.peek(&mut byte) {
            Ok(_) => true,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }
}

fn stirred(link: &Link) -> bool {
    link.stream.borrow().poll_read_ready(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    async fn pair(connections: &Connections) -> (Link, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let link = connections.connect(listener.local_addr().unwrap()).await.unwrap();
        (link, listener.accept().await.unwrap().0)
    }

    #[tokio::test]
    async fn an_idle_connection_comes_back_to_the_same_server_only() {
        let connections = Connections::new();
        let (link, _peer) = pair(&connections).await;
        connections.put_back(1, link, 0, 10);
        assert!(connections.checkout(2).is_none());
        assert_eq!(connections.checkout(1).map(|link| link.used), Some(1));
        assert_eq!(connections.open(), 0);
    }

    #[tokio::test]
    async fn a_connection_with_unasked_bytes_is_dropped() {
        let connections = Connections::new();
        let (link, mut peer) = pair(&connections).await;
        peer.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        std::future::poll_fn(|context| link.stream.borrow().poll_read_ready(context)).await.unwrap();
        connections.put_back(1, link, 0, 10);
        assert!(connections.checkout(1).is_none());
    }

    #[tokio::test]
    async fn a_closed_connection_is_seen_without_the_event_loop() {
        let connections = Connections::new();
        let (link, peer) = pair(&connections).await;
        assert!(!link.is_closed());
        drop(peer);
        std::future::poll_fn(|context| link.stream.borrow().poll_read_ready(context)).await.unwrap();
        assert!(link.is_closed());
    }

    #[tokio::test]
    async fn old_connections_and_those_beyond_the_limit_are_closed() {
        let connections = Connections::new();
        let (first, _a) = pair(&connections).await;
        let (second, _b) = pair(&connections).await;
        connections.put_back(1, first, 5, 1);
        connections.put_back(1, second, 5, 1);
        assert_eq!(connections.open(), 1);
        connections.sweep(6, |_| true);
        assert_eq!(connections.open(), 0);
    }
}
