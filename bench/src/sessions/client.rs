//! The load generator's loop: a fixed number of sessions that are kept busy, or replaced as they end.
//!
//! Whatever goes wrong ends the load: there is no session here that a proxy may refuse, cut or change.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustls::ClientConfig;

use super::endpoint::Scratch;
use super::exchange::{Exchange, Progress};
use super::pattern::Pattern;
use super::stream::PAUSE;
use super::{STREAM_UNIT, SessionsSpec, Task};
use crate::account::{self, Account};
use crate::load::{Handshakes, IdleReport, LoadReport};
use crate::sockets::{Poll, Ready};
use crate::{measure, tls};

/// Sessions begun at once while idle ones are made: a crowd, not a storm.
const OPENING: usize = 64;
/// How long the proxy may settle before its memory is read.
const SETTLE: Duration = Duration::from_millis(500);

/// Runs a spec.
pub(super) fn run(spec: &SessionsSpec) -> Result<LoadReport> {
    let mut engine = Engine::new(spec)?;
    for _ in 0..spec.connections {
        engine.open()?;
    }
    engine.until(spec.warmup)?;
    engine.latencies.clear();
    let before = Account::take(&spec.watched);
    engine.until(spec.warmup + spec.counted)?;
    let mut report = Account::take(&spec.watched).since(&before, spec.counted);
    report.handshakes = engine.handshakes();
    report.resident_kib = measure::resident_kib(&spec.watched.proxy);
    (report.p50_us, report.p99_us) = account::percentiles(&mut engine.latencies);
    if spec.idle > 0 {
        report.idle = Some(engine.idle()?);
    }
    Ok(report)
}

/// All sessions and what they have done.
struct Engine<'a> {
    spec: &'a SessionsSpec,
    poll: Poll,
    tls: Option<Arc<ClientConfig>>,
    pattern: Pattern,
    sessions: Vec<Option<Exchange>>,
    scratch: Scratch,
    ready: Vec<Ready>,
    /// Streams that have more to do without an event.
    again: Vec<Ready>,
    /// Bytes, round trips or short sessions.
    done: u64,
    /// Sessions that wait for something.
    outstanding: usize,
    /// Whether an answer is followed by the next message.
    going_on: bool,
    /// In tenths of a microsecond.
    latencies: Vec<u32>,
    end: Instant,
    opened: u64,
}

impl<'a> Engine<'a> {
    fn new(spec: &'a SessionsSpec) -> Result<Engine<'a>> {
        let room = if spec.task.streams() { 0 } else { usize::try_from(spec.counted.max(spec.warmup))? };
        Ok(Engine {
            spec,
            poll: Poll::new()?,
            tls: spec.tls.then(|| tls::client_config(None, false)).transpose()?,
            pattern: Pattern::new()?,
            sessions: Vec::new(),
            scratch: Scratch::new(),
            ready: Vec::new(),
            again: Vec::new(),
            done: 0,
            outstanding: 0,
            going_on: true,
            latencies: Vec::with_capacity(room + spec.connections),
            end: Instant::now() + Duration::from_secs(spec.seconds),
            opened: 0,
        })
    }

    /// Goes on until so much is done in all.
    fn until(&mut self, units: u64) -> Result<()> {
        let wanted = if self.spec.task.streams() { units * STREAM_UNIT } else { units };
        while self.done < wanted {
            self.turn()?;
        }
        Ok(())
    }

    /// One wait and what it brought; returns the number of events.
    fn turn(&mut self) -> Result<usize> {
        if Instant::now() >= self.end {
            bail!("{} done and {} sessions waiting when time was up", self.done, self.outstanding);
        }
        let mut ready = std::mem::take(&mut self.ready);
        ready.clear();
        ready.append(&mut self.again);
        let patience = if ready.is_empty() { Duration::from_millis(200) } else { Duration::ZERO };
        self.poll.wait(&mut ready, patience)?;
        for event in &ready {
            self.advance(event).with_context(|| format!("after {} in all", self.done))?;
        }
        let events = ready.len();
        self.ready = ready;
        if self.spec.task.downloads() && self.again.is_empty() {
            std::thread::sleep(PAUSE);
        }
        Ok(events)
    }

    /// Opens a session in a new place.
    fn open(&mut self) -> Result<()> {
        self.sessions.push(None);
        self.open_at(self.sessions.len() - 1)
    }

    fn open_at(&mut self, index: usize) -> Result<()> {
        // Many sessions from one address would run out of ports, or meet a limit per client.
        let spread = self.spec.task == Task::Short || self.spec.idle > 0;
        let source = spread.then(|| Ipv4Addr::new(127, 0, 1, (self.opened % 200) as u8 + 1));
        self.opened += 1;
        let session = Exchange::open(self.spec, source, self.tls.as_ref())?;
        session.watch(&self.poll, index)?;
        self.sessions[index] = Some(session);
        self.outstanding += 1;
        Ok(())
    }

    fn advance(&mut self, event: &Ready) -> Result<()> {
        let Some(Some(session)) = self.sessions.get_mut(event.index) else {
            return Ok(());
        };
        let Progress { moved, answered } =
            session.advance(event, &self.pattern, &mut self.scratch).map_err(anyhow::Error::msg)?;
        self.done += moved.bytes;
        if moved.again {
            self.again.push(Ready { index: event.index, readable: true, hung_up: event.hung_up });
        }
        if answered {
            self.answered(event.index).map_err(anyhow::Error::msg)?;
        }
        if moved.closed { self.closed(event.index) } else { Ok(()) }
    }

    /// A message came back: the next one, or the end of the session.
    fn answered(&mut self, index: usize) -> Result<(), String> {
        let Some(session) = self.sessions[index].as_mut() else {
            return Ok(());
        };
        if self.spec.task == Task::Short && self.going_on {
            return session.finish();
        }
        let now = Instant::now();
        self.latencies.push(tenths(now.duration_since(session.begun)));
        self.done += 1;
        if self.going_on {
            session.begun = now;
            return session.ask(self.done);
        }
        self.outstanding -= 1;
        Ok(())
    }

    /// The proxy has closed: as expected, or an error.
    fn closed(&mut self, index: usize) -> Result<()> {
        match self.sessions[index].take() {
            Some(session) if session.closing => {
                self.latencies.push(tenths(session.begun.elapsed()));
                self.done += 1;
                self.outstanding -= 1;
                self.open_at(index)
            }
            Some(_) => bail!("the proxy closed a session"),
            None => Ok(()),
        }
    }

    /// The handshakes of the sessions that are open.
    fn handshakes(&self) -> Handshakes {
        let kinds = || self.sessions.iter().flatten().filter_map(Exchange::resumed);
        let resumed = kinds().filter(|resumed| *resumed).count() as u64;
        Handshakes { full: kinds().count() as u64 - resumed, resumed }
    }

    /// Opens the idle sessions, each with one round trip, and reads what they cost in memory.
    fn idle(&mut self) -> Result<IdleReport> {
        self.sessions.clear();
        (self.outstanding, self.going_on) = (0, false);
        std::thread::sleep(SETTLE);
        let before_kib = measure::resident_kib(&self.spec.watched.proxy);
        for _ in 0..self.spec.idle {
            while self.outstanding >= OPENING {
                self.turn()?;
            }
            self.open()?;
        }
        while self.outstanding > 0 {
            self.turn()?;
        }
        std::thread::sleep(SETTLE);
        // What a proxy still had to say, such as a session ticket, is not what it keeps.
        while self.turn()? > 0 {}
        let after_kib = measure::resident_kib(&self.spec.watched.proxy);
        let Engine { sessions, scratch, .. } = self;
        let still_open = sessions.iter().flatten().filter(|session| session.is_idle(scratch)).count();
        Ok(IdleReport { connections: still_open, before_kib, after_kib })
    }
}

fn tenths(time: Duration) -> u32 {
    u32::try_from(time.as_nanos() / 100).unwrap_or(u32::MAX)
}
