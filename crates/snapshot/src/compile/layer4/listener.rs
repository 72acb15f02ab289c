//! Listeners of TCP and TLS: address, port, certificate, and the names that clients ask for.
//!
//! Parity: Azure knows no names on Tcp listeners. Here they part clients by the name in their own TLS, which passes
//! through untouched.

use model::Problem;
use model::backend_http_settings::Protocol;
use model::listener::Listener;
use model::schema::Named;
use routing::HostPattern;

use crate::compile::codes;
use crate::compile::context::{Context, Link};
use crate::compile::options;

/// A listener whose frontend and port are still indices.
pub(in crate::compile) struct Definition {
    pub(in crate::compile) protocol: Option<Protocol>,
    pub(in crate::compile) frontend: Option<usize>,
    pub(in crate::compile) port: Option<usize>,
    /// Its certificate, for Tls.
    pub(in crate::compile) certificate: Option<usize>,
    /// Its TLS profile.
    pub(in crate::compile) profile: Link,
    /// Names that clients ask for; empty for a listener that takes any.
    pub(in crate::compile) hosts: Vec<HostPattern>,
    /// Networks whose connections begin with a PROXY protocol header.
    pub(in crate::compile) proxies: Vec<(std::net::IpAddr, u8)>,
    /// Protocols that are agreed to in TLS.
    pub(in crate::compile) alpn: Vec<Box<[u8]>>,
}

/// All TCP and TLS listeners, in the document's order.
pub(super) fn all(context: &mut Context<'_>) -> Vec<Definition> {
    let gateway = context.gateway;
    gateway.listeners.iter().map(|listener| one(context, listener)).collect()
}

fn one(context: &mut Context<'_>, asked: &Named<Listener>) -> Definition {
    let gateway = context.gateway;
    let owner = format!("the listener {:?}", asked.name.value);
    let frontend = context.link(&gateway.frontend_ip_configurations, &asked.frontend_ip_configuration);
    let port = context.link(&gateway.frontend_ports, &asked.frontend_port);
    let certificate = context.link(&gateway.ssl_certificates, &asked.ssl_certificate);
    let profile = context.link(&gateway.ssl_profiles, &asked.ssl_profile);
    for (link, name) in [(frontend, "frontendIPConfiguration"), (port, "frontendPort")] {
        if link == Link::Absent {
            context.missing(&asked.name.at, name, &owner);
        }
    }
    let protocol = super::protocol(context, &asked.protocol, &asked.name.at, &owner, "httpListeners");
    if protocol == Some(Protocol::Tls) && certificate == Link::Absent {
        let problem = Problem::error(codes::CERTIFICATE_MISSING, &asked.name.at, format!("{owner} has no certificate"));
        context.problems.push(problem.expected("the property \"sslCertificate\""));
    }
    Definition {
        protocol,
        frontend: frontend.index(),
        port: port.index(),
        certificate: certificate.index(),
        profile,
        hosts: hosts(context, asked),
        proxies: options::networks(context, &asked.gatehouse.accept_proxy_protocol),
        alpn: asked.gatehouse.alpn.iter().map(|name| name.value.as_bytes().into()).collect(),
    }
}

fn hosts(context: &mut Context<'_>, asked: &Named<Listener>) -> Vec<HostPattern> {
    let mut hosts = Vec::new();
    for field in &asked.host_names {
        match HostPattern::parse(field.value.trim()) {
            Ok(pattern) => hosts.push(pattern),
            Err(error) => {
                let problem = Problem::error(codes::INVALID_HOST_NAME, &field.at, error.to_string());
                context.problems.push(problem.found(format!("{:?}", field.value)));
            }
        }
    }
    hosts
}
