//! What is allowed but probably not meant: things nothing uses, changes that are undone again.

use model::schema::{Collection, Resource};
use model::{At, Problem};

use super::Parts;
use super::codes;
use super::context::Context;
use super::destination::Destination;
use super::link::Used;
use super::rule::Target;
use crate::HostHeader;

/// All lints.
pub(super) fn check(context: &mut Context<'_>, parts: &Parts, used: &Used) {
    nothing_served(context);
    unused(context, parts);
    empty_pools(context, parts, used);
    idle_rewrites(context, parts);
    extensions(context);
}

/// A gateway without any rule answers nothing.
fn nothing_served(context: &mut Context<'_>) {
    let gateway = context.gateway;
    if gateway.request_routing_rules.is_empty() && gateway.routing_rules.is_empty() {
        let problem =
            Problem::warning(codes::NOTHING_SERVED, &gateway.at, "the gateway has no rules: it answers nothing");
        context.azure_refuses(problem.expected("\"requestRoutingRules\" or \"routingRules\" with at least one rule"));
    }
}

/// Things that are defined and never used.
fn unused(context: &mut Context<'_>, parts: &Parts) {
    let gateway = context.gateway;
    for (index, listener) in gateway.http_listeners.iter().enumerate() {
        if !parts.rules.iter().any(|rule| rule.listener == Some(index)) {
            let message = format!("the listener {:?} has no rule: it is not served", listener.name.value);
            context.azure_refuses(Problem::warning(codes::LISTENER_WITHOUT_RULE, &listener.name.at, message));
        }
    }
    for (index, listener) in gateway.listeners.iter().enumerate() {
        if !parts.layer4.rules.iter().any(|rule| rule.listener == Some(index)) {
            let message = format!("the listener {:?} has no rule: it is not served", listener.name.value);
            let problem = Problem::warning(codes::LISTENER_WITHOUT_RULE, &listener.name.at, message);
            context.problems.push(problem.help("name it as the \"listener\" of one of routingRules"));
        }
    }
    report(context, &gateway.backend_address_pools, "pool");
    report(context, &gateway.backend_http_settings_collection, "settings");
    report(context, &gateway.backend_settings_collection, "settings");
    report(context, &gateway.probes, "probe");
    report(context, &gateway.url_path_maps, "path map");
    report(context, &gateway.advanced_routing_maps, "routing map");
    report(context, &gateway.redirect_configurations, "redirect");
    report(context, &gateway.rewrite_rule_sets, "rewrite set");
    report(context, &gateway.load_distribution_policies, "distribution policy");
    report(context, &gateway.entra_jwt_validation_configs, "token validation");
    report(context, &gateway.ssl_certificates, "certificate");
    report(context, &gateway.ssl_profiles, "TLS profile");
    report(context, &gateway.trusted_root_certificates, "trusted root");
    report(context, &gateway.trusted_client_certificates, "trusted client certificate");
}

/// Reports the members that no reference leads to. What an unused thing uses counts as used: the one
/// report is enough. A misspelled reference may have meant any of them.
fn report<T: Resource>(context: &mut Context<'_>, collection: &Collection<T>, what: &str) {
    if context.missed.contains(T::COLLECTION) {
        return;
    }
    for (index, member) in collection.iter().enumerate() {
        if !context.mentioned.contains(&(T::COLLECTION, index)) {
            let message = format!("nothing uses the {what} {:?}", member.name.value);
            context.warn(codes::NOT_USED, &member.name.at, message);
        }
    }
}

fn empty_pools(context: &mut Context<'_>, parts: &Parts, used: &Used) {
    let gateway = context.gateway;
    for (index, pool) in gateway.backend_address_pools.iter().enumerate() {
        let is_empty = parts.pools.get(index).is_some_and(|pool| pool.members.is_empty());
        // Members that could not be read have their problems already.
        let is_meant = pool.backend_addresses.is_empty() && pool.backend_ip_configurations.is_empty();
        if is_empty && is_meant && used.pools.contains(&index) {
            let of_bytes = parts.layer4.rules.iter().any(|rule| rule.pool == Some(index));
            let so = if of_bytes { "clients are let in and reset" } else { "its requests are answered 502" };
            let message = format!("the pool {:?} has no members: {so}", pool.name.value);
            let problem = Problem::warning(codes::POOL_EMPTY, &pool.name.at, message);
            context.problems.push(problem.help("give it \"backendAddresses\""));
        }
    }
}

/// Rewrites where they change nothing: on redirects, which are answered as they stand, and of a Host header that the
/// settings replace again, because they come last.
fn idle_rewrites(context: &mut Context<'_>, parts: &Parts) {
    let gateway = context.gateway;
    let mut uses = Vec::new();
    for (rule, asked) in parts.rules.iter().zip(gateway.request_routing_rules.iter()) {
        if let Target::Basic { destination, rewrite } = rule.target {
            uses.push((rewrite, destination, &asked.rewrite_rule_set));
        }
    }
    for (map, asked) in parts.maps.iter().zip(gateway.url_path_maps.iter()) {
        uses.push((map.default_rewrite, map.default, &asked.default_rewrite_rule_set));
        for (rule, asked) in map.rules.iter().zip(asked.path_rules.iter()) {
            uses.push((rule.rewrite, rule.destination, &asked.rewrite_rule_set));
        }
    }
    for (rewrite, destination, field) in uses {
        if let (Destination::Redirect(_), Some(field)) = (destination, field) {
            let message = "this rewrite set has no effect: redirects are not rewritten";
            context.warn(codes::REWRITE_NO_EFFECT, &field.at, message);
        }
        let sets_host = rewrite.and_then(|set| parts.rewrites.get(set)).is_some_and(|facts| facts.sets_host);
        let settings = destination.settings().and_then(|index| parts.settings.get(index)?.as_ref());
        let (true, Some(settings), Some(field)) = (sets_host, settings, field) else { continue };
        let settings = &settings.settings;
        if settings.host != HostHeader::Client {
            let message =
                format!("this rewrite sets the Host header, and the settings {:?} replace it again", settings.name);
            let problem = Problem::warning(codes::HOST_REWRITE_OVERRIDDEN, &field.at, message);
            context.problems.push(problem.help("take the host from one of the two"));
        }
    }
}

/// What stands under `gatehouse` means nothing to Azure.
fn extensions(context: &mut Context<'_>) {
    if !context.environment.target_azure {
        return;
    }
    let gateway = context.gateway;
    let maps = gateway.url_path_maps.iter().filter_map(|map| map.gatehouse_at.as_ref());
    let probes = gateway.probes.iter().filter_map(|probe| probe.gatehouse_at.as_ref());
    let listeners = gateway.http_listeners.iter().filter_map(|listener| listener.gatehouse_at.as_ref());
    let profiles = gateway.ssl_profiles.iter().filter_map(|profile| profile.gatehouse_at.as_ref());
    let settings = gateway.backend_http_settings_collection.iter().filter_map(|it| it.gatehouse_at.as_ref());
    let doors = gateway.listeners.iter().filter_map(|listener| listener.gatehouse_at.as_ref());
    let ways = gateway.backend_settings_collection.iter().filter_map(|it| it.gatehouse_at.as_ref());
    let settings = settings.chain(doors).chain(ways);
    let all = gateway.gatehouse_at.iter().chain(maps).chain(probes).chain(listeners).chain(profiles).chain(settings);
    let tokens = gateway.entra_jwt_validation_configs.iter().filter_map(|it| it.gatehouse_at.as_ref());
    let pages = gateway.http_listeners.iter().flat_map(|listener| &listener.custom_error_configurations);
    let pages = gateway.custom_error_configurations.iter().chain(pages);
    let pages = pages.filter_map(|page| page.gatehouse.as_ref().map(|field| &field.at));
    let places: Vec<&At> = all.chain(tokens).chain(pages).collect();
    for at in places {
        context.warn(codes::IGNORED_BY_AZURE, at, "this is an extension; Azure would ignore it");
    }
}
