//! The socket under a client's TLS session, and the session as an end of the road.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tls::client_auth::spoken_alert;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::io::Stream;

/// The most of what a client sends first that is kept: a whole ClientHello and what may come behind it.
const MAX_HELLO: usize = 20 * 1024;

/// A client's socket. Keeps a copy of the bytes that come first, for the fingerprint of the ClientHello.
#[derive(Debug)]
pub struct Wire {
    tcp: TcpStream,
    hello: Option<Vec<u8>>,
}

impl Wire {
    /// Keeps what comes from now on, until [`take_hello`](Self::take_hello).
    pub fn new(tcp: TcpStream) -> Self {
        Self { tcp, hello: Some(Vec::with_capacity(1024)) }
    }

    /// The socket.
    pub fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// The bytes that came so far; none are kept any more.
    pub fn take_hello(&mut self) -> Vec<u8> {
        self.hello.take().unwrap_or_default()
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let polled = Pin::new(&mut self.tcp).poll_read(context, into);
        if let Some(hello) = &mut self.hello {
            let new = into.filled().get(before..).unwrap_or_default();
            let room = MAX_HELLO.saturating_sub(hello.len());
            hello.extend_from_slice(&new[..new.len().min(room)]);
        }
        polled
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(context, spoken_alert(bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [piece] = pieces {
            return self.poll_write(context, piece);
        }
        Pin::new(&mut self.tcp).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}

impl Stream for TlsStream<Wire> {
    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (wire, session) = self.get_ref();
        // A session that wants nothing has plaintext waiting, or has been closed by the client.
        if !session.wants_read() {
            return Poll::Ready(Ok(()));
        }
        wire.tcp.poll_read_ready(context)
    }

    fn poll_closed(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        match Pin::new(self).poll_fill_buf(context) {
            Poll::Ready(Ok(bytes)) => Poll::Ready(bytes.is_empty()),
            Poll::Ready(Err(_)) => Poll::Ready(true),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Warnings that answer a client which asked for what is not done, such as renegotiation.
    fn poll_settle(&mut self, context: &mut Context<'_>) {
        if self.get_ref().1.wants_write() {
            let _ = Pin::new(self).poll_flush(context);
        }
    }

    /// close_notify: without it an end cannot be told from a cut (RFC 8446 6.1).
    fn poll_goodbye(&mut self, context: &mut Context<'_>) {
        let _ = Pin::new(self).poll_shutdown(context);
    }

    fn local(&self) -> Option<SocketAddr> {
        self.get_ref().0.tcp.local_addr().ok()
    }

    fn reset_on_close(&self) {
        self.get_ref().0.tcp.reset_on_close();
    }
}
