//! Request routing rules: priority, listener, and what they lead to.
//!
//! Source: Azure, "Application Gateway request routing rules" (configuration-request-routing-rules): every
//! rule has a unique priority from 1 to 20000, and one listener that no other rule has. Parity: a
//! document without any priority (an old export) is numbered as the service did it: exact hosts, then
//! wildcards, then basic listeners.

use std::collections::{HashMap, HashSet};

use model::request_routing_rule::{RequestRoutingRule, RequestRoutingRuleType};
use model::schema::{Field, Named};
use model::{At, Opt, Problem, Reference};

use super::codes;
use super::context::{Context, Link};
use super::destination::{self, Destination, destination};
use super::entra_jwt_validation_config as jwt;
use super::listener::Definition as Listener;
use super::rewrite_rule_set::Facts;

/// The range of priorities.
const PRIORITIES: (i64, i64) = (1, 20000);

/// A rule whose parts are still indices.
pub(super) struct Definition {
    pub(super) priority: u32,
    /// Its listener, unless an earlier rule has it.
    pub(super) listener: Option<usize>,
    pub(super) target: Target,
    /// The check of bearer tokens.
    pub(super) jwt: Option<usize>,
}

/// What it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// One destination for everything.
    Basic { destination: Destination, rewrite: Option<usize> },
    /// A path map.
    Paths(usize),
    /// An advanced routing map.
    Advanced(Option<usize>),
    /// Nothing that can be used.
    Broken,
}

/// All rules, in the document's order.
pub(super) fn all(context: &mut Context<'_>, listeners: &[Listener], rewrites: &[Facts]) -> Vec<Definition> {
    let gateway = context.gateway;
    let mut owners = HashMap::new();
    let mut rules = Vec::new();
    for asked in &gateway.request_routing_rules {
        let listener = listener(context, asked, &mut owners);
        let protocol = listener.and_then(|index| listeners.get(index)).and_then(|listener| listener.protocol);
        let jwt = jwt::of_rule(context, asked, protocol);
        let target = target(context, asked, rewrites);
        rules.push(Definition { priority: 0, listener, target, jwt });
    }
    priorities(context, listeners, &mut rules);
    rules
}

fn listener<'a>(
    context: &mut Context<'a>,
    asked: &'a Named<RequestRoutingRule>,
    owners: &mut HashMap<usize, &'a str>,
) -> Option<usize> {
    let gateway = context.gateway;
    match context.link(&gateway.http_listeners, &asked.http_listener) {
        Link::Absent => {
            let message = format!("the rule {:?} has no listener", asked.name.value);
            let problem = Problem::error(codes::RULE_WITHOUT_LISTENER, &asked.name.at, message);
            context.problems.push(problem.expected("the property \"httpListener\""));
            None
        }
        Link::Broken => None,
        Link::To(index) => {
            if let Some(other) = owners.get(&index) {
                let message = format!("this listener stands in the rule {other:?} already");
                let at = asked.http_listener.as_ref().map_or(&asked.name.at, |field| &field.at);
                let problem = Problem::error(codes::LISTENER_IN_SEVERAL_RULES, at, message);
                context
                    .problems
                    .push(problem.help("a listener has one rule; to part its requests by path, use a path map"));
                return None;
            }
            owners.insert(index, asked.name.as_str());
            Some(index)
        }
    }
}

fn target(context: &mut Context<'_>, asked: &Named<RequestRoutingRule>, rewrites: &[Facts]) -> Target {
    let gateway = context.gateway;
    let map = context.link(&gateway.url_path_maps, &asked.url_path_map);
    let advanced = context.link(&gateway.advanced_routing_maps, &asked.advanced_routing_map);
    let rewrite = context.link(&gateway.rewrite_rule_sets, &asked.rewrite_rule_set).index();
    let kind = asked.rule_type.as_ref().map_or(RequestRoutingRuleType::Basic, |kind| kind.value);
    match kind {
        RequestRoutingRuleType::Basic => {
            misplaced(context, asked, &asked.url_path_map, "urlPathMap", kind);
            misplaced(context, asked, &asked.advanced_routing_map, "advancedRoutingMap", kind);
            basic(context, asked, rewrite, rewrites)
        }
        RequestRoutingRuleType::PathBasedRouting => {
            misplaced(context, asked, &asked.rewrite_rule_set, "rewriteRuleSet", kind);
            ignored(context, asked, kind);
            if map == Link::Absent {
                let message = format!("the rule {:?} goes by path but has no path map", asked.name.value);
                let problem = Problem::error(codes::PATH_MAP_MISSING, &asked.name.at, message);
                context.problems.push(problem.expected("the property \"urlPathMap\""));
            }
            map.index().map_or(Target::Broken, Target::Paths)
        }
        RequestRoutingRuleType::AdvancedRouting => {
            ignored(context, asked, kind);
            if advanced == Link::Absent {
                context.missing(&asked.name.at, "advancedRoutingMap", &format!("the rule {:?}", asked.name.value));
            }
            Target::Advanced(advanced.index())
        }
    }
}

fn basic(
    context: &mut Context<'_>,
    asked: &Named<RequestRoutingRule>,
    rewrite: Option<usize>,
    rewrites: &[Facts],
) -> Target {
    let destination = destination(
        context,
        &destination::Asked {
            owner: format!("the rule {:?}", asked.name.value),
            at: &asked.name.at,
            pool: &asked.backend_address_pool,
            settings: &asked.backend_http_settings,
            redirect: &asked.redirect_configuration,
            distribution: &asked.load_distribution_policy,
            names: destination::NAMES,
        },
    );
    let reroutes = rewrite.and_then(|set| rewrites.get(set)).is_some_and(|facts| facts.reroutes);
    if let Some(field) = asked.rewrite_rule_set.as_ref().filter(|_| reroutes) {
        let message =
            format!("this rewrite set re-evaluates the path map, but the rule {:?} has none", asked.name.value);
        let problem = Problem::error(codes::REROUTE_WITHOUT_MAP, &field.at, message);
        context.problems.push(problem.help("take \"reroute\" from the set, or make the rule PathBasedRouting"));
    }
    Target::Basic { destination, rewrite }
}

/// Refuses a property that a rule of this type does not have.
fn misplaced<T>(
    context: &mut Context<'_>,
    asked: &Named<RequestRoutingRule>,
    field: &Opt<Reference<T>>,
    name: &str,
    kind: RequestRoutingRuleType,
) {
    if let Some(field) = field {
        let message = format!("the rule {:?} is {kind}; {name:?} is not for such rules", asked.name.value);
        let problem = Problem::error(codes::PROPERTY_NOT_FOR_RULE_TYPE, &field.at, message);
        let help = match kind {
            RequestRoutingRuleType::Basic => "set \"ruleType\" to \"PathBasedRouting\", or remove it",
            _ => "put rewrite sets on path rules and on the default of the path map",
        };
        context.problems.push(problem.help(help));
    }
}

/// Warns about destinations on a rule that leaves them to its map.
fn ignored(context: &mut Context<'_>, asked: &Named<RequestRoutingRule>, kind: RequestRoutingRuleType) {
    let places: [(Option<&At>, &str); 4] = [
        (place(&asked.backend_address_pool), "backendAddressPool"),
        (place(&asked.backend_http_settings), "backendHttpSettings"),
        (place(&asked.redirect_configuration), "redirectConfiguration"),
        (place(&asked.load_distribution_policy), "loadDistributionPolicy"),
    ];
    for (at, name) in places {
        if let Some(at) = at {
            let message = format!(
                "the rule {:?} is {kind}: its map says where requests go, and {name:?} is not used",
                asked.name.value
            );
            context.warn(codes::PROPERTY_NOT_FOR_RULE_TYPE, at, message);
        }
    }
}

fn place<T>(field: &Opt<Reference<T>>) -> Option<&At> {
    field.as_ref().map(|field: &Field<_>| &field.at)
}

/// Sets every rule's priority: as written, or, when none is written at all, by the kind of its hosts.
fn priorities(context: &mut Context<'_>, listeners: &[Listener], rules: &mut [Definition]) {
    let gateway = context.gateway;
    let http = gateway.request_routing_rules.iter().map(|rule| (&rule.name, &rule.priority));
    let tcp = gateway.routing_rules.iter().map(|rule| (&rule.name, &rule.priority));
    let mut owners: HashMap<i64, &str> = HashMap::new();
    for (name, priority) in http.clone().chain(tcp) {
        let Some(priority) = priority else { continue };
        context.number("the priority", &Some(priority.clone()), PRIORITIES);
        if let Some(other) = owners.insert(priority.value, name.as_str()) {
            let message = format!("the rule {other:?} has this priority already");
            let problem = Problem::error(codes::DUPLICATE_PRIORITY, &priority.at, message);
            context.problems.push(problem.found(priority.value.to_string()).expected("a priority of its own"));
        }
    }
    if http.clone().all(|(_, priority)| priority.is_none()) {
        let taken: HashSet<i64> = owners.into_keys().collect();
        return number(context, listeners, rules, &taken);
    }
    for (rule, (name, priority)) in rules.iter_mut().zip(http) {
        match priority {
            Some(priority) => rule.priority = u32::try_from(priority.value).unwrap_or(0),
            None => {
                let message = format!("the rule {:?} has no priority, but others do", name.value);
                let problem = Problem::error(codes::PRIORITY_EMPTY, &name.at, message);
                context.problems.push(problem.expected("a priority from 1 to 20000"));
            }
        }
    }
}

/// Numbers rules as an old gateway tried them: 10, 20, 30 and so on, without what rules of TCP and TLS have taken.
fn number(context: &mut Context<'_>, listeners: &[Listener], rules: &mut [Definition], taken: &HashSet<i64>) {
    let gateway = context.gateway;
    let kind = |rule: &Definition| match rule.listener.and_then(|index| listeners.get(index)) {
        Some(listener) if listener.is_basic => 2,
        Some(listener) if listener.patterns().iter().all(|host| host.is_exact()) => 0,
        _ => 1,
    };
    let mut order: Vec<usize> = (0..rules.len()).collect();
    order.sort_by_key(|index| rules.get(*index).map(kind));
    let step = if rules.len() + taken.len() > 2000 { 1 } else { 10 };
    let free = (1..).map(|place: u32| place * step).filter(|priority| !taken.contains(&i64::from(*priority)));
    for (priority, index) in free.zip(order) {
        if let Some(rule) = rules.get_mut(index) {
            rule.priority = priority;
        }
    }
    for (rule, asked) in rules.iter().zip(gateway.request_routing_rules.iter()) {
        let message = format!("the rule {:?} has no priority; it gets {}", asked.name.value, rule.priority);
        let problem = Problem::warning(codes::PRIORITY_EMPTY, &asked.name.at, message);
        context.azure_refuses(problem.expected("a priority from 1 to 20000"));
    }
}
