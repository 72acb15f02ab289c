//! What the machine runs: a checked, linked, immutable snapshot compiled from a model.
//!
//! Everything here is plain data: indices instead of references by name, defaults filled in, patterns compiled. After
//! [`compile`](compile::compile) nobody checks again. No sockets, no clocks, no live state: health and connections
//! belong to `backend`, which keys them by what this crate says.

pub mod compile;
pub mod difference;
pub mod distribution;
pub mod explain;
pub mod guard;
pub mod ids;
pub mod limits;
pub mod listener;
pub mod pages;
pub mod pool;
pub mod probe;
pub mod rule;
pub mod settings;

mod current;

pub use compile::{
    Compiled, Environment, Files, FirewallCache, Issuer, Mode, RuleFolder, RuleSets, compile, key_files, merged,
    page_urls,
};
pub use current::{Identity, Snapshot, Target};
pub use difference::{Changes, Difference, difference};
pub use distribution::{Algorithm, Distribution, Share};
pub use guard::{Firewalls, Guard};
pub use ids::{
    BindingId, DistributionId, FirewallId, JwtId, ListenerId, PoolId, RewriteId, RouteId, RuleId, SettingsId, TargetId,
};
pub use limits::{AffinityKey, Limits, Options};
pub use listener::{Binding, Listener, Scheme};
pub use pages::{Page, Pages};
pub use pool::{Member, Pool};
pub use probe::{Probe, ProbeMatch};
pub use rule::{Action, Hit, MAX_REROUTES, Route, Router, Rule};
pub use settings::{Affinity, HostHeader, ProxyHeader, ProxyVersion, Settings};
