//! One connection to the proxy: a socket, TLS where it is spoken, and the requests on it.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use rustls::ClientConfig;

use super::http2::{self, Blocks};
use super::requests::Requests;
use super::response::{Progress, Response};
use crate::sockets::{self, Poll, Ready, Transfer};
use crate::tls::Session;

/// What all connections share: nothing here outlives one turn.
pub(super) struct Scratch {
    /// Bytes from a socket.
    buffer: Vec<u8>,
    /// What is to be sent, before TLS.
    plain: Vec<u8>,
    /// Begins of the requests that were answered in this turn.
    pub(super) finished: Vec<Instant>,
}

impl Scratch {
    /// Empty buffers.
    pub(super) fn new() -> Scratch {
        Scratch { buffer: vec![0; 256 * 1024], plain: Vec::new(), finished: Vec::new() }
    }

    /// Forgets what a connection left that failed.
    pub(super) fn clear(&mut self) {
        self.plain.clear();
        self.finished.clear();
    }
}

/// How requests are written.
pub(super) enum Writer {
    /// As HTTP/1.1.
    Http1(Requests),
    /// As HTTP/2.
    Http2(Blocks),
}

/// One connection.
pub(super) struct Connection {
    socket: OwnedFd,
    tls: Option<Box<Session>>,
    exchange: Exchange,
    /// Bytes that the socket has not taken yet.
    unsent: Vec<u8>,
    /// When the connection was begun.
    pub(super) opened: Instant,
    /// Whether the first request has been sent.
    pub(super) asked: bool,
    /// Whether the response is complete and the proxy has to close.
    pub(super) closing: bool,
    /// Requests that the run waits for on this connection.
    pub(super) owed: usize,
}

/// The requests on a connection.
enum Exchange {
    /// One at a time; `None` while nothing is asked.
    Http1(Option<Instant>, Response),
    /// Many at once.
    Http2(http2::Exchange),
}

impl Connection {
    /// Begins a connection, with its handshake if it has one.
    pub(super) fn open(
        target: SocketAddrV4,
        source: Option<Ipv4Addr>,
        tls: Option<&Arc<ClientConfig>>,
        writer: &Writer,
        owed: usize,
    ) -> Result<Connection> {
        let opened = Instant::now();
        let socket = sockets::connect(target, source)?;
        let mut unsent = Vec::new();
        let session = tls.map(|config| Session::begin(config, &mut unsent)).transpose().map_err(anyhow::Error::msg)?;
        let exchange = match writer {
            Writer::Http1(_) => Exchange::Http1(None, Response::default()),
            Writer::Http2(_) => Exchange::Http2(http2::Exchange::new()),
        };
        let tls = session.map(Box::new);
        Ok(Connection { socket, tls, exchange, unsent, opened, asked: false, closing: false, owed })
    }

    /// Has the set watch this connection.
    pub(super) fn watch(&self, poll: &Poll, index: usize) -> Result<()> {
        poll.add(&self.socket, index)
    }

    /// Whether requests may be sent.
    pub(super) fn may_ask(&self) -> bool {
        self.tls.as_ref().is_none_or(|session| session.may_send())
    }

    /// Whether the proxy wants no more requests here.
    pub(super) fn is_retiring(&self) -> bool {
        matches!(&self.exchange, Exchange::Http2(exchange) if exchange.is_retiring())
    }

    /// Whether the handshake resumed an earlier session; `None` without TLS.
    pub(super) fn resumed(&self) -> Option<bool> {
        self.tls.as_ref().map(|session| session.resumed())
    }

    /// Sends so many requests; the first of a connection after what opens it.
    pub(super) fn ask(
        &mut self,
        writer: &mut Writer,
        count: usize,
        started: Instant,
        scratch: &mut Scratch,
    ) -> Result<(), String> {
        if !self.asked {
            self.asked = true;
            self.begin(&mut scratch.plain)?;
        }
        for _ in 0..count {
            match (&mut self.exchange, &mut *writer) {
                (Exchange::Http1(awaited, _), Writer::Http1(requests)) => {
                    scratch.plain.extend_from_slice(requests.next());
                    *awaited = Some(started);
                }
                (Exchange::Http2(exchange), Writer::Http2(blocks)) => {
                    exchange.ask(blocks, started, &mut scratch.plain);
                }
                _ => return Err("a request of another version than the connection's".to_owned()),
            }
        }
        Ok(())
    }

    fn begin(&self, plain: &mut Vec<u8>) -> Result<(), String> {
        if let Exchange::Http2(_) = self.exchange {
            if let Some(session) = &self.tls
                && session.protocol() != Some(b"h2")
            {
                return Err("the proxy does not speak HTTP/2".to_owned());
            }
            http2::Exchange::open(plain);
        }
        Ok(())
    }

    /// Reads what is there; true when the proxy has closed. Call [`Connection::send`] afterwards.
    pub(super) fn read(&mut self, event: &Ready, body: usize, scratch: &mut Scratch) -> Result<bool, String> {
        if !event.readable {
            return Ok(false);
        }
        loop {
            let kept = self.tls.as_ref().map_or(0, |session| session.restore(&mut scratch.buffer));
            let count = match sockets::receive(&self.socket, &mut scratch.buffer[kept..]) {
                Transfer::Moved(count) => kept + count,
                Transfer::NotNow => return Ok(false),
                Transfer::Closed => return Ok(true),
            };
            let Scratch { buffer, plain, finished } = scratch;
            let exchange = &mut self.exchange;
            match &mut self.tls {
                Some(session) => session.take(&mut buffer[..count], &mut self.unsent, |bytes| {
                    exchange.take(bytes, body, finished, plain)
                })?,
                None => exchange.take(&buffer[..count], body, finished, plain)?,
            }
            if count < buffer.len() && !event.hung_up {
                return Ok(false);
            }
        }
    }

    /// Sends what requests and protocol have to say, as far as the socket takes it.
    pub(super) fn send(&mut self, scratch: &mut Scratch) -> Result<(), String> {
        match &mut self.tls {
            _ if scratch.plain.is_empty() => {}
            Some(session) => session.seal(&scratch.plain, &mut self.unsent)?,
            None => self.unsent.extend_from_slice(&scratch.plain),
        }
        scratch.plain.clear();
        if self.unsent.is_empty() {
            return Ok(());
        }
        match sockets::send(&self.socket, &self.unsent) {
            Transfer::Moved(count) => drop(self.unsent.drain(..count)),
            Transfer::NotNow => {}
            Transfer::Closed => return Err("the proxy closed a connection while it was asked".to_owned()),
        }
        Ok(())
    }

    /// Whether the proxy still holds the connection, with nothing said.
    pub(super) fn is_idle(&self, scratch: &mut Scratch) -> bool {
        sockets::receive(&self.socket, &mut scratch.buffer) == Transfer::NotNow
    }
}

impl Exchange {
    /// Takes bytes that the proxy has sent.
    fn take(
        &mut self,
        bytes: &[u8],
        body: usize,
        finished: &mut Vec<Instant>,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        match self {
            Exchange::Http1(awaited, response) => {
                let started = awaited.ok_or_else(|| format!("{} bytes that nobody asked for", bytes.len()))?;
                match response.take(bytes, body) {
                    Progress::More => {}
                    Progress::Complete => {
                        response.reset();
                        *awaited = None;
                        finished.push(started);
                    }
                    Progress::Wrong(problem) => return Err(problem),
                }
                Ok(())
            }
            Exchange::Http2(exchange) => exchange.take(bytes, body, finished, out),
        }
    }
}
