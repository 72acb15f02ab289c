//! The client's end of one session: its handshake, its first message, and what it does then.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use rustls::ClientConfig;

use super::endpoint::{Endpoint, Got, Scratch};
use super::pattern::Pattern;
use super::stream::{Moved, Sink, Source};
use super::{MESSAGE, SessionsSpec, Task};
use crate::sockets::{self, Poll, Ready};
use crate::tls::Session;

/// One session.
pub(super) struct Exchange {
    endpoint: Endpoint,
    task: Task,
    /// Whether the first message has been sent.
    greeted: bool,
    /// What was sent last, and what has to come back.
    message: [u8; MESSAGE],
    /// How much of it has come back.
    answered: usize,
    sink: Sink,
    source: Source,
    /// When the session, or its last round trip, was begun.
    pub(super) begun: Instant,
    /// Whether everything is said and the proxy has to close.
    pub(super) closing: bool,
}

/// What an event brought.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// What streamed.
    pub(super) moved: Moved,
    /// Whether the last message came back.
    pub(super) answered: bool,
}

impl Exchange {
    /// Begins a session, from a given address if one is named.
    pub(super) fn open(
        spec: &SessionsSpec,
        source: Option<Ipv4Addr>,
        tls: Option<&Arc<ClientConfig>>,
    ) -> Result<Exchange> {
        let begun = Instant::now();
        let socket = sockets::connect(spec.target, source)?;
        let mut unsent = Vec::new();
        let session = tls.map(|config| Session::begin(config, &mut unsent)).transpose().map_err(anyhow::Error::msg)?;
        Ok(Exchange {
            endpoint: Endpoint::new(socket, session, unsent),
            task: spec.task,
            greeted: false,
            message: [b'.'; MESSAGE],
            answered: 0,
            sink: Sink::default(),
            source: Source::default(),
            begun,
            closing: false,
        })
    }

    /// Has the set watch this session.
    pub(super) fn watch(&self, poll: &Poll, index: usize) -> Result<()> {
        self.endpoint.watch(poll, index)
    }

    /// Whether the handshake resumed an earlier session; `None` without TLS, and before the first message.
    pub(super) fn resumed(&self) -> Option<bool> {
        self.endpoint.resumed().filter(|_| self.greeted)
    }

    /// Does what an event allows.
    pub(super) fn advance(
        &mut self,
        event: &Ready,
        pattern: &Pattern,
        scratch: &mut Scratch,
    ) -> Result<Progress, String> {
        let mut progress = Progress::default();
        if event.readable {
            if self.task.downloads() {
                progress.moved = self.sink.pull(&mut self.endpoint, event.hung_up, pattern, scratch)?;
            } else {
                progress = self.listen(event.hung_up, scratch)?;
            }
        }
        if !self.greeted && self.endpoint.may_send() {
            self.greeted = true;
            self.ask(0)?;
        }
        self.endpoint.flush()?;
        if self.greeted && self.task.uploads() && !progress.moved.closed {
            let pushed = self.source.push(&mut self.endpoint, pattern)?;
            progress.moved.bytes += pushed.bytes;
            progress.moved.again |= pushed.again;
        }
        Ok(progress)
    }

    /// Reads answers, where nothing is streamed by the server.
    fn listen(&mut self, hung_up: bool, scratch: &mut Scratch) -> Result<Progress, String> {
        let mut progress = Progress::default();
        let Exchange { endpoint, message, answered, task, .. } = self;
        loop {
            let got = endpoint.read(scratch, |bytes| {
                let expected = message.get(*answered..*answered + bytes.len()).filter(|_| !task.streams());
                if expected != Some(bytes) {
                    return Err("an answer that differs from what was sent".to_owned());
                }
                *answered += bytes.len();
                Ok(())
            })?;
            match got {
                Got::Bytes { all: true, .. } if !hung_up => break,
                Got::Bytes { .. } => {}
                Got::Nothing => break,
                Got::Closed => {
                    progress.moved.closed = true;
                    break;
                }
            }
        }
        progress.answered = self.greeted && self.answered == MESSAGE && !self.closing;
        Ok(progress)
    }

    /// Sends a message that bears a number.
    pub(super) fn ask(&mut self, number: u64) -> Result<(), String> {
        self.message[0] = self.task.command();
        self.message[8..16].copy_from_slice(&number.to_le_bytes());
        self.answered = 0;
        self.endpoint.say(&self.message)
    }

    /// Closes the client's half.
    pub(super) fn finish(&mut self) -> Result<(), String> {
        self.closing = true;
        self.endpoint.finish()
    }

    /// Whether the proxy still holds the session, with nothing said.
    pub(super) fn is_idle(&self, scratch: &mut Scratch) -> bool {
        self.endpoint.is_idle(scratch)
    }
}
