//! Where the document uses features that may not be supported yet; `unsupported` says which are not.

use model::backend_http_settings::CookieBasedAffinity;
use model::{At, Opt, Reference};

use super::context::Context;
use super::link::Used;
use super::unsupported::Feature;

/// Reports every use, live or not.
pub(super) fn report(context: &mut Context<'_>, used: &Used) {
    gateway(context);
    listeners(context, used);
    settings(context, used);
    rules(context, used);
    maps(context, used);
    advanced(context, used);
    layer4(context);
}

fn gateway(context: &mut Context<'_>) {
    let gateway = context.gateway;
    if let Some(switch) = gateway.enable_fips.as_ref().filter(|switch| switch.value) {
        context.uses(Feature::Fips, &switch.at, true);
    }
    let global = gateway.global_configuration.as_ref();
    let buffering =
        global.into_iter().flat_map(|global| [&global.enable_request_buffering, &global.enable_response_buffering]);
    for switch in buffering.flatten().filter(|switch| switch.value) {
        context.uses(Feature::Buffering, &switch.at, true);
    }
    for page in &gateway.custom_error_configurations {
        context.uses(Feature::ErrorPage, &page.at, true);
    }
    if let Some(at) = gateway.private_link_configurations.first().map(|link| &link.name.at) {
        let at = at.clone();
        context.uses(Feature::PrivateLink, &at, false);
    }
}

fn listeners(context: &mut Context<'_>, used: &Used) {
    let gateway = context.gateway;
    for (index, listener) in gateway.http_listeners.iter().enumerate() {
        let live = used.listeners.contains(&index);
        for page in &listener.custom_error_configurations {
            context.uses(Feature::ErrorPage, &page.at, live);
        }
    }
}

fn settings(context: &mut Context<'_>, used: &Used) {
    let gateway = context.gateway;
    for (index, settings) in gateway.backend_http_settings_collection.iter().enumerate() {
        let live = used.settings.contains(&index);
        let affinity = settings.cookie_based_affinity.as_ref();
        if let Some(affinity) = affinity.filter(|affinity| affinity.value == CookieBasedAffinity::Enabled) {
            context.uses(Feature::Affinity, &affinity.at, live);
        }
        let draining = settings.connection_draining.as_ref().and_then(|draining| draining.enabled.as_ref());
        if let Some(draining) = draining.filter(|enabled| enabled.value) {
            context.uses(Feature::Draining, &draining.at, live);
        }
        if let Some(dedicated) = settings.dedicated_backend_connection.as_ref().filter(|switch| switch.value) {
            context.uses(Feature::DedicatedConnection, &dedicated.at, live);
        }
    }
}

fn rules(context: &mut Context<'_>, used: &Used) {
    let gateway = context.gateway;
    for rule in &gateway.request_routing_rules {
        let listener = rule.http_listener.as_ref().and_then(|listener| gateway.http_listeners.find(listener.name()));
        let live = listener.is_some_and(|listener| used.listeners.contains(&listener));
        reference(context, Feature::Rewrite, &rule.rewrite_rule_set, live);
        reference(context, Feature::LoadDistribution, &rule.load_distribution_policy, live);
        reference(context, Feature::Jwt, &rule.entra_jwt_validation_config, live);
        reference(context, Feature::AdvancedRouting, &rule.advanced_routing_map, live);
        for policy in &rule.auth_configs {
            context.uses(Feature::AuthenticationPolicy, &policy.at, live);
        }
    }
}

fn maps(context: &mut Context<'_>, used: &Used) {
    let gateway = context.gateway;
    for (index, map) in gateway.url_path_maps.iter().enumerate() {
        let live = used.maps.contains(&index);
        reference(context, Feature::Rewrite, &map.default_rewrite_rule_set, live);
        reference(context, Feature::LoadDistribution, &map.default_load_distribution_policy, live);
        for rule in &map.path_rules {
            reference(context, Feature::Rewrite, &rule.rewrite_rule_set, live);
            reference(context, Feature::LoadDistribution, &rule.load_distribution_policy, live);
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

fn layer4(context: &mut Context<'_>) {
    let gateway = context.gateway;
    for rule in &gateway.routing_rules {
        context.uses(Feature::Layer4, &rule.name.at, true);
    }
    if gateway.routing_rules.is_empty() {
        let listeners = gateway.listeners.iter().map(|listener| &listener.name.at);
        let settings = gateway.backend_settings_collection.iter().map(|settings| &settings.name.at);
        let places: Vec<&At> = listeners.chain(settings).collect();
        places.into_iter().for_each(|at| context.uses(Feature::Layer4, at, false));
    }
}

fn reference<T>(context: &mut Context<'_>, feature: Feature, field: &Opt<Reference<T>>, live: bool) {
    if let Some(field) = field {
        context.uses(feature, &field.at, live);
    }
}
