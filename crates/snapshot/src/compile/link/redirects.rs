//! Redirects joined to the listeners they come from and go to.

use model::Problem;
use routing::{Entrance, ListenerTarget, Redirect, RequestTarget};

use super::{Linker, scheme};
use crate::compile::codes;
use crate::compile::destination::Destination;
use crate::compile::redirect;
use crate::{Action, RouteId, Scheme};

impl Linker<'_, '_> {
    pub(super) fn redirect(&self, index: usize) -> Option<Redirect> {
        let parts = self.parts;
        parts.redirects.get(index)?.as_ref()?.linked(|listener| {
            let definition = parts.listeners.get(listener)?;
            let port = (*parts.ports.get(definition.port?)?)?;
            let scheme = match scheme(definition.protocol?)? {
                Scheme::Http => routing::Scheme::Http,
                Scheme::Https => routing::Scheme::Https,
            };
            Some(ListenerTarget { scheme, port: port.public, hosts: definition.patterns().into() })
        })
    }

    /// Every host of the listener must be one that the target listener of its redirect answers to.
    pub(super) fn covers(&mut self, redirect: usize, listener: usize) {
        let (parts, gateway) = (self.parts, self.context.gateway);
        let Some(Some(definition)) = parts.redirects.get(redirect) else { return };
        let redirect::Target::Listener(target) = definition.target else { return };
        let (Some(from), Some(to)) = (parts.listeners.get(listener), parts.listeners.get(target)) else { return };
        let (Some(sent), Some(answered)) = (&from.hosts, &to.hosts) else { return };
        let (Some(asked), Some(from_name), Some(to_name)) = (
            gateway.redirect_configurations.get(redirect),
            gateway.http_listeners.get(listener),
            gateway.http_listeners.get(target),
        ) else {
            return;
        };
        if to.is_basic || !self.reported.insert((codes::REDIRECT_HOSTS_NOT_COVERED, redirect, listener)) {
            return;
        }
        let at = asked.target_listener.as_ref().map_or(&asked.name.at, |field| &field.at);
        let (from_name, to_name) = (&from_name.name.value, &to_name.name.value);
        let lost: Vec<_> = sent.iter().map(|(host, _)| host).collect();
        let lost = lost.into_iter().find(|host| !answered.iter().any(|(other, _)| other.covers(host)));
        if let Some(lost) = lost {
            let message =
                format!("the listener {from_name:?} sends {lost} to {to_name:?}, which does not answer to it");
            let problem = Problem::error(codes::REDIRECT_HOSTS_NOT_COVERED, at, message);
            self.context.problems.push(problem.help(format!("add {lost} to the hostNames of {to_name:?}")));
        } else if from.is_basic && !matches!(&answered[..], [(only, _)] if only.is_exact()) {
            let message =
                format!("the listener {from_name:?} sends any host to {to_name:?}, which answers to some only");
            self.context.warn(codes::REDIRECT_HOSTS_NOT_COVERED, at, message);
        }
    }

    /// Warns when a client that follows the redirect of `route` comes back to it.
    pub(super) fn loops(
        &mut self,
        to: Destination,
        route: RouteId,
        listener: usize,
        path: &[u8],
        selects: impl FnOnce(&[u8]) -> bool,
    ) {
        let (Destination::Redirect(index), Action::Redirect(redirect)) = (to, &self.snapshot.routes[route].action)
        else {
            return;
        };
        let parts = self.parts;
        let Some(from) = parts.listeners.get(listener) else { return };
        let port = from.port.and_then(|port| *parts.ports.get(port)?);
        let (Some(port), Some(scheme)) = (port, from.protocol.and_then(scheme)) else { return };
        let hosts = from.patterns();
        let is_url = matches!(redirect.target, routing::RedirectTarget::Url(_));
        if hosts.is_empty() && is_url {
            // Any host comes in here, but the URL's may be another machine.
            return;
        }
        let host = hosts.first().map_or("host".to_owned(), |host| host.as_str().replace(['*', '?'], "x"));
        let scheme = if scheme == Scheme::Http { routing::Scheme::Http } else { routing::Scheme::Https };
        let entrance = Entrance { scheme, port: port.public, hosts: &hosts };
        let request = RequestTarget { host: host.as_bytes(), path, query: None };
        let comes_back = redirect.loops_to_itself(&entrance, &request, selects);
        if comes_back && self.reported.insert((codes::REDIRECT_LOOP, index, listener)) {
            let gateway = self.context.gateway;
            let (Some(asked), Some(from)) =
                (gateway.redirect_configurations.get(index), gateway.http_listeners.get(listener))
            else {
                return;
            };
            let message =
                format!("the listener {:?} redirects to itself: clients go round in circles", from.name.value);
            self.context.warn(codes::REDIRECT_LOOP, &asked.name.at, message);
        }
    }
}
