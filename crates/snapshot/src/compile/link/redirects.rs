//! Redirects joined to the listeners they come from and go to.

use model::Problem;
use routing::{Entrance, ListenerTarget, Redirect, RedirectTarget, RequestTarget, UrlTarget};

use super::{Linker, scheme};
use crate::compile::codes;
use crate::compile::destination::Destination;
use crate::compile::redirect;
use crate::{Action, RouteId, Router, Scheme};

/// A route that may redirect to itself.
pub(super) struct Suspect {
    redirect: usize,
    route: RouteId,
    listener: usize,
    /// A path that leads to it.
    path: Vec<u8>,
}

impl Linker<'_, '_> {
    pub(super) fn redirect(&self, index: usize) -> Option<Redirect> {
        let parts = self.parts;
        parts.redirects.get(index)?.as_ref()?.linked(|listener| {
            let definition = parts.listeners.get(listener)?;
            let port = (*parts.ports.get(definition.port?)?)?;
            let scheme = match scheme(definition.protocol?)? {
                Scheme::Http => routing::Scheme::Http,
                Scheme::Https => routing::Scheme::Https,
                Scheme::Tcp | Scheme::Tls => return None,
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

    /// Notes a route that may redirect to itself, with a path that leads to it. Who takes the redirected host is known
    /// once every rule is linked.
    pub(super) fn may_loop(&mut self, to: Destination, route: RouteId, listener: usize, path: &[u8]) {
        if let Destination::Redirect(redirect) = to {
            self.suspects.push(Suspect { redirect, route, listener, path: path.to_vec() });
        }
    }

    /// Warns of redirects whose client comes back to them. The snapshot's bindings are made by now.
    pub(super) fn loops(&mut self) {
        for suspect in std::mem::take(&mut self.suspects) {
            let reported = (codes::REDIRECT_LOOP, suspect.redirect, suspect.listener);
            if !self.comes_back(&suspect) || !self.reported.insert(reported) {
                continue;
            }
            let gateway = self.context.gateway;
            let (Some(asked), Some(from)) =
                (gateway.redirect_configurations.get(suspect.redirect), gateway.http_listeners.get(suspect.listener))
            else {
                continue;
            };
            let message =
                format!("the listener {:?} redirects to itself: clients go round in circles", from.name.value);
            let problem = Problem::warning(codes::REDIRECT_LOOP, &asked.name.at, message);
            self.context.problems.push(problem.help("lead it to another listener, host or path"));
        }
    }

    /// Whether a client that follows the redirect gets to the same route again, by one of the listener's hosts.
    fn comes_back(&self, suspect: &Suspect) -> bool {
        let route = &self.snapshot.routes[suspect.route];
        let rule = &self.snapshot.rules[route.rule];
        let listener = &self.snapshot.listeners[rule.listener];
        let Action::Redirect(redirect) = &route.action else { return false };
        let hosts = &listener.hosts;
        if hosts.is_empty() && matches!(redirect.target, RedirectTarget::Url(_)) {
            // Any host comes in here, but the URL's may be another machine.
            return false;
        }
        let leads_here = |path: &[u8]| match &rule.router {
            Router::Basic(only) => *only == suspect.route,
            Router::Paths(paths) => paths.lookup(path).target == suspect.route,
        };
        let scheme = if listener.scheme == Scheme::Http { routing::Scheme::Http } else { routing::Scheme::Https };
        let follow = |host: &str| {
            let request = RequestTarget { host: host.as_bytes(), path: &suspect.path, query: None };
            let Some(next) = host_of_location(redirect, &request) else { return false };
            (next == host || !self.leaves_frontend(suspect))
                && listener.bindings.iter().map(|id| &self.snapshot.bindings[*id]).any(|binding| {
                    let entrance = Entrance { scheme, port: binding.public_port, hosts };
                    binding.hosts.lookup(next.as_bytes()) == Some(route.rule)
                        && redirect.loops_to_itself(&entrance, &request, leads_here)
                })
        };
        let samples = hosts.iter().map(|host| host.as_str().replace(['*', '?'], "x"));
        let mut samples = samples.chain(hosts.is_empty().then(|| "host".to_owned()));
        leads_here(&suspect.path) && samples.any(|host| follow(&host))
    }

    /// Whether the target listener stands at another frontend, where another host may lead.
    fn leaves_frontend(&self, suspect: &Suspect) -> bool {
        let Some(Some(definition)) = self.parts.redirects.get(suspect.redirect) else { return false };
        let redirect::Target::Listener(target) = definition.target else { return false };
        let frontend = |listener: usize| self.parts.listeners.get(listener).and_then(|listener| listener.frontend);
        frontend(target) != frontend(suspect.listener)
    }
}

/// The host that a client is sent to.
fn host_of_location(redirect: &Redirect, request: &RequestTarget<'_>) -> Option<String> {
    let mut location = Vec::new();
    redirect.location(request, &mut location);
    let next = UrlTarget::parse(std::str::from_utf8(&location).ok()?).ok()?;
    Some(next.host().to_owned())
}
