//! Which firewall is in force where, and what runs there.
//!
//! Source: Azure, "Per-site WAF policies" (per-site-policies, policy-overview): a path rule's policy goes before its
//! listener's, and that before the gateway's; they are not merged. A policy that is off is no firewall, and still keeps
//! a less specific one away. Parity: the default of a path map has no policy of its own; it uses the listener's, then
//! the gateway's.

mod bad_addresses;
mod cache;
mod draft;
mod limits;
mod machine;
mod places;
mod programs;

use std::collections::HashMap;
use std::sync::Arc;

use firewall::Policy;
use firewall::events::{Place, Scope};
use model::reference::FirewallPolicy;
use model::schema::Field;
use model::site::Site;
use model::sku::Tier;
use model::{Document, Opt, Problem, Problems, Reference};

use super::Environment;
use super::context::Context;
use super::{
    codes, web_application_firewall_configuration as configuration, web_application_firewall_policy as policy,
};
use crate::{FirewallId, Firewalls, Guard};

pub use cache::FirewallCache;
pub(super) use draft::Draft;
pub(super) use places::Places;

use machine::Asked;
use programs::Programs;

/// Compiles one policy of a document, whether it is in force anywhere or not; letter case of its name does not matter.
/// What is wrong with it comes with it, and alone when it cannot be run or is not there.
pub fn firewall_policy(
    document: &Document,
    site: Option<&Site>,
    environment: &Environment,
    name: &str,
) -> (Option<Arc<Policy>>, Problems) {
    let mut context = Context::new(document, site, environment);
    let index = document.policies.iter().position(|policy| policy.name.eq_ignore_ascii_case(name));
    let draft = index.and_then(|index| document.policies.get(index));
    let draft = draft.map(|asked| policy::draft(&mut context, asked, true));
    let policy = draft.and_then(|draft| {
        let managed = Programs::default().managed(&mut context, &draft)?;
        Some(Arc::new(draft.finished(managed)))
    });
    (policy.filter(|_| !context.problems.has_errors()), context.problems)
}

/// What is assigned to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Assigned {
    /// Nothing: a less specific place decides.
    Nothing,
    /// What cannot be used, and a problem says so, or what is off: there is no firewall.
    Off,
    /// Something that runs.
    On(Which),
}

/// What runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Which {
    /// The policy at this place among the document's.
    Policy(usize),
    /// The settings inside the gateway.
    Inline,
}

/// A place that something is assigned to, by index in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Spot {
    Gateway,
    Listener(usize),
    /// A path map and its path rule.
    PathRule(usize, usize),
}

/// Firewalls in the making.
pub(super) struct Guards<'a> {
    gateway: Assigned,
    listeners: Vec<Assigned>,
    /// Of path maps, by path rule.
    maps: Vec<Vec<Assigned>>,
    programs: Programs<'a>,
    policies: HashMap<Which, Option<Arc<Policy>>>,
    ids: HashMap<(Spot, Which), FirewallId>,
    asked: Asked,
}

impl<'a> Guards<'a> {
    /// Follows all references to policies; what leads nowhere is reported, whoever uses it.
    pub(super) fn new(context: &mut Context<'a>) -> Self {
        let gateway = context.gateway;
        let listeners = gateway.http_listeners.iter().map(|one| assigned(context, &one.firewall_policy)).collect();
        let rules = |map: &model::url_path_map::UrlPathMap, context: &mut Context<'a>| {
            map.path_rules.iter().map(|rule| assigned(context, &rule.firewall_policy)).collect()
        };
        let maps = gateway.url_path_maps.iter().map(|map| rules(map, context)).collect();
        Self {
            gateway: of_gateway(context),
            listeners,
            maps,
            programs: Programs::default(),
            policies: HashMap::new(),
            ids: HashMap::new(),
            asked: Asked::default(),
        }
    }

    /// The firewall of a route: of a listener, and of a path rule (its map, its place there) if it belongs to one.
    pub(super) fn of_route(
        &mut self,
        context: &mut Context<'a>,
        firewalls: &mut Firewalls,
        listener: usize,
        path_rule: Option<(usize, usize)>,
    ) -> Option<FirewallId> {
        let of_path = path_rule.and_then(|(map, rule)| {
            let assigned = self.maps.get(map)?.get(rule)?;
            Some((Spot::PathRule(map, rule), *assigned))
        });
        let of_listener = self.listeners.get(listener).map(|assigned| (Spot::Listener(listener), *assigned));
        let spots = [of_path, of_listener, Some((Spot::Gateway, self.gateway))];
        let (spot, assigned) = spots.into_iter().flatten().find(|(_, assigned)| *assigned != Assigned::Nothing)?;
        let Assigned::On(which) = assigned else { return None };
        if let Some(id) = self.ids.get(&(spot, which)) {
            return Some(*id);
        }
        let policy = self.policy(context, which)?;
        let id = firewalls.guards.push(Guard { policy, place: place(context, spot) });
        self.ids.insert((spot, which), id);
        Some(id)
    }

    /// A policy that is in force, compiled.
    fn policy(&mut self, context: &mut Context<'a>, which: Which) -> Option<Arc<Policy>> {
        if let Some(policy) = self.policies.get(&which) {
            return policy.clone();
        }
        let policy = self.compiled(context, which, true);
        self.policies.insert(which, policy.clone());
        policy
    }

    fn compiled(&mut self, context: &mut Context<'a>, which: Which, live: bool) -> Option<Arc<Policy>> {
        let draft = match which {
            Which::Policy(index) => policy::draft(context, context.document.policies.get(index)?, live),
            Which::Inline => {
                let asked = context.gateway.web_application_firewall_configuration.as_ref()?;
                configuration::draft(context, asked, live)
            }
        };
        self.programs.asks(&draft, &mut self.asked);
        let managed = self.programs.managed(context, &draft)?;
        Some(Arc::new(draft.finished(managed)))
    }

    /// What firewalls need of this machine, and a look at the policies that are in force nowhere.
    pub(super) fn finish(mut self, context: &mut Context<'a>, firewalls: &mut Firewalls) {
        machine::provide(context, &self.asked, firewalls);
        limits::check(context, &self.in_force(), self.with_firewall());
        for index in 0..context.document.policies.len() {
            let which = Which::Policy(index);
            if !self.policies.contains_key(&which) {
                self.compiled(context, which, false);
            }
        }
        context.environment.firewall_cache.sweep();
    }

    fn in_force(&self) -> Vec<usize> {
        let policies = self.policies.keys().filter_map(|which| match which {
            Which::Policy(index) => Some(*index),
            Which::Inline => None,
        });
        let mut policies: Vec<usize> = policies.collect();
        policies.sort_unstable();
        policies
    }

    /// How many listeners have a firewall.
    fn with_firewall(&self) -> usize {
        let of_gateway = |one: &Assigned| if *one == Assigned::Nothing { self.gateway } else { *one };
        self.listeners.iter().map(of_gateway).filter(|one| matches!(one, Assigned::On(_))).count()
    }
}

/// What the gateway has: a policy, else the settings inside it.
fn of_gateway(context: &mut Context<'_>) -> Assigned {
    let gateway = context.gateway;
    let inline = gateway.web_application_firewall_configuration.as_ref();
    match (assigned(context, &gateway.firewall_policy), inline) {
        (Assigned::Nothing, Some(inline)) if configuration::is_enabled(inline) => Assigned::On(Which::Inline),
        (Assigned::Nothing, _) => Assigned::Nothing,
        (assigned, inline) => {
            inline.into_iter().for_each(|inline| configuration::is_replaced(context, inline));
            assigned
        }
    }
}

fn assigned(context: &mut Context<'_>, field: &Opt<Reference<FirewallPolicy>>) -> Assigned {
    let Some(field) = field else { return Assigned::Nothing };
    sku(context, field);
    let Some(index) = context.document.resolve_policy(field, &mut context.problems) else { return Assigned::Off };
    let on = context.document.policies.get(index).is_some_and(|one| policy::is_on(one));
    if on { Assigned::On(Which::Policy(index)) } else { Assigned::Off }
}

fn sku(context: &mut Context<'_>, field: &Field<Reference<FirewallPolicy>>) {
    let tier = context.gateway.sku.as_ref().and_then(|sku| sku.tier.as_ref());
    let has_firewall = tier.is_none_or(|tier| matches!(tier.value, Tier::Waf | Tier::WafV2 | Tier::BasicWafV2));
    if let Some(tier) = tier.filter(|_| !has_firewall) {
        let message = format!("the tier {} has no firewall in Azure", tier.value);
        context.azure_refuses(Problem::warning(codes::WAF_SKU, &field.at, message).expected("\"WAF_v2\""));
    }
}

/// What logs say of where a policy is in force.
fn place(context: &Context<'_>, spot: Spot) -> Place {
    let gateway = context.gateway;
    let (scope, name) = match spot {
        Spot::Gateway => (Scope::Global, None),
        Spot::Listener(index) => (Scope::Listener, gateway.http_listeners.get(index).map(|one| one.name.as_str())),
        Spot::PathRule(map, rule) => {
            let rule = gateway.url_path_maps.get(map).and_then(|map| map.path_rules.get(rule));
            (Scope::Location, rule.map(|rule| rule.name.as_str()))
        }
    };
    Place { scope, name: Arc::from(name.unwrap_or("Global")) }
}
