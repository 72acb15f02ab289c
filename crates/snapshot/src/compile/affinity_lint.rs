//! Settings that clients meet together and that take their cookies from each other, cookies that no browser keeps, and
//! connections that cannot be of one client alone.

use std::collections::{BTreeMap, HashSet};

use model::backend_http_settings::Protocol;
use model::{At, Problem};

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
    for (settings, listeners) in &uses {
        shared(context, parts, &uses, *settings);
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
fn shared(context: &mut Context<'_>, parts: &Parts, uses: &BTreeMap<usize, Vec<usize>>, settings: usize) {
    let Some(own) = cookies(parts, settings) else { return };
    let meets = |other: &[usize]| {
        let listeners =
            |list: &[usize]| list.iter().filter_map(|index| parts.listeners.get(*index)).collect::<Vec<_>>();
        let (ours, theirs) = (listeners(uses.get(&settings).map_or(&[], Vec::as_slice)), listeners(other));
        ours.iter().any(|one| theirs.iter().any(|other| share_a_host(one, other)))
    };
    let earlier = uses.range(..settings).find(|(other, listeners)| {
        cookies(parts, **other).is_some_and(|other| are_one(own, other)) && meets(listeners)
    });
    let gateway = context.gateway;
    let all = &gateway.backend_http_settings_collection;
    let (Some((other, _)), Some(asked)) = (earlier, all.get(settings)) else { return };
    let Some(other) = all.get(*other).map(|other| other.name.as_str()) else { return };
    let at = asked.affinity_cookie_name.as_ref().map(|field| &field.at);
    let at = at.or(asked.cookie_based_affinity.as_ref().map(|field| &field.at)).unwrap_or(&asked.name.at);
    let message = format!(
        "the settings {other:?} have an affinity cookie of this name, too: a client that meets both loses its server"
    );
    let problem = Problem::warning(codes::AFFINITY_SHARED, at, message).found(format!("{:?}", &*own.affinity.cookie));
    context.problems.push(problem.help("give one of them an \"affinityCookieName\" of its own"));
}

/// Whether browsers take a cookie of one for a cookie of the other.
fn are_one(one: &Definition, other: &Definition) -> bool {
    let names = |it: &Definition| [it.affinity.cookie.clone(), it.affinity.cors_cookie.clone()];
    let meets = one.path.starts_with(&other.path) || other.path.starts_with(&one.path);
    meets && names(one).iter().any(|name| names(other).contains(name))
}

fn share_a_host(one: &Listener, other: &Listener) -> bool {
    let covers = |a: &Listener, b: &Listener| {
        let (a, b) = (a.patterns(), b.patterns());
        a.iter().any(|a| b.iter().any(|b| a.covers(b)))
    };
    std::ptr::eq(one, other) || one.is_basic || other.is_basic || covers(one, other) || covers(other, one)
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
