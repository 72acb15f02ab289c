//! Rate limits: how many requests of a group came, per rule and per place where its policy is in force.
//!
//! Source: Azure, `rate-limiting-overview` and `rate-limiting-configure`. Counters live longer than configurations: a
//! rule that is still there after a change goes on counting where it was, unless its window is another one now.

mod group;
mod window;

use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use foldhash::quality::RandomState;

pub use group::{Group, GroupBy};
pub use window::{Limit, Verdict};

use window::Window;

/// Groups that are counted at a time unless said otherwise; each takes about 150 bytes.
pub const DEFAULT_GROUPS: usize = 100_000;

/// Locks, so that workers seldom wait for each other.
const SHARDS: usize = 64;

/// The counters of all rate limits, shared by all workers. Bounded: where there are more groups than may be, those that
/// were not heard of for the longest time are forgotten.
#[derive(Debug)]
pub struct Counters {
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
    /// Groups in each generation of a shard.
    most: usize,
}

/// Groups in two generations. The young one grows until it is full; then it is the old one, and what was old is
/// forgotten. A group that is heard of comes back among the young.
#[derive(Debug, Default)]
struct Shard {
    young: HashMap<Key, Window, RandomState>,
    old: HashMap<Key, Window, RandomState>,
}

/// A limit at the place where it is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope(u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    scope: Scope,
    group: Group,
}

impl Default for Counters {
    fn default() -> Self {
        Self::new(DEFAULT_GROUPS)
    }
}

impl Counters {
    /// Counters for at most so many groups; at least two for each of 64 locks.
    #[must_use]
    pub fn new(most_groups: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { hasher: RandomState::default(), shards, most: (most_groups / SHARDS / 2).max(1) }
    }

    /// What a rule's counters go by. `point` is where its policy is in force, such as a listener's name: a policy at
    /// five listeners counts five times.
    #[must_use]
    pub fn scope(&self, point: &str, rule: &str, window: Duration) -> Scope {
        Scope(self.hasher.hash_one((point, rule, window)))
    }

    /// Counts a request of a group and says whether it is over the limit. `now` is the time since any moment that stays
    /// the same.
    pub fn count(&self, scope: Scope, group: Group, limit: &Limit, now: Duration) -> Verdict {
        let key = Key { scope, group };
        let place = usize::try_from(self.hasher.hash_one(key) % SHARDS as u64).unwrap_or(0);
        let Some(shard) = self.shards.get(place) else { return Verdict::Under };
        // A worker that panicked while it counted has left counters that are as good as any.
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.window(key, now, self.most).count(limit, now)
    }

    /// Groups that are counted now.
    #[must_use]
    pub fn groups(&self) -> usize {
        let groups = |shard: &Mutex<Shard>| {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.young.len() + shard.old.len()
        };
        self.shards.iter().map(groups).sum()
    }
}

impl Shard {
    fn window(&mut self, key: Key, now: Duration, most: usize) -> &mut Window {
        if !self.young.contains_key(&key) {
            let known = self.old.remove(&key);
            if self.young.len() >= most {
                self.old = std::mem::take(&mut self.young);
            }
            self.young.insert(key, known.unwrap_or_else(|| Window::new(now)));
        }
        self.young.entry(key).or_insert_with(|| Window::new(now))
    }
}

#[cfg(test)]
mod tests;
