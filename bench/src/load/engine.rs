//! The loop itself: one epoll set, one shared read buffer, as few calls per exchange as possible.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use rustls::ClientConfig;

use super::connection::{Connection, Scratch, Writer};
use super::http2::Blocks;
use super::requests::Requests;
use super::{Handshakes, IdleReport, LoadReport, LoadSpec, Tls};
use crate::account::{self, Account};
use crate::measure;
use crate::sockets::{Poll, Ready};
use crate::tls;

/// Connections opened or awaited at once while idle connections are made: a crowd, not a storm.
const OPENING: usize = 64;
/// More errors than this and the run is over.
const MAX_ERRORS: u64 = 100;
/// How long the proxy may settle before its memory is read.
const SETTLE: Duration = Duration::from_millis(500);

/// Runs a spec.
pub(super) fn run(spec: &LoadSpec) -> Result<LoadReport> {
    let mut engine = Engine::new(spec)?;
    for _ in 0..spec.connections {
        engine.open()?;
    }
    engine.until(spec.warmup)?;
    engine.latencies.clear();
    engine.handshakes = Handshakes::default();
    let before = Account::take(&spec.watched);
    engine.until(spec.warmup + spec.requests)?;
    let after = Account::take(&spec.watched);
    let handshakes = engine.handshakes;
    engine.drain()?;
    let mut report = after.since(&before, spec.requests);
    report.handshakes = handshakes;
    report.resident_kib = measure::resident_kib(&spec.watched.proxy);
    (report.p50_us, report.p99_us) = account::percentiles(&mut engine.latencies);
    if spec.idle > 0 {
        report.idle = Some(engine.idle()?);
    }
    report.errors = engine.errors;
    report.first_error = engine.first_error;
    Ok(report)
}

/// All connections and what they have done.
struct Engine<'a> {
    spec: &'a LoadSpec,
    poll: Poll,
    tls: Option<Arc<ClientConfig>>,
    writer: Writer,
    connections: Vec<Option<Connection>>,
    scratch: Scratch,
    ready: Vec<Ready>,
    completed: u64,
    /// Requests at once on a connection.
    at_once: usize,
    /// Requests that are on their way.
    outstanding: usize,
    /// Whether a finished connection asks again (or is replaced by a new one).
    going_on: bool,
    /// In tenths of a microsecond.
    latencies: Vec<u32>,
    handshakes: Handshakes,
    errors: u64,
    first_error: Option<String>,
    end: Instant,
    opened: u64,
}

impl<'a> Engine<'a> {
    fn new(spec: &'a LoadSpec) -> Result<Engine<'a>> {
        let (writer, protocol) = match spec.streams {
            None => (Writer::Http1(Requests::new(spec.shape.clone(), &spec.cookie, spec.reconnect)), &b"http/1.1"[..]),
            Some(_) => {
                let blocks = Blocks::new(&spec.shape, spec.tls.is_some()).map_err(anyhow::Error::msg)?;
                (Writer::Http2(blocks), &b"h2"[..])
            }
        };
        let room = usize::try_from(spec.requests.max(spec.warmup))? + spec.connections * spec.streams.unwrap_or(1);
        Ok(Engine {
            spec,
            poll: Poll::new()?,
            tls: spec.tls.map(|tls| tls::client_config(Some(protocol), tls == Tls::Resumed)).transpose()?,
            writer,
            connections: Vec::new(),
            scratch: Scratch::new(),
            ready: Vec::new(),
            completed: 0,
            at_once: spec.streams.unwrap_or(1),
            outstanding: 0,
            going_on: true,
            latencies: Vec::with_capacity(room),
            handshakes: Handshakes::default(),
            errors: 0,
            first_error: None,
            end: Instant::now() + Duration::from_secs(spec.seconds),
            opened: 0,
        })
    }

    /// Goes on until so many requests are answered in all.
    fn until(&mut self, completed: u64) -> Result<()> {
        while self.completed < completed {
            self.turn()?;
        }
        Ok(())
    }

    /// Asks nothing new and waits for what is outstanding.
    fn drain(&mut self) -> Result<()> {
        self.going_on = false;
        while self.outstanding > 0 {
            self.turn()?;
        }
        Ok(())
    }

    /// One wait and what it brought; returns the number of events.
    fn turn(&mut self) -> Result<usize> {
        if Instant::now() >= self.end {
            bail!("{} requests answered and {} outstanding when time was up", self.completed, self.outstanding);
        }
        if self.errors > MAX_ERRORS {
            let first = self.first_error.clone().unwrap_or_default();
            bail!("more than {MAX_ERRORS} errors; the first: {first}");
        }
        let mut ready = std::mem::take(&mut self.ready);
        ready.clear();
        self.poll.wait(&mut ready, Duration::from_millis(200))?;
        for event in &ready {
            self.advance(event)?;
        }
        let events = ready.len();
        self.ready = ready;
        Ok(events)
    }

    /// Opens a connection in a free place and begins its request.
    fn open(&mut self) -> Result<()> {
        let index = self.connections.len();
        self.connections.push(None);
        self.open_at(index)
    }

    fn open_at(&mut self, index: usize) -> Result<()> {
        // Many short connections from one address would wait for their ports, and many idle ones would meet a limit per
        // client; loopback has addresses enough.
        let spread = self.spec.reconnect || self.spec.idle > 0;
        let source = spread.then(|| Ipv4Addr::new(127, 0, 1, (self.opened % 200) as u8 + 1));
        self.opened += 1;
        let connection = Connection::open(self.spec.target, source, self.tls.as_ref(), &self.writer, self.at_once)?;
        connection.watch(&self.poll, index)?;
        self.outstanding += connection.owed;
        self.connections[index] = Some(connection);
        match self.settle(index) {
            Ok(()) => Ok(()),
            Err(problem) => self.fail(index, problem),
        }
    }

    fn advance(&mut self, event: &Ready) -> Result<()> {
        let Some(Some(connection)) = self.connections.get_mut(event.index) else {
            return Ok(());
        };
        let read = connection.read(event, self.spec.body, &mut self.scratch);
        // What came before an end or an error was answered all the same.
        match read.and_then(|closed| self.settle(event.index).map(|()| closed)) {
            Ok(_) if self.is_retired(event.index) => self.reopen(event.index),
            Ok(false) => Ok(()),
            Ok(true) => self.closed(event.index),
            Err(problem) => self.fail(event.index, problem),
        }
    }

    /// Whether a connection has nothing left to do: the proxy wants no more requests on it and has answered all.
    fn is_retired(&self, index: usize) -> bool {
        self.connections[index].as_ref().is_some_and(|connection| connection.is_retiring() && connection.owed == 0)
    }

    /// Gives a connection up for a new one, while the run goes on.
    fn reopen(&mut self, index: usize) -> Result<()> {
        if let Some(connection) = self.connections[index].take() {
            self.outstanding -= connection.owed;
        }
        if self.going_on && self.errors <= MAX_ERRORS { self.open_at(index) } else { Ok(()) }
    }

    /// Counts what was answered, asks what is next, and sends.
    fn settle(&mut self, index: usize) -> Result<(), String> {
        let Some(connection) = self.connections[index].as_mut() else {
            return Ok(());
        };
        let answered = self.scratch.finished.len();
        if !connection.asked && connection.may_ask() {
            match connection.resumed() {
                Some(true) => self.handshakes.resumed += 1,
                Some(false) => self.handshakes.full += 1,
                None => {}
            }
            connection.ask(&mut self.writer, connection.owed, connection.opened, &mut self.scratch)?;
        } else if answered > 0 {
            let now = Instant::now();
            for started in self.scratch.finished.drain(..) {
                let tenths = now.duration_since(started).as_nanos() / 100;
                self.latencies.push(u32::try_from(tenths).unwrap_or(u32::MAX));
            }
            self.completed += answered as u64;
            if self.spec.reconnect {
                connection.closing = true;
            } else if self.going_on && !connection.is_retiring() {
                connection.ask(&mut self.writer, answered, now, &mut self.scratch)?;
            } else {
                connection.owed -= answered;
                self.outstanding -= answered;
            }
        }
        connection.send(&mut self.scratch)
    }

    /// The proxy has closed: as asked, or an error.
    fn closed(&mut self, index: usize) -> Result<()> {
        match &self.connections[index] {
            Some(connection) if connection.closing => self.reopen(index),
            Some(connection) => {
                let when = if connection.asked { "that it had accepted" } else { "in its handshake" };
                self.fail(index, format!("the proxy closed a connection {when}"))
            }
            None => Ok(()),
        }
    }

    /// Counts an error, gives the connection up, and opens another while the run goes on.
    fn fail(&mut self, index: usize, problem: String) -> Result<()> {
        self.errors += 1;
        self.first_error.get_or_insert(problem);
        self.scratch.clear();
        self.reopen(index)
    }

    /// Opens the idle connections, each with one request, and reads what they cost in memory.
    fn idle(&mut self) -> Result<IdleReport> {
        self.connections.clear();
        self.at_once = 1;
        std::thread::sleep(SETTLE);
        let before_kib = measure::resident_kib(&self.spec.watched.proxy);
        for _ in 0..self.spec.idle {
            while self.outstanding >= OPENING {
                self.turn()?;
            }
            self.open()?;
        }
        self.drain()?;
        std::thread::sleep(SETTLE);
        // What a proxy still had to say after a response, such as a session ticket, is not what it keeps.
        while self.turn()? > 0 {}
        let after_kib = measure::resident_kib(&self.spec.watched.proxy);
        let Engine { connections, scratch, .. } = self;
        let still_open = connections.iter().flatten().filter(|connection| connection.is_idle(scratch)).count();
        Ok(IdleReport { connections: still_open, before_kib, after_kib })
    }
}
