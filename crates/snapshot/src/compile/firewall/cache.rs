//! Programs of managed rules that were made before: a document that is compiled again, and policies with the same
//! rules, need not wait for them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use firewall::managed::Built;

/// Compilations that something is kept for after it was used last. More than one, since a document with mistakes does
/// not use all of its rules.
const KEPT_FOR: u32 = 2;

/// Programs by all that they depend on. Clones share them.
#[derive(Clone, Default)]
pub struct FirewallCache(Arc<Mutex<HashMap<String, Kept>>>);

struct Kept {
    built: Arc<Built>,
    /// Compilations without it since it was used.
    idle: u32,
}

impl FirewallCache {
    /// What was made for this, if it is still there.
    pub(super) fn get(&self, key: &str) -> Option<Arc<Built>> {
        let mut kept = self.lock();
        let kept = kept.get_mut(key)?;
        kept.idle = 0;
        Some(Arc::clone(&kept.built))
    }

    /// Keeps what was made.
    pub(super) fn put(&self, key: String, built: Arc<Built>) {
        self.lock().insert(key, Kept { built, idle: 0 });
    }

    /// Forgets what was not used of late; asked once in a compilation.
    pub(super) fn sweep(&self) {
        self.lock().retain(|_, kept| {
            let stays = kept.idle <= KEPT_FOR;
            kept.idle += 1;
            stays
        });
    }

    /// How many programs there are.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Nothing is left half-done under the lock, so one that panicked does no harm.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for FirewallCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirewallCache").field("programs", &self.len()).finish()
    }
}
