//! Azure's service limits. This gateway has none of them; who asks about Azure gets errors.
//!
//! Source: Azure, "Azure subscription and service limits", section "Application Gateway limits". Parity: whether TCP and
//! TLS have limits of their own is not documented; here they share those of HTTP.

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

/// Both together, under the name of what they are.
fn together<'a, H: Resource, B: Resource>(
    what: &'static str,
    http: &'a Collection<H>,
    bytes: &'a Collection<B>,
) -> Counted<'a> {
    let longer = if http.len() < bytes.len() { bytes.at.as_ref() } else { http.at.as_ref() };
    (what, http.len() + bytes.len(), longer)
}

/// Members a collection may have in Azure.
type Row = (usize, &'static str, fn(&ApplicationGateway) -> Counted<'_>);

const COLLECTIONS: &[Row] = &[
    (4, codes::LIMIT_REACHED, |gateway| counted(&gateway.frontend_ip_configurations)),
    (100, codes::LIMIT_REACHED, |gateway| counted(&gateway.frontend_ports)),
    (200, codes::LIMIT_REACHED, |gateway| together("listeners", &gateway.http_listeners, &gateway.listeners)),
    (400, codes::LIMIT_REACHED, |gateway| together("rules", &gateway.request_routing_rules, &gateway.routing_rules)),
    (100, codes::POOL_LIMIT_REACHED, |gateway| counted(&gateway.backend_address_pools)),
    (100, codes::LIMIT_REACHED, |gateway| {
        together("settings", &gateway.backend_http_settings_collection, &gateway.backend_settings_collection)
    }),
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
    let http = gateway.http_listeners.iter().map(|listener| (&listener.name, &listener.host_names));
    let bytes = gateway.listeners.iter().map(|listener| (&listener.name, &listener.host_names));
    for (name, hosts) in http.chain(bytes) {
        let what = format!("host names in the listener {:?}", name.value);
        reached(context, codes::LIMIT_REACHED, hosts.at.as_ref(), (hosts.len(), HOSTS_PER_LISTENER), &what);
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
    let active = active + parts.layer4.rules.iter().filter(|rule| rule.listener.is_some()).count();
    let (_, _, at) = together("listeners", &gateway.http_listeners, &gateway.listeners);
    reached(context, codes::LIMIT_REACHED, at, (active, ACTIVE_LISTENERS), "listeners that lead to servers");
}

/// Reports that Azure allows fewer.
pub(super) fn reached(
    context: &mut Context<'_>,
    code: &'static str,
    at: Option<&At>,
    (count, most): (usize, usize),
    what: &str,
) {
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
