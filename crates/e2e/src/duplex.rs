//! The two directions of a connection apart, each for a thread of its own, with or without TLS.

use std::io::{self, Cursor, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::Connection;

use crate::wire::{Broken, Carrier, End, Wire};

/// What is encrypted at once.
const PIECE: usize = 16 * 1024;

/// The TLS state that both directions share. Nobody waits for the socket while holding it.
type Shared = Arc<Mutex<Connection>>;

fn lock(tls: &Shared) -> MutexGuard<'_, Connection> {
    tls.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The direction away from us.
pub struct Say {
    socket: TcpStream,
    tls: Option<Shared>,
}

/// The direction towards us.
pub struct Hear {
    socket: TcpStream,
    tls: Option<Shared>,
    ahead: Vec<u8>,
    cipher: Cursor<Vec<u8>>,
}

impl Wire {
    /// Takes its directions apart. The socket closes when both are dropped.
    pub fn split(self) -> (Say, Hear) {
        let (carrier, ahead) = self.into_parts();
        let (socket, tls) = match carrier {
            Carrier::Plain(socket) => (socket, None),
            Carrier::Client(stream) => (stream.sock, Some(Connection::from(stream.conn))),
            Carrier::Server(stream) => (stream.sock, Some(Connection::from(stream.conn))),
        };
        let tls = tls.map(|tls| Arc::new(Mutex::new(tls)));
        let copy = socket.try_clone().unwrap();
        let hear = Hear { socket: copy, tls: tls.clone(), ahead, cipher: Cursor::default() };
        (Say { socket, tls }, hear)
    }
}

impl Say {
    /// Writes all bytes.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let Some(tls) = &self.tls else { return self.socket.write_all(bytes.as_ref()) };
        for piece in bytes.as_ref().chunks(PIECE) {
            let mut cipher = Vec::with_capacity(PIECE + 256);
            {
                let mut tls = lock(tls);
                tls.writer().write_all(piece)?;
                encrypted(&mut tls, &mut cipher)?;
            }
            self.socket.write_all(&cipher)?;
        }
        Ok(())
    }

    /// Ends this direction.
    pub fn finish(&mut self) -> io::Result<()> {
        self.end_tls()?;
        self.socket.shutdown(Shutdown::Write)
    }

    /// Ends TLS in this direction, if there is TLS, and leaves the connection as it is.
    pub fn end_tls(&mut self) -> io::Result<()> {
        let Some(tls) = &self.tls else { return Ok(()) };
        let mut cipher = Vec::new();
        {
            let mut tls = lock(tls);
            tls.send_close_notify();
            encrypted(&mut tls, &mut cipher)?;
        }
        self.socket.write_all(&cipher)
    }

    /// Makes the end of the connection a reset: it comes when the other direction is dropped as well.
    pub fn reset(self) {
        socket2::SockRef::from(&self.socket).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// The socket.
    pub fn stream(&self) -> &TcpStream {
        &self.socket
    }
}

fn encrypted(tls: &mut Connection, into: &mut Vec<u8>) -> io::Result<()> {
    while tls.wants_write() {
        tls.write_tls(into)?;
    }
    Ok(())
}

impl Hear {
    /// Whatever comes next; 0 at the end.
    pub fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        if !self.ahead.is_empty() {
            let count = self.ahead.len().min(block.len());
            block[..count].copy_from_slice(&self.ahead[..count]);
            self.ahead.drain(..count);
            return Ok(count);
        }
        let Some(tls) = &self.tls else { return self.socket.read(block) };
        loop {
            {
                let mut tls = lock(tls);
                match tls.reader().read(block) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    done => return done,
                }
                if self.cipher.position() < self.cipher.get_ref().len() as u64 {
                    tls.read_tls(&mut self.cipher)?;
                    tls.process_new_packets().map_err(io::Error::other)?;
                    continue;
                }
            }
            let mut cipher = vec![0; 4 * PIECE];
            let count = self.socket.read(&mut cipher)?;
            cipher.truncate(count);
            self.cipher = Cursor::new(cipher);
            if count == 0 {
                // TLS has to hear of the socket's end as well.
                lock(tls).read_tls(&mut self.cipher)?;
            }
        }
    }

    /// Calls `take` with everything up to the end, and says how it ended. `Err` when the end does not come.
    pub fn to_end(&mut self, mut take: impl FnMut(&[u8])) -> Result<End, Broken> {
        let mut block = vec![0; 4 * PIECE];
        loop {
            let read = self.read(&mut block);
            if let Some(end) = End::of(&read) {
                return Ok(end);
            }
            match read {
                Ok(count) => take(&block[..count]),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    return Err(Broken::Silent);
                }
                Err(error) => return Err(Broken::Malformed(error.to_string())),
            }
        }
    }
}
