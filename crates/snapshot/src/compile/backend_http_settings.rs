//! Backend HTTP settings: how servers are spoken to.
//!
//! Source: Azure, "Application Gateway HTTP settings configuration" (configuration-http-settings) and
//! the REST schema for ranges. Parity: `hostName` together with `pickHostNameFromBackendAddress` is
//! refused, as the usual tools do.

use std::sync::Arc;
use std::time::Duration;

use model::Problem;
use model::backend_http_settings::{BackendHttpSettings, Protocol};
use model::schema::Named;
use routing::BackendPath;

use super::context::{Context, Link, is_on, text};
use super::server_tls::{self, Stores, Unbound};
use super::{affinity, codes};
use crate::{HostHeader, Scheme, Settings};

/// The service's default `requestTimeout`, in seconds.
const REQUEST_TIMEOUT: u32 = 20;
/// What a removed server may take when draining is off, in seconds.
const IMPLICIT_DRAIN: u32 = 30;

/// Settings that can be used, and the probe they name.
pub(super) struct Definition {
    pub(super) settings: Settings,
    pub(super) probe: Link,
    /// What its affinity cookies are.
    pub(super) affinity: Option<affinity::Definition>,
    /// What they need and that is in Azure only.
    pub(super) unbound: Vec<Unbound>,
}

/// All settings, in the document's order; `None` for those that cannot be used.
pub(super) fn all(context: &mut Context<'_>, stores: &Stores<'_>) -> Vec<Option<Definition>> {
    let gateway = context.gateway;
    let all = gateway.backend_http_settings_collection.iter();
    all.map(|settings| one(context, settings, stores)).collect()
}

fn one(context: &mut Context<'_>, asked: &Named<BackendHttpSettings>, stores: &Stores<'_>) -> Option<Definition> {
    let gateway = context.gateway;
    let owner = format!("the settings {:?}", asked.name.value);
    let scheme = scheme(context, asked, &owner);
    let timeout = context.number("requestTimeout", &asked.request_timeout, (1, 86400));
    let drain = drain_timeout(context, asked);
    let host = host(context, asked);
    let probe = context.link(&gateway.probes, &asked.probe);
    let tls = server_tls::compiled(context, asked, stores, (scheme, &host));
    check_path(context, asked);
    let affinity = affinity::compiled(context, asked);
    if asked.port.is_none() {
        context.missing(&asked.name.at, "port", &owner);
    }
    let port = context.number("the port", &asked.port, (1, 65535))?;
    let settings = Settings {
        name: Arc::from(asked.name.as_str()),
        port: u16::try_from(port).ok()?,
        scheme: scheme?,
        tls: tls.tls,
        request_timeout: Duration::from_secs(timeout.unwrap_or(REQUEST_TIMEOUT).into()),
        path: text(&asked.path).and_then(|path| BackendPath::new(path.value.trim())),
        host,
        affinity: affinity.as_ref().map(|cookies| cookies.affinity.clone()),
        dedicated: is_on(&asked.dedicated_backend_connection),
        drains_unhealthy: asked.connection_draining.as_ref().is_some_and(|draining| is_on(&draining.enabled)),
        drain_timeout: Duration::from_secs(drain.unwrap_or(IMPLICIT_DRAIN).into()),
        proxy_header: None,
    };
    Some(Definition { settings, probe, affinity, unbound: tls.unbound })
}

fn scheme(context: &mut Context<'_>, asked: &Named<BackendHttpSettings>, owner: &str) -> Option<Scheme> {
    let Some(protocol) = &asked.protocol else {
        context.missing(&asked.name.at, "protocol", owner);
        return None;
    };
    match protocol.value {
        Protocol::Http => Some(Scheme::Http),
        Protocol::Https => Some(Scheme::Https),
        Protocol::Tcp | Protocol::Tls => {
            let message = format!("{owner} cannot speak {}", protocol.value);
            let problem = Problem::error(codes::PROTOCOL_NOT_ALLOWED, &protocol.at, message);
            let help = "TCP and TLS belong into backendSettingsCollection";
            context.problems.push(problem.expected("\"Http\" or \"Https\"").help(help));
            None
        }
    }
}

/// The time a removed server has; both parts of `connectionDraining` are required when it is there.
fn drain_timeout(context: &mut Context<'_>, asked: &Named<BackendHttpSettings>) -> Option<u32> {
    let draining = asked.connection_draining.as_ref()?;
    let timeout = context.number("drainTimeoutInSec", &draining.drain_timeout_in_sec, (1, 3600));
    timeout.filter(|_| is_on(&draining.enabled))
}

fn host(context: &mut Context<'_>, asked: &Named<BackendHttpSettings>) -> HostHeader {
    let picks = is_on(&asked.pick_host_name_from_backend_address);
    match text(&asked.host_name) {
        Some(name) => {
            if picks {
                let message = "hostName and pickHostNameFromBackendAddress exclude each other";
                let problem = Problem::error(codes::HOST_NAME_CONFLICT, &name.at, message);
                context.problems.push(problem.help("keep one of the two"));
            }
            if !is_host_value(&name.value) {
                let problem = Problem::error(codes::INVALID_HOST_NAME, &name.at, "this cannot be a Host header");
                context.problems.push(problem.found(format!("{:?}", name.value)).expected("a host name"));
            }
            HostHeader::Fixed(Arc::from(name.value.trim()))
        }
        None if picks => HostHeader::Server,
        None => HostHeader::Client,
    }
}

/// Whether a text may stand in a Host header: host and, maybe, port.
pub(super) fn is_host_value(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:[]".contains(&byte);
    !text.trim().is_empty() && text.trim().bytes().all(allowed)
}

fn check_path(context: &mut Context<'_>, asked: &Named<BackendHttpSettings>) {
    let Some(path) = text(&asked.path) else { return };
    if path.value.contains(['?', '#']) || path.value.chars().any(|c| !c.is_ascii_graphic()) {
        let message = "this cannot be the beginning of a path";
        let problem = Problem::error(codes::INVALID_PATH, &path.at, message);
        context.problems.push(problem.found(format!("{:?}", path.value)).expected("a path such as \"/v2/\""));
    }
}
