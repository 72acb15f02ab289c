//! The proxies: how each is configured for the same work, started, and asked whether it is ready.
//!
//! The same work for all: two members in turn (127.0.0.1 and 127.0.0.2 on one port), kept-alive connections to them,
//! `X-Forwarded-For`, `X-Forwarded-Proto` and a request id added, an access log written. One worker each. Where TLS is
//! spoken: one certificate, session tickets, HTTP/2 for clients that ask for it. Sessions of TCP and TLS are configured
//! in [`sessions`].

mod floor;
mod gatehouse;
mod haproxy;
mod nginx;
mod sessions;

use std::io::{Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustls::{ClientConnection, Stream};

use crate::certificate::Certificate;
use crate::cli::{HaproxyLog, Target};
use crate::machine::Cores;
use crate::measure;
use crate::process::Running;
use crate::tls;

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
    /// No requests: TCP or TLS sessions, moved in one of these ways.
    Bytes(Moving),
}

/// How bytes are moved between two connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moving {
    /// As the proxy does it without being told.
    Usual,
    /// With `option splice-auto`. HAProxy only.
    SpliceAuto,
    /// With `option splice-request` and `option splice-response`. HAProxy only.
    Splice,
}

impl Routes {
    /// What tells a contender with these from one with a single rule.
    pub(crate) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Single | Self::Bytes(Moving::Usual) => None,
            Self::Rewrites => Some("rewrites"),
            Self::Affinity => Some("affinity"),
            Self::Many { .. } => Some("many"),
            Self::Bytes(Moving::SpliceAuto) => Some("splice-auto"),
            Self::Bytes(Moving::Splice) => Some("splice"),
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
    /// What servers show: with it TLS is spoken to them, and this is checked.
    pub(crate) trusted: Option<&'a Certificate>,
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
        let quick = matches!(setup.routes, Routes::Single | Routes::Bytes(_));
        let patience = if setup.callgrind.is_some() || !quick { 120 } else { 20 };
        let end = Instant::now() + Duration::from_secs(patience);
        let mut last = String::new();
        while Instant::now() < end {
            self.running.still_runs()?;
            match ask(setup) {
                Ok(()) => return Ok(()),
                Err(problem) => last = format!("{problem:#}"),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        bail!("{} was not ready after {patience} s ({last})", self.target.name())
    }
}

/// Asks for a page that every configuration routes, or makes one round trip.
fn ask(setup: &Setup<'_>) -> Result<()> {
    let limit = Duration::from_secs(5);
    let mut stream = TcpStream::connect_timeout(&setup.address.into(), limit)?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    let bytes = matches!(setup.routes, Routes::Bytes(_));
    if setup.certificate.is_none() {
        return if bytes { sessions::greet(&mut stream) } else { fetch(&mut stream) };
    }
    let protocol = (!bytes).then_some(&b"http/1.1"[..]);
    let mut session = ClientConnection::new(tls::client_config(protocol, false)?, tls::server_name()?)?;
    let mut stream = Stream::new(&mut session, &mut stream);
    if bytes { sessions::greet(&mut stream) } else { fetch(&mut stream) }
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

/// Fails unless the page is there.
fn fetch(stream: &mut (impl Read + Write)) -> Result<()> {
    stream.write_all(b"GET /p0/ready HTTP/1.1\r\nHost: h0.bench.test\r\nConnection: close\r\n\r\n")?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).context("no answer")?;
    match head.rsplit(|byte| *byte == b' ').next() {
        Some(b"200") => Ok(()),
        _ => bail!("answered {:?}", String::from_utf8_lossy(&head)),
    }
}
