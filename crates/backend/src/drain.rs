//! Draining: when the work under way at a server is cut off, and the servers that are on their way out.
//!
//! Source: Azure, "Application Gateway HTTP settings configuration", connection draining: a server that was removed
//! takes no new requests, except those that an affinity cookie binds to it, and what it has under way ends by itself or
//! with the drain timeout. Without the setting that timeout is 30 s.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::affinity::Marker;
use crate::health::Verdicts;
use crate::server::{Server, Work};

/// When the work under way at a server is cut off. Read by every worker without waiting, written by the control side.
///
/// One word: 0 for never, else milliseconds since [`epoch`] with [`REMOVED`] below them.
#[derive(Debug, Default)]
pub(crate) struct Cut(AtomicU64);

/// The lowest bit: the server was removed. Without it, it is only unhealthy.
const REMOVED: u64 = 1;

impl Cut {
    /// The time; `None` for never.
    pub(crate) fn at(&self) -> Option<Instant> {
        match self.0.load(Ordering::Acquire) {
            0 => None,
            word => Some(epoch() + Duration::from_millis(word >> 1)),
        }
    }

    /// True once the time has come.
    #[inline]
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        match self.0.load(Ordering::Acquire) {
            0 => false,
            word => millis(now) >= word >> 1,
        }
    }

    /// True for a server that was removed.
    #[inline]
    pub(crate) fn is_removed(&self) -> bool {
        self.0.load(Ordering::Acquire) & REMOVED != 0
    }

    /// The server was removed: its work ends at this time, or when it had to end before.
    pub(crate) fn remove(&self, at: Instant) {
        let at = word(at) | REMOVED;
        self.change(|before| if before == 0 { at } else { at.min(before | REMOVED) });
    }

    /// The server is unhealthy: its work ends at this time, unless an end was set before.
    pub(crate) fn suspect(&self, at: Instant) {
        self.change(|before| if before == 0 { word(at) } else { before });
    }

    /// The server is healthy, or its health does not matter: no end, unless it was removed.
    pub(crate) fn trust(&self) {
        self.change(|before| if before & REMOVED == 0 { 0 } else { before });
    }

    /// The server is wanted again.
    pub(crate) fn cancel(&self) {
        self.0.store(0, Ordering::Release);
    }

    fn change(&self, new: impl Fn(u64) -> u64) {
        // It always has a new value, so it cannot fail.
        _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |before| Some(new(before)));
    }
}

/// What times are counted from: a moment before the first use in this process, so that no time is 0 milliseconds, which
/// means never.
fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(|| {
        let now = Instant::now();
        now.checked_sub(Duration::from_secs(1)).unwrap_or(now)
    })
}

fn millis(at: Instant) -> u64 {
    u64::try_from(at.saturating_duration_since(epoch()).as_millis()).unwrap_or(u64::MAX >> 1)
}

/// Never 0, which means never.
fn word(at: Instant) -> u64 {
    millis(at).clamp(1, u64::MAX >> 1) << 1
}

/// A server that was removed and may still finish what it has.
#[derive(Clone, Debug)]
pub(crate) struct Leaving {
    pub(crate) server: Arc<Server>,
    /// When it is let go.
    pub(crate) until: Instant,
    /// Whether it took requests when it was removed.
    pub(crate) was_in_use: bool,
    /// Whether it is spoken to in the same way as the servers that stay: connections of another kind are of no use.
    pub(crate) is_alike: bool,
}

impl Leaving {
    /// Sends a server away: what it has under way ends by `until`.
    pub(crate) fn new(server: &Arc<Server>, until: Instant, was_in_use: bool) -> Self {
        server.cut().remove(until);
        Self { server: Arc::clone(server), until, was_in_use, is_alike: true }
    }

    /// Whether requests that a cookie binds to it still go there.
    pub(crate) fn takes_bound(&self) -> bool {
        self.was_in_use && self.is_alike
    }

    /// True for the server at this address, if it can be taken back.
    pub(crate) fn is_same(&self, address: SocketAddr, name: Option<&Arc<str>>) -> bool {
        self.is_alike && self.server.is_at(address, name)
    }

    /// The server, wanted again. It is in use if it was, until its first probe decides: none was made meanwhile.
    pub(crate) fn returned(&self, marker: &Marker<'_>) -> Server {
        self.server.cut().cancel();
        self.server.successor(marker, Verdicts::new(self.was_in_use), Work::GoesOn)
    }

    /// True until its time is over.
    pub(crate) fn lasts(&self, now: Instant) -> bool {
        now < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Rows: what happened in order, and the second at which work is cut then.
    #[test]
    fn the_cut_follows_removal_health_and_return() {
        use Step::{Cancel, Remove, Suspect, Trust};
        enum Step {
            Remove(u32),
            Suspect(u32),
            Trust,
            Cancel,
        }
        let start = epoch() + SECOND;
        for (rule, steps, expected) in [
            ("nothing happened", &[][..], None),
            ("removed", &[Remove(30)], Some(30)),
            ("unhealthy", &[Suspect(20)], Some(20)),
            ("unhealthy for a while: the first end stays", &[Suspect(20), Suspect(50)], Some(20)),
            ("healthy again", &[Suspect(20), Trust], None),
            ("added again", &[Remove(30), Cancel], None),
            ("a good probe does not bring a removed server back", &[Remove(30), Trust], Some(30)),
            ("a bad probe does not change the end of a removed server", &[Remove(30), Suspect(5)], Some(30)),
            ("an unhealthy server that is removed keeps the earlier end", &[Suspect(20), Remove(30)], Some(20)),
            ("a removal that ends earlier counts", &[Suspect(40), Remove(30)], Some(30)),
            ("removed while unhealthy, then a good probe", &[Suspect(20), Remove(30), Trust], Some(20)),
        ] {
            let cut = Cut::default();
            for step in steps {
                match step {
                    Remove(at) => cut.remove(start + SECOND * *at),
                    Suspect(at) => cut.suspect(start + SECOND * *at),
                    Trust => cut.trust(),
                    Cancel => cut.cancel(),
                }
            }
            let seconds = cut.at().map(|at| (at - start + Duration::from_millis(1)).as_secs());
            assert_eq!(seconds, expected, "{rule}");
            assert_eq!(cut.is_removed(), expected.is_some() && steps.iter().any(|s| matches!(s, Remove(_))), "{rule}");
        }
    }

    #[test]
    fn a_cut_is_due_at_its_time_and_not_before() {
        let cut = Cut::default();
        let at = epoch() + SECOND * 5;
        assert!(!cut.is_due(at));
        cut.remove(at);
        assert!(!cut.is_due(at - Duration::from_millis(2)) && cut.is_due(at) && cut.is_due(at + SECOND));
    }

    #[test]
    fn a_time_before_the_first_use_is_a_time_all_the_same() {
        let cut = Cut::default();
        let before = epoch().checked_sub(SECOND).unwrap();
        cut.remove(before);
        assert!(cut.at().is_some() && cut.is_due(epoch() + SECOND));
    }
}
