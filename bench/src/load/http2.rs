//! HTTP/2 as the load generator speaks it: a fixed number of streams at once, frames read where they lie.
//!
//! Requests are written beforehand: the first of a connection fills the proxy's header table as a browser's does, all
//! others refer to it; the path is sent in full each time. Windows are as wide as a browser's and are opened again in
//! time, so that no proxy ever waits for the load generator. Of a response the status, the length of the body and the
//! end are checked; whatever a proxy of this run has no reason to send is an error.

use std::time::Instant;

use super::requests::{FIELDS, Shape};

/// What a client sends first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Length of a frame's header.
const FRAME_HEADER: usize = 9;
/// The window of a stream: wider than any body of a run.
const STREAM_WINDOW: u32 = 1 << 20;
/// The window of a connection, and when it is opened again.
const CONNECTION_WINDOW: u32 = 1 << 24;
/// The window that every connection begins with (RFC 9113, section 6.9.2).
const FIRST_WINDOW: u32 = 65_535;
/// What our header blocks need of the proxy's table, generously.
const TABLE_NEEDED: u32 = 1_024;
/// `:status: 200` in the static table of RFC 7541.
const STATUS_OK: u8 = 0x88;

/// Frame types (RFC 9113, section 6).
mod kind {
    pub(super) const DATA: u8 = 0;
    pub(super) const HEADERS: u8 = 1;
    pub(super) const RST_STREAM: u8 = 3;
    pub(super) const SETTINGS: u8 = 4;
    pub(super) const PING: u8 = 6;
    pub(super) const GOAWAY: u8 = 7;
    pub(super) const WINDOW_UPDATE: u8 = 8;
    pub(super) const PUSH_PROMISE: u8 = 5;
    pub(super) const CONTINUATION: u8 = 9;
}

/// Frame flags; an acknowledgement has the bit of an end.
mod flag {
    pub(super) const END_STREAM: u8 = 1;
    pub(super) const ACK: u8 = 1;
    pub(super) const END_HEADERS: u8 = 4;
    pub(super) const PADDED: u8 = 8;
    pub(super) const PRIORITY: u8 = 32;
}

/// Settings (RFC 9113, section 6.5.2).
mod setting {
    pub(super) const HEADER_TABLE_SIZE: u16 = 1;
    pub(super) const ENABLE_PUSH: u16 = 2;
    pub(super) const MAX_CONCURRENT_STREAMS: u16 = 3;
    pub(super) const INITIAL_WINDOW_SIZE: u16 = 4;
}

/// The header blocks of the requests.
pub(super) struct Blocks {
    /// Of a connection's first request: its fields enter the table.
    first: Vec<u8>,
    /// Of every other: its fields are taken from the table.
    again: Vec<u8>,
}

impl Blocks {
    /// Header blocks for always the same target.
    pub(super) fn new(shape: &Shape, secure: bool) -> Result<Blocks, String> {
        let Shape::One { host, path } = shape else {
            return Err("HTTP/2 is loaded with one target only".to_owned());
        };
        // `:method: GET`, `:scheme`, and `:path` as a literal that stays out of the table.
        let mut target = vec![0x82, if secure { 0x87 } else { 0x86 }, 0x04];
        text(path, &mut target);
        let (mut first, mut again) = (target.clone(), target);
        let fields = [(1, host.as_str())].into_iter().chain(FIELDS.iter().map(|field| (field.index, field.value)));
        // What entered the table last has the lowest number there.
        let newest = 62 + FIELDS.len();
        for (place, (index, value)) in fields.enumerate() {
            first.push(0x40 | index);
            text(value, &mut first);
            again.push(0x80 | (newest - place) as u8);
        }
        Ok(Blocks { first, again })
    }
}

/// A string of a header block, as it is: none of ours is as long as the 127 bytes that would need a longer form.
fn text(value: &str, out: &mut Vec<u8>) {
    assert!(value.len() < 127, "{value} is too long for one byte of length");
    out.push(value.len() as u8);
    out.extend_from_slice(value.as_bytes());
}

/// A request on its way.
struct Stream {
    id: u32,
    started: Instant,
    /// Whether the head has come.
    answered: bool,
    /// Body bytes that have come.
    body: usize,
}

/// The requests of one connection.
pub(super) struct Exchange {
    streams: Vec<Stream>,
    next: u32,
    /// The beginning of a frame that has not come whole.
    unfinished: Vec<u8>,
    /// Body bytes since the connection's window was opened.
    received: u32,
    /// Whether the proxy wants no more requests here.
    retiring: bool,
}

impl Exchange {
    /// A connection that has asked nothing.
    pub(super) fn new() -> Exchange {
        Exchange { streams: Vec::new(), next: 1, unfinished: Vec::new(), received: 0, retiring: false }
    }

    /// Whether the proxy has asked for other connections to be used; what was asked before is answered.
    pub(super) fn is_retiring(&self) -> bool {
        self.retiring
    }

    /// Appends what opens the connection to `out`.
    pub(super) fn open(out: &mut Vec<u8>) {
        out.extend_from_slice(PREFACE);
        frame_header(12, kind::SETTINGS, 0, 0, out);
        for (name, value) in [(setting::ENABLE_PUSH, 0), (setting::INITIAL_WINDOW_SIZE, STREAM_WINDOW)] {
            out.extend_from_slice(&name.to_be_bytes());
            out.extend_from_slice(&u32::to_be_bytes(value));
        }
        widen(CONNECTION_WINDOW - FIRST_WINDOW, out);
    }

    /// Appends a request on a new stream to `out`.
    pub(super) fn ask(&mut self, blocks: &Blocks, started: Instant, out: &mut Vec<u8>) {
        let block = if self.next == 1 { &blocks.first } else { &blocks.again };
        frame_header(block.len(), kind::HEADERS, flag::END_STREAM | flag::END_HEADERS, self.next, out);
        out.extend_from_slice(block);
        self.streams.push(Stream { id: self.next, started, answered: false, body: 0 });
        self.next += 2;
    }

    /// Takes bytes that have arrived. Begins of requests that are now answered are appended to `finished`, what has to
    /// be sent to `out`; `body` is the length every response must have.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        body: usize,
        finished: &mut Vec<Instant>,
        out: &mut Vec<u8>,
    ) -> Result<(), String> {
        if self.unfinished.is_empty() {
            let rest = self.frames(bytes, body, finished, out)?;
            self.unfinished.extend_from_slice(rest);
            return Ok(());
        }
        let mut all = std::mem::take(&mut self.unfinished);
        all.extend_from_slice(bytes);
        let rest = self.frames(&all, body, finished, out)?.len();
        all.drain(..all.len() - rest);
        self.unfinished = all;
        Ok(())
    }

    /// Reads whole frames; returns what is left.
    fn frames<'b>(
        &mut self,
        mut bytes: &'b [u8],
        body: usize,
        finished: &mut Vec<Instant>,
        out: &mut Vec<u8>,
    ) -> Result<&'b [u8], String> {
        while let Some((header, rest)) = bytes.split_first_chunk::<FRAME_HEADER>() {
            let [a, b, c, kind, flags, stream @ ..] = *header;
            let length = u32::from_be_bytes([0, a, b, c]) as usize;
            let Some((payload, rest)) = rest.split_at_checked(length) else {
                break;
            };
            let frame = Frame { kind, flags, stream: u32::from_be_bytes(stream), payload };
            if self.frame(&frame, out)? {
                finished.push(self.finish(frame.stream, body)?);
            }
            bytes = rest;
        }
        if self.received >= CONNECTION_WINDOW / 2 {
            widen(std::mem::take(&mut self.received), out);
        }
        Ok(bytes)
    }

    /// Takes one frame; true when it ends its stream.
    fn frame(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) -> Result<bool, String> {
        match frame.kind {
            kind::HEADERS => {
                let stream = self.stream(frame.stream)?;
                if !stream.answered {
                    check_status(frame)?;
                }
                stream.answered = true;
                Ok(frame.has(flag::END_STREAM))
            }
            kind::DATA => {
                self.received += frame.payload.len() as u32;
                let length = frame.content()?.len();
                let stream = self.stream(frame.stream)?;
                stream.body += length;
                Ok(frame.has(flag::END_STREAM))
            }
            kind::SETTINGS if !frame.has(flag::ACK) => {
                self.check_settings(frame.payload)?;
                frame_header(0, kind::SETTINGS, flag::ACK, 0, out);
                Ok(false)
            }
            kind::PING if !frame.has(flag::ACK) => {
                frame_header(frame.payload.len(), kind::PING, flag::ACK, 0, out);
                out.extend_from_slice(frame.payload);
                Ok(false)
            }
            kind::RST_STREAM => Err(format!("a stream was reset with {}", hex(frame.payload))),
            kind::GOAWAY => match frame.payload {
                [_, _, _, _, 0, 0, 0, 0, ..] => {
                    self.retiring = true;
                    Ok(false)
                }
                payload => Err(format!("the proxy said GOAWAY with {}", hex(payload))),
            },
            kind::PUSH_PROMISE | kind::CONTINUATION => Err(format!("a frame of type {}", frame.kind)),
            _ => Ok(false),
        }
    }

    /// Forgets a stream that has ended, and checks that it was answered whole.
    fn finish(&mut self, id: u32, body: usize) -> Result<Instant, String> {
        let place = self.streams.iter().position(|stream| stream.id == id).ok_or("an end of nothing")?;
        let stream = self.streams.swap_remove(place);
        match stream.body {
            _ if !stream.answered => Err("a body without a head".to_owned()),
            length if length == body => Ok(stream.started),
            length => Err(format!("a body of {length} bytes, expected {body}")),
        }
    }

    fn stream(&mut self, id: u32) -> Result<&mut Stream, String> {
        let found = self.streams.iter_mut().find(|stream| stream.id == id);
        found.ok_or_else(|| format!("a frame of stream {id}, which asks nothing"))
    }

    /// What a proxy grants must do for what is asked of it.
    fn check_settings(&self, payload: &[u8]) -> Result<(), String> {
        let (settings, _) = payload.as_chunks::<6>();
        for [a, b, value @ ..] in settings {
            let value = u32::from_be_bytes(*value);
            match u16::from_be_bytes([*a, *b]) {
                setting::MAX_CONCURRENT_STREAMS if (value as usize) < self.streams.len() => {
                    return Err(format!("the proxy allows {value} streams, {} are open", self.streams.len()));
                }
                setting::HEADER_TABLE_SIZE if value < TABLE_NEEDED => {
                    return Err(format!("the proxy's header table has {value} bytes, {TABLE_NEEDED} are needed"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// One frame.
struct Frame<'b> {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: &'b [u8],
}

impl Frame<'_> {
    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The payload without padding and priority.
    fn content(&self) -> Result<&[u8], String> {
        let mut content = self.payload;
        if self.has(flag::PADDED) {
            let padded =
                content.split_first().and_then(|(&pad, rest)| Some((rest, rest.len().checked_sub(pad.into())?)));
            let (rest, length) = padded.ok_or("a frame with more padding than bytes")?;
            content = &rest[..length];
        }
        if self.kind == kind::HEADERS && self.has(flag::PRIORITY) {
            content = content.get(5..).ok_or("a frame too short for its priority")?;
        }
        Ok(content)
    }
}

/// A head must be whole and begin with the status 200, which every proxy writes in one byte.
fn check_status(frame: &Frame<'_>) -> Result<(), String> {
    if !frame.has(flag::END_HEADERS) {
        return Err("a header block in pieces".to_owned());
    }
    match frame.content()? {
        [STATUS_OK, ..] => Ok(()),
        block => Err(format!("answered with a header block that begins with {}", hex(&block[..block.len().min(16)]))),
    }
}

fn frame_header(length: usize, kind: u8, flags: u8, stream: u32, out: &mut Vec<u8>) {
    let [_, length @ ..] = (length as u32).to_be_bytes();
    out.extend_from_slice(&length);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
}

/// Opens the connection's window by so many bytes.
fn widen(bytes: u32, out: &mut Vec<u8>) {
    frame_header(4, kind::WINDOW_UPDATE, 0, 0, out);
    out.extend_from_slice(&bytes.to_be_bytes());
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a proxy sends for one request: settings, a head, a body of five bytes in two frames, the second padded.
    fn answer() -> Vec<u8> {
        let mut bytes = Vec::new();
        frame_header(6, kind::SETTINGS, 0, 0, &mut bytes);
        bytes.extend([0, 3, 0, 0, 0, 128]);
        head(&[STATUS_OK, 0xc0], &mut bytes);
        frame_header(3, kind::DATA, 0, 1, &mut bytes);
        bytes.extend(b"hel");
        frame_header(5, kind::DATA, flag::END_STREAM | flag::PADDED, 1, &mut bytes);
        bytes.extend(b"\x02lo..");
        bytes
    }

    fn head(block: &[u8], out: &mut Vec<u8>) {
        frame_header(block.len(), kind::HEADERS, flag::END_HEADERS, 1, out);
        out.extend_from_slice(block);
    }

    fn asked() -> Exchange {
        let shape = Shape::One { host: "h".into(), path: "/".into() };
        let mut exchange = Exchange::new();
        exchange.ask(&Blocks::new(&shape, true).unwrap(), Instant::now(), &mut Vec::new());
        exchange
    }

    /// Takes these pieces of what a proxy sent; returns how many requests were answered, and what was sent back.
    fn take(pieces: &[&[u8]], body: usize) -> Result<(usize, Vec<u8>), String> {
        let (mut exchange, mut finished, mut out) = (asked(), Vec::new(), Vec::new());
        for piece in pieces {
            exchange.take(piece, body, &mut finished, &mut out)?;
        }
        Ok((finished.len(), out))
    }

    #[test]
    fn a_response_may_come_in_any_pieces() {
        let bytes = answer();
        let acknowledgement = [0, 0, 0, kind::SETTINGS, flag::ACK, 0, 0, 0, 0];
        for cut in 0..bytes.len() {
            let taken = take(&[&bytes[..cut], &bytes[cut..]], 5);
            assert_eq!(taken, Ok((1, acknowledgement.to_vec())), "cut at {cut}");
        }
    }

    #[test]
    fn what_a_proxy_has_no_reason_to_send_is_an_error() {
        let frame = |kind, flags, stream, payload: &[u8]| {
            let mut bytes = Vec::new();
            frame_header(payload.len(), kind, flags, stream, &mut bytes);
            bytes.extend_from_slice(payload);
            bytes
        };
        let ends = flag::END_STREAM;
        let rows: [(&str, Vec<u8>, &str); 10] = [
            ("another length", answer(), "a body of 5 bytes, expected 6"),
            ("another status", frame(kind::HEADERS, flag::END_HEADERS, 1, &[0x8d]), "begins with 8d"),
            ("a head in pieces", frame(kind::HEADERS, 0, 1, &[STATUS_OK]), "in pieces"),
            ("a body without a head", frame(kind::DATA, ends, 1, b"hello!"), "a body without a head"),
            ("another stream", frame(kind::DATA, 0, 3, b"x"), "stream 3, which asks nothing"),
            ("a reset", frame(kind::RST_STREAM, 0, 1, &[0, 0, 0, 7]), "reset with 00000007"),
            ("an end in anger", frame(kind::GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 1]), "GOAWAY"),
            ("too few streams", frame(kind::SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 0]), "allows 0 streams"),
            ("a small table", frame(kind::SETTINGS, 0, 0, &[0, 1, 0, 0, 0, 0]), "header table has 0 bytes"),
            ("too much padding", frame(kind::DATA, flag::PADDED, 1, &[9, 0]), "more padding than bytes"),
        ];
        for (name, bytes, expected) in rows {
            let problem = take(&[&bytes], 6).unwrap_err();
            assert!(problem.contains(expected), "{name}: {problem}");
        }
    }

    #[test]
    fn a_friendly_end_only_stops_new_requests() {
        let mut bytes = vec![0, 0, 8, kind::GOAWAY, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0];
        bytes.extend(answer());
        let (mut exchange, mut finished) = (asked(), Vec::new());
        assert_eq!(exchange.take(&bytes, 5, &mut finished, &mut Vec::new()), Ok(()));
        assert!(exchange.is_retiring() && finished.len() == 1);
    }

    #[test]
    fn a_ping_comes_back() {
        let ping = [&[0, 0, 8, kind::PING, 0, 0, 0, 0, 0][..], b"whoareyo"].concat();
        let pong = [&[0, 0, 8, kind::PING, flag::ACK, 0, 0, 0, 0][..], b"whoareyo"].concat();
        assert_eq!(take(&[&ping], 5), Ok((0, pong)));
    }
}
