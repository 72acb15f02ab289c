//! Response buffering: while a client does not take an answer, what the server sends is read ahead, so that the server
//! has its connection back before the client has its answer.
//!
//! Nothing waits here: bytes go to the client as they come, and only those that it does not take are held.
//! Source: Azure, "Configure request and response proxy buffers" (read 2026-11-22); the sizes are not documented there.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::io::poll_read_buf;

use crate::buffer::Input;
use crate::http::body::Decoder;
use crate::io::Stream;

/// The most that a worker holds of all answers together; beyond it, nothing is read ahead.
const MOST_OF_ALL: usize = 64 << 20;
/// The room to begin with; it grows by doubling.
const STEP: usize = 64 * 1024;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// What was read ahead of a client, not decoded yet.
pub struct Ahead {
    bytes: Vec<u8>,
    /// The most that is held of one answer.
    most: usize,
    /// Knows where the answer ends.
    scout: Decoder,
    /// The whole answer is here and nothing else is.
    complete: bool,
    /// No more is read.
    stopped: bool,
    error: Option<io::Error>,
}

impl Ahead {
    /// Room for so much; `None` when the worker holds enough. `decoder` stands before `rest`, which is read already.
    pub fn new(most: usize, decoder: &Decoder, rest: &[u8]) -> Option<Box<Self>> {
        let held = HELD.get();
        if held + most > MOST_OF_ALL {
            return None;
        }
        HELD.set(held + most);
        let scout = decoder.clone();
        let mut ahead = Self { bytes: Vec::new(), most, scout, complete: false, stopped: false, error: None };
        ahead.scan(rest);
        Some(Box::new(ahead))
    }

    /// Whether the whole answer is here: its connection is not needed any more.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Reads what the server has sent, as far as there is room.
    pub fn poll<F: Stream>(&mut self, from: &RefCell<F>, context: &mut Context<'_>) {
        let from = &mut *from.borrow_mut();
        while !self.stopped && self.bytes.len() < self.most {
            if matches!(from.poll_readable(context), Poll::Pending) {
                return;
            }
            let start = self.bytes.len();
            if start == self.bytes.capacity() {
                self.bytes.reserve_exact(start.max(STEP).min(self.most - start));
            }
            match poll_read_buf(Pin::new(&mut *from), context, &mut self.bytes) {
                Poll::Pending => return,
                Poll::Ready(Ok(0)) => {
                    self.stopped = true;
                    self.complete = self.scout.until_close();
                }
                Poll::Ready(Ok(_)) => {
                    let bytes = std::mem::take(&mut self.bytes);
                    self.scan(bytes.get(start..).unwrap_or_default());
                    self.bytes = bytes;
                }
                Poll::Ready(Err(error)) => (self.stopped, self.error) = (true, Some(error)),
            }
            if self.complete {
                // A read that filled its room leaves the socket marked as readable; a look at it takes the mark away,
                // and the connection passes for the idle one that it is.
                let _ = from.poll_closed(context);
            }
        }
    }

    /// Follows the framing, to know when the answer is over.
    fn scan(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.scout.done() {
            let Ok(step) = self.scout.step(bytes) else {
                self.stopped = true;
                return;
            };
            bytes = bytes.get(step.used..).unwrap_or_default();
        }
        if self.scout.done() {
            // Bytes behind the answer: whoever comes to them will see what they are.
            (self.stopped, self.complete) = (true, bytes.is_empty());
        }
    }

    /// The bytes read ahead, to be used now; or why there will be no more. `None` when the server is to be asked.
    pub fn give(&mut self) -> Option<io::Result<Input>> {
        if self.bytes.is_empty() {
            return self.error.take().map(Err);
        }
        Some(Ok(Input::from(std::mem::take(&mut self.bytes))))
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        HELD.set(HELD.get().saturating_sub(self.most));
    }
}

/// An answer that is here as a whole and that its client has not taken yet.
pub struct Unsent {
    /// What stands before the data.
    pub out: Vec<u8>,
    /// What was read.
    pub input: Input,
    /// The data that is being written, in the input.
    pub data: Range<usize>,
    /// What of the input is done with once it is written.
    pub used: usize,
    /// What stands behind the data.
    pub end: &'static [u8],
    /// Bytes of these three that were written.
    pub written: usize,
    /// Finds the data behind it.
    pub decoder: Decoder,
    /// What was read ahead.
    pub ahead: Box<Ahead>,
    /// Whether nothing stands behind the data.
    pub last: bool,
    /// Whether it goes on in chunks.
    pub chunked: bool,
}

/// In the place of a server whose answer is here as a whole: nothing more comes.
pub struct Nothing;

impl AsyncRead for Nothing {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Nothing {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Stream for Nothing {
    fn poll_readable(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_closed(&mut self, _: &mut Context<'_>) -> Poll<bool> {
        Poll::Ready(true)
    }

    fn local(&self) -> Option<SocketAddr> {
        None
    }

    fn reset_on_close(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body::Framing;

    #[test]
    fn the_scout_knows_when_the_answer_is_over_and_when_more_than_it_is_here() {
        let rows: &[(Framing, &[&str], bool, bool)] = &[
            (Framing::Length(5), &["abc"], false, false),
            (Framing::Length(5), &["abc", "de"], true, true),
            (Framing::Length(5), &["abcde", ""], true, true),
            (Framing::Length(5), &["abc", "deHTTP"], false, true),
            (Framing::Chunked, &["3\r\nabc\r\n", "0\r\n\r\n"], true, true),
            (Framing::Chunked, &["3\r\nabc\r\n", "0\r\n"], false, false),
            (Framing::Chunked, &["3\r\nabc\r\n0\r\n\r\nx"], false, true),
            (Framing::Chunked, &["nonsense"], false, true),
            (Framing::UntilClose, &["abc"], false, false),
            (Framing::None, &[""], true, true),
        ];
        for (framing, pieces, complete, stopped) in rows {
            let mut ahead = Ahead::new(1000, &Decoder::new(*framing), pieces[0].as_bytes()).unwrap();
            pieces[1..].iter().for_each(|piece| ahead.scan(piece.as_bytes()));
            assert_eq!((ahead.complete, ahead.stopped), (*complete, *stopped), "{framing:?} {pieces:?}");
        }
    }

    #[test]
    fn what_was_read_comes_before_what_went_wrong_behind_it() {
        let mut ahead = Ahead::new(1000, &Decoder::new(Framing::UntilClose), b"").unwrap();
        ahead.bytes.extend_from_slice(b"abc");
        ahead.error = Some(io::ErrorKind::ConnectionReset.into());
        assert_eq!(ahead.give().unwrap().unwrap().bytes(), b"abc");
        assert_eq!(ahead.give().unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        assert!(ahead.give().is_none());
    }

    #[test]
    fn a_worker_holds_so_much_and_no_more() {
        let decoder = Decoder::new(Framing::UntilClose);
        let held: Vec<_> = std::iter::from_fn(|| Ahead::new(MOST_OF_ALL / 4, &decoder, b"")).take(9).collect();
        assert_eq!(held.len(), 4);
        drop(held);
        assert!(Ahead::new(MOST_OF_ALL, &decoder, b"").is_some());
    }
}
