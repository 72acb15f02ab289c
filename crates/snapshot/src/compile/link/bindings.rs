//! Listeners joined into bindings: one for every local address and port.

use std::net::SocketAddr;
use std::sync::Arc;

use model::Problem;
use routing::HostPattern;

use super::{Linker, scheme};
use crate::compile::codes;
use crate::compile::frontend::Port;
use crate::{BindingId, Listener, ListenerId, RuleId, Scheme};

/// A binding in the making.
pub(super) struct BindingSite {
    pub(super) address: SocketAddr,
    pub(super) port: Port,
    frontend: usize,
    pub(super) scheme: Scheme,
    pub(super) hosts: Vec<(Option<HostPattern>, RuleId)>,
    /// The listener whose certificate answers a client that names no server, or an unknown one.
    pub(super) fallback: Option<ListenerId>,
    fallback_is_basic: bool,
}

impl Linker<'_, '_> {
    /// A listener with its bindings, as the rule that serves it adds them.
    pub(super) fn listener(&mut self, index: usize, rule: RuleId) -> Option<ListenerId> {
        let (parts, gateway) = (self.parts, self.context.gateway);
        self.used.listeners.insert(index);
        let (definition, asked) = (parts.listeners.get(index)?, gateway.http_listeners.get(index)?);
        let frontend = definition.frontend?;
        let port = (*parts.ports.get(definition.port?)?)?;
        let scheme = scheme(definition.protocol?)?;
        let hosts = definition.patterns();
        let entries: Vec<Option<HostPattern>> =
            if definition.is_basic { vec![None] } else { hosts.iter().cloned().map(Some).collect() };
        let mut bindings = Vec::new();
        for address in &parts.frontends.get(frontend)?.addresses {
            let address = SocketAddr::new(*address, port.local);
            let site = self.binding(address, port, frontend, scheme);
            if let Some(site) = self.sites.get_mut(site) {
                site.hosts.extend(entries.iter().cloned().map(|entry| (entry, rule)));
            }
            bindings.push(BindingId::from(site));
        }
        let name = Arc::from(asked.name.as_str());
        let tls = definition.certificate.and_then(|index| parts.certificates.get(index)?.clone()).map(|identity| {
            tls::acceptor::ListenerTls {
                identity,
                policy: Arc::default(),
                client_auth: None,
                http2: gateway.enable_http2.as_ref().is_some_and(|switch| switch.value),
            }
        });
        let id = self.snapshot.listeners.push(Listener { name, scheme, tls, hosts, bindings: bindings.clone() });
        for binding in bindings {
            if let Some(site) = self.sites.get_mut(binding.index())
                && (site.fallback.is_none() || (definition.is_basic && !site.fallback_is_basic))
            {
                (site.fallback, site.fallback_is_basic) = (Some(id), definition.is_basic);
            }
        }
        Some(id)
    }

    /// The binding at `address`; two frontends or ports of the document may not share one.
    fn binding(&mut self, address: SocketAddr, port: Port, frontend: usize, scheme: Scheme) -> usize {
        let same = |site: &BindingSite| site.address == address && (port.local != 0 || site.port == port);
        if let Some(index) = self.sites.iter().position(same) {
            let site = &self.sites[index];
            let (other, other_port) = (site.frontend, site.port);
            if (other, other_port) != (frontend, port) {
                self.clash(address, (other, other_port), (frontend, port));
            }
            return index;
        }
        self.sites.push(BindingSite { address, port, frontend, scheme, hosts: Vec::new(), fallback: None, fallback_is_basic: false });
        self.sites.len() - 1
    }

    fn clash(&mut self, address: SocketAddr, first: (usize, Port), second: (usize, Port)) {
        if !self.reported.insert((codes::FRONTEND_CLASH, first.0, second.0)) {
            return;
        }
        let gateway = self.context.gateway;
        let frontends = &gateway.frontend_ip_configurations;
        let (Some(one), Some(other)) = (frontends.get(first.0), frontends.get(second.0)) else { return };
        let problem = if first.0 == second.0 {
            let message = format!("the ports {} and {} both end on {address}", first.1.document, second.1.document);
            let lines = format!("ports:\n  {}: 8080\n  {}: 8081", first.1.document, second.1.document);
            Problem::error(codes::FRONTEND_CLASH, &one.name.at, message)
                .help(format!("give them different ports in the site file:\n{lines}"))
        } else {
            let message =
                format!("the frontends {:?} and {:?} both end on {address}", one.name.value, other.name.value);
            let lines = format!("addresses:\n  {}: [127.0.0.1]\n  {}: [127.0.0.2]", one.name.value, other.name.value);
            Problem::error(codes::FRONTEND_CLASH, &other.name.at, message)
                .help(format!("give each an address of its own in the site file:\n{lines}"))
        };
        self.context.machine_refuses(problem);
    }
}
