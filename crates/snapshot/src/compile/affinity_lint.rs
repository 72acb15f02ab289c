//! Settings that clients meet together and that take their cookies from each other, cookies that no browser keeps, and
//! connections that cannot be of one client alone.

use std::collections::{BTreeMap, HashMap, HashSet};

use model::backend_http_settings::Protocol;
use model::{At, Problem};
use routing::HostPattern;

use super::Parts;
use super::affinity::Definition;
use super::codes;
use super::context::{Context, is_on};
use super::link::Used;
use super::listener::Definition as Listener;

/// All of them, by settings and the listeners that lead to them.
pub(super) fn check(context: &mut Context<'_>, parts: &Parts, used: &Used) {
    let mut uses: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (listener, settings) in &used.meetings {
        uses.entry(*settings).or_default().push(*listener);
    }
    shared(context, parts, &uses);
    for (settings, listeners) in &uses {
        for listener in listeners {
            let Some(listener) = parts.listeners.get(*listener).map(|it| (*listener, it)) else { continue };
            not_kept(context, parts, *settings, listener);
        }
        dedicated(context, parts, *settings, listeners);
    }
}

fn cookies(parts: &Parts, settings: usize) -> Option<&Definition> {
    parts.settings.get(settings)?.as_ref()?.affinity.as_ref()
}

/// A cookie holds a server of one of the settings; the other settings replace it with one of theirs.
fn shared(context: &mut Context<'_>, parts: &Parts, uses: &BTreeMap<usize, Vec<usize>>) {
    let mut claims = Claims::default();
    for (settings, listeners) in uses {
        let Some(own) = cookies(parts, *settings) else { continue };
        let listeners: Vec<&Listener> = listeners.iter().filter_map(|index| parts.listeners.get(*index)).collect();
        if let Some(earlier) = claims.earlier(own, &listeners) {
            report(context, *settings, earlier, &own.affinity.cookie);
        }
        listeners.into_iter().for_each(|listener| claims.add(*settings, own, listener));
    }
}

fn report(context: &mut Context<'_>, settings: usize, earlier: usize, cookie: &str) {
    let gateway = context.gateway;
    let all = &gateway.backend_http_settings_collection;
    let (Some(asked), Some(other)) = (all.get(settings), all.get(earlier)) else { return };
    let at = asked.affinity_cookie_name.as_ref().map(|field| &field.at);
    let at = at.or(asked.cookie_based_affinity.as_ref().map(|field| &field.at)).unwrap_or(&asked.name.at);
    let message = format!(
        "the settings {:?} have an affinity cookie of this name, too: a client that meets both loses its server",
        other.name.value
    );
    let problem = Problem::warning(codes::AFFINITY_SHARED, at, message).found(format!("{cookie:?}"));
    context.problems.push(problem.help("give one of them an \"affinityCookieName\" of its own"));
}

/// Cookies by name and host, and whose they are. Exact hosts are looked up: a gateway of thousands of sites has one
/// cookie name.
#[derive(Default)]
struct Claims<'p> {
    exact: HashMap<(&'p str, &'p str), Vec<Claim<'p>>>,
    /// Of listeners with wildcards or without hosts.
    wide: HashMap<&'p str, Vec<(&'p Listener, Claim<'p>)>>,
    all: HashMap<&'p str, Vec<(&'p Listener, Claim<'p>)>>,
}

#[derive(Clone, Copy)]
struct Claim<'p> {
    settings: usize,
    path: &'p str,
}

impl<'p> Claims<'p> {
    fn add(&mut self, settings: usize, cookies: &'p Definition, listener: &'p Listener) {
        let claim = Claim { settings, path: &cookies.path };
        for name in names(cookies) {
            self.all.entry(name).or_default().push((listener, claim));
            if !is_narrow(listener) {
                self.wide.entry(name).or_default().push((listener, claim));
            }
            for host in hosts(listener) {
                self.exact.entry((name, host.as_str())).or_default().push(claim);
            }
        }
    }

    /// The first settings whose cookies browsers take for these.
    fn earlier(&self, cookies: &Definition, listeners: &[&Listener]) -> Option<usize> {
        let mut found = Vec::new();
        for name in names(cookies) {
            for listener in listeners {
                let others = if is_narrow(listener) { &self.wide } else { &self.all };
                let others = others.get(name).into_iter().flatten().filter(|(other, _)| share_a_host(listener, other));
                let same = hosts(listener).filter_map(|host| self.exact.get(&(name, host.as_str()))).flatten();
                let claims = same.chain(others.map(|(_, claim)| claim));
                let meets =
                    |claim: &&Claim<'_>| claim.path.starts_with(&cookies.path) || cookies.path.starts_with(claim.path);
                found.extend(claims.filter(meets).map(|claim| claim.settings).next());
            }
        }
        found.into_iter().min()
    }
}

fn names(cookies: &Definition) -> [&str; 2] {
    [&cookies.affinity.cookie, &cookies.affinity.cors_cookie]
}

fn hosts(listener: &Listener) -> impl Iterator<Item = &HostPattern> {
    listener.hosts.iter().flatten().map(|(host, _)| host)
}

fn is_narrow(listener: &Listener) -> bool {
    !listener.is_basic && hosts(listener).all(HostPattern::is_exact)
}

/// Whether a client can come to both by one host.
fn share_a_host(one: &Listener, other: &Listener) -> bool {
    let meet = |a: &HostPattern, b: &HostPattern| a.covers(b) || b.covers(a);
    one.is_basic || other.is_basic || hosts(one).any(|a| hosts(other).any(|b| meet(a, b)))
}

/// A cookie that browsers drop, or never send back, does not keep anybody at a server.
fn not_kept(context: &mut Context<'_>, parts: &Parts, settings: usize, (index, listener): (usize, &Listener)) {
    let gateway = context.gateway;
    let (Some(cookies), Some(asked)) =
        (cookies(parts, settings), gateway.backend_http_settings_collection.get(settings))
    else {
        return;
    };
    let (Some(attributes), Some(named)) = (&asked.gatehouse.affinity, gateway.http_listeners.get(index)) else {
        return;
    };
    let at = |field: Option<&At>| field.cloned().unwrap_or_else(|| attributes.at.clone());
    if cookies.is_secure && listener.protocol == Some(Protocol::Http) {
        let at = at(attributes.secure.as_ref().map(|field| &field.at));
        let message = format!("clients of the listener {:?} speak Http and drop a Secure cookie", named.name.value);
        context.warn(codes::AFFINITY_NOT_KEPT, &at, message);
    }
    let Some(domain) = &cookies.domain else { return };
    let is_inside =
        |host: &str| host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let outside = listener.patterns().into_iter().find(|host| !is_inside(host.as_str()));
    if let Some(host) = outside {
        let at = at(attributes.domain.as_ref().map(|field| &field.at));
        let message = format!(
            "{host} of the listener {:?} is not inside this domain: its clients drop the cookie",
            named.name.value
        );
        context.warn(codes::AFFINITY_NOT_KEPT, &at, message);
    }
}

/// Source: Azure, configuration-http-settings: dedicated connections are not for HTTP/2 with clients.
fn dedicated(context: &mut Context<'_>, parts: &Parts, settings: usize, listeners: &[usize]) {
    let gateway = context.gateway;
    let asked = gateway.backend_http_settings_collection.get(settings);
    let Some(switch) = asked.and_then(|asked| asked.dedicated_backend_connection.as_ref()) else { return };
    if !switch.value || !is_on(&gateway.enable_http2) {
        return;
    }
    let speaks_tls = |index: &&usize| {
        parts.listeners.get(**index).is_some_and(|listener| listener.protocol == Some(Protocol::Https))
    };
    let names: HashSet<usize> = listeners.iter().filter(speaks_tls).copied().collect();
    let Some(first) = names.iter().min().and_then(|index| gateway.http_listeners.get(*index)) else { return };
    let message = format!(
        "the listener {:?} speaks HTTP/2: each request of such a client gets a server connection of its own",
        first.name.value
    );
    let problem = Problem::warning(codes::DEDICATED_WITH_HTTP2, &switch.at, message);
    context.problems.push(problem.help("for NTLM or Kerberos, turn \"enableHttp2\" off"));
}
