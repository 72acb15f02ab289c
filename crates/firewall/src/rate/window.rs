//! The requests of one group in the window that runs.
//!
//! Source: Azure, `rate-limiting-overview`: a sliding window. When the threshold is first exceeded, all that follows in
//! that window is refused; from the next window on as many pass as the threshold says. Refused requests do not count
//! against those that may pass, else one that goes on asking would never be let in again.

use std::time::Duration;

/// What a request finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is within the threshold.
    Under,
    /// It is beyond.
    Over,
}

/// A limit of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// The length of a window: one minute or five in Azure.
    pub window: Duration,
    /// Requests that may pass in a window; 1 or more.
    pub threshold: u32,
}

/// Slots of a window: it slides by one of them at a time, so a limit is right to a tenth of its window.
const SLOTS: usize = 10;

/// What passed in the last slots. Windows follow each other from the group's first request on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    start: Duration,
    /// The slot that runs, counted from the start.
    slot: u64,
    passed: [u32; SLOTS],
    exceeded: bool,
    exceeded_before: bool,
}

impl Window {
    /// A group's first window begins with its first request.
    pub(super) fn new(now: Duration) -> Self {
        Self { start: now, slot: 0, passed: [0; SLOTS], exceeded: false, exceeded_before: false }
    }

    /// Counts a request. A time before one that was seen, as several workers may bring it, counts as that one.
    pub(super) fn count(&mut self, limit: &Limit, now: Duration) -> Verdict {
        self.slide(limit.window, now);
        // Closed for the rest of the window. In those that follow, what passed lately decides alone.
        let closed = self.exceeded && !self.exceeded_before;
        let passed: u64 = self.passed.iter().copied().map(u64::from).sum();
        if closed || passed >= u64::from(limit.threshold) {
            self.exceeded = true;
            return Verdict::Over;
        }
        if let Some(slot) = self.passed.get_mut(place(self.slot)) {
            *slot = slot.saturating_add(1);
        }
        Verdict::Under
    }

    fn slide(&mut self, window: Duration, now: Duration) {
        let slots = now.saturating_sub(self.start).as_millis() * (SLOTS as u128) / window.as_millis().max(1);
        let slot = u64::try_from(slots).unwrap_or(u64::MAX);
        let gone = slot.saturating_sub(self.slot);
        if gone >= 2 * SLOTS as u64 {
            *self = Self::new(now);
            return;
        }
        for _ in 0..gone {
            self.slot += 1;
            let place = place(self.slot);
            if place == 0 {
                self.exceeded_before = std::mem::take(&mut self.exceeded);
            }
            if let Some(passed) = self.passed.get_mut(place) {
                *passed = 0;
            }
        }
    }
}

/// Where a slot stands in its window.
fn place(slot: u64) -> usize {
    usize::try_from(slot % SLOTS as u64).unwrap_or(0)
}
