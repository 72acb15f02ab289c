//! What is wrong with a rule file: where, what was found, what would do.

use std::fmt;

use super::place::Place;

/// One problem in a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where it stands.
    pub place: Place,
    /// What was found there.
    pub found: String,
    /// What would have done.
    pub wanted: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.found, self.wanted)
    }
}

impl std::error::Error for Fault {}

/// Problems as they are met; reading goes on after each.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, place: Place, found: impl Into<String>, wanted: impl Into<String>) {
        self.0.push(Fault { place, found: found.into(), wanted: wanted.into() });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_vec(self) -> Vec<Fault> {
        self.0
    }
}
