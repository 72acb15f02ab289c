//! The servers behind the proxies: they do what the first byte of a session says.
//!
//! Two members in plain text and two with TLS, one process: one CPU account.

use std::net::SocketAddrV4;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use rustls::ServerConfig;
use serde::{Deserialize, Serialize};

use super::endpoint::{Endpoint, Got, Scratch};
use super::pattern::Pattern;
use super::stream::{Moved, PAUSE, Sink, Source};
use super::{MESSAGE, Task};
use crate::sockets::{self, Poll, Ready};
use crate::tls::{self, Session};

/// What the process is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ServersSpec {
    /// Members that speak plain text.
    pub(crate) plain: Vec<SocketAddrV4>,
    /// Members that speak TLS.
    pub(crate) tls: Vec<SocketAddrV4>,
    /// What they show, PEM.
    pub(crate) certificate: PathBuf,
    /// Its key, PEM.
    pub(crate) key: PathBuf,
    /// The process ends by itself after this many seconds, whatever happens to the tool.
    pub(crate) seconds: u64,
}

/// Serves until time is up.
pub(crate) fn run(spec: &ServersSpec) -> Result<()> {
    serve(spec, &AtomicBool::new(false))
}

/// Serves until told to end, which takes a connection to be noticed at once.
pub(super) fn serve(spec: &ServersSpec, told: &AtomicBool) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(spec.seconds);
    let config = tls::server_config(&spec.certificate, &spec.key)?;
    let mut poll = Poll::new()?;
    let mut listeners = Vec::new();
    for (address, tls) in spec.plain.iter().map(|a| (a, false)).chain(spec.tls.iter().map(|a| (a, true))) {
        let listener = sockets::listen(*address)?;
        poll.add_listener(&listener, listeners.len())?;
        listeners.push((listener, tls));
    }
    let mut servers = Servers { pattern: Pattern::new()?, scratch: Scratch::new(), sessions: Vec::new(), free: vec![] };
    let (mut ready, mut again) = (Vec::new(), Vec::new());
    while Instant::now() < end && !told.load(Ordering::Relaxed) {
        ready.clear();
        ready.append(&mut again);
        let patience = if ready.is_empty() { Duration::from_secs(1) } else { Duration::ZERO };
        poll.wait(&mut ready, patience)?;
        let mut took = false;
        for event in &ready {
            if let Some((listener, tls)) = listeners.get(event.index) {
                while let Some(socket) = sockets::accept(listener)? {
                    let session = tls.then(|| Session::accept(&config as &Arc<ServerConfig>)).transpose()?;
                    let endpoint = Endpoint::new(socket, session, Vec::new());
                    let slot = servers.place();
                    endpoint.watch(&poll, slot + listeners.len())?;
                    servers.sessions[slot] = Some(Served::new(endpoint));
                }
                continue;
            }
            let moved = servers.advance(event.index - listeners.len(), event);
            took |= moved.bytes > 0;
            if moved.again {
                again.push(Ready { readable: true, ..*event });
            }
        }
        if took && again.is_empty() {
            std::thread::sleep(PAUSE);
        }
    }
    Ok(())
}

/// All sessions.
struct Servers {
    pattern: Pattern,
    scratch: Scratch,
    sessions: Vec<Option<Served>>,
    free: Vec<usize>,
}

impl Servers {
    /// A free place.
    fn place(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.sessions.push(None);
            self.sessions.len() - 1
        })
    }

    /// Does what an event allows; returns what was received.
    fn advance(&mut self, slot: usize, event: &Ready) -> Moved {
        let Some(session) = self.sessions.get_mut(slot).and_then(Option::as_mut) else {
            return Moved::default();
        };
        match session.advance(event, &self.pattern, &mut self.scratch) {
            Ok(moved) if !moved.closed => return moved,
            Ok(_) => {}
            // The client notices too; here stands why.
            Err(problem) => eprintln!("a session ended: {problem}"),
        }
        self.sessions[slot] = None;
        self.free.push(slot);
        Moved::default()
    }
}

/// The server's end of a session.
struct Served {
    endpoint: Endpoint,
    task: Option<Task>,
    /// Bytes of the first message that have come.
    greeting: usize,
    /// What goes back.
    echo: Vec<u8>,
    sink: Sink,
    source: Source,
}

impl Served {
    fn new(endpoint: Endpoint) -> Served {
        let (sink, source) = (Sink::default(), Source::default());
        Served { endpoint, task: None, greeting: 0, echo: Vec::new(), sink, source }
    }

    fn advance(&mut self, event: &Ready, pattern: &Pattern, scratch: &mut Scratch) -> Result<Moved, String> {
        let mut moved = Moved::default();
        if event.readable {
            moved = match self.task {
                Some(task) if task.uploads() && self.greeting == MESSAGE => {
                    self.sink.pull(&mut self.endpoint, event.hung_up, pattern, scratch)?
                }
                _ => self.listen(event.hung_up, pattern, scratch)?,
            };
        }
        if moved.closed {
            return Ok(moved);
        }
        self.endpoint.flush()?;
        if self.task.is_some_and(Task::downloads) {
            moved.again |= self.source.push(&mut self.endpoint, pattern)?.again;
        }
        Ok(moved)
    }

    /// Reads messages, and what follows the first one at once.
    fn listen(&mut self, hung_up: bool, pattern: &Pattern, scratch: &mut Scratch) -> Result<Moved, String> {
        loop {
            let Served { endpoint, task, greeting, echo, sink, .. } = self;
            let got = endpoint.read(scratch, |bytes| {
                if task.is_none() {
                    *task = bytes.first().copied().and_then(Task::from_command);
                }
                let (first, rest) = bytes.split_at(bytes.len().min(MESSAGE - *greeting));
                *greeting += first.len();
                match task {
                    Some(task) if task.uploads() => sink.compare(rest, pattern),
                    Some(task) if task.downloads() && rest.is_empty() => Ok(()),
                    Some(Task::RoundTrips) => {
                        echo.extend_from_slice(bytes);
                        Ok(())
                    }
                    _ => Err("bytes that are none of this tool's".to_owned()),
                }
            })?;
            if !self.echo.is_empty() {
                self.endpoint.say(&self.echo)?;
                self.echo.clear();
            }
            match got {
                Got::Bytes { all: true, .. } if !hung_up => return Ok(Moved::default()),
                Got::Bytes { .. } => {}
                Got::Nothing => return Ok(Moved::default()),
                Got::Closed => return Ok(Moved { closed: true, ..Moved::default() }),
            }
        }
    }
}
