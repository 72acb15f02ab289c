//! Azure's service limits. This gateway has none of them; who asks about Azure gets errors.
//!
//! Source: Azure, "Azure subscription and service limits", section "Application Gateway limits".

use model::application_gateway::ApplicationGateway;
use model::schema::{Collection, Resource};
use model::{At, Problem};

use super::Parts;
use super::codes;
use super::context::Context;
use super::destination::Destination;
use super::link::Used;
use super::rule::Target;

const HOSTS_PER_LISTENER: usize = 5;
const PATH_RULES_PER_MAP: usize = 100;
const SERVERS_PER_POOL: usize = 1200;
const ACTIVE_LISTENERS: usize = 100;

/// A collection, how many members it has, and where they stand.
type Counted<'a> = (&'static str, usize, Option<&'a At>);

fn counted<T: Resource>(collection: &Collection<T>) -> Counted<'_> {
    (T::COLLECTION, collection.len(), collection.at.as_ref())
}

/// Members a collection may have in Azure.
type Row = (usize, &'static str, fn(&ApplicationGateway) -> Counted<'_>);

const COLLECTIONS: &[Row] = &[
    (4, codes::LIMIT_REACHED, |gateway| counted(&gateway.frontend_ip_configurations)),
    (100, codes::LIMIT_REACHED, |gateway| counted(&gateway.frontend_ports)),
    (200, codes::LIMIT_REACHED, |gateway| counted(&gateway.http_listeners)),
    (400, codes::LIMIT_REACHED, |gateway| counted(&gateway.request_routing_rules)),
    (100, codes::POOL_LIMIT_REACHED, |gateway| counted(&gateway.backend_address_pools)),
    (100, codes::LIMIT_REACHED, |gateway| counted(&gateway.backend_http_settings_collection)),
    (100, codes::LIMIT_REACHED, |gateway| counted(&gateway.redirect_configurations)),
    (400, codes::LIMIT_REACHED, |gateway| counted(&gateway.rewrite_rule_sets)),
    (100, codes::LIMIT_REACHED, |gateway| counted(&gateway.ssl_certificates)),
    (100, codes::LIMIT_REACHED, |gateway| counted(&gateway.trusted_root_certificates)),
    (200, codes::LIMIT_REACHED, |gateway| counted(&gateway.trusted_client_certificates)),
    (100, codes::LIMIT_REACHED, |gateway| counted(&gateway.authentication_certificates)),
    (2, codes::LIMIT_REACHED, |gateway| counted(&gateway.private_link_configurations)),
];

/// Compares every count with its limit.
pub(super) fn check(context: &mut Context<'_>, parts: &Parts, used: &Used) {
    let gateway = context.gateway;
    for (most, code, count) in COLLECTIONS {
        let (what, count, at) = count(gateway);
        reached(context, code, at, (count, *most), what);
    }
    for listener in &gateway.http_listeners {
        let what = format!("host names in the listener {:?}", listener.name.value);
        let counts = (listener.host_names.len(), HOSTS_PER_LISTENER);
        reached(context, codes::LIMIT_REACHED, listener.host_names.at.as_ref(), counts, &what);
    }
    for map in &gateway.url_path_maps {
        let what = format!("rules in the path map {:?}", map.name.value);
        let counts = (map.path_rules.len(), PATH_RULES_PER_MAP);
        reached(context, codes::LIMIT_REACHED, map.path_rules.at.as_ref(), counts, &what);
    }
    for pool in &gateway.backend_address_pools {
        let what = format!("members in the pool {:?}", pool.name.value);
        let counts = (pool.backend_addresses.len() + pool.backend_ip_configurations.len(), SERVERS_PER_POOL);
        reached(context, codes::LIMIT_REACHED, Some(&pool.name.at), counts, &what);
    }
    let active = used.listeners.iter().filter(|listener| is_active(parts, **listener)).count();
    let at = gateway.http_listeners.at.as_ref();
    reached(context, codes::LIMIT_REACHED, at, (active, ACTIVE_LISTENERS), "listeners that lead to servers");
}

fn reached(context: &mut Context<'_>, code: &'static str, at: Option<&At>, (count, most): (usize, usize), what: &str) {
    if let Some(at) = at.filter(|_| count > most) {
        let problem = Problem::warning(code, at, format!("Azure allows {most} {what}; here are {count}"));
        context.azure_refuses(problem.help("this gateway takes more"));
    }
}

/// A listener whose rule only redirects is not active.
fn is_active(parts: &Parts, listener: usize) -> bool {
    let forwards = |destination: Destination| !matches!(destination, Destination::Redirect(_));
    let rule = parts.rules.iter().find(|rule| rule.listener == Some(listener));
    match rule.map(|rule| rule.target) {
        Some(Target::Basic { destination, .. }) => forwards(destination),
        Some(Target::Paths(map)) => parts
            .maps
            .get(map)
            .is_some_and(|map| forwards(map.default) || map.rules.iter().any(|rule| forwards(rule.destination))),
        Some(Target::Advanced(_)) => true,
        Some(Target::Broken) | None => false,
    }
}
