//! Rules of TCP and TLS, with their listeners and targets.

use std::sync::Arc;

use tls::acceptor::Application;

use super::bindings::Placed;
use super::tls::AskedTls;
use super::{Kind, Linker, Spoken, scheme};
use crate::compile::context::is_on;
use crate::{Action, Listener, ListenerId, Route, Router, Rule, RuleId, Scheme};

impl Linker<'_, '_> {
    /// A rule: everything on its listener goes to one pool.
    pub(super) fn bytes_rule(&mut self, index: usize) {
        let (parts, gateway) = (self.parts, self.context.gateway);
        let (Some(rule), Some(asked)) = (parts.layer4.rules.get(index), gateway.routing_rules.get(index)) else {
            return;
        };
        let id = RuleId::from(self.snapshot.rules.len());
        let Some(listener) = rule.listener.and_then(|listener| self.bytes_listener(listener, id)) else { return };
        let target = rule.pool.zip(rule.settings).and_then(|(pool, index)| {
            self.used.pools.insert(pool);
            let definition = parts.layer4.settings.get(index)?.as_ref()?;
            let spoken =
                Spoken { settings: &definition.settings, probe: definition.probe, unbound: &definition.unbound };
            self.target_of(pool, (Kind::Bytes, index), &spoken)
        });
        let action = target.map_or(Action::Missing, Action::Forward);
        let route = self.snapshot.routes.push(Route {
            rule: id,
            path_rule: None,
            path_map: None,
            rewrite: None,
            firewall: None,
            action,
        });
        let (name, priority) = (Arc::from(asked.name.as_str()), rule.priority);
        self.snapshot.rules.push(Rule { name, priority, listener, jwt: None, router: Router::Basic(route) });
    }

    fn bytes_listener(&mut self, index: usize, rule: RuleId) -> Option<ListenerId> {
        let (parts, gateway) = (self.parts, self.context.gateway);
        let (definition, asked) = (parts.layer4.listeners.get(index)?, gateway.listeners.get(index)?);
        let scheme = scheme(definition.protocol?)?;
        let hosts = definition.patterns()?;
        let own = &asked.gatehouse.refuse_unknown_sni;
        let placed = Placed {
            frontend: definition.frontend?,
            port: definition.port?,
            scheme,
            hosts: &hosts,
            refuses_unknown_sni: is_on(if own.is_some() { own } else { &gateway.gatehouse.refuse_unknown_sni }),
            proxies: &definition.proxies,
        };
        let bindings = self.placed(&placed, rule)?;
        let tls = (scheme == Scheme::Tls).then(|| {
            self.listener_tls(&AskedTls {
                name: &asked.name,
                reference: &asked.ssl_certificate,
                certificate: definition.certificate,
                profile: definition.profile,
                hosts: &hosts,
                application: Application::Bytes { alpn: definition.alpn.clone() },
            })
        });
        Some(self.snapshot.listeners.push(Listener {
            name: Arc::from(asked.name.as_str()),
            scheme,
            tls: tls.flatten(),
            certificate: self.certificate_name(definition.certificate, scheme),
            pages: None,
            hosts,
            bindings,
        }))
    }
}
