//! The keys of bearer tokens: where they are fetched from, and what the status board shows of them.

use std::sync::Arc;
use std::time::Duration;

use fetch::{Fetcher, Limits};
use jwt::{Fetch, Issuer, LARGEST_DOCUMENT, Store};
use observe::status::TokenStatus;
use snapshot::Snapshot;
use tokio::runtime::Handle;

/// For one document.
const PATIENCE: Duration = Duration::from_secs(10);

/// A store that fetches on threads of the control side, which no traffic waits for.
pub(crate) fn store(runtime: Handle) -> Arc<Store> {
    let fetcher = Arc::new(Fetcher::default());
    let fetch: Fetch = Arc::new(move |url| {
        let fetcher = Arc::clone(&fetcher);
        Box::pin(async move {
            let limits = Limits { bytes: LARGEST_DOCUMENT as u64, time: PATIENCE };
            let fetching = tokio::task::spawn_blocking(move || fetcher.get(&url, &limits));
            match fetching.await {
                Ok(outcome) => outcome.map_err(|error| error.to_string()),
                Err(_) => Err("fetching it failed in this process".to_owned()),
            }
        })
    });
    Arc::new(Store::new(runtime, fetch))
}

/// Every check of tokens that a rule uses, with the keys it has.
pub(crate) fn status(snapshot: &Snapshot, store: &Store) -> Vec<TokenStatus> {
    let one = |policy: &jwt::Policy| {
        let known = store.status(policy);
        TokenStatus {
            name: policy.name.to_string(),
            issuer: match &policy.issuer {
                Issuer::Entra(tenant) => tenant.to_string(),
                Issuer::Other(issuer) => issuer.to_string(),
            },
            source: policy.keys.url().map(ToString::to_string),
            keys: known.keys,
            unusable_keys: known.left_out,
            age_seconds: known.age.map(|age| age.as_secs()),
            error: known.error,
        }
    };
    snapshot.jwt.iter().map(one).collect()
}
