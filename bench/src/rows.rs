//! The rows: what each measures, and the interleaved rounds that measure it.
//!
//! All proxies of a row run at once, each idle while another is measured; rounds go A, B, C, A, B, C, so that a machine
//! that slows down in between slows all of them down. What is reported is the median over the rounds.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;

use crate::account::Watched;
use crate::backends::{self, Backends};
use crate::certificate::Certificate;
use crate::cli::{Cli, HaproxyLog, Network, Row, Target};
use crate::load::{LoadReport, LoadSpec, Tls};
use crate::machine::{Cores, Machine};
use crate::netns;
use crate::peers::{LogSink, Moving, Proxy, Routes, Setup};
use crate::report::{self, Contender, RowReport};
use crate::roles::{self, Role};
use crate::sessions::{SessionsSpec, Task};
use crate::work::{MANY_HOSTS, MANY_PATHS, Work};
use crate::{callgrind, calls, process};

/// The run's folder, before the process id.
const FOLDER: &str = "gatehouse-bench-";
/// No single load takes longer than this.
const LOAD_SECONDS: u64 = 120;
/// The share of handshakes that have to resume a session where a row is about that.
const MUST_RESUME: f64 = 0.99;

/// Everything a row needs to run.
pub(crate) struct Bench<'a> {
    /// What was asked for.
    pub(crate) cli: &'a Cli,
    /// Who runs where.
    pub(crate) cores: Cores,
    /// Where configurations and logs go.
    pub(crate) folder: PathBuf,
    certificate: Certificate,
    backends: Backends,
    started: u32,
    files: u64,
}

/// Measures the rows that were asked for, prints and writes the tables.
pub(crate) fn run(cli: &Cli) -> Result<()> {
    // Whatever ends the command ends this run, and with it everything that the run has started.
    rustix::process::set_parent_process_death_signal(Some(Signal::TERM)).context("parent death signal")?;
    let network = cli.inside.unwrap_or(Network::Host);
    let congestion_control = netns::set_up(network)?;
    let machine = Machine::read(congestion_control, network == Network::Namespace);
    println!("machine: {}", machine.line());
    let cores = Cores::of(&machine);
    println!("cores: proxy {}, load generator {}, backend {}", cores.proxy, cores.load, cores.backend);
    if machine.cores < 2 {
        println!("one core only: proxy and load disturb each other; read CPU per request, not requests per second");
    }
    let mut bench = Bench::start(cli, cores)?;
    let mut failures = Vec::new();
    let mut reports = Vec::new();
    for row in cli.selected_rows() {
        let begun = Instant::now();
        let report = bench.row(row, &mut failures)?;
        if report.contenders.is_empty() {
            continue;
        }
        println!("\n{}({} s)", report::table(&report), begun.elapsed().as_secs());
        reports.push(report);
        // After every row, so that an interrupted run has left what it had.
        report::write(&machine, &reports)?;
    }
    bench.finish()?;
    println!("\nwritten: {}", report::folder().display());
    if !failures.is_empty() {
        bail!("not everything could be measured:\n  {}", failures.join("\n  "));
    }
    Ok(())
}

impl<'a> Bench<'a> {
    /// Starts what stands behind the proxies.
    fn start(cli: &'a Cli, cores: Cores) -> Result<Bench<'a>> {
        // Memory, where there is such a file system: no disk in the figures, the same for every proxy.
        let shared_memory = Path::new("/dev/shm");
        let base = if shared_memory.is_dir() { shared_memory.to_owned() } else { std::env::temp_dir() };
        forget_dead_runs(&base);
        let folder = base.join(format!("{FOLDER}{}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        let certificate = Certificate::make(&folder)?;
        let mut backends = Backends::start(cores.backend, &folder)?;
        if cli.selected_rows().into_iter().any(|row| Work::of(row, cli).task.is_some()) {
            backends.serve_sessions(cores.backend, &folder, &certificate)?;
        }
        Ok(Bench { cli, cores, folder, certificate, backends, started: 0, files: roles::raise_file_limit() })
    }

    fn finish(self) -> Result<()> {
        self.backends.stop()?;
        if self.cli.keep {
            println!("kept: {}", self.folder.display());
        } else {
            std::fs::remove_dir_all(&self.folder).ok();
        }
        Ok(())
    }

    /// Measures one row.
    fn row(&mut self, row: Row, failures: &mut Vec<String>) -> Result<RowReport> {
        let mut work = Work::of(row, self.cli);
        let features = [Routes::Single, Routes::Rewrites, Routes::Affinity].map(|routes| (Target::Gatehouse, routes));
        if matches!(row, Row::Features | Row::FeaturesInstructions) {
            work.cookie = self.affinity_cookie(&work)?;
        }
        if work.counts_instructions {
            let lineup = match row {
                _ if work.task.is_some() => self.of_sessions(&work),
                Row::FeaturesInstructions => features.to_vec(),
                // The floor cannot look into what it relays.
                _ if work.tls.is_some() => single(self.targets(&[Target::Floor])),
                _ => single(self.targets(&[])),
            };
            return callgrind::row(self, row, &lineup, &work, failures);
        }
        let lineup = match row {
            _ if work.task.is_some() => self.of_sessions(&work),
            Row::Features => features.to_vec(),
            Row::ManyRoutes => {
                let many = Routes::Many { hosts: MANY_HOSTS, paths: MANY_PATHS };
                let targets = self.targets(&[Target::Floor]);
                targets.into_iter().flat_map(|target| [(target, Routes::Single), (target, many)]).collect()
            }
            Row::Floor => vec![(Target::Floor, Routes::Single)],
            // The floor cannot look into what it relays.
            _ if work.tls.is_some() => single(self.targets(&[Target::Floor])),
            _ => single(self.targets(&[])),
        };
        self.rounds(row, &lineup, &work, failures)
    }

    /// The cookie of a client that has been here before: every contender of a row gets the same requests.
    fn affinity_cookie(&mut self, work: &Work) -> Result<String> {
        let started = self.launch(Target::Gatehouse, Routes::Affinity, work, None)?;
        let cookie = crate::peers::cookies(started.proxy.address)?;
        started.proxy.stop()?;
        if cookie.is_empty() { bail!("affinity is on and sets no cookie") } else { Ok(cookie) }
    }

    /// The proxies of a row of sessions: HAProxy in more than one way where bytes may be spliced.
    fn of_sessions(&self, work: &Work) -> Vec<(Target, Routes)> {
        let plain = work.tls.is_none() && !work.tls_to_servers;
        let moves = work.task.is_some_and(|task| task.streams() || task == Task::RoundTrips)
            && work.idle == 0
            && !work.counts_instructions;
        let ways = |target| match target {
            Target::Haproxy if plain && moves => &[Moving::Usual, Moving::SpliceAuto, Moving::Splice][..],
            _ => &[Moving::Usual],
        };
        let targets = self.targets(if plain { &[] } else { &[Target::Floor] });
        targets
            .into_iter()
            .flat_map(|target| ways(target).iter().map(move |way| (target, Routes::Bytes(*way))))
            .collect()
    }

    /// The proxies of this run but those that have no place in a row.
    pub(crate) fn targets(&self, but: &[Target]) -> Vec<Target> {
        Target::ALL.into_iter().filter(|t| self.cli.only.contains(t) && !but.contains(t)).collect()
    }

    fn rounds(
        &mut self,
        row: Row,
        lineup: &[(Target, Routes)],
        work: &Work,
        failures: &mut Vec<String>,
    ) -> Result<RowReport> {
        let mut running = Vec::new();
        for (target, routes) in lineup {
            match self.launch(*target, *routes, work, None) {
                Ok(started) => running.push((started, Contender::new(*target, *routes))),
                Err(problem) => {
                    println!("SKIPPED: {} in {}: {problem:#}", target.name(), row.name());
                    failures.push(format!("{} in {}: {problem:#}", target.name(), row.name()));
                }
            }
        }
        let rounds = if work.idle > 0 { 1 } else { self.cli.effective_rounds() };
        for round in 0..rounds {
            for (started, contender) in &mut running {
                let wrong = match self.load(&started.proxy, work) {
                    Ok(report) => {
                        let wrong = what_was_wrong(&report, work);
                        contender.rounds.push(report);
                        wrong
                    }
                    Err(problem) => Some(format!("{problem:#}")),
                };
                match wrong {
                    // With `--keep` the logs of a round that went wrong tell why.
                    Some(wrong) => {
                        let (label, row) = (&contender.label, row.name());
                        failures.push(format!("{label} in {row}, round {}: {wrong}", round + 1));
                    }
                    None => started.forget_logs(),
                }
            }
        }
        let mut contenders = Vec::new();
        for (started, mut contender) in running {
            // An idle session is no unit of anything.
            if self.cli.calls && work.idle == 0 {
                match calls::per_unit(self, &started, work) {
                    Ok(calls) => contender.calls = Some(calls),
                    Err(problem) => println!("SKIPPED: calls of {} in {}: {problem:#}", contender.label, row.name()),
                }
            }
            started.proxy.stop()?;
            if !contender.rounds.is_empty() {
                contenders.push(contender);
            }
        }
        Ok(RowReport::new(row, work, contenders))
    }

    /// Starts a proxy in a folder of its own.
    pub(crate) fn launch(
        &mut self,
        target: Target,
        routes: Routes,
        work: &Work,
        callgrind: Option<PathBuf>,
    ) -> Result<Started> {
        self.started += 1;
        let folder = self.folder.join(format!("{}-{}", self.started, target.name()));
        let setup = Setup {
            folder: folder.clone(),
            address: SocketAddrV4::new(Ipv4Addr::LOCALHOST, backends::free_port()?),
            members: self.backends.members(work)?,
            routes,
            certificate: work.tls.map(|_| &self.certificate),
            trusted: work.tls_to_servers.then_some(&self.certificate),
            gatehouse: self.cli.gatehouse.as_deref(),
            haproxy_log: self.cli.haproxy_log,
            callgrind,
            cores: self.cores,
            files: self.files,
        };
        let wants_sink = target == Target::Haproxy && self.cli.haproxy_log == HaproxyLog::Socket;
        let sink = wants_sink.then(|| LogSink::start(&folder, self.cores.load)).transpose()?;
        Ok(Started { proxy: Proxy::start(target, &setup)?, folder, _sink: sink })
    }

    /// Puts a load on a proxy and returns what came out.
    pub(crate) fn load(&self, proxy: &Proxy, work: &Work) -> Result<LoadReport> {
        let text = process::run_role("load generator", self.cores.load, self.role(proxy, work)?, &[])?;
        serde_json::from_str(&text).context("the load generator's report")
    }

    /// The load generator of a row.
    pub(crate) fn role(&self, proxy: &Proxy, work: &Work) -> Result<Role> {
        let watched =
            Watched { proxy: proxy.pids.clone(), backend: self.backends.pid(work)?, proxy_core: self.cores.proxy };
        let (target, connections, warmup, idle) = (proxy.address, work.connections, work.warmup, work.idle);
        let seconds = LOAD_SECONDS;
        if let Some(task) = work.task {
            let (counted, tls) = (work.requests, work.tls.is_some());
            return Ok(Role::Sessions(SessionsSpec {
                target,
                connections,
                task,
                warmup,
                counted,
                tls,
                idle,
                watched,
                seconds,
            }));
        }
        Ok(Role::Load(LoadSpec {
            target,
            connections,
            warmup,
            requests: work.requests,
            shape: work.shape.clone(),
            cookie: work.cookie.clone(),
            body: work.body,
            reconnect: work.reconnect,
            tls: work.tls,
            streams: work.streams,
            idle,
            watched,
            seconds,
        }))
    }
}

/// A proxy with what belongs to it.
pub(crate) struct Started {
    /// The proxy.
    pub(crate) proxy: Proxy,
    folder: PathBuf,
    _sink: Option<LogSink>,
}

impl Started {
    /// Empties the logs, which would otherwise fill the memory they are in.
    fn forget_logs(&self) {
        for name in ["access.log", "stdout"] {
            if let Ok(file) = std::fs::OpenOptions::new().write(true).open(self.folder.join(name)) {
                file.set_len(0).ok();
            }
        }
    }
}

/// Why a round does not count: errors, or another kind of handshake than the row's.
fn what_was_wrong(report: &LoadReport, work: &Work) -> Option<String> {
    if let Some(first) = &report.first_error {
        return Some(format!("{} errors, the first: {first}", report.errors));
    }
    let handshakes = report.handshakes;
    let made = handshakes.full + handshakes.resumed;
    let resumes = work.tls == Some(Tls::Resumed);
    (resumes && handshakes.resumed_share() < MUST_RESUME)
        .then(|| format!("{} of {made} handshakes resumed no session", handshakes.full))
}

fn single(targets: Vec<Target>) -> Vec<(Target, Routes)> {
    targets.into_iter().map(|target| (target, Routes::Single)).collect()
}

/// Removes the folders of runs that were cut off.
fn forget_dead_runs(base: &Path) {
    for entry in std::fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(FOLDER)).and_then(|pid| pid.parse::<u32>().ok());
        if pid.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            std::fs::remove_dir_all(entry.path()).ok();
        }
    }
}
