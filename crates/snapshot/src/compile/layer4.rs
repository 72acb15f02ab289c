//! TCP and TLS: listeners, settings and rules. Checked here, not run yet.
//!
//! Source: Azure, "TCP/TLS proxy overview" and the REST schema; ranges as for HTTP.

use std::collections::{HashMap, HashSet};

use model::Problem;
use model::backend_http_settings::Protocol;
use model::backend_settings::BackendSettings;
use model::listener::Listener;
use model::request_routing_rule::RequestRoutingRuleType;
use model::routing_rule::RoutingRule;
use model::schema::Named;
use routing::HostPattern;

use super::codes;
use super::context::{Context, Link};

/// A listener whose frontend and port are still indices.
pub(super) struct Definition {
    pub(super) protocol: Option<Protocol>,
    pub(super) frontend: Option<usize>,
    pub(super) port: Option<usize>,
}

/// All TCP and TLS listeners, in the document's order.
pub(super) fn listeners(context: &mut Context<'_>) -> Vec<Definition> {
    let gateway = context.gateway;
    let all: Vec<_> = gateway.listeners.iter().map(|listener| listener_one(context, listener)).collect();
    let mut first = HashMap::new();
    for (one, asked) in all.iter().zip(gateway.listeners.iter()).filter(|(one, _)| one.protocol == Some(Protocol::Tcp))
    {
        let (Some(frontend), Some(port)) = (one.frontend, one.port) else { continue };
        if let Some(other) = first.insert((frontend, port), &asked.name) {
            let message = format!(
                "the listener {:?} has this address and port already; TCP has no host to tell them apart",
                other.value
            );
            context.error(codes::PROTOCOL_CONFLICT, &asked.name.at, message);
        }
    }
    all
}

fn listener_one(context: &mut Context<'_>, asked: &Named<Listener>) -> Definition {
    let gateway = context.gateway;
    let owner = format!("the listener {:?}", asked.name.value);
    let frontend = context.link(&gateway.frontend_ip_configurations, &asked.frontend_ip_configuration);
    let port = context.link(&gateway.frontend_ports, &asked.frontend_port);
    let certificate = context.link(&gateway.ssl_certificates, &asked.ssl_certificate);
    context.link(&gateway.ssl_profiles, &asked.ssl_profile);
    for (link, name) in [(frontend, "frontendIPConfiguration"), (port, "frontendPort")] {
        if link == Link::Absent {
            context.missing(&asked.name.at, name, &owner);
        }
    }
    let protocol = layer4_protocol(context, &asked.protocol, &asked.name.at, &owner, "httpListeners");
    if protocol == Some(Protocol::Tls) && certificate == Link::Absent {
        context.error(codes::CERTIFICATE_MISSING, &asked.name.at, format!("{owner} has no certificate"));
    }
    for field in &asked.host_names {
        if let Err(error) = HostPattern::parse(&field.value) {
            let problem = Problem::error(codes::INVALID_HOST_NAME, &field.at, error.to_string());
            context.problems.push(problem.found(format!("{:?}", field.value)));
        }
    }
    Definition { protocol, frontend: frontend.index(), port: port.index() }
}

fn layer4_protocol(
    context: &mut Context<'_>,
    field: &model::Opt<Protocol>,
    at: &model::At,
    owner: &str,
    elsewhere: &str,
) -> Option<Protocol> {
    let Some(protocol) = field else {
        context.missing(at, "protocol", owner);
        return None;
    };
    if matches!(protocol.value, Protocol::Tcp | Protocol::Tls) {
        return Some(protocol.value);
    }
    let message = format!("{owner} cannot speak {}", protocol.value);
    let problem = Problem::error(codes::PROTOCOL_NOT_ALLOWED, &protocol.at, message).expected("\"Tcp\" or \"Tls\"");
    context.problems.push(problem.help(format!("Http and Https belong into the collection {elsewhere:?}")));
    None
}

/// Checks the settings of TCP and TLS.
pub(super) fn check_settings(context: &mut Context<'_>) {
    let gateway = context.gateway;
    gateway.backend_settings_collection.iter().for_each(|settings| check_settings_one(context, settings));
}

fn check_settings_one(context: &mut Context<'_>, asked: &Named<BackendSettings>) {
    let gateway = context.gateway;
    let owner = format!("the settings {:?}", asked.name.value);
    layer4_protocol(context, &asked.protocol, &asked.name.at, &owner, "backendHttpSettingsCollection");
    if asked.port.is_none() {
        context.missing(&asked.name.at, "port", &owner);
    }
    context.number("the port", &asked.port, (1, 65535));
    context.number("timeout", &asked.timeout, (1, 86400));
    context.link(&gateway.probes, &asked.probe);
    context.links(&gateway.trusted_root_certificates, &asked.trusted_root_certificates);
    if let Some(field) = asked.pick_host_name_from_backend_address.as_ref().filter(|field| field.value) {
        let message = "settings of TCP and TLS cannot take the host name from the backend address";
        context.error(codes::L4_PICK_HOST_NAME, &field.at, message);
    }
}

/// Checks the rules of TCP and TLS.
pub(super) fn check_rules(context: &mut Context<'_>) {
    let gateway = context.gateway;
    let mut owned = HashSet::new();
    gateway.routing_rules.iter().for_each(|rule| check_rule(context, rule, &mut owned));
}

fn check_rule(context: &mut Context<'_>, asked: &Named<RoutingRule>, owned: &mut HashSet<usize>) {
    let gateway = context.gateway;
    let (at, owner) = (&asked.name.at, format!("the rule {:?}", asked.name.value));
    if let Some(kind) = asked.rule_type.as_ref().filter(|kind| kind.value != RequestRoutingRuleType::Basic) {
        let message = format!("{owner} is of TCP and TLS, where every rule is Basic");
        let problem = Problem::error(codes::PROPERTY_NOT_FOR_RULE_TYPE, &kind.at, message);
        context.problems.push(problem.expected("\"Basic\""));
    }
    match context.link(&gateway.listeners, &asked.listener) {
        Link::Absent => context.error(codes::RULE_WITHOUT_LISTENER, at, format!("{owner} has no listener")),
        Link::To(index) if !owned.insert(index) => {
            let at = asked.listener.as_ref().map_or(at, |field| &field.at);
            context.error(codes::LISTENER_IN_SEVERAL_RULES, at, "this listener stands in another rule already");
        }
        Link::To(_) | Link::Broken => {}
    }
    if context.link(&gateway.backend_address_pools, &asked.backend_address_pool) == Link::Absent {
        context.error(codes::POOL_MISSING, at, format!("{owner} has no pool"));
    }
    if context.link(&gateway.backend_settings_collection, &asked.backend_settings) == Link::Absent {
        context.error(codes::SETTINGS_MISSING, at, format!("{owner} has no settings"));
    }
}
