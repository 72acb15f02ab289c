//! Listeners joined into bindings: one for every local address and port.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use model::Problem;
use routing::{HostPattern, HostTable};
use tls::acceptor::Application;

use super::tls::AskedTls;
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
    proxies: Vec<(IpAddr, u8)>,
}

/// What a listener of either kind has a place for.
pub(super) struct Placed<'a> {
    pub(super) frontend: usize,
    pub(super) port: usize,
    pub(super) scheme: Scheme,
    /// Empty for a listener that takes any host.
    pub(super) hosts: &'a [HostPattern],
    pub(super) refuses_unknown_sni: bool,
    pub(super) proxies: &'a [(IpAddr, u8)],
}

impl BindingSite {
    /// The whole binding. Rules were added in the order of their priorities.
    pub(super) fn finished(mut self, rules: &Table<RuleId, Rule>) -> Binding {
        if !self.scheme.is_http() {
            // Whoever takes any name takes those that nobody else takes, whatever its rule's priority.
            self.hosts.sort_by_key(|(host, _)| host.is_none());
        }
        let basic = self.hosts.iter().find(|(host, _)| host.is_none());
        // A client that names nobody. Passing through, nothing but its name says where it belongs.
        let any = match self.scheme {
            Scheme::Http => None,
            Scheme::Https => basic.or(self.hosts.first()),
            Scheme::Tls if self.refuse_unknown_sni => basic,
            Scheme::Tls => basic.or(self.hosts.first()),
            Scheme::Tcp => basic,
        };
        // No status could tell a client of TLS that it is in the wrong place.
        let refuse_unknown_sni = match self.scheme {
            Scheme::Https => self.refuse_unknown_sni,
            Scheme::Tls | Scheme::Tcp => basic.is_none(),
            Scheme::Http => false,
        };
        Binding {
            address: self.address,
            public_port: self.port.public,
            document_port: self.port.document,
            scheme: self.scheme,
            fallback: any.map(|(_, rule)| rules[*rule].listener),
            refuse_unknown_sni,
            reads_server_name: self.scheme == Scheme::Tcp && self.hosts.iter().any(|(host, _)| host.is_some()),
            proxies: Arc::from(self.proxies),
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
        let scheme = scheme(definition.protocol?)?;
        let hosts = definition.patterns();
        let own = &asked.gatehouse.refuse_unknown_sni;
        let placed = Placed {
            frontend: definition.frontend?,
            port: definition.port?,
            scheme,
            // Without any that can be used it is no basic listener all the same.
            hosts: if definition.is_basic { &[] } else { &hosts },
            refuses_unknown_sni: is_on(if own.is_some() { own } else { &gateway.gatehouse.refuse_unknown_sni }),
            proxies: &definition.proxies,
        };
        if !definition.is_basic && hosts.is_empty() {
            return None;
        }
        let bindings = self.placed(&placed, rule)?;
        let tls = scheme == Scheme::Https;
        let tls = tls.then(|| {
            self.listener_tls(&AskedTls {
                name: &asked.name,
                reference: &asked.ssl_certificate,
                certificate: definition.certificate,
                profile: definition.profile,
                hosts: &hosts,
                application: Application::Http { http2: is_on(&gateway.enable_http2) },
            })
        });
        let pages = parts.pages.listeners.get(index).cloned().flatten();
        let certificate = self.certificate_name(definition.certificate, scheme);
        let (name, tls) = (Arc::from(asked.name.as_str()), tls.flatten());
        Some(self.snapshot.listeners.push(Listener { name, scheme, tls, certificate, pages, hosts, bindings }))
    }

    /// The name of a listener's certificate, if it shows one.
    pub(super) fn certificate_name(&self, certificate: Option<usize>, scheme: Scheme) -> Option<Arc<str>> {
        let certificate = self.context.gateway.ssl_certificates.get(certificate?)?;
        scheme.is_tls().then(|| Arc::from(certificate.name.as_str()))
    }

    /// The bindings of a listener, each with its hosts added.
    pub(super) fn placed(&mut self, placed: &Placed<'_>, rule: RuleId) -> Option<Vec<BindingId>> {
        let port = (*self.parts.ports.get(placed.port)?)?;
        let mut entries: Vec<Option<HostPattern>> = placed.hosts.iter().cloned().map(Some).collect();
        if entries.is_empty() {
            entries.push(None);
        }
        let mut bindings = Vec::new();
        for address in &self.parts.frontends.get(placed.frontend)?.addresses {
            let address = SocketAddr::new(*address, port.local);
            let site = self.binding(address, port, placed.frontend, placed.scheme);
            if let Some(site) = self.sites.get_mut(site) {
                site.hosts.extend(entries.iter().cloned().map(|entry| (entry, rule)));
                site.refuse_unknown_sni |= placed.refuses_unknown_sni;
                let new = placed.proxies.iter().filter(|network| !site.proxies.contains(network));
                let new: Vec<_> = new.copied().collect();
                site.proxies.extend(new);
            }
            bindings.push(BindingId::from(site));
        }
        Some(bindings)
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
        let (hosts, proxies) = (Vec::new(), Vec::new());
        self.sites.push(BindingSite { address, port, frontend, scheme, hosts, refuse_unknown_sni: false, proxies });
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
