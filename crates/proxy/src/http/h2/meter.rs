//! Looks at the frames as they pass by, below the `h2` crate, which answers control frames without telling.


use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::budget::{Budget, Frame};
use crate::timer::Timers;

/// The client's preface comes before its first frame (RFC 9113 3.4).
const PREFACE: u32 = 24;
const HEADER: usize = 9;

/// A stream whose frames are counted.
pub struct Metered<S> {
    stream: S,
    budget: Rc<Budget>,
    timers: Rc<Timers>,
    frames: Frames,
}

impl<S> Metered<S> {
    /// Counts from the preface on.
    pub fn new(stream: S, budget: Rc<Budget>, timers: Rc<Timers>) -> Self {
        Self { stream, budget, timers, frames: Frames::default() }
    }
}

/// Finds the headers of frames in bytes that come in any pieces.
struct Frames {
    /// Bytes until the next header.
    skip: u32,
    header: [u8; HEADER],
    have: usize,
}

impl Default for Frames {
    fn default() -> Self {
        Self { skip: PREFACE, header: [0; HEADER], have: 0 }
    }
}

impl Frames {
    fn feed(&mut self, mut bytes: &[u8], mut found: impl FnMut(Frame)) {
        while !bytes.is_empty() {
            if self.skip > 0 {
                let skipped = bytes.len().min(self.skip as usize);
                self.skip -= skipped as u32;
                bytes = &bytes[skipped..];
                continue;
            }
            let taken = bytes.len().min(HEADER - self.have);
            self.header[self.have..self.have + taken].copy_from_slice(&bytes[..taken]);
            self.have += taken;
            bytes = &bytes[taken..];
            if self.have == HEADER {
                let [high, middle, low, kind, flags, ..] = self.header;
                let length = u32::from_be_bytes([0, high, middle, low]);
                (self.skip, self.have) = (length, 0);
                found(Frame { kind, flags, length });
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = into.filled().len();
        let polled = Pin::new(&mut this.stream).poll_read(context, into);
        let now = this.timers.now();
        this.frames.feed(into.filled().get(before..).unwrap_or_default(), |frame| this.budget.received(frame, now));
        polled
    }
}

impl<S: AsyncWrite + Unpin> Metered<S> {
    fn wrote(&self, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(count)) = &polled {
            self.budget.sent(*count, self.timers.now());
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.wrote(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_in_pieces_of_any_size() {
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        for (kind, length) in [(4u8, 0usize), (1, 300), (0, 70_000), (6, 8)] {
            bytes.extend(&(length as u32).to_be_bytes()[1..]);
            bytes.extend([kind, 5, 0, 0, 0, 1]);
            bytes.extend(vec![9; length]);
        }
        for size in [1, 2, 9, 10, 4096, 100_000] {
            let (mut frames, mut found) = (Frames::default(), Vec::new());
            for piece in bytes.chunks(size) {
                frames.feed(piece, |frame| found.push((frame.kind, frame.length, frame.flags)));
            }
            assert_eq!(found, [(4, 0, 5), (1, 300, 5), (0, 70_000, 5), (6, 8, 5)], "pieces of {size}");
        }
    }
}
