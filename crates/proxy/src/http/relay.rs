//! Content on its way: read from one end, framed anew, written to the other, with back-pressure.

use std::cell::RefCell;
use std::io;
use std::time::Duration;

use crate::buffer::{Input, give_head};
use crate::http::ahead::{Ahead, Nothing, Unsent};
use crate::http::body::{Decoder, LAST_CHUNK, Step, write_chunk_line};
use crate::io::{Pieces, Stream, fill, write, write_meanwhile, write_now};
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
    /// The most that is read ahead of a slow receiver, in bytes.
    pub ahead: usize,
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

/// What a relay works with.
struct Work<'a> {
    /// What is to be written before anything else.
    out: &'a mut Vec<u8>,
    moved: &'a mut Moved,
    pace: Pace,
    /// What was read while the client took nothing.
    ahead: Option<Box<Ahead>>,
    /// Bytes of the last write that were taken, where that was not all.
    written: usize,
}

/// What is written next, and what comes after it.
struct Turn<'a> {
    data: &'a [u8],
    end: &'static [u8],
    /// What was read behind the data, and its decoder.
    rest: &'a [u8],
    decoder: &'a Decoder,
}

/// What became of content.
enum Sent {
    /// It went on, or waits for more to go with it.
    Gone,
    /// The whole message is here, and its receiver is slow.
    Waits,
}

impl<F: Stream, T: Stream> Relay<'_, F, T> {
    /// Moves the content that `decoder` finds. `out` holds what must go before it (a head) and is used for framing;
    /// it is left empty. What is returned was read as a whole and is still to be written, with [`resume`].
    pub async fn run(
        &self,
        input: &mut Input,
        decoder: &mut Decoder,
        out: &mut Vec<u8>,
        moved: &mut Moved,
        ahead: Option<Box<Ahead>>,
    ) -> Result<Option<Box<Unsent>>, Broken> {
        let pace = Pace::new(self.timer.now(), self.min_rate);
        let mut work = Work { out, moved, pace, ahead, written: 0 };
        loop {
            while !decoder.done() && !input.is_empty() {
                let step = decoder.step(input.bytes()).map_err(|_| Broken::Malformed)?;
                work.moved.read += step.used as u64;
                work.moved.content += step.data.len() as u64;
                if work.moved.content > self.max_content {
                    return Err(Broken::TooLarge);
                }
                if let Sent::Waits = self.put(&step, input.bytes(), decoder, &mut work).await? {
                    return Ok(self.unsent(input, step, decoder, decoder.done(), &mut work));
                }
                input.consume(step.used);
            }
            if decoder.done() {
                return self.finish(input, decoder, &mut work).await;
            }
            if !work.out.is_empty() {
                let turn = Turn { data: b"", end: b"", rest: b"", decoder };
                if let Sent::Waits = self.flush(turn, &mut work).await? {
                    return Ok(self.unsent(input, Step { used: 0, data: 0..0 }, decoder, false, &mut work));
                }
            }
            if let Some(ahead) = &mut work.ahead
                && let Some(next) = ahead.give()
            {
                *input = next.map_err(Broken::Read)?;
                continue;
            }
            self.timer.set(self.read_lane, self.read_limit);
            let before = self.timer.now();
            let count = fill(self.from, input, usize::MAX, self.timer, self.read_lane).await.map_err(Broken::Read)?;
            self.timer.clear(self.read_lane);
            work.ahead = None;
            if self.read_lane == Lane::ClientRead {
                work.pace.waited(before, self.timer.now(), count)?;
            }
            if count == 0 {
                if decoder.until_close() {
                    return self.finish(input, decoder, &mut work).await;
                }
                return Err(Broken::Read(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    /// What stands behind data.
    fn end(&self, last: bool) -> &'static [u8] {
        match (self.chunked, last) {
            (true, true) => b"\r\n0\r\n\r\n",
            (true, false) => b"\r\n",
            (false, _) => b"",
        }
    }

    async fn put(&self, step: &Step, input: &[u8], decoder: &Decoder, work: &mut Work<'_>) -> Result<Sent, Broken> {
        let data = &input[step.data.clone()];
        if data.is_empty() {
            return Ok(Sent::Gone);
        }
        if self.chunked {
            write_chunk_line(work.out, data.len());
        }
        if data.len() > COPIED || work.out.len() + data.len() > 2 * COPIED {
            let turn = Turn { data, end: self.end(decoder.done()), rest: &input[step.used..], decoder };
            return self.flush(turn, work).await;
        }
        work.out.extend_from_slice(data);
        work.out.extend_from_slice(if self.chunked { b"\r\n" } else { b"" });
        Ok(Sent::Gone)
    }

    async fn finish(
        &self,
        input: &mut Input,
        decoder: &Decoder,
        work: &mut Work<'_>,
    ) -> Result<Option<Box<Unsent>>, Broken> {
        if self.chunked && !(work.out.is_empty() && work.pace.ended) {
            work.out.extend_from_slice(LAST_CHUNK);
        }
        if work.out.is_empty() {
            return Ok(None);
        }
        let turn = Turn { data: b"", end: b"", rest: input.bytes(), decoder };
        match self.flush(turn, work).await? {
            Sent::Gone => Ok(None),
            Sent::Waits => Ok(self.unsent(input, Step { used: 0, data: 0..0 }, decoder, true, work)),
        }
    }

    async fn flush(&self, turn: Turn<'_>, work: &mut Work<'_>) -> Result<Sent, Broken> {
        work.pace.ended = turn.end.len() > 2;
        let before = self.timer.now();
        let mut pieces = Pieces::new([work.out, turn.data, turn.end]);
        let mut done = write_now(self.to, &mut pieces, self.timer, self.write_lane).await;
        if let Ok(false) = done {
            // What a slow receiver costs is not in every exchange.
            let written = Box::pin(self.read_ahead(&mut pieces, &turn, &mut work.ahead)).await;
            done = written.map(|()| pieces.is_done());
        }
        work.written = pieces.written;
        work.moved.written += pieces.written as u64;
        if !done.map_err(Broken::Write)? {
            return Ok(Sent::Waits);
        }
        work.out.clear();
        if self.write_lane == Lane::ClientWrite {
            work.pace.waited(before, self.timer.now(), work.written)?;
        }
        Ok(Sent::Gone)
    }

    /// What is left to be written when the whole message is here. `last`: nothing stands behind the step's data.
    fn unsent(
        &self,
        input: &mut Input,
        step: Step,
        decoder: &Decoder,
        last: bool,
        work: &mut Work<'_>,
    ) -> Option<Box<Unsent>> {
        Some(Box::new(Unsent {
            out: std::mem::take(work.out),
            input: std::mem::take(input),
            end: if step.data.is_empty() { b"" } else { self.end(last) },
            data: step.data,
            used: step.used,
            written: work.written,
            decoder: decoder.clone(),
            ahead: work.ahead.take()?,
            last,
            chunked: self.chunked,
        }))
    }

    /// Writes on, and reads ahead meanwhile where that is asked for. Ends early when the whole message is here.
    async fn read_ahead(
        &self,
        pieces: &mut Pieces<'_>,
        turn: &Turn<'_>,
        ahead: &mut Option<Box<Ahead>>,
    ) -> io::Result<()> {
        // What was read as a whole before is no reason to stop.
        let reads = self.ahead > 0;
        if reads && ahead.is_none() {
            *ahead = Ahead::new(self.ahead, turn.decoder, turn.rest);
        }
        write_meanwhile(self.to, pieces, self.timer, (self.write_lane, self.write_limit), |context| {
            ahead.as_mut().filter(|_| reads).is_some_and(|ahead| {
                ahead.poll(self.from, context);
                ahead.is_complete()
            })
        })
        .await
    }
}

/// Writes what was read as a whole before.
pub async fn resume<T: Stream>(relay: &Relay<'_, Nothing, T>, unsent: Unsent, moved: &mut Moved) -> Result<(), Broken> {
    let Unsent { mut out, mut input, data, used, end, written, mut decoder, ahead, last, .. } = unsent;
    let mut pieces = Pieces::new([&out, input.bytes().get(data).unwrap_or_default(), end]);
    pieces.written = written;
    let done = write(relay.to, &mut pieces, relay.timer, relay.write_lane, relay.write_limit).await;
    moved.written += (pieces.written - written) as u64;
    done.map_err(Broken::Write)?;
    input.consume(used);
    out.clear();
    if !last {
        relay.run(&mut input, &mut decoder, &mut out, moved, Some(ahead)).await?;
    }
    give_head(out);
    Ok(())
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
