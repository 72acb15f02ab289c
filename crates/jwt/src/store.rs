//! The keys of every issuer, shared by all workers and kept fresh in the background.

use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::check::{Failure, Verdict};
use crate::keys::Keys;
use crate::policy::{KeySource, Policy};
use crate::source::{Source, SourceStatus};

/// A document on its way; the error says why there is none.
pub type Fetching = Pin<Box<dyn Future<Output = Result<Vec<u8>, String>> + Send>>;

/// Fetches the document at a URL, within bounds of size and time of its own.
pub type Fetch = Arc<dyn Fn(Arc<str>) -> Fetching + Send + Sync>;

/// Keys by where they come from.
pub struct Store {
    fetch: Fetch,
    runtime: Handle,
    sources: ArcSwap<Vec<Arc<Tended>>>,
}

/// A source and the task that fetches from it, which ends with it.
struct Tended {
    source: Arc<Source>,
    task: AbortHandle,
}

impl Drop for Tended {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Store {
    /// Without keys. Documents are fetched by tasks on `runtime`.
    pub fn new(runtime: Handle, fetch: Fetch) -> Self {
        Self { fetch, runtime, sources: ArcSwap::default() }
    }

    /// Begins to fetch what these policies need and forgets what none of them does. Keys that are there stay.
    pub fn reconcile<'a>(&self, policies: impl IntoIterator<Item = &'a Policy>) {
        let before = self.sources.load();
        let mut sources: Vec<Arc<Tended>> = Vec::new();
        for policy in policies.into_iter().filter(|policy| policy.keys.url().is_some()) {
            let is_it = |tended: &&Arc<Tended>| tended.source.of == policy.keys;
            if sources.iter().find(is_it).is_none() {
                let kept = before.iter().find(is_it).cloned();
                sources.push(kept.unwrap_or_else(|| Arc::new(self.tended(&policy.keys))));
            }
        }
        self.sources.store(Arc::new(sources));
    }

    /// The keys of a policy; `None` before they came.
    pub fn keys(&self, policy: &Policy) -> Option<Arc<Keys>> {
        match &policy.keys {
            KeySource::Given(keys) => Some(Arc::clone(keys)),
            KeySource::Url(_) | KeySource::Discovered(_) => self.source(policy)?.keys(),
        }
    }

    /// Judges a request with the keys that are there; see [`Policy::check`]. After [`Verdict::UnknownKey`],
    /// [`check_again`](Self::check_again) waits for newer ones.
    pub fn check(&self, policy: &Policy, authorization: Option<&[u8]>, now: i64) -> Verdict {
        match self.keys(policy) {
            Some(keys) => policy.check(authorization, &keys, now),
            None => policy.check(authorization, &Keys::default(), now),
        }
    }

    /// Judges a request whose key is not there: asks for newer ones, unless that was done within the last minute, and
    /// waits for them, for seconds at most. The verdict is never [`Verdict::UnknownKey`].
    pub async fn check_again(&self, policy: &Policy, authorization: Option<&[u8]>, now: i64) -> Verdict {
        self.refreshed(policy).await;
        let failure = if self.keys(policy).is_some() { Failure::UnknownKey } else { Failure::NoKeys };
        match self.check(policy, authorization, now) {
            Verdict::UnknownKey => policy.without(failure),
            verdict => verdict,
        }
    }

    /// Waits for newer keys of a policy, if a fetch is on its way or due.
    pub async fn refreshed(&self, policy: &Policy) {
        if let Some(source) = self.source(policy) {
            source.refreshed().await;
        }
    }

    /// What is known of a policy's keys.
    pub fn status(&self, policy: &Policy) -> SourceStatus {
        match (&policy.keys, self.source(policy)) {
            (KeySource::Given(keys), _) => {
                SourceStatus { keys: keys.len(), left_out: keys.left_out(), ..SourceStatus::default() }
            }
            (_, Some(source)) => source.status(),
            (_, None) => SourceStatus::default(),
        }
    }

    fn source(&self, policy: &Policy) -> Option<Arc<Source>> {
        let sources = self.sources.load();
        sources.iter().find(|tended| tended.source.of == policy.keys).map(|tended| Arc::clone(&tended.source))
    }

    fn tended(&self, keys: &KeySource) -> Tended {
        let source = Arc::new(Source::new(keys.clone()));
        let task = self.runtime.spawn(Arc::clone(&source).tend(Arc::clone(&self.fetch))).abort_handle();
        Tended { source, task }
    }
}

#[cfg(test)]
mod tests;
