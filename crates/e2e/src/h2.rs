//! A client that speaks HTTP/2 frame by frame, and is told which.
//!
//! Source: RFC 9113.

pub mod frame;
pub mod hpack;
pub mod huffman;

mod expect;
mod upload;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use crate::tls::Tls;
use crate::wire::{Broken, Wire};
use frame::{Frame, PREFACE, flag, kind, setting};
use hpack::{Decoder, Field};

pub use expect::{split, words_of};

/// What has come of one stream.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Blocks of fields: interim answers, the answer, trailers.
    pub heads: Vec<Vec<Field>>,
    /// Content.
    pub body: Vec<u8>,
    /// The server has ended it.
    pub ended: bool,
    /// The code that the server reset it with.
    pub reset: Option<u32>,
}

impl Answer {
    /// The status. Panics when there is none.
    #[track_caller]
    pub fn status(&self) -> u16 {
        self.field(":status").expect("a status").parse().unwrap()
    }

    /// A field of the final answer.
    pub fn field(&self, name: &str) -> Option<&str> {
        let interim = |head: &&Vec<Field>| head.iter().any(|(name, value)| name == ":status" && value.starts_with('1'));
        let head = self.heads.iter().find(|head| !interim(head))?;
        head.iter().find(|(its, _)| its == name).map(|(_, value)| value.as_str())
    }

    /// The content as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether nothing more can come.
    pub fn over(&self) -> bool {
        self.ended || self.reset.is_some()
    }
}

/// A connection.
pub struct H2 {
    /// The bytes below.
    pub wire: Wire,
    /// What has come of each stream.
    pub answers: BTreeMap<u32, Answer>,
    /// The server's settings.
    pub settings: BTreeMap<u16, u32>,
    /// What the server has taken leave with: the last stream and a code.
    pub goaways: Vec<(u32, u32)>,
    /// Settings of ours that were confirmed.
    pub confirmed: usize,
    /// Pings of ours that were answered.
    pub pongs: Vec<Vec<u8>>,
    /// Whether content is answered with room for more. On at first.
    pub generous: bool,
    /// Room for content: that of the connection, under 0, and what streams were given beyond their first.
    given: BTreeMap<u32, i64>,
    decoder: Decoder,
    block: Vec<u8>,
    next: u32,
}

impl H2 {
    /// Connects, with ALPN, and says nothing yet.
    #[track_caller]
    pub fn silent(address: SocketAddr) -> Self {
        Self::over(&Tls::new(), address)
    }

    /// The same as this client.
    #[track_caller]
    pub fn over(tls: &Tls, address: SocketAddr) -> Self {
        let secure = tls.clone().protocols(&["h2"]).connect(address);
        assert_eq!(secure.protocol.as_deref(), Some(&b"h2"[..]), "the gateway speaks no HTTP/2");
        Self::on(secure.client.wire)
    }

    /// Takes over a connection on which HTTP/2 was agreed.
    pub fn on(wire: Wire) -> Self {
        Self {
            wire,
            answers: BTreeMap::new(),
            settings: BTreeMap::new(),
            goaways: Vec::new(),
            confirmed: 0,
            pongs: Vec::new(),
            generous: true,
            given: BTreeMap::from([(0, upload::WINDOW as i64)]),
            decoder: Decoder::default(),
            block: Vec::new(),
            next: 1,
        }
    }

    /// Connects and begins: preface and settings both ways.
    #[track_caller]
    pub fn connect(address: SocketAddr) -> Self {
        Self::silent(address).begun(&[])
    }

    /// Begins with these settings, and waits until they are confirmed.
    #[track_caller]
    pub fn begun(mut self, settings: &[(u16, u32)]) -> Self {
        self.begin(settings);
        self
    }

    /// Begins with these settings, and waits until they are confirmed.
    #[track_caller]
    pub fn begin(&mut self, settings: &[(u16, u32)]) {
        self.send(PREFACE);
        self.frame(&Frame::settings(settings));
        while self.confirmed == 0 {
            self.event().unwrap();
        }
        for &(_, size) in settings.iter().filter(|(name, _)| *name == setting::HEADER_TABLE_SIZE) {
            self.decoder.allow(size as usize);
        }
        assert!(
            self.settings.contains_key(&setting::MAX_CONCURRENT_STREAMS),
            "a bound on streams: {:?}",
            self.settings
        );
    }

    /// The table of the server's header compression.
    pub fn table(&self) -> &Decoder {
        &self.decoder
    }

    /// Sends bytes.
    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.wire.send(bytes).unwrap();
    }

    /// Sends a frame.
    #[track_caller]
    pub fn frame(&mut self, frame: &Frame) {
        if frame.kind == kind::HEADERS && frame.stream % 2 == 1 {
            self.next = self.next.max(frame.stream + 2);
        }
        self.send(frame.bytes());
    }

    /// Sends a frame, unless the connection has ended.
    pub fn try_frame(&mut self, frame: &Frame) -> bool {
        self.wire.send(frame.bytes()).is_ok()
    }

    /// The number of the next stream of ours.
    pub fn stream(&mut self) -> u32 {
        let stream = self.next;
        self.next += 2;
        stream
    }

    /// Begins a request without content on a new stream.
    #[track_caller]
    pub fn request(&mut self, fields: &[(&str, &str)]) -> u32 {
        let stream = self.stream();
        self.frame(&Frame::headers(stream, flag::END, hpack::block(fields)));
        stream
    }

    /// Asks for a path of `a.com` and waits for the answer.
    #[track_caller]
    pub fn get(&mut self, path: &str) -> Answer {
        let stream = self.request(&get(path));
        self.answer(stream)
    }

    /// Waits until nothing more can come on a stream.
    #[track_caller]
    pub fn answer(&mut self, stream: u32) -> Answer {
        while !self.answers.get(&stream).is_some_and(Answer::over) {
            if let Err(broken) = self.event() {
                panic!("{broken:?} while waiting for stream {stream}; goaways {:?}", self.goaways);
            }
        }
        self.answers[&stream].clone()
    }

    /// Waits until a stream has its first fields.
    #[track_caller]
    pub fn head(&mut self, stream: u32) -> Answer {
        while self.answers.get(&stream).is_none_or(|answer| answer.heads.is_empty() && !answer.over()) {
            self.event().unwrap();
        }
        self.answers[&stream].clone()
    }

    /// The next frame as it is. What it means is kept; settings and content are answered.
    pub fn event(&mut self) -> Result<Frame, Broken> {
        let frame = self.read()?;
        self.note(&frame);
        Ok(frame)
    }

    /// Takes what has come, waiting so long for the first of it. `Err` at the end of the connection.
    pub fn drain(&mut self, wait: Duration) -> Result<(), Broken> {
        if self.wire.pending() == 0 && !self.wire.poll(wait)? {
            return Ok(());
        }
        while self.wire.pending() > 0 {
            self.event()?;
        }
        Ok(())
    }

    fn read(&mut self) -> Result<Frame, Broken> {
        // An end between two frames is one in order.
        let mut head = self.wire.some(9)?;
        if head.is_empty() {
            return Err(Broken::Closed);
        }
        self.wire.exactly(9 - head.len(), |piece| head.extend_from_slice(piece))?;
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let mut payload = Vec::with_capacity(length);
        self.wire.exactly(length, |piece| payload.extend_from_slice(piece))?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        Ok(Frame { kind: head[3], flags: head[4], stream, payload })
    }

    fn note(&mut self, frame: &Frame) {
        match frame.kind {
            kind::SETTINGS if frame.has(flag::ACK) => self.confirmed += 1,
            kind::SETTINGS => {
                for one in frame.payload.chunks_exact(6) {
                    let value = u32::from_be_bytes([one[2], one[3], one[4], one[5]]);
                    self.settings.insert(u16::from_be_bytes([one[0], one[1]]), value);
                }
                self.try_frame(&Frame::settings_ack());
            }
            kind::PING if frame.has(flag::ACK) => self.pongs.push(frame.payload.clone()),
            kind::PING => {
                self.try_frame(&Frame::new(kind::PING, flag::ACK, 0, frame.payload.clone()));
            }
            kind::GOAWAY => self.goaways.push((frame.number(0) & 0x7fff_ffff, frame.number(4))),
            kind::WINDOW_UPDATE => *self.given.entry(frame.stream).or_default() += i64::from(frame.number(0)),
            kind::RST_STREAM => self.of(frame).reset = Some(frame.number(0)),
            kind::HEADERS | kind::CONTINUATION => self.fields(frame),
            kind::DATA => self.content(frame),
            _ => {}
        }
    }

    fn of(&mut self, frame: &Frame) -> &mut Answer {
        assert!(frame.stream % 2 == 1, "the gateway speaks on a stream that is not ours: {frame:?}");
        self.answers.entry(frame.stream).or_default()
    }

    fn fields(&mut self, frame: &Frame) {
        assert!(!frame.has(flag::PADDED | flag::PRIORITY), "no server of ours pads: {frame:?}");
        if frame.kind == kind::HEADERS {
            let ended = frame.has(flag::END_STREAM);
            let answer = self.of(frame);
            assert!(!answer.over(), "fields after the end: {frame:?}");
            answer.ended = ended;
        }
        self.block.extend_from_slice(&frame.payload);
        if frame.has(flag::END_HEADERS) {
            let block = std::mem::take(&mut self.block);
            let fields = self.decoder.decode(&block).unwrap_or_else(|why| panic!("a malformed block: {why}"));
            self.of(frame).heads.push(fields);
        }
    }

    fn content(&mut self, frame: &Frame) {
        let answer = self.of(frame);
        assert!(!answer.over(), "content after the end: {frame:?}");
        answer.body.extend_from_slice(&frame.payload);
        answer.ended |= frame.has(flag::END_STREAM);
        let (over, length) = (answer.over(), u32::try_from(frame.payload.len()).unwrap());
        if self.generous && length > 0 {
            self.try_frame(&Frame::window_update(0, length));
            if !over {
                self.try_frame(&Frame::window_update(frame.stream, length));
            }
        }
    }
}

/// The fields of a GET for a path of `a.com`.
pub fn get(path: &str) -> [(&'static str, &str); 4] {
    [(":method", "GET"), (":scheme", "https"), (":authority", "a.com"), (":path", path)]
}

/// The fields of a POST to a path of `a.com`.
pub fn post(path: &str) -> [(&'static str, &str); 4] {
    [(":method", "POST"), (":scheme", "https"), (":authority", "a.com"), (":path", path)]
}
