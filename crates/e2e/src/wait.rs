//! Waiting for things that happen in another thread: looked at again and again, with an end.

use std::time::{Duration, Instant};

/// The longest wait of a test for something that should happen at once. Long, because the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Looks until there is something to see. Panics with `what` when it does not come.
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(3));
    }
}

/// Looks until a condition holds.
#[track_caller]
pub fn until_true(what: &str, mut holds: impl FnMut() -> bool) {
    until(what, || holds().then_some(()));
}
