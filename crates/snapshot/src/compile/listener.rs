//! HTTP listeners: hosts, protocol, frontend and port.
//!
//! Source: Azure, "Application Gateway listener configuration" (configuration-listeners) and "Host multiple
//! sites" (multiple-site-overview): `hostName` (one, no wildcard) and `hostNames` (up to five,
//! wildcards allowed) exclude each other; no host at all makes a basic listener.

use model::Problem;
use model::backend_http_settings::Protocol;
use model::http_listener::HttpListener;
use model::schema::Named;
use routing::HostPattern;

use super::codes;
use super::context::{Context, Link, text};
use super::host_name::{self, Asked, Hosts};
use super::options::networks;

/// A listener whose frontend and port are still indices.
pub(super) struct Definition {
    /// Hosts with their places; empty for a basic listener, `None` when any of them is wrong.
    pub(super) hosts: Option<Hosts>,
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
    /// Frontend, port and hosts, where all are right.
    pub(super) fn place(&self) -> Option<(usize, usize, &Hosts)> {
        Some((self.frontend?, self.port?, self.hosts.as_ref()?))
    }

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

fn hosts(context: &mut Context<'_>, asked: &Named<HttpListener>) -> Option<Hosts> {
    let single = text(&asked.host_name);
    if let (Some(single), false) = (single, asked.host_names.is_empty()) {
        let message = "hostName and hostNames exclude each other";
        let problem = Problem::error(codes::HOST_NAME_AND_HOST_NAMES, &single.at, message);
        context.problems.push(problem.help("put all names into hostNames"));
        return None;
    }
    if let Some(single) = single {
        let pattern = host_name::one(context, single, Asked::ByRequest)?;
        if !pattern.is_exact() {
            let message = "hostName may not hold wildcards";
            let problem = Problem::error(codes::INVALID_HOST_NAME, &single.at, message);
            context.problems.push(problem.found(format!("{:?}", single.value)).help("wildcards go into hostNames"));
            return None;
        }
        return Some(vec![(pattern, single.at.clone())]);
    }
    host_name::all(context, &asked.host_names, &asked.name, Asked::ByRequest)
}
