//! The stream below the `h2` crate: looks at the frames as they pass by, since the crate answers control frames without
//! telling, and gathers what is to be sent.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use h2::Reason;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::budget::{Budget, DATA, Frame, HEADERS};
use crate::buffer::{give_head, take_head};
use crate::io::Stream;
use crate::timer::Timers;

/// The client's preface comes before its first frame (RFC 9113 3.4).
const PREFACE: u32 = 24;
const HEADER: usize = 9;

/// What waits to be written before more is written through.
const HELD: usize = 32 * 1024;

/// The stream under the `h2` crate's connection: counts the client's frames, and holds back what is to be sent until
/// the connection's turn ends, so that the answers of many streams leave in one write.
pub struct Metered<S> {
    wire: Rc<Wire<S>>,
    budget: Rc<Budget>,
    timers: Rc<Timers>,
    frames: Frames,
}

/// The stream itself and what is held back.
pub struct Wire<S> {
    stream: RefCell<S>,
    held: RefCell<Vec<u8>>,
}

impl<S: AsyncWrite + Unpin> Wire<S> {
    /// Nothing held back yet.
    pub fn new(stream: S) -> Rc<Self> {
        Rc::new(Self { stream: RefCell::new(stream), held: RefCell::default() })
    }

    /// Writes what is held back, at the end of the connection's turn.
    pub fn poll_release(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_write_held(context))?;
        Pin::new(&mut *self.stream.borrow_mut()).poll_flush(context)
    }

    fn poll_write_held(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (mut held, mut stream) = (self.held.borrow_mut(), self.stream.borrow_mut());
        let mut written = 0;
        let outcome = loop {
            let Some(rest) = held.get(written..).filter(|rest| !rest.is_empty()) else { break Poll::Ready(Ok(())) };
            match Pin::new(&mut *stream).poll_write(context, rest) {
                Poll::Ready(Ok(0)) => break Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => written += count,
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => break Poll::Pending,
            }
        };
        held.drain(..written);
        if held.is_empty() {
            give_head(std::mem::take(&mut *held));
        }
        outcome
    }

    /// Holds these back, or writes them where there is much already.
    fn poll_hold(&self, context: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let length = pieces.iter().map(|piece| piece.len()).sum::<usize>();
        if self.held.borrow().len() + length > HELD {
            ready!(self.poll_write_held(context))?;
            if length > HELD {
                return Pin::new(&mut *self.stream.borrow_mut()).poll_write_vectored(context, pieces);
            }
        }
        let mut held = self.held.borrow_mut();
        if held.capacity() == 0 {
            *held = take_head();
        }
        pieces.iter().for_each(|piece| held.extend_from_slice(piece));
        Poll::Ready(Ok(length))
    }
}

impl<S: Stream> Wire<S> {
    /// Writes what is held back and ends the session below, as far as that goes without waiting.
    pub fn say_goodbye(&self, context: &mut Context<'_>) {
        if self.poll_release(context).is_ready() {
            self.stream.borrow_mut().poll_goodbye(context);
        }
    }
}

impl<S: AsyncRead + Unpin> Wire<S> {
    /// Reads and drops bytes; 0 at the end.
    pub fn poll_drop(&self, context: &mut Context<'_>) -> Poll<usize> {
        let mut bytes = [0; 1024];
        let mut into = ReadBuf::new(&mut bytes);
        let polled = Pin::new(&mut *self.stream.borrow_mut()).poll_read(context, &mut into);
        polled.map(|read| read.map_or(0, |()| into.filled().len()))
    }
}

impl<S> Metered<S> {
    /// Counts from the preface on.
    pub fn new(wire: Rc<Wire<S>>, budget: Rc<Budget>, timers: Rc<Timers>) -> Self {
        Self { wire, budget, timers, frames: Frames::default() }
    }
}

/// Finds the headers of frames in bytes that come in any pieces.
struct Frames {
    /// Bytes until the next header.
    skip: u32,
    header: [u8; HEADER],
    have: usize,
    kind: u8,
    /// The newest stream that the client has opened.
    newest: u32,
    /// The beginning of trailers, while it is awaited.
    trailers: Option<Beginning>,
}

impl Default for Frames {
    fn default() -> Self {
        Self { skip: PREFACE, header: [0; HEADER], have: 0, kind: DATA, newest: 0, trailers: None }
    }
}

impl Frames {
    fn feed(&mut self, mut bytes: &[u8], mut found: impl FnMut(Frame), mut trailed: impl FnMut(&Beginning)) {
        while !bytes.is_empty() {
            if self.skip > 0 {
                let (skipped, rest) = bytes.split_at(bytes.len().min(self.skip as usize));
                self.skip -= skipped.len() as u32;
                bytes = rest;
                if let Some(beginning) = &mut self.trailers
                    && (beginning.take(skipped) || self.skip == 0)
                {
                    trailed(beginning);
                    self.trailers = None;
                }
                continue;
            }
            let taken = bytes.len().min(HEADER - self.have);
            self.header[self.have..self.have + taken].copy_from_slice(&bytes[..taken]);
            self.have += taken;
            bytes = &bytes[taken..];
            if self.have == HEADER {
                found(self.begin());
            }
        }
    }

    /// Takes the header that is complete.
    fn begin(&mut self) -> Frame {
        let [high, middle, low, kind, flags, stream @ ..] = self.header;
        let (length, stream) = (u32::from_be_bytes([0, high, middle, low]), u32::from_be_bytes(stream) & !(1 << 31));
        (self.skip, self.have, self.kind) = (length, 0, kind);
        if kind == HEADERS {
            self.trailers = (stream <= self.newest).then(|| Beginning::new(flags));
            self.newest = self.newest.max(stream);
        }
        Frame { kind, flags, length }
    }

    /// Within a frame that is no content: what is content may be long in coming.
    fn is_partial(&self) -> bool {
        self.have > 0 || (self.skip > 0 && self.kind != DATA)
    }
}

/// The first bytes of a HEADERS frame, up to the name of the first field.
#[derive(Debug)]
struct Beginning {
    /// Bytes of padding length and priority before the block.
    before: usize,
    bytes: [u8; 3],
    have: usize,
}

impl Beginning {
    fn new(flags: u8) -> Self {
        const PADDED: u8 = 8;
        const PRIORITY: u8 = 32;
        let before = if flags & PADDED != 0 { 1 } else { 0 } + if flags & PRIORITY != 0 { 5 } else { 0 };
        Self { before, bytes: [0; 3], have: 0 }
    }

    /// True when it has all that it needs.
    fn take(&mut self, bytes: &[u8]) -> bool {
        let passed = bytes.len().min(self.before);
        self.before -= passed;
        for byte in &bytes[passed..] {
            let Some(slot) = self.bytes.get_mut(self.have) else { break };
            (*slot, self.have) = (*byte, self.have + 1);
        }
        self.have == self.bytes.len()
    }

    /// Whether the first field is a pseudo-field (RFC 7541 6 and appendix A: entries 1 to 14 of the static table, or a
    /// name that begins with a colon). One behind another field is found by the `h2` crate.
    fn is_pseudo(&self) -> bool {
        const PSEUDO: std::ops::RangeInclusive<u8> = 1..=14;
        const HUFFMAN_COLON: u8 = 0b101_1100;
        let [first, length, name] = self.bytes;
        let index = match first {
            0x80.. => first & 0x7f,
            0x40.. => first & 0x3f,
            _ => first & 0x0f,
        };
        let literal = first & 0x80 == 0 && first & 0x20 == 0 && index == 0;
        let is_huffman = length & 0x80 != 0;
        match literal {
            true => self.have == 3 && if is_huffman { name >> 1 == HUFFMAN_COLON } else { name == b':' },
            false => self.have > 0 && first & 0xe0 != 0x20 && PSEUDO.contains(&index),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = into.filled().len();
        let polled = Pin::new(&mut *this.wire.stream.borrow_mut()).poll_read(context, into);
        let now = this.timers.now();
        let budget = &this.budget;
        this.frames.feed(
            into.filled().get(before..).unwrap_or_default(),
            |frame| budget.received(frame, now),
            |beginning| {
                if beginning.is_pseudo() {
                    budget.breach(Reason::PROTOCOL_ERROR);
                }
            },
        );
        budget.set_partial(this.frames.is_partial());
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let count = ready!(self.wire.poll_hold(context, pieces))?;
        self.budget.sent(count, self.timers.now());
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Called by `h2` after every frame with content: the end of the connection's turn comes later.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.wire.poll_release(context))?;
        Pin::new(&mut *self.wire.stream.borrow_mut()).poll_shutdown(context)
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
                frames.feed(piece, |frame| found.push((frame.kind, frame.length, frame.flags)), |_| {});
            }
            assert_eq!(found, [(4, 0, 5), (1, 300, 5), (0, 70_000, 5), (6, 8, 5)], "pieces of {size}");
        }
    }

    #[test]
    fn a_pseudo_field_at_the_beginning_of_trailers_is_seen() {
        let rows: [(&str, &[u8], u8, bool); 10] = [
            (":method GET, indexed", &[0x82], 4, true),
            ("accept-encoding, indexed", &[0x90], 4, false),
            (":method, literal", &[0x42, 1, b'x'], 4, true),
            (":path, never indexed", &[0x14, 1, b'x'], 4, true),
            (":x, new name", &[0x40, 2, b':', b'x', 1, b'y'], 4, true),
            ("x, new name", &[0x40, 1, b'x', 1, b'y'], 4, false),
            (":, huffman", &[0x00, 0x81, 0b1011_1001, 1, b'y'], 4, true),
            ("x, huffman", &[0x00, 0x81, 0b1111_0011, 1, b'y'], 4, false),
            ("padding and priority before", &[0, 0, 0, 0, 0, 1, 0x82], 0x2c, true),
            ("empty", &[], 4, false),
        ];
        for (name, block, flags, expected) in rows {
            let frame = |flags: u8, block: &[u8]| {
                [&(block.len() as u32).to_be_bytes()[1..], &[HEADERS, flags, 0, 0, 0, 1], block].concat()
            };
            let bytes = [vec![0; 24], frame(4, &[0x82]), frame(flags, block)].concat();
            for size in [1, 1000] {
                let (mut frames, mut seen) = (Frames::default(), Vec::new());
                for piece in bytes.chunks(size) {
                    frames.feed(piece, |_| {}, |beginning| seen.push(beginning.is_pseudo()));
                }
                assert_eq!(seen.contains(&true), expected, "{name}");
                assert!(!frames.is_partial());
            }
        }
    }
}
