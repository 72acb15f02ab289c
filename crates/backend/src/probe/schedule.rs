//! When probes run: at once, then every interval, never two of one server at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::Task;
use super::run::{self, Progress};
use crate::health::{Failure, HealthChange, Outcome, Probed};
use crate::server::Server;
use crate::target::LiveTarget;

/// Above so many servers the first probes are spread over [`FIRST_SPREAD`].
const CROWD: usize = 16;
const FIRST_SPREAD: Duration = Duration::from_millis(200);
/// The second probe of a server comes up to this much early, so that servers started together do not stay in step.
const MAX_OFFSET: Duration = Duration::from_secs(5);

/// What all loops share.
pub(super) struct Context {
    pub(super) prober: Prober,
    pub(super) on_change: Box<dyn Fn(&HealthChange) + Send + Sync>,
    pub(super) permits: Semaphore,
    pub(super) rng: Mutex<observe::Rng>,
    /// See [`MAX_OFFSET`]. False only in tests that count intervals.
    pub(super) shorten_first_interval: bool,
}

/// Who asks the server.
pub(super) enum Prober {
    /// A probe over the network.
    Network,
    /// A table, so that schedules can be tested in virtual time.
    #[cfg(test)]
    Scripted(Script),
}

/// How long a server takes to answer, and what.
#[cfg(test)]
pub(super) type Script = Box<dyn Fn(&Server) -> (Duration, Outcome) + Send + Sync>;

impl Context {
    async fn probe(&self, target: &LiveTarget, server: &Server) -> Outcome {
        let probe = &target.spec.probe;
        let progress = Progress::default();
        let outcome = async {
            match &self.prober {
                Prober::Network => run::probe(server, &target.spec, &target.security, &progress).await,
                #[cfg(test)]
                Prober::Scripted(script) => {
                    let (took, outcome) = script(server);
                    tokio::time::sleep(took).await;
                    outcome
                }
            }
        };
        let late = |_| Err(Failure::Timeout { after: probe.timeout, doing: progress.get() });
        tokio::time::timeout(probe.timeout, outcome).await.unwrap_or_else(late)
    }

    fn up_to(&self, limit: Duration) -> Duration {
        let rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::from_micros(rng.below(u64::try_from(limit.as_micros()).unwrap_or(u64::MAX)))
    }
}

/// The loops of one target's servers.
pub(super) struct Loops {
    context: Arc<Context>,
    runtime: Handle,
    target: Arc<LiveTarget>,
    /// Servers that start together, over all targets.
    crowd: usize,
    running: Mutex<HashMap<u64, Task>>,
}

impl Loops {
    pub(super) fn new(context: Arc<Context>, runtime: Handle, target: Arc<LiveTarget>, crowd: usize) -> Self {
        Self { context, runtime, target, crowd, running: Mutex::new(HashMap::new()) }
    }

    /// Starts loops for servers that are new, ends those of servers that are gone.
    pub(super) fn follow(&self) {
        let servers = self.target.all();
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|id, _| servers.iter().any(|server| server.id == *id));
        let crowd = self.crowd.max(servers.len());
        for server in servers.iter() {
            running.entry(server.id).or_insert_with(|| {
                let (context, target, server) =
                    (Arc::clone(&self.context), Arc::clone(&self.target), Arc::clone(server));
                Task::spawn(&self.runtime, probe_for_ever(context, target, server, crowd))
            });
        }
    }
}

async fn probe_for_ever(context: Arc<Context>, target: Arc<LiveTarget>, server: Arc<Server>, crowd: usize) {
    let interval = target.spec.probe.interval;
    let last = server.verdicts().last().map(|last| Instant::from_std(last.started));
    let mut due = match last {
        // Taken over from the configuration before: the rhythm goes on.
        Some(last) => last + interval,
        None if crowd > CROWD => Instant::now() + context.up_to(FIRST_SPREAD),
        None => Instant::now(),
    };
    let shorten = if context.shorten_first_interval { (interval / 2).min(MAX_OFFSET) } else { Duration::ZERO };
    let mut early = context.up_to(shorten);
    loop {
        tokio::time::sleep_until(due).await;
        // The semaphore is never closed.
        let Ok(permit) = context.permits.acquire().await else { return };
        let started = Instant::now();
        let outcome = context.probe(&target, &server).await;
        drop(permit);
        let probed = Probed { started: started.into_std(), took: started.elapsed(), outcome };
        if let Some(change) = target.take(&server, probed) {
            (context.on_change)(&change);
        }
        due = started + interval - std::mem::take(&mut early);
    }
}
