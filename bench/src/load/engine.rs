//! The loop itself: one epoll set, one shared read buffer, as few calls per exchange as possible.

use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::requests::Requests;
use super::response::{Progress, Response};
use super::{IdleReport, LoadReport, LoadSpec};
use crate::measure::{self, CoreTicks};
use crate::sockets::{self, Poll, Ready, Transfer};

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
    let before = Account::take(spec);
    engine.until(spec.warmup + spec.requests)?;
    let after = Account::take(spec);
    engine.drain()?;
    let mut report = after.since(&before, spec);
    report.resident_kib = measure::resident_kib(&spec.proxy);
    (report.p50_us, report.p99_us) = percentiles(&mut engine.latencies);
    if spec.idle > 0 {
        report.idle = Some(engine.idle()?);
    }
    report.errors = engine.errors;
    report.first_error = engine.first_error;
    Ok(report)
}

/// Where a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The request waits for the connection.
    Connecting,
    /// The response is awaited.
    Waiting,
    /// The response is complete; the proxy has to close.
    Closing,
    /// Nothing is asked.
    Idle,
}

/// One connection to the proxy.
struct Connection {
    socket: OwnedFd,
    phase: Phase,
    started: Instant,
    response: Response,
}

/// All connections and what they have done.
struct Engine<'a> {
    spec: &'a LoadSpec,
    poll: Poll,
    requests: Requests,
    connections: Vec<Option<Connection>>,
    buffer: Vec<u8>,
    ready: Vec<Ready>,
    completed: u64,
    /// Requests that are on their way.
    outstanding: usize,
    /// Whether a finished connection asks again (or is replaced by a new one).
    going_on: bool,
    /// In tenths of a microsecond.
    latencies: Vec<u32>,
    errors: u64,
    first_error: Option<String>,
    end: Instant,
    opened: u64,
}

impl<'a> Engine<'a> {
    fn new(spec: &'a LoadSpec) -> Result<Engine<'a>> {
        Ok(Engine {
            spec,
            poll: Poll::new()?,
            requests: Requests::new(spec.shape.clone(), spec.reconnect),
            connections: Vec::new(),
            buffer: vec![0; 256 * 1024],
            ready: Vec::new(),
            completed: 0,
            outstanding: 0,
            going_on: true,
            latencies: Vec::with_capacity(usize::try_from(spec.requests.max(spec.warmup))? + spec.connections),
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

    /// One wait and what it brought.
    fn turn(&mut self) -> Result<()> {
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
        self.ready = ready;
        Ok(())
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
        let started = Instant::now();
        let socket = sockets::connect(self.spec.target, source)?;
        self.poll.add(&socket, index)?;
        self.connections[index] =
            Some(Connection { socket, phase: Phase::Connecting, started, response: Response::default() });
        self.outstanding += 1;
        self.ask(index, started);
        Ok(())
    }

    /// Sends the next request; a connection that is not through yet sends when it is.
    fn ask(&mut self, index: usize, started: Instant) {
        let Some(connection) = self.connections[index].as_mut() else {
            return;
        };
        connection.started = started;
        let request = self.requests.next();
        match sockets::send(&connection.socket, request) {
            Transfer::Moved(count) if count == request.len() => connection.phase = Phase::Waiting,
            Transfer::NotNow if connection.phase == Phase::Connecting => {}
            other => self.fail(index, format!("sending a request: {other:?}")),
        }
    }

    fn advance(&mut self, event: &Ready) -> Result<()> {
        let Some(Some(connection)) = self.connections.get_mut(event.index) else {
            return Ok(());
        };
        if connection.phase == Phase::Connecting {
            let started = connection.started;
            self.ask(event.index, started);
            return Ok(());
        }
        if !event.readable {
            return Ok(());
        }
        loop {
            let Some(Some(connection)) = self.connections.get_mut(event.index) else {
                return Ok(());
            };
            let count = match sockets::receive(&connection.socket, &mut self.buffer) {
                Transfer::Moved(count) => count,
                Transfer::NotNow => return Ok(()),
                Transfer::Closed => return self.closed(event.index),
            };
            if connection.phase != Phase::Waiting {
                self.fail(event.index, format!("{count} bytes that nobody asked for"));
                return self.replace(event.index);
            }
            match connection.response.take(&self.buffer[..count], self.spec.body) {
                Progress::More if count < self.buffer.len() && !event.hung_up => return Ok(()),
                Progress::More => {}
                Progress::Complete => {
                    let now = Instant::now();
                    let tenths = now.duration_since(connection.started).as_nanos() / 100;
                    connection.response.reset();
                    self.latencies.push(u32::try_from(tenths).unwrap_or(u32::MAX));
                    self.completed += 1;
                    if self.requests.closing() {
                        connection.phase = Phase::Closing;
                        continue;
                    }
                    if self.going_on {
                        self.ask(event.index, now);
                    } else {
                        connection.phase = Phase::Idle;
                        self.outstanding -= 1;
                    }
                    return Ok(());
                }
                Progress::Wrong(problem) => {
                    self.fail(event.index, problem);
                    return self.replace(event.index);
                }
            }
        }
    }

    /// The proxy has closed: as asked, or an error.
    fn closed(&mut self, index: usize) -> Result<()> {
        match self.connections[index].as_ref().map(|connection| connection.phase) {
            Some(Phase::Closing) => {
                self.outstanding -= 1;
                self.connections[index] = None;
                if self.going_on { self.open_at(index) } else { Ok(()) }
            }
            Some(phase) => {
                self.fail(index, format!("the proxy closed a connection ({phase:?})"));
                self.replace(index)
            }
            None => Ok(()),
        }
    }

    /// Counts an error and gives the connection up.
    fn fail(&mut self, index: usize, problem: String) {
        self.errors += 1;
        self.first_error.get_or_insert(problem);
        if let Some(connection) = self.connections[index].take()
            && connection.phase != Phase::Idle
        {
            self.outstanding -= 1;
        }
    }

    /// A new connection where one failed, while the run goes on.
    fn replace(&mut self, index: usize) -> Result<()> {
        if self.going_on && self.errors <= MAX_ERRORS { self.open_at(index) } else { Ok(()) }
    }

    /// Opens the idle connections, each with one request, and reads what they cost in memory.
    fn idle(&mut self) -> Result<IdleReport> {
        self.connections.clear();
        std::thread::sleep(SETTLE);
        let before_kib = measure::resident_kib(&self.spec.proxy);
        for _ in 0..self.spec.idle {
            while self.outstanding >= OPENING {
                self.turn()?;
            }
            self.open()?;
        }
        self.drain()?;
        std::thread::sleep(SETTLE);
        let after_kib = measure::resident_kib(&self.spec.proxy);
        let Engine { connections, buffer, .. } = self;
        let still_open = |connection: &&Connection| sockets::receive(&connection.socket, buffer) == Transfer::NotNow;
        Ok(IdleReport { connections: connections.iter().flatten().filter(still_open).count(), before_kib, after_kib })
    }
}

/// All CPU accounts at one moment.
struct Account {
    at: Instant,
    proxy_ns: u64,
    backend_ns: u64,
    own_ns: u64,
    core: CoreTicks,
}

impl Account {
    fn take(spec: &LoadSpec) -> Account {
        Account {
            at: Instant::now(),
            proxy_ns: measure::cpu_ns(&spec.proxy),
            backend_ns: measure::cpu_ns(&[spec.backend]),
            own_ns: measure::cpu_ns(&[std::process::id()]),
            core: CoreTicks::now(spec.proxy_core),
        }
    }

    fn since(&self, before: &Account, spec: &LoadSpec) -> LoadReport {
        let seconds = self.at.duration_since(before.at).as_secs_f64();
        let per_request = |now: u64, then: u64| now.saturating_sub(then) as f64 / 1_000.0 / spec.requests.max(1) as f64;
        LoadReport {
            requests: spec.requests,
            seconds,
            proxy_us: per_request(self.proxy_ns, before.proxy_ns),
            backend_us: per_request(self.backend_ns, before.backend_ns),
            load_us: per_request(self.own_ns, before.own_ns),
            proxy_share: self.proxy_ns.saturating_sub(before.proxy_ns) as f64 / 1e9 / seconds,
            core_share: self.core.busy_since(before.core),
            ..LoadReport::default()
        }
    }
}

/// Median and 99th percentile, in microseconds.
fn percentiles(tenths: &mut [u32]) -> (f64, f64) {
    tenths.sort_unstable();
    let at = |share: f64| {
        let index = (tenths.len().saturating_sub(1)) as f64 * share;
        tenths.get(index.round() as usize).map_or(0.0, |value| f64::from(*value) / 10.0)
    };
    (at(0.5), at(0.99))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_values() {
        let mut tenths: Vec<u32> = (1..=1_000).rev().map(|n| n * 10).collect();
        let (p50, p99) = percentiles(&mut tenths);
        assert!((p50 - 501.0).abs() < 1.5 && (p99 - 990.0).abs() < 1.5, "{p50} {p99}");
        assert_eq!(percentiles(&mut []), (0.0, 0.0));
    }
}
