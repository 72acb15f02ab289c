//! Content on its way: read from one end, framed anew, written to the other, with back-pressure.

use std::cell::RefCell;
use std::io;
use std::time::Duration;

use crate::buffer::Input;
use crate::http::body::{Decoder, LAST_CHUNK, write_chunk_line};
use crate::io::{Pieces, Stream, fill, write};
use crate::timer::{Lane, TimerGuard};

/// Up to this much content is copied behind what already waits to be written; more is written from where it lies.
/// Copying 16 KiB costs less than a second piece in a vectored write.
const COPIED: usize = 16 * 1024;

/// How a relay ended before its content did.
#[derive(Debug)]
pub enum Broken {
    /// The content is not framed right.
    Malformed,
    /// More content than the limit.
    TooLarge,
    /// Reading failed, timed out, or the stream ended early.
    Read(io::Error),
    /// Writing failed or stalled.
    Write(io::Error),
    /// What was taken in cannot be read again.
    Lost(io::Error),
    /// The slow end moved less than the minimum rate.
    TooSlow,
}

/// The two ends of a relay and their bounds.
pub struct Relay<'a, F, T> {
    /// Where content comes from.
    pub from: &'a RefCell<F>,
    /// Where it goes.
    pub to: &'a RefCell<T>,
    /// The connection's deadlines.
    pub timer: &'a TimerGuard,
    /// The lane of reads.
    pub read_lane: Lane,
    /// The longest wait for bytes.
    pub read_limit: Duration,
    /// The lane of writes.
    pub write_lane: Lane,
    /// The longest wait for bytes to be taken.
    pub write_limit: Duration,
    /// Whether content goes on in chunks.
    pub chunked: bool,
    /// The most content, in bytes.
    pub max_content: u64,
    /// The least rate of the client in bytes a second; 0 for none.
    pub min_rate: u32,
}

/// How much has moved.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moved {
    /// Bytes taken from the source, framing included.
    pub read: u64,
    /// Bytes written, head and framing included.
    pub written: u64,
    /// Bytes of content alone.
    pub content: u64,
}

impl<F: Stream, T: Stream> Relay<'_, F, T> {
    /// Moves the content that `decoder` finds. `out` holds what must go before it (a head) and is used for framing;
    /// it is left empty.
    pub async fn run(
        &self,
        input: &mut Input,
        decoder: &mut Decoder,
        out: &mut Vec<u8>,
        moved: &mut Moved,
    ) -> Result<(), Broken> {
        let mut pace = Pace::new(self.timer.now(), self.min_rate);
        loop {
            while !decoder.done() && !input.is_empty() {
                let step = decoder.step(input.bytes()).map_err(|_| Broken::Malformed)?;
                moved.read += step.used as u64;
                moved.content += step.data.len() as u64;
                if moved.content > self.max_content {
                    return Err(Broken::TooLarge);
                }
                let data = &input.bytes()[step.data.clone()];
                self.put(data, decoder.done(), out, moved, &mut pace).await?;
                input.consume(step.used);
            }
            if decoder.done() {
                return self.finish(out, moved, &mut pace).await;
            }
            if !out.is_empty() {
                self.flush(out, b"", b"", moved, &mut pace).await?;
            }
            self.timer.set(self.read_lane, self.read_limit);
            let before = self.timer.now();
            let count = fill(self.from, input, usize::MAX, self.timer, self.read_lane).await.map_err(Broken::Read)?;
            self.timer.clear(self.read_lane);
            if self.read_lane == Lane::ClientRead {
                pace.waited(before, self.timer.now(), count)?;
            }
            if count == 0 {
                if decoder.until_close() {
                    return self.finish(out, moved, &mut pace).await;
                }
                return Err(Broken::Read(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    async fn put(
        &self,
        data: &[u8],
        last: bool,
        out: &mut Vec<u8>,
        moved: &mut Moved,
        pace: &mut Pace,
    ) -> Result<(), Broken> {
        if data.is_empty() {
            return Ok(());
        }
        if self.chunked {
            write_chunk_line(out, data.len());
        }
        let end: &[u8] = match (self.chunked, last) {
            (true, true) => b"\r\n0\r\n\r\n",
            (true, false) => b"\r\n",
            (false, _) => b"",
        };
        if data.len() > COPIED || out.len() + data.len() > 2 * COPIED {
            return self.flush(out, data, end, moved, pace).await;
        }
        out.extend_from_slice(data);
        out.extend_from_slice(if self.chunked { b"\r\n" } else { b"" });
        Ok(())
    }

    async fn finish(&self, out: &mut Vec<u8>, moved: &mut Moved, pace: &mut Pace) -> Result<(), Broken> {
        if self.chunked && !(out.is_empty() && pace.ended) {
            out.extend_from_slice(LAST_CHUNK);
        }
        if out.is_empty() { Ok(()) } else { self.flush(out, b"", b"", moved, pace).await }
    }

    async fn flush(
        &self,
        out: &mut Vec<u8>,
        data: &[u8],
        end: &[u8],
        moved: &mut Moved,
        pace: &mut Pace,
    ) -> Result<(), Broken> {
        pace.ended = end.len() > 2;
        let before = self.timer.now();
        let mut pieces = Pieces::new([out, data, end]);
        let done = write(self.to, &mut pieces, self.timer, self.write_lane, self.write_limit).await;
        let written = pieces.written;
        moved.written += written as u64;
        done.map_err(Broken::Write)?;
        out.clear();
        if self.write_lane == Lane::ClientWrite { pace.waited(before, self.timer.now(), written) } else { Ok(()) }
    }
}

/// The least rate at which a client must move content: over ten seconds of waiting for it, after a grace of ten.
pub struct Pace {
    since: u64,
    waited: u64,
    bytes: u64,
    rate: u64,
    /// The last write carried the last chunk.
    ended: bool,
}

const WINDOW: u64 = 10_000;

impl Pace {
    /// Begins at a moment of the coarse clock.
    pub fn new(now: u64, rate: u32) -> Self {
        Self { since: now, waited: 0, bytes: 0, rate: u64::from(rate), ended: false }
    }

    /// Counts bytes that were waited for from `before` to `now`.
    pub fn waited(&mut self, before: u64, now: u64, bytes: usize) -> Result<(), Broken> {
        self.bytes += bytes as u64;
        if now == before {
            return Ok(());
        }
        self.waited += now - before;
        if self.waited < WINDOW || now - self.since < 2 * WINDOW {
            return Ok(());
        }
        let enough = self.bytes.saturating_mul(1000) >= self.rate * self.waited;
        (self.waited, self.bytes) = (0, 0);
        if enough { Ok(()) } else { Err(Broken::TooSlow) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_slower_than_the_least_rate_is_given_up_after_its_grace() {
        let mut pace = Pace::new(0, 240);
        let mut now = 0;
        let mut outcome = Ok(());
        while outcome.is_ok() && now < 60_000 {
            outcome = pace.waited(now, now + 1000, 1);
            now += 1000;
        }
        assert_eq!(now, 20_000);
    }

    #[test]
    fn a_client_at_the_least_rate_goes_on() {
        let mut pace = Pace::new(0, 240);
        for second in 0..100 {
            assert!(pace.waited(second * 1000, (second + 1) * 1000, 240).is_ok());
        }
    }
}
