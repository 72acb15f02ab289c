//! Reads and writes of both ends, each with its deadline.
//!
//! Every operation is tried before it waits. A stream stands in a `RefCell` that is borrowed only inside a poll, so
//! that content can flow both ways in one task.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use backend::connections::{ServerStream, poll_ended};
use bytes::BufMut;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::io::poll_read_buf;

use crate::buffer::Input;
use crate::timer::{Lane, TimerGuard};

/// One end of the road.
pub trait Stream: AsyncRead + AsyncWrite + Unpin {
    /// Ready when reading would yield bytes, the end, or an error; used to wait without holding a buffer.
    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Looks whether the peer has closed, without taking bytes: `Ready(true)` at the end or after an error.
    fn poll_closed(&mut self, context: &mut Context<'_>) -> Poll<bool>;

    /// Sends what the protocol below has to say of its own while nothing else is sent.
    fn poll_settle(&mut self, _: &mut Context<'_>) {}

    /// Says that nothing more comes, where the protocol below has a word for it; does not wait for it to be taken.
    fn poll_goodbye(&mut self, _: &mut Context<'_>) {}

    /// Our own address, as the client sees it.
    fn local(&self) -> Option<std::net::SocketAddr>;

    /// Makes the coming close a reset, so that the peer cannot take a cut answer for a whole one.
    fn reset_on_close(&self);
}

impl Stream for ServerStream {
    #[inline]
    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ServerStream::poll_readable(self, context)
    }

    fn poll_closed(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        ServerStream::poll_closed(self, context)
    }

    fn local(&self) -> Option<std::net::SocketAddr> {
        self.tcp().local_addr().ok()
    }

    fn reset_on_close(&self) {
        self.tcp().reset_on_close();
    }
}

impl Stream for TcpStream {
    #[inline]
    fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_read_ready(context)
    }

    fn poll_closed(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        poll_ended(self, context)
    }

    fn local(&self) -> Option<std::net::SocketAddr> {
        self.local_addr().ok()
    }

    fn reset_on_close(&self) {
        // Nothing to be done about a socket that does not take the option: it is closed either way.
        let _ = socket2::SockRef::from(self).set_linger(Some(std::time::Duration::ZERO));
    }
}

/// The error of a wait whose deadline passed.
pub fn timed_out() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

/// The most that is read at once while a head is awaited: what a client sends ahead has to be kept.
pub const HEAD_READ: usize = 64 * 1024;

/// Appends at least one byte and at most `most` to `input`, or returns 0 at the end of the stream.
#[inline]
pub async fn fill<S: Stream>(
    stream: &RefCell<S>,
    input: &mut Input,
    most: usize,
    timer: &TimerGuard,
    lane: Lane,
) -> io::Result<usize> {
    poll_fn(|context| poll_fill(&mut *stream.borrow_mut(), input, most, timer, lane, context)).await
}

/// See [`fill`]. No buffer is held while waiting unless it has bytes in it.
#[inline]
pub fn poll_fill<S: Stream>(
    stream: &mut S,
    input: &mut Input,
    most: usize,
    timer: &TimerGuard,
    lane: Lane,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    if input.is_empty() && stream.poll_readable(context)?.is_pending() {
        input.release();
        return expire(timer, lane, context);
    }
    let Some(room) = input.room() else { return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into())) };
    let polled = poll_read_buf(Pin::new(stream), context, &mut room.limit(most));
    match polled {
        Poll::Ready(done) => {
            if input.is_empty() {
                input.release();
            }
            Poll::Ready(done)
        }
        Poll::Pending => {
            if input.is_empty() {
                input.release();
            }
            expire(timer, lane, context)
        }
    }
}

/// What a wait that has nothing yet returns.
#[inline]
pub fn expire<T>(timer: &TimerGuard, lane: Lane, context: &Context<'_>) -> Poll<io::Result<T>> {
    if timer.expired(lane, context) { Poll::Ready(Err(timed_out())) } else { Poll::Pending }
}

/// Bytes to be written, in up to three pieces, and how many of them the peer has taken.
pub struct Pieces<'a> {
    pieces: [&'a [u8]; 3],
    /// Bytes taken so far.
    pub written: usize,
}

impl<'a> Pieces<'a> {
    /// Nothing written yet.
    pub const fn new(pieces: [&'a [u8]; 3]) -> Self {
        Self { pieces, written: 0 }
    }

    /// True when the peer has taken all.
    pub fn is_done(&self) -> bool {
        self.written == self.pieces.iter().map(|piece| piece.len()).sum::<usize>()
    }

    #[inline]
    fn rest(&self) -> ([&'a [u8]; 3], usize) {
        // Nearly always: one piece, nothing of it written.
        if self.written == 0 && self.pieces[1].is_empty() && self.pieces[2].is_empty() {
            return (self.pieces, usize::from(!self.pieces[0].is_empty()));
        }
        self.rest_of_several()
    }

    fn rest_of_several(&self) -> ([&'a [u8]; 3], usize) {
        let (mut rest, mut count, mut skip) = ([&[][..]; 3], 0, self.written);
        for piece in self.pieces {
            if skip >= piece.len() {
                skip -= piece.len();
            } else {
                rest[count] = &piece[skip..];
                (count, skip) = (count + 1, 0);
            }
        }
        (rest, count)
    }
}

/// Writes as much of the pieces as the peer takes now; ready when that is all of it.
#[inline(always)]
fn poll_pieces<S: Stream>(
    stream: &RefCell<S>,
    pieces: &mut Pieces<'_>,
    timer: &TimerGuard,
    lane: Lane,
    context: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    loop {
        let (rest, count) = pieces.rest();
        let mut stream = stream.borrow_mut();
        let polled = match count {
            // A TLS session may still hold what it took; a socket has nothing to flush.
            0 => {
                let flushed = ready!(Pin::new(&mut *stream).poll_flush(context));
                timer.clear(lane);
                return Poll::Ready(flushed);
            }
            1 => Pin::new(&mut *stream).poll_write(context, rest[0]),
            _ => {
                let slices = rest.map(IoSlice::new);
                Pin::new(&mut *stream).poll_write_vectored(context, &slices[..count])
            }
        };
        match ready!(polled)? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            count => {
                pieces.written += count;
                if timer.is_set(lane) {
                    timer.clear(lane);
                }
            }
        }
    }
}

/// Writes all pieces, tried at once; `limit` bounds each wait for the peer to take more.
pub async fn write<S: Stream>(
    stream: &RefCell<S>,
    pieces: &mut Pieces<'_>,
    timer: &TimerGuard,
    lane: Lane,
    limit: Duration,
) -> io::Result<()> {
    poll_fn(|context| {
        if let Poll::Ready(done) = poll_pieces(stream, pieces, timer, lane, context) {
            return Poll::Ready(done);
        }
        stalled(timer, lane, limit, context)
    })
    .await
}

/// Writes what the peer takes at once. True when that was all of it.
pub async fn write_now<S: Stream>(
    stream: &RefCell<S>,
    pieces: &mut Pieces<'_>,
    timer: &TimerGuard,
    lane: Lane,
) -> io::Result<bool> {
    poll_fn(|context| match poll_pieces(stream, pieces, timer, lane, context) {
        Poll::Ready(done) => Poll::Ready(done.map(|()| true)),
        Poll::Pending => Poll::Ready(Ok(false)),
    })
    .await
}

/// Writes all pieces, and does something else whenever the peer does not take more: true when that is enough.
pub async fn write_meanwhile<S: Stream>(
    stream: &RefCell<S>,
    pieces: &mut Pieces<'_>,
    timer: &TimerGuard,
    (lane, limit): (Lane, Duration),
    mut meanwhile: impl FnMut(&mut Context<'_>) -> bool,
) -> io::Result<()> {
    poll_fn(|context| {
        if let Poll::Ready(done) = poll_pieces(stream, pieces, timer, lane, context) {
            return Poll::Ready(done);
        }
        if meanwhile(context) { Poll::Ready(Ok(())) } else { stalled(timer, lane, limit, context) }
    })
    .await
}

/// What a write that waits for its peer returns.
fn stalled(timer: &TimerGuard, lane: Lane, limit: Duration, context: &Context<'_>) -> Poll<io::Result<()>> {
    if !timer.is_set(lane) {
        timer.set(lane, limit);
    }
    expire(timer, lane, context)
}

/// Ends the sending half.
pub async fn shutdown<S: Stream>(stream: &RefCell<S>) -> io::Result<()> {
    poll_fn(|context| Pin::new(&mut *stream.borrow_mut()).poll_shutdown(context)).await
}

/// Runs a future until it is done or a lane's deadline passes.
pub async fn within<F: Future>(future: F, timer: &TimerGuard, lane: Lane) -> io::Result<F::Output> {
    let mut future = std::pin::pin!(future);
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Ok(output));
        }
        ready!(expire::<()>(timer, lane, context))?;
        Poll::Pending
    })
    .await
}
