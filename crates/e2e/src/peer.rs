//! A fake server's end of a connection, and what was asked on it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::duplex::{Hear, Say};
use crate::farm::Shared;
use crate::message::Head;
use crate::wire::{Broken, Wire};

/// A request as a server got it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The target.
    pub target: String,
    /// Everything before the content.
    pub head: Head,
    /// The content, where the server read it.
    pub body: Vec<u8>,
    /// Which server of its farm got it.
    pub server: usize,
    /// Which connection of the farm it came on.
    pub connection: usize,
    /// The gateway's address on that connection.
    pub from: SocketAddr,
    /// The name that the gateway asked for in its TLS handshake.
    pub server_name: Option<String>,
}

impl Request {
    /// The value of a field that stands once.
    #[track_caller]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.field(name)
    }
}

/// A connection that the gateway opened.
pub struct Peer {
    /// The connection itself.
    pub wire: Wire,
    /// Which server of the farm it belongs to.
    pub server: usize,
    /// Which connection of the farm it is.
    pub connection: usize,
    pub(crate) server_name: Option<String>,
    pub(crate) shared: Arc<Shared>,
}

impl Peer {
    /// The next request's head. `Ok(None)` when the gateway has closed.
    pub fn request(&mut self) -> io::Result<Option<Request>> {
        let head = match self.wire.head() {
            Ok(head) => head,
            Err(Broken::Closed | Broken::Silent) => return Ok(None),
            Err(Broken::Malformed(why)) => panic!("the gateway sent a malformed head: {why}"),
            Err(broken) => return Err(broken.into()),
        };
        let mut parts = head.start.split(' ').map(str::to_owned);
        let (Some(method), Some(target), Some("HTTP/1.1"), None) =
            (parts.next(), parts.next(), parts.next().as_deref(), parts.next())
        else {
            panic!("the gateway sent a malformed request line: {:?}", head.start);
        };
        let from = self.wire.stream().peer_addr()?;
        let (server, connection) = (self.server, self.connection);
        let server_name = self.server_name.clone();
        Ok(Some(Request { method, target, head, body: Vec::new(), server, connection, from, server_name }))
    }

    /// The content of a request; also kept in the farm's record.
    pub fn body(&mut self, request: &Request) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        self.body_with(request, |piece| body.extend_from_slice(piece))?;
        self.shared.keep_body(self.connection, &body);
        Ok(body)
    }

    /// The content of a request, piece by piece.
    pub fn body_with(&mut self, request: &Request, take: impl FnMut(&[u8])) -> io::Result<()> {
        if request.head.chunked() {
            assert!(!request.head.has("content-length"), "two framings: {:?}", request.head.text);
            let trailers = self.wire.chunks(take)?;
            assert!(trailers.is_empty(), "the gateway sent trailers on: {trailers:?}");
        } else if let Some(length) = request.head.length() {
            self.wire.exactly(length, take)?;
        }
        Ok(())
    }

    /// Takes the directions of the connection apart. The script has it no more.
    pub fn split(&mut self) -> (Say, Hear) {
        let copy = Wire::new(self.wire.stream().try_clone().unwrap());
        std::mem::replace(&mut self.wire, copy).split()
    }

    /// Writes bytes.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.wire.send(bytes)
    }

    /// Answers 200 with a body that says which server this is and what it got.
    pub fn echo(&mut self, request: &Request) -> io::Result<()> {
        let body = self.body(request)?;
        let mut text = request.head.text.clone().into_bytes();
        text.extend_from_slice(&body);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Server: {}\r\nX-Target: {}\r\nContent-Length: {}\r\n\r\n",
            self.server,
            request.target,
            text.len()
        );
        self.send(head)?;
        if request.method == "HEAD" { Ok(()) } else { self.send(text) }
    }

    /// Says nothing until the gateway closes the connection; then the connection is over.
    pub fn hold(&mut self) -> io::Result<()> {
        let _ = self.wire.rest()?;
        self.shared.left(self.connection);
        close()
    }
}

/// What a script returns to end its connection.
pub fn close<T>() -> io::Result<T> {
    Err(io::ErrorKind::ConnectionAborted.into())
}

impl Peer {
    /// Makes the end of the connection a reset, and ends it.
    pub fn reset<T>(&mut self) -> io::Result<T> {
        socket2::SockRef::from(self.wire.stream()).set_linger(Some(std::time::Duration::ZERO))?;
        close()
    }
}
