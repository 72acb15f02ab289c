//! From probe outcomes to a verdict: a pure engine that sees outcomes and times, no sockets and no clock.
//!
//! Source: Azure, "Application Gateway health probes overview" (read 2026-11-22): a server is taken out after the
//! unhealthy threshold of consecutive failures, returns with one success, and is not used before its first good probe.

mod failure;
mod success;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use failure::{Failure, Step};
pub use success::Success;

/// What one probe found: that the server is well, or why it is not.
pub type Outcome = Result<Success, Failure>;

/// What probes have decided about a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// No probe has ended yet.
    Unknown,
    /// It answers.
    Up,
    /// It does not.
    Down,
}

/// The verdict on one server, and how it came about.
#[derive(Clone, Debug)]
pub struct Verdicts {
    state: State,
    /// Failures since the last success.
    failures: u32,
    /// Used although no probe of this definition has ended; see [`Verdicts::new`].
    presumed_up: bool,
    last: Option<Probed>,
}

/// The last probe that ended.
#[derive(Clone, Debug)]
pub struct Probed {
    /// When it started.
    pub started: Instant,
    /// How long it took.
    pub took: Duration,
    /// What it found.
    pub outcome: Outcome,
}

impl Probed {
    /// When it ended.
    pub fn ended(&self) -> Instant {
        self.started + self.took
    }
}

impl Verdicts {
    /// Nothing known. With `presumed_up` the server is used until its first probe says otherwise: it was up under the
    /// probe definition or under the address of its name before, and a change of configuration or of DNS must not fail
    /// requests. (Azure restarts from nothing here.)
    pub const fn new(presumed_up: bool) -> Self {
        Self { state: State::Unknown, failures: 0, presumed_up, last: None }
    }

    /// Takes the outcome of a probe; returns the new state when it differs from the old.
    ///
    /// A success makes the server up at once. A failure makes it down when it is the `threshold`th in a row, or the
    /// first verdict of all.
    pub fn take(&mut self, probed: Probed, threshold: u32) -> Option<State> {
        let before = self.state;
        match &probed.outcome {
            Ok(_) => {
                self.failures = 0;
                self.state = State::Up;
            }
            Err(_) => {
                self.failures = self.failures.saturating_add(1);
                if before == State::Unknown || self.failures >= threshold {
                    self.state = State::Down;
                }
            }
        }
        self.presumed_up = false;
        self.last = Some(probed);
        (self.state != before).then_some(self.state)
    }

    /// The verdict.
    pub const fn state(&self) -> State {
        self.state
    }

    /// True when requests may go there.
    pub fn in_rotation(&self) -> bool {
        self.state == State::Up || self.presumed_up
    }

    /// True when no probe has ended and nothing is presumed.
    pub fn is_undecided(&self) -> bool {
        self.state == State::Unknown && !self.presumed_up
    }

    /// Failures since the last success.
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// The last probe that ended.
    pub const fn last(&self) -> Option<&Probed> {
        self.last.as_ref()
    }
}

/// A server became healthy or unhealthy. Prints as a line for the gateway's own log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthChange {
    /// The pool's name.
    pub pool: Arc<str>,
    /// The settings' name.
    pub settings: Arc<str>,
    /// Which server.
    pub address: SocketAddr,
    /// The name it was resolved from.
    pub name: Option<Arc<str>>,
    /// What it is now; never `Unknown`.
    pub state: State,
    /// Why, in words.
    pub reason: String,
    /// Servers of the target that get requests now, and all it has.
    pub in_rotation: (usize, usize),
}

impl fmt::Display for HealthChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "server {}", self.address)?;
        if let Some(name) = &self.name {
            write!(f, " ({name})")?;
        }
        let state = if self.state == State::Up { "up" } else { "down" };
        let (used, all) = self.in_rotation;
        let (pool, settings, reason) = (&self.pool, &self.settings, &self.reason);
        write!(f, " of {pool}/{settings} is {state}: {reason} ({used} of {all} in rotation)")
    }
}

#[cfg(test)]
mod tests;
