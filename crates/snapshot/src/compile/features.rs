//! Where the document uses features that may not be supported yet; `unsupported` says which are not.

use super::context::Context;
use super::link::Used;
use super::unsupported::Feature;

/// Reports every use, live or not.
pub(super) fn report(context: &mut Context<'_>, used: &Used) {
    gateway(context);
    listeners(context, used);
    rules(context, used);
    advanced(context, used);
}

fn gateway(context: &mut Context<'_>) {
    let gateway = context.gateway;
    if let Some(switch) = gateway.enable_fips.as_ref().filter(|switch| switch.value) {
        context.uses(Feature::Fips, &switch.at, true);
    }
    if let Some(at) = gateway.private_link_configurations.first().map(|link| &link.name.at) {
        let at = at.clone();
        context.uses(Feature::PrivateLink, &at, false);
    }
}

fn listeners(context: &mut Context<'_>, used: &Used) {
    let gateway = context.gateway;
    for (index, listener) in gateway.http_listeners.iter().enumerate() {
        if let Some(switch) = listener.enable_http3.as_ref().filter(|switch| switch.value) {
            context.uses(Feature::Http3, &switch.at, used.listeners.contains(&index));
        }
    }
}

fn rules(context: &mut Context<'_>, used: &Used) {
    let gateway = context.gateway;
    for rule in &gateway.request_routing_rules {
        let listener = rule.http_listener.as_ref().and_then(|listener| gateway.http_listeners.find(listener.name()));
        let live = listener.is_some_and(|listener| used.listeners.contains(&listener));
        if let Some(map) = &rule.advanced_routing_map {
            context.uses(Feature::AdvancedRouting, &map.at, live);
        }
        for policy in &rule.auth_configs {
            context.uses(Feature::AuthenticationPolicy, &policy.at, live);
        }
    }
}

fn advanced(context: &mut Context<'_>, used: &Used) {
    let gateway = context.gateway;
    for (index, map) in gateway.advanced_routing_maps.iter().enumerate() {
        if !used.advanced_maps.contains(&index) {
            context.uses(Feature::AdvancedRouting, &map.name.at, false);
        }
    }
}
