//! The choice of a server in a fleet: by cookie, or by a load distribution policy.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use snapshot::Distribution;

use crate::balance::{self, Asked, Choice};
use crate::fleet::Fleet;
use crate::target::LiveTarget;

impl Fleet {
    /// A server of the pools of a load distribution policy. `None` when none may take requests, but the one that was
    /// tried last. Wait-free; no allocation as long as the servers stay the same.
    pub fn choose(&self, distribution: &Distribution, asked: &Asked<'_>) -> Option<Choice> {
        // Targets stand in the fleet as they stand in the snapshot, so every share has one.
        let shares = distribution.shares.iter().map(|share| (self[share.target].eligible(), share.weight));
        let (share, server) = balance::choose(asked, shares)?;
        Some(Choice { target: distribution.shares.get(share)?.target, server })
    }

    /// The server that an affinity cookie names, in any pool of a policy: it goes before the policy. See
    /// [`LiveTarget::bound`].
    pub fn bound(&self, distribution: &Distribution, cookie: &[u8]) -> Option<Choice> {
        let bound = |share: &snapshot::Share| {
            self[share.target].bound(cookie).map(|server| Choice { target: share.target, server })
        };
        distribution.shares.iter().find_map(bound)
    }

    /// True while some server of the policy's pools has no verdict. See [`LiveTarget::undecided`].
    pub fn undecided(&self, distribution: &Distribution) -> bool {
        distribution.shares.iter().any(|share| self[share.target].undecided())
    }

    /// Waits until a server of the policy's pools may take requests, until there is nothing more to wait for, or for
    /// `patience`. Any runtime.
    pub async fn decided(&self, distribution: &Distribution, patience: Duration) {
        let targets: Vec<Arc<LiveTarget>> =
            distribution.shares.iter().map(|share| Arc::clone(&self[share.target])).collect();
        let decision = async {
            loop {
                // Made before looking, as in `LiveTarget::decided`.
                let mut changes: Vec<_> = targets.iter().map(|target| Box::pin(target.changed())).collect();
                if targets.iter().any(|target| !target.eligible().is_empty())
                    || targets.iter().all(|target| !target.undecided())
                {
                    return;
                }
                let any = |context: &mut std::task::Context<'_>| {
                    let ready = changes.iter_mut().any(|change| change.as_mut().poll(context).is_ready());
                    if ready { Poll::Ready(()) } else { Poll::Pending }
                };
                poll_fn(any).await;
            }
        };
        _ = tokio::time::timeout(patience, decision).await;
    }
}
