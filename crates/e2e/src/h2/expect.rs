//! What a test expects of a server, said in one line.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::frame::{Frame, code, flag, kind};
use super::{Answer, H2};
use crate::wire::Broken;

/// Runs something; what its panic said, if it did.
pub fn words_of(work: impl FnOnce()) -> Option<String> {
    catch_unwind(AssertUnwindSafe(work)).err().map(|panic| crate::farm::words(panic.as_ref()))
}

fn is_end(broken: &Broken) -> bool {
    matches!(broken, Broken::Closed | Broken::Cut)
}

impl H2 {
    /// Waits for the end of the connection, with one of these codes or without a word. The code for errors that have no
    /// other will do for all of them (RFC 9113, section 7: it is less telling, and no less an end).
    #[track_caller]
    pub fn expect_goaway(&mut self, codes: &[u32]) {
        loop {
            match self.event() {
                Ok(frame) if frame.kind == kind::GOAWAY => self.accept_goaway(&frame, codes),
                Ok(_) => {}
                Err(broken) if is_end(&broken) => return,
                Err(broken) => panic!("the connection should have ended with {codes:?}: {broken:?}"),
            }
        }
    }

    /// Waits for the end of a stream with one of these codes, or that of the connection.
    #[track_caller]
    pub fn expect_reset(&mut self, stream: u32, codes: &[u32]) {
        loop {
            match self.event() {
                Ok(frame) if frame.kind == kind::RST_STREAM && frame.stream == stream => {
                    let code = frame.number(0);
                    assert!(codes.contains(&code), "RST_STREAM with code {code}, not one of {codes:?}");
                    return;
                }
                Ok(frame) if frame.kind == kind::GOAWAY => self.accept_goaway(&frame, codes),
                Ok(_) => {}
                Err(broken) if is_end(&broken) => return,
                Err(broken) => panic!("stream {stream} should have ended with {codes:?}: {broken:?}"),
            }
        }
    }

    #[track_caller]
    fn accept_goaway(&self, frame: &Frame, codes: &[u32]) {
        let given = frame.number(4);
        let fits = codes.contains(&given) || [code::NO_ERROR, code::PROTOCOL_ERROR].contains(&given);
        assert!(fits, "GOAWAY with code {given}, not one of {codes:?}");
    }

    /// Waits for RST_STREAM with one of these codes; the connection lives on.
    #[track_caller]
    pub fn expect_only_reset(&mut self, stream: u32, codes: &[u32]) {
        let answer = self.answer(stream);
        let given = answer.reset.unwrap_or_else(|| panic!("stream {stream} should have been reset: {answer:?}"));
        assert!(codes.contains(&given), "RST_STREAM with code {given}, not one of {codes:?}");
        self.expect_pong();
    }

    /// Waits for the end of the connection itself.
    #[track_caller]
    pub fn expect_closed(&mut self) {
        loop {
            match self.event() {
                Ok(_) => {}
                Err(broken) if is_end(&broken) => return,
                Err(broken) => panic!("the connection should have ended: {broken:?}"),
            }
        }
    }

    /// Sends a ping and waits for its answer.
    #[track_caller]
    pub fn expect_pong(&mut self) {
        const PAYLOAD: [u8; 8] = *b"gatehous";
        let before = self.pongs.iter().filter(|payload| *payload == &PAYLOAD).count();
        self.frame(&Frame::ping(PAYLOAD));
        while self.pongs.iter().filter(|payload| *payload == &PAYLOAD).count() == before {
            if let Err(broken) = self.event() {
                panic!("the ping should have been answered: {broken:?}; goaways {:?}", self.goaways);
            }
        }
    }

    /// Waits for a whole answer with this status; the stream is not reset.
    #[track_caller]
    pub fn expect_status(&mut self, stream: u32, status: u16) -> Answer {
        let answer = self.answer(stream);
        assert!(answer.ended && answer.reset.is_none_or(|code| code == 0), "cut: {answer:?}");
        assert_eq!(answer.status(), status, "{}", answer.text());
        answer
    }

    /// Sends the same bytes again and again, reading along, until so many were sent or the connection ended. Returns
    /// how often they were sent.
    pub fn flood(&mut self, count: usize, mut bytes: impl FnMut(usize) -> Vec<u8>) -> usize {
        const AT_ONCE: usize = 8 * 1024;
        let mut buffer = Vec::new();
        for number in 0..count {
            buffer.extend(bytes(number));
            if buffer.len() >= AT_ONCE || number + 1 == count {
                if self.wire.send(&buffer).is_err() || self.drain(std::time::Duration::from_millis(1)).is_err() {
                    // What the gateway said last may still be there.
                    while self.event().is_ok() {}
                    return number + 1;
                }
                buffer.clear();
            }
        }
        count
    }

    /// Whether the connection has ended, or ends now.
    pub fn has_ended(&mut self) -> bool {
        loop {
            match self.event() {
                Ok(_) => {}
                Err(broken) => return is_end(&broken),
            }
        }
    }

    /// The code of the last GOAWAY.
    pub fn left_with(&self) -> Option<u32> {
        self.goaways.last().map(|&(_, code)| code)
    }
}

/// Fields of a request, split over a HEADERS frame and CONTINUATION frames, of which the last ends them.
pub fn split(stream: u32, flags: u8, block: &[u8], parts: usize) -> Vec<Frame> {
    let size = block.len().div_ceil(parts).max(1);
    let pieces: Vec<_> = block.chunks(size).collect();
    let last = pieces.len() - 1;
    let frame = |(number, piece): (usize, &&[u8])| {
        let end = if number == last { flag::END_HEADERS } else { 0 };
        match number {
            0 => Frame::headers(stream, flags & !flag::END_HEADERS | end, *piece),
            _ => Frame::continuation(stream, end, *piece),
        }
    };
    pieces.iter().enumerate().map(frame).collect()
}
