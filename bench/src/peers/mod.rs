//! The proxies: how each is configured for the same work, started, and asked whether it is ready.
//!
//! The same work for all: two members in turn (127.0.0.1 and 127.0.0.2 on one port), kept-alive connections to them,
//! `X-Forwarded-For`, `X-Forwarded-Proto` and a request id added, an access log written. One worker each. Where TLS is
//! spoken: one certificate, session tickets, HTTP/2 for clients that ask for it.

mod floor;
mod gatehouse;
mod haproxy;
mod nginx;

use std::io::{Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustls::{ClientConnection, Stream};

use crate::certificate::Certificate;
use crate::cli::{HaproxyLog, Target};
use crate::load;
use crate::machine::Cores;
use crate::measure;
use crate::process::Running;

pub(crate) use haproxy::LogSink;

/// How many hosts and path rules a configuration has, and what its one rule does beside forwarding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Routes {
    /// One rule for everything.
    Single,
    /// The same with ten rewrite rules, each with a condition. Gatehouse only.
    Rewrites,
    /// One rule for everything, with cookie affinity. Gatehouse only.
    Affinity,
    /// So many hosts, each with so many path rules; whatever matches none of them is not answered with 200.
    Many {
        /// Hosts.
        hosts: u32,
        /// Path rules per host.
        paths: u32,
    },
}

impl Routes {
    /// What tells a contender with these from one with a single rule.
    pub(crate) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Single => None,
            Self::Rewrites => Some("rewrites"),
            Self::Affinity => Some("affinity"),
            Self::Many { .. } => Some("many"),
        }
    }
}

/// All a proxy has to know.
pub(crate) struct Setup<'a> {
    /// A folder of its own, for configuration and logs.
    pub(crate) folder: PathBuf,
    /// Where clients come in.
    pub(crate) address: SocketAddrV4,
    /// The two members.
    pub(crate) members: [SocketAddrV4; 2],
    /// Routing work.
    pub(crate) routes: Routes,
    /// What clients are shown: with it TLS is spoken, HTTP/1.1 and HTTP/2 as the client likes, without it neither.
    pub(crate) certificate: Option<&'a Certificate>,
    /// The gateway's binary, where it is measured.
    pub(crate) gatehouse: Option<&'a Path>,
    /// Where HAProxy logs to.
    pub(crate) haproxy_log: HaproxyLog,
    /// Where callgrind writes its counts, when the proxy runs under it.
    pub(crate) callgrind: Option<PathBuf>,
    /// Who runs where.
    pub(crate) cores: Cores,
    /// Descriptors a process may have: peers insist on room for all connections that they are told to expect.
    pub(crate) files: u64,
}

impl Setup<'_> {
    /// Client connections a peer is told to expect, each with one to a member.
    fn max_connections(&self) -> u64 {
        (self.files / 2).saturating_sub(500).clamp(500, 60_000)
    }
}

/// A proxy that answers.
pub(crate) struct Proxy {
    /// Which one.
    pub(crate) target: Target,
    /// Where clients come in.
    pub(crate) address: SocketAddrV4,
    /// Its processes.
    pub(crate) pids: Vec<u32>,
    running: Running,
}

impl Proxy {
    /// Configures and starts a proxy, and waits until it forwards.
    pub(crate) fn start(target: Target, setup: &Setup<'_>) -> Result<Proxy> {
        std::fs::create_dir_all(&setup.folder)?;
        let mut command = match target {
            Target::Gatehouse => gatehouse::prepare(setup)?,
            Target::Nginx => nginx::prepare(setup)?,
            Target::Haproxy => haproxy::prepare(setup)?,
            Target::Floor => floor::prepare(setup)?,
        };
        if let Some(counts) = &setup.callgrind {
            let out = format!("--callgrind-out-file={}", counts.display());
            command.splice(0..0, ["valgrind".into(), "--tool=callgrind".into(), "-q".into(), out]);
        }
        let errors = setup.folder.join("stderr");
        let output = setup.folder.join("stdout");
        let running = Running::start_program(&target.name(), setup.cores.proxy, &command, &output, &errors)?;
        let mut proxy = Proxy { target, address: setup.address, pids: Vec::new(), running };
        if let Err(problem) = proxy.wait_until_ready(setup) {
            let said = std::fs::read_to_string(&errors).unwrap_or_default();
            let tail: Vec<&str> = said.lines().rev().take(5).collect();
            bail!("{problem:#}; it said: {}", tail.into_iter().rev().collect::<Vec<_>>().join(" | "));
        }
        proxy.pids = measure::family(proxy.running.pid());
        Ok(proxy)
    }

    /// Ends the proxy and waits for it.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.running.stop(Duration::from_secs(20)).map(drop)
    }

    fn wait_until_ready(&mut self, setup: &Setup<'_>) -> Result<()> {
        // A large configuration takes its time, and everything takes fifty times as long under callgrind.
        let patience = if setup.callgrind.is_some() || setup.routes != Routes::Single { 120 } else { 20 };
        let end = Instant::now() + Duration::from_secs(patience);
        let mut last = String::new();
        while Instant::now() < end {
            self.running.still_runs()?;
            match ask(self.address, setup.certificate.is_some()) {
                Ok(200) => return Ok(()),
                Ok(status) => last = format!("answered {status}"),
                Err(problem) => last = format!("{problem:#}"),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("{} was not ready after {patience} s ({last})", self.target.name())
    }
}

/// Asks for a page that every configuration routes; returns the status.
fn ask(address: SocketAddrV4, tls: bool) -> Result<u16> {
    let limit = Duration::from_secs(5);
    let mut stream = TcpStream::connect_timeout(&address.into(), limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    if !tls {
        return status(&mut stream);
    }
    let mut session = ClientConnection::new(load::tls_config(b"http/1.1", false)?, load::server_name()?)?;
    status(&mut Stream::new(&mut session, &mut stream))
}

/// The cookies that an answer sets, as a client sends them back.
pub(crate) fn cookies(address: SocketAddrV4) -> Result<String> {
    let limit = Duration::from_secs(5);
    let mut stream = TcpStream::connect_timeout(&address.into(), limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.write_all(b"GET /p0/ready HTTP/1.1\r\nHost: h0.bench.test\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer).context("no answer")?;
    let set = answer.lines().filter_map(|line| line.strip_prefix("Set-Cookie: "));
    let pairs: Vec<&str> = set.filter_map(|value| value.split(';').next()).collect();
    Ok(pairs.join("; "))
}

fn status(stream: &mut (impl Read + Write)) -> Result<u16> {
    stream.write_all(b"GET /p0/ready HTTP/1.1\r\nHost: h0.bench.test\r\nConnection: close\r\n\r\n")?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).context("no answer")?;
    let status = std::str::from_utf8(&head)?.rsplit(' ').next().unwrap_or_default();
    status.parse().with_context(|| format!("no status in {head:?}"))
}
