//! Firewall policies as they are in force on routes, and what they ask of the machine.

use std::fmt;
use std::sync::Arc;

use firewall::Policy;
use firewall::challenge::Clearances;
use firewall::events::Place;
use firewall::geo::{Countries, Nowhere};
use firewall::managed::bots::{Reputation, Unknown};

use crate::ids::Table;
use crate::{FirewallId, Route};

/// A policy in force somewhere. One policy in force in several places stands here several times and is compiled once:
/// rate limits count by place.
#[derive(Clone, Debug)]
pub struct Guard {
    /// The policy.
    pub policy: Arc<Policy>,
    /// Where it is in force.
    pub place: Place,
}

/// All that firewalls need.
#[derive(Clone)]
pub struct Firewalls {
    /// Policies where they are in force, most specific alone.
    pub guards: Table<FirewallId, Guard>,
    /// Who knows countries of addresses. Default nobody: every address is `ZZ`.
    pub countries: Arc<dyn Countries>,
    /// Who knows bad addresses. Default nobody.
    pub reputation: Arc<dyn Reputation>,
    /// Seals of answered challenges that gateways share (`firewall.clearanceKey`). Default: a secret of each process.
    pub clearances: Option<Arc<Clearances>>,
}

impl Default for Firewalls {
    fn default() -> Self {
        Self { guards: Table::new(), countries: Arc::new(Nowhere), reputation: Arc::new(Unknown), clearances: None }
    }
}

impl fmt::Debug for Firewalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Firewalls").field("guards", &self.guards).finish_non_exhaustive()
    }
}

impl Firewalls {
    /// The policy that requests of a route have to pass. Redirects are answered without one.
    #[inline]
    pub fn of(&self, route: &Route) -> Option<&Guard> {
        let id = route.firewall.filter(|_| route.goes_to_server())?;
        Some(&self.guards[id])
    }
}
