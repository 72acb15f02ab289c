//! A gateway at work: worker threads, the control thread, and the applying of configurations.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use backend::dns::{Lookup, NameChange, Resolving, Sources, SystemResolver};
use backend::{Fleet, HealthChange, ProbeRunner};
use frontend::BindError;
use observe::status::{BindingStatus, CounterReport, StatusReport};
use observe::{AccessLog, Metrics, WorkerCounters};
use proxy::failure::Failure;
use proxy::serve::{self, Command};
use proxy::tls::Responders;
use proxy::view::{Current, Published};
use proxy::worker::{DoorKey, Shared};
use snapshot::Snapshot;
use snapshot::difference::{Difference, difference};
use tokio::sync::mpsc;

use crate::names::{self, KeptNames};
use crate::tickets::{SharedTickets, TicketSecrets};
use crate::{certificates, terminal, tokens};

/// Commands that may wait for a worker.
const COMMANDS: usize = 1024;

/// What a gateway is started with, beside its snapshot.
pub struct Settings {
    /// Worker threads.
    pub workers: usize,
    /// The access log.
    pub log: AccessLog,
    /// The firewall's log, where it is another one.
    pub firewall_log: Option<AccessLog>,
    /// Where names are resolved.
    pub names: Sources,
    /// Where the last good answers are kept, if they are.
    pub kept_names: Option<KeptNames>,
    /// Secrets of session tickets, shared with other gateways; empty for one of this process alone.
    pub ticket_secrets: TicketSecrets,
    /// Called when a server comes or goes.
    pub on_health: Box<dyn Fn(&HealthChange) + Send + Sync>,
    /// Called when the addresses of a name change, or it cannot be resolved.
    pub on_name: Box<dyn Fn(&NameChange) + Send + Sync>,
}

/// Why a gateway did not start.
#[derive(Debug)]
pub enum StartError {
    /// An address cannot be listened on.
    Bind(Vec<BindError>),
    /// A thread or a runtime cannot be made.
    Machine(std::io::Error),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bind(errors) => write_bind_errors(errors, out),
            Self::Machine(error) => write!(out, "cannot start a worker: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

/// Prints one error a line.
pub fn write_bind_errors(errors: &[BindError], out: &mut impl std::fmt::Write) -> std::fmt::Result {
    for (at, error) in errors.iter().enumerate() {
        write!(out, "{}{error}", if at > 0 { "\n" } else { "" })?;
    }
    Ok(())
}

/// A running gateway. Dropping it without [`stop`](Self::stop) leaves its threads to the end of the process.
pub struct Running {
    shared: Arc<Shared>,
    workers: Vec<Worker>,
    threads: Mutex<Vec<Thread>>,
    control: Control,
    probes: Arc<ProbeRunner>,
    resolver: Arc<SystemResolver>,
    kept_names: Option<Arc<KeptNames>>,
    metrics: Metrics,
    log: AccessLog,
    firewall_log: Option<AccessLog>,
    applied: Mutex<Applied>,
    revision: AtomicU64,
    started: jiff::Timestamp,
}

struct Worker {
    commands: mpsc::Sender<Command>,
    counters: Arc<WorkerCounters>,
}

type Thread = JoinHandle<std::io::Result<()>>;

/// A worker that has not ticked for so long is reported.
const STUCK: Duration = Duration::from_secs(5);

/// Reports workers that make no progress, once each time.
async fn watch_over(workers: Vec<Arc<WorkerCounters>>) {
    let mut seen: Vec<u64> = workers.iter().map(|counters| counters.ticks.load()).collect();
    loop {
        tokio::time::sleep(STUCK).await;
        for (index, (counters, seen)) in workers.iter().zip(&mut seen).enumerate() {
            let ticks = counters.ticks.load();
            if ticks == *seen {
                terminal::note(&format!("gatehouse: worker {index} has made no progress for {} s", STUCK.as_secs()));
            }
            *seen = ticks;
        }
    }
}

/// The thread and runtime of probes, DNS, signals and management: its load cannot delay traffic.
struct Control {
    handle: tokio::runtime::Handle,
    end: Arc<tokio::sync::Notify>,
}

impl Control {
    fn start() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (handle, end) = (runtime.handle().clone(), Arc::new(tokio::sync::Notify::new()));
        let ended = Arc::clone(&end);
        drop(std::thread::Builder::new().name("control".to_owned()).spawn(move || {
            runtime.block_on(ended.notified());
            runtime.shutdown_background();
        })?);
        Ok(Self { handle, end })
    }
}

/// What was applied last.
struct Applied {
    bound: BTreeMap<DoorKey, SocketAddr>,
    tickets: SharedTickets,
    at: jiff::Timestamp,
    refused: Option<String>,
}

/// Names of refusals, numbered as [`Failure`] is.
fn reasons() -> &'static [&'static str] {
    static REASONS: std::sync::OnceLock<Vec<&'static str>> = std::sync::OnceLock::new();
    REASONS.get_or_init(|| Failure::ALL.iter().map(|failure| failure.reason()).collect())
}

type Bound = Vec<(DoorKey, Vec<TcpListener>)>;

/// Binds every address that is not bound yet; all or none.
fn bind(snapshot: &Snapshot, bound: &BTreeMap<DoorKey, SocketAddr>, workers: usize) -> Result<Bound, Vec<BindError>> {
    let (mut new, mut errors) = (Vec::new(), Vec::new());
    for binding in snapshot.bindings.iter() {
        let key = (binding.address, binding.document_port);
        if !bound.contains_key(&key) {
            match frontend::bind(binding.address, workers) {
                Ok(sockets) => new.push((key, sockets)),
                Err(error) => errors.push(error),
            }
        }
    }
    if errors.is_empty() { Ok(new) } else { Err(errors) }
}

impl Running {
    /// Binds every address, starts the threads and serves. Nothing is left behind when it fails.
    pub fn start(mut snapshot: Snapshot, settings: Settings) -> Result<Self, StartError> {
        let sockets = bind(&snapshot, &BTreeMap::new(), settings.workers).map_err(StartError::Bind)?;
        let control = Control::start().map_err(StartError::Machine)?;
        let resolver = Arc::new(SystemResolver::new(settings.names));
        let responders = Responders::new(Arc::clone(&resolver) as Arc<dyn Lookup>);
        let kept_names = settings.kept_names.map(Arc::new);
        let probes =
            start_probes(&control.handle, &resolver, kept_names.as_ref(), settings.on_health, settings.on_name);
        let tickets = SharedTickets::new(settings.ticket_secrets);
        snapshot.identity.revision = 1;
        let fleet = Fleet::reconcile(None, &snapshot);
        probes.reconcile(&fleet);
        let keys = tokens::store(control.handle.clone());
        keys.reconcile(snapshot.jwt.iter());
        let published = Published::new(Arc::new(snapshot), fleet, tickets.get());
        let shared = Shared::new(Current::new(published), responders, keys);
        let metrics = Metrics::new(reasons());
        let (workers, threads): (Vec<_>, Vec<_>) = (0..settings.workers)
            .map(|index| start_worker(index, &shared, (&settings.log, settings.firewall_log.as_ref()), &metrics))
            .collect::<std::io::Result<Vec<_>>>()
            .map_err(StartError::Machine)?
            .into_iter()
            .unzip();
        drop(control.handle.spawn(watch_over(workers.iter().map(|worker| Arc::clone(&worker.counters)).collect())));
        drop(control.handle.spawn(certificates::announce_ends(Arc::clone(&shared))));
        let now = jiff::Timestamp::now();
        let running = Self {
            shared,
            workers,
            threads: Mutex::new(threads),
            control,
            probes,
            resolver,
            kept_names,
            metrics,
            log: settings.log,
            firewall_log: settings.firewall_log,
            applied: Mutex::new(Applied { bound: BTreeMap::new(), tickets, at: now, refused: None }),
            revision: AtomicU64::new(1),
            started: now,
        };
        let mut applied = running.applied.lock().unwrap_or_else(PoisonError::into_inner);
        running.listen(sockets, &mut applied.bound);
        drop(applied);
        Ok(running)
    }

    /// Takes other secrets for session tickets from the next configuration on. Clients whose tickets none of them opens
    /// make a whole handshake.
    pub fn use_ticket_secrets(&self, secrets: TicketSecrets) {
        self.applied.lock().unwrap_or_else(PoisonError::into_inner).tickets.change(secrets);
    }

    /// Takes other sources of names' addresses and returns those before. The same ones change nothing; after a change
    /// every name is looked up.
    pub fn use_name_sources(&self, sources: Sources) -> Sources {
        self.resolver.change(sources)
    }

    /// Applies a configuration: binds what is new (all or nothing), publishes, then closes what is gone. Connections
    /// whose listener and servers go on are not touched.
    pub fn apply(&self, mut snapshot: Snapshot) -> Result<(u64, Difference), Vec<BindError>> {
        let mut applied = self.applied.lock().unwrap_or_else(PoisonError::into_inner);
        let sockets = bind(&snapshot, &applied.bound, self.workers.len()).inspect_err(|errors| {
            let mut text = String::new();
            let _ = write_bind_errors(errors, &mut text);
            applied.refused = Some(text);
        })?;
        let before = self.shared.current.load();
        let changes = difference(&before.snapshot, &snapshot);
        let revision = self.revision.fetch_add(1, Ordering::Relaxed) + 1;
        snapshot.identity.revision = revision;
        let fleet = Fleet::reconcile(Some(&before.fleet), &snapshot);
        let wanted: Vec<DoorKey> =
            snapshot.bindings.iter().map(|binding| (binding.address, binding.document_port)).collect();
        self.probes.reconcile(&fleet);
        let snapshot = Arc::new(snapshot);
        // Requests of either configuration find their keys.
        self.shared.tokens.reconcile(before.snapshot.jwt.iter().chain(snapshot.jwt.iter()));
        self.shared.current.publish(Published::new(Arc::clone(&snapshot), fleet, applied.tickets.get()));
        self.shared.tokens.reconcile(snapshot.jwt.iter());
        self.listen(sockets, &mut applied.bound);
        let gone: Vec<DoorKey> = applied.bound.keys().filter(|key| !wanted.contains(key)).copied().collect();
        for key in gone {
            applied.bound.remove(&key);
            self.command(|| Command::Close(key));
        }
        applied.at = jiff::Timestamp::now();
        applied.refused = None;
        Ok((revision, changes))
    }

    /// Remembers that a configuration was refused, for the status board.
    pub fn refused(&self, why: &str) {
        self.applied.lock().unwrap_or_else(PoisonError::into_inner).refused = Some(why.to_owned());
    }

    /// Forgets that a configuration was refused: it is gone, and what is asked for is what runs.
    pub fn withdraw_refusal(&self) {
        self.applied.lock().unwrap_or_else(PoisonError::into_inner).refused = None;
    }

    fn listen(&self, sockets: Bound, bound: &mut BTreeMap<DoorKey, SocketAddr>) {
        for (key, sockets) in sockets {
            let address = sockets.first().and_then(|socket| socket.local_addr().ok()).unwrap_or(key.0);
            bound.insert(key, address);
            for (worker, socket) in self.workers.iter().zip(sockets) {
                // A full queue would mean a worker that makes no progress; its socket closes with the command.
                let _ = worker.commands.try_send(Command::Listen(key, socket));
            }
        }
    }

    fn command(&self, command: impl Fn() -> Command) {
        for worker in &self.workers {
            let _ = worker.commands.try_send(command());
        }
    }

    /// The runtime of the control thread.
    pub fn control(&self) -> &tokio::runtime::Handle {
        &self.control.handle
    }

    /// The configuration in force.
    pub fn current(&self) -> Arc<Published> {
        self.shared.current.load()
    }

    /// Where a listener can be reached: the first address bound for it.
    pub fn address(&self, listener: &str) -> Option<SocketAddr> {
        let current = self.current();
        let listener = current.snapshot.listeners.iter().find(|candidate| &*candidate.name == listener)?;
        let binding = &current.snapshot.bindings[*listener.bindings.first()?];
        let applied = self.applied.lock().unwrap_or_else(PoisonError::into_inner);
        applied.bound.get(&(binding.address, binding.document_port)).copied()
    }

    /// Waits until every target has a server in rotation or nothing more to wait for; false when time ran out.
    pub fn wait_ready(&self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        let current = self.current();
        let (done, wait) = std::sync::mpsc::sync_channel(1);
        self.control.handle.spawn(async move {
            for target in current.fleet.targets() {
                target.decided(end.saturating_duration_since(Instant::now())).await;
            }
            let _ = done.try_send(());
        });
        wait.recv_timeout(patience).is_ok()
    }

    /// Opens the files of the logs again (SIGHUP).
    pub fn reopen_logs(&self) {
        std::iter::once(&self.log).chain(&self.firewall_log).for_each(AccessLog::reopen);
    }

    /// The status board.
    pub fn status(&self) -> StatusReport {
        let current = self.current();
        let snapshot = &current.snapshot;
        let applied = self.applied.lock().unwrap_or_else(PoisonError::into_inner);
        let binding = |(id, binding): (snapshot::BindingId, &snapshot::Binding)| BindingStatus {
            address: *applied.bound.get(&(binding.address, binding.document_port)).unwrap_or(&binding.address),
            scheme: binding.scheme.as_str().to_owned(),
            listeners: (snapshot.listeners.iter())
                .filter(|listener| listener.bindings.contains(&id))
                .map(|listener| listener.name.to_string())
                .collect(),
        };
        StatusReport {
            gateway: snapshot.identity.name.to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            revision: snapshot.identity.revision,
            checksum: snapshot.identity.checksum.to_string(),
            started: self.started.to_string(),
            applied: applied.at.to_string(),
            refused: applied.refused.clone(),
            bindings: snapshot.bindings.entries().map(binding).collect(),
            certificates: certificates::certificates(snapshot, jiff::Timestamp::now().as_second()),
            tokens: tokens::status(snapshot, &self.shared.tokens),
            health: current.fleet.report(Instant::now()),
            counters: CounterReport::new(&self.metrics.totals(), &self.log.state())
                .with_firewall_log(self.firewall_log.as_ref().map(AccessLog::state).as_ref()),
        }
    }

    /// Stops accepting, lets connections finish what they have, and ends. True when all had ended in time; false also
    /// when it was stopped before.
    pub fn stop(&self) -> bool {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        if threads.is_empty() {
            return false;
        }
        let end = Instant::now() + self.current().snapshot.limits.shutdown_grace;
        self.command(|| Command::End);
        let mut finished = true;
        for thread in threads {
            while !thread.is_finished() && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(10));
            }
            finished &= thread.is_finished() && thread.join().is_ok();
        }
        if let Some(kept) = &self.kept_names {
            names::keep_last(kept, &self.probes);
        }
        self.probes.stop();
        std::iter::once(&self.log).chain(&self.firewall_log).for_each(|log| {
            log.shutdown(Duration::from_secs(2));
        });
        self.control.end.notify_one();
        finished
    }
}

/// Probes, and the names that they need; the answers of which are kept, if they are to be.
fn start_probes(
    control: &tokio::runtime::Handle,
    resolver: &Arc<SystemResolver>,
    kept: Option<&Arc<KeptNames>>,
    on_health: Box<dyn Fn(&HealthChange) + Send + Sync>,
    on_name: Box<dyn Fn(&NameChange) + Send + Sync>,
) -> Arc<ProbeRunner> {
    let changed = Arc::new(tokio::sync::Notify::new());
    let told = Arc::clone(&changed);
    let resolving = Resolving {
        lookup: Arc::clone(resolver) as Arc<dyn Lookup>,
        known: kept.map(|kept| kept.load()).unwrap_or_default(),
        on_change: Box::new(move |change| {
            told.notify_one();
            on_name(change);
        }),
    };
    let probes = Arc::new(ProbeRunner::new(control.clone(), resolving, on_health));
    if let Some(kept) = kept {
        let keeper = names::Keeper { kept: Arc::clone(kept), probes: Arc::clone(&probes), changed };
        drop(control.spawn(keeper.run()));
    }
    probes
}

fn start_worker(
    index: usize,
    shared: &Arc<Shared>,
    (log, firewall_log): (&AccessLog, Option<&AccessLog>),
    metrics: &Metrics,
) -> std::io::Result<(Worker, Thread)> {
    let (commands, receiver) = mpsc::channel(COMMANDS);
    let log = log.worker().with_firewall(firewall_log.map(AccessLog::worker));
    let (shared, counters) = (Arc::clone(shared), metrics.worker());
    let kept = Arc::clone(&counters);
    let thread = std::thread::Builder::new()
        .name(format!("worker-{index}"))
        .spawn(move || serve::run(shared, log, counters, receiver))?;
    Ok((Worker { commands, counters: kept }, thread))
}
