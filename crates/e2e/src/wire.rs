//! One end of a connection, with or without TLS, read strictly and never longer than a test may take.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use rustls::{ClientConnection, ServerConnection, StreamOwned};

use crate::message::Head;
use crate::wait::PATIENCE;

/// Why a message did not come whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The connection ended before its first byte.
    Closed,
    /// It ended in the middle, or was reset.
    Cut,
    /// Nothing came for as long as a test waits.
    Silent,
    /// It is not framed right.
    Malformed(String),
}

/// How the other end's half of a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In an orderly way: FIN, and with TLS its own word before that.
    Fin,
    /// FIN, though TLS had not ended: something may be missing.
    Truncated,
    /// RST.
    Reset,
}

impl End {
    /// The end that a read tells of; `None` when it tells of something else.
    pub(crate) fn of(read: &io::Result<usize>) -> Option<Self> {
        match read {
            Ok(0) => Some(Self::Fin),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Some(Self::Truncated),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Some(Self::Reset),
            _ => None,
        }
    }
}

impl From<Broken> for io::Error {
    fn from(broken: Broken) -> Self {
        io::Error::other(format!("{broken:?}"))
    }
}

/// What carries the bytes.
pub(crate) enum Carrier {
    Plain(TcpStream),
    Client(Box<StreamOwned<ClientConnection, TcpStream>>),
    Server(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Carrier {
    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Client(stream) => &stream.sock,
            Self::Server(stream) => &stream.sock,
        }
    }

    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(block),
            Self::Client(stream) => stream.read(block),
            Self::Server(stream) => stream.read(block),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.write_all(bytes),
            Self::Client(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
            Self::Server(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        }
    }
}

/// The waits of a test's sockets.
pub(crate) fn prepare(socket: &TcpStream) {
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
    socket.set_nodelay(true).unwrap();
}

/// A connection and what was read from it beyond the last message.
pub struct Wire {
    carrier: Carrier,
    input: Vec<u8>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} with {} bytes read ahead", self.stream(), self.input.len())
    }
}

impl Wire {
    /// Takes a connection over.
    pub fn new(stream: TcpStream) -> Self {
        prepare(&stream);
        Self { carrier: Carrier::Plain(stream), input: Vec::new() }
    }

    /// Takes over a connection whose handshake we began.
    pub(crate) fn of_client(stream: StreamOwned<ClientConnection, TcpStream>) -> Self {
        Self { carrier: Carrier::Client(Box::new(stream)), input: Vec::new() }
    }

    /// Takes over a connection whose handshake we answered.
    pub(crate) fn of_server(stream: StreamOwned<ServerConnection, TcpStream>) -> Self {
        Self { carrier: Carrier::Server(Box::new(stream)), input: Vec::new() }
    }

    /// The socket.
    pub fn stream(&self) -> &TcpStream {
        self.carrier.socket()
    }

    /// The TLS connection, where we are its client.
    pub fn tls(&self) -> Option<&ClientConnection> {
        match &self.carrier {
            Carrier::Client(stream) => Some(&stream.conn),
            _ => None,
        }
    }

    /// Our own address.
    pub fn local(&self) -> SocketAddr {
        self.stream().local_addr().unwrap()
    }

    /// Writes all bytes.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.carrier.write_all(bytes.as_ref())
    }

    /// Ends our half.
    pub fn finish(&mut self) {
        match &mut self.carrier {
            Carrier::Plain(_) => {}
            Carrier::Client(stream) => {
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
            Carrier::Server(stream) => {
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
        let _ = self.stream().shutdown(Shutdown::Write);
    }

    /// Closes with a reset.
    pub fn reset(self) {
        socket2::SockRef::from(self.stream()).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Waits a little for bytes; true when some have come. What has come is kept for the next reader.
    pub fn poll(&mut self, wait: Duration) -> Result<bool, Broken> {
        self.stream().set_read_timeout(Some(wait)).unwrap();
        let filled = self.fill();
        self.stream().set_read_timeout(Some(PATIENCE)).unwrap();
        match filled {
            Ok(()) => Ok(true),
            Err(Broken::Silent) => Ok(false),
            Err(broken) => Err(broken),
        }
    }

    /// How many bytes have come that nobody has read yet.
    pub fn pending(&self) -> usize {
        self.input.len()
    }

    fn fill(&mut self) -> Result<(), Broken> {
        let mut block = [0; 64 * 1024];
        let ended = if self.input.is_empty() { Broken::Closed } else { Broken::Cut };
        match self.carrier.read(&mut block) {
            Ok(0) => Err(ended),
            Ok(count) => {
                self.input.extend_from_slice(&block[..count]);
                Ok(())
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                Err(Broken::Silent)
            }
            Err(_) => Err(Broken::Cut),
        }
    }

    /// A head.
    pub fn head(&mut self) -> Result<Head, Broken> {
        loop {
            if let Some(at) = self.input.windows(4).position(|four| four == b"\r\n\r\n") {
                let head: Vec<u8> = self.input.drain(..at + 4).collect();
                return Head::parse(&head).map_err(Broken::Malformed);
            }
            self.fill()?;
        }
    }

    /// Whatever comes next, at most `most` bytes; empty at the end.
    pub fn some(&mut self, most: usize) -> Result<Vec<u8>, Broken> {
        if self.input.is_empty() {
            match self.fill() {
                Err(Broken::Closed) => return Ok(Vec::new()),
                other => other?,
            }
        }
        let count = self.input.len().min(most);
        Ok(self.input.drain(..count).collect())
    }

    /// Calls `take` with so many bytes, piece by piece.
    pub fn exactly(&mut self, length: usize, mut take: impl FnMut(&[u8])) -> Result<(), Broken> {
        let mut left = length;
        while left > 0 {
            if self.input.is_empty() {
                self.fill().map_err(|broken| if broken == Broken::Closed { Broken::Cut } else { broken })?;
            }
            let count = self.input.len().min(left);
            take(&self.input[..count]);
            self.input.drain(..count);
            left -= count;
        }
        Ok(())
    }

    fn line(&mut self) -> Result<String, Broken> {
        loop {
            if let Some(at) = self.input.windows(2).position(|two| two == b"\r\n") {
                let line: Vec<u8> = self.input.drain(..at + 2).collect();
                return Ok(line[..at].iter().map(|&byte| char::from(byte)).collect());
            }
            self.fill().map_err(|broken| if broken == Broken::Closed { Broken::Cut } else { broken })?;
        }
    }

    /// Content in chunks, handed to `take`; returns the trailer lines.
    pub fn chunks(&mut self, mut take: impl FnMut(&[u8])) -> Result<Vec<String>, Broken> {
        loop {
            let line = self.line()?;
            let size = usize::from_str_radix(&line, 16)
                .map_err(|_| Broken::Malformed(format!("this is no chunk size: {line:?}")))?;
            if size == 0 {
                break;
            }
            self.exactly(size, &mut take)?;
            let end = self.line()?;
            if !end.is_empty() {
                return Err(Broken::Malformed(format!("after a chunk: {end:?}")));
            }
        }
        let mut trailers = Vec::new();
        loop {
            match self.line()? {
                line if line.is_empty() => return Ok(trailers),
                line => trailers.push(line),
            }
        }
    }

    /// Everything up to the end of the connection.
    pub fn rest(&mut self) -> Result<Vec<u8>, Broken> {
        loop {
            match self.fill() {
                Ok(()) => {}
                Err(Broken::Closed | Broken::Cut) => return Ok(std::mem::take(&mut self.input)),
                Err(broken) => return Err(broken),
            }
        }
    }

    /// Everything up to the end of the other end's half, and how it ended. `Err` when the end does not come.
    pub fn to_end(&mut self) -> Result<(Vec<u8>, End), Broken> {
        let mut block = vec![0; 64 * 1024];
        loop {
            let read = self.carrier.read(&mut block);
            if let Some(end) = End::of(&read) {
                return Ok((std::mem::take(&mut self.input), end));
            }
            let count = read.map_err(|error| match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Broken::Silent,
                _ => Broken::Malformed(error.to_string()),
            })?;
            self.input.extend_from_slice(&block[..count]);
        }
    }

    /// Waits for the other end's end. Panics when bytes come, or another end.
    #[track_caller]
    pub fn expect_end(&mut self, end: End) {
        match self.to_end() {
            Ok((bytes, its)) => assert_eq!((bytes.len(), its), (0, end), "bytes, and how it ended"),
            Err(broken) => panic!("instead of {end:?}: {broken:?}"),
        }
    }

    /// Reads as many bytes as these, which they have to be.
    #[track_caller]
    pub fn expect(&mut self, bytes: impl AsRef<[u8]>) {
        let (bytes, mut heard) = (bytes.as_ref(), Vec::new());
        let whole = self.exactly(bytes.len(), |piece| heard.extend_from_slice(piece));
        assert_eq!(whole, Ok(()), "after {} of {} bytes", heard.len(), bytes.len());
        assert!(heard == bytes, "{} bytes, not the ones that were sent", heard.len());
    }

    /// Its carrier, and what was read ahead.
    pub(crate) fn into_parts(self) -> (Carrier, Vec<u8>) {
        (self.carrier, self.input)
    }

    /// True when nothing has come and the other end has not closed.
    pub fn is_quiet(&mut self) -> bool {
        self.stream().set_nonblocking(true).unwrap();
        let filled = self.fill();
        self.stream().set_nonblocking(false).unwrap();
        self.input.is_empty() && filled == Err(Broken::Silent)
    }
}
