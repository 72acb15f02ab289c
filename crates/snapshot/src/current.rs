//! The snapshot itself.

use std::sync::Arc;

use rewrite::RewriteSet;

use crate::ids::Table;
use crate::{
    Binding, BindingId, Distribution, DistributionId, Firewalls, JwtId, Limits, Listener, ListenerId, Options, Pages,
    Pool, PoolId, Probe, RewriteId, Route, RouteId, Rule, RuleId, Settings, SettingsId, TargetId,
};

/// Everything the data plane needs, checked and linked. Immutable; shared by one pointer.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Whose configuration this is.
    pub identity: Identity,
    /// Bounds.
    pub limits: Limits,
    /// Switches.
    pub options: Options,
    /// Local socket addresses.
    pub bindings: Table<BindingId, Binding>,
    /// Listeners that a rule serves.
    pub listeners: Table<ListenerId, Listener>,
    /// Rules by ascending priority.
    pub rules: Table<RuleId, Rule>,
    /// Leaves of the routing.
    pub routes: Table<RouteId, Route>,
    /// Pools that a route uses.
    pub pools: Table<PoolId, Pool>,
    /// Settings that a route uses.
    pub settings: Table<SettingsId, Settings>,
    /// Pairs of pool and settings that a route uses.
    pub targets: Table<TargetId, Target>,
    /// Pairs of load distribution policy and settings that a route uses.
    pub distributions: Table<DistributionId, Distribution>,
    /// Rewrite sets that a route uses.
    pub rewrites: Table<RewriteId, RewriteSet>,
    /// Checks of bearer tokens that a rule uses.
    pub jwt: Table<JwtId, jwt::Policy>,
    /// Firewall policies, and what they ask of the machine.
    pub firewalls: Firewalls,
    /// Error pages of the whole gateway.
    pub pages: Pages,
}

/// A pool used with settings: the unit of probing and of connection pools.
#[derive(Clone, Debug)]
pub struct Target {
    /// The pool.
    pub pool: PoolId,
    /// The settings.
    pub settings: SettingsId,
    /// The probe that decides whether its servers get traffic.
    pub probe: Probe,
}

/// Whose configuration a snapshot is, and which revision of it.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The gateway's name.
    pub name: Arc<str>,
    /// Full resource id as Azure's logs print it: upper case.
    pub resource_id: Arc<str>,
    /// Counts published configurations of this process from 1; 0 before publishing.
    pub revision: u64,
    /// SHA-256 of the document text, hexadecimal; empty when unknown.
    pub checksum: Arc<str>,
}

impl Default for Identity {
    fn default() -> Self {
        Self { name: Arc::from("gateway"), resource_id: Arc::from(""), revision: 0, checksum: Arc::from("") }
    }
}
