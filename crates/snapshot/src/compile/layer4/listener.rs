//! Listeners of TCP and TLS: address, port, certificate, and the names that clients ask for.
//!
//! Parity: Azure knows no names on Tcp listeners. Here they part clients by the name in their own TLS, which passes
//! through untouched.

use std::net::IpAddr;

use model::backend_http_settings::Protocol;
use model::listener::Listener;
use model::schema::Named;
use model::{At, Problem};
use routing::HostPattern;

use super::alpn;
use crate::compile::codes;
use crate::compile::context::{Context, Link};
use crate::compile::host_name::{self, Asked, Hosts};
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
    /// Names that clients ask for; empty for a listener that takes any, `None` when one of them is wrong.
    pub(in crate::compile) hosts: Option<Hosts>,
    /// Networks whose connections begin with a PROXY protocol header.
    pub(in crate::compile) proxies: Vec<(IpAddr, u8)>,
    /// Protocols that are agreed to in TLS.
    pub(in crate::compile) alpn: Vec<Box<[u8]>>,
}

impl Definition {
    /// Frontend, port and hosts, where all are right.
    pub(in crate::compile) fn place(&self) -> Option<(usize, usize, &Hosts)> {
        Some((self.frontend?, self.port?, self.hosts.as_ref()?))
    }

    /// The names alone; `None` when one of them is wrong.
    pub(in crate::compile) fn patterns(&self) -> Option<Vec<HostPattern>> {
        Some(self.hosts.as_ref()?.iter().map(|(pattern, _)| pattern.clone()).collect())
    }
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
    if protocol == Some(Protocol::Tcp) {
        plain(context, asked, &owner);
    }
    Definition {
        protocol,
        frontend: frontend.index(),
        port: port.index(),
        certificate: certificate.index(),
        profile,
        hosts: host_name::all(context, &asked.host_names, &asked.name, Asked::ByHandshake),
        proxies: options::networks(context, &asked.gatehouse.accept_proxy_protocol),
        alpn: alpn::names(context, &asked.gatehouse.alpn),
    }
}

/// What a listener of plain TCP cannot have. Whoever gives it a certificate means TLS, and would get none.
fn plain(context: &mut Context<'_>, asked: &Named<Listener>, owner: &str) {
    let places: [(Option<&At>, &str); 4] = [
        (asked.ssl_certificate.as_ref().map(|field| &field.at), "sslCertificate"),
        (asked.ssl_profile.as_ref().map(|field| &field.at), "sslProfile"),
        (asked.gatehouse.alpn.first().map(|field| &field.at), "alpn"),
        (asked.gatehouse.refuse_unknown_sni.as_ref().map(|field| &field.at), "refuseUnknownSni"),
    ];
    for (at, property) in places {
        let Some(at) = at else { continue };
        super::not_for_tcp(context, at, owner, property);
    }
    if let Some(field) = asked.host_names.first() {
        let at = asked.host_names.at.as_ref().unwrap_or(&field.at);
        let message = format!("{owner} speaks Tcp and has host names: its clients' TLS passes through by name");
        let problem = Problem::warning(codes::HOST_NAMES_ON_TCP, at, message);
        context.azure_refuses(problem.help("Azure has host names on Tls listeners only"));
    }
}
