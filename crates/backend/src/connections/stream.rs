//! A connection to a server, plain or under TLS: the road sees no difference.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use rustls::ClientConnection;
use socket2::{SockRef, Socket};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// A connection to a server.
#[derive(Debug)]
pub enum ServerStream {
    /// A socket.
    Plain(TcpStream),
    /// A TLS session on a socket. Boxed: most servers are spoken to without, and a session is large.
    Tls(Box<TlsStream<TcpStream>>),
}

impl ServerStream {
    /// The socket.
    #[inline]
    pub fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }

    /// The TLS session, where there is one.
    pub fn session(&self) -> Option<&ClientConnection> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(stream) => Some(stream.get_ref().1),
        }
    }

    /// Ready when reading may yield bytes, the end, or an error. Under TLS it may yield nothing yet: a record can be
    /// incomplete, or hold session tickets.
    #[inline]
    pub fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(tcp) => tcp.poll_read_ready(context),
            Self::Tls(stream) => {
                let (tcp, session) = stream.get_ref();
                // A session that holds content, or the end, does not want to read.
                if session.wants_read() { tcp.poll_read_ready(context) } else { Poll::Ready(Ok(())) }
            }
        }
    }

    /// Looks whether the server has closed, without taking bytes of an answer: `Ready(true)` at the end or after an
    /// error, `Ready(false)` when there are bytes. Session tickets, which a server sends when it likes, are neither.
    pub fn poll_closed(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        match self {
            Self::Plain(tcp) => poll_ended(tcp, context),
            Self::Tls(stream) => {
                let content = ready!(Pin::new(&mut **stream).poll_fill_buf(context));
                Poll::Ready(content.map_or(true, <[u8]>::is_empty))
            }
        }
    }

    /// Whether an idle connection is of no more use, as far as the event loop knows: the server has closed it, or has
    /// sent what nobody asked for. Session tickets, which come after the handshake, are taken in and do no harm.
    #[inline]
    pub(super) fn has_stirred(&mut self) -> bool {
        let context = &mut Context::from_waker(Waker::noop());
        match self {
            Self::Plain(tcp) => tcp.poll_read_ready(context).is_ready(),
            Self::Tls(_) => self.poll_readable(context).is_ready() && self.poll_closed(context).is_ready(),
        }
    }

    /// The same, asked of the system itself.
    pub(super) fn has_stirred_by_now(&mut self) -> bool {
        match self {
            Self::Plain(tcp) => {
                let mut byte = [MaybeUninit::uninit()];
                match SockRef::from(&*tcp).peek(&mut byte) {
                    Ok(_) => true,
                    Err(error) => error.kind() != io::ErrorKind::WouldBlock,
                }
            }
            Self::Tls(stream) => has_tls_stirred_by_now(stream),
        }
    }
}

/// Reads of one look past the event loop. Two tickets take one; who sends more than fits here is better dropped.
const MOST_READS: usize = 16;

/// Takes in what has come, past the event loop, which may not know of it yet.
fn has_tls_stirred_by_now(stream: &mut TlsStream<TcpStream>) -> bool {
    let (tcp, session) = stream.get_mut();
    let socket = SockRef::from(&*tcp);
    let mut socket: &Socket = &socket;
    for _ in 0..MOST_READS {
        if !session.wants_read() {
            return true;
        }
        match session.read_tls(&mut socket) {
            Ok(1..) if session.process_new_packets().is_ok() => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            Ok(_) | Err(_) => return true,
        }
    }
    true
}

/// Reads what has come, from one record or from several that are here already.
///
/// Not `TlsStream`'s own way, which goes on with the socket after the first record and keeps an error for the next
/// call: nothing would wake a reader that first waits until the socket is readable.
fn poll_read_tls(
    stream: &mut TlsStream<TcpStream>,
    context: &mut Context<'_>,
    into: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    if stream.get_ref().1.wants_write() {
        // What a write could not send at once. Whether it goes out is not this reader's affair.
        _ = Pin::new(&mut *stream).poll_flush(context);
    }
    loop {
        let content = ready!(Pin::new(&mut *stream).poll_fill_buf(context))?;
        let count = content.len().min(into.remaining());
        into.put_slice(content.get(..count).unwrap_or_default());
        Pin::new(&mut *stream).consume(count);
        if count == 0 || into.remaining() == 0 || stream.get_ref().1.wants_read() {
            return Poll::Ready(Ok(()));
        }
    }
}

/// Looks whether the other end of a socket has closed, without taking bytes: `Ready(true)` at the end or after an
/// error, `Ready(false)` when there are bytes.
pub fn poll_ended(tcp: &TcpStream, context: &mut Context<'_>) -> Poll<bool> {
    if ready!(tcp.poll_read_ready(context)).is_err() {
        return Poll::Ready(true);
    }
    let mut byte = [MaybeUninit::uninit()];
    let peeked = ready!(tcp.poll_peek(context, &mut ReadBuf::uninit(&mut byte)));
    Poll::Ready(!matches!(peeked, Ok(1..)))
}

impl AsyncRead for ServerStream {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(context, into),
            Self::Tls(stream) => poll_read_tls(stream, context, into),
        }
    }
}

impl AsyncWrite for ServerStream {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_write(context, bytes),
        }
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write_vectored(context, pieces),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_write_vectored(context, pieces),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Under TLS, written bytes may still stand in the session: who has written all must flush before waiting for an
    /// answer.
    #[inline]
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(_) => Poll::Ready(Ok(())),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(context),
        }
    }
}
