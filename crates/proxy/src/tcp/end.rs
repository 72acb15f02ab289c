//! One end of a session: a socket, or a TLS session on one.

use std::io::{self, Read as _};
use std::pin::Pin;
use std::task::{Context, Poll};

use backend::connections::ServerStream;
use socket2::{SockRef, Socket};
use tokio::io::{AsyncWrite as _, Interest};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::sealed::poll_open;
use crate::io::Stream as _;
use crate::tls::Wire;

/// One end of a session.
pub(super) enum End {
    /// A socket.
    Plain(TcpStream),
    /// A client under TLS.
    Client(Box<TlsStream<Wire>>),
    /// A server under TLS.
    Server(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

/// What a read has found.
pub(super) enum Taken {
    /// So many bytes.
    Bytes(usize),
    /// The end: nothing more comes.
    Fin,
    /// The socket ended, and TLS did not: what came may not be all.
    Cut,
}

impl From<ServerStream> for End {
    fn from(stream: ServerStream) -> Self {
        match stream {
            ServerStream::Plain(tcp) => Self::Plain(tcp),
            ServerStream::Tls(stream) => Self::Server(stream),
        }
    }
}

impl End {
    /// The socket.
    pub(super) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Client(stream) => stream.get_ref().0.tcp(),
            Self::Server(stream) => stream.get_ref().0,
        }
    }

    /// The socket, if nothing stands between it and the bytes.
    pub(super) fn plain(&self) -> Option<&TcpStream> {
        match self {
            Self::Plain(tcp) => Some(tcp),
            Self::Client(_) | Self::Server(_) => None,
        }
    }

    /// Reads what there is. Pending leaves the task to be woken; `expected` is for this end's reader to remember that
    /// it will be, and begins as false.
    #[inline]
    pub(super) fn poll_take(
        &mut self,
        context: &mut Context<'_>,
        into: &mut [u8],
        expected: &mut bool,
    ) -> Poll<io::Result<Taken>> {
        match self {
            Self::Plain(tcp) => poll_plain(tcp, context, into, expected),
            Self::Client(stream) => {
                let (wire, session) = stream.get_mut();
                poll_open(wire.tcp(), session, context, into)
            }
            Self::Server(stream) => {
                let (tcp, session) = stream.get_mut();
                poll_open(tcp, session, context, into)
            }
        }
    }

    /// Writes what is taken at once; 0 when nothing is. Under TLS, what is written still has to be flushed.
    #[inline]
    pub(super) fn give(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> io::Result<usize> {
        let done = match self {
            Self::Plain(tcp) => tcp.try_write(bytes),
            Self::Client(_) | Self::Server(_) => match self.poll_give(context, bytes) {
                Poll::Ready(done) => done,
                Poll::Pending => Ok(0),
            },
        };
        match done {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            done => done,
        }
    }

    /// Writes. Under TLS, what is written still has to be flushed.
    #[inline]
    pub(super) fn poll_give(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(context, bytes),
            Self::Client(stream) => Pin::new(&mut **stream).poll_write(context, bytes),
            Self::Server(stream) => Pin::new(&mut **stream).poll_write(context, bytes),
        }
    }

    /// Sends on what TLS holds.
    #[inline]
    pub(super) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(_) => Poll::Ready(Ok(())),
            Self::Client(stream) => Pin::new(&mut **stream).poll_flush(context),
            Self::Server(stream) => Pin::new(&mut **stream).poll_flush(context),
        }
    }

    /// Says that nothing more comes: FIN, with TLS after its own word for it.
    pub(super) fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(context),
            Self::Client(stream) => Pin::new(&mut **stream).poll_shutdown(context),
            Self::Server(stream) => Pin::new(&mut **stream).poll_shutdown(context),
        }
    }

    /// FIN alone: whoever speaks TLS sees that what came may not be all.
    pub(super) fn end_unclean(&self) {
        // A socket that is gone already need not be told.
        let _ = SockRef::from(self.tcp()).shutdown(std::net::Shutdown::Write);
    }

    /// Makes the coming close a reset.
    pub(super) fn reset_on_close(&self) {
        self.tcp().reset_on_close();
    }

    /// What the kernel knows to be wrong with the socket, though nobody has read or written.
    pub(super) fn fault(&self) -> Option<io::Error> {
        self.tcp().take_error().unwrap_or_else(Some)
    }
}

/// Reads from a socket without TLS. Both directions of a session share a task, so most looks at a socket come because
/// of the other one: while nothing has happened here and the task is to be woken anyway, a look costs one load.
#[inline]
fn poll_plain(
    tcp: &TcpStream,
    context: &mut Context<'_>,
    into: &mut [u8],
    expected: &mut bool,
) -> Poll<io::Result<Taken>> {
    loop {
        let mut asked = false;
        let read = tcp.try_io(Interest::READABLE, || {
            asked = true;
            let socket = SockRef::from(tcp);
            let mut socket: &Socket = &socket;
            socket.read(into)
        });
        // The event loop has forgotten who waits, as soon as it has something to tell.
        *expected &= !asked;
        match read {
            Ok(0) => return Poll::Ready(Ok(Taken::Fin)),
            Ok(count) => {
                if count < into.len() {
                    // That was all there is: the next look need not ask the system to know.
                    let _ = tcp.try_io(Interest::READABLE, || Err::<(), _>(io::ErrorKind::WouldBlock.into()));
                }
                return Poll::Ready(Ok(Taken::Bytes(count)));
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Poll::Ready(Err(error)),
        }
        if *expected {
            return Poll::Pending;
        }
        if tcp.poll_read_ready(context)?.is_pending() {
            *expected = true;
            return Poll::Pending;
        }
    }
}
