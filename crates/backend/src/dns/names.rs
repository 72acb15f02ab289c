//! The names in use, each with a task that keeps it resolved.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Answer, KEPT_FOR, LOOKUP_TIMEOUT, Lookup, LookupError, MAX_ADDRESSES, MAX_TTL, MIN_TTL, NameState};
use crate::probe::Task;

/// After a failure the next look-up comes after one second, then after twice as long each time, up to this.
const MAX_RETRY: Duration = Duration::from_secs(30);

/// The names of the present configuration.
pub(crate) struct Names {
    resolver: Arc<dyn Lookup>,
    entries: HashMap<Arc<str>, Entry>,
}

struct Entry {
    state: watch::Receiver<NameState>,
    _task: Task,
}

impl Names {
    pub(crate) fn new(resolver: Arc<dyn Lookup>) -> Self {
        Self { resolver, entries: HashMap::new() }
    }

    /// What is known of a name, now and later. Starts resolving a name that is new; `known` is what it starts from.
    pub(crate) fn watch(&mut self, runtime: &Handle, name: &Arc<str>, known: NameState) -> watch::Receiver<NameState> {
        let entry = self.entries.entry(Arc::clone(name)).or_insert_with(|| {
            let (sender, state) = watch::channel(known);
            let task = keep_resolved(Arc::clone(&self.resolver), Arc::clone(name), sender);
            Entry { state, _task: Task::spawn(runtime, task) }
        });
        entry.state.clone()
    }

    /// Forgets the names that are not wanted any more.
    pub(crate) fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        self.entries.retain(|name, _| wanted(name));
    }
}

async fn keep_resolved(resolver: Arc<dyn Lookup>, name: Arc<str>, state: watch::Sender<NameState>) {
    let mut retry = MIN_TTL;
    loop {
        let lookup = tokio::time::timeout(LOOKUP_TIMEOUT, resolver.lookup(Arc::clone(&name)));
        let result = lookup.await.unwrap_or_else(|_| Err(LookupError(format!("no answer within {LOOKUP_TIMEOUT:?}"))));
        let now = Instant::now();
        let pause = match result {
            Ok(answer) if !answer.addresses.is_empty() => {
                let pause = answer.ttl.clamp(MIN_TTL, MAX_TTL);
                retry = MIN_TTL;
                state.send_modify(|state| succeed(state, answer, now));
                pause
            }
            failed => {
                let error =
                    failed.err().map_or_else(|| Arc::from("the name has no address"), |error| Arc::from(error.0));
                state.send_modify(|state| fail(state, error, now));
                let pause = retry;
                retry = (retry * 2).min(MAX_RETRY);
                pause
            }
        };
        tokio::time::sleep(pause).await;
    }
}

fn succeed(state: &mut NameState, mut answer: Answer, now: Instant) {
    answer.addresses.sort_unstable();
    answer.addresses.dedup();
    answer.addresses.truncate(MAX_ADDRESSES);
    *state = NameState { addresses: answer.addresses, answered: true, error: None, resolved: Some(now.into_std()) };
}

fn fail(state: &mut NameState, error: Arc<str>, now: Instant) {
    state.answered = true;
    state.error = Some(error);
    let age = state.resolved.map(|at| now.into_std().saturating_duration_since(at));
    if age.is_none_or(|age| age >= KEPT_FOR) {
        state.addresses.clear();
    }
}

#[cfg(test)]
mod tests;
