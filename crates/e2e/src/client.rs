//! A client that says exactly what it is told to, and reads answers strictly.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};

use socket2::{Domain, Socket, Type};

use crate::message::Head;
use crate::wait::PATIENCE;
use crate::wire::{Broken, Wire};

/// How an answer was delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    None,
    /// By its length.
    Length,
    /// In chunks.
    Chunks,
    /// By the end of the connection.
    Close,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// Its status.
    pub status: u16,
    /// Its head.
    pub head: Head,
    /// Its content.
    pub body: Vec<u8>,
    /// How that was delimited.
    pub framing: Framing,
    /// Trailer lines.
    pub trailers: Vec<String>,
    /// Interim answers that came before.
    pub interim: Vec<Head>,
}

impl Response {
    /// The content as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of a field that stands once.
    #[track_caller]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.field(name)
    }
}

/// A connection to a gateway.
#[derive(Debug)]
pub struct Client {
    /// The connection itself.
    pub wire: Wire,
}

impl Client {
    /// Connects.
    #[track_caller]
    pub fn connect(address: SocketAddr) -> Self {
        Self { wire: Wire::new(TcpStream::connect_timeout(&address, PATIENCE).unwrap()) }
    }

    /// Connects from this address of ours.
    #[track_caller]
    pub fn connect_from(source: IpAddr, address: SocketAddr) -> Self {
        Self::try_connect_from(source, address).unwrap()
    }

    /// The same; `Err` when the connection was reset before it could be used.
    pub fn try_connect_from(source: IpAddr, address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.bind(&SocketAddr::new(source, 0).into())?;
        socket.connect_timeout(&address.into(), PATIENCE)?;
        Ok(Self { wire: Wire::new(socket.into()) })
    }

    /// Sends bytes.
    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.wire.send(bytes).unwrap();
    }

    /// Asks for a path of a host and returns the answer; the connection lives on.
    #[track_caller]
    pub fn get(&mut self, host: &str, target: &str) -> Response {
        self.ask(&format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"))
    }

    /// Sends a request and returns the answer.
    #[track_caller]
    pub fn ask(&mut self, request: &str) -> Response {
        self.send(request);
        self.answer()
    }

    /// The next answer. Panics when it does not come whole.
    #[track_caller]
    pub fn answer(&mut self) -> Response {
        self.try_answer(false).unwrap()
    }

    /// The next answer, when the request was HEAD.
    #[track_caller]
    pub fn answer_to_head(&mut self) -> Response {
        self.try_answer(true).unwrap()
    }

    /// The next answer, or why it did not come whole.
    pub fn try_answer(&mut self, to_head: bool) -> Result<Response, Broken> {
        let mut response = self.try_head()?;
        let body = &mut response.body;
        let mut take = |piece: &[u8]| body.extend_from_slice(piece);
        response.framing = match response.status {
            _ if to_head => Framing::None,
            204 | 304 => Framing::None,
            _ if response.head.chunked() => {
                response.trailers = self.wire.chunks(take)?;
                Framing::Chunks
            }
            _ => match response.head.length() {
                Some(length) => {
                    self.wire.exactly(length, take)?;
                    Framing::Length
                }
                None => {
                    take(&self.wire.rest()?);
                    Framing::Close
                }
            },
        };
        Ok(response)
    }

    /// The head of the next answer, with its interim answers; the content is left to be read.
    pub fn try_head(&mut self) -> Result<Response, Broken> {
        let mut interim = Vec::new();
        loop {
            let head = self.wire.head()?;
            let status = status(&head)?;
            if status >= 200 {
                let (body, trailers) = (Vec::new(), Vec::new());
                return Ok(Response { status, head, body, framing: Framing::None, trailers, interim });
            }
            interim.push(head);
        }
    }

    /// Waits for the end of the connection. Panics when bytes come or nothing happens.
    #[track_caller]
    pub fn expect_end(&mut self) {
        match self.wire.some(4096) {
            Ok(bytes) if bytes.is_empty() => {}
            Err(Broken::Cut) => {}
            other => panic!("the connection should have ended: {other:?}"),
        }
    }

    /// Our own address, as the gateway sees it.
    pub fn address(&self) -> SocketAddr {
        self.wire.local()
    }
}

fn status(head: &Head) -> Result<u16, Broken> {
    let malformed = || Broken::Malformed(format!("this is no status line: {:?}", head.start));
    let rest = head.start.strip_prefix("HTTP/1.1 ").ok_or_else(malformed)?;
    let (digits, _) = rest.split_once(' ').ok_or_else(malformed)?;
    digits.parse().ok().filter(|status| (100..1000).contains(status)).ok_or_else(malformed)
}
