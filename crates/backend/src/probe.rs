//! Probes: one loop for each server of each target, on the control runtime.
//!
//! Source: Azure, "Application Gateway health probes overview" (read 2026-11-22). A probe has a connection of its own
//! and shows in no access log. Where HTTP is spoken it is a GET, which follows no redirects and carries no credentials;
//! where TCP is spoken it is the connection itself, where TLS is spoken the handshake.

mod body;
mod bytes;
mod request;
mod response;
mod run;
mod schedule;
mod task;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::dns::{KnownName, Names, Resolving};
use crate::fleet::Fleet;
use crate::health::HealthChange;
use crate::target::LiveTarget;
use schedule::{Context, Loops, Prober};
pub(crate) use task::Task;

/// Probes under way at the same time, over all targets.
pub const MAX_CONCURRENT: usize = 256;

/// Runs the probes of the present fleet and keeps its names resolved.
pub struct ProbeRunner {
    runtime: Handle,
    context: Arc<Context>,
    state: Mutex<State>,
}

struct State {
    names: Names,
    running: Vec<Running>,
    /// Lets servers go whose time is over.
    _settling: Option<Task>,
}

/// Between two looks at the servers on their way out.
const SETTLE: Duration = Duration::from_secs(1);

async fn settle_for_ever(fleet: Fleet) {
    loop {
        tokio::time::sleep(SETTLE).await;
        fleet.settle(Instant::now().into_std());
    }
}

/// What works for one target; dropping it stops the work.
struct Running {
    target: Arc<LiveTarget>,
    /// Watches over its names, each of which holds the loops too.
    _names: Vec<Task>,
    _loops: Arc<Loops>,
}

impl ProbeRunner {
    /// A runner without work. Its tasks run on `runtime` (the control runtime); `on_change` is called there, so it must
    /// not block.
    pub fn new(
        runtime: Handle,
        resolving: Resolving,
        on_change: impl Fn(&HealthChange) + Send + Sync + 'static,
    ) -> Self {
        Self::with_prober(runtime, resolving, Box::new(on_change), Prober::Network)
    }

    fn with_prober(
        runtime: Handle,
        resolving: Resolving,
        on_change: Box<dyn Fn(&HealthChange) + Send + Sync>,
        prober: Prober,
    ) -> Self {
        let permits = Semaphore::new(MAX_CONCURRENT);
        let rng = Mutex::new(observe::Rng::from_kernel());
        let context = Context { prober, on_change, permits, rng, shorten_first_interval: true };
        let state = State { names: Names::new(resolving), running: Vec::new(), _settling: None };
        Self { runtime, context: Arc::new(context), state: Mutex::new(state) }
    }

    /// Starts what is new, stops what is gone; targets that stayed the same object are not touched. May be called on
    /// any thread; returns at once.
    pub fn reconcile(&self, fleet: &Fleet) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { names, running, _settling: settling } = &mut *state;
        running.retain(|old| {
            let stays = fleet.targets().iter().any(|target| Arc::ptr_eq(target, &old.target));
            if !stays {
                old.target.retire();
            }
            stays
        });

        let crowd = fleet.targets().iter().map(|target| target.all().len()).sum();
        for target in fleet.targets() {
            if !running.iter().any(|old| Arc::ptr_eq(target, &old.target)) {
                running.push(self.start(target, names, crowd));
            }
        }
        let wanted: Vec<_> = running.iter().flat_map(|running| running.target.names()).collect();
        names.retain(|name| wanted.iter().any(|(its, _)| **its == *name));
        *settling = (!fleet.targets().is_empty() || !fleet.departed().is_empty())
            .then(|| Task::spawn(&self.runtime, settle_for_ever(fleet.clone())));
    }

    /// The last good answers for the names in use, for a process that comes after this one.
    pub fn known_names(&self) -> Vec<KnownName> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).names.known()
    }

    /// Stops everything.
    pub fn stop(&self) {
        self.reconcile(&Fleet::default());
    }

    fn start(&self, target: &Arc<LiveTarget>, names: &mut Names, crowd: usize) -> Running {
        let loops = Arc::new(Loops::new(Arc::clone(&self.context), self.runtime.clone(), Arc::clone(target), crowd));
        loops.follow();
        let watch = |(name, _)| {
            let mut state = names.watch(&self.runtime, &name);
            let (target, loops) = (Arc::clone(target), Arc::clone(&loops));
            state.mark_changed();
            Task::spawn(&self.runtime, async move {
                while state.changed().await.is_ok() {
                    let now = state.borrow_and_update().clone();
                    target.take_name(&name, &now, Instant::now().into_std());
                    loops.follow();
                }
            })
        };
        let watches = target.names().into_iter().map(watch).collect();
        Running { target: Arc::clone(target), _names: watches, _loops: loops }
    }
}

#[cfg(test)]
mod tests;
