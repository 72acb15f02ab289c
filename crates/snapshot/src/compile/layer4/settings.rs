//! Settings of TCP and TLS: how servers are spoken to.

use std::sync::Arc;
use std::time::Duration;

use model::backend_http_settings::Protocol;
use model::backend_settings::BackendSettings;
use model::extension::{ProxyDestination, ProxyProtocol};
use model::schema::Named;

use crate::compile::codes;
use crate::compile::context::{Context, Link, is_on, text};
use crate::compile::probe;
use crate::compile::server_tls::{self, Stores, Unbound};
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
    let picks = is_on(&asked.pick_host_name_from_backend_address);
    if let Some(field) = asked.pick_host_name_from_backend_address.as_ref().filter(|field| field.value) {
        let message = "settings of TCP and TLS cannot take the host name from the backend address";
        context.azure_refuses(model::Problem::warning(codes::L4_PICK_HOST_NAME, &field.at, message));
    }
    let tls = server_tls::of_bytes(context, asked, stores, scheme);
    let host = match text(&asked.host_name) {
        Some(name) => HostHeader::Fixed(Arc::from(name.value.trim())),
        None if picks => HostHeader::Server,
        None => HostHeader::Client,
    };
    let settings = Settings {
        name: Arc::from(asked.name.as_str()),
        port: u16::try_from(port?).ok()?,
        scheme: scheme?,
        tls: tls.tls,
        request_timeout: Duration::from_secs(idle.unwrap_or(IDLE).into()),
        path: None,
        host,
        affinity: None,
        dedicated: true,
        drains_unhealthy: true,
        drain_timeout: Duration::from_secs(drain.unwrap_or(DRAIN).into()),
        proxy_header: proxy_header(asked),
    };
    Some(Definition { settings, probe, unbound: tls.unbound })
}

fn proxy_header(asked: &Named<BackendSettings>) -> Option<ProxyHeader> {
    let own = &asked.gatehouse;
    let version = match own.proxy_protocol.as_ref().map(|version| version.value) {
        Some(ProxyProtocol::V2) => ProxyVersion::V2,
        Some(ProxyProtocol::V1) | None => ProxyVersion::V1,
    };
    let to_server = own.proxy_destination.as_ref().is_some_and(|to| to.value == ProxyDestination::Server);
    is_on(&asked.enable_l4_client_ip_preservation).then_some(ProxyHeader { version, to_server })
}

/// Reports what is wrong between settings and the probes they name.
pub(super) fn check_probes(context: &mut Context<'_>, all: &[Option<Definition>], probes: &[probe::Definition]) {
    let gateway = context.gateway;
    for (settings, asked) in all.iter().zip(gateway.backend_settings_collection.iter()) {
        let (Some(settings), Some(reference)) = (settings, &asked.probe) else { continue };
        if let Some(probe) = settings.probe.index().and_then(|index| probes.get(index)) {
            probe.check(context, reference, &settings.settings);
        }
    }
}
