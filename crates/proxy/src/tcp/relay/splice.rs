//! A pipe's two ends, each waited for like a read or a write.

use std::io;
use std::task::{Context, Poll, ready};

use kernel::pipe::Pipe;
use tokio::io::Interest;
use tokio::net::TcpStream;

/// Fills an empty pipe with what a socket has; 0 at its end.
pub(super) fn poll_fill(context: &mut Context<'_>, pipe: &mut Pipe, from: &TcpStream) -> Poll<io::Result<usize>> {
    loop {
        ready!(from.poll_read_ready(context))?;
        match from.try_io(Interest::READABLE, || pipe.fill(from)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            done => return Poll::Ready(done),
        }
    }
}

/// Gives a socket what is in a pipe. Ready when that was all.
pub(super) fn poll_drain(context: &mut Context<'_>, pipe: &mut Pipe, to: &TcpStream) -> Poll<io::Result<()>> {
    while pipe.held() > 0 {
        ready!(to.poll_write_ready(context))?;
        match to.try_io(Interest::WRITABLE, || pipe.drain(to)) {
            Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Poll::Ready(Err(error)),
            Ok(_) | Err(_) => {}
        }
    }
    Poll::Ready(Ok(()))
}
