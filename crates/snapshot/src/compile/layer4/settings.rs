//! Settings of TCP and TLS: how servers are spoken to.

use std::sync::Arc;
use std::time::Duration;

use model::backend_http_settings::Protocol;
use model::backend_settings::BackendSettings;
use model::extension::{ProxyDestination, ProxyProtocol};
use model::schema::Named;
use model::{At, Problem};

use super::alpn;
use crate::compile::codes;
use crate::compile::context::{Context, Link, is_on, text};
use crate::compile::server_tls::{self, OfBytes, Stores, Unbound};
use crate::{HostHeader, ProxyHeader, ProxyVersion, Scheme, Settings};

/// How long nothing may move when the document is silent, in seconds: what Azure's own guide uses.
const IDLE: u32 = 20;
/// How long sessions with a server that is gone may go on, in seconds: fixed in Azure.
const DRAIN: u32 = 30;

/// Settings that can be used, and the probe they name.
pub(in crate::compile) struct Definition {
    pub(in crate::compile) settings: Settings,
    pub(in crate::compile) probe: Link,
    /// What they need and that is in Azure only.
    pub(in crate::compile) unbound: Vec<Unbound>,
}

/// All settings, in the document's order; `None` for those that cannot be used.
pub(super) fn all(context: &mut Context<'_>, stores: &Stores<'_>) -> Vec<Option<Definition>> {
    let gateway = context.gateway;
    gateway.backend_settings_collection.iter().map(|settings| one(context, settings, stores)).collect()
}

fn one(context: &mut Context<'_>, asked: &Named<BackendSettings>, stores: &Stores<'_>) -> Option<Definition> {
    let gateway = context.gateway;
    let owner = format!("the settings {:?}", asked.name.value);
    let protocol = super::protocol(context, &asked.protocol, &asked.name.at, &owner, "backendHttpSettingsCollection");
    let scheme = protocol.map(|protocol| if protocol == Protocol::Tls { Scheme::Tls } else { Scheme::Tcp });
    if asked.port.is_none() {
        context.missing(&asked.name.at, "port", &owner);
    }
    let port = context.number("the port", &asked.port, (1, 65535));
    let idle = context.number("timeout", &asked.timeout, (1, 86400));
    let drain = context.number("drainTimeoutInSec", &asked.gatehouse.drain_timeout_in_sec, (1, 3600));
    let probe = context.link(&gateway.probes, &asked.probe);
    let alpn = alpn::names(context, &asked.gatehouse.alpn);
    if scheme == Some(Scheme::Tcp) {
        plain(context, asked, &owner);
    }
    let host = host(context, asked, scheme);
    let name = if let HostHeader::Fixed(name) = &host { Some(Arc::clone(name)) } else { None };
    let tls = server_tls::of_bytes(context, asked, stores, OfBytes { scheme, name, alpn });
    let settings = Settings {
        name: Arc::from(asked.name.as_str()),
        host,
        proxy_header: proxy_header(context, asked),
        port: u16::try_from(port?).ok()?,
        scheme: scheme?,
        tls: tls.tls,
        request_timeout: Duration::from_secs(idle.unwrap_or(IDLE).into()),
        path: None,
        affinity: None,
        dedicated: true,
        drains_unhealthy: true,
        drain_timeout: Duration::from_secs(drain.unwrap_or(DRAIN).into()),
    };
    Some(Definition { settings, probe, unbound: tls.unbound })
}

/// What settings of plain TCP cannot have. Whoever says whom to trust means TLS, and would get none.
fn plain(context: &mut Context<'_>, asked: &Named<BackendSettings>, owner: &str) {
    let places: [(Option<&At>, &str); 3] = [
        (asked.trusted_root_certificates.first().map(|field| &field.at), "trustedRootCertificates"),
        (asked.gatehouse.client_certificate.as_ref().map(|field| &field.at), "clientCertificate"),
        (asked.gatehouse.alpn.first().map(|field| &field.at), "alpn"),
    ];
    for (at, property) in places {
        let Some(at) = at else { continue };
        super::not_for_tcp(context, at, owner, property);
    }
    if let Some(name) = text(&asked.host_name) {
        let message = format!("{owner} speaks Tcp; the name is not used");
        let problem = Problem::warning(codes::NOT_USED, &name.at, message);
        context.problems.push(problem.help("a name is sent, and checked, in TLS"));
    }
}

/// The name of the servers in TLS: as given, else that of the member.
fn host(context: &mut Context<'_>, asked: &Named<BackendSettings>, scheme: Option<Scheme>) -> HostHeader {
    let picks = asked.pick_host_name_from_backend_address.as_ref().filter(|field| field.value);
    if let Some(field) = picks {
        let message = "settings of TCP and TLS cannot take the host name from the backend address";
        let problem = Problem::warning(codes::L4_PICK_HOST_NAME, &field.at, message);
        context.azure_refuses(problem.help("leave it out: without \"hostName\" the name of the member is used"));
    }
    let member = if picks.is_some() { HostHeader::Server } else { HostHeader::Client };
    let Some(field) = text(&asked.host_name).filter(|_| scheme == Some(Scheme::Tls)) else { return member };
    if picks.is_some() {
        let message = "hostName and pickHostNameFromBackendAddress exclude each other";
        let problem = Problem::error(codes::HOST_NAME_CONFLICT, &field.at, message);
        context.problems.push(problem.help("keep one of the two"));
    }
    server_tls::server_name(context, field).map_or(member, HostHeader::Fixed)
}

fn proxy_header(context: &mut Context<'_>, asked: &Named<BackendSettings>) -> Option<ProxyHeader> {
    let own = &asked.gatehouse;
    if !is_on(&asked.enable_l4_client_ip_preservation) {
        let version = own.proxy_protocol.as_ref().map(|field| &field.at);
        let destination = own.proxy_destination.as_ref().map(|field| &field.at);
        for at in version.into_iter().chain(destination) {
            let message =
                format!("the settings {:?} send no PROXY protocol header; this is not used", asked.name.value);
            let problem = Problem::warning(codes::NOT_USED, at, message);
            context.problems.push(problem.help("set \"enableL4ClientIpPreservation\" to true"));
        }
        return None;
    }
    let version = match own.proxy_protocol.as_ref().map(|version| version.value) {
        Some(ProxyProtocol::V2) => ProxyVersion::V2,
        Some(ProxyProtocol::V1) | None => ProxyVersion::V1,
    };
    let to_server = own.proxy_destination.as_ref().is_some_and(|to| to.value == ProxyDestination::Server);
    Some(ProxyHeader { version, to_server })
}
