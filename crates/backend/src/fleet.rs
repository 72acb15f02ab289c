//! All targets of one snapshot, alive; and how the next snapshot takes them over.

mod choose;
mod heritage;

use std::ops::Index;
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use snapshot::{Snapshot, TargetId};

use crate::drain::Leaving;
use crate::target::{LiveTarget, TargetKey, TargetSpec};
use heritage::{Heritage, Past};

/// The targets of one snapshot, in its order. Belongs together with that snapshot: ids of another one mean other
/// targets.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    targets: Vec<Arc<LiveTarget>>,
    departed: Arc<ArcSwap<Vec<Departed>>>,
    /// Azure does not list servers that are on their way out.
    pub(crate) lists_leaving: bool,
}

/// A target that the configuration no longer has, while its servers drain.
#[derive(Clone, Debug)]
pub(crate) struct Departed {
    pub(crate) target: Arc<LiveTarget>,
    pub(crate) leaving: Vec<Leaving>,
}

impl Index<TargetId> for Fleet {
    type Output = Arc<LiveTarget>;

    fn index(&self, id: TargetId) -> &Arc<LiveTarget> {
        &self.targets[id.index()]
    }
}

impl Fleet {
    /// The targets of a snapshot. What did not change since the previous fleet goes on as it is:
    ///
    /// - a target with equal key and specification is the same object;
    /// - a target whose TLS settings did not change keeps the sessions with its servers;
    /// - a server with equal address and probe definition is the same object, counters and verdict included;
    /// - a server whose probe definition changed keeps its connections, and its place in the rotation until the new
    ///   probe's first answer.
    ///
    /// What is not taken over drains from now on, so the result has to be published: servers that are gone finish what
    /// they have within the drain timeout of their settings ([`crate::Server::cut_at`]). One that comes back within
    /// that time goes on. With [`snapshot::Options::azure_strict`] everything drains that is under way now, and servers
    /// that stay go on for requests that come later.
    ///
    /// Probes of the result run once [`crate::ProbeRunner::reconcile`] has seen it.
    pub fn reconcile(previous: Option<&Self>, snapshot: &Snapshot) -> Self {
        Self::reconcile_at(previous, snapshot, Instant::now())
    }

    pub(crate) fn reconcile_at(previous: Option<&Self>, snapshot: &Snapshot, now: Instant) -> Self {
        let nothing = Self::default();
        let previous = previous.unwrap_or(&nothing);
        let ends_all = snapshot.options.azure_strict;
        let target = |target: &snapshot::Target| {
            let (pool, settings) = (&snapshot.pools[target.pool], &snapshot.settings[target.settings]);
            let key = TargetKey { pool: Arc::clone(&pool.name), settings: Arc::clone(&settings.name) };
            let spec = TargetSpec {
                members: pool.members.clone(),
                settings: settings.clone(),
                probe: target.probe.clone(),
                affinity_key: snapshot.options.affinity_key.clone(),
            };
            match previous.targets.iter().find(|old| old.key == key) {
                Some(old) if old.spec == spec && !ends_all => Arc::clone(old),
                _ => Heritage { past: previous.past(&key, now), previous, ends_all }.target(key, spec, now),
            }
        };
        let targets: Vec<_> = snapshot.targets.iter().map(target).collect();
        let departed = previous.departed_from(&targets, now);
        Self { targets, departed: Arc::new(ArcSwap::from_pointee(departed)), lists_leaving: !ends_all }
    }

    /// The targets in the snapshot's order.
    pub fn targets(&self) -> &[Arc<LiveTarget>] {
        &self.targets
    }

    /// Ids of all servers that requests may go to: those of the targets, and those on their way out. Connections to
    /// others are of no use.
    pub fn server_ids(&self) -> Vec<u64> {
        let mut ids = Vec::new();
        for target in &self.targets {
            ids.extend(target.all().iter().map(|server| server.id));
            ids.extend(target.leaving().iter().map(|leaving| leaving.server.id));
        }
        ids
    }

    /// Targets that the configuration no longer has and whose servers drain.
    pub(crate) fn departed(&self) -> Arc<Vec<Departed>> {
        self.departed.load_full()
    }

    /// Lets go of the servers whose time is over.
    pub(crate) fn settle(&self, now: Instant) {
        for target in &self.targets {
            target.settle(now);
        }
        if self.departed.load().iter().any(|departed| !departed.lasts(now)) {
            self.departed.rcu(|all| all.iter().filter(|departed| departed.lasts(now)).cloned().collect::<Vec<_>>());
        }
    }

    /// What there was under this key.
    fn past(&self, key: &TargetKey, now: Instant) -> Option<Past> {
        if let Some(target) = self.targets.iter().find(|target| target.key == *key) {
            let leaving = target.leaving().iter().filter(|leaving| leaving.lasts(now)).cloned().collect();
            return Some(Past { target: Arc::clone(target), servers: target.all(), leaving });
        }
        let departed = self.departed();
        let departed = departed.iter().find(|departed| departed.target.key == *key)?;
        let leaving = departed.leaving.iter().filter(|leaving| leaving.lasts(now)).cloned().collect();
        Some(Past { target: Arc::clone(&departed.target), servers: Arc::default(), leaving })
    }

    /// The targets that drain beside these: those that are gone now, and those that were before.
    fn departed_from(&self, targets: &[Arc<LiveTarget>], now: Instant) -> Vec<Departed> {
        let is_gone = |target: &Arc<LiveTarget>| targets.iter().all(|other| other.key != target.key);
        let before = self.departed();
        let before = before.iter().filter(|departed| is_gone(&departed.target) && departed.lasts(now)).cloned();
        let gone = self.targets.iter().filter(|target| is_gone(target));
        let gone = gone.map(|target| Departed { target: Arc::clone(target), leaving: target.all_sent_away(now) });
        before.chain(gone.filter(|departed| departed.lasts(now))).collect()
    }
}

impl Departed {
    /// True while one of its servers has time left.
    fn lasts(&self, now: Instant) -> bool {
        self.leaving.iter().any(|leaving| leaving.lasts(now))
    }
}

#[cfg(test)]
mod tests;
