//! A gate between a test and the scripts of its fake servers: who waits goes on when it is opened.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::wait::PATIENCE;

/// Closed until it is opened; clones are the same gate.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets everyone through from now on.
    pub fn open(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    /// Waits until it is open. Panics when that takes longer than a test may.
    #[track_caller]
    pub fn wait(&self) {
        let open = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (open, _) =
            self.0.1.wait_timeout_while(open, PATIENCE, |open| !*open).unwrap_or_else(PoisonError::into_inner);
        assert!(*open, "the gate was never opened");
    }
}
