//! One end of a TCP connection, read strictly and never longer than a test may take.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

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

impl From<Broken> for io::Error {
    fn from(broken: Broken) -> Self {
        io::Error::other(format!("{broken:?}"))
    }
}

/// A connection and what was read from it beyond the last message.
pub struct Wire {
    stream: TcpStream,
    input: Vec<u8>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} with {} bytes read ahead", self.stream, self.input.len())
    }
}

impl Wire {
    /// Takes a connection over.
    pub fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, input: Vec::new() }
    }

    /// The socket.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Our own address.
    pub fn local(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    /// Writes all bytes.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }

    /// Ends our half.
    pub fn finish(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Closes with a reset.
    pub fn reset(self) {
        socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).unwrap();
    }

    fn fill(&mut self) -> Result<(), Broken> {
        let mut block = [0; 64 * 1024];
        let ended = if self.input.is_empty() { Broken::Closed } else { Broken::Cut };
        match self.stream.read(&mut block) {
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

    /// True when nothing has come and the other end has not closed.
    pub fn is_quiet(&self) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let peeked = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false).unwrap();
        self.input.is_empty() && peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}
