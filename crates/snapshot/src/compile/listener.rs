//! HTTP listeners: hosts, protocol, frontend and port.
//!
//! Source: Azure, "Application Gateway listener configuration" (configuration-listeners) and "Host multiple
//! sites" (multiple-site-overview): `hostName` (one, no wildcard) and `hostNames` (up to five,
//! wildcards allowed) exclude each other; no host at all makes a basic listener.

use model::backend_http_settings::Protocol;
use model::http_listener::HttpListener;
use model::schema::{Field, Named};
use model::{At, Problem};
use routing::{HostPattern, is_ip_literal};

use super::codes;
use super::context::{Context, Link, text};
use super::options::networks;

/// A listener whose frontend and port are still indices.
pub(super) struct Definition {
    /// Hosts with their places; empty for a basic listener, `None` when any of them is wrong.
    pub(super) hosts: Option<Vec<(HostPattern, At)>>,
    pub(super) protocol: Option<Protocol>,
    pub(super) frontend: Option<usize>,
    pub(super) port: Option<usize>,
    /// Whether the listener names no host.
    pub(super) is_basic: bool,
    /// Its certificate, for HTTPS.
    pub(super) certificate: Option<usize>,
    /// Its TLS profile.
    pub(super) profile: Link,
    /// Networks whose connections begin with a PROXY protocol header.
    pub(super) proxies: Vec<(std::net::IpAddr, u8)>,
}

impl Definition {
    /// The host patterns alone.
    pub(super) fn patterns(&self) -> Vec<HostPattern> {
        self.hosts.iter().flatten().map(|(pattern, _)| pattern.clone()).collect()
    }
}

/// All HTTP listeners, in the document's order.
pub(super) fn all(context: &mut Context<'_>) -> Vec<Definition> {
    let gateway = context.gateway;
    gateway.http_listeners.iter().map(|listener| one(context, listener)).collect()
}

fn one(context: &mut Context<'_>, asked: &Named<HttpListener>) -> Definition {
    let gateway = context.gateway;
    let owner = format!("the listener {:?}", asked.name.value);
    let protocol = protocol(context, asked, &owner);
    let frontend = context.link(&gateway.frontend_ip_configurations, &asked.frontend_ip_configuration);
    if frontend == Link::Absent {
        context.missing(&asked.name.at, "frontendIPConfiguration", &owner);
    }
    let port = context.link(&gateway.frontend_ports, &asked.frontend_port);
    if port == Link::Absent {
        context.missing(&asked.name.at, "frontendPort", &owner);
    }
    let certificate = context.link(&gateway.ssl_certificates, &asked.ssl_certificate);
    let profile = context.link(&gateway.ssl_profiles, &asked.ssl_profile);
    if protocol == Some(Protocol::Https) && certificate == Link::Absent {
        let problem = Problem::error(codes::CERTIFICATE_MISSING, &asked.name.at, format!("{owner} has no certificate"));
        context.problems.push(problem.expected("the property \"sslCertificate\""));
    }
    if protocol == Some(Protocol::Http) {
        if let Some(field) = &asked.ssl_certificate {
            let message = format!("{owner} speaks Http; the certificate is not used");
            context.warn(codes::NOT_USED, &field.at, message);
        }
        if let Some(field) = &asked.ssl_profile {
            let message = format!("{owner} speaks Http; the TLS profile is not used");
            context.azure_refuses(Problem::warning(codes::NOT_USED, &field.at, message));
        }
    }
    let hosts = hosts(context, asked);
    let is_basic = text(&asked.host_name).is_none() && asked.host_names.is_empty();
    let (frontend, port, certificate) = (frontend.index(), port.index(), certificate.index());
    let proxies = networks(context, &asked.gatehouse.accept_proxy_protocol);
    Definition { hosts, protocol, frontend, port, is_basic, certificate, profile, proxies }
}

fn protocol(context: &mut Context<'_>, asked: &Named<HttpListener>, owner: &str) -> Option<Protocol> {
    let Some(protocol) = &asked.protocol else {
        context.missing(&asked.name.at, "protocol", owner);
        return None;
    };
    if matches!(protocol.value, Protocol::Tcp | Protocol::Tls) {
        let message = format!("{owner} cannot speak {}", protocol.value);
        let problem = Problem::error(codes::PROTOCOL_NOT_ALLOWED, &protocol.at, message);
        let help = "TCP and TLS listeners belong into the collection \"listeners\"";
        context.problems.push(problem.expected("\"Http\" or \"Https\"").help(help));
        return None;
    }
    Some(protocol.value)
}

fn hosts(context: &mut Context<'_>, asked: &Named<HttpListener>) -> Option<Vec<(HostPattern, At)>> {
    let single = text(&asked.host_name);
    if let (Some(single), false) = (single, asked.host_names.is_empty()) {
        let message = "hostName and hostNames exclude each other";
        let problem = Problem::error(codes::HOST_NAME_AND_HOST_NAMES, &single.at, message);
        context.problems.push(problem.help("put all names into hostNames"));
        return None;
    }
    if let Some(single) = single {
        let pattern = pattern(context, single)?;
        if !pattern.is_exact() {
            let message = "hostName may not hold wildcards";
            let problem = Problem::error(codes::INVALID_HOST_NAME, &single.at, message);
            context.problems.push(problem.found(format!("{:?}", single.value)).help("wildcards go into hostNames"));
            return None;
        }
        return Some(vec![(pattern, single.at.clone())]);
    }
    let mut hosts: Vec<(HostPattern, At)> = Vec::new();
    let mut is_whole = true;
    for field in &asked.host_names {
        match pattern(context, field) {
            Some(pattern) if hosts.iter().any(|(other, _)| *other == pattern) => {
                let message = format!("the listener {:?} has this host name already", asked.name.value);
                let problem = Problem::warning(codes::DUPLICATE_HOST_NAME, &field.at, message);
                context.problems.push(problem.found(format!("{:?}", field.value)));
            }
            Some(pattern) => hosts.push((pattern, field.at.clone())),
            None => is_whole = false,
        }
    }
    is_whole.then_some(hosts)
}

fn pattern(context: &mut Context<'_>, field: &Field<String>) -> Option<HostPattern> {
    match HostPattern::parse(field.value.trim()) {
        Ok(pattern) => {
            if is_ip_literal(pattern.as_str().as_bytes()) {
                let message = "requests to an address reach listeners without host names only; this matches nothing";
                context.warn(codes::HOST_NAME_IS_ADDRESS, &field.at, message);
            }
            Some(pattern)
        }
        Err(error) => {
            let problem = Problem::error(codes::INVALID_HOST_NAME, &field.at, error.to_string());
            let expected = "a host name such as \"www.example.com\" or \"*.example.com\"";
            context.problems.push(problem.found(format!("{:?}", field.value)).expected(expected));
            None
        }
    }
}

/// Listeners on one frontend and port must speak one protocol: TLS begins before any host is known.
pub(super) fn check_protocols(context: &mut Context<'_>, definitions: &[Definition], layer4: &super::layer4::Parts) {
    let gateway = context.gateway;
    let http = definitions.iter().zip(gateway.http_listeners.iter());
    let http = http.map(|(one, asked)| (one.frontend, one.port, one.protocol, &asked.name));
    let tcp = layer4.listeners.iter().zip(gateway.listeners.iter());
    let tcp = tcp.map(|(one, asked)| (one.frontend, one.port, one.protocol, &asked.name));
    let mut first = std::collections::HashMap::new();
    for (frontend, port, protocol, name) in http.chain(tcp) {
        let (Some(frontend), Some(port), Some(protocol)) = (frontend, port, protocol) else { continue };
        let (spoken, other) = first.entry((frontend, port)).or_insert((protocol, name));
        if *spoken != protocol {
            let message = format!(
                "{:?} speaks {protocol} where the listener {:?} speaks {spoken}; one address and port has one protocol",
                name.value, other.value
            );
            let problem = Problem::error(codes::PROTOCOL_CONFLICT, &name.at, message);
            context.problems.push(problem.help("give one of them another frontend port"));
        }
    }
}
