//! What a client may make the gateway do without asking for anything.
//!
//! HTTP/2 lets a peer send frames that cost work and bring nothing: resets, settings, pings, empty data. Each is legal;
//! in masses they are an attack (CVE-2019-9512 to 9518, CVE-2023-44487, CVE-2025-8671).

use std::cell::Cell;

use h2::Reason;

/// Milliseconds over which frames are counted.
const WINDOW: u64 = 10_000;
/// Frames in a window that need no reason.
const FREE_FRAMES: u64 = 200;
/// Resets in a window, beyond half of its requests.
const RESETS_IN_WINDOW: u64 = 100;
/// Resets on a connection, beyond half of its requests.
const RESETS: u64 = 1_000;
/// Bytes sent that justify one frame of the client's: it has to give credit for them.
const BYTES_FOR_CREDIT: u64 = 512;

/// The counts of one connection. Cells: it is one thread's.
#[derive(Debug, Default)]
pub struct Budget {
    window: Cell<Count>,
    total: Cell<Count>,
    since: Cell<u64>,
    block_open: Cell<bool>,
    partial: Cell<bool>,
    breach: Cell<Option<Reason>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    requests: u64,
    resets: u64,
    /// Frames that ask for nothing.
    idle: u64,
    /// Frames that carry something, and answers that call for credit.
    useful: u64,
    sent: u64,
}

/// A frame's header, as far as it counts.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Its type (RFC 9113 6).
    pub kind: u8,
    /// Its flags.
    pub flags: u8,
    /// Bytes behind the header.
    pub length: u32,
}

/// DATA frames.
pub const DATA: u8 = 0;
/// HEADERS frames.
pub const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

impl Budget {
    /// Counts a frame from the client.
    pub fn received(&self, frame: Frame, now: u64) {
        let ends_block = frame.flags & END_HEADERS != 0;
        self.count(now, |count| match frame.kind {
            HEADERS => (count.requests, count.useful) = (count.requests + 1, count.useful + 1),
            DATA if frame.length > 0 || frame.flags & END_STREAM != 0 => count.useful += 1,
            RST_STREAM => count.resets += 1,
            CONTINUATION => {}
            _ => count.idle += 1,
        });
        match frame.kind {
            HEADERS => self.block_open.set(!ends_block),
            // How many there may be is bounded by `h2`.
            CONTINUATION => {
                self.block_open.set(!ends_block);
                if frame.length == 0 && !ends_block {
                    self.breach(Reason::ENHANCE_YOUR_CALM);
                }
            }
            _ => {}
        }
    }

    /// Counts bytes sent to the client.
    pub fn sent(&self, bytes: usize, now: u64) {
        self.count(now, |count| count.sent += bytes as u64);
    }

    /// Counts a stream that the client made us reset.
    pub fn provoked(&self, now: u64) {
        self.count(now, |count| count.resets += 1);
    }

    /// Notes what ends the connection; the first counts.
    pub fn breach(&self, reason: Reason) {
        self.breach.set(self.breach.get().or(Some(reason)));
    }

    /// Why the connection has to end, if it has.
    pub fn breached(&self) -> Option<Reason> {
        self.breach.get()
    }

    /// Notes whether the client is within a frame that is not content.
    pub fn set_partial(&self, partial: bool) {
        self.partial.set(partial);
    }

    /// True within a frame or a header block whose end has not come.
    pub fn is_waiting(&self) -> bool {
        self.block_open.get() || self.partial.get()
    }

    #[inline]
    fn count(&self, now: u64, add: impl Fn(&mut Count)) {
        let (mut window, mut total) = (self.window.get(), self.total.get());
        if now.saturating_sub(self.since.get()) >= WINDOW {
            self.since.set(now);
            window = Count::default();
        }
        add(&mut window);
        add(&mut total);
        if window.resets > RESETS_IN_WINDOW + window.requests / 2 || total.resets > RESETS + total.requests / 2 {
            self.breach(Reason::ENHANCE_YOUR_CALM);
        }
        if window.idle > FREE_FRAMES + window.useful + window.sent / BYTES_FOR_CREDIT {
            self.breach(Reason::ENHANCE_YOUR_CALM);
        }
        self.window.set(window);
        self.total.set(total);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: u8 = 6;
    const WINDOW_UPDATE: u8 = 8;

    fn frame(kind: u8, length: u32) -> Frame {
        Frame { kind, flags: END_HEADERS, length }
    }

    /// How many rounds of frames a connection survives, `every` milliseconds apart.
    fn rounds(frames: &[Frame], every: u64) -> usize {
        let budget = Budget::default();
        for round in 0..5_000 {
            for one in frames {
                budget.received(*one, round as u64 * every);
            }
            if budget.breached().is_some() {
                return round;
            }
        }
        5_000
    }

    #[test]
    fn masses_of_cheap_frames_are_too_many() {
        let rows: [(&str, &[Frame], usize); 7] = [
            ("ping flood", &[frame(PING, 8)], 200),
            ("empty data flood", &[Frame { kind: DATA, flags: 0, length: 0 }], 200),
            ("reset flood", &[frame(RST_STREAM, 4)], 100),
            ("rapid reset", &[frame(HEADERS, 30), frame(RST_STREAM, 4)], 200),
            ("requests", &[frame(HEADERS, 30)], 5_000),
            ("uploads", &[frame(HEADERS, 30), frame(DATA, 900)], 5_000),
            ("a ping for each request", &[frame(HEADERS, 30), frame(PING, 8)], 5_000),
        ];
        for (name, frames, survived) in rows {
            assert_eq!(rounds(frames, 0), survived, "{name}");
        }
    }

    #[test]
    fn what_comes_slowly_is_not_a_flood() {
        assert_eq!(rounds(&[frame(PING, 8)], 1_000), 5_000);
        assert_eq!(rounds(&[frame(HEADERS, 9), frame(RST_STREAM, 4)], 1_000), 2_000);
    }

    #[test]
    fn credit_for_what_was_sent_is_not_a_flood() {
        let budget = Budget::default();
        for _ in 0..50_000 {
            budget.sent(1024, 0);
            budget.received(frame(WINDOW_UPDATE, 4), 0);
        }
        assert_eq!(budget.breached(), None);
    }

    #[test]
    fn no_frame_of_a_header_block_but_its_last_is_empty() {
        let open = |length| Frame { kind: CONTINUATION, flags: 0, length };
        let block = |frames: &[Frame]| {
            let budget = Budget::default();
            budget.received(Frame { kind: HEADERS, flags: 0, length: 10 }, 0);
            frames.iter().for_each(|frame| budget.received(*frame, 0));
            (budget.breached().is_some(), budget.is_waiting())
        };
        assert_eq!(block(&[open(1); 8]), (false, true));
        assert_eq!(block(&[open(0)]), (true, true));
        assert_eq!(block(&[open(1), frame(CONTINUATION, 0)]), (false, false));
    }
}
