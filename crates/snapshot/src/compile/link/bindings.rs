//! Listeners joined into bindings: one for every local address and port.

use std::net::SocketAddr;
use std::sync::Arc;

use model::Problem;
use routing::{HostPattern, HostTable};

use super::{Linker, scheme};
use crate::compile::codes;
use crate::compile::context::is_on;
use crate::compile::frontend::Port;
use crate::ids::Table;
use crate::{Binding, BindingId, Listener, ListenerId, Rule, RuleId, Scheme};

/// A binding in the making.
pub(super) struct BindingSite {
    address: SocketAddr,
    port: Port,
    frontend: usize,
    scheme: Scheme,
    hosts: Vec<(Option<HostPattern>, RuleId)>,
    refuse_unknown_sni: bool,
}

impl BindingSite {
    /// The whole binding. Rules were added in the order of their priorities.
    pub(super) fn finished(self, rules: &Table<RuleId, Rule>) -> Binding {
        let basic = self.hosts.iter().find(|(host, _)| host.is_none());
        let is_https = self.scheme == Scheme::Https;
        let fallback = basic.or(self.hosts.first()).filter(|_| is_https);
        Binding {
            address: self.address,
            public_port: self.port.public,
            document_port: self.port.document,
            scheme: self.scheme,
            fallback: fallback.map(|(_, rule)| rules[*rule].listener),
            refuse_unknown_sni: is_https && self.refuse_unknown_sni,
            hosts: HostTable::new(self.hosts),
        }
    }
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
        let own = &asked.gatehouse.refuse_unknown_sni;
        let refuses = is_on(if own.is_some() { own } else { &gateway.gatehouse.refuse_unknown_sni });
        let mut bindings = Vec::new();
        for address in &parts.frontends.get(frontend)?.addresses {
            let address = SocketAddr::new(*address, port.local);
            let site = self.binding(address, port, frontend, scheme);
            if let Some(site) = self.sites.get_mut(site) {
                site.hosts.extend(entries.iter().cloned().map(|entry| (entry, rule)));
                site.refuse_unknown_sni |= refuses;
            }
            bindings.push(BindingId::from(site));
        }
        let name = Arc::from(asked.name.as_str());
        let tls = if scheme == Scheme::Https { self.listener_tls(asked, definition) } else { None };
        let certificate = definition.certificate.and_then(|index| gateway.ssl_certificates.get(index));
        let certificate = certificate.filter(|_| tls.is_some()).map(|one| Arc::from(one.name.as_str()));
        let pages = parts.pages.listeners.get(index).cloned().flatten();
        Some(self.snapshot.listeners.push(Listener { name, scheme, tls, certificate, pages, hosts, bindings }))
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
        self.sites.push(BindingSite { address, port, frontend, scheme, hosts: Vec::new(), refuse_unknown_sni: false });
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
