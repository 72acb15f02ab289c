//! Rules and what they lead to: from checked parts to tables of what runs. Only what a rule leads to gets in.
//!
//! `bindings` joins listeners into local sockets, `tls` gives them certificates, `redirects` joins redirects to their
//! target listeners.

mod bindings;
mod layer4;
mod redirects;
mod tls;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use model::Problem;
use model::backend_http_settings::Protocol;

use crate::compile::Parts;
use crate::compile::codes;
use crate::compile::context::{Context, Link};
use crate::compile::destination::Destination;
use crate::compile::firewall::Guards;
use crate::compile::rule::Target as RuleTarget;
use crate::compile::server_tls::Unbound;
use crate::{
    Action, Distribution, DistributionId, FirewallId, JwtId, PoolId, RewriteId, Route, RouteId, Router, Rule, RuleId,
    Scheme, Settings, SettingsId, Share, Snapshot, Target, TargetId,
};

use bindings::BindingSite;

/// Indices into the document's collections that live rules lead to.
#[derive(Debug, Default)]
pub(super) struct Used {
    pub(super) listeners: HashSet<usize>,
    pub(super) maps: HashSet<usize>,
    pub(super) advanced_maps: HashSet<usize>,
    pub(super) pools: HashSet<usize>,
    pub(super) settings: HashSet<usize>,
    /// Listeners and the settings that their requests can be sent with.
    pub(super) meetings: BTreeSet<(usize, usize)>,
}

/// Settings of either kind, with what a target takes of them.
struct Spoken<'p> {
    settings: &'p Settings,
    probe: Link,
    /// What they need and that is in Azure only.
    unbound: &'p [Unbound],
}

/// Builds the snapshot and notes what it uses. With errors about it is not to be run.
pub(super) fn link(context: &mut Context<'_>, parts: &Parts) -> (Snapshot, Used) {
    let guards = Guards::new(context);
    let mut linker = Linker {
        context,
        parts,
        snapshot: Snapshot { pages: parts.pages.gateway.clone(), ..Snapshot::default() },
        used: Used::default(),
        pools: HashMap::new(),
        settings: HashMap::new(),
        targets: HashMap::new(),
        distributions: HashMap::new(),
        rewrites: HashMap::new(),
        jwt: HashMap::new(),
        sites: Vec::new(),
        suspects: Vec::new(),
        reported: HashSet::new(),
        guards,
    };
    let http = parts.rules.iter().enumerate().map(|(index, rule)| (rule.priority, Kind::Http, index));
    let bytes = parts.layer4.rules.iter().enumerate().map(|(index, rule)| (rule.priority, Kind::Bytes, index));
    let mut order: Vec<_> = http.chain(bytes).collect();
    order.sort_by_key(|(priority, ..)| *priority);
    for (_, kind, index) in order {
        match kind {
            Kind::Http => linker.rule(index),
            Kind::Bytes => linker.bytes_rule(index),
        }
    }
    linker.finish()
}

/// Which collections something stands in: those of HTTP, or those of TCP and TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Http,
    Bytes,
}

struct Linker<'c, 'a> {
    context: &'c mut Context<'a>,
    parts: &'c Parts,
    snapshot: Snapshot,
    used: Used,
    pools: HashMap<usize, PoolId>,
    settings: HashMap<(Kind, usize), SettingsId>,
    targets: HashMap<(usize, (Kind, usize)), TargetId>,
    distributions: HashMap<(usize, usize), DistributionId>,
    rewrites: HashMap<usize, RewriteId>,
    jwt: HashMap<usize, JwtId>,
    /// Bindings in the making.
    sites: Vec<BindingSite>,
    /// Redirects that may lead to themselves.
    suspects: Vec<redirects::Suspect>,
    /// Pairs a problem was reported for already.
    reported: HashSet<(&'static str, usize, usize)>,
    /// Firewalls of routes.
    guards: Guards<'a>,
}

impl Linker<'_, '_> {
    fn rule(&mut self, index: usize) {
        let (parts, gateway) = (self.parts, self.context.gateway);
        let (Some(rule), Some(asked)) = (parts.rules.get(index), gateway.request_routing_rules.get(index)) else {
            return;
        };
        let Some(listener) = rule.listener else { return };
        let id = RuleId::from(self.snapshot.rules.len());
        let Some(listener_id) = self.listener(listener, id) else { return };
        let router = match rule.target {
            RuleTarget::Basic { destination, rewrite } => {
                let (rewrite, action) = (self.rewrite(rewrite), self.action(destination, listener));
                let firewall = self.firewall(listener, None);
                let route = Route { rule: id, path_rule: None, path_map: None, rewrite, firewall, action };
                let route = self.snapshot.routes.push(route);
                self.may_loop(destination, route, listener, b"/");
                Router::Basic(route)
            }
            RuleTarget::Paths(map) => self.paths(map, id, listener),
            RuleTarget::Advanced(map) => {
                self.used.advanced_maps.extend(map);
                self.nowhere(id)
            }
            RuleTarget::Broken => self.nowhere(id),
        };
        let name = Arc::from(asked.name.as_str());
        let jwt = self.jwt(rule.jwt);
        self.snapshot.rules.push(Rule { name, priority: rule.priority, listener: listener_id, jwt, router });
    }

    /// The router of a rule that cannot be used; ids stay in step, and errors keep it from running.
    fn nowhere(&mut self, rule: RuleId) -> Router {
        let missing =
            Route { rule, path_rule: None, path_map: None, rewrite: None, firewall: None, action: Action::Missing };
        Router::Basic(self.snapshot.routes.push(missing))
    }

    /// A path map as it serves one rule.
    fn paths(&mut self, index: usize, rule: RuleId, listener: usize) -> Router {
        let (parts, gateway) = (self.parts, self.context.gateway);
        self.used.maps.insert(index);
        let (Some(map), Some(asked)) = (parts.maps.get(index), gateway.url_path_maps.get(index)) else {
            return self.nowhere(rule);
        };
        let path_map: Arc<str> = Arc::from(asked.name.as_str());
        let route = |linker: &mut Self, place: Option<(usize, &str)>, destination, rewrite| {
            let rewrite = linker.rewrite(rewrite);
            let action = linker.action(destination, listener);
            let path_rule = place.map(|(_, name)| Arc::from(name));
            let firewall = linker.firewall(listener, place.map(|(number, _)| (index, number)));
            linker.snapshot.routes.push(Route {
                rule,
                path_rule,
                path_map: Some(path_map.clone()),
                rewrite,
                firewall,
                action,
            })
        };
        let default = route(self, None, map.default, map.default_rewrite);
        let mut routes: Vec<RouteId> = Vec::new();
        for (number, (path_rule, asked)) in map.rules.iter().zip(asked.path_rules.iter()).enumerate() {
            routes.push(route(self, Some((number, asked.name.as_str())), path_rule.destination, path_rule.rewrite));
        }
        let table = map.table(|number| number.and_then(|number| routes.get(number)).copied().unwrap_or(default));
        for (path_rule, id) in map.rules.iter().zip(&routes) {
            let Some(pattern) = path_rule.patterns.first() else { continue };
            let sample = pattern.as_str().trim_end_matches('*').as_bytes();
            self.may_loop(path_rule.destination, *id, listener, sample);
        }
        self.may_loop(map.default, default, listener, b"/");
        Router::Paths(table)
    }

    fn action(&mut self, destination: Destination, listener: usize) -> Action {
        if let Some(settings) = destination.settings() {
            self.used.settings.insert(settings);
            self.used.meetings.insert((listener, settings));
        }
        match destination {
            Destination::Forward { pool, settings } => {
                self.used.pools.insert(pool);
                self.target(pool, settings).map_or(Action::Missing, Action::Forward)
            }
            Destination::Distribute { policy, settings } => {
                self.distribution(policy, settings).map_or(Action::Missing, Action::Distribute)
            }
            Destination::Redirect(index) => {
                self.covers(index, listener);
                self.redirect(index).map_or(Action::Missing, Action::Redirect)
            }
            Destination::Broken => Action::Missing,
        }
    }

    /// Reports challenges that nobody can pass: a clearance is for the host that the client asked, and rules see the
    /// host that a rewrite has set.
    fn lost_challenges(&mut self) {
        let mut rewrites: Vec<_> = self.rewrites.iter().map(|(index, id)| (*index, *id)).collect();
        rewrites.sort_unstable_by_key(|(index, _)| *index);
        for (index, id) in rewrites {
            let sets_host = self.parts.rewrites.get(index).is_some_and(|facts| facts.sets_host);
            let Some(set) = self.context.gateway.rewrite_rule_sets.get(index).filter(|_| sets_host) else { continue };
            let routes = self.snapshot.routes.iter().filter(|route| route.rewrites() == Some(id));
            let mut guards = routes.filter_map(|route| self.snapshot.firewalls.of(route));
            let Some(guard) = guards.find(|guard| guard.policy.challenges()) else { continue };
            let message =
                format!("a challenge of the policy {:?} cannot be passed where Host is set", guard.policy.name);
            let problem = Problem::error(codes::WAF_POLICY_INVALID, &set.name.at, message);
            let help = "let another action stand for JSChallenge there, or set Host in the backend settings";
            self.context.machine_refuses(problem.help(help));
        }
    }

    /// The firewall of a listener, and of a path rule if it is one's.
    fn firewall(&mut self, listener: usize, path_rule: Option<(usize, usize)>) -> Option<FirewallId> {
        self.guards.of_route(self.context, &mut self.snapshot.firewalls, listener, path_rule)
    }

    /// The rewrite set at this place in the document.
    fn rewrite(&mut self, index: Option<usize>) -> Option<RewriteId> {
        let index = index?;
        if let Some(id) = self.rewrites.get(&index) {
            return Some(*id);
        }
        let set = self.parts.rewrites.get(index)?.set.clone()?;
        let id = self.snapshot.rewrites.push(set);
        self.rewrites.insert(index, id);
        Some(id)
    }

    /// The check of bearer tokens at this place in the document.
    fn jwt(&mut self, index: Option<usize>) -> Option<JwtId> {
        let index = index?;
        if let Some(id) = self.jwt.get(&index) {
            return Some(*id);
        }
        let policy = self.parts.tokens.get(index)?.clone()?;
        let id = self.snapshot.jwt.push(policy);
        self.jwt.insert(index, id);
        Some(id)
    }

    /// The policy with these settings; each of its pools becomes a target.
    fn distribution(&mut self, policy: usize, settings: usize) -> Option<DistributionId> {
        if let Some(id) = self.distributions.get(&(policy, settings)) {
            return Some(*id);
        }
        let definition = self.parts.distributions.get(policy)?;
        let name = Arc::from(self.context.gateway.load_distribution_policies.get(policy)?.name.as_str());
        self.used.pools.extend(definition.shares.iter().map(|(pool, _)| *pool));
        let mut shares = Vec::new();
        for (pool, weight) in &definition.shares {
            shares.push(Share { target: self.target(*pool, settings)?, weight: *weight });
        }
        if shares.is_empty() {
            return None;
        }
        let id = self.snapshot.distributions.push(Distribution { name, algorithm: definition.algorithm, shares });
        self.distributions.insert((policy, settings), id);
        Some(id)
    }

    fn target(&mut self, pool: usize, settings: usize) -> Option<TargetId> {
        let definition = self.parts.settings.get(settings)?.as_ref()?;
        let spoken = Spoken { settings: &definition.settings, probe: definition.probe, unbound: &definition.unbound };
        self.target_of(pool, (Kind::Http, settings), &spoken)
    }

    /// A pool with settings of either kind.
    fn target_of(&mut self, pool: usize, settings: (Kind, usize), spoken: &Spoken<'_>) -> Option<TargetId> {
        if let Some(id) = self.targets.get(&(pool, settings)) {
            return Some(*id);
        }
        let parts = self.parts;
        let custom = spoken.probe.index().and_then(|probe| parts.probes.get(probe));
        let probe = match custom {
            Some(probe) => probe.joined(spoken.settings),
            None => super::probe::default(spoken.settings),
        };
        self.bound(spoken.unbound);
        let snapshot = &mut self.snapshot;
        let pool_id = match self.pools.get(&pool) {
            Some(id) => *id,
            None => snapshot.pools.push(parts.pools.get(pool)?.clone()),
        };
        self.pools.insert(pool, pool_id);
        let settings_id =
            *self.settings.entry(settings).or_insert_with(|| snapshot.settings.push(spoken.settings.clone()));
        let target = snapshot.targets.push(Target { pool: pool_id, settings: settings_id, probe });
        self.targets.insert((pool, settings), target);
        Some(target)
    }

    fn finish(mut self) -> (Snapshot, Used) {
        let rules = &self.snapshot.rules;
        let bindings: Vec<_> = self.sites.drain(..).map(|site| site.finished(rules)).collect();
        self.snapshot.bindings = bindings.into_iter().collect();
        self.loops();
        self.lost_challenges();
        self.guards.finish(self.context, &mut self.snapshot.firewalls);
        (self.snapshot, self.used)
    }
}

fn scheme(protocol: Protocol) -> Option<Scheme> {
    match protocol {
        Protocol::Http => Some(Scheme::Http),
        Protocol::Https => Some(Scheme::Https),
        Protocol::Tcp => Some(Scheme::Tcp),
        Protocol::Tls => Some(Scheme::Tls),
    }
}
