//! Reading under TLS in large pieces.
//!
//! Left to itself a TLS session reads 4 KiB at a time from its socket. Here a worker's block is filled with one system
//! call and given to the session from memory.

use std::cell::RefCell;
use std::io::{self, Read as _};
use std::ops::DerefMut;
use std::task::{Context, Poll, ready};

use rustls::{ConnectionCommon, SideData};
use tokio::net::TcpStream;

use super::end::Taken;

/// The most that is read from a socket at once.
const BLOCK: usize = 64 * 1024;

/// What the session may hold of earlier reads: a record that is not whole yet.
const RECORD: usize = 18 * 1024;

thread_local! {
    static SEALED: RefCell<Vec<u8>> = RefCell::new(vec![0; BLOCK]);
}

/// Reads what has come, decrypted.
pub(super) fn poll_open<C, D>(
    tcp: &TcpStream,
    session: &mut C,
    context: &mut Context<'_>,
    into: &mut [u8],
) -> Poll<io::Result<Taken>>
where
    C: DerefMut<Target = ConnectionCommon<D>>,
    D: SideData,
{
    let mut filled = 0;
    // What was decrypted together with the handshake, or did not fit last time.
    if let Some(taken) = plaintext(session, into, &mut filled)? {
        return Poll::Ready(Ok(taken));
    }
    // What is decrypted is never longer than what is read.
    let most = into.len().saturating_sub(filled + RECORD).clamp(1, BLOCK);
    while filled == 0 {
        settle(tcp, session)?;
        ready!(tcp.poll_read_ready(context))?;
        let opened = SEALED.with_borrow_mut(|sealed| {
            let sealed = sealed.get_mut(..most).unwrap_or_default();
            match tcp.try_read(sealed) {
                Ok(count) => open(session, sealed.get(..count).unwrap_or_default(), into, &mut filled).map(Some),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
                Err(error) => Err(error),
            }
        });
        match opened {
            Ok(Some(Some(taken))) => return Poll::Ready(Ok(taken)),
            Ok(Some(None) | None) => {}
            Err(error) => {
                // The alert that says what is wrong.
                let _ = settle(tcp, session);
                return Poll::Ready(Err(error));
            }
        }
    }
    Poll::Ready(Ok(Taken::Bytes(filled)))
}

/// Gives a session what was read, and takes what it makes of it. `Some` at the end.
fn open<C, D>(session: &mut C, mut sealed: &[u8], into: &mut [u8], filled: &mut usize) -> io::Result<Option<Taken>>
where
    C: DerefMut<Target = ConnectionCommon<D>>,
    D: SideData,
{
    loop {
        let is_end = sealed.is_empty();
        session.read_tls(&mut sealed)?;
        let state = session.process_new_packets();
        let state = state.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let is_news = is_end || state.plaintext_bytes_to_read() > 0 || state.peer_has_closed();
        if is_news && let Some(taken) = plaintext(session, into, filled)? {
            return Ok(Some(taken));
        }
        if sealed.is_empty() {
            return Ok(None);
        }
    }
}

/// Takes what is decrypted. `Some` when something is to be said of it at once: bytes before an end, or the end.
fn plaintext<C, D>(session: &mut C, into: &mut [u8], filled: &mut usize) -> io::Result<Option<Taken>>
where
    C: DerefMut<Target = ConnectionCommon<D>>,
    D: SideData,
{
    loop {
        let Some(room) = into.get_mut(*filled..).filter(|room| !room.is_empty()) else {
            return Ok(Some(Taken::Bytes(*filled)));
        };
        let end = match session.reader().read(room) {
            Ok(0) => Taken::Fin,
            Ok(count) => {
                *filled += count;
                continue;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Taken::Cut,
            Err(error) => return Err(error),
        };
        // The end shows again with the next read.
        return Ok(Some(if *filled > 0 { Taken::Bytes(*filled) } else { end }));
    }
}

/// Sends what TLS has to say of its own, such as the answer to a key update, as far as the socket takes it; what is
/// left goes with the next bytes. A reset that shows here shows nowhere again.
fn settle<C, D>(tcp: &TcpStream, session: &mut C) -> io::Result<()>
where
    C: DerefMut<Target = ConnectionCommon<D>>,
    D: SideData,
{
    while session.wants_write() {
        let mut out = Direct(tcp);
        match session.write_tls(&mut out) {
            Ok(1..) => {}
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
            Ok(_) | Err(_) => break,
        }
    }
    Ok(())
}

/// Writes without waiting.
struct Direct<'a>(&'a TcpStream);

impl io::Write for Direct<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
