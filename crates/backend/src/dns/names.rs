//! The names in use, each with a task that keeps it resolved.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use super::change::{NameChange, events};
use super::knowledge::Knowledge;
use super::schedule::Schedule;
use super::{Found, KEPT_FOR, LOOKUP_TIMEOUT, Lookup, LookupError, MAX_LOOKUPS, NameState, Resolving};
use crate::probe::Task;

/// Names that are remembered though no pool has them now.
const MAX_REMEMBERED: usize = 1024;
/// Between two looks at what else answers may come from.
const POLL: Duration = Duration::from_secs(1);

/// A name with its last good answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownName {
    /// The name, lower case.
    pub name: Arc<str>,
    /// Its addresses in use.
    pub addresses: Vec<IpAddr>,
    /// When they came.
    pub resolved: std::time::Instant,
}

/// The names of the present configuration.
pub(crate) struct Names {
    shared: Arc<Shared>,
    entries: HashMap<Arc<str>, Entry>,
    /// Of names that no pool has, or none had yet.
    remembered: HashMap<Arc<str>, KnownName>,
    poll: Option<Task>,
}

struct Entry {
    state: watch::Receiver<NameState>,
    _task: Task,
}

/// What the tasks of all names share.
struct Shared {
    lookup: Arc<dyn Lookup>,
    on_change: Box<dyn Fn(&NameChange) + Send + Sync>,
    permits: Semaphore,
    /// Sent to when every name is to be looked up now.
    wake: watch::Sender<()>,
    rng: Mutex<observe::Rng>,
}

impl Names {
    pub(crate) fn new(resolving: Resolving) -> Self {
        let Resolving { lookup, known, on_change } = resolving;
        let (permits, rng) = (Semaphore::new(MAX_LOOKUPS), Mutex::new(observe::Rng::from_kernel()));
        let shared = Shared { lookup, on_change, permits, wake: watch::Sender::new(()), rng };
        let remembered = known.into_iter().map(|known| (Arc::clone(&known.name), known)).collect();
        Self { shared: Arc::new(shared), entries: HashMap::new(), remembered, poll: None }
    }

    /// What is known of a name, now and later. Starts resolving a name that is new.
    pub(crate) fn watch(&mut self, runtime: &Handle, name: &Arc<str>) -> watch::Receiver<NameState> {
        self.poll.get_or_insert_with(|| Task::spawn(runtime, poll(Arc::clone(&self.shared))));
        let entry = self.entries.entry(Arc::clone(name)).or_insert_with(|| {
            let known = self.remembered.remove(name).filter(|known| is_fresh(known, Instant::now()));
            let knowledge =
                known.map(|known| Knowledge::remembered(&known.addresses, known.resolved)).unwrap_or_default();
            let (sender, state) = watch::channel(knowledge.state(None));
            let keeper = Keeper {
                wake: self.shared.wake.subscribe(),
                shared: Arc::clone(&self.shared),
                name: Arc::clone(name),
                knowledge,
                schedule: Schedule::default(),
                state: sender,
            };
            Entry { state, _task: Task::spawn(runtime, keeper.run()) }
        });
        entry.state.clone()
    }

    /// Stops looking up the names that are not wanted any more. Their addresses are remembered for a while.
    pub(crate) fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        let now = Instant::now();
        self.remembered.retain(|_, known| is_fresh(known, now));
        let Self { entries, remembered, .. } = self;
        entries.retain(|name, entry| {
            let stays = wanted(name);
            if !stays
                && remembered.len() < MAX_REMEMBERED
                && let Some(known) = known(name, entry)
            {
                remembered.insert(Arc::clone(name), known);
            }
            stays
        });
        if self.entries.is_empty() {
            self.poll = None;
        }
    }

    /// The last good answers for the names in use.
    pub(crate) fn known(&self) -> Vec<KnownName> {
        let mut all: Vec<_> = self.entries.iter().filter_map(|(name, entry)| known(name, entry)).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }
}

fn known(name: &Arc<str>, entry: &Entry) -> Option<KnownName> {
    let state = entry.state.borrow();
    let resolved = state.resolved?;
    Some(KnownName { name: Arc::clone(name), addresses: state.addresses.clone(), resolved })
}

fn is_fresh(known: &KnownName, now: Instant) -> bool {
    now.into_std().saturating_duration_since(known.resolved) < KEPT_FOR
}

/// Wakes every name after a change of what answers may come from.
async fn poll(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(POLL).await;
        if shared.lookup.has_changed() {
            shared.wake.send_replace(());
        }
    }
}

/// What keeps one name resolved.
struct Keeper {
    shared: Arc<Shared>,
    wake: watch::Receiver<()>,
    name: Arc<str>,
    knowledge: Knowledge,
    schedule: Schedule,
    state: watch::Sender<NameState>,
}

impl Keeper {
    async fn run(mut self) {
        loop {
            let found = self.look_up().await;
            let now = Instant::now();
            let next = self.knowledge.take(found, now.into_std());
            let due = now + self.schedule.pause(next, |limit| self.shared.up_to(limit));
            self.publish(due);
            self.wait(due).await;
        }
    }

    async fn look_up(&mut self) -> Found {
        // The semaphore is never closed.
        let _permit = self.shared.permits.acquire().await;
        self.wake.mark_unchanged();
        let lookup = tokio::time::timeout(LOOKUP_TIMEOUT, self.shared.lookup.lookup(Arc::clone(&self.name)));
        let late = |_| Found::failed(LookupError::new(format!("no answer within {LOOKUP_TIMEOUT:?}")));
        lookup.await.unwrap_or_else(late)
    }

    /// Waits for the next look-up. Addresses whose time is over meanwhile go.
    async fn wait(&mut self, due: Instant) {
        loop {
            let end = self.knowledge.end().map_or(due, |end| Instant::from_std(end).min(due));
            tokio::select! {
                _ = self.wake.changed() => return,
                () = tokio::time::sleep_until(end) => {}
            }
            if self.knowledge.forget_old(Instant::now().into_std()) {
                self.publish(due);
            }
            if end == due {
                return;
            }
        }
    }

    fn publish(&self, due: Instant) {
        let state = self.knowledge.state(Some(due.into_std()));
        let events = events(&self.state.borrow(), &state);
        self.state.send_replace(state);
        for event in events {
            (self.shared.on_change)(&NameChange { name: Arc::clone(&self.name), event });
        }
    }
}

impl Shared {
    fn up_to(&self, limit: Duration) -> Duration {
        let rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::from_micros(rng.below(u64::try_from(limit.as_micros()).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests;
